#!/bin/sh

test_description='drift rm and ls'
. "$(dirname "$0")/lib.sh"

test_expect_success 'setup' '
	drift init -q &&
	for path in a/1 a/10 a/b/1 a/b/2 ab/1 z; do
		drift put $path -j 1 || return 1
	done &&
	drift commit -q -m all
'

test_expect_success 'all, in order' '
	drift ls >out && sort out >sorted &&
	printf "a/1\na/10\na/b/1\na/b/2\nab/1\nz\n" >expect && test_cmp expect sorted &&
	drift ls --count >out && echo 6 >expect && test_cmp expect out
'

test_expect_success 'a prefix ends at a slash' '
	printf "a/1\na/10\na/b/1\na/b/2\n" >expect &&
	drift ls a/ >out && test_cmp expect out && drift ls a >out && test_cmp expect out &&
	test "$(drift ls a/ --count)" = 4 &&
	printf "a/b/1\na/b/2\n" >expect && drift ls a/b >out && test_cmp expect out &&
	test "$(drift ls a/b/ --count)" = 2 && test "$(drift ls a/1 --count)" = 1 &&
	echo a/1 >expect && drift ls a/1 >out && test_cmp expect out &&
	test "$(drift ls nothing/ --count)" = 0
'

test_expect_success '-z, -l, --json' '
	drift ls -z a/b >out && printf "a/b/1\000a/b/2\000" >expect && test_cmp_bin expect out &&
	drift ls -l a/1 >out && grep -x "[0-9a-f]\{10\}          1 json    a/1" out &&
	drift ls --json a/1 >out && test_grep "\"path\":\"a/1\"" out && test_grep "\"size\":1" out
'

test_expect_success 'paths that would break lines are quoted' '
	drift put "n/$(printf "a\nb")" -j 1 -m n -q && drift ls n/ >out &&
	printf "\"n/a\\\\nb\"\n" >expect && test_cmp expect out &&
	drift ls -z n/ >out && printf "n/a\nb\000" >expect && test_cmp_bin expect out
'

test_expect_success 'the stage lies over it, not at a point' '
	drift put a/2 -j 1 && drift rm a/1 &&
	printf "a/10\na/2\na/b/1\na/b/2\n" >expect && drift ls a/ >out && test_cmp expect out &&
	test "$(drift ls a/ --count)" = 4 &&
	drift ls a/ --at HEAD >out && test_grep "^a/1$" out && test_grep ! "^a/2$" out &&
	test_expect_code 1 drift get a/1 && test "$(drift get a/1 --at HEAD)" = 1 &&
	drift commit -q -m staged
'

test_expect_success 'rm, then get and rm fail, no commit' '
	drift rm a/10 -m gone &&
	test_expect_code 1 drift get a/10 &&
	tip=$(drift log -1 --format=%H) &&
	test_expect_code 1 drift rm a/10 -m again 2>err && test_grep "no document .a/10." err &&
	test_expect_code 1 drift rm a/10 && test_expect_code 1 drift rm a/2 a/10 -m both &&
	test "$(drift get a/2)" = 1 && test "$(drift log -1 --format=%H)" = $tip &&
	test "$(drift get a/10 --at HEAD~1)" = 1
'

test_expect_success 'rm -r takes what is under the prefix alone' '
	test_expect_code 128 drift rm a/b/ -m no 2>err && test_grep "^hint: -r" err &&
	drift rm -r a/b -m "a/b" && drift ls a/ >out && echo a/2 >expect && test_cmp expect out &&
	drift rm -r a -m "a" && test "$(drift ls a/ --count)" = 0 && test "$(drift get ab/1)" = 1 &&
	test_expect_code 1 drift rm -r a -m "a" && drift rm -rf a -m "a"
'

test_expect_success 'a reader does not mind a missing prefix at an old point' '
	drift ls --at 2000-01-01 >out && test_must_be_empty out
'

test_done
