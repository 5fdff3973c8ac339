/* Which refs and commits are to be exported, and what is said about the refs in the end. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/git_export_internal.h"
#include "repo/git_names.h"

#define TAG_DEPTH_MAX 32

/* Follow tags to what they name. */
static int peel(struct git_exporter *x, struct export_ref *ref, struct drift_error *err)
{
	struct object_ref at = ref->object;
	enum object_kind kind = OBJECT_COMMIT;

	for (unsigned depth = 0; depth < TAG_DEPTH_MAX; depth++) {
		auto_tag *tag = NULL;
		struct export_mark *mark;
		int r = odb_find(x->odb, &at.id, &kind, &at.loc, err);

		if (r < 0)
			return -1;
		/* A tag may be of a document, which need not be an object of its own. */
		if (!r || kind != OBJECT_TAG)
			break;
		ref->is_tag = true;
		if (export_mark(x, &at.id, &mark, err) || odb_tag(x->odb, &at.id, &tag, err))
			return -1;
		mark->is_inner |= depth > 0;
		at = (struct object_ref){ tag->target, LOC_UNKNOWN };
	}
	if (kind == OBJECT_COMMIT)
		ref->commit = at;
	return 0;
}

static int add_ref(struct git_exporter *x, const char *name, const struct object_ref *object, struct drift_error *err)
{
	struct export_ref *ref;
	struct export_mark *mark;

	for (size_t i = 0; x->options->revision_count && i < x->ref_count; i++) {
		if (!strcmp(x->refs[i].name, name))
			return 0;
	}
	if (mem_grow(&x->refs, &x->ref_capacity, x->ref_count + 1, sizeof(*x->refs)))
		return error_no_memory(err);
	ref = &x->refs[x->ref_count];
	*ref = (struct export_ref){ .name = mem_dup_str(name, strlen(name)), .object = *object };
	if (!ref->name)
		return error_no_memory(err);
	x->ref_count++;
	if (peel(x, ref, err))
		return -1;
	if (oid_is_zero(&ref->commit.id))
		return 0;
	if (export_mark(x, &ref->commit.id, &mark, err))
		return -1;
	if (!mark->label)
		mark->label = x->ref_count;
	return 0;
}

struct all {
	struct git_exporter *x;
	struct revwalk *walk;
};

static int add_each(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct all *all = data;
	struct git_exporter *x = all->x;
	struct object_ref *commit;
	auto_commit *c = NULL;

	/* A symbolic one stands for another, which is in the stream already. */
	if (value->kind != REF_OBJECT)
		return 0;
	if (add_ref(x, name, &value->object, err))
		return -1;
	commit = &x->refs[x->ref_count - 1].commit;
	if (oid_is_zero(&commit->id))
		return 0;
	if (odb_commit(x->odb, &commit->id, commit->loc, &c, err))
		return -1;
	return revwalk_include(all->walk, c, err);
}

/* The ref that one side of a range names. */
static int add_named(struct git_exporter *x, struct text side, struct drift_error *err)
{
	char name[REF_NAME_MAX + 1] = REF_HEAD;
	struct ref_resolved at;
	int r = 1;

	if (side.len)
		r = refs_expand(x->odb, side.data, side.len, name, err);
	else if (x->options->branch && strlen(x->options->branch) <= REF_NAME_MAX)
		memcpy(name, x->options->branch, strlen(x->options->branch) + 1);
	if (r < 0 || (r && refs_resolve(x->odb, name, false, &at, err)))
		return -1;
	if (!r || !at.exists)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%.*s' is not a ref, which a stream has to name",
				 (int)(side.len > 200 ? 200 : side.len), side.data);
	return add_ref(x, at.name, &at.object, err);
}

static int add_revision(struct git_exporter *x, const char *text, struct revwalk *walk, struct drift_error *err)
{
	const char *dots = strstr(text, "..");
	size_t dot_count = dots && dots[2] == '.' ? 3 : 2;

	if (text[0] != '^') {
		struct text right = { text, strlen(text) };

		if (dots) {
			struct text left = { text, (size_t)(dots - text) };

			if (dot_count == 3 && add_named(x, left, err))
				return -1;
			right.data = dots + dot_count;
			right.len = strlen(right.data);
		}
		if (add_named(x, right, err))
			return -1;
	}
	return point_range(x->repo, text, strlen(text), x->options->branch, walk, err);
}

static int add_commit(struct git_exporter *x, const struct commit *c, struct drift_error *err)
{
	struct export_mark *mark, *parent;

	if (export_mark(x, &c->id, &mark, err))
		return -1;
	mark->loc = c->loc;
	for (size_t i = 0; i < c->parent_count; i++) {
		if (export_mark(x, &c->parents[i].id, &parent, err))
			return -1;
		if (!parent->label)
			parent->label = mark->label;
	}
	/* It is known on the other side already. */
	if (mark->number)
		return 0;
	if (mem_grow(&x->commits, &x->commit_capacity, x->commit_count + 1, sizeof(struct export_mark *)))
		return error_no_memory(err);
	x->commits[x->commit_count++] = mark;
	return 0;
}

int export_collect(struct git_exporter *x, struct drift_error *err)
{
	const struct revwalk_options options = { .order = REVWALK_TOPOLOGICAL };
	auto_revwalk *walk = NULL;
	struct all all = { .x = x };
	struct commit *c;
	int r;

	if (revwalk_new(x->repo, &options, &walk, err))
		return -1;
	all.walk = walk;
	for (size_t i = 0; i < x->options->revision_count; i++) {
		if (add_revision(x, x->options->revisions[i], walk, err))
			return -1;
	}
	if (!x->options->revision_count && odb_ref_each(x->odb, "refs/", add_each, &all, err))
		return -1;
	while ((r = revwalk_next(walk, &c, err)) > 0) {
		r = add_commit(x, c, err);
		commit_unref(c);
		if (r)
			return -1;
	}
	return r;
}

/* --- the end of a ref --- */

static int reset(struct git_exporter *x, const struct export_ref *ref, struct drift_error *err)
{
	struct git_command c = { .kind = GIT_RESET, .name = { ref->name, strlen(ref->name) }, .has_from = true };
	struct export_mark *mark;

	if (export_mark(x, &ref->commit.id, &mark, err))
		return -1;
	buf_clear(&x->dataref);
	export_mark_name(mark, &x->dataref);
	c.from = (struct text){ x->dataref.data, x->dataref.len };
	return buf_check(&x->dataref, err) || export_command(x, &c, err) ? -1 : 0;
}

static int tag_target(struct git_exporter *x, const struct export_ref *ref, const struct tag *tag, struct export_mark **out,
		      struct drift_error *err)
{
	struct document doc = { .form = DOCUMENT_BLOB, .blob = tag->target, .loc = LOC_UNKNOWN };

	if (tag->target_kind == OBJECT_TREE)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "'%s' is a tag of a tree, which has no place in a stream",
				 ref->name);
	if (tag->target_kind == OBJECT_BLOB)
		return export_blob(x, &tag->target, &doc, out, err);
	return export_mark(x, &tag->target, out, err);
}

/* The name of a tag that another one names: its own, unless a ref has that for something else. */
static const char *inner_name(const struct git_exporter *x, const struct export_ref *outer, const struct tag *tag)
{
	for (size_t i = 0; i < x->ref_count; i++) {
		const char *name = x->refs[i].name;

		if (!strncmp(name, REF_TAGS, strlen(REF_TAGS)) && !strcmp(name + strlen(REF_TAGS), tag->name.data) &&
		    !oid_equal(&x->refs[i].object.id, &tag->id))
			return outer->name;
	}
	return tag->name.data;
}

static int write_tag(struct git_exporter *x, const struct export_ref *ref, const struct tag *tag, const char *name,
		     struct drift_error *err)
{
	size_t prefix_len = strncmp(name, REF_TAGS, strlen(REF_TAGS)) ? 0 : strlen(REF_TAGS);
	struct git_command c = { .kind = GIT_TAG, .name = { name + prefix_len, strlen(name) - prefix_len },
				 .has_from = true, .has_committer = tag->has_tagger, .message = tag->message };
	struct export_mark *target, *mark;

	if (tag_target(x, ref, tag, &target, err) || export_mark(x, &tag->id, &mark, err))
		return -1;
	buf_clear(&x->dataref);
	buf_clear(&x->data);
	export_mark_name(target, &x->dataref);
	if (tag->has_tagger)
		git_ident_out(&tag->tagger, git_header(tag->extra, GIT_TAGGER_HEADER), &x->data);
	c.from = (struct text){ x->dataref.data, x->dataref.len };
	c.committer = (struct text){ x->data.data, x->data.len };
	/* Only what another tag names needs a mark, which old programs do not know here. */
	if (mark->is_inner) {
		mark->number = ++x->last_number;
		c.mark = mark->number;
	}
	return buf_check(&x->dataref, err) || buf_check(&x->data, err) || export_command(x, &c, err) ? -1 : 0;
}

static int write_tag_once(struct git_exporter *x, const struct export_ref *ref, const struct oid *id, bool outer,
			  struct drift_error *err)
{
	struct export_mark *mark;
	auto_tag *tag = NULL;

	if (export_mark(x, id, &mark, err))
		return -1;
	if (mark->number)
		return 0;
	if (odb_tag(x->odb, id, &tag, err))
		return -1;
	return write_tag(x, ref, tag, outer ? ref->name : inner_name(x, ref, tag), err);
}

/* A tag of a tag: the inner ones first. */
static int tags(struct git_exporter *x, const struct export_ref *ref, struct drift_error *err)
{
	struct oid ids[TAG_DEPTH_MAX];
	struct oid at = ref->object.id;
	size_t count = 0;

	for (;;) {
		auto_tag *tag = NULL;

		if (count == TAG_DEPTH_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "'%s' leads through more than %d tags", ref->name,
					 TAG_DEPTH_MAX);
		if (odb_tag(x->odb, &at, &tag, err))
			return -1;
		ids[count++] = at;
		at = tag->target;
		if (tag->target_kind != OBJECT_TAG)
			break;
	}
	while (count--) {
		if (write_tag_once(x, ref, &ids[count], !count, err))
			return -1;
	}
	return 0;
}

int export_ref_end(struct git_exporter *x, const struct export_ref *ref, struct drift_error *err)
{
	return ref->is_tag ? tags(x, ref, err) : reset(x, ref, err);
}
