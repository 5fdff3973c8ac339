#!/bin/sh

test_description='gc while others commit and read: nothing is lost, nobody complains'
. "$(dirname "$0")/lib.sh"

# Versions 1 to 100 of ten documents, a commit each; usage: requests WRITER
requests() {
	awk -v w="$1" 'BEGIN { for (i = 1; i <= 100; i++) {
		printf "{\"op\":\"put\",\"path\":\"w%d/k%d\",\"json\":{\"by\":%d,\"n\":%d,\"much\":\"%0200d\"}}\n", w, i % 10, w, i, i * 7919
		printf "{\"op\":\"commit\",\"message\":\"%d by %d\",\"tag\":%d}\n", i, w, i
	} }'
}

# As long as there is a file `go`, and once; every complaint goes to `complaints`.
writer() {
	requests "$1" | drift batch >"out.$1" 2>"err.$1" || echo "writer $1: $?" >>complaints
	test ! -s "err.$1" || cat "err.$1" >>complaints
	! grep -v '"ok":true' "out.$1" >>complaints
}

reader() {
	while test -e go; do
		at=$(drift rev-parse HEAD) && drift log -n 5 --stat "$at" >"read.$1" && drift history shared/1 >>"read.$1" &&
			drift get shared/1 --at HEAD >>"read.$1" && drift ls --at "$at" >>"read.$1" || echo "reader $1 at $at: $?"
	done >>complaints 2>&1
}

collector() {
	n=0
	while test -e go; do
		n=$((n + 1))
		case $((n % 3)) in
		0) drift gc --full -q --prune=now ;;
		1) drift gc --full -q ;;
		2) drift gc -q ;;
		esac || echo "collection $n: $?"
	done >>complaints 2>&1
	echo $n >collections
}

test_expect_success 'four writers, two readers, gc in a loop, journals of some KiB' '
	drift init -q && drift config journal.limit 6000 && drift config gc.auto false && drift put shared/1 -j 1 -m start -q &&
	: >complaints && : >go && test_when_finished "rm -f go; wait" &&
	{ reader 1 & reader 2 & collector & } &&
	{ writers=; for w in 1 2 3 4; do writer $w & writers="$writers $!"; done; } && wait $writers &&
	rm -f go && wait && test_must_be_empty complaints && test "$(cat collections)" -ge 1
'

test_expect_success 'all that was acknowledged is there' '
	cat out.1 out.2 out.3 out.4 | grep -o "\"id\":\"[0-9a-f]*\"" | cut -d\" -f4 | sort >acked && test_line_count = 400 acked &&
	drift rev-list HEAD | sort >there && test_line_count = 401 there && comm -23 acked there >lost && test_must_be_empty lost &&
	drift log --format "%s" | sort | uniq -d >twice && test_must_be_empty twice
'

test_expect_success 'with what was written' '
	for w in 1 2 3 4; do
		for n in 1 2 37 64 99 100; do
			id=$(sed -n "s/.*\"id\":\"\\([0-9a-f]*\\)\".*\"tag\":$n}.*/\\1/p" out.$w) &&
			drift get w$w/k$((n % 10)) --at "$id" >got && test_grep "\"by\":$w,\"n\":$n," got || return 1
		done &&
		drift history w$w/k3 >history && test_line_count = 10 history || return 1
	done
'

test_expect_success 'and no fault' '
	drift fsck --full
'

test_expect_success 'nothing is left over, and less files than commits' '
	drift gc --full -q && ls .drift/pack >packs && test_grep ! tmp packs && test_line_count = 2 packs &&
	ls .drift | grep journal >journals && test_line_count = 1 journals && drift fsck --full -q &&
	drift rev-list HEAD | sort >after && test_cmp there after &&
	rm -r .drift/cache .drift/pack/*.idx && drift rev-list HEAD | sort >after && test_cmp there after
'

test_done
