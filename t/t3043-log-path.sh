#!/bin/sh

test_description='log PATH answers from the history of documents as a walk would'
. "$(dirname "$0")/lib.sh"

seed=7
# LIMIT: the next random number below it, in $r
random() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	r=$((seed / 65536 % $1))
}

random_branch() {
	random 3
	eval "b=\${branch_$r:-main}"
}

# A commit on b whose parents are b and c, and whose tree is that of either, or differs from both.
merge_into() {
	from=scratch
	random 4
	case $r in
	0) from=$b ;;
	1) from=$c ;;
	*) random 5 && drift update-ref refs/heads/scratch "$b" && drift put "d/$r" -j "$seed" -q -m s --branch scratch ;;
	esac
	m=$(drift commit-tree "$from^{tree}" -p "$b" -p "$c" -m "merge $1") && drift update-ref "refs/heads/$b" "$m"
}

test_expect_success 'a random history with merges' '
	drift init -q && drift config core.sync false && drift put d/0 -j 0 -q -m root && drift branch left && drift branch right &&
	branch_0=main branch_1=left branch_2=right &&
	for i in $(seq 60); do
		test_tick && random_branch && c=$b && random_branch && random 5 || return 1
		case $r in
		0 | 1) test $b = $c || merge_into $i || return 1 ;;
		2) random 5 && drift rm -f d/$r -q -m "rm $i" --branch $b || echo nothing ;;
		*) random 5 && drift put d/$r -j $seed -q -m "put $i" --branch $b || return 1 ;;
		esac
	done >/dev/null &&
	drift log --format=%P main >out && test_grep " " out &&
	drift log --format=%s main d/0 d/1 d/2 d/3 d/4 >out && test_grep merge out
'

# ARGUMENT...: the same with the history index and by a walk
same() {
	drift log --format='%H %s' "$@" >with && drift log --no-cache --format='%H %s' "$@" >without && test_cmp without with
}

test_expect_success 'each document, from each branch, by every option' '
	for b in main left right main~5 right~7; do
		for d in d/0 d/1 d/2 d/3 d/4 d/none; do
			same $b $d && same --first-parent $b $d && same --reverse -n 3 $b $d && same -2 $b $d &&
			same --since "2025-01-01T00:20:00Z" --until "2025-01-01T00:40:00Z" $b $d && same --grep=put $b $d || return 1
		done
	done &&
	same main d/0 d/1 && same main d/ && same main d && same main..right d/1 && same main right d/2 && same ^left main d/2 &&
	same -n 0 main d/1 && same --graph main d/1 &&
	drift log --format=%H main d/1 >out && test_line_count -gt 2 out
'

test_expect_success 'several documents on a straight line' '
	drift branch line $(drift log --format=%H --grep=root main) &&
	for i in 1 2 3 4 5 6; do
		test_tick && drift put d/$((i % 3)) -j $i -m $i --branch line -q && drift put e/$i -j $i -m e$i --branch line -q || return 1
	done >/dev/null &&
	printf "%s\n" "{\"op\":\"put\",\"path\":\"d/0\",\"json\":9}" "{\"op\":\"put\",\"path\":\"d/1\",\"json\":9}" \
		"{\"op\":\"commit\",\"message\":\"both\"}" | drift batch --branch line >/dev/null &&
	same line d/0 d/1 && same line d/1 d/2 e/4 && same --reverse -3 line d/0 d/1 && same --first-parent line d/0 d/1 &&
	drift log --format=%s line d/0 d/1 >out && printf "%s\n" both 6 4 3 1 root >expect && test_cmp expect out
'

test_expect_success 'the formats' '
	drift log --json line d/0 >out && drift log --no-cache --json line d/0 >expect && test_cmp expect out &&
	drift log -p line d/0 >out && drift log --no-cache -p line d/0 >expect && test_cmp expect out &&
	drift log --stat line d/0 d/2 >out && drift log --no-cache --stat line d/0 d/2 >expect && test_cmp expect out
'

test_done
