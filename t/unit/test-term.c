/* The keys of terms: as the format page has them, there and back, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "objects/term.h"

#define EMPTY_OBJECT "f1763e2b60578aec547424aecd0574d432968c9d845353fcdc2e1ecb809596d2" /* of the document {} */

static void key_of(const char *path, const struct term *term, struct buf *out)
{
	struct path cut;

	path_split(path, strlen(path), &cut);
	term_prefix_format(&cut, out);
	term_name_format(term, out);
}

static void check(const char *path, enum term_sign sign, const struct document *doc, const char *wanted)
{
	auto_buf key = BUF_INIT;
	struct term_key back;
	struct term term;

	term_of(sign, doc, &term);
	key_of(path, &term, &key);
	if (wanted)
		assert_string_equal(key.data, wanted);
	assert_int_equal(term_key_parse(key.data, key.len, &back, NULL), 0);
	assert_int_equal(term_compare(&back.term, &term), 0);
	assert_int_equal(back.term.absent, term.absent);
	assert_int_equal(back.term.mode, term.mode);
	assert_int_equal(back.hashed, !wanted);
	assert_false(back.is_piece);
	if (!back.hashed)
		assert_true(back.subject.len == strlen(path) && !memcmp(back.subject.data, path, back.subject.len));
}

static void test_there_and_back(void **state)
{
	static const unsigned char bytes[20] = "{}";
	struct document doc = { .data = bytes, .len = 2 }, executable = doc, link = doc;
	char longest[NODE_KEY_MAX];

	(void)state;
	executable.mode = 0100755;
	link = (struct document){ .form = DOCUMENT_GITLINK, .data = bytes, .len = sizeof(bytes) };
	check("users/1", TERM_SIDE, &doc, "conflict/users/1/+" EMPTY_OBJECT);
	check("users/1", TERM_BASE, &doc, "conflict/users/1/-" EMPTY_OBJECT);
	check("users/1", TERM_SIDE, &executable, "conflict/users/1/+" EMPTY_OBJECT "-100755");
	check("users/1", TERM_SIDE, NULL, "conflict/users/1/+absent");
	check("readme", TERM_SIDE, NULL, "conflict/readme/+absent");
	check(".drift/schema/users", TERM_SIDE, NULL, "conflict/.drift/schema/users/+absent");
	check("a/+b/-c", TERM_SIDE, NULL, "conflict/a/+b/-c/+absent");
	check("sub/module", TERM_BASE, &link,
	      "conflict/sub/module/-c9662b91b77e00cd779f3aa482dc3e473022c10496cea51f573dd74cfe2eb497-160000");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[1] = '/';
	longest[sizeof(longest) - 1] = '\0';
	check(longest, TERM_SIDE, &executable, NULL);
}

static void test_malformed(void **state)
{
	static const char *const keys[] = {
		"conflict/",
		"conflict//+absent",
		"conflict/a/",
		"conflict/a/+",
		"conflict/a/-absent",
		"conflict/a/+abs",
		"conflict/a/ " EMPTY_OBJECT,
		"conflict/a/+F1763e2b60578aec547424aecd0574d432968c9d845353fcdc2e1ecb809596d2",
		"conflict/a/+" EMPTY_OBJECT "0",
		"conflict/a/+" EMPTY_OBJECT "-",
		"conflict/a/+" EMPTY_OBJECT "-0100755",
		"conflict/a/+" EMPTY_OBJECT "-108",
		"conflict/a/+" EMPTY_OBJECT "-77777777777",
		"conflict/../a/+absent",
		"conflict/.drift/conflict/a/+absent",
		"conflict/a/path-0",
		"conflict/.drift/conflict/" EMPTY_OBJECT "/path-4",
		"conflict/.drift/conflict/" EMPTY_OBJECT "/path-00",
		"conflict/.drift/conflict/" EMPTY_OBJECT "/x/+absent",
		"schema/a/+absent",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct term_key key;

		if (!term_key_parse(keys[i], strlen(keys[i]), &key, NULL))
			fail_msg("'%s' is taken for a term's key", keys[i]);
	}
}

static void test_pieces(void **state)
{
	static const char text[] = "conflict/.drift/conflict/" EMPTY_OBJECT "/path-3";
	struct term_key key;

	(void)state;
	assert_int_equal(term_key_parse(text, sizeof(text) - 1, &key, NULL), 0);
	assert_true(key.hashed && key.is_piece);
	assert_int_equal(key.prefix_len, sizeof(text) - 1 - strlen("path-3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_malformed),
					    cmocka_unit_test(test_pieces) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
