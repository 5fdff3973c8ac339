/* Differences between JSON values, and three-way merge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/json_diff.h"
#include "base/json_merge3.h"
#include "base/json_patch.h"

static struct json_doc *parse(const char *text)
{
	struct json_doc *doc = NULL;
	struct drift_error err;

	if (!text)
		return NULL;
	if (json_parse(text, strlen(text), &doc, &err))
		fail_msg("'%s': %s", text, err.message);
	return doc;
}

static const struct json_value *root_of(const struct json_doc *doc)
{
	return doc ? json_root(doc) : NULL;
}

static void add_value(struct buf *out, const struct json_value *v)
{
	if (v)
		assert_int_equal(json_compact(v, out, NULL), 0);
}

/* A line a difference: kind, pointer, old value > new value. */
static void describe(const struct json_diff *diff, struct buf *out)
{
	size_t i;

	for (i = 0; i < json_diff_count(diff); i++) {
		const struct json_change *c = json_diff_at(diff, i);

		assert_int_equal(c->pointer_len, strlen(c->pointer));
		buf_addf(out, "%c%s ", "+-~"[c->kind], c -> pointer);
		add_value(out, c->old_value);
		buf_add_byte(out, '>');
		add_value(out, c->new_value);
		buf_add_byte(out, '\n');
	}
}

/* The list as a patch makes `to` of `from`. */
static void expect_patch_works(const struct json_diff *diff, const struct json_value *from, const struct json_value *to)
{
	struct json_doc *doc = json_doc_new(NULL);
	struct json_value *patch;
	struct drift_error err;

	assert_non_null(doc);
	json_set_root(doc, json_copy(doc, from));
	assert_int_equal(json_diff_patch(diff, doc, &patch, NULL), 0);
	if (json_patch_apply(doc, patch, &err))
		fail_msg("%s", err.message);
	assert_int_equal(json_equal(json_root(doc), to, NULL), 1);
	json_doc_free(doc);
}

static void expect_diff(const char *from, const char *to, const char *want)
{
	struct json_doc *a = parse(from), *b = parse(to);
	struct json_diff *diff;
	auto_buf out = BUF_INIT;

	assert_int_equal(json_diff_new(root_of(a), root_of(b), &diff, NULL), 0);
	describe(diff, &out);
	assert_string_equal(out.data, want);
	if (a && b)
		expect_patch_works(diff, root_of(a), root_of(b));
	json_diff_free(diff);
	json_doc_free(a);
	json_doc_free(b);
}

static void test_fields(void **state)
{
	(void)state;
	expect_diff("{\"a\":1}", "{\"a\":1.0}", "");
	expect_diff("1", "2", "~ 1>2\n");
	expect_diff("{}", "[]", "~ {}>[]\n");
	expect_diff("{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3,\"a\":5,\"d\":{}}", "~/a 1>5\n-/b 2>\n+/d >{}\n");
	expect_diff("{\"a\":{\"b\":{\"c\":1,\"d\":2}}}", "{\"a\":{\"b\":{\"c\":1,\"d\":3}}}", "~/a/b/d 2>3\n");
	expect_diff("{\"a/b\":1,\"~\":null}", "{\"a/b\":2}", "~/a~1b 1>2\n-/~0 null>\n");
	expect_diff("{\"a\":[]}", "{\"a\":null}", "~/a []>null\n");
	expect_diff("{\"n\":9007199254740992}", "{\"n\":9007199254740993}", "~/n 9007199254740992>9007199254740993\n");
}

static void test_absent_sides(void **state)
{
	struct json_doc *doc = parse("1");
	struct json_diff *diff;
	struct json_value *patch;

	(void)state;
	expect_diff(NULL, "{\"a\":1}", "+ >{\"a\":1}\n");
	expect_diff("[1]", NULL, "- [1]>\n");
	expect_diff(NULL, NULL, "");
	assert_int_equal(json_diff_new(NULL, json_root(doc), &diff, NULL), 0);
	assert_int_equal(json_diff_patch(diff, doc, &patch, NULL), -1);
	json_diff_free(diff);
	json_diff_free(NULL);
	json_doc_free(doc);
}

static void test_arrays(void **state)
{
	(void)state;
	expect_diff("[1,2,3]", "[1,2,3,4]", "+/3 >4\n");
	expect_diff("[1,2,3]", "[0,1,2,3]", "+/0 >0\n");
	expect_diff("[1,2,3]", "[1,3]", "-/1 2>\n");
	expect_diff("[1,2,3]", "[1,9,3]", "~/1 2>9\n");
	expect_diff("[1,2,3,4,5]", "[2,3,9,5,6]", "-/0 1>\n+/4 >6\n~/2 4>9\n");
	expect_diff("[1,2,3]", "[]", "-/2 3>\n-/1 2>\n-/0 1>\n");
	expect_diff("[]", "[1,2]", "+/0 >1\n+/1 >2\n");
	expect_diff("[{\"id\":1,\"x\":1},{\"id\":2,\"x\":1}]", "[{\"id\":1,\"x\":1},{\"id\":2,\"x\":2}]",
		    "~/1/x 1>2\n");
	expect_diff("{\"l\":[[1,2],[3,4]]}", "{\"l\":[[0],[1,2],[3,5]]}", "+/l/0 >[0]\n~/l/2/1 4>5\n");
	expect_diff("[{\"a\":1,\"b\":2},7]", "[6,{\"b\":2,\"a\":1.0}]", "-/1 7>\n+/0 >6\n");
}

static void test_long_arrays(void **state)
{
	enum { LONG = 5000 };
	auto_buf a = BUF_INIT;
	auto_buf b = BUF_INIT;
	struct json_doc *x, *y;
	struct json_diff *diff;
	int i;

	(void)state;
	for (i = 0; i < LONG; i++) {
		buf_addf(&a, "%c%d", i ? ',' : '[', i);
		buf_addf(&b, "%c%d", i ? ',' : '[', i == 2500 ? -1 : i);
	}
	buf_add_byte(&a, ']');
	buf_add_str(&b, ",0]");
	x = parse(a.data);
	y = parse(b.data);
	assert_int_equal(json_diff_new(json_root(x), json_root(y), &diff, NULL), 0);
	assert_int_equal(json_diff_count(diff), 2);
	expect_patch_works(diff, json_root(x), json_root(y));
	json_diff_free(diff);
	json_doc_free(x);
	json_doc_free(y);
}

static void test_depth_is_bounded(void **state)
{
	auto_buf a = BUF_INIT;
	auto_buf b = BUF_INIT;
	struct json_doc *x, *y;
	struct json_diff *diff;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		buf_add_str(&a, "[{\"k\":");
		buf_add_str(&b, "[{\"k\":");
	}
	buf_add_byte(&a, '1');
	buf_add_byte(&b, '2');
	for (i = 0; i < 20000; i++) {
		buf_add_str(&a, "}]");
		buf_add_str(&b, "}]");
	}
	x = parse(a.data);
	y = parse(b.data);
	assert_int_equal(json_diff_new(json_root(x), json_root(y), &diff, NULL), 0);
	assert_int_equal(json_diff_count(diff), 1);
	assert_int_equal(json_diff_at(diff, 0)->kind, JSON_CHANGE);
	assert_int_equal(json_diff_at(diff, 0)->pointer_len, 2 * JSON_DIFF_DEPTH_MAX);
	json_diff_free(diff);
	json_doc_free(x);
	json_doc_free(y);
}

/* A merge of texts, NULL for absent: the result, then " ! pointer" for each clash. */
static void merge(const char *base, const char *ours, const char *theirs, struct buf *out)
{
	struct json_doc *b = parse(base), *o = parse(ours), *t = parse(theirs);
	struct json_merge3_input input = { root_of(b), root_of(o), root_of(t) };
	struct json_merge3 *m;
	size_t i;

	assert_int_equal(json_merge3_new(&input, NULL, &m, NULL), 0);
	if (!json_merge3_result(m))
		buf_add_str(out, "absent");
	add_value(out, json_merge3_result(m));
	for (i = 0; i < json_merge3_clash_count(m); i++)
		buf_addf(out, " ! %s", json_merge3_clash(m, i)->pointer);
	json_merge3_free(m);
	json_doc_free(b);
	json_doc_free(o);
	json_doc_free(t);
}

static void expect_merge(const char *base, const char *ours, const char *theirs, const char *want)
{
	auto_buf out = BUF_INIT;

	merge(base, ours, theirs, &out);
	assert_string_equal(out.data, want);
}

static void test_merge_fields(void **state)
{
	(void)state;
	expect_merge("{\"a\":1,\"b\":2}", "{\"a\":9,\"b\":2}", "{\"a\":1,\"b\":8}", "{\"a\":9,\"b\":8}");
	expect_merge("{\"a\":1}", "{\"a\":1,\"x\":1}", "{\"a\":1,\"y\":2}", "{\"a\":1,\"x\":1,\"y\":2}");
	expect_merge("{\"a\":1,\"b\":2}", "{\"a\":1}", "{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"c\":3}");
	expect_merge("{\"a\":1,\"b\":2}", "{\"b\":2}", "{\"a\":1}", "{}");
	expect_merge("{\"a\":1}", "{\"a\":2}", "{\"a\":2.0}", "{\"a\":2}");
	expect_merge("{\"a\":1}", "{}", "{}", "{}");
	expect_merge("{\"o\":{\"p\":{\"x\":1,\"y\":1}}}", "{\"o\":{\"p\":{\"x\":2,\"y\":1}}}",
		     "{\"o\":{\"p\":{\"x\":1,\"y\":3}}}", "{\"o\":{\"p\":{\"x\":2,\"y\":3}}}");
	expect_merge("{}", "{\"o\":{\"x\":1}}", "{\"o\":{\"y\":2}}", "{\"o\":{\"x\":1,\"y\":2}}");
	expect_merge("{\"l\":[1]}", "{\"l\":[1]}", "{\"l\":[1,2]}", "{\"l\":[1,2]}");
	expect_merge("{\"l\":[1]}", "{\"l\":[2]}", "{\"l\":[2]}", "{\"l\":[2]}");
	expect_merge("{\"o\":{\"x\":1}}", "{}", "{\"o\":{\"x\":1.0}}", "{}");
	expect_merge("{\"o\":{\"x\":1}}", "{\"o\":{\"x\":1}}", "{\"o\":null}", "{\"o\":null}");
}

static void test_merge_clashes(void **state)
{
	(void)state;
	expect_merge("{\"a\":1}", "{\"a\":2}", "{\"a\":3}", "{\"a\":2} ! /a");
	expect_merge("{}", "{\"a\":2}", "{\"a\":3}", "{\"a\":2} ! /a");
	expect_merge("{\"a\":1,\"b\":1}", "{\"b\":2}", "{\"a\":2,\"b\":1}", "{\"b\":2,\"a\":2} ! /a");
	expect_merge("{\"a\":1}", "{\"a\":2}", "{}", "{\"a\":2} ! /a");
	expect_merge("{\"l\":[1]}", "{\"l\":[1,2]}", "{\"l\":[0,1]}", "{\"l\":[0,1,2]}");
	expect_merge("{\"l\":[1,2]}", "{\"l\":[1,3]}", "{\"l\":[0,2]}", "{\"l\":[1,3]} ! /l");
	expect_merge("{\"l\":[1,2,3]}", "{\"l\":[1,2,4]}", "{\"l\":[0,2,3]}", "{\"l\":[0,2,4]}");
	expect_merge("{\"l\":[1,2,3]}", "{\"l\":[7,2,4]}", "{\"l\":[0,2,3]}", "{\"l\":[7,2,4]} ! /l");
	expect_merge("{\"o\":1}", "{\"o\":{\"x\":1}}", "{\"o\":{\"y\":1}}", "{\"o\":{\"x\":1}} ! /o");
	expect_merge("{\"o\":{\"x\":1}}", "{\"o\":{\"x\":2}}", "{\"o\":[]}", "{\"o\":{\"x\":2}} ! /o");
	expect_merge("{\"o\":{\"a/b\":1,\"c\":1}}", "{\"o\":{\"a/b\":2,\"c\":2}}", "{\"o\":{\"a/b\":3,\"c\":1}}",
		     "{\"o\":{\"a/b\":2,\"c\":2}} ! /o/a~1b");
	expect_merge("1", "2", "3", "2 ! ");
}

static void test_merge_absent(void **state)
{
	(void)state;
	expect_merge(NULL, NULL, NULL, "absent");
	expect_merge(NULL, "1", NULL, "1");
	expect_merge(NULL, NULL, "1", "1");
	expect_merge(NULL, "1", "1.0", "1");
	expect_merge(NULL, "1", "2", "1 ! ");
	expect_merge("1", NULL, "1", "absent");
	expect_merge("1", "1", NULL, "absent");
	expect_merge("1", NULL, "2", "2 ! ");
	expect_merge("1", "2", NULL, "2 ! ");
	expect_merge(NULL, "{\"a\":1}", "{\"b\":2}", "{\"a\":1,\"b\":2}");
}

static void test_clash_values(void **state)
{
	struct json_doc *b = parse("{\"a\":{\"k\":1}}"), *o = parse("{\"a\":{\"k\":2}}"), *t = parse("{\"a\":{}}");
	struct json_merge3_input input = { json_root(b), json_root(o), json_root(t) };
	const struct json_clash *clash;
	struct json_merge3 *m;

	(void)state;
	assert_int_equal(json_merge3_new(&input, NULL, &m, NULL), 0);
	assert_int_equal(json_merge3_clash_count(m), 1);
	clash = json_merge3_clash(m, 0);
	assert_string_equal(clash->pointer, "/a/k");
	assert_int_equal(clash->pointer_len, 4);
	assert_ptr_equal(clash->base, json_get(json_get(json_root(b), "a"), "k"));
	assert_ptr_equal(clash->ours, json_get(json_get(json_root(o), "a"), "k"));
	assert_null(clash->theirs);
	json_merge3_free(m);
	json_merge3_free(NULL);
	json_doc_free(b);
	json_doc_free(o);
	json_doc_free(t);
}

static uint32_t random_next(uint64_t *seed, uint32_t bound)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(*seed >> 33) % bound;
}

/* A small value of small parts, so that two of them have much in common. */
static void random_value(struct buf *out, uint64_t *seed, int depth)
{
	static const char *const scalars[] = { "null", "true", "0", "1", "1.0", "-2e3", "\"a\"", "\"\"" };
	static const char *const keys[] = { "a", "b", "c/d", "~", "" };
	uint32_t kind = random_next(seed, depth ? 4 : 1), count = random_next(seed, 6), i;

	if (kind < 2) {
		buf_add_str(out, scalars[random_next(seed, 8)]);
		return;
	}
	buf_add_byte(out, kind == 2 ? '[' : '{');
	for (i = 0; i < count; i++) {
		if (i)
			buf_add_byte(out, ',');
		if (kind == 3)
			buf_addf(out, "\"%s\":", keys[random_next(seed, 5)]);
		random_value(out, seed, depth - 1);
	}
	buf_add_byte(out, kind == 2 ? ']' : '}');
}

static struct json_doc *random_doc(uint64_t *seed)
{
	auto_buf text = BUF_INIT;

	random_value(&text, seed, 4);
	return parse(text.data);
}

static void canonical(struct buf *out, const struct json_value *v)
{
	buf_clear(out);
	if (v)
		assert_int_equal(json_canonical(v, out, NULL), 0);
}

static void expect_merge_is_symmetric(const struct json_merge3_input *input)
{
	const struct json_merge3_options swapped = { .first = JSON_THEIRS, .later = JSON_THEIRS };
	struct json_merge3_input other = { input->base, input->theirs, input->ours };
	auto_buf x = BUF_INIT;
	auto_buf y = BUF_INIT;
	struct json_merge3 *m, *n;

	assert_int_equal(json_merge3_new(input, NULL, &m, NULL), 0);
	assert_int_equal(json_merge3_new(&other, &swapped, &n, NULL), 0);
	assert_int_equal(json_merge3_clash_count(m), json_merge3_clash_count(n));
	canonical(&x, json_merge3_result(m));
	canonical(&y, json_merge3_result(n));
	assert_string_equal(x.data, y.data);
	json_merge3_free(m);
	json_merge3_free(n);
}

static void expect_merge_with_unchanged(const struct json_value *base, const struct json_value *v)
{
	struct json_merge3_input input = { base, base, v };
	struct json_merge3 *m;

	assert_int_equal(json_merge3_new(&input, NULL, &m, NULL), 0);
	assert_int_equal(json_merge3_clash_count(m), 0);
	assert_int_equal(json_equal(json_merge3_result(m), v, NULL), 1);
	json_merge3_free(m);
}

static void expect_merge_patch_works(struct json_doc *from, const struct json_value *to)
{
	struct drift_error err;
	struct json_value *patch;

	if (json_merge_patch_create(from, json_root(from), to, &patch, &err)) {
		assert_int_equal(err.code, DRIFT_ERR_UNSUPPORTED);
		return;
	}
	assert_int_equal(json_merge_patch(from, patch, NULL), 0);
	assert_int_equal(json_equal(json_root(from), to, NULL), 1);
}

static void test_random_documents(void **state)
{
	const char *given = getenv("TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	int i;

	(void)state;
	print_message("TEST_SEED=%llu\n", (unsigned long long)seed);
	for (i = 0; i < 3000; i++) {
		struct json_doc *a = random_doc(&seed), *b = random_doc(&seed), *c = random_doc(&seed);
		struct json_merge3_input input = { json_root(a), json_root(b), json_root(c) };
		auto_buf x = BUF_INIT;
		auto_buf y = BUF_INIT;
		struct json_diff *diff;

		canonical(&x, json_root(a));
		canonical(&y, json_root(b));
		assert_int_equal(json_diff_new(json_root(a), json_root(b), &diff, NULL), 0);
		assert_int_equal(json_diff_count(diff) == 0, strcmp(x.data, y.data) == 0);
		assert_int_equal(json_equal(json_root(a), json_root(b), NULL), strcmp(x.data, y.data) == 0);
		expect_patch_works(diff, json_root(a), json_root(b));
		json_diff_free(diff);
		expect_merge_is_symmetric(&input);
		expect_merge_with_unchanged(json_root(a), json_root(b));
		expect_merge_patch_works(c, json_root(b));
		json_doc_free(a);
		json_doc_free(b);
		json_doc_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),           cmocka_unit_test(test_absent_sides),
		cmocka_unit_test(test_arrays),           cmocka_unit_test(test_long_arrays),
		cmocka_unit_test(test_depth_is_bounded), cmocka_unit_test(test_merge_fields),
		cmocka_unit_test(test_merge_clashes),    cmocka_unit_test(test_merge_absent),
		cmocka_unit_test(test_clash_values),     cmocka_unit_test(test_random_documents),
	};

	return cmocka_run_group_tests_name("json-diff", tests, NULL, NULL);
}
