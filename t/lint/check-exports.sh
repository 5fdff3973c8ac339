#!/bin/sh
# The shared library and the installed archive show public names alone: drift_*.

cd "$(dirname "$0")/../.." || exit 1
build=${DRIFT_BUILD:-build/release}
bad=0
# FILE NM-OPTION
foreign() {
	nm -P "$2" --defined-only "$1" | awk 'NF > 1 && $1 !~ /^(drift_|_init$|_fini$|__asan_|__odr_asan|_edata$|_end$|__bss_start$)/ { print $1 }'
}
for library in "$build/libdrift.so -D" "$build/libdrift.a -g"; do
	test -e "${library% *}" || continue
	names=$(foreign "${library% *}" "${library#* }")
	test -z "$names" && continue
	echo "${library% *} exports: $names"
	bad=1
done
exit $bad
