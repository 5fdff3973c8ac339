#!/bin/sh
# shellcheck disable=SC2012,SC2015

test_description='backups that fail or die on the way: some of their disk calls'
. "$(dirname "$0")/lib.sh"

test_use_fault_build

ASK=$TEST_BUILD/drift

backups() {
	ls "$1" | sed -n '/^backup-[0-9]*.bundle$/p'
}

complain() {
	echo "$op, mode $mode, call $n: exit code $rc: $1"
	cat err
	return 1
}

# A backup is there, sound, and continues the one before, or nothing is; the next one works.
one_create() {
	rm -rf to && cp -r before to
	DRIFT_FAULT_AT=$n DRIFT_FAULT_MODE=$mode DRIFT_FAULT_COUNT=$PWD/count drift -C a backup create --incremental -q ../to >out 2>err
	rc=$?
	backups to >is
	case $rc in
	0) test "$(wc -l <is)" = 2 || { complain 'it is not there' || return 1; } ;;
	137) ;;
	*) test "$(wc -l <is)" = 1 || { complain 'something is there' || return 1; }
		test "$(ls to | wc -l)" -le $(($(wc -l <is) + 1)) || { complain 'a file was left' || return 1; }
		grep -q 'Input/output error\|No space left\|the disk failed' err || { complain 'no cause is named' || return 1; } ;;
	esac
	"$ASK" -C a backup create --incremental -q ../to >out 2>err && "$ASK" backup verify -q to >out 2>err &&
		test "$(backups to | wc -l)" = 2 && { test "$rc" = 0 || cmp -s is two.list || test "$(ls to | wc -l)" = 3; } || complain 'it does not go on'
}

# All of it is there, or no repository.
one_restore() {
	rm -rf r
	DRIFT_FAULT_AT=$n DRIFT_FAULT_MODE=$mode DRIFT_FAULT_COUNT=$PWD/count drift backup restore -q two r >out 2>err
	rc=$?
	case $rc in
	0) "$ASK" -C r for-each-ref >is && cmp -s is refs && "$ASK" -C r fsck -q >is 2>&1 || { complain 'it is not what it was' || return 1; } ;;
	137) ;;
	1 | 128) test ! -e r/.drift/current || { complain 'a repository was left' || return 1; } ;;
	*) complain 'a strange exit code' ;;
	esac
}

walk() {
	op=$1 mode=$2 n=1
	while :; do
		rm -f count
		"one_$op" || return 1
		test -f count && test "$(cat count)" -lt $n && break
		n=$((n + $3))
	done
	test $n -gt 20
}

test_expect_success 'setup' '
	"$ASK" init -q a && "$ASK" -C a config gc.auto false && for i in 1 2 3; do "$ASK" -C a put c/$i -j $i -m $i -q || return 1; done &&
	"$ASK" -C a backup create -q ../before && "$ASK" -C a put c/4 -j 4 -m 4 -q && head -c 9000 /dev/urandom | "$ASK" -C a put c/5 - -m 5 -q &&
	"$ASK" -C a tag v1 && cp -r before two && "$ASK" -C a backup create --incremental -q ../two && "$ASK" -C a for-each-ref >refs && backups two >two.list
' >/dev/null

for mode in fail full short die torn; do
	test_expect_success "create, mode $mode" "walk create $mode 7"
done
for mode in fail full die; do
	test_expect_success "restore, mode $mode" "walk restore $mode 23"
done

test_done
