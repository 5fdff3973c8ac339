#!/bin/sh

test_description='drift pull and drift sync'
. "$(dirname "$0")/lib.sh"

same() {
	test "$(drift -C "$1" rev-parse "${3:-main}")" = "$(drift -C "$2" rev-parse "${3:-main}")" ||
		{ echo "$1 and $2 differ" && return 1; }
}

test_expect_success 'pull: forward, merged, nothing' '
	drift init -q a && drift -C a put c/1 -j "{\"a\":1,\"b\":1}" -m one -q && drift clone -q a b &&
	drift -C a patch c/1 -j "{\"a\":2}" -m a2 -q && drift -C b pull >out && test_grep "^main: forward to" out && same a b &&
	drift -C b pull >out 2>err && test_must_be_empty out && test_must_be_empty err &&
	drift -C a patch c/1 -j "{\"a\":3}" -m a3 -q && drift -C b patch c/1 -j "{\"b\":3}" -m b3 -q &&
	drift -C b pull >out && test_grep "^main: merged, now at" out && test "$(drift -C b get c/1)" = "{\"a\":3,\"b\":3}" &&
	drift -C b log -n1 --format="%an|%s|%ct" >out && echo "drift|Merge|1735689600" >expect && test_cmp expect out
'

test_expect_success 'the same merge on both nodes' '
	drift clone -q a one && drift clone -q a two && drift -C one put x/1 -j 1 -m x -q && drift -C two put y/1 -j 1 -m y -q &&
	drift clone -q one one2 && drift -C one2 remote add two ../two && drift -C one2 pull -q two main &&
	drift clone -q two two2 && drift -C two2 remote add one ../one && drift -C two2 pull -q one main && same one2 two2
'

test_expect_success 'conflicts are recorded, exit 0, and counted' '
	drift -C b push -q && drift -C a patch c/1 -j "{\"a\":4}" -m a4 -q && drift -C b patch c/1 -j "{\"a\":5}" -m a5 -q &&
	was=$(drift -C b rev-parse main) &&
	test_expect_code 1 drift -C b pull --no-conflicts 2>err && test_grep "1 document would be in conflict" err &&
	test "$(drift -C b rev-parse main)" = $was &&
	test_expect_code 1 drift -C b pull --ff-only 2>err && test "$(drift -C b rev-parse main)" = $was &&
	drift -C b config branch.main.conflicts refuse && test_expect_code 1 drift -C b pull -q && drift -C b config --unset branch.main.conflicts &&
	drift -C b pull 2>err && test_grep "1 document is in conflict" err && test_grep "drift conflicts" err &&
	drift -C b push -q && same a b && drift -C b fsck
'

test_expect_success 'pull into another branch, of a URL, of one named' '
	drift -C a branch side && drift -C a put s/1 -j 1 --branch side -m side -q && drift -C b pull -q origin side && drift -C b get s/1 &&
	drift -C b branch held HEAD~1 && drift -C b pull -q --branch held "$TRASH/a" main && drift -C b rev-parse held &&
	test_must_fail drift -C b pull origin no-such 2>err && test_grep "has no .*no-such" err &&
	test_expect_code 129 drift -C b pull a b c
'

test_expect_success 'sync: both get all' '
	drift init -q m && drift -C m put c/0 -j 0 -m zero -q && drift clone -q m n &&
	for i in 1 2 3; do drift -C m put m/$i -j $i -m m$i -q && drift -C n put n/$i -j $i -m n$i -q || return 1; done &&
	drift -C n sync >out 2>err && same m n && test_grep "main: merged, now at" out && test_grep "to $TRASH/m" out &&
	test_grep "3 commits with 3 changes received, 4 commits with .* sent; .* 2 round trips" err &&
	drift -C n sync --json >out && test_grep "\"round_trips\":1" out &&
	bytes=$(sed -n "s/.*bytes_in\":\([0-9]*\),\"bytes_out\":\([0-9]*\).*/\1 + \2/p" out) && test $(($bytes)) -lt 500
'

test_expect_success 'the first sync with a new remote, and an empty one' '
	drift init -q --bare hub.drift && drift -C m remote add hub ../hub.drift && drift -C m sync hub && same m hub.drift &&
	test "$(drift -C m config branch.main.remote)" = hub &&
	drift init -q late && drift -C late remote add hub ../hub.drift && drift -C late sync -q && same late hub.drift &&
	drift init -q void && drift init -q void2 && drift -C void remote add v ../void2 && test_must_fail drift -C void sync 2>err &&
	test_grep "neither has a branch" err
'

test_expect_success 'every branch that follows' '
	drift -C late branch feature && drift -C late put f/1 -j 1 --branch feature -m f -q && drift -C late sync -q hub feature && same late hub.drift feature &&
	drift -C m fetch -q && drift -C m branch feature hub/feature && drift -C m put g/1 -j 1 --branch feature -m g -q && drift -C m sync -q hub feature &&
	drift -C late put h/1 -j 1 -m h -q && drift -C late sync -q && same late hub.drift feature && same late hub.drift main
'

test_expect_success 'sync refused' '
	drift -C late put c/0 -j "\"late\"" -m late -q && drift -C m pull -q 2>/dev/null && drift -C m put c/0 -j "\"m\"" -m m -q && drift -C m sync -q &&
	was=$(drift -C hub.drift rev-parse main) && test_expect_code 1 drift -C late sync --no-conflicts 2>err &&
	test_grep "would be in conflict" err && test "$(drift -C hub.drift rev-parse main)" = $was &&
	drift -C late sync 2>err && test_grep "1 document is in conflict" err && same late hub.drift &&
	drift -C hub.drift config branch.main.conflicts refuse && drift -C late put z/1 -j 1 -m z -q && test_expect_code 1 drift -C late sync >out 2>err &&
	test_grep "! refused" out && drift -C hub.drift config --unset branch.main.conflicts && drift -C late sync -q
'

test_expect_success 'undo takes back the merge, not what is known of the remote' '
	drift init -q u && drift -C u put c/1 -j 1 -m one -q && drift clone -q u v && drift -C u put c/2 -j 2 -m two -q &&
	drift -C v put c/3 -j 3 -m three -q && was=$(drift -C v rev-parse main) && drift -C v sync -q && drift -C v undo >out &&
	test_grep "^undo: pull: merged origin" out && test "$(drift -C v rev-parse main)" = $was &&
	test "$(drift -C v rev-parse origin/main)" = "$(drift -C u rev-parse main)"
'

test_expect_success 'many at once lose no change' '
	drift init -q --bare busy.drift && drift init -q w0 && drift -C w0 put c/0 -j 0 -m zero -q && drift -C w0 remote add origin ../busy.drift &&
	drift -C w0 sync -q && for n in 1 2 3 4; do drift clone -q busy.drift w$n || return 1; done &&
	for n in 1 2 3 4; do
		(for i in 1 2 3 4 5; do drift -C w$n put w$n/$i -j $i -m w$n-$i -q && drift -C w$n sync -q || exit 1; done) & pids="$pids $!"
	done && for p in $pids; do wait $p || return 1; done &&
	for n in 1 2 3 4; do drift -C w$n sync -q || return 1; done && for n in 1 2 3 4; do drift -C w$n sync -q && same w$n busy.drift || return 1; done &&
	test "$(drift -C busy.drift ls --count)" = 21 && drift -C busy.drift fsck && test_expect_code 0 drift -C w1 fsck
'

test_expect_success 'three nodes, any order' '
	for n in x y z; do drift clone -q m $n && drift -C $n put n/$n -j 1 -m $n -q && drift -C $n put both/k -j "\"$n\"" -m k$n -q || return 1; done &&
	drift -C x remote add y ../y && drift -C y remote add z ../z && drift -C z remote add x ../x &&
	drift -C x sync -q y main 2>/dev/null && drift -C y sync -q z main 2>/dev/null && drift -C z sync -q x main 2>/dev/null && drift -C x sync -q y main 2>/dev/null &&
	drift -C y sync -q z main 2>/dev/null && same x y && same y z && drift -C x fsck && drift -C x sync --json y main >out && test_grep "\"round_trips\":1" out
'

test_done
