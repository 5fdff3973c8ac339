#!/bin/sh

test_description='kill -9 at random moments, and many processes on one branch'
. "$(dirname "$0")/../lib-kill.sh"
. "$(dirname "$0")/../lib.sh"

test_expect_success 'setup' kill_setup

test_expect_success 'two minutes of eight writers and two readers' 'kill_run 120 6 2 2'

test_expect_success 'what was acknowledged is there' '
	cd "$KILL_DIR" && kill_check && rm -r .drift/cache && kill_check && wc -l <acked && drift get shared/n
'

test_expect_success 'clean up' kill_clean

# Not killed: nothing may be refused. usage: all_commit NAME, all_count NAME
all_commit() {
	for i in $(seq 100); do
		drift -C crowd put "own/$1-$i" -j "$i" -m "$1 $i" -q >/dev/null || echo "$1 $i" >>failed
	done
}

all_count() {
	i=0
	while test $i -lt 100; do
		at=$(drift -C crowd rev-parse HEAD) && n=$(drift -C crowd get shared/n --at "$at") || echo "cannot read" >>failed
		drift -C crowd put shared/n -j $((n + 1)) -m "$1" --expect "$at" -q >/dev/null 2>&1 && i=$((i + 1))
	done
}

crowd() {
	for p in $(seq 20); do
		"$1" "$p" &
	done
	wait
}

test_expect_success '20 processes, 100 commits each on one branch: all there' '
	drift init -q crowd && crowd all_commit &&
	test ! -e failed && drift -C crowd ls own/ >out && test_line_count = 2000 out && test "$(drift -C crowd log --oneline | wc -l)" = 2000
'

test_expect_success '20 processes, a shared counter by --expect: none lost' '
	drift -C crowd put shared/n -j 0 -m start -q && crowd all_count &&
	test ! -e failed && test "$(drift -C crowd get shared/n)" = 2000
'

test_done
