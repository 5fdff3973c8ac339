#!/bin/sh

test_description='every disk call of every operation goes wrong, in every way'
. "$(dirname "$0")/../lib-faults.sh"
. "$(dirname "$0")/../lib.sh"

test_use_fault_build

test_expect_success 'setup' '
	fault_base &&
	awk "BEGIN { for (i = 0; i < 3000; i++) printf \"{\\\"id\\\":\\\"%05d\\\",\\\"text\\\":\\\"%d %d %d %d\\\"}\\n\", i, i * 7919 % 10007, i * i, i * 31, i }" >rows &&
	awk "BEGIN { for (i = 0; i < 100000; i++) printf \"%s%d,%d\", i ? \",\" : \"[\", i * 7919 % 10007, i * i; print \"]\" }" >large
'

for mode in fail short full die torn syncfail; do
	for op in put commit stage patch rm rollback branch tag switch rename large import; do
		test_expect_success "$op, mode $mode" "fault_walk $op $mode 1"
	done
	test_expect_success "put without the cache, mode $mode" "fault_walk put $mode 1 cold"
	test_expect_success "commit without the cache, mode $mode" "fault_walk commit $mode 1 cold"
done

test_expect_success 'clean up' fault_clean

test_done
