#!/bin/sh

test_description='drift clone and drift fetch'
. "$(dirname "$0")/lib.sh"

# Two stores hold the same refs under $3, and are sound.
same_refs() {
	drift -C "$1" for-each-ref --format='%(objectname) %(refname)' "$3" >one &&
	drift -C "$2" for-each-ref --format='%(objectname) %(refname)' "$3" >two && test_cmp one two &&
	drift -C "$2" fsck >/dev/null
}

test_expect_success 'a clone has all that the other has' '
	drift init -q a && cd a &&
	for i in 1 2 3; do drift put users/$i -j "{\"n\":$i}" -m "put $i" -q || return 1; done &&
	drift rm users/2 -m gone -q && drift branch old HEAD~2 && drift tag light HEAD~1 && drift tag -m "a release" heavy &&
	printf "binary\0\377" >bin && drift put files/bin bin -m bin -q && cd .. &&
	drift clone a b >out 2>err && test_grep "cloned into $TRASH/b/.drift" out && test_grep "5 commits with 5 changes received" err &&
	test_grep "1 round trip$" err &&
	same_refs a b refs/tags && test "$(drift -C b rev-parse main)" = "$(drift -C a rev-parse main)" &&
	test "$(drift -C b rev-parse origin/old)" = "$(drift -C a rev-parse old)" &&
	test "$(drift -C b rev-parse origin/HEAD)" = "$(drift -C a rev-parse main)" &&
	drift -C b get files/bin >got && test_cmp_bin a/bin got &&
	drift -C a log --json >one && drift -C b log --json >two && test_cmp one two &&
	test "$(drift -C b symbolic-ref HEAD)" = refs/heads/main &&
	test "$(drift -C b config branch.main.merge)" = refs/heads/main
'

test_expect_success 'nothing new costs a round trip and few bytes' '
	drift -C b fetch --json >out && test_line_count = 1 out &&
	test_grep "\"round_trips\":1" out && test_grep "\"commits_in\":0" out &&
	bytes=$(sed "s/.*bytes_in\":\([0-9]*\),\"bytes_out\":\([0-9]*\).*/\1 + \2/" out) &&
	test $(($bytes)) -lt 700
'

test_expect_success 'fetch moves tracking refs and nothing else' '
	drift -C a put users/4 -j 4 -m four -q && before=$(drift -C b rev-parse main) &&
	drift -C b fetch >out 2>err && test_grep "^from $TRASH/a$" out && test_grep "main -> origin/main" out &&
	test "$(drift -C b rev-parse main)" = $before && test "$(drift -C b rev-parse origin/main)" = "$(drift -C a rev-parse main)" &&
	drift -C b reflog origin/main >out && test_grep "fetch: from origin" out
'

test_expect_success 'new branches, tags that come along, tags that are asked for' '
	drift -C a branch topic && drift -C a tag -m x on-main && drift -C a commit-tree $(drift -C a rev-parse "main^{tree}") -m loose >id &&
	drift -C a tag loose $(cat id) &&
	drift -C b fetch -q && drift -C b rev-parse origin/topic on-main &&
	test_must_fail drift -C b rev-parse loose && drift -C b fetch -q --tags && test "$(drift -C b rev-parse loose)" = $(cat id)
'

test_expect_success 'a tag that is here is not moved' '
	drift -C a tag -d light && drift -C a tag light HEAD && was=$(drift -C b rev-parse light) &&
	drift -C b fetch -q && test "$(drift -C b rev-parse light)" = $was &&
	test_expect_code 1 drift -C b fetch --tags >out && test_grep "! rejected .* light" out &&
	drift -C b fetch -q --tags --force && test "$(drift -C b rev-parse light)" = "$(drift -C a rev-parse light)"
'

test_expect_success 'rewound branches: tracking refs follow, others only with +' '
	drift -C a update-ref refs/heads/topic HEAD~2 && drift -C b fetch >out && test_grep "^ + .*topic -> origin/topic (forced)" out &&
	drift -C b branch mine main && drift -C b put x/1 -j 1 -m mine --branch mine -q && was=$(drift -C b rev-parse mine) &&
	test_expect_code 1 drift -C b fetch origin main:mine >out && test_grep "! rejected" out && test "$(drift -C b rev-parse mine)" = $was &&
	drift -C b fetch -q origin +main:mine && test "$(drift -C b rev-parse mine)" = "$(drift -C a rev-parse main)"
'

test_expect_success 'prune' '
	drift -C a branch -D topic && drift -C b fetch -q && drift -C b rev-parse origin/topic &&
	drift -C b fetch -n --prune >out && test_grep "removed *origin/topic" out && drift -C b rev-parse origin/topic &&
	drift -C b fetch --prune >out && test_grep "removed *origin/topic" out && test_must_fail drift -C b rev-parse origin/topic &&
	drift -C b rev-parse origin/main
'

test_expect_success 'a dry run changes nothing' '
	drift -C a put users/5 -j 5 -m five -q && was=$(drift -C b rev-parse origin/main) &&
	drift -C b fetch -n >out && test_grep "main -> origin/main" out && test "$(drift -C b rev-parse origin/main)" = $was &&
	drift -C b fetch -q
'

test_expect_success 'a URL, refspecs, FETCH_HEAD' '
	drift init -q c && drift -C c fetch -q "$TRASH/a" && test "$(drift -C c rev-parse FETCH_HEAD)" = "$(drift -C a rev-parse HEAD)" &&
	drift -C c fetch -q ../a old:from-a "refs/tags/*:refs/tags/a/*" && test "$(drift -C c rev-parse from-a)" = "$(drift -C a rev-parse old)" &&
	drift -C c rev-parse refs/tags/a/heavy &&
	drift -C c fetch -q "file://$TRASH/a" main && test "$(drift -C c rev-parse FETCH_HEAD)" = "$(drift -C a rev-parse main)"
'

test_expect_success '--all' '
	drift -C c remote add a ../a && drift -C c remote add b ../b && drift -C c fetch -q --all &&
	drift -C c rev-parse a/main b/mine && test_expect_code 129 drift -C c fetch --all a
'

test_expect_success 'unrelated, and no common tips' '
	drift init -q d && drift -C d put z/1 -j 1 -m unrelated -q && drift -C d remote add a ../a && drift -C d fetch -q --tags &&
	same_refs a d refs/tags &&
	drift clone -q a e && for i in 1 2 3 4 5; do drift -C e put e/$i -j 1 -m e$i -q || return 1; done &&
	drift -C e update-ref -d refs/remotes/origin/main && drift -C e update-ref -d refs/remotes/origin/old && drift -C a put users/6 -j 6 -m six -q &&
	for t in $(drift -C e tag); do drift -C e tag -d $t || return 1; done &&
	drift -C e fetch --json --no-tags >out && test_grep "\"commits_in\":[1-5]," out && test_grep "\"round_trips\":2" out
'

test_expect_success 'of rewound ends only what lies between is sent' '
	drift init -q long && for i in 1 2 3 4 5 6 7 8 9 10 11 12; do drift -C long put l/$i -j $i -m l$i -q || return 1; done &&
	drift clone -q long far && drift -C far put f/1 -j 1 -m far -q && for r in $(drift -C far for-each-ref --format="%(refname)" refs/remotes); do
		drift -C far update-ref -d $r 2>/dev/null || drift -C far symbolic-ref -d $r || return 1; done &&
	drift -C long update-ref refs/heads/main HEAD~1 && drift -C long put l/13 -j 13 -m l13 -q &&
	drift -C far fetch --json >out && test_grep "\"commits_in\":[1-4]," out && drift -C far fsck
'

test_expect_success 'what is not there' '
	test_expect_code 128 drift -C b fetch nobody 2>err && test_grep "there is no remote .nobody" err &&
	test_expect_code 128 drift -C b fetch /no/such/place 2>err && test_grep "there is nothing at ./no/such/place" err &&
	mkdir empty && test_expect_code 128 drift -C b fetch ../empty 2>err && test_grep "the other end says: there is no repository" err &&
	test_expect_code 1 drift -C b fetch origin no-such-branch 2>err && test_grep "has no ref .no-such-branch" err &&
	test_expect_code 128 drift -C b fetch origin "a b" 2>err && test_grep "refspec" err &&
	drift init -q alone && test_expect_code 128 drift -C alone fetch 2>err && test_grep "there is no remote" err &&
	test_grep "hint: .drift remote add origin URL" err
'

test_expect_success 'clones of other kinds' '
	drift clone -q --bare a && test_path_is_file a.drift/current && drift -C a.drift get users/1 &&
	drift clone -q --mirror a m && same_refs a m refs/heads && same_refs a m refs/tags &&
	drift -C a put users/7 -j 7 -m seven -q && drift -C a branch -D old && drift -C m fetch -q --prune && same_refs a m refs/heads &&
	drift clone -q -b main -o up a n && drift -C n rev-parse up/main && test "$(drift -C n config branch.main.remote)" = up &&
	drift clone -q --no-tags a o && drift -C o tag >out && test_must_be_empty out &&
	drift init -q -b trunk nothing && drift clone nothing p >out 2>err && test_grep "it is empty" err &&
	test "$(drift -C p symbolic-ref HEAD)" = refs/heads/trunk
'

test_expect_success 'a clone that was killed before it had anything is made whole' '
	drift init -q killed && drift clone a killed && test "$(drift -C killed rev-parse main)" = "$(drift -C a rev-parse main)" &&
	test "$(drift -C killed config branch.main.remote)" = origin &&
	drift init -q other && drift -C other remote add else nowhere && test_expect_code 128 drift clone a other 2>err &&
	test_grep "is a repository already" err
'

test_expect_success 'a clone that cannot be leaves nothing' '
	test_expect_code 128 drift clone no/such/place q 2>err && test_grep "cannot clone" err && test_path_is_missing q &&
	mkdir r && test_expect_code 128 drift clone empty r && test_path_is_missing r/.drift && test -d r &&
	test_expect_code 128 drift clone -b nowhere a s 2>err && test_grep "no branch .nowhere" err && test_path_is_missing s &&
	test_expect_code 128 drift clone a b 2>err && test_grep "is a repository already" err && drift -C b rev-parse main &&
	test_expect_code 128 drift clone "http://x/y" t 2>err && test_grep "does not know how to reach" err && test_path_is_missing t &&
	test_expect_code 129 drift clone && test_expect_code 128 drift clone -- -x u
'

test_expect_success 'progress and --json' '
	drift clone --progress a v 2>err && test_grep "receiving commits: .* 9/9, " err &&
	drift clone --json a w >out && test_grep "\"repository\":\"$TRASH/w/.drift\"" out && test_grep "\"transfer\":{" out
'

test_done
