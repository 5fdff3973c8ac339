/* The change feed of a branch that is moved about at random: who applies what it says has the state of the tip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "refs/refs.h"
#include "repo/feed.h"
#include "t/unit/dag_model.h"

#define DOCUMENT_COUNT 12
#define COMMIT_COUNT 160
#define BRANCH "refs/heads/watched"

struct fixture {
	struct dag dag;
	struct tree_root trees[COMMIT_COUNT];
	struct oid state[DOCUMENT_COUNT]; /* of the reader; zero: absent */
	struct feed_position at;
	size_t tip;
	uint64_t stop;                    /* one in so many events ends the reader */
	size_t changes, backs, resets;
};

static void path_of(size_t n, char out[16])
{
	snprintf(out, 16, "%s/%zu", n % 3 ? "a" : "b", n);
}

static void put(struct fixture *f, struct tree_root *root, size_t n, unsigned number)
{
	char text[32], name[16];
	struct document doc = { .form = DOCUMENT_INLINE, .mode = DOCUMENT_NO_MODE, .data = (const unsigned char *)text };
	struct tree_change change = { .document = number ? &doc : NULL };
	struct drift_error err;

	path_of(n, name);
	path_split(name, strlen(name), &change.path);
	doc.len = (size_t)snprintf(text, sizeof(text), "{\"n\":%u}", number);
	if (tree_edit_array(odb_batch_nodes(f->dag.batch), root, &change, 1, root, &err) < 0)
		fail_msg("%s", err.message);
}

static void fixture_open(struct fixture *f, uint64_t seed)
{
	dag_open(&f->dag, seed);
	for (size_t i = 0; i < COMMIT_COUNT; i++) {
		size_t near = i < 6 ? i : 6;
		size_t parents[2] = { i ? i - 1 - dag_random(&f->dag, near) : 0, i > 1 ? i - 1 - dag_random(&f->dag, near) : 0 };
		struct dag_commit c = { .parents = parents, .parent_count = i ? 1 : 0, .tree = &f->trees[i] };

		/* Now and then a history of its own. */
		if (i && !dag_random(&f->dag, 40))
			c.parent_count = 0;
		tree_empty(&f->trees[i]);
		if (c.parent_count)
			f->trees[i] = f->trees[parents[0]];
		for (uint64_t edits = dag_random(&f->dag, 4); edits; edits--)
			put(f, &f->trees[i], dag_random(&f->dag, DOCUMENT_COUNT), (unsigned)dag_random(&f->dag, 3));
		if (c.parent_count && parents[0] != parents[1] && !dag_random(&f->dag, 2))
			c.parent_count = 2;
		c.time_usec = (int64_t)i * 1000000;
		c.recorded = dag_random(&f->dag, 4) > 0;
		dag_add(&f->dag, &c);
	}
	dag_flush(&f->dag, NULL, COMMIT_COUNT - 1);
	for (size_t i = 0; i < COMMIT_COUNT; i++)
		f->trees[i] = (struct tree_root){ f->dag.commits[i]->tree.id, f->dag.commits[i]->tree.loc };
}

static void look(struct fixture *f, const struct tree_root *root, const struct path *path, struct oid *out)
{
	struct node *node = NULL;
	struct document doc;
	struct drift_error err;
	int found = tree_get(repo_nodes(f->dag.repo), root, path, &node, &doc, &err);

	memset(out, 0, sizeof(*out));
	if (found < 0)
		fail_msg("%s", err.message);
	if (found)
		document_id(&doc, out);
	node_unref(node);
}

static void apply(struct fixture *f, const struct feed_event *event)
{
	auto_buf text = BUF_INIT;
	size_t n;
	char name[16];
	struct oid *to;

	path_format(&event->path, &text);
	n = (size_t)strtoul(text.data + 2, NULL, 10);
	assert_true(n < DOCUMENT_COUNT);
	path_of(n, name);
	assert_string_equal(text.data, name);
	to = &f->state[n];
	if (event->commit) {
		const struct tree_root root = { event->commit->tree.id, event->commit->tree.loc };

		look(f, &root, &event->path, to);
	} else {
		memset(to, 0, sizeof(*to));
	}
	assert_int_equal(oid_is_zero(to), event->change == CHANGE_DELETE);
}

static int each(void *data, const struct feed_event *event, struct drift_error *err)
{
	struct fixture *f = data;

	(void)err;
	f->changes += event->kind == FEED_CHANGE;
	f->backs += event->kind == FEED_BACK;
	f->resets += event->kind == FEED_RESET;
	if (event->kind != FEED_RESET)
		apply(f, event);
	f->at = event->next;
	return f->stop && !dag_random(&f->dag, f->stop);
}

static void move(struct fixture *f, size_t to)
{
	struct ref_change change = { .name = BRANCH, .value = { .kind = REF_OBJECT } };
	const struct ref_transaction t = { .changes = &change, .change_count = 1, .actor = "test", .reason = "move", .time_usec = 1 };
	struct drift_error err;

	change.value.object = (struct object_ref){ f->dag.commits[to]->id, f->dag.commits[to]->loc };
	if (refs_apply(repo_odb(f->dag.repo), &t, &err))
		fail_msg("%s", err.message);
	f->tip = to;
}

/* Read to the end, beginning again wherever it stops. */
static void read_all(struct fixture *f)
{
	auto_buf text = BUF_INIT;
	char name[16];
	int r;

	do {
		struct feed_options options = { .ref = BRANCH, .since = f->at, .each = each, .data = f };
		auto_feed *feed = NULL;
		struct drift_error err;

		r = feed_open(f->dag.repo, &options, &feed, &err) ? -1 : feed_run(feed, &err);
		if (r < 0)
			fail_msg("%s", err.message);
		if (!r)
			assert_true(oid_equal(&feed_commit(feed)->id, &f->dag.commits[f->tip]->id));
		buf_clear(&text);
		feed_position_format(&f->at, &text);
		assert_true(feed_position_parse(text.data, &f->at) || !strcmp(text.data, "@seq:0"));
	} while (r);
	for (size_t n = 0; n < DOCUMENT_COUNT; n++) {
		struct path path;
		struct oid is;

		path_of(n, name);
		path_split(name, strlen(name), &path);
		look(f, &f->trees[f->tip], &path, &is);
		if (!oid_equal(&is, &f->state[n]))
			fail_msg("%s is not what the tip (commit %zu) has", name, f->tip);
	}
}

static void check(uint64_t stop)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	fixture_open(f, model_seed());
	f->stop = stop;
	for (size_t i = 0; i < 120 * model_rounds(1); i++) {
		/* Forward mostly, and anywhere. */
		move(f, dag_random(&f->dag, 3) && f->tip + 12 < COMMIT_COUNT ? f->tip + dag_random(&f->dag, 12) :
									     dag_random(&f->dag, COMMIT_COUNT));
		/* At times the branch is elsewhere before all was read. */
		if (dag_random(&f->dag, 4))
			read_all(f);
	}
	read_all(f);
	assert_true(f->changes && f->backs && f->resets);
	dag_close(&f->dag);
	free(f);
}

static void test_reader_stays(void **state)
{
	(void)state;
	check(0);
}

static void test_reader_comes_and_goes(void **state)
{
	(void)state;
	check(5);
}

static void test_positions_as_text(void **state)
{
	static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000001";
	static const char *const bad[] = { "", "main", "@seq:1", "00+1", "+1" };
	static const char *const ends[] = { "+", "+0", "+01", "+x", "+1x", "+-1", "+1234567890123456", "1", " " };
	struct feed_position at;
	char text[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(feed_position_parse(bad[i], &at), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(text, sizeof(text), "%s%s", zeros, ends[i]);
		assert_int_equal(feed_position_parse(text, &at), 0);
	}
	assert_int_equal(feed_position_parse(zeros, &at), 1);
	assert_int_equal(at.told, 0);
	snprintf(text, sizeof(text), "%s+70", zeros);
	assert_int_equal(feed_position_parse(text, &at), 1);
	assert_int_equal(at.told, 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader_stays),
		cmocka_unit_test(test_reader_comes_and_goes),
		cmocka_unit_test(test_positions_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
