#!/bin/sh

test_description='disk calls that go wrong: every seventh of put and commit (make torture has them all)'
. "$(dirname "$0")/lib-faults.sh"
. "$(dirname "$0")/lib.sh"

test_use_fault_build

test_expect_success 'setup' fault_base

for mode in fail short full die torn; do
	test_expect_success "put, mode $mode" "fault_walk put $mode 7"
done
for mode in die torn; do
	test_expect_success "commit, mode $mode" "fault_walk commit $mode 7"
done
test_expect_success 'put without the cache, mode die' 'fault_walk put die 11 cold'

# Put c/lost so that its sync fails, in the store `rolled` as it was at first.
fail_sync() {
	for n in $(seq 20 98); do
		cd "$FAULT_DIR" && rm -rf rolled && cp -r "$1" rolled && cd rolled && "$FAULT_ASK" get c/1 >/dev/null || return 1
		DRIFT_FAULT_AT=$n DRIFT_FAULT_MODE=syncfail drift put c/lost -j 1 -m lost -q 2>err || return 0
	done
	return 1
}

test_expect_success 'a failed sync: void, said, the journal closed for ever' '
	fail_sync base && test_grep "Input/output error" err &&
	test_expect_code 1 "$FAULT_ASK" get c/lost && test -f .drift/journal-000002 &&
	cksum <.drift/journal-000001 >before &&
	for i in 1 2 3; do "$FAULT_ASK" put "c/after$i" -j $i -m "after $i" -q || return 1; done &&
	cksum <.drift/journal-000001 >after && test_cmp before after &&
	"$FAULT_ASK" reflog main >reflog && test_line_count = 6 reflog &&
	rm -r .drift/cache && "$FAULT_ASK" reflog main >reflog.again && test_cmp reflog reflog.again &&
	"$FAULT_ASK" get c/1 --at HEAD~5 && "$FAULT_ASK" get c/after3 && test_expect_code 1 "$FAULT_ASK" get c/lost &&
	"$FAULT_ASK" log --oneline c/1 >out && test_line_count = 2 out
'

test_expect_success 'another one, and what a roll that stopped half-way left' '
	cd "$FAULT_DIR" && cp -r rolled twice && : >twice/.drift/journal-000003 && fail_sync twice &&
	test -s .drift/journal-000003 && test_expect_code 1 "$FAULT_ASK" get c/lost &&
	"$FAULT_ASK" put c/after4 -j 4 -m after -q && rm -r .drift/cache && "$FAULT_ASK" get c/after4 &&
	test_expect_code 1 "$FAULT_ASK" get c/lost && "$FAULT_ASK" reflog main >reflog && test_line_count = 7 reflog
'

test_expect_success 'gc leaves out what is void in a journal, and nothing behind it' '
	cd "$FAULT_DIR/rolled" && "$FAULT_ASK" log --oneline >before && "$FAULT_ASK" gc -q && "$FAULT_ASK" log --oneline >after &&
	test_cmp before after && "$FAULT_ASK" reflog main >reflog && test_line_count = 7 reflog &&
	rm -r .drift/cache && "$FAULT_ASK" get c/after4 && test_expect_code 1 "$FAULT_ASK" get c/lost && "$FAULT_ASK" fsck -q &&
	"$FAULT_ASK" put c/after5 -j 5 -m after -q
'

test_expect_success 'who reads without the shared index makes sure that what it shows is durable' '
	cd "$FAULT_DIR/base" && "$FAULT_ASK" get c/1 >expect &&
	DRIFT_TRACE=1 drift get c/1 >out 2>trace && test_cmp expect out && test_grep ! fdatasync trace &&
	DRIFT_TRACE=1 drift get c/1 --no-cache >out 2>trace && test_cmp expect out && test_grep fdatasync trace
'

test_expect_success 'init: done or to be done again' '
	for mode in fail short full die torn; do
		n=1
		while test $n -lt 400; do
			rm -rf "$FAULT_DIR/made" "$FAULT_DIR/count" && mkdir "$FAULT_DIR/made" && cd "$FAULT_DIR/made" || return 1
			DRIFT_FAULT_AT=$n DRIFT_FAULT_MODE=$mode DRIFT_FAULT_COUNT=$FAULT_DIR/count drift init -q 2>err
			case $? in
			0) ;;
			137 | 128) "$FAULT_ASK" init -q 2>err || grep -q "is a repository already" err || { cat err && return 1; } ;;
			*) cat err && return 1 ;;
			esac
			"$FAULT_ASK" put a/1 -j 1 -m one -q && test "$("$FAULT_ASK" get a/1)" = 1 || { echo "$mode $n" && return 1; }
			test -f "$FAULT_DIR/count" && test "$(cat "$FAULT_DIR/count")" -lt $n && break
			n=$((n + 13))
		done
	done
'

test_expect_success 'clean up' fault_clean

test_done
