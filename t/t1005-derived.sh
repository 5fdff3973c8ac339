#!/bin/sh

test_description='derived files: deleted, damaged or done without, at any time: the same answers'
. "$(dirname "$0")/lib.sh"

# A store of random changes on two branches that merge each other, part of it packed.
test_expect_success 'set up' '
	awk "BEGIN {
		srand(7)
		for (i = 0; i < 400; i++) {
			printf \"put users/%d {\\\"n\\\":%d,\\\"pad\\\":\\\"%0*d\\\"}\n\", int(rand() * 60), int(rand() * 1e6), 1 + int(rand() * 200), 1
		}
	}" >changes &&
	drift init -q &&
	n=0 &&
	while read -r op path text; do
		n=$((n + 1)) &&
		drift "$op" -q "$path" -j "$text" -m "change $n" || return 1
		case $n in
		100) drift gc -q ;;
		120) drift branch side ;;
		150) drift gc -q --auto ;;
		esac || return 1
		test $n -lt 180 || break
	done <changes &&
	drift put -q --branch side users/1 -j "{\"side\":1}" -m side &&
	for at in HEAD side; do
		drift ls-tree "$at" && drift ls-tree -r "$at" || return 1
	done | cut -d" " -f3 | cut -f1 | sort -u >ids &&
	drift rev-list HEAD | sed -n "20p;90p;160p" >some &&
	for at in $(cat some); do
		drift ls-tree -r "$at" || return 1
	done | cut -d" " -f3 | cut -f1 | sort -u | head -60 >>ids
'

answers() {
	drift cat-file "$@" --batch <ids &&
		drift rev-list "$@" --count HEAD side &&
		drift rev-list "$@" --count side..HEAD &&
		drift merge-base "$@" HEAD side &&
		drift log "$@" --oneline users/1 &&
		drift get "$@" users/1
}

test_expect_success 'nothing derived is needed' '
	answers --no-cache >expect &&
	test_grep "change 1" expect &&
	test_line_count -gt 100 expect &&
	answers >out && test_cmp expect out
'

test_expect_success 'each file may be deleted' '
	ls .drift/cache >names &&
	test_grep blobs names &&
	for name in $(cat names) .; do
		rm -rf ".drift/cache/$name" 2>/dev/null || rm -rf .drift/cache
		answers >out && test_cmp expect out || return 1
	done &&
	rm -f .drift/pack/*.idx &&
	answers >out && test_cmp expect out
'

test_expect_success 'each may be damaged' '
	for name in .drift/cache/blobs* .drift/pack/*.idx; do
		size=$(wc -c <"$name") &&
		for at in 9 20 50 $((size / 2)) $((size - 30)); do
			printf "\125\252" | dd of="$name" bs=1 seek="$at" conv=notrunc 2>/dev/null &&
			answers >out && test_cmp expect out || return 1
		done || return 1
	done
'

delete_all_the_time() {
	while test ! -f stop; do
		rm -rf .drift/cache .drift/pack/*.idx 2>/dev/null
	done
}

read_and_write() {
	n=0
	while test $n -lt 12; do
		n=$((n + 1))
		drift cat-file --batch <ids >now && head -n "$(wc -l <now)" expect >part && test_cmp part now &&
			drift put -q "more/$n" -j "{\"n\":$n}" -m more || return 1
	done
}

test_expect_success 'each may be deleted while processes read and write' '
	{ delete_all_the_time & } &&
	deleter=$! &&
	{ read_and_write; result=$?; : >stop; wait $deleter; test $result = 0; } &&
	test $n = 12 &&
	drift fsck -q &&
	drift ls more >out && test_line_count = 12 out
'

test_done
