#!/bin/sh

test_description='writers, readers and collectors side by side for minutes (GC_CONCURRENT_SECONDS=N, else 120): nothing is lost'
. "$(dirname "$0")/../lib.sh"

seconds=${GC_CONCURRENT_SECONDS:-120}

# What is in `out` was acknowledged. usage: batch_writer NAME
batch_writer() {
	i=0
	while test -e go; do
		i=$((i + 1))
		printf '{"op":"put","path":"w%s/k%d","json":{"by":"%s","n":%d,"much":"%0150d"}}\n' "$1" $((i % 50)) "$1" $i $((i * 7919))
		printf '{"op":"commit","message":"%s batch %d"}\n' "$1" $i
		test $((i % 8)) != 0 || sleep 0.02
	done | drift batch >"out.$1" 2>>complaints || echo "batch $1: $?" >>complaints
	! grep -v '"ok":true' "out.$1" >>complaints
}

# A process a commit; some collect by themselves. usage: short_writer NAME
short_writer() {
	i=0
	while test -e go; do
		i=$((i + 1))
		drift put "s$1/k$((i % 20))" -j "{\"by\":\"$1\",\"n\":$i}" -m "$1 $i" -q >/dev/null || echo "writer $1: $?"
		echo "$1 $i" >>"made.$1"
	done >>complaints 2>&1
}

reader() {
	while test -e go; do
		at=$(drift rev-parse HEAD) && drift log -n 5 --stat "$at" >"read.$1" && drift history start/1 >>"read.$1" &&
			drift get start/1 --at "$at" >>"read.$1" && drift ls --at "$at" >>"read.$1" && drift diff "$at~3" "$at" >>"read.$1" ||
			echo "reader $1 at $at: $?"
	done >>complaints 2>&1
}

collector() {
	n=0
	while test -e go; do
		n=$((n + 1))
		case $((n % 4)) in
		0) drift gc --full -q --prune=now ;;
		1) drift gc --auto -q ;;
		2) drift gc -q ;;
		3) drift fsck -q ;;
		esac >"collected" 2>&1 || grep -q 'another gc' collected || { echo "collection $n" && cat collected; }
	done >>complaints 2>&1
	echo $n >collections
}

test_expect_success 'side by side' '
	drift init -q && drift config journal.limit 40000 && for i in 1 2 3 4 5; do drift put start/$i -j $i -m start -q || return 1; done &&
	: >complaints && : >go && test_when_finished "rm -f go; wait" &&
	{ batch_writer a & batch_writer b & short_writer a & short_writer b & reader 1 & reader 2 & collector & } &&
	sleep "$seconds" && rm -f go && wait && test_must_be_empty complaints && test "$(cat collections)" -gt 1
'

test_expect_success 'every commit that was acknowledged is there, once' '
	cat out.a out.b | grep -o "\"id\":\"[0-9a-f]*\"" | cut -d\" -f4 | sort >acked && test -s acked &&
	drift rev-list HEAD | sort >there && comm -23 acked there >lost && test_must_be_empty lost &&
	drift log --format "%s" | sort >messages && cat made.a made.b | sort >made && test -s made &&
	comm -13 messages made >lost && test_must_be_empty lost &&
	sed "/^start$/d" messages | uniq -d >twice && test_must_be_empty twice
'

test_expect_success 'and no fault, also after the last collection, and without what is derived' '
	drift fsck --full && drift gc --full -q && drift fsck --full -q && drift rev-list HEAD | sort >after && test_cmp there after &&
	rm -rf .drift/cache .drift/pack/*.idx && drift rev-list HEAD | sort >after && test_cmp there after &&
	! find .drift -name "*tmp-*" | grep .
'

test_done
