/* Building and changing documents; the writer and the stream of array elements. */
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
#include "base/json_stream.h"
#include "base/json_writer.h"

static struct json_doc *parse(const char *text)
{
	struct json_doc *doc = NULL;
	struct drift_error err;

	if (json_parse(text, strlen(text), &doc, &err))
		fail_msg("'%s': %s", text, err.message);
	return doc;
}

static void expect_compact(const struct json_value *v, const char *want)
{
	auto_buf out = BUF_INIT;

	assert_non_null(v);
	assert_int_equal(json_compact(v, &out, NULL), 0);
	assert_string_equal(out.data, want);
}

static void test_reading(void **state)
{
	struct json_doc *doc = parse("{\"s\":\"a\\u0000b\",\"n\":-1.50,\"l\":[true,false,null],\"o\":{}}");
	const struct json_value *root = json_root(doc), *list;
	const char *key;
	size_t len = 0;

	(void)state;
	assert_int_equal(json_kind(root), JSON_OBJECT);
	assert_int_equal(json_count(root), 4);
	assert_memory_equal(json_text(json_get(root, "s"), &len), "a\0b", 3);
	assert_int_equal(len, 3);
	assert_memory_equal(json_text(json_get(root, "n"), &len), "-1.50", 5);
	assert_int_equal(len, 5);
	list = json_object_at(root, 2, &key, &len);
	assert_int_equal(len, 1);
	assert_int_equal(*key, 'l');
	assert_ptr_equal(list, json_get(root, "l"));
	assert_int_equal(json_kind(json_array_at(list, 0)), JSON_TRUE);
	assert_int_equal(json_kind(json_array_at(list, 1)), JSON_FALSE);
	assert_int_equal(json_kind(json_array_at(list, 2)), JSON_NULL);
	assert_null(json_text(list, &len));
	assert_null(json_get(root, "absent"));
	assert_null(json_get(list, "s"));
	assert_int_equal(json_count(json_get(root, "n")), 0);
	assert_string_equal(json_kind_name(JSON_FALSE), "boolean");
	assert_false(json_is_string(json_get(root, "s"), "a"));
	json_doc_free(doc);
	json_doc_free(NULL);
}

static void test_duplicates(void **state)
{
	struct json_doc *doc = parse("{\"a\":1,\"b\":2,\"a\":3}");
	auto_buf big = BUF_INIT;
	int i;

	(void)state;
	expect_compact(json_root(doc), "{\"a\":3,\"b\":2}");
	json_doc_free(doc);
	for (i = 0; i < 3000; i++)
		buf_addf(&big, "%s\"k%d\":%d", i ? "," : "{", i % 1000, i);
	buf_add_byte(&big, '}');
	doc = parse(big.data);
	assert_int_equal(json_count(json_root(doc)), 1000);
	expect_compact(json_get(json_root(doc), "k7"), "2007");
	json_doc_free(doc);
}

static void test_building(void **state)
{
	struct json_doc *doc = json_doc_new(NULL);
	struct json_value *root, *list;

	(void)state;
	assert_non_null(doc);
	root = json_new_object(doc);
	list = json_new_array(doc);
	assert_int_equal(json_object_set(doc, root, "list", 4, list), 0);
	assert_int_equal(json_object_set(doc, root, "x", 1, json_new_int(doc, INT64_MIN)), 0);
	assert_int_equal(json_object_set(doc, root, "y", 1, json_new_double(doc, 0.1)), 0);
	assert_int_equal(json_object_set(doc, root, "x", 1, json_new_int(doc, 0)), 0);
	assert_int_equal(json_array_append(doc, list, json_new_string(doc, "b\n", 2)), 0);
	assert_int_equal(json_array_insert(doc, list, 0, json_new_bool(doc, true)), 0);
	assert_int_equal(json_array_insert(doc, list, 1, json_new_null(doc)), 0);
	assert_int_equal(json_array_append(doc, list, json_new_number(doc, "1e5", 3)), 0);
	json_set_root(doc, root);
	expect_compact(json_root(doc), "{\"list\":[true,null,\"b\\n\",1e5],\"x\":0,\"y\":0.1}");
	json_array_remove(list, 1);
	json_array_replace(list, 0, json_new_bool(doc, false));
	assert_true(json_object_remove(root, "x", 1));
	assert_false(json_object_remove(root, "x", 1));
	assert_false(json_object_remove(list, "x", 1));
	expect_compact(root, "{\"list\":[false,\"b\\n\",1e5],\"y\":0.1}");
	assert_null(json_new_number(doc, "01", 2));
	assert_null(json_new_double(doc, 1e308 * 10));
	assert_null(json_new_string(doc, "\xff", 1));
	assert_null(json_new_string(doc, "\xed\xa0\xbd\xed\xb8\x80", 6));
	assert_non_null(json_new_string(doc, "\xed\xb8\x80\xed\xa0\xbd", 6));
	assert_true(json_doc_size(doc) > 0);
	json_doc_free(doc);
}

/* Against a plain table: which of the keys is there, with what, and the order of coming. */
static void test_large_objects(void **state)
{
	enum { KEYS = 500, ROUNDS = 20000 };
	struct json_doc *doc = json_doc_new(NULL);
	struct json_value *object = json_new_object(doc);
	int held[KEYS], i, k, count = 0;
	char key[16];
	uint32_t random = 12345;

	(void)state;
	memset(held, -1, sizeof(held));
	for (i = 0; i < ROUNDS; i++) {
		random = random * 1664525 + 1013904223;
		k = (int)(random >> 16) % KEYS;
		snprintf(key, sizeof(key), "key-%d", k);
		if (random >> 8 & 1) {
			assert_int_equal(json_object_set(doc, object, key, strlen(key), json_new_int(doc, i)), 0);
			count += held[k] < 0;
			held[k] = i;
		} else {
			assert_int_equal(json_object_remove(object, key, strlen(key)), held[k] >= 0);
			count -= held[k] >= 0;
			held[k] = -1;
		}
		assert_int_equal(json_count(object), count);
		if (i % 997 == 0 && count) {
			const char *last;
			size_t len;

			assert_non_null(json_object_at(object, (size_t)count - 1, &last, &len));
		}
	}
	for (k = 0; k < KEYS; k++) {
		struct json_value *v;

		snprintf(key, sizeof(key), "key-%d", k);
		v = json_get(object, key);
		assert_int_equal(v != NULL, held[k] >= 0);
		snprintf(key, sizeof(key), "%d", held[k]);
		if (v)
			expect_compact(v, key);
	}
	json_doc_free(doc);
}

static int equal(const char *a, const char *b)
{
	struct json_doc *x = parse(a), *y = parse(b);
	int r = json_equal(json_root(x), json_root(y), NULL);

	assert_int_equal(r, json_equal(json_root(y), json_root(x), NULL));
	json_doc_free(x);
	json_doc_free(y);
	return r;
}

static void test_equal(void **state)
{
	(void)state;
	assert_int_equal(equal("{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1}"), 1);
	assert_int_equal(equal("{\"a\":1}", "{\"a\":1,\"b\":1}"), 0);
	assert_int_equal(equal("{\"a\":1}", "{\"b\":1}"), 0);
	assert_int_equal(equal("[1,2]", "[2,1]"), 0);
	assert_int_equal(equal("[1,[2,{\"x\":null}]]", "[1,[2,{\"x\":false}]]"), 0);
	assert_int_equal(equal("\"1\"", "1"), 0);
	assert_int_equal(equal("\"\\u0041\"", "\"A\""), 1);
	assert_int_equal(equal("{}", "[]"), 0);
	assert_int_equal(equal("[]", "[]"), 1);
	assert_int_equal(equal("true", "true"), 1);
}

static void test_copy_is_deep(void **state)
{
	struct json_doc *doc = parse("{\"a\":{\"b\":[1,{\"c\":\"x\"}]}}"), *other = json_doc_new(NULL);
	struct json_value *copy = json_copy(other, json_root(doc));

	(void)state;
	assert_non_null(copy);
	assert_int_equal(json_equal(copy, json_root(doc), NULL), 1);
	json_object_remove(json_get(json_root(doc), "a"), "b", 1);
	json_doc_free(doc);
	expect_compact(copy, "{\"a\":{\"b\":[1,{\"c\":\"x\"}]}}");
	json_doc_free(other);
}

static void test_writer(void **state)
{
	auto_buf out = BUF_INIT;
	auto_json_writer w;

	(void)state;
	json_writer_init(&w, &out);
	json_writer_begin_object(&w);
	json_writer_member_str(&w, "z", "\xc3\xa9\"\n");
	json_writer_member_uint(&w, "n", UINT64_MAX);
	json_writer_key(&w, "list");
	json_writer_begin_array(&w);
	json_writer_int(&w, -7);
	json_writer_begin_object(&w);
	json_writer_member_null(&w, "b");
	json_writer_member_bool(&w, "a", true);
	json_writer_end_object(&w);
	json_writer_begin_object(&w);
	json_writer_end_object(&w);
	json_writer_double(&w, 1e21);
	json_writer_double(&w, 1e308 * 10);
	json_writer_base64(&w, "\xff\xfe", 2);
	json_writer_end_array(&w);
	json_writer_text(&w, "path", "users/1", 7);
	json_writer_text(&w, "author", "J\xf6rg", 4);
	json_writer_key(&w, "a");
	json_writer_raw(&w, "{\"x\":1}", 7);
	json_writer_end_object(&w);
	assert_int_equal(json_writer_finish(&w, NULL), 0);
	assert_string_equal(out.data, "{\"a\":{\"x\":1},\"author_b64\":\"SvZyZw==\",\"list\":[-7,{\"a\":true,"
				      "\"b\":null},{},1e+21,null,\"//4=\"],\"n\":18446744073709551615,"
				      "\"path\":\"users/1\",\"z\":\"\xc3\xa9\\\"\\n\"}");
}

static void test_writer_sorts_and_drops(void **state)
{
	auto_buf out = BUF_INIT;
	auto_buf again = BUF_INIT;
	auto_json_writer w;
	static const char *const keys[] = { "\"", "b", "\xef\xac\xb3", "\xf0\x9f\x98\x80", "a\\", "a", "",
					    "\n", "b", "\xff" };
	size_t i;

	(void)state;
	json_writer_init(&w, &out);
	buf_add_str(&out, "x\n");
	json_writer_begin_object(&w);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_writer_key(&w, keys[i]);
		json_writer_begin_object(&w);
		json_writer_member_uint(&w, "i", i);
		json_writer_member_uint(&w, "i", i + 1);
		json_writer_end_object(&w);
	}
	json_writer_end_object(&w);
	assert_int_equal(json_writer_finish(&w, NULL), 0);
	assert_memory_equal(out.data, "x\n{", 3);
	assert_int_equal(json_canonical_bytes(out.data + 2, out.len - 2, &again, NULL), 0);
	assert_string_equal(out.data + 2, again.data);
	assert_non_null(strstr(out.data, "\"b\":{\"i\":9}"));
	assert_null(strstr(out.data, "{\"i\":2}"));
	json_writer_str(&w, "next");
	assert_int_equal(json_writer_finish(&w, NULL), 0);
	assert_string_equal(out.data + 2 + again.len, "\"next\"");
}

/* Feed text in chunks of `step` bytes; elements in brackets, or the error's message. */
static void read_stream(const char *text, size_t step, size_t element_max, struct buf *out)
{
	struct json_stream *s = json_stream_new(element_max, NULL);
	struct drift_error err = { 0 };
	struct json_slice e;
	size_t len = strlen(text), at = 0;
	int r = 0;

	assert_non_null(s);
	while (r >= 0 && at < len) {
		size_t n = len - at < step ? len - at : step;

		r = json_stream_feed(s, text + at, n, &err);
		at += n;
		while (r >= 0 && (r = json_stream_next(s, &e, &err)) > 0)
			buf_addf(out, "<%.*s>", (int)e.len, e.data);
	}
	if (r >= 0)
		r = json_stream_finish(s, &err);
	if (r < 0) {
		buf_add_str(out, err.message);
		assert_int_equal(json_stream_next(s, &e, NULL), -1);
		assert_int_equal(json_stream_feed(s, "x", 1, NULL), -1);
	}
	json_stream_free(s);
}

static void expect_stream(const char *text, const char *want)
{
	size_t step;

	for (step = 1; step < 40; step++) {
		auto_buf out = BUF_INIT;

		read_stream(text, step, 100, &out);
		assert_string_equal(out.data, want);
	}
}

static void test_stream(void **state)
{
	(void)state;
	expect_stream("[]", "");
	expect_stream(" [ ] \n", "");
	expect_stream("[1]", "<1>");
	expect_stream("[ 1 ,\"a,]\\\"\" , {\"x\":[1,2]} ,[],null ]", "<1><\"a,]\\\"\"><{\"x\":[1,2]}><[]><null>");
	expect_stream("[[[1],{}],-2.5e3]\n", "<[[1],{}]><-2.5e3>");
	expect_stream("", "line 1 column 1: the text ends within the array");
	expect_stream("{}", "line 1 column 1: '[' is expected, a JSON array");
	expect_stream("[1,]", "<1>line 1 column 4: a value is expected");
	expect_stream("[,1]", "line 1 column 2: a value is expected");
	expect_stream("[1,\n,2]", "<1>line 2 column 1: a value is expected");
	expect_stream("[1,\n2", "<1>line 2 column 2: the text ends within the array");
	expect_stream("[1 2]", "line 1 column 4: more text behind the value");
	expect_stream("[1]\n]", "<1>line 2 column 1: more text behind the array");
	expect_stream("[{\"a\":1},\n {\"a\":}]", "<{\"a\":1}>line 2 column 7: a value is expected");
	expect_stream("[{\"a\":1]", "line 1 column 9: the text ends within the array");
	expect_stream("[}]", "line 1 column 2: a value is expected");
}

static void test_stream_limit(void **state)
{
	auto_buf out = BUF_INIT;
	struct json_stream *s = json_stream_new(8, NULL);
	struct drift_error err = { 0 };
	struct json_slice e;

	(void)state;
	read_stream("[12345678,\"123456\"]", 3, 8, &out);
	assert_string_equal(out.data, "<12345678><\"123456\">");
	assert_non_null(s);
	assert_int_equal(json_stream_feed(s, "[1,\n[1,2,3,4,5", 15, &err), 0);
	assert_int_equal(json_stream_next(s, &e, &err), 1);
	assert_int_equal(json_stream_line(s), 1);
	assert_int_equal(json_stream_next(s, &e, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
	assert_string_equal(err.message, "line 2 column 1: the element is longer than 8 bytes");
	json_stream_free(s);
	json_stream_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),  cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_building), cmocka_unit_test(test_large_objects),
		cmocka_unit_test(test_equal),    cmocka_unit_test(test_copy_is_deep),
		cmocka_unit_test(test_writer),   cmocka_unit_test(test_writer_sorts_and_drops),
		cmocka_unit_test(test_stream),   cmocka_unit_test(test_stream_limit),
	};

	return cmocka_run_group_tests_name("json-tree", tests, NULL, NULL);
}
