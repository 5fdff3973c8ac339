#include "base/json_merge3.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_arena_internal.h"
#include "base/json_pointer.h"
#include "base/mem.h"

/* Objects of all sides that are to be merged into a new, empty one. */
struct step {
	struct json_merge3_input input;
	struct json_value *into;
	const struct json_path *path;
};

struct json_merge3 {
	struct json_doc *doc; /* the result and the paths' values */
	struct json_arena arena;
	struct json_clash *clashes;
	size_t clash_count, clash_capacity;
	struct step *steps;
	size_t step_count, step_capacity;
};

/* Where a value comes from; no node of the path is made before it is needed. */
struct place {
	const struct json_path *up;
	const char *key; /* NULL: the root */
	size_t key_len;
};

static int make_path(struct json_merge3 *m, const struct place *at, const struct json_path **path_out,
		     struct drift_error *err)
{
	struct json_path *path;

	if (!at->key) {
		*path_out = NULL;
		return 0;
	}
	path = json_arena_alloc(&m->arena, sizeof(*path));
	if (!path)
		return error_no_memory(err);
	*path = (struct json_path){
		.up = at->up, .key = at->key, .key_len = at->key_len, .depth = at->up ? at->up->depth + 1 : 1
	};
	*path_out = path;
	return 0;
}

static int add_clash(struct json_merge3 *m, const struct json_merge3_input *in, const struct place *at,
		     struct drift_error *err)
{
	struct json_clash clash = { .base = in->base, .ours = in->ours, .theirs = in->theirs };
	const struct json_path *path;
	auto_buf text = BUF_INIT;

	if (make_path(m, at, &path, err) || json_path_text(&text, path, err))
		return -1;
	if (m->arena.size > JSON_POINTERS_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "too many clashes with too long paths");
	clash.pointer = json_arena_copy(&m->arena, text.data, text.len);
	clash.pointer_len = text.len;
	if (!clash.pointer || mem_grow(&m->clashes, &m->clash_capacity, m->clash_count + 1, sizeof(clash)))
		return error_no_memory(err);
	m->clashes[m->clash_count++] = clash;
	return 0;
}

/* 1, 0 or -1; absent values are equal to each other only. */
static int same(const struct json_value *a, const struct json_value *b, struct drift_error *err)
{
	if (a == b)
		return 1;
	return a && b ? json_equal(a, b, err) : 0;
}

/* The side that stands when values are taken whole; NULL may be the answer. */
static int pick(struct json_merge3 *m, const struct json_merge3_input *in, const struct place *at,
		const struct json_value **picked_out, struct drift_error *err)
{
	int r = same(in->ours, in->theirs, err);

	*picked_out = in->ours;
	if (!r)
		r = same(in->base, in->theirs, err);
	if (!r) {
		r = same(in->base, in->ours, err);
		if (r > 0)
			*picked_out = in->theirs;
	}
	if (!r)
		return add_clash(m, in, at, err);
	return r < 0 ? -1 : 0;
}

static bool is_object(const struct json_value *v)
{
	return v && json_kind(v) == JSON_OBJECT;
}

/* The merged value, or NULL if it is absent, in *value_out; an object's members come later. */
static int merge_value(struct json_merge3 *m, const struct json_merge3_input *in, const struct place *at,
		       struct json_value **value_out, struct drift_error *err)
{
	struct step step = { .input = *in };
	const struct json_value *picked;

	if (is_object(in->ours) && is_object(in->theirs) && (!in->base || is_object(in->base)) &&
	    (!at->up || at->up->depth < JSON_MERGE3_DEPTH_MAX)) {
		if (make_path(m, at, &step.path, err))
			return -1;
		step.into = json_new_object(m->doc);
		if (!step.into || mem_grow(&m->steps, &m->step_capacity, m->step_count + 1, sizeof(step)))
			return error_no_memory(err);
		m->steps[m->step_count++] = step;
		*value_out = step.into;
		return 0;
	}
	if (pick(m, in, at, &picked, err))
		return -1;
	*value_out = picked ? json_copy(m->doc, picked) : NULL;
	return picked && !*value_out ? error_no_memory(err) : 0;
}

static const struct json_value *member(const struct json_value *object, const struct place *at)
{
	return object ? json_object_get(object, at->key, at->key_len) : NULL;
}

/* Merge the members that `side` has, but not those that `done` has too. */
static int merge_members(struct json_merge3 *m, const struct step *s, const struct json_value *side,
			 const struct json_value *done, struct drift_error *err)
{
	struct place at = { .up = s->path };
	struct json_merge3_input in;
	struct json_value *value;
	size_t i;

	for (i = 0; i < json_count(side); i++) {
		json_object_at(side, i, &at.key, &at.key_len);
		if (member(done, &at))
			continue;
		in.base = member(s->input.base, &at);
		in.ours = member(s->input.ours, &at);
		in.theirs = member(s->input.theirs, &at);
		if (merge_value(m, &in, &at, &value, err))
			return -1;
		if (value && json_object_set(m->doc, s->into, at.key, at.key_len, value))
			return error_no_memory(err);
	}
	return 0;
}

static int merge_all(struct json_merge3 *m, const struct json_merge3_input *input, struct drift_error *err)
{
	struct place root = { 0 };
	struct json_value *value;

	if (merge_value(m, input, &root, &value, err))
		return -1;
	json_set_root(m->doc, value);
	while (m->step_count) {
		struct step s = m->steps[--m->step_count];

		if (merge_members(m, &s, s.input.ours, NULL, err) ||
		    merge_members(m, &s, s.input.theirs, s.input.ours, err))
			return -1;
	}
	return 0;
}

/* By pointer, so that the order does not depend on whose side is whose. */
static int compare_clashes(const void *x, const void *y)
{
	const struct json_clash *a = x, *b = y;

	return strcmp(a->pointer, b->pointer);
}

int json_merge3_new(const struct json_merge3_input *input, struct json_merge3 **merge_out, struct drift_error *err)
{
	struct json_merge3 *m = calloc(1, sizeof(*m));

	if (!m)
		return error_no_memory(err);
	json_arena_init(&m->arena);
	m->doc = json_doc_new(err);
	if (!m->doc || merge_all(m, input, err)) {
		json_merge3_free(m);
		return -1;
	}
	if (m->clash_count)
		qsort(m->clashes, m->clash_count, sizeof(*m->clashes), compare_clashes);
	*merge_out = m;
	return 0;
}

void json_merge3_free(struct json_merge3 *merge)
{
	if (!merge)
		return;
	json_doc_free(merge->doc);
	json_arena_release(&merge->arena);
	free(merge->clashes);
	free(merge->steps);
	free(merge);
}

const struct json_value *json_merge3_result(const struct json_merge3 *merge)
{
	return json_root(merge->doc);
}

size_t json_merge3_clash_count(const struct json_merge3 *merge)
{
	return merge->clash_count;
}

const struct json_clash *json_merge3_clash(const struct json_merge3 *merge, size_t i)
{
	return &merge->clashes[i];
}
