/* Merging commits: branches that go on by themselves and meet again and again, as nodes do that sync. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "merge/conflict.h"
#include "repo/merge_commit.h"
#include "t/unit/desk.h"

#define NODES 4

static const char *const branches[NODES] = { "refs/heads/a", "refs/heads/b", "refs/heads/c", "refs/heads/d" };

static struct commit *head_of(struct desk *d, const char *branch)
{
	struct commit *c = NULL;

	desk_must(d, refs_commit(d->odb, branch, false, &c, &d->err));
	assert_non_null(c);
	return c;
}

static void move(struct desk *d, const char *branch, const struct commit *to, struct odb_batch *batch)
{
	struct ref_change change = { .name = branch,
				     .expect = REF_EXPECT_ANYTHING,
				     .value = { .kind = REF_OBJECT, .object = { to->id, to->loc } } };
	struct ref_transaction t = {
		.changes = &change, .change_count = 1, .batch = batch, .actor = "tester", .reason = "test"
	};

	desk_must(d, refs_apply(d->odb, &t, &d->err));
}

static void put(struct desk *d, const char *branch, const char *path, const char *text)
{
	struct commit_options options = desk_options();
	struct edits *e = desk_edits(d);
	struct commit_result result;

	options.branch = branch;
	options.allow_empty = true;
	desk_put(d, e, path, text);
	desk_must(d, edits_commit(e, &options, &result, &d->err));
	edits_free(e);
}

static void start(struct desk *d)
{
	struct commit *root;

	desk_commit_put(d, "x/root", "{}");
	root = desk_head(d);
	for (int i = 0; i < NODES; i++)
		move(d, branches[i], root, NULL);
	commit_unref(root);
}

/* Merge b's branch into a's. The same the other way about, at the same time. */
static enum merge_kind meet(struct desk *d, const char *a, const char *b)
{
	auto_commit *ours = head_of(d, a);
	auto_commit *theirs = head_of(d, b);
	auto_commit *made = NULL;
	struct merge_result one, two;
	struct odb_batch *batch, *other;

	desk_must(d, odb_batch_new(d->odb, &batch, &d->err));
	desk_must(d, odb_batch_new(d->odb, &other, &d->err));
	desk_must(d, merge_automatic(d->repo, batch, ours, theirs, &one, &d->err));
	desk_must(d, merge_automatic(d->repo, other, theirs, ours, &two, &d->err));
	assert_true(oid_equal(&one.commit->id, &two.commit->id));
	assert_int_equal(one.stats.conflict_count, two.stats.conflict_count);
	if (one.kind != MERGE_NOTHING)
		move(d, a, one.commit, batch);
	commit_unref(one.commit);
	commit_unref(two.commit);
	odb_batch_free(batch);
	odb_batch_free(other);
	if (one.kind == MERGE_MADE) {
		made = head_of(d, a);
		assert_int_equal(merge_verify(d->repo, made, &d->err), 1);
	}
	return one.kind;
}

static void test_kinds(void **state)
{
	struct desk *d = *state;
	auto_commit *c = NULL;

	start(d);
	assert_int_equal(meet(d, branches[0], branches[1]), MERGE_NOTHING);
	put(d, branches[1], "x/1", "1");
	assert_int_equal(meet(d, branches[0], branches[1]), MERGE_FORWARD);
	put(d, branches[0], "x/2", "2");
	assert_int_equal(meet(d, branches[1], branches[0]), MERGE_FORWARD);
	put(d, branches[0], "x/3", "3");
	put(d, branches[1], "x/4", "4");
	assert_int_equal(meet(d, branches[0], branches[1]), MERGE_MADE);
	c = head_of(d, branches[0]);
	assert_true(merge_is_automatic(c));
	assert_int_equal(c->parent_count, 2);
	assert_int_equal(meet(d, branches[1], branches[0]), MERGE_FORWARD);
}

/* All changes of all nodes are in the head that they come to share, or among its terms. */
static void test_nodes(void **state)
{
	struct desk *d = *state;
	char path[32], text[64];
	auto_commit *head = NULL;
	struct tree_root root;
	uint64_t conflicts;

	start(d);
	for (int step = 0; step < 300; step++) {
		size_t node = desk_random(d, NODES);

		if (desk_random(d, 3)) {
			snprintf(path, sizeof(path), "c%d/%d", (int)desk_random(d, 2), (int)desk_random(d, 12));
			snprintf(text, sizeof(text), "{\"f%d\":%d}", (int)desk_random(d, 3), step);
			put(d, branches[node], path, text);
			snprintf(path, sizeof(path), "own/%d", step);
			put(d, branches[node], path, "1");
		} else {
			meet(d, branches[node], branches[(node + 1 + desk_random(d, NODES - 1)) % NODES]);
		}
	}
	for (int round = 0; round < 2 * NODES; round++)
		for (int i = 0; i < NODES; i++)
			for (int k = 0; k < NODES; k++)
				if (i != k)
					meet(d, branches[i], branches[k]);
	head = head_of(d, branches[0]);
	for (int i = 1; i < NODES; i++) {
		auto_commit *other = head_of(d, branches[i]);

		assert_true(oid_equal(&head->id, &other->id));
	}
	root = (struct tree_root){ head->tree.id, head->tree.loc };
	desk_must(d, conflict_count(repo_nodes(d->repo), &root, &conflicts, &d->err));
	assert_true(conflicts > 0);
}

/* Two lines that merge each other at each step: each merge has two bases, each of which has two ... */
static void test_ladder(void **state)
{
	struct desk *d = *state;
	char text[64];
	auto_commit *head = NULL;
	struct tree_root root;
	uint64_t conflicts;

	start(d);
	for (int step = 0; step < 40; step++) {
		auto_commit *a = NULL;

		snprintf(text, sizeof(text), "{\"a\":%d}", step);
		put(d, branches[0], "x/a", text);
		snprintf(text, sizeof(text), "{\"b\":%d}", step);
		put(d, branches[1], "x/b", text);
		/* What the other had before it merged us. */
		a = head_of(d, branches[0]);
		move(d, branches[2], a, NULL);
		put(d, branches[0], "x/c", text);
		put(d, branches[1], "x/d", text);
		meet(d, branches[0], branches[1]);
		meet(d, branches[1], branches[2]);
	}
	assert_int_equal(meet(d, branches[0], branches[1]), MERGE_MADE);
	head = head_of(d, branches[0]);
	root = (struct tree_root){ head->tree.id, head->tree.loc };
	desk_must(d, conflict_count(repo_nodes(d->repo), &root, &conflicts, &d->err));
	assert_int_equal(conflicts, 0);
	desk_holds(d, &root, "x/a", "{\"a\":39}");
	desk_holds(d, &root, "x/b", "{\"b\":39}");
}

/* Far apart: what is between costs nothing. */
static void test_far(void **state)
{
	struct desk *d = *state;
	char path[32];
	auto_commit *head = NULL;
	struct tree_root root;

	start(d);
	for (int i = 0; i < 600; i++) {
		snprintf(path, sizeof(path), "far/%d", i % 50);
		put(d, branches[i % 2], path, i % 2 ? "{\"odd\":1}" : "{\"even\":1}");
	}
	assert_int_equal(meet(d, branches[0], branches[1]), MERGE_MADE);
	head = head_of(d, branches[0]);
	root = (struct tree_root){ head->tree.id, head->tree.loc };
	desk_holds(d, &root, "far/1", "{\"odd\":1}");
	desk_holds(d, &root, "far/2", "{\"even\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kinds, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_nodes, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_ladder, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_far, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
