#!/bin/sh

test_description='drift bundle: commits and refs in a file'
. "$(dirname "$0")/lib.sh"

refs_of() {
	drift -C "$1" for-each-ref
}

test_expect_success 'setup: branches, tags, a merge base' '
	drift init -q a && cd a && for n in 1 2 3 4 5; do drift put u/$n -j "{\"n\":$n}" -m "m $n" -q || return 1; done &&
	drift branch side @seq:3 && drift put s/1 -j 1 -m side --branch side -q && drift branch same main &&
	drift tag v1 main && drift tag -m note v2 side && cd ..
'

test_expect_success 'all of it, verified, listed, cloned' '
	drift -C a bundle create ../all.bundle --all >out && test_grep "6 refs, 6 commits" out &&
	drift bundle verify all.bundle >out && test_grep "all.bundle: sound, 6 refs, 6 commits" out &&
	drift bundle list-heads all.bundle >out && test_line_count = 6 out && test_grep "^ref: refs/heads/main HEAD" out &&
	test_grep "^$(drift -C a rev-parse side) refs/heads/side" out && drift clone -q all.bundle b &&
	test "$(drift -C b rev-parse HEAD)" = "$(drift -C a rev-parse main)" && drift -C b get u/5 >got &&
	drift -C b fsck -q && drift -C b fetch 2>err && drift -C b rev-parse origin/side >/dev/null
'

test_expect_success 'what is new since: it stands on what is left out' '
	drift -C a bundle create ../new.bundle main~2..main --json >out && test_grep "\"commits\":2.*\"prerequisites\":1" out &&
	drift -C a bundle verify ../new.bundle >out && test_grep "stands on 1 commit that are here" out &&
	drift -C a bundle create - side ^main >side.bundle && drift bundle verify side.bundle --json >out &&
	test_grep "\"id\":\"$(drift -C a rev-parse @seq:3)\",\"subject\":\"m 3\"" out && test_grep ! here out &&
	drift bundle list-heads side.bundle >out && test_line_count = 1 out
'

test_expect_success 'without that it is not taken, and nothing changes' '
	drift init -q c && cd c && test_expect_code 1 drift bundle verify ../new.bundle >out && test_grep "^missing.*m 3" out &&
	test_expect_code 1 drift bundle fetch ../new.bundle 2>err && test_grep "not here" err && test_grep "hint" err &&
	drift for-each-ref >out && test_line_count = 0 out && drift fsck -q && cd ..
'

test_expect_success 'fetch: branches and tags under their names, or by refspec' '
	cd c && drift bundle fetch ../all.bundle >out 2>err && test_grep "new branch.*side -> side" out && cd .. &&
	refs_of a >expect && refs_of c >got && test_cmp expect got && drift -C c fsck -q &&
	drift init -q d && cd d && drift bundle fetch -q ../all.bundle "refs/heads/*:refs/remotes/stick/*" &&
	drift rev-parse stick/side >/dev/null && test_expect_code 1 drift rev-parse -q main 2>err &&
	drift fetch -q ../all.bundle main:mine && drift rev-parse mine >got && cd .. && drift -C a rev-parse main | test_cmp - d/got
'

test_expect_success 'a branch that went another way is not moved unless forced' '
	cd d && drift switch -q mine && drift put x/1 -j 1 -m mine -q &&
	test_expect_code 1 drift bundle fetch ../new.bundle main:mine >out 2>err && test_grep "rejected" out &&
	drift bundle fetch -n ../new.bundle main:mine >out 2>err && drift log -n 1 --format %s >out && test_grep mine out &&
	drift bundle fetch -q -f ../new.bundle main:mine && drift log -n 1 --format %s mine >out && test_grep "m 5" out && cd ..
'

test_expect_success 'as a remote' '
	cd d && drift remote add stick ../all.bundle && drift fetch -q stick && drift rev-parse stick/same >/dev/null &&
	drift fetch stick >out 2>err && test_line_count = 0 out && ln -s all.bundle ../link && drift fetch -q ../link side &&
	test_expect_code 128 drift push stick mine:other 2>err && test_grep "takes no pushes" err && cd ..
'

test_expect_success 'nothing to bundle, and nothing that is there' '
	cd a && test_expect_code 1 drift bundle create ../none.bundle main ^main 2>err && test_grep "nothing in it" err &&
	test_expect_code 1 drift bundle create ../none.bundle nothing 2>err && test_grep "no ref" err &&
	test_expect_code 1 drift bundle create ../none.bundle main ^nothing 2>err &&
	test_expect_code 128 drift bundle create ../none.bundle side...main 2>err && test_grep "is meant" err &&
	test_expect_code 129 drift bundle create ../none.bundle 2>err && test_expect_code 129 drift bundle 2>err &&
	test_expect_code 129 drift bundle verify --all ../all.bundle 2>err && test_expect_code 129 drift bundle list-heads -n x 2>err &&
	test_expect_code 128 drift bundle verify ../none.bundle 2>err && test_path_is_missing ../none.bundle &&
	test_expect_code 128 drift bundle list-heads ../none.bundle 2>err && test_expect_code 128 drift bundle fetch .. 2>err && cd ..
'

test_expect_success 'every byte counts: cut, changed, longer' '
	size=$(wc -c <all.bundle) && refs_of c >before && for n in 0 1 14 15 16 40 200 $((size / 2)) $((size - 33)) $((size - 1)); do
		head -c $n all.bundle >cut.bundle && test_expect_code 1 drift bundle verify cut.bundle 2>err || return 1
		test_expect_code 128 drift -C d bundle fetch -q -f ../cut.bundle 2>err || return 1
		{ head -c $n all.bundle; printf "\377"; tail -c +$((n + 2)) all.bundle; } >bad.bundle
		cmp -s all.bundle bad.bundle || test_expect_code 1 drift bundle verify bad.bundle 2>err || return 1
		cmp -s all.bundle bad.bundle || test_expect_code 128 drift -C d bundle fetch -q -f ../bad.bundle 2>err || return 1
	done && { cat all.bundle; echo; } >bad.bundle && test_expect_code 1 drift bundle verify bad.bundle 2>err &&
	test_grep "drift: cannot verify .bad.bundle.: " err && drift -C d fsck -q && test_expect_code 1 drift -C d rev-parse -q side 2>err
'

test_expect_success 'a full disk leaves no file, and the old one as it was' '
	drift init -q big && head -c 100000 /dev/urandom | drift -C big put f/1 - -m big -q && cp all.bundle old.bundle &&
	test_expect_code 128 sh -c "trap \"\" XFSZ && ulimit -f 20 && drift -C big bundle create ../old.bundle --all" 2>err &&
	test_grep "cannot create .*old.bundle" err && test_cmp all.bundle old.bundle && ls >files && test_grep ! "old.bundle\." files
'

test_expect_success 'written while others commit: refs of one moment' '
	drift init -q busy && cd busy && drift put a/1 -j 0 -m start -q && id=$(drift rev-parse main) &&
	printf "create refs/heads/x %s\ncreate refs/heads/y %s\n" $id $id | drift update-ref --stdin &&
	{ n=0; while test $n -lt 40; do
		n=$((n + 1)); drift put a/1 -j $n -m $n -q; new=$(drift rev-parse main)
		printf "update refs/heads/x %s\nupdate refs/heads/y %s\n" $new $new | drift update-ref --stdin
	done & } && pid=$! && for i in 1 2 3 4 5 6; do
		drift bundle create ../busy.bundle --all -q && drift bundle list-heads ../busy.bundle | sed -n "s/ refs.heads.[xy]$//p" |
		sort -u >../seen && test_line_count = 1 ../seen || return 1
	done && wait $pid && cd ..
'

test_done
