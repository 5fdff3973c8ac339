#!/bin/sh

test_description='disk calls that go wrong at either end of a meeting: every 23rd (make torture has them all)'
. "$(dirname "$0")/lib-sync-faults.sh"
. "$(dirname "$0")/lib.sh"

test_use_fault_build

test_expect_success 'setup' sync_fault_base

for op in fetch pull push sync clone; do
	test_expect_success "$op: fails" "sync_fault_walk $op fail 23"
	test_expect_success "$op: dies" "sync_fault_walk $op die 23"
done

test_expect_success 'clean up' sync_fault_clean

test_done
