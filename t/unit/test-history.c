/* The history of every path of a random graph of commits, against a model that looks at all states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "repo/history.h"
#include "repo/writer.h"
#include "t/unit/dag_model.h"

#define PATH_COUNT 6
#define BULK_COUNT (CHANGE_LIST_MAX + 5)

static const char *const paths[PATH_COUNT] = { "alone", "a/1", "a/2", "a/2/deep", "b/x", "schema-less/long/key" };

/* Of every commit: what each path holds, 0 for nothing; bulk documents too. */
struct state {
	unsigned content[PATH_COUNT];
	unsigned bulk;
	struct tree_root tree;
};

struct fixture {
	struct dag dag;
	struct model model;
	struct state states[MODEL_COMMIT_MAX];
	unsigned counter;
};

static size_t content_of(unsigned number, char text[32])
{
	return (size_t)snprintf(text, 32, "{\"n\":%u}", number);
}

static void put(struct fixture *f, struct tree_root *root, const char *path, unsigned number)
{
	char text[32];
	struct document doc = { .form = DOCUMENT_INLINE, .data = (const unsigned char *)text };
	struct tree_change change = { .document = number ? &doc : NULL };
	struct drift_error err;

	doc.len = content_of(number, text);
	path_split(path, strlen(path), &change.path);
	if (tree_edit_array(odb_batch_nodes(f->dag.batch), root, &change, 1, root, &err) < 0)
		fail_msg("%s", err.message);
}

static void put_bulk(struct fixture *f, struct tree_root *root, unsigned number)
{
	static char names[BULK_COUNT][32];
	static struct tree_change changes[BULK_COUNT];
	char text[32];
	struct document doc = { .form = DOCUMENT_INLINE, .data = (const unsigned char *)text };
	struct drift_error err;

	doc.len = content_of(number, text);
	for (size_t i = 0; i < BULK_COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "bulk/%05zu", i);
		changes[i].document = &doc;
		path_split(names[i], strlen(names[i]), &changes[i].path);
	}
	if (tree_edit_array(odb_batch_nodes(f->dag.batch), root, changes, BULK_COUNT, root, &err) < 0)
		fail_msg("%s", err.message);
}

/* Some paths from one parent, some from another, some new. */
static void make_state(struct fixture *f, size_t i, bool bulk)
{
	const struct model *m = &f->model;
	struct state *s = f->states + i;
	struct dag *d = &f->dag;

	tree_empty(&s->tree);
	memset(s->content, 0, sizeof(s->content));
	s->bulk = 0;
	if (m->parent_count[i])
		*s = f->states[m->parents[i][0]];
	for (size_t p = 0; p < PATH_COUNT; p++) {
		unsigned number = s->content[p];

		if (m->parent_count[i] > 1)
			number = f->states[m->parents[i][dag_random(d, m->parent_count[i])]].content[p];
		if (!dag_random(d, 4))
			number = dag_random(d, 4) ? ++f->counter : 0;
		if (number != s->content[p])
			put(f, &s->tree, paths[p], number);
		s->content[p] = number;
	}
	if (bulk) {
		s->bulk = ++f->counter;
		put_bulk(f, &s->tree, s->bulk);
	}
}

static void add_commit(struct fixture *f, uint64_t straight, bool bulk)
{
	struct model *m = &f->model;
	struct dag *d = &f->dag;
	size_t i = m->count, numbers[MODEL_PARENT_MAX];
	struct dag_commit c = { .parents = numbers, .recorded = true, .tree = &f->states[i].tree };

	model_parents(m, i, straight, 2);
	make_state(f, i, bulk);
	for (size_t n = 0; n < m->parent_count[i]; n++)
		numbers[n] = m->first + m->parents[i][n];
	c.parent_count = m->parent_count[i];
	c.time_usec = (int64_t)dag_random(d, 50) * 1000000;
	dag_add(d, &c);
	m->count++;
}

/* Where trees are is known anew after that. */
static void flush(struct fixture *f)
{
	dag_flush(&f->dag, REF_HEADS "main", f->model.count - 1);
	for (size_t i = 0; i < f->model.count; i++)
		f->states[i].tree.loc = LOC_UNKNOWN;
}

static void fixture_open(struct fixture *f, uint64_t seed, uint64_t straight, size_t count)
{
	memset(f, 0, sizeof(*f));
	dag_open(&f->dag, seed);
	f->model.dag = &f->dag;
	for (size_t i = 0; i < count; i++) {
		add_commit(f, straight, i == 5 || i == 20);
		if (!dag_random(&f->dag, 3))
			flush(f);
	}
	flush(f);
}

static enum change_kind kind_of(unsigned from, unsigned to)
{
	if (from == to)
		return CHANGE_NONE;
	return !from ? CHANGE_ADD : !to ? CHANGE_DELETE : CHANGE_MODIFY;
}

/* What the commit did to the path, CHANGE_NONE if it did nothing against some parent. */
static enum change_kind wanted_kind(const struct fixture *f, size_t i, size_t p)
{
	const struct model *m = &f->model;
	enum change_kind first = CHANGE_NONE;

	if (!m->parent_count[i])
		return kind_of(0, f->states[i].content[p]);
	for (size_t n = m->parent_count[i]; n--;) {
		first = kind_of(f->states[m->parents[i][n]].content[p], f->states[i].content[p]);
		if (first == CHANGE_NONE)
			break;
	}
	return first;
}

static bool newer(const struct commit *x, const struct commit *y)
{
	if (x->time_usec != y->time_usec)
		return x->time_usec > y->time_usec;
	return x->gen != y->gen ? x->gen > y->gen : oid_compare(&x->id, &y->id) < 0;
}

static void check_event(struct fixture *f, size_t i, size_t p, struct history *h, const struct history_event *event)
{
	struct document document;
	char text[32];
	size_t len = content_of(f->states[i].content[p], text);

	assert_true(oid_equal(&event->commit->id, &model_commit(&f->model, i)->id));
	assert_int_equal(event->kind, wanted_kind(f, i, p));
	assert_int_equal(event->present, f->states[i].content[p] != 0);
	/* Of every other event, and there as often as one likes. */
	for (size_t again = 0; i % 2 && again < 2; again++) {
		assert_int_equal(history_document(h, &document, NULL), event->present);
		if (event->present) {
			assert_int_equal(document.len, len);
			assert_memory_equal(document.data, text, len);
		}
	}
}

static void check_history(struct fixture *f, size_t tip, size_t p)
{
	const struct model *m = &f->model;
	struct point from = { .commit = model_commit(m, tip) };
	auto_history *h = NULL;
	struct history_event event;
	struct drift_error err;
	struct document document;
	uint64_t wanted = 0;

	for (size_t i = 0; i < m->count; i++) {
		if ((m->ancestors[tip] >> i & 1) && wanted_kind(f, i, p) != CHANGE_NONE)
			wanted |= UINT64_C(1) << i;
	}
	if (history_open(f->dag.repo, &from, paths[p], strlen(paths[p]), &h, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(history_document(h, &document, NULL), 0);
	while (wanted) {
		size_t next = m->count;

		for (size_t i = 0; i < m->count; i++) {
			if ((wanted >> i & 1) && (next == m->count || newer(model_commit(m, i), model_commit(m, next))))
				next = i;
		}
		wanted &= ~(UINT64_C(1) << next);
		if (history_next(h, &event, &err) != 1)
			fail_msg("the history of %s from %zu lacks commit %zu", paths[p], tip, next);
		check_event(f, next, p, h, &event);
	}
	assert_int_equal(history_next(h, &event, &err), 0);
	assert_int_equal(history_document(h, &document, NULL), 0);
}

static bool wanted_touch(const struct fixture *f, size_t i, uint64_t set, bool bulk)
{
	const struct model *m = &f->model;
	static const struct state nothing = { .bulk = 0 };

	for (size_t n = 0; n < (m->parent_count[i] ? m->parent_count[i] : 1); n++) {
		const struct state *parent = m->parent_count[i] ? f->states + m->parents[i][n] : &nothing;
		bool differs = bulk && parent->bulk != f->states[i].bulk;

		for (size_t p = 0; p < PATH_COUNT; p++)
			differs = differs || ((set >> p & 1) && parent->content[p] != f->states[i].content[p]);
		if (!differs)
			return false;
	}
	return true;
}

static void check_touches(struct fixture *f, size_t i)
{
	static const struct {
		const char *names[2];
		size_t count;
		uint64_t set;
		bool bulk;
	} cases[] = {
		{ { NULL }, 0, 63, true },          { { "a/" }, 1, 14, false },
		{ { "a" }, 1, 14, false },          { { "a/2" }, 1, 4, false },
		{ { "a/2/" }, 1, 8, false },        { { "alone" }, 1, 1, false },
		{ { "b/x", "a/1" }, 2, 18, false }, { { "bulk/", "alone" }, 2, 1, true },
		{ { "nothing/" }, 1, 0, false },
	};

	for (size_t k = 0; k < ARRAY_SIZE(cases); k++) {
		struct drift_error err;
		int rc = history_touches(f->dag.repo, model_commit(&f->model, i), cases[k].names, cases[k].count, &err);

		if (rc < 0)
			fail_msg("%s", err.message);
		if (rc != wanted_touch(f, i, cases[k].set, cases[k].bulk))
			fail_msg("does commit %zu touch case %zu: %d", i, k, rc);
	}
}

static int count_change(void *data, const struct path *path, const struct document *a, const struct document *b,
			struct drift_error *err)
{
	size_t *counts = data;

	(void)path;
	(void)err;
	counts[!a ? CHANGE_ADD : !b ? CHANGE_DELETE : CHANGE_MODIFY]++;
	return 0;
}

static void check_changes(struct fixture *f, size_t i)
{
	const struct model *m = &f->model;
	size_t counts[4] = { 0 }, wanted[4] = { 0 };
	struct tree_diff_options options = { .prefix = "a/", .prefix_len = 2, .each = count_change, .data = counts };

	for (size_t p = 1; p < 4; p++) {
		unsigned from = m->parent_count[i] ? f->states[m->parents[i][0]].content[p] : 0;

		wanted[kind_of(from, f->states[i].content[p])]++;
	}
	wanted[CHANGE_NONE] = 0;
	assert_int_equal(history_changes(f->dag.repo, model_commit(m, i), &options, NULL), 0);
	assert_memory_equal(counts, wanted, sizeof(counts));
}

static void test_against_model(void **state)
{
	uint64_t seed = model_seed();

	(void)state;
	for (size_t round = 0; round < model_rounds(4); round++) {
		struct fixture *f = calloc(1, sizeof(*f));

		assert_non_null(f);
		/* Every other one without merges. */
		fixture_open(f, seed + round, round % 2 ? 10 : 7, 50);
		for (size_t tip = 0; tip < f->model.count; tip++) {
			for (size_t p = 0; p < PATH_COUNT; p++)
				check_history(f, tip, p);
			check_touches(f, tip);
			check_changes(f, tip);
		}
		dag_close(&f->dag);
		free(f);
	}
}

/* A commit that comes a second time, as from another import, stands behind its own descendants. */
static void test_stored_twice(void **state)
{
	uint64_t seed = model_seed();

	(void)state;
	for (size_t again = 0; again < 12; again++) {
		struct fixture *f = calloc(1, sizeof(*f));
		struct commit *twice;
		struct drift_error err;

		assert_non_null(f);
		fixture_open(f, seed, 10, 12);
		if (writer_add_commit(f->dag.repo, f->dag.batch, model_commit(&f->model, again), &twice, &err) < 0)
			fail_msg("%s", err.message);
		assert_true(oid_equal(&twice->id, &model_commit(&f->model, again)->id));
		commit_unref(twice);
		flush(f);
		for (size_t tip = 0; tip < f->model.count; tip++)
			for (size_t p = 0; p < PATH_COUNT; p++)
				check_history(f, tip, p);
		dag_close(&f->dag);
		free(f);
	}
}

static void test_refused(void **state)
{
	struct dag d;
	struct history *h;
	struct history_event event;
	struct point nothing = POINT_INIT, tree = { .bare_tree = true };
	struct drift_error err;

	(void)state;
	dag_open(&d, 1);
	assert_int_equal(history_open(d.repo, &nothing, "a/b", 3, &h, &err), 0);
	assert_int_equal(history_next(h, &event, &err), 0);
	history_free(h);
	assert_int_equal(history_open(d.repo, &nothing, "a//b", 4, &h, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	assert_int_equal(history_open(d.repo, &tree, "a/b", 3, &h, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	dag_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_stored_twice),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
