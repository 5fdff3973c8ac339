#!/bin/sh

test_description='import: JSON lines, a JSON array, CSV'
. "$(dirname "$0")/lib.sh"

# The state that a refused import must leave alone.
state() {
	drift log --oneline | head -n 1
	drift status
	drift ls
}

unchanged() {
	state >now && test_cmp was now
}

# Lines of numbered users from $1 to $2.
users() {
	awk -v from="$1" -v to="$2" 'BEGIN {
		for (i = from; i <= to; i++)
			printf "{\"id\":\"u%06d\",\"name\":\"user number %d\",\"mail\":\"user%d@example.com\",\"age\":%d}\n", i, i, i, i % 90
	}'
}

test_expect_success 'set-up' '
	drift init -q &&
	printf "%s\n" "{\"id\":\"ada\",\"n\":1}" "" "{\"id\": 7 , \"n\":2}" "{\"id\":\"bob\"}" >users.jsonl
'

test_expect_success 'a file with -m is one commit; the collection is called after the file' '
	drift import jsonl users.jsonl -m "first users" >out &&
	test_grep "^\[main [0-9a-f]* seq 1\] first users" out &&
	test_grep "^ 3 documents changed" out &&
	drift ls >out &&
	printf "users/7\nusers/ada\nusers/bob\n" >expect &&
	test_cmp expect out &&
	test "$(drift get users/7)" = "{\"id\": 7 , \"n\":2}"
'

test_expect_success 'without -m the documents are staged, silently' '
	printf "{\"id\":\"ada\",\"n\":2}\r\n{\"id\":\"bob\"}\r\n{\"id\":\"eve\"}" >more &&
	drift import jsonl more --collection users >out 2>err &&
	test_must_be_empty out &&
	test_must_be_empty err &&
	drift status >out &&
	test_grep "modified: *users/ada" out &&
	test_grep "added: *users/eve" out &&
	test_grep ! users/bob out &&
	printf "{\"id\":\"eve\"}" >expect &&
	drift get users/eve >out &&
	test_cmp_bin expect out &&
	drift commit -q -m second
'

test_expect_success '-m leaves the stage alone' '
	drift put other/1 -j 1 &&
	echo "{\"id\":\"zoe\"}" | drift import jsonl - --collection users -q -m zoe &&
	drift status >out &&
	test_grep "other/1" out &&
	drift get --at HEAD users/zoe &&
	drift commit -q -m other
'

test_expect_success '--json says what was done' '
	printf "{\"id\":\"x\"}\n{\"id\":\"x\",\"a\":1}\n{\"id\":\"zoe\"}\n" |
		drift import jsonl --collection users --json -m json >out &&
	test_grep "\"changed\":1," out &&
	test_grep "\"id\":\"$(drift rev-parse HEAD)\"" out &&
	test_grep "\"imported\":3,\"seq\":5,\"skipped\":0" out &&
	echo "{\"id\":\"y\"}" | drift import jsonl --collection users --json >out &&
	echo "{\"imported\":1,\"skipped\":0}" >expect &&
	test_cmp expect out &&
	drift commit -q -m y
'

test_expect_success 'an import that changes nothing is nothing to commit' '
	state >was &&
	test_expect_code 1 drift import jsonl users.jsonl --collection same -m x --expect absent 2>err &&
	echo "{\"id\":\"zoe\"}" >one &&
	test_expect_code 1 drift import jsonl one --collection users -m x 2>err &&
	test_grep "nothing to commit" err &&
	unchanged
'

test_expect_success 'a bad line is named by its number, and nothing is done' '
	state >was &&
	{ users 1 16 && echo "{\"id\":" && users 18 20; } >bad.jsonl &&
	test_expect_code 128 drift import jsonl bad.jsonl -m x 2>err &&
	test_grep "^drift: cannot import .bad.jsonl.: line 17: column 7: " err &&
	test_grep "^hint: .*--skip-bad" err &&
	test_expect_code 128 drift import jsonl bad.jsonl 2>err &&
	test_grep "line 17: " err &&
	users 1 30000 >long.jsonl &&
	echo "{\"name\":\"no key\"}" >>long.jsonl &&
	test_expect_code 128 drift import jsonl long.jsonl -m x 2>err &&
	test_grep "line 30001: there is no field .id. to be the key" err &&
	test_expect_code 128 drift import jsonl long.jsonl 2>err &&
	test_grep "line 30001: " err &&
	unchanged
'

test_expect_success 'keys that are no parts of paths are bad lines' '
	state >was &&
	for key in "\"\"" "\".\"" "\"a//b\"" "\"../x\"" "\"/a\"" "\"a/\"" "\"a\\u0000b\"" null true "[]" "{}"; do
		echo "{\"id\":$key}" >bad.jsonl &&
		test_expect_code 128 drift import jsonl bad.jsonl -m x 2>err &&
		test_grep "line 1: " err || return 1
	done &&
	unchanged
'

test_expect_success '--skip-bad counts them, and the rest is committed' '
	{ echo nonsense && echo "{\"id\":1}" && echo "{\"id\":[]}" && echo "{\"id\":2}"; } >mixed.jsonl &&
	drift import jsonl mixed.jsonl --skip-bad -q -m mixed 2>err &&
	test_grep "left out line 1: " err &&
	test_grep "left out line 3: " err &&
	test_grep "2 bad lines were left out" err &&
	test "$(drift ls mixed/ --count)" = 2
'

test_expect_success 'wrong usage' '
	test_expect_code 129 drift import 2>err &&
	test_expect_code 129 drift import xml users.jsonl 2>err &&
	test_grep "there is no format .xml." err &&
	test_expect_code 129 drift import jsonl - </dev/null 2>err &&
	test_grep "give --collection" err &&
	test_expect_code 129 drift import jsonl --types users.jsonl 2>err &&
	test_expect_code 129 drift import csv --wrapped users.jsonl 2>err &&
	test_expect_code 129 drift import csv --delimiter ab users.jsonl 2>err &&
	test_expect_code 129 drift import jsonl users.jsonl --date 2020-01-01 2>err &&
	test_expect_code 128 drift import jsonl nowhere.jsonl -m x 2>err &&
	test_grep "cannot import .nowhere.jsonl." err &&
	test_expect_code 128 drift import jsonl users.jsonl --collection a/b -m x 2>err &&
	test_expect_code 128 drift import jsonl users.jsonl --collection .drift -m x 2>err
'

test_expect_success 'the key: --key, a pointer, the schema' '
	echo "{\"sku\":\"s1\",\"id\":\"i1\",\"at\":{\"x\":[\"p1\"]}}" >things.jsonl &&
	drift import jsonl things.jsonl -q -m id &&
	drift import jsonl things.jsonl --key sku -q -m sku &&
	drift import jsonl things.jsonl --key /at/x/0 --prefix pre/ -q -m pointer &&
	drift collection create goods --schema "{\"primary_key\":\"sku\"}" -q -m schema &&
	drift import jsonl things.jsonl --collection goods -q -m by-schema &&
	drift ls things/ >out &&
	drift ls goods/ >>out &&
	printf "things/i1\nthings/pre/p1\nthings/s1\ngoods/s1\n" >expect &&
	test_cmp expect out
'

test_expect_success 'any order, the last of each key: the same as sorted input' '
	users 1 3000 >sorted &&
	awk "{ print (NR * 1103515245 + 12345) % 2147483648 \"\\t\" \$0 }" sorted | sort -n | cut -f2 >shuffled &&
	{ sed "s/user number/first/" sorted && cat shuffled; } >twice &&
	drift import jsonl sorted --collection s1 -q -m s1 &&
	drift import jsonl shuffled --collection s2 -q -m s2 &&
	drift import jsonl twice --collection s3 -q -m s3 &&
	drift import jsonl twice --collection s4 -q &&
	drift commit -q -m s4 &&
	for c in s1 s2 s3 s4; do
		drift export jsonl $c >out &&
		test_cmp sorted out || return 1
	done &&
	drift ls-tree HEAD | grep "	s[1-4]$" | cut -f1 | sort -u >out &&
	test_line_count = 1 out
'

test_expect_success '--replace leaves what was imported' '
	drift put s1x/1 -j 1 -q -m neighbour &&
	users 2900 3100 | sed "s/user/other/g" >part &&
	drift import jsonl part --collection s1 --replace --json -m replaced >out &&
	test_grep "\"changed\":3100," out &&
	drift export jsonl s1 >out &&
	test_cmp part out &&
	drift get s1x/1 &&
	drift import jsonl part --collection s2 --replace &&
	drift export jsonl s2 >out &&
	test_cmp part out &&
	drift commit -q -m staged &&
	drift export jsonl s2 >out &&
	test_cmp part out
'

test_expect_success 'large documents become blobs, and are given back' '
	awk "BEGIN { for (i = 0; i < 40; i++) {
		printf \"{\\\"id\\\":%d,\\\"t\\\":\\\"\", 100 + i; for (j = 0; j < 400 * i; j++) printf \"%d\", j * i; print \"\\\"}\" } }" >large.jsonl &&
	drift import jsonl large.jsonl -q -m large &&
	drift export jsonl large >out &&
	test_cmp large.jsonl out &&
	sed "s/12/21/" large.jsonl >changed &&
	drift import jsonl changed --collection large --replace -q -m changed &&
	drift export jsonl large | sort >out &&
	sort changed >expect &&
	test_cmp expect out
'

test_expect_success 'json: an array, its elements as they are' '
	printf "[ {\"id\":1, \"a\":[\n]},\n{\"id\":\"b/c\"}\n]" >array.json &&
	drift import json array.json -q -m array &&
	printf "{\"id\":1, \"a\":[\n]}" >expect &&
	drift get array/1 >out &&
	test_cmp_bin expect out &&
	drift get array/b/c &&
	state >was &&
	printf "[ {\"id\":1},\n{\"id\":2}\n,]" >bad.json &&
	test_expect_code 128 drift import json bad.json -m x 2>err &&
	test_grep "line 3 column 2" err &&
	echo "{\"id\":1}" >bad.json &&
	test_expect_code 128 drift import json bad.json -m x 2>err &&
	echo "[{\"id\":1},{}]" >bad.json &&
	test_expect_code 128 drift import json bad.json -m x 2>err &&
	test_grep "line 1: there is no field" err &&
	unchanged
'

test_expect_success 'csv: quotes, line ends, a byte order mark' '
	printf "\357\273\277id,\"full \"\"name\"\"\",note\r\n1,\"Ada, L\",\"a\nb\"\r\n\r\n2,x y,\r\n" >people.csv &&
	drift import csv people.csv -q -m people &&
	test "$(drift get people/1)" = "{\"full \\\"name\\\"\":\"Ada, L\",\"id\":\"1\",\"note\":\"a\\nb\"}" &&
	test "$(drift get people/2)" = "{\"full \\\"name\\\"\":\"x y\",\"id\":\"2\",\"note\":\"\"}"
'

test_expect_success 'csv: --types, --delimiter' '
	printf "id;n;b;z;s;q\n1;2.50;true;null;;\"5\"\n" >typed.csv &&
	drift import csv typed.csv --types --delimiter ";" -q -m typed &&
	test "$(drift get typed/1)" = "{\"b\":true,\"id\":1,\"n\":2.5,\"q\":\"5\",\"z\":null}" &&
	printf "id\tx,y\n1\ta\n" >tabs.csv &&
	drift import csv tabs.csv --delimiter tab -q -m tabs &&
	test "$(drift get tabs/1)" = "{\"id\":\"1\",\"x,y\":\"a\"}"
'

test_expect_success 'csv: bad rows' '
	state >was &&
	printf "id,a\n1,\"x\ny\"\n2\n3,z\n" >rows.csv &&
	test_expect_code 128 drift import csv rows.csv -m x 2>err &&
	test_grep "line 4: 1 fields, but 2 columns" err &&
	printf "a,b\n1,2\n" >header.csv &&
	test_expect_code 128 drift import csv header.csv --skip-bad -m x 2>err &&
	test_grep "there is no column .id." err &&
	unchanged &&
	printf "5,\"open\n" >>rows.csv &&
	drift import csv rows.csv --skip-bad -q -m rows 2>err &&
	test_grep "line 6: the quoted field" err &&
	test "$(drift ls rows/ --count)" = 2
'

test_expect_success 'memory does not grow with the input' '
	users 1 100000 >many.jsonl &&
	awk "{ print (NR * 1103515245 + 12345) % 2147483648 \"\\t\" \$0 }" many.jsonl | sort -n | cut -f2 >mixed-up.jsonl &&
	for file in many.jsonl mixed-up.jsonl; do
		if case $DRIFT_BUILD in *asan* | *tsan*) false ;; esac; then
			(ulimit -v 400000 && drift import jsonl $file --collection many --replace -q -m many) || return 1
		else
			drift import jsonl $file --collection many --replace -q -m many || return 1
		fi
		drift rm -r many/ -q -m gone || return 1
	done
'

test_expect_success 'what is put aside goes to TMPDIR and does not stay' '
	mkdir tmp &&
	users 1 200000 | sed "1{h;d};\$G" >late.jsonl &&
	TMPDIR=$PWD/tmp drift import jsonl late.jsonl -q -m late &&
	test "$(ls -A tmp)" = "" &&
	drift export jsonl late | sort >out &&
	sort late.jsonl >expect &&
	cmp expect out
'

test_done
