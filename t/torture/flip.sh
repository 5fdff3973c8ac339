#!/bin/sh

test_description='every byte of a small store changed, every file cut at every length: named, or no difference'
TEST_WITHOUT_DRIFT=1
. "$(dirname "$0")/../lib.sh"

test_expect_success 'build' '
	make -s -C "$TEST_ROOT/.." BUILD="$(basename "$TEST_BUILD")" O="${TEST_BUILD%/*}" "$TEST_BUILD/unit/test-flip"
'

test_expect_success 'all of them' '
	FLIP_ALL=1 "$TEST_BUILD/unit/test-flip"
'

test_done
