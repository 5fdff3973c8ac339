#!/bin/sh
test_description='drift merge, conflicts, resolve: lines of history come together'
. "$(dirname "$0")/lib.sh"

# base on main and topic, then each goes on: BASE OURS THEIRS are documents of users/1, "-" is none.
part() {
	rm -rf .drift && drift init -q && drift put other/1 -j 0 -m root -q &&
	if test "$1" != -; then drift put users/1 -j "$1" -m base -q; fi &&
	drift branch topic && to "$2" main && to "$3" topic
}
to() {
	if test "$1" = -; then drift get users/1 --branch "$2" >gone 2>&1 || return 0 && drift rm users/1 --branch "$2" -m rm -q; else drift put users/1 -j "$1" --branch "$2" -m "$2" -q; fi
}

test_expect_success 'forward, nothing, and a refusal to go anywhere else' '
	drift init -q && drift put a -j 1 -m one -q && drift branch topic && drift put a -j 2 --branch topic -m two -q &&
	drift merge topic >out && test_grep "forward to two" out && test "$(drift get a)" = 2 &&
	test "$(drift rev-parse main)" = "$(drift rev-parse topic)" &&
	drift merge topic >out && echo "already up to date" >expect && test_cmp expect out &&
	drift put b -j 1 -m three -q && drift put c -j 1 -m four --branch topic -q && old=$(drift rev-parse main) &&
	test_expect_code 1 drift merge --ff-only topic 2>err && test_grep "does not have" err &&
	test "$(drift rev-parse main)" = $old && drift merge main >out && test_grep "already" out &&
	test_expect_code 129 drift merge && test_expect_code 129 drift merge a b && test_expect_code 1 drift merge nosuch 2>err &&
	test_grep nosuch err && test_expect_code 129 drift merge --no-ff --ff-only topic
'

test_expect_success 'different documents and fields: both, two parents, no question' '
	part "{\"a\":1,\"b\":1}" "{\"a\":2,\"b\":1}" "{\"a\":1,\"b\":2}" && drift put users/2 -j 1 --branch topic -m more -q &&
	drift merge topic --json >out && test_grep "\"conflicts\":0" out && test_grep "\"merged\":1" out &&
	test "$(drift get users/1)" = "{\"a\":2,\"b\":2}" && test "$(drift get users/2)" = 1 &&
	drift log -1 --format="%an|%cn|%s|%P" >out && test_grep "^drift|drift|Merge|" out &&
	test "$(drift log -1 --format=%P | wc -w)" = 2 && drift conflicts >out && test_must_be_empty out && drift verify >out &&
	test_grep "1 automatic merge among 6 commits: all right" out && drift fsck -q
'

test_expect_success 'an automatic merge is the same commit whoever makes it' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift branch mine main && drift branch yours topic &&
	drift merge topic --branch mine -q >one && drift merge main --branch yours -q >two && test_cmp one two &&
	test "$(drift log -1 --format="%aI" mine)" = "$(drift log -1 --format="%cI" mine)"
'

test_expect_success 'a person speaks for it: an ordinary commit, the branch first' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && ours=$(drift rev-parse main) && theirs=$(drift rev-parse topic) &&
	drift merge topic -m "it is mine" --author "Me <me@x>" -q && test "$(drift log -1 --format="%an %s %P")" = "Me it is mine $ours $theirs" &&
	test "$(drift get users/1 2>err)" = "{\"a\":2}" && test_grep "is in conflict: this stands for 2 sides" err &&
	drift verify --merges >out && test_grep "^0 automatic" out &&
	part "{\"a\":1}" "{\"a\":2}" "{\"b\":3}" && drift merge topic --author You -q && drift log -1 --format=%s >out && echo "Merge branch \"topic\"" | tr "\"" "\047" >expect && test_cmp expect out
'

test_expect_success 'a clash is a conflict: listed, counted, shown, marked' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift merge topic >out 2>err && test_grep "1 document in conflict" out &&
	test_grep "drift conflicts" err && echo users/1 >expect && drift conflicts >out && test_cmp expect out &&
	drift conflicts users/ >out && test_cmp expect out && drift conflicts other/ >out && test_must_be_empty out &&
	drift conflicts -l >out && test_grep "side 1: " out && test_grep "side 2: " out && test_grep "base: " out &&
	drift conflicts --json >out && test_grep "\"sides\":\[{\"id\":" out && test_grep "\"bases\":\[{\"id\":" out &&
	drift conflicts -z | tr "\000" "\n" >out && test_cmp expect out &&
	test "$(drift conflicts --count)" = 1 && test "$(drift conflicts --count --at HEAD~1)" = 0 &&
	drift status >out && test_grep "^1 document in conflict" out && drift status --json >out && test_grep "\"conflicts\":1" out &&
	drift get users/1 --conflicts >out && for v in 1 2 3; do grep -q "^{\"a\":$v}\$" out || return 1; done &&
	drift get users/1 --conflicts --json >out && test_grep "\"json\":{\"a\":3}" out &&
	drift log --oneline >out && test_grep "Merge (1 in conflict)" out && drift show >out && test_grep "^Conflicts: 1" out &&
	drift show --name-status >out && ! grep conflict/ out && drift log -1 --json >out && test_grep "\"conflicts\":1" out &&
	drift history users/1 >out && drift fsck -q
'

test_expect_success 'removed against changed is never silent, and what is there wins' '
	for sides in "2 -" "- 2"; do
		part "{\"a\":1}" $(for v in $sides; do test $v = - && echo - || echo "{\"a\":$v}"; done) &&
		drift merge topic -q && test "$(drift get users/1)" = "{\"a\":2}" && drift conflicts -l >out && test_grep "removed" out || return 1
	done
'

test_expect_success 'both added it, binary, text by line' '
	part - "{\"a\":1}" "{\"b\":1}" && drift merge topic -q && test "$(drift get users/1)" = "{\"a\":1,\"b\":1}" &&
	part - "{\"a\":1}" "{\"a\":2}" && drift merge topic -q && drift conflicts -l >out && ! grep base: out &&
	part - - - && printf "a\nb\nc\nd\ne\n" >t && drift put notes/1 t -m t -q && drift branch -d topic && drift branch topic &&
	sed "s/a/A/" t >t1 && sed "s/e/E/" t >t2 && drift put notes/1 t1 -m 1 -q && drift put notes/1 t2 -m 2 --branch topic -q &&
	printf "a\000b" >x && drift put notes/2 x -m 3 -q && printf "c\000d" >y && drift put notes/2 y -m 4 --branch topic -q &&
	drift merge topic -m m -q && sed "s/a/A/; s/e/E/" t >expect && drift get notes/1 >out && test_cmp expect out &&
	drift conflicts >out && echo notes/2 >expect && test_cmp expect out && drift get notes/2 >out 2>err && cmp out x
'

test_expect_success '--no-conflicts and the config refuse, --dry-run only says' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && old=$(drift rev-parse main) &&
	test_expect_code 1 drift merge topic --no-conflicts 2>err && test_grep "1 document would be in conflict" err &&
	test_expect_code 1 drift merge topic --no-conflicts -m mine 2>err && test_grep "1 document would be in conflict" err &&
	drift merge --dry-run topic >out && echo users/1 >expect && test_cmp expect out &&
	test_expect_code 1 drift merge --dry-run --no-conflicts topic >out 2>err && test_cmp expect out &&
	drift config branch.main.conflicts refuse && test_expect_code 1 drift merge topic && test "$(drift rev-parse main)" = $old &&
	drift branch free && drift merge topic --branch free -q && test_expect_code 1 drift merge free 2>err && test_grep "would be in conflict" err
'

test_expect_success '-X settles, --policy rules, nonsense is refused' '
	part "{\"a\":1}" "{\"a\":2,\"x\":1}" "{\"a\":3,\"y\":1}" && drift branch b && drift branch c && drift merge topic -X ours -q &&
	test "$(drift get users/1)" = "{\"a\":2,\"x\":1,\"y\":1}" && drift merge topic --branch b -X theirs -q &&
	test "$(drift get users/1 --at b)" = "{\"a\":3,\"x\":1,\"y\":1}" && test "$(drift conflicts --count --at b)" = 0 &&
	drift merge topic --branch c --policy last-writer -q && test "$(drift conflicts --count --at c)" = 0 &&
	test_expect_code 128 drift merge topic -X mine && test_expect_code 128 drift merge topic --policy nonsense
'

test_expect_success 'put and rm settle, also with the very bytes that stand there; a patch is refused' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift merge topic -q && now=$(drift get users/1) &&
	test_expect_code 1 drift patch users/1 -j "{\"b\":1}" 2>err && test_grep "in conflict" err &&
	test_expect_code 1 drift patch users/1 -j "{\"b\":1}" -m p && test "$(drift conflicts --count)" = 1 &&
	drift put users/1 -j "$now" && drift status --short >out && echo "M users/1" >expect && test_cmp expect out &&
	test "$(drift conflicts --count)" = 0 && test "$(drift conflicts --count --at HEAD)" = 1 && drift patch users/1 -j "{\"b\":1}" &&
	drift commit -m settled >out && test_grep "1 document changed" out && test "$(drift conflicts --count)" = 0 &&
	test "$(drift get users/1 2>err)" != "$now" && test_must_be_empty err && drift ls .drift/ >out && test_must_be_empty out && drift fsck -q &&
	drift undo && drift unstage && test "$(drift conflicts --count)" = 1 &&
	drift put users/1 -j "$now" -m same -q && test "$(drift conflicts --count)" = 0 && drift undo && drift rm users/1 -m rm -q &&
	test "$(drift conflicts --count)" = 0
'

test_expect_success 'what was staged before a conflict came does not settle it unseen' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift put users/1 -j "{\"a\":9}" && drift merge topic -q &&
	test_expect_code 1 drift commit -m blind 2>err && test_grep users/1 err && drift put users/1 -j "{\"a\":9}" && drift commit -m seen -q
'

test_expect_success 'resolve: ours, theirs, base, a side, a file, JSON' '
	for how in --ours=2 --theirs=3 --base=1; do
		part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift merge topic -q && drift resolve ${how%=*} users/1 && test "$(drift get users/1)" = "{\"a\":${how#*=}}" &&
		drift commit -m r -q && test "$(drift conflicts --count)" = 0 || return 1
	done &&
	drift undo && drift resolve --side 1 users/1 -m s -q && drift undo && test_expect_code 1 drift resolve --side 3 users/1 2>err && test_grep "sides 1 to 2" err &&
	drift resolve users/1 -j "[]" && test "$(drift get users/1)" = "[]" && echo "{}" | drift resolve users/1 - && test "$(drift get users/1)" = "{}" &&
	drift commit -m done -q && test_expect_code 1 drift resolve --ours users/1 2>err && test_grep "not in conflict" err &&
	test_expect_code 129 drift resolve users/1 && test_expect_code 129 drift resolve --ours --theirs users/1 && test_expect_code 129 drift resolve
'

test_expect_success 'resolve takes a removal' '
	part "{\"a\":1}" - "{\"a\":3}" && drift merge topic -q && drift resolve --ours users/1 -m gone -q && test_expect_code 1 drift get users/1 &&
	test "$(drift conflicts --count)" = 0
'

test_expect_success 'conflicts accumulate and cancel over further merges' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift branch third HEAD~1 && drift put users/1 -j "{\"a\":4}" --branch third -m 4 -q &&
	drift merge topic -q && drift merge third -q && drift conflicts -l >out && test_grep "side 3:" out && test "$(grep -c base: out)" = 1 &&
	drift resolve users/1 -j "{\"a\":5}" -m five -q && drift put users/2 -j 1 --branch topic -m far -q && drift merge topic -q &&
	test "$(drift conflicts --count)" = 0 && test "$(drift get users/1)" = "{\"a\":5}"
'

test_expect_success 'lines that crossed have one base made of several' '
	part "{\"a\":1,\"b\":1}" "{\"a\":2,\"b\":1}" "{\"a\":1,\"b\":2}" && drift branch m2 topic && drift branch t2 main &&
	drift merge topic -m m1 -q && drift merge t2 --branch m2 -m m2 -q && test "$(drift merge-base --all main m2 | wc -l)" = 2 &&
	drift put users/1 -j "{\"a\":2,\"b\":3}" -m b3 -q && drift put users/1 -j "{\"a\":3,\"b\":2}" --branch m2 -m a3 -q &&
	drift merge m2 -q && test "$(drift get users/1)" = "{\"a\":3,\"b\":3}" && test "$(drift conflicts --count)" = 0 && drift verify -q && drift fsck -q
'

test_expect_success 'nothing in common: the base is empty' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && alone=$(drift commit-tree "$(drift rev-parse topic^{tree})" -m alone) &&
	drift merge "$alone" -m both -q && test "$(drift conflicts --count)" = 1 && drift conflicts -l >out && ! grep base: out
'

test_expect_success 'collections come and go with their schemas; a collection that is dropped takes its terms along' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift collection create new --branch topic -m c -q && drift merge topic -q &&
	drift collection ls >out && test_grep "^new" out && drift collection drop -r users -m d -q && test "$(drift conflicts --count)" = 0 && drift fsck -q
'

test_expect_success 'rollback of a path or a collection to a state in conflict, and back' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift merge topic -q >merged && drift put users/1 -j 7 -m seven -q &&
	drift rollback "$(cat merged)" users/ -m back -q && test "$(drift conflicts --count)" = 1 && test "$(drift rev-parse HEAD^{tree})" = "$(drift rev-parse "$(cat merged)^{tree}")" &&
	drift rollback HEAD~1 -q && test "$(drift conflicts --count)" = 0
'

test_expect_success 'merge-tree and read-tree' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && test_expect_code 1 drift merge-tree main~1 main topic >out && sed -n 2p out >names && echo users/1 >expect && test_cmp expect names &&
	tree=$(sed -n 1p out) && test_expect_code 1 drift merge-tree main topic >two && test_cmp out two && drift ls-tree -r $tree >out && test_grep "conflict/users/1/+" out &&
	drift read-tree $tree && drift commit -m read -q && test "$(drift rev-parse HEAD^{tree})" = $tree && test "$(drift conflicts --count)" = 1 &&
	drift merge-tree -X ours main~1 main~1 topic >out && test "$(wc -l <out)" = 1 && test_expect_code 129 drift merge-tree main
'

test_expect_success 'merge-file: as git does with text, by field with JSON' '
	printf "a\nb\nc\n" >b && printf "A\nb\nc\n" >o && printf "a\nb\nC\n" >t && drift merge-file -p o b t >out && printf "A\nb\nC\n" >expect && test_cmp expect out &&
	drift merge-file o b t && test_cmp expect o && printf "X\nb\nc\n" >o && printf "Y\nb\nc\n" >t && test_expect_code 1 drift merge-file -q -p -L us -L was -L them o b t >out &&
	test_grep "<<<<<<< us" out && test_grep ">>>>>>> them" out && drift merge-file -p -X theirs o b t >out && test_cmp t out &&
	echo "{\"a\":1}" >b && echo "{\"a\":2}" >o && echo "{\"a\":1,\"b\":1}" >t && drift merge-file -p o b t >out && printf "{\"a\":2,\"b\":1}" >expect && test_cmp expect out &&
	echo "{\"a\":3}" >t && test_expect_code 1 drift merge-file -p o b t 2>err && test_grep "both sides changed field /a" err && test_expect_code 129 drift merge-file o b &&
	test_expect_code 128 drift merge-file o b nosuch
'

test_expect_success 'verify names a commit that claims to be a merge of its parents' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift merge topic -q && good=$(drift rev-parse HEAD) &&
	set -- $(drift log -1 --format=%P) && bad=$(DRIFT_AUTHOR=drift drift commit-tree "$(drift rev-parse HEAD~1^{tree})" -p $1 -p $2 -m Merge) &&
	test_expect_code 1 drift verify $bad >out && test_grep "another tree than its parents merge to" out && test_grep "1 wrong" out &&
	test_expect_code 1 drift verify --json $bad >out && test_grep "\"commit\":\"$bad\"" out && drift verify $good -q >out && test_must_be_empty out &&
	test_expect_code 1 drift verify nosuch
'

test_expect_success 'fsck --full names terms that are none' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift merge topic -q && drift fsck --full -q && id=$(drift ls-tree -r HEAD other/1 | cut -d" " -f3 | cut -f1) && tab=$(printf "\t") &&
	for line in "nonsense|the key of one" "other/1/+$id|takes two sides" "users/9/+$id|no document" "other/1/+$(echo $id | tr 0-9a-f 1-9a-f0)|another version"; do
		{ drift ls-tree -r HEAD && echo "100644 blob $id$tab.drift/conflict/${line%|*}"; } | LC_ALL=C sort -t"$tab" -k2 | drift mktree >tree &&
		drift update-ref refs/heads/bad "$(drift commit-tree "$(cat tree)" -m bad)" && test_expect_code 1 drift fsck --full >out 2>&1 &&
		test_grep "${line#*|}" out || return 1
	done
'

test_expect_success 'rules of merging that are not known: no merge at all' '
	part "{\"a\":1}" "{\"a\":2}" "{\"b\":3}" && tab=$(printf "\t") && id=$(drift ls-tree -r HEAD other/1 | cut -d" " -f3 | cut -f1) &&
	{ echo "100644 blob $id$tab.drift/merge-rules" && drift ls-tree -r topic; } | drift mktree >tree && old=$(drift rev-parse main) &&
	drift update-ref refs/heads/later "$(drift commit-tree "$(cat tree)" -p topic -m later)" && test_expect_code 128 drift merge later 2>err &&
	test_grep "does not know" err && test "$(drift rev-parse main)" = $old && test_expect_code 128 drift put .drift/merge-rules -j 2
'

test_expect_success 'export to git and back keeps conflicts out of harm' '
	part "{\"a\":1}" "{\"a\":2}" "{\"a\":3}" && drift merge topic -q && drift export git >stream && mkdir -p back && (cd back && rm -rf .drift && drift init -q && drift import git <../stream >out 2>&1 &&
	test "$(drift get users/1 2>err)" = "$(cd .. && drift get users/1 2>err)" && drift fsck --full -q)
'

test_done
