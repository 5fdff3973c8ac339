#!/bin/sh

# shellcheck disable=SC2015,SC2317
test_description='fetch, push and sync with disk calls that fail or kill, on both ends'
. "$(dirname "$0")/lib.sh"
whole=$TEST_BUILD/drift
test_use_fault_build

# Both ends are in one process: the calls of both are counted.
op_fetch() { drift -C b fetch -q; }
op_push() { drift -C b push -q; }
op_sync() { drift -C b sync -q; }

refs() {
	"$whole" -C "$1" for-each-ref --format='%(objectname) %(refname)'
}

test_expect_success 'two stores' '
	drift init -q a && for i in 1 2 3; do drift -C a put c/$i -j "{\"n\":$i}" -m c$i -q || return 1; done &&
	drift clone -q a b && cp -R a a.push && cp -R b b.push && drift -C b.push put d/1 -j 1 -m d1 -q &&
	drift -C a put c/4 -j 4 -m c4 -q && drift -C a tag -m note v1 && cp -R a a.fetch && cp -R b b.fetch &&
	cp -R a a.sync && cp -R b.push b.sync && rm -rf a b
'

take() {
	rm -rf a b && cp -R "a.$1" a && cp -R "b.$1" b && sed -i "s|url = .*|url = $TRASH/a|" b/.drift/config
}

# A ref holds what it did or what it should; what was said to be done is; repeated without a fault it completes.
check() {
	for end in a b; do
		refs $end >now && "$whole" -C $end fsck >out 2>err || { cat out err && return 1; }
		cat old.$end new.$end | sort -u >either && sort now >sorted && comm -23 sorted either >strange
		test_must_be_empty strange || return 1
	done
	if test "$1" = 0; then
		refs a >now && test_cmp new.a now && refs b >now && test_cmp new.b now || return 1
	fi
	(drift() { "$whole" "$@"; } && "op_$2") >out 2>&1 || { cat out && return 1; }
	refs a >now && test_cmp new.a now && refs b >now && test_cmp new.b now && "$whole" -C a fsck >out && "$whole" -C b fsck >out
}

for op in fetch push sync; do
	test_expect_success "$op: the calls are counted" '
		take $op && refs a >old.a && refs b >old.b && DRIFT_FAULT_COUNT=$TRASH/count && export DRIFT_FAULT_COUNT && op_$op &&
		unset DRIFT_FAULT_COUNT && calls=$(cat count) && test $calls -gt 20 && echo "# $calls calls" && refs a >new.a && refs b >new.b
	'
	for mode in fail die full syncfail; do
		test_expect_success "$op, $mode" '
			n=$((${#mode} % 5 + 1)) && while test $n -le $calls; do
				take $op && { DRIFT_FAULT_AT=$n DRIFT_FAULT_MODE=$mode op_$op >run.out 2>run.err; code=$?; } &&
				case $code in 0 | 1 | 128 | 137) ;; *) echo "code $code" && return 1 ;; esac &&
				{ test $code = 0 || test $code = 137 || test -s run.err; } && check $code $op ||
					{ echo "$op, $mode, call $n of $calls: code $code" && cat run.err && return 1; }
				n=$((n + 9))
			done
		'
	done
done

test_done
