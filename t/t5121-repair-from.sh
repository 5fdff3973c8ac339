#!/bin/sh

test_description='drift repair --from: what is lost, from backups, bundles and remotes'
. "$(dirname "$0")/lib.sh"

# Write over the text $1 in a copy of the store; what is derived is not there.
spoil() {
	rm -rf bad && cp -r good bad && rm -rf bad/.drift/cache &&
		at_=$(grep -abo "$1" good/.drift/journal-000001 | head -n 1 | cut -d : -f 1) &&
		printf "LOST AND GONE" | dd of=bad/.drift/journal-000001 bs=1 seek="$at_" conv=notrunc 2>dd.err &&
		test_expect_code 1 drift -C bad fsck -q >out 2>err
}

# Repair from $1, whose name is $2, and compare.
mends() {
	test_expect_code 1 drift -C bad repair -n --from "$1" >out 2>err && test_grep "^would restore .* from $2" out &&
		test_expect_code 1 drift -C bad repair --from "$1" >out 2>err && test_grep "^restore .* from $2" out &&
		test_expect_code 1 drift -C bad fsck >out 2>err && test_grep ! "^lost" out &&
		drift -C bad get d/plain 2>err | cmp - plain && drift -C bad log --oneline 2>err >log.bad && test_cmp log.good log.bad &&
		ls tmp >left && test ! -s left
}

test_expect_success 'setup: a store, its backups, a bundle, a clone' '
	mkdir tmp && TMPDIR=$PWD/tmp && export TMPDIR && drift init -q good &&
	{ head -c 1000 /dev/urandom && printf "seek and find" && head -c 1000 /dev/urandom; } >plain &&
	for i in 1 2 3; do drift -C good put c/$i -j "{\"n\":$i}" -m "put $i" -q || return 1; done &&
	drift -C good backup create -q ../bk && drift -C good put d/plain ../plain -m "put this there" -q &&
	drift -C good backup create --incremental -q ../bk && drift -C good put c/1 -j 5 -m last -q &&
	drift -C good bundle create -q ../all.bundle --all && drift clone -q good copy && drift -C good remote add stick ../all.bundle &&
	drift -C good log --oneline >log.good
'

for where in bk all.bundle stick file://$TRASH/copy copy; do
	test_expect_success "a document and a commit that are lost, from $where" '
		case $where in stick | file:*) from=$where ;; *) from=$TRASH/$where ;; esac &&
		case $where in bk) name="the backup in" ;; copy) name="the repository in" ;; *) name="." ;; esac &&
		spoil "seek and find" && mends "$from" "$name" && spoil "put this there" && mends "$from" "$name"
	'
done

test_expect_success 'from what is not there, is damaged, or stands on something else' '
	spoil "seek and find" && sha256sum bad/.drift/journal-000001 >before && for from in nowhere "$TRASH/tmp" "$TRASH/bk/backup-000002.bundle"; do
		drift -C bad repair --from "$from" >out 2>err
		test $? -ge 1 && test_grep "drift: cannot repair the store: cannot read .$from" err || return 1
	done && test_expect_code 129 drift -C bad repair --from "" 2>err && head -c 200 all.bundle >cut.bundle && test_expect_code 128 drift -C bad repair --from "$TRASH/cut.bundle" 2>err &&
	sha256sum bad/.drift/journal-000001 | test_cmp before - && ls tmp >left && test_line_count = 0 left
'

test_done
