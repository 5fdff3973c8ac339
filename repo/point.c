#include "repo/point.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "repo/point_internal.h"

#define CLOCK_AHEAD_DEFAULT_S 86400
#define CLOCK_AHEAD_MAX_S ((int64_t)1 << 40)

int point_locate(struct repo *repo, struct point_target *target, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	int rc = odb_find(repo_odb(repo), &target->object.id, &target->kind, &target->object.loc, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	return error_set(err, DRIFT_ERR_NOT_FOUND, "object %s is not in the store",
			 oid_to_hex(&target->object.id, hex));
}

/* Through tags to something else. */
static int point_peel(struct repo *repo, struct point_target *target, struct drift_error *err)
{
	for (unsigned depth = 0; !target->empty && target->kind == OBJECT_TAG; depth++) {
		auto_tag *tag = NULL;

		if (depth == TAG_DEPTH_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "more than %d tags lead from one to the next",
					 TAG_DEPTH_MAX);
		if (odb_tag(repo_odb(repo), &target->object.id, &tag, err) < 0)
			return -1;
		target->object.id = tag->target;
		if (point_locate(repo, target, err) < 0)
			return -1;
	}
	return 0;
}

static int not_a(const struct point_text *text, const struct point_target *t, const char *wanted,
		 struct drift_error *err)
{
	if (t->empty)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%.*s' goes back beyond the first commit",
				 (int)text->text.len, text->text.data);
	return error_set(err, DRIFT_ERR_INVALID, "'%.*s' leads to a %s, not to a %s", (int)text->text.len,
			 text->text.data, object_kind_name(t->kind), wanted);
}

static int read_commit(struct repo *repo, const struct point_text *text, struct point_target *t, struct commit **out,
		       struct drift_error *err)
{
	if (point_peel(repo, t, err) < 0)
		return -1;
	if (t->empty || t->kind != OBJECT_COMMIT)
		return not_a(text, t, "commit", err);
	return odb_commit(repo_odb(repo), &t->object.id, t->object.loc, out, err);
}

static int step_tree(struct repo *repo, const struct point_text *text, struct point_target *t, struct drift_error *err)
{
	auto_commit *c = NULL;

	if (t->empty) {
		struct tree_root empty;

		tree_empty(&empty);
		t->object = (struct object_ref){ .id = empty.id, .loc = empty.loc };
	} else if (point_peel(repo, t, err) < 0) {
		return -1;
	} else if (t->kind != OBJECT_TREE) {
		if (read_commit(repo, text, t, &c, err) < 0)
			return -1;
		t->object = c->tree;
	}
	t->empty = false;
	t->kind = OBJECT_TREE;
	return 0;
}

static int step_commit(struct repo *repo, const struct point_text *text, const struct point_step *step,
		       struct point_target *t, struct drift_error *err)
{
	auto_commit *c = NULL;
	auto_commit *to = NULL;
	int rc = 1;

	if (read_commit(repo, text, t, &c, err) < 0)
		return -1;
	if (step->kind == POINT_ANCESTOR)
		rc = step->number < c->seq ? graph_at_seq(repo, c, c->seq - step->number, &to, err) : 0;
	else if (step->kind == POINT_PARENT && step->number)
		rc = step->number <= c->parent_count ? graph_parent(repo, c, (size_t)step->number - 1, &to, err) : 0;
	else
		to = commit_ref(c);
	if (rc < 0)
		return -1;
	if (!to && step->kind == POINT_ANCESTOR)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%.*s' goes back beyond the first commit",
				 (int)text->text.len, text->text.data);
	if (!to)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%.*s' asks for parent %" PRIu64 " of a commit with %zu",
				 (int)text->text.len, text->text.data, step->number, c->parent_count);
	t->object = (struct object_ref){ .id = to->id, .loc = to->loc };
	return 0;
}

/* Take the steps of the text. */
static int point_steps(struct repo *repo, const struct point_text *text, struct point_target *target,
		       struct drift_error *err)
{
	for (size_t i = 0; i < text->step_count; i++) {
		const struct point_step *step = text->steps + i;
		int rc;

		if (step->kind == POINT_PEEL)
			rc = point_peel(repo, target, err);
		else if (step->kind == POINT_PEEL_TREE)
			rc = step_tree(repo, text, target, err);
		else
			rc = step_commit(repo, text, step, target, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int point_target(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
		 struct drift_error *err)
{
	return point_base(ctx, text, out, err) < 0 ? -1 : point_steps(ctx->repo, text, out, err);
}

static int state_of_tree(struct repo *repo, const struct point_text *text, const struct point_target *target,
			 struct point *p, struct drift_error *err)
{
	auto_node *node = NULL;

	p->tree = (struct tree_root){ .id = target->object.id, .loc = target->object.loc };
	p->bare_tree = true;
	if (tree_is_empty(&p->tree))
		return 0;
	if (odb_node(repo_odb(repo), &p->tree.id, p->tree.loc, &node, err) < 0)
		return -1;
	if (node->kind != MAP_ROOT)
		return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is a part of a tree, not a whole one",
				 (int)text->text.len, text->text.data);
	return 0;
}

/* What the target is as a state of the store. */
static int point_state(struct repo *repo, const struct point_text *text, struct point_target *target, struct point *out,
		       struct drift_error *err)
{
	auto_point p = POINT_INIT;

	if (point_peel(repo, target, err) < 0)
		return -1;
	memcpy(p.ref, target->ref, sizeof(p.ref));
	if (target->empty) {
		tree_empty(&p.tree);
	} else if (target->kind == OBJECT_TREE) {
		if (state_of_tree(repo, text, target, &p, err) < 0)
			return -1;
	} else {
		if (read_commit(repo, text, target, &p.commit, err) < 0)
			return -1;
		p.tree = (struct tree_root){ .id = p.commit->tree.id, .loc = p.commit->tree.loc };
	}
	*out = p;
	p.commit = NULL;
	return 0;
}

static int resolve(const struct point_context *ctx, const struct point_text *text, struct point *out,
		   struct drift_error *err)
{
	struct point_target target;

	if (point_target(ctx, text, &target, err) < 0)
		return -1;
	return point_state(ctx->repo, text, &target, out, err);
}

int point_resolve(struct repo *repo, const char *text, size_t len, const char *branch, struct point *out,
		  struct drift_error *err)
{
	struct point_context ctx = { .repo = repo, .branch = branch, .preference = ID_COMMIT_FIRST };
	struct point_text parsed;

	if (point_parse(text, len, date_now_us(), &parsed, err) < 0)
		return -1;
	return resolve(&ctx, &parsed, out, err);
}

void point_release(struct point *p)
{
	commit_unref(p->commit);
	p->commit = NULL;
}

void object_name_release(struct object_name *name)
{
	node_unref(name->node);
	name->node = NULL;
}

/* POINT:PATH */
static int object_at_path(const struct point_context *ctx, const struct point_text *text, const struct text *name,
			  struct object_name *out, struct drift_error *err)
{
	auto_point p = POINT_INIT;
	struct object_name o = OBJECT_NAME_INIT;
	struct path path;
	int rc;

	if (resolve(ctx, text, &p, err) < 0)
		return -1;
	if (!name->len) {
		*out = (struct object_name){ .id = p.tree.id, .kind = OBJECT_TREE, .loc = p.tree.loc };
		return 0;
	}
	if (path_parse(name->data, name->len, &path, err) < 0)
		return -1;
	rc = tree_get(repo_nodes(ctx->repo), &p.tree, &path, &o.node, &o.document, err);
	if (rc < 0)
		return -1;
	if (!rc)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no document '%.*s' at '%.*s'", (int)name->len,
				 name->data, (int)text->text.len, text->text.data);
	document_id(&o.document, &o.id);
	o.kind = OBJECT_BLOB;
	o.loc = o.document.form == DOCUMENT_BLOB ? o.document.loc : LOC_UNKNOWN;
	*out = o;
	return 0;
}

int point_object(struct repo *repo, const char *text, size_t len, const char *branch, struct object_name *out,
		 struct drift_error *err)
{
	struct point_context ctx = { .repo = repo, .branch = branch, .preference = ID_COMMIT_FIRST };
	struct point_text parsed;
	struct point_target target;
	struct text path;

	if (point_parse_document(text, len, date_now_us(), &parsed, &path, err) < 0)
		return -1;
	if (path.data)
		return object_at_path(&ctx, &parsed, &path, out, err);
	if (!parsed.step_count)
		ctx.preference = ID_ANY;
	if (point_target(&ctx, &parsed, &target, err) < 0)
		return -1;
	if (target.empty)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no commit yet at '%.*s'", (int)len, text);
	*out = (struct object_name){ .id = target.object.id, .kind = target.kind, .loc = target.object.loc };
	return 0;
}

/* A commit of a range, NULL for the empty store. */
static int range_end(const struct point_context *ctx, const struct point_text *text, struct commit **out,
		     struct drift_error *err)
{
	auto_point p = POINT_INIT;

	if (resolve(ctx, text, &p, err) < 0)
		return -1;
	if (p.bare_tree)
		return error_set(err, DRIFT_ERR_INVALID, "'%.*s' leads to a tree, not to a commit", (int)text->text.len,
				 text->text.data);
	*out = take_ptr(p.commit);
	return 0;
}

/* Leave out what both sides have. */
static int exclude_common(struct repo *repo, struct revwalk *walk, struct commit *a, struct commit *b,
			  struct drift_error *err)
{
	struct commit **bases;
	size_t count;
	int rc = 0;

	if (graph_merge_bases(repo, a, b, &bases, &count, err) < 0)
		return -1;
	for (size_t i = 0; !rc && i < count; i++)
		rc = revwalk_exclude(walk, bases[i], err);
	graph_free_list(bases, count);
	return rc;
}

int point_range(struct repo *repo, const char *text, size_t len, const char *branch, struct revwalk *walk,
		struct drift_error *err)
{
	struct point_context ctx = { .repo = repo, .branch = branch, .preference = ID_COMMIT_FIRST };
	struct point_text_range range;
	auto_commit *a = NULL;
	auto_commit *b = NULL;
	bool two;

	if (point_parse_range(text, len, date_now_us(), &range, err) < 0)
		return -1;
	two = range.kind == POINT_DIFFERENCE || range.kind == POINT_SYMMETRIC;
	if ((two && range_end(&ctx, &range.a, &a, err) < 0) || range_end(&ctx, &range.b, &b, err) < 0)
		return -1;
	if (range.kind == POINT_EXCLUDE)
		return b ? revwalk_exclude(walk, b, err) : 0;
	if (b && revwalk_include(walk, b, err) < 0)
		return -1;
	if (!a)
		return 0;
	if (range.kind == POINT_DIFFERENCE)
		return revwalk_exclude(walk, a, err);
	if (b && exclude_common(repo, walk, a, b, err) < 0)
		return -1;
	return revwalk_include(walk, a, err);
}

int point_check_clock(struct repo *repo, int64_t time_usec, struct drift_error *err)
{
	auto_buf when = BUF_INIT;
	int64_t ahead_s;

	if (config_get_int(repo_config(repo), "core.maxClockAhead", CLOCK_AHEAD_DEFAULT_S, &ahead_s, err) < 0)
		return -1;
	if (ahead_s < 0 || ahead_s > CLOCK_AHEAD_MAX_S)
		return error_set(err, DRIFT_ERR_INVALID, "core.maxClockAhead is not a number of seconds: %" PRId64,
				 ahead_s);
	if (time_usec <= date_now_us() + ahead_s * 1000000)
		return 0;
	date_append_rfc3339(&when, (struct date){ .us = time_usec, .zone_min = 0 });
	return error_set(err, DRIFT_ERR_INVALID,
			 "the time %s is more than %" PRId64
			 " seconds ahead of this machine's clock (core.maxClockAhead)",
			 when.data, ahead_s);
}
