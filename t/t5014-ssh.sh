#!/bin/sh

test_description='repositories on other machines, for which a program stands in'
. "$(dirname "$0")/lib.sh"

# What ssh would do: the last argument is run by a shell, in the home of the other machine.
mkdir bin far && cat >bin/ssh <<-'SCRIPT'
	#!/bin/sh
	printf '%s\n' "$@" >"$TRASH/args"
	for last; do :; done
	cd "$TRASH/far" && HOME=$TRASH/far exec sh -c "$last"
SCRIPT
chmod +x bin/ssh
DRIFT_SSH=$TRASH/bin/ssh
export DRIFT_SSH

test_expect_success 'clone, fetch, push, sync' '
	drift init -q far/a && drift -C far/a put c/1 -j 1 -m one -q &&
	drift clone -q user@host:a b && printf "user@host\ndrift upload-pack '\''a'\''\n" >expect && test_cmp expect args &&
	test "$(drift -C b config remote.origin.url)" = user@host:a && drift -C far/a put c/2 -j 2 -m two -q && drift -C b fetch -q &&
	test "$(drift -C b rev-parse origin/main)" = "$(drift -C far/a rev-parse main)" && drift -C b pull -q &&
	drift -C b put c/3 -j 3 -m three -q && drift -C b push >out 2>err && test_grep "2 round trips" err &&
	printf "user@host\ndrift receive-pack '\''a'\''\n" >expect && test_cmp expect args && test "$(drift -C far/a get c/3)" = 3 &&
	drift -C far/a put c/4 -j 4 -m four -q && drift -C b put c/5 -j 5 -m five -q && drift -C b sync -q && drift -C b sync --json >out &&
	test_grep "\"round_trips\":1" out && test "$(drift -C b rev-parse main)" = "$(drift -C far/a rev-parse main)" && drift -C far/a fsck
'

test_expect_success 'ssh:// with port and escapes, homes, odd paths' '
	mkdir -p "far/it'\''s \$HOME; !" && drift init -q "far/it'\''s \$HOME; !/a" && drift -C "far/it'\''s \$HOME; !/a" put c/1 -j 1 -m one -q &&
	drift clone -q "host:it'\''s \$HOME; !/a" odd && drift -C odd get c/1 &&
	drift clone -q "ssh://me@host:2222$TRASH/far/it%27s%20\$HOME;%20!/a" odd2 && sed 3q args >out && printf -- "-p\n2222\nme@host\n" >expect && test_cmp expect out &&
	drift -C odd2 get c/1 && drift clone -q ssh://host/~/a home && drift -C home get c/1 && test_grep "upload-pack ~.*a" args
'

test_expect_success 'an address in brackets' '
	drift clone -q "ssh://[::1]:22$TRASH/far/a" six && sed 3q args >out && printf -- "-p\n22\n::1\n" >expect && test_cmp expect out &&
	drift clone -q "[::1]:a" six2 && sed 1q args >out && echo ::1 >expect && test_cmp expect out
'

test_expect_success 'hosts and paths that begin with a dash, and other places that are none' '
	rm -f args && for url in "ssh://-oProxyCommand=touch%20pwned/a" "-oProxyCommand=x:a" "ssh://u@-o/a" "host:-x" "u@-h:a" "ssh://host:22x/a" \
			"ssh://host" "host:" "ssh://host/%zz" "ssh://host/%00" "file://relative" "rsync://h/a" "http://h/a" "ssh://ho st/a"; do
		test_expect_code 128 drift -C b fetch -q -- "$url" 2>err && test_grep "is no place of a repository" err || return 1
	done && test_path_is_missing args && test_path_is_missing pwned
'

test_expect_success 'which program is run there' '
	cat >far/wrapper <<-SCRIPT &&
		#!/bin/sh
		echo "called \$*" >>"$TRASH/calls"
		exec drift upload-pack "\$@"
	SCRIPT
	chmod +x far/wrapper && rm -f calls && drift -C b fetch -q --upload-pack ./wrapper && test_line_count = 1 calls &&
	drift -C b config remote.origin.uploadpack ./wrapper && drift -C b fetch -q && test_line_count = 2 calls && drift -C b config --unset remote.origin.uploadpack &&
	(unset DRIFT_SSH && drift -C b config core.sshCommand "$TRASH/bin/ssh -v" && drift -C b fetch -q && sed 1q args >out && echo -v >expect && test_cmp expect out) &&
	drift -C b config --unset core.sshCommand
'

test_expect_success 'the other end cannot be' '
	test_expect_code 128 drift -C b fetch --upload-pack no-such-program 2>err && test_grep "ended with status 127" err &&
	test_expect_code 128 drift -C b fetch host:nowhere 2>err && test_grep "the other end says: there is no repository" err &&
	test_expect_code 128 drift -C b fetch --upload-pack "echo Welcome, stranger;:" 2>err && test_grep "it began with .Welcome, stranger" err &&
	test_expect_code 128 drift -C b fetch --upload-pack "exit 3;" 2>err && test_grep "ended with status 3" err &&
	(DRIFT_SSH=$TRASH/bin/none && export DRIFT_SSH && test_expect_code 128 drift -C b fetch 2>err) && drift -C b fsck
'

test_expect_success 'the other end is silent, or does not end' '
	drift -C b config sync.timeout 1 && start=$(date +%s) &&
	test_expect_code 128 drift -C b fetch --upload-pack "sleep 6;" 2>err && test_grep "was silent for 1 seconds" err &&
	drift -C b fetch -q --upload-pack "sh -c '\''drift upload-pack \"\$1\"; sleep 6'\'' sh" &&
	test $(($(date +%s) - start)) -lt 20 && drift -C b config --unset sync.timeout
'

test_expect_success 'a server alone: what it says to whom' '
	test_expect_code 128 drift upload-pack far/a </dev/null >out &&
	printf "GET / HTTP/1.0\r\n\r\n" | test_expect_code 128 drift upload-pack far/a >out 2>err && test_grep "cannot serve" err &&
	mkdir -p far/a/sub && test_expect_code 128 drift upload-pack far/a/sub </dev/null >out 2>err && test_grep "no repository" err &&
	(sleep 1.5 | test_expect_code 128 drift upload-pack --timeout 1 far/a >out 2>err) && test_grep "was silent" err &&
	test_expect_code 129 drift upload-pack && test_expect_code 129 drift receive-pack a b && test_expect_code 129 drift upload-pack --timeout=-1 a
'

test_expect_success 'a push to who serves fetches alone' '
	drift -C b put c/9 -j 9 -m nine -q && was=$(drift -C far/a rev-parse main) &&
	test_expect_code 128 drift -C b push --receive-pack "drift upload-pack" 2>err && test_grep "serves fetches alone" err &&
	test "$(drift -C far/a rev-parse main)" = $was
'

test_expect_success 'cut at every few bytes, then repeated' '
	drift init -q far/l && for i in 1 2 3 4 5 6; do drift -C far/l put l/$i -j "\"$(printf %0200d $i)\"" -m l$i -q || return 1; done && drift init -q m &&
	drift -C m remote add o host:l && for k in 1 20 40 80 120 200; do
		test_must_fail drift -C m fetch -q --upload-pack "cut() { timeout 0.2 drift upload-pack \"\$1\" | head -c $k; }; cut" 2>err || return 1
		drift -C m for-each-ref refs/remotes >out && test_must_be_empty out && drift -C m fsck || return 1
	done && drift -C m fetch -q && test "$(drift -C m rev-parse o/main)" = "$(drift -C far/l rev-parse main)" && drift -C m fsck
'

# Documents that do not compress, a commit each.
many_commits() {
	awk 'BEGIN {
		srand(1)
		for (i = 0; i < 1500; i++) {
			printf("{\"op\":\"put\",\"path\":\"c/%d\",\"json\":[%.9f,%.9f,%.9f,%.9f,%.9f]}\n", i, rand(), rand(), rand(), rand(), rand())
			printf("{\"op\":\"commit\",\"message\":\"%d\"}\n", i)
		}
	}'
}

test_expect_success 'a clone that is cut is kept, and goes on' '
	drift init -q far/long && many_commits >requests && drift -C far/long batch <requests >out && drift clone -q host:long whole &&
	test_expect_code 128 drift clone --upload-pack "cut() { timeout 1 drift upload-pack \"\$1\" | head -c 34000; }; cut" host:long part 2>err &&
	test_grep "hint: what came is kept" err && drift -C part for-each-ref >out && test_must_be_empty out &&
	drift clone --json host:long part >out && commits=$(sed -n "s/.*\"commits_in\":\([0-9]*\).*/\1/p" out) && test "$commits" -lt 1500 &&
	drift -C part fsck && test "$(drift -C part rev-parse main)" = "$(drift -C whole rev-parse main)"
'

test_done
