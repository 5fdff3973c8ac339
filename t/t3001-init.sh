#!/bin/sh

test_description='drift init'
. "$(dirname "$0")/lib.sh"

test_expect_success 'a new folder' '
	drift init shop >out &&
	echo "new empty repository in $TRASH/shop/.drift" >expect &&
	test_cmp expect out &&
	drift -C shop ls >out && test_must_be_empty out &&
	drift -C shop collection ls >out && test_must_be_empty out &&
	drift -C shop log >out && test_must_be_empty out
'

test_expect_success 'folders above are made, -q is silent' '
	drift init -q deep/er/still >out && test_must_be_empty out &&
	drift -C deep/er/still status
'

test_expect_success 'the current folder, -d, DRIFT_DIR' '
	mkdir here && (cd here && drift init -q && test -d .drift) &&
	drift init -q -d there && test -d there/.drift &&
	DRIFT_DIR=elsewhere drift init -q && test -d elsewhere/.drift
'

test_expect_success 'bare' '
	drift init -q --bare store.drift &&
	test_path_is_missing store.drift/.drift &&
	drift -C store.drift put a/b -j 1 -m one &&
	test "$(drift -C store.drift get a/b)" = 1
'

test_expect_success 'the first branch has a name' '
	drift init -q -b trunk named &&
	drift -C named put a/b -j 1 -m one >out &&
	test_grep "^\[trunk " out &&
	test_expect_code 128 drift init -b "no such..name" bad
'

test_expect_success 'a second time is refused, nothing is changed' '
	drift -C shop put a/b -j 1 -m one &&
	test_expect_code 128 drift init shop 2>err &&
	test_grep "is a repository already" err &&
	test "$(drift -C shop get a/b)" = 1
'

test_expect_success 'wrong usage' '
	test_expect_code 129 drift init one two &&
	test_path_is_missing one
'

test_done
