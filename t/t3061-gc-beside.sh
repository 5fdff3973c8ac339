#!/bin/sh

test_description='gc beside writers and readers, in the background, and on the way out'
. "$(dirname "$0")/lib.sh"

# Commit $2 times, each another value of w$1/N.
writer() {
	i=0
	while test $i -lt "$2"; do
		drift put "w$1/$((i % 7))" -j "{\"writer\":$1,\"n\":$i}" -q -m "$1 $i" || return 1
		i=$((i + 1))
	done
}

test_expect_success 'four writers and gc after gc' '
	drift init -q &&
	drift config gc.reflogExpire now &&
	drift config gc.auto false &&
	drift put start/1 -j 1 -q -m start &&
	for w in 1 2 3 4; do
		{ writer $w 40 >/dev/null 2>err.$w; echo $? >exit.$w; } &
	done &&
	runs=0 &&
	while ! { test -e exit.1 && test -e exit.2 && test -e exit.3 && test -e exit.4; }; do
		drift gc -q --prune=now || return 1
		runs=$((runs + 1))
	done &&
	wait &&
	test "$(cat exit.1 exit.2 exit.3 exit.4)" = "0
0
0
0" &&
	test $runs -gt 1
'

test_expect_success 'nothing is lost' '
	test "$(drift rev-list --count HEAD)" = 161 &&
	drift gc -q --prune=now &&
	for w in 1 2 3 4; do
		test "$(drift get w$w/4)" = "{\"writer\":$w,\"n\":39}" &&
		test "$(drift history w$w/4 --json | wc -l)" = 6 || return 1
	done &&
	for id in $(drift rev-list HEAD); do
		drift export jsonl --wrap --at "$id" >/dev/null || return 1
	done
'

# In the background; its exit code goes to the file "first".
start_gc() {
	{ drift gc --full -q; echo $? >first; } &
}

test_expect_success 'a second run beside the first one waits for it' '
	awk "BEGIN { for (i = 0; i < 20000; i++) printf \"{\\\"id\\\":\\\"%d\\\",\\\"text\\\":\\\"%d words\\\"}\\n\", i, i * i }" >many &&
	drift import jsonl many --collection many -q -m many &&
	start_gc &&
	sleep 0.05 &&
	drift gc --full --progress 2>err >out &&
	wait &&
	test "$(cat first)" = 0 &&
	if test_grep "waiting for it" err; then test_grep "nothing to do" out; fi &&
	drift gc --progress 2>err &&
	test_must_be_empty err &&
	drift export jsonl many >out &&
	test "$(wc -l <out)" = 20000
'

test_expect_success 'a journal that is full is packed in the background' '
	drift init -q full &&
	(
		cd full &&
		drift config journal.limit 50000 &&
		for i in 1 2 3 4 5 6; do
			awk -v i=$i "BEGIN { srand(i); for (n = 0; n < 4000; n++) printf \"%d\", rand() * 1000000000 }" >text &&
			drift put notes/$i text -q -m "note $i" || return 1
		done &&
		tries=0 &&
		until test -n "$(ls .drift/pack 2>/dev/null | grep pack$)"; do
			tries=$((tries + 1)) && test $tries -lt 100 || return 1
			sleep 0.1
		done &&
		until drift gc -q; do
			tries=$((tries + 1)) && test $tries -lt 100 || return 1
			sleep 0.1
		done &&
		drift get notes/6 >out &&
		test_cmp_bin text out
	)
'

test_expect_success 'gc.auto=false keeps it from that' '
	drift init -q quiet &&
	(
		cd quiet &&
		drift config journal.limit 50000 &&
		drift config gc.auto false &&
		for i in 1 2 3 4 5 6; do
			awk -v i=$i "BEGIN { srand(i); for (n = 0; n < 4000; n++) printf \"%d\", rand() * 1000000000 }" >text &&
			drift put notes/$i text -q -m "note $i" || return 1
		done &&
		sleep 0.3 &&
		test_path_is_missing .drift/pack &&
		test "$(ls .drift/journal-* | wc -l)" -gt 1 &&
		drift gc --auto >out &&
		test_grep "after" out &&
		drift get notes/6 >out &&
		test_cmp_bin text out
	)
'

test_expect_success 'compact and snapshot, of the store or with a table that exists' '
	drift init -q seeds &&
	drift -C seeds put orders/1 -j 1 -q -m one &&
	drift snapshot -d seeds --table orders >out &&
	test_grep "orders" out &&
	drift -C seeds put orders/1 -j 2 -q -m two &&
	drift compact -d seeds --table orders --json >out &&
	test_grep "\"table\":\"orders\"" out &&
	test_grep "\"ran\":true" out &&
	drift -C seeds put orders/2 -j 2 -q -m three &&
	drift compact -d seeds orders -q &&
	test "$(drift -C seeds history orders/1 --json | wc -l)" = 2 &&
	test_expect_code 1 drift compact -d seeds --table no-such 2>err &&
	test_grep "no collection .no-such." err &&
	test_expect_code 1 drift snapshot -d seeds no-such &&
	test_expect_code 129 drift compact -d seeds --table orders orders
'

test_expect_success 'neither drops what nothing needs' '
	drift -C seeds put orders/3 -j 3 -q -m four &&
	gone=$(drift -C seeds rev-parse HEAD) &&
	drift -C seeds undo -q &&
	drift -C seeds config gc.reflogExpire now &&
	drift -C seeds config gc.pruneExpire now &&
	drift -C seeds snapshot -q &&
	drift -C seeds compact -q &&
	drift -C seeds cat-file -e "$gone" &&
	drift -C seeds gc --prune=now -q &&
	test_expect_code 1 drift -C seeds cat-file -e "$gone"
'

test_expect_success 'what is damaged ends it, and all is as before' '
	drift init -q broken &&
	awk "BEGIN { srand(1); for (n = 0; n < 3000; n++) printf \"%d\", rand() * 1000000000 }" >text &&
	drift -C broken put a/1 ../text -q -m one &&
	drift -C broken put a/2 -j 2 -q -m two &&
	printf "XXXX" | dd of=broken/.drift/journal-000001 bs=1 seek=3000 conv=notrunc 2>/dev/null &&
	test_expect_code 128 drift -C broken gc 2>err &&
	test_grep "journal-000001.*damaged" err &&
	test_path_is_missing broken/.drift/pack/*
'

test_done
