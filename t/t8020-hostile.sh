#!/bin/sh

test_description='files of a store that are not what they should be: a clear sentence, or no difference'
. "$(dirname "$0")/lib.sh"

test_expect_success 'setup' '
	drift init -q good && (cd good && drift put c/1 -j 1 -m one -q && drift put c/2 -j 2 -m two -q && drift ls >../expect) &&
	awk "BEGIN { for (i = 1; i < 3000; i++) printf \"%c\", i * i * 7919 % 127 + 1 }" >noise
'

# Write standard input over FILE of a copy, then ask; WANT is the exit code, or `any` of 0 and 128.
spoil() {
	rm -rf bad && cp -r good bad && cat >"bad/.drift/$1" && rm -f bad/.drift/cache/index
	timeout 20 drift -C bad ls >out 2>err
	code=$?
	case $2 in any) test $code = 0 || test $code = 128 ;; *) test $code = "$2" ;; esac ||
		{ echo "$1: exit code $code" && cat err && return 1; }
	if test $code = 0; then test_cmp expect out; else test_grep "^drift: cannot" err && test_line_count -le 3 err; fi
}

id=$(sed -n 2p good/.drift/current)

test_expect_success 'current' '
	spoil current 128 <noise && printf "" | spoil current 128 && head -c 20 good/.drift/current | spoil current 128 &&
	for lines in "drift store 2" "drift store 1" "drift store 1\n$id" "drift store 1\n$id\njournal 2" \
		"drift store 1\nid 00\njournal 1" "drift store 1\n$id\njournal 1\njournal 2" \
		"drift store 1\n$id\njournal 1 99999999999999999999999" "drift store 1\n$id\njournal -1" \
		"drift store 1\n$id\njournal 1x" "drift store 1\n$id\njournal 1 100\njournal 2" \
		"drift store 1\nid 00112233445566778899aabbccddeeff\njournal 1" "drift store 1\n$id\n\n\njournal 18446744073709551617"; do
		printf "$lines\n" | spoil current 128 || return 1
	done &&
	{ cat good/.drift/current && head -c 2000000 /dev/zero; } | spoil current 128
'

test_expect_success 'config' '
	spoil config 128 <noise && printf "" | spoil config any && printf "[core" | spoil config 128 &&
	printf "[core]\nversion = 99999999999999999999\n" | spoil config 128 &&
	printf "[core]\nversion = 2\n" | spoil config 128 && printf "[core]\nversion = 1\nsync = perhaps\n" | spoil config 128 &&
	head -c 3000000 /dev/zero | spoil config 128
'

test_expect_success 'journal' '
	spoil journal-000001 128 <noise && printf "" | spoil journal-000001 128 &&
	head -c 100000 /dev/zero | spoil journal-000001 128 && head -c 51 good/.drift/journal-000001 | spoil journal-000001 128
'

test_expect_success 'not files at all' '
	for name in config journal-000001; do
		rm -rf bad && cp -r good bad && rm "bad/.drift/$name" && mkfifo "bad/.drift/$name" &&
		test_expect_code 128 timeout 20 drift -C bad ls 2>err && test_grep "not a regular file" err &&
		rm "bad/.drift/$name" && ln -s "$PWD/good/.drift/$name" "bad/.drift/$name" &&
		test_expect_code 128 timeout 20 drift -C bad ls 2>err && test_grep "symbolic link" err || return 1
	done
'

# As spoil, for the index, which may never make a difference; BYTES are written at OFFSET of a good one, in place.
spoil_index() {
	rm -rf bad && cp -r good bad && drift -C bad ls >out || return 1
	printf %b "$2" | dd of=bad/.drift/cache/index bs=1 seek="$1" conv=notrunc 2>dd.err &&
		timeout 20 drift -C bad ls >out && test_cmp expect out &&
		timeout 20 drift -C bad put c/3 -j 3 -m three -q && test "$(drift -C bad get c/3)" = 3 &&
		rm -r bad/.drift/cache && test "$(drift -C bad ls | wc -l)" = 3 && test "$(drift -C bad log --oneline | wc -l)" = 3
}

test_expect_success 'index: the head' '
	for at in 0 8 12 16 24 40 56 72 80 88 96 104 112; do
		spoil_index $at "\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377" && spoil_index $at "\\01\\00\\00\\00\\00\\00\\00\\00" &&
		spoil_index $at "\\00\\00\\00\\00\\00\\00\\00\\00" || { echo "at $at" && return 1; }
	done
'

test_expect_success 'index: cut, empty, noise, a folder' '
	for len in 0 1 100 4096 10000; do
		rm -rf bad && cp -r good bad && drift -C bad ls >out && truncate -s $len bad/.drift/cache/index &&
		drift -C bad ls >out && test_cmp expect out && drift -C bad put c/3 -j 3 -m three -q || return 1
	done &&
	cp noise bad/.drift/cache/index && test "$(drift -C bad get c/3)" = 3 &&
	rm bad/.drift/cache/index && mkdir bad/.drift/cache/index && test "$(drift -C bad get c/3)" = 3 &&
	rm -r bad/.drift/cache && : >bad/.drift/cache && test_expect_code 128 drift -C bad put c/4 -j 4 -m four -q &&
	rm bad/.drift/cache && test "$(drift -C bad get c/3)" = 3
'

test_expect_success 'index: cut while it is open' '
	for len in 0 100 4096 100000; do
		rm -rf bad requests && cp -r good bad && mkfifo requests && { drift -C bad batch <requests >out & } &&
		exec 5>requests && echo "{\"op\":\"put\",\"path\":\"c/3\",\"json\":3}" >&5 &&
		i=0 && while ! test -s out && test $i -lt 100; do sleep 0.05 && i=$((i + 1)); done &&
		truncate -s $len bad/.drift/cache/index && echo "{\"op\":\"commit\",\"message\":\"m\"}" >&5 && exec 5>&- && wait $! &&
		test_line_count = 2 out && test "$(drift -C bad get c/3)" = 3 && test "$(drift -C bad log --oneline | wc -l)" = 3 || return 1
	done
'

test_done
