#include "t/unit/gc_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "repo/changed.h"
#include "repo/documents.h"
#include "repo/history.h"
#include "repo/reflog.h"

static const struct oid none = { { 0 } };

static void check_refs(struct model *m, struct repo *repo)
{
	size_t i;

	for (i = 0; i < MODEL_REFS; i++) {
		const struct model_ref *ref = &m->refs[i];
		struct ref_value value;
		struct commit *c = NULL;

		model_must(m, odb_ref_read(repo_odb(repo), ref->name, false, &value, &m->err));
		if ((value.kind == REF_OBJECT) != (ref->value != NO_COMMIT) ||
		    (value.kind == REF_OBJECT && !oid_equal(&value.object.id, &ref->held)))
			model_fail(m, "%s is not where it should be", ref->name);
		model_must(m, refs_commit(repo_odb(repo), ref->name, false, &c, &m->err));
		if (c && !oid_equal(&c->id, &m->commits[ref->value].id))
			model_fail(m, "%s leads astray", ref->name);
		commit_unref(c);
	}
}

static void check_reflog(struct model *m, struct repo *repo)
{
	size_t i, at;

	for (i = 0; i < MODEL_REFS; i++) {
		const struct model_ref *ref = &m->refs[i];
		struct reflog_walk walk;
		int64_t time;
		int r = reflog_open(repo_odb(repo), ref->name, &walk, &m->err);

		model_must(m, r);
		for (at = ref->log_count; r > 0; at--) {
			const struct oid *is = walk.value.kind == REF_OBJECT ? &walk.value.object.id : &none;

			if (!oid_equal(is, at ? &ref->log[at - 1] : &none))
				model_fail(m, "%s: move %zu of its log is wrong", ref->name, at);
			r = reflog_back(&walk, &time, &m->err);
			model_must(m, r);
			if (r != (at > 0))
				model_fail(m, "%s: the log ends at move %zu", ref->name, at);
			if (!at)
				break;
		}
	}
}

static void check_document(struct model *m, struct repo *repo, const struct tree_root *root, size_t at, size_t p)
{
	unsigned n = m->commits[at].state[p];
	auto_buf is = BUF_INIT, want = BUF_INIT;
	int r = documents_get(repo, root, model_path(p), strlen(model_path(p)), &is, NULL, &m->err);

	if (r < 0)
		model_fail(m, "commit %zu, %s: %s", at, model_path(p), m->err.message);
	if (n)
		model_content(m, p, n, &want);
	if (r != (n != 0) || is.len != want.len || (n && memcmp(is.data, want.data, want.len) != 0))
		model_fail(m, "commit %zu, %s: another document (%d, %zu bytes, not %zu)", at, model_path(p), r, is.len,
			   want.len);
}

/* A commit and all its documents. */
static void check_commit(struct model *m, struct repo *repo, size_t at, bool held)
{
	const struct model_commit *want = &m->commits[at];
	auto_commit *c = NULL;
	struct tree_root root;
	size_t i, p;
	int r = odb_commit(repo_odb(repo), &want->id, LOC_UNKNOWN, &c, &m->err);

	if (r < 0 && !held && m->dropped && m->err.code == DRIFT_ERR_NOT_FOUND)
		return;
	if (r < 0)
		model_fail(m, "commit %zu: %s", at, m->err.message);
	if (c->parent_count != want->parent_count || c->time_usec != want->time_usec ||
	    (want->seq && c->seq != want->seq))
		model_fail(m, "commit %zu: another commit", at);
	for (i = 0; i < c->parent_count; i++)
		if (!oid_equal(&c->parents[i].id, &m->commits[want->parents[i]].id))
			model_fail(m, "commit %zu: another parent", at);
	/* What nothing leads to may have gone half: a younger commit's tree may have kept parts of it. */
	if (!held && m->dropped)
		return;
	root = (struct tree_root){ c->tree.id, c->tree.loc };
	for (p = 0; p < MODEL_PATHS; p++)
		check_document(m, repo, &root, at, p);
}

static void check_log(struct model *m, struct repo *repo, size_t at)
{
	size_t count, i, *order = model_log(m, at, &count);
	auto_commit *start = NULL;
	struct revwalk *walk;
	struct commit *c;
	int r;

	model_must(m, odb_commit(repo_odb(repo), &m->commits[at].id, LOC_UNKNOWN, &start, &m->err));
	model_must(m, revwalk_new(repo, NULL, &walk, &m->err));
	model_must(m, revwalk_include(walk, start, &m->err));
	for (i = 0; (r = revwalk_next(walk, &c, &m->err)) > 0; i++) {
		if (i >= count || !oid_equal(&c->id, &m->commits[order[i]].id))
			model_fail(m, "log of commit %zu: wrong at %zu", at, i);
		commit_unref(c);
	}
	model_must(m, r);
	if (i != count)
		model_fail(m, "log of commit %zu: %zu commits, not %zu", at, i, count);
	revwalk_free(walk);
	free(order);
}

/* Is the path another than with each parent? */
static bool touches(const struct model *m, size_t at, size_t p)
{
	const struct model_commit *c = &m->commits[at];
	size_t i;

	if (!c->parent_count)
		return c->state[p] != 0;
	for (i = 0; i < c->parent_count; i++)
		if (m->commits[c->parents[i]].state[p] == c->state[p])
			return false;
	return true;
}

static void check_event(struct model *m, size_t at, size_t p, const struct history_event *event)
{
	const struct model_commit *c = &m->commits[at];
	unsigned before = c->parent_count ? m->commits[c->parents[0]].state[p] : 0;
	enum change_kind kind = !before ? CHANGE_ADD : !c->state[p] ? CHANGE_DELETE : CHANGE_MODIFY;

	size_t is = 0;

	while (is < m->count && !oid_equal(&event->commit->id, &m->commits[is].id))
		is++;
	if (is != at || event->kind != kind || event->present != (c->state[p] != 0))
		model_fail(m, "history of %s: not kind %d in commit %zu, but kind %d in commit %zu", model_path(p),
			   (int)kind, at, (int)event->kind, is);
}

static void check_history(struct model *m, struct repo *repo, size_t at, size_t p)
{
	size_t count, i, *order = model_log(m, at, &count);
	struct point from = POINT_INIT;
	struct history_event event;
	struct document document;
	auto_history *h = NULL;
	int r;

	model_must(m, odb_commit(repo_odb(repo), &m->commits[at].id, LOC_UNKNOWN, &from.commit, &m->err));
	from.tree = (struct tree_root){ from.commit->tree.id, from.commit->tree.loc };
	model_must(m, history_open(repo, &from, model_path(p), strlen(model_path(p)), &h, &m->err));
	for (i = 0; i < count; i++) {
		if (!touches(m, order[i], p))
			continue;
		r = history_next(h, &event, &m->err);
		if (r < 0)
			model_fail(m, "history of %s from commit %zu: %s", model_path(p), at, m->err.message);
		if (!r)
			model_fail(m, "history of %s from commit %zu: ends before %zu", model_path(p), at, order[i]);
		check_event(m, order[i], p, &event);
		r = history_document(h, &document, &m->err);
		model_must(m, r);
		if (r != event.present)
			model_fail(m, "history of %s: commit %zu has no document", model_path(p), order[i]);
	}
	r = history_next(h, &event, &m->err);
	model_must(m, r);
	if (r)
		model_fail(m, "history of %s from commit %zu: does not end", model_path(p), at);
	point_release(&from);
	free(order);
}

struct differences {
	struct model *m;
	size_t a, b;
	bool seen[MODEL_PATHS];
};

static int see_change(void *data, const struct path *path, enum change_kind kind, struct drift_error *err)
{
	struct differences *d = data;
	auto_buf name = BUF_INIT;
	size_t p;

	(void)err;
	path_format(path, &name);
	for (p = 0; p < MODEL_PATHS && strcmp(name.data, model_path(p)) != 0; p++)
		;
	if (p == MODEL_PATHS || d->seen[p])
		model_fail(d->m, "a change of '%s'", name.data);
	d->seen[p] = true;
	if (kind != (!d->m->commits[d->a].state[p] ? CHANGE_ADD :
		     !d->m->commits[d->b].state[p] ? CHANGE_DELETE :
						     CHANGE_MODIFY))
		model_fail(d->m, "between commits %zu and %zu %s changed otherwise", d->a, d->b, name.data);
	return 0;
}

static void check_changed(struct model *m, struct repo *repo, size_t a, size_t b)
{
	struct differences d = { .m = m, .a = a, .b = b };
	struct changed_options options = { .each = see_change, .data = &d };
	struct point from = POINT_INIT, to = POINT_INIT;
	size_t p;

	model_must(m, odb_commit(repo_odb(repo), &m->commits[a].id, LOC_UNKNOWN, &from.commit, &m->err));
	model_must(m, odb_commit(repo_odb(repo), &m->commits[b].id, LOC_UNKNOWN, &to.commit, &m->err));
	from.tree = (struct tree_root){ from.commit->tree.id, from.commit->tree.loc };
	to.tree = (struct tree_root){ to.commit->tree.id, to.commit->tree.loc };
	model_must(m, changed_between(repo, &from, &to, &options, &m->err));
	for (p = 0; p < MODEL_PATHS; p++)
		if (d.seen[p] != (m->commits[a].state[p] != m->commits[b].state[p]))
			model_fail(m, "between commits %zu and %zu %s is forgotten", a, b, model_path(p));
	point_release(&from);
	point_release(&to);
}

static void check_point(struct model *m, struct repo *repo, const char *branch, const char *text, size_t want)
{
	struct point p = POINT_INIT;

	if (point_resolve(repo, text, strlen(text), branch, &p, &m->err) < 0)
		model_fail(m, "%s on %s: %s", text, branch, m->err.message);
	if (!p.commit || !oid_equal(&p.commit->id, &m->commits[want].id))
		model_fail(m, "%s on %s is not commit %zu", text, branch, want);
	point_release(&p);
}

/* Numbers, times, ids and steps back on the first-parent line. */
static void check_points(struct model *m, struct repo *repo, const struct model_ref *ref)
{
	char text[OID_HEX_LEN + 32], hex[OID_HEX_LEN + 1];
	size_t at = ref->value, back = 0;

	while (true) {
		const struct model_commit *c = &m->commits[at];

		if (c->seq) {
			snprintf(text, sizeof(text), "@seq:%llu", (unsigned long long)c->seq);
			check_point(m, repo, ref->name, text, at);
		}
		snprintf(text, sizeof(text), "%s~%zu", ref->name, back++);
		check_point(m, repo, ref->name, text, at);
		oid_to_hex(&c->id, hex);
		check_point(m, repo, ref->name, hex, at);
		if (!c->parent_count)
			break;
		at = c->parents[0];
	}
}

static int count_commit(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct model *m = ((void **)data)[0];
	unsigned char *seen = ((void **)data)[1];
	size_t i;

	(void)loc;
	(void)err;
	for (i = 0; kind == OBJECT_COMMIT && i < m->count; i++)
		if (oid_equal(id, &m->commits[i].id) && seen[i]++)
			model_fail(m, "commit %zu is stored twice", i);
	return 0;
}

static void check_each_object(struct model *m, struct repo *repo, const bool *reached)
{
	unsigned char *seen = calloc(m->count + 1, 1);
	void *data[] = { m, seen };
	size_t i;

	assert_non_null(seen);
	model_must(m, odb_each_object(repo_odb(repo), count_commit, data, &m->err));
	for (i = 0; i < m->count; i++)
		if (reached[i] && !seen[i])
			model_fail(m, "commit %zu is not among the objects", i);
	free(seen);
}

static void complain(void *data, const char *sentence)
{
	model_fail(data, "damage: %s", sentence);
}

void model_check(struct model *m, struct repo *repo, bool all)
{
	bool *reached = model_reachable(m);
	auto_buf stage = BUF_INIT;
	size_t i, p;

	check_refs(m, repo);
	check_reflog(m, repo);
	model_stage_text(m, repo, &stage);
	if (stage.len != m->stage.len || (stage.len && memcmp(stage.data, m->stage.data, stage.len) != 0))
		model_fail(m, "another stage");
	for (i = 0; i < m->count; i++)
		if (all || !model_random(m, 8))
			check_commit(m, repo, i, reached[i]);
	for (i = 0; i < MODEL_REFS; i++) {
		const struct model_ref *ref = &m->refs[i];

		if (ref->value == NO_COMMIT || (!all && model_random(m, 3)))
			continue;
		check_log(m, repo, ref->value);
		for (p = 0; p < MODEL_PATHS; p++)
			if (all || !model_random(m, 8))
				check_history(m, repo, ref->value, p);
		check_points(m, repo, ref);
		check_changed(m, repo, ref->value, m->refs[0].value);
		check_changed(m, repo, m->refs[0].value, ref->value);
	}
	if (all)
		check_each_object(m, repo, reached);
	(void)odb_damage(repo_odb(repo), complain, m);
	free(reached);
}
