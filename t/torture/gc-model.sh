#!/bin/sh

test_description='thousands of random histories with gc at random moments, every answer compared with a model'
TEST_WITHOUT_DRIFT=1
. "$(dirname "$0")/../lib.sh"

test_expect_success 'build' '
	make -s -C "$TEST_ROOT/.." BUILD="$(basename "$TEST_BUILD")" O="${TEST_BUILD%/*}" "$TEST_BUILD/unit/test-gc-model"
'

for hundred in $(seq 1 40); do
	test_expect_success "seeds from ${hundred}00" '
		GC_MODEL_SEEDS=${hundred}00-${hundred}99 "$TEST_BUILD/unit/test-gc-model"
	'
done

test_done
