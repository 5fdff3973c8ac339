#!/bin/sh

test_description='drift repair and doctor: what can be mended is, the rest is named, nothing gets worse'
. "$(dirname "$0")/lib.sh"

# Write the octal bytes $3 over FILE of a copy at OFFSET; what is derived is not there.
spoil() {
	rm -rf bad && cp -r good bad && rm -rf bad/.drift/cache &&
		printf %b "$3" | dd of="bad/.drift/$1" bs=1 seek="$2" conv=notrunc 2>dd.err
}

# All of a copy, names and contents.
sums() {
	find bad | sort && find bad -type f | sort | xargs sha256sum
}

place_of() {
	grep -abo "$1" good/.drift/journal-000001 | head -n 1 | cut -d : -f 1
}

test_expect_success 'setup' '
	drift init -q good && cd good &&
	for i in 1 2 3 4 5 6 7 8 9; do drift put c/$i -j "{\"n\":$i}" -m "put $i" -q || return 1; done &&
	{ head -c 1000 /dev/urandom && printf "seek and find" && head -c 1000 /dev/urandom; } >plain &&
	drift put d/plain plain -m "put plain" -q && drift put c/3 -j "\"three again\"" -m "change 3" -q
'

test_expect_success 'nothing to do' '
	drift -C good repair >out && test_grep "^there is nothing to mend$" out && test_path_is_missing good/.drift/lost &&
	drift -C good repair -q >out && test_must_be_empty out && drift doctor -d good >out && test_grep "all is sound" out
'

test_expect_success 'a live journal that is not there: an empty one takes its place, and refs go back' '
	rm -rf torn && drift init -q torn && drift -C torn put c/1 -j 1 -m one -q && drift -C torn branch side && drift -C torn gc -q &&
	drift -C torn show-ref >refs && drift -C torn put c/1 -j 2 -m two -q && drift -C torn branch late &&
	rm torn/.drift/journal-000002 && cp -r torn torn-before &&
	test_expect_code 1 timeout 20 drift -C torn repair -n >out 2>err &&
	test_grep "^would begin a new journal, empty, in place of journal-000002, which is missing" out &&
	test_grep "refs go back" out && diff -r torn-before torn &&
	cp -r torn torn-quiet && test_expect_code 1 drift -C torn-quiet repair -q >out && test_line_count = 2 out &&
	test_expect_code 1 drift -C torn repair >out && test_grep "^begin a new journal" out &&
	for name in main side; do
		id=$(awk -v name=refs/heads/$name "{ for (i = 1; i <= NF; i++) if (\$i == name) print \$1 }" refs) &&
		test_grep "^refs/heads/$name is $id now, the newest value of it that is known" out || return 1
	done &&
	test_grep ! late out && test_grep "^1 mended, 2 lost" out && cmp torn-before/.drift/current torn/.drift/lost/current &&
	drift -C torn show-ref >now && test_cmp refs now && test "$(drift -C torn get c/1)" = 1 && drift -C torn fsck -q &&
	drift -C torn repair >out && test_grep "^there is nothing to mend" out
'

test_expect_success 'a store goes on with the journal that took the place of a missing one' '
	test_path_is_file torn/.drift/journal-000003 && drift -C torn put c/2 -j 3 -m three -q && drift -C torn log --oneline >out &&
	test_line_count = 2 out && drift -C torn gc -q && drift -C torn fsck -q && test "$(drift -C torn get c/2)" = 3 &&
	test_path_is_missing torn/.drift/journal-000002
'

test_expect_success 'a changed byte: doctor says what would be done, and does nothing' '
	spoil journal-000001 "$(place_of "and find")" X && cp -r bad before &&
	test_expect_code 1 drift -C bad doctor >out 2>err && test_grep "^lost: journal-000001" out &&
	test_grep "^would restore the byte at offset $(place_of "and find") of journal-000001" out &&
	test_expect_code 1 drift -C bad repair --dry-run >out 2>err && test_grep "^would restore" out &&
	cmp before/.drift/journal-000001 bad/.drift/journal-000001 && test_path_is_missing bad/.drift/lost
'

test_expect_success 'a changed byte is restored, the damaged file kept' '
	drift -C bad repair >out 2>err && test_grep "^restore the byte at offset" out && test_grep "^1 mended, 0 lost$" out &&
	cmp good/.drift/journal-000001 bad/.drift/journal-000001 &&
	cmp before/.drift/journal-000001 bad/.drift/lost/journal-000001 &&
	drift -C bad fsck >out 2>err && test_grep "all is sound" out && test_must_be_empty err &&
	drift -C bad get d/plain | cmp - good/plain && drift -C bad repair >out && test_grep "nothing to mend" out
'

test_expect_success 'what only looks changes nothing, indexes included' '
	for spot in "journal-000001 $(place_of "and find")" "journal-000001 3" "current 20"; do
		for cache in kept removed; do
			spoil $spot X && { test $cache = removed || cp -r good/.drift/cache bad/.drift; } && sums >before.sums &&
			test_expect_code 1 drift -C bad repair --dry-run >out 2>err && sums >after.sums && test_cmp before.sums after.sums &&
			test_expect_code 1 drift -C bad doctor >out 2>err && sums >after.sums && test_cmp before.sums after.sums || return 1
		done
	done &&
	rm -rf bad && cp -r good bad && rm bad/.drift/cache/* && sums >before.sums &&
	drift -C bad repair -n >out && drift -C bad doctor >out && sums >after.sums && test_cmp before.sums after.sums
'

test_expect_success 'two frames, --json' '
	spoil journal-000001 "$(place_of "put 4")" X &&
	printf Y | dd of=bad/.drift/journal-000001 bs=1 seek="$(place_of "put 7")" conv=notrunc 2>dd.err &&
	drift -C bad repair --json >out 2>err && test_grep "\"action\":\"restore\"" out && test_grep "\"mended\":2" out &&
	cmp good/.drift/journal-000001 bad/.drift/journal-000001
'

test_expect_success 'what cannot be mended is named and everything else works' '
	id=$(drift -C good rev-parse HEAD) && spoil journal-000001 "$(place_of "seek and find")" "LOST FOR EVER" &&
	cp bad/.drift/journal-000001 before.journal &&
	test_expect_code 1 drift -C bad repair >out 2>err && test_grep "^lost: journal-000001" out &&
	test_grep "^    document d/plain$" out && test_grep "^    commit $id$" out && test_grep "^0 mended, [1-9]" out &&
	cmp before.journal bad/.drift/journal-000001 && test_path_is_missing bad/.drift/lost &&
	test "$(drift -C bad get c/3 2>err)" = "\"three again\"" && test "$(drift -C bad get c/9 2>err)" = "{\"n\":9}" &&
	drift -C bad put c/new -j 1 -m "go on" -q >out 2>err && test "$(drift -C bad get c/new 2>err)" = 1
'

test_expect_success 'who has the document elsewhere stores it again, and all commits have it' '
	test_must_fail drift -C bad get d/plain 2>err && drift -C bad hash-object -w "$TRASH/good/plain" >out 2>err &&
	drift -C bad get d/plain 2>err | cmp - good/plain && drift -C bad get d/plain --at HEAD~2 2>err | cmp - good/plain &&
	test_expect_code 1 drift -C bad fsck >out 2>err && test_grep ! "^lost" out && test_grep "^damaged: journal-000001" out
'

test_expect_success 'a damaged index is removed' '
	rm -rf bad && cp -r good bad && drift -C bad cat-file -t "$(drift -C bad get --stat c/4 --json | sed "s/.*\"id\":\"\([0-9a-f]*\)\".*/\1/")" >out &&
	printf zzzz | dd of=bad/.drift/cache/blobs bs=1 seek=80 conv=notrunc 2>dd.err &&
	test_expect_code 1 drift -C bad repair -n >out && test_grep "^would remove cache/blobs" out && test_path_is_file bad/.drift/cache/blobs &&
	drift -C bad repair >out && test_grep "^remove cache/blobs" out && test_path_is_missing bad/.drift/cache/blobs &&
	drift -C bad fsck >out && test_grep ! note out
'

test_expect_success 'what stands a second time in the store is read there' '
	drift init -q twice && cd twice && drift put t/zero -j 0 -m zero -q && drift put t/x -j "\"first of two\"" -m one -q && drift rm -r t/ -m gone -q && drift put t/zero -j 0 -m zero -q &&
	drift put t/x -j "\"first of two\"" -m again -q && rm -rf .drift/cache/index &&
	at=$(grep -abo "first of two" .drift/journal-000001 | head -n 1 | cut -d : -f 1) &&
	printf "LOST !" | dd of=.drift/journal-000001 bs=1 seek="$at" conv=notrunc 2>dd.err &&
	test "$(drift get t/x --at HEAD~3 2>err)" = "\"first of two\"" && test "$(drift get t/x 2>err)" = "\"first of two\"" &&
	test_expect_code 1 drift fsck >out 2>err && test_grep ! "^lost" out && test_grep "0 lost, 1 damaged" out
'

test_expect_success 'a document stored again takes the place of the damaged one, once the index is made anew' '
	rm -rf bad && cp -r good bad && drift -C bad get c/1 >out &&
	at=$(grep -abo "seek and find" bad/.drift/journal-000001 | head -n 1 | cut -d : -f 1) &&
	printf "LOST FOR EVER" | dd of=bad/.drift/journal-000001 bs=1 seek="$at" conv=notrunc 2>dd.err &&
	test_must_fail drift -C bad get d/plain 2>err && drift -C bad hash-object -w "$TRASH/good/plain" >out 2>err &&
	test_expect_code 1 drift -C bad repair >out 2>err && test_grep "^remove cache/index" out && test_grep ! "^lost" out &&
	drift -C bad get d/plain 2>err | cmp - good/plain
'

test_expect_success 'a store that cannot be opened for it' '
	for spot in "journal-000001 3" "journal-000001 30" "current 5" "current 20" "current 40"; do
		set -- $spot && spoil $1 $2 "?" && test_expect_code 128 drift -C bad ls 2>err &&
		drift -C bad repair >out && test_grep "^restore the byte at offset $2 of $1, without which" out &&
		test_grep "^1 mended, 0 lost$" out && cmp good/.drift/$1 bad/.drift/$1 && drift -C bad fsck >out &&
		test_grep "all is sound" out || { echo "$spot" && return 1; }
	done
'

test_expect_success 'packs: what their checksums tell is proven by the hash over all' '
	rm -rf saved && cp -r good saved && drift -C good gc >out && pack=$(cd good/.drift && echo pack/*.pack) &&
	len=$(wc -c <good/.drift/$pack) &&
	for at in 1 20 70 80 200 1500 $((len - 90)) $((len - 40)) $((len - 5)); do
		spoil "$pack" $at "\\377" && cmp -s good/.drift/$pack bad/.drift/$pack && continue
		drift -C bad repair >out 2>err && test_grep "^restore the byte at offset $at of $pack" out &&
		cmp good/.drift/$pack bad/.drift/$pack && drift -C bad fsck >out 2>err && test_grep "all is sound" out ||
			{ echo "at $at" && return 1; }
	done
'

test_expect_success 'packs: two bytes of a block' '
	at=$(grep -abo "and find" "good/.drift/$pack" | head -n 1 | cut -d : -f 1) && spoil "$pack" "$at" "AND FIND" &&
	test_expect_code 1 drift -C bad fsck >out 2>err && test_grep "^lost: pack/pack-" out && test_grep "^    document d/plain$" out &&
	cp "bad/.drift/$pack" before.pack && test_expect_code 1 drift -C bad repair >out 2>err && test_grep "^    document d/plain$" out &&
	cmp before.pack "bad/.drift/$pack" && test "$(drift -C bad get c/9 2>err)" = "{\"n\":9}" &&
	drift -C bad hash-object -w "$TRASH/good/plain" >out 2>err && drift -C bad get d/plain 2>err | cmp - good/plain
'

test_expect_success 'what another repository has is stored again: a document, a commit, its tree' '
	rm -rf good && cp -r saved good && rm -rf good/.drift/lost &&
	for text in "seek and find=LOST FOR EVER" "put plain=LOST PLAI" "put 7=PUT 8"; do
		spoil journal-000001 "$(place_of "${text%=*}")" "${text#*=}" && test_expect_code 1 drift -C bad fsck >out 2>err && test_grep "^lost" out &&
		sums >before.sums && test_expect_code 1 drift -C bad repair -n --from "$TRASH/good" >out && test_grep "^would restore [a-z ]* [0-9a-f]* from the repository in .*good" out &&
		sums >after.sums && test_cmp before.sums after.sums &&
		test_expect_code 1 drift -C bad repair --from "$TRASH/good" >out 2>err && test_grep "^restore .* from the repository in" out && test_path_is_file bad/.drift/restored &&
		test_expect_code 1 drift -C bad fsck >out 2>err && test_grep ! "^lost" out &&
		drift -C bad get d/plain 2>err | cmp - good/plain && test "$(drift -C bad get c/3 2>err)" = "\"three again\"" &&
		drift -C bad log --oneline >log.bad 2>err && drift -C good log --oneline >log.good && test_cmp log.good log.bad || { echo "$text"; return 1; }
	done &&
	test_must_fail drift -C bad repair --from /nowhere >out 2>err && test_grep "nowhere" err
'

test_expect_success 'gc removes nothing while what was stored again is needed' '
	rm -rf kept && drift init -q kept && drift -C kept put a/1 -j 1 -m one -q && head -c 3000 /dev/urandom >stray &&
	id=$(drift -C kept hash-object -w "$TRASH/stray") && echo "by repair" >kept/.drift/restored && drift -C kept gc --prune=now -q &&
	drift -C kept cat-file blob "$id" | cmp - stray && drift -C kept repair -q && test_path_is_missing kept/.drift/restored &&
	drift -C kept gc --prune=now -q && test_must_fail drift -C kept cat-file blob "$id" 2>err
'

test_expect_success 'a list of changes is lost: the trees tell the history' '
	rm -rf listed bad && drift init -q listed && cd listed && for i in 1 2 3; do drift put c/seldom$i -j $i -m "put $i" -q || return 1; done &&
	for i in 4 5; do drift put c/seldom1 -j $i -m "put $i" -q || return 1; done && for i in 1 2 3; do drift history c/seldom$i >history.$i || return 1; done &&
	at=$(grep -abo seldom2 .drift/journal-000001 | sed -n "2s/:.*//p") &&
	printf FORGET | dd of=.drift/journal-000001 bs=1 seek="$at" conv=notrunc 2>dd.err && test_expect_code 1 drift fsck >out 2>err &&
	for cache in kept removed; do
		for i in 1 2 3; do drift history c/seldom$i >out 2>err && test_cmp history.$i out || return 1; done && rm -rf .drift/cache
	done
'

test_expect_success 'a commit is lost: what is known of a history, and why that is not all' '
	cd listed && at=$(grep -abo "put 3" .drift/journal-000001 | head -n 1 | cut -d : -f 1) &&
	printf LOST3 | dd of=.drift/journal-000001 bs=1 seek="$at" conv=notrunc 2>dd.err && rm -rf .drift/cache &&
	test_must_fail drift history c/seldom1 >out 2>err && test_grep "put 5" out && test_grep "the history before this cannot be told" err &&
	test_must_fail drift history c/seldom3 >out 2>err && test_must_be_empty out && test_grep "the history of it cannot be told" err
'

test_expect_success 'isolate: gc goes on, all else is as before, what is lost says so' '
	rm -rf good && cp -r saved good && rm -rf good/.drift/lost && drift -C good log --oneline >log.good && drift -C good history c/3 >history.good &&
	spoil journal-000001 "$(place_of "seek and find")" "LOST FOR EVER" && test_must_fail drift -C bad gc 2>err && test_grep "is damaged from" err && sums >before.sums &&
	test_expect_code 1 drift -C bad repair -n --isolate >out 2>err && test_grep "^would mark as lost" out && sums >after.sums && test_cmp before.sums after.sums &&
	cp bad/.drift/journal-000001 before.journal && test_expect_code 1 drift -C bad repair --isolate >out 2>err && test_grep "^mark as lost" out && test_grep "^1 mended, 1 lost$" out &&
	cmp before.journal bad/.drift/lost/journal-000001 && test_path_is_file bad/.drift/restored &&
	for packed in no yes again; do
		test $packed = no || drift -C bad gc -q --full >out 2>err || return 1
		test_expect_code 1 drift -C bad fsck --full >out 2>err && test_must_be_empty err && test_grep "blob [0-9a-f]* is lost, as repair found" out && test_grep "^    document d/plain$" out && test_grep "1 lost, 0 damaged$" out &&
		test_expect_code 1 drift -C bad get d/plain >out 2>err && test_must_be_empty out && test_grep "is lost, as repair found on 20" err &&
		drift -C bad log --oneline >log.bad && test_cmp log.good log.bad && drift -C bad history c/3 >history.bad && test_cmp history.good history.bad &&
		drift -C bad reflog >out && for i in 1 2 4 5 6 7 8 9; do test "$(drift -C bad get c/$i)" = "{\"n\":$i}" || return 1; done || { echo "packed: $packed"; return 1; }
	done &&
	drift -C bad put d/plain -j 1 -m "put anew" -q && drift -C bad gc -q && test "$(drift -C bad get d/plain)" = 1 && test_expect_code 1 drift -C bad get d/plain --at HEAD~1 2>err &&
	drift -C bad repair --from "$TRASH/good" >out && test_grep "^restore blob" out && drift -C bad gc -q --prune=now && drift -C bad get d/plain --at HEAD~1 | cmp - good/plain && drift -C bad fsck >out && test_path_is_file bad/.drift/restored
'

test_expect_success 'isolate: a commit, what follows its records, a head of a frame, several frames at once' '
	end=$(($(place_of "put plain") + 9)) && 
	for spot in "$(place_of "put 7") LOST7" "$(($(place_of "put 7") + 3)) WXYZ" "$end WXYZ" "$(place_of "put 4") LOST4"; do
		set -- $spot && spoil journal-000001 $1 $2 || return 1
		drift -C bad repair --isolate >out 2>err
		test $? -le 1 && test_grep "^mark as lost" out && drift -C bad gc -q || return 1
		drift -C bad fsck >out 2>err
		test_grep " 0 damaged$\|all is sound$" out && drift -C bad get c/3 >out && test "$(cat out)" = "\"three again\"" && drift -C bad get d/plain | cmp - good/plain &&
		for i in 1 2 4 5 6 7 8 9; do test "$(drift -C bad get c/$i)" = "{\"n\":$i}" || return 1; done && drift -C bad reflog >out && drift -C bad put c/new -j 1 -m "go on" -q && drift -C bad gc -q || { echo "$spot"; return 1; }
	done &&
	spoil journal-000001 "$(place_of "put 7")" LOST7 && printf LOST4 | dd of=bad/.drift/journal-000001 bs=1 seek="$(place_of "put 4")" conv=notrunc 2>dd.err &&
	test_expect_code 1 drift -C bad repair --isolate --json >out 2>err && test_grep "\"action\":\"isolate\"" out && test_grep "\"mended\":2" out && drift -C bad gc -q &&
	drift -C bad repair --from "$TRASH/good" >out 2>err && drift -C bad log --oneline >log.bad && test_cmp log.good log.bad && drift -C bad gc -q && drift -C bad log --oneline >log.bad && test_cmp log.good log.bad
'

test_expect_success 'wrong usage' '
	test_expect_code 129 drift -C good repair now 2>err && test_expect_code 129 drift -C good doctor now 2>err
'

test_done
