# Failing at the n-th disk call of either end while two stores meet: sourced before lib.sh, which changes the folder.
#
#	sync_fault_walk OPERATION MODE STEP
#
# Each time (asked by a program that does not fail): both stores are sound; the same command
# again completes, and then both are as if nothing had failed.
# shellcheck shell=sh disable=SC2015

# hub and node have diverged; fresh is not there yet.
sync_fault_base() {
	SYNC_ASK=$TEST_BUILD/drift SYNC_RUN=drift
	SYNC_DIR=$(mktemp -d -p /dev/shm drift-faults-XXXXXX 2>/dev/null) || SYNC_DIR=$TRASH
	mkdir "$SYNC_DIR/base" && (
		cd "$SYNC_DIR/base" && "$SYNC_ASK" init -q hub && "$SYNC_ASK" -C hub config gc.auto false &&
			"$SYNC_ASK" -C hub put c/1 -j '{"a":1,"b":1}' -m one -q && "$SYNC_ASK" clone -q hub node &&
			"$SYNC_ASK" -C node config remote.origin.url ../hub && "$SYNC_ASK" -C node config gc.auto false &&
			"$SYNC_ASK" -C hub put c/1 -j '{"a":2,"b":1}' -m two -q && "$SYNC_ASK" -C hub put c/2 -j 2 -m three -q &&
			"$SYNC_ASK" -C node put c/1 -j '{"a":3,"b":4}' -m four -q && "$SYNC_ASK" -C node put c/3 -j 3 -m five -q
	) >/dev/null
}

sync_fault_clean() {
	test "$SYNC_DIR" = "$TRASH" || rm -rf "$SYNC_DIR"
}

sync_op_fetch() { "$SYNC_RUN" -C node fetch -q; }
sync_op_pull() { "$SYNC_RUN" -C node pull -q; }
sync_op_merge() { "$SYNC_RUN" -C node fetch -q && "$SYNC_RUN" -C node merge origin/main -m merged -q; }
sync_op_push() { "$SYNC_RUN" -C node push -q origin main:refs/heads/side; }
sync_op_sync() { "$SYNC_RUN" -C node sync -q; }
sync_op_clone() { "$SYNC_RUN" clone -q hub fresh; }

# The refs of all that is there; a clone that was not finished is not there. A merge by a person has the time of its making.
sync_state() {
	for dir in hub node fresh; do
		test ! -e $dir/.drift || { echo $dir && "$SYNC_ASK" -C $dir show-ref >.refs && sed "s/^[0-9a-f]* /$1 /" .refs; } || return 1
		test ! -e $dir/.drift || "$SYNC_ASK" -C $dir log --format '%T %s' || return 1
	done
}

sync_fault_complain() {
	echo "$sync_op, mode $sync_mode, call $sync_n: exit code $sync_rc: $1"
	cat fault.err
	return 1
}

sync_fault_one() {
	rm -rf work && cp -r base work || return 1
	(cd work && DRIFT_FAULT_AT=$sync_n DRIFT_FAULT_MODE=$sync_mode DRIFT_FAULT_COUNT=$SYNC_DIR/fault.count "sync_op_$sync_op") >/dev/null 2>fault.err
	sync_rc=$?
	case $sync_rc in 0 | 1 | 128 | 137) ;; *) sync_fault_complain 'a strange exit code' || return 1 ;; esac
	for dir in hub node; do
		"$SYNC_ASK" -C work/$dir fsck -q >fsck.out 2>&1 || { cat fsck.out; sync_fault_complain "$dir is not sound" || return 1; }
	done
	if test "$sync_op" = clone && test $sync_rc != 0; then rm -rf work/fresh; fi
	if test $sync_rc != 0 || test "$sync_op" != merge; then
		if test $sync_rc != 0 || test "$sync_op" != clone; then
			(cd work && SYNC_RUN=$SYNC_ASK && "sync_op_$sync_op") >/dev/null 2>again.err ||
				{ cat again.err; sync_fault_complain 'the same again failed' || return 1; }
		fi
	fi
	(cd work && sync_state '') >work.state 2>&1
	cmp -s work.state new.state || { diff new.state work.state; sync_fault_complain 'in the end it is otherwise' || return 1; }
	for dir in work/*/; do
		"$SYNC_ASK" -C "$dir" fsck --full -q >fsck.out 2>&1 || { cat fsck.out; sync_fault_complain "$dir is not sound in the end" || return 1; }
	done
}

sync_fault_walk() {
	sync_op=$1 sync_mode=$2 sync_n=1
	cd "$SYNC_DIR" && rm -rf new && cp -r base new && (cd new && "sync_op_$1" && sync_state '' >../new.state) >/dev/null 2>&1 || return 1
	while :; do
		rm -f fault.count
		sync_fault_one || return 1
		test -f fault.count && test "$(cat fault.count)" -lt $sync_n && break
		sync_n=$((sync_n + $3))
	done
	test $sync_n -gt 10
}
