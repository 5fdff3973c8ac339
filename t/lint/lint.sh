#!/bin/sh
# The slower opinions, for `make lint`: style is reported; the analysers must be content.
# CFLAGS comes from the Makefile.

cd "$(dirname "$0")/../.." || exit 1
jobs=$(nproc 2>/dev/null || echo 2)
sources=$(find . -path ./build -prune -o -path ./.git -prune -o -name '*.c' -print | sed 's|^\./||' | sort)
headers=$(find . -path ./build -prune -o -path ./.git -prune -o -name '*.h' -print | sed 's|^\./||' | sort)
scripts=$(find . -path ./build -prune -o -path ./.git -prune -o -name '*.sh' -print | sed 's|^\./||' | sort)
bad=0

echo '# clang-format (a report only)'
# shellcheck disable=SC2086
clang-format --dry-run $sources $headers 2>&1 | grep -c 'warning: code should be clang-formatted' |
	sed 's/$/ places that clang-format would write differently/'

echo '# clang-tidy'
# All but the file that defines what the macros of analyser.h stand for.
# shellcheck disable=SC2086
echo $sources | tr ' ' '\n' | grep -v '^base/error\.c$' |
	xargs -n 4 -P "$jobs" sh -c 'clang-tidy --quiet "$@" -- $CFLAGS -include t/lint/analyser.h 2>/dev/null' sh || bad=1
# shellcheck disable=SC2086
clang-tidy --quiet base/error.c -- $CFLAGS 2>/dev/null || bad=1

echo '# cppcheck'
# shellcheck disable=SC2086
cppcheck --quiet -j "$jobs" --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
	--suppress=missingIncludeSystem --suppress=nullPointerOutOfMemory --suppress=internalAstError --suppress=uninitvar --suppress=memleakOnRealloc \
	-I. $sources || bad=1

echo '# shellcheck'
# shellcheck disable=SC2086
shellcheck -e SC2016,SC2034,SC1091,SC2154,SC1090,SC3037 $scripts t/run scripts/install scripts/install-packages .ci/run || bad=1
exit $bad
