#!/bin/sh

test_description='diff-tree'
. "$(dirname "$0")/lib.sh"

test_expect_success 'set up' '
	drift init -q &&
	drift put a/1 -j 1 && drift put b/1 -j 1 && drift put top -j 1 && drift commit -m one -q &&
	drift put a/1 -j 2 && drift put c/1 -j 1 && drift rm b/1 && drift put top -j 2 && drift commit -m two -q &&
	zero=0000000000000000000000000000000000000000000000000000000000000000 &&
	one=$(printf 1 | drift hash-object --stdin) && two=$(printf 2 | drift hash-object --stdin)
'

test_expect_success '-r: documents, raw' '
	drift diff-tree -r HEAD~1 HEAD >out &&
	{
		printf ":100644 100644 %s %s M\ttop\n" "$one" "$two" &&
		printf ":100644 100644 %s %s M\ta/1\n" "$one" "$two" &&
		printf ":100644 000000 %s %s D\tb/1\n" "$one" "$zero" &&
		printf ":000000 100644 %s %s A\tc/1\n" "$zero" "$one"
	} >expect &&
	test_cmp expect out
'

test_expect_success 'without -r: collections, and what is in none' '
	drift diff-tree --name-status HEAD~1 HEAD >out &&
	printf "M\ttop\nM\ta\nD\tb\nA\tc\n" >expect && test_cmp expect out &&
	drift diff-tree HEAD~1 HEAD >out &&
	test_grep "^:040000 000000 [0-9a-f]* $zero D	b$" out
'

test_expect_success 'a commit alone: against its first parent, or nothing' '
	drift diff-tree -r HEAD~1 HEAD >expect && drift diff-tree -r HEAD >out && test_cmp expect out &&
	drift diff-tree -r --name-status HEAD~1 >out && printf "A\ttop\nA\ta/1\nA\tb/1\n" >expect && test_cmp expect out
'

test_expect_success 'trees by their ids' '
	drift diff-tree -r HEAD >expect &&
	drift diff-tree -r "$(drift rev-parse HEAD~1^{tree})" HEAD: >out && test_cmp expect out
'

test_expect_success 'paths' '
	drift diff-tree -r --name-only HEAD -- a/ c/1 >out && printf "a/1\nc/1\n" >expect && test_cmp expect out &&
	drift diff-tree --name-only HEAD~1 HEAD a/1 >out && echo a >expect && test_cmp expect out
'

test_expect_success '-z, --json, --stat, -p' '
	drift diff-tree -r -z --name-status HEAD -- a | tr "\0" "|" >out && printf "M|a/1|" >expect && test_cmp expect out &&
	drift diff-tree -r --json HEAD -- c >out &&
	printf "{\"change\":\"add\",\"new_id\":\"%s\",\"path\":\"c/1\",\"type\":\"document\"}\n" "$one" >expect &&
	test_cmp expect out &&
	drift diff-tree --stat HEAD >out && test_grep "4 documents changed" out &&
	drift diff-tree -p HEAD -- a >out && test_grep "1 -> 2" out
'

test_expect_success 'exit codes' '
	drift diff-tree HEAD HEAD >out && test_must_be_empty out &&
	drift diff-tree --exit-code HEAD HEAD &&
	test_expect_code 1 drift diff-tree --exit-code HEAD >out && test_line_count = 4 out &&
	test_expect_code 1 drift diff-tree --quiet HEAD~1 HEAD >out && test_must_be_empty out &&
	test_expect_code 129 drift diff-tree &&
	test_expect_code 129 drift diff-tree --stat --raw HEAD &&
	test_expect_code 1 drift diff-tree no-such
'

test_done
