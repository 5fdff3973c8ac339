#!/bin/sh

test_description='show-ref, for-each-ref and symbolic-ref'
. "$(dirname "$0")/lib.sh"

test_expect_success 'an empty store has no refs' '
	drift init -q &&
	test_expect_code 1 drift show-ref >out && test_must_be_empty out &&
	drift for-each-ref >out && test_must_be_empty out
'

test_expect_success 'set up' '
	drift put a -j 1 -m "one

with a body" -q >one && test_tick &&
	drift put a -j 2 -m two --author "B <b@example.com>" -q >two &&
	one=$(cat one) two=$(cat two) &&
	drift update-ref refs/heads/feature/x "$one" &&
	drift update-ref refs/tags/light "$one" &&
	tag=$(printf "object %s\ntype commit\ntag v1\ntagger T <t@example.com> 1700000000 +0100\n\nfirst release\n" "$two" |
		drift hash-object -w -t tag --stdin) &&
	drift update-ref refs/tags/v1 "$tag"
'

test_expect_success 'all, heads, tags, HEAD' '
	{
		echo "$one refs/heads/feature/x" && echo "$two refs/heads/main" &&
		echo "$one refs/tags/light" && echo "$tag refs/tags/v1"
	} >expect &&
	drift show-ref >out && test_cmp expect out &&
	drift show-ref --heads >out && head -n 2 expect >part && test_cmp part out &&
	drift show-ref --tags >out && tail -n 2 expect >part && test_cmp part out &&
	drift show-ref --head --tags >out && { echo "$two HEAD" && cat part; } >all && test_cmp all out
'

test_expect_success 'patterns are the ends of names' '
	drift show-ref main >out && echo "$two refs/heads/main" >expect && test_cmp expect out &&
	drift show-ref heads/main >out && test_cmp expect out &&
	test_expect_code 1 drift show-ref ain
'

test_expect_success '--hash, -d, --json' '
	drift show-ref -s main >out && test_cmp two out &&
	drift show-ref --hash=8 main >out && cut -c1-8 two >expect && test_cmp expect out &&
	drift show-ref -d v1 >out && printf "%s refs/tags/v1\n%s refs/tags/v1^{}\n" "$tag" "$two" >expect && test_cmp expect out &&
	drift show-ref --json light >out &&
	echo "{\"id\":\"$one\",\"name\":\"refs/tags/light\",\"type\":\"commit\"}" >expect && test_cmp expect out
'

test_expect_success '--verify and --exists take whole names' '
	drift show-ref --verify refs/heads/main >out && echo "$two refs/heads/main" >expect && test_cmp expect out &&
	test_expect_code 1 drift show-ref --verify main 2>err && test_grep "no such ref" err &&
	test_expect_code 1 drift show-ref --verify -q main >out 2>&1 && test_must_be_empty out &&
	drift show-ref --exists refs/heads/main && test_expect_code 1 drift show-ref --exists refs/heads/no &&
	test_expect_code 129 drift show-ref --verify
'

test_expect_success 'for-each-ref: the usual line, patterns, --count' '
	drift for-each-ref refs/heads/ >out &&
	printf "%s commit\trefs/heads/feature/x\n%s commit\trefs/heads/main\n" "$one" "$two" >expect && test_cmp expect out &&
	drift for-each-ref refs/heads refs/tags/v1 >out && test_line_count = 3 out &&
	drift for-each-ref "refs/*/main" >out && test_line_count = 1 out &&
	drift for-each-ref --count 2 >out && test_line_count = 2 out
'

test_expect_success 'fields' '
	drift for-each-ref --format="%(refname:short)|%(objecttype)|%(subject)|%(body)|%(authorname)|%(authoremail)|%(HEAD)|%(seq)|%%|%09" \
		refs/heads/feature >out &&
	printf "feature/x|commit|one|with a body|A U Thor|<author@example.com>| |1|%%|\t\n" >expect && test_cmp expect out &&
	drift for-each-ref --format="%(HEAD)%(parent)%(numparent)%(tree)" refs/heads/main >out &&
	echo "*${one}1$(drift rev-parse HEAD^{tree})" >expect && test_cmp expect out &&
	drift for-each-ref --format="%(taggername) %(taggerdate:iso8601) %(*objectname) %(*subject) %(*objecttype) %(authorname)." \
		refs/tags/v1 >out &&
	echo "T 2023-11-14 23:13:20 +0100 $two two commit ." >expect && test_cmp expect out &&
	drift for-each-ref --format="%(authordate:unix) %(authordate:short) %(authordate:iso-strict) %(creatordate:raw)" \
		refs/heads/main >out &&
	echo "1735689660 2025-01-01 2025-01-01T00:01:00Z 1735689660 +0000" >expect && test_cmp expect out
'

test_expect_success 'a field that is none is wrong usage' '
	test_expect_code 129 drift for-each-ref --format="%(nonsense)" 2>err && test_grep "unknown field: nonsense" err &&
	test_expect_code 129 drift for-each-ref --format="%(refname:nonsense)" &&
	test_expect_code 129 drift for-each-ref --format="%(refname" &&
	test_expect_code 129 drift for-each-ref --sort=nonsense &&
	test_expect_code 129 drift for-each-ref --count=-1
'

test_expect_success '--sort' '
	drift for-each-ref --format="%(refname:short)" --sort=-refname >out &&
	printf "v1\nlight\nmain\nfeature/x\n" >expect && test_cmp expect out &&
	drift for-each-ref --format="%(refname:short)" --sort=refname --sort=-creatordate >out &&
	printf "main\nfeature/x\nlight\nv1\n" >expect && test_cmp expect out &&
	drift for-each-ref --format="%(refname:short)" --sort=-seq refs/heads >out &&
	printf "main\nfeature/x\n" >expect && test_cmp expect out
'

test_expect_success '--points-at, --contains, --json' '
	drift for-each-ref --format="%(refname)" --points-at "$two" >out &&
	printf "refs/heads/main\nrefs/tags/v1\n" >expect && test_cmp expect out &&
	drift for-each-ref --format="%(refname)" --contains "$two" refs/heads >out &&
	echo refs/heads/main >expect && test_cmp expect out &&
	drift for-each-ref --json refs/heads/main >out &&
	test_grep "\"name\":\"refs/heads/main\"" out && test_grep "\"head\":true" out && test_grep "\"message\":\"two\"" out
'

test_expect_success 'symbolic-ref' '
	drift symbolic-ref HEAD >out && echo refs/heads/main >expect && test_cmp expect out &&
	drift symbolic-ref --short HEAD >out && echo main >expect && test_cmp expect out &&
	drift symbolic-ref HEAD refs/heads/feature/x && drift rev-parse HEAD >out && test_cmp one out &&
	drift symbolic-ref refs/remotes/o/HEAD refs/heads/main &&
	drift rev-parse refs/remotes/o/HEAD >out && test_cmp two out &&
	drift symbolic-ref -d refs/remotes/o/HEAD && test_expect_code 1 drift show-ref --exists refs/remotes/o/HEAD &&
	drift show-ref --exists refs/heads/main &&
	drift symbolic-ref HEAD refs/heads/main
'

test_expect_success 'symbolic-ref refuses' '
	test_expect_code 1 drift symbolic-ref refs/heads/main 2>err && test_grep "not a symbolic ref" err &&
	test_expect_code 1 drift symbolic-ref -q refs/heads/main 2>err && test_must_be_empty err &&
	test_expect_code 128 drift symbolic-ref HEAD refs/tags/v1 &&
	test_expect_code 128 drift symbolic-ref HEAD refs/heads/a..b &&
	test_expect_code 129 drift symbolic-ref -d HEAD &&
	test_expect_code 129 drift symbolic-ref &&
	drift symbolic-ref HEAD >out && echo refs/heads/main >expect && test_cmp expect out
'

test_done
