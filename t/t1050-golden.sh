#!/bin/sh

test_description='stores that older programs made: one a format, which opens for ever and answers what it always has'
. "$(dirname "$0")/lib-answers.sh"
. "$(dirname "$0")/lib.sh"

# Everything, with the caches that the question before left and without.
same_answers() {
	(cd "$1" && answers) >got 2>err && test_cmp "$2" got && test_grep ! "damage\|corrupt" err
}

for store in "$TEST_ROOT"/t/golden/store-*/; do
	name=$(basename "$store") answers_file=${store%/}.answers
	test_expect_success "$name: all answers" '
		mkdir "$name" && cp -r "$store" "$name/.drift" && same_answers "$name" "$answers_file"
	'
	test_expect_success "$name: reading has changed nothing" '
		for file in "$store"*; do
			test -d "$file" || cmp "$file" "$name/.drift/${file##*/}" || return 1
		done
	'
	test_expect_success "$name: without what is derived" '
		rm -r "$name/.drift/cache" && drift -C "$name" ls >ls && drift -C "$name" ls --no-cache >ls.no && test_cmp ls ls.no &&
		drift -C "$name" log --format "%H %s" >log && drift -C "$name" log --no-cache --format "%H %s" >log.no && test_cmp log log.no
	'
	test_expect_success "$name: it goes on" '
		head=$(drift -C "$name" rev-parse HEAD) && drift -C "$name" log --oneline "$head" >before &&
		for i in 1 2 3; do drift -C "$name" put new/$i -j $i -m "new $i" -q || return 1; done &&
		drift -C "$name" commit -m "what was staged" -q && rm -r "$name/.drift/cache" &&
		drift -C "$name" log --oneline "$head" >after && test_cmp before after &&
		test "$(drift -C "$name" rev-parse HEAD~4)" = "$head" && test "$(drift -C "$name" get new/3)" = 3
	'
done

test_done
