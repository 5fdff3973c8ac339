#!/bin/sh
# bench/run.sh: run the rows named in ROWS (all by default), each a program bench-ROW, and print the table.
# QUICK=1: a tenth of the sizes. KEEP=1: use stores that an earlier run made, and leave those of this one.

build=${DRIFT_BUILD:-build/release}
BENCH_DIR=${BENCH_DIR:-$(dirname "$build")/bench}
export BENCH_DIR QUICK
rows=${ROWS:-import commit batch cpu bytes get start diff history graph rollback race gc merge sync remote}

title() {
	case $1 in
	import) echo 'import: documents of 215 bytes, all in one commit' ;;
	commit) echo 'commit: one document each, durable, one after the other, in process' ;;
	batch) echo 'batch: durable commits through a pipe' ;;
	cpu) echo 'cpu: processor time of a commit that does not wait for the disk' ;;
	bytes) echo 'bytes: what a commit of one document takes on disk' ;;
	get) echo 'get: documents by path, warm, one core' ;;
	start) echo 'start: a whole process that reads one document' ;;
	diff) echo 'diff: processor time, two commits of one store' ;;
	history) echo 'history: a whole process, a document changed 10 times' ;;
	graph) echo 'graph: points in time, merge bases, in process' ;;
	rollback) echo 'rollback: of the whole store, a whole process' ;;
	gc) echo 'gc: 100,000 commits of one document on 100,000 documents, packed' ;;
	sync) echo 'sync: what travels between two stores, two processes and a socket' ;;
	remote) echo 'remote: drift push, fetch and sync, whole processes, two stores on one machine' ;;
	merge) echo 'merge: two lines that changed 5,000 documents each, of 100,000, in process' ;;
	race) echo 'race: writers of one branch at once' ;;
	*) echo "$1" ;;
	esac
}

for row in $rows; do
	test -x "$build/bench/bench-$row" && continue
	echo "bench: there is no row '$row'" >&2
	exit 1
done
test -n "${KEEP:-}" || rm -rf "$BENCH_DIR"
mkdir -p "$BENCH_DIR" || exit 1
test -n "${KEEP:-}" || trap 'rm -rf "$BENCH_DIR"' EXIT
trap 'exit 130' INT TERM

printf '%-38s %20s %25s %8s  %s\n' "$(date -u '+%Y-%m-%d %H:%M'), $(nproc) cores" drift peer ratio 'to reach'
test -z "${QUICK:-}" || echo '(a tenth of the sizes: what is named below is divided by ten, and less counts for less)'
bad=0
for row in $rows; do
	title "$row"
	"$build/bench/bench-$row" || bad=1
done
exit $bad
