#!/bin/sh

test_description='ls-tree and mktree'
. "$(dirname "$0")/lib.sh"

test_expect_success 'set up' '
	drift init -q &&
	drift collection create people &&
	drift put people/2 -j 2 && drift put people/10 -j 10 && drift put people/a/b -j "{}" &&
	drift put a-top -j 1 && drift put zoo/x -j 3 &&
	head -c 2000 /dev/zero >large && drift put zoo/large large &&
	drift commit -m first -q &&
	tree=$(drift rev-parse HEAD^{tree}) &&
	id() { printf "%s" "$1" | drift hash-object --stdin; }
'

test_expect_success 'collections, and the documents that are in none' '
	drift ls-tree HEAD >out &&
	cut -f2 out >names && printf "a-top\n.drift\npeople\nzoo\n" >expect && test_cmp expect names &&
	head -n 1 out >line && printf "100644 blob %s\ta-top\n" "$(id 1)" >expect && test_cmp expect line &&
	sed 1d out | cut -d" " -f1,2 | sort -u >types && echo "040000 tree" >expect && test_cmp expect types
'

test_expect_success '-r: all documents, in order of collection and key' '
	drift ls-tree -r --name-only HEAD >out &&
	printf "a-top\n.drift/schema/people\npeople/10\npeople/2\npeople/a/b\nzoo/large\nzoo/x\n" >expect &&
	test_cmp expect out
'

test_expect_success '-l: sizes' '
	drift ls-tree -l HEAD a-top >out &&
	printf "100644 blob %s       1\ta-top\n" "$(id 1)" >expect &&
	test_cmp expect out &&
	drift ls-tree -r -l HEAD zoo/ | cut -c78-84 >out &&
	printf "   2000\n      1\n" | sed "s/^/ /" | cut -c2- >expect &&
	test_cmp expect out &&
	drift ls-tree -l HEAD zoo >out &&
	test_grep "       -	zoo$" out
'

test_expect_success 'prefixes' '
	drift ls-tree --name-only HEAD people/ >out &&
	printf "people/10\npeople/2\npeople/a/b\n" >expect && test_cmp expect out &&
	drift ls-tree --name-only HEAD people/a/ >out && echo people/a/b >expect && test_cmp expect out &&
	drift ls-tree --name-only HEAD people/2 >out && echo people/2 >expect && test_cmp expect out &&
	drift ls-tree --name-only HEAD people >out && echo people >expect && test_cmp expect out &&
	drift ls-tree -r --name-only HEAD zoo >out && printf "zoo/large\nzoo/x\n" >expect && test_cmp expect out &&
	drift ls-tree HEAD nothing >out && test_must_be_empty out
'

test_expect_success 'a collection by its id' '
	people=$(drift ls-tree HEAD people | cut -d" " -f3 | cut -f1) &&
	drift ls-tree --name-only "$people" >out &&
	printf "10\n2\na/b\n" >expect && test_cmp expect out
'

test_expect_success '--json and -z' '
	drift ls-tree --json -l HEAD a-top >out &&
	printf "{\"id\":\"%s\",\"mode\":\"100644\",\"path\":\"a-top\",\"size\":1,\"type\":\"blob\"}\n" "$(id 1)" >expect &&
	test_cmp expect out &&
	drift ls-tree -z -r --name-only HEAD zoo | tr "\0" "|" >out &&
	printf "zoo/large|zoo/x|" >expect && test_cmp expect out
'

test_expect_success 'mktree is the way back, from both forms' '
	echo "$tree" >expect &&
	drift ls-tree -r HEAD | drift mktree >out && test_cmp expect out &&
	drift ls-tree HEAD | drift mktree >out && test_cmp expect out &&
	drift ls-tree -r -l HEAD | drift mktree >out && test_cmp expect out &&
	drift ls-tree -r -z HEAD | drift mktree -z >out && test_cmp expect out &&
	drift ls-tree -r HEAD | sort -k 3 | drift mktree >out && test_cmp expect out
'

test_expect_success 'paths that break lines' '
	path=$(printf "odd/a\tb\nc\"d") &&
	drift put "$path" -j 5 -m odd -q &&
	drift ls-tree -r HEAD odd/ >out &&
	test_grep "odd/a.tb.nc.\"d\"" out &&
	drift rev-parse HEAD^{tree} >expect &&
	drift ls-tree -r HEAD | drift mktree >out && test_cmp expect out &&
	drift ls-tree -z -r HEAD | drift mktree -z >out && test_cmp expect out
'

test_expect_success 'modes and gitlinks' '
	{
		printf "100755 blob %s\tsrc/run\n" "$(id 1)" &&
		printf "120000 blob %s\tsrc/link\n" "$(id 1)" &&
		printf "160000 commit 0123456789abcdef0123456789abcdef01234567\tsrc/module\n"
	} >lines &&
	made=$(drift mktree <lines) &&
	drift ls-tree -r "$made" | sort >out && sort lines >expect && test_cmp expect out &&
	drift ls-tree -r "$made" | drift mktree >out && echo "$made" >expect && test_cmp expect out
'

test_expect_success 'no lines are the empty tree' '
	empty=$(drift mktree </dev/null) &&
	drift ls-tree "$empty" >out && test_must_be_empty out
'

test_expect_success 'a tree is the same whatever it was made from' '
	drift put people/2 -j 22 -m change -q && drift put people/2 -j 2 -m back -q &&
	drift rm "$path" -m away -q &&
	drift rev-parse HEAD^{tree} >out && echo "$tree" >expect && test_cmp expect out
'

test_expect_success 'malformed lines are named' '
	try() {
		printf "$1" >lines &&
		test_expect_code 128 drift mktree <lines 2>err &&
		test_grep "$2" err
	} &&
	one=$(id 1) &&
	try "100644 blob $one a\n" "line 1: there is no tab" &&
	try "blob $one\ta\n" "line 1: it is not" &&
	try "100644 blob 1234\ta\n" "line 1: the id is malformed" &&
	try "100644 tree $one\ta\n" "mode and type" &&
	try "100644 blob $one\ta//b\n" "line 1" &&
	try "100644 blob $one\ta\n100644 blob $one\ta\n" "given twice" &&
	try "040000 tree $people\tp\n100644 blob $one\tp/x\n" "given twice" &&
	try "100644 blob $(id missing)\ta\n" "there is no blob" &&
	try "040000 tree $tree\tp\n" "not that of a collection"
'

test_expect_success 'wrong usage, and what is no tree' '
	test_expect_code 129 drift ls-tree &&
	test_expect_code 129 drift ls-tree HEAD a b &&
	test_expect_code 129 drift mktree HEAD &&
	test_expect_code 128 drift ls-tree HEAD:a-top 2>err && test_grep "is a blob" err &&
	test_expect_code 1 drift ls-tree no-such
'

test_done
