#!/bin/sh

test_description='update-ref: one ref, and transactions of many'
. "$(dirname "$0")/lib.sh"

zero=0000000000000000000000000000000000000000000000000000000000000000

test_expect_success 'set up' '
	drift init -q &&
	drift put a -j 1 -m one -q >one && drift put a -j 2 -m two -q >two &&
	one=$(cat one) two=$(cat two)
'

# NAME ID: the ref holds that; ID "" that it is absent.
holds() {
	if test -z "$2"; then
		test_expect_code 1 drift show-ref --exists "$1"
	else
		drift rev-parse --verify "$1" >held && echo "$2" >want && test_cmp want held
	fi
}

test_expect_success 'create, move, delete' '
	drift update-ref refs/heads/x "$one" && holds refs/heads/x "$one" &&
	drift update-ref refs/heads/x HEAD && holds refs/heads/x "$two" &&
	drift update-ref -d refs/heads/x && holds refs/heads/x ""
'

test_expect_success 'the old value' '
	drift update-ref refs/heads/x "$one" $zero &&
	test_expect_code 1 drift update-ref refs/heads/x "$two" $zero 2>err &&
	test_grep "is at $one, expected it to be absent" err &&
	test_expect_code 1 drift update-ref refs/heads/x "$two" "$two" 2>err &&
	test_grep "is at $one, expected it at $two" err &&
	holds refs/heads/x "$one" &&
	drift update-ref refs/heads/x "$two" "$one" && holds refs/heads/x "$two" &&
	test_expect_code 1 drift update-ref -d refs/heads/x "$one" 2>err && holds refs/heads/x "$two" &&
	drift update-ref -d refs/heads/x "$two" && holds refs/heads/x "" &&
	test_expect_code 1 drift update-ref refs/heads/x "$two" "$one" 2>err &&
	test_grep "does not exist" err
'

test_expect_success 'HEAD is followed, and with --no-deref not' '
	drift update-ref HEAD "$one" && holds refs/heads/main "$one" &&
	drift update-ref HEAD "$two" && holds refs/heads/main "$two" &&
	drift symbolic-ref HEAD >out && echo refs/heads/main >expect && test_cmp expect out &&
	drift update-ref --no-deref HEAD "$one" && holds HEAD "$one" && holds refs/heads/main "$two" &&
	drift symbolic-ref HEAD refs/heads/main
'

test_expect_success 'only names and objects that can be' '
	test_expect_code 1 drift update-ref refs/heads/y "$(echo "$one" | tr 0-9a-f 1-9a-f0)" 2>err &&
	test_grep "no such object" err &&
	test_expect_code 128 drift update-ref refs/heads/a..b "$one" &&
	test_expect_code 128 drift update-ref nonsense "$one" &&
	test_expect_code 128 drift update-ref refs/heads/y HEAD^{tree} 2>err && test_grep "it is a tree" err &&
	test_expect_code 1 drift update-ref refs/heads/main/below "$one" &&
	holds refs/heads/y ""
'

test_expect_success 'the reflog has the reason' '
	drift update-ref -m "because of this" refs/heads/x "$one" &&
	drift reflog refs/heads/x >out && test_grep "because of this" out
'

test_expect_success '--stdin: all or none' '
	printf "create refs/heads/a %s\nupdate refs/heads/x %s %s\n" "$one" "$two" "$one" | drift update-ref --stdin >out &&
	test_must_be_empty out &&
	holds refs/heads/a "$one" && holds refs/heads/x "$two" &&
	printf "update refs/heads/a %s\nverify refs/heads/x %s\ncreate refs/heads/b %s\n" "$two" "$one" "$one" >in &&
	test_expect_code 1 drift update-ref --stdin <in 2>err &&
	test_grep "refs/heads/x.* is at $two" err &&
	holds refs/heads/a "$one" && holds refs/heads/b "" &&
	printf "delete refs/heads/a %s\nverify refs/heads/b\nverify refs/heads/x %s\n" "$one" "$two" | drift update-ref --stdin &&
	holds refs/heads/a ""
'

test_expect_success '--stdin: names are those of objects, quotes are undone' '
	printf "update \"refs/heads/\\\\141b\" HEAD~1 %s\n" $zero | drift update-ref --stdin &&
	holds refs/heads/ab "$one" && drift update-ref -d refs/heads/ab
'

test_expect_success '-z' '
	printf "create refs/heads/a\0%s\0update refs/heads/x\0%s\0\0delete refs/heads/a\0\0" "$one" "$one" >in &&
	test_expect_code 128 drift update-ref --stdin -z <in 2>err && test_grep "named twice" err &&
	printf "create refs/heads/a\0%s\0update refs/heads/x\0%s\0\0" "$one" "$one" | drift update-ref --stdin -z &&
	holds refs/heads/a "$one" && holds refs/heads/x "$one"
'

test_expect_success 'start, prepare, commit' '
	printf "start\nupdate refs/heads/a %s\nprepare\ncommit\nstart\ndelete refs/heads/x\ncommit\n" "$two" |
		drift update-ref --stdin >out &&
	printf "start: ok\nprepare: ok\ncommit: ok\nstart: ok\ncommit: ok\n" >expect && test_cmp expect out &&
	holds refs/heads/a "$two" && holds refs/heads/x ""
'

test_expect_success 'abort, and an end without commit, change nothing' '
	printf "start\nupdate refs/heads/a %s\nprepare\nabort\n" "$one" | drift update-ref --stdin >out &&
	printf "start: ok\nprepare: ok\nabort: ok\n" >expect && test_cmp expect out &&
	printf "start\nupdate refs/heads/a %s\nprepare\n" "$one" | drift update-ref --stdin &&
	printf "start\nupdate refs/heads/a %s\n" "$one" | drift update-ref --stdin &&
	holds refs/heads/a "$two"
'

test_expect_success 'prepare finds what would fail' '
	printf "start\nverify refs/heads/a %s\nprepare\ncommit\n" "$one" >in &&
	test_expect_code 1 drift update-ref --stdin <in >out && echo "start: ok" >expect && test_cmp expect out &&
	printf "start\nupdate refs/heads/a %s\nprepare\ncommit\n" "$(echo "$one" | tr 0-9a-f 1-9a-f0)" >in &&
	test_expect_code 1 drift update-ref --stdin <in >out && test_cmp expect out
'

test_expect_success 'what is prepared nobody else can move' '
	mkfifo in_pipe out_pipe &&
	{ drift update-ref --stdin <in_pipe >out_pipe & } &&
	exec 8>in_pipe 9<out_pipe &&
	printf "start\nupdate refs/heads/a %s %s\nprepare\n" "$one" "$two" >&8 &&
	read -r answer <&9 && read -r answer <&9 && test "$answer" = "prepare: ok" &&
	{ drift update-ref refs/heads/a HEAD~0 "$two" 2>other 8>&- 9<&- & } &&
	other=$! &&
	echo commit >&8 && read -r answer <&9 && test "$answer" = "commit: ok" &&
	exec 8>&- 9<&- &&
	test_expect_code 1 wait $other &&
	holds refs/heads/a "$one"
'

test_expect_success 'option no-deref is for one instruction' '
	printf "option no-deref\nupdate HEAD %s\n" "$one" | drift update-ref --stdin &&
	test_expect_code 1 drift symbolic-ref -q HEAD && drift symbolic-ref HEAD refs/heads/main &&
	printf "option nonsense\n" >in && test_expect_code 128 drift update-ref --stdin <in
'

test_expect_success 'instructions that are none' '
	for line in nonsense "update refs/heads/q" "create refs/heads/q $zero" "update refs/heads/q $one $one $one" \
		"delete refs/heads/q $zero" "commit x" "start\nstart" "update \"refs/heads/q $one"; do
		printf "$line\n" >in &&
		test_expect_code 128 drift update-ref --stdin <in 2>err &&
		test_grep "line [12]:" err || return 1
	done &&
	holds refs/heads/q ""
'

test_expect_success 'the stage is not for commits' '
	drift put staged/1 -j 1 && for name in STAGE staged refs/heads/a..b; do
		test_expect_code 128 drift update-ref $name $one && test_expect_code 128 drift update-ref -d $name &&
		test_expect_code 128 drift symbolic-ref $name refs/heads/main || return 1
	done &&
	echo "{\"op\":\"ref\",\"name\":\"STAGE\",\"delete\":true}" >in && drift batch <in >out && test_grep "\"ok\":false" out &&
	drift status --short >out && test_grep staged/1 out && drift unstage -q
'

test_expect_success 'wrong usage' '
	test_expect_code 129 drift update-ref &&
	test_expect_code 129 drift update-ref refs/heads/x &&
	test_expect_code 129 drift update-ref --stdin refs/heads/x </dev/null &&
	test_expect_code 129 drift update-ref -z refs/heads/x "$one"
'

test_done
