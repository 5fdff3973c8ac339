#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "objects/commit.h"

#define TEXT(s) ((struct text){ (s), sizeof(s) - 1 })
#define ID_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define TARGET "object " ID_1 "\ntype commit\n"

/* The tag of drift-format-object.adoc. */
static const char example[] = TARGET "tag v1.0\n"
				     "tagger A U Thor <a@example.com> 1700000000 -0330\n"
				     "\n"
				     "One\n";

static void golden(void **state)
{
	struct tag t = {
		.target_kind = OBJECT_COMMIT, .name = TEXT("v1.0"), .has_tagger = true, .message = TEXT("One\n")
	};
	auto_tag *made = NULL, *read = NULL;
	char hex[OID_HEX_LEN + 1];
	auto_buf out = BUF_INIT;

	(void)state;
	memset(t.target.bytes, 0x11, sizeof(t.target.bytes));
	t.tagger = (struct signature_line){ TEXT("A U Thor <a@example.com>"), INT64_C(1700000000000000), "-0330" };
	assert_int_equal(tag_encode(&t, &out, NULL), 0);
	assert_int_equal(out.len, sizeof(example) - 1);
	assert_string_equal(out.data, example);
	assert_int_equal(tag_new(&t, &made, NULL), 0);
	assert_string_equal(oid_to_hex(&made->id, hex),
			    "26e53f05ae74b6312b4dd7e85c54e84fe5ad5fa585cdfc496760c9e21e883d29");
	assert_int_equal(tag_decode(example, sizeof(example) - 1, &read, NULL), 0);
	assert_true(oid_equal(&read->id, &made->id));
	assert_string_equal(read->name.data, "v1.0");
	assert_string_equal(read->tagger.who.data, "A U Thor <a@example.com>");
	assert_string_equal(read->tagger.zone, "-0330");
	assert_string_equal(read->message.data, "One\n");
}

static void reencodes(const char *text)
{
	auto_buf out = BUF_INIT;
	auto_tag *t = NULL;
	struct drift_error err = { 0 };

	if (tag_decode(text, strlen(text), &t, &err))
		fail_msg("%s: %s", err.message, text);
	assert_int_equal(tag_encode(t, &out, NULL), 0);
	assert_string_equal(out.data, text);
}

static void valid(void **state)
{
	(void)state;
	reencodes(TARGET "tag x\n\n");
	reencodes(TARGET "tag a b \xff\n\nno newline");
	reencodes(TARGET "tag x\ntagger  <> -5 +5180\ngpgsig a\n b\n\nm");
	reencodes("object " ID_1 "\ntype tag\ntag x\n\n");
	reencodes("object " ID_1 "\ntype blob\ntag x\n\n");
}

static void malformed(void **state)
{
	static const char *const texts[] = {
		"",
		TARGET,
		TARGET "tag x\n",
		TARGET "tag \n\n",
		TARGET "tagger x 1 +0000\ntag x\n\n",
		TARGET "tag x\ntagger x\n\n",
		TARGET "tag x\ntag y\n\n",
		TARGET "tag x\nkey\n\n",
		"object " ID_1 "\ntype commits\ntag x\n\n",
		"object " ID_1 "\ntype \ntag x\n\n",
		"object " ID_1 "0\ntype commit\ntag x\n\n",
		"type commit\nobject " ID_1 "\ntag x\n\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct drift_error err = { 0 };
		struct tag *t = NULL;

		assert_int_equal(tag_decode(texts[i], strlen(texts[i]), &t, &err), -1);
		assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	}
}

static void limits(void **state)
{
	struct tag t = { .target_kind = OBJECT_TREE, .name = TEXT("a\nb") };
	auto_buf out = BUF_INIT;

	(void)state;
	assert_int_equal(tag_encode(&t, &out, NULL), -1);
	t.name = TEXT("a");
	t.extra = TEXT("tagger x 1 +0000\n");
	assert_int_equal(tag_encode(&t, &out, NULL), -1);
	t.extra = TEXT("");
	assert_int_equal(tag_encode(&t, &out, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(valid),
		cmocka_unit_test(malformed),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
