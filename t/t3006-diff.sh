#!/bin/sh

test_description='drift diff'
. "$(dirname "$0")/lib.sh"

test_expect_success 'setup' '
	drift init -q && drift put a/1 -j "{\"x\":1}" -m 1 -q && printf "one\ntwo\n" | drift put t/1 - -m 2 -q
'

test_expect_success 'nothing staged, no difference' '
	drift diff >out && test_must_be_empty out && drift diff --exit-code
'

test_expect_success 'staged against HEAD, by field and by line' '
	drift put a/1 -j "{\"x\":2,\"y\":[]}" && printf "one\nzwei\n" | drift put t/1 && drift put a/2 -j 5 &&
	drift diff >out && cat >expect <<-\END &&
	modified a/1
	~ /x: 1 -> 2
	+ /y: []
	added a/2
	+ 5
	modified t/1
	@@ -1,2 +1,2 @@
	 one
	-two
	+zwei
	END
	test_cmp expect out && test_expect_code 1 drift diff --exit-code >out
'

test_expect_success 'limited to paths' '
	drift diff --name-status a/ >out && printf "M\ta/1\nA\ta/2\n" >expect && test_cmp expect out &&
	drift diff --name-only -- t/1 a/2 >out && printf "a/2\nt/1\n" >expect && test_cmp expect out
'

test_expect_success 'between points' '
	drift diff HEAD~1 HEAD --name-status >out && printf "A\tt/1\n" >expect && test_cmp expect out &&
	drift diff HEAD~1..HEAD --name-status >out && test_cmp expect out &&
	drift diff HEAD HEAD~1 --name-status >out && printf "D\tt/1\n" >expect && test_cmp expect out &&
	drift diff HEAD --name-status >out && printf "M\ta/1\nA\ta/2\nM\tt/1\n" >expect && test_cmp expect out &&
	test_expect_code 1 drift diff nowhere &&
	test_expect_code 129 drift diff HEAD HEAD~1 HEAD 2>err && test_grep "a point in time too many" err &&
	test_expect_code 129 drift diff HEAD HEAD~1 HEAD -- t/1
'

test_expect_success '--stat, --json' '
	drift diff --stat a >out && test_grep "^ M a/1 | +2 -1$" out && test_grep "2 documents changed: 1 added, 1 modified" out &&
	drift diff --json a/1 >out && test_line_count = 1 out && test_grep "\"new\":2,\"old\":1,\"op\":\"change\",\"path\":\"/x\"" out
'

test_done
