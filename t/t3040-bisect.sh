#!/bin/sh

test_description='bisect: the first bad commit, by halves'
. "$(dirname "$0")/lib.sh"

# The commit numbered $1 breaks it.
breaks_at() {
	test_tick
	drift put "c/n$2" -j "$1" -q -m "value $1" >/dev/null
}

test_expect_success 'twenty commits in a line' '
	drift init -q &&
	for i in $(seq 1 20); do
		breaks_at "$i" || return 1
	done &&
	drift log --format="%N %H" | sort -n | sed "s/^[0-9]* //" >ids
'

test_expect_success 'without a search there is nothing to mark' '
	for word in good bad skip log "run true"; do
		test_expect_code 1 drift bisect $word 2>err &&
		test_grep "no search is under way" err &&
		test_grep "^hint: .drift bisect start BAD GOOD" err || return 1
	done &&
	drift bisect reset 2>err &&
	test_grep "no search was under way" err
'

test_expect_success 'wrong usage' '
	test_expect_code 129 drift bisect &&
	test_expect_code 129 drift bisect commence &&
	test_expect_code 129 drift bisect run &&
	test_expect_code 129 drift bisect reset HEAD &&
	test_expect_code 129 drift bisect good --first-parent &&
	test_expect_code 129 drift bisect start --no-such-option
'

test_expect_success 'start waits for what it does not know' '
	drift bisect start >out &&
	echo "Bisecting: waiting for a bad and a good commit" >expect &&
	test_cmp expect out &&
	drift bisect bad >out &&
	echo "Bisecting: waiting for a good commit" >expect &&
	test_cmp expect out &&
	test_expect_code 1 drift get --at refs/bisect/head c/n &&
	test_expect_code 128 drift bisect run true
'

test_expect_success 'the middle is told, and a ref' '
	drift bisect good @seq:4 >out &&
	printf "Bisecting: 7 commits left to test after this (about 3 steps)\n[%.10s seq 12] value 12\n" \
		"$(sed -n 12p ids)" >expect &&
	test_cmp expect out &&
	drift get --at refs/bisect/head c/n >out &&
	printf 12 >expect &&
	test_cmp expect out
'

test_expect_success 'HEAD and the stage are left alone' '
	drift put c/staged -j 1 &&
	drift bisect good >out &&
	drift status -s >out &&
	echo "A c/staged" >expect &&
	test_cmp expect out &&
	drift get c/n >out &&
	printf 20 >expect &&
	test_cmp expect out &&
	drift rm c/staged
'

test_expect_success 'good and bad lead to the first bad commit' '
	drift bisect bad >out &&
	test_grep "seq 14" out &&
	drift bisect good >out &&
	test_grep "seq 15" out &&
	drift bisect bad >out &&
	test_grep "^$(sed -n 15p ids) is the first bad commit" out &&
	test_grep "^    value 15" out &&
	test_grep "^M	c/n" out
'

test_expect_success 'the log can be run again' '
	drift bisect log >log &&
	test_grep "^drift bisect start$" log &&
	test_grep "^drift bisect good $(sed -n 14p ids) # seq 14 value 14" log &&
	drift bisect reset &&
	test_expect_code 1 drift bisect log &&
	sh log >out &&
	test_grep "^$(sed -n 15p ids) is the first bad commit" out &&
	drift bisect log >again &&
	test_cmp log again &&
	drift bisect log --json >out &&
	test_line_count = 6 out &&
	test_grep "\"mark\":\"bad\"" out
'

test_expect_success 'run asks a program' '
	for first in 2 3 9 17 20; do
		drift bisect start HEAD @seq:1 -q >out &&
		drift bisect -q run sh -c "test \$(drift get c/n --at \$DRIFT_BISECT_HEAD) -lt $first" >out &&
		sed -n ${first}p ids >expect &&
		test_cmp expect out || return 1
	done
'

test_expect_success 'run tries no more than the logarithm' '
	drift bisect start HEAD @seq:1 >out &&
	drift bisect run sh -c "test \$(drift get c/n --at \$DRIFT_BISECT_HEAD) -lt 11" >out &&
	grep -c "^Bisecting:" out >count &&
	test "$(cat count)" -le 5
'

test_expect_success 'run stops where the answer is none' '
	drift bisect start HEAD @seq:1 -q >head &&
	test_expect_code 128 drift bisect run no-such-program 2>err &&
	test_grep "no-such-program" err &&
	test_expect_code 128 drift bisect run sh -c "exit 127" 2>err &&
	test_grep "status 127" err &&
	test_expect_code 128 drift bisect run sh -c "kill -9 \$\$" 2>err &&
	test_grep "status 137" err &&
	drift rev-parse refs/bisect/head >out &&
	test_cmp head out
'

test_expect_success 'what is skipped is passed over' '
	drift bisect start HEAD @seq:16 >out &&
	test_grep "seq 18" out &&
	drift bisect skip >out &&
	test_grep "seq 17" out &&
	drift bisect good >out &&
	test_grep "seq 19" out &&
	test_expect_code 1 drift bisect skip >out &&
	test_grep "^Only skipped commits are left" out &&
	test_line_count = 4 out &&
	test_expect_code 1 drift bisect run true >out &&
	test_grep "^Only skipped commits are left" out &&
	drift bisect start HEAD @seq:16 -q >out &&
	cat >ask <<-\EOF &&
	case $(drift get c/n --at $DRIFT_BISECT_HEAD) in
	18) exit 125 ;;
	17) exit 0 ;;
	*) exit 1 ;;
	esac
	EOF
	test_expect_code 1 drift bisect -q run sh ask >out &&
	test_line_count = 2 out
'

test_expect_success 'contradictions are refused and change nothing' '
	drift bisect start HEAD @seq:10 -q >head &&
	test_expect_code 128 drift bisect good HEAD 2>err &&
	test_grep "the bad commit is a good one" err &&
	test_expect_code 128 drift bisect bad @seq:3 &&
	test_expect_code 1 drift bisect good nowhere &&
	test_expect_code 129 drift bisect bad HEAD HEAD~1 &&
	test_expect_code 128 drift bisect start @seq:3 HEAD &&
	drift bisect log >out &&
	test_line_count = 3 out &&
	drift rev-parse refs/bisect/head >out &&
	test_cmp head out
'

test_expect_success '--json' '
	drift bisect start --json HEAD @seq:10 >out &&
	test_grep "\"state\":\"testing\"" out &&
	test_grep "\"seq\":15" out &&
	test_grep "\"left\":4" out &&
	drift bisect --json good @seq:19 >out &&
	test_grep "\"state\":\"found\"" out &&
	test_grep "\"seq\":20" out &&
	drift bisect start --json >out &&
	echo "{\"state\":\"waiting\"}" >expect &&
	test_cmp expect out &&
	drift bisect reset &&
	drift show-ref >out &&
	test_grep ! bisect out
'

# A line of 10, and a side line of 10 from its first commit, merged; then 3 more.
test_expect_success 'a history with a merge' '
	drift -C . init -q merged &&
	cd merged &&
	breaks_at 1 &&
	drift update-ref refs/heads/side HEAD &&
	for i in $(seq 2 10); do
		breaks_at "$i" || return 1
	done &&
	for i in $(seq 1 10); do
		test_tick &&
		drift put --branch side "s/n" -j "$i" -q -m "side $i" >/dev/null || return 1
	done &&
	both=$(drift commit-tree main^{tree} -p main -p side -m merge) &&
	drift update-ref refs/heads/main $both &&
	for i in $(seq 12 14); do
		breaks_at "$i" || return 1
	done
'

test_expect_success 'the culprit is found on either side of it' '
	cd merged &&
	for first in $(drift log --format=%H HEAD~1); do
		test "$first" = "$(drift rev-parse @seq:1)" && continue
		drift bisect start HEAD @seq:1 -q >out &&
		drift bisect -q run sh -c "! drift is-ancestor $first \$DRIFT_BISECT_HEAD" >out &&
		echo "$first" >expect &&
		test_cmp expect out || return 1
	done
'

test_expect_success 'with few questions' '
	cd merged &&
	first=$(drift rev-parse side~4) &&
	drift bisect start HEAD @seq:1 >out &&
	drift bisect run sh -c "! drift is-ancestor $first \$DRIFT_BISECT_HEAD" >out &&
	grep -c "^Bisecting:" out >count &&
	test "$(cat count)" -le 6
'

test_expect_success '--first-parent names the merge' '
	cd merged &&
	first=$(drift rev-parse side~4) &&
	drift bisect start --first-parent HEAD @seq:1 -q >out &&
	drift bisect -q run sh -c "! drift is-ancestor $first \$DRIFT_BISECT_HEAD" >out &&
	drift rev-parse @seq:11 >expect &&
	test_cmp expect out &&
	drift bisect log >out &&
	test_grep "^drift bisect start --first-parent$" out
'

test_expect_success 'a store without commits has nothing to search' '
	drift init -q empty &&
	cd empty &&
	test_expect_code 1 drift bisect start 2>err &&
	test_grep "there is no commit yet" err
'

test_done
