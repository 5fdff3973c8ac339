#!/bin/sh

test_description='what all commands share: options, exit codes, complaints'
. "$(dirname "$0")/lib.sh"

test_expect_success 'no command lists the commands, and is wrong usage' '
	test_expect_code 129 drift >out &&
	test_grep "^For people" out &&
	test_grep "^  put " out &&
	drift help >listed &&
	test_cmp out listed &&
	drift --help >listed &&
	test_cmp out listed
'

test_expect_success 'the table is sorted' '
	sed -n "/^For people/,/^\$/s/^  \([a-z-]*\) .*/\1/p" out >names &&
	sort -c names
'

test_expect_success 'version' '
	drift --version >out &&
	drift version >expect &&
	test_cmp expect out &&
	test_grep "^drift [0-9]" out
'

test_expect_success 'an unknown command is wrong usage, with a guess' '
	test_expect_code 129 drift comit 2>err &&
	test_grep "^drift: cannot run .comit.: there is no such command" err &&
	test_grep "^hint: did you mean .drift commit" err
'

test_expect_success 'an unknown option is wrong usage, with a guess and the usage' '
	test_expect_code 129 drift log --onelin 2>err &&
	test_grep "did you mean .--oneline" err &&
	test_grep "^usage: drift log" err
'

test_expect_success 'every command answers -h on standard output' '
	drift help | sed -n "s/^  \([a-z][a-z-]*\)  .*/\1/p" >names &&
	test_line_count -gt 15 names &&
	while read -r name; do
		drift "$name" -h >out 2>err &&
		test_grep "^usage: drift $name" out >/dev/null &&
		test_must_be_empty err || return 1
	done <names
'

test_expect_success 'without a repository it fails and says what to do' '
	test_expect_code 128 drift ls 2>err &&
	test_grep "^drift: cannot open the repository: there is no repository" err &&
	test_grep "^hint: .*drift init" err
'

test_expect_success '-C, repeated, and DRIFT_DIR' '
	mkdir -p a/b &&
	drift -C a -C b init -q &&
	test_path_is_missing .drift &&
	drift -C a/b put x/y -j 1 -m one &&
	test "$(drift -C a -C b get x/y)" = 1 &&
	test "$(DRIFT_DIR=a/b drift get x/y)" = 1 &&
	test "$(DRIFT_DIR=a/b/.drift drift get x/y)" = 1 &&
	test_expect_code 128 drift -C nowhere ls 2>err &&
	test_grep "cannot enter .nowhere" err
'

test_expect_success 'DRIFT_DIR is never searched upwards' '
	mkdir -p a/b/typo &&
	for dir in a/b/typo a/b/absent a/b/.drift/absent; do
		test_expect_code 128 env DRIFT_DIR=$dir drift ls 2>err &&
		test_grep "^drift: cannot open the repository: no repository in .$dir. (DRIFT_DIR)$" err || return 1
	done &&
	test "$(DRIFT_DIR= drift -C a/b/typo get x/y)" = 1
'

test_expect_success 'a repository is found from below' '
	mkdir -p a/b/c/d &&
	test "$(drift -C a/b/c/d get x/y)" = 1
'

test_expect_success 'a full disk behind standard output is a failure' '
	test_expect_code 128 sh -c "drift -C a/b ls >/dev/full" 2>err &&
	test_grep "cannot write to standard output: No space" err
'

test_expect_success 'a reader that has seen enough is not a complaint' '
	drift -C a/b log -p 2>err | : &&
	test_must_be_empty err
'

test_expect_success 'closed standard files do not end up in the store' '
	drift -C a/b put x/z -j 2 -m two >&- 2>&- <&- &&
	test "$(drift -C a/b get x/y)" = 1
'

test_expect_success 'author: option, environment, configuration, system' '
	cd a/b &&
	drift put who/1 -j 1 -m m --author "by option" &&
	drift put who/2 -j 1 -m m &&
	(
		unset DRIFT_AUTHOR &&
		drift config user.name Config &&
		drift config user.email c@example.com &&
		drift put who/3 -j 1 -m m &&
		drift config --unset user.name &&
		drift config --unset user.email &&
		USER=me drift put who/4 -j 1 -m m
	) &&
	drift log -4 --format="%an <%ae>" >out &&
	sed -i "s/me@.*/me@host <>/" out &&
	printf "%s\n" "me@host <>" "Config <c@example.com>" "A U Thor <author@example.com>" "by option <>" >expect &&
	test_cmp expect out
'

test_expect_success 'an author that cannot be written is refused' '
	cd a/b &&
	test_expect_code 128 drift put who/5 -j 1 -m m --author "two
lines" &&
	test_expect_code 128 drift put who/5 -j 1 -m m --author "" &&
	test_expect_code 1 drift get who/5
'

test_expect_success 'dates: option, environment' '
	cd a/b &&
	drift put when/1 -j 1 -m m --date "2025-02-03T04:05:06.5+01:00" &&
	drift log -1 --format=%aI >out &&
	echo "2025-02-03T04:05:06.500+01:00" >expect &&
	test_cmp expect out &&
	test_expect_code 128 drift put when/2 -j 1 -m m --date "no day" 2>err &&
	test_expect_code 128 drift put when/2 -j 1 -m m --date "2999-01-01"
'

test_expect_success 'messages: several -m, -F, - ' '
	cd a/b &&
	drift put m/1 -j 1 -m one -m two &&
	drift log -1 --format=%B >out &&
	printf "one\n\ntwo\n" >expect &&
	test_cmp expect out &&
	echo "from a file" | drift put m/1 -j 2 -F - &&
	drift log -1 --format=%s >out &&
	echo "from a file" >expect &&
	test_cmp expect out &&
	test_expect_code 128 drift put m/1 -j 3 -m "" &&
	test_expect_code 128 drift put m/1 -j 3 -m a -F expect
'

test_expect_success 'JSON of a commit' '
	cd a/b &&
	drift put j/1 -j 1 -m "fix price" --author billing --json >out &&
	test_grep "\"author\":\"billing\"" out &&
	test_grep "\"message\":\"fix price\"" out &&
	test_grep "\"changed\":1" out &&
	drift put j/1 -j 2 -m "quiet" -q >out &&
	grep -x "[0-9a-f]\{64\}" out &&
	test "$(cat out)" = "$(drift log -1 --format=%H)"
'

test_expect_success 'what is no UTF-8 is base64 in JSON' '
	cd a/b &&
	drift put "$(printf "l1/\\351")" -j 1 -m "$(printf "caf\\351")" -q &&
	drift log -1 --json >out &&
	test_grep "\"message_b64\":\"Y2Fm6Q==\"" out &&
	drift ls --json l1/ >out &&
	test_grep "\"path_b64\":\"bDEv6Q==\"" out
'

test_expect_success 'a branch that is not there is named' '
	cd a/b &&
	test_expect_code 1 drift ls --branch nowhere 2>err &&
	test_grep "there is no branch .nowhere" err &&
	test_expect_code 1 env DRIFT_BRANCH=nowhere drift put x/y -j 1 -m m
'

test_expect_success 'a store that cannot be written can be read' '
	cp -r a/b ro && chmod -R a-w ro &&
	test_when_finished "chmod -R u+w ro" &&
	test "$(drift -C ro get x/y)" = 1
'

test_expect_success 'colour only when asked for' '
	cd a/b &&
	drift log -1 --oneline >plain &&
	test_grep ! "$(printf "\\033")" plain &&
	(
		unset NO_COLOR &&
		drift log -1 --oneline --color=always >colour &&
		drift --color=always log -1 --oneline >colour2
	) &&
	test_grep "$(printf "\\033")" colour &&
	test_cmp colour colour2
'

test_expect_success 'completion scripts are sound' '
	for shell in bash zsh fish; do
		drift completion $shell >$shell.out && test -s $shell.out || return 1
	done &&
	test_expect_code 129 drift completion tcsh &&
	if command -v bash; then
		bash -n bash.out &&
		bash -c ". ./bash.out; COMP_WORDS=(drift rollb); COMP_CWORD=1; _drift; echo \${COMPREPLY[@]}" >out &&
		echo rollback >expect &&
		test_cmp expect out &&
		bash -c ". ./bash.out; COMP_WORDS=(drift log --one); COMP_CWORD=2; _drift; echo \${COMPREPLY[@]}" >out &&
		echo "--oneline" >expect &&
		test_cmp expect out
	fi
'

test_expect_success 'bash completes documents, points and words, and runs nothing that a path says' '
	if command -v bash; then
		drift init -q many && drift -C many put "x/\$(touch\${IFS}ran)" -j 1 -m one -q && drift -C many put "x/two words" -j 2 -m two -q &&
		drift -C many branch topic && drift -C many tag v1 &&
		drift completion bash >script &&
		cat >complete <<-\END &&
		. ./script
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_drift
		printf "%s\n" "${COMPREPLY[@]}"
		END
		bash complete drift -C many get x/ >out && printf "%s\n" "x/\$(touch\${IFS}ran)" "x/two words" >expect && test_cmp expect out &&
		test_path_is_missing ran && test_path_is_missing many/ran &&
		bash complete drift -C many get --at "" | sort >out && printf "%s\n" main topic v1 >expect && test_cmp expect out &&
		bash complete drift -C many switch "" | sort >out && printf "%s\n" main topic >expect && test_cmp expect out &&
		bash complete drift -C many rollback to >out && echo topic >expect && test_cmp expect out &&
		bash complete drift import js >out && printf "%s\n" jsonl json >expect && test_cmp expect out &&
		bash complete drift help poi >out && echo points >expect && test_cmp expect out
	fi
'

test_expect_success 'help for what is no command' '
	drift help points >out && test_grep "^drift-points - " out && test_grep "man 7 drift-points" out &&
	drift help drift >out && test_grep "man 1 drift" out && test_expect_code 1 drift help nonsense
'

test_done
