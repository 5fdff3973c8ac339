#!/bin/sh

test_description='the demonstration'
. "$(dirname "$0")/lib.sh"

test_expect_success 'the story runs to its end, without a terminal' '
	DEMO=$PWD/demo sh "$TEST_ROOT/scripts/demo.sh" >out &&
	test_grep "== Rollback ==" out &&
	test_grep "== Now you ==" out &&
	drift -C demo log --oneline >log &&
	test_grep "bring the packages back" log
'

test_expect_success 'and again over what it left' '
	DEMO=$PWD/demo sh "$TEST_ROOT/scripts/demo.sh" >out &&
	test_grep "== Now you ==" out
'

test_expect_success 'it stops at the first failure and says where' '
	mkdir -p broken &&
	printf "#!/bin/sh\ntest \"\$1\" != rollback || exit 3\nexec %s/drift \"\$@\"\n" "$TEST_BUILD" >broken/drift &&
	chmod +x broken/drift &&
	(PATH=$PWD/broken:$PATH DEMO=$PWD/demo && export PATH DEMO &&
	test_expect_code 3 sh "$TEST_ROOT/scripts/demo.sh") >out 2>err &&
	test_grep "stopped while Rollback" err &&
	test_grep ! "Now you" out
'

test_done
