# Every answer of a store, one behind another, in order to compare two of them: sourced before lib.sh.
#
#	answers >FILE         of the store in the current folder, whatever it is made of
#
# Refs, stage, reflogs, every commit with all its documents and what it changed, the history of each document that
# ever was, numbers and points in time. What is long stands there as a checksum. DRIFT_ASK names the program (default: drift).
# shellcheck shell=sh

ask_() {
	"${DRIFT_ASK:-drift}" "$@"
}

# Commits that a ref reaches or held, each once.
answers_commits_() {
	{ ask_ rev-list --all && ask_ reflog --all --json | grep -o '"[0-9a-f]\{64\}"' | tr -d '"'; } | sort -u >.answers.held || return 1
	while read -r id; do
		test "$(ask_ cat-file -t "$id" 2>/dev/null)" != commit || echo "$id"
	done <.answers.held >.answers.tips && test -s .answers.tips &&
		xargs "${DRIFT_ASK:-drift}" rev-list <.answers.tips | sort -u
}

ask_sum_() {
	ask_ "$@" >.answers.long || return
	cksum <.answers.long
}

answers_of_commit_() {
	echo "commit $1" && ask_ cat-file -p "$1" && ask_sum_ ls -l --at "$1" && ask_sum_ export jsonl --wrap --skip --at "$1" &&
		ask_ log -n 1 --name-status --format '%H %T %P %an %at %s' "$1" && ask_sum_ log --format '%h' "$1" &&
		ask_ ls --at "$1" >>.answers.paths
}

answers() {
	: >.answers.paths
	echo 'refs' && ask_ symbolic-ref HEAD && ask_ show-ref --head && ask_ status --json && ask_ reflog --all --json &&
		ask_ reflog --json && ask_ rev-list --all --parents && answers_commits_ >.answers.commits || return 1
	while read -r id; do
		answers_of_commit_ "$id" || { echo "cannot answer for $id" && return 1; }
	done <.answers.commits || return 1
	sort -u .answers.paths >.answers.each
	while read -r path; do
		echo "history $path" && { ask_sum_ history --json "$path" || test $? = 1; } || return 1
	done <.answers.each
	last=$(ask_ rev-list --first-parent --count HEAD) && n=1 || return 1
	while test $n -le "$last"; do
		echo "seq $n $(ask_ rev-parse "@seq:$n")" && n=$((n + 1))
	done
	ask_ log --format '%at' | sort -u >.answers.times || return 1
	while read -r sec; do
		at=$(date -u -d "@$sec" +%Y-%m-%dT%H:%M:%SZ) && echo "time $at" && ask_ rev-parse "$at" || return 1
	done <.answers.times
	rm -f .answers.commits .answers.each .answers.held .answers.long .answers.paths .answers.times .answers.tips
}
