#!/bin/sh

test_description='clones of some collections alone'
. "$(dirname "$0")/lib.sh"

# $1 and $2 stand at one commit, and are sound.
equal() {
	test "$(drift -C "$1" rev-parse HEAD)" = "$(drift -C "$2" rev-parse HEAD)" &&
	drift -C "$1" fsck --full >/dev/null && drift -C "$2" fsck --full >/dev/null
}

test_expect_success 'a clone has what it asked for, with all its history, and each commit' '
	drift init -q shop &&
	for i in 1 2 3; do
		for c in users orders items; do
			drift -C shop put $c/$i -j "{\"n\":$i}" -m "$c $i" -q || return 1
		done
	done &&
	drift -C shop put loose -j 1 -m loose -q &&
	drift -C shop tag v1 HEAD~2 &&
	drift clone -q --only users/ shop some && equal shop some &&
	test "$(drift -C some config core.only)" = users/ &&
	drift -C some log --format=%H >one && drift -C shop log --format=%H >two && test_cmp two one &&
	test "$(drift -C some get users/2)" = "{\"n\":2}" &&
	drift -C some history users/1 >out && test_grep "users 1" out &&
	drift -C some rev-parse v1 && drift -C some fsck --full
'

test_expect_success 'what is not here says so' '
	for path in orders/1 orders/77 loose; do
		test_expect_code 1 drift -C some get $path 2>err && test_grep "not in this partial clone" err &&
		test_grep "drift clone --only" err &&
		test_expect_code 1 drift -C some put $path -j 1 -m no 2>err && test_grep "not in this partial clone" err &&
		test_expect_code 1 drift -C some history $path 2>err && test_grep "not in this partial clone" err || return 1
	done &&
	test_expect_code 1 drift -C some rm orders/1 -m no && test_expect_code 1 drift -C some put orders/3 -j 1 &&
	test_expect_code 1 drift -C some collection drop -r orders -m no 2>err && test_grep "not in this partial clone" err &&
	test_expect_code 1 drift -C some get nowhere/1 2>err && test_grep ! partial err &&
	test_expect_code 1 drift -C some ls orders/ 2>err && test_grep "collection .orders. is not" err &&
	test_expect_code 1 drift -C some ls orders 2>err && test_grep "collection .orders. is not" err &&
	test_expect_code 1 drift -C some rollback HEAD~5 -m no 2>err && test_grep "not in this partial clone" err &&
	test_expect_code 1 drift -C some rollback HEAD~5 orders/ -m no 2>err &&
	test_expect_code 1 drift -C some revert HEAD~1 2>err && test_grep "items. is not in this partial clone" err &&
	equal shop some
'

test_expect_success 'what shows many documents shows those that are here' '
	drift -C some ls >out && printf "users/1\nusers/2\nusers/3\n" >expect && test_cmp expect out &&
	drift -C some collection ls >out && test_grep orders out &&
	drift -C some diff HEAD~3 HEAD && drift -C some show HEAD~1 && drift -C some log -p >out && test_grep users/3 out &&
	drift -C some stats >out && test_grep "collections  *4" out &&
	drift -C some export jsonl >out 2>err && test_line_count = 3 out && test_grep "collections that are not here are left out" err &&
	drift -C some export jsonl users/ 2>err >out && test_must_be_empty err &&
	drift -C some export git >out 2>err && test_grep "are left out" err &&
	drift -C some cat-file -p "HEAD:" >out && test_grep orders out &&
	drift -C some gc -q && drift -C some compact -q && drift -C some fsck --full && drift -C some repair &&
	test "$(drift -C some get users/2 --at HEAD~5)" = "{\"n\":2}"
'

test_expect_success 'commits, pushes and merges by descriptor' '
	drift -C some put users/4 -j 4 -m mine -q && drift -C some push -q && equal shop some &&
	drift clone -q --only=orders/,items shop other &&
	drift -C shop put items/4 -j 4 -m theirs -q &&
	drift -C some put users/5 -j 5 -m mine -q && drift -C some pull -q && drift -C some fsck --full &&
	drift -C some push -q && equal shop some && test "$(drift -C shop get items/4)" = 4 &&
	drift -C other put orders/4 -j 4 -m others -q &&
	drift -C some put users/6 -j 6 -m mine -q && drift -C some push -q &&
	drift -C other sync -q && drift -C some sync -q && equal shop some && equal shop other &&
	drift -C shop verify --merges
'

test_expect_success 'where both sides changed what is not here nothing is merged' '
	drift -C some branch left && drift -C shop put users/7 -j 7 -m seven -q &&
	drift -C shop branch side HEAD~1 && drift -C shop put --branch side orders/8 -j 8 -m eight -q &&
	drift -C shop put orders/9 -j 9 -m nine -q &&
	drift -C some fetch -q && drift -C some pull -q && before=$(drift -C some rev-parse HEAD) &&
	test_expect_code 1 drift -C some merge origin/side 2>err &&
	test_grep "both sides have changed the collection .orders." err &&
	test "$(drift -C some rev-parse HEAD)" = "$before" && drift -C some fsck --full
'

test_expect_success 'a partial clone serves those that ask for no more' '
	drift clone -q --only users/ some third && equal some third &&
	test_must_fail drift clone -q some fourth 2>err && test_grep "cannot be sent: it is not in this partial clone" err &&
	test_path_is_missing fourth
'

test_expect_success 'bundles and backups of a partial clone are as partial' '
	drift -C some bundle create -q ../some.bundle --all && drift -C third fetch -q ../some.bundle main &&
	drift init -q whole && test_expect_code 128 drift -C whole fetch -q ../some.bundle main 2>err &&
	test_grep "comes without its documents" err &&
	drift -C some backup create -q ../kept && drift -C some backup verify -q ../kept &&
	drift -C some put users/12 -j 12 -m later -q && drift -C some backup create -q ../kept &&
	drift backup restore -q kept back && equal some back && test "$(drift -C back get users/12)" = 12 &&
	test_expect_code 1 drift -C back get orders/1
'

# What happens at random, by a seed: commits in the whole one and in clones of parts of it, and meetings.
random_history() {
	seed=$1 && drift init -q "whole$seed" && drift -C "whole$seed" put a/0 -j 0 -m start -q &&
	drift clone -q --only a/ "whole$seed" "a$seed" && drift clone -q --only b,c "whole$seed" "bc$seed" &&
	awk -v seed="$seed" "BEGIN { srand(seed); for (i = 0; i < 24; i++) print int(rand() * 4), int(rand() * 3), int(rand() * 6) }" |
	while read -r what which key; do
		case $what.$which in
		0.*) drift -C "whole$seed" put "$(echo abc | cut -c$((which + 1)))/$key" -j "{\"w\":$key}" -m w -q ;;
		[12].0) drift -C "a$seed" put "a/$key" -j "{\"a\":$key}" -m a -q ;;
		[12].1) drift -C "bc$seed" put "b/$key" -j "{\"b\":$key}" -m b -q ;;
		[12].2) drift -C "bc$seed" put "c/$key" -j "{\"c\":$key}" -m c -q ;;
		3.0) drift -C "a$seed" sync -q ;;
		*) drift -C "bc$seed" sync -q ;;
		esac || test $? = 1 || return 1
	done >/dev/null 2>&1 || return 1
	drift -C "a$seed" sync -q && drift -C "bc$seed" sync -q && drift -C "a$seed" sync -q &&
	equal "whole$seed" "a$seed" && equal "whole$seed" "bc$seed" && drift -C "whole$seed" verify --merges &&
	drift clone -q --only c/ "whole$seed" "c$seed" && equal "whole$seed" "c$seed" && drift -C "c$seed" gc -q && equal "whole$seed" "c$seed" &&
	drift -C "whole$seed" export jsonl a/ >want && drift -C "a$seed" export jsonl >have && test_cmp want have
}

test_expect_success 'at random: the same ids everywhere' '
	for seed in 1 2 10; do random_history $seed || return 1; done
'

test_expect_success 'what should be here and is not is damage' '
	drift clone -q --only users/ shop torn && drift -C torn fsck && drift -C torn fsck --full &&
	drift -C torn config --add core.only orders/ &&
	test_must_fail drift -C torn fsck >out 2>&1 && test_must_fail drift -C torn fsck --full >out 2>&1 &&
	test_must_fail drift -C torn get orders/1 2>err && test_grep "is missing" err
'

test_expect_success 'names of collections are checked' '
	test_expect_code 128 drift clone -q --only "" shop bad && test_expect_code 128 drift clone -q --only a/b shop bad &&
	test_expect_code 128 drift clone -q --only users,, shop bad && test_path_is_missing bad &&
	drift clone -q --only / shop loose && test "$(drift -C loose get loose)" = 1 && drift -C loose fsck --full &&
	drift clone -q --only nobody/ shop none && drift -C none ls >out && test_must_be_empty out && equal shop none
'

test_done
