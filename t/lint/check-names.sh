#!/bin/sh
# File names are unique in the tree, so that a name alone says which file is meant.

cd "$(dirname "$0")/../.." || exit 1
double=$(find . -path ./build -prune -o -path ./.git -prune -o -path '*/corpus' -prune -o -name stage -prune -o \
	-path '*/data' -prune -o -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.adoc' \) -print |
	sed 's|.*/||' | sort | uniq -d)
test -n "$double" || exit 0
echo "more than one file is called:"
echo "$double"
exit 1
