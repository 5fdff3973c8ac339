# Writers that are killed at random moments, and readers beside them: sourced before lib.sh. They work in the store
# $KILL_DIR, as long as there is a file `go`, and write down what was acknowledged; kill_check compares.
# shellcheck shell=sh disable=SC2015,SC2086

# In memory where that can be, so that there are many rounds.
kill_setup() {
	KILL_DIR=$(mktemp -d -p /dev/shm drift-kill-XXXXXX 2>/dev/null) || KILL_DIR=$TRASH/kill
	mkdir -p "$KILL_DIR" && cd "$KILL_DIR" && drift init -q && drift put shared/n -j 0 -m start -q && : >go || return 1
	# So that many live and many die, whatever the build and the machine.
	kill_start=$(date +%s%N) && for i in 1 2 3 4 5 6 7 8 9 10; do drift put warm/up -j $i -m up -q >/dev/null || return 1; done &&
		KILL_MS=$(((($(date +%s%N) - kill_start) / 1000000 + 10) * 15 / 10))
}

kill_clean() {
	case $KILL_DIR in "$TRASH"*) ;; *) rm -rf "$KILL_DIR" ;; esac
}

# drift, killed after some milliseconds: usage: killed SEED ARGUMENT...
killed() {
	killed_ms=$(($1 * 7919 % KILL_MS + 1)) && shift
	timeout -s KILL "$(printf '0.%03d' $killed_ms)" drift "$@"
}

# Own keys, several documents a commit. usage: kill_writer NAME
kill_writer() {
	i=0
	while test -e go; do
		i=$((i + 1))
		echo "$1 $i" >"try.$1"
		killed $((i * 13 + $1)) put "own/$1-$i=try.$1" "pair/left=try.$1" "pair/right=try.$1" -m "$1 $i" -q >/dev/null 2>"err.$1"
		code=$?
		case $code in
		0) echo "own/$1-$i" >>"acked.$1" ;;
		137) ;;
		*) echo "writer $1: exit code $code" && cat "err.$1" && return 1 ;;
		esac
	done >"writer.$1" 2>&1
}

# Adds one to a shared number, by compare and swap. usage: kill_counter NAME
kill_counter() {
	i=0
	while test -e go; do
		i=$((i + 1))
		at=$(drift rev-parse HEAD) && n=$(drift get shared/n --at "$at") || { echo "counter $1: cannot read" && return 1; }
		id=$(drift get shared/n --at "$at" --stat | sed -n 's/^id *//p')
		killed $((i * 17 + $1)) put shared/n -j $((n + 1)) -m "count by $1" --if-match "$id" -q >/dev/null 2>"err.$1"
		code=$?
		case $code in
		0) echo $((n + 1)) >>"counted.$1" ;;
		1 | 137) ;;
		*) echo "counter $1: exit code $code" && cat "err.$1" && return 1 ;;
		esac
	done >"writer.$1" 2>&1
}

# Sees whole commits and no error.
kill_reader() {
	while test -e go; do
		at=$(drift rev-parse HEAD) && drift log -n 3 >"read.$1" && drift ls own/ >"read.$1" ||
			{ echo "reader $1: cannot read" && return 1; }
		drift get pair/left --at "$at" >"left.$1" 2>/dev/null || continue
		drift get pair/right --at "$at" >"right.$1" && cmp "left.$1" "right.$1" || { echo "reader $1: half a commit at $at" && return 1; }
	done >"reader.$1" 2>&1
}

# usage: kill_run SECONDS WRITERS COUNTERS READERS
kill_run() {
	cd "$KILL_DIR" && who=0
	while test $who -lt $(($2 + $3 + $4)); do
		who=$((who + 1))
		if test $who -le "$2"; then
			kill_writer $who &
		elif test $who -le $(($2 + $3)); then
			kill_counter $who &
		else
			kill_reader $who &
		fi
	done
	sleep "$1"
	rm -f go
	wait
}

# Is all there that was acknowledged, each count once, and nobody complained?
kill_check() {
	cat writer.* reader.* >complaints && test ! -s complaints || { cat complaints && return 1; }
	cat acked.* | sort >acked && drift ls own/ >there 2>complaints && test ! -s complaints || { cat complaints && return 1; }
	sort there | comm -23 acked - >missing && test ! -s missing || { echo 'lost:' && cat missing && return 1; }
	cat counted.* | sort -n >counted && sort -nu counted | cmp - counted || { echo 'counted twice' && return 1; }
	n=$(drift get shared/n) && test "$(drift history shared/n | wc -l)" = $((n + 1)) || { echo "$n is a wrong count" && return 1; }
	test "$(wc -l <counted)" -le "$n" && test -z "$(tail -n 1 counted)" || test "$(tail -n 1 counted)" -le "$n"
}
