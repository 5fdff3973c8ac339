#!/bin/sh

test_description='the power goes at any call while commits are made, journals sealed, packs made and mended: thousands of times'
TEST_WITHOUT_DRIFT=1
. "$(dirname "$0")/../lib.sh"

test_expect_success 'build' '
	make -s -C "$TEST_ROOT/.." BUILD="$(basename "$TEST_BUILD")" O="${TEST_BUILD%/*}" "$TEST_BUILD/unit/test-power-packs"
'

for hundred in $(seq 1 10); do
	test_expect_success "seeds from ${hundred}00" '
		POWER_SEEDS=${hundred}00-${hundred}99 POWER_TRIES=50 "$TEST_BUILD/unit/test-power-packs"
	'
done

test_done
