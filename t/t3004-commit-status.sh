#!/bin/sh

test_description='drift commit and status'
. "$(dirname "$0")/lib.sh"

test_expect_success 'nothing staged is nothing to commit' '
	drift init -q &&
	test_expect_code 1 drift commit -m no 2>err && test_grep "^drift: cannot commit: " err && test_grep "^hint:" err &&
	drift log >out && test_must_be_empty out
'

test_expect_success 'author and message stand where they belong' '
	drift put p/1 -j 1 && drift put p/2 -j 2 &&
	drift commit -m "fix price" --author billing >out &&
	id=$(drift log -1 --format=%h) &&
	printf "[main %s seq 1] fix price\n 2 documents changed\n" $id >expect && test_cmp expect out &&
	drift log -1 --format="%an|%s" >out && echo "billing|fix price" >expect && test_cmp expect out
'

test_expect_success 'status before and after' '
	drift status >out && printf "On branch main at %s (seq 1)\nnothing to commit\n" $id >expect && test_cmp expect out &&
	drift put p/1 -j 9 && drift put p/3 -j 3 && drift rm p/2 &&
	drift status --short >out && printf "M p/1\nD p/2\nA p/3\n" >expect && test_cmp expect out &&
	drift status -z >out && printf "M p/1\000D p/2\000A p/3\000" >expect && test_cmp_bin expect out &&
	drift status >out && test_grep "^3 changes to be committed" out && test_grep "deleted:  p/2" out &&
	drift status --json >out && test_line_count = 3 out && test_grep "\"change\":\"delete\"" out
'

test_expect_success 'the same change on the same parent is the same commit' '
	cp -r .drift ../copy-of-store && test_when_finished "rm -rf ../copy-of-store" &&
	drift commit -q -m same >one && DRIFT_DIR=../copy-of-store drift commit -q -m same >two && test_cmp one two
'

test_expect_success 'a clash is named, nothing is changed' '
	drift put p/1 -j 10 && drift put p/4 -j 4 && drift put p/1 -j 11 -m "somebody else" -q &&
	tip=$(drift log -1 --format=%H) &&
	test_expect_code 1 drift commit -m mine 2>err && test_grep "p/1" err && test_grep "^hint:" err &&
	test "$(drift log -1 --format=%H)" = $tip &&
	drift status --short >out 2>err && printf "C p/1\nA p/4\n" >expect && test_cmp expect out && test_grep "^hint" err &&
	drift put p/1 -j 12 && drift status --short >out && printf "M p/1\nA p/4\n" >expect && test_cmp expect out &&
	drift commit -q -m again && test "$(drift get p/1 --at HEAD)" = 12
'

test_expect_success 'staging a whole document again settles a clash, patching what is staged does not' '
	drift put q/1 -j "{}" -q -m q && drift put q/1 -j "{\"a\":1}" && drift put q/1 -j "{\"b\":1}" -q -m theirs &&
	drift patch q/1 -j "{\"c\":1}" && test_expect_code 1 drift commit -m no &&
	drift rm q/1 && drift status --short >out && echo "D q/1" >expect && test_cmp expect out &&
	drift put q/1 -j "{\"d\":1}" && drift commit -q -m mine && test "$(drift get q/1 --at HEAD)" = "{\"d\":1}"
'

test_expect_success 'unstage forgets some or all of the stage, and can be undone' '
	drift put u/1 -j 1 && drift put u/10 -j 1 && drift put u/2/x -j 1 && drift put v/1 -j 1 && drift put w -j 1 &&
	drift unstage u/1 >out && echo "1 change unstaged" >expect && test_cmp expect out &&
	drift status --short >out && printf "A w\nA u/10\nA u/2/x\nA v/1\n" >expect && test_cmp expect out &&
	test_expect_code 1 drift unstage u/1 v/1 >out 2>err && test_grep "staged at .u/1." err && test_must_be_empty out &&
	drift unstage u/2/ w --json >out && echo "{\"unstaged\":2}" >expect && test_cmp expect out &&
	drift status --short >out && printf "A u/10\nA v/1\n" >expect && test_cmp expect out &&
	drift unstage -q >out && test_must_be_empty out && test_expect_code 1 drift unstage && drift undo -q &&
	drift status --short >out && test_cmp expect out && drift unstage u v -q && test_expect_code 1 drift get u/10
'

test_expect_success '--allow-empty, --expect' '
	drift commit --allow-empty -m empty -q >id && test "$(cat id)" = "$(drift log -1 --format=%H)" &&
	drift put p/5 -j 5 && test_expect_code 1 drift commit -m no --expect HEAD~1 && drift commit -m yes --expect HEAD -q
'

test_expect_success 'the first second of 1970, and times before it' '
	drift init -q old && cd old &&
	drift put a -j 1 -m past --date 1969-12-31T23:59:59.5Z -q && drift put a -j 2 -m epoch --date @0 -q &&
	DRIFT_DATE="@0 +0100" drift put a -j 3 -m zone -q &&
	drift tag -m note v1 --date @0 && drift log --format="%at %aI %s" >out &&
	printf "%s\n" "0 1970-01-01T01:00:00+01:00 zone" "0 1970-01-01T00:00:00Z epoch" "-1 1969-12-31T23:59:59.500Z past" >expect &&
	test_cmp expect out && test "$(drift get a --at 1970-01-01T00:00:00Z)" = 3 && test "$(drift get a --at 1970-01-01T00:00:00Z^)" = 2 &&
	printf "%s\n" "{\"op\":\"put\",\"path\":\"a\",\"json\":4}" "{\"op\":\"commit\",\"message\":\"b\",\"author\":\"x\",\"date\":\"@0\"}" |
	drift batch >out && drift log -1 --format=%at >out && echo 0 >expect && test_cmp expect out &&
	drift cat-file -p refs/tags/v1 >out && test_grep "^tagger A U Thor <author@example.com> 0 +0000" out
'

test_expect_success 'the message from an editor' '
	drift put p/6 -j 6 &&
	printf "#!/bin/sh\ncp \"\$1\" template\nprintf \"by hand\\n# not this\\n\" >\"\$1\"\n" >editor && chmod +x editor &&
	DRIFT_EDITOR=./editor drift commit -q && drift log -1 --format=%B >out && echo "by hand" >expect && test_cmp expect out &&
	test_grep "added:    p/6" template &&
	drift put p/7 -j 7 && test_expect_code 1 env DRIFT_EDITOR=true drift commit && test_expect_code 129 drift commit &&
	test_expect_code 129 drift commit p/7 -m no
'

test_expect_success 'drift edit' '
	drift put e/1 -j "\"tea\"" -m e -q &&
	DRIFT_EDITOR="sed -i s/tea/coffee/" drift edit e/1 -m better -q && test "$(drift get e/1)" = "\"coffee\"" &&
	test_expect_code 1 env DRIFT_EDITOR=true drift edit e/1 -m no &&
	test_expect_code 128 env DRIFT_EDITOR=false drift edit e/1 -m no
'

test_expect_success 'what was edited by hand is kept where others were faster' '
	mkdir tmp && printf "#!/bin/sh\ndrift put e/1 -j 5 -m faster -q && echo 6 >\"\$1\"\n" >racer && chmod +x racer &&
	test_expect_code 1 env TMPDIR=tmp DRIFT_EDITOR=./racer drift edit e/1 2>err && test_grep "^hint: your text is still in" err &&
	test "$(cat tmp/*)" = 6 && test "$(drift get e/1)" = 5 && rm tmp/* &&
	test_expect_code 1 env TMPDIR=tmp DRIFT_EDITOR=true drift edit e/1 && TMPDIR=tmp DRIFT_EDITOR="sed -i s/5/7/" drift edit e/1 &&
	ls tmp >out && test_must_be_empty out && test "$(drift get e/1)" = 7
'

test_done
