#!/bin/sh

test_description='history from git and back: the same commit ids'
. "$(dirname "$0")/lib.sh"

command -v git >/dev/null || test_skip_all 'there is no git'

git config --global init.defaultBranch main
git config --global advice.detachedHead false
GIT_TEST_DATE=1700000000

# git_in REPOSITORY ARGUMENT...
git_in() {
	git_dir_=$1 && shift
	git -C "$git_dir_" "$@"
}

# Write a file and commit it: commit_file REPOSITORY PATH TEXT [MESSAGE]
commit_file() {
	GIT_TEST_DATE=$((GIT_TEST_DATE + 60))
	mkdir -p "$(dirname "$1/$2")" &&
	printf '%s\n' "$3" >"$1/$2" &&
	git --literal-pathspecs -C "$1" add -- "$2" &&
	GIT_AUTHOR_DATE="$GIT_TEST_DATE +0100" GIT_COMMITTER_DATE="$GIT_TEST_DATE -0330" \
		git -C "$1" commit -q -m "${4:-$2}"
}

# A commit object with these lines between tree and message: raw_commit REPOSITORY REF LINES [MESSAGE]
raw_commit() {
	{
		printf 'tree %s\n' "$(git -C "$1" write-tree)" &&
		printf '%s\n\n%s' "$3" "${4-odd}"
	} >raw &&
	git -C "$1" update-ref "$2" "$(git -C "$1" hash-object -t commit -w --literally --stdin <raw)"
}

stream_of() {
	git -C "$1" fast-export --all --signed-tags=strip --reencode=no --mark-tags
}

# The refs of a repository through git alone, and through drift, must be the same: round_trip REPOSITORY
round_trip() {
	rm -rf plain.git back.git store &&
	stream_of "$1" >stream &&
	git init -q --bare plain.git &&
	git -C plain.git fast-import --quiet --date-format=raw-permissive <stream &&
	drift init -q store &&
	drift -C store fast-import -q <stream &&
	drift -C store fast-export >back &&
	git init -q --bare back.git &&
	git -C back.git fast-import --quiet --date-format=raw-permissive <back &&
	git -C plain.git for-each-ref >expect &&
	git -C back.git for-each-ref >actual &&
	test -s expect &&
	test_cmp expect actual
}

# NAME: how a commit of it begins
head_of_commit() {
	printf 'commit %s\nmark :9\ncommitter A <a@b.c> 1700000000 +0000\ndata 2\nx\n' "$1"
}

test_expect_success 'branches, merges, octopus merges, empty commits, orphans' '
	git init -q graph &&
	commit_file graph a/x 1 &&
	commit_file graph top 1 &&
	for side in one two three; do
		git_in graph checkout -q -b $side main &&
		commit_file graph $side/file $side || return 1
	done &&
	git_in graph checkout -q main &&
	git_in graph merge -q --no-ff -m "a merge" one &&
	git_in graph merge -q -m "an octopus" two three &&
	git_in graph commit -q --allow-empty -m "nothing changes" &&
	git_in graph checkout -q --orphan lonely &&
	git_in graph rm -rq --cached . && git_in graph clean -fdxq &&
	git_in graph commit -q --allow-empty -m "no files at all" &&
	commit_file graph lone 1 &&
	git_in graph checkout -q main &&
	round_trip graph &&
	drift -C store log --oneline >log &&
	test_grep "an octopus" log &&
	test "$(drift -C store get a/x)" = 1
'

test_expect_success 'HEAD of an empty store goes where the stream has a main branch' '
	test "$(drift -C store symbolic-ref HEAD)" = refs/heads/main &&
	git init -q -b master older && commit_file older f 1 &&
	rm -rf store && drift init -q store &&
	stream_of older | drift -C store import git -q &&
	test "$(drift -C store symbolic-ref HEAD)" = refs/heads/master &&
	test "$(drift -C store get f)" = 1
'

test_expect_success 'modes, links, submodule links' '
	git init -q modes &&
	commit_file modes tool "#!/bin/sh" &&
	chmod +x modes/tool && ln -s a/target modes/link && git_in modes add . &&
	git_in modes commit -q -m "executable and link" &&
	git_in modes update-index --add --cacheinfo 160000,1234567890123456789012345678901234567890,dir/sub &&
	git_in modes commit -q -m "submodule" &&
	git_in modes update-index --add --cacheinfo 160000,1234567890123456789012345678901234567891,dir/sub &&
	git_in modes commit -q -m "submodule moved on" &&
	git_in modes update-index --chmod=-x tool && git_in modes commit -q -m "no longer executable" &&
	round_trip modes &&
	drift -C store ls-tree -r HEAD >tree &&
	test_grep "^160000 commit 1234567890123456789012345678901234567891" tree &&
	test_grep "^120000 blob .*link" tree
'

test_expect_success 'files become folders and folders files' '
	git init -q shapes &&
	commit_file shapes a/b/c 1 && commit_file shapes a/b/d 2 &&
	git_in shapes rm -rq a && printf file >shapes/a && git_in shapes add a &&
	git_in shapes commit -q -m "folder to file" &&
	git_in shapes rm -q a && commit_file shapes a/b 3 &&
	git_in shapes rm -q a/b && commit_file shapes a/b/c/d 4 &&
	round_trip shapes
'

test_expect_success 'renames and copies, as commands or not' '
	git init -q moves &&
	for n in 1 2 3 4 5 6 7 8 9; do
		commit_file moves old/deep/$n "$(seq $n 50)" || return 1
	done &&
	git_in moves mv old new && git_in moves commit -q -m "a folder" &&
	git_in moves mv new/deep/1 one && cp moves/one moves/two && git_in moves add two &&
	git_in moves commit -q -m "a file, and a copy" &&
	round_trip moves &&
	rm -rf store && drift init -q store &&
	git_in moves fast-export -M -C --find-copies-harder --all >stream &&
	test_grep "^R " stream && test_grep "^C " stream &&
	drift -C store fast-import -q ../stream &&
	drift -C store fast-export >back2 && test_cmp_bin back back2
'

test_expect_success 'odd names of files' '
	git init -q names &&
	for name in " leading" "trailing " "a b" "\"quoted\"" "back\\slash" "tab	name" "new
line" "caf$(printf "\303\251")" "bad$(printf "\351")utf" "-dash" ":colon" "~" "a~" ".gitx" "x/.drift/y" "x/...z"; do
		commit_file names "$name" "$name" "a file" || return 1
	done &&
	commit_file names .drift/schema/users "{}" &&
	commit_file names .drift~/schema/users 1 &&
	commit_file names .drift~~ 1 &&
	round_trip names &&
	drift -C store ls >list &&
	test_grep "^.drift~/schema/users" list &&
	test_grep "^.drift~~/schema/users" list &&
	test_grep "^.drift~~~" list &&
	test_grep ! "^.drift/" list
'

test_expect_success 'a path that is too long is named' '
	long=$(printf "%02000d" 0) &&
	printf "commit refs/heads/x\ncommitter a <b> 1 +0000\ndata 0\nM 644 inline c/%s%s\ndata 0\n" $long $long >stream &&
	drift init -q long && test_expect_code 128 drift -C long fast-import stream 2>err &&
	test_expect_code 128 drift -C long fast-import ../stream 2>err &&
	test_grep "line 4 .*path .c/0000.*longer than" err
'

test_expect_success 'zones, times, authors and empty messages' '
	git init -q odd &&
	commit_file odd f 1 &&
	parent=$(git_in odd rev-parse HEAD) && n=0 &&
	for line in "A <a@b> 1 -0000" "A <a@b> 1 +1400" "A <a@b> 1 -1234" "A <a@b> 0 +0000" \
		"A <a@b> 1 +5180" "A <a@b> 0123 +0000" "A <a@b> 99999999999 +0000" "A <a@b> 18446744073709551 +0000" \
		"A <a@b> 1 +00000000" "A <> 1 +0000" " <a@b> 1 +0000" "<a@b> 1 +0000" "A B C <no mail here> 1 +0000" \
		"caf$(printf "\351") <a@b> 1 +0000" "A\\B \"q\" <a@b> 1 +0000" "A <a@b> 1 +1" ; do
		n=$((n + 1)) &&
		raw_commit odd refs/heads/odd$n "parent $parent
author $line
committer $line" || return 1
	done &&
	raw_commit odd refs/heads/empty "author A <a@b> 1 +0000
committer A <a@b> 1 +0000" "" &&
	raw_commit odd refs/heads/newlines "author A <a@b> 1 +0000
committer A <a@b> 1 +0000" "

 
 many

" &&
	raw_commit odd refs/heads/bytes "author A <a@b> 1 +0000
committer A <a@b> 1 +0000" "$(printf "\377\376 \001\033[31m\r\n")" &&
	round_trip odd &&
	drift -C store log --format="%an %at" refs/heads/odd6 >log &&
	test_grep "^A 123$" log
'

test_expect_success 'encodings' '
	git init -q latin &&
	git_in latin config i18n.commitEncoding ISO-8859-1 &&
	printf "caf\351\n" >message && printf x >latin/f && git_in latin add f &&
	git_in latin commit -q -F ../message &&
	raw_commit latin refs/heads/utf8 "author A <a@b> 1 +0000
committer A <a@b> 1 +0000
encoding UTF-8" &&
	round_trip latin &&
	drift -C store cat-file -p HEAD >commit &&
	test_grep "^encoding ISO-8859-1" commit
'

test_expect_success 'tags: light, annotated, without tagger, of blobs and tags; notes' '
	git init -q tags &&
	commit_file tags f 1 && commit_file tags f 2 &&
	git_in tags tag light && git_in tags tag -a -m "first

with a body" v1 HEAD~1 &&
	: >nothing && git_in tags tag -a -F ../nothing --cleanup=verbatim empty &&
	printf "object %s\ntype commit\ntag bare\n\nno tagger\n" "$(git_in tags rev-parse HEAD)" >raw &&
	git_in tags update-ref refs/tags/bare "$(git_in tags hash-object -t tag -w --literally --stdin <raw)" &&
	printf "object %s\ntype commit\ntag odd\ntagger A <a@b> 0123 +0000\n\nodd\n" "$(git_in tags rev-parse HEAD)" >raw &&
	git_in tags update-ref refs/tags/odd "$(git_in tags hash-object -t tag -w --literally --stdin <raw)" &&
	git_in tags notes add -m "a note" HEAD && git_in tags notes add -m "another" HEAD~1 &&
	git_in tags notes add -f -m "changed" HEAD &&
	round_trip tags &&
	test_grep refs/notes/commits actual &&
	git_in tags tag -a -m "a tag of a tag" outer v1 2>/dev/null &&
	rm -rf store again && drift init -q store && drift init -q again &&
	stream_of tags | drift -C store fast-import -q &&
	drift -C store fast-export | drift -C again fast-import -q &&
	drift -C store for-each-ref >expect && drift -C again for-each-ref >actual &&
	test_grep "tag.*refs/tags/outer" actual &&
	test_cmp expect actual
'

test_expect_success 'a hundred files of all sizes, changed again and again' '
	git init -q sizes &&
	for n in 1 2 3; do
		for len in 0 1 1023 1024 1025 5000 70000 1200000; do
			head -c $len /dev/zero | tr "\\0" "a" >sizes/f$len &&
			echo "line $n" >>sizes/f$len || return 1
		done &&
		git_in sizes add . && git_in sizes commit -q -m "$n" || return 1
	done &&
	round_trip sizes
'

test_expect_success 'the same stream twice gives the same ids, and moves nothing' '
	drift -C store for-each-ref >before &&
	drift -C store fast-import --json ../stream >out &&
	test_grep "\"refs\":0" out &&
	drift -C store for-each-ref >after &&
	test_cmp before after &&
	drift init -q twice && drift -C twice fast-import -q ../stream &&
	drift -C twice for-each-ref >after &&
	test_cmp before after
'

cat >odd-stream <<'STREAM'
feature done
option git quiet
# a comment
progress hello
blob
mark :1
original-oid 1234567890123456789012345678901234567890
data <<END
some text
of two lines
END

reset refs/heads/main
commit refs/heads/main
mark :2
original-oid 1234567890123456789012345678901234567890
committer C <c@d> 1700000000 +0000
data 5
first
M 100644 :1 d/one
M 755 inline d/two
data 3
two
M 120000 inline "d/th\162ee"
data 3
one

commit refs/heads/main
mark :3
author A <a@b> 1700000001 +0000
committer C <c@d> 1700000001 +0000
gpgsig sha1 openpgp
data 3
sig
data 6
second
R d e
C e/one "copied file"
D e/two

checkpoint

alias
mark :4
to :3

commit refs/heads/side
mark :5
committer C <c@d> 1700000002 +0000
data 4
side
from :2
deleteall
M 100644 :1 only

commit refs/heads/main
mark :6
committer C <c@d> 1700000003 +0000
data 5
merge
from refs/heads/main^0
merge :5
merge refs/heads/side
C "" all
N inline :3
data 4
note

tag v1
from :4
tagger T <t@u> 1700000004 +0000
data 1
v
reset refs/heads/gone
from :2
reset refs/heads/gone
from 0000000000000000000000000000000000000000
reset refs/tags/light
from :2

done
what stands behind is not read
STREAM

test_expect_success 'all commands of the stream' '
	drift init -q commands &&
	drift -C commands fast-import ../odd-stream >out 2>err &&
	test_grep "^progress hello" out &&
	test_grep "1 signature was left out" err &&
	test_grep "imported 4 commits, 1 blob, 1 tag; moved 4 refs" out &&
	drift -C commands ls --at main~1 >list &&
	printf "%s\n" "copied file" e/one e/three >expect &&
	test_cmp expect list &&
	drift -C commands ls --at side >list && echo only >expect && test_cmp expect list &&
	drift -C commands ls --at main >list &&
	test_grep "^all/e/three" list &&
	test_grep "^[0-9a-f]\{64\}$" list &&
	test "$(drift -C commands get e/one)" = "$(printf "some text\nof two lines")" &&
	test "$(drift -C commands get d/three --at light)" = one &&
	drift -C commands log --format=%an main~1 -1 >who && echo A >expect && test_cmp expect who
'

# refuse PATTERN STREAM: the import fails, says why, and no ref moves
refuse() {
	rm -rf refused && drift init -q refused &&
	printf '%b' "$2" >bad &&
	test_expect_code 128 drift -C refused fast-import ../bad 2>err &&
	test_grep "$1" err &&
	drift -C refused for-each-ref >refs && test_must_be_empty refs
}
head='commit refs/heads/main\nmark :1\ncommitter a <b> 1 +0000\ndata 0\n'

test_expect_success 'bad streams: where and why' '
	refuse "line 1 (byte 0): .ls.* is not a command" "lsx\n" &&
	refuse "line 1 .*.cat-blob. is not supported" "cat-blob :1\n" &&
	refuse "line 5 (byte 62), after commit :1: .get-mark. is not supported" "${head}get-mark :1\n" &&
	refuse "line 5 (byte 62), commit :1 on .refs/heads/main.: .:7. is no blob" "${head}M 644 :7 f\n" &&
	refuse "mark .:7. was not set" "${head}from :7\n" &&
	refuse "empty part" "${head}M 644 inline a//b\ndata 0\n" &&
	refuse "not a file mode" "${head}M 123 inline a\ndata 0\n" &&
	refuse "a folder cannot be set" "${head}M 040000 :1 a\n" &&
	refuse "no path .x. to be renamed" "${head}R x y\n" &&
	refuse "ends 90 bytes before" "blob\ndata 100\n0123456789" &&
	refuse "ends before the data.s delimiter" "blob\ndata <<X\nabc\n" &&
	refuse "without the .done." "feature done\n${head}" &&
	refuse "feature .cat-blob. is not supported" "feature cat-blob\n" &&
	refuse "limit" "blob\ndata 99999999999\n" &&
	refuse "not a number" "blob\ndata 12x\n" &&
	refuse "no committer" "commit refs/heads/x\ndata 0\n" &&
	refuse "refs/heads/a b" "reset refs/heads/a b\n" &&
	refuse "malformed" "${head}D \"abc\n" &&
	refuse "NUL" "${head}D a\\0000b\n"
'

test_expect_success 'refs do not lose commits without --force' '
	git init -q two && commit_file two f 1 && stream_of two >two.stream &&
	git init -q three && commit_file three g 1 && stream_of three >three.stream &&
	rm -rf store && drift init -q store &&
	drift -C store fast-import -q ../two.stream &&
	drift -C store rev-parse main >before &&
	test_expect_code 1 drift -C store fast-import ../three.stream 2>err &&
	test_grep "refs/heads/main. would lose commits" err &&
	drift -C store rev-parse main >after && test_cmp before after &&
	drift -C store fast-import -q --force ../three.stream &&
	test "$(drift -C store get g)" = 1
'

# From one repository of git through the store to another; with an argument: what came new since.
follow() {
	git -C followed fast-export --all --export-marks=g1 ${1:+--import-marks=g1} >news &&
		drift -C store fast-import -q ${1:+--import-marks=../d1} --export-marks=../d1 ../news &&
		drift -C store fast-export ${1:+--import-marks=../d2} --export-marks=../d2 >news &&
		git -C back.git fast-import --quiet ${1:+--import-marks=../g2} --export-marks=../g2 <news
}

test_expect_success 'marks: a repository is followed, both ways' '
	git init -q followed && commit_file followed d/f 1 && commit_file followed d/small 2 &&
	rm -rf store back.git && drift init -q store && git init -q --bare back.git &&
	follow &&
	commit_file followed d/f 3 && git_in followed mv d/small d/moved && git_in followed commit -q -m moved &&
	follow again &&
	test "$(grep -c "^blob" news)" = 1 &&
	git_in followed for-each-ref >expect && git_in back.git for-each-ref >actual && test_cmp expect actual &&
	follow again &&
	test_grep ! "^commit" news
'

test_expect_success 'what drift made goes to git' '
	drift init -q native && cd native &&
	drift put users/1 -j "{\"a\":1}" -m "one" --author billing --date 2025-01-02T03:04:05.678901Z &&
	drift put users/2 -j 2 -m "two" --author "A <a@b>" --date 2025-01-02T03:04:06+05:30 &&
	drift collection create orders -m "a schema" &&
	drift tag v1 &&
	drift fast-export >../native.stream && cd .. &&
	git init -q --bare native.git && git_in native.git fast-import --quiet <native.stream &&
	git_in native.git log --format="%an <%ae> %ad %s" --date=raw >log &&
	test_grep "^billing <> 1735787045 +0000 one" log &&
	test_grep "^A <a@b> 1735767246 +0530 two" log &&
	test "$(git_in native.git show main:users/1)" = "{\"a\":1}" &&
	git_in native.git ls-tree -r main >tree &&
	test_grep "^100644 blob .*users/1" tree &&
	test_grep "schema/orders" tree
'

test_expect_success 'a document and a collection of one name cannot go to git' '
	drift init -q clash && cd clash &&
	drift put a -j 1 -m one && drift put a/b -j 1 -m two &&
	test_expect_code 128 drift fast-export 2>err >out &&
	test_grep "has .a. and .a/b.: in git a name is a file or a folder" err
'

# Where names sort otherwise as folders than as parts of a path, over what is there and below what is copied.
test_expect_success 'folders are copied and renamed as by git' '
	cat >files <<-\EOF &&
	M 644 inline a/1
	data 1
	1
	M 644 inline a/c/2
	data 1
	2
	M 644 inline a-b/3
	data 1
	3
	M 644 inline a.d
	data 1
	4
	M 644 inline b/x/old
	data 1
	5
	M 644 inline b/file
	data 1
	6
	EOF
	for commands in "C a b/x" "C a a/below" "C a/c a" "C b a-b" "C a.d a" "C a a.d/new" "C a b/file/there" "R a b" "R a-b a/c" \
		"C a b/x;C b c;C c a/1;R a-b c/x;D b" "C a z;M 644 :1 a/1;C a z/y" "R a.d b;C b b/again" "C b/x a-b;C a-b a/c/d/e"; do
		rm -rf plain.git back.git store && git init -q --bare plain.git && git init -q --bare back.git && drift init -q store &&
			{ printf "blob\nmark :1\ndata 3\nnew\n" && head_of_commit "refs/heads/main" && cat files && echo "$commands" | tr ";" "\n"; } >stream &&
			git -C plain.git fast-import --quiet <stream && drift -C store fast-import -q <stream &&
			drift -C store fast-export >back && git -C back.git fast-import --quiet <back &&
			git -C plain.git ls-tree -r main >expect && git -C back.git ls-tree -r main >out && test_cmp expect out || { echo "$commands" && return 1; }
	done
'

test_expect_success 'copies of copies come to an end' '
	rm -rf store && drift init -q store && head_of_commit refs/heads/main >stream && printf "M 644 inline d/a\ndata 1\n1\n" >>stream &&
	for i in $(seq 99 -1 60); do printf "C d c$i\nC c$i d/$i\n" >>stream || return 1; done &&
	test_expect_code 128 timeout 60 drift -C store fast-import <stream 2>err && test_grep "copies at most 1000000 files" err &&
	drift -C store for-each-ref >out && test_must_be_empty out && head -n 26 stream >short && drift -C store fast-import -q <short &&
	test "$(drift -C store ls --count --at main)" = 1023
'

test_expect_success 'revisions' '
	drift init -q some && stream_of graph | drift -C some fast-import -q && cd some &&
	drift fast-export main >out && test_grep "^reset refs/heads/main" out &&
	test_grep ! "^reset refs/heads/one" out &&
	drift fast-export >out && drift fast-export --all >all && test_cmp out all &&
	drift fast-export main~1..main >out && test "$(grep -c "^commit " out)" = 1 &&
	test_grep "^from [0-9a-f]\{64\}$" out &&
	drift fast-export main ^main~1 >out2 && test_cmp out out2 &&
	drift export git main~1..main >out2 && test_cmp out out2 &&
	test_expect_code 1 drift fast-export nowhere &&
	test_expect_code 1 drift fast-export main~1 2>err && test_grep "is not a ref" err &&
	drift fast-export --use-done-feature main >out && test "$(head -n 1 out)" = "feature done" && test "$(tail -n 1 out)" = done &&
	drift fast-export --no-data main >out && test_grep ! "^blob" out &&
	test_expect_code 129 drift fast-export --all main
'

test_done
