/* Edits and commits: what they make of a store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "base/mem.h"
#include "repo/documents.h"
#include "t/unit/desk.h"

static void first_commit_creates_the_branch(void **state)
{
	struct desk *d = *state;
	struct commit_result r = desk_commit_put(d, "users/1", "{\"name\":\"Ada\"}");
	auto_commit *c = desk_head(d);
	struct ref_resolved at;

	assert_int_equal(r.seq, 1);
	assert_int_equal(r.changed_count, 1);
	assert_false(r.rebased);
	assert_non_null(c);
	assert_true(oid_equal(&c->id, &r.id));
	assert_int_equal(c->parent_count, 0);
	assert_int_equal(c->author.who.len, 6);
	assert_memory_equal(c->author.who.data, "tester", 6);
	assert_string_equal(c->author.zone, "+0000");
	assert_memory_equal(c->message.data, "test\n", 5);
	desk_must(d, refs_resolve(d->odb, REF_HEAD, false, &at, &d->err));
	assert_string_equal(at.name, "refs/heads/main");
	desk_head_holds(d, "users/1", "{\"name\":\"Ada\"}");
	desk_reopen(d);
	desk_head_holds(d, "users/1", "{\"name\":\"Ada\"}");
}

static void later_commits_follow(void **state)
{
	struct desk *d = *state;
	struct commit_result a = desk_commit_put(d, "a/1", "one"), b = desk_commit_put(d, "a/1", "two"), c;
	struct tree_root tree;
	struct commit *head;

	c = desk_commit_put(d, "b/1", "three");
	assert_int_equal(b.seq, 2);
	assert_int_equal(c.seq, 3);
	head = desk_head(d);
	assert_int_equal(head->parent_count, 1);
	assert_true(oid_equal(&head->parents[0].id, &b.id));
	commit_unref(head);
	tree = desk_tree(d, &a.id);
	desk_holds(d, &tree, "a/1", "one");
	desk_holds(d, &tree, "b/1", NULL);
	desk_head_holds(d, "a/1", "two");
}

/* A commit that changes nothing, or fails, leaves the branch where it is. */
static void refusals_change_nothing(void **state)
{
	struct desk *d = *state;
	struct commit_result before = desk_commit_put(d, "a/1", "one"), result;
	struct commit_options options = desk_options();
	struct oid id = { { 1 } };
	struct edits *e = desk_edits(d);
	auto_commit *c = NULL;

	desk_put(d, e, "a/1", "one");
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_NOTHING, "nothing to commit");
	desk_put(d, e, "a/2", "two");
	desk_remove(d, e, "x/y");
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_NOT_FOUND, "no document 'x/y'");
	edits_clear(e);
	desk_merge(d, e, "x/y", "{}");
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_NOT_FOUND, "no document 'x/y'");
	edits_clear(e);
	desk_merge(d, e, "a/1", "{}");
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_INVALID, "a/1");
	edits_clear(e);
	desk_put(d, e, "a/2", "two");
	desk_must(d, edits_if_match(e, "a/1", 3, &id, &d->err));
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_CLASH, "a/1");
	edits_clear(e);
	desk_put(d, e, "a/2", "two");
	desk_must(d, edits_if_match(e, "a/1", 3, NULL, &d->err));
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_CLASH, "exists already");
	options.has_expect = true;
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_CLASH, "refs/heads/main");
	options.expect = id;
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_CLASH, "refs/heads/main");
	options = desk_options();
	options.has_time = true;
	options.time_usec = date_now_us() + INT64_C(2) * 86400 * 1000000;
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_INVALID, NULL);
	options = desk_options();
	options.author = "a\nb";
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_INVALID, "author");
	edits_free(e);
	c = desk_head(d);
	assert_true(oid_equal(&c->id, &before.id));
	desk_head_holds(d, "a/2", NULL);
}

static void bad_paths_are_refused(void **state)
{
	static const char *const bad[] = { "",
					   "/a",
					   "a//b",
					   "a/",
					   "a/./b",
					   "a/../b",
					   ".drift/x",
					   ".drift/schema/a/b",
					   ".drift/merge/a",
					   ".drift/merge/.lua" };
	struct desk *d = *state;
	struct edits *e = desk_edits(d);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		desk_refused(d, edits_put(e, bad[i], strlen(bad[i]), "x", 1, DOCUMENT_NO_MODE, &d->err),
			     DRIFT_ERR_INVALID, NULL);
	desk_refused(d, edits_patch(e, "a/b", 3, PATCH_MERGE, "{", 1, &d->err), DRIFT_ERR_INVALID, "a/b");
	assert_int_equal(edits_count(e), 0);
	edits_free(e);
}

static void schemas_are_objects(void **state)
{
	struct desk *d = *state;
	struct commit_options options = desk_options();
	struct commit_result result;
	struct edits *e = desk_edits(d);
	struct tree_root tree;
	struct descriptor desc;

	desk_put(d, e, ".drift/schema/users", "[1]");
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_INVALID, "schema");
	desk_put(d, e, ".drift/schema/users", "{");
	desk_refused(d, edits_commit(e, &options, &result, &d->err), DRIFT_ERR_INVALID, "schema");
	desk_put(d, e, ".drift/schema/users", " {}");
	desk_put(d, e, ".drift/merge/sum.lua", "return 1");
	desk_commit(d, e);
	tree = desk_head_tree(d);
	assert_int_equal(tree_collection(repo_nodes(d->repo), &tree, "users", 5, &desc, &d->err), 1);
	assert_true(desc.has_schema);
	assert_false(desc.has_root);
}

/* Edits of one path in one set. */
static void later_edits_win(void **state)
{
	struct desk *d = *state;
	struct edits *e = desk_edits(d);

	desk_put(d, e, "a/1", "{\"x\":1}");
	desk_put(d, e, "a/2", "first");
	desk_merge(d, e, "a/1", "{\"y\":2}");
	desk_put(d, e, "a/2", "second");
	desk_merge(d, e, "a/1", "{\"x\":null,\"z\":[3]}");
	desk_put(d, e, "a/3", "gone");
	desk_remove(d, e, "a/3");
	desk_remove(d, e, "a/4");
	desk_put(d, e, "a/4", "back");
	assert_int_equal(desk_commit(d, e).changed_count, 3);
	desk_head_holds(d, "a/1", "{\"y\":2,\"z\":[3]}");
	desk_head_holds(d, "a/2", "second");
	desk_head_holds(d, "a/3", NULL);
	desk_head_holds(d, "a/4", "back");
}

static void patches_follow_the_tip(void **state)
{
	static const char json_patch[] =
		"[{\"op\":\"test\",\"path\":\"/n\",\"value\":2},{\"op\":\"replace\",\"path\":\"/n\",\"value\":3}]";
	struct desk *d = *state;
	struct commit_options options = desk_options();
	struct commit_result result;
	struct edits *mine;

	desk_commit_put(d, "c/1", "{\"n\":1,\"who\":\"a\"}");
	mine = desk_edits(d);
	desk_merge(d, mine, "c/1", "{\"who\":\"b\"}");
	desk_commit_put(d, "c/1", "{\"n\":2,\"who\":\"a\"}");
	desk_commit(d, mine);
	desk_head_holds(d, "c/1", "{\"n\":2,\"who\":\"b\"}");
	mine = desk_edits(d);
	desk_must(d, edits_patch(mine, "c/1", 3, PATCH_JSON, json_patch, sizeof(json_patch) - 1, &d->err));
	desk_must(d, edits_commit(mine, &options, &result, &d->err));
	desk_head_holds(d, "c/1", "{\"n\":3,\"who\":\"b\"}");
	desk_refused(d, edits_commit(mine, &options, &result, &d->err), DRIFT_ERR_CLASH, "c/1");
	edits_free(mine);
}

static void modes_of_files_stay(void **state)
{
	struct desk *d = *state;
	struct edits *e = desk_edits(d);
	struct tree_root tree;
	struct document doc;
	auto_buf out = BUF_INIT;

	desk_must(d, edits_put(e, "src/run", 7, "#!", 2, 0100755, &d->err));
	desk_must(d, edits_put(e, "src/link", 8, "run", 3, 0120000, &d->err));
	desk_commit(d, e);
	e = desk_edits(d);
	desk_put(d, e, "src/run", "#!/bin/sh");
	desk_put(d, e, "src/link", "no link");
	desk_commit(d, e);
	tree = desk_head_tree(d);
	assert_int_equal(documents_get(d->repo, &tree, "src/run", 7, &out, &doc, &d->err), 1);
	assert_int_equal(doc.mode, 0100755);
	assert_int_equal(documents_get(d->repo, &tree, "src/link", 8, &out, &doc, &d->err), 1);
	assert_int_equal(doc.mode, DOCUMENT_NO_MODE);
}

/* Compressible or not, over and under every threshold. */
static char *make_text(struct desk *d, size_t len)
{
	char *text = malloc(len + 1);
	size_t i;

	assert_non_null(text);
	for (i = 0; i < len; i++)
		text[i] = (char)('a' + desk_random(d, 26));
	text[len] = '\0';
	return text;
}

static void documents_of_all_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 1023, 1024, 1025, 5000, 70000, 1200000 };
	struct desk *d = *state;
	char *texts[ARRAY_SIZE(sizes)], path[32];
	struct edits *e = desk_edits(d);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		texts[i] = make_text(d, sizes[i]);
		snprintf(path, sizeof(path), "big/%zu", i);
		desk_put(d, e, path, texts[i]);
	}
	desk_commit(d, e);
	e = desk_edits(d);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i])
			texts[i][sizes[i] / 2] = '!';
		snprintf(path, sizeof(path), "big/%zu", i);
		desk_put(d, e, path, texts[i]);
	}
	assert_int_equal(desk_commit(d, e).changed_count, ARRAY_SIZE(sizes) - 1);
	desk_reopen(d);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(path, sizeof(path), "big/%zu", i);
		desk_head_holds(d, path, texts[i]);
		free(texts[i]);
	}
}

/* More than is held in memory is stored before the commit. */
static void large_documents_are_stored_ahead(void **state)
{
	struct desk *d = *state;
	struct edits *e = desk_edits(d);
	size_t len = (size_t)9 << 20, i;
	char *text = make_text(d, 4096), *big = malloc(len + 1);
	char path[32];

	assert_non_null(big);
	for (i = 0; i < len; i += 4096)
		memcpy(big + i, text, 4096);
	big[len] = '\0';
	for (i = 0; i < 9; i++) {
		big[100] = (char)('0' + i);
		snprintf(path, sizeof(path), "big/%zu", i);
		desk_put(d, e, path, big);
	}
	desk_commit(d, e);
	desk_reopen(d);
	for (i = 0; i < 9; i++) {
		big[100] = (char)('0' + i);
		snprintf(path, sizeof(path), "big/%zu", i);
		desk_head_holds(d, path, big);
	}
	free(text);
	free(big);
}

static void previews_show_the_result(void **state)
{
	struct desk *d = *state;
	struct edits *e = desk_edits(d);
	struct tree_root tree;
	auto_buf out = BUF_INIT;

	desk_commit_put(d, "a/1", "{\"x\":1}");
	desk_commit_put(d, "a/9", "other");
	tree = desk_head_tree(d);
	desk_merge(d, e, "a/1", "{\"y\":2}");
	desk_put(d, e, "a/2", "new");
	desk_remove(d, e, "a/9");
	assert_int_equal(edits_preview(e, &tree, "a/1", 3, &out, &d->err), 1);
	assert_string_equal(out.data, "{\"x\":1,\"y\":2}");
	buf_clear(&out);
	assert_int_equal(edits_preview(e, &tree, "a/2", 3, &out, &d->err), 1);
	assert_string_equal(out.data, "new");
	assert_int_equal(edits_preview(e, &tree, "a/9", 3, &out, &d->err), 0);
	assert_int_equal(edits_preview(e, &tree, "a/0", 3, &out, &d->err), 0);
	edits_free(e);
}

/* Each commit's list has its changes, each with the commit that changed the path before. */
static void changes_are_listed(void **state)
{
	struct desk *d = *state;
	struct commit_result first = desk_commit_put(d, "a/1", "x");
	struct change_list list;
	struct edits *e;
	struct commit *c;

	desk_commit_put(d, "b/1", "y");
	e = desk_edits(d);
	desk_put(d, e, "c/1", "z");
	desk_remove(d, e, "a/1");
	desk_put(d, e, "b/1", "y");
	desk_commit(d, e);
	c = desk_head(d);
	assert_int_equal(odb_change_list(d->odb, c->loc, &list, &d->err), 1);
	commit_unref(c);
	assert_true(list.complete);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.changes[0].kinds, CHANGE_DELETE);
	assert_memory_equal(list.changes[0].path.collection, "a", 1);
	desk_must(d, odb_commit(d->odb, &first.id, LOC_UNKNOWN, &c, &d->err));
	assert_int_equal(list.changes[0].previous_loc, c->loc);
	commit_unref(c);
	assert_int_equal(list.changes[1].kinds, CHANGE_ADD);
	assert_int_equal(list.changes[1].previous_loc, LOC_UNKNOWN);
	change_list_release(&list);
}

static void many_changes_are_marked(void **state)
{
	struct desk *d = *state;
	struct edits *e = desk_edits(d);
	struct commit_result r;
	struct change_list list;
	char path[32];
	auto_commit *c = NULL;
	size_t i;

	for (i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "n/%zu", (i * 7) % 3000);
		desk_put(d, e, path, path);
	}
	r = desk_commit(d, e);
	assert_int_equal(r.changed_count, 3000);
	c = desk_head(d);
	assert_int_equal(odb_change_list(d->odb, c->loc, &list, &d->err), 1);
	assert_false(list.complete);
	change_list_release(&list);
	desk_head_holds(d, "n/2999", "n/2999");
}

/* Commits of one batch are each other's parents and change the same path. */
static void commits_of_one_batch_are_linked(void **state)
{
	struct desk *d = *state;
	struct signature_line who = { .who = { "tester", 6 }, .zone = "+0000" };
	struct object_ref parent = { .loc = LOC_UNKNOWN };
	struct odb_batch *batch;
	struct odb_append append = { .update_count = 0 };
	struct change_list list;
	struct commit *commits[40];
	struct tree_root tree;
	uint64_t ticket;
	size_t i;

	desk_must(d, odb_batch_new(d->odb, &batch, &d->err));
	tree_empty(&tree);
	for (i = 0; i < ARRAY_SIZE(commits); i++) {
		struct document doc = { .data = (const unsigned char *)&i, .len = sizeof(i) };
		struct tree_change change = { .path = { "a", 1, i % 3 ? "x" : "y", 1 }, .document = &doc };
		struct commit from = { .author = who, .committer = who, .parents = &parent, .parent_count = i > 0 };

		desk_must(d, tree_edit_array(odb_batch_nodes(batch), &tree, &change, 1, &tree, &d->err));
		from.tree = (struct object_ref){ tree.id, tree.loc };
		desk_must(d, writer_add_commit(d->repo, batch, &from, &commits[i], &d->err));
		assert_int_equal(commits[i]->seq, i + 1);
		parent = (struct object_ref){ commits[i]->id, LOC_UNKNOWN };
	}
	append.batch = batch;
	desk_must(d, odb_lock(d->odb, &d->err));
	desk_must(d, odb_append(d->odb, &append, &ticket, &d->err));
	odb_unlock(d->odb);
	desk_must(d, odb_sync(d->odb, ticket, &d->err));
	for (i = 3; i < ARRAY_SIZE(commits); i++) {
		size_t before = i % 3 == 0 ? i - 3 : i % 3 == 1 ? i - 2 : i - 1;

		assert_int_equal(odb_change_list(d->odb, commits[i]->loc, &list, &d->err), 1);
		assert_int_equal(list.count, 1);
		assert_int_equal(list.changes[0].previous_loc, commits[before]->loc);
		change_list_release(&list);
	}
	for (i = 0; i < ARRAY_SIZE(commits); i++)
		commit_unref(commits[i]);
	odb_batch_free(batch);
}

static void other_branches(void **state)
{
	struct desk *d = *state;
	struct commit_result base = desk_commit_put(d, "a/1", "main"), r;
	struct ref_change changes[] = {
		{ .name = "refs/heads/side", .value = { .kind = REF_OBJECT, .object = { .id = base.id } } },
		{ .name = "refs/tags/v1", .value = { .kind = REF_OBJECT } },
	};
	struct ref_transaction t = { .changes = changes, .change_count = 2, .actor = "tester", .reason = "test" };
	struct tag tag = { .target = base.id, .target_kind = OBJECT_COMMIT, .name = { "v1", 2 } };
	struct tag *made;
	struct commit_options options = desk_options();
	struct edits *e = desk_edits(d);

	desk_must(d, tag_new(&tag, &made, &d->err));
	desk_must(d, odb_batch_new(d->odb, &t.batch, &d->err));
	desk_must(d, odb_batch_tag(t.batch, made, &changes[1].value.object, &d->err));
	desk_must(d, refs_apply(d->odb, &t, &d->err));
	odb_batch_free(t.batch);
	tag_free(made);
	desk_put(d, e, "a/1", "side");
	options.branch = "refs/heads/side";
	options.has_expect = true;
	options.expect = base.id;
	desk_must(d, edits_commit(e, &options, &r, &d->err));
	assert_int_equal(r.seq, 2);
	desk_head_holds(d, "a/1", "main");
	options.branch = "refs/heads/new";
	desk_refused(d, edits_commit(e, &options, &r, &d->err), DRIFT_ERR_CLASH, "does not exist");
	memset(&options.expect, 0, sizeof(options.expect));
	desk_must(d, edits_commit(e, &options, &r, &d->err));
	assert_int_equal(r.seq, 1);
	options.branch = "refs/tags/v1";
	options.has_expect = false;
	desk_refused(d, edits_commit(e, &options, &r, &d->err), DRIFT_ERR_INVALID, "refs/tags/v1");
	edits_free(e);
}

/* A heavy builder whose branch moves while it works. */
struct slow_builder {
	struct tree_builder base;
	struct desk *d;
	unsigned builds, moves;
};

static int build_slowly(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
			const struct tree_root *base, unsigned attempt, struct tree_root *root_out,
			struct drift_error *err)
{
	struct slow_builder *b = (struct slow_builder *)self;
	struct document doc = { .data = (const unsigned char *)"slow", .len = 4 };
	struct tree_change change = { .path = { "slow", 4, "1", 1 }, .document = &doc };

	(void)tip;
	assert_int_equal(attempt, b->builds++);
	if (b->moves) {
		char text[16];

		assert_false(self->locked);
		snprintf(text, sizeof(text), "%u", b->moves--);
		desk_commit_put(b->d, "fast/1", text);
	}
	return tree_edit_array(odb_batch_nodes(batch), base, &change, 1, root_out, err);
}

static void heavy_commits_are_rebased(void **state)
{
	struct desk *d = *state;
	struct commit_options options = desk_options();
	struct commit_result r;
	unsigned moves;

	for (moves = 0; moves <= 2; moves++) {
		struct slow_builder b = { .base = { .build = build_slowly, .heavy = true }, .d = d, .moves = moves };

		options.allow_empty = true;
		desk_must(d, writer_commit(d->repo, &b.base, &options, &r, &d->err));
		assert_int_equal(b.builds, moves + 1);
		assert_int_equal(r.rebased, moves > 0);
		desk_head_holds(d, "fast/1", moves ? "1" : NULL);
		desk_head_holds(d, "slow/1", "slow");
	}
}

/* --- a model: every point in time, kept in memory --- */

#define MODEL_PATHS 60
#define MODEL_COMMITS 120

struct model_commit {
	struct oid id;
	char *texts[MODEL_PATHS]; /* NULL: absent */
};

static void model_path(size_t i, char *out, size_t size)
{
	static const char *const collections[] = { "a", "a-b", "users", "" };
	const char *collection = collections[i % 4];

	snprintf(out, size, "%s%s%zu", collection, *collection ? "/k/" : "doc", i);
}

static char *model_copy(const char *text)
{
	char *copy = text ? mem_dup_str(text, strlen(text)) : NULL;

	assert_true(copy || !text);
	return copy;
}

/* One random edit in the edits and in the model. */
static void model_edit(struct desk *d, struct edits *e, char **texts, unsigned number)
{
	size_t i = desk_random(d, MODEL_PATHS);
	char path[64], text[2200], fill[2001];

	model_path(i, path, sizeof(path));
	if (texts[i] && desk_random(d, 4) == 0) {
		desk_remove(d, e, path);
		text[0] = '\0';
	} else if (texts[i] && desk_random(d, 2) == 0) {
		snprintf(text, sizeof(text), "{\"n\":%u}", number);
		desk_merge(d, e, path, text);
		snprintf(text, sizeof(text), "%.*s\"n\":%u}", (int)(strstr(texts[i], "\"n\"") - texts[i]), texts[i],
			 number);
	} else {
		size_t len = desk_random(d, 10) ? 0 : desk_random(d, sizeof(fill));

		memset(fill, 'x', len);
		fill[len] = '\0';
		snprintf(text, sizeof(text), "{\"fill\":\"%s\",\"n\":%u}", fill, number);
		desk_put(d, e, path, text);
	}
	free(texts[i]);
	texts[i] = *text ? model_copy(text) : NULL;
}

static void check_model(struct desk *d, const struct model_commit *m)
{
	struct tree_root tree = desk_tree(d, &m->id);
	char path[64];
	size_t i;

	for (i = 0; i < MODEL_PATHS; i++) {
		model_path(i, path, sizeof(path));
		desk_holds(d, &tree, path, m->texts[i]);
	}
}

static void every_point_in_time_is_kept(void **state)
{
	struct desk *d = *state;
	struct model_commit *model = calloc(MODEL_COMMITS, sizeof(*model));
	char *texts[MODEL_PATHS] = { NULL };
	struct commit_options options = desk_options();
	unsigned number = 0;
	size_t i, j;

	assert_non_null(model);
	options.allow_empty = true;
	for (i = 0; i < MODEL_COMMITS; i++) {
		struct edits *e = desk_edits(d);
		struct commit_result r;

		for (j = desk_random(d, 20); j; j--)
			model_edit(d, e, texts, number++);
		desk_must(d, edits_commit(e, &options, &r, &d->err));
		assert_int_equal(r.seq, i + 1);
		edits_free(e);
		model[i].id = r.id;
		for (j = 0; j < MODEL_PATHS; j++)
			model[i].texts[j] = model_copy(texts[j]);
		if (desk_random(d, 20) == 0)
			desk_reopen(d);
	}
	desk_reopen(d);
	for (i = 0; i < MODEL_COMMITS; i++) {
		check_model(d, &model[i]);
		for (j = 0; j < MODEL_PATHS; j++)
			free(model[i].texts[j]);
	}
	for (j = 0; j < MODEL_PATHS; j++)
		free(texts[j]);
	free(model);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_commit_creates_the_branch),
		TEST(later_commits_follow),
		TEST(refusals_change_nothing),
		TEST(bad_paths_are_refused),
		TEST(schemas_are_objects),
		TEST(later_edits_win),
		TEST(patches_follow_the_tip),
		TEST(modes_of_files_stay),
		TEST(documents_of_all_sizes),
		TEST(large_documents_are_stored_ahead),
		TEST(previews_show_the_result),
		TEST(changes_are_listed),
		TEST(many_changes_are_marked),
		TEST(commits_of_one_batch_are_linked),
		TEST(other_branches),
		TEST(heavy_commits_are_rebased),
		TEST(every_point_in_time_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
