#include <stdlib.h>
#include <string.h>

#include "base/json_merge3_internal.h"
#include "base/mem.h"
#include "base/merge3.h"

static int append(struct json_merge3 *m, struct json_value *array, struct json_value *value, struct drift_error *err)
{
	return value && !json_array_append(m->doc, array, value) ? 0 : error_no_memory(err);
}

/* --- sequences: a line of canonical JSON an element, merged as lines are --- */

static int add_lines(const struct json_value *array, struct buf *out, struct drift_error *err)
{
	for (size_t i = 0; i < json_count(array); i++) {
		if (json_canonical(json_array_at(array, i), out, err))
			return -1;
		buf_add_byte(out, '\n');
	}
	return buf_check(out, err);
}

static int append_lines(struct json_merge3 *m, struct json_value *array, struct text lines, struct drift_error *err)
{
	const char *at = lines.data, *end = lines.data + lines.len, *newline;
	struct json_value *value;

	for (; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (json_parse_value(m->doc, at, (size_t)(newline - at), &value, err) || append(m, array, value, err))
			return -1;
	}
	return 0;
}

static int take_parts(struct json_merge3 *m, const struct merge3 *merge, struct json_value *array,
		      struct drift_error *err)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct merge3_part *part = &merge->parts[i];
		struct text lines = part->kind == MERGE3_MERGED   ? part->merged :
				    m->options.first == JSON_OURS ? part->ours :
								    part->theirs;

		if (append_lines(m, array, lines, err))
			return -1;
	}
	return 0;
}

int json_merge3_sequence(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
			 struct json_value **value_out, struct drift_error *err)
{
	auto_buf base = BUF_INIT, ours = BUF_INIT, theirs = BUF_INIT;
	struct json_value *array = json_new_array(m->doc);
	const struct json_value *unused;
	struct merge3_input lines;
	struct merge3 merge;
	struct drift_error why;
	int failed;

	if (!array)
		return error_no_memory(err);
	if ((in->base && add_lines(in->base, &base, err)) || add_lines(in->ours, &ours, err) ||
	    add_lines(in->theirs, &theirs, err))
		return -1;
	lines = (struct merge3_input){ { base.data, base.len }, { ours.data, ours.len }, { theirs.data, theirs.len } };
	if (merge3_run(&lines, &merge, &why))
		return why.code == DRIFT_ERR_LIMIT ? 0 : error_set(err, why.code, "%s", why.message);
	failed = take_parts(m, &merge, array, err);
	if (!failed && merge.clash_count)
		failed = json_merge3_clashes(m, in, at, &unused, err);
	merge3_release(&merge);
	*value_out = array;
	return failed ? -1 : 1;
}

/* --- elements known by a text --- */

struct element {
	size_t name_at, name_len; /* in names: canonical JSON of the element, or of its key */
	size_t index;
};

/* The elements of one version, and the same in order of their names. */
struct elements {
	const struct json_value *array; /* NULL: absent */
	struct buf names;
	struct element *items;
	struct element **sorted;
	size_t count;
};

static void elements_release(struct elements *e)
{
	buf_release(&e->names);
	free(e->items);
	free(e->sorted);
}

static int compare_names(const struct elements *a, const struct element *x, const struct elements *b,
			 const struct element *y)
{
	size_t len = x->name_len < y->name_len ? x->name_len : y->name_len;
	int order = memcmp(a->names.data + x->name_at, b->names.data + y->name_at, len);

	return order ? order : (x->name_len > y->name_len) - (x->name_len < y->name_len);
}

static int compare_sorted(const void *x, const void *y, void *data)
{
	const struct element *a = *(struct element *const *)x, *b = *(struct element *const *)y;
	int order = compare_names(data, a, data, b);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* The name of an element: 1, 0 if it has none, -1. */
typedef int element_name(const struct json_value *element, const struct json_rule *rule, struct buf *out,
			 struct drift_error *err);

/* 1, 0 if an element has no name, -1. */
static int elements_read(struct elements *e, const struct json_value *array, element_name *name,
			 const struct json_rule *rule, struct drift_error *err)
{
	e->array = array;
	e->count = array ? json_count(array) : 0;
	e->items = mem_calloc(e->count + 1, sizeof(*e->items));
	e->sorted = mem_calloc(e->count + 1, sizeof(*e->sorted));
	if (!e->items || !e->sorted)
		return error_no_memory(err);
	for (size_t i = 0; i < e->count; i++) {
		struct element *item = &e->items[i];
		int r;

		item->index = i;
		item->name_at = e->names.len;
		r = name(json_array_at(array, i), rule, &e->names, err);
		if (r <= 0)
			return r;
		item->name_len = e->names.len - item->name_at;
		e->sorted[i] = item;
	}
	if (buf_check(&e->names, err))
		return -1;
	qsort_r(e->sorted, e->count, sizeof(struct element *), compare_sorted, e);
	return 1;
}

/* The first element of e that has the name of `item` of `in`; NULL: none. */
static struct element *find(const struct elements *e, const struct elements *in, const struct element *item)
{
	size_t low = 0, high = e->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(e, e->sorted[middle], in, item) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < e->count && !compare_names(e, e->sorted[low], in, item) ? e->sorted[low] : NULL;
}

/* All versions; `other` is the side that is not taken as the order's. */
struct versions {
	struct elements base, first, second;
};

static void versions_release(struct versions *v)
{
	elements_release(&v->base);
	elements_release(&v->first);
	elements_release(&v->second);
}

static int versions_read(struct versions *v, const struct json_merge3 *m, const struct json_merge3_input *in,
			 element_name *name, const struct json_rule *rule, struct drift_error *err)
{
	bool ours = m->options.first == JSON_OURS;
	int r;

	memset(v, 0, sizeof(*v));
	buf_init(&v->base.names);
	buf_init(&v->first.names);
	buf_init(&v->second.names);
	r = elements_read(&v->base, in->base, name, rule, err);
	if (r > 0)
		r = elements_read(&v->first, ours ? in->ours : in->theirs, name, rule, err);
	if (r > 0)
		r = elements_read(&v->second, ours ? in->theirs : in->ours, name, rule, err);
	return r;
}

/* --- sets --- */

static int whole_name(const struct json_value *element, const struct json_rule *rule, struct buf *out,
		      struct drift_error *err)
{
	(void)rule;
	return json_canonical(element, out, err) ? -1 : 1;
}

static int append_copy(struct json_merge3 *m, struct json_value *array, const struct json_value *element,
		       struct drift_error *err)
{
	return append(m, array, json_copy(m->doc, element), err);
}

int json_merge3_set(struct json_merge3 *m, const struct json_merge3_input *in, struct json_value **value_out,
		    struct drift_error *err)
{
	struct json_value *array = json_new_array(m->doc);
	struct versions v;
	int r = versions_read(&v, m, in, whole_name, NULL, err), failed = array ? 0 : error_no_memory(err);

	for (size_t i = 0; r > 0 && !failed && i < v.first.count; i++) {
		const struct element *item = &v.first.items[i];

		if (find(&v.first, &v.first, item) == item &&
		    (find(&v.second, &v.first, item) || !find(&v.base, &v.first, item)))
			failed = append_copy(m, array, json_array_at(v.first.array, i), err);
	}
	for (size_t i = 0; r > 0 && !failed && i < v.second.count; i++) {
		const struct element *item = &v.second.items[i];

		if (find(&v.second, &v.second, item) == item && !find(&v.first, &v.second, item) &&
		    !find(&v.base, &v.second, item))
			failed = append_copy(m, array, json_array_at(v.second.array, i), err);
	}
	versions_release(&v);
	*value_out = array;
	return failed ? -1 : r;
}

/* --- objects with a key --- */

static int key_name(const struct json_value *element, const struct json_rule *rule, struct buf *out,
		    struct drift_error *err)
{
	const struct json_value *key = json_object_get(element, rule->name, rule->name_len);

	if (!key || json_kind(key) == JSON_NULL || json_kind(key) == JSON_ARRAY || json_kind(key) == JSON_OBJECT)
		return 0;
	return json_canonical(key, out, err) ? -1 : 1;
}

static bool unique(const struct elements *e)
{
	for (size_t i = 1; i < e->count; i++) {
		if (!compare_names(e, e->sorted[i - 1], e, e->sorted[i]))
			return false;
	}
	return true;
}

/* Do the elements that all versions have stand in `side` as they do in the base? */
static bool keeps_order(const struct versions *v, const struct elements *side)
{
	size_t next = 0;

	for (size_t i = 0; i < side->count; i++) {
		const struct element *in_base = find(&v->base, side, &side->items[i]);

		if (!in_base || !find(&v->first, side, &side->items[i]) || !find(&v->second, side, &side->items[i]))
			continue;
		if (in_base->index < next)
			return false;
		next = in_base->index + 1;
	}
	return true;
}

struct keyed {
	struct json_merge3 *m;
	struct versions v;
	const struct elements *order, *other; /* first and second, or second and first */
	const struct json_place *at;
	const struct json_path *path;
	struct json_value *array;
};

static const struct json_value *version_of(const struct elements *e, const struct elements *in,
					   const struct element *item)
{
	const struct element *found = find(e, in, item);

	return found ? json_array_at(e->array, found->index) : NULL;
}

static int add_element(struct keyed *k, const struct elements *in, const struct element *item, struct drift_error *err)
{
	const struct json_value *first = version_of(&k->v.first, in, item),
				*second = version_of(&k->v.second, in, item);
	bool ours = k->m->options.first == JSON_OURS;
	const struct json_merge3_input input = {
		.base = version_of(&k->v.base, in, item),
		.ours = ours ? first : second,
		.theirs = ours ? second : first,
	};
	struct json_place at = { .up = k->path, .element = true, .index = json_count(k->array) };
	const struct json_value *key;
	struct json_value *value;

	key = json_object_get(first ? first : second, k->at->rule->name, k->at->rule->name_len);
	if (json_kind(key) == JSON_STRING)
		at.key = json_text(key, &at.key_len);
	at.rule = at.key ? json_rule_below(k->at->rule, at.key, at.key_len) : k->at->rule->any;
	if (json_merge3_value(k->m, &input, &at, &value, err))
		return -1;
	return value ? append(k->m, k->array, value, err) : 0;
}

/* From *next on, the elements that `order` does not have. */
static int add_others(struct keyed *k, size_t *next, struct drift_error *err)
{
	for (; *next < k->other->count && !find(k->order, k->other, &k->other->items[*next]); ++*next) {
		if (add_element(k, k->other, &k->other->items[*next], err))
			return -1;
	}
	*next = k->other->count;
	return 0;
}

/*
 * In the order of one side. What only the other has comes behind what it follows there, and behind what only the
 * first one has there.
 */
static int add_elements(struct keyed *k, struct drift_error *err)
{
	size_t pending = 0; /* where in `other` elements of its own may wait */

	for (size_t i = 0; i < k->order->count; i++) {
		const struct element *item = &k->order->items[i], *partner = find(k->other, k->order, item);

		if (partner && add_others(k, &pending, err))
			return -1;
		if (add_element(k, k->order, item, err))
			return -1;
		if (partner)
			pending = partner->index + 1;
	}
	return add_others(k, &pending, err);
}

int json_merge3_keyed(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
		      struct json_value **value_out, struct drift_error *err)
{
	struct keyed k = { .m = m, .at = at, .array = json_new_array(m->doc) };
	int r = versions_read(&k.v, m, in, key_name, at->rule, err);

	if (r > 0 && (!k.array || json_merge3_path(m, at, &k.path, err)))
		r = k.array ? -1 : error_no_memory(err);
	if (r > 0 && !(unique(&k.v.base) && unique(&k.v.first) && unique(&k.v.second)))
		r = 0;
	if (r > 0) {
		bool swap = keeps_order(&k.v, &k.v.first) && !keeps_order(&k.v, &k.v.second);

		k.order = swap ? &k.v.second : &k.v.first;
		k.other = swap ? &k.v.first : &k.v.second;
		if (add_elements(&k, err))
			r = -1;
	}
	versions_release(&k.v);
	*value_out = k.array;
	return r;
}
