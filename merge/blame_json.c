#include <stdlib.h>

#include "base/json_diff.h"
#include "base/json_pointer.h"
#include "base/mem.h"
#include "merge/blame_internal.h"

/* A container whose children are being listed. */
struct level {
	const struct json_value *v;
	size_t next;
	size_t pointer_len; /* of the container itself */
};

struct listing {
	struct blame *b;
	struct buf pointer;
	struct level *levels;
	size_t count, capacity;
};

static bool is_leaf(const struct json_value *v)
{
	return !json_count(v);
}

static int add_leaf(struct listing *l, const struct json_value *v, struct drift_error *err)
{
	struct blame *b = l->b;
	struct blame_slot *slot = blame_add_slot(b);

	if (!slot)
		return error_no_memory(err);
	if (b->memory.len > BLAME_TEXT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "too many fields with too long paths");
	slot->leaf = v;
	slot->pointer_len = l->pointer.len;
	buf_add(&b->memory, l->pointer.data, l->pointer.len);
	slot->value_at = b->memory.len;
	if (json_compact(v, &b->memory, err))
		return -1;
	slot->value_len = b->memory.len - slot->value_at;
	return 0;
}

static int visit(struct listing *l, const struct json_value *v, struct drift_error *err)
{
	if (is_leaf(v))
		return add_leaf(l, v, err);
	if (mem_grow(&l->levels, &l->capacity, l->count + 1, sizeof(*l->levels)))
		return error_no_memory(err);
	l->levels[l->count++] = (struct level){ v, 0, l->pointer.len };
	return 0;
}

static int visit_child(struct listing *l, struct level *level, struct drift_error *err)
{
	const struct json_value *child;
	const char *key;
	size_t key_len;

	buf_truncate(&l->pointer, level->pointer_len);
	if (json_kind(level->v) == JSON_OBJECT) {
		child = json_object_at(level->v, level->next, &key, &key_len);
		json_pointer_add_key(&l->pointer, key, key_len);
	} else {
		child = json_array_at(level->v, level->next);
		json_pointer_add_index(&l->pointer, level->next);
	}
	level->next++;
	if (buf_check(&l->pointer, err))
		return -1;
	return visit(l, child, err);
}

int blame_json_start(struct blame *b, struct drift_error *err)
{
	struct listing l = { .b = b, .pointer = BUF_INIT };
	int r = visit(&l, json_root(b->json), err);

	while (!r && l.count) {
		struct level *level = &l.levels[l.count - 1];

		if (level->next == json_count(level->v))
			l.count--;
		else
			r = visit_child(&l, level, err);
	}
	buf_release(&l.pointer);
	free(l.levels);
	return r ? -1 : buf_check(&b->memory, err);
}

/* What is known of a value, to be found by its address. */
struct note {
	const struct json_value *v;
	enum json_change_kind kind;
	struct blame_slot *slot;
};

struct notes {
	struct note *items; /* in order of address */
	size_t count;
};

struct pair {
	const struct json_value *newer, *older;
};

struct walk {
	struct notes newer, older; /* what was added or changed, what was removed */
	struct notes leaves;       /* of the newer, with open slots */
	struct pair *pairs;        /* a stack */
	size_t count, capacity;
};

static int compare_notes(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct note *)a)->v, y = (uintptr_t)((const struct note *)b)->v;

	return (x > y) - (x < y);
}

static const struct note *find(const struct notes *notes, const struct json_value *v)
{
	struct note key = { .v = v };

	return notes->count ? bsearch(&key, notes->items, notes->count, sizeof(key), compare_notes) : NULL;
}

static void add_note(struct notes *notes, struct note note)
{
	notes->items[notes->count++] = note;
}

static int take_notes(struct walk *w, const struct blame *b, const struct json_diff *diff, struct drift_error *err)
{
	size_t change_count = json_diff_count(diff), i;

	w->newer.items = mem_calloc(change_count, sizeof(struct note));
	w->older.items = mem_calloc(change_count, sizeof(struct note));
	w->leaves.items = mem_calloc(b->open_count, sizeof(struct note));
	if (!w->newer.items || !w->older.items || !w->leaves.items)
		return error_no_memory(err);
	for (i = 0; i < change_count; i++) {
		const struct json_change *c = json_diff_at(diff, i);

		if (c->kind == JSON_REMOVE)
			add_note(&w->older, (struct note){ .v = c->old_value, .kind = c->kind });
		else
			add_note(&w->newer, (struct note){ .v = c->new_value, .kind = c->kind });
	}
	for (i = 0; i < b->count; i++)
		if (b->slots[i].open)
			add_note(&w->leaves, (struct note){ .v = b->slots[i].leaf, .slot = &b->slots[i] });
	qsort(w->newer.items, w->newer.count, sizeof(struct note), compare_notes);
	qsort(w->older.items, w->older.count, sizeof(struct note), compare_notes);
	qsort(w->leaves.items, w->leaves.count, sizeof(struct note), compare_notes);
	return 0;
}

static int push(struct walk *w, const struct json_value *newer, const struct json_value *older, struct drift_error *err)
{
	if (mem_grow(&w->pairs, &w->capacity, w->count + 1, sizeof(*w->pairs)))
		return error_no_memory(err);
	w->pairs[w->count++] = (struct pair){ newer, older };
	return 0;
}

static int push_members(struct walk *w, const struct pair *p, struct drift_error *err)
{
	size_t i;

	for (i = 0; i < json_count(p->newer); i++) {
		const struct json_value *newer, *older;
		const char *key;
		size_t key_len;

		newer = json_object_at(p->newer, i, &key, &key_len);
		older = json_object_get(p->older, key, key_len);
		if (older && push(w, newer, older, err))
			return -1;
	}
	return 0;
}

/* Elements that were not added are, in order, those that were not removed. */
static int push_elements(struct walk *w, const struct pair *p, struct drift_error *err)
{
	size_t i, at = 0;

	for (i = 0; i < json_count(p->newer); i++) {
		const struct json_value *newer = json_array_at(p->newer, i);
		const struct note *note = find(&w->newer, newer);

		if (note && note->kind == JSON_ADD)
			continue;
		while (at < json_count(p->older) && find(&w->older, json_array_at(p->older, at)))
			at++;
		if (at == json_count(p->older))
			break;
		if (push(w, newer, json_array_at(p->older, at++), err))
			return -1;
	}
	return 0;
}

static int visit_pair(struct walk *w, const struct pair *p, struct drift_error *err)
{
	const struct note *leaf;

	if (find(&w->newer, p->newer) || json_kind(p->newer) != json_kind(p->older))
		return 0;
	if (is_leaf(p->newer)) {
		leaf = find(&w->leaves, p->newer);
		if (leaf && is_leaf(p->older))
			leaf->slot->leaf_next = p->older;
		return 0;
	}
	return json_kind(p->newer) == JSON_OBJECT ? push_members(w, p, err) : push_elements(w, p, err);
}

static int walk_all(struct walk *w, const struct blame *b, const struct json_doc *older, struct drift_error *err)
{
	if (push(w, json_root(b->json), json_root(older), err))
		return -1;
	while (w->count) {
		struct pair p = w->pairs[--w->count];

		if (visit_pair(w, &p, err))
			return -1;
	}
	return 0;
}

int blame_json_step(struct blame *b, const struct json_doc *older, struct drift_error *err)
{
	struct walk w = { 0 };
	struct json_diff *diff;
	struct drift_error why;
	int r;

	if (json_diff_new(json_root(older), json_root(b->json), &diff, &why)) {
		/* Differences beyond all limits leave nothing to follow. */
		return why.code == DRIFT_ERR_LIMIT ? 0 : error_set(err, why.code, "%s", why.message);
	}
	r = take_notes(&w, b, diff, err);
	if (!r)
		r = walk_all(&w, b, older, err);
	json_diff_free(diff);
	free(w.newer.items);
	free(w.older.items);
	free(w.leaves.items);
	free(w.pairs);
	return r;
}
