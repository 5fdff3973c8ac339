#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "merge/docdiff.h"
#include "merge/jsondoc.h"

static struct text text_of(const char *s)
{
	return (struct text){ s, strlen(s) };
}

static struct docdiff *diff_of(const char *from, const char *to)
{
	struct text a = text_of(from ? from : ""), b = text_of(to ? to : "");
	struct drift_error err = { 0 };
	struct docdiff *d;

	if (docdiff_new(from ? &a : NULL, to ? &b : NULL, &d, &err))
		fail_msg("%s", err.message);
	return d;
}

static void assert_shows(const char *from, const char *to, const char *expected)
{
	struct docdiff_style style = { .context = 1, .escape = true };
	struct docdiff *d = diff_of(from, to);
	auto_buf out = BUF_INIT;

	assert_int_equal(docdiff_render(d, &style, &out, NULL), 0);
	assert_string_equal(out.data, expected);
	docdiff_free(d);
}

static void assert_json(const char *from, const char *to, const char *expected)
{
	struct docdiff *d = diff_of(from, to);
	auto_buf out = BUF_INIT;
	auto_json_writer w;

	json_writer_init(&w, &out);
	json_writer_begin_object(&w);
	assert_int_equal(docdiff_write_json(d, &w, NULL), 0);
	json_writer_end_object(&w);
	assert_int_equal(json_writer_finish(&w, NULL), 0);
	assert_string_equal(out.data, expected);
	docdiff_free(d);
}

static void kinds(void **state)
{
	(void)state;
	assert_int_equal(doc_classify(text_of("{\"a\":1}")), DOC_JSON);
	assert_int_equal(doc_classify(text_of(" 12\n")), DOC_JSON);
	assert_int_equal(doc_classify(text_of("{")), DOC_TEXT);
	assert_int_equal(doc_classify(text_of("")), DOC_TEXT);
	assert_int_equal(doc_classify(text_of("J\xf6rg")), DOC_TEXT);
	assert_int_equal(doc_classify((struct text){ "a\0b", 3 }), DOC_BINARY);
	assert_string_equal(doc_kind_name(DOC_BINARY), "binary");
}

static void equal(void **state)
{
	struct docdiff *d = diff_of(NULL, NULL);

	(void)state;
	assert_int_equal(docdiff_kind(d), DOCDIFF_EQUAL);
	docdiff_free(d);
	assert_shows("{\"a\":1}", "{\"a\":1}", "");
	assert_json("x", "x", "{\"kind\":\"equal\"}");
	assert_shows("{\"a\":1,\"b\":2}", "{\"b\":2, \"a\":1.0}\n", "the same fields, written otherwise\n");
	assert_json("{\"a\":1}", "{ \"a\":1}", "{\"changes\":[],\"kind\":\"json\"}");
}

static void fields(void **state)
{
	static const char from[] = "{\"price\":3,\"tags\":[\"a\",\"b\"],\"old\":{\"x\":null},\"k\":true}";
	static const char to[] = "{\"price\":4,\"tags\":[\"a\",\"c\\u202e\",\"b\"],\"k\":true,\"new\":[]}";
	struct docdiff *d = diff_of(from, to);
	size_t added, removed;

	(void)state;
	docdiff_counts(d, &added, &removed);
	assert_int_equal(added, 3);
	assert_int_equal(removed, 2);
	docdiff_free(d);
	assert_shows(from, to, "~ /price: 3 -> 4\n+ /tags/1: \"c\\u{202E}\"\n- /old: {\"x\":null}\n+ /new: []\n");
	assert_json("{\"a\":[1,{\"b\":2}]}", "{\"a\":[1,{\"b\":2.5},3]}",
		    "{\"changes\":[{\"new\":3,\"op\":\"add\",\"path\":\"/a/2\"},"
		    "{\"new\":2.5,\"old\":2,\"op\":\"change\",\"path\":\"/a/1/b\"}],\"kind\":\"json\"}");
}

static void whole_documents(void **state)
{
	(void)state;
	assert_shows(NULL, "{\"a\":1}", "+ {\"a\":1}\n");
	assert_shows("[1]", NULL, "- [1]\n");
	assert_shows("1", "\"x\"", "~ 1 -> \"x\"\n");
	assert_json(NULL, "7", "{\"changes\":[{\"new\":7,\"op\":\"add\",\"path\":\"\"}],\"kind\":\"json\"}");
	assert_shows(NULL, "", "empty file added\n");
	assert_shows("", NULL, "empty file removed\n");
	assert_shows(NULL, "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n");
}

static void big_values(void **state)
{
	static const char from[] = "{\"t\":\"one\\ntwo\\nthree\\n\"}", to[] = "{\"t\":\"one\\n2\\nthree\\n\"}";
	static const char start[] = "\033[33m~ /l:\033[m\n\033[31m-   1\033[m\n\033[32m+   {\033[m\n";
	struct docdiff_style style = { .context = 3, .colour = true };
	auto_buf big = BUF_INIT, out = BUF_INIT;
	struct docdiff *d;
	size_t i;

	(void)state;
	assert_shows(from, to, "~ /t:\n  @@ -1,3 +1,3 @@\n   one\n  -two\n  +2\n   three\n");
	buf_add_str(&big, "{\"l\":{\"k\":\"");
	for (i = 0; i < 120; i++)
		buf_add_byte(&big, 'x');
	buf_add_str(&big, "\"}}");
	d = diff_of("{\"l\":1}", big.data);
	assert_int_equal(docdiff_render(d, &style, &out, NULL), 0);
	assert_true(out.len > sizeof(start));
	assert_memory_equal(out.data, start, sizeof(start) - 1);
	docdiff_free(d);
}

static void lines(void **state)
{
	(void)state;
	assert_shows("a\nb\nc\nd\n", "a\nB\nc\nd\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
	assert_shows("{\"a\":1}\n", "{\"a\":1\n", "@@ -1 +1 @@\n-{\"a\":1}\n+{\"a\":1\n");
	assert_json("a\nb\n", "a\nc\nd\n",
		    "{\"hunks\":[{\"lines\":[\"-b\\n\",\"+c\\n\",\"+d\\n\"],\"new_count\":2,\"new_start\":2,"
		    "\"old_count\":1,\"old_start\":2}],\"kind\":\"text\"}");
	assert_json("a", "\xff",
		    "{\"hunks\":[{\"lines_b64\":[\"LWE=\",\"K/8=\"],\"new_count\":1,\"new_start\":1,"
		    "\"old_count\":1,\"old_start\":1}],\"kind\":\"text\"}");
}

static void binary(void **state)
{
	struct text a = { "a\0b", 3 }, b = { "{}", 2 };
	struct docdiff_style style = { 0 };
	auto_buf out = BUF_INIT;
	struct docdiff *d;

	(void)state;
	assert_int_equal(docdiff_new(&a, &b, &d, NULL), 0);
	assert_int_equal(docdiff_render(d, &style, &out, NULL), 0);
	assert_string_equal(out.data, "binary files differ, 3 and 2 bytes\n");
	docdiff_free(d);
	buf_clear(&out);
	assert_int_equal(docdiff_new(NULL, &a, &d, NULL), 0);
	assert_int_equal(docdiff_render(d, &style, &out, NULL), 0);
	assert_string_equal(out.data, "binary file added, 3 bytes\n");
	docdiff_free(d);
	assert_json("x", "x", "{\"kind\":\"equal\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),           cmocka_unit_test(equal),      cmocka_unit_test(fields),
		cmocka_unit_test(whole_documents), cmocka_unit_test(big_values), cmocka_unit_test(lines),
		cmocka_unit_test(binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
