#!/bin/sh
# A function has at most 70 lines, a file at most 800. There is no exemption list.

cd "$(dirname "$0")/../.." || exit 1
sources=$(find . -path ./build -prune -o -path ./.git -prune -o -name '*.[ch]' -print | sed 's|^\./||' | sort)
scripts=$(find . -path ./build -prune -o -path ./.git -prune -o -name '*.sh' -print | sed 's|^\./||' | sort)

# shellcheck disable=SC2086
long=$(wc -l $sources $scripts | awk '$1 > 800 && $2 != "total" { print $2 ": " $1 " lines, more than 800" }')

# Lines of each function: FILE NAME FIRST COUNT
functions() {
	if ctags --version 2>/dev/null | grep -q Universal; then
		# shellcheck disable=SC2086
		ctags -f - --languages=C --langmap=C:.c.h --kinds-C=f --fields=ne --sort=no $sources | awk -F '\t' '{
			for (i = 4; i <= NF; i++) {
				if ($i ~ /^line:/) first = substr($i, 6)
				if ($i ~ /^end:/) last = substr($i, 5)
			}
			print $2, $1, first, last - first + 1
		}'
	else
		# shellcheck disable=SC2086
		awk 'FNR == 1 { start = 0 }
		/^[a-zA-Z].*\(/ { start = FNR; name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
		/^}/ { if (start) print FILENAME, name, start, FNR - start + 1; start = 0 }' $sources
	fi
}
long="$long$(functions | awk '$4 > 70 { print "\n" $1 ":" $3 ": " $2 "() has " $4 " lines, more than 70" }')"
test -n "$long" || exit 0
echo "$long"
exit 1
