# Failing at the n-th disk call, for any n: sourced before lib.sh (which changes the folder) by the tests of faults.
#
#	fault_walk OPERATION MODE STEP [cold]
#
# runs `op_OPERATION` (a function that runs one drift command in a copy of the store `base`) with every STEP-th
# disk call going wrong as base/fault.h says, and asks each time, with a program that does not fail:
#  - the store is in the state before or after, in all that can be asked of it; with exit code 0 after, with
#    another before, and only a killed program may have left either;
#  - the complaint names a cause; no file needs repair; the next write works and is there;
#  - all the same when what is derived (.drift/cache) is deleted.
# cold: what is derived is not there when the command starts.
# shellcheck shell=sh disable=SC2015,SC2086

# All that can be asked of the store in the current folder, but for times of day.
fault_state() {
	"$FAULT_ASK" symbolic-ref HEAD && "$FAULT_ASK" show-ref --head && "$FAULT_ASK" ls -l &&
		"$FAULT_ASK" status --json && "$FAULT_ASK" log --format '%H %T %s' &&
		"$FAULT_ASK" reflog >.state.log && sed 's/ [0-9][0-9-]* [0-9:]* +0000//' .state.log &&
		"$FAULT_ASK" export jsonl --at HEAD
}

fault_copy() {
	rm -rf "$1" && cp -r base "$1"
}

# The states before and after, and how many disk calls there are.
fault_prepare() {
	fault_op=$1
	rm -rf old new && cp -r base old && cp -r base new &&
		(cd old && fault_state >../old.state) &&
		(cd new && "op_$fault_op" && fault_state >../new.state) >/dev/null &&
		! cmp -s old.state new.state && rm -rf old new
}

fault_fail() {
	echo "$fault_op, mode $fault_mode, call $fault_n: exit code $fault_rc: $1"
	cat fault.err
	return 1
}

# What stands there is what the exit code says.
fault_check_state() {
	(cd work && fault_state) >work.state 2>work.err ||
		{ cat work.err; fault_fail "the store cannot be read $1"; return 1; }
	test ! -s work.err || { cat work.err; fault_fail "the store complains $1"; return 1; }
	case $fault_rc in
	0) cmp -s work.state new.state || { diff new.state work.state; fault_fail "what was reported done is not there $1"; } ;;
	137) cmp -s work.state new.state || cmp -s work.state old.state || { diff old.state work.state; fault_fail "a part is there $1"; } ;;
	*) cmp -s work.state old.state || { diff old.state work.state; fault_fail "what was reported failed is there $1"; } ;;
	esac
}

fault_check_complaint() {
	case $fault_rc in
	0 | 137) ;;
	1 | 128) grep -q 'Input/output error\|No space left\|the disk failed' fault.err || fault_fail 'no cause is named' ;;
	*) fault_fail 'a strange exit code' ;;
	esac
}

# The store goes on.
fault_check_next() {
	(cd work && "$FAULT_ASK" put "next/$1" -j "$1" -m next -q >/dev/null && "$FAULT_ASK" get "next/$1" >.next) 2>work.err &&
		test ! -s work.err && test "$(cat work/.next)" = "$1" || { cat work.err; fault_fail 'the next write failed'; }
}

fault_one() {
	fault_copy work && if test -n "$2"; then rm -rf work/.drift/cache; else (cd work && "$FAULT_ASK" get c/1 >/dev/null); fi
	(cd work && DRIFT_FAULT_AT=$fault_n DRIFT_FAULT_MODE=$fault_mode DRIFT_FAULT_COUNT=$FAULT_DIR/fault.count "op_$fault_op") >/dev/null 2>fault.err
	fault_rc=$?
	fault_check_complaint && fault_check_state 'at first' && rm -rf work/.drift/cache &&
		fault_check_state 'without the cache' && fault_check_next 1 && rm -rf work/.drift/cache && fault_check_next 2
}

fault_walk() {
	fault_mode=$2 fault_n=1 fault_bad=0
	cd "$FAULT_DIR" && fault_prepare "$1" || return 1
	while :; do
		rm -f fault.count
		fault_one "$1" "${4:-}" || fault_bad=$((fault_bad + 1))
		test $fault_bad -lt 5 || return 1
		# The count is written at the end of a program that was not killed.
		test -f fault.count && test "$(cat fault.count)" -lt $fault_n && break
		fault_n=$((fault_n + $3))
	done
	test $fault_bad = 0 && test $fault_n -gt 20
}

# A store with commits, two branches, a tag, a stage; asked by the program of this build.
# Nothing goes on in the background: what is on the disk is looked at.
fault_base() {
	FAULT_ASK=$TEST_BUILD/drift
	# In memory where that can be: the disk would be waited for thousands of times.
	FAULT_DIR=$(mktemp -d -p /dev/shm drift-faults-XXXXXX 2>/dev/null) || FAULT_DIR=$TRASH
	mkdir "$FAULT_DIR/base" && (
		cd "$FAULT_DIR/base" && "$FAULT_ASK" init -q && "$FAULT_ASK" config gc.auto false && "$FAULT_ASK" put c/1 -j '{"n":1}' -m one -q &&
			"$FAULT_ASK" put c/2 -j '{"n":2}' -m two -q && "$FAULT_ASK" branch side &&
			"$FAULT_ASK" put c/1 -j '{"n":3}' -m three -q && "$FAULT_ASK" tag first HEAD~1 &&
			"$FAULT_ASK" put c/staged -j 4 && "$FAULT_ASK" rm c/2
	) >/dev/null
}

fault_clean() {
	test "$FAULT_DIR" = "$TRASH" || rm -rf "$FAULT_DIR"
}

op_put() { drift put c/new -j 5 -m new -q; }
op_commit() { drift commit -m staged -q; }
op_stage() { drift put c/more -j 6; }
op_patch() { drift patch c/1 -j '{"m":7}' -m patched -q; }
op_rm() { drift rm c/1 -m removed -q; }
op_rollback() { drift rollback HEAD~2 -m back -q; }
op_branch() { drift branch other HEAD~1; }
op_tag() { drift tag second; }
op_switch() { drift switch -c fresh; }
op_rename() { drift branch -m side aside; }
op_large() { drift put c/large "$TRASH/large" -m large -q; }
op_import() { drift import jsonl "$TRASH/rows" --collection im --key id -m import -q; }
op_batch() { drift batch <"$TRASH/requests" | tail -n 1 | grep -q '"ok":true'; }
