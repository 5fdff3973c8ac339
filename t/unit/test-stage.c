/* The stage: what is staged, dropped, committed, and what clashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/documents.h"
#include "repo/stage.h"
#include "t/unit/desk.h"

static void stage_edits(struct desk *d, struct edits *e)
{
	desk_must(d, stage_add(d->repo, e, NULL, "tester", NULL, &d->err));
	edits_free(e);
}

static void stage_put(struct desk *d, const char *path, const char *text)
{
	struct edits *e = desk_edits(d);

	desk_put(d, e, path, text);
	stage_edits(d, e);
}

static void stage_remove(struct desk *d, const char *path)
{
	struct edits *e = desk_edits(d);

	desk_remove(d, e, path);
	stage_edits(d, e);
}

static void assert_staged(struct desk *d, uint64_t expected)
{
	uint64_t count;

	desk_must(d, stage_count(d->repo, &count, &d->err));
	assert_int_equal(count, expected);
}

static int list_one(void *data, const char *path, size_t path_len, const struct staged *s, struct drift_error *err)
{
	struct buf *out = data;

	(void)err;
	buf_add_byte(out, s->op == STAGED_REMOVE ? '-' : s->replaced_present ? '~' : '+');
	buf_add(out, path, path_len);
	buf_add_byte(out, ' ');
	return 0;
}

static void assert_list(struct desk *d, const char *prefix, const char *expected)
{
	auto_buf out = BUF_INIT;

	desk_must(d, stage_each(d->repo, prefix, strlen(prefix), list_one, &out, &d->err));
	assert_string_equal(out.data, expected);
}

static struct commit_result commit_stage(struct desk *d)
{
	struct commit_options options = desk_options();
	struct commit_result r;

	memset(&r, 0, sizeof(r));
	desk_must(d, stage_commit(d->repo, &options, &r, &d->err));
	return r;
}

static int try_commit(struct desk *d)
{
	struct commit_options options = desk_options();
	struct commit_result r;

	return stage_commit(d->repo, &options, &r, &d->err);
}

static void staged_changes_are_committed(void **state)
{
	struct desk *d = *state;
	struct commit_result r;

	desk_commit_put(d, "users/1", "one");
	desk_commit_put(d, "users/2", "two");
	stage_put(d, "users/3", "three");
	stage_put(d, "users/1", "ONE");
	stage_remove(d, "users/2");
	desk_reopen(d);
	assert_staged(d, 3);
	assert_list(d, "", "~users/1 -users/2 +users/3 ");
	desk_head_holds(d, "users/1", "one");
	r = commit_stage(d);
	assert_int_equal(r.seq, 3);
	assert_int_equal(r.changed_count, 3);
	assert_staged(d, 0);
	assert_list(d, "", "");
	desk_head_holds(d, "users/1", "ONE");
	desk_head_holds(d, "users/2", NULL);
	desk_head_holds(d, "users/3", "three");
	desk_refused(d, try_commit(d), DRIFT_ERR_NOTHING, "nothing is staged");
}

static void order_and_prefixes(void **state)
{
	struct desk *d = *state;

	stage_put(d, "a/x", "1");
	stage_put(d, "a-b/x", "1");
	stage_put(d, "users", "1");
	stage_put(d, "users/1", "1");
	stage_put(d, "users/10", "1");
	stage_put(d, "users/2/x", "1");
	stage_put(d, "usual", "1");
	assert_list(d, "", "+users +usual +a/x +a-b/x +users/1 +users/10 +users/2/x ");
	assert_list(d, "users", "+users +users/1 +users/10 +users/2/x ");
	assert_list(d, "users/", "+users/1 +users/10 +users/2/x ");
	assert_list(d, "users/1", "+users/1 +users/10 ");
	assert_list(d, "us", "+users +usual +users/1 +users/10 +users/2/x ");
	assert_list(d, "a", "+a/x +a-b/x ");
	assert_list(d, "b/", "");
	assert_list(d, "/x", "");
	assert_list(d, "z", "");
}

/* A path as long as any is staged like others. */
static void long_paths(void **state)
{
	struct desk *d = *state;
	char path[COLLECTION_LEN_MAX + NODE_KEY_MAX + 2];

	memset(path, 'p', sizeof(path));
	path[COLLECTION_LEN_MAX] = '/';
	path[sizeof(path) - 1] = '\0';
	stage_put(d, path, "x");
	commit_stage(d);
	desk_head_holds(d, path, "x");
}

static void staging_again(void **state)
{
	struct desk *d = *state;
	struct oid first;
	struct staged s;
	struct node *node;
	struct edits *e;

	desk_commit_put(d, "a/1", "{\"n\":1}");
	object_hash(OBJECT_BLOB, "{\"n\":1}", 7, &first);
	stage_put(d, "a/1", "{\"n\":2}");
	e = desk_edits(d);
	desk_merge(d, e, "a/1", "{\"m\":3}");
	stage_edits(d, e);
	assert_int_equal(stage_get(d->repo, "a/1", 3, &node, &s, &d->err), 1);
	assert_int_equal(s.op, STAGED_PUT);
	assert_true(s.replaced_present);
	assert_true(oid_equal(&s.replaced, &first));
	assert_int_equal(s.document.len, 13);
	assert_memory_equal(s.document.data, "{\"m\":3,\"n\":2}", 13);
	node_unref(node);
	assert_int_equal(stage_get(d->repo, "a/2", 3, &node, &s, &d->err), 0);
	stage_put(d, "a/1", "{\"n\":1}");
	assert_staged(d, 0);
	stage_put(d, "a/2", "new");
	stage_remove(d, "a/2");
	assert_staged(d, 0);
	stage_remove(d, "a/1");
	e = desk_edits(d);
	desk_remove(d, e, "a/1");
	desk_refused(d, stage_add(d->repo, e, NULL, "tester", NULL, &d->err), DRIFT_ERR_NOT_FOUND, "no document 'a/1'");
	edits_clear(e);
	desk_put(d, e, "a/3", "x");
	desk_merge(d, e, "a/1", "{}");
	desk_refused(d, stage_add(d->repo, e, NULL, "tester", NULL, &d->err), DRIFT_ERR_NOT_FOUND, "no document 'a/1'");
	edits_free(e);
	assert_list(d, "", "-a/1 ");
}

static void clashes_name_the_paths(void **state)
{
	struct desk *d = *state;
	auto_commit *head = NULL;
	struct oid before;

	desk_commit_put(d, "a/1", "one");
	desk_commit_put(d, "a/2", "two");
	stage_put(d, "a/1", "mine");
	stage_remove(d, "a/2");
	stage_put(d, "a/3", "mine");
	stage_put(d, "a/4", "same");
	desk_commit_put(d, "a/1", "theirs");
	desk_commit_put(d, "a/3", "theirs");
	desk_commit_put(d, "a/4", "same");
	before = desk_commit_put(d, "b/1", "other").id;
	desk_refused(d, try_commit(d), DRIFT_ERR_CLASH, "'a/1', 'a/3'");
	assert_null(strstr(d->err.message, "a/2"));
	assert_null(strstr(d->err.message, "a/4"));
	head = desk_head(d);
	assert_true(oid_equal(&head->id, &before));
	assert_staged(d, 4);
	stage_put(d, "a/1", "theirs");
	stage_put(d, "a/3", "theirs");
	assert_list(d, "", "-a/2 +a/4 ");
	assert_int_equal(commit_stage(d).changed_count, 1);
	desk_head_holds(d, "a/2", NULL);
}

static struct staged staged_as(struct desk *d, const char *path)
{
	auto_node *node = NULL;
	struct staged s = { .op = STAGED_REMOVE };

	assert_int_equal(stage_get(d->repo, path, strlen(path), &node, &s, &d->err), 1);
	return s;
}

static void assert_replaces(struct desk *d, const char *path, const char *text)
{
	struct staged s = staged_as(d, path);
	struct oid id;

	object_hash(OBJECT_BLOB, text, strlen(text), &id);
	assert_true(s.replaced_present);
	assert_true(oid_equal(&s.replaced, &id));
}

/* Staged anew as a whole, a document replaces what the branch holds now; a patch of what was staged does not. */
static void staging_again_after_a_clash(void **state)
{
	struct desk *d = *state;
	struct edits *e;

	desk_commit_put(d, "a/1", "{\"n\":1}");
	desk_commit_put(d, "a/2", "{\"n\":1}");
	desk_commit_put(d, "a/3", "{\"n\":1}");
	stage_put(d, "a/1", "{\"n\":2}");
	stage_put(d, "a/2", "{\"n\":2}");
	stage_put(d, "a/3", "{\"n\":2}");
	stage_put(d, "a/4", "mine");
	desk_commit_put(d, "a/1", "{\"n\":3}");
	desk_commit_put(d, "a/2", "{\"n\":3}");
	desk_commit_put(d, "a/3", "{\"n\":2}");
	desk_commit_put(d, "a/4", "theirs");
	e = desk_edits(d);
	desk_merge(d, e, "a/1", "{\"m\":1}");
	desk_merge(d, e, "a/3", "{\"m\":1}");
	stage_edits(d, e);
	assert_replaces(d, "a/1", "{\"n\":1}");
	assert_replaces(d, "a/3", "{\"n\":2}");
	desk_refused(d, try_commit(d), DRIFT_ERR_CLASH, "'a/1', 'a/2', 'a/4'");
	stage_put(d, "a/1", "{\"n\":4}");
	assert_replaces(d, "a/1", "{\"n\":3}");
	stage_remove(d, "a/2");
	assert_replaces(d, "a/2", "{\"n\":3}");
	e = desk_edits(d);
	desk_put(d, e, "a/4", "ours");
	desk_must(d, edits_if_match(e, "a/4", 3, &(struct oid){ .bytes = { 0 } }, &d->err));
	desk_refused(d, stage_add(d->repo, e, NULL, "tester", NULL, &d->err), DRIFT_ERR_CLASH, "a/4");
	edits_free(e);
	stage_put(d, "a/4", "ours");
	assert_replaces(d, "a/4", "theirs");
	assert_int_equal(commit_stage(d).changed_count, 4);
	desk_head_holds(d, "a/1", "{\"n\":4}");
	desk_head_holds(d, "a/2", NULL);
	desk_head_holds(d, "a/3", "{\"m\":1,\"n\":2}");
	desk_head_holds(d, "a/4", "ours");
}

/* Who says what the document must be has seen what is staged, not what the branch holds. */
static void conditions_keep_the_clash(void **state)
{
	struct desk *d = *state;
	struct edits *e = desk_edits(d);
	struct oid id;

	desk_commit_put(d, "a/1", "one");
	stage_put(d, "a/1", "two");
	desk_commit_put(d, "a/1", "three");
	object_hash(OBJECT_BLOB, "two", 3, &id);
	desk_put(d, e, "a/1", "four");
	desk_must(d, edits_if_match(e, "a/1", 3, &id, &d->err));
	stage_edits(d, e);
	assert_replaces(d, "a/1", "one");
	desk_refused(d, try_commit(d), DRIFT_ERR_CLASH, "'a/1'");
}

/* Only ten of many are named. */
static void many_clashes(void **state)
{
	struct desk *d = *state;
	struct edits *mine = desk_edits(d), *theirs = desk_edits(d);
	char path[16];
	unsigned i;

	for (i = 10; i < 40; i++) {
		snprintf(path, sizeof(path), "a/%u", i);
		desk_put(d, mine, path, "mine");
		desk_put(d, theirs, path, "theirs");
	}
	stage_edits(d, mine);
	desk_commit(d, theirs);
	desk_refused(d, try_commit(d), DRIFT_ERR_CLASH, "'a/10'");
	assert_non_null(strstr(d->err.message, "'a/19' and perhaps others"));
	assert_null(strstr(d->err.message, "'a/20'"));
}

/* What the branch has by now is dropped with the refusal. */
static void nothing_left_to_commit(void **state)
{
	struct desk *d = *state;

	stage_put(d, "a/1", "x");
	desk_commit_put(d, "a/1", "x");
	assert_staged(d, 1);
	desk_refused(d, try_commit(d), DRIFT_ERR_NOTHING, NULL);
	assert_staged(d, 0);
}

static bool takes_two(const struct stage_filter *self, const char *path, size_t path_len)
{
	(void)self;
	return path_len == 3 && (!memcmp(path, "a/1", 3) || !memcmp(path, "b/1", 3));
}

static void dropping(void **state)
{
	struct desk *d = *state;
	const struct stage_filter two = { takes_two };
	uint64_t dropped;

	stage_put(d, "a/1", "x");
	stage_put(d, "a/2", "x");
	stage_put(d, "b/1", "x");
	stage_put(d, "c", "x");
	desk_must(d, stage_drop(d->repo, &two, "tester", "unstage two", &dropped, &d->err));
	assert_int_equal(dropped, 2);
	assert_list(d, "", "+c +a/2 ");
	desk_must(d, stage_drop(d->repo, &two, "tester", NULL, &dropped, &d->err));
	assert_int_equal(dropped, 0);
	desk_must(d, stage_drop(d->repo, NULL, "tester", NULL, &dropped, &d->err));
	assert_int_equal(dropped, 2);
	assert_staged(d, 0);
	desk_must(d, stage_drop(d->repo, NULL, "tester", NULL, &dropped, &d->err));
	assert_int_equal(dropped, 0);
}

static void trees(void **state)
{
	struct desk *d = *state;
	struct commit_result first, second;
	struct tree_root tip, old, over;
	struct odb_batch *batch;

	desk_commit_put(d, "a/1", "one");
	first = desk_commit_put(d, "a/2", "two");
	desk_commit_put(d, "a/1", "changed");
	second = desk_commit_put(d, "b/1", "new");
	old = desk_tree(d, &first.id);
	tip = desk_tree(d, &second.id);
	desk_must(d, stage_read_tree(d->repo, &old, NULL, "tester", &d->err));
	assert_list(d, "", "~a/1 -b/1 ");
	desk_must(d, odb_batch_new(d->odb, &batch, &d->err));
	desk_must(d, stage_tree(d->repo, batch, &tip, &over, &d->err));
	assert_true(oid_equal(&over.id, &old.id));
	odb_batch_free(batch);
	commit_stage(d);
	over = desk_head_tree(d);
	assert_true(oid_equal(&over.id, &old.id));
	desk_must(d, stage_read_tree(d->repo, &over, NULL, "tester", &d->err));
	assert_staged(d, 0);
}

/* Enough for every way that large stages take. */
static void large_stages(void **state)
{
	struct desk *d = *state;
	struct edits *e = desk_edits(d);
	struct tree_root tree;
	char path[32], text[2200];
	unsigned i;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "c%u/%u", i % 7, i);
		snprintf(text, sizeof(text), "%0*u", i % 50 ? 5 : 2000, i);
		desk_put(d, e, path, text);
	}
	stage_edits(d, e);
	assert_staged(d, 5000);
	assert_int_equal(commit_stage(d).changed_count, 5000);
	assert_staged(d, 0);
	tree = desk_head_tree(d);
	desk_commit_put(d, "c1/x", "y");
	e = desk_edits(d);
	for (i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "c%u/%u", i % 7, i);
		desk_remove(d, e, path);
	}
	desk_commit(d, e);
	desk_head_holds(d, "c0/0", NULL);
	desk_must(d, stage_read_tree(d->repo, &tree, NULL, "tester", &d->err));
	assert_staged(d, 5001);
	commit_stage(d);
	desk_head_holds(d, "c1/x", NULL);
	snprintf(text, sizeof(text), "%05u", 4999U);
	desk_head_holds(d, "c1/4999", text);
}

static void reasons_are_logged(void **state)
{
	static const char *const expected[] = { "stage: 2 documents", "rm a/1", "patch a/1", "put a/1" };
	struct desk *d = *state;
	struct edits *e;
	uint64_t loc;
	size_t i;

	stage_put(d, "a/1", "{}");
	e = desk_edits(d);
	desk_merge(d, e, "a/1", "{\"x\":1}");
	stage_edits(d, e);
	stage_remove(d, "a/1");
	e = desk_edits(d);
	desk_put(d, e, "a/1", "x");
	desk_put(d, e, "a/2", "x");
	stage_edits(d, e);
	assert_int_equal(odb_ref_log_head(d->odb, REF_STAGE, &loc, &d->err), 1);
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		struct ref_log_entry entry;

		desk_must(d, odb_ref_log_read(d->odb, loc, &entry, &d->err));
		assert_int_equal(entry.reason.len, strlen(expected[i]));
		assert_memory_equal(entry.reason.data, expected[i], entry.reason.len);
		assert_memory_equal(entry.actor.data, "tester", 6);
		assert_int_equal(entry.update_count, 1);
		loc = entry.updates[0].previous_loc;
		ref_log_release(&entry);
	}
}

/* Random staging against a model of the stage over HEAD. */
static void random_staging(void **state)
{
	struct desk *d = *state;
	unsigned head[20] = { 0 }, over[20] = { 0 }, round;
	char path[16], text[16];
	size_t i;

	for (round = 1; round < 400; round++) {
		unsigned staged = 0;

		i = desk_random(d, 20);
		snprintf(path, sizeof(path), "m%zu/%zu", i % 3, i);
		if (over[i] && desk_random(d, 3) == 0) {
			stage_remove(d, path);
			over[i] = 0;
		} else {
			over[i] = 1 + (unsigned)desk_random(d, 3);
			snprintf(text, sizeof(text), "%u", over[i]);
			stage_put(d, path, text);
		}
		for (i = 0; i < 20; i++)
			staged += head[i] != over[i];
		assert_staged(d, staged);
		if (staged && desk_random(d, 10) == 0) {
			assert_int_equal(commit_stage(d).changed_count, staged);
			memcpy(head, over, sizeof(head));
		}
	}
	for (i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "m%zu/%zu", i % 3, i);
		snprintf(text, sizeof(text), "%u", head[i]);
		desk_head_holds(d, path, head[i] ? text : NULL);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(staged_changes_are_committed),
		TEST(order_and_prefixes),
		TEST(long_paths),
		TEST(staging_again),
		TEST(clashes_name_the_paths),
		TEST(staging_again_after_a_clash),
		TEST(conditions_keep_the_clash),
		TEST(many_clashes),
		TEST(nothing_left_to_commit),
		TEST(dropping),
		TEST(trees),
		TEST(large_stages),
		TEST(reasons_are_logged),
		TEST(random_staging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
