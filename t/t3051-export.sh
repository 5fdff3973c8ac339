#!/bin/sh

test_description='export: JSON lines, a JSON array, CSV, files'
. "$(dirname "$0")/lib.sh"

test_expect_success 'set-up' '
	drift init -q &&
	printf "%s\n" "{\"id\":\"b\", \"n\":1.50}" "{\"id\":\"a\"}" "{\"id\":\"c/d\",\"x\":[1,\"z\"]}" >users.jsonl &&
	drift import jsonl users.jsonl -q -m users
'

test_expect_success 'what came in comes out, in order of key' '
	drift export jsonl users >out &&
	LC_ALL=C sort -t: -k2 users.jsonl >expect &&
	test_cmp expect out &&
	drift export jsonl >out &&
	test_cmp expect out &&
	drift export jsonl users/c/ >out &&
	test_line_count = 1 out &&
	drift export jsonl users/a >out &&
	echo "{\"id\":\"a\"}" >expect &&
	test_cmp expect out &&
	drift export jsonl none/ >out &&
	test_must_be_empty out
'

test_expect_success 'the stage is read, --at is not' '
	drift put users/e -j "{\"id\":\"e\"}" &&
	drift export jsonl users/ >out &&
	test_line_count = 4 out &&
	drift export jsonl users/ --at HEAD >out &&
	test_line_count = 3 out &&
	drift commit -q -m e &&
	drift export jsonl --at HEAD~1 >out &&
	test_line_count = 3 out
'

test_expect_success 'documents of several lines are put on one' '
	printf "{\n  \"b\": 1.0,\n  \"a\": \"x\"\n}\n" | drift put texts/1 &&
	printf "{ \"b\": 1 }\n" | drift put texts/2 &&
	drift export jsonl texts/ >out &&
	printf "%s\n" "{\"b\":1.0,\"a\":\"x\"}" "{ \"b\": 1 }" >expect &&
	test_cmp expect out &&
	drift commit -q -m texts
'

test_expect_success 'what is not JSON is refused by name, left out, or wrapped' '
	printf "plain\n" | drift put plain/1 &&
	printf "\377\000" | drift put plain/2 &&
	drift put plain/3 -j "{\"id\":3}" &&
	drift commit -q -m plain &&
	test_expect_code 128 drift export jsonl plain/ 2>err &&
	test_grep "^drift: cannot export .plain/.: .plain/1. is not JSON" err &&
	drift export jsonl plain/ --skip >out 2>err &&
	test_grep "2 documents were left out" err &&
	echo "{\"id\":3}" >expect &&
	test_cmp expect out &&
	drift export jsonl plain/ --wrap >out &&
	{ printf "%s\n" "{\"path\":\"plain/1\",\"text\":\"plain\\n\"}" &&
	  echo "{\"base64\":\"/wA=\",\"path\":\"plain/2\"}" &&
	  printf "%s\n" "{\"path\":\"plain/3\",\"text\":\"{\\\"id\\\":3}\"}"; } >expect &&
	test_cmp expect out
'

test_expect_success 'import --wrapped takes it all back' '
	drift init -q copy &&
	drift export jsonl --wrap | drift -C copy import jsonl --wrapped -q -m all &&
	drift rev-parse "HEAD^{tree}" >expect &&
	drift -C copy rev-parse "HEAD^{tree}" >out &&
	test_cmp expect out &&
	drift init -q copy2 &&
	drift export json --wrap | drift -C copy2 import json --wrapped -q -m all &&
	drift -C copy2 rev-parse "HEAD^{tree}" >out &&
	test_cmp expect out
'

test_expect_success 'json: one array' '
	drift export json users/ >users.json &&
	test "$(head -c1 users.json)" = "[" &&
	drift import json users.json --collection again -q -m again &&
	drift export jsonl users/ >expect &&
	drift export jsonl again/ >out &&
	test_cmp expect out &&
	drift export json none/ >out &&
	echo "[]" >expect &&
	test_cmp expect out
'

test_expect_success 'csv: all fields, in order of appearance' '
	printf "%s\n" "{\"id\":1,\"name\":\"Ada, L\",\"n\":2.50}" "{\"id\":2,\"q\":\"a \\\"b\\\"\\nc\",\"l\":[1,{}],\"t\":true}" \
		"{\"id\":3,\"name\":\"5\",\"n\":null,\"q\":\"\"}" >rows.jsonl &&
	drift import jsonl rows.jsonl -q -m rows &&
	drift export csv rows >out &&
	{ echo "id,name,n,q,l,t" &&
	  echo "1,\"Ada, L\",2.50,,," &&
	  printf "2,,,\"a \"\"b\"\"\nc\",\"[1,{}]\",true\n" &&
	  echo "3,\"5\",null,\"\",,"; } >expect &&
	test_cmp expect out &&
	drift export csv rows --columns n,id,none --delimiter ";" >out &&
	printf "n;id;none\n2.50;1;\n;2;\nnull;3;\n" >expect &&
	test_cmp expect out
'

test_expect_success 'csv: flat documents survive with --types' '
	printf "%s\n" "{\"id\":1,\"n\":2.5,\"name\":\"Ada, L\"}" "{\"id\":2,\"n\":null,\"q\":\"\"}" "{\"id\":\"3\",\"q\":\"true\",\"x\":\"\\r\\n\"}" >flat.jsonl &&
	drift import jsonl flat.jsonl -q -m flat &&
	drift export csv flat/ >flat.csv &&
	drift import csv flat.csv --types --collection flat2 -q -m flat2 &&
	drift export jsonl flat2/ >out &&
	test_cmp flat.jsonl out
'

test_expect_success 'csv: what is no object' '
	drift put rows/9 -j "[1]" &&
	test_expect_code 128 drift export csv rows 2>err &&
	test_grep "rows/9. is not a JSON object" err &&
	drift export csv rows --skip >out 2>err &&
	test_grep "1 document was left out" err &&
	drift commit -q -m nine
'

test_expect_success 'files, and back by add' '
	drift export --files dir &&
	test "$(cat dir/users/c/d)" = "{\"id\":\"c/d\",\"x\":[1,\"z\"]}" &&
	drift init -q back &&
	drift -C back add ../dir -q -m back &&
	drift rev-parse "HEAD^{tree}" >expect &&
	drift -C back rev-parse "HEAD^{tree}" >out &&
	test_cmp expect out &&
	drift export --files one users/a &&
	(cd one && find . -type f) >out &&
	echo ./users/a >expect &&
	test_cmp expect out
'

test_expect_success 'files that exist are replaced with --force only' '
	echo mine >dir/users/a &&
	test_expect_code 128 drift export --files dir users 2>err &&
	test_grep "dir/users/a. exists; --force" err &&
	test "$(cat dir/users/a)" = mine &&
	drift export --files dir --force users &&
	test "$(cat dir/users/a)" = "{\"id\":\"a\"}"
'

test_expect_success 'modes and links; links are not followed' '
	drift init -q links &&
	{ printf "%s\n" "{\"path\":\"bin/run\",\"text\":\"#!/bin/sh\\necho ran\\n\",\"mode\":33261}" &&
	  echo "{\"path\":\"bin/link\",\"text\":\"run\",\"mode\":40960}" &&
	  echo "{\"path\":\"module\",\"gitlink\":\"0123456789012345678901234567890123456789\",\"mode\":57344}"; } |
		drift -C links import jsonl --wrapped -q -m links &&
	drift -C links export --files tree &&
	test "$(links/tree/bin/run)" = ran &&
	test "$(readlink links/tree/bin/link)" = run &&
	test -d links/tree/module &&
	drift -C links export jsonl --wrap >out &&
	test_grep "\"mode\":40960" out &&
	test_grep "\"gitlink\":\"0123456789012345678901234567890123456789\"" out &&
	mkdir outside &&
	echo "{\"path\":\"out\",\"text\":\"../../outside\",\"mode\":40960}" | drift -C links import jsonl --wrapped -q -m out &&
	drift -C links put out/file -j 1 -q -m file &&
	test_expect_code 128 drift -C links export --files tree2 2>err &&
	test_grep ".out. is a document, and others need a folder" err &&
	ln -s ../outside links/trap &&
	mkdir -p links/tree3 && ln -s ../../outside links/tree3/out &&
	test_expect_code 128 drift -C links export --files tree3 out/ 2>err &&
	test_path_is_missing outside/file
'

test_expect_success 'wrong usage' '
	test_expect_code 129 drift export 2>err &&
	test_expect_code 129 drift export xml 2>err &&
	test_expect_code 129 drift export jsonl a/ b/ 2>err &&
	test_expect_code 129 drift export csv --wrap 2>err &&
	test_expect_code 129 drift export jsonl --columns a 2>err &&
	test_expect_code 129 drift export jsonl --force 2>err &&
	test_expect_code 1 drift export jsonl --at no-such-point 2>err &&
	test_grep "cannot export: " err
'

test_expect_success 'drift'"'"'s own documents only if they are asked for' '
	drift collection create kept -q -m kept &&
	drift export jsonl --wrap >out &&
	test_grep ! "\.drift/" out &&
	drift export jsonl .drift/ >out &&
	test "$(cat out)" = "{}"
'

# KEY: nothing is written for it and the other document.
refused_whole() {
	rm -rf whole out && drift init -q whole && drift -C whole put c/1 -j 1 -m one -q && drift -C whole put "$1" -j 2 -m two -q &&
		test_expect_code 128 drift -C whole export --files "$PWD/out" 2>err && test_path_is_missing out && mkdir out &&
		test_expect_code 128 drift -C whole export --files "$PWD/out" 2>err && test "$(ls -A out)" = ""
}
long=$(printf "%0255d" 0)

test_expect_success 'files: names that the file system does not take, before anything is written' '
	refused_whole "c/${long}x" && test_grep "takes no file of the name .c/000.*(258 bytes); --skip" err && test "$(wc -c <err)" -lt 300 &&
	refused_whole "c/z/${long}x/deep" && refused_whole "${long}x/1" &&
	drift -C whole export --files "$PWD/out" --skip 2>err && test_grep "1 document was left out" err && test "$(ls out/c)" = 1 &&
	rm -r out && drift -C whole put "c/$long" -j 3 -m three -q && drift -C whole export --files "$PWD/out" --skip -q && test "$(cat "out/c/$long")" = 3 &&
	half=$long/$long/$long/$long/$long/$long/$long && deep=$PWD/out/$half/$half && mkdir -p "$deep" &&
	drift -C whole put "e/$half" -j 4 -m four -q && drift -C whole export --files "$deep" --skip 2>err &&
	test_grep "2 documents were left out" err
'

test_expect_success 'files: what stands in the way, before anything is written' '
	refused_whole c && test_grep "is a document, and others need a folder" err &&
	refused_whole c/1/2/3 && test_grep "c/1. is a document" err &&
	drift -C whole export --files "$PWD/out" c/1/ && test "$(cat out/c/1/2/3)" = 2 &&
	drift -C whole rm c/1/2/3 -m gone -q && drift -C whole put d/1 -j 2 -m two -q && rm -r out && mkdir -p out/d/1 &&
	test_expect_code 128 drift -C whole export --files "$PWD/out" 2>err && test_grep "is a folder" err && test_path_is_missing out/c &&
	rm -r out/d && ln -s /nowhere out/d && test_expect_code 128 drift -C whole export --files "$PWD/out" --force 2>err &&
	test_grep "is no folder" err && test_path_is_missing out/c
'

test_done
