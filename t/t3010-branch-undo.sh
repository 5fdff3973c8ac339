#!/bin/sh

test_description='drift branch, switch, tag, reflog, undo and revert'
. "$(dirname "$0")/lib.sh"

test_expect_success 'setup' '
	drift init -q && drift put a/1 -j 1 -m one -q && drift put a/1 -j 2 -m two -q
'

test_expect_success 'a branch is made once' '
	drift branch side HEAD~1 && drift branch >out && printf "* main\n  side\n" >expect && test_cmp expect out &&
	test_expect_code 1 drift branch side 2>err && test_grep "exists already" err &&
	test_expect_code 1 drift branch other nowhere && test_expect_code 128 drift branch "a..b"
'

test_expect_success 'switch, and --branch without it' '
	drift switch -q side && test "$(drift get a/1)" = 1 && drift put a/2 -j 1 -m side -q &&
	test "$(drift get a/1 --branch main)" = 2 && test "$(DRIFT_BRANCH=main drift get a/1)" = 2 &&
	drift put a/3 -j 3 -m main --branch main -q && test_expect_code 1 drift get a/3 &&
	drift switch main && test "$(drift get a/3)" = 3 && test_expect_code 1 drift get a/2 &&
	test_expect_code 1 drift switch nowhere 2>err && test_grep "^hint: -c" err
'

test_expect_success 'rename and delete' '
	drift branch -m side other && test_expect_code 1 drift branch -d other 2>err && test_grep "^hint" err &&
	test_expect_code 1 drift branch -D main && drift branch -D other && test_expect_code 1 drift branch -D other &&
	drift branch -m trunk && drift branch >out && echo "* trunk" >expect && test_cmp expect out && drift branch -m trunk main
'

test_expect_success 'tags' '
	drift tag v1 HEAD~1 && drift tag -m "say so" v2 && test_expect_code 1 drift tag v1 &&
	drift tag >out && printf "v1\nv2\n" >expect && test_cmp expect out &&
	test "$(drift get a/1 --at v1)" = 2 && test "$(drift log -1 --format=%H v2)" = "$(drift log -1 --format=%H)" &&
	drift tag -d v1 && test_expect_code 1 drift tag -d v1 && test_expect_code 1 drift get v1:a/1
'

test_expect_success 'reflog' '
	drift init -q log && drift -C log put a/1 -j 1 -m one -q && drift -C log put a/1 -j 2 -m two --author Bob -q &&
	drift -C log reflog >out && test_line_count = 2 out && sed -n 1p out >line && test_grep "main@{0} .* Bob: commit: two" line &&
	drift -C log reflog --json main -1 >out && test_grep "\"actor\":\"Bob\"" out &&
	test_expect_code 1 drift -C log reflog nowhere && test "$(drift -C log get "main@{1}:a/1")" = 1
'

test_expect_success 'undo takes back one operation after the other' '
	drift init -q undo && cd undo &&
	drift put a/1 -j 1 -m one -q && drift put a/2 -j 2 && drift commit -q -m two && drift branch side && drift tag v1 &&
	drift undo >out && echo "undo: tag: v1" >expect && test_cmp expect out &&
	drift undo && drift branch >out && echo "* main" >expect && test_cmp expect out &&
	drift undo && drift status --short >out && echo "A a/2" >expect && test_cmp expect out &&
	drift undo && drift status --short >out && test_must_be_empty out &&
	drift undo && drift ls >out && test_must_be_empty out && test_expect_code 1 drift undo
'

test_expect_success 'undo is for what is your own and still there' '
	cd undo && drift put b/1 -j 1 -m mine -q && drift put b/1 -j 2 -m theirs --author Bob -q &&
	test_expect_code 1 drift undo 2>err && test_grep "^hint: .*revert" err &&
	time="20[0-9-]*T[0-9:.]*Z" &&
	test_grep "^drift: cannot undo .commit (initial): mine. of $time: .main. has moved since$" err &&
	drift undo -h >out && test_grep "--author WHO  *take back the last operation of WHO$" out &&
	drift undo --author Bob -q && test "$(drift get b/1)" = 1
'

test_expect_success 'undo goes back over commits of many frames' '
	drift init -q many && awk "BEGIN { for (i = 0; i < 30000; i++) printf \"{\\\"_id\\\":%d,\\\"v\\\":%.9f}\\n\", i, sin(i) }" >many/rows &&
	drift -C many put a/1 -j 1 -m one -q && drift -C many import jsonl -q -m rows --collection c --key _id rows &&
	drift -C many undo -q && drift -C many undo >out && echo "undo: commit (initial): one" >expect &&
	test_cmp expect out
'

test_expect_success 'revert takes back only what the commit changed' '
	drift put r/1 -j "{\"a\":1,\"b\":1}" -m r1 -q && drift patch r/1 -j "{\"a\":2}" -m r2 -q >r2 &&
	drift patch r/1 -j "{\"b\":2}" -m r3 -q && drift put r/2 -j 1 -m r4 -q &&
	drift revert "$(cat r2)" -q && drift get r/1 --json >out && test_grep "\"json\":{\"a\":1,\"b\":2}" out &&
	test "$(drift log -1 --format=%s)" = "Revert \"r2\"" && drift revert HEAD~1 HEAD~2 -m both -q &&
	test_expect_code 1 drift get r/2 && drift get r/1 --json >out && test_grep "\"json\":{\"a\":1,\"b\":1}" out
'

test_expect_success 'revert: a clash is named, nothing is changed' '
	drift patch r/1 -j "{\"a\":5}" -m five -q >five && drift patch r/1 -j "{\"a\":6}" -m six -q &&
	tip=$(drift log -1 --format=%H) && test_expect_code 1 drift revert "$(cat five)" 2>err &&
	test_grep "^hint: r/1: .*/a" err && test "$(drift log -1 --format=%H)" = $tip &&
	test_expect_code 1 drift revert nowhere
'

test_done
