#!/bin/sh

test_description='repair that fails or dies at each of its disk calls'
. "$(dirname "$0")/../lib-mend.sh"
. "$(dirname "$0")/../lib.sh"

test_use_fault_build

test_expect_success 'setup' 'mend_base >/dev/null'

for mode in fail short full die torn syncfail; do
	test_expect_success "two bytes of a journal, mode $mode" 'mend_damage journal-000001 200 700 && mend_walk journal-000001 $mode 1'
	test_expect_success "the first frame of a journal, mode $mode" 'mend_damage journal-000001 20 && mend_walk journal-000001 $mode 1'
	test_expect_success "current, mode $mode" 'mend_damage current 20 && mend_walk current $mode 1'
done
test_expect_success 'a pack' 'mend_pack >/dev/null'
for mode in fail short full die torn syncfail; do
	test_expect_success "a block of a pack, mode $mode" 'mend_damage "$mend_pack_file" 90 && mend_walk "$mend_pack_file" $mode 1'
	test_expect_success "the head of a pack, mode $mode" 'mend_damage "$mend_pack_file" 5 && mend_walk "$mend_pack_file" $mode 1'
done

test_expect_success 'clean up' mend_clean

test_done
