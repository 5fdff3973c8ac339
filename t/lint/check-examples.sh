#!/bin/sh
# What the documents show is what happens: see examples.awk for how an example is marked.

cd "$(dirname "$0")/../.." || exit 1
root=$PWD
build=${DRIFT_BUILD:-$root/build/release}
test -x "$build/drift" || exit 0
for name in $(env | sed -n 's/^\(DRIFT_[A-Za-z0-9_]*\)=.*/\1/p'); do
	unset "$name"
done
mkdir -p "$build/trash" && EXAMPLES=$(mktemp -d "$build/trash/examples-XXXXXX") && mkdir "$EXAMPLES/home" || exit 1
HOME=$EXAMPLES/home PATH=$build:$PATH TZ=UTC LC_ALL=C.UTF-8 TERM=dumb NO_COLOR=1 PAGER=cat EDITOR=:
DRIFT_AUTHOR='Ada Example <ada@example.com>' DRIFT_DATE=2025-01-01T12:00:00Z
export EXAMPLES HOME PATH TZ LC_ALL TERM NO_COLOR PAGER EDITOR DRIFT_AUTHOR DRIFT_DATE

bad=0
for page in README.md Documentation/*.adoc Documentation/*/*.adoc; do
	grep -q '^\(// run\|<!-- run\)' "$page" 2>/dev/null || continue
	awk -f t/lint/examples.awk "$page" >"$EXAMPLES/script" || bad=1
	(cd "$EXAMPLES" && sh "$EXAMPLES/script" >"$EXAMPLES/printed" 2>&1 </dev/null)
	awk -v results="$EXAMPLES/printed" -f t/lint/examples.awk "$page" && continue
	bad=1
	tail -n 3 "$EXAMPLES/printed" | tr -d '\001'
done
if test $bad = 0; then rm -rf "$EXAMPLES"; else echo "# kept: $EXAMPLES"; fi
exit $bad
