#!/bin/sh

test_description='kill -9 at random moments, many processes (make torture goes on longer)'
. "$(dirname "$0")/lib-kill.sh"
. "$(dirname "$0")/lib.sh"

test_expect_success 'setup' kill_setup

test_expect_success 'three seconds of writers, counters and readers' 'kill_run 3 3 2 1'

test_expect_success 'what was acknowledged is there' '
	cd "$KILL_DIR" && kill_check && test -s acked
'

test_expect_success 'the same without the cache' '
	cd "$KILL_DIR" && rm -r .drift/cache && kill_check
'

test_expect_success 'clean up' kill_clean

test_done
