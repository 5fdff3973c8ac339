#!/bin/sh

test_description='what make install puts where'
TEST_WITHOUT_DRIFT=1
. "$(dirname "$0")/lib.sh"

stage=$TEST_BUILD/stage/usr
test -e "$stage/lib/libdrift.a" || test_skip_all 'run by make check alone, which installs first'
test -e "$TEST_ROOT/include/drift.h" && test_set_prereq API
case $TEST_BUILD in
*/asan | */tsan | */fuzz) ;;
*) test_have_prereq API && command -v pkg-config >/dev/null && test_set_prereq COMPILE ;;
esac
test -x "$TEST_BUILD/drift" && test_set_prereq PROGRAM
case $TEST_BUILD in
*/release | */debug) test_have_prereq PROGRAM && test_set_prereq PLAIN ;;
esac
PKG_CONFIG_PATH=$stage/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=${stage%/usr}
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR

test_expect_success 'libraries and headers' '
	test_path_is_file "$stage/lib/libdrift.so.0" &&
	test -L "$stage/lib/libdrift.so" &&
	test_path_is_file "$stage/lib/pkgconfig/drift.pc" &&
	test_path_is_file "$stage/include/drift_error.h" &&
	test_grep ! "@" "$stage/lib/pkgconfig/drift.pc"
'

test_expect_success PROGRAM 'the program runs' '
	"$stage/bin/drift" version >out &&
	test_grep "^drift" out
'

test_expect_success PLAIN 'the program starts fast: it needs the C library alone' '
	readelf -d "$stage/bin/drift" >dynamic &&
	sed -n "s/.*NEEDED.*\[\(.*\)\]/\1/p" dynamic >needed &&
	test_must_fail grep -v -e "^libc\." -e "^libm\." -e "^ld-linux" needed
'

test_expect_success API 'headers include nothing that is not installed' '
	cat "$stage"/include/*.h >all &&
	sed -n "s/^#include \"\(.*\)\"/\1/p" all >names &&
	while read name
	do
		test_path_is_file "$stage/include/$name" || return 1
	done <names
'

test_expect_success COMPILE 'pkg-config leads to a program, shared and static' '
	cat >user.c <<-\END &&
	#include <drift.h>
	int buf_init;
	int main(void) { struct drift_error err; err.code = DRIFT_OK; return (int)err.code + buf_init; }
	END
	${CC:-cc} -Wall -Werror -o shared user.c $(pkg-config --cflags --libs drift) &&
	LD_LIBRARY_PATH=$stage/lib ./shared &&
	${CC:-cc} $(pkg-config --cflags drift) -o static user.c "$stage/lib/libdrift.a" \
		-lzstd -lsodium -lcrypto -llua5.4 -lm -pthread &&
	./static
'

test_expect_success 'the folder to install to is not written down anywhere' '
	test_must_fail grep -rl --include="*.pc" "$stage" "$stage/lib"
'

test_done
