#include <stdlib.h>
#include <string.h>

#include "api/api_internal.h"
#include "base/mem.h"
#include "refs/refname.h"

static int ref_of(struct odb *odb, const char *name, const struct ref_value *value, struct drift_ref *out,
		  struct drift_error *err)
{
	struct ref_resolved at;

	memset(out, 0, sizeof(*out));
	memcpy(out->name, name, strlen(name) + 1);
	if (value->kind == REF_OBJECT) {
		out->id = api_id(&value->object.id);
	} else {
		if (refs_resolve(odb, name, false, &at, err))
			return -1;
		memcpy(out->target, at.name, strlen(at.name) + 1);
		if (at.exists)
			out->id = api_id(&at.object.id);
	}
	return 0;
}

int drift_ref_read(struct drift_repo *repo, const char *name, struct drift_ref *ref_out, struct drift_error *err)
{
	struct odb *odb = repo_odb(repo->repo);
	char full[REF_NAME_MAX + 1];
	struct ref_value value;
	int found;

	if (refname_check_short(name, strlen(name), err))
		return -1;
	found = refs_expand(odb, name, strlen(name), full, err);
	if (found <= 0)
		return found;
	if (odb_ref_read(odb, full, false, &value, err))
		return -1;
	if (value.kind == REF_ABSENT)
		return 0;
	return ref_of(odb, full, &value, ref_out, err) ? -1 : 1;
}

/* The callback of a user may use the repository, so the names are taken down first. */
struct listing {
	struct buf names; /* each with its NUL */
};

static int take_down(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct listing *l = data;

	(void)value;
	if (refs_is_own(name))
		return 0;
	buf_add(&l->names, name, strlen(name) + 1);
	return buf_check(&l->names, err);
}

static int give_ref(struct odb *odb, const char *name, drift_ref_fn each, void *data, struct drift_error *err)
{
	struct ref_value value;
	struct drift_ref ref;

	if (odb_ref_read(odb, name, false, &value, err))
		return -1;
	if (value.kind == REF_ABSENT)
		return 0;
	return ref_of(odb, name, &value, &ref, err) ? -1 : each(data, &ref, err);
}

int drift_ref_each(struct drift_repo *repo, const char *prefix, drift_ref_fn each, void *data, struct drift_error *err)
{
	struct odb *odb = repo_odb(repo->repo);
	struct listing l = { .names = BUF_INIT };
	int r = odb_ref_each(odb, prefix ? prefix : "refs/", take_down, &l, err);

	for (size_t at = 0; !r && at < l.names.len; at += strlen(l.names.data + at) + 1)
		r = give_ref(odb, l.names.data + at, each, data, err);
	buf_release(&l.names);
	return r;
}

static int change_of(const struct drift_ref_change *from, struct ref_change *to, struct drift_error *err)
{
	*to = (struct ref_change){ .name = from->name, .check_only = from->action == DRIFT_REF_CHECK };
	if (!from->name || refs_is_own(from->name))
		return error_set(err, DRIFT_ERR_INVALID, "the name of a ref is missing, or the store's own");
	to->expect = from->expect == DRIFT_EXPECT_ABSENT ? REF_EXPECT_ABSENT :
		     from->expect == DRIFT_EXPECT_ID     ? REF_EXPECT_OBJECT :
							   REF_EXPECT_ANYTHING;
	to->old = api_oid(&from->old_id);
	if (from->action == DRIFT_REF_SET) {
		to->value.kind = REF_OBJECT;
		to->value.object.id = api_oid(&from->new_id);
		to->value.object.loc = LOC_UNKNOWN;
	} else if (from->action == DRIFT_REF_LINK) {
		size_t len = from->target ? strlen(from->target) : 0;

		if (!len || len > REF_NAME_MAX)
			return error_set(err, DRIFT_ERR_INVALID, "'%s' needs a target of at most %d bytes", from->name,
					 REF_NAME_MAX);
		to->value.kind = REF_SYMBOLIC;
		memcpy(to->value.target, from->target, len + 1);
	} else {
		to->value.kind = REF_ABSENT;
	}
	return 0;
}

int drift_ref_update(struct drift_repo *repo, const struct drift_ref_update *update, struct drift_error *err)
{
	auto_free struct ref_change *changes = mem_calloc(update->change_count + 1, sizeof(*changes));
	struct ref_transaction t = { .changes = changes,
				     .change_count = update->change_count,
				     .actor = update->actor,
				     .reason = update->reason ? update->reason : "" };

	if (!changes)
		return error_no_memory(err);
	if (!update->actor)
		return error_set(err, DRIFT_ERR_INVALID, "moving refs needs an actor");
	if (who_check(update->actor, strlen(update->actor), err))
		return error_prefix(err, DRIFT_OK, "actor");
	for (size_t i = 0; i < update->change_count; i++)
		if (change_of(&update->changes[i], &changes[i], err))
			return -1;
	return refs_apply(repo_odb(repo->repo), &t, err);
}

/* --- branches and tags --- */

typedef int (*naming_fn)(const char *name, size_t len, struct buf *out, struct drift_error *err);

/* A user's name of a branch or tag in full. */
static int full_name(naming_fn naming, const char *name, struct buf *out, struct drift_error *err)
{
	return naming(name, strlen(name), out, err) || buf_check(out, err) ? -1 : 0;
}

static int create(struct drift_repo *repo, naming_fn naming, const char *name, const char *point, const char *actor,
		  struct drift_error *err)
{
	struct drift_ref_change change = { .expect = DRIFT_EXPECT_ABSENT, .action = DRIFT_REF_SET };
	struct drift_ref_update update = { .changes = &change, .change_count = 1, .actor = actor };
	struct drift_error why = { DRIFT_OK, "" };
	auto_buf full = BUF_INIT;
	auto_buf reason = BUF_INIT;
	auto_point p = POINT_INIT;

	if (!point)
		point = REF_HEAD;
	if (full_name(naming, name, &full, err) || point_resolve(repo->repo, point, strlen(point), NULL, &p, err))
		return -1;
	if (!p.commit)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no commit at '%s'", point);
	buf_addf(&reason, "create: from %s", point);
	if (buf_check(&reason, err))
		return -1;
	change.name = full.data;
	change.new_id = api_id(&p.commit->id);
	update.reason = reason.data;
	if (!drift_ref_update(repo, &update, &why))
		return 0;
	if (why.code == DRIFT_ERR_CLASH)
		return error_set(err, DRIFT_ERR_EXISTS, "'%s' exists already", full.data);
	return error_set(err, why.code, "%s", why.message);
}

static int delete (struct drift_repo *repo, naming_fn naming, const char *name, const char *actor,
		   struct drift_error *err)
{
	struct drift_ref_change change = { .expect = DRIFT_EXPECT_ID, .action = DRIFT_REF_DELETE };
	struct drift_ref_update update = { &change, 1, actor, "delete" };
	struct odb *odb = repo_odb(repo->repo);
	struct ref_resolved head;
	auto_buf full = BUF_INIT;
	struct ref_value value;

	if (full_name(naming, name, &full, err) || odb_ref_read(odb, full.data, false, &value, err) ||
	    refs_resolve(odb, REF_HEAD, false, &head, err))
		return -1;
	if (value.kind != REF_OBJECT)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' does not exist", full.data);
	if (!strcmp(head.name, full.data))
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is the branch that HEAD is on", full.data);
	change.name = full.data;
	change.old_id = api_id(&value.object.id);
	return drift_ref_update(repo, &update, err);
}

int drift_branch_create(struct drift_repo *repo, const char *name, const char *point, const char *actor,
			struct drift_error *err)
{
	return create(repo, refname_branch, name, point, actor, err);
}

int drift_tag_create(struct drift_repo *repo, const char *name, const char *point, const char *actor,
		     struct drift_error *err)
{
	return create(repo, refname_tag, name, point, actor, err);
}

int drift_branch_delete(struct drift_repo *repo, const char *name, const char *actor, struct drift_error *err)
{
	return delete (repo, refname_branch, name, actor, err);
}

int drift_tag_delete(struct drift_repo *repo, const char *name, const char *actor, struct drift_error *err)
{
	return delete (repo, refname_tag, name, actor, err);
}
