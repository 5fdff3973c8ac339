# Repair that fails, or dies, at the n-th disk call, for any n: sourced before lib.sh by the tests of that.
#
#	mend_walk FILE MODE STEP
#
# repairs copies of the store `damaged`, which is `good` but for bytes of FILE, with every STEP-th disk call going
# wrong as base/fault.h says. Each time: a file that is not as it was has a copy in lost/ of what it was, and the next
# repair comes to the end that one without faults comes to.
# shellcheck shell=sh disable=SC2015

mend_fail() {
	echo "$mend_file, mode $mend_mode, call $mend_n: exit code $mend_rc: $1"
	cat mend.err
	return 1
}

mend_one() {
	rm -rf work && cp -r damaged work &&
		DRIFT_FAULT_AT=$mend_n DRIFT_FAULT_MODE=$mend_mode DRIFT_FAULT_COUNT=$PWD/fault.count drift -C work repair -q >mend.out 2>mend.err
	mend_rc=$?
	case $mend_rc in 0 | 1 | 128 | 137) ;; *) mend_fail 'a strange exit code' || return 1 ;; esac
	cmp -s "damaged/.drift/$mend_file" "work/.drift/$mend_file" || cmp -s "damaged/.drift/$mend_file" "work/.drift/lost/${mend_file##*/}" ||
		mend_fail 'changed without a copy' || return 1
	test $mend_rc != 0 || cmp "good/.drift/$mend_file" "work/.drift/$mend_file" || mend_fail 'said to be mended' || return 1
	"$MEND_ASK" -C work repair -q >mend.out 2>mend.err || mend_fail 'the next repair failed' || return 1
	cmp "good/.drift/$mend_file" "work/.drift/$mend_file" && "$MEND_ASK" -C work fsck -q >mend.out 2>mend.err &&
		test ! -s mend.out || mend_fail 'not mended by the next repair'
}

mend_walk() {
	mend_file=$1 mend_mode=$2 mend_n=1 mend_bad=0
	cd "$MEND_DIR" || return 1
	while :; do
		rm -f fault.count
		mend_one || mend_bad=$((mend_bad + 1))
		test $mend_bad -lt 5 || return 1
		# The count is written at the end of a program that was not killed.
		test -f fault.count && test "$(cat fault.count)" -lt $mend_n && break
		mend_n=$((mend_n + $3))
	done
	test $mend_bad = 0 && test $mend_n -gt 20
}

# A store with a journal, or with a pack.
mend_base() {
	MEND_ASK=$TEST_BUILD/drift
	MEND_DIR=$(mktemp -d -p /dev/shm drift-mend-XXXXXX 2>/dev/null) || MEND_DIR=$TRASH
	cd "$MEND_DIR" && "$MEND_ASK" init -q good && cd good && "$MEND_ASK" config gc.auto false &&
		for mend_i in 1 2 3 4 5; do "$MEND_ASK" put c/$mend_i -j $mend_i -m "put $mend_i" -q || return 1; done &&
		"$MEND_ASK" tag first HEAD~2 && cd .. && rm -rf good/.drift/cache/index && cp -r good journal
}

# Change the bytes of FILE at those offsets.
mend_damage() {
	mend_file=$1
	shift
	cd "$MEND_DIR" && rm -rf damaged && cp -r good damaged &&
		for mend_at; do printf '?' | dd of="damaged/.drift/$mend_file" bs=1 seek="$mend_at" conv=notrunc 2>dd.err || return 1; done &&
		! cmp -s "good/.drift/$mend_file" "damaged/.drift/$mend_file"
}

mend_pack() {
	cd "$MEND_DIR/good" && "$MEND_ASK" gc -q && mend_pack_file=$(cd .drift && echo pack/*.pack)
}

mend_clean() {
	test "$MEND_DIR" = "$TRASH" || rm -rf "$MEND_DIR"
}
