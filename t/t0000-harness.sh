#!/bin/sh

test_description='the harness itself'
TEST_WITHOUT_DRIFT=1
. "$(dirname "$0")/lib.sh"

# Write a test file from stdin to try/$1.sh beside a copy of the harness and run it.
try() {
	name=$1 && shift &&
	mkdir -p try/t &&
	cp "$TEST_ROOT/t/lib.sh" try/t/ &&
	{
		echo "test_description='a trial' TEST_WITHOUT_DRIFT=${without-1}" &&
		echo '. "$(dirname "$0")/lib.sh"' &&
		cat
	} >"try/t/$name.sh" &&
	DRIFT_BUILD=$TRASH/try DRIFT_STRAY=1 sh "try/t/$name.sh" "$@" >out 2>err
}

three() {
	try three "$@" <<-\END
	test_expect_success 'one' 'echo spoken && true'
	test_expect_success 'two' 'echo reason && false'
	test_expect_success 'three' 'true'
	test_done
	END
}

test_expect_success 'results, plan and exit code are TAP' '
	test_expect_code 1 three &&
	grep "ok\|^1" out >lines &&
	printf "ok 1 - one\nnot ok 2 - two\nok 3 - three\n1..3\n" >expect &&
	test_cmp expect lines
'

test_expect_success 'a failure shows what it printed, a success does not' '
	test_grep "^# reason" err &&
	test_grep ! spoken err
'

test_expect_success 'the folder of a failure is kept' '
	test -d try/trash/three
'

test_expect_success '--run runs what is asked for' '
	three --run=1,3-5 &&
	test_grep "^ok 2 # skip" out &&
	test_grep "^ok 3 - three" out
'

test_expect_success 'the folder of a success is removed' '
	test_path_is_missing try/trash/three
'

test_expect_success '-v shows all output, -i stops' '
	test_expect_code 1 three -v -i &&
	test_grep "^spoken" err &&
	test_grep ! "ok 3" out
'

test_expect_success 'an unknown option is wrong usage' '
	test_expect_code 129 three --surprise
'

test_expect_success 'a broken chain is an error' '
	test_expect_code 1 try chain <<-\END
	test_expect_success "broken" "
		false
		true
	"
	test_done
	END
'

test_expect_success 'a file that ends early is an error' '
	test_expect_code 1 try early <<-\END &&
	test_expect_success "fine" "true"
	exit 0
	END
	test_grep "^Bail out" out
'

test_expect_success 'no program is an error' '
	without= && test_expect_code 1 try noprogram <<-\END &&
	END
	unset without &&
	test_grep "^Bail out! there is no" out
'

test_expect_success 'the environment is pinned' '
	try pinned <<-\END
	test_expect_success "pinned" "
		test -z \"\${DRIFT_STRAY:-}\" &&
		test \"\$DRIFT_DATE\" = 2025-01-01T00:00:00Z &&
		test_tick && test_tick &&
		test \"\$DRIFT_DATE\" = 2025-01-01T00:02:00Z &&
		test \"\$HOME\" = \"\$PWD/.home\" &&
		test \"\${PATH%%:*}\" = \"\$DRIFT_BUILD\"
	"
	test_done
	END
'

test_expect_success 'variables live on, the folder does not' '
	kept=yes && mkdir -p sub && cd sub
'

test_expect_success 'variables live on, the folder does not (2)' '
	test "$kept" = yes && test -d sub
'

test_expect_success 'test_expect_code and test_must_fail' '
	test_expect_code 3 sh -c "exit 3" &&
	! test_expect_code 3 true &&
	test_must_fail false &&
	test_must_fail sh -c "exit 128" &&
	! test_must_fail true &&
	! test_must_fail no-such-command &&
	! test_must_fail sh -c "kill -9 \$\$"
'

test_expect_success 'comparisons' '
	echo a >a && echo b >b && : >empty &&
	test_cmp a a && test_must_fail test_cmp a b &&
	test_cmp_bin a a && test_must_fail test_cmp_bin a b &&
	test_grep a a && test_must_fail test_grep a b &&
	test_grep ! a b && test_must_fail test_grep ! a a &&
	test_line_count = 1 a && test_must_fail test_line_count = 2 a &&
	test_must_be_empty empty && test_must_fail test_must_be_empty a &&
	test_path_is_file a && test_must_fail test_path_is_file none &&
	test_path_is_missing none && test_must_fail test_path_is_missing a
'

test_expect_success 'clean-up runs, last first' '
	test_when_finished "echo second >>order" &&
	test_when_finished "echo first >>order"
'

test_expect_success 'clean-up runs, last first (2)' '
	printf "first\nsecond\n" >expect &&
	test_cmp expect order
'

test_expect_success NOWHERE 'prerequisites' '
	false
'

test_set_prereq HERE
test_expect_success HERE 'prerequisites (2)' '
	test_have_prereq HERE && ! test_have_prereq NOWHERE
'

test_expect_success 'a file can be skipped' '
	try skipped <<-\END &&
	test_skip_all "no reason"
	END
	test_grep "^1..0 # skip no reason" out
'

test_done
