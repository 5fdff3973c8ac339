#!/bin/sh

test_description='kill -9 of gc at random moments, beside writers that are killed'
. "$(dirname "$0")/../lib-kill.sh"
. "$(dirname "$0")/../lib-gc-kill.sh"
. "$(dirname "$0")/../lib.sh"

test_expect_success 'setup' gc_kill_setup

test_expect_success 'two minutes of collectors, writers, a counter and a reader' '
	{ kill_collector 91 & } && { kill_collector 92 & } && kill_run 120 4 2 2
'

test_expect_success 'what was acknowledged is there' '
	cd "$KILL_DIR" && kill_check && test -s acked
'

test_expect_success 'the next gc leaves nothing over' '
	cd "$KILL_DIR" && gc_kill_clean_state
'

test_expect_success 'the same without what is derived' '
	cd "$KILL_DIR" && rm -rf .drift/cache .drift/pack/*.idx && kill_check
'

test_expect_success 'clean up' kill_clean

test_done
