/* Refspecs: what is one, what they make of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "repo/refspec.h"

static void check_parse(const char *text, enum refspec_use use, const char *want)
{
	struct drift_error err = { DRIFT_OK, "" };
	auto_refspecs list = { .items = NULL };
	auto_buf said = BUF_INIT;

	if (refspec_add(&list, text, use, &err)) {
		assert_int_equal(err.code, DRIFT_ERR_INVALID);
		assert_int_equal(list.count, 0);
		if (strcmp(want, "wrong") != 0)
			fail_msg("'%s': %s", text, err.message);
		return;
	}
	assert_int_equal(list.count, 1);
	buf_addf(&said, "%s%s%s>%s%s", list.items[0].exclude ? "^" : "", list.items[0].force ? "+" : "",
		 list.items[0].source, list.items[0].destination ? list.items[0].destination : "-",
		 list.items[0].pattern ? " many" : "");
	assert_string_equal(said.data, want);
}

static void parses(void **state)
{
	(void)state;
	check_parse("main", REFSPEC_FETCH, "main>-");
	check_parse("+main:other", REFSPEC_FETCH, "+main>other");
	check_parse("refs/heads/a:refs/remotes/o/a", REFSPEC_FETCH, "refs/heads/a>refs/remotes/o/a");
	check_parse("+refs/heads/*:refs/remotes/o/*", REFSPEC_FETCH, "+refs/heads/*>refs/remotes/o/* many");
	check_parse("refs/heads/*", REFSPEC_FETCH, "refs/heads/*>- many");
	check_parse("refs/heads/a*b:refs/x/c*d", REFSPEC_PUSH, "refs/heads/a*b>refs/x/c*d many");
	check_parse("main:", REFSPEC_FETCH, "main>-");
	check_parse("HEAD", REFSPEC_FETCH, "HEAD>-");
	check_parse("@:main", REFSPEC_PUSH, "HEAD>main");
	check_parse("HEAD~3:old", REFSPEC_PUSH, "HEAD~3>old");
	check_parse("HEAD~3:old", REFSPEC_FETCH, "wrong");
	check_parse("HEAD~3", REFSPEC_PUSH, "wrong");
	check_parse(":old", REFSPEC_PUSH, ">old");
	check_parse("^refs/heads/x*", REFSPEC_FETCH, "^refs/heads/x*>- many");
}

static void refuses(void **state)
{
	static const char *const fetch[] = {
		"", "+", ":", ":a", "a b", "a..b", "refs/heads/*:refs/heads/x", "refs/heads/x:refs/heads/*",
		"refs/*/*:refs/*/*", "*", "*:*", "-a/../b", "a:b:c d", "^a:b", "^", "+^a", "refs/heads/~*", "a:*",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fetch) / sizeof(*fetch); i++)
		check_parse(fetch[i], REFSPEC_FETCH, "wrong");
	check_parse(":", REFSPEC_PUSH, "wrong");
	check_parse("main:", REFSPEC_PUSH, "wrong");
}

static void check_map(const char *text, const char *name, const char *want)
{
	struct drift_error err = { DRIFT_OK, "" };
	auto_refspecs list = { .items = NULL };
	auto_buf mapped = BUF_INIT, back = BUF_INIT;

	assert_int_equal(refspec_add(&list, text, REFSPEC_FETCH, &err), 0);
	assert_int_equal(refspec_map(&list.items[0], name, &mapped), want != NULL);
	assert_string_equal(mapped.data, want ? want : "");
	if (!want || !*want)
		return;
	assert_true(refspec_map_back(&list.items[0], mapped.data, &back));
	assert_string_equal(back.data, name);
}

static void maps(void **state)
{
	(void)state;
	check_map("refs/heads/*:refs/remotes/o/*", "refs/heads/main", "refs/remotes/o/main");
	check_map("refs/heads/*:refs/remotes/o/*", "refs/heads/a/b", "refs/remotes/o/a/b");
	check_map("refs/heads/*:refs/remotes/o/*", "refs/tags/main", NULL);
	check_map("refs/heads/*:refs/remotes/o/*", "refs/heads/", NULL);
	check_map("refs/heads/a*c:refs/x/*", "refs/heads/abbc", "refs/x/bb");
	check_map("refs/heads/a*a:refs/x/*", "refs/heads/a", NULL);
	check_map("refs/heads/m:refs/heads/n", "refs/heads/m", "refs/heads/n");
	check_map("refs/heads/m:refs/heads/n", "refs/heads/mm", NULL);
	check_map("refs/heads/*", "refs/heads/m", "");
}

static void leaves_out(void **state)
{
	auto_refspecs list = { .items = NULL };
	auto_buf mapped = BUF_INIT;

	(void)state;
	assert_int_equal(refspec_add(&list, "+refs/heads/*:refs/remotes/o/*", REFSPEC_FETCH, NULL), 0);
	assert_int_equal(refspec_add(&list, "^refs/heads/tmp/*", REFSPEC_FETCH, NULL), 0);
	assert_null(refspec_find(&list, "refs/heads/tmp/x", &mapped));
	assert_int_equal(mapped.len, 0);
	assert_ptr_equal(refspec_find(&list, "refs/heads/tmp", &mapped), &list.items[0]);
	assert_string_equal(mapped.data, "refs/remotes/o/tmp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(refuses),
		cmocka_unit_test(maps),
		cmocka_unit_test(leaves_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
