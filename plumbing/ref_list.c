#include "plumbing/ref_list.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define TAG_DEPTH_MAX 32

void ref_list_release(struct ref_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].target);
	}
	free(list->items);
	list->items = NULL;
	list->count = list->capacity = 0;
}

/* 1 / 0 it leads nowhere / -1 */
static int add_ref(struct ref_list *list, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct odb *odb = repo_odb(list->ctx->repo);
	struct listed_ref ref = { .object = value->object };
	struct drift_error why;
	struct ref_resolved at;
	int found;

	if (value->kind == REF_SYMBOLIC) {
		/* A loop leads nowhere either. */
		if (refs_resolve(odb, name, false, &at, &why))
			return why.code == DRIFT_ERR_INVALID ? 0 : error_set(err, why.code, "%s", why.message);
		if (!at.exists)
			return 0;
		ref.object = at.object;
	}
	found = odb_find(odb, &ref.object.id, &ref.kind, &ref.object.loc, err);
	if (found < 0)
		return -1;
	if (!found)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' leads to an object that is missing", name);
	if (mem_grow(&list->items, &list->capacity, list->count + 1, sizeof(*list->items)))
		return error_no_memory(err);
	ref.name = mem_dup_str(name, strlen(name));
	if (value->kind == REF_SYMBOLIC)
		ref.target = mem_dup_str(value->target, strlen(value->target));
	list->items[list->count++] = ref;
	return !ref.name || (value->kind == REF_SYMBOLIC && !ref.target) ? error_no_memory(err) : 1;
}

static int add_each(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	return add_ref(data, name, value, err) < 0 ? -1 : 0;
}

int ref_list_add(struct ref_list *list, const char *prefix, struct drift_error *err)
{
	return odb_ref_each(repo_odb(list->ctx->repo), prefix, add_each, list, err);
}

int ref_list_add_one(struct ref_list *list, const char *name, struct drift_error *err)
{
	struct ref_value value;

	if (strlen(name) > REF_NAME_MAX)
		return 0;
	if (odb_ref_read(repo_odb(list->ctx->repo), name, false, &value, err))
		return -1;
	return value.kind == REF_ABSENT ? 0 : add_ref(list, name, &value, err);
}

bool ref_pattern_matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	while (len && pattern[len - 1] == '/')
		len--;
	if (!strncmp(pattern, name, len) && (!name[len] || name[len] == '/'))
		return true;
	return !fnmatch(pattern, name, FNM_PATHNAME);
}

int ref_peel(struct cmd_context *ctx, const struct listed_ref *ref, struct object_ref *out, enum object_kind *kind_out,
	     struct drift_error *err)
{
	struct odb *odb = repo_odb(ctx->repo);

	*out = ref->object;
	*kind_out = ref->kind;
	for (unsigned depth = 0; *kind_out == OBJECT_TAG; depth++) {
		auto_tag *tag = NULL;
		int found;

		if (depth == TAG_DEPTH_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "'%s' leads through more than %d tags", ref->name,
					 TAG_DEPTH_MAX);
		if (odb_tag(odb, &out->id, &tag, err))
			return -1;
		out->id = tag->target;
		found = odb_find(odb, &out->id, kind_out, &out->loc, err);
		if (found <= 0)
			return found < 0 ? -1 :
					   error_set(err, DRIFT_ERR_CORRUPT, "'%s' leads to an object that is missing",
						     ref->name);
	}
	return 0;
}
