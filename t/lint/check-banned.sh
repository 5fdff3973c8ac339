#!/bin/sh
# Functions that are not used: they overrun, lose errors, depend on hidden state, or run a shell.

cd "$(dirname "$0")/../.." || exit 1
banned='strcpy|strcat|strncpy|strncat|stpcpy|sprintf|vsprintf|gets|strtok|alloca|system|popen'
banned="$banned|atoi|atol|atoll|atof|scanf|sscanf|fscanf|tmpnam|tempnam|mktemp|rand|srand|setjmp|longjmp"
banned="$banned|asctime|ctime|gmtime|localtime|strerror_l|signal|vfork|bcopy|bzero|usleep"

find . -path ./build -prune -o -path ./.git -prune -o -name '*.[ch]' -print | sed 's|^\./||' | sort |
	xargs awk -v banned="$banned" '
# The line without strings, character constants and comments.
function code(line,    out, c, n) {
	out = ""
	while (line != "") {
		if (in_comment) {
			n = index(line, "*/")
			if (!n)
				return out
			line = substr(line, n + 2)
			in_comment = 0
			continue
		}
		c = substr(line, 1, 1)
		if (substr(line, 1, 2) == "/*") {
			in_comment = 1
			line = substr(line, 3)
		} else if (substr(line, 1, 2) == "//")
			return out
		else if (c == "\"" || c == "\047") {
			line = substr(line, 2)
			while (line != "" && substr(line, 1, 1) != c)
				line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
			line = substr(line, 2)
			out = out c c
		} else {
			out = out c
			line = substr(line, 2)
		}
	}
	return out
}
function fail(s) { print FILENAME ":" FNR ": " s; bad = 1 }
FNR == 1 { in_comment = 0 }
{
	raw = $0
	text = " " code($0)
	if (match(text, "[^A-Za-z0-9_.>](" banned ")[ \t]*\\("))
		fail("banned function" substr(text, RSTART, RLENGTH - 1))
	if (text ~ /[^A-Za-z0-9_]typedef[ \t]+(struct|union|enum)[^A-Za-z0-9_]/)
		fail("typedef of a struct")
	if (raw ~ /(^|[^A-Za-z0-9_])(TODO|FIXME)([^A-Za-z0-9_]|$)/)
		fail("a note to oneself")
	if (raw ~ /[ \t]$/)
		fail("space at the end of the line")
}
END { exit bad }'
