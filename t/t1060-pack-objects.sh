#!/bin/sh

test_description='pack-objects, unpack-objects, index-pack and verify-pack'
. "$(dirname "$0")/lib.sh"

commit() {
	test_tick && drift put "$1" -j "$2" -m "$3" -q
}

test_expect_success 'set up' '
	drift init -q one && drift init -q two && cd one &&
	commit users/1 1 first && commit users/2 2 second && drift tag -m one v1 && commit users/1 3 third &&
	first=$(drift rev-parse HEAD~2) && second=$(drift rev-parse HEAD~1) && third=$(drift rev-parse HEAD) &&
	tag=$(drift rev-parse refs/tags/v1)
'

test_expect_success 'all that a branch and a tag lead to goes to another store' '
	printf "main\nrefs/tags/v1\n" | drift -C one pack-objects >all &&
	drift index-pack all >list &&
	cat >want <<-END &&
	commit $third
	commit $second
	tag $tag
	commits 3
	changes 3
	tags 1
	bytes $(wc -c <all)
	END
	test_cmp want list &&
	drift -C two unpack-objects <all >ids && head -n 3 want >objects && test_cmp objects ids &&
	drift -C two cat-file -p "$third" >is && drift -C one cat-file -p "$third" >want && test_cmp want is &&
	test "$(drift -C two cat-file -t "$tag")" = tag &&
	test -z "$(drift -C two for-each-ref)" &&
	drift -C two update-ref refs/heads/main "$third" && drift -C two update-ref refs/tags/v1 "$tag" &&
	test "$(drift -C two log --oneline)" = "$(drift -C one log --oneline)" && drift -C two fsck --full -q
'

test_expect_success 'a range has what it builds on as prerequisite' '
	echo v1..main | drift -C one pack-objects >range && drift index-pack --json range >json &&
	echo "{\"bytes\":$(wc -c <range),\"changes\":1,\"commits\":1,\"objects\":[{\"id\":\"$third\",\"type\":\"commit\"}],\"prerequisites\":[\"$second\"],\"tags\":0}" >want &&
	test_cmp want json &&
	drift init -q none && test_expect_code 128 drift -C none unpack-objects <range 2>err &&
	grep "builds on commit $second, which is not here" err &&
	drift -C two unpack-objects --json <range >json && echo "{\"id\":\"$third\",\"type\":\"commit\"}" >want && test_cmp want json &&
	drift -C two unpack-objects -q <range >out && test ! -s out
'

test_expect_success 'the same by ^, and all refs' '
	printf "main\n^v1\n" | drift -C one pack-objects | cmp - range &&
	drift -C one pack-objects --all </dev/null | drift index-pack - | sort >is && drift index-pack all | sort >want && test_cmp want is &&
	drift -C one pack-objects </dev/null | drift index-pack - >is && grep "commits 0" is
'

test_expect_success 'what is damaged or cut is refused, and nothing is there' '
	head -c 100 all >cut && test_expect_code 128 drift index-pack cut 2>err && grep "ends too soon" err &&
	test_expect_code 128 drift -C none unpack-objects <cut 2>err && grep "ends too soon" err &&
	echo nonsense | test_expect_code 128 drift index-pack - 2>err && grep "no stream of drift" err &&
	test_expect_code 1 drift -C none cat-file -t "$third" 2>err
'

test_expect_success 'what cannot be packed' '
	echo none | test_expect_code 1 drift -C one pack-objects 2>err && grep "none" err &&
	echo "main^{tree}" | test_expect_code 128 drift -C one pack-objects 2>err && grep "neither commit nor tag" err &&
	echo main...v1 | test_expect_code 128 drift -C one pack-objects 2>err && grep "two dots" err &&
	test_expect_code 129 drift -C one pack-objects main 2>err && test_expect_code 129 drift index-pack 2>err
'

test_expect_success 'verify-pack' '
	cd one && drift verify-pack >out && test ! -s out && drift gc -q &&
	pack=$(basename .drift/pack/*.pack) && drift verify-pack >out && echo "$pack: ok" >want && test_cmp want out &&
	drift verify-pack "${pack%.pack}.idx" >out && test_cmp want out &&
	drift verify-pack -v ".drift/pack/$pack" >out && grep "^$third commit" out && grep "^$tag tag" out &&
	grep "^$(drift rev-parse "HEAD^{tree}") tree" out && test "$(tail -n 1 out)" = "$pack: ok" &&
	drift verify-pack --json | grep "\"pack\":\"$pack\"" | grep "\"ok\":true" &&
	test_expect_code 1 drift verify-pack other 2>err && grep "no pack .other." err
'

test_expect_success 'verify-pack names what is damaged' '
	cd one && chmod u+w .drift/pack/*.pack && size=$(wc -c <.drift/pack/"$pack") &&
	printf X | dd of=.drift/pack/"$pack" bs=1 seek=80 conv=notrunc 2>/dev/null &&
	test_expect_code 1 drift verify-pack >out 2>err && grep "$pack: damaged" out && grep "offset" err
'

test_done
