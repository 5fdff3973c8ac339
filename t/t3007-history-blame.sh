#!/bin/sh

test_description='drift history and blame'
. "$(dirname "$0")/lib.sh"

test_expect_success 'setup: insert, patch, delete, among others' '
	drift init -q &&
	drift put u/1 -j "{\"n\":1,\"m\":1}" -m insert -q && drift put u/2 -j 1 -m other -q && test_tick &&
	drift patch u/1 -j "{\"n\":2}" -m patch --author Bob -q && drift put u/3 -j 1 -m other -q && drift rm u/1 -m delete -q
'

test_expect_success 'three events, newest first, listed after the delete' '
	drift history u/1 >out && test_line_count = 3 out &&
	sed "s/^[0-9a-f]* seq \([0-9]*\) .* \(add\|modify\|delete\) .*: /\1 \2 /" out >short &&
	printf "5 delete delete\n3 modify patch\n1 add insert\n" >expect && test_cmp expect short &&
	drift history u/1 -n 1 >out && test_line_count = 1 out
'

test_expect_success 'with number, time, kind and payload' '
	drift history u/1 --json >out && test_line_count = 3 out &&
	sed -n 2p out >line && test_grep "\"change\":\"modify\"" line && test_grep "\"seq\":3" line &&
	test_grep "\"time\":\"2025-01-01T00:01:00Z\"" line && test_grep "\"json\":{\"m\":1,\"n\":2}" line &&
	test_grep "\"author\":\"Bob\"" line && sed -n 1p out >line && test_grep ! "\"json\"" line
'

test_expect_success 'with what changed, up to a point' '
	drift history -p u/1 --at HEAD~1 >out && test_line_count = 4 out && test_grep "^~ /n: 1 -> 2" out
'

test_expect_success 'what never was' '
	test_expect_code 1 drift history u/9 2>err && test_grep "u/9" err && test_expect_code 129 drift history
'

test_expect_success 'blame by field' '
	drift blame u/1 --at HEAD~1 >out && test_line_count = 2 out &&
	test_grep "(A U Thor .*, insert) /m: 1" out && test_grep "(Bob .*, patch) /n: 2" out &&
	drift blame u/1 --at HEAD~1 --json >out && test_grep "\"author\":\"Bob\".*\"pointer\":\"/n\"" out &&
	test_expect_code 1 drift blame u/1 && test_expect_code 1 drift blame u/9
'

test_expect_success 'blame by line' '
	printf "one\ntwo\n" | drift put t/1 - -m t1 -q && printf "zero\none\ntwo\n" | drift put t/1 - -m t2 -q &&
	drift blame t/1 >out && sed "s/.*, \(t[12]\)) /\1 /" out >short &&
	printf "t2 1: zero\nt1 2: one\nt1 3: two\n" >expect && test_cmp expect short
'

test_done
