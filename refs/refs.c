#include "refs/refs.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "objects/loc.h"
#include "refs/refname.h"

#define SYMBOLIC_DEPTH_MAX 5
#define TAG_DEPTH_MAX 32

static int copy_name(char to[REF_NAME_MAX + 1], const char *name, struct drift_error *err)
{
	size_t len = strlen(name);

	if (len > REF_NAME_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the name of a ref is longer than %d bytes", REF_NAME_MAX);
	memcpy(to, name, len + 1);
	return 0;
}

int refs_resolve(struct odb *odb, const char *name, bool locked, struct ref_resolved *out, struct drift_error *err)
{
	struct ref_value value;
	char at[REF_NAME_MAX + 1];
	unsigned depth;

	if (copy_name(at, name, err))
		return -1;
	for (depth = 0; depth <= SYMBOLIC_DEPTH_MAX; depth++) {
		if (odb_ref_read(odb, at, locked, &value, err))
			return -1;
		if (value.kind != REF_SYMBOLIC) {
			memcpy(out->name, at, strlen(at) + 1);
			out->exists = value.kind == REF_OBJECT;
			if (out->exists)
				out->object = value.object;
			else
				memset(&out->object, 0, sizeof(out->object));
			return 0;
		}
		memcpy(at, value.target, strlen(value.target) + 1);
	}
	return error_set(err, DRIFT_ERR_INVALID, "'%s' is symbolic over more than %d steps", name, SYMBOLIC_DEPTH_MAX);
}

/* Through tags to what they name; kind_out is never OBJECT_TAG. */
static int peel(struct odb *odb, const char *name, struct object_ref *object, enum object_kind *kind_out,
		struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	unsigned depth;

	for (depth = 0; depth < TAG_DEPTH_MAX; depth++) {
		auto_tag *tag = NULL;
		int found = odb_find(odb, &object->id, kind_out, &object->loc, err);

		if (found < 0)
			return -1;
		if (!found)
			return error_set(err, DRIFT_ERR_CORRUPT, "'%s' leads to object %s, which is missing", name,
					 oid_to_hex(&object->id, hex));
		if (*kind_out != OBJECT_TAG)
			return 0;
		if (odb_tag(odb, &object->id, &tag, err))
			return -1;
		object->id = tag->target;
		object->loc = LOC_UNKNOWN;
	}
	return error_set(err, DRIFT_ERR_LIMIT, "'%s' leads through more than %d tags", name, TAG_DEPTH_MAX);
}

int refs_commit(struct odb *odb, const char *name, bool locked, struct commit **commit_out, struct drift_error *err)
{
	struct ref_resolved at;
	enum object_kind kind;

	if (refs_resolve(odb, name, locked, &at, err))
		return -1;
	if (!at.exists)
		return 0;
	if (peel(odb, at.name, &at.object, &kind, err))
		return -1;
	if (kind != OBJECT_COMMIT)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' leads to a %s, not to a commit", at.name,
				 object_kind_name(kind));
	return odb_commit(odb, &at.object.id, at.object.loc, commit_out, err) ? -1 : 1;
}

static int ref_exists(struct odb *odb, const char *name, struct drift_error *err)
{
	struct ref_value value;

	if (odb_ref_read(odb, name, false, &value, err))
		return -1;
	return value.kind != REF_ABSENT;
}

int refs_expand(struct odb *odb, const char *shorthand, size_t len, char name_out[REF_NAME_MAX + 1],
		struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	char first[REF_NAME_MAX + 1] = "";
	size_t i;

	for (i = 0; i < REFNAME_RULE_COUNT; i++) {
		int exists;

		buf_clear(&name);
		if (!refname_expand(shorthand, len, i, &name))
			continue;
		if (buf_check(&name, err))
			return -1;
		exists = ref_exists(odb, name.data, err);
		if (exists < 0)
			return -1;
		if (!exists)
			continue;
		if (*first)
			return error_set(err, DRIFT_ERR_AMBIGUOUS, "'%.*s' may be '%s' or '%s'", (int)len, shorthand,
					 first, name.data);
		if (copy_name(first, name.data, err))
			return -1;
	}
	if (!*first)
		return 0;
	memcpy(name_out, first, strlen(first) + 1);
	return 1;
}

/* --- transactions --- */

static int by_name(const void *a, const void *b)
{
	const struct ref_change *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

bool refs_is_own(const char *name)
{
	return !strcmp(name, REF_STAGE) || !strncmp(name, REF_INCOMING, strlen(REF_INCOMING));
}

static int check_name(const struct ref_change *change, struct drift_error *err)
{
	if (refs_is_own(change->name))
		return 0;
	if (refname_check(change->name, strlen(change->name), err))
		return -1;
	if (change->value.kind != REF_SYMBOLIC || change->check_only)
		return 0;
	if (strncmp(change->value.target, "refs/", 5) != 0)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' cannot point to '%s', which is not below refs/",
				 change->name, change->value.target);
	return refname_check(change->value.target, strlen(change->value.target), err);
}

/* What a ref holds, for messages. */
static void describe(const struct ref_value *value, struct buf *out)
{
	char hex[OID_HEX_LEN + 1];

	if (value->kind == REF_OBJECT)
		buf_addf(out, "is at %s", oid_to_hex(&value->object.id, hex));
	else if (value->kind == REF_SYMBOLIC)
		buf_addf(out, "points to '%s'", value->target);
	else
		buf_add_str(out, "does not exist");
}

static int check_expected(const struct ref_change *change, const struct ref_value *value, struct drift_error *err)
{
	auto_buf is = BUF_INIT;
	char hex[OID_HEX_LEN + 1];

	if (change->expect == REF_EXPECT_ANYTHING)
		return 0;
	if (change->expect == REF_EXPECT_ABSENT && value->kind == REF_ABSENT)
		return 0;
	if (change->expect == REF_EXPECT_OBJECT && value->kind == REF_OBJECT &&
	    oid_equal(&change->old, &value->object.id))
		return 0;
	describe(value, &is);
	if (change->expect == REF_EXPECT_ABSENT)
		return error_set(err, DRIFT_ERR_CLASH, "'%s' %s, expected it to be absent", change->name, is.data);
	return error_set(err, DRIFT_ERR_CLASH, "'%s' %s, expected it at %s", change->name, is.data,
			 oid_to_hex(&change->old, hex));
}

/* The stage may be one of long ago, taken back: gc may have removed it. */
static int check_tree(struct odb *odb, const struct ref_change *change, const struct object_ref *object,
		      struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	auto_node *node = NULL;
	struct drift_error why;

	if (!odb_node(odb, &object->id, object->loc, &node, &why))
		return 0;
	return error_set(err, why.code == DRIFT_ERR_CORRUPT ? DRIFT_ERR_NOT_FOUND : why.code,
			 "'%s' cannot be set to %s: %s", change->name, oid_to_hex(&object->id, hex), why.message);
}

/* Only commits and tags that are here may be named, and by branches only commits. What waits in the batch was made by us. */
static int check_object(struct odb *odb, const struct ref_change *change, struct object_ref *object,
			struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	enum object_kind kind;
	int found;

	if (loc_file(object->loc) == LOC_PENDING)
		return 0;
	if (!strcmp(change->name, REF_STAGE))
		return check_tree(odb, change, object, err);
	found = odb_find(odb, &object->id, &kind, &object->loc, err);
	if (found < 0)
		return -1;
	oid_to_hex(&object->id, hex);
	if (!found)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' cannot be set to %s: there is no such object",
				 change->name, hex);
	if (kind == OBJECT_COMMIT || (kind == OBJECT_TAG && !refname_is_branch(change->name)))
		return 0;
	return error_set(err, DRIFT_ERR_INVALID, "'%s' cannot be set to %s: it is a %s", change->name, hex,
			 object_kind_name(kind));
}

static const struct ref_change *find_change(const struct ref_change *const *sorted, size_t count, const char *name)
{
	const struct ref_change wanted = { .name = name }, *key = &wanted;
	const struct ref_change *const *found;

	found = bsearch(&key, sorted, count, sizeof(*sorted), by_name);
	return found ? *found : NULL;
}

static bool will_delete(const struct ref_change *change)
{
	return change && !change->check_only && change->value.kind == REF_ABSENT;
}

static bool will_set(const struct ref_change *change)
{
	return change && !change->check_only && change->value.kind != REF_ABSENT;
}

/* All names that there are, in order; collected for the first that is to be created. */
struct names {
	char **items;
	size_t count, capacity;
	bool collected;
};

static int keep_name(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct names *names = data;
	char *copy = mem_dup_str(name, strlen(name));

	(void)value;
	if (!copy || mem_grow(&names->items, &names->capacity, names->count + 1, sizeof(*names->items)) < 0) {
		free(copy);
		return error_no_memory(err);
	}
	names->items[names->count++] = copy;
	return 0;
}

static void names_release(struct names *names)
{
	while (names->count)
		free(names->items[--names->count]);
	free(names->items);
}

/* The first that is not before `text`. */
static size_t first_name(const struct names *names, const char *text)
{
	size_t low = 0, high = names->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(names->items[middle], text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct nest_check {
	const struct ref_change *const *sorted;
	size_t count;
	const char *name;
	struct names *names;
};

static int check_below(struct odb *odb, const struct nest_check *check, const char *folder, struct drift_error *err)
{
	struct names *names = check->names;
	size_t i, len = strlen(folder);

	if (!names->collected && odb_ref_each(odb, "", keep_name, names, err))
		return -1;
	names->collected = true;
	for (i = first_name(names, folder); i < names->count && !strncmp(names->items[i], folder, len); i++) {
		if (!will_delete(find_change(check->sorted, check->count, names->items[i])))
			return error_set(err, DRIFT_ERR_EXISTS, "'%s' cannot be created: '%s' exists", check->name,
					 names->items[i]);
	}
	return 0;
}

/* git keeps refs as files, so no name may be a folder of another. */
static int check_nesting(struct odb *odb, const struct nest_check *check, struct drift_error *err)
{
	char part[REF_NAME_MAX + 2];
	size_t len = strlen(check->name);
	const char *slash = check->name;
	struct ref_value value;

	while ((slash = strchr(slash + 1, '/'))) {
		size_t part_len = (size_t)(slash - check->name);
		const struct ref_change *change;

		memcpy(part, check->name, part_len);
		part[part_len] = '\0';
		change = find_change(check->sorted, check->count, part);
		if (odb_ref_read(odb, part, true, &value, err))
			return -1;
		if (will_set(change) || (value.kind != REF_ABSENT && !will_delete(change)))
			return error_set(err, DRIFT_ERR_EXISTS, "'%s' cannot be created: '%s' exists", check->name,
					 part);
	}
	memcpy(part, check->name, len);
	memcpy(part + len, "/", 2);
	return check_below(odb, check, part, err);
}

struct prepared {
	const struct ref_change **sorted;
	struct ref_value *values;
	struct odb_ref_update *updates;
	size_t update_count;
	struct names names;
};

static void prepared_release(struct prepared *p)
{
	free(p->sorted);
	free(p->values);
	free(p->updates);
	names_release(&p->names);
}

static int prepare_names(struct prepared *p, const struct ref_transaction *t, struct drift_error *err)
{
	size_t i;

	p->sorted = mem_alloc_array(t->change_count + 1, sizeof(*p->sorted));
	p->values = mem_alloc_array(t->change_count + 1, sizeof(*p->values));
	p->updates = mem_alloc_array(t->change_count + 1, sizeof(*p->updates));
	if (!p->sorted || !p->values || !p->updates)
		return error_no_memory(err);
	for (i = 0; i < t->change_count; i++) {
		if (check_name(&t->changes[i], err))
			return -1;
		p->sorted[i] = &t->changes[i];
	}
	qsort(p->sorted, t->change_count, sizeof(*p->sorted), by_name);
	for (i = 1; i < t->change_count; i++)
		if (!strcmp(p->sorted[i - 1]->name, p->sorted[i]->name))
			return error_set(err, DRIFT_ERR_INVALID, "'%s' is named twice in one transaction",
					 p->sorted[i]->name);
	return 0;
}

static int prepare_change(struct odb *odb, struct prepared *p, size_t change_count, const struct ref_change *change,
			  struct drift_error *err)
{
	struct nest_check nest = { p->sorted, change_count, change->name, &p->names };
	struct ref_value *value = &p->values[p->update_count], now;

	if (odb_ref_read(odb, change->name, true, &now, err) || check_expected(change, &now, err))
		return -1;
	if (change->check_only || (change->value.kind == REF_ABSENT && now.kind == REF_ABSENT))
		return 0;
	*value = change->value;
	if (value->kind == REF_OBJECT && check_object(odb, change, &value->object, err))
		return -1;
	if (value->kind != REF_ABSENT && now.kind == REF_ABSENT && check_nesting(odb, &nest, err))
		return -1;
	p->updates[p->update_count].name = change->name;
	p->updates[p->update_count++].value = value;
	return 0;
}

int refs_apply_locked(struct odb *odb, const struct ref_transaction *t, uint64_t *ticket_out, struct drift_error *err)
{
	struct prepared p = { .sorted = NULL };
	struct odb_append append = { .batch = t->batch, .actor = t->actor, .reason = t->reason };
	size_t i;
	int r = prepare_names(&p, t, err);

	for (i = 0; !r && i < t->change_count; i++)
		r = prepare_change(odb, &p, t->change_count, &t->changes[i], err);
	if (!r) {
		append.updates = p.updates;
		append.update_count = p.update_count;
		append.time_usec = t->time_usec ? t->time_usec : date_now_us();
		r = odb_append(odb, &append, ticket_out, err);
	}
	prepared_release(&p);
	return r;
}

int refs_apply(struct odb *odb, const struct ref_transaction *t, struct drift_error *err)
{
	uint64_t ticket;
	int r;

	if (odb_lock(odb, err))
		return -1;
	r = refs_apply_locked(odb, t, &ticket, err);
	odb_unlock(odb);
	return r ? r : odb_sync(odb, ticket, err);
}
