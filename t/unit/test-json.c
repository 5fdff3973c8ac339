/* The grammar of RFC 8259 by scanner, parser and stream; fields, strings, serialised forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"

#define DEEP 100000

struct text {
	const char *data;
	size_t len;
};

/* For texts with NUL in them. */
#define TEXT(s)                  \
	{                        \
		s, sizeof(s) - 1 \
	}

static const struct text accepted[] = {
	TEXT("null"),
	TEXT("true"),
	TEXT("false"),
	TEXT(" 7 "),
	TEXT("\t\r\n\"x\"\n"),
	TEXT("\"\""),
	TEXT("[]"),
	TEXT("{}"),
	TEXT("[ ]"),
	TEXT("{ }"),
	TEXT("[[]]"),
	TEXT("[{}]"),
	TEXT("{\"a\":{}}"),
	TEXT("[1,2 , 3\n,\t4]"),
	TEXT("[null,1,\"1\",{}]"),
	TEXT("[null,null,null,null,\"end\"]"),
	TEXT("{\"\":0}"),
	TEXT("{\"a\":1,\"b\":[2]}"),
	TEXT("{ \"a\" : 1 , \"b\" : 2 }"),
	TEXT("{\"a\":1,\"a\":1}"),
	TEXT("{\"a\":1,\"a\":2}"),
	TEXT("{\"a\\u0000b\":1}"),
	TEXT("0"),
	TEXT("-0"),
	TEXT("[-0]"),
	TEXT("-12.75"),
	TEXT("1e1"),
	TEXT("1E+2"),
	TEXT("1e-2"),
	TEXT("0e0"),
	TEXT("0.000000000000000000000000000000000000000000000000000000000000000000001"),
	TEXT("123456789012345678901234567890"),
	TEXT("1e400"),
	TEXT("-1e-99999"),
	TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
	TEXT("\"\\u0041\\u00e9\\u20AC\""),
	TEXT("\"\\ud83d\\ude00\""),
	TEXT("\"\\uD83D\""),
	TEXT("\"\\uDE00\\uD83D\""),
	TEXT("\"\\ud83d\\u0041\""),
	TEXT("\"\\ud83d\\ud83d\\ude00\""),
	TEXT("\"\\ud83dx\""),
	TEXT("\"\\\\u0000\""),
	TEXT("\"\\u0000\""),
	TEXT("\"\x7f\""),
	TEXT("\"a/*b*/c\""),
	TEXT("\"\xc3\xa9\""),
	TEXT("\"\xe2\x82\xac\""),
	TEXT("\"\xf0\x9f\x98\x80\""),
	TEXT("\"\xf4\x8f\xbf\xbf\""),
	TEXT("\"\xef\xbf\xbf\""),
	TEXT("\"\xed\x9f\xbf\xee\x80\x80\""),
	TEXT("\"\xc2\x80\""),
	TEXT("\"\xe0\xa0\x80\""),
	TEXT("\"\xf0\x90\x80\x80\""),
	TEXT("\"twelve chars\xc3\xa9 and behind\""),
	TEXT("\"\xe2\x80\xa8\""),
};

static const struct text refused[] = {
	TEXT(""),
	TEXT(" "),
	TEXT("\n"),
	TEXT("\0"),
	TEXT("1\0"),
	TEXT("[1]\0"),
	TEXT("\xef\xbb\xbf{}"),
	TEXT("\xef\xbb\xbf"),
	TEXT("x"),
	TEXT("nul"),
	TEXT("nulL"),
	TEXT("Null"),
	TEXT("TRUE"),
	TEXT("truE"),
	TEXT("fals"),
	TEXT("truefalse"),
	TEXT("true false"),
	TEXT("undefined"),
	TEXT("'a'"),
	TEXT("a"),
	TEXT("\""),
	TEXT("\"a"),
	TEXT("\"\\"),
	TEXT("\"\\\""),
	TEXT("\"\\a\""),
	TEXT("\"\\x00\""),
	TEXT("\"\\\t\""),
	TEXT("\"\\u\""),
	TEXT("\"\\u1\""),
	TEXT("\"\\u12\""),
	TEXT("\"\\u123\""),
	TEXT("\"\\u123g\""),
	TEXT("\"\\u00A\""),
	TEXT("\"\\uD800\\u\""),
	TEXT("\"\\uD800\\u1\""),
	TEXT("\"\\uD834\\uDd"),
	TEXT("\"\\U0041\""),
	TEXT("\"\\0\""),
	TEXT("\"\\\xc3\xa9\""),
	TEXT("\"a\x00z\""),
	TEXT("\"\x1f\""),
	TEXT("\"\t\""),
	TEXT("\"\n\""),
	TEXT("\"eight ch\x01\""),
	TEXT("\"\x80\""),
	TEXT("\"\xff\""),
	TEXT("\"\xc0\x80\""),
	TEXT("\"\xc1\xbf\""),
	TEXT("\"\xc3\""),
	TEXT("\"\xc3\x28\""),
	TEXT("\"\xe0\x9f\xbf\""),
	TEXT("\"\xe2\x82\""),
	TEXT("\"\xe2\x28\xa1\""),
	TEXT("\"\xed\xa0\x80\""),
	TEXT("\"\xed\xbf\xbf\""),
	TEXT("\"\xf0\x8f\xbf\xbf\""),
	TEXT("\"\xf0\x9f\x98\""),
	TEXT("\"\xf4\x90\x80\x80\""),
	TEXT("\"\xf5\x80\x80\x80\""),
	TEXT("\"\xf8\x88\x80\x80\x80\""),
	TEXT("\"\xe9\""),
	TEXT("\"\xc3"),
	TEXT("\"a\"x"),
	TEXT("\"a\"\"b\""),
	TEXT("\x93x\x94"),
	TEXT("\xe5"),
	TEXT("\xc2\xa0"
	     "1"),
	TEXT("1\xc2\xa0"),
	TEXT("\f1"),
	TEXT("\v1"),
	TEXT("1\f"),
	TEXT("\xe2\x81\xa0[]"),
	TEXT("01"),
	TEXT("-01"),
	TEXT("00"),
	TEXT("-"),
	TEXT("--1"),
	TEXT("+1"),
	TEXT("++1"),
	TEXT(".5"),
	TEXT("-.5"),
	TEXT("1."),
	TEXT("1.e1"),
	TEXT("0.e1"),
	TEXT("1.5.2"),
	TEXT("1e"),
	TEXT("1e+"),
	TEXT("1E"),
	TEXT("0e"),
	TEXT("1eE2"),
	TEXT("1e1.5"),
	TEXT("0x10"),
	TEXT("1 000"),
	TEXT("1_000"),
	TEXT("NaN"),
	TEXT("-NaN"),
	TEXT("Infinity"),
	TEXT("-Infinity"),
	TEXT("inf"),
	TEXT("-foo"),
	TEXT("- 1"),
	TEXT("1ea"),
	TEXT("1a"),
	TEXT("-1x"),
	TEXT("1+2"),
	TEXT("2.e+3"),
	TEXT("\xef\xbc\x91"),
	TEXT("["),
	TEXT("[1"),
	TEXT("[1,"),
	TEXT("[,"),
	TEXT("[,1]"),
	TEXT("[1,]"),
	TEXT("[1,,2]"),
	TEXT("[1 2]"),
	TEXT("[1:2]"),
	TEXT("[1;2]"),
	TEXT("[1}"),
	TEXT("]"),
	TEXT("[]]"),
	TEXT("[1],"),
	TEXT("[1]1"),
	TEXT("[][]"),
	TEXT("[[1]"),
	TEXT("[3[4]]"),
	TEXT("[\"\""),
	TEXT("[\"a\",\n4\n,1,"),
	TEXT("[true"),
	TEXT("[tru]"),
	TEXT("[\"x\" true]"),
	TEXT("[*]"),
	TEXT("[a"),
	TEXT("[x"),
	TEXT("[-]"),
	TEXT("[1,\n1\n,1"),
	TEXT("[{}"),
	TEXT("[\"a"),
	TEXT("[\x0c]"),
	TEXT("[#]"),
	TEXT("[][,"),
	TEXT("<null>"),
	TEXT("<.>"),
	TEXT("{"),
	TEXT("{,"),
	TEXT("{,}"),
	TEXT("{\"a\"}"),
	TEXT("{\"a\":}"),
	TEXT("{\"a\":1"),
	TEXT("{\"a\":1,"),
	TEXT("{\"a\":1,}"),
	TEXT("{\"a\" 1}"),
	TEXT("{\"a\"::1}"),
	TEXT("{\"a\",1}"),
	TEXT("{\"a\":1 \"b\":2}"),
	TEXT("{\"a\":1,,\"b\":2}"),
	TEXT("{a:1}"),
	TEXT("{'a':1}"),
	TEXT("{1:1}"),
	TEXT("{null:null}"),
	TEXT("{[1]:2}"),
	TEXT("{:1}"),
	TEXT("{\"a"),
	TEXT("{\"a\""),
	TEXT("{\"a\":"),
	TEXT("{\"a\":1]"),
	TEXT("{\"a\":1}x"),
	TEXT("{\"a\":1}}"),
	TEXT("{\"a\":1}#"),
	TEXT("{}}"),
	TEXT("{}{}"),
	TEXT("}"),
	TEXT("{]"),
	TEXT("{\"a\":/*x*/1}"),
	TEXT("{\"a\":1}//x"),
	TEXT("{\"a\":1}/**/"),
	TEXT("{\"a\":1 x}"),
	TEXT("{\"\xb9\":1}"),
	TEXT("{{}}"),
	TEXT("{\"a\":\"b\",\"a\":\"b\",,,,,}"),
	TEXT("*"),
	TEXT("{*"),
	TEXT("[\\n]"),
	TEXT("[\"\\{[\"\\{[\"\\{"),
	TEXT("/"),
	TEXT("["
	     "{\"\":[{\"\":[{\"\":"),
	TEXT("abc\xc3\xa5"),
	TEXT("{\"a\":true} \"x\""),
	TEXT("{ \"foo\" : \"bar\", \"a\" }"),
	TEXT("\xff\xfe{\0}\0"),
};

/* A copy of exactly len bytes, for sanitizers to guard its end. */
static char *exact_copy(struct text t)
{
	char *copy = malloc(t.len ? t.len : 1);

	assert_non_null(copy);
	if (t.len)
		memcpy(copy, t.data, t.len);
	return copy;
}

static int parses(const char *data, size_t len)
{
	struct json_doc *doc = NULL;
	int r = json_parse(data, len, &doc, NULL);

	json_doc_free(doc);
	return r;
}

static void test_accepted(void **state)
{
	struct drift_error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		char *copy = exact_copy(accepted[i]);

		if (json_validate(copy, accepted[i].len, &err) || parses(copy, accepted[i].len))
			fail_msg("%zu: '%s' was refused: %s", i, accepted[i].data, err.message);
		free(copy);
	}
}

static void test_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct drift_error one = { 0 }, two = { 0 };
		struct json_doc *doc = NULL;
		char *copy = exact_copy(refused[i]);

		if (!json_validate(copy, refused[i].len, &one) || !json_parse(copy, refused[i].len, &doc, &two))
			fail_msg("%zu: '%s' was accepted", i, refused[i].data);
		assert_int_equal(one.code, DRIFT_ERR_INVALID);
		assert_string_equal(one.message, two.message);
		free(copy);
	}
}

static void expect_error(const char *text, const char *message)
{
	struct drift_error err = { 0 };

	assert_int_equal(json_validate(text, strlen(text), &err), -1);
	assert_string_equal(err.message, message);
}

static void test_error_places(void **state)
{
	(void)state;
	expect_error("", "line 1 column 1: the text ends where a value is expected");
	expect_error("{\n  \"a\": 1,\n  b: 2\n}", "line 3 column 3: a key in quotes is expected");
	expect_error("[\"\xc3\xa9\xc3\xa9\", x]", "line 1 column 8: a value is expected");
	expect_error("[1,\n 2", "line 2 column 3: the text ends within a container");
	expect_error("{\"a\":1}\n\n}", "line 3 column 1: more text behind the value");
	expect_error("[\"\\u00e9\\n\",\n1.]", "line 2 column 3: a digit is missing behind the point");
	expect_error("{\"a\" 1}", "line 1 column 6: ':' is expected behind a key");
	expect_error("{\"a\":1 2}", "line 1 column 8: ',' or '}' is expected");
	expect_error("[\"\xff\"]", "line 1 column 3: invalid UTF-8 in a string");
}

static char *repeated(const char *unit, size_t count, const char *middle, const char *end)
{
	auto_buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < count; i++)
		buf_add_str(&b, unit);
	buf_add_str(&b, middle);
	for (i = 0; i < count; i++)
		buf_add_str(&b, end);
	return buf_take(&b, NULL);
}

static void test_any_depth(void **state)
{
	char *arrays = repeated("[", DEEP, "", "]"), *objects = repeated("{\"a\":", DEEP, "1", "}");
	char *open = repeated("[", DEEP, "", ""), *mixed = repeated("[{\"\":", DEEP, "", "");
	struct json_doc *doc, *copy;
	auto_buf out = BUF_INIT;

	(void)state;
	assert_int_equal(json_validate(open, strlen(open), NULL), -1);
	assert_int_equal(parses(open, strlen(open)), -1);
	assert_int_equal(parses(mixed, strlen(mixed)), -1);
	assert_int_equal(json_validate(arrays, strlen(arrays), NULL), 0);
	assert_int_equal(json_parse(objects, strlen(objects), &doc, NULL), 0);
	copy = json_doc_new(NULL);
	assert_non_null(copy);
	json_set_root(copy, json_copy(copy, json_root(doc)));
	assert_int_equal(json_equal(json_root(doc), json_root(copy), NULL), 1);
	assert_int_equal(json_canonical(json_root(copy), &out, NULL), 0);
	assert_string_equal(out.data, objects);
	buf_clear(&out);
	assert_int_equal(json_pretty(json_root(copy), &out, NULL), 0);
	assert_true(out.len < strlen(objects) + DEEP + 100000);
	assert_int_equal(json_validate(out.data, out.len, NULL), 0);
	json_doc_free(doc);
	json_doc_free(copy);
	free(arrays);
	free(objects);
	free(open);
	free(mixed);
}

static void expect_field(const char *text, const char *name, const char *want)
{
	struct json_slice found = { NULL, 0, JSON_NULL };
	int r = json_find_field(text, strlen(text), name, strlen(name), &found, NULL);

	assert_int_equal(r, want ? 1 : 0);
	if (!want)
		return;
	assert_int_equal(found.len, strlen(want));
	assert_memory_equal(found.data, want, found.len);
}

static void test_find_field(void **state)
{
	struct json_slice found = { NULL, 0, JSON_NULL };

	(void)state;
	expect_field("{\"id\":7}", "id", "7");
	expect_field("{ \"id\" : \"x\" , \"b\":1}", "id", "\"x\"");
	expect_field("{\"a\":{\"id\":1},\"id\": [1, {\"id\":2}] }", "id", "[1, {\"id\":2}]");
	expect_field("{\"a\":{\"id\":1}}", "id", NULL);
	expect_field("{\"id\":1,\"x\":[{}],\"id\":{}}", "id", "{}");
	expect_field("{\"\\u0069d\":true}", "id", "true");
	expect_field("{\"i\\\\d\":true}", "id", NULL);
	expect_field("{\"idx\":1,\"i\":2}", "id", NULL);
	expect_field("{\"\":null}", "", "null");
	expect_field("[{\"id\":1}]", "id", NULL);
	expect_field("{}", "id", NULL);
	expect_field("\"id\"", "id", NULL);
	assert_int_equal(json_find_field("{\"id\":1", 7, "id", 2, &found, NULL), -1);
	assert_null(found.data);
	assert_int_equal(json_find_field("{\"id\":-1}", 9, "id", 2, &found, NULL), 1);
	assert_int_equal(found.kind, JSON_NUMBER);
	assert_int_equal(json_find_field("{\"id\":{\"a\":[]}}", 15, "id", 2, &found, NULL), 1);
	assert_int_equal(found.kind, JSON_OBJECT);
}

static void test_quote_and_unquote(void **state)
{
	static const char raw[] = "\"\\u0041\\n\\/\\\\\\\"\\u00e9\\ud83d\\ude00\\ud800x\\uDC00\"";
	static const char said[] = "A\n/\\\"\xc3\xa9\xf0\x9f\x98\x80\xed\xa0\x80x\xed\xb0\x80";
	auto_buf text = BUF_INIT;
	auto_buf again = BUF_INIT;

	(void)state;
	json_unquote(&text, raw, sizeof(raw) - 1);
	assert_int_equal(text.len, sizeof(said) - 1);
	assert_memory_equal(text.data, said, text.len);
	json_quote(&again, text.data, text.len);
	assert_string_equal(again.data, "\"A\\n/\\\\\\\"\xc3\xa9\xf0\x9f\x98\x80\\ud800x\\udc00\"");
	buf_clear(&again);
	json_quote(&again, "\0\x01\b\t\n\x0b\f\r\x1f \x7f", 11);
	assert_string_equal(again.data, "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f \x7f\"");
	buf_clear(&again);
	json_quote(&again, "a\xff\xc3(b\xe2\x82", 7);
	assert_string_equal(again.data, "\"a\xef\xbf\xbd\xef\xbf\xbd(b\xef\xbf\xbd\xef\xbf\xbd\"");
	buf_clear(&again);
	json_quote(&again, "", 0);
	json_unquote(&again, "\"\"", 2);
	assert_string_equal(again.data, "\"\"");
}

static void test_key_order(void **state)
{
	/* Sorted by UTF-16 units. */
	static const char *const keys[] = {
		"",
		"\r",
		"1",
		"a",
		"aa",
		"b",
		"\xc2\x80",
		"\xc3\xb6",
		"\xe2\x82\xac",
		"\xed\x9f\xbf",
		"\xed\xa0\xbc",
		"\xf0\x9f\x80\x80",
		"\xed\xa0\xbd",
		"\xed\xa0\xbd"
		"a",
		"\xf0\x9f\x98\x80",
		"\xf0\x9f\x98\x80"
		"z",
		"\xf0\x9f\x98\x82",
		"\xed\xbf\xbf",
		"\xee\x80\x80",
		"\xef\xac\xb3",
	};
	size_t count = sizeof(keys) / sizeof(keys[0]), i, j;

	(void)state;
	for (i = 0; i < count; i++)
		for (j = 0; j < count; j++) {
			int c = json_key_compare(keys[i], strlen(keys[i]), keys[j], strlen(keys[j]));

			if ((c > 0) - (c < 0) != (i > j) - (i < j))
				fail_msg("keys %zu and %zu compare as %d", i, j, c);
		}
}

static void expect_canonical(const char *text, const char *want)
{
	auto_buf out = BUF_INIT;
	struct drift_error err;

	if (json_canonical_bytes(text, strlen(text), &out, &err))
		fail_msg("'%s': %s", text, err.message);
	assert_string_equal(out.data, want);
	buf_clear(&out);
	assert_int_equal(json_canonical_bytes(want, strlen(want), &out, NULL), 0);
	assert_string_equal(out.data, want);
}

/* The examples of RFC 8785, sections 3.2.2 to 3.2.4. */
static void test_canonical_rfc8785(void **state)
{
	(void)state;
	expect_canonical("{\n  \"numbers\": [333333333.33333329, 1E30, 4.50,\n"
			 "              2e-3, 0.000000000000000000000000001],\n"
			 "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
			 "  \"literals\": [null, true, false]\n}",
			 "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,"
			 "0.002,1e-27],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
	expect_canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
			 "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
			 "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
			 "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
			 "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
			 "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\","
			 "\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
			 "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

static void test_canonical_of_our_own(void **state)
{
	(void)state;
	expect_canonical(" [ ] ", "[]");
	expect_canonical("{ \"b\" : { } , \"a\" : [ [ ] , 1.0 ] }", "{\"a\":[[],1],\"b\":{}}");
	expect_canonical("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}");
	expect_canonical("{\"n\":9007199254740993,\"m\":1e400}", "{\"m\":1e400,\"n\":9007199254740993}");
	expect_canonical("[\"\\uDEAD\",\"\\ud83d\\uDE00\"]", "[\"\\udead\",\"\xf0\x9f\x98\x80\"]");
}

static void test_compact_and_pretty(void **state)
{
	static const char text[] = "{ \"b\": [1.0, {}, []], \"a\": {\"x\": \"\\u00e9\"}, \"c\": null }";
	auto_buf out = BUF_INIT;
	struct json_doc *doc;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, &doc, NULL), 0);
	assert_int_equal(json_compact(json_root(doc), &out, NULL), 0);
	assert_string_equal(out.data, "{\"b\":[1.0,{},[]],\"a\":{\"x\":\"\xc3\xa9\"},\"c\":null}");
	buf_clear(&out);
	assert_int_equal(json_pretty(json_root(doc), &out, NULL), 0);
	assert_string_equal(out.data, "{\n  \"b\": [\n    1.0,\n    {},\n    []\n  ],\n  \"a\": {\n"
				      "    \"x\": \"\xc3\xa9\"\n  },\n  \"c\": null\n}");
	json_doc_free(doc);
}

static void test_pretty_to_100_levels(void **state)
{
	(void)state;
	for (size_t levels = 98; levels < 104; levels++) {
		char text[256];
		auto_buf out = BUF_INIT;
		struct json_doc *doc;
		size_t lines = 0;

		memset(text, '[', levels);
		memcpy(text + levels, "1,2", 3);
		memset(text + levels + 3, ']', levels);
		assert_int_equal(json_parse(text, 2 * levels + 3, &doc, NULL), 0);
		assert_int_equal(json_pretty(json_root(doc), &out, NULL), 0);
		for (size_t i = 0; i < out.len; i++)
			lines += out.data[i] == '\n';
		assert_int_equal(lines, levels > 100 ? 200 : 2 * levels + 1);
		assert_int_equal(!!strstr(out.data, levels > 102 ? "[[[1,2]]]" : levels > 100 ? "[1,2]" : "1,\n"), 1);
		json_doc_free(doc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_error_places),
		cmocka_unit_test(test_any_depth),
		cmocka_unit_test(test_find_field),
		cmocka_unit_test(test_quote_and_unquote),
		cmocka_unit_test(test_key_order),
		cmocka_unit_test(test_canonical_rfc8785),
		cmocka_unit_test(test_canonical_of_our_own),
		cmocka_unit_test(test_compact_and_pretty),
		cmocka_unit_test(test_pretty_to_100_levels),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
