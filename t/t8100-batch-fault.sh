#!/bin/sh

test_description='batch: what an answer says holds, whatever disk call fails or kills'
. "$(dirname "$0")/lib.sh"
test_use_fault_build

requests() {
	cat <<-\END
	{"op":"put","path":"a/1","json":1}
	{"op":"commit","message":"one","tag":1}
	{"op":"put","path":"a/2","json":2}
	{"op":"commit","message":"two","tag":2}
	{"op":"sync"}
	{"op":"put","path":"a/3","json":3}
	{"op":"commit","message":"three","tag":3}
	END
}

test_expect_success 'count the calls' '
	requests >requests && drift init -q repo &&
	cp -R repo whole && DRIFT_FAULT_COUNT=$PWD/count drift -C whole batch <requests >out &&
	calls=$(cat count) && test "$calls" -gt 5 &&
	drift -C whole ls >out && test_line_count = 3 out
'

# Every commit that was answered with an id is in the store; a process that died left the first ones alone.
check() {
	drift -C trial ls a/ >there 2>err && sed -n "s/.*\"id\":\"\([0-9a-f]*\)\".*/\1/p" out >answered || return 1
	while read -r id; do
		drift -C trial is-ancestor "$id" HEAD || return 1
	done <answered
	test "$(wc -l <there)" -ge "$(wc -l <answered)" || return 1
	test "$1" = torn || return 0
	printf "a/1\na/2\na/3\n" | head -n "$(wc -l <there)" >expect && test_cmp expect there
}

first=0
for mode in syncfail fail torn; do
	first=$((first + 1))
	test_expect_success "$mode, at every seventh call" '
		n=$first && while test $n -le "$calls"; do
			rm -rf trial && cp -R repo trial &&
			{ DRIFT_FAULT_AT=$n DRIFT_FAULT_MODE=$mode drift -C trial batch <requests >out 2>err; code=$?; } &&
			if test $mode = syncfail && test "$(grep -c "\"id\"" out)" != 3; then
				test $code = 128 || return 1
			fi &&
			check $mode || { echo "at call $n" && return 1; }
			n=$((n + 7))
		done
	'
done

test_expect_success 'a commit whose sync failed says so, with its tag' '
	n=$((calls / 2)) && found= && while test $n -le "$calls" && test -z "$found"; do
		rm -rf trial && cp -R repo trial &&
		{ DRIFT_FAULT_AT=$n DRIFT_FAULT_MODE=syncfail drift -C trial batch <requests >out 2>err || :; } &&
		found=$(grep "\"code\":\"io\"" out | grep "\"ok\":false,\"tag\":[12]") || :
		n=$((n + 1))
	done &&
	test -n "$found"
'

test_done
