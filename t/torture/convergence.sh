#!/bin/sh

test_description='five nodes of 200 commits each that meet at random, a hundred histories: one head everywhere, nothing lost'
TEST_WITHOUT_DRIFT=1
. "$(dirname "$0")/../lib.sh"

test_expect_success 'build' '
	make -s -C "$TEST_ROOT/.." BUILD="$(basename "$TEST_BUILD")" O="${TEST_BUILD%/*}" "$TEST_BUILD/unit/test-convergence"
'

for ten in $(seq 0 9); do
	test_expect_success "seeds from ${ten}1" '
		NET_COMMITS=200 NET_SEEDS=${ten}1-$((ten * 10 + 10)) "$TEST_BUILD/unit/test-convergence"
	'
done

test_done
