# Finds the examples of a page that are run, or (with results=FILE) compares what they printed.
#
# An example is a listing (----, or ``` in README.md) after a line `// run` (`<!-- run -->`).
# In it, lines that begin with `$ ` are commands (`> ` continues one), the others what they
# print. `...` alone on a line stands for any lines, within one for any text. Each example
# runs in a new folder; `// run again` goes on in the folder of the one before. Lines
# `// $ COMMAND` after `// run` prepare the ground unseen.
#
# Without results: prints a shell script, to be run with all output in one file, where lines
# of \001 LINE-NUMBER separate what the commands print.

function wild(expected, actual,    n, i, at, parts) {
	n = split(expected, parts, /\.\.\./)
	if (n == 1)
		return expected == actual
	if (substr(actual, 1, length(parts[1])) != parts[1])
		return 0
	actual = substr(actual, length(parts[1]) + 1)
	for (i = 2; i < n; i++) {
		at = index(actual, parts[i])
		if (!at)
			return 0
		actual = substr(actual, at + length(parts[i]))
	}
	return length(actual) >= length(parts[n]) &&
		substr(actual, length(actual) - length(parts[n]) + 1) == parts[n]
}

# Do the lines want[1..w] describe got[1..g]?
function matches(w, g,    i, j, star, back) {
	i = j = 1
	star = 0
	while (j <= g) {
		if (i <= w && want[i] == "...") {
			star = i++
			back = j
		} else if (i <= w && wild(want[i], got[j])) {
			i++
			j++
		} else if (star) {
			i = star + 1
			j = ++back
		} else
			return 0
	}
	while (i <= w && want[i] == "...")
		i++
	return i > w
}

function finish_command(    i, g, w, lines) {
	if (!command_line)
		return
	w = want_count
	while (w && want[w] == "")
		w--
	if (results == "") {
		print command
		printf "{ s_=$?; printf '\\n\\001%d\\n'; (exit $s_); }\n", command_line
	} else {
		if (!(command_line in output)) {
			print FILENAME ":" command_line ": did not run: $ " command
			exit bad = 1
		}
		g = split(output[command_line], lines, "\n")
		while (g && lines[g] == "")
			g--
		for (i = 1; i <= g; i++)
			got[i] = lines[i]
		if (!matches(w, g)) {
			print FILENAME ":" command_line ": $ " command
			for (i = 1; i <= w; i++)
				print "  page   " want[i]
			for (i = 1; i <= g; i++)
				print "  prints " got[i]
			bad = 1
		}
	}
	command_line = want_count = 0
}

function start_example(again) {
	if (results != "")
		return
	if (!again)
		print "cd \"$EXAMPLES\" && mkdir " FILENAME_OF "." FNR " && cd " FILENAME_OF "." FNR " || exit 1"
}

BEGIN {
	if (results != "") {
		while ((getline line < results) > 0) {
			if (substr(line, 1, 1) == "\001") {
				sub(/\n$/, "", text)
				output[substr(line, 2) + 0] = text
				text = ""
			} else
				text = text line "\n"
		}
	}
}
FNR == 1 {
	FILENAME_OF = FILENAME
	gsub(/[^A-Za-z0-9]/, "_", FILENAME_OF)
}
state == "" && /^(\/\/ run|<!-- run)( again)?( -->)?$/ {
	state = "before"
	start_example(/again/)
	next
}
state == "before" && /^(----|```.*)$/ { state = "inside"; next }
state == "before" && /^\/\/ \$ / {
	if (results == "")
		print "{ " substr($0, 6) "\n} >/dev/null 2>\"$EXAMPLES/preparation\" </dev/null || { cat \"$EXAMPLES/preparation\"; echo '" FILENAME ":" FNR ": preparation failed'; exit 1; }"
	next
}
state == "before" && (/^\[/ || /^\./ || /^$/) { next }
state == "before" { print FILENAME ":" FNR ": a listing must follow '// run'" > "/dev/stderr"; exit bad = 1 }
state == "inside" && /^(----|```)$/ { finish_command(); state = ""; next }
state == "inside" && /^\$ / { finish_command(); command = substr($0, 3); command_line = FNR; next }
state == "inside" && /^> / && command_line && !want_count { command = command "\n" substr($0, 3); next }
state == "inside" { want[++want_count] = $0 }
END {
	if (state != "" && !bad) {
		print FILENAME ": the last example has no end" > "/dev/stderr"
		exit 1
	}
	exit bad
}
