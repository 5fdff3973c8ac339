# A collector that is killed at random moments, beside writers and readers that are, too (see lib-kill.sh, which is
# sourced before).
# shellcheck shell=sh disable=SC2015,SC2086

# usage: kill_collector NAME
kill_collector() {
	i=0
	while test -e go; do
		i=$((i + 1))
		case $((i % 4)) in
		0) killed $((i * 19 + $1)) gc --full -q ;;
		1) killed $((i * 19 + $1)) gc -q ;;
		2) killed $((i * 19 + $1)) gc -q --prune=now ;;
		3) drift gc --auto -q ;;
		esac >/dev/null 2>"err.gc.$1"
		code=$?
		case $code in
		0 | 137) ;;
		*) grep -q 'another gc' "err.gc.$1" || { echo "gc: exit code $code" && cat "err.gc.$1" && return 1; } ;;
		esac
	done >"writer.gc.$1" 2>&1
}

gc_kill_setup() {
	kill_setup && drift config journal.limit 6000 && drift config gc.auto false
}

# The next one that is let live cleans up what those left who were killed.
gc_kill_clean_state() {
	drift gc -q && ! find .drift -name '*tmp-*' | grep . && drift fsck --full -q &&
		test "$(find .drift -name 'journal-*' | wc -l)" = "$(grep -c '^journal' .drift/current)" &&
		test "$(find .drift/pack -name '*.pack' | wc -l)" = "$(grep -c '^pack' .drift/current)"
}
