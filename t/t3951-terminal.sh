#!/bin/sh

test_description='what commands do on a terminal: pager, colours, escaping'
. "$(dirname "$0")/lib.sh"

script -qec true /dev/null </dev/null >/dev/null 2>&1 || test_skip_all 'there is no script(1)'
unset NO_COLOR PAGER EDITOR
TERM=xterm
export TERM

# COMMAND: what it prints on a terminal
on_terminal() {
	script -qec "$1" /dev/null </dev/null 2>&1 | tr -d '\r'
}
escape=$(printf '\033')

test_expect_success 'setup' '
	drift init -q && printf "\033[31mred\342\200\256evil\n\377 \tend" | drift put d/1 -m "$(printf "a\033[31m\342\200\256 message")" -q &&
	drift put d/2 -j "$(printf "{\"k\342\200\256\":1}")" -m second -q --author "$(printf "Zo\303\253 \342\200\256")" &&
	drift put "$(printf "d/\033[31m")" -j 1 -m third -q
'

test_expect_success 'documents: their bytes to others, harmless lines to people' '
	drift get d/1 >out && printf "\033[31mred\342\200\256evil\n\377 \tend" >expect && test_cmp_bin expect out &&
	on_terminal "drift get d/1" >out && printf "%s\n" "\\x1B[31mred\\u{202E}evil" "\\xFF 	end" >expect && test_cmp expect out &&
	on_terminal "drift get --pretty d/2" >out && test_grep "\"k.u202e\": 1" out &&
	on_terminal "drift get --json d/2" >out && test_grep "\"k.u202e\":1" out
'

test_expect_success 'names, authors and messages are escaped' '
	on_terminal "drift --no-pager log" >out && test_grep "a.x1B\[31m.u{202E} message" out && test_grep "Zo. .u{202E}" out &&
	on_terminal "drift log --json" >out && test_grep "u202e" out && test_grep ! "$escape" out &&
	on_terminal "drift ls" >out && test_grep "^\"d/.033\[31m\"" out &&
	on_terminal "drift get \"$(printf "x\033[31m")\"" >out && test_grep "x.x1B\[31m" out && test_grep ! "$escape" out &&
	test_expect_code 1 drift get "$(printf "x\033[31m\ny")" 2>err && test_grep "x.x1B\[31m.x0Ay" err
'

# A byte that begins an escape sequence where text is not UTF-8, and who wrote and tagged what.
test_expect_success 'refs, and what they lead to' '
	csi=$(printf "\233") && drift update-ref "refs/heads/a${csi}2J" HEAD~1 && drift symbolic-ref refs/heads/s "refs/heads/a${csi}2J" &&
	drift tag "t${csi}" -m "$(printf "\033[2J\342\200\256 tagged")" --author "$(printf "Eve \342\200\256")" &&
	for command in "for-each-ref" "for-each-ref \"--format=%(refname:short)+%(author)+%(tagger)+%(subject)+%(contents)\"" "show-ref -d" "branch" "tag" \
		"name-rev HEAD~1" "rev-parse --symbolic-full-name s" "symbolic-ref refs/heads/s" "reflog" "log" "show-ref --json" "status"; do
		on_terminal "drift --no-pager --color=never $command" >out && test -s out && test_grep ! "drift:\|syntax" out && LC_ALL=C test_grep ! "[$csi$escape]" out &&
			LC_ALL=C test_grep ! "$(printf "\342\200\256")" out || { echo "$command" && return 1; }
	done &&
	on_terminal "drift for-each-ref \"--format=%1b[1m%(refname:short)\"" >out && test_grep "^$escape\[1ma.x9B2J" out &&
	drift for-each-ref --format="%(subject)" refs/tags >out && test_grep "$escape" out
'

test_expect_success 'names of refs that would deceive are refused' '
	for name in "$(printf "a\342\200\256b")" "$(printf "main\342\200\213")" "$(printf "a\033")"; do
		test_expect_code 128 drift branch "$name" 2>err && test_grep "no valid branch name" err &&
		test_expect_code 128 drift tag "$name" 2>err && test_expect_code 128 drift update-ref "refs/heads/$name" HEAD 2>err || return 1
	done &&
	printf "create refs/heads/\342\200\256x HEAD\n" >in && test_expect_code 128 drift update-ref --stdin <in 2>err &&
	drift branch "$(printf "\303\274ber")"
'

test_expect_success 'colours, and none' '
	on_terminal "drift --no-pager log --oneline" >out && test_grep "$escape\[33m" out &&
	on_terminal "NO_COLOR=1 drift --no-pager log --oneline" >out && test_grep ! "$escape" out &&
	on_terminal "NO_COLOR= drift --no-pager log --oneline" >out && test_grep "$escape" out &&
	on_terminal "TERM=dumb drift --no-pager log --oneline" >out && test_grep ! "$escape" out &&
	on_terminal "drift --no-pager --color=never log --oneline" >out && test_grep ! "$escape" out &&
	on_terminal "NO_COLOR=1 drift --no-pager --color log --oneline" >out && test_grep "$escape" out &&
	drift log --oneline -2 >out && test_grep ! "$escape" out && drift --color=always log --oneline -2 >out && test_grep "$escape" out
'

test_expect_success 'the pager' '
	on_terminal "PAGER=\"sed s/^/paged:/\" drift log --oneline" >out && test_line_count = 3 out && test_grep "^paged:" out &&
	on_terminal "PAGER=\"sed s/^/paged:/\" drift log --json" >out && test_grep ! "^paged:" out &&
	on_terminal "PAGER=\"sed s/^/paged:/\" drift --no-pager log --oneline" >out && test_grep ! "^paged:" out &&
	on_terminal "PAGER=false DRIFT_PAGER= drift log --oneline" >out && test_line_count = 3 out &&
	on_terminal "PAGER=cat drift log --oneline" >out && test_line_count = 3 out &&
	on_terminal "PAGER=no-such-pager drift log --oneline; echo \$?" >out &&
	test_grep "drift: warning: there is no pager" out && test_grep second out && test_grep "^0$" out
'

test_done
