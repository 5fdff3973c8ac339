#!/bin/sh

test_description='what users of the three earlier stores could do, or were told that they could'
. "$(dirname "$0")/lib.sh"

nl='
'

# PATH VALUE [OPTION...]: commit one document
set_doc() {
	test_tick
	set_path=$1 set_value=$2
	shift 2
	printf %s "$set_value" | drift put "$set_path" - -m "set $set_path" -q "$@" >/dev/null
}

# PATH VALUE [OPTION...]: a document has exactly these bytes
has_doc() {
	has_path=$1 has_value=$2
	shift 2
	drift get "$has_path" "$@" >actual.bytes && printf %s "$has_value" >expect.bytes &&
		test_cmp_bin expect.bytes actual.bytes
}

no_doc() {
	test_expect_code 1 drift get "$@" >actual.bytes 2>no.err &&
		test_must_be_empty actual.bytes && grep "cannot get .*: no document" no.err
}

tip() {
	drift rev-parse HEAD
}

count_commits() {
	drift rev-list --count HEAD
}

#
# Documents and history
#

test_expect_success 'an empty store lists no collections, and succeeds' '
	drift init -q docs && cd docs &&
	drift collection ls >out && test_must_be_empty out &&
	drift ls >out && test_must_be_empty out &&
	drift log >out && test_must_be_empty out
'

test_expect_success 'a missing document is named' '
	cd docs &&
	no_doc users/nobody &&
	grep "users/nobody" no.err
'

test_expect_success 'a document is what was put, then what was put again' '
	cd docs &&
	set_doc c/d v1 && has_doc c/d v1 &&
	set_doc c/d v2 && has_doc c/d v2 &&
	has_doc c/d v1 --at HEAD~1
'

test_expect_success 'the same bytes under two paths' '
	cd docs &&
	set_doc c/first same && set_doc other/second same &&
	has_doc c/first same && has_doc other/second same &&
	drift rm c/first -m "one of them" -q && has_doc other/second same
'

test_expect_success 'what is removed is gone, and cannot be removed again' '
	cd docs &&
	set_doc c/gone x && drift rm c/gone -m rm -q && no_doc c/gone &&
	before=$(tip) &&
	test_expect_code 1 drift rm c/gone -m again 2>err && grep "c/gone" err &&
	test "$(tip)" = "$before"
'

test_expect_success 'a dropped collection can be read at the commit before' '
	cd docs &&
	set_doc c/d v1 &&
	before=$(tip) &&
	drift collection drop -r c -m "drop c" -q &&
	no_doc c/d &&
	has_doc c/d v1 --at "$before" &&
	drift collection ls >out && echo other >expect && test_cmp expect out
'

test_expect_success 'author and message are shown as given, not exchanged' '
	cd docs &&
	test_tick && drift put c/price -j 1 -m "fix price" --author billing -q &&
	drift log -1 --format="%an|%s" >out && echo "billing|fix price" >expect && test_cmp expect out &&
	drift log -1 --json >out && grep "\"author\":\"billing\"" out && grep "\"message\":\"fix price" out &&
	drift history c/price >out && grep "billing: fix price" out
'

test_expect_success 'log -n 2 after five commits: the newest two, newest first' '
	drift init -q five && cd five &&
	for i in 1 2 3 4 5; do
		set_doc c/$i $i || return 1
	done &&
	drift log -n 2 --format=%s >out && printf "set c/5\nset c/4\n" >expect && test_cmp expect out
'

test_expect_success 'names with anything in them' '
	drift init -q names && cd names &&
	n=0 &&
	for name in "a b" "c/with blank" "c/\"quoted\"" "c/it'\''s" "c/[x" "c/;rm -rf" "c/\$HOME" "c/two${nl}lines" \
		"c/Füße" "c/日本" "c/🍐" "c/--json" "c/*" "c/back\\slash" "c/%s%n" "c/ends with blank " "c/a/b/c/d"; do
		n=$((n + 1)) &&
		set_doc "$name" "value $n" || return 1
	done &&
	drift ls --count >out && echo $n >expect && test_cmp expect out &&
	has_doc "a b" "value 1" && has_doc "c/two${nl}lines" "value 8" && has_doc "c/🍐" "value 11" &&
	drift ls -z | tr "\0" "\001" >out && grep "c/🍐" out &&
	drift ls -z | tr -cd "\0" | wc -c >out && test "$(cat out)" -eq $n &&
	drift rm "c/two${nl}lines" -m gone -q &&
	test_expect_code 1 drift get "c/two${nl}lines"
'

test_expect_success 'values of any kind, byte for byte' '
	drift init -q values && cd values &&
	awk "BEGIN { for (i = 0; i < 10000; i++) printf \"%c\", 97 + i % 26 }" >long &&
	: >empty &&
	printf "{\"min\":-9223372036854775808,\"max\":9223372036854775807,\"big\":18446744073709551615}" >numbers &&
	printf "{\"a\": {\"b\": {\"c\": {\"d\": {\"e\": [1, null, true, \"x\"]}}}}}\n" >nested &&
	printf "\000\001\377\376" >binary &&
	for name in long empty numbers nested binary; do
		drift put "v/$name" $name -m $name -q &&
		drift get "v/$name" >out && test_cmp_bin $name out || return 1
	done &&
	drift ls --count v/ >out && echo 5 >expect && test_cmp expect out
'

test_expect_success 'a 64-bit number keeps its digits through a patch' '
	cd values &&
	drift patch v/numbers -j "{\"new\":1}" -m patch -q &&
	drift get v/numbers >out &&
	grep "9223372036854775807" out && grep -e "-9223372036854775808" out && grep "18446744073709551615" out
'

#
# Time travel
#

# Insert 1, 2, 3; change 2 and 3; delete 1.
test_expect_success 'six commits' '
	drift init -q time && cd time &&
	set_doc t/1 a && set_doc t/2 b && set_doc t/3 c && set_doc t/2 B && set_doc t/3 C &&
	test_tick && drift rm t/1 -m "delete 1" -q
'

test_expect_success 'each state is what it was' '
	cd time &&
	drift ls --at @seq:1 >out && echo t/1 >expect && test_cmp expect out &&
	drift ls --at @seq:3 >out && printf "t/1\nt/2\nt/3\n" >expect && test_cmp expect out &&
	has_doc t/1 a --at @seq:3 && has_doc t/2 b --at @seq:3 && has_doc t/3 c --at @seq:3 &&
	drift ls --at @seq:5 --count >out && echo 3 >expect && test_cmp expect out &&
	has_doc t/1 a --at @seq:5 && has_doc t/2 B --at @seq:5 && has_doc t/3 C --at @seq:5 &&
	drift ls >out && printf "t/2\nt/3\n" >expect && test_cmp expect out &&
	drift ls --at @now >out && test_cmp expect out
'

test_expect_success 'before the first commit there is nothing, never the current state' '
	cd time &&
	for point in 1999-01-01 2024-12-31T23:59:59Z @seq:0; do
		drift ls --at $point >out && test_must_be_empty out &&
		no_doc t/2 --at $point || return 1
	done
'

test_expect_success 'a number past the end is the current state' '
	cd time &&
	drift ls >expect && drift ls --at @seq:7 >out && test_cmp expect out &&
	drift ls --at @seq:1000000 >out && test_cmp expect out &&
	has_doc t/2 B --at @seq:1000000
'

test_expect_success 'a malformed or unknown point is an error' '
	cd time &&
	for point in @seq: @seq:x @seq:-1 @seq:1x 2025-13-01 2025-01-01T25:00 @now1 ""; do
		test_must_fail drift get t/2 --at "$point" >out 2>err && test_must_be_empty out &&
		test_must_fail drift ls --at "$point" >out 2>err && test_must_be_empty out || return 1
	done &&
	test_expect_code 1 drift get t/2 --at no-such-branch &&
	test_expect_code 1 drift get t/2 --at 0123456789abcdef
'

test_expect_success 'the point in quotes is the same point' '
	drift init -q quoted && cd quoted &&
	drift put c/d -j "{\"v\":1}" -m insert -q &&
	drift patch c/d -j "{\"v\":2}" -m patch -q &&
	has_doc c/d "{\"v\":1}" --at "\"@seq:1\"" &&
	has_doc c/d "{\"v\":1}" --at "'\''@seq:1'\''" &&
	has_doc c/d "{\"v\":2}"
'

test_expect_success 'a time: the last commit at or before it' '
	cd time &&
	has_doc t/2 b --at "$(drift log --format=%aI @seq:3 -n 1)" &&
	third=$(drift log --format=%at @seq:3 -n 1) && fourth=$(drift log --format=%at @seq:4 -n 1) &&
	test "$fourth" -gt "$third" &&
	has_doc t/2 b --at "$(date -u -d @$((fourth - 1)) +%Y-%m-%dT%H:%M:%SZ)" &&
	has_doc t/2 B --at "$(date -u -d "@$fourth" +%Y-%m-%dT%H:%M:%SZ)" &&
	drift ls >expect && drift ls --at 2035-01-01 >out && test_cmp expect out
'

test_expect_success 'history: insert, patch, delete are three events, also after the delete' '
	drift init -q events && cd events &&
	test_tick && drift put c/d -j "{\"v\":1}" -m insert -q &&
	test_tick && drift put c/other -j 1 -m other -q &&
	test_tick && drift patch c/d -j "{\"v\":2}" -m patch -q &&
	test_tick && drift rm c/d -m delete -q &&
	drift history c/d --json >out && test_line_count = 3 out &&
	sed "s/.*\"change\":\"\([a-z]*\)\".*\"seq\":\([0-9]*\).*/\2 \1/" out >events &&
	printf "4 delete\n3 modify\n1 add\n" >expect && test_cmp expect events &&
	test "$(grep -c "\"time\":\"2025-" out)" = 3 &&
	sed -n 2p out | grep "\"json\":{\"v\":2}" && sed -n 3p out | grep "\"json\":{\"v\":1}" &&
	test_expect_code 1 drift history c/never
'

#
# Rollback and refs
#

test_expect_success 'rolling back the whole store, again and again' '
	drift init -q delta && cd delta &&
	drift collection create A -m "create A" -q && set_doc A/1 one && set_doc A/2 two &&
	drift collection create B -m "create B" -q &&
	one=$(tip) &&
	drift rm A/1 -m "delete A/1" -q && drift collection drop B -m "drop B" -q &&
	two=$(tip) &&
	drift rollback "$one" -q &&
	drift collection ls >out && printf "A\nB\n" >expect && test_cmp expect out && has_doc A/1 one &&
	drift rollback "$two" -q && second=$(tip) &&
	drift collection ls >out && echo A >expect && test_cmp expect out && no_doc A/1 && has_doc A/2 two &&
	drift collection create C -m "create C" -q && set_doc C/3 three &&
	drift rollback "$second" -q &&
	drift collection ls >out && test_cmp expect out && no_doc C/3 && has_doc C/3 three --at HEAD~1
'

test_expect_success 'eleven commits, none removed' '
	cd delta &&
	test "$(count_commits)" = 11 &&
	drift log --format=%N >out && test_line_count = 11 out &&
	drift log --format=%T "$two" -n 1 >expect && drift log --format=%T -n 1 >out && test_cmp expect out
'

test_expect_success 'a long chain of rollbacks costs no more each time' '
	cd delta &&
	for i in $(seq 24); do
		drift rollback "$one" -q && drift rollback "$two" -q || return 1
	done &&
	test "$(count_commits)" = 59 &&
	size=$(drift count-objects --json | sed "s/.*\"journal_bytes\":\([0-9]*\).*/\1/") &&
	test "$size" -lt 40000
'

test_expect_success 'rolling back to what is not there adds nothing' '
	cd delta &&
	before=$(tip) &&
	test_expect_code 1 drift rollback 00112233445566778899 &&
	test_expect_code 1 drift rollback nowhere &&
	test_must_fail drift rollback @seq:x &&
	test "$(tip)" = "$before"
'

test_expect_success 'rollback of a document or a collection leaves the rest' '
	drift init -q part && cd part &&
	set_doc a/1 old && set_doc a/2 old && set_doc b/1 old && then=$(tip) &&
	set_doc a/1 new && set_doc a/2 new && set_doc b/1 new &&
	drift rollback "$then" a/1 -q &&
	has_doc a/1 old && has_doc a/2 new && has_doc b/1 new &&
	drift rollback "$then" b/ -q &&
	has_doc a/1 old && has_doc a/2 new && has_doc b/1 old
'

test_expect_success 'a ref is created from nothing once' '
	cd part &&
	zero=$(printf %064d 0) && x=$(drift rev-parse HEAD~1) y=$(tip) &&
	drift update-ref refs/heads/r "$x" "$zero" &&
	test_expect_code 1 drift update-ref refs/heads/r "$y" "$zero" 2>err &&
	grep "$x" err &&
	test "$(drift rev-parse r)" = "$x"
'

test_expect_success 'and moved by who knows where it is' '
	cd part &&
	drift update-ref refs/heads/r "$y" "$x" &&
	test_expect_code 1 drift update-ref refs/heads/r "$y" "$x" 2>err && grep "$y" err &&
	test_expect_code 1 drift update-ref refs/heads/r "$x" "$x" &&
	test "$(drift rev-parse r)" = "$y"
'

# Two programs that stay open are asked at once; whoever is later is told so.
test_expect_success 'two writers expecting the same: exactly one wins, 1,000 times' '
	drift init -q race && cd race &&
	set_doc r/start 0 && now=$(tip) &&
	mkfifo in1 in2 out1 out2 &&
	{ drift batch <in1 >out1 & } && first=$! && { drift batch <in2 >out2 & } && second=$! &&
	exec 5>in1 6<out1 7>in2 8<out2 &&
	for i in $(seq 1000); do
		commit="{\"op\":\"commit\",\"message\":\"$i\",\"author\":\"w\",\"expect\":\"$now\"}" &&
		printf "%s\n%s\n" "{\"op\":\"put\",\"path\":\"r/1\",\"json\":$i}" "$commit" >&5 &&
		printf "%s\n%s\n" "{\"op\":\"put\",\"path\":\"r/2\",\"json\":$i}" "$commit" >&7 &&
		read -r put1 <&6 && read -r commit1 <&6 && read -r put2 <&8 && read -r commit2 <&8 &&
		case $commit1,$commit2 in
		*\"ok\":true*\"ok\":true* | *\"ok\":false*\"ok\":false*) false ;;
		*\"ok\":true*\"code\":\"clash\"*) won=$commit1 ;;
		*\"code\":\"clash\"*\"ok\":true*) won=$commit2 ;;
		*) false ;;
		esac || { echo "round $i: $put1 $commit1 $put2 $commit2" && return 1; }
		won=${won#*\"id\":\"} && now=${won%%\"*}
	done &&
	exec 5>&- 6<&- 7>&- 8<&- && wait $first && wait $second &&
	test "$(tip)" = "$now" &&
	test "$(count_commits)" = 1001 &&
	drift log --format=%s -n 1000 >out && seq 1000 -1 1 >expect && test_cmp expect out
'

test_expect_success 'many processes, each its own document: no commit is lost' '
	drift init -q crowd && cd crowd && set_doc w/0 0 &&
	pids= &&
	for w in 1 2 3 4 5 6 7 8; do
		(for i in 1 2 3 4 5; do drift put "w/$w" -j $i -m "$w $i" -q >/dev/null || exit 1; done) &
		pids="$pids $!"
	done &&
	for pid in $pids; do
		wait "$pid" || return 1
	done &&
	test "$(count_commits)" = 41 &&
	for w in 1 2 3 4 5 6 7 8; do
		has_doc "w/$w" 5 || return 1
	done
'

#
# Durability
#

# Each commit writes two documents; the batch is killed while it runs. What was written and not yet acknowledged may be
# there or not, and the next writer decides.
test_expect_success 'kill -9 while 10,000 writes run: what was acknowledged is there, whole' '
	drift init -q killed && cd killed && set_doc s/last 0 &&
	awk "BEGIN { for (i = 1; i <= 10000; i++) {
		print \"{\\\"op\\\":\\\"put\\\",\\\"path\\\":\\\"k/\" i \"\\\",\\\"json\\\":\" i \"}\"
		print \"{\\\"op\\\":\\\"put\\\",\\\"path\\\":\\\"s/last\\\",\\\"json\\\":\" i \"}\"
		print \"{\\\"op\\\":\\\"commit\\\",\\\"message\\\":\\\"\" i \"\\\",\\\"author\\\":\\\"w\\\"}\" } }" >feed &&
	done=0 round=0 &&
	for delay in 0.01 0.02 0.03 0.05 0.08 0.13; do
		tail -n +$((3 * done + 1)) feed >rest &&
		{ drift batch <rest >answers & } && pid=$! &&
		sleep $delay && { kill -9 $pid || :; } && { wait $pid || :; } &&
		round=$((round + 1)) && set_doc p/probe $round &&
		last=$(drift get s/last) &&
		drift ls k/ --count >out && echo "$last" >expect && test_cmp expect out &&
		test "$(count_commits)" = $((1 + last + round)) &&
		test "$(grep -c "\"id\"" answers)" -le $((last - done)) &&
		sed -n "s/.*\"id\":\"\([0-9a-f]*\)\".*/\1/p" answers | tail -n 1 >acknowledged &&
		if test -s acknowledged; then drift is-ancestor "$(cat acknowledged)" HEAD; fi &&
		done=$last || return 1
	done &&
	test $done -gt 0 && drift log --format=%s | grep "^[0-9]" | sort -n >out && seq $done >expect && test_cmp expect out &&
	has_doc "k/$done" $done
'

# DIRECTORY BYTES: cut the newest journal so that it has so many bytes
cut_journal() {
	truncate -s "$2" "$1/.drift/journal-000001"
}

test_expect_success 'the last 5 bytes of the newest file cut off: it opens' '
	drift init -q torn && cd torn &&
	for i in 1 2 3 4 5; do
		set_doc c/$i "value $i" || return 1
	done && cd .. &&
	used=$(drift -C torn count-objects --json | sed "s/.*\"journal_bytes\":\([0-9]*\).*/\1/") &&
	size=$(wc -c <torn/.drift/journal-000001) &&
	cp -R torn torn-file && cut_journal torn-file $((size - 5)) &&
	drift -C torn-file ls --count >out && echo 5 >expect && test_cmp expect out &&
	cd torn-file && set_doc c/6 "value 6" && has_doc c/6 "value 6" && test "$(count_commits)" = 6
'

test_expect_success 'the last 5 bytes of the last commit cut off: it opens at one of its states' '
	for cache in with without; do
		rm -rf torn-record && cp -R torn torn-record && cut_journal torn-record $((used - 5)) &&
		if test $cache = without; then rm -rf torn-record/.drift/cache; fi &&
		drift -C torn-record ls >out && head -n 4 out >four && printf "c/%s\n" 1 2 3 4 >expect && test_cmp expect four &&
		cd torn-record && set_doc c/7 "value 7" && has_doc c/7 "value 7" && has_doc c/4 "value 4" && cd .. || return 1
	done
'

test_expect_success 'a flipped byte is never read as data, and what does not need it is there' '
	drift init -q flipped && cd flipped &&
	set_doc c/1 one && whole=$(tip) &&
	{ echo needle-3f9a && head -c 4000 /dev/urandom; } >big && drift put big/1 big -m big -q &&
	set_doc c/2 two && set_doc c/3 three &&
	at=$(grep -abo needle-3f9a .drift/journal-000001 | head -n 1 | cut -d: -f1) &&
	printf "#" | dd of=.drift/journal-000001 bs=1 seek=$((at + 3)) conv=notrunc 2>/dev/null &&
	for cache in with without; do
		if test $cache = without; then rm -rf .drift/cache; fi &&
		test_expect_code 128 drift get big/1 >out 2>err && test_must_be_empty out && grep "damaged" err &&
		has_doc c/1 one --at "$whole" && has_doc c/1 one && has_doc c/2 two && has_doc c/3 three || return 1
	done
'

test_expect_success 'a reader goes on reading while another writes' '
	drift init -q busy && cd busy && set_doc c/n 0 &&
	mkfifo in && { drift batch <in >answers & } && writer=$! && exec 5>in &&
	seen=0 &&
	for i in $(seq 50); do
		printf "%s\n" "{\"op\":\"put\",\"path\":\"c/n\",\"json\":$i}" "{\"op\":\"commit\",\"message\":\"m\",\"author\":\"w\"}" >&5 &&
		n=$(drift get c/n) && test "$n" -ge "$seen" && test "$n" -le "$i" && seen=$n || return 1
	done &&
	exec 5>&- && wait $writer && has_doc c/n 50
'

test_expect_success 'a second writer waits its turn' '
	cd busy &&
	mkfifo in2 && { drift batch <in2 >answers2 & } && writer=$! && exec 5>in2 &&
	printf "%s\n" "{\"op\":\"put\",\"path\":\"c/held\",\"json\":1}" >&5 &&
	set_doc c/second 2 && has_doc c/second 2 &&
	printf "%s\n" "{\"op\":\"commit\",\"message\":\"m\",\"author\":\"w\"}" >&5 && exec 5>&- && wait $writer &&
	has_doc c/held 1 && has_doc c/second 2
'

test_done
