#!/bin/sh

test_description='drift log and show'
. "$(dirname "$0")/lib.sh"

test_expect_success 'setup: five commits' '
	drift init -q &&
	for i in 1 2 3 4 5; do
		test_tick && drift put c/$i -j $i -m "commit $i" --author "author $i" -q || return 1
	done
'

test_expect_success '-n 2 is the newest two, newest first' '
	drift log -n 2 --format=%s >out && printf "commit 5\ncommit 4\n" >expect && test_cmp expect out &&
	drift log -2 --oneline >out && sed "s/^[0-9a-f]\{10\} //" out >subjects && test_cmp expect subjects
'

test_expect_success '--reverse, ranges, points' '
	drift log --reverse --format=%N >out && printf "1\n2\n3\n4\n5\n" >expect && test_cmp expect out &&
	drift log HEAD~3..HEAD~1 --format=%N >out && printf "4\n3\n" >expect && test_cmp expect out &&
	drift log @seq:2 --format=%N >out && printf "2\n1\n" >expect && test_cmp expect out &&
	drift log -n 0 >out && test_must_be_empty out
'

test_expect_success 'filters' '
	drift log --author "author [24]" --format=%N >out && printf "4\n2\n" >expect && test_cmp expect out &&
	drift log --grep "COMMIT 3" -i --format=%N >out && echo 3 >expect && test_cmp expect out &&
	drift log --since 2025-01-01T00:03:00Z --until 2025-01-01T00:04:00Z --format=%N >out &&
	printf "4\n3\n" >expect && test_cmp expect out &&
	test_expect_code 128 drift log --grep "(" && test_expect_code 128 drift log --since never
'

test_expect_success 'by path, collection and prefix' '
	drift put d/1 -j 1 -m "other" -q && drift put c/10 -j 1 -m "ten" -q &&
	drift log --format=%N c/1 >out && echo 1 >expect && test_cmp expect out &&
	drift log --format=%N d >out && echo 6 >expect && test_cmp expect out &&
	drift log --format=%N HEAD~1 c/ >out && printf "5\n4\n3\n2\n1\n" >expect && test_cmp expect out &&
	drift log --format=%N -- d/ c/1 >out && printf "6\n1\n" >expect && test_cmp expect out &&
	test_expect_code 1 drift log nowhere 2>err && test_grep "nowhere" err
'

test_expect_success 'formats' '
	drift log -1 @seq:1 --format="%an|%ae|%at|%aI|%s|%P|%%|%x41%n" >out &&
	printf "author 1||1735689660|2025-01-01T00:01:00Z|commit 1||%%|A\n\n" >expect && test_cmp expect out &&
	test "$(drift log -1 --format=%T)" = "$(drift show -s --format=%T)" &&
	test_expect_code 128 drift log --format="%Q" 2>err && test_grep "%Q" err
'

test_expect_success 'the long form' '
	drift log -1 @seq:2 >out && id=$(drift log -1 @seq:2 --format=%H) &&
	printf "commit %s\nSeq:    2\nAuthor: author 2\nDate:   Wed Jan 1 00:02:00 2025 +0000\n\n    commit 2\n" $id >expect &&
	test_cmp expect out
'

test_expect_success '--json' '
	drift log --json -1 @seq:2 --stat >out && test_line_count = 1 out &&
	test_grep "\"seq\":2" out && test_grep "\"time\":\"2025-01-01T00:02:00Z\"" out &&
	test_grep "\"changes\":\[{\"added\":1,\"change\":\"add\"" out
'

test_expect_success 'show: patch, stat, names' '
	drift put c/1 -j "{\"a\":1}" -m a -q && drift patch c/1 -j "{\"a\":2,\"b\":3}" -m b -q &&
	drift show >out && test_grep "^modified c/1$" out && test_grep "^~ /a: 1 -> 2$" out && test_grep "^+ /b: 3$" out &&
	drift show --stat >out && test_grep "^ M c/1 | +2 -1$" out && test_grep "^ 1 document changed" out &&
	drift show --name-status -z --oneline >out && tail -n 1 out | tr "\\000" "|" >names && printf "M|c/1|" >expect && test_cmp expect names &&
	drift show --json >out && test_grep "\"pointer\"\|\"path\":\"/a\"" out &&
	test_expect_code 1 drift show nowhere
'

test_expect_success 'the graph of a merge' '
	drift init -q graph && cd graph &&
	drift put a/1 -j 1 -m root -q && drift branch side &&
	test_tick && drift put a/2 -j 1 -m ours -q && test_tick && drift put a/3 -j 1 -m theirs --branch side -q &&
	test_tick && merge=$(drift commit-tree "main^{tree}" -p main -p side -m merge) &&
	drift update-ref refs/heads/main "$merge" &&
	drift log --graph --format=%s >out && cat >expect <<-\END &&
	* merge
	|\
	| * theirs
	* | ours
	|/
	* root
	END
	test_cmp expect out &&
	drift log --first-parent --format=%s >out && printf "merge\nours\nroot\n" >expect && test_cmp expect out
'

test_expect_success 'show of nothing' '
	drift init -q empty && test_expect_code 1 drift -C empty show
'

test_expect_success 'the subject is the first paragraph, the body what follows it' '
	drift put s/1 -j 1 -m "$(printf "one\\ntwo\\n\\nthree\\nfour")" -q && drift log -1 --format="%s|%b" >out &&
	printf "one two|three\\nfour\\n\\n" >expect && test_cmp expect out
'

test_done
