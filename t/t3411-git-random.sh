#!/bin/sh

test_description='random file commands do to a store what they do to a repository of git'
. "$(dirname "$0")/lib.sh"

command -v git >/dev/null || test_skip_all 'there is no git'

# The stream of seed $1: names are few, so that files and folders take each other's place.
random_stream() {
	awk -v seed="$1" '
	function pick(n) { return int(rand() * n) }
	function path(  p, i) {
		p = name[pick(6)]
		for (i = pick(4); i; i--) p = p "/" name[pick(6)]
		return p
	}
	function put(p,  i, text) {
		text = pick(10)
		if (pick(3) == 0) for (i = 0; i < 150; i++) text = text " " i * text
		printf "M %s inline %s\ndata %d\n%s\n", mode[pick(3)], p, length(text), text
	}
	# A file that is there for certain, or the folder above it, goes elsewhere.
	function move(  p, from, to) {
		p = path()
		put(p)
		from = p
		if (pick(2)) sub("/[^/]*$", "", from)
		to = path()
		if (index(to "/", from "/") == 1 || index(from "/", to "/") == 1) return
		print (pick(2) ? "R " : "C ") from " " to
	}
	BEGIN {
		srand(seed)
		split("a b c .drift a.x .drift~", n, " ")
		for (i in n) name[i - 1] = n[i]
		split("100644 100755 120000", m, " ")
		for (i in m) mode[i - 1] = m[i]
		for (c = 1; c <= 60; c++) {
			printf "commit refs/heads/b%d\nmark :%d\ncommitter A <a@b> %d +0000\ndata 1\nx\n", pick(3), c, 1000 + c
			if (c > 1 && pick(4) == 0) print "from :" 1 + pick(c - 1)
			if (c > 1 && pick(8) == 0) print "merge :" 1 + pick(c - 1)
			for (i = pick(8); i; i--) {
				k = rand()
				if (k < .6) put(path())
				else if (k < .8) print "D " path()
				else if (k < .97) move()
				else print "deleteall"
			}
			print ""
		}
	}'
}

for seed in 1 2 3 4 5 6 7 8; do
	test_expect_success "seed $seed" '
		random_stream $seed >stream &&
		git init -q --bare plain.$seed && git -C plain.$seed fast-import --quiet --force <stream &&
		drift init -q store.$seed && drift -C store.$seed fast-import -q ../stream &&
		drift -C store.$seed fast-export >back &&
		git init -q --bare back.$seed && git -C back.$seed fast-import --quiet --force <back &&
		git -C plain.$seed for-each-ref >expect && git -C back.$seed for-each-ref >actual &&
		test -s expect && test_cmp expect actual
	'
done

test_done
