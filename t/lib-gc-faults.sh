# Failing at the n-th disk call of what looks after a store: sourced before lib.sh, behind lib-faults.sh.
#
#	gc_walk OPERATION MODE STEP [cold]
#
# runs `op_OPERATION` in a copy of the store `base` with every STEP-th disk call going wrong as base/fault.h says, and
# asks each time, with a program that does not fail:
#  - every answer is the one before, whatever the exit code, also when all that is derived is deleted;
#  - the complaint, or what repair tells of a file that it could not read, names a cause;
#  - the next gc works, and then nothing is left over: only what `current` names;
#  - fsck finds no fault; the next write works and is there.
# shellcheck shell=sh disable=SC2015,SC2034,SC2086

# A store of a pack, sealed journals and a live one, with commits that nothing leads to.
gc_fault_base() {
	fault_base && cd "$FAULT_DIR/base" && "$FAULT_ASK" config journal.limit 1200 && {
		"$FAULT_ASK" branch gone && "$FAULT_ASK" put c/gone -j 9 --branch gone -m gone -q &&
			"$FAULT_ASK" branch -D gone && "$FAULT_ASK" gc -q &&
			for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
				"$FAULT_ASK" put later/$((i % 3)) -j "{\"n\":$i,\"text\":\"$i $i $i $i\"}" -m "later $i" -q || return 1
			done
	} >/dev/null && test "$(grep -c journal .drift/current)" -gt 2 && grep -q pack .drift/current
}

gc_derived() {
	rm -rf work/.drift/cache work/.drift/pack/*.idx
}

gc_check_state() {
	(cd work && fault_state) >work.state 2>work.err ||
		{ cat work.err; fault_fail "the store cannot be read $1"; return 1; }
	test ! -s work.err || { cat work.err; fault_fail "the store complains $1"; return 1; }
	cmp -s work.state base.state || { diff base.state work.state; fault_fail "other answers $1"; }
}

# Nothing but what `current` names, once a gc has been through.
gc_check_next() {
	(cd work && "$FAULT_ASK" "$@") >work.out 2>work.err && test ! -s work.err || { cat work.err; fault_fail "the next $1 failed"; return 1; }
	sed -n 's/^pack \([0-9a-f]*\) .*/pack-\1/p' work/.drift/current | sort >named
	find work/.drift/pack -type f | sed 's|.*/||; s/\.[a-z]*$//' | sort -u >there
	cmp -s named there || { diff named there; fault_fail 'packs are left over'; return 1; }
	sed -n 's/^journal \([0-9]*\).*/\1/p' work/.drift/current | xargs printf 'journal-%06d\n' | sort >named
	find work/.drift -name 'journal-*' | sed 's|.*/||' | sort >there
	cmp -s named there || { diff named there; fault_fail 'journals are left over'; return 1; }
	! find work/.drift -name '*tmp-*' | grep . || fault_fail 'a temporary file is left over'
}

gc_check_fsck() {
	(cd work && "$FAULT_ASK" fsck --full) >work.out 2>work.err || { cat work.out work.err; fault_fail 'fsck names faults'; }
}

gc_one() {
	fault_copy work && if test -n "$1"; then gc_derived; else (cd work && "$FAULT_ASK" get c/1 >/dev/null); fi
	(cd work && DRIFT_FAULT_AT=$fault_n DRIFT_FAULT_MODE=$fault_mode DRIFT_FAULT_COUNT=$FAULT_DIR/fault.count "op_$fault_op") >fault.err 2>&1
	fault_rc=$?
	fault_check_complaint && gc_check_state 'at first' && gc_derived && gc_check_state 'without what is derived' &&
		gc_check_fsck && gc_check_next ${gc_next:-gc -q} && gc_check_state 'after the next' && gc_check_fsck &&
		gc_derived && fault_check_next 1
}

gc_walk() {
	fault_op=$1 fault_mode=$2 fault_n=1 fault_bad=0
	cd "$FAULT_DIR" && (cd base && fault_state) >base.state || return 1
	while :; do
		rm -f fault.count
		gc_one "${4:-}" || fault_bad=$((fault_bad + 1))
		test $fault_bad -lt 3 || return 1
		test -f fault.count && test "$(cat fault.count)" -lt $fault_n && break
		fault_n=$((fault_n + $3))
	done
	echo "$fault_op, mode $fault_mode: $(cat fault.count) calls" && test $fault_bad = 0 && test $fault_n -gt 20
}

op_gc() { drift gc -q; }
op_gc_auto() { drift gc --auto -q; }
op_gc_full() { drift gc --full --prune=now -q; }
op_repair() { drift repair -q; }
