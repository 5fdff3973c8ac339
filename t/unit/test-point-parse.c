#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "repo/point_parse.h"

#define NOW_US INT64_C(1704207845000000)    /* 2024-01-02T15:04:05Z */
#define YEAR_2024 INT64_C(1704067200000000) /* 2024-01-01T00:00:00Z */

static void append_steps(const struct point_text *p, struct buf *out)
{
	size_t i;

	for (i = 0; i < p->step_count; i++) {
		const struct point_step *s = &p->steps[i];

		switch (s->kind) {
		case POINT_ANCESTOR:
		case POINT_PARENT:
			buf_addf(out, "%c%llu", s->kind == POINT_ANCESTOR ? '~' : '^', (unsigned long long)s->number);
			break;
		case POINT_PEEL:
			buf_add_str(out, "^{}");
			break;
		case POINT_PEEL_COMMIT:
			buf_add_str(out, "^{commit}");
			break;
		case POINT_PEEL_TREE:
			buf_add_str(out, "^{tree}");
			break;
		}
	}
}

/* A point in words: "ref=main id=abcd time=5 ~1". */
static void describe(const struct point_text *p, struct buf *out)
{
	if (p->candidates & (POINT_REF | POINT_REFLOG_INDEX | POINT_REFLOG_TIME))
		buf_addf(out, "ref=%.*s ", (int)p->ref.len, p->ref.data);
	if (p->candidates & POINT_SEQ)
		buf_addf(out, "seq=%llu ", (unsigned long long)p->seq);
	if (p->candidates & POINT_NOW)
		buf_add_str(out, "now ");
	if (p->candidates & POINT_TIME)
		buf_addf(out, "time=%lld ", (long long)(p->time_us - YEAR_2024));
	if (p->candidates & POINT_REFLOG_TIME)
		buf_addf(out, "was=%lld ", (long long)(p->time_us - YEAR_2024));
	if (p->candidates & POINT_REFLOG_INDEX)
		buf_addf(out, "moves=%llu ", (unsigned long long)p->reflog_index);
	if (p->candidates & POINT_ID)
		buf_addf(out, "id=%s ", p->id);
	append_steps(p, out);
	if (out->len && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
}

static void points(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "main", "ref=main" },
		{ "HEAD~3", "ref=HEAD ~3" },
		{ "@", "ref=HEAD" },
		{ "@~", "ref=HEAD ~1" },
		{ "refs/heads/x^2~0^", "ref=refs/heads/x ^2~0^1" },
		{ "v1^{commit}~1^{tree}", "ref=v1 ^{commit}~1^{tree}" },
		{ "v1^{}", "ref=v1 ^{}" },
		{ "@seq:12", "seq=12" },
		{ "@seq:0~1", "seq=0 ~1" },
		{ "\"@seq:12\"~1", "seq=12 ~1" },
		{ "'@now'", "ref=@now now" },
		{ "@now", "ref=@now now" },
		{ "@nowhere", "ref=@nowhere" },
		{ "2024-01-01", "ref=2024-01-01 time=0" },
		{ "2024-01-02~1", "ref=2024-01-02 time=86400000000 ~1" },
		{ "2024-01-01T00:00", "time=0" },
		{ "2024-01-01T00:00:01Z", "time=1000000" },
		{ "2024-01-01t00:00:01.5z", "time=1500000" },
		{ "2024-01-01 01:00:00+01:00", "time=0" },
		{ "2024-01-01T00:00:00-00:30^", "time=1800000000 ^1" },
		{ "'2024-01-01 00:00:00.25'", "time=250000" },
		{ "2024-01-01-release", "ref=2024-01-01-release" },
		{ "2024-13-45", "ref=2024-13-45" },
		{ "abcd", "ref=abcd id=abcd" },
		{ "ABCD12", "ref=ABCD12 id=abcd12" },
		{ "abc", "ref=abc" },
		{ "1234~2", "ref=1234 id=1234 ~2" },
		{ "deadbeefg", "ref=deadbeefg" },
		{ "main@{2}", "ref=main moves=2" },
		{ "main@{0}~1", "ref=main moves=0 ~1" },
		{ "@{1}", "ref= moves=1" },
		{ "@@{1}", "ref=HEAD moves=1" },
		{ "abcd@{1}", "ref=abcd moves=1" },
		{ "@now@{1}", "ref=@now moves=1" },
		{ "a/b@{2024-01-01}", "ref=a/b was=0" },
		{ "main@{2024-01-01 00:00:02}", "ref=main was=2000000" },
		{ "main@{2 days ago}", "ref=main was=-32155000000" },
		{ "@{2024-01-01T00:00:00Z}^{tree}", "ref= was=0 ^{tree}" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct drift_error err = { 0 };
		struct point_text p;
		auto_buf got = BUF_INIT;

		if (point_parse(cases[i].text, strlen(cases[i].text), NOW_US, &p, &err))
			fail_msg("%s: %s", cases[i].text, err.message);
		describe(&p, &got);
		assert_string_equal(got.data, cases[i].expected);
		assert_int_equal(p.text.len, strlen(cases[i].text));
	}
}

static void ids(void **state)
{
	char hex[POINT_ID_MAX + 2];
	struct point_text p;

	(void)state;
	memset(hex, 'a', sizeof(hex));
	assert_int_equal(point_parse(hex, POINT_ID_MAX, NOW_US, &p, NULL), 0);
	assert_int_equal(p.candidates, POINT_ID | POINT_REF);
	assert_int_equal(p.id_len, POINT_ID_MAX);
	assert_int_equal(point_parse(hex, POINT_ID_MAX + 1, NOW_US, &p, NULL), 0);
	assert_int_equal(p.candidates, POINT_REF);
}

static void malformed(void **state)
{
	static const struct {
		const char *text;
		int at; /* the character that the message names */
	} cases[] = {
		{ "", 1 },
		{ "~1", 1 },
		{ "main~x", 6 },
		{ "main~01", 6 },
		{ "main^{blob}", 6 },
		{ "main^{", 6 },
		{ "a b", 1 },
		{ "@seq:", 6 },
		{ "@seq:x", 6 },
		{ "@seq:1x", 7 },
		{ "@seq:-1", 6 },
		{ "main@{", 6 },
		{ "main@{}", 7 },
		{ "main@{foo}", 7 },
		{ "main@{1}x", 9 },
		{ "'main", 1 },
		{ "\"main~1\"", 6 },
		{ "''", 2 },
		{ "main:x", 5 },
		{ "a..b", 2 },
		{ "^main", 1 },
		{ "v^{tree}~1", 9 },
		{ "2024-01-01T25:00:00", 1 },
		{ "2024-01-01T10:00:00 ", 1 },
		{ "2024-02-30T10:00Z", 1 },
		{ "main~9007199254740992", 21 },
		{ "@seq:99999999999999999999", 21 },
		{ "main.lock", 1 },
		{ "a//b", 1 },
		{ "main@{01}", 7 },
		{ "@@{1", 3 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct drift_error err = { 0 };
		struct point_text p;
		char expected[32];

		if (!point_parse(cases[i].text, strlen(cases[i].text), NOW_US, &p, &err))
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.code, DRIFT_ERR_INVALID);
		snprintf(expected, sizeof(expected), ": character %d: ", cases[i].at);
		if (!strstr(err.message, expected))
			fail_msg("'%s', expected character %d: %s", cases[i].text, cases[i].at, err.message);
	}
}

static void limits(void **state)
{
	struct drift_error err = { 0 };
	auto_buf text = BUF_INIT;
	struct point_text p;
	size_t i;

	(void)state;
	buf_add_str(&text, "main");
	for (i = 0; i < POINT_STEP_MAX; i++)
		buf_add_byte(&text, '^');
	assert_int_equal(point_parse(text.data, text.len, NOW_US, &p, &err), 0);
	assert_int_equal(p.step_count, POINT_STEP_MAX);
	buf_add_byte(&text, '^');
	assert_int_equal(point_parse(text.data, text.len, NOW_US, &p, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
	while (text.len <= POINT_LEN_MAX)
		buf_add_byte(&text, 'x');
	assert_int_equal(point_parse(text.data, text.len, NOW_US, &p, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
	assert_int_equal(point_parse("a\0b", 3, NOW_US, &p, &err), -1);
}

static void documents(void **state)
{
	static const struct {
		const char *text, *point, *path;
	} cases[] = {
		{ "main:users/1", "ref=main", "users/1" },
		{ "main~2:a:b..c", "ref=main ~2", "a:b..c" },
		{ "main:", "ref=main", "" },
		{ "main", "ref=main", NULL },
		{ "@seq:4:users/1", "seq=4", "users/1" },
		{ "2024-01-01T00:00:01Z:users/1", "time=1000000", "users/1" },
		{ "2024-01-01T00:01:users/1", "time=60000000", "users/1" },
		{ "2024-01-01:10", "ref=2024-01-01 time=0", "10" },
		{ "main@{2024-01-01 00:00}:x", "ref=main was=0", "x" },
		{ "'2024-01-01':12:00", "ref=2024-01-01 time=0", "12:00" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct drift_error err = { 0 };
		auto_buf got = BUF_INIT;
		struct point_text p;
		struct text path;

		if (point_parse_document(cases[i].text, strlen(cases[i].text), NOW_US, &p, &path, &err))
			fail_msg("%s: %s", cases[i].text, err.message);
		describe(&p, &got);
		assert_string_equal(got.data, cases[i].point);
		assert_int_equal(path.data != NULL, cases[i].path != NULL);
		if (path.data)
			assert_string_equal(path.data, cases[i].path);
	}
	assert_int_equal(point_parse_document(":x", 2, NOW_US, &(struct point_text){ 0 }, &(struct text){ 0 }, NULL),
			 -1);
}

static void ranges(void **state)
{
	static const struct {
		const char *text;
		enum point_range_kind kind;
		const char *a, *b;
	} cases[] = {
		{ "main", POINT_SINGLE, NULL, "ref=main" },
		{ "^main~1", POINT_EXCLUDE, NULL, "ref=main ~1" },
		{ "a..b", POINT_DIFFERENCE, "ref=a", "ref=b" },
		{ "a...b", POINT_SYMMETRIC, "ref=a", "ref=b" },
		{ "a..", POINT_DIFFERENCE, "ref=a", "ref=HEAD" },
		{ "..b", POINT_DIFFERENCE, "ref=HEAD", "ref=b" },
		{ "..", POINT_DIFFERENCE, "ref=HEAD", "ref=HEAD" },
		{ "...b", POINT_SYMMETRIC, "ref=HEAD", "ref=b" },
		{ "@seq:1..@seq:5", POINT_DIFFERENCE, "seq=1", "seq=5" },
		{ "2024-01-01T00:00:00.5..2024-01-02", POINT_DIFFERENCE, "time=500000",
		  "ref=2024-01-02 time=86400000000" },
		{ "v1.0~2..v1.1^{}", POINT_DIFFERENCE, "ref=v1.0 ~2", "ref=v1.1 ^{}" },
		{ "'a'..\"b\"", POINT_DIFFERENCE, "ref=a", "ref=b" },
	};
	static const char *const bad[] = {
		"", "a..b..c", "a....b", "^", "^a..b", "a..^b", "a:x..b", "a.. b", "a..b:x"
	};
	struct point_text_range r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_buf a = BUF_INIT, b = BUF_INIT;
		struct drift_error err = { 0 };

		if (point_parse_range(cases[i].text, strlen(cases[i].text), NOW_US, &r, &err))
			fail_msg("%s: %s", cases[i].text, err.message);
		assert_int_equal(r.kind, cases[i].kind);
		describe(&r.b, &b);
		assert_string_equal(b.data, cases[i].b);
		if (cases[i].a)
			describe(&r.a, &a);
		assert_string_equal(a.data, cases[i].a ? cases[i].a : "");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!point_parse_range(bad[i], strlen(bad[i]), NOW_US, &r, NULL))
			fail_msg("accepted: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points), cmocka_unit_test(ids),       cmocka_unit_test(malformed),
		cmocka_unit_test(limits), cmocka_unit_test(documents), cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
