#!/bin/sh

test_description='hints: what may have been meant'
. "$(dirname "$0")/lib.sh"

# CODE HINT COMMAND...: fails so, and with that hint or (empty) with none
hints() {
	hint_code=$1 hint_text=$2
	shift 2
	test_expect_code "$hint_code" "$@" >out 2>err && test_must_be_empty out || return 1
	if test -n "$hint_text"; then
		echo "hint: $hint_text" >expect && grep "^hint:" err >got && test_cmp expect got
	else
		test_grep ! "^hint:" err
	fi
}

test_expect_success 'setup' '
	drift init -q &&
	drift put users/1 -j 1 -m one -q && drift put users/2 -j 2 -m two -q && drift put users/old/3 -j 3 -m three -q &&
	drift rm users/1 -m rm -q &&
	drift branch topic && drift tag v1.0
'

test_expect_success 'a ref with a slip' '
	hints 1 "did you mean '\''topic'\''?" drift get users/2 --at topci &&
	hints 1 "did you mean '\''topic~1'\''?" drift ls --at tpoic~1 &&
	hints 1 "did you mean '\''main'\''?" drift log mian &&
	hints 1 "did you mean '\''v1.0'\''?" drift rollback v1.1 &&
	hints 1 "did you mean '\''v1.0'\''?" drift diff v10 main &&
	hints 1 "did you mean '\''topic'\''?" drift put x/1 -j 1 --branch topik &&
	hints 1 "did you mean '\''main'\''?" drift put x/1 -j 1 -m x --expect mainn
'

test_expect_success 'a time that only the log of refs takes' '
	for time in "5 minutes ago" yesterday 2.weeks.ago today; do
		code=1
		case $time in *" "*) code=128 ;; esac
		for command in "get users/2 --at" "ls --at" log "diff" "rollback" "show"; do
			test_expect_code $code drift $command "$time" >out 2>err && test_must_be_empty out &&
			test_grep "^hint: write HEAD@{$time}, or a date such as 20[0-9][0-9]-[01][0-9]-[0-3][0-9]$" err || return 1
		done
		drift log "HEAD@{$time}" >out || return 1
	done &&
	test_expect_code 1 drift get users/2 --branch topic --at yesterday 2>err && test_grep "write topic@{yesterday}," err &&
	hints 1 "" drift ls --at 1700000000 && hints 128 "" drift ls --at "5 minutes aga"
'

test_expect_success 'nothing like it' '
	hints 1 "" drift ls --at something-else &&
	hints 128 "" drift ls --at @seq:x
'

test_expect_success 'a document that was there' '
	hints 1 "there were other versions: see '\''drift history users/1'\''" drift get users/1 &&
	hints 1 "there were other versions: see '\''drift history users/1'\''" drift blame users/1 &&
	drift history users/1 >out && test_line_count = 2 out
'

test_expect_success 'a prefix' '
	hints 1 "'\''drift ls users'\'' lists the documents below it" drift get users &&
	hints 1 "'\''drift ls users/old'\'' lists the documents below it" drift get users/old
'

test_expect_success 'a collection with a slip' '
	hints 1 "did you mean '\''users/2'\''?" drift get user/2 &&
	hints 1 "did you mean '\''users/2'\''?" drift history usres/2 &&
	hints 1 "" drift get user/9 &&
	hints 1 "" drift get users/9
'

test_expect_success 'a branch with a slip' '
	test_expect_code 1 drift switch topci 2>err &&
	grep "^hint:" err >got &&
	printf "hint: did you mean '\''topic'\''?\nhint: -c makes the branch\n" >expect && test_cmp expect got
'

test_expect_success 'an empty store' '
	drift init -q empty && cd empty &&
	hints 1 "" drift get users/1 &&
	hints 1 "" drift ls --at main
'

test_done
