#!/bin/sh

test_description='disk calls that go wrong while a journal is sealed and garbage is collected (make torture has them all)'
. "$(dirname "$0")/lib-faults.sh"
. "$(dirname "$0")/lib-gc-faults.sh"
. "$(dirname "$0")/lib.sh"

test_use_fault_build

test_expect_success 'setup' gc_fault_base

test_expect_success 'gc, mode fail' 'gc_walk gc fail 53'
test_expect_success 'gc, mode full' 'gc_walk gc full 61'
test_expect_success 'gc, mode die' 'gc_walk gc die 31'
test_expect_success 'gc --full, mode torn' 'gc_walk gc_full torn 47'
test_expect_success 'gc --full, mode syncfail' 'gc_walk gc_full syncfail 59'

# Whoever commits begins the next journal first.
test_expect_success 'a commit that seals' '
	cd "$FAULT_DIR/base" && "$FAULT_ASK" config journal.limit 100 && cd .. && fault_walk put die 17 && fault_walk put fail 23
'

test_expect_success 'clean up' fault_clean

test_done
