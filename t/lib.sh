# The TAP harness of the shell tests, to be sourced first:
#
#	test_description='what this file tests'
#	. "$(dirname "$0")/lib.sh"
#	test_expect_success 'name' '
#		drift init &&
#		test_expect_code 1 drift get no/such
#	'
#	test_done
#
# `sh t/t3001-commit.sh [-v] [-x] [-i] [-d] [--run=3,5-7]`: -v shows what the tests
# print, -x traces them, -i stops at the first failure, -d keeps the folder.
# Each file runs in a folder of its own, $DRIFT_BUILD/trash/NAME, kept on failure.
# DRIFT_BUILD names the build: a folder, or one of build/ (default: release).
# Author, date, home, locale and zone are pinned; all other DRIFT_* are unset.
# A test is evaluated in this shell, so that variables live on; its commands must
# be chained by &&, which is checked. TEST_WITHOUT_DRIFT=1 needs no program.
# shellcheck shell=sh

TEST_ROOT=$(cd "$(dirname "$0")/.." && pwd) || exit 1
case ${DRIFT_BUILD:-} in
/*) TEST_BUILD=$DRIFT_BUILD ;;
*/*) TEST_BUILD=$PWD/$DRIFT_BUILD ;;
*) TEST_BUILD=$TEST_ROOT/build/${DRIFT_BUILD:-release} ;;
esac
test_name_=$(basename "$0" .sh)
TRASH=$TEST_BUILD/trash/$test_name_
test_output_=$TRASH.out
test_number_=0 test_failures_=0 test_done_='' test_cleanup_=:
test_verbose_='' test_trace_='' test_immediate_='' test_keep_='' test_run_=''

for test_arg_; do
	case $test_arg_ in
	-v | --verbose) test_verbose_=1 ;;
	-x) test_verbose_=1 test_trace_=1 ;;
	-i | --immediate) test_immediate_=1 ;;
	-d | --debug) test_keep_=1 ;;
	--run=*) test_run_=${test_arg_#--run=} ;;
	*) echo "$0: unknown option $test_arg_" >&2 && exit 129 ;;
	esac
done
if test -z "${TEST_WITHOUT_DRIFT:-}" && ! test -x "$TEST_BUILD/drift"; then
	echo "Bail out! there is no $TEST_BUILD/drift: run make first"
	exit 1
fi

for test_arg_ in $(env | sed -n 's/^\(DRIFT_[A-Za-z0-9_]*\)=.*/\1/p'); do
	unset "$test_arg_"
done
unset MAKEFLAGS MFLAGS MAKELEVEL CLICOLOR_FORCE VISUAL XDG_CONFIG_HOME CDPATH
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
DRIFT_BUILD=$TEST_BUILD
PATH=$TEST_BUILD:$PATH
HOME=$TRASH/.home
DRIFT_AUTHOR='A U Thor <author@example.com>'
DRIFT_DATE=2025-01-01T00:00:00Z
TZ=UTC LC_ALL=C.UTF-8 LANG=C.UTF-8 TERM=dumb NO_COLOR=1 EDITOR=: PAGER=cat
GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME='A U Thor' GIT_AUTHOR_EMAIL=author@example.com
GIT_CEILING_DIRECTORIES=${TRASH%/*} GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
GIT_AUTHOR_DATE=$DRIFT_DATE GIT_COMMITTER_DATE=$DRIFT_DATE
ASAN_OPTIONS=abort_on_error=1:exitcode=134:allocator_may_return_null=1 UBSAN_OPTIONS=abort_on_error=1:print_stacktrace=1
TSAN_OPTIONS=exitcode=134
export DRIFT_BUILD PATH HOME DRIFT_AUTHOR DRIFT_DATE TZ LC_ALL LANG TERM NO_COLOR EDITOR PAGER
export GIT_CEILING_DIRECTORIES GIT_CONFIG_NOSYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME
export GIT_COMMITTER_EMAIL GIT_AUTHOR_DATE GIT_COMMITTER_DATE
export ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS TEST_ROOT TRASH
umask 022

rm -rf "$TRASH" && mkdir -p "$HOME" && cd "$TRASH" || exit 1
exec 3>&1 4>&2
trap 'test_exit_ $?' EXIT
trap 'exit 130' INT TERM HUP
echo "# $test_name_: ${test_description:?}"

test_exit_() {
	trap - EXIT
	rm -f "$test_output_"
	test -z "$test_done_" && echo "Bail out! $test_name_ ended before test_done" >&3
	if test -n "$test_done_" && test "$test_failures_" = 0 && test -z "$test_keep_"; then
		cd / && chmod -R u+rwx "$TRASH" && rm -rf "$TRASH"
	else
		echo "# kept: $TRASH" >&4
		test "$1" = 0 && set -- 1
	fi
	test "$test_failures_" = 0 && test -n "$test_done_" && exit 0
	exit "$1"
}

# Is test number $1 among those that --run=LIST asks for?
test_selected_() {
	test -z "$test_run_" && return 0
	for test_range_ in $(echo "$test_run_" | tr ',' ' '); do
		test "$1" -ge "${test_range_%-*}" && test "$1" -le "${test_range_#*-}" && return 0
	done
	return 1
}

test_eval_() {
	test -z "$test_trace_" || set -x
	eval "$1"
	test_status_=$?
	{ set +x; } 2>/dev/null
	return $test_status_
}

# Evaluate $1 with its clean-up, output to the log (and to the terminal with -v).
test_perform_() {
	if test -n "$test_verbose_"; then
		exec >&4 2>&4
	else
		exec >"$test_output_" 2>&1
	fi
	test_cleanup_=:
	test_eval_ "(exit 117) && $1" </dev/null
	if test $? != 117; then
		echo "broken &&-chain in: $1"
		test_status_=1
	else
		test_eval_ "$1" </dev/null
		test_status_=$?
	fi
	cd "$TRASH" && eval "$test_cleanup_" || test_status_=1
	exec >&3 2>&4
	return $test_status_
}

# [PREREQUISITE] NAME SCRIPT: one test.
test_expect_success() {
	test_prereq_=
	test $# = 3 && test_prereq_=$1 && shift
	test_number_=$((test_number_ + 1))
	if ! test_selected_ $test_number_; then
		echo "ok $test_number_ # skip not asked for"
	elif test -n "$test_prereq_" && ! test_have_prereq "$test_prereq_"; then
		echo "ok $test_number_ # skip $1: needs $test_prereq_"
	elif test_perform_ "$2"; then
		echo "ok $test_number_ - $1"
	else
		test_failures_=$((test_failures_ + 1))
		echo "not ok $test_number_ - $1"
		{
			echo "$test_name_, test $test_number_ - $1:$2"
			test -n "$test_verbose_" || tail -n 100 "$test_output_"
		} | sed 's/^/# /' >&4
		test -z "$test_immediate_" || test_done
	fi
}

test_done() {
	echo "1..$test_number_"
	test_done_=1
	test "$test_failures_" = 0
	exit
}

# Skip the whole file, saying why.
test_skip_all() {
	echo "1..0 # skip $1"
	test_done_=1
	exit 0
}

# Names of what this machine or build has, for the first argument of test_expect_success.
test_set_prereq() {
	test_prereqs_="${test_prereqs_:-} $1 "
}

test_have_prereq() {
	case ${test_prereqs_:-} in *" $1 "*) return 0 ;; esac
	return 1
}

# Use the program of the fault build from here on; it is built beside this one.
test_use_fault_build() {
	for test_arg_ in "$TEST_BUILD" "${TEST_BUILD%/*}/fault"; do
		if test -e "$test_arg_/has-fault" && test -x "$test_arg_/drift"; then
			PATH=$test_arg_:$PATH
			return 0
		fi
	done
	test_skip_all 'there is no fault build: make BUILD=fault'
}

# Run $2... and expect exit code $1.
test_expect_code() {
	test_want_=$1 && shift
	"$@"
	test_got_=$?
	test $test_got_ = "$test_want_" && return 0
	echo "exit code $test_got_, not $test_want_, from: $*" >&2
	return 1
}

# Run a command that must fail by saying so: not by a signal, nor for not being there.
test_must_fail() {
	"$@"
	test_got_=$?
	case $test_got_ in
	0) echo "should have failed: $*" >&2 && return 1 ;;
	126 | 127) echo "could not run: $*" >&2 && return 1 ;;
	esac
	test $test_got_ -le 129 && return 0
	echo "died with $test_got_: $*" >&2
	return 1
}

# EXPECTED ACTUAL: text files are equal; test_cmp_bin for any bytes.
test_cmp() {
	diff -u "$1" "$2"
}

test_cmp_bin() {
	cmp "$1" "$2"
}

test_must_be_empty() {
	test -f "$1" && ! test -s "$1" && return 0
	echo "'$1' is not an empty file:" && cat "$1"
	return 1
}

# [!] PATTERN FILE: a basic regular expression is found (or not); shows the file if wrong.
test_grep() {
	if test "$1" = '!'; then
		shift
		grep -e "$1" "$2" || return 0
	else
		grep -e "$1" "$2" && return 0
		cat "$2"
	fi
	echo "unexpected: pattern '$1' in '$2'" && return 1
}

# OPERATOR COUNT FILE, as in: test_line_count = 3 out
test_line_count() {
	test_got_=$(wc -l <"$3")
	test "$test_got_" "$1" "$2" && return 0
	echo "'$3' has $test_got_ lines, not $1 $2:" && cat "$3"
	return 1
}

test_path_is_file() {
	test -f "$1" || { echo "'$1' is not a file" && return 1; }
}

test_path_is_missing() {
	if test -e "$1" || test -L "$1"; then
		echo "'$1' exists" && return 1
	fi
}

# Run $1 when the test at hand is over, last registered first.
test_when_finished() {
	test_cleanup_="{ $1
} && { $test_cleanup_
}"
}

# Move DRIFT_DATE (and git's dates) on by a minute.
test_tick() {
	test_ticks_=$((${test_ticks_:-0} + 1))
	DRIFT_DATE=$(printf '2025-01-%02dT%02d:%02d:00Z' $((1 + test_ticks_ / 1440)) \
		$((test_ticks_ / 60 % 24)) $((test_ticks_ % 60)))
	GIT_AUTHOR_DATE=$DRIFT_DATE GIT_COMMITTER_DATE=$DRIFT_DATE
}
