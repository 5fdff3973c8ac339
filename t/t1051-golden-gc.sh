#!/bin/sh

test_description='gc of a store that an older program made: no answer changes'
. "$(dirname "$0")/lib-answers.sh"
. "$(dirname "$0")/lib.sh"

test_expect_success 'gc --full of a store without packs' '
	mkdir old && cp -r "$TEST_ROOT/t/golden/store-1" old/.drift &&
	(cd old && drift gc --full --prune=never -q && answers) >got 2>err && test_cmp "$TEST_ROOT/t/golden/store-1.answers" got
'

test_expect_success 'it is one pack, of the second version, without fault' '
	test_grep "drift store 2" old/.drift/current && ls old/.drift/pack/*.pack >packs && test_line_count = 1 packs &&
	drift -C old fsck --full -q
'

test_done
