#!/bin/sh

test_description='repair that fails or dies on the way: some of its disk calls (make torture has them all)'
. "$(dirname "$0")/lib-mend.sh"
. "$(dirname "$0")/lib.sh"

test_use_fault_build

test_expect_success 'setup' 'mend_base >/dev/null'

for mode in fail full die torn; do
	test_expect_success "two bytes of a journal, mode $mode" 'mend_damage journal-000001 200 700 && mend_walk journal-000001 $mode 23'
done
test_expect_success 'a pack, mode die' 'mend_pack >/dev/null && mend_damage "$mend_pack_file" 90 && mend_walk "$mend_pack_file" die 31'

test_expect_success 'clean up' mend_clean

test_done
