#!/bin/sh

test_description='log --graph: lines of history beside the commits'
. "$(dirname "$0")/lib.sh"

# NAME PARENT...: a commit with no documents of its own; $NAME is its id
commit_on() {
	test_tick
	name=$1 parents=
	shift
	for parent; do
		parents="$parents -p $parent"
	done
	# shellcheck disable=SC2086
	eval "$name=\$(drift commit-tree \"\$tree\" $parents -m \$name)"
}

test_expect_success 'setup' '
	drift init -q &&
	drift put a/0 -j 1 -m root -q >root_id &&
	root=$(cat root_id) tree=$(drift rev-parse "HEAD^{tree}") &&
	commit_on a1 "$root" && commit_on b1 "$root" && commit_on c1 "$root" && commit_on d1 "$c1" &&
	commit_on octopus "$a1" "$b1" "$d1" &&
	commit_on a2 "$octopus" && commit_on b2 "$b1" &&
	commit_on cross1 "$a2" "$b2" && commit_on cross2 "$b2" "$a2" && commit_on final "$cross1" "$cross2" &&
	commit_on side "$d1" && commit_on last "$final" "$side" &&
	drift update-ref refs/heads/knot "$last"
'

test_expect_success 'a straight line' '
	drift log --graph --format=%s "$b2" >out &&
	printf "* b2\n* b1\n* root\n" >expect &&
	test_cmp expect out
'

test_expect_success 'three parents, and lines that cross' '
	drift log --graph --format=%s knot >out &&
	cat >expect <<-\EOF &&
	* last
	|\
	| * side
	* | final
	|\ \
	| * | cross2
	| |\ \
	* | | | cross1
	|\ \ \ \
	| |/ / /
	| * | | b2
	|_|/ /
	* | | a2
	* | | octopus
	|\ \ \
	|\ \ \ \
	| | |_|/
	| | * | d1
	| | * | c1
	| |_|/
	| * | b1
	* | | a1
	|_|/
	|/
	* root
	EOF
	test_cmp expect out
'

test_expect_success 'each commit once, each behind its children' '
	drift log --graph --format=%H knot | sed "s/^[^0-9a-f]*//; /^\$/d" >out &&
	sort out | uniq -d >twice &&
	test_must_be_empty twice &&
	drift rev-list knot | sort >expect &&
	sort out >sorted &&
	test_cmp expect sorted
'

test_expect_success 'lines end where a range begins' '
	drift log --graph --format=%s "$a2..knot" >out &&
	cat >expect <<-\EOF &&
	* last
	|\
	| * side
	* final
	|\
	| * cross2
	* | cross1
	|/
	* b2
	EOF
	test_cmp expect out &&
	drift log --graph --format=%s knot "^$d1" "^$b2" "^$a2" >out &&
	test_grep "^| \* side" out
'

test_expect_success 'lines lead past commits that are not shown' '
	drift log --graph --format=%s --grep "^(a2|d1|last|root)\$" knot >out &&
	cat >expect <<-\EOF &&
	* last
	|\
	* | a2
	| * d1
	|/
	* root
	EOF
	test_cmp expect out &&
	drift log --graph --format=%s knot a/ >out &&
	echo "* root" >expect &&
	test_cmp expect out
'

test_expect_success '--first-parent follows one line' '
	drift log --graph --first-parent --format=%s knot >out &&
	printf "* %s\n" last final cross1 a2 octopus a1 root >expect &&
	test_cmp expect out
'

test_expect_success 'texts of several lines stand beside the lines' '
	drift log --graph -n 2 knot >out &&
	sed -n 1,4p out >head &&
	cat >expect <<-EOF &&
	* commit $last
	|\\ Seq:    7
	| | Merge:  $(printf "%.10s %.10s" "$final" "$side")
	| | Author: A U Thor <author@example.com>
	EOF
	test_cmp expect head &&
	test_grep ! " \$" out
'

test_expect_success '--graph and --reverse exclude each other' '
	test_expect_code 129 drift log --graph --reverse
'

test_done
