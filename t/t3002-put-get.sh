#!/bin/sh

test_description='drift put and get: what goes in comes out'
. "$(dirname "$0")/lib.sh"

test_expect_success 'setup' 'drift init -q'

test_expect_success 'v1, then v2, then the same bytes under two paths' '
	printf v1 | drift put c/d && printf v1 >expect && drift get c/d >out && test_cmp_bin expect out &&
	printf v2 | drift put c/d - && printf v2 >expect && drift get c/d >out && test_cmp_bin expect out &&
	printf v2 | drift put c/e && drift get c/e >out && test_cmp_bin expect out
'

test_expect_success 'staging is silent' '
	drift put c/f -j 1 >out 2>&1 && test_must_be_empty out
'

test_expect_success 'a document that is not there' '
	test_expect_code 1 drift get c/none >out 2>err &&
	test_must_be_empty out &&
	echo "drift: cannot get '\''c/none'\'': no document" >expect &&
	test_cmp expect err
'

test_expect_success 'files: FILE, several PATH=FILE' '
	printf "a\000b\n" >binary && printf text >text &&
	drift put f/1 binary -m one && drift get f/1 >out && test_cmp_bin binary out &&
	drift put f/2=binary f/3=text -m two >out && test_grep "2 documents changed" out &&
	drift get f/2 >out && test_cmp_bin binary out &&
	drift get f/3 >out && test_cmp_bin text out &&
	test_expect_code 128 drift put f/4=text f/5=missing -m three &&
	test_expect_code 1 drift get f/4
'

test_expect_success 'odd names come back byte for byte' '
	for name in "a b/c d" "q/it'\''s \"quoted\"" "x/[;]" "u/grün/日本語" "e/🎉" "c/-" "o/a=b" "p/a:b" \
		"n/$(printf "new\nline")" "onlykey"; do
		printf "%s" "$name" | drift put "$name" - -m "$name" -q &&
		printf "%s" "$name" >expect &&
		drift get "$name" >out &&
		test_cmp_bin expect out || return 1
	done
'

test_expect_success 'values: empty, long, large numbers, deep' '
	drift put v/empty /dev/null && drift get v/empty >out && test_must_be_empty out &&
	awk "BEGIN { for (i = 0; i < 10000; i++) printf \"x\" }" >long &&
	drift put v/long long && drift get v/long >out && test_cmp_bin long out &&
	echo "{\"min\":-9223372036854775808,\"max\":9223372036854775807,\"a\":{\"b\":{\"c\":{\"d\":{}}}}}" >json &&
	drift put v/json json && drift get v/json >out && test_cmp_bin json out
'

test_expect_success 'paths that cannot be are refused' '
	for path in "" "a//b" "/a" "a/" "a/../b" "./a" ".drift/x"; do
		test_expect_code 128 drift put "$path" -j 1 -m no || return 1
	done
'

test_expect_success '-j must be JSON' '
	test_expect_code 128 drift put j/1 -j "{" 2>err &&
	test_grep "cannot put .j/1.: .* line 1" err &&
	test_expect_code 1 drift get j/1
'

test_expect_success 'usage' '
	test_expect_code 129 drift put &&
	test_expect_code 129 drift put a/b text more &&
	test_expect_code 129 drift put a/b text -j 1 &&
	test_expect_code 129 drift get &&
	test_expect_code 129 drift get a b &&
	test_expect_code 129 drift put a/b -j 1 --expect HEAD
'

test_expect_success '-m commits just the change at hand' '
	drift commit -q -m "all that is staged" &&
	drift put s/1 -j 1 && drift put s/2 -j 2 -m "two" &&
	test_expect_code 1 drift get s/1 --at HEAD &&
	test "$(drift get s/1)" = 1 && test "$(drift get s/2 --at HEAD)" = 2
'

test_expect_success 'at points in time' '
	drift put t/1 -j 1 -m 1 -q >c1 && drift put t/1 -j 2 -m 2 -q && drift put t/1 -j 3 -m 3 -q &&
	test "$(drift get t/1 --at HEAD~2)" = 1 &&
	test "$(drift get t/1 --at "$(cat c1)")" = 1 &&
	test "$(drift get HEAD~1:t/1)" = 2 &&
	test "$(drift get t/1 --at @seq:999999)" = 3 &&
	test_expect_code 1 drift get t/1 --at 2000-01-01 &&
	test_expect_code 1 drift get t/1 --at nonsense 2>err &&
	test_grep "no ref, commit or point in time .nonsense" err
'

test_expect_success '--stat, --json, --pretty' '
	drift put k/json -j "{\"b\":1,\"a\":[]}" -m j -q && printf "plain" | drift put k/text - -m t -q &&
	drift put k/bin binary -m b -q &&
	drift get k/json --stat >out && test_grep "^kind json" out && test_grep "^size 14" out &&
	drift get k/json --json >out && test_grep "\"json\":{\"a\":\[\],\"b\":1}" out &&
	drift get k/text --json >out && test_grep "\"text\":\"plain\"" out &&
	drift get k/bin --stat >out && test_grep "^kind binary" out &&
	drift get k/json --pretty >out && printf "{\n  \"b\": 1,\n  \"a\": []\n}\n" >expect && test_cmp expect out
'

test_expect_success 'compare and swap: --if-match, --expect' '
	drift put w/1 -j 1 -m one --if-match absent -q &&
	test_expect_code 1 drift put w/1 -j 2 -m two --if-match absent &&
	id=$(drift get w/1 --stat | sed -n "s/^id *//p") &&
	drift put w/1 -j 2 -m two --if-match $id -q &&
	test_expect_code 1 drift put w/1 -j 3 -m three --if-match $id 2>err &&
	test_grep "w/1" err &&
	tip=$(drift log -1 --format=%H) &&
	drift put w/2 -j 1 -m ok --expect $tip -q &&
	test_expect_code 1 drift put w/3 -j 1 -m late --expect $tip &&
	test_expect_code 1 drift get w/3 && test "$(drift get w/1)" = 2
'

test_expect_success 'patch: RFC 7396 and RFC 6902' '
	drift put p/1 -j "{\"a\":1,\"b\":2}" -m p -q &&
	drift patch p/1 -j "{\"a\":null,\"c\":3}" -m p -q &&
	test "$(drift get p/1)" = "{\"b\":2,\"c\":3}" &&
	echo "[{\"op\":\"add\",\"path\":\"/d\",\"value\":[4]}]" >ops &&
	drift patch --json-patch p/1 ops -m p -q &&
	test "$(drift get p/1)" = "{\"b\":2,\"c\":3,\"d\":[4]}" &&
	drift patch p/1 -j "{\"b\":9}" && test "$(drift get p/1)" = "{\"b\":9,\"c\":3,\"d\":[4]}"
'

test_expect_success 'patch: what cannot be patched' '
	test_expect_code 1 drift patch p/none -j "{}" -m p 2>err && test_grep "no document" err &&
	test_expect_code 1 drift get p/none &&
	test_expect_code 128 drift patch k/text -j "{}" -m p &&
	test_expect_code 128 drift patch p/1 -j "{" -m p &&
	test_expect_code 1 drift patch --json-patch p/1 -j "[{\"op\":\"test\",\"path\":\"/b\",\"value\":0}]" -m p &&
	test_expect_code 129 drift patch
'

test_done
