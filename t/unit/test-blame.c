#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "merge/blame.h"

/* Feed versions (newest first, ended by NULL), numbered from `first` down. */
static struct blame *blame_of(const char *const *versions, uint64_t first)
{
	struct drift_error err = { 0 };
	struct blame *b;

	assert_int_equal(blame_new(&b, NULL), 0);
	for (; *versions; versions++, first--) {
		struct text t = { *versions, strlen(*versions) };

		if (blame_feed(b, first, &t, &err))
			fail_msg("%s", err.message);
	}
	return b;
}

/* "/a=1:5 /b=2:3": pointer, value, commit; or "1:5 2:3": line, commit. */
static void assert_blames(const char *const *versions, uint64_t first, const char *expected)
{
	struct blame *b = blame_of(versions, first);
	auto_buf got = BUF_INIT;
	size_t i;

	for (i = 0; i < blame_count(b); i++) {
		struct blame_part p;

		blame_part(b, i, &p);
		if (i)
			buf_add_byte(&got, ' ');
		if (blame_kind(b) == DOC_JSON)
			buf_addf(&got, "%.*s=%.*s", (int)p.pointer.len, p.pointer.data, (int)p.value.len, p.value.data);
		else
			buf_addf(&got, "%zu", p.line);
		buf_addf(&got, ":%llu", (unsigned long long)p.commit);
	}
	assert_string_equal(got.data, expected);
	blame_free(b);
}

#define BLAMES(expected, ...) assert_blames((const char *const[]){ __VA_ARGS__, NULL }, 9, expected)

static void fields(void **state)
{
	(void)state;
	BLAMES("/a=1:9", "{\"a\":1}");
	BLAMES("/a=1:7 /b=2:9", "{\"a\":1,\"b\":2}", "{\"a\":1.0,\"b\":3}", "{\"b\":3,\"a\":1}");
	BLAMES("/a=1:8 /b/c=[]:7 /b/d=\"x\":9", "{\"a\":1,\"b\":{\"c\":[],\"d\":\"x\"}}", "{\"a\":1,\"b\":{\"c\":[]}}",
	       "{\"b\":{\"c\":[]}}", "{\"b\":{\"c\":[1]}}");
	/* A value that came back belongs to when it did. */
	BLAMES("/a=1:9", "{\"a\":1}", "{\"a\":2}", "{\"a\":1}");
	BLAMES("=1:8", "1", "1", "2");
	BLAMES("={}:9", "{}", "{\"a\":1}");
	BLAMES("=null:9", "null", "no json");
	BLAMES("/a~1b/0=1:8", "{\"a/b\":[1]}", "{\"a/b\":[1]}");
}

static void elements(void **state)
{
	(void)state;
	BLAMES("/0=0:9 /1=1:7 /2=2:7", "[0,1,2]", "[1,2]", "[1,2]");
	BLAMES("/0=2:7 /1=3:8", "[2,3]", "[1,2,3]", "[1,2]");
	BLAMES("/0/n=1:8 /0/v=5:9 /1/n=2:7 /2/n=3:9", "[{\"n\":1,\"v\":5},{\"n\":2},{\"n\":3}]",
	       "[{\"n\":1,\"v\":4},{\"n\":2}]", "[{\"n\":2}]");
	BLAMES("/l/0/0=1:7 /l/1=\"x\":9", "{\"l\":[[1],\"x\"]}", "{\"l\":[[1]]}", "{\"l\":[[1]]}");
}

static void lines(void **state)
{
	(void)state;
	BLAMES("1:9 2:9", "a\nb");
	BLAMES("1:7 2:9 3:8 4:7", "a\nX\nn\nc\n", "a\nb\nn\nc\n", "a\nb\nc\n");
	BLAMES("1:9 2:7 3:7", "new\na\nb\n", "old\nother\na\nb\n", "a\nb\n");
	BLAMES("1:9", "a", "a\n");
	BLAMES("1:8", "a\n", "a\n", "");
	BLAMES("1:7 2:8", "a\nb\n", "a\nb\n", "a\n", "{}");
}

static void stops(void **state)
{
	struct text one = { "{\"a\":1}", 7 }, two = { "{\"a\":2}", 7 }, empty = { "", 0 }, binary = { "a\0b", 3 };
	struct blame_part p;
	struct blame *b;

	(void)state;
	assert_int_equal(blame_new(&b, NULL), 0);
	assert_false(blame_done(b));
	assert_int_equal(blame_feed(b, 5, NULL, NULL), -1);
	assert_int_equal(blame_feed(b, 5, &one, NULL), 0);
	assert_false(blame_done(b));
	assert_int_equal(blame_feed(b, 4, &two, NULL), 0);
	assert_true(blame_done(b));
	assert_int_equal(blame_feed(b, 3, &one, NULL), 0);
	blame_part(b, 0, &p);
	assert_int_equal(p.commit, 5);
	blame_free(b);

	assert_int_equal(blame_new(&b, NULL), 0);
	assert_int_equal(blame_feed(b, 5, &one, NULL), 0);
	assert_int_equal(blame_feed(b, 4, &one, NULL), 0);
	assert_int_equal(blame_feed(b, 3, NULL, NULL), 0);
	assert_true(blame_done(b));
	blame_part(b, 0, &p);
	assert_int_equal(p.commit, 4);
	blame_free(b);

	assert_int_equal(blame_new(&b, NULL), 0);
	assert_int_equal(blame_feed(b, 5, &empty, NULL), 0);
	assert_true(blame_done(b));
	assert_int_equal(blame_count(b), 0);
	blame_free(b);

	assert_int_equal(blame_new(&b, NULL), 0);
	assert_int_equal(blame_feed(b, 5, &binary, NULL), 0);
	assert_int_equal(blame_feed(b, 4, &binary, NULL), 0);
	assert_int_equal(blame_feed(b, 3, &one, NULL), 0);
	assert_true(blame_done(b));
	assert_int_equal(blame_count(b), 1);
	blame_part(b, 0, &p);
	assert_int_equal(p.commit, 4);
	blame_free(b);
}

#define KEY_COUNT 12
#define VERSION_COUNT 30

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

static void write_version(const int *values, bool lines_only, struct buf *out)
{
	const char *separator = "{";
	int k;

	for (k = 0; k < KEY_COUNT; k++) {
		if (values[k] < 0)
			continue;
		if (lines_only)
			buf_addf(out, "line %d %d\n", k, values[k]);
		else
			buf_addf(out, "%s\"k%d\":{\"v\":%d}", separator, k, values[k]);
		separator = ",";
	}
	if (!lines_only)
		buf_add_str(out, *separator == '{' ? "{}" : "}");
}

/* Random edits of fields, and of lines that differ: as a model that looks at each value alone. */
static void against_model(bool lines_only, uint32_t seed)
{
	int values[VERSION_COUNT][KEY_COUNT];
	struct blame *b;
	size_t v, part = 0;
	int k;

	for (v = 0; v < VERSION_COUNT; v++)
		for (k = 0; k < KEY_COUNT; k++)
			values[v][k] = !v || random_next(&seed) % 8 == 0 ? (int)(random_next(&seed) % 4) - 1 :
									   values[v - 1][k];
	values[VERSION_COUNT - 1][0] = 3;
	assert_int_equal(blame_new(&b, NULL), 0);
	for (v = VERSION_COUNT; v--;) {
		auto_buf bytes = BUF_INIT;
		struct text t;

		write_version(values[v], lines_only, &bytes);
		t = (struct text){ bytes.data, bytes.len };
		assert_int_equal(blame_feed(b, v, &t, NULL), 0);
	}
	for (k = 0; k < KEY_COUNT; k++) {
		struct blame_part p;

		if (values[VERSION_COUNT - 1][k] < 0)
			continue;
		for (v = VERSION_COUNT - 1; v && values[v - 1][k] == values[VERSION_COUNT - 1][k]; v--)
			;
		blame_part(b, part++, &p);
		assert_int_equal(p.commit, v);
	}
	assert_int_equal(blame_count(b), part);
	blame_free(b);
}

static void random_edits(void **state)
{
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= 200; seed++) {
		against_model(false, seed);
		against_model(true, seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields), cmocka_unit_test(elements),     cmocka_unit_test(lines),
		cmocka_unit_test(stops),  cmocka_unit_test(random_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
