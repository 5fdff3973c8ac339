#!/bin/sh
# The story that `make demo` tells: what is installed on this machine, as documents; changes to them,
# an accident, and the way back. It leaves its store in build/demo (or $DEMO) to play with.
set -e

cd "$(dirname "$0")/.."
for name in $(env | sed -n 's/^\(DRIFT_[A-Za-z0-9_]*\)=.*/\1/p'); do
	unset "$name"
done
demo=${DEMO:-build/demo}
command -v drift >/dev/null || PATH=$PWD/build/release:$PATH
command -v drift >/dev/null || { echo "demo: there is no drift; 'make' builds it" >&2; exit 1; }

bold='' dim='' plain=''
if test -t 1 && test -z "${NO_COLOR:-}" && test "${TERM:-dumb}" != dumb; then
	bold=$(printf '\033[1;36m') dim=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
now='getting ready'
trap 'status=$?; test $status = 0 || echo "demo: stopped while $now (exit code $status)" >&2' EXIT

# HEADING TEXT...: a new part of the story
part() {
	now=$1
	printf '\n%s== %s ==%s\n' "$bold" "$1" "$plain"
	shift
	test $# = 0 || printf '%s\n' "$@"
	echo
}

# COMMAND...: show it as one would type it, and run it
run() {
	shown=
	for word; do
		case $word in
		'' | *[!A-Za-z0-9_./:=@~^+-]*) shown="$shown '$word'" ;;
		*) shown="$shown $word" ;;
		esac
	done
	printf '%s$%s%s\n' "$dim" "$shown" "$plain"
	env PAGER=cat "$@"
}

# Installed packages, a JSON document each: from the package manager's own records.
packages_from_dpkg() {
	awk '
	function quote(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); gsub(/[\001-\037]/, " ", s); return "\"" s "\"" }
	function list(s,    n, i, parts, out) {
		n = split(s, parts, /, */)
		for (i = 1; i <= n; i++) out = out (i > 1 ? "," : "") quote(parts[i])
		return "[" out "]"
	}
	function text(field) { return quote(value[field]) }
	function finish() {
		if ("Package" in value)
			printf "{\"name\":%s,\"version\":%s,\"section\":%s,\"installed_kb\":%d,\"maintainer\":%s,\"depends\":%s,\"summary\":%s}\n",
				text("Package"), text("Version"), text("Section"), value["Installed-Size"],
				text("Maintainer"), list(value["Depends"]), text("Description")
		split("", value)
	}
	/^$/ { finish(); next }
	/^[A-Z][A-Za-z-]*: / { at = index($0, ":"); value[substr($0, 1, at - 1)] = substr($0, at + 2) }
	END { finish() }' /var/lib/dpkg/status
}

# The first few thousand files that they installed.
files_from_dpkg() {
	awk 'FNR == 1 {
		package = FILENAME
		sub(/.*\//, "", package); sub(/\.md5sums$/, "", package); sub(/:.*/, "", package)
	}
	count < 3000 && /^[0-9a-f]+  [A-Za-z0-9_.\/+-]+$/ && !/\/\.?\.?\// {
		printf "{\"path\":\"%s\",\"package\":\"%s\",\"md5\":\"%s\"}\n", $2, package, $1
		count++
	}' /var/lib/dpkg/info/*.md5sums
}

# Another system: its files below /usr/share and their sizes.
files_from_folder() {
	find /usr/share /usr/lib /etc -type f -exec wc -c {} + 2>/dev/null |
		awk 'count < 3000 && $2 ~ /^\/[A-Za-z0-9_.\/+-]+$/ && NF == 2 {
			printf "{\"path\":\"%s\",\"package\":\"unknown\",\"bytes\":%d}\n", substr($2, 2), $1
			count++
		}'
}

rm -rf "$demo" "$demo-node"
mkdir -p "$demo"
cd "$demo"
if test -s /var/lib/dpkg/status; then
	packages_from_dpkg >packages.jsonl
	files_from_dpkg >files.jsonl
fi
if ! test -s files.jsonl; then
	files_from_folder >files.jsonl
fi
if ! test -s packages.jsonl; then
	printf '{"name":"%s","version":"1.0","installed_kb":%d,"summary":"an invented package"}\n' \
		bash 7000 dpkg 6000 tar 3000 >packages.jsonl
fi
package=$(sed -n 's/^{"name":"\(bash\|tar\|dpkg\)".*/\1/p' packages.jsonl | head -n 1)
package=${package:-$(sed -n '1s/^{"name":"\([^"]*\)".*/\1/p' packages.jsonl)}
version=$(sed -n 's/^{"name":"'"$package"'","version":"\([^"]*\)".*/\1/p' packages.jsonl | head -n 1)

part 'A store' \
	'A store is a folder. The data is real: this machine'\''s packages and some of their files,' \
	'a JSON document each, taken from the records of the package manager.'
run drift init
run drift import jsonl --collection packages --key name -m 'packages of this machine' --author 'inventory' packages.jsonl
run drift import jsonl --collection files --key path -m 'and their files' --author 'inventory' files.jsonl
run drift ls --count
run drift get --pretty "packages/$package"

part 'Staged like in git, committed with an author' \
	'People stage changes, look at them, and commit.'
run drift patch "packages/$package" -j '{"audit":{"by":"Ada","result":"fine"}}'
run drift put notes/audit -j '{"title":"Audit of this machine","done":1}'
run drift status
run drift diff
run drift commit -m 'audit the first package' --author 'Ada <ada@example.com>'

part 'Programs commit at once' \
	'With -m the change at hand is a commit of its own, whatever people have staged.'
run drift patch "packages/$package" -j '{"version":"'"$version"'+security1"}' -m 'security update' --author 'nightly job'
run drift patch notes/audit -j '{"done":2}' -m 'count on' --author 'nightly job'

part 'Who changed what, and when'
run drift log --oneline
run drift history "packages/$package"
run drift diff HEAD~3 HEAD
run drift blame notes/audit

part 'An accident' 'A script removes every package.'
run drift rm -r packages/ -m 'clean up old data' --author 'careless script'
run drift ls --count packages/

part 'Time travel' 'Nothing is lost: any state can be read as if it were now, by commit, number or time.'
run drift ls --count packages/ --at HEAD~1
run drift get --pretty "packages/$package" --at @seq:1
run drift get notes/audit --at '@{2}'
echo

part 'Rollback' 'Back to how it was, as a new commit; what happened stays on record.'
run drift rollback HEAD~1 -m 'bring the packages back' --author 'Ada <ada@example.com>'
run drift ls --count packages/
run drift diff --stat HEAD~2 HEAD
echo '(no difference)'
run drift log -n 3
run drift stats

part 'Apart, and together again' \
	'A second node works without a connection. When they meet, both have everything: fields merge, and what' \
	'cannot be decided is kept, with all its sides, until somebody settles it.'
node=../$(basename "$demo")-node
run drift clone . "$node"
run drift patch notes/audit -j '{"done":3,"by":"Ada"}' -m 'at the office' --author 'Ada <ada@example.com>'
run drift -C "$node" patch notes/audit -j '{"done":7,"place":"train"}' -m 'on the train' --author 'Bob <bob@example.com>'
run drift -C "$node" sync
run drift conflicts -l
run drift resolve notes/audit -j '{"title":"Audit of this machine","done":7,"by":"Ada","place":"train"}' -m 'Bob counted last' --author 'Ada <ada@example.com>'
run drift -C "$node" sync
run drift log --graph --oneline -n 6

part 'Now you' "The store is in $demo. Some things to try there:"
cat <<END
    cd $demo && PATH=$(dirname "$(command -v drift)"):\$PATH
    drift log
    drift history -p packages/$package
    drift put notes/mine -j '{"hello":"world"}' -m 'my first commit' --author me
    drift undo
    drift export jsonl files/ --at @seq:2 | head
    drift help
END
