/* Names in a stream: refs, marks and commit-ishes; and the refs that move in the end. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "refs/refname.h"
#include "repo/git_import_internal.h"
#include "repo/point.h"

#define TAG_DEPTH_MAX 32

/* --- the table --- */

static struct import_ref *find_ref(const struct git_importer *imp, struct text name)
{
	struct oid key;

	object_hash(OBJECT_BLOB, name.data, name.len, &key);
	return oid_table_get(&imp->ref_table, &key);
}

static int add_ref(struct git_importer *imp, struct text name, struct import_ref **out, struct drift_error *err)
{
	struct import_ref *ref = mem_calloc(1, sizeof(*ref));

	if (!ref || mem_grow(&imp->refs, &imp->ref_capacity, imp->ref_count + 1, sizeof(struct import_ref *))) {
		free(ref);
		return error_no_memory(err);
	}
	imp->refs[imp->ref_count++] = ref;
	ref->name = mem_dup_str(name.data, name.len);
	if (!ref->name)
		return error_no_memory(err);
	object_hash(OBJECT_BLOB, name.data, name.len, &ref->key);
	*out = ref;
	return oid_table_put(&imp->ref_table, &ref->key, ref, err);
}

int import_ref(struct git_importer *imp, struct text name, struct import_ref **out, struct drift_error *err)
{
	struct import_ref *ref = find_ref(imp, name);

	if (ref) {
		*out = ref;
		return 0;
	}
	if (refname_check(name.data, name.len, err))
		return -1;
	return add_ref(imp, name, out, err);
}

void import_refs_release(struct git_importer *imp)
{
	for (size_t i = 0; i < imp->ref_count; i++) {
		free(imp->refs[i]->name);
		free(imp->refs[i]);
	}
	free(imp->refs);
	oid_table_release(&imp->ref_table);
}

/* --- commit-ishes --- */

static int not_a_commit(struct text text, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is not a commit of this stream or store",
			 (int)(text.len > 80 ? 80 : text.len), text.data);
}

static int stored_object(struct git_importer *imp, struct text text, const struct oid *id, struct object_ref *out,
			 bool *is_tag_out, struct drift_error *err)
{
	struct object_ref object = { .id = *id };
	enum object_kind kind;
	int r = odb_find(imp->odb, id, &kind, &object.loc, err);

	if (r < 0)
		return -1;
	if (!r || (kind != OBJECT_COMMIT && kind != OBJECT_TAG))
		return not_a_commit(text, err);
	*out = object;
	*is_tag_out = kind == OBJECT_TAG;
	return 1;
}

static int marked_object(struct git_importer *imp, struct text text, struct object_ref *out, bool *is_tag_out,
			 struct drift_error *err)
{
	uint64_t number = import_mark_number(text);
	const struct git_mark *mark = number ? git_marks_get(imp->marks, number) : NULL;

	if (!mark)
		return error_set(err, DRIFT_ERR_INVALID, "mark '%.*s' was not set",
				 (int)(text.len > 40 ? 40 : text.len), text.data);
	if (mark->kind == GIT_MARK_NAMED)
		return stored_object(imp, text, &mark->object.id, out, is_tag_out, err);
	if (mark->kind != GIT_MARK_COMMIT && mark->kind != GIT_MARK_TAG)
		return not_a_commit(text, err);
	*out = mark->object;
	*is_tag_out = mark->kind == GIT_MARK_TAG;
	return 1;
}

static int stored_point(struct git_importer *imp, struct text text, struct object_ref *out, struct drift_error *err)
{
	auto_point point = POINT_INIT;

	if (point_resolve(imp->repo, text.data, text.len, NULL, &point, err))
		return -1;
	if (!point.commit)
		return not_a_commit(text, err);
	*out = (struct object_ref){ point.commit->id, point.commit->loc };
	return 1;
}

/* "^0" asks for a commit, which is what is asked for anyway. */
static struct text without_suffix(struct text text)
{
	if (text.len > 2 && !memcmp(text.data + text.len - 2, "^0", 2))
		text.len -= 2;
	return text;
}

int import_commitish(struct git_importer *imp, struct text text, struct object_ref *out, bool *is_tag_out,
		     struct drift_error *err)
{
	const struct import_ref *ref;
	struct oid id;

	*is_tag_out = false;
	if (import_is_zero(text))
		return 0;
	text = without_suffix(text);
	if (text.len && text.data[0] == ':')
		return marked_object(imp, text, out, is_tag_out, err);
	if (import_hex(text, id.bytes) == OID_LEN)
		return stored_object(imp, text, &id, out, is_tag_out, err);
	ref = find_ref(imp, text);
	if (!ref || !ref->exists)
		return stored_point(imp, text, out, err);
	*out = ref->object;
	*is_tag_out = ref->is_tag;
	return 1;
}

/* Tags are read from the store alone. */
static int peel(struct git_importer *imp, struct text text, struct object_ref *object, struct drift_error *err)
{
	bool is_tag = true;

	if (import_flush(imp, err))
		return -1;
	for (unsigned depth = 0; is_tag && depth < TAG_DEPTH_MAX; depth++) {
		auto_tag *tag = NULL;

		if (odb_tag(imp->odb, &object->id, &tag, err) ||
		    stored_object(imp, text, &tag->target, object, &is_tag, err) < 0)
			return -1;
	}
	return is_tag ? not_a_commit(text, err) : 1;
}

int import_parent(struct git_importer *imp, struct text text, struct object_ref *out, struct drift_error *err)
{
	struct object_ref object;
	bool is_tag;
	int r = import_commitish(imp, text, &object, &is_tag, err);

	if (r > 0 && is_tag)
		r = peel(imp, text, &object, err);
	if (r > 0)
		*out = object;
	return r;
}

/* --- moving the refs --- */

struct moves {
	struct ref_change *changes;
	size_t count;
	bool any_before; /* the store had refs */
	struct ref_resolved head;
};

static int is_descendant(struct git_importer *imp, const struct object_ref *old, const struct object_ref *new,
			 struct drift_error *err)
{
	auto_commit *from = NULL, *to = NULL;
	enum object_kind kind;
	uint64_t loc;
	int r = odb_find(imp->odb, &old->id, &kind, &loc, err);

	if (r <= 0 || kind != OBJECT_COMMIT)
		return r < 0 ? -1 : 0;
	if (odb_commit(imp->odb, &old->id, old->loc, &from, err) || odb_commit(imp->odb, &new->id, new->loc, &to, err))
		return -1;
	return graph_is_ancestor(imp->repo, from, to, err);
}

static int refuse_move(const char *name, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CLASH, "'%s' would lose commits: what the stream has does not descend from what it holds",
			 name);
}

static int check_move(struct git_importer *imp, const char *name, const struct import_ref *ref,
		      const struct ref_value *old, struct drift_error *err)
{
	int r;

	if (imp->force || old->kind == REF_ABSENT || ref->deleted)
		return 0;
	if (old->kind == REF_SYMBOLIC || ref->is_tag)
		return refuse_move(name, err);
	r = is_descendant(imp, &old->object, &ref->object, err);
	if (r < 0)
		return -1;
	return r ? 0 : refuse_move(name, err);
}

static int add_move(struct git_importer *imp, struct moves *m, const char *name, const struct import_ref *ref,
		    struct drift_error *err)
{
	struct ref_change *change = &m->changes[m->count];
	struct ref_value old;

	if (odb_ref_read(imp->odb, name, false, &old, err))
		return -1;
	if (ref->deleted && old.kind == REF_ABSENT)
		return 0;
	if (!ref->deleted && old.kind == REF_OBJECT && oid_equal(&old.object.id, &ref->object.id))
		return 0;
	if (check_move(imp, name, ref, &old, err))
		return -1;
	change->name = name;
	change->expect = old.kind == REF_ABSENT ? REF_EXPECT_ABSENT :
			 old.kind == REF_OBJECT ? REF_EXPECT_OBJECT :
						  REF_EXPECT_ANYTHING;
	change->old = old.object.id;
	change->value.kind = ref->deleted ? REF_ABSENT : REF_OBJECT;
	change->value.object = ref->object;
	m->count++;
	return 0;
}

/* HEAD in a stream is the branch that it names here, unless the stream knows that one too. */
static int add_head(struct git_importer *imp, struct moves *m, const struct import_ref *head, struct drift_error *err)
{
	struct text name = { m->head.name, strlen(m->head.name) };
	const struct import_ref *other = find_ref(imp, name);

	if (!other || (!other->exists && !other->deleted))
		return add_move(imp, m, m->head.name, head, err);
	if (imp->options->warn)
		imp->options->warn(imp->options->data, "the stream's own HEAD, which is on no branch, was left out");
	return 0;
}

static int note_any(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	bool *any = data;

	(void)name;
	(void)value;
	(void)err;
	*any = true;
	return 1;
}

static const char *first_branch(const struct moves *m)
{
	static const char *const usual[] = { REF_HEADS "main", REF_HEADS "master" };
	const char *first = NULL;

	for (size_t u = 0; u < ARRAY_SIZE(usual); u++) {
		for (size_t i = 0; i < m->count; i++) {
			if (!strcmp(m->changes[i].name, usual[u]))
				return usual[u];
		}
	}
	for (size_t i = 0; i < m->count && !first; i++) {
		if (refname_is_branch(m->changes[i].name))
			first = m->changes[i].name;
	}
	return first;
}

/* A store that was empty stands on the stream's main branch, if its own is not in the stream. */
static void point_head(struct moves *m)
{
	struct ref_change *change = &m->changes[m->count];
	const char *branch = first_branch(m);

	if (m->any_before || !branch)
		return;
	for (size_t i = 0; i < m->count; i++) {
		if (!strcmp(m->changes[i].name, m->head.name))
			return;
	}
	change->name = REF_HEAD;
	change->expect = REF_EXPECT_ANYTHING;
	change->value.kind = REF_SYMBOLIC;
	memcpy(change->value.target, branch, strlen(branch) + 1);
	m->count++;
}

static int collect_moves(struct git_importer *imp, struct moves *m, struct drift_error *err)
{
	if (refs_resolve(imp->odb, REF_HEAD, false, &m->head, err) ||
	    odb_ref_each(imp->odb, "refs/", note_any, &m->any_before, err) < 0)
		return -1;
	for (size_t i = 0; i < imp->ref_count; i++) {
		const struct import_ref *ref = imp->refs[i];
		bool is_head = !strcmp(ref->name, REF_HEAD);

		if (!ref->exists && !ref->deleted)
			continue;
		if (is_head ? add_head(imp, m, ref, err) : add_move(imp, m, ref->name, ref, err))
			return -1;
	}
	imp->result.ref_count = m->count;
	point_head(m);
	return 0;
}

int import_refs_apply(struct git_importer *imp, struct drift_error *err)
{
	struct moves m = { .changes = mem_calloc(imp->ref_count + 1, sizeof(*m.changes)) };
	struct ref_transaction t = { .actor = imp->options->actor, .reason = "import git" };
	int r;

	if (!m.changes)
		return error_no_memory(err);
	r = collect_moves(imp, &m, err);
	t.changes = m.changes;
	t.change_count = m.count;
	if (!r && m.count)
		r = refs_apply(imp->odb, &t, err);
	free(m.changes);
	return r;
}
