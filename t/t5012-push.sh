#!/bin/sh

test_description='drift push'
. "$(dirname "$0")/lib.sh"

test_expect_success 'a branch goes forward' '
	drift init -q a && drift -C a put c/1 -j 1 -m one -q && drift clone -q a b && drift -C b put c/2 -j 2 -m two -q &&
	drift -C b push >out 2>err && test_grep "^to $TRASH/a$" out && test_grep "main -> main" out &&
	test_grep "1 commit with 1 change sent; .* 2 round trips" err &&
	test "$(drift -C a rev-parse main)" = "$(drift -C b rev-parse main)" && test "$(drift -C a get c/2)" = 2 && drift -C a fsck &&
	test "$(drift -C b rev-parse origin/main)" = "$(drift -C b rev-parse main)" &&
	drift -C a reflog main >out && test_grep "push" out && drift -C b push >out && test_must_be_empty out
'

test_expect_success 'what is not forward is refused, and a hint given' '
	drift -C a put c/3 -j 3 -m three -q && drift -C b put c/4 -j 4 -m four -q && was=$(drift -C a rev-parse main) &&
	test_expect_code 1 drift -C b push >out 2>err && test_grep "! rejected .*it has commits that are not here" out &&
	test_grep "cannot push to .origin.: 1 ref was not moved" err && test_grep "hint: .*drift pull" err &&
	test "$(drift -C a rev-parse main)" = $was &&
	drift -C b fetch -q && test_expect_code 1 drift -C b push >out && test_grep "! rejected .*no fast-forward" out &&
	test "$(drift -C a rev-parse main)" = $was
'

test_expect_success 'force, with and without a lease' '
	test_expect_code 1 drift -C b push --force-with-lease=main:$(drift -C b rev-parse main~2) >out && test_grep "not what was expected" out &&
	drift -C a put c/5 -j 5 -m five -q && test_expect_code 1 drift -C b push --force-with-lease &&
	drift -C b fetch -q && drift -C b push --force-with-lease >out && test_grep "^ + .*(forced)" out &&
	test "$(drift -C a rev-parse main)" = "$(drift -C b rev-parse main)" &&
	drift -C a put c/6 -j 6 -m six -q && now=$(drift -C a rev-parse main) &&
	test_expect_code 1 drift -C b push --force-with-lease=absent && drift -C b push -q --force-with-lease=$now &&
	test "$(drift -C a rev-parse main)" = "$(drift -C b rev-parse main)" &&
	drift -C a put c/7 -j 7 -m seven -q && drift -C b push -q -f && test "$(drift -C a rev-parse main)" = "$(drift -C b rev-parse main)" &&
	drift -C a reflog main >out && test_line_count -ge 8 out
'

test_expect_success 'refspecs, tags, new branches, removal' '
	drift -C b branch topic HEAD~1 && drift -C b tag v1 && drift -C b tag -m note v2 &&
	drift -C b push -q origin topic v1 HEAD~1:refs/heads/older main:copy &&
	for r in refs/heads/topic refs/tags/v1; do test "$(drift -C a rev-parse $r)" = "$(drift -C b rev-parse $r)" || return 1; done &&
	test "$(drift -C a rev-parse copy)" = "$(drift -C b rev-parse main)" &&
	test "$(drift -C a rev-parse older)" = "$(drift -C b rev-parse HEAD~1)" &&
	drift -C b push -q --tags && test "$(drift -C a rev-parse v2)" = "$(drift -C b rev-parse v2)" &&
	drift -C b push --delete origin older copy >out && test_grep "^ - removed *older" out && test_must_fail drift -C a rev-parse older &&
	drift -C b push -q origin :topic && test_must_fail drift -C a rev-parse topic && test_must_fail drift -C b rev-parse origin/topic &&
	test_expect_code 1 drift -C b push --delete origin no-such 2>err && test_grep "has no ref .no-such" err
'

test_expect_success 'all or none' '
	drift -C b put c/8 -j 8 -m eight -q && drift -C b branch side && drift -C a branch side HEAD~1 && drift -C a put x/1 -j 1 --branch side -m x -q &&
	was=$(drift -C a rev-parse main) && test_expect_code 1 drift -C b push origin main side >out && test_grep "! not tried .*main" out &&
	test_grep "! rejected .*side" out && test "$(drift -C a rev-parse main)" = $was &&
	test_expect_code 1 drift -C b push --no-atomic origin main side && test "$(drift -C a rev-parse main)" = "$(drift -C b rev-parse main)"
'

test_expect_success 'a tag is not moved without force' '
	drift -C b tag -d v1 && drift -C b tag v1 HEAD~2 && test_expect_code 1 drift -C b push origin v1 >out && test_grep "rejected .*v1" out &&
	drift -C b push -q -f origin v1 && test "$(drift -C a rev-parse v1)" = "$(drift -C b rev-parse v1)"
'

test_expect_success 'a dry run changes nothing' '
	drift -C b put c/9 -j 9 -m nine -q && was=$(drift -C a rev-parse main) && drift -C b push -n >out && test_grep "main -> main" out &&
	test "$(drift -C a rev-parse main)" = $was && test "$(drift -C b rev-parse origin/main)" = $was
'

test_expect_success 'what the other end refuses' '
	drift -C a config receive.denyNonFastForwards true && drift -C a config receive.denyDeletes true && drift -C b push -q &&
	drift -C b update-ref refs/heads/main HEAD~1 && drift -C b put c/10 -j 10 -m ten -q &&
	test_expect_code 1 drift -C b push -f >out && test_grep "! refused .*denyNonFastForwards" out &&
	test_expect_code 1 drift -C b push -d origin side >out && test_grep "! refused .*denyDeletes" out &&
	drift -C a config --unset receive.denyDeletes && drift -C a config --unset receive.denyNonFastForwards &&
	test_expect_code 1 drift -C b push -d origin main >out && test_grep "current branch there" out && drift -C b push -q -f
'

test_expect_success 'a branch that takes no conflicts' '
	drift init -q p && drift -C p put c/1 -j 1 -m one -q && drift clone -q p q && drift -C q branch other && drift -C q put c/1 -j 2 -m two -q &&
	drift -C q put c/1 -j 3 -m three --branch other -q && drift -C q config branch.main.remote . &&
	drift -C q config branch.main.merge refs/heads/other && drift -C q pull -q 2>err && test_grep "1 document is in conflict" err &&
	drift -C p config branch.main.conflicts refuse && was=$(drift -C p rev-parse main) &&
	test_expect_code 1 drift -C q push origin main >out && test_grep "refused .*takes no conflicts, and 1 of its documents is" out &&
	test "$(drift -C p rev-parse main)" = $was && drift -C q put c/1 -j 4 -m settled -q && drift -C q push -q origin main
'

test_expect_success 'upstream' '
	drift -C b branch fresh && drift -C b push -q -u origin fresh && test "$(drift -C b config branch.fresh.merge)" = refs/heads/fresh &&
	test "$(drift -C b config branch.fresh.remote)" = origin && drift -C b push -q -u origin main:main &&
	drift -C b put c/11 -j 11 --branch fresh -m eleven -q && drift -C b push -q --branch fresh &&
	test "$(drift -C a rev-parse fresh)" = "$(drift -C b rev-parse fresh)"
'

test_expect_success 'to an empty repository; --json; nothing to push' '
	drift init -q --bare e.drift && drift -C b push --json "$TRASH/e.drift" main >out && test_grep "\"status\":\"new\"" out &&
	test "$(drift -C e.drift rev-parse main)" = "$(drift -C b rev-parse main)" && drift -C e.drift fsck &&
	drift init -q n && drift -C n remote add e ../e.drift && test_must_fail drift -C n push 2>err && test_grep "has no commit yet" err &&
	test_expect_code 129 drift -C b push --delete origin &&
	test_expect_code 128 drift -C b push origin "x y:z" && test_must_fail drift -C b push origin nowhere 2>err && test_grep nowhere err
'

test_done
