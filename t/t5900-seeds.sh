#!/bin/sh

test_description='merge and sync: what the systems before drift promised'
. "$(dirname "$0")/lib.sh"

# Two nodes that have met.
two_nodes() {
	rm -rf a b && drift init -q a && drift -C a put c/1 -j '{"x":1,"y":1}' -m base -q && drift clone -q a b
}

same_head() {
	test "$(drift -C a rev-parse HEAD)" = "$(drift -C b rev-parse HEAD)"
}

test_expect_success 'diverged on different documents: both, two parents, no question' '
	two_nodes && drift -C a put c/2 -j 2 -m a -q && drift -C b put c/3 -j 3 -m b -q && drift -C b sync -q && same_head &&
	drift -C a ls >out && printf "c/1\nc/2\nc/3\n" >expect && test_cmp expect out && test "$(drift -C a log -1 --format=%P | wc -w)" = 2 &&
	drift -C a conflicts >out && test_must_be_empty out
'

test_expect_success 'on different fields of one document: both fields' '
	two_nodes && drift -C a patch c/1 -j "{\"x\":2}" -m a -q && drift -C b patch c/1 -j "{\"y\":2}" -m b -q && drift -C b sync -q && same_head &&
	test "$(drift -C a get c/1)" = "{\"x\":2,\"y\":2}"
'

test_expect_success 'on the same field: a conflict with base, ours, theirs' '
	two_nodes && drift -C a patch c/1 -j "{\"x\":2}" -m a -q && drift -C b patch c/1 -j "{\"x\":3}" -m b -q && drift -C b sync -q 2>err &&
	same_head && drift -C a get --conflicts c/1 >out && for x in 1 2 3; do test_grep "{\"x\":$x,\"y\":1}" out || return 1; done
'

test_expect_success 'a named policy gives the same commit on both nodes, whichever merges' '
	rm -rf a b c && drift init -q a && drift -C a collection create c --schema "{\"merge\":\"last-writer\"}" -m schema -q &&
	drift -C a put c/1 -j 1 -m base -q && drift clone -q a b && drift -C a put c/1 -j 2 -m a -q && drift -C b put c/1 -j 3 -m b -q &&
	cp -r a c && drift -C a pull ../b -q && drift -C b pull ../c -q && same_head && drift -C a conflicts >out && test_must_be_empty out
'

test_expect_success 'a node offline for 1,000 commits' '
	two_nodes && i=0 && while test $i -lt 1000; do
		printf "{\"op\":\"put\",\"path\":\"d/%d\",\"json\":%d}\n{\"op\":\"commit\",\"message\":\"%d\",\"author\":\"offline\"}\n" $i $i $i && i=$((i + 1))
	done >ops && drift -C b batch <ops >answers && test_grep ! "\"ok\":false" answers && drift -C a put e/1 -j 1 -m meanwhile -q &&
	drift -C b sync -q && same_head && test "$(drift -C a ls --count d/)" = 1000 && test "$(drift -C b ls --count)" = 1002 &&
	test "$(drift -C a rev-list --count HEAD)" = 1003
'

test_expect_success 'a second sync moves nothing' '
	head=$(drift -C a rev-parse HEAD) && drift -C b sync --json >out && test_grep "\"commits_in\":0,\"commits_out\":0,\"round_trips\":1" out && same_head &&
	test "$(drift -C a rev-parse HEAD)" = $head
'

test_expect_success 'a ref goes from X to Y once, whoever asks' '
	two_nodes && rm -rf c && drift clone -q a c && drift -C b put c/2 -j 2 -m b -q && drift -C c put c/2 -j 3 -m c -q && drift -C b push -q &&
	head=$(drift -C a rev-parse HEAD) && test_expect_code 1 drift -C c push -q 2>err && test "$(drift -C a rev-parse HEAD)" = $head &&
	drift -C c sync -q 2>err && drift -C b sync -q 2>err && same_head
'

test_done
