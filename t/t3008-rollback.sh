#!/bin/sh

test_description='drift rollback'
. "$(dirname "$0")/lib.sh"

collections() {
	drift collection ls | tr "\n" " "
}

test_expect_success 'there and back: eleven commits, none removed' '
	drift init -q &&
	drift collection create A -m 1 -q >A && drift put A/1 -j 1 -m 2 -q && drift put A/2 -j 2 -m 3 -q >A2 &&
	drift collection create B -m 4 -q >one &&
	drift rm A/1 -m 5 -q && drift collection drop B -m 6 -q &&
	drift rollback "$(cat one)" -m 7 -q && test "$(collections)" = "A B " && test "$(drift get A/1)" = 1 &&
	drift rollback "$(cat A)" -m 8 -q >second && test "$(collections)" = "A " && test_expect_code 1 drift get A/1 &&
	drift collection create C -m 9 -q && drift put C/3 -j 3 -m 10 -q &&
	drift rollback "$(cat second)" -m 11 -q && test "$(collections)" = "A " &&
	drift log --format=%s >out && printf "%s\n" 11 10 9 8 7 6 5 4 3 2 1 >expect && test_cmp expect out &&
	test "$(drift log -1 --format=%T)" = "$(drift log -1 --format=%T "$(cat A)")"
'

test_expect_success 'to what is unknown: an error, nothing added' '
	tip=$(drift log -1 --format=%H) &&
	test_expect_code 1 drift rollback 0123456789 2>err && test_grep "0123456789" err &&
	test_expect_code 1 drift rollback HEAD && test_expect_code 129 drift rollback &&
	test "$(drift log -1 --format=%H)" = $tip
'

test_expect_success 'a path that leads nowhere: named, nothing added' '
	drift put G/1 -j 1 -m g1 -q && drift put G/sub/2 -j 1 -m g2 -q && drift rm G/1 -m g3 -q && tip=$(drift log -1 --format=%H) &&
	for path in nosuch/x nosuch/ nosuch G/sub/3 G/su; do
		test_expect_code 1 drift rollback HEAD~1 $path >out 2>err && test_must_be_empty out &&
		echo "drift: cannot roll back: no document \"$path\", neither now nor at HEAD~1" | tr "\"" "\047" >expect &&
		test_cmp expect err && test_expect_code 1 drift rollback -n HEAD~1 $path || return 1
	done &&
	test_expect_code 1 drift rollback HEAD~1 G/1 nosuch/x 2>err && test_grep "nosuch/x" err &&
	test_expect_code 1 drift rollback HEAD~1 G/sub 2>err && test_grep "nothing to commit" err &&
	drift rollback -n HEAD~1 G/sub >out && test_must_be_empty out && drift rollback -n HEAD~1 G/1 >out && echo "A	G/1" >expect &&
	test_cmp expect out && test "$(drift log -1 --format=%H)" = $tip
'

test_expect_success 'one document, one collection: the rest stays' '
	drift put D/1 -j 1 -m d1 -q && drift put D/2 -j 1 -m d2 -q && drift put E/1 -j 1 -m e1 -q >old &&
	drift put D/1 -j 2 -m x -q && drift put D/2 -j 2 -m x -q && drift put E/1 -j 2 -m x -q && drift put D/new -j 2 -m x -q &&
	drift rollback "$(cat old)" D/1 -m one -q &&
	test "$(drift get D/1)$(drift get D/2)$(drift get E/1)" = 122 &&
	drift rollback "$(cat old)" D/ -m all -q &&
	test "$(drift get D/1)$(drift get D/2)$(drift get E/1)" = 112 && test_expect_code 1 drift get D/new
'

test_expect_success 'a prefix of keys' '
	drift put F/a/1 -j 1 -m f -q && drift put F/ab -j 1 -m f -q >old && drift put F/a/1 -j 2 -m f -q && drift put F/ab -j 2 -m f -q &&
	drift rollback "$(cat old)" F/a/ -m f -q && test "$(drift get F/a/1)$(drift get F/ab)" = 12
'

test_expect_success '--dry-run changes nothing' '
	tip=$(drift log -1 --format=%H) && drift rollback --dry-run "$(cat old)" >out &&
	printf "M\tF/ab\n" >expect && test_cmp expect out && test "$(drift log -1 --format=%H)" = $tip
'

test_expect_success 'a message of its own, the stage untouched' '
	drift put F/staged -j 1 && drift rollback "$(cat old)" >out && test_grep "Roll back to" out &&
	drift status --short >out && echo "A F/staged" >expect && test_cmp expect out
'

test_expect_success 'before the first commit is the empty store' '
	drift rollback 2000-01-01 -m "nothing" -q && drift ls --at HEAD >out && test_must_be_empty out &&
	drift rollback HEAD~1 -q && test "$(drift get F/ab)" = 1
'

test_done
