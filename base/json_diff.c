#include "base/json_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_align_internal.h"
#include "base/json_arena_internal.h"
#include "base/json_pointer.h"
#include "base/mem.h"

/* Two values to be compared, or one that was added (from is NULL) or removed. */
struct task {
	const struct json_value *from, *to;
	const struct json_path *path;
};

struct json_diff {
	struct json_arena arena;
	struct json_change *changes;
	size_t count, capacity;
	struct task *tasks; /* a stack: what is to come first is pushed last */
	size_t task_count, task_capacity;
};

static int push(struct json_diff *d, const struct json_value *from, const struct json_value *to,
		const struct json_path *step, struct drift_error *err)
{
	struct json_path *path;

	if (d->arena.size > JSON_POINTERS_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "too many differences with too long paths");
	path = json_arena_alloc(&d->arena, sizeof(*path));
	if (!path || mem_grow(&d->tasks, &d->task_capacity, d->task_count + 1, sizeof(*d->tasks)))
		return error_no_memory(err);
	*path = *step;
	path->depth = step->up ? step->up->depth + 1 : 1;
	d->tasks[d->task_count++] = (struct task){ from, to, path };
	return 0;
}

static bool is_container(const struct json_value *v)
{
	return json_kind(v) == JSON_OBJECT || json_kind(v) == JSON_ARRAY;
}

static int report(struct json_diff *d, const struct task *t, struct drift_error *err)
{
	struct json_change change = { .old_value = t->from, .new_value = t->to };
	auto_buf pointer = BUF_INIT;

	change.kind = !t->from ? JSON_ADD : !t->to ? JSON_REMOVE : JSON_CHANGE;
	if (json_path_text(&pointer, t->path, err))
		return -1;
	change.pointer = json_arena_copy(&d->arena, pointer.data, pointer.len);
	change.pointer_len = pointer.len;
	if (!change.pointer || mem_grow(&d->changes, &d->capacity, d->count + 1, sizeof(*d->changes)))
		return error_no_memory(err);
	d->changes[d->count++] = change;
	return 0;
}

/* Equal scalars need no task; their number is that of the whole document. */
static int push_pair(struct json_diff *d, const struct json_value *from, const struct json_value *to,
		     const struct json_path *step, struct drift_error *err)
{
	int equal = 0;

	if (from && to && !(is_container(from) && is_container(to)))
		equal = json_equal(from, to, err);
	if (equal)
		return equal < 0 ? -1 : 0;
	return push(d, from, to, step, err);
}

static int expand_objects(struct json_diff *d, const struct task *t, struct drift_error *err)
{
	struct json_path step = { .up = t->path };
	const struct json_value *v;
	size_t i;

	for (i = json_count(t->to); i--;) {
		v = json_object_at(t->to, i, &step.key, &step.key_len);
		if (!json_object_get(t->from, step.key, step.key_len) && push_pair(d, NULL, v, &step, err))
			return -1;
	}
	for (i = json_count(t->from); i--;) {
		v = json_object_at(t->from, i, &step.key, &step.key_len);
		if (push_pair(d, v, json_object_get(t->to, step.key, step.key_len), &step, err))
			return -1;
	}
	return 0;
}

/*
 * In this order the list is a patch: removals from the end on, by old index;
 * additions from the start on, by new index; then the rest stands at its new index.
 */
static int expand_arrays(struct json_diff *d, const struct task *t, const struct json_alignment *a,
			 struct drift_error *err)
{
	struct json_path step = { .up = t->path };
	size_t i;

	for (i = json_count(t->to); i--;) {
		step.index = i;
		if (a->partner[i] < JSON_ALIGN_EQUAL &&
		    push_pair(d, json_array_at(t->from, a->partner[i]), json_array_at(t->to, i), &step, err))
			return -1;
	}
	for (i = json_count(t->to); i--;) {
		step.index = i;
		if (a->partner[i] == JSON_ALIGN_ADDED && push(d, NULL, json_array_at(t->to, i), &step, err))
			return -1;
	}
	for (i = 0; i < json_count(t->from); i++) {
		step.index = i;
		if (a->removed[i] && push(d, json_array_at(t->from, i), NULL, &step, err))
			return -1;
	}
	return 0;
}

static int compare(struct json_diff *d, const struct task *t, struct drift_error *err)
{
	struct json_alignment a = { 0 };
	bool whole;
	int r;

	whole = !t->from || !t->to || json_kind(t->from) != json_kind(t->to) || !is_container(t->from) ||
		(t->path && t->path->depth >= JSON_DIFF_DEPTH_MAX);
	if (whole) {
		r = t->from && t->to ? json_equal(t->from, t->to, err) : 0;
		return r ? (r < 0 ? -1 : 0) : report(d, t, err);
	}
	if (json_kind(t->from) == JSON_OBJECT)
		return expand_objects(d, t, err);
	r = json_align(t->from, t->to, &a, err);
	if (!r)
		r = expand_arrays(d, t, &a, err);
	json_alignment_release(&a);
	return r;
}

int json_diff_new(const struct json_value *from, const struct json_value *to, struct json_diff **diff_out,
		  struct drift_error *err)
{
	struct json_diff *d = calloc(1, sizeof(*d));
	struct task t = { from, to, NULL };
	int r = 0;

	if (!d)
		return error_no_memory(err);
	json_arena_init(&d->arena);
	if (from || to)
		r = compare(d, &t, err);
	while (!r && d->task_count) {
		t = d->tasks[--d->task_count];
		r = compare(d, &t, err);
	}
	if (r) {
		json_diff_free(d);
		return -1;
	}
	*diff_out = d;
	return 0;
}

void json_diff_free(struct json_diff *diff)
{
	if (!diff)
		return;
	json_arena_release(&diff->arena);
	free(diff->changes);
	free(diff->tasks);
	free(diff);
}

size_t json_diff_count(const struct json_diff *diff)
{
	return diff->count;
}

const struct json_change *json_diff_at(const struct json_diff *diff, size_t i)
{
	return &diff->changes[i];
}

static int set_member(struct json_doc *doc, struct json_value *object, const char *key, struct json_value *value)
{
	return value ? json_object_set(doc, object, key, strlen(key), value) : -1;
}

static struct json_value *operation(struct json_doc *doc, const struct json_change *change)
{
	static const char *const names[] = { [JSON_ADD] = "add", [JSON_REMOVE] = "remove", [JSON_CHANGE] = "replace" };
	const char *name = names[change->kind];
	struct json_value *op = json_new_object(doc);

	if (!op || set_member(doc, op, "op", json_new_string(doc, name, strlen(name))) ||
	    set_member(doc, op, "path", json_new_string(doc, change->pointer, change->pointer_len)))
		return NULL;
	if (change->new_value && set_member(doc, op, "value", json_copy(doc, change->new_value)))
		return NULL;
	return op;
}

int json_diff_patch(const struct json_diff *diff, struct json_doc *doc, struct json_value **patch_out,
		    struct drift_error *err)
{
	struct json_value *patch = json_new_array(doc), *op;
	size_t i;

	if (!patch)
		return error_no_memory(err);
	for (i = 0; i < diff->count; i++) {
		if (diff->changes[i].kind != JSON_CHANGE && !diff->changes[i].pointer_len)
			return error_set(err, DRIFT_ERR_INVALID, "a patch cannot make or remove a whole document");
		op = operation(doc, &diff->changes[i]);
		if (!op || json_array_append(doc, patch, op))
			return error_no_memory(err);
	}
	*patch_out = patch;
	return 0;
}
