#include "base/json_merge3.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_merge3_internal.h"
#include "base/json_number.h"
#include "base/mem.h"

const struct json_rule *json_rule_below(const struct json_rule *rule, const char *key, size_t key_len)
{
	size_t low = 0, high = rule ? rule->child_count : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct json_rule_child *child = &rule->children[middle];
		int order = json_key_compare(child->key, child->key_len, key, key_len);

		if (!order)
			return child->rule;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return rule ? rule->any : NULL;
}

int json_merge3_path(struct json_merge3 *m, const struct json_place *at, const struct json_path **path_out,
		     struct drift_error *err)
{
	struct json_path *path;

	*path_out = NULL;
	if (at->root)
		return 0;
	path = json_arena_alloc(&m->arena, sizeof(*path));
	if (!path)
		return error_no_memory(err);
	*path = (struct json_path){
		.up = at->up,
		.key = at->element ? NULL : at->key,
		.key_len = at->key_len,
		.index = at->index,
		.depth = at->up ? at->up->depth + 1 : 1,
	};
	*path_out = path;
	return 0;
}

static int add_clash(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
		     struct drift_error *err)
{
	struct json_clash clash = { .base = in->base, .ours = in->ours, .theirs = in->theirs };
	const struct json_path *path;
	auto_buf text = BUF_INIT;

	if (json_merge3_path(m, at, &path, err) || json_path_text(&text, path, err))
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

int json_merge3_clashes(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
			const struct json_value **picked_out, struct drift_error *err)
{
	bool ours = m->options.first == JSON_OURS;
	const struct json_value *first = ours ? in->ours : in->theirs, *second = ours ? in->theirs : in->ours;

	*picked_out = first || m->options.decided ? first : second;
	return m->options.decided ? 0 : add_clash(m, in, at, err);
}

/* 1, 0 or -1; absent values are equal to each other only. */
static int same(const struct json_value *a, const struct json_value *b, struct drift_error *err)
{
	if (a == b)
		return 1;
	return a && b ? json_equal(a, b, err) : 0;
}

/* Where one side at most has changed the value, or both the same way: 1 with what stands, which may be NULL; 0; -1. */
static int pick(const struct json_merge3_input *in, const struct json_value **picked_out, struct drift_error *err)
{
	int r = same(in->ours, in->theirs, err);

	*picked_out = in->ours;
	if (!r)
		r = same(in->base, in->theirs, err);
	if (!r) {
		r = same(in->base, in->ours, err);
		*picked_out = in->theirs;
	}
	return r;
}

static bool all_are(const struct json_merge3_input *in, enum json_kind kind)
{
	return in->ours && in->theirs && json_kind(in->ours) == kind && json_kind(in->theirs) == kind &&
	       (!in->base || json_kind(in->base) == kind);
}

static int merge_counter(struct json_merge3 *m, const struct json_merge3_input *in, struct json_value **value_out,
			 struct drift_error *err)
{
	struct json_number_text terms[] = { { .times = 1 }, { .times = 1 }, { "0", 1, -1 } };
	auto_buf sum = BUF_INIT;

	if (!all_are(in, JSON_NUMBER))
		return 0;
	terms[0].text = json_text(in->ours, &terms[0].len);
	terms[1].text = json_text(in->theirs, &terms[1].len);
	if (in->base)
		terms[2].text = json_text(in->base, &terms[2].len);
	if (!json_number_sum(&sum, terms, 3))
		return 0;
	if (buf_check(&sum, err))
		return -1;
	*value_out = json_new_number(m->doc, sum.data, sum.len);
	return *value_out ? 1 : error_no_memory(err);
}

static int copy_value(struct json_merge3 *m, const struct json_value *v, struct json_value **value_out,
		      struct drift_error *err)
{
	*value_out = v ? json_copy(m->doc, v) : NULL;
	return v && !*value_out ? error_no_memory(err) : 0;
}

static int run_script(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
		      struct json_value **value_out, struct drift_error *err)
{
	const struct json_value *picked;
	int r = m->options.script ? m->options.script(m->options.data, at->rule, in, m->doc, value_out, err) : 0;

	if (r)
		return r;
	return json_merge3_clashes(m, in, at, &picked, err) || copy_value(m, picked, value_out, err) ? -1 : 1;
}

/* By a rule of its own: 1, 0 if there is none or it does not fit, -1. */
static int merge_by_rule(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
			 struct json_value **value_out, struct drift_error *err)
{
	bool arrays = all_are(in, JSON_ARRAY);

	switch (at->rule ? at->rule->kind : JSON_RULE_FIELDS) {
	case JSON_RULE_LATER:
		return copy_value(m, m->options.later == JSON_OURS ? in->ours : in->theirs, value_out, err) ? -1 : 1;
	case JSON_RULE_COUNTER:
		return merge_counter(m, in, value_out, err);
	case JSON_RULE_SET:
		return arrays ? json_merge3_set(m, in, value_out, err) : 0;
	case JSON_RULE_KEYED:
		return arrays ? json_merge3_keyed(m, in, at, value_out, err) : 0;
	case JSON_RULE_SCRIPT:
		return run_script(m, in, at, value_out, err);
	case JSON_RULE_FIELDS:
		break;
	}
	return 0;
}

static bool merges_by_field(const struct json_merge3_input *in, const struct json_place *at)
{
	bool rule = at->rule && (at->rule->kind == JSON_RULE_LATER || at->rule->kind == JSON_RULE_SCRIPT);

	return !rule && all_are(in, JSON_OBJECT) && (!at->up || at->up->depth < JSON_MERGE3_DEPTH_MAX);
}

static int start_object(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
			struct json_value **value_out, struct drift_error *err)
{
	struct json_merge3_step step = { .input = *in, .rule = at->rule };

	if (json_merge3_path(m, at, &step.path, err))
		return -1;
	step.into = json_new_object(m->doc);
	if (!step.into || mem_grow(&m->steps, &m->step_capacity, m->step_count + 1, sizeof(step)))
		return error_no_memory(err);
	m->steps[m->step_count++] = step;
	*value_out = step.into;
	return 0;
}

int json_merge3_value(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
		      struct json_value **value_out, struct drift_error *err)
{
	const struct json_value *picked;
	int r;

	if (merges_by_field(in, at))
		return start_object(m, in, at, value_out, err);
	r = pick(in, &picked, err);
	if (r > 0)
		return copy_value(m, picked, value_out, err);
	if (!r)
		r = merge_by_rule(m, in, at, value_out, err);
	if (!r && all_are(in, JSON_ARRAY))
		r = json_merge3_sequence(m, in, at, value_out, err);
	if (r)
		return r < 0 ? -1 : 0;
	return json_merge3_clashes(m, in, at, &picked, err) || copy_value(m, picked, value_out, err) ? -1 : 0;
}

static const struct json_value *member(const struct json_value *object, const struct json_place *at)
{
	return object ? json_object_get(object, at->key, at->key_len) : NULL;
}

/* Merge the members that `side` has, but not those that `done` has too. */
static int merge_members(struct json_merge3 *m, const struct json_merge3_step *s, const struct json_value *side,
			 const struct json_value *done, struct drift_error *err)
{
	struct json_place at = { .up = s->path };
	struct json_merge3_input in;
	struct json_value *value;
	size_t i;

	for (i = 0; i < json_count(side); i++) {
		json_object_at(side, i, &at.key, &at.key_len);
		if (member(done, &at))
			continue;
		at.rule = json_rule_below(s->rule, at.key, at.key_len);
		in.base = member(s->input.base, &at);
		in.ours = member(s->input.ours, &at);
		in.theirs = member(s->input.theirs, &at);
		if (json_merge3_value(m, &in, &at, &value, err))
			return -1;
		if (value && json_object_set(m->doc, s->into, at.key, at.key_len, value))
			return error_no_memory(err);
	}
	return 0;
}

static int merge_all(struct json_merge3 *m, const struct json_merge3_input *input, struct drift_error *err)
{
	struct json_place root = { .root = true, .rule = m->options.rule };
	struct json_value *value;

	if (json_merge3_value(m, input, &root, &value, err))
		return -1;
	json_set_root(m->doc, value);
	while (m->step_count) {
		struct json_merge3_step s = m->steps[--m->step_count];

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

int json_merge3_new(const struct json_merge3_input *input, const struct json_merge3_options *options,
		    struct json_merge3 **merge_out, struct drift_error *err)
{
	struct json_merge3 *m = calloc(1, sizeof(*m));

	if (!m)
		return error_no_memory(err);
	if (options)
		m->options = *options;
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
