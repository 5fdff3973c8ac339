#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "merge/docmerge.h"

/* Outcomes as words: "ours", "theirs", "= merged", "! sentence; sentence". */
static void describe(const struct docmerge *m, struct buf *out)
{
	size_t i;

	switch (m->outcome) {
	case DOCMERGE_OURS:
		buf_add_str(out, "ours");
		break;
	case DOCMERGE_THEIRS:
		buf_add_str(out, "theirs");
		break;
	case DOCMERGE_MERGED:
		buf_add_str(out, "= ");
		buf_add(out, m->merged.data, m->merged.len);
		break;
	case DOCMERGE_ABSENT:
		buf_add_str(out, "absent");
		break;
	case DOCMERGE_CLASH:
		for (i = 0; i < m->clash_count; i++) {
			buf_add_str(out, i ? "; " : "! ");
			docmerge_explain(&m->clashes[i], out);
		}
		break;
	}
}

static void run(const char *base, const char *ours, const char *theirs, struct docmerge *m)
{
	struct text b = { base, base ? strlen(base) : 0 }, o = { ours, ours ? strlen(ours) : 0 };
	struct text t = { theirs, theirs ? strlen(theirs) : 0 };
	struct docmerge_input in = { .base = base ? &b : NULL, .ours = ours ? &o : NULL, .theirs = theirs ? &t : NULL };
	struct drift_error err = { 0 };

	if (docmerge_run(&in, NULL, m, &err))
		fail_msg("%s", err.message);
}

static const char *swapped(const char *outcome)
{
	return strcmp(outcome, "ours") == 0 ? "theirs" : strcmp(outcome, "theirs") == 0 ? "ours" : outcome;
}

/* Both ways round. */
static void assert_merges(const char *base, const char *ours, const char *theirs, const char *expected)
{
	auto_buf got = BUF_INIT, other = BUF_INIT;
	struct docmerge m;

	run(base, ours, theirs, &m);
	describe(&m, &got);
	docmerge_release(&m);
	assert_string_equal(got.data, expected);
	run(base, theirs, ours, &m);
	describe(&m, &other);
	docmerge_release(&m);
	if (ours && theirs && strcmp(ours, theirs) != 0)
		assert_string_equal(other.data, swapped(expected));
}

static void one_sided(void **state)
{
	(void)state;
	assert_merges(NULL, NULL, NULL, "ours");
	assert_merges("a", "b", "b", "ours");
	assert_merges("a", NULL, NULL, "ours");
	assert_merges("a", "b", "a", "ours");
	assert_merges("a", "a", "b", "theirs");
	assert_merges("a", "a", NULL, "theirs");
	assert_merges("a", NULL, "a", "ours");
	assert_merges(NULL, NULL, "x", "theirs");
	assert_merges(NULL, "x", NULL, "ours");
}

static void removed(void **state)
{
	(void)state;
	assert_merges("a\n", NULL, "b\n", "! one side removed what the other changed");
	assert_merges("{\"a\":1}", "{\"a\":2}", NULL, "! one side removed what the other changed");
	assert_merges("{\"a\":1}", "{ \"a\": 1 }", NULL, "theirs");
	assert_merges("{\"a\":1}", NULL, "{ \"a\": 1 }", "ours");
}

static void fields(void **state)
{
	(void)state;
	assert_merges("{\"b\":1,\"a\":1}", "{\"b\":1,\"a\":2}", "{\"b\":3, \"a\":1}", "= {\"a\":2,\"b\":3}");
	assert_merges("{\"a\":1}", "{\"a\":1,\"b\":{\"c\":1}}", "{\"a\":1,\"b\":{\"d\":2}}",
		      "= {\"a\":1,\"b\":{\"c\":1,\"d\":2}}");
	assert_merges("{\"a\":1,\"b\":1}", "{\"b\":1}", "{\"a\":1}", "= {}");
	assert_merges("{\"a\":1}", "{\"a\":2}", "{\"a\":3}", "! both sides changed field /a, differently");
	assert_merges("{\"a\":1,\"b\":{\"x\":1}}", "{\"a\":2,\"b\":{\"x\":2}}", "{\"a\":3,\"b\":{\"x\":3}}",
		      "! both sides changed field /a, differently; both sides changed field /b/x, differently");
	assert_merges("1", "2", "3", "! both sides changed the whole document, differently");
	assert_merges("{\"a\":1}", "{\"a\":2}", "{}", "! both sides changed field /a, differently");
}

/* Bytes that say the same JSON are no change beside one that says something new. */
static void formatting(void **state)
{
	(void)state;
	assert_merges("{\"a\":1}", "{ \"a\":1}", "{\"a\":2 }", "theirs");
	assert_merges("{\"a\":1}", "{\"a\":2 }", "{ \"a\":1}", "ours");
	assert_merges("{\"a\":1}", "{ \"a\":1}", "{\"a\":1 }", "= {\"a\":1}");
	assert_merges("{\"a\":1}", "{ \"a\":2}", "{\"a\":2 }", "= {\"a\":2}");
}

static void added(void **state)
{
	(void)state;
	assert_merges(NULL, "{\"a\":1}", "{\"b\":1}", "= {\"a\":1,\"b\":1}");
	assert_merges(NULL, "{\"a\":1}", "{\"a\":2}", "! both sides changed field /a, differently");
	assert_merges(NULL, "[1]", "[2]", "! both sides added it, differently");
	assert_merges(NULL, "x\n", "y\n", "! both sides added it, differently");
}

static void lines(void **state)
{
	struct docmerge m;

	(void)state;
	assert_merges("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "= A\nb\nc\nd\nE\n");
	assert_merges("a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n", "! both sides changed line 2, differently");
	run("a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n", &m);
	assert_string_equal(m.merged.data, "a\n<<<<<<< ours\nx\n||||||| base\nb\n=======\ny\n>>>>>>> theirs\nc\n");
	assert_int_equal(m.kind, DOC_TEXT);
	docmerge_release(&m);
}

static void kinds_differ(void **state)
{
	struct text base = { "a\0b", 3 }, ours = { "x", 1 }, theirs = { "y", 1 };
	struct docmerge_input in = { .base = &base, .ours = &ours, .theirs = &theirs };
	struct docmerge m;

	(void)state;
	assert_int_equal(docmerge_run(&in, NULL, &m, NULL), 0);
	assert_int_equal(m.outcome, DOCMERGE_CLASH);
	assert_int_equal(m.clashes[0].reason, DOCMERGE_BINARY);
	assert_int_equal(m.merged.len, 0);
	docmerge_release(&m);
	/* Base is no JSON, both sides are: lines that merge into something that is not are refused. */
	assert_merges("[\n1\nx\n2\nx\n]\n", "[\n1\n,\n2\nx\n]\n", "[\n1\nx\n2\n]\n", "= [\n1\n,\n2\n]\n");
	assert_merges("[\n[\n1\n]\n", "[\n1\n]\n", "[\n[\n1\n]\n]\n",
		      "! merged by line it would no longer be valid JSON, which both sides are");
}

static void best_effort_json(void **state)
{
	struct docmerge m;

	(void)state;
	run("{\"a\":1,\"b\":1}", "{\"a\":2,\"b\":1}", "{\"a\":3,\"b\":2}", &m);
	assert_int_equal(m.outcome, DOCMERGE_CLASH);
	assert_int_equal(m.kind, DOC_JSON);
	assert_string_equal(m.merged.data, "{\"a\":2,\"b\":2}");
	assert_string_equal(m.clashes[0].pointer.data, "/a");
	docmerge_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sided),    cmocka_unit_test(removed),
		cmocka_unit_test(fields),       cmocka_unit_test(formatting),
		cmocka_unit_test(added),        cmocka_unit_test(lines),
		cmocka_unit_test(kinds_differ), cmocka_unit_test(best_effort_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
