#include "t/unit/gc_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/date.h"
#include "objects/odb_files.h"
#include "repo/documents.h"
#include "repo/gc.h"
#include "repo/stage.h"
#include "t/unit/trunk.h"

#define SECOND ((int64_t)1000000)
#define OLD_USEC ((int64_t)1600000000 * SECOND)

static const char *const paths[MODEL_PATHS] = {
	"a/1",  "a/10", "a/11",  "a/12",        "a/13",        "a/14",        "a/15", "a/16",
	"a/17", "a/18", "alone", "b/deep/er/1", "b/deep/er/2", "b/deep/er/3", "b/x",  "c/1",
	"c/2",  "c/3",  "c/4",   "c/5",         "c/6",         "c/7",         "c/8",  "big/1",
};

uint64_t model_random(struct model *m, uint64_t below)
{
	m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (m->random >> 33) % below;
}

void model_fail(const struct model *m, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail_msg("seed %llu, step %u (%s): %s", (unsigned long long)m->seed, m->step, m->what, text);
	abort();
}

void model_must(const struct model *m, int r)
{
	if (r < 0)
		model_fail(m, "%s", m->err.message);
}

const char *model_path(size_t p)
{
	return paths[p];
}

void model_content(const struct model *m, size_t p, unsigned n, struct buf *out)
{
	static const unsigned lengths[] = { 1, 4, 20, 60 };
	unsigned lines = lengths[p % ARRAY_SIZE(lengths)] * (1 + ((unsigned)p + n) % 3), i;

	if (m->large && p + 1 == MODEL_PATHS)
		lines = 40000;
	buf_addf(out, "{\"path\":\"%s\",\"n\":%u", paths[p], n);
	/* Versions are alike: one line in eight is another. */
	for (i = 0; i < lines; i++)
		buf_addf(out, ",\"f%u\":\"%llx\"", i,
			 (unsigned long long)(UINT64_C(0x9e3779b97f4a7c15) *
					      (i + 1 + (n % 8 == i % 8 ? n : 0) + p * 1000)));
	buf_add_str(out, "}");
	assert_int_equal(buf_check(out, NULL), 0);
}

void model_mark(const struct model *m, size_t at, bool *reached)
{
	size_t i, k;

	/* Parents have lower numbers. */
	reached[at] = true;
	for (i = at + 1; i--;)
		for (k = 0; reached[i] && k < m->commits[i].parent_count; k++)
			reached[m->commits[i].parents[k]] = true;
}

bool *model_reachable(const struct model *m)
{
	bool *reached = calloc(m->count + 1, sizeof(*reached));
	size_t i;

	assert_non_null(reached);
	for (i = 0; i < MODEL_REFS; i++)
		if (m->refs[i].value != NO_COMMIT)
			model_mark(m, m->refs[i].value, reached);
	for (i = 0; m->pending && i < m->pending_commit.parent_count; i++)
		model_mark(m, m->pending_commit.parents[i], reached);
	return reached;
}

static int younger_first(const void *a, const void *b, void *data)
{
	const struct model *m = data;
	int64_t x = m->commits[*(const size_t *)a].time_usec, y = m->commits[*(const size_t *)b].time_usec;

	return x < y ? 1 : x > y ? -1 : 0;
}

size_t *model_log(const struct model *m, size_t at, size_t *count_out)
{
	bool *reached = calloc(m->count, sizeof(*reached));
	size_t *order = calloc(m->count, sizeof(*order)), i, count = 0;

	assert_non_null(reached);
	assert_non_null(order);
	model_mark(m, at, reached);
	for (i = 0; i < m->count; i++)
		if (reached[i])
			order[count++] = i;
	qsort_r(order, count, sizeof(*order), younger_first, (void *)(uintptr_t)m);
	free(reached);
	*count_out = count;
	return order;
}

static size_t any_reachable(struct model *m)
{
	bool *reached = model_reachable(m);
	size_t tries, found = NO_COMMIT;

	for (tries = 0; tries < 100 && found == NO_COMMIT && m->count; tries++) {
		size_t at = model_random(m, m->count);

		if (reached[at])
			found = at;
	}
	free(reached);
	return found;
}

static struct repo *any_handle(struct model *m)
{
	return m->repos[model_random(m, MODEL_HANDLES)];
}

static int64_t next_time(struct model *m)
{
	return m->base_usec + (int64_t)m->step * SECOND;
}

static void open_handle(struct model *m, size_t i)
{
	struct repo_options options = { .no_sync = true };

	model_must(m, repo_open(m->dir, &options, &m->repos[i], &m->err));
}

static struct model_commit *add_commit(struct model *m, const struct model_commit *c)
{
	assert_int_equal(mem_grow(&m->commits, &m->capacity, m->count + 1, sizeof(*m->commits)), 0);
	m->commits[m->count] = *c;
	return &m->commits[m->count++];
}

static void move_ref(struct model_ref *ref, size_t value, const struct oid *held)
{
	assert_true(ref->log_count < ARRAY_SIZE(ref->log));
	ref->value = value;
	ref->held = *held;
	ref->log[ref->log_count++] = *held;
}

static struct model_ref *some_ref(struct model *m, bool there, size_t from, size_t end)
{
	size_t i, tries;

	for (tries = 0; tries < 20; tries++) {
		i = from + model_random(m, end - from);
		if ((m->refs[i].value != NO_COMMIT) == there && &m->refs[i] != m->pending_ref)
			return &m->refs[i];
	}
	return NULL;
}

#define BRANCHES 0, 7
#define TAGS 7, MODEL_REFS

/* Another state: some documents put, some removed. At least one differs. */
static void change_state(struct model *m, unsigned state[MODEL_PATHS])
{
	unsigned before[MODEL_PATHS];
	uint64_t n = 1 + model_random(m, model_random(m, 6) ? 3 : 15);
	size_t end = m->large || model_random(m, 4) ? MODEL_PATHS : MODEL_PATHS - 1;

	memcpy(before, state, sizeof(before));
	while (n-- || !memcmp(before, state, sizeof(before))) {
		size_t p = model_random(m, end);

		if (m->large && p + 1 == MODEL_PATHS && model_random(m, 8))
			continue;
		if (model_random(m, 5) == 0)
			state[p] = 0;
		else if (model_random(m, 8) == 0 && m->contents && !m->only_new)
			state[p] = 1 + (unsigned)model_random(m, m->contents);
		else
			state[p] = ++m->contents;
		if (n > 100)
			n = 0;
	}
}

static void fill_edits(struct model *m, struct edits *e, const unsigned from[MODEL_PATHS],
		       const unsigned to[MODEL_PATHS])
{
	size_t p;

	for (p = 0; p < MODEL_PATHS; p++) {
		auto_buf text = BUF_INIT;

		if (from[p] == to[p])
			continue;
		if (!to[p]) {
			model_must(m, edits_remove(e, paths[p], strlen(paths[p]), true, &m->err));
			continue;
		}
		model_content(m, p, to[p], &text);
		model_must(m, edits_put(e, paths[p], strlen(paths[p]), text.data, text.len, DOCUMENT_NO_MODE, &m->err));
	}
}

static struct commit_options options_of(struct model *m, const char *branch)
{
	return (struct commit_options){ .branch = branch,
					.author = m->step % 3 ? "tester" : "somebody else <else@example.com>",
					.message = "a message\n",
					.message_len = 10,
					.has_time = true,
					.time_usec = next_time(m) };
}

static void take_result(struct model *m, struct model_ref *ref, struct model_commit *c, const struct commit_result *r)
{
	c->id = r->id;
	c->seq = r->seq;
	move_ref(ref, m->count, &r->id);
	add_commit(m, c);
}

static struct model_commit child_of(struct model *m, size_t parent)
{
	struct model_commit c;

	memset(&c, 0, sizeof(c));
	if (parent != NO_COMMIT) {
		memcpy(c.state, m->commits[parent].state, sizeof(c.state));
		c.parents[0] = parent;
		c.parent_count = 1;
		c.seq = m->commits[parent].seq + 1;
	}
	c.time_usec = next_time(m);
	return c;
}

static void do_commit(struct model *m)
{
	struct model_ref *ref = m->refs[0].value == NO_COMMIT ? &m->refs[0] : some_ref(m, true, BRANCHES);
	struct repo *repo = any_handle(m);
	struct commit_options options;
	struct commit_result result;
	struct model_commit c;
	unsigned before[MODEL_PATHS];
	struct edits *e;

	m->what = "commit";
	ref = ref ? ref : &m->refs[0];
	c = child_of(m, ref->value);
	memcpy(before, c.state, sizeof(before));
	change_state(m, c.state);
	options = options_of(m, ref->name);
	model_must(m, edits_new(repo, &e, &m->err));
	fill_edits(m, e, before, c.state);
	model_must(m, edits_commit(e, &options, &result, &m->err));
	edits_free(e);
	take_result(m, ref, &c, &result);
}

static struct commit *stored(struct model *m, struct repo *repo, size_t at)
{
	struct commit *c;

	model_must(m, odb_commit(repo_odb(repo), &m->commits[at].id, LOC_UNKNOWN, &c, &m->err));
	return c;
}

/* Store what differs between two states over a tree, in a batch. */
static void make_tree(struct model *m, struct odb_batch *batch, const unsigned from[MODEL_PATHS],
		      const unsigned to[MODEL_PATHS], struct tree_root *root)
{
	size_t p;

	for (p = 0; p < MODEL_PATHS; p++) {
		auto_buf text = BUF_INIT;
		struct document doc;
		struct tree_change change = { .document = NULL };

		if (from[p] == to[p])
			continue;
		path_split(paths[p], strlen(paths[p]), &change.path);
		if (to[p]) {
			model_content(m, p, to[p], &text);
			model_must(m, document_store(batch, text.data, text.len, DOCUMENT_NO_MODE, LOC_UNKNOWN, &doc,
						     &m->err));
			change.document = &doc;
		}
		model_must(m, tree_edit_array(odb_batch_nodes(batch), root, &change, 1, root, &m->err));
	}
}

/* A commit of any number of parents in a batch; its id is noted in c. */
static void batch_commit(struct model *m, struct repo *repo, struct odb_batch *batch, struct model_commit *c,
			 const unsigned before[MODEL_PATHS], struct object_ref *made)
{
	struct object_ref parents[MODEL_PARENTS];
	struct signature_line who = { .who = { "tester", 6 }, .time_usec = c->time_usec, .zone = "+0000" };
	struct commit from = { .parents = parents, .author = who, .committer = who, .message = { "merge\n", 6 } };
	struct commit *out;
	struct tree_root root;
	size_t i;

	tree_empty(&root);
	for (i = 0; i < c->parent_count; i++) {
		auto_commit *parent = stored(m, repo, c->parents[i]);

		parents[i] = (struct object_ref){ parent->id, parent->loc };
		if (!i)
			root = (struct tree_root){ parent->tree.id, parent->tree.loc };
	}
	from.parent_count = c->parent_count;
	make_tree(m, batch, before, c->state, &root);
	from.tree = (struct object_ref){ root.id, root.loc };
	model_must(m, writer_add_commit(repo, batch, &from, &out, &m->err));
	c->id = out->id;
	*made = (struct object_ref){ out->id, out->loc };
	commit_unref(out);
}

static void apply(struct model *m, struct repo *repo, struct model_ref *ref, const struct object_ref *to,
		  struct odb_batch *batch)
{
	struct ref_change change = { .name = ref->name, .expect = REF_EXPECT_ABSENT };
	struct ref_transaction t = { .changes = &change,
				     .change_count = 1,
				     .batch = batch,
				     .actor = "tester",
				     .reason = "test: move",
				     .time_usec = next_time(m) };

	if (ref->value != NO_COMMIT) {
		change.expect = REF_EXPECT_OBJECT;
		change.old = ref->held;
	}
	change.value.kind = to ? REF_OBJECT : REF_ABSENT;
	if (to)
		change.value.object = *to;
	model_must(m, refs_apply(repo_odb(repo), &t, &m->err));
}

static void do_merge(struct model *m)
{
	struct model_ref *ref = some_ref(m, true, BRANCHES);
	struct repo *repo = any_handle(m);
	size_t want = model_random(m, 10) ? 2 : MODEL_PARENTS, i, k;
	unsigned before[MODEL_PATHS];
	struct odb_batch *batch;
	struct object_ref made;
	struct model_commit c;

	m->what = "merge";
	if (!ref)
		return;
	c = child_of(m, ref->value);
	memcpy(before, c.state, sizeof(before));
	for (i = 0; i < 40 && c.parent_count < want; i++) {
		size_t other = any_reachable(m);

		for (k = 0; k < c.parent_count && c.parents[k] != other; k++)
			;
		if (k == c.parent_count)
			c.parents[c.parent_count++] = other;
	}
	if (model_random(m, 3)) {
		const unsigned *theirs = m->commits[c.parents[c.parent_count - 1]].state;

		for (i = 0; i < MODEL_PATHS; i++)
			c.state[i] = model_random(m, 2) ? c.state[i] : theirs[i];
	}
	if (!model_random(m, 3))
		change_state(m, c.state);
	model_must(m, odb_batch_new(repo_odb(repo), &batch, &m->err));
	batch_commit(m, repo, batch, &c, before, &made);
	apply(m, repo, ref, &made, batch);
	odb_batch_free(batch);
	move_ref(ref, m->count, &c.id);
	add_commit(m, &c);
}

/* Objects that are written ahead now and referred to later, or never. */
static void do_begin(struct model *m)
{
	struct model_ref *ref = some_ref(m, false, BRANCHES);
	unsigned before[MODEL_PATHS];
	struct object_ref made;
	uint64_t junk = model_random(m, 2) ? 300 : 0;

	m->what = "begin a batch";
	if (!ref || m->pending || m->refs[0].value == NO_COMMIT)
		return;
	m->pending_commit = child_of(m, m->refs[0].value);
	memcpy(before, m->pending_commit.state, sizeof(before));
	/* What a batch finds to be stored already must have a ref that leads to it, as parents must. */
	m->only_new = true;
	change_state(m, m->pending_commit.state);
	m->only_new = false;
	model_must(m, odb_batch_new(repo_odb(m->repos[0]), &m->pending, &m->err));
	while (junk--) {
		char text[64];

		snprintf(text, sizeof(text), "junk number %llu of step %u", (unsigned long long)junk, m->step);
		model_must(m, odb_batch_blob(m->pending, text, strlen(text), LOC_UNKNOWN, &made, &m->err));
	}
	batch_commit(m, m->repos[0], m->pending, &m->pending_commit, before, &made);
	m->pending_loc = made.loc;
	m->pending_ref = ref;
}

static void do_end(struct model *m)
{
	struct object_ref made = { m->pending_commit.id, m->pending_loc };

	m->what = "end a batch";
	if (!m->pending)
		return;
	/* Its number is higher than those of commits that are younger: they are not compared by time then. */
	apply(m, m->repos[0], m->pending_ref, &made, m->pending);
	odb_batch_free(m->pending);
	m->pending = NULL;
	move_ref(m->pending_ref, m->count, &m->pending_commit.id);
	add_commit(m, &m->pending_commit);
	m->pending_ref = NULL;
}

static void do_branch(struct model *m)
{
	struct model_ref *ref = some_ref(m, false, BRANCHES);
	struct repo *repo = any_handle(m);
	size_t at = any_reachable(m);

	m->what = "branch";
	if (!ref || at == NO_COMMIT)
		return;
	apply(m, repo, ref, &(struct object_ref){ m->commits[at].id, LOC_UNKNOWN }, NULL);
	move_ref(ref, at, &m->commits[at].id);
}

static void do_tag(struct model *m)
{
	struct model_ref *ref = some_ref(m, false, TAGS);
	struct repo *repo = any_handle(m);
	size_t at = any_reachable(m);
	struct odb_batch *batch = NULL;
	struct object_ref made;
	struct tag from, *tag;

	m->what = "tag";
	if (!ref || at == NO_COMMIT)
		return;
	made = (struct object_ref){ m->commits[at].id, LOC_UNKNOWN };
	if (model_random(m, 2)) {
		from = (struct tag){ .target = m->commits[at].id,
				     .target_kind = OBJECT_COMMIT,
				     .name = { ref->name + 10, strlen(ref->name + 10) },
				     .has_tagger = true,
				     .tagger = { .who = { "tester", 6 }, .time_usec = next_time(m), .zone = "+0000" },
				     .message = { "tagged\n", 7 } };
		model_must(m, tag_new(&from, &tag, &m->err));
		model_must(m, odb_batch_new(repo_odb(repo), &batch, &m->err));
		model_must(m, odb_batch_tag(batch, tag, &made, &m->err));
		tag_free(tag);
	}
	apply(m, repo, ref, &made, batch);
	odb_batch_free(batch);
	move_ref(ref, at, &made.id);
}

static void do_delete(struct model *m)
{
	struct model_ref *ref = some_ref(m, true, 1, MODEL_REFS);
	const struct oid none = { { 0 } };

	m->what = "delete";
	if (!ref)
		return;
	apply(m, any_handle(m), ref, NULL, NULL);
	move_ref(ref, NO_COMMIT, &none);
}

/* Back to the first parent, as undo does. */
static void do_undo(struct model *m)
{
	struct model_ref *ref = some_ref(m, true, BRANCHES);
	size_t parent;

	m->what = "undo";
	if (!ref || !m->commits[ref->value].parent_count || (m->pending && m->old))
		return;
	parent = m->commits[ref->value].parents[0];
	apply(m, any_handle(m), ref, &(struct object_ref){ m->commits[parent].id, LOC_UNKNOWN }, NULL);
	move_ref(ref, parent, &m->commits[parent].id);
}

static int add_staged(void *data, const char *path, size_t path_len, const struct staged *s, struct drift_error *err)
{
	struct buf *out = data;

	(void)err;
	buf_add(out, path, path_len);
	buf_addf(out, " %d %zu\n", (int)s->op, s->op == STAGED_PUT ? (size_t)s->document.len : 0);
	return 0;
}

void model_stage_text(struct model *m, struct repo *repo, struct buf *out)
{
	model_must(m, stage_each(repo, "", 0, add_staged, out, &m->err));
}

static void do_stage(struct model *m)
{
	struct repo *repo = any_handle(m);
	unsigned before[MODEL_PATHS], after[MODEL_PATHS];
	struct edits *e;
	size_t p;

	m->what = "stage";
	if (m->refs[0].value == NO_COMMIT)
		return;
	memcpy(before, m->commits[m->refs[0].value].state, sizeof(before));
	memcpy(after, before, sizeof(after));
	change_state(m, after);
	for (p = 0; p < MODEL_PATHS; p++) {
		if (before[p] == after[p])
			continue;
		m->is_staged[p] = true;
		m->staged[p] = after[p];
	}
	model_must(m, edits_new(repo, &e, &m->err));
	fill_edits(m, e, before, after);
	model_must(m, stage_add(repo, e, m->refs[0].name, "tester", NULL, &m->err));
	edits_free(e);
	buf_truncate(&m->stage, 0);
	model_stage_text(m, repo, &m->stage);
}

static void do_stage_end(struct model *m)
{
	struct repo *repo = any_handle(m);
	struct commit_options options = options_of(m, m->refs[0].name);
	struct commit_result result;
	struct model_commit c;
	uint64_t dropped;
	size_t p;
	int r;

	m->what = "commit what is staged";
	if (!m->stage.len)
		return;
	c = child_of(m, m->refs[0].value);
	r = model_random(m, 3) ? stage_commit(repo, &options, &result, &m->err) : -2;
	if (!r) {
		for (p = 0; p < MODEL_PATHS; p++)
			c.state[p] = m->is_staged[p] ? m->staged[p] : c.state[p];
		take_result(m, &m->refs[0], &c, &result);
	} else if (r == -2) {
		model_must(m, stage_drop(repo, NULL, "tester", NULL, &dropped, &m->err));
	} else if (m->err.code == DRIFT_ERR_CLASH) {
		return;
	} else if (m->err.code != DRIFT_ERR_NOTHING) {
		model_must(m, r);
	}
	memset(m->is_staged, 0, sizeof(m->is_staged));
	buf_truncate(&m->stage, 0);
}

static void do_seal(struct model *m)
{
	struct odb *odb = repo_odb(any_handle(m));
	int r;

	m->what = "seal";
	model_must(m, odb_lock(odb, &m->err));
	r = odb_seal(odb, &m->err);
	odb_unlock(odb);
	model_must(m, r);
	m->sealed += (uint64_t)r;
}

static void end_walk(struct model *m)
{
	revwalk_free(m->walk.walk);
	free(m->walk.order);
	m->walk = (struct model_walk){ .walk = NULL };
}

static void close_handle(struct model *m, size_t i)
{
	if (i == 0)
		do_end(m);
	else
		end_walk(m);
	repo_close(m->repos[i]);
	m->repos[i] = NULL;
}

static void do_reopen(struct model *m)
{
	size_t i = model_random(m, MODEL_HANDLES);

	m->what = "reopen";
	close_handle(m, i);
	open_handle(m, i);
}

/* What is derived goes, under the hands of those who have it open, or with nobody there. */
static void do_forget(struct model *m)
{
	bool close = model_random(m, 2);
	auto_buf index = BUF_INIT;
	size_t i;

	m->what = "delete what is derived";
	for (i = 0; close && i < MODEL_HANDLES; i++)
		close_handle(m, i);
	buf_addf(&index, "%s/.drift/cache/index", m->dir);
	(void)!file_unlink(index.data, NULL);
	for (i = 0; close && i < MODEL_HANDLES; i++)
		open_handle(m, i);
}

/* A walk that is left alone half-way: what it has still to show does not change. */
static void do_walk(struct model *m)
{
	struct model_walk *w = &m->walk;
	uint64_t steps = 1 + model_random(m, 6);
	struct commit *c = NULL;
	int r;

	m->what = "walk";
	if (m->refs[0].value == NO_COMMIT)
		return;
	if (!w->walk) {
		auto_commit *start = stored(m, m->repos[1], m->refs[0].value);

		model_must(m, revwalk_new(m->repos[1], NULL, &w->walk, &m->err));
		model_must(m, revwalk_include(w->walk, start, &m->err));
		w->start = m->refs[0].value;
		w->order = model_log(m, w->start, &w->count);
	}
	while (steps--) {
		r = revwalk_next(w->walk, &c, &m->err);
		if (r < 0 && m->dropped && m->err.code == DRIFT_ERR_NOT_FOUND) {
			bool *reached = model_reachable(m), held = reached[w->start];

			free(reached);
			if (!held) {
				end_walk(m);
				return;
			}
		}
		model_must(m, r);
		if (r != (w->at < w->count))
			model_fail(m, "a walk ended early or late");
		if (!r) {
			end_walk(m);
			return;
		}
		if (!oid_equal(&c->id, &m->commits[w->order[w->at++]].id))
			model_fail(m, "a walk goes astray");
		commit_unref(c);
	}
}

static void do_gc(struct model *m)
{
	static const char *const names[] = { "gc --auto", "gc", "gc --full", "gc --prune=now",
					     "gc --full --prune=now" };
	size_t kind = model_random(m, ARRAY_SIZE(names));
	struct gc_options options = { .automatic = kind == 0,
				      .full = kind == 2 || kind == 4,
				      .prune_before_usec = kind >= 3 ? date_now_us() + 2 * SECOND : INT64_MIN };
	struct gc_result result = { .ran = false };

	m->what = names[kind];
	if (kind == 3 || kind == 4)
		m->dropped = true;
	model_must(m, gc_run(any_handle(m), &options, &result, &m->err));
	m->collected += result.ran;
	m->dropped_count += result.objects_dropped;
}

void model_step(struct model *m)
{
	static const struct {
		void (*act)(struct model *m);
		unsigned weight;
	} acts[] = {
		{ do_commit, 40 }, { do_merge, 8 },  { do_begin, 3 },  { do_end, 3 },   { do_branch, 5 },
		{ do_tag, 4 },     { do_delete, 4 }, { do_undo, 3 },   { do_stage, 4 }, { do_stage_end, 3 },
		{ do_seal, 4 },    { do_reopen, 2 }, { do_forget, 2 }, { do_walk, 6 },  { do_gc, 6 },
	};
	unsigned total = 0;
	uint64_t pick;
	size_t i;

	m->step++;
	for (i = 0; i < ARRAY_SIZE(acts); i++)
		total += acts[i].weight;
	pick = model_random(m, total);
	for (i = 0; pick >= acts[i].weight; i++)
		pick -= acts[i].weight;
	acts[i].act(m);
}

void model_open(struct model *m, uint64_t seed)
{
	static const char *const names[MODEL_REFS] = {
		"refs/heads/main", "refs/heads/b1", "refs/heads/b2", "refs/heads/b3", "refs/heads/b4", "refs/heads/b5",
		"refs/heads/b6",   "refs/tags/t1",  "refs/tags/t2",  "refs/tags/t3",  "refs/tags/t4",  "refs/tags/t5",
	};
	size_t i;

	memset(m, 0, sizeof(*m));
	m->what = "open";
	m->seed = seed;
	m->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	m->old = seed % 2;
	m->large = seed % 16 == 3;
	m->base_usec = m->old ? OLD_USEC : date_now_us() / SECOND * SECOND - 20000 * SECOND;
	buf_init(&m->stage);
	for (i = 0; i < MODEL_REFS; i++) {
		m->refs[i].value = NO_COMMIT;
		memcpy(m->refs[i].name, names[i], strlen(names[i]));
	}
	/* In memory where that can be; trunk_remove removes it. */
	snprintf(trunk_dir, sizeof(trunk_dir), "%s/drift-model-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(trunk_dir));
	memcpy(m->dir, trunk_dir, sizeof(m->dir));
	model_must(m, repo_init(m->dir, &(struct repo_options){ .no_sync = true }, &m->err));
	open_handle(m, 0);
	model_must(m, repo_config_set(m->repos[0], "journal.limit", seed % 3 ? "6000" : "30000", &m->err));
	repo_close(m->repos[0]);
	for (i = 0; i < MODEL_HANDLES; i++)
		open_handle(m, i);
}

void model_close(struct model *m)
{
	size_t i;

	m->what = "close";
	end_walk(m);
	odb_batch_free(m->pending);
	for (i = 0; i < MODEL_HANDLES; i++)
		repo_close(m->repos[i]);
	buf_release(&m->stage);
	free(m->commits);
	assert_int_equal(trunk_remove(NULL), 0);
}
