#!/bin/sh

test_description='stats and count-objects: how much there is'
. "$(dirname "$0")/lib.sh"

# FILE NAME: the value of a member that is a number
member() {
	sed -n "s/.*\"$2\":\([0-9.]*\).*/\1/p" "$1"
}

test_expect_success 'an empty store' '
	drift init -q &&
	drift stats >out &&
	test_grep "^documents *0$" out &&
	test_grep "^commits *0$" out &&
	drift stats --json >out &&
	test "$(member out documents)" = 0 &&
	test_grep ! first_time out &&
	drift count-objects >out &&
	test_grep "^0 objects, [0-9]* bytes$" out
'

test_expect_success 'documents, bytes, collections, commits' '
	drift put users/1 -j 12345 -m one -q &&
	test_tick &&
	drift put users/2 -j 123 -m two -q &&
	drift put users/old/3 -j 12 -m three -q &&
	drift put orders/1 -j 1 -m four -q &&
	drift put orders/2 -j 1 &&
	drift stats --json >out &&
	test "$(member out documents)" = 5 &&
	test "$(member out bytes)" = 12 &&
	test "$(member out collections)" = 2 &&
	test "$(member out commits)" = 4 &&
	test "$(member out staged)" = 1 &&
	test_grep "\"first_time\":\"2025-01-01T00:00:00Z\"" out &&
	test_grep "\"last_time\":\"2025-01-01T00:01:00Z\"" out &&
	drift stats >text &&
	test_grep "^documents *5$" text &&
	test_grep "^commits *4$" text &&
	test_grep "^their size *12 bytes$" text
'

test_expect_success 'a collection, a prefix, a document' '
	drift stats --json users/ users orders/ users/old users/2 >out &&
	cat >expect <<-\EOF &&
	{"bytes":10,"documents":3,"prefix":"users/"}
	{"bytes":10,"documents":3,"prefix":"users"}
	{"bytes":2,"documents":2,"prefix":"orders/"}
	{"bytes":2,"documents":1,"prefix":"users/old"}
	{"bytes":3,"documents":1,"prefix":"users/2"}
	EOF
	test_cmp expect out &&
	drift stats users/ orders/ >out &&
	test_grep "^users/:$" out &&
	test_expect_code 1 drift stats pears/ 2>err &&
	test_grep "cannot measure .pears/.: there are no such documents" err
'

test_expect_success 'at a point' '
	drift stats --at @seq:2 --json >out &&
	test "$(member out documents)" = 2 &&
	test "$(member out commits)" = 2 &&
	test_expect_code 1 drift stats --at nowhere
'

test_expect_success 'the schema of a collection is none of the documents' '
	drift collection create pears -m create -q &&
	drift stats --json >out &&
	test "$(member out documents)" = 5 &&
	test "$(member out collections)" = 3
'

test_expect_success 'commits behind merges count once' '
	drift update-ref refs/heads/side HEAD~2 &&
	drift put --branch side side/1 -j 1 -m side -q &&
	both=$(drift commit-tree main^{tree} -p main -p side -m merge) &&
	drift update-ref refs/heads/main $both &&
	drift rev-list --count main >expect &&
	drift stats --json >out &&
	member out commits >count &&
	test_cmp expect count
'

test_expect_success 'objects are counted by kind' '
	drift stats --json >stats &&
	drift count-objects --json >out &&
	test "$(member out commits)" = 7 &&
	test "$(member out tags)" = 0 &&
	test "$(member out blobs)" = 0 &&
	test "$(member out journals)" = 1 &&
	test "$(member out objects)" = $((7 + $(member out trees))) &&
	head -c 5000 /dev/urandom | drift put big/1 - -m big -q &&
	drift count-objects --json >out &&
	test "$(member out blobs)" = 1 &&
	drift count-objects -v >text &&
	test_grep "^blobs: 1$" text &&
	test_grep "^journal_disk_bytes: [0-9]*$" text &&
	drift count-objects -v -H >text &&
	test_grep "^journal_disk_bytes: [0-9.]* [KM]iB$" text &&
	test "$(member out journal_bytes)" -gt 5000 &&
	test "$(member out journal_bytes)" -le "$(member out journal_disk_bytes)"
'

test_expect_success 'without the caches the answers are the same' '
	drift stats --json | sed "s/\"cache_[a-z]*\":[0-9]*,//g; s/\"index_bytes\":[0-9]*,//" >expect &&
	drift stats --json --no-cache | sed "s/\"cache_[a-z]*\":[0-9]*,//g; s/\"index_bytes\":[0-9]*,//" >out &&
	test_cmp expect out
'

test_expect_success 'wrong usage, no repository' '
	test_expect_code 129 drift count-objects extra &&
	test_expect_code 129 drift stats --nonsense &&
	test_expect_code 128 drift -C / stats &&
	test_expect_code 128 drift -C / count-objects
'

test_done
