#!/bin/sh

test_description='every disk call of either end goes wrong, in every way, while two stores meet'
. "$(dirname "$0")/../lib-sync-faults.sh"
. "$(dirname "$0")/../lib.sh"

test_use_fault_build

test_expect_success 'setup' sync_fault_base

for mode in fail short full die torn; do
	for op in fetch pull merge push sync clone; do
		test_expect_success "$op, mode $mode" "sync_fault_walk $op $mode 1"
	done
done

test_expect_success 'clean up' sync_fault_clean

test_done
