#!/bin/sh

test_description='gc: packs and what is in them; no answer changes'
. "$(dirname "$0")/lib.sh"

# Every answer, as a text.
answers() {
	drift log --json &&
	drift show-ref &&
	drift reflog --json &&
	drift stats --json | sed "s/.*/stats/" &&
	drift status --json &&
	for id in $(drift rev-list HEAD); do
		echo "at $id" &&
		drift ls --at "$id" -l &&
		drift export jsonl --wrap --at "$id" &&
		drift show "$id" || return 1
	done &&
	for path in $(drift ls --at HEAD); do
		echo "path $path" &&
		drift history "$path" --json &&
		drift blame "$path" --json || return 1
	done
}

same_answers() {
	answers >now && test_cmp was now
}

test_expect_success 'set-up: versions, deletions, large documents, branches, tags, a stage' '
	drift init -q &&
	for i in 1 2 3 4 5 6 7 8 9 10; do
		drift put users/$i -j "{\"n\":$i,\"name\":\"user $i\"}" -q -m "user $i" || return 1
	done &&
	for i in 1 2 3 4 5; do
		awk -v i=$i "BEGIN { for (n = 0; n < 400; n++) print n, (n % 50 == i) ? i : 0, \"some words\" }" >large &&
		drift put notes/large large -q -m "large $i" || return 1
	done &&
	drift rm users/3 -q -m "no 3" &&
	awk "BEGIN { for (n = 0; n < 300000; n++) print n * n }" >huge &&
	drift put notes/huge huge -q -m huge &&
	drift branch side &&
	drift put side/1 -j 1 --branch side -q -m "on the side" &&
	drift tag -m "a tag" first HEAD~3 &&
	drift put users/11 -j 11 &&
	answers >was
'

test_expect_success 'a dry run changes nothing' '
	ls -R .drift >files &&
	drift gc -n >out &&
	test_grep "would be kept" out &&
	ls -R .drift >now &&
	test_cmp files now
'

test_expect_success 'gc makes one pack of it, and says so' '
	drift gc >out &&
	test_grep "before, .* after" out &&
	test_grep "of them commits" out &&
	test "$(ls .drift/pack/*.pack | wc -l)" = 1 &&
	test "$(ls .drift/pack/*.idx | wc -l)" = 1 &&
	test "$(ls .drift/journal-* | wc -l)" = 1
'

test_expect_success 'no answer changes by it' 'same_answers'

test_expect_success 'the store says that it has packs' '
	test_grep "drift store 2" .drift/current
'

test_expect_success 'a second run has nothing to do and writes nothing' '
	find .drift -newer .drift/current -type f >newer &&
	ls -lR --full-time .drift/pack .drift/current .drift/journal-* >files &&
	drift gc >out &&
	echo "nothing to do" >expect &&
	test_cmp expect out &&
	ls -lR --full-time .drift/pack .drift/current .drift/journal-* >now &&
	test_cmp files now
'

test_expect_success 'without cache and without the index of the pack the answers are the same' '
	rm -rf .drift/cache .drift/pack/*.idx &&
	same_answers &&
	drift log --no-cache --json >out &&
	drift log --json >expect &&
	test_cmp expect out
'

test_expect_success 'ids and their beginnings are found' '
	drift rev-list HEAD >ids &&
	while read -r id; do
		test "$(drift rev-parse "$(echo "$id" | cut -c 1-12)")" = "$id" &&
		drift cat-file -e "$id" || return 1
	done <ids &&
	tree=$(drift rev-parse "HEAD~2^{tree}") &&
	drift ls-tree "$tree" >out &&
	test -s out
'

test_expect_success 'journal and pack together' '
	drift put users/1 -j "{\"n\":1,\"name\":\"again\"}" -q -m "over a pack" &&
	drift put notes/large huge -q -m "large again" &&
	drift rm users/2 -q -m "no 2" &&
	test "$(drift get users/1 --at HEAD~3)" = "{\"n\":1,\"name\":\"user 1\"}" &&
	drift history users/1 --json >out &&
	test "$(wc -l <out)" = 2 &&
	answers >was
'

test_expect_success 'what is new becomes a small pack beside the large one' '
	drift gc -q &&
	test "$(ls .drift/pack/*.pack | wc -l)" = 2 &&
	same_answers
'

test_expect_success 'small packs are merged' '
	for i in 1 2 3 4 5 6 7 8; do
		for j in 1 2 3 4 5 6 7 8 9; do
			drift put users/$j -j "$i$j" -q || return 1
		done &&
		drift commit -q -m "round $i" &&
		drift gc -q || return 1
	done &&
	test "$(ls .drift/pack/*.pack | wc -l)" = 2 &&
	answers >was &&
	drift compact -q &&
	test "$(ls .drift/pack/*.pack | wc -l)" = 1 &&
	same_answers
'

test_expect_success 'as does a full one, and compact' '
	drift put users/12 -j 12 -q -m twelve &&
	answers >was &&
	drift gc --full -q &&
	same_answers &&
	drift put users/13 -j 13 -q -m thirteen &&
	answers >was &&
	drift compact -q &&
	test "$(ls .drift/pack/*.pack | wc -l)" = 1 &&
	same_answers
'

# But for the index, by which processes tell each other whose turn it is.
test_expect_success 'a second full one has nothing to do and writes nothing' '
	drift gc --full -q &&
	find .drift -path .drift/cache/index -o -type f -printf "%p %s %T@\n" >files &&
	echo "nothing to do" >expect &&
	drift gc --full >out &&
	test_cmp expect out &&
	drift gc >out &&
	test_cmp expect out &&
	drift gc --full --json >out &&
	test_grep "\"ran\":false" out &&
	find .drift -path .drift/cache/index -o -type f -printf "%p %s %T@\n" >now &&
	test_cmp files now
'

test_expect_success 'without the note all is packed once more' '
	rm -r .drift/cache &&
	drift gc --full >out &&
	test_grep "before, .* after" out &&
	same_answers &&
	drift gc --full >out &&
	test_grep "nothing to do" out
'

test_expect_success 'undo reaches back over a pack' '
	drift put users/14 -j 14 -q -m fourteen &&
	drift gc -q &&
	drift undo -q &&
	test_expect_code 1 drift get users/14 &&
	drift undo -q
'

test_expect_success '--json' '
	drift put users/15 -j 15 -q -m fifteen &&
	drift gc --json >out &&
	test_grep "\"ran\":true" out &&
	test_grep "\"removed\":0" out &&
	drift gc --json >out &&
	test_grep "\"ran\":false" out
'

test_expect_success '--auto with nothing sealed does nothing, silently with -q' '
	drift put users/16 -j 16 -q -m sixteen &&
	drift gc --auto -q >out 2>err &&
	test_must_be_empty out &&
	test_must_be_empty err &&
	test "$(ls .drift/journal-* | wc -l)" = 1
'

test_expect_success '--progress draws' '
	drift gc --progress >out 2>err &&
	test_grep "packing" err
'

test_expect_success 'wrong usage' '
	test_expect_code 129 drift gc --auto --full &&
	test_expect_code 129 drift gc --prune=whenever &&
	test_expect_code 129 drift gc users
'

test_expect_success 'a young object that nothing needs stays' '
	drift put secret/1 -j "\"nobody may know\"" -q -m secret &&
	secret=$(drift rev-parse HEAD) &&
	drift undo -q &&
	drift gc -q &&
	drift cat-file -e "$secret"
'

test_expect_success 'the log of refs keeps what they held' '
	drift config gc.reflogExpire never &&
	drift gc --prune=now -q &&
	drift cat-file -e "$secret" &&
	test "$(drift get secret/1 --at "$secret")" = "\"nobody may know\""
'

test_expect_success 'what nothing needs is gone with --prune=now' '
	drift config gc.reflogExpire now &&
	drift gc --prune=now -n >out &&
	test_grep "would be removed" out &&
	drift log --json >was &&
	drift gc --prune=now >out &&
	test_grep "that nothing needs removed" out &&
	test_expect_code 1 drift cat-file -e "$secret" &&
	test_expect_code 1 drift get secret/1 --at "$secret" &&
	drift log --json >now &&
	test_cmp was now
'

test_expect_success 'history and the log of refs lead past what is gone' '
	drift reflog >out &&
	test_grep "commit: secret" out &&
	drift put secret/1 -j 2 -q -m "not secret" &&
	drift history secret/1 >out &&
	test_grep "not secret" out &&
	test_grep ! "commit: secret" out &&
	drift gc -q --prune=now &&
	drift history secret/1 >now &&
	test_cmp out now
'

test_expect_success 'a further --prune=now has nothing to do' '
	drift gc --prune=now >out &&
	echo "nothing to do" >expect &&
	test_cmp expect out
'

test_expect_success 'what a killed run left is removed' '
	zeros=0000000000000000000000000000000000000000000000000000000000000000 &&
	touch .drift/current.tmp-0123456789ab .drift/pack/tmp-pack-abcdef .drift/pack/pack-$zeros.pack .drift/pack/pack-$zeros.idx &&
	drift gc -q &&
	test_path_is_missing .drift/current.tmp-0123456789ab &&
	test_path_is_missing .drift/pack/tmp-pack-abcdef &&
	test_path_is_missing .drift/pack/pack-$zeros.pack &&
	test_path_is_missing .drift/pack/pack-$zeros.idx
'

test_expect_success 'what cannot be removed is named and keeps gc from nothing; the next one tries again' '
	drift init -q stuck &&
	drift -C stuck put a/1 -j 1 -q -m one &&
	drift -C stuck gc -q &&
	mkdir stuck/.drift/journal-000001 &&
	drift -C stuck put a/2 -j 2 -q -m two &&
	drift -C stuck gc -q 2>err &&
	test_grep "warning: .*journal-000001.*the next gc tries again" err &&
	ls stuck/.drift/pack/pack-*.pack >packs &&
	test_line_count = 1 packs &&
	test_path_is_missing stuck/.drift/journal-000002 &&
	mkdir stuck/.drift/pack/tmp-0 &&
	drift -C stuck gc 2>err >out &&
	test_grep "nothing to do" out &&
	test_grep warning err &&
	drift -C stuck fsck -q &&
	rmdir stuck/.drift/journal-000001 stuck/.drift/pack/tmp-0 &&
	drift -C stuck gc -q 2>err &&
	test_must_be_empty err &&
	drift -C stuck put a/3 -j 3 -q -m three &&
	touch stuck/.drift/journal-000001 &&
	drift -C stuck gc -q 2>err &&
	test_must_be_empty err &&
	test_path_is_missing stuck/.drift/journal-000001
'

test_expect_success 'a stage that gc removed is not taken back' '
	drift init -q staged &&
	drift -C staged config gc.reflogExpire now &&
	drift -C staged put a/1 -j 1 &&
	drift -C staged put a/2 -j 2 &&
	drift -C staged gc --prune=now &&
	test_must_fail drift -C staged undo 2>err &&
	test_grep "cannot be set" err &&
	drift -C staged fsck -q &&
	drift -C staged commit -m both &&
	test "$(drift -C staged get a/1)" = 1
'

test_done
