#!/bin/sh

test_description='a fetch and a push are cut at every 97th byte, either way, and done again'
TEST_WITHOUT_DRIFT=1
. "$(dirname "$0")/../lib.sh"

test_expect_success 'build' '
	make -s -C "$TEST_ROOT/.." BUILD="$(basename "$TEST_BUILD")" O="${TEST_BUILD%/*}" "$TEST_BUILD/unit/test-transfer-cut"
'

test_expect_success 'cut' 'CUT_STEP=97 "$TEST_BUILD/unit/test-transfer-cut"'

test_done
