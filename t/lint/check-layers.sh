#!/bin/sh
# Who includes whom, and who uses whose symbols, as the file `layers` beside this says.
# Includes come from the source; symbols from the objects of the build, where there is one.

cd "$(dirname "$0")/../.." || exit 1
build=${DRIFT_BUILD:-build/release}
folders=$(awk '$1 == "include" { sub(/:/, "", $2); if ($2 != ".") print $2 }' t/lint/layers)
# shellcheck disable=SC2086
sources=$(find $folders t/unit t/fuzz bench -name '*.[ch]' 2>/dev/null | sort)
test ! -e drift.c || sources="drift.c $sources"

objects=
for file in $sources; do
	object=$build/obj/${file%.c}.o
	case $file in t/* | bench/* | *.h) continue ;; esac
	test -e "$object" && objects="$objects $object"
done

# What comes out of the three files told apart by `kind`: rules, include lines, symbols.
{
	cat t/lint/layers
	echo '@includes'
	# shellcheck disable=SC2086
	grep -n '^[ 	]*#[ 	]*include' /dev/null $sources
	echo '@symbols'
	# shellcheck disable=SC2086
	test -z "$objects" || nm -A -P -g $objects | sed "s|^$build/obj/||"
} | awk '
function fail(s) { print s; bad = 1 }
function folder_of(file) { return file ~ /\// ? substr(file, 1, index(file, "/") - 1) : "." }
function pattern(s) { gsub(/\./, "\\.", s); gsub(/\*/, ".*", s); return "^" s "$" }
function owned(owners, file,    n, i, list) {
	n = split(owners, list, " ")
	for (i = 1; i <= n; i++)
		if (file ~ pattern(list[i]))
			return 1
	return 0
}
function rule(kind,    at, n, i, list, names) {
	at = index($0, ":")
	n = split(substr($0, 1, at - 1), list, " ")
	names = substr($0, at + 1)
	for (i = 2; i <= n; i++)
		if (kind == "include")
			may[list[i]] = " " list[i] " " names " "
		else {
			count[kind]++
			pat[kind, count[kind]] = pattern(list[i])
			own[kind, count[kind]] = names
		}
}
function check_owner(kind, name, file, what,    i) {
	for (i = 1; i <= count[kind]; i++)
		if (name ~ pat[kind, i] && !owned(own[kind, i], file))
			fail(what ": only" own[kind, i] " may use " name)
}
/^@/ { part = $1; next }
part == "" && /^(include|header|symbol) / { rule($1); next }
part == "" { next }
part == "@includes" {
	split($0, where, ":")
	file = where[1]
	what = where[1] ":" where[2]
	folder = folder_of(file)
	if ($0 ~ /include[ \t]*</) {
		sub(/.*</, ""); sub(/>.*/, "")
		check_owner("header", $0, file, what)
		next
	}
	sub(/^[^"]*"/, ""); sub(/".*/, "")
	if (folder == "include")
		next
	if ($0 !~ /\//) {
		fail(what ": \"" $0 "\" is not written from the root")
		next
	}
	target = folder_of($0)
	if ((folder in may) && !index(may[folder], " " target " "))
		fail(what ": " folder "/ may not include \"" $0 "\"")
	if ($0 ~ /_internal\.h$/ && target != folder && folder != "t")
		fail(what ": \"" $0 "\" belongs to " target "/ alone")
	next
}
{
	file = $1
	sub(/\.o.*/, ".c", file)
	if ($3 == "U" || $3 == "w") {
		uses++
		use_file[uses] = file
		use_name[uses] = $2
	} else
		home[$2] = file
}
END {
	for (i = 1; i <= uses; i++) {
		file = use_file[i]; name = use_name[i]; folder = folder_of(file)
		if (name in home) {
			if (!index(may[folder], " " folder_of(home[name]) " "))
				fail(file ": " folder "/ may not use " name "() of " home[name])
		} else if (folder !~ /^(\.|cli|porcelain|plumbing)$/)
			check_owner("symbol", name, file, file)
	}
	exit bad
}'
