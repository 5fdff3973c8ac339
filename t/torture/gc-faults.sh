#!/bin/sh

test_description='every disk call of gc, repair and sealing goes wrong, in every way'
. "$(dirname "$0")/../lib-faults.sh"
. "$(dirname "$0")/../lib-gc-faults.sh"
. "$(dirname "$0")/../lib.sh"

test_use_fault_build

test_expect_success 'setup' gc_fault_base

for mode in fail short full die torn syncfail; do
	for op in gc gc_auto gc_full; do
		test_expect_success "$op, mode $mode" "gc_walk $op $mode 1"
	done
	test_expect_success "gc without what is derived, mode $mode" "gc_walk gc $mode 1 cold"
done

# An index of a pack that is cut: nothing is lost, and whoever mends it may fail.
test_expect_success 'setup of what is to be mended' '
	cd "$FAULT_DIR/base" && "$FAULT_ASK" gc -q && for idx in .drift/pack/*.idx; do truncate -s -1 "$idx" || return 1; done
'

for mode in fail short full die torn syncfail; do
	test_expect_success "repair, mode $mode" "gc_walk repair $mode 1"
done

test_expect_success 'setup of commits that seal' '
	rm -rf "$FAULT_DIR/base" && fault_base && "$FAULT_ASK" -C "$FAULT_DIR/base" config journal.limit 100
'

for mode in fail short full die torn syncfail; do
	for op in put commit branch; do
		test_expect_success "$op that seals, mode $mode" "fault_walk $op $mode 1"
	done
	test_expect_success "put that seals, without the cache, mode $mode" "fault_walk put $mode 1 cold"
done

test_expect_success 'clean up' fault_clean

test_done
