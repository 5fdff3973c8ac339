#!/bin/sh

test_description='cat-file: objects by any name, one by one and in batches'
. "$(dirname "$0")/lib.sh"

test_expect_success 'set up' '
	drift init -q &&
	printf "{\"a\":1}" >small &&
	head -c 5000 /dev/zero | tr "\0" x >large &&
	head -c 2500000 /dev/zero | tr "\0" y >huge &&
	drift put users/1=small files/large=large files/huge=huge &&
	printf hi | drift put readme - &&
	drift commit -m first -q >head &&
	small=$(drift hash-object small) &&
	large=$(drift hash-object large) &&
	tree=$(drift rev-parse HEAD^{tree})
'

test_expect_success 'types' '
	for pair in "HEAD commit" "$tree tree" "$large blob" "$small blob" "HEAD:users/1 blob" "HEAD: tree"; do
		echo "${pair#* }" >expect &&
		drift cat-file -t "${pair% *}" >out &&
		test_cmp expect out || return 1
	done
'

test_expect_success 'documents that stand inline are found by their ids' '
	drift cat-file -p "$small" >out &&
	test_cmp_bin small out &&
	drift cat-file blob "$large" >out &&
	test_cmp_bin large out &&
	drift cat-file -s HEAD:files/huge >out &&
	echo 2500000 >expect &&
	test_cmp expect out
'

test_expect_success 'the beginning of an id will do' '
	drift cat-file -p "$(echo "$small" | cut -c1-12)" >out &&
	test_cmp_bin small out
'

test_expect_success 'older versions, and what is only staged' '
	printf "{\"a\":2}" >newer && printf "{\"a\":3}" >staged &&
	drift put users/1 newer -m second -q &&
	drift put users/1 staged &&
	for file in small newer staged; do
		drift cat-file blob "$(drift hash-object $file)" >out &&
		test_cmp_bin $file out || return 1
	done
'

test_expect_success 'the cache is only a cache' '
	test_path_is_file .drift/cache/blobs &&
	rm .drift/cache/blobs &&
	drift cat-file blob "$small" >out && test_cmp_bin small out &&
	test_path_is_file .drift/cache/blobs &&
	cp .drift/cache/blobs good &&
	for at in 3 20 60 100 200; do
		cp good .drift/cache/blobs &&
		printf "\377" | dd of=.drift/cache/blobs bs=1 seek=$at conv=notrunc 2>/dev/null &&
		drift cat-file blob "$small" >out && test_cmp_bin small out || return 1
	done &&
	head -c 100 good >.drift/cache/blobs &&
	drift cat-file blob "$small" >out && test_cmp_bin small out &&
	rm .drift/cache/blobs &&
	drift cat-file --no-cache blob "$small" >out && test_cmp_bin small out &&
	test_path_is_missing .drift/cache/blobs
'

test_expect_success 'the cache of another store is not believed' '
	drift init -q other &&
	drift -C other put users/9 -j "{\"z\":1}" -m other -q &&
	cp good other/.drift/cache/blobs &&
	id=$(printf "{\"z\":1}" | drift hash-object --stdin) &&
	drift -C other cat-file -p "$id" >out &&
	printf "{\"z\":1}" >expect && test_cmp_bin expect out &&
	test_expect_code 1 drift -C other cat-file -e "$small"
'

test_expect_success 'a commit is its text, a tree as ls-tree has it' '
	drift cat-file -p "$(cat head)" >out &&
	test_grep "^tree $tree$" out &&
	test_grep "^seq 1$" out &&
	drift cat-file -p "$tree" >out &&
	drift ls-tree "$tree" >expect &&
	test_cmp expect out
'

test_expect_success 'collections and nodes are trees' '
	id=$(drift ls-tree "$tree" users | cut -d" " -f3 | cut -f1) &&
	drift cat-file -t "$id" >out && echo tree >expect && test_cmp expect out &&
	drift cat-file -p "$id" >out &&
	printf "100644 blob %s\t1\n" "$small" >expect &&
	test_cmp expect out &&
	drift cat-file tree "$id" >bytes &&
	echo "$id" >expect &&
	drift hash-object -t tree bytes >out &&
	test_cmp expect out
'

test_expect_success 'TYPE OBJECT leads through commits' '
	drift cat-file tree HEAD >bytes &&
	drift rev-parse HEAD^{tree} >expect &&
	drift hash-object -t tree bytes >out &&
	test_cmp expect out &&
	test_expect_code 128 drift cat-file tag HEAD 2>err &&
	test_grep "it is a commit, not a tag" err
'

test_expect_success '-e answers by its exit code' '
	drift cat-file -e HEAD >out 2>&1 &&
	test_must_be_empty out &&
	test_expect_code 1 drift cat-file -e "$(echo "$small" | tr 0-9a-f 1-9a-f0)" >out 2>&1 &&
	test_must_be_empty out &&
	test_expect_code 1 drift cat-file -e HEAD:no/such
'

test_expect_success '--batch-check' '
	printf "%s\nno-such\nHEAD:users/1\n%s\n" "$small" "$large" | drift cat-file --batch-check >out &&
	newer=$(drift hash-object newer) &&
	printf "%s blob 7\nno-such missing\n%s blob 7\n%s blob 5000\n" "$small" "$newer" "$large" >expect &&
	test_cmp expect out &&
	printf "HEAD:users/1\0no-such\0" | drift cat-file --batch-check -z >out &&
	printf "%s blob 7\nno-such missing\n" "$newer" >expect &&
	test_cmp expect out
'

test_expect_success '--batch' '
	printf "%s\n" "$small" | drift cat-file --batch >out &&
	printf "%s blob 7\n{\"a\":1}\n" "$small" >expect &&
	test_cmp_bin expect out
'

test_expect_success 'formats' '
	printf "%s the rest\n" "$small" | drift cat-file --batch-check="%(objecttype) %(objectsize) %(rest)" >out &&
	echo "blob 7 the rest" >expect &&
	test_cmp expect out &&
	test_expect_code 129 drift cat-file --batch-check="%(nonsense)" </dev/null
'

test_expect_success 'an answer comes before the next question' '
	mkfifo in out_pipe &&
	{ drift cat-file --batch-check <in >out_pipe & } &&
	exec 8>in 9<out_pipe &&
	echo HEAD >&8 && read -r answer <&9 &&
	echo "$small" >&8 && read -r second <&9 &&
	exec 8>&- 9<&- &&
	wait $! &&
	test "$second" = "$small blob 7"
'

test_expect_success 'wrong usage' '
	test_expect_code 129 drift cat-file &&
	test_expect_code 129 drift cat-file HEAD &&
	test_expect_code 129 drift cat-file -t -s HEAD &&
	test_expect_code 129 drift cat-file -t HEAD HEAD &&
	test_expect_code 129 drift cat-file --batch HEAD &&
	test_expect_code 129 drift cat-file nonsense HEAD &&
	test_expect_code 1 drift cat-file -p no-such
'

test_done
