#!/bin/sh

test_description='hash-object: ids, and what -w stores'
. "$(dirname "$0")/lib.sh"

git init -q --object-format=sha256 git >/dev/null 2>&1 && test_set_prereq GIT_SHA256

test_expect_success 'the id of bytes, without a repository' '
	printf hello >hello &&
	drift hash-object hello >id &&
	drift hash-object --stdin <hello >again &&
	test_cmp id again &&
	printf "blob 5\0hello" | sha256sum | cut -d" " -f1 >expect &&
	test_cmp expect id
'

test_expect_success GIT_SHA256 'it is what git computes' '
	: >empty &&
	printf "a\000b\n" >binary &&
	head -c 3000000 /dev/zero >big &&
	for file in empty binary big hello; do
		git -C git hash-object "$PWD/$file" >expect &&
		drift hash-object $file >id && test_cmp expect id || return 1
	done
'

test_expect_success 'several files, and their names on standard input' '
	printf one >one && printf two >two &&
	drift hash-object one two >expect &&
	test_line_count = 2 expect &&
	printf "one\ntwo\n" | drift hash-object --stdin-paths >out &&
	test_cmp expect out &&
	printf "one\0two\0" | drift hash-object --stdin-paths -z >out &&
	test_cmp expect out
'

test_expect_success 'without -w nothing is stored' '
	drift init -q repo &&
	id=$(drift hash-object one) &&
	test_expect_code 1 drift -C repo cat-file -e "$id"
'

test_expect_success '-w stores blobs of any length' '
	(
		cd repo &&
		for file in one big; do
			id=$(drift hash-object -w ../$file) &&
			drift cat-file blob "$id" >out &&
			test_cmp_bin ../$file out || exit 1
		done
	)
'

test_expect_success 'commits and trees are checked' '
	(
		cd repo &&
		drift put a/b -j 1 -m one -q >head &&
		drift cat-file commit HEAD >commit &&
		drift hash-object -t commit commit >out &&
		test_cmp head out &&
		drift cat-file tree HEAD >tree &&
		drift rev-parse HEAD^{tree} >expect &&
		drift hash-object -t tree tree >out &&
		test_cmp expect out &&
		for type in commit tree tag; do
			test_expect_code 128 drift hash-object -t $type ../hello 2>err || exit 1
		done
	)
'

test_expect_success '-w stores a commit whose parents are there and whose numbers are right' '
	(
		cd repo &&
		sed "s/^author.*/author B 1 +0000/" commit >other &&
		id=$(drift hash-object -w -t commit other) &&
		drift cat-file commit "$id" >out &&
		test_cmp_bin other out &&
		sed "s/^seq 1/seq 2/" commit >wrong &&
		test_expect_code 128 drift hash-object -w -t commit wrong 2>err &&
		test_grep "does not follow" err &&
		sed "s/^tree ..../tree 0000/" commit >lost &&
		test_expect_code 128 drift hash-object -w -t commit lost 2>err &&
		test_grep "not in the store" err
	)
'

test_expect_success 'trees are not written node by node' '
	(
		cd repo &&
		test_expect_code 128 drift hash-object -w -t tree tree 2>err &&
		test_grep "mktree" err
	)
'

test_expect_success '-w stores a tag of what is there' '
	(
		cd repo &&
		printf "object %s\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\nfirst\n" "$(cat head)" >tag &&
		id=$(drift hash-object -w -t tag tag) &&
		drift cat-file -p "$id" >out &&
		test_cmp_bin tag out &&
		drift update-ref refs/tags/v1 "$id" &&
		drift rev-parse v1^{commit} >out &&
		test_cmp head out
	)
'

test_expect_success 'wrong usage and what cannot be read' '
	test_expect_code 129 drift hash-object &&
	test_expect_code 129 drift hash-object -t nonsense one &&
	test_expect_code 129 drift hash-object --stdin-paths one &&
	test_expect_code 128 drift hash-object no-such-file 2>err &&
	test_grep "no-such-file" err
'

test_done
