#!/bin/sh

test_description='drift backup: full, incremental, verified, restored'
. "$(dirname "$0")/lib.sh"

state_of() {
	drift -C "$1" for-each-ref && drift -C "$1" symbolic-ref HEAD && drift -C "$1" ls -l && drift -C "$1" config --list
}

test_expect_success 'setup: branches, tags, a configuration' '
	drift init -q a && cd a && for n in 1 2 3; do test_tick && drift put u/$n -j "{\"n\":$n}" -m "m $n" -q || return 1; done &&
	drift tag -m note v1 && drift branch side @seq:2 && drift config user.name Backed && cd ..
'

test_expect_success 'a full one, and one of what is new' '
	drift -C a backup create ../bk >out && test_grep "bk/backup-000001.bundle: full, 4 refs, 3 commits" out &&
	drift -C a backup create --incremental ../bk >out && test_grep "nothing has changed" out &&
	cd a && test_tick && drift put u/4 -j 4 -m four -q && drift branch late && drift put s/1 -j 1 -m side --branch side -q && cd .. &&
	drift -C a backup create --incremental ../bk --json >out && test_grep "\"commits\":2.*\"kind\":\"incremental\",\"made\":true" out &&
	drift backup list bk >out && test_line_count = 2 out && test_grep "000002.bundle: incremental" out &&
	drift backup list bk --json >out && test_grep "\"kind\":\"full\"" out && drift bundle verify bk/backup-000001.bundle
'

test_expect_success 'verified without being restored' '
	mkdir tmp && TMPDIR=$PWD/tmp drift backup verify bk >out && test_line_count = 2 out && test_grep "sound, full" out &&
	ls tmp >left && test_line_count = 0 left && drift backup verify -q bk >out && test_line_count = 0 out
'

test_expect_success 'restored it is what it was: refs, HEAD, documents, configuration' '
	drift backup restore bk r >out && test_grep "restored into .*r/.drift from 2 backups" out &&
	state_of a >expect && state_of r >got && test_cmp expect got && drift -C r fsck -q &&
	drift -C r put u/9 -j 9 -m on -q && drift backup restore --bare -q bk/backup-000001.bundle one.drift &&
	drift -C one.drift rev-parse HEAD >got && drift -C a rev-parse @seq:3 | test_cmp - got &&
	drift -C one.drift config core.bare >got && echo true | test_cmp - got
'

test_expect_success 'refs that went are gone, those that moved back too' '
	cd a && drift branch -D late && drift tag -d v1 && drift update-ref refs/heads/side "$(drift rev-parse @seq:1)" &&
	drift switch -q side && cd .. && drift -C a backup create --incremental -q ../bk && drift backup restore -q bk r3 &&
	state_of a >expect && state_of r3 >got && test_cmp expect got && drift -C a switch -q main
'

test_expect_success 'to a point in time' '
	drift backup restore -q --at 2025-01-01T00:02:30Z bk t1 && drift -C t1 log -n 1 --format %s >got && echo "m 2" | test_cmp - got &&
	drift -C t1 fsck -q && drift backup restore -q --at @seq:1 bk t2 && drift -C t2 for-each-ref refs/heads/side >out &&
	test_grep "$(drift -C a rev-parse @seq:1)" out &&
	drift backup restore -q --at "$(drift -C a rev-parse main~1)" bk t3 && test "$(drift -C t3 rev-parse HEAD)" = "$(drift -C a rev-parse main~1)" &&
	test_expect_code 1 drift backup restore --at 2001-01-01 bk t4 2>err && test_grep "no branch had" err && test_path_is_missing t4 &&
	test_expect_code 1 drift backup restore --at "$(printf "%064d" 1)" bk t4 2>err && test_path_is_missing t4 &&
	test_expect_code 128 drift backup restore --at "@{" bk t4 2>err && test_path_is_missing t4
'

test_expect_success 'a time between backups takes the refs of the one after it' '
	drift init -q w && cd w && DRIFT_DATE=2025-02-01T00:00:00Z drift put a/1 -j 1 -m one -q && drift backup create -q ../wk &&
	old=$(drift rev-parse main) && new=$(drift commit-tree "$(drift rev-parse HEAD^{tree})" -m other) &&
	drift update-ref refs/heads/main "$new" && drift backup create --incremental -q ../wk && cd .. &&
	drift backup restore -q --at 2025-02-01T12:00:00Z wk w1 && test "$(drift -C w1 rev-parse main)" = "$old"
'

test_expect_success 'a folder belongs to one repository' '
	test_expect_code 1 drift -C w backup create ../bk 2>err && test_grep "another repository" err &&
	drift -C w backup create -q ../alone.bundle && drift backup verify -q alone.bundle && drift backup create -h >/dev/null &&
	test_expect_code 129 drift -C w backup create --incremental ../alone.bundle 2>err && drift -C w backup create -q ../alone.bundle
'

test_expect_success 'what is not there, is no backup, or is wrong usage' '
	test_expect_code 1 drift backup list none 2>err && test_grep "cannot list the backups" err &&
	mkdir empty && test_expect_code 1 drift backup verify empty 2>err && test_grep "no backups" err &&
	drift -C a bundle create -q ../plain.bundle main && test_expect_code 128 drift backup list plain.bundle 2>err && test_grep "no backup" err &&
	test_expect_code 128 drift backup restore bk r 2>err && test_grep "repository already" err &&
	test_expect_code 128 drift -C w backup create no/such/place 2>err && test_expect_code 129 drift backup 2>err && test_expect_code 129 drift backup restore bk 2>err &&
	test_expect_code 129 drift backup verify --at now bk 2>err && test_expect_code 129 drift backup list --incremental bk 2>err
'

test_expect_success 'a missing link, and one of another chain' '
	cp -r bk holes && rm holes/backup-000002.bundle && test_expect_code 1 drift backup verify holes >out 2>err && test_line_count = 1 out &&
	test_grep "000003.bundle. continues a backup that is not before it" err &&
	test_expect_code 128 drift backup restore holes h 2>err && test_path_is_missing h &&
	test_expect_code 128 drift -C a backup create --incremental ../holes 2>err && drift -C a backup create -q ../holes &&
	drift backup restore -q holes h && drift -C h fsck -q && test_expect_code 1 drift backup verify -q holes 2>err
'

test_expect_success 'damage is found, and nothing is restored from it' '
	size=$(wc -c <bk/backup-000002.bundle) && for n in 3 20 90 $((size / 2)) $((size - 20)); do
		rm -rf bad && cp -r bk bad && { head -c $n bk/backup-000002.bundle; printf "\001"; tail -c +$((n + 2)) bk/backup-000002.bundle; } >bad/backup-000002.bundle
		test_expect_code 1 drift backup verify bad >out 2>err || return 1
		test_expect_code 128 drift backup restore bad b 2>err || return 1
		test_path_is_missing b || return 1
	done && rm -rf bad && cp -r bk bad && head -c 60 bk/backup-000001.bundle >bad/backup-000001.bundle &&
	test_expect_code 1 drift backup verify bad 2>err && test_expect_code 128 drift backup restore bad b 2>err && test_path_is_missing b
'

test_expect_success 'a full disk leaves the backups as they were' '
	drift init -q big && head -c 200000 /dev/urandom | drift -C big put f/1 - -m big -q && drift -C big backup create -q ../bigs &&
	head -c 200000 /dev/urandom | drift -C big put f/2 - -m more -q && ls bigs >before &&
	test_expect_code 128 sh -c "trap \"\" XFSZ && ulimit -f 20 && drift -C big backup create --incremental ../bigs" 2>err &&
	test_grep "cannot back up" err && ls bigs | test_cmp before - && drift backup verify -q bigs &&
	test_expect_code 128 sh -c "trap \"\" XFSZ && ulimit -f 40 && drift backup restore bigs full" 2>err && test_path_is_missing full
'

test_expect_success 'while others write: each is of one moment, and continues the one before' '
	drift init -q busy && cd busy && drift put a/1 -j 0 -m start -q && id=$(drift rev-parse main) &&
	{ n=0; while test $n -lt 30; do
		n=$((n + 1)); drift put a/1 -j $n -m $n -q; new=$(drift rev-parse main)
		printf "update refs/heads/x %s\nupdate refs/heads/y %s\n" $new $new | drift update-ref --stdin
	done & } && pid=$! && for i in 1 2 3 4 5; do drift backup create --incremental -q ../busys || return 1; done && wait $pid &&
	drift gc -q && drift backup create --incremental -q ../busys && cd .. && drift backup verify -q busys && for f in busys/*.bundle; do
		drift bundle list-heads $f | sed -n "s/ refs.heads.[xy]$//p" | sort -u >seen && test_line_count -le 1 seen || return 1
	done && drift backup restore -q busys back && state_of busy >expect && state_of back >got && test_cmp expect got
'

test_done
