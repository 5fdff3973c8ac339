#!/bin/sh

test_description='rev-parse, rev-list, merge-base, is-ancestor and name-rev'
. "$(dirname "$0")/lib.sh"

# commit NAME TREE [PARENT...]: a commit of that name, its id in $NAME
make() {
	test_tick && name=$1 && shift && parents= &&
	for parent; do
		parents="$parents -p $parent"
	done &&
	eval "$name=\$(drift commit-tree $tree $parents -m $name)"
}

# Ids on standard input become their names, in $names.
named() {
	for n in $names; do
		eval "echo \"s/\$$n/$n/g\""
	done >script && sed -f script
}

#	a - b - c - m - e     main
#	     \     /
#	      d - f           side
test_expect_success 'set up' '
	drift init -q && drift put x -j 1 -m tree -q >/dev/null && tree=$(drift rev-parse HEAD^{tree}) &&
	names="a b c d f m e z" &&
	make a && make b "$a" && make c "$b" && make d "$b" && make f "$d" && make m "$c" "$f" && make e "$m" && make z &&
	drift update-ref refs/heads/main "$e" && drift update-ref refs/heads/side "$f" &&
	drift update-ref refs/heads/other "$z" && drift update-ref refs/tags/v1 "$c"
'

list() {
	drift rev-list "$@" >ids && named <ids | tr "\n" " " | sed "s/ \$//"
}

test_expect_success 'rev-list' '
	test "$(list main)" = "e m f d c b a" &&
	test "$(list --topo-order main)" = "e m f d c b a" &&
	test "$(list --first-parent main)" = "e m c b a" &&
	test "$(list -n 2 main)" = "e m" && test "$(list -2 --skip 1 main)" = "m f" &&
	test "$(list --reverse side)" = "a b d f" &&
	test "$(list side..main)" = "e m c" && test "$(list ^side main)" = "e m c" &&
	test "$(list v1...side)" = "f d c" &&
	test "$(list --merges main)" = "m" && test "$(list --no-merges -n 2 main)" = "e f" &&
	test "$(list --all | wc -w)" -eq 8 &&
	test "$(printf "main\n^v1\n" | drift rev-list --stdin | named | tr "\n" " ")" = "e m f d "
'

test_expect_success 'rev-list --count' '
	for args in main "--first-parent main" side "main ^side" "-n 3 main" "--merges main" "v1...side"; do
		drift rev-list $args | wc -l | tr -d " " >expect &&
		drift rev-list --count $args >out && test_cmp expect out || return 1
	done &&
	drift rev-list --count --json side >out && echo "{\"count\":4}" >expect && test_cmp expect out
'

test_expect_success 'rev-list --parents and --json' '
	drift rev-list --parents -n 2 main | named >out && printf "e m\nm c f\n" >expect && test_cmp expect out &&
	drift rev-list --json -n 1 main >out && test_grep "\"id\":\"$e\"" out && test_grep "\"message\":\"e\"" out &&
	test_expect_code 129 drift rev-list && test_expect_code 1 drift rev-list no-such
'

test_expect_success 'merge-base' '
	drift merge-base main side | named >out && echo f >expect && test_cmp expect out &&
	drift merge-base v1 side | named >out && echo b >expect && test_cmp expect out &&
	test_expect_code 1 drift merge-base main other >out && test_must_be_empty out &&
	make g "$c" "$f" && make h "$f" "$c" && drift merge-base --all "$g" "$h" | named | sort >out &&
	printf "c\nf\n" >expect && test_cmp expect out &&
	drift merge-base "$g" "$h" >out && test_line_count = 1 out &&
	test_expect_code 129 drift merge-base main && test_expect_code 128 drift merge-base main no-such
'

test_expect_success 'is-ancestor' '
	drift is-ancestor side main && drift is-ancestor main main && drift merge-base --is-ancestor v1 main &&
	test_expect_code 1 drift is-ancestor main side && test_expect_code 1 drift merge-base --is-ancestor other main &&
	test_expect_code 128 drift is-ancestor no-such main && test_expect_code 129 drift is-ancestor main
'

test_expect_success 'name-rev' '
	check() {
		drift name-rev --name-only "$1" >out && echo "$2" >expect && test_cmp expect out
	} &&
	check "$e" main && check "$m" main~1 && check "$c" tags/v1 && check "$b" tags/v1~1 && check "$d" side~1 &&
	check "$z" other && check "$g" undefined &&
	drift name-rev --refs="heads/main" --name-only "$d" >out && echo "main~1^2~1" >expect && test_cmp expect out &&
	test "$(drift rev-parse "main~1^2~1")" = "$d" &&
	drift name-rev --tags --name-only "$d" >out && echo undefined >expect && test_cmp expect out &&
	test_expect_code 1 drift name-rev --no-undefined "$g" &&
	drift name-rev HEAD >out && echo "HEAD main" >expect && test_cmp expect out &&
	echo side | drift name-rev --stdin >out && echo "side side" >expect && test_cmp expect out &&
	drift name-rev --json "$g" >out && echo "{\"id\":\"$g\",\"name\":null}" >expect && test_cmp expect out &&
	test_expect_code 129 drift name-rev
'

test_expect_success 'rev-parse: ids of whatever has a name' '
	drift rev-parse HEAD main~1 v1 "$(echo "$d" | cut -c1-12)" @seq:2 | named >out &&
	printf "e\nm\nc\nd\nb\n" >expect && test_cmp expect out &&
	drift rev-parse HEAD:x >out && printf 1 | drift hash-object --stdin >expect && test_cmp expect out &&
	drift rev-parse HEAD^{tree} >out && echo "$tree" >expect && test_cmp expect out
'

test_expect_success 'rev-parse: ranges' '
	drift rev-parse side..main | named >out && printf "e\n^f\n" >expect && test_cmp expect out &&
	drift rev-parse ..side ^main | named >out && printf "f\n^e\n^e\n" >expect && test_cmp expect out &&
	drift rev-parse v1...side | named >out && printf "c\nf\n^b\n" >expect && test_cmp expect out
'

test_expect_success 'rev-parse: --verify, --short, names' '
	drift rev-parse --verify HEAD | named >out && echo e >expect && test_cmp expect out &&
	test_expect_code 1 drift rev-parse --verify no-such 2>err && test_grep "no-such" err &&
	test_expect_code 1 drift rev-parse --verify -q no-such 2>err && test_must_be_empty err &&
	test_expect_code 129 drift rev-parse --verify HEAD HEAD &&
	drift rev-parse --short=12 HEAD >out && echo "$e" | cut -c1-12 >expect && test_cmp expect out &&
	drift rev-parse --short HEAD >out && echo "$e" | cut -c1-10 >expect && test_cmp expect out &&
	test_expect_code 129 drift rev-parse --short=2 HEAD &&
	drift rev-parse --abbrev-ref HEAD v1 >out && printf "main\nv1\n" >expect && test_cmp expect out &&
	drift rev-parse --symbolic-full-name HEAD v1 >out && printf "refs/heads/main\nrefs/tags/v1\n" >expect && test_cmp expect out &&
	drift rev-parse --branches | named >out && printf "e\nz\nf\n" >expect && test_cmp expect out
'

test_expect_success 'rev-parse: about the repository' '
	mkdir sub && pwd >expect &&
	(cd sub && drift rev-parse --show-toplevel) >out && test_cmp expect out &&
	echo "$PWD/.drift" >expect && drift -C sub rev-parse --drift-dir >out && test_cmp expect out &&
	drift rev-parse --is-bare-repository >out && echo false >expect && test_cmp expect out &&
	drift init -q --bare bare.drift && drift -C bare.drift rev-parse --is-bare-repository >out &&
	echo true >expect && test_cmp expect out &&
	test_expect_code 1 drift -C bare.drift rev-parse --show-toplevel
'

test_done
