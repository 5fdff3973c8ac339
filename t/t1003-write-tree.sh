#!/bin/sh

test_description='write-tree, read-tree and commit-tree'
. "$(dirname "$0")/lib.sh"

test_expect_success 'set up' '
	drift init -q &&
	drift write-tree >empty &&
	drift mktree </dev/null >expect && test_cmp expect empty &&
	drift put a/1 -j 1 -m one -q >first &&
	drift put a/2 -j 2 -m two -q >second
'

test_expect_success 'nothing staged: the tree of HEAD' '
	drift write-tree >out && drift rev-parse HEAD^{tree} >expect && test_cmp expect out
'

test_expect_success 'what is staged is in it, and stays staged' '
	drift put a/3 -j 3 && drift rm a/1 &&
	tree=$(drift write-tree) &&
	drift ls-tree -r --name-only "$tree" >out && printf "a/2\na/3\n" >expect && test_cmp expect out &&
	drift status -s >out && printf "D a/1\nA a/3\n" >expect && test_cmp expect out
'

test_expect_success 'commit-tree makes a commit and moves nothing' '
	id=$(drift commit-tree "$tree" -p HEAD -m "by hand") &&
	drift rev-parse HEAD >out && test_cmp second out &&
	drift show-ref >refs && test_line_count = 1 refs &&
	drift cat-file -p "$id" >out &&
	test_grep "^tree $tree$" out && test_grep "^parent $(cat second)$" out &&
	test_grep "^seq 3$" out && test_grep "^author A U Thor <author@example.com> 1735689600 +0000$" out &&
	drift log --oneline "$id" >out && test_line_count = 3 out
'

test_expect_success 'the same as an ordinary commit, id and all' '
	ordinary=$(drift commit -m "by hand" -q) &&
	test "$ordinary" = "$id"
'

test_expect_success 'its documents have a history' '
	drift put a/2 -j 22 && t2=$(drift write-tree) &&
	made=$(drift commit-tree "$t2" -p HEAD -m hist) &&
	drift update-ref HEAD "$made" &&
	drift history a/2 --json >out && test_line_count = 2 out
'

test_expect_success 'message from standard input, several parents, a root' '
	printf "first line\n\nbody\n" | drift commit-tree "$tree" -p "$(cat first)" -p "$(cat second)" >id &&
	drift cat-file -p "$(cat id)" >out &&
	sed "1,/^\$/d" out >message && printf "first line\n\nbody\n" >expect && test_cmp expect message &&
	sed -n "s/^parent //p" out >parents && cat first second >expect && test_cmp expect parents &&
	drift commit-tree HEAD^{tree} -m root --author B --date 2024-05-06T07:08:09Z >id &&
	drift cat-file -p "$(cat id)" >out &&
	test_grep ! "^parent" out && test_grep "^author B 1714979289 +0000" out && test_grep "^seq 1" out
'

test_expect_success 'read-tree stages what makes that tree' '
	drift read-tree "$(cat first)" &&
	drift write-tree >out && drift rev-parse "$(cat first)^{tree}" >expect && test_cmp expect out &&
	drift commit -m back -q &&
	drift ls >out && echo a/1 >expect && test_cmp expect out
'

test_expect_success 'read-tree --empty' '
	drift read-tree --empty &&
	drift write-tree >out && test_cmp empty out
'

test_expect_success 'wrong usage and what is not there' '
	test_expect_code 129 drift write-tree x &&
	test_expect_code 129 drift read-tree &&
	test_expect_code 129 drift read-tree --empty HEAD &&
	test_expect_code 129 drift commit-tree &&
	test_expect_code 1 drift commit-tree no-such -m x &&
	test_expect_code 1 drift commit-tree HEAD^{tree} -p no-such -m x 2>err && test_grep "parent .no-such" err &&
	test_expect_code 128 drift commit-tree HEAD:a/1 -m x 2>err && test_grep "is a blob" err &&
	drift show-ref >out && test_line_count = 1 out
'

test_done
