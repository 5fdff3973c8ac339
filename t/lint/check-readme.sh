#!/bin/sh
# The C example of README.md (its first ```c block) compiles against the installed headers and
# archive without a warning, and runs in an empty folder.

cd "$(dirname "$0")/../.." || exit 1
build=${DRIFT_BUILD:-$PWD/build/release}
grep -q '^```c$' README.md 2>/dev/null || exit 0
test -e "$build/stage/usr/lib/libdrift.a" || exit 0
case $build in *asan | *tsan | *fuzz) exit 0 ;; esac
folder=$build/trash/readme
rm -rf "$folder" && mkdir -p "$folder/run" || exit 1
awk '/^```c$/ { inside = 1; next } /^```$/ && inside { exit } inside' README.md >"$folder/example.c"
libs=$(sed -n 's/^Libs.private: //p' drift.pc.in)
# shellcheck disable=SC2086
"${CC:-cc}" -std=c11 -Wall -Wextra -Werror -I"$build/stage/usr/include" -o "$folder/example" "$folder/example.c" \
	"$build/stage/usr/lib/libdrift.a" $libs || exit 1
(cd "$folder/run" && HOME=$folder/run ../example </dev/null) || exit 1
rm -rf "$folder"
