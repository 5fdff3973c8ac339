#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "refs/refname.h"

static const char *const valid_full[] = {
	"HEAD",
	"refs/heads/main",
	"refs/x",
	"refs/heads/a/b",
	"refs/tags/v1.0",
	"refs/heads/\xc3\xa4",
	"refs/heads/@",
	"refs/heads/a@b",
	"refs/heads/a{b}",
	"refs/heads/-x",
	"refs/heads/a.lockb",
	"refs/heads/\xff",
	"refs/heads/a'b\"c",
	"refs/heads/\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", /* joined by U+200D */
};
static const char *const invalid[] = {
	"",    "@",    "/",      "a/",       "/a",    "a//b", ".a",    "a/.b", "a..b",
	"a.",  "a/b.", "a.lock", "a.lock/b", ".lock", "a b",  "a~b",   "a^b",  "a:b",
	"a?b", "a*b",  "a[b",    "a\\b",     "a@{b",  "a\tb", "a\x7f", "a\nb", "a/./b",
	"a\xe2\x80\xae" "b", "a\xe2\x80\x8b", "\xef\xbb\xbf" "a", "a\xc2\x9b" "b", "a/\xd8\x9c",
};

static void full(void **state)
{
	struct drift_error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(valid_full) / sizeof(valid_full[0]); i++) {
		assert_true(refname_valid(valid_full[i], strlen(valid_full[i])));
		assert_int_equal(refname_check(valid_full[i], strlen(valid_full[i]), &err), 0);
	}
	for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		assert_false(refname_valid_short(invalid[i], strlen(invalid[i])));
		assert_false(refname_valid(invalid[i], strlen(invalid[i])));
		assert_int_equal(refname_check_short(invalid[i], strlen(invalid[i]), &err), -1);
		assert_int_equal(err.code, DRIFT_ERR_INVALID);
	}
	assert_false(refname_valid("main", 4));
	assert_true(refname_valid_short("main", 4));
	assert_false(refname_valid("refs/a\0b", 8));
	assert_false(refname_valid("refs/", 5));
	assert_false(refname_valid("HEADS", 5));
}

static void length(void **state)
{
	struct drift_error err = { 0 };
	char name[REFNAME_MAX + 2];
	auto_buf out = BUF_INIT;

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name, "refs/", 5);
	assert_true(refname_valid(name, REFNAME_MAX));
	assert_false(refname_valid(name, REFNAME_MAX + 1));
	assert_int_equal(refname_check(name, REFNAME_MAX + 1, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
	assert_int_equal(refname_branch(name + 5, REFNAME_MAX - 11, &out, &err), 0);
	assert_int_equal(out.len, REFNAME_MAX);
	assert_int_equal(refname_branch(name + 5, REFNAME_MAX - 10, &out, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
}

static void names_of_users(void **state)
{
	static const char *const refused[] = {
		"",
		"HEAD",
		"-x",
		"@",
		"a..b",
		"refs/heads/x",
		"0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789abcdef",
	};
	auto_buf out = BUF_INIT;
	size_t i;

	(void)state;
	assert_int_equal(refname_branch("main", 4, &out, NULL), 0);
	assert_string_equal(out.data, "refs/heads/main");
	buf_clear(&out);
	assert_int_equal(refname_tag("v1", 2, &out, NULL), 0);
	assert_string_equal(out.data, "refs/tags/v1");
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(refname_branch(refused[i], strlen(refused[i]), &out, NULL), -1);
		assert_int_equal(refname_tag(refused[i], strlen(refused[i]), &out, NULL), -1);
	}
	assert_string_equal(out.data, "refs/tags/v1");
	assert_int_equal(refname_branch("0123456789abcdef", 16, &out, NULL), 0);
}

static void expansion(void **state)
{
	static const char *const expected[REFNAME_RULE_COUNT] = {
		NULL,
		"refs/origin",
		"refs/tags/origin",
		"refs/heads/origin",
		"refs/remotes/origin",
		"refs/remotes/origin/HEAD",
	};
	auto_buf out = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < REFNAME_RULE_COUNT; i++) {
		buf_clear(&out);
		buf_add_byte(&out, '>');
		assert_int_equal(refname_expand("origin", 6, i, &out), expected[i] != NULL);
		assert_string_equal(out.data + 1, expected[i] ? expected[i] : "");
	}
	buf_clear(&out);
	assert_true(refname_expand("HEAD", 4, 0, &out));
	assert_string_equal(out.data, "HEAD");
	assert_false(refname_expand("a b", 3, 1, &out));
	assert_false(refname_expand("a", 1, REFNAME_RULE_COUNT, &out));
	assert_string_equal(refname_short("refs/heads/a/b"), "a/b");
	assert_string_equal(refname_short("refs/tags/v1"), "v1");
	assert_string_equal(refname_short("refs/remotes/origin/x"), "origin/x");
	assert_string_equal(refname_short("refs/notes/x"), "notes/x");
	assert_string_equal(refname_short("HEAD"), "HEAD");
	assert_true(refname_is_branch("refs/heads/x"));
	assert_false(refname_is_branch("refs/tags/x"));
	assert_true(refname_nested("refs/heads/a", "refs/heads/a/b"));
	assert_true(refname_nested("refs/heads/a/b", "refs/heads/a"));
	assert_false(refname_nested("refs/heads/a", "refs/heads/ab"));
	assert_false(refname_nested("refs/heads/a", "refs/heads/a"));
}

static void scan(void **state)
{
	(void)state;
	assert_int_equal(refname_scan("main", 4), 4);
	assert_int_equal(refname_scan("main~2", 6), 4);
	assert_int_equal(refname_scan("a/b^", 4), 3);
	assert_int_equal(refname_scan("a.b..c", 6), 3);
	assert_int_equal(refname_scan("a...c", 5), 1);
	assert_int_equal(refname_scan("a:b c", 5), 1);
	assert_int_equal(refname_scan("a@b@{1}", 7), 3);
	assert_int_equal(refname_scan("a b", 3), 0);
	assert_int_equal(refname_scan("a.", 2), 0);
	assert_int_equal(refname_scan("@{1}", 4), 0);
	assert_int_equal(refname_scan("@", 1), 0);
	assert_int_equal(refname_scan("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full),      cmocka_unit_test(length), cmocka_unit_test(names_of_users),
		cmocka_unit_test(expansion), cmocka_unit_test(scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
