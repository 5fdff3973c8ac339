#!/bin/sh
# Each command of the table in drift.c has a manual page, whose SYNOPSIS (a block between
# lines of ---- or ....) equals the usage that `drift COMMAND -h` prints, and whose OPTIONS (`-n, --name X`::)
# are those that it lists, and a completion.
# Each page of a command has a command.

cd "$(dirname "$0")/../.." || exit 1
drift=${DRIFT_BUILD:-build/release}/drift
test -e drift.c || exit 0
bad=0
fail() {
	echo "$1"
	bad=1
}

commands=$(grep -o '&cmd_[a-z0-9_]*' drift.c | sed 's/&cmd_//; y/_/-/' | sort -u)
test -n "$commands" || fail 'drift.c: no &cmd_NAME, of which the table of commands is made'

# One line a usage, blanks squeezed; a line that does not begin with "drift" continues the last.
usages() {
	awk '{ gsub(/[ \t]+/, " "); sub(/^ /, ""); sub(/ $/, "") }
	/^drift( |$)/ && line != "" { print line; line = "" }
	{ line = line (line == "" ? "" : " ") $0 }
	END { if (line != "") print line }'
}

page_synopsis() {
	awk '/^== / { here = toupper($0) == "== SYNOPSIS"; next }
	here && /^(----|\.\.\.\.)$/ { if (inside) exit; inside = 1; next }
	here && inside' "$1" | usages
}

help_synopsis() {
	"$drift" "$1" -h 2>&1 </dev/null | awk '/^$/ { exit } { sub(/^(usage:| *or:) /, ""); print }' | usages
}

# The names of options, one a line, of lines that begin with some.
option_names() {
	grep -oE '(^|[][ ,|`])--?[a-zA-Z][a-zA-Z0-9-]*' | tr -d '][ ,|`' | sort -u
}

page_options() {
	sed -n 's/^\(`-.*\)::$/\1/p' "$1" | option_names
}

help_options() {
	"$drift" "$1" -h 2>&1 </dev/null | sed -n '1,/^$/d; s/^ \{1,8\}\(-.*\)/\1/p' | sed 's/  .*//' | option_names
}

words=
if test -x "$drift" && echo "$commands" | grep -qx completion; then
	for shell in bash zsh fish; do
		words=$("$drift" completion $shell </dev/null | tr -cs 'a-z0-9-' '\n' | sort -u)
		for command in $commands; do
			echo "$words" | grep -qx -e "$command" || fail "drift $command: not in the completion for $shell"
		done
	done
fi

for command in $commands; do
	page=Documentation/drift-$command.adoc
	if ! test -e "$page"; then
		fail "drift $command: there is no $page"
		continue
	fi
	test -x "$drift" || continue
	in_page=$(page_synopsis "$page")
	in_help=$(help_synopsis "$command")
	if test "$in_page" != "$in_help"; then
		fail "$page: SYNOPSIS differs from drift $command -h:"
		echo "$in_page" | sed 's/^/  page  /'
		echo "$in_help" | sed 's/^/  -h    /'
	fi
	in_page=$(page_options "$page")
	in_help=$(help_options "$command")
	test "$in_page" = "$in_help" && continue
	fail "$page: OPTIONS differ from drift $command -h:"
	echo "$in_page" | sed 's/^/  page  /'
	echo "$in_help" | sed 's/^/  -h    /'
done

for page in Documentation/drift-*.adoc; do
	command=${page#Documentation/drift-}
	command=${command%.adoc}
	head -n 1 "$page" 2>/dev/null | grep -q '(1)$' || continue
	echo "$commands" | grep -qx -e "$command" || fail "$page: there is no command $command"
done
exit $bad
