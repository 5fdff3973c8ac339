#!/bin/sh

test_description='drift fsck: sound stores, each kind of damage named'
. "$(dirname "$0")/lib.sh"

# Change the byte of FILE of a copy at OFFSET; what is derived is not there.
spoil() {
	rm -rf bad && cp -r good bad && rm -rf bad/.drift/cache &&
		byte=$(od -An -tu1 -j "$2" -N 1 "bad/.drift/$1" | tr -d ' ') &&
		printf %b "\\0$(printf %03o $((byte ^ 16)))" | dd of="bad/.drift/$1" bs=1 seek="$2" conv=notrunc 2>dd.err
}

# Where a text stands in the journal.
place_of() {
	grep -abo "$1" good/.drift/journal-000001 | head -n 1 | cut -d : -f 1
}

test_expect_success 'setup' '
	drift init -q good && cd good &&
	for i in 1 2 3 4 5 6 7 8 9; do drift put c/$i -j "{\"n\":$i}" -m "put $i" -q || return 1; done &&
	awk "BEGIN { for (i = 0; i < 400; i++) printf \"%d %d unlike the others\\n\", i * 7919 % 10007, i * i }" >large &&
	drift put d/large large -m "put large" -q && drift put c/3 -j "\"three again\"" -m "change 3" -q &&
	{ head -c 1000 /dev/urandom && printf "seek and find" && head -c 1000 /dev/urandom; } >plain &&
	drift put d/plain plain -m "put plain" -q &&
	drift branch side HEAD~2 && drift tag -m "a tag" first HEAD~4 && drift put c/staged -j 5 && drift rm c/2 >/dev/null
'

test_expect_success 'a sound store' '
	cd good && drift fsck >out 2>err && test_must_be_empty err &&
	test_grep "^checked .* objects of 12 commits in 1 file: all is sound$" out &&
	drift fsck --full >out && test_grep "all is sound" out &&
	drift fsck -q >out && test_must_be_empty out &&
	drift fsck --json >out && test_line_count = 1 out && test_grep "\"sound\":true" out && test_grep "\"commits\":12" out &&
	drift fsck --threads 3 --no-cache >out && test_grep "all is sound" out
'

test_expect_success 'an empty store' '
	drift init -q empty && drift -C empty fsck >out && test_grep "checked 0 objects of 0 commits" out
'

test_expect_success 'it changes nothing' '
	find good/.drift -type f ! -path "*cache*" | sort | xargs sha256sum >before && drift -C good fsck --full >out &&
	find good/.drift -type f ! -path "*cache*" | sort | xargs sha256sum >after && test_cmp before after
'

test_expect_success 'a document that is lost is named, with its commits' '
	id=$(drift -C good rev-parse HEAD) && spoil journal-000001 "$(place_of "seek and find")" && test_expect_code 1 drift -C bad fsck >out 2>err &&
	test_grep "^lost: journal-000001, offset [0-9]*: " out && test_grep "^    document d/plain$" out &&
	test_grep "^    commit $id$" out && test_grep "lost, 0 damaged$" out &&
	test_grep "^lost: .*refs/heads/main" out
'

test_expect_success 'the same with --json' '
	test_expect_code 1 drift -C bad fsck --json >out 2>err && test_line_count -ge 2 out &&
	test_grep "\"severity\":\"lost\"" out && test_grep "\"documents\":\[{\"path\":\"d/plain\"}\]" out &&
	test_grep "\"commits\":\[\"$(drift -C good rev-parse HEAD)\"\]" out && test_grep "\"kind\":\"blob\"" out &&
	test_grep "\"sound\":false" out
'

test_expect_success 'the others are still there' '
	test "$(drift -C bad get c/3 --at HEAD 2>err)" = "\"three again\"" && drift -C bad get d/large 2>err | cmp - good/large
'

test_expect_success 'a message that was changed' '
	spoil journal-000001 "$(place_of "put 7")" && test_expect_code 1 drift -C bad fsck >out 2>err &&
	test_grep "^lost: journal-000001, offset [0-9]*: .*commit" out
'

test_expect_success 'a store that cannot be opened: the file is named' '
	spoil journal-000001 4 && test_expect_code 1 drift -C bad fsck >out 2>err && test_grep "^lost: journal-000001, offset 0: " out &&
	test_must_be_empty err && test_expect_code 1 drift -C bad fsck --json >out && test_grep "\"file\":\"journal-000001\"" out &&
	spoil current 14 && test_expect_code 1 drift -C bad fsck >out 2>err && test_grep "^lost: current, offset 0: " out &&
	spoil current 12 && test_expect_code 128 drift -C bad fsck >out 2>err && test_grep "current" err &&
	rm -rf bad && cp -r good bad && drift -C bad gc -q && pack=$(cd bad/.drift && echo pack/*.pack) && printf X | dd of="bad/.drift/$pack" bs=1 conv=notrunc 2>dd.err &&
	test_expect_code 1 drift -C bad fsck >out 2>err && test_grep "^lost: $pack, offset 0: " out && test_must_be_empty err &&
	test_expect_code 1 drift -C bad doctor >out && test_grep "^lost: $pack, offset 0: " out && test_grep "^would restore the byte at offset 0 of $pack" out
'

test_expect_success 'a fault is told once' '
	spoil journal-000001 "$(place_of "seek and find")" && test_expect_code 1 drift -C bad fsck >out 2>err && test_must_be_empty err &&
	test_expect_code 1 drift -C bad doctor >out 2>err && test_must_be_empty err && test "$(grep -c "^lost: journal-000001, offset [0-9]*: the checksum" out)" = 1 &&
	drift -C bad get c/4 --at HEAD~2 >out 2>err && test "$(grep -c warning err)" = 1 &&
	rm -rf bad/.drift/cache && drift -C bad get c/4 --at HEAD~2 >out 2>err && test "$(grep -c warning err)" = 1
'

test_expect_success 'a torn tail is no damage' '
	rm -rf bad && cp -r good bad && rm -rf bad/.drift/cache && printf "x" | dd of=bad/.drift/journal-000001 bs=1 seek=60000 conv=notrunc 2>dd.err &&
	drift -C bad fsck >out && test_grep "all is sound" out
'

test_expect_success 'a damaged index of documents is a note' '
	rm -rf bad && cp -r good bad && drift -C bad cat-file -t "$(drift -C bad get --stat c/4 --json | sed "s/.*\"id\":\"\([0-9a-f]*\)\".*/\1/")" >out &&
	test -f bad/.drift/cache/blobs && printf zzzz | dd of=bad/.drift/cache/blobs bs=1 seek=80 conv=notrunc 2>dd.err &&
	drift -C bad fsck >out && test_grep "^note: cache/blobs" out && drift -C bad fsck -q >out && test_must_be_empty out
'

test_expect_success 'wrong usage' '
	test_expect_code 129 drift -C good fsck now 2>err && test_expect_code 129 drift -C good fsck --threads -1 2>err
'

test_done
