#!/bin/sh

test_description='drift watch: the change feed'
. "$(dirname "$0")/lib.sh"

# What is in "next" of line N of a file.
next_of() {
	sed -n "$1"'s/.*"next":"\([^"]*\)".*/\1/p' "$2"
}

# "change path" of each line; "reset" for one.
short() {
	sed 's/.*"back":true.*"change":"\([a-z]*\)".*"path":"\([^"]*\)".*/back \1 \2/; s/.*"change":"\([a-z]*\)".*"path":"\([^"]*\)".*/\1 \2/
		s/.*"reset".*/reset/; s/.*"tip":.*"tip".*/tip/; s/.*"seq":\([0-9]*\),"tip".*/tip \1/' "$1"
}

# PATTERN FILE: until it is there; a second and a half at most.
wait_for() {
	for i_ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		if grep -q "$1" "$2" 2>/dev/null; then return 0; fi
		sleep 0.1
	done
	echo "'$1' did not come:" && cat "$2" && return 1
}

test_expect_success 'setup: five commits, one with several documents' '
	drift init -q &&
	drift put u/1 -j 1 -m one -q && test_tick && drift put u/2 -j 2 -m two --author Bob -q &&
	drift put a/1 -j 3 && drift put u/2 -j 3 && drift put u/3 -j 3 && drift commit -m three -q &&
	drift rm u/1 -m four -q && drift put v/1 -j 5 -m five -q
'

test_expect_success 'all from the start, a line a change' '
	drift watch --since @seq:0 --once >all && short all >got && cat >expect <<-\EOF && test_cmp expect got &&
	add u/1
	add u/2
	add a/1
	modify u/2
	add u/3
	delete u/1
	add v/1
	EOF
	sed -n 2p all >line && test_grep "\"author\":\"Bob\"" line && test_grep "\"seq\":2" line &&
	test_grep "\"message\":\"two\"" line && test_grep "\"time\":\"2025-01-01T00:01:00Z\"" line &&
	test_grep "\"commit\":\"$(drift rev-parse @seq:2)\"" line && test_grep ! parents all
'

test_expect_success 'each line says how to go on behind it' '
	for n in 1 2 3 4 5 6 7; do
		drift watch --since "$(next_of $n all)" --once >rest && tail -n +$((n + 1)) all | test_cmp - rest || return 1
	done &&
	test_grep "+1\"" all && test_grep "+2\"" all
'

test_expect_success 'the same without lists of changes' '
	drift --version >/dev/null && drift watch --no-cache --since @seq:0 --once >got && test_cmp all got
'

test_expect_success 'since a commit, a number, a time; what is named alone; so many' '
	drift watch --since @seq:3 --once >got && tail -n 2 all | test_cmp - got &&
	drift watch --since "$(drift rev-parse @seq:3)" --once >got && tail -n 2 all | test_cmp - got &&
	drift watch --since 2025-01-01T00:00:30Z --once >got && tail -n 6 all | test_cmp - got &&
	drift watch --once >got && test_line_count = 0 got &&
	drift watch --since @seq:0 --once a/ v/1 >got && short got >lines && printf "add a/1\nadd v/1\n" | test_cmp - lines &&
	drift watch --since @seq:0 --once u >got && test_line_count = 5 got &&
	drift watch --since @seq:0 -n 3 >got && head -n 3 all | test_cmp - got &&
	drift watch --since @seq:0 -2 u/2 >got && test_line_count = 2 got && drift watch -n 0 >got && test_line_count = 0 got
'

test_expect_success 'with content; where the branch ends' '
	drift watch --since @seq:2 --once --content >got && test_grep "\"id\":\"[0-9a-f]*\",\"json\":3" got &&
	grep "\"change\":\"delete\"" got | test_grep ! "\"json\"" - &&
	drift watch --since @seq:4 --once --tips >got && short got >lines && printf "add v/1\ntip 5\n" | test_cmp - lines &&
	drift watch --once --tips >got && drift watch --since "$(next_of 1 got)" --once >more && test_line_count = 0 more
'

test_expect_success 'what is not there, and wrong usage' '
	test_expect_code 1 drift watch --since nothing --once 2>err && test_grep "cannot watch" err &&
	test_expect_code 1 drift watch --since "$(printf "%064d" 1)+1" --once 2>err && test_grep "cannot watch" err &&
	test_expect_code 1 drift watch --branch no --once 2>err && test_grep "no branch" err &&
	test_expect_code 128 drift watch --since HEAD^{tree} --once 2>err && test_grep "tree" err &&
	test_expect_code 129 drift watch --nothing 2>err && test_expect_code 129 drift watch -n x 2>err
'

test_expect_success 'live, soon, and a signal ends it well' '
	{ drift watch u/ >live & } && pid=$! && test_when_finished "kill $pid 2>/dev/null || :" && sleep 0.2 &&
	drift put u/9 -j 1 -m live -q && wait_for "\"u/9\"" live && drift put w/1 -j 1 -m other -q &&
	drift put u/9 -j 2 -m again -q && wait_for again live && test_line_count = 2 live &&
	kill -TERM $pid && wait $pid
'

test_expect_success 'while nothing happens it does next to nothing' '
	{ drift watch >live & } && pid=$! && test_when_finished "kill $pid 2>/dev/null || :" && sleep 1 &&
	set -- $(sed "s/.*) //" /proc/$pid/stat) && test $(($12 + ${13})) -le 5 && kill -INT $pid && wait $pid
'

test_expect_success 'it ends when the reader has gone' '
	mkfifo pipe && { drift watch --since @seq:0 >pipe & } && pid=$! && head -n 1 <pipe >first && test_cmp - first <<-EOF &&
	$(head -n 1 all)
	EOF
	for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $pid 2>/dev/null || break; sleep 0.1; done &&
	if kill -0 $pid 2>/dev/null; then kill $pid; false; fi
'

test_expect_success 'a full reader does not keep a signal from ending it' '
	drift init -q big && seq 1 3000 | sed "s/.*/{\"id\":\"&\"}/" | drift -C big import jsonl - --collection c --key id -m many -q &&
	rm -f pipe && mkfifo pipe && { drift -C big watch --since @seq:0 >pipe & } && pid=$! && exec 7<pipe && sleep 0.3 &&
	kill -TERM $pid && wait $pid && exec 7<&-
'

test_expect_success 'a commit of thousands of documents is resumed within' '
	drift -C big watch --since @seq:0 --once >many && test_line_count = 3000 many &&
	drift -C big watch --since "$(next_of 1234 many)" --once >rest && tail -n +1235 many | test_cmp - rest
'

test_expect_success 'a merge says to whom what is new' '
	drift branch side HEAD && drift put m/1 -j 1 -m ours -q && drift put m/2 -j 1 -m theirs --branch side -q &&
	drift put m/1 -j 1 && drift put m/2 -j 1 && drift put m/3 -j 1 && tree=$(drift write-tree) &&
	drift unstage m/2 m/3 -q && before=$(drift rev-parse HEAD) &&
	merge=$(drift commit-tree "$tree" -p HEAD -p side -m merge) && drift update-ref refs/heads/main "$merge" &&
	drift watch --since "$before" --once >got && short got >lines && printf "add m/2\nadd m/3\n" | test_cmp - lines &&
	test_grep "\"against\":\[\"add\",null\].*\"parents\":\[\"$before\",\"$(drift rev-parse side)\"\].*\"m/2\"" got &&
	test_grep "\"against\":\[\"add\",\"add\"\].*\"m/3\"" got
'

test_expect_success 'after a merge made elsewhere it goes on along the line of the branch' '
	drift watch --since side --once >got && short got >lines && printf "add m/1\nadd m/2\nadd m/3\n" | test_cmp - lines &&
	drift watch --since "$(next_of 1 got)" --once >rest && tail -n +2 got | test_cmp - rest
'

test_expect_success 'a branch that goes elsewhere: a reset, the way back, and on' '
	drift init -q moved && cd moved && for n in 1 2 3 4; do drift put d/$n -j $n -m $n -q || return 1; done &&
	{ drift watch >../live & } && pid=$! && test_when_finished "kill $pid 2>/dev/null || :" && sleep 0.2 &&
	drift branch other @seq:2 && drift put d/1 -j 9 --branch other -m other -q && old=$(drift rev-parse HEAD) &&
	drift update-ref refs/heads/main other && wait_for modify ../live && kill $pid && wait $pid && cd .. &&
	short live >got && printf "reset\nback delete d/3\nback delete d/4\nmodify d/1\n" | test_cmp - got &&
	test_grep "\"reset\":{\"base\":\"$(drift -C moved rev-parse @seq:2)\",\"from\":\"$old\",\"seq\":2,\"to\":" live &&
	test "$(next_of 1 live)" = "$old" && test "$(next_of 2 live)" = "$old" &&
	drift -C moved watch --since "$(next_of 2 live)" --once >rest && test_cmp live rest &&
	drift -C moved watch --since "$(next_of 3 live)" --once >rest && tail -n 1 live | test_cmp - rest
'

test_expect_success 'nothing in common, and an older commit of the line' '
	cd moved && tip=$(drift rev-parse HEAD) && root=$(drift commit-tree "$(drift rev-parse HEAD^{tree})" -m root) &&
	drift update-ref refs/heads/main "$root" && drift watch --since "$tip" --once >../got && short ../got >../lines &&
	printf "reset\nback delete d/1\nback delete d/2\nadd d/1\nadd d/2\n" | test_cmp - ../lines && sed -n 2p ../got >../line &&
	test_grep "\"commit\":null" ../line && drift watch --since "$(next_of 3 ../got)" --once >../rest &&
	tail -n 2 ../got | test_cmp - ../rest && drift update-ref refs/heads/main "$(drift rev-parse other~2)" &&
	drift watch --since other --once >../got && short ../got >../lines &&
	printf "reset\nback modify d/1\nback delete d/2\n" | test_cmp - ../lines &&
	drift watch --since "$(next_of 3 ../got)" --once >../rest && test_line_count = 0 ../rest && cd ..
'

test_expect_success 'a sync from elsewhere renumbers: nothing is missed, nothing comes twice' '
	drift init -q here && drift -C here put d/0 -j 0 -m base -q && drift clone -q here there &&
	{ drift -C here watch >live & } && pid=$! && test_when_finished "kill $pid 2>/dev/null || :" && sleep 0.2 &&
	drift -C here put a/1 -j 1 -m ours -q && wait_for ours live && drift -C there put b/1 -j 1 -m theirs -q &&
	drift -C there put b/2 -j 2 -m theirs -q && drift -C there sync -q && wait_for against live && kill $pid && wait $pid &&
	short live >got && printf "add a/1\nadd b/1\nadd b/2\nadd a/1\n" | test_cmp - got && sed -n 4p live | test_grep "Merge" - &&
	drift -C here watch --since "$(next_of 1 live)" --once >rest && tail -n 3 live | test_cmp - rest
'

test_expect_success 'it lives through gc and keeps no file that is gone' '
	drift init -q packed && { drift -C packed watch >live & } && pid=$! &&
	test_when_finished "kill $pid 2>/dev/null || :" &&
	for n in 1 2 3 4 5 6; do drift -C packed put d/$n -j $n -m $n -q || return 1; done && drift -C packed compact -q &&
	drift -C packed put d/7 -j 7 -m seven -q && wait_for seven live && test_line_count = 7 live && sleep 0.3 &&
	ls -l /proc/$pid/fd | sed "/cache.index (deleted)/d" >fds && test_grep ! "(deleted)" fds && kill $pid && wait $pid &&
	drift -C packed watch --since @seq:0 --once >got && test_cmp live got
'

test_expect_success 'a branch without a commit, and one that goes away for a while' '
	drift init -q young && cd young && drift watch --once >../got && test_line_count = 0 ../got &&
	{ drift watch >../live & } && pid=$! && test_when_finished "kill $pid 2>/dev/null || :" && sleep 0.2 &&
	drift put a/1 -j 1 -m first -q && wait_for first ../live && id=$(drift rev-parse HEAD) &&
	drift update-ref -d refs/heads/main && sleep 0.2 && drift update-ref refs/heads/main "$id" &&
	drift put a/2 -j 1 -m second -q && wait_for second ../live && cd .. && test_line_count = 2 live && kill $pid && wait $pid
'

test_done
