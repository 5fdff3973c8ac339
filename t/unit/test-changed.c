/* Names of what changed between two commits, by the lists of changes: always what the trees say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "repo/changed.h"
#include "t/unit/dag_model.h"

#define COMMIT_COUNT 500

struct fixture {
	struct dag dag;
	struct tree_root trees[COMMIT_COUNT];
	size_t document_count;
};

static void path_number(size_t n, char text[32])
{
	static const char *const names[] = { "a/", "alone", "b/a/", ".drift/schema/c" };

	snprintf(text, 32, "%s%zu", names[n % 8 < 4 ? n % 4 : 0], n);
}

/* Few different contents, so that what was there comes again; number 0 removes. */
static void put(struct fixture *f, struct tree_root *root, size_t n, unsigned number)
{
	char text[32], name[32];
	struct document doc = { .form = DOCUMENT_INLINE, .data = (const unsigned char *)text };
	struct tree_change change = { .document = number ? &doc : NULL };
	struct drift_error err;

	path_number(n, name);
	path_split(name, strlen(name), &change.path);
	doc.len = (size_t)snprintf(text, sizeof(text), "{\"n\":%u}", number);
	if (tree_edit_array(odb_batch_nodes(f->dag.batch), root, &change, 1, root, &err) < 0)
		fail_msg("%s", err.message);
}

/* A line with merges in it and dead ends beside it; one commit of `unrecorded` has no list of changes (0: all have one). */
static void fixture_open(struct fixture *f, uint64_t seed, size_t document_count, uint64_t unrecorded)
{
	memset(f, 0, sizeof(*f));
	f->document_count = document_count;
	dag_open(&f->dag, seed);
	for (size_t i = 0; i < COMMIT_COUNT; i++) {
		struct tree_root *tree = &f->trees[i];
		size_t back = i > 10 && !dag_random(&f->dag, 20) ? 3 : 1;
		size_t parents[2] = { i - back, i > 10 ? i - 2 - dag_random(&f->dag, 8) : 0 };
		struct dag_commit c = { .parents = parents, .parent_count = i ? 1 : 0, .tree = tree };

		tree_empty(tree);
		if (i)
			*tree = f->trees[i - back];
		for (uint64_t edits = dag_random(&f->dag, 4); edits; edits--)
			put(f, tree, dag_random(&f->dag, document_count), (unsigned)dag_random(&f->dag, 3));
		if (i > 10 && parents[0] != parents[1] && !dag_random(&f->dag, 6))
			c.parent_count = 2;
		c.time_usec = (int64_t)i * 1000000;
		c.recorded = !unrecorded || dag_random(&f->dag, unrecorded);
		dag_add(&f->dag, &c);
		if (dag_random(&f->dag, 8) && i + 1 < COMMIT_COUNT)
			continue;
		dag_flush(&f->dag, NULL, i);
		for (size_t k = 0; k <= i; k++)
			f->trees[k].loc = LOC_UNKNOWN;
	}
	for (size_t i = 0; i < COMMIT_COUNT; i++)
		f->trees[i].loc = f->dag.commits[i]->tree.loc;
}

struct names {
	struct buf text;
	uint64_t left; /* stop after so many; 0: never */
};

static int add_name(struct names *n, const struct path *path, enum change_kind kind)
{
	buf_addf(&n->text, "%d ", (int)kind);
	path_format(path, &n->text);
	buf_add_byte(&n->text, '\n');
	return n->left && !--n->left;
}

static int name_by_lists(void *data, const struct path *path, enum change_kind kind, struct drift_error *err)
{
	(void)err;
	return add_name(data, path, kind);
}

static int name_by_trees(void *data, const struct path *path, const struct document *a, const struct document *b,
			 struct drift_error *err)
{
	(void)err;
	return add_name(data, path, !a ? CHANGE_ADD : !b ? CHANGE_DELETE : CHANGE_MODIFY);
}

/* How many differ. */
static size_t compare(struct fixture *f, size_t from, size_t to, const char *prefix, uint64_t left)
{
	struct point a = { .commit = f->dag.commits[from], .tree = f->trees[from] };
	struct point b = { .commit = f->dag.commits[to], .tree = f->trees[to] };
	struct names by_lists = { .text = BUF_INIT, .left = left }, by_trees = by_lists;
	struct changed_options lists = { prefix, strlen(prefix), name_by_lists, &by_lists };
	struct tree_diff_options trees = {
		.prefix = prefix, .prefix_len = strlen(prefix), .each = name_by_trees, .data = &by_trees,
	};
	size_t len;

	assert_int_equal(changed_between(f->dag.repo, &a, &b, &lists, NULL),
			 tree_diff(repo_nodes(f->dag.repo), &a.tree, &b.tree, &trees, NULL));
	len = by_trees.text.len;
	assert_int_equal(by_lists.text.len, len);
	if (len)
		assert_string_equal(by_lists.text.data, by_trees.text.data);
	buf_release(&by_lists.text);
	buf_release(&by_trees.text);
	return len;
}

static void check(uint64_t seed, size_t document_count, uint64_t unrecorded)
{
	static const char *const prefixes[] = { "", "a/", "a/1", "al", "b", ".drift/" };
	struct fixture *f = calloc(1, sizeof(*f));
	size_t found = 0;

	assert_non_null(f);
	fixture_open(f, seed, document_count, unrecorded);
	for (size_t n = 0; n < 300; n++) {
		size_t from = dag_random(&f->dag, COMMIT_COUNT), to = dag_random(&f->dag, COMMIT_COUNT);
		const char *prefix = n % 2 ? prefixes[dag_random(&f->dag, 6)] : "";

		found += compare(f, from, n % 3 ? to : from < 30 ? 0 : from - 30, prefix, n % 5 ? 0 : 1 + n % 7);
	}
	assert_true(found > 0);
	found = compare(f, 0, COMMIT_COUNT - 1, "", 0);
	assert_true(found > 0);
	assert_int_equal(compare(f, COMMIT_COUNT - 1, 0, "", 0), found);
	dag_close(&f->dag);
	free(f);
}

static void test_few_documents(void **state)
{
	(void)state;
	check(model_seed(), 5, 0);
}

static void test_many_documents(void **state)
{
	(void)state;
	check(model_seed(), 2000, 0);
}

static void test_commits_without_lists(void **state)
{
	(void)state;
	check(model_seed(), 200, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_documents),
		cmocka_unit_test(test_many_documents),
		cmocka_unit_test(test_commits_without_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
