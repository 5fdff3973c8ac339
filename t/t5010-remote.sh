#!/bin/sh

test_description='drift remote'
. "$(dirname "$0")/lib.sh"

test_expect_success 'remotes are added, listed, renamed, removed' '
	drift init -q shop && cd shop &&
	drift remote >out && test_must_be_empty out &&
	drift remote add origin /srv/shop && drift remote add -t main --no-tags other ssh://h/p &&
	printf "origin\t/srv/shop\nother\tssh://h/p\n" >expect &&
	drift remote >out && test_cmp expect out && drift remote ls >out && test_cmp expect out &&
	test "$(drift config remote.origin.fetch)" = "+refs/heads/*:refs/remotes/origin/*" &&
	test "$(drift config remote.other.fetch)" = "+refs/heads/main:refs/remotes/other/main" &&
	test "$(drift config remote.other.tagopt)" = --no-tags &&
	drift remote set-url origin /srv/new && drift remote set-url --push origin h:/srv/push &&
	test "$(drift config remote.origin.url)" = /srv/new && test "$(drift config remote.origin.pushurl)" = h:/srv/push &&
	drift remote rename origin up &&
	test "$(drift config remote.up.url)" = /srv/new &&
	test "$(drift config remote.up.fetch)" = "+refs/heads/*:refs/remotes/up/*" &&
	test_expect_code 1 drift config remote.origin.url &&
	drift remote rm up && drift remote rm other && drift remote >out && test_must_be_empty out &&
	test_grep ! remote .drift/config
'

test_expect_success '--json, show --offline' '
	drift -C shop remote add origin /srv/shop &&
	drift -C shop remote --json >out && printf "{\"name\":\"origin\",\"url\":\"/srv/shop\"}\n" >expect && test_cmp expect out &&
	drift -C shop remote show --offline origin >out && test_grep "URL: /srv/shop" out &&
	test_grep "fetch: +refs/heads/\*:refs/remotes/origin/\*" out && drift -C shop remote rm origin
'

test_expect_success 'what it does not take' '
	cp shop/.drift/config before &&
	test_expect_code 1 drift -C shop remote rm nobody 2>err && test_grep "there is no remote .nobody" err &&
	test_expect_code 1 drift -C shop remote rename nobody new &&
	test_expect_code 1 drift -C shop remote set-url nobody x &&
	test_expect_code 128 drift -C shop remote add "a b" /x 2>err && test_grep "no name for a remote" err &&
	test_expect_code 128 drift -C shop remote add a..b /x &&
	test_expect_code 128 drift -C shop remote add -- -x /x &&
	test_expect_code 128 drift -C shop remote add -- x -oProxyCommand=evil 2>err && test_grep "is no URL" err &&
	test_expect_code 128 drift -C shop remote add x "" &&
	test_expect_code 129 drift -C shop remote add x &&
	test_expect_code 129 drift -C shop remote frob &&
	test_cmp before shop/.drift/config &&
	drift -C shop remote add x /x && test_expect_code 1 drift -C shop remote add x /y 2>err &&
	test_grep "a remote .x. already" err && drift -C shop remote rm x
'

test_expect_success 'tracking refs and what branches follow go along' '
	drift init -q a && drift -C a put c/1 -j 1 -m one -q && drift clone -q a b &&
	drift -C b remote rename origin up &&
	drift -C b for-each-ref --format="%(refname)" refs/remotes >out &&
	printf "refs/remotes/up/HEAD\nrefs/remotes/up/main\n" >expect && test_cmp expect out &&
	test "$(drift -C b config branch.main.remote)" = up &&
	drift -C b pull -q && drift -C b symbolic-ref refs/remotes/up/HEAD >out && echo refs/remotes/up/main >expect &&
	test_cmp expect out &&
	drift -C b remote rm up && drift -C b for-each-ref refs/remotes >out && test_must_be_empty out &&
	test_expect_code 1 drift -C b config branch.main.remote && test_expect_code 1 drift -C b config branch.main.merge
'

test_expect_success 'show asks the remote' '
	drift -C b remote add a ../a && drift -C b remote show a >out &&
	test_grep "HEAD: main" out && test_grep "$(drift -C a rev-parse main | cut -c1-10)  refs/heads/main" out &&
	drift -C b remote show --json a >out &&
	printf "{\"id\":\"%s\",\"ref\":\"refs/heads/main\"}\n" $(drift -C a rev-parse main) >expect && test_cmp expect out
'

test_done
