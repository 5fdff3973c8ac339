/* JSON pointers (RFC 6901), merge patches (RFC 7396) and operations (RFC 6902). */
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
#include "base/json_patch.h"
#include "base/json_pointer.h"

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

/* RFC 6901, section 5. */
static void test_pointer_rfc6901(void **state)
{
	static const char text[] = "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,"
				   "\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}";
	static const char *const pairs[][2] = {
		{ "", text },
		{ "/foo", "[\"bar\",\"baz\"]" },
		{ "/foo/0", "\"bar\"" },
		{ "/", "0" },
		{ "/a~1b", "1" },
		{ "/c%d", "2" },
		{ "/e^f", "3" },
		{ "/g|h", "4" },
		{ "/i\\j", "5" },
		{ "/k\"l", "6" },
		{ "/ ", "7" },
		{ "/m~0n", "8" },
	};
	struct json_doc *doc = parse(text);
	struct json_value *v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(json_pointer_get(json_root(doc), pairs[i][0], strlen(pairs[i][0]), &v, NULL), 0);
		expect_compact(v, pairs[i][1]);
	}
	json_doc_free(doc);
}

static void expect_no_pointer(const struct json_value *root, const char *pointer, enum drift_error_code code)
{
	struct drift_error err = { 0 };
	struct json_value *v = NULL;

	assert_int_equal(json_pointer_get(root, pointer, strlen(pointer), &v, &err), -1);
	assert_int_equal(err.code, code);
	assert_null(v);
}

static void test_pointer_errors(void **state)
{
	struct json_doc *doc = parse("{\"a\":[1,2],\"s\":\"x\"}");
	const struct json_value *root = json_root(doc);

	(void)state;
	expect_no_pointer(root, "a", DRIFT_ERR_INVALID);
	expect_no_pointer(root, "/a~", DRIFT_ERR_INVALID);
	expect_no_pointer(root, "/a~2", DRIFT_ERR_INVALID);
	expect_no_pointer(root, "/b", DRIFT_ERR_NOT_FOUND);
	expect_no_pointer(root, "/a/2", DRIFT_ERR_NOT_FOUND);
	expect_no_pointer(root, "/a/-", DRIFT_ERR_NOT_FOUND);
	expect_no_pointer(root, "/a/01", DRIFT_ERR_NOT_FOUND);
	expect_no_pointer(root, "/a/-1", DRIFT_ERR_NOT_FOUND);
	expect_no_pointer(root, "/a/1/x", DRIFT_ERR_NOT_FOUND);
	expect_no_pointer(root, "/a/99999999999999999999999", DRIFT_ERR_NOT_FOUND);
	expect_no_pointer(root, "/s/0", DRIFT_ERR_NOT_FOUND);
	json_doc_free(doc);
}

static void test_pointer_text(void **state)
{
	struct json_path root = { .key = "a/b~c", .key_len = 5, .depth = 1 };
	struct json_path leaf = { .up = &root, .index = 17, .depth = 2 };
	auto_buf out = BUF_INIT;

	(void)state;
	assert_int_equal(json_path_text(&out, NULL, NULL), 0);
	assert_string_equal(out.data, "");
	assert_int_equal(json_path_text(&out, &leaf, NULL), 0);
	assert_string_equal(out.data, "/a~1b~0c/17");
}

/* RFC 7396, appendix A, and more. */
static void test_merge_patch(void **state)
{
	static const char *const cases[][3] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
		{ "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
		{ "{\"a\":\"foo\"}", "null", "null" },
		{ "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
		{ "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
		{ "{\"a\":1}", "{\"a\":{\"b\":{\"c\":2,\"d\":null}}}", "{\"a\":{\"b\":{\"c\":2}}}" },
		{ "{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":4}", "{\"a\":1,\"b\":4,\"c\":3}" },
		{ "{}", "{\"a\":[{\"b\":null}]}", "{\"a\":[{\"b\":null}]}" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_doc *doc = parse(cases[i][0]), *patch = parse(cases[i][1]);

		assert_int_equal(json_merge_patch(doc, json_root(patch), NULL), 0);
		json_doc_free(patch);
		expect_compact(json_root(doc), cases[i][2]);
		json_doc_free(doc);
	}
}

static void test_merge_patch_of_nothing(void **state)
{
	struct json_doc *doc = json_doc_new(NULL), *patch = parse("{\"a\":{\"b\":null,\"c\":1}}");

	(void)state;
	assert_int_equal(json_merge_patch(doc, json_root(patch), NULL), 0);
	expect_compact(json_root(doc), "{\"a\":{\"c\":1}}");
	json_doc_free(doc);
	json_doc_free(patch);
}

static void test_merge_patch_create(void **state)
{
	static const char *const cases[][3] = {
		{ "{\"a\":1,\"b\":{\"c\":2,\"d\":3}}", "{\"a\":1,\"b\":{\"c\":2,\"d\":4}}", "{\"b\":{\"d\":4}}" },
		{ "{\"a\":1,\"b\":2}", "{\"a\":1.0}", "{\"b\":null}" },
		{ "{\"a\":{\"b\":{\"c\":1}}}", "{\"a\":{\"b\":{}}}", "{\"a\":{\"b\":{\"c\":null}}}" },
		{ "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}", "{}" },
		{ "{\"a\":[1,2]}", "{\"a\":[1,2,3]}", "{\"a\":[1,2,3]}" },
		{ "{\"a\":1}", "{\"a\":{\"x\":[null]}}", "{\"a\":{\"x\":[null]}}" },
		{ "{\"a\":null}", "{\"a\":null,\"b\":{}}", "{\"b\":{}}" },
		{ "[1]", "{\"a\":1}", "{\"a\":1}" },
		{ "{\"a\":1}", "null", "null" },
		{ "{\"x\":{\"y\":{\"z\":1}},\"k\":1}", "{\"x\":{\"y\":{\"z\":2}},\"k\":2}",
		  "{\"k\":2,\"x\":{\"y\":{\"z\":2}}}" },
	};
	static const char *const impossible[][2] = {
		{ "{\"a\":1}", "{\"a\":null}" },
		{ "{}", "{\"a\":{\"b\":{\"c\":null}}}" },
		{ "[]", "{\"a\":null}" },
	};
	struct drift_error err = { 0 };
	struct json_value *patch;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_doc *from = parse(cases[i][0]), *to = parse(cases[i][1]);
		struct json_doc *doc = json_doc_new(NULL);

		assert_int_equal(json_merge_patch_create(doc, json_root(from), json_root(to), &patch, NULL), 0);
		expect_compact(patch, cases[i][2]);
		assert_int_equal(json_merge_patch(from, patch, NULL), 0);
		assert_int_equal(json_equal(json_root(from), json_root(to), NULL), 1);
		json_doc_free(doc);
		json_doc_free(from);
		json_doc_free(to);
	}
	for (i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		struct json_doc *from = parse(impossible[i][0]), *to = parse(impossible[i][1]);

		assert_int_equal(json_merge_patch_create(from, json_root(from), json_root(to), &patch, &err), -1);
		assert_int_equal(err.code, DRIFT_ERR_UNSUPPORTED);
		json_doc_free(from);
		json_doc_free(to);
	}
}

static void expect_patch(const char *text, const char *patch, const char *want)
{
	struct json_doc *doc = parse(text), *p = parse(patch);
	struct drift_error err;

	if (json_patch_apply(doc, json_root(p), &err))
		fail_msg("%s: %s", patch, err.message);
	json_doc_free(p);
	expect_compact(json_root(doc), want);
	json_doc_free(doc);
}

static void test_operations(void **state)
{
	(void)state;
	expect_patch("{}", "[]", "{}");
	expect_patch("{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":[2]}]", "{\"a\":1,\"b\":[2]}");
	expect_patch("{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":null}]", "{\"a\":null}");
	expect_patch("[1,3]", "[{\"op\":\"add\",\"path\":\"/1\",\"value\":2}]", "[1,2,3]");
	expect_patch("[1]",
		     "[{\"op\":\"add\",\"path\":\"/1\",\"value\":2},"
		     "{\"op\":\"add\",\"path\":\"/-\",\"value\":3}]",
		     "[1,2,3]");
	expect_patch("[]", "[{\"op\":\"add\",\"path\":\"\",\"value\":{\"x\":1}}]", "{\"x\":1}");
	expect_patch("{}",
		     "[{\"op\":\"add\",\"path\":\"/-\",\"value\":1},"
		     "{\"op\":\"add\",\"path\":\"/\",\"value\":2}]",
		     "{\"-\":1,\"\":2}");
	expect_patch("{\"a\":[1,2,3],\"b\":0}",
		     "[{\"op\":\"remove\",\"path\":\"/a/1\"},"
		     "{\"op\":\"remove\",\"path\":\"/b\"}]",
		     "{\"a\":[1,3]}");
	expect_patch("{\"a\":1,\"b\":2}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":{}}]", "{\"a\":{},\"b\":2}");
	expect_patch("[1,2]", "[{\"op\":\"replace\",\"path\":\"/0\",\"value\":9}]", "[9,2]");
	expect_patch("[1]", "[{\"op\":\"replace\",\"path\":\"\",\"value\":\"x\"}]", "\"x\"");
	expect_patch("{\"a\":{\"x\":1},\"b\":{}}", "[{\"op\":\"move\",\"from\":\"/a/x\",\"path\":\"/b/y\"}]",
		     "{\"a\":{},\"b\":{\"y\":1}}");
	expect_patch("[1,2,3,4]", "[{\"op\":\"move\",\"from\":\"/1\",\"path\":\"/3\"}]", "[1,3,4,2]");
	expect_patch("{\"a\":1}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a\"}]", "{\"a\":1}");
	expect_patch("{\"a\":1,\"ab\":2}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/ab\"}]", "{\"ab\":1}");
	expect_patch("{\"a\":[1]}",
		     "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"},"
		     "{\"op\":\"add\",\"path\":\"/b/0\",\"value\":0}]",
		     "{\"a\":[1],\"b\":[0,1]}");
	expect_patch("{\"a\":1}", "[{\"op\":\"copy\",\"from\":\"\",\"path\":\"/b\"}]", "{\"a\":1,\"b\":{\"a\":1}}");
	expect_patch("{\"a\":{\"x\":1,\"y\":[2]}}",
		     "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"y\":[2.0],\"x\":10e-1}}]",
		     "{\"a\":{\"x\":1,\"y\":[2]}}");
	expect_patch("{\"a/b\":1,\"m~n\":2}",
		     "[{\"op\":\"remove\",\"path\":\"/a~1b\"},"
		     "{\"op\":\"test\",\"path\":\"/m~0n\",\"value\":2,\"more\":\"ignored\"}]",
		     "{\"m~n\":2}");
}

static void expect_failure(const char *patch, enum drift_error_code code, const char *message)
{
	static const char text[] = "{\"a\":[1,2],\"o\":{\"x\":null},\"s\":\"t\"}";
	struct json_doc *doc = parse(text), *p = parse(patch);
	struct drift_error err = { 0 };

	assert_int_equal(json_patch_apply(doc, json_root(p), &err), -1);
	assert_string_equal(err.message, message);
	assert_int_equal(err.code, code);
	expect_compact(json_root(doc), text);
	json_doc_free(p);
	json_doc_free(doc);
}

static void test_malformed_patches(void **state)
{
	(void)state;
	expect_failure("{}", DRIFT_ERR_INVALID, "a JSON patch is an array of operations");
	expect_failure("[1]", DRIFT_ERR_INVALID, "operation 0: it is not an object");
	expect_failure("[{\"op\":\"remove\",\"path\":\"/s\"},{}]", DRIFT_ERR_INVALID, "operation 1: 'op' is missing");
	expect_failure("[{\"op\":1}]", DRIFT_ERR_INVALID, "operation 0: 'op' is not a string");
	expect_failure("[{\"op\":\"merge\"}]", DRIFT_ERR_INVALID, "operation 0: 'merge' is no operation");
	expect_failure("[{\"op\":\"add\",\"value\":1}]", DRIFT_ERR_INVALID, "operation 0 (add): 'path' is missing");
	expect_failure("[{\"op\":\"add\",\"path\":7,\"value\":1}]", DRIFT_ERR_INVALID,
		       "operation 0 (add): 'path' is not a string");
	expect_failure("[{\"op\":\"add\",\"path\":\"x\",\"value\":1}]", DRIFT_ERR_INVALID,
		       "operation 0 (add): JSON pointer 'x' does not begin with '/'");
	expect_failure("[{\"op\":\"add\",\"path\":\"/x\"}]", DRIFT_ERR_INVALID,
		       "operation 0 (add): 'value' is missing");
	expect_failure("[{\"op\":\"replace\",\"path\":\"/s\"}]", DRIFT_ERR_INVALID,
		       "operation 0 (replace): 'value' is missing");
	expect_failure("[{\"op\":\"test\",\"path\":\"/s\"}]", DRIFT_ERR_INVALID,
		       "operation 0 (test): 'value' is missing");
	expect_failure("[{\"op\":\"copy\",\"path\":\"/s\"}]", DRIFT_ERR_INVALID,
		       "operation 0 (copy): 'from' is missing");
}

static void test_operations_that_fail(void **state)
{
	(void)state;
	expect_failure("[{\"op\":\"remove\",\"path\":\"/a/0\"},{\"op\":\"remove\",\"path\":\"/b\"}]",
		       DRIFT_ERR_NOT_FOUND, "operation 1 (remove): there is nothing at '/b'");
	expect_failure("[{\"op\":\"remove\",\"path\":\"\"}]", DRIFT_ERR_INVALID,
		       "operation 0 (remove): the whole document cannot be removed");
	expect_failure("[{\"op\":\"add\",\"path\":\"/b/c\",\"value\":1}]", DRIFT_ERR_NOT_FOUND,
		       "operation 0 (add): there is nothing at '/b'");
	expect_failure("[{\"op\":\"add\",\"path\":\"/a/3\",\"value\":1}]", DRIFT_ERR_INVALID,
		       "operation 0 (add): '3' is no index of the array");
	expect_failure("[{\"op\":\"add\",\"path\":\"/s/x\",\"value\":1}]", DRIFT_ERR_INVALID,
		       "operation 0 (add): a string has no members");
	expect_failure("[{\"op\":\"replace\",\"path\":\"/a/-\",\"value\":1}]", DRIFT_ERR_NOT_FOUND,
		       "operation 0 (replace): there is nothing at '/a/-'");
	expect_failure("[{\"op\":\"move\",\"from\":\"/o\",\"path\":\"/o/x/y\"}]", DRIFT_ERR_INVALID,
		       "operation 0 (move): a value cannot be moved into itself");
	expect_failure("[{\"op\":\"move\",\"from\":\"\",\"path\":\"/o\"}]", DRIFT_ERR_INVALID,
		       "operation 0 (move): a value cannot be moved into itself");
	expect_failure("[{\"op\":\"move\",\"from\":\"/a/0\",\"path\":\"/a/2\"}]", DRIFT_ERR_INVALID,
		       "operation 0 (move): '2' is no index of the array");
	expect_failure("[{\"op\":\"test\",\"path\":\"/a\",\"value\":[2,1]}]", DRIFT_ERR_CLASH,
		       "operation 0 (test): the value at '/a' is another one");
	expect_failure("[{\"op\":\"test\",\"path\":\"/o/x\",\"value\":0}]", DRIFT_ERR_CLASH,
		       "operation 0 (test): the value at '/o/x' is another one");
}

/* Each copy doubles the document: without a limit it would fill the machine. */
static void test_copies_are_limited(void **state)
{
	struct json_doc *doc = parse("{}"), *patch;
	struct drift_error err = { 0 };
	auto_buf text = BUF_INIT;
	char *filler = malloc(8 << 20);
	int i;

	(void)state;
	assert_non_null(filler);
	memset(filler, 'x', 8 << 20);
	assert_int_equal(json_object_set(doc, json_root(doc), "f", 1, json_new_string(doc, filler, 8 << 20)), 0);
	free(filler);
	for (i = 0; i < 60; i++)
		buf_addf(&text, "%s{\"op\":\"copy\",\"from\":\"\",\"path\":\"/k%d\"}", i ? "," : "[", i);
	buf_add_byte(&text, ']');
	patch = parse(text.data);
	assert_int_equal(json_patch_apply(doc, json_root(patch), &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
	assert_int_equal(json_count(json_root(doc)), 1);
	json_doc_free(patch);
	json_doc_free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointer_rfc6901),
		cmocka_unit_test(test_pointer_errors),
		cmocka_unit_test(test_pointer_text),
		cmocka_unit_test(test_merge_patch),
		cmocka_unit_test(test_merge_patch_of_nothing),
		cmocka_unit_test(test_merge_patch_create),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_malformed_patches),
		cmocka_unit_test(test_operations_that_fail),
		cmocka_unit_test(test_copies_are_limited),
	};

	return cmocka_run_group_tests_name("json-patch", tests, NULL, NULL);
}
