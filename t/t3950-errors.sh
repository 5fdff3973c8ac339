#!/bin/sh

test_description='wrong use of every kind: a sentence that says why, the right exit code, nothing changed'
. "$(dirname "$0")/lib.sh"

# CODE PATTERN COMMAND...: exits with CODE, says PATTERN in its first line, prints nothing and changes nothing
refused() {
	code=$1 pattern=$2
	shift 2
	drift log -1 --format=%H >tip 2>/dev/null && drift status -s >stage
	test_expect_code "$code" drift "$@" >out 2>err </dev/null && test_must_be_empty out || return 1
	head -n 1 err >first && test_grep "^drift: cannot .*$pattern" first || return 1
	test_grep ! "cannot .*: cannot \([a-z]*\) .*: cannot \1" first || return 1
	drift log -1 --format=%H >now 2>/dev/null && test_cmp tip now && drift status -s >now && test_cmp stage now
}

hint() {
	test_grep "^hint: .*$1" err
}

long=$(printf %2049s x | tr " " k)

test_expect_success 'no repository' '
	mkdir none none/.drift file.d && echo text >file.d/file &&
	(cd / && test_expect_code 128 drift log) 2>err && test_grep "there is no repository in ./. or above it" err && hint "drift init" &&
	test_expect_code 128 drift -C none log 2>err && test_grep "is not a repository" err &&
	test_expect_code 128 drift -C nowhere log 2>err && test_grep "cannot enter .nowhere.: No such file" err &&
	test_expect_code 128 env DRIFT_DIR=nowhere drift log 2>err && test_grep "no repository" err &&
	test_expect_code 128 drift init file.d/file 2>err && test_grep "Not a directory" err
'

test_expect_success 'one phrase for what a command does, wrong usage too' '
	while read -r command phrase; do
		test_expect_code 129 drift $command --no-such-option 2>err && test_grep "^drift: cannot $phrase: .*no-such-option" err || return 1
	done <<-\END &&
	rollback roll back
	log show the log
	status show the status
	diff compare
	ls list the documents
	rm remove
	commit commit
	END
	test_expect_code 129 drift rollback 2>err && test_grep "^drift: cannot roll back: to which point" err &&
	test_expect_code 129 drift status too many 2>err && test_grep "^drift: cannot show the status: " err
'

test_expect_success 'setup' '
	drift init -q && test_expect_code 128 drift init 2>err && test_grep "is a repository already" err &&
	drift put u/1 -j "{\"a\":1}" -m one -q && echo text | drift put t/1 -m two -q && printf "" | drift put e/1 -m three -q &&
	printf "\377\000\001" | drift put b/1 -m four -q && drift put u/2 -j 2 && mkdir dir && echo "{\"a\":2}" >file
'

test_expect_success 'paths that cannot be' '
	refused 128 "path is empty" get "" && refused 128 "has no key" get u/ && refused 128 "begins with a slash" put /u -j 1 &&
	refused 128 "empty part" put u//1 -j 1 && refused 128 "part .\.. or .\.\.." put u/../1 -j 1 -m x &&
	refused 128 "key is longer than 2048 bytes" put "u/$long" -j 1 && refused 128 "collection is longer than 1024" get "$long/1" &&
	refused 128 "longer than 4096 bytes" rm "u/$long/$long" && refused 128 "reserved" put .drift/x -j 1 -m x &&
	refused 128 "is not a JSON object" put .drift/schema/u -j 1
'

test_expect_success 'documents that are not there' '
	refused 1 "no document" get nope/1 && refused 1 "no document" get u && hint "drift ls u" &&
	refused 1 "no document .nope/1." get HEAD:nope/1 && refused 1 "no document" rm nope/1 && refused 1 "no documents" rm -r nope/ &&
	refused 1 "no document .nope/2." rm u/1 nope/2 && refused 1 "no document" patch nope/1 -j "{}" &&
	refused 1 "there never was" history nope/1 && refused 1 "no document" blame nope/1 &&
	refused 128 "has no key" rm u/ && hint "\-r removes"
'

test_expect_success 'points in time that are none' '
	refused 1 "no ref, commit or point in time .nope." get u/1 --at nope && refused 1 "beyond the first commit" get u/1 --at HEAD~99 &&
	refused 128 "malformed" get u/1 --at @seq:x && refused 128 "it is empty" get u/1 --at "" && refused 128 "2024-13-01" get u/1 --at 2024-13-01 &&
	refused 128 "that month has no such day" get u/1 --at 2023-02-29 &&
	refused 1 "nope" log nope && refused 1 "nope" log nope..HEAD && refused 1 "nope" diff HEAD nope && refused 1 "nope" show nope &&
	refused 1 "nope" rollback nope && refused 1 "nope" revert nope && refused 1 "nope" branch x nope && refused 1 "nope" tag x nope &&
	refused 129 "a point in time too many" diff HEAD HEAD HEAD && refused 1 "no branch .nope." ls --branch nope &&
	refused 128 "a path is out of place" show HEAD:u/1 && hint "drift get POINT:PATH"
'

test_expect_success 'files that cannot be read' '
	refused 128 "No such file" put u/1 nofile && refused 128 "is a directory" put u/1 dir && refused 128 "is a directory" put u/1=dir &&
	refused 128 "No such file" put u/1 file -F nofile && refused 128 "No such file" commit -F nofile &&
	refused 128 "No such file" patch u/1 nofile && refused 128 "no such file" add nofile &&
	refused 128 "No such file" import jsonl nofile && refused 128 "is a directory" import jsonl dir -m x &&
	refused 128 "line 1: " import csv file && hint "\-\-key"
'

test_expect_success 'JSON and patches' '
	refused 128 "not JSON: line 1 column 2: a key in quotes" put u/1 -j "{" && refused 128 "the text ends" put u/1 -j "" -m x &&
	refused 128 "more text behind the value" put u/1 -j "1 2" && refused 128 "patch of .u/1. is not JSON" patch u/1 -j "{" &&
	refused 128 "the document is not JSON" patch t/1 -j "{}" && refused 128 "the document is not JSON" patch e/1 -j "{}" &&
	refused 128 "the document is not JSON" patch b/1 -j "{}" -m x && refused 128 "an array of operations" patch u/1 --json-patch -j "{}" &&
	refused 1 "operation 0 (test): the value at ./a. is another" patch u/1 --json-patch -j "[{\"op\":\"test\",\"path\":\"/a\",\"value\":5}]"
'

test_expect_success 'who, when and on top of what' '
	refused 128 "message is empty" put u/1 -j 3 -m "" && refused 128 "message is empty" commit -m " " &&
	refused 128 "author must not be empty" put u/1 -j 3 -m x --author "" &&
	refused 128 "control characters" put u/1 -j 3 -m x --author "$(printf "a\nb")" &&
	refused 128 "understand the time" put u/1 -j 3 -m x --date yesterdayish && refused 128 "core.maxClockAhead" put u/1 -j 3 -m x --date 2999-01-01 &&
	refused 1 "expected it at" put u/1 -j 3 -m x --expect HEAD~1 && refused 128 "whole blob id or .absent." put u/1 -j 3 --if-match 12 &&
	refused 1 "exists already" put u/1 -j 3 --if-match absent && refused 1 "has it already" put u/1 -j "{\"a\":1}" -m same &&
	refused 129 "for a commit: give a message" put u/1 -j 3 --expect HEAD && refused 1 "has it already" rollback HEAD
'

test_expect_success 'refs' '
	refused 128 "no valid branch name" branch "a b" && refused 1 "exists already" branch main && refused 1 "no branch" branch -d nope &&
	refused 1 "current branch" branch -d main && refused 1 "no branch" branch -m nope y && refused 1 "no branch" switch nope && hint "\-c" &&
	refused 1 "exists already" switch -c main && refused 128 "no valid tag name" tag a..b && refused 1 "no tag" tag -d nope &&
	refused 1 "has done nothing here" undo --author nobody && refused 1 "it has none" reflog nope &&
	refused 1 "is at .*expected" update-ref refs/heads/main HEAD HEAD~1 && refused 128 "no valid full ref name" update-ref x HEAD
'

test_expect_success 'settings' '
	refused 128 "expected section.key" config nodot x && refused 1 "not set" config no.such && refused 1 "not set" config --unset no.such &&
	refused 128 "neither true nor false" config core.sync maybe && refused 128 "0 or more" config -- core.maxClockAhead -1 &&
	refused 128 "changes with them alone" config core.version 7 && refused 128 "changes with them" config --unset core.version
'

test_expect_success 'wrong usage: 129, and how it is used' '
	for args in get "get a b" put "put --frob" rm "log -n x" "log --graph --reverse" "commit x" rollback revert switch "get u/1 --at" \
		patch edit blame history import export add "config a b c" "undo x" "status x" collection "bisect frob" "completion tcsh" version\ x; do
		refused 129 "." $args && test_grep "^usage: drift ${args%% *}" err || return 1
	done &&
	refused 129 "no such command" lgo && hint "drift log" && refused 129 "no such command" frobnicate && hint "drift help" &&
	refused 129 "unknown option" --frob
'

test_expect_success 'editors that fail' '
	test_expect_code 128 env DRIFT_EDITOR=no-such-editor drift edit u/1 2>err && test_grep "cannot edit .u/1.: cannot run" err &&
	test_expect_code 128 env DRIFT_EDITOR=false drift commit 2>err && test_grep "cannot commit: the editor .false. ended with status 1" err
'

test_expect_success 'answers that cannot be written' '
	for c in "log" "get u/1" "ls" "status" "help" "version" "config --list" "cat-file -p HEAD" "log --json" "completion bash"; do
		test_expect_code 128 drift $c >/dev/full 2>err && test_grep "^drift: cannot write .*to standard output" err || return 1
		test_expect_code 128 drift $c >&- 2>err && test_grep "^drift: cannot write .*to standard output" err || return 1
	done &&
	test_expect_code 128 drift put u/3 -m x <&- 2>err && test_grep "cannot read standard input" err && test_expect_code 1 drift get u/3
'

test_expect_success 'names that would steer a terminal, or make lines of a log' '
	refused 1 "no.x0Asuch.x1B\[2J" get "$(printf "no\nsuch\033[2J")"
'

test_expect_success 'deep documents' '
	awk "BEGIN { for (i = 0; i < 50000; i++) printf \"[\"; for (i = 0; i < 50000; i++) printf \"]\" }" >deep &&
	drift put deep/1 deep -m deep -q && drift get deep/1 >out && test_cmp_bin deep out && drift diff HEAD~1 HEAD >out &&
	refused 128 "not JSON" put deep/2 -j "$(head -c 50000 deep)"
'

test_expect_success 'files of the store that are lost' '
	for f in current journal-000001 config; do
		rm -rf copy && mkdir copy && cp -r .drift copy/.drift && rm copy/.drift/$f &&
		test_expect_code 128 drift -C copy log 2>err && test_grep "$f" err || return 1
	done &&
	test_grep ! "drift init" err && test_expect_code 128 drift init copy 2>err &&
	rm -rf copy && mkdir copy && cp -r .drift copy/.drift && rm -rf copy/.drift/cache && drift -C copy log >out && drift log >expect && test_cmp expect out
'

test_expect_success 'names that say nothing, and refs that are no branches, are not taken for the usual ones' '
	before=$(drift rev-parse HEAD) &&
	refused 128 "is empty" put u/1 -j 9 -m x --branch "" &&
	refused 128 "everything" rm -r "" &&
	drift tag fixed && refused 128 "made on branches" put u/1 -j 9 -m x --branch refs/tags/fixed &&
	test "$before" = "$(drift rev-parse HEAD)"
'

test_expect_success 'the reserved name is no document either' '
	refused 128 "reserved" put .drift -j 1 -m x && refused 128 "reserved" put .drift/x -j 1 -m x
'

test_expect_success 'a count that was not made is not printed as one' '
	drift init -q wide &&
	{ for i in $(seq 1200); do echo "{\"id\":\"$i\"}"; done; } | drift -C wide import jsonl - --collection w -m wide -q &&
	drift -C wide rollback @seq:0 -m gone >out && test_grep "over 1000 documents changed" out &&
	drift -C wide rollback @seq:1 -m back >out && test_grep " 1200 documents changed" out &&
	drift -C wide rollback @seq:0 -m gone --json >out && test_grep "\"changed_more\":true" out
'

test_expect_success 'a symbolic ref that loops is passed over by lists' '
	drift symbolic-ref refs/heads/round refs/heads/round &&
	drift show-ref >out && test_grep ! round out && drift for-each-ref >out && test_grep ! round out &&
	drift symbolic-ref -d refs/heads/round
'

# Nobody is refused anything as root.
test "$(id -u)" = 0 || test_set_prereq NOT_ROOT

test_expect_success NOT_ROOT 'a store that may only be read' '
	cp -r .drift ro.drift && chmod -R a-w ro.drift && test_when_finished "chmod -R u+w ro.drift" && DRIFT_DIR=ro.drift && export DRIFT_DIR &&
	test_when_finished "unset DRIFT_DIR" && drift log >out && drift get u/1 >out && drift status >out &&
	refused 128 "cannot be written" put u/1 -j 9 && refused 128 "cannot be written" put u/1 -j 9 -m x && refused 128 "cannot be written" branch x &&
	refused 128 "cannot be written" undo && refused 128 "Permission denied" config a.b c
'

test_expect_success 'complaints say what cannot be done, not which command cannot' '
	test_expect_code 129 drift completion nosuch 2>err && test_grep "^drift: cannot print the completion: " err &&
	test_expect_code 129 drift rev-parse --verify 2>err && test_grep "^drift: cannot resolve: " err &&
	test_expect_code 129 drift merge-base HEAD 2>err && test_grep "^drift: cannot find a merge base: " err
'

test_done
