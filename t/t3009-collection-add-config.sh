#!/bin/sh

test_description='drift collection, add and config'
. "$(dirname "$0")/lib.sh"

test_expect_success 'setup' 'drift init -q'

test_expect_success 'a collection by its schema, by its first document' '
	drift collection create a -m a -q && drift put b/1 -j 12 -m b -q &&
	drift collection ls >out && printf "a\nb\n" >expect && test_cmp expect out &&
	drift collection ls --json >out && test_grep "{\"bytes\":2,\"documents\":1,\"name\":\"b\",\"schema\":false}" out &&
	test_expect_code 1 drift collection create a -m again && test_expect_code 1 drift collection create b -m again &&
	test_expect_code 128 drift collection create .drift -m no && test_expect_code 128 drift collection create x/y -m no &&
	test_expect_code 128 drift collection create x --schema "[]" -m no &&
	drift collection create later --schema "{\"key\":\"id\",\"primary_key\":\"id\"}" -m later -q 2>err && test_must_be_empty err &&
	drift collection show later >out && test_grep "^schema    {\"key\":\"id\",\"primary_key\":\"id\"}" out &&
	drift collection drop later -m dropped -q
'

test_expect_success 'show, alter' '
	drift collection alter b --schema "{\"key\":\"id\"}" -m schema -q &&
	drift collection show b >out && test_grep "^schema    {\"key\":\"id\"}" out &&
	drift collection show b --json >out && test_grep "\"schema\":{\"key\":\"id\"}" out &&
	test_expect_code 1 drift collection show none && test_expect_code 129 drift collection alter b -m x
'

test_expect_success 'drop; the commit before still has it' '
	test_expect_code 1 drift collection drop b -m no 2>err && test_grep "^hint: -r" err &&
	drift collection drop -r b -m drop -q && test_expect_code 1 drift get b/1 && test "$(drift get b/1 --at HEAD~1)" = 12 &&
	drift collection ls >out && echo a >expect && test_cmp expect out && test_expect_code 1 drift collection drop -r b
'

test_expect_success 'staged like other changes' '
	drift collection create s && drift collection ls >out && printf "a\ns\n" >expect && test_cmp expect out &&
	drift collection ls --at HEAD >out && echo a >expect && test_cmp expect out && drift commit -q -m s
'

test_expect_success 'add: folders, files, a prefix' '
	mkdir -p d/u/deep d/.drift && printf 1 >d/u/1 && printf 2 >d/u/deep/2 && printf x >d/.drift/x && ln -s 1 d/u/link &&
	drift add d 2>err && test_grep "link" err && drift status --short >out &&
	printf "A u/1\nA u/deep/2\n" >expect && test_cmp expect out &&
	drift add --prefix p/ d/u/1 d/u/deep -m add -q && drift ls --at HEAD p/ >out && printf "p/1\np/2\n" >expect && test_cmp expect out &&
	test_expect_code 128 drift add missing && test_expect_code 129 drift add
'

test_expect_success 'config' '
	drift config a.b c && test "$(drift config a.b)" = c && test "$(drift config A.B)" = c &&
	drift config --list >out && test_grep "^a.b=c$" out &&
	drift config --json a.b >out && echo "{\"key\":\"a.b\",\"value\":\"c\"}" >expect && test_cmp expect out &&
	drift config --unset a.b && test_expect_code 1 drift config a.b && test_expect_code 1 drift config --unset a.b &&
	test_expect_code 128 drift config nodot x && test_expect_code 129 drift config
'

test_done
