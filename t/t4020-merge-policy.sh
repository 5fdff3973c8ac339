#!/bin/sh

test_description='merge policies of schemas, and merge scripts'
. "$(dirname "$0")/lib.sh"

# BASE OURS THEIRS WANT: documents of c/k on main, on main and on topic, and what the merge makes of them
merges_to() {
	drift put c/k -j "$1" -m base -q && drift branch -d topic 2>/dev/null; drift branch topic && drift put c/k -j "$2" -m ours -q &&
		drift put c/k -j "$3" -m theirs -q --branch topic && drift merge topic -m merged -q && drift get c/k >out && echo "$4" >expect &&
		echo >>out && test_cmp expect out
}

test_expect_success 'setup' '
	drift init -q && drift collection create c -m schema -q --schema "{\"merge\":{\"fields\":{\"/stock\":\"counter\",\"/tags\":\"set\",
		\"/lines\":{\"key\":\"sku\"},\"/lines/*/qty\":\"counter\",\"/seen\":\"last-writer\"}}}"
'

test_expect_success 'counter, set, keyed arrays, last writer' '
	merges_to "{\"stock\":10}" "{\"stock\":12}" "{\"stock\":7}" "{\"stock\":9}" &&
	merges_to "{\"tags\":[1,2]}" "{\"tags\":[2,3]}" "{\"tags\":[1,2,4]}" "{\"tags\":[2,3,4]}" &&
	merges_to "{\"lines\":[{\"sku\":1,\"qty\":1}]}" "{\"lines\":[{\"sku\":1,\"qty\":3},{\"sku\":2,\"qty\":1}]}" \
		"{\"lines\":[{\"sku\":1,\"qty\":2}]}" "{\"lines\":[{\"qty\":4,\"sku\":1},{\"qty\":1,\"sku\":2}]}" &&
	test_tick && merges_to "{\"seen\":1}" "{\"seen\":2}" "{\"seen\":3}" "{\"seen\":3}" &&
	drift conflicts >out && test_must_be_empty out
'

test_expect_success 'a policy that is not understood is refused' '
	test_expect_code 128 drift collection alter c --schema "{\"merge\":\"best\"}" -m no 2>err && test_grep "no merge policy .best." err &&
	test_expect_code 128 drift merge topic --policy best 2>err && test_grep "no merge policy .best." err
'

test_expect_success '--policy counts for all documents, -X decides' '
	drift put d/t -j 1 -m base -q && drift branch a && drift put d/t -j 2 -m ours -q && drift put d/t -j 3 -m theirs -q --branch a &&
	drift merge a -n >out && test_grep "d/t" out && drift merge a --policy counter -m sum -q && test "$(drift get d/t)" = 4 &&
	drift branch b HEAD && drift put d/t -j 5 -m ours -q && drift put d/t -j 6 -m theirs -q --branch b && drift merge b -X theirs -m x -q &&
	test "$(drift get d/t)" = 6 && drift conflicts >out && test_must_be_empty out
'

test_expect_success 'a script merges' '
	cat >longest.lua <<-\END &&
	function merge(base, a, b, path)
	  if a == nil or b == nil then return absent end
	  if type(a) ~= "string" then return conflict end
	  return #a >= #b and a or b
	end
	END
	drift put .drift/merge/longest.lua longest.lua -m script -q &&
	drift collection create s --schema "{\"merge\":\"script:longest\"}" -m schema -q &&
	drift put s/1 -j "\"a\"" -m base -q && drift put s/2 -j "\"a\"" -m base -q && drift put s/3 -j 1 -m base -q && drift branch topic2 &&
	drift put s/1 -j "\"aaa\"" -m ours -q && drift put s/1 -j "\"aa\"" -m theirs -q --branch topic2 &&
	drift rm s/2 -m ours -q && drift put s/2 -j "\"b\"" -m theirs -q --branch topic2 &&
	drift put s/3 -j 2 -m ours -q && drift put s/3 -j 3 -m theirs -q --branch topic2 &&
	drift merge topic2 -q 2>err && test "$(drift get s/1)" = "\"aaa\"" && test_expect_code 1 drift get s/2 &&
	drift conflicts >out && echo s/3 >expect && test_cmp expect out
'

test_expect_success 'a script from elsewhere needs trust, and what is merged then is the same' '
	drift clone . other -q && drift -C other put s/1 -j "\"here\"" -m there -q && drift put s/1 -j "\"longest of all\"" -m here -q &&
	before=$(drift -C other rev-parse HEAD) && test_expect_code 1 drift -C other pull 2>err && test_grep "longest.*does not trust" err &&
	test_grep "^hint:.*merge.trustScript" err && test "$(drift -C other rev-parse HEAD)" = "$before" &&
	blob=$(sed -n "s/.*(blob \([0-9a-f]*\)).*/\1/p" err) && drift -C other cat-file -p $blob >out && test_cmp longest.lua out &&
	drift -C other config --add merge.trustScript $blob && drift -C other pull -q 2>err && test "$(drift -C other get s/1)" = "\"longest of all\"" &&
	drift pull other -q 2>err && test "$(drift rev-parse HEAD)" = "$(drift -C other rev-parse HEAD)" && drift verify --merges
'

test_expect_success 'a wrong script is refused when it is put' '
	printf "function" | test_expect_code 128 drift put .drift/merge/x.lua - -m no 2>err && test_grep "x.lua:1:" err &&
	printf "return 2^2" | test_expect_code 128 drift put .drift/merge/x.lua - -m no 2>err && test_grep "powers" err
'

test_done
