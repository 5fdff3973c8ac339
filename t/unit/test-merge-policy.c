#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_number.h"
#include "merge/docmerge.h"
#include "merge/merge_policy.h"

static const char longest[] = "function merge(base, a, b) if a == nil or b == nil then return absent end\n"
			      "if type(a) ~= 'string' then return conflict end\n"
			      "return #a >= #b and a or b end";

static int find_script(void *data, struct text name, struct text *source_out, struct drift_error *err)
{
	(void)data;
	if (name.len == 6 && !memcmp(name.data, "refuse", 6))
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "refused");
	*source_out = (struct text){ longest, sizeof(longest) - 1 };
	return name.len == 7 && !memcmp(name.data, "longest", 7);
}

struct table_row {
	const char *policy, *base, *ours, *theirs, *expected;
};

/* "ours", "theirs", "= merged", "absent", "! sentence; ... | winner". */
static void describe(const struct docmerge *m, struct buf *out)
{
	static const char *const sides[] = { "ours", "theirs" };

	switch (m->outcome) {
	case DOCMERGE_OURS:
	case DOCMERGE_THEIRS:
		buf_add_str(out, sides[m->outcome]);
		break;
	case DOCMERGE_MERGED:
		buf_addf(out, "= %s", m->merged.data);
		break;
	case DOCMERGE_ABSENT:
		buf_add_str(out, "absent");
		break;
	case DOCMERGE_CLASH:
		for (size_t i = 0; i < m->clash_count; i++) {
			buf_add_str(out, i ? "; " : "! ");
			docmerge_explain(&m->clashes[i], out);
		}
		buf_addf(out, " | %s", m->winner == DOCMERGE_MERGED ? m->merged.data : sides[m->winner]);
		break;
	}
}

static struct text text_of(const char *s)
{
	return (struct text){ s, s ? strlen(s) : 0 };
}

static void run(const struct merge_policy *policy, const struct table_row *row, enum json_side first, bool decided,
		struct buf *out)
{
	const struct docmerge_rules rules = {
		.rule = merge_policy_rule(policy),
		.first = first,
		.later = JSON_THEIRS,
		.decided = decided,
		.path = { "c/k", 3 },
		.script = find_script,
	};
	const struct text base = text_of(row->base), ours = text_of(row->ours), theirs = text_of(row->theirs);
	const struct docmerge_input input = {
		.base = row->base ? &base : NULL,
		.ours = row->ours ? &ours : NULL,
		.theirs = row->theirs ? &theirs : NULL,
		.rules = &rules,
	};
	struct drift_error err = { 0 };
	struct docmerge m;

	buf_clear(out);
	if (docmerge_run(&input, NULL, &m, &err)) {
		buf_addf(out, "failed: %s", err.message);
		return;
	}
	describe(&m, out);
	docmerge_release(&m);
}

static void check_rows(const struct table_row *rows, size_t count, enum json_side first, bool decided)
{
	for (size_t i = 0; i < count; i++) {
		auto_buf schema = BUF_INIT, got = BUF_INIT;
		struct merge_policy *policy;
		struct drift_error err = { 0 };

		buf_addf(&schema, "{\"merge\":%s}", rows[i].policy);
		if (merge_policy_parse((struct text){ schema.data, schema.len }, true, &policy, &err))
			fail_msg("%s: %s", rows[i].policy, err.message);
		run(policy, &rows[i], first, decided, &got);
		merge_policy_free(policy);
		if (strcmp(got.data, rows[i].expected))
			fail_msg("row %zu: \"%s\" instead of \"%s\"", i, got.data, rows[i].expected);
	}
}
#define CHECK(rows, first, decided) check_rows(rows, sizeof(rows) / sizeof(*rows), first, decided)

static void test_policies(void **state)
{
	static const struct table_row rows[] = {
		{ "\"last-writer\"", "1", "2", "3", "theirs" },
		{ "\"last-writer\"", "1", "2", NULL, "theirs" },
		{ "\"last-writer\"", "1", NULL, "x", "theirs" },
		{ "\"last-writer\"", "1", "2", "1", "ours" },
		{ "\"last-writer\"", "a\n", "b\n", "c\n", "theirs" },
		{ "{\"fields\":{\"/a\":\"last-writer\"}}", "{\"a\":1}", "{\"a\":2,\"b\":1}", "{}", "= {\"b\":1}" },
		{ "\"counter\"", "10", "12", "9", "= 11" },
		{ "\"counter\"", NULL, "12", "9", "= 21" },
		{ "\"counter\"", "0.1", "0.30", "-1e-1", "= 0.1" },
		{ "\"counter\"", "9223372036854775807", "9223372036854775808", "9223372036854775809",
		  "= 9223372036854775810" },
		{ "\"counter\"", "1", "\"x\"", "3", "! both sides changed the whole document, differently | ours" },
		{ "\"counter\"", "1", "1e99999", "3", "! both sides changed the whole document, differently | ours" },
		{ "{\"fields\":{\"/s/n\":\"counter\"}}", "{\"s\":{\"n\":5}}", "{\"s\":{\"n\":6}}", "{\"s\":{\"n\":3}}",
		  "= {\"s\":{\"n\":4}}" },
		{ "{\"fields\":{\"/*/n\":\"counter\",\"/x/n\":\"fields\"}}", "{\"x\":{\"n\":5},\"y\":{\"n\":5}}",
		  "{\"x\":{\"n\":6},\"y\":{\"n\":6}}", "{\"x\":{\"n\":3},\"y\":{\"n\":7}}",
		  "! both sides changed field /x/n, differently | {\"x\":{\"n\":6},\"y\":{\"n\":8}}" },
		{ "\"set\"", "[1,2,3]", "[1,3,4]", "[5,2,1,3,1]", "= [1,3,4,5]" },
		{ "\"set\"", NULL, "[{\"a\":1}]", "[{\"a\":1.0},2]", "= [{\"a\":1},2]" },
		{ "\"set\"", "[1]", "{}", "[2]", "! both sides changed the whole document, differently | ours" },
		{ "{\"policy\":{\"script\":\"longest\"}}", "\"a\"", "\"bb\"", "\"ccc\"", "= \"ccc\"" },
		{ "\"script:longest\"", "a\n", "bbb\n", "cc\n", "= bbb\n" },
		{ "\"script:longest\"", "1", NULL, "2", "absent" },
		{ "\"script:longest\"", "1", "3", "2", "! the merge script leaves it to people | ours" },
		{ "\"script:longest\"", "1", "\"x\"", "2",
		  "! the merge script leaves it to people: longest.lua:3: attempt to get length of a number value | ours" },
		{ "\"script:none\"", "1", "3", "2", "! both sides changed the whole document, differently | ours" },
		{ "\"script:refuse\"", "1", "3", "2", "failed: refused" },
		{ "{\"fields\":{\"/n\":\"script:longest\"}}", "{\"n\":\"a\"}", "{\"n\":\"aaa\",\"x\":1}",
		  "{\"n\":\"aa\"}", "= {\"n\":\"aaa\",\"x\":1}" },
		{ "{\"fields\":{\"/n\":\"script:longest\"}}", "{\"n\":1}", "{\"n\":3,\"x\":1}", "{\"n\":2}",
		  "! both sides changed field /n, differently | ours" },
		{ "{\"fields\":{\"/n\":\"script:longest\"}}", "{\"n\":1}", "{\"n\":3}", "{}", "= {}" },
	};

	(void)state;
	CHECK(rows, JSON_OURS, false);
}

static void test_keyed_arrays(void **state)
{
#define KEYED "{\"fields\":{\"\":{\"key\":\"k\"},\"/*/n\":\"counter\",\"/b/t\":\"set\"}}"
	static const struct table_row rows[] = {
		/* different elements changed; the same element in different fields; counters within */
		{ KEYED, "[{\"k\":1,\"v\":1},{\"k\":2,\"v\":1}]", "[{\"k\":1,\"v\":2},{\"k\":2,\"v\":1}]",
		  "[{\"k\":1,\"v\":1},{\"k\":2,\"v\":3}]", "= [{\"k\":1,\"v\":2},{\"k\":2,\"v\":3}]" },
		{ KEYED, "[{\"k\":1,\"a\":1,\"b\":1}]", "[{\"k\":1,\"a\":2,\"b\":1}]", "[{\"k\":1,\"a\":1,\"b\":2}]",
		  "= [{\"a\":2,\"b\":2,\"k\":1}]" },
		{ KEYED, "[{\"k\":1,\"n\":1}]", "[{\"k\":1,\"n\":3}]", "[{\"k\":1,\"n\":4}]", "= [{\"k\":1,\"n\":6}]" },
		{ KEYED, "[{\"k\":\"b\",\"t\":[1]}]", "[{\"k\":\"b\",\"t\":[1,2]}]", "[{\"k\":\"b\",\"t\":[1,3]}]",
		  "= [{\"k\":\"b\",\"t\":[1,2,3]}]" },
		/* added by both, in their places; removed */
		{ KEYED, "[{\"k\":1}]", "[{\"k\":0},{\"k\":1},{\"k\":2}]", "[{\"k\":1},{\"k\":3}]",
		  "= [{\"k\":0},{\"k\":1},{\"k\":2},{\"k\":3}]" },
		{ KEYED, "[{\"k\":1},{\"k\":2}]", "[{\"k\":2}]", "[{\"k\":1},{\"k\":2},{\"k\":3}]",
		  "= [{\"k\":2},{\"k\":3}]" },
		{ KEYED, "[{\"k\":1},{\"k\":2}]", "[{\"k\":2}]", "[{\"k\":1,\"x\":1},{\"k\":2}]",
		  "! both sides changed field /0, differently | [{\"k\":1,\"x\":1},{\"k\":2}]" },
		{ KEYED, "[{\"k\":1}]", "[{\"k\":1},{\"k\":2,\"v\":1}]", "[{\"k\":1},{\"k\":2,\"v\":2}]",
		  "! both sides changed field /1/v, differently | ours" },
		/* put in another order by one side, by both */
		{ KEYED, "[{\"k\":1},{\"k\":2},{\"k\":3}]", "[{\"k\":1},{\"k\":2},{\"k\":3,\"v\":1}]",
		  "[{\"k\":3},{\"k\":2},{\"k\":1}]", "= [{\"k\":3,\"v\":1},{\"k\":2},{\"k\":1}]" },
		{ KEYED, "[{\"k\":1},{\"k\":2},{\"k\":3}]", "[{\"k\":2},{\"k\":1},{\"k\":3}]",
		  "[{\"k\":3},{\"k\":2},{\"k\":1}]", "= [{\"k\":2},{\"k\":1},{\"k\":3}]" },
		/* no keys, or not one each: as sequences */
		{ KEYED, "[{\"k\":1},{\"k\":1}]", "[{\"k\":1},{\"k\":1},2]", "[0,{\"k\":1},{\"k\":1}]",
		  "= [0,{\"k\":1},{\"k\":1},2]" },
		{ KEYED, "[1]", "[1,{\"k\":1}]", "[1,{\"k\":2}]",
		  "! both sides changed the whole document, differently | ours" },
	};
	static const struct table_row theirs_first[] = {
		{ KEYED, "[{\"k\":1},{\"k\":2},{\"k\":3}]", "[{\"k\":2},{\"k\":1},{\"k\":3}]",
		  "[{\"k\":3},{\"k\":2},{\"k\":1}]", "= [{\"k\":3},{\"k\":2},{\"k\":1}]" },
		{ KEYED, "[{\"k\":1}]", "[{\"k\":1},{\"k\":2,\"v\":1}]", "[{\"k\":1},{\"k\":2,\"v\":2}]",
		  "! both sides changed field /1/v, differently | theirs" },
	};

	(void)state;
	CHECK(rows, JSON_OURS, false);
	CHECK(theirs_first, JSON_THEIRS, false);
}

static void test_decided(void **state)
{
	static const struct table_row rows[] = {
		{ "\"fields\"", "{\"a\":1,\"b\":1}", "{\"a\":2,\"b\":2}", "{\"a\":3,\"b\":1,\"c\":1}",
		  "= {\"a\":3,\"b\":2,\"c\":1}" },
		{ "\"fields\"", "{\"a\":1}", "{\"a\":2}", NULL, "theirs" },
		{ "\"fields\"", "{\"a\":1}", "{\"a\":2}", "{}", "= {}" },
		{ "\"fields\"", "a\nb\nc\n", "A\nb\nx\n", "a\nb\ny\n", "= A\nb\ny\n" },
		{ "\"fields\"", "[1,2,3]", "[0,2,4]", "[1,2,5]", "= [0,2,5]" },
	};

	(void)state;
	CHECK(rows, JSON_THEIRS, true);
}

/* Every state of a value against every other, at depths 1 to 3, as a field and as an element: what a reader would say by hand. */
static const char *const states[] = { NULL, "1", "2", "\"1\"", "null", "[]", "[1]", "{\"x\":1}" };
enum { STATES = sizeof(states) / sizeof(*states) };

static void wrap(const char *value, int depth, bool keyed, struct buf *out)
{
	static const char *const heads[] = { "{\"a\":", "{\"b\":{\"k\":1}, \"a\":", "{\"a\":" };

	buf_clear(out);
	for (int i = 0; i < depth; i++)
		buf_add_str(out, i || !keyed ? heads[i] : "[{\"k\":0},{\"k\":1,\"a\":");
	if (value) {
		buf_add_str(out, value);
	} else { /* the member itself is not there */
		size_t cut = strlen("\"a\":");

		buf_truncate(out, out->len - cut);
		if (out->data[out->len - 1] == ' ')
			buf_truncate(out, out->len - 2);
		else if (out->data[out->len - 1] == ',')
			buf_truncate(out, out->len - 1);
	}
	for (int i = 0; i < depth; i++)
		buf_add_str(out, i == depth - 1 && keyed ? "}]" : "}");
}

static const char *by_hand(const char *base, const char *ours, const char *theirs)
{
	if (ours == theirs || theirs == base)
		return ours ? ours : "absent";
	return ours == base ? theirs ? theirs : "absent" : NULL;
}

static void check_state(const struct merge_policy *policy, const char *const v[3], int depth, bool keyed)
{
	auto_buf base = BUF_INIT, ours = BUF_INIT, theirs = BUF_INIT, want = BUF_INIT, got = BUF_INIT,
		 swapped = BUF_INIT;
	const char *expected = by_hand(v[0], v[1], v[2]);
	struct table_row row, other;

	wrap(v[0], depth, keyed, &base);
	wrap(v[1], depth, keyed, &ours);
	wrap(v[2], depth, keyed, &theirs);
	row = (struct table_row){ .base = base.data, .ours = ours.data, .theirs = theirs.data };
	other = (struct table_row){ .base = base.data, .ours = theirs.data, .theirs = ours.data };
	run(policy, &row, JSON_OURS, false, &got);
	run(policy, &other, JSON_THEIRS, false, &swapped);
	if (!expected) {
		if (got.data[0] != '!' || swapped.data[0] != '!')
			fail_msg("%s %s %s: %s", base.data, ours.data, theirs.data, got.data);
		return;
	}
	wrap(strcmp(expected, "absent") ? expected : NULL, depth, keyed, &want);
	if (strcmp(want.data, !strcmp(got.data, "ours")   ? ours.data :
			      !strcmp(got.data, "theirs") ? theirs.data :
							    got.data + 2))
		fail_msg("%s %s %s: %s", base.data, ours.data, theirs.data, got.data);
	if (strcmp(got.data, !strcmp(swapped.data, "ours")   ? "theirs" :
			     !strcmp(swapped.data, "theirs") ? "ours" :
							       swapped.data))
		assert_true(!strcmp(ours.data, theirs.data));
}

static void test_every_pair(void **state)
{
	static const char schema[] = "{\"merge\":{\"fields\":{\"\":{\"key\":\"k\"}}}}";
	struct merge_policy *policy;

	(void)state;
	assert_int_equal(merge_policy_parse(text_of(schema), true, &policy, NULL), 0);
	for (int i = 0; i < STATES * STATES * STATES * 3; i++) {
		const char *const v[3] = { states[i % STATES], states[i / STATES % STATES],
					   states[i / STATES / STATES % STATES] };
		int depth = i / STATES / STATES / STATES + 1;
		bool objects = v[1] == v[2] || v[0] == v[1] || v[0] == v[2];

		if (!objects && v[1] && v[2] && v[1][0] == '[' && v[2][0] == '[')
			continue; /* two arrays merge as sequences, which has its own rows */
		check_state(NULL, v, depth, false);
		check_state(policy, v, depth, true);
	}
	merge_policy_free(policy);
}

static void test_parsing(void **state)
{
	static const char *const wrong[] = {
		"{\"merge\":1}",
		"{\"merge\":\"best\"}",
		"{\"merge\":{\"policy\":\"best\"}}",
		"{\"merge\":{\"x\":1}}",
		"{\"merge\":{\"fields\":[]}}",
		"{\"merge\":{\"fields\":{\"a\":\"set\"}}}",
		"{\"merge\":{\"fields\":{\"/a\":{\"key\":1}}}}",
		"{\"merge\":{\"fields\":{\"/a\":{\"key\":\"x\",\"script\":\"y\"}}}}",
		"{\"merge\":\"script:\"}",
		"{\"merge\":\"script:../x\"}",
		"{\"merge\":\"script:.x\"}",
		"{\"merge\":{\"fields\":{\"/a~2\":\"set\"}}}",
		"[",
		"{\"merge\":{\"policy\":null}}",
	};
	static const char lenient[] =
		"{\"merge\":{\"policy\":\"new\",\"fields\":{\"/a~1b\":\"counter\",\"/c\":\"newer\"},\"z\":1}}";
	struct merge_policy *policy = NULL;
	struct drift_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (!merge_policy_parse(text_of(wrong[i]), true, &policy, &err))
			fail_msg("%s", wrong[i]);
		assert_int_equal(err.code, DRIFT_ERR_INVALID);
		assert_int_equal(merge_policy_parse(text_of(wrong[i]), false, &policy, &err), 0);
		merge_policy_free(policy);
	}
	assert_int_equal(merge_policy_parse(text_of("{\"primary_key\":\"id\"}"), true, &policy, &err), 0);
	assert_null(policy);
	assert_int_equal(merge_policy_parse(text_of(lenient), false, &policy, &err), 0);
	assert_int_equal(merge_policy_rule(policy)->kind, JSON_RULE_FIELDS);
	assert_int_equal(json_rule_below(merge_policy_rule(policy), "a/b", 3)->kind, JSON_RULE_COUNTER);
	assert_null(json_rule_below(merge_policy_rule(policy), "c", 1));
	merge_policy_free(policy);
	assert_int_equal(merge_policy_from_word(text_of("last-writer"), &policy, &err), 0);
	assert_int_equal(merge_policy_rule(policy)->kind, JSON_RULE_LATER);
	merge_policy_free(policy);
	assert_int_equal(merge_policy_from_word(text_of("ours"), &policy, &err), -1);
}

static void test_sums(void **state)
{
	static const struct {
		const char *a, *b, *minus, *sum;
	} rows[] = {
		{ "1", "2", "3", "0" },
		{ "1", "1", "3", "-1" },
		{ "99", "1", "0", "100" },
		{ "-1", "-2", "97", "-100" },
		{ "0.1", "0.2", "0", "0.3" },
		{ "1e3", "1E-3", "0", "1000.001" },
		{ "100", "0", "0.001", "99.999" },
		{ "-0", "0", "0", "0" },
		{ "5", "0", "10", "-5" },
		{ "1.50", "1.50", "0", "3.00" },
		{ "99999999999999999999", "1", "0", "100000000000000000000" },
		{ "0", "0", "99999999999999999999", "-99999999999999999999" },
	};
	const struct json_number_text far[] = { { "1e4000", 6, 1 }, { "1e-4000", 7, 1 } };
	auto_buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct json_number_text terms[] = { { rows[i].a, strlen(rows[i].a), 1 },
							  { rows[i].b, strlen(rows[i].b), 1 },
							  { rows[i].minus, strlen(rows[i].minus), -1 } };

		buf_clear(&out);
		assert_true(json_number_sum(&out, terms, 3));
		assert_string_equal(out.data, rows[i].sum);
	}
	assert_false(json_number_sum(&out, far, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),   cmocka_unit_test(test_keyed_arrays), cmocka_unit_test(test_decided),
		cmocka_unit_test(test_every_pair), cmocka_unit_test(test_parsing),      cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
