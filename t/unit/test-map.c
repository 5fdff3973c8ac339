#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "objects/boundary.h"
#include "objects/map.h"
#include "t/unit/map_model.h"
#include "t/unit/memstore.h"

#define KEY_ROOM (NODE_KEY_MAX + 64)

/* A family of keys; number n of it. Returns the length. */
typedef size_t make_key(struct dice *d, size_t n, unsigned char *key);

static size_t tiny_key(struct dice *d, size_t n, unsigned char *key)
{
	(void)d;
	key[0] = (unsigned char)(n % 7);
	key[1] = (unsigned char)(n / 7);
	return n % 3 ? 2 : n % 2;
}

static size_t numbered_key(struct dice *d, size_t n, unsigned char *key)
{
	(void)d;
	return (size_t)snprintf((char *)key, KEY_ROOM, "doc%08zu", n);
}

static size_t long_key(struct dice *d, size_t n, unsigned char *key)
{
	(void)d;
	memset(key, 'k', NODE_KEY_MAX);
	snprintf((char *)key + (n % 2 ? NODE_KEY_MAX - 8 : 0), 8, "%07zu", n);
	return NODE_KEY_MAX - n % 5;
}

static size_t random_key(struct dice *d, size_t n, unsigned char *key)
{
	struct dice own = { .state = n };
	size_t i, len = dice_below(&own, 40);

	(void)d;
	for (i = 0; i < len; i++)
		key[i] = (unsigned char)dice_next(&own);
	return len;
}

/* A key after which a node ends, or goes on, wherever the dice may decide on it. */
static size_t chosen_key(size_t n, bool ends, unsigned char *key)
{
	size_t salt, len = 0;

	for (salt = 0; salt < 100000; salt++) {
		len = (size_t)snprintf((char *)key, KEY_ROOM, "%06zu-%zu", n, salt);
		if (boundary_after(0, key, len, 0, 1000, 1) == ends &&
		    (ends || !boundary_after(0, key, len, 5000, 6200, 1)))
			break;
	}
	return len;
}

static size_t ending_key(struct dice *d, size_t n, unsigned char *key)
{
	(void)d;
	return chosen_key(n, true, key);
}

static size_t going_on_key(struct dice *d, size_t n, unsigned char *key)
{
	(void)d;
	return chosen_key(n, false, key);
}

struct family {
	const char *name;
	make_key *make;
	size_t universe, value_max, batch_max;
};

static const struct family families[] = {
	{ "tiny keys", tiny_key, 700, 40, 200 },
	{ "numbered keys", numbered_key, 3000, 300, 500 },
	{ "keys of 2 KiB", long_key, 300, 100, 50 },
	{ "random keys, values up to the limit", random_key, 1500, NODE_VALUE_MAX, 200 },
	{ "keys of 2 KiB, values at the limit", long_key, 100, NODE_VALUE_MAX, 20 },
	{ "each key ends a node", ending_key, 200, 1000, 30 },
	{ "no key ends a node", going_on_key, 500, 60, 100 },
	{ "empty values", numbered_key, 9000, 0, 3000 },
};

struct fixture {
	struct dice dice;
	struct memstore store;
	const struct family *family;
	struct map_model model;
	struct map_root root;
};

/* A batch of changes in order, built as a model whose empty "remove" marks are kept beside it. */
struct batch {
	struct map_model puts, removes;
	struct map_change *changes;
	size_t count;
};

static void batch_add(struct fixture *f, struct batch *b, size_t n, bool remove)
{
	static unsigned char value[NODE_VALUE_MAX];
	unsigned char key[KEY_ROOM];
	size_t i, key_len = f->family->make(&f->dice, n, key);
	size_t value_len = f->family->value_max;

	if (value_len && dice_below(&f->dice, 4))
		value_len = dice_below(&f->dice, value_len);
	for (i = 0; i < value_len; i++)
		value[i] = (unsigned char)dice_next(&f->dice);
	map_model_remove(&b->puts, key, key_len);
	map_model_remove(&b->removes, key, key_len);
	map_model_put(remove ? &b->removes : &b->puts, key, key_len, value, value_len);
}

static void add_change(struct fixture *f, struct batch *b, const struct model_entry *entry, bool put)
{
	b->changes[b->count++] = (struct map_change){ .key = entry->key,
						      .key_len = entry->key_len,
						      .value = put ? entry->value : NULL,
						      .value_len = put ? entry->value_len : 0 };
	if (put)
		map_model_put(&f->model, entry->key, entry->key_len, entry->value, entry->value_len);
	else
		map_model_remove(&f->model, entry->key, entry->key_len);
}

/* Put the batch in order and apply it to the model. */
static void batch_finish(struct fixture *f, struct batch *b)
{
	size_t i = 0, j = 0;

	b->changes = calloc(b->puts.count + b->removes.count + 1, sizeof(*b->changes));
	assert_non_null(b->changes);
	while (i < b->puts.count || j < b->removes.count) {
		const struct model_entry *put = i < b->puts.count ? &b->puts.entries[i] : NULL;
		const struct model_entry *gone = j < b->removes.count ? &b->removes.entries[j] : NULL;

		if (!gone || (put && key_compare(put->key, put->key_len, gone->key, gone->key_len) < 0)) {
			add_change(f, b, put, true);
			i++;
		} else {
			add_change(f, b, gone, false);
			j++;
		}
	}
}

static void batch_release(struct batch *b)
{
	map_model_release(&b->puts);
	map_model_release(&b->removes);
	free(b->changes);
}

static void make_batch(struct fixture *f, struct batch *b)
{
	size_t universe = f->family->universe, i, start, count;
	size_t what = dice_below(&f->dice, 8);

	*b = (struct batch){ .count = 0 };
	start = dice_below(&f->dice, universe);
	count = 1 + dice_below(&f->dice, what < 4 ? 3 : f->family->batch_max);
	if (what == 7) { /* all but a few go */
		start = 0;
		count = universe;
	}
	for (i = 0; i < count; i++) {
		size_t n = what >= 5 ? start + i : dice_below(&f->dice, universe);

		if (what == 7 && !dice_below(&f->dice, universe))
			continue;
		/* 5: a range comes, 6 and 7: a range goes, others: scattered. */
		batch_add(f, b, n, what >= 6 || (what < 5 && !dice_below(&f->dice, 3)));
	}
	batch_finish(f, b);
}

static void assert_root(const struct map_root *root, const struct map_root *expected)
{
	assert_int_equal(root->count, expected->count);
	assert_int_equal(root->bytes, expected->bytes);
	assert_true(oid_equal(&root->id, &expected->id));
}

static void check_reading(struct fixture *f)
{
	auto_map_cursor c = MAP_CURSOR_INIT;
	struct node_store *store = &f->store.store;
	size_t start = dice_below(&f->dice, f->model.count + 1), i;
	struct drift_error err;

	assert_int_equal(map_cursor_seek_index(&c, store, &f->root, start, &err), 0);
	for (i = start; i <= f->model.count; i++) {
		struct node_entry entry;
		const struct model_entry *expected;

		assert_int_equal(map_cursor_next(&c, &entry, &err), i < f->model.count);
		if (i == f->model.count || i - start > 40)
			break;
		expected = &f->model.entries[i];
		assert_int_equal(entry.key_len, expected->key_len);
		assert_memory_equal(entry.key, expected->key, entry.key_len);
		assert_int_equal(entry.value_len, expected->value_len);
		assert_memory_equal(entry.value, expected->value, entry.value_len);
	}
	for (i = 0; i < 10; i++) {
		unsigned char key[KEY_ROOM];
		size_t len = f->family->make(&f->dice, dice_below(&f->dice, f->family->universe), key);
		auto_node *node = NULL;
		struct node_entry entry;
		uint64_t rank;
		bool equal;
		size_t at = map_model_search(&f->model, key, len, &equal);

		assert_int_equal(map_get(store, &f->root, key, len, &node, &entry, &err), equal);
		if (equal)
			assert_memory_equal(entry.value, f->model.entries[at].value, entry.value_len);
		assert_int_equal(map_rank(store, &f->root, key, len, &rank, &err), 0);
		assert_int_equal(rank, at);
		assert_int_equal(map_cursor_seek(&c, store, &f->root, key, len, &err), 0);
		assert_int_equal(map_cursor_next(&c, &entry, &err), at < f->model.count);
		if (at < f->model.count)
			assert_int_equal(key_compare(entry.key, entry.key_len, f->model.entries[at].key,
						     f->model.entries[at].key_len),
					 0);
	}
}

/* Replays a difference on a model, which must become the other side. */
struct replay {
	struct map_model *model;
	size_t from, to, seen;
};

static int replay_one(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	struct replay *replay = data;
	const struct node_entry *any = a ? a : b;
	bool equal;

	(void)err;
	replay->seen++;
	map_model_search(replay->model, any->key, any->key_len, &equal);
	assert_int_equal(equal, a != NULL);
	if (b)
		map_model_put(replay->model, b->key, b->key_len, b->value, b->value_len);
	else
		map_model_remove(replay->model, a->key, a->key_len);
	return 0;
}

static size_t count_differences(const struct map_model *a, const struct map_model *b, const unsigned char *from,
				size_t from_len, const unsigned char *to, size_t to_len)
{
	size_t i = 0, j = 0, count = 0;

	while (i < a->count || j < b->count) {
		const struct model_entry *x = i < a->count ? &a->entries[i] : NULL;
		const struct model_entry *y = j < b->count ? &b->entries[j] : NULL, *any;
		int order = !x ? 1 : !y ? -1 : key_compare(x->key, x->key_len, y->key, y->key_len);

		any = order <= 0 ? x : y;
		if (key_compare(any->key, any->key_len, from, from_len) >= 0 &&
		    key_compare(any->key, any->key_len, to, to_len) < 0 &&
		    (order || x->value_len != y->value_len || memcmp(x->value, y->value, x->value_len)))
			count++;
		i += order <= 0;
		j += order >= 0;
	}
	return count;
}

static int count_one(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	(void)a;
	(void)b;
	(void)err;
	++*(size_t *)data;
	return 0;
}

static void check_difference(struct fixture *f, struct map_model *old, const struct map_root *old_root)
{
	unsigned char from[KEY_ROOM], to[KEY_ROOM];
	size_t i, seen = 0;
	struct replay replay = { .model = old };
	struct map_diff_options options = { .each = count_one, .data = &seen };
	struct drift_error err;
	struct map_root replayed;

	options.from = from;
	options.from_len = f->family->make(&f->dice, dice_below(&f->dice, f->family->universe), from);
	options.to = to;
	options.to_len = f->family->make(&f->dice, dice_below(&f->dice, f->family->universe), to);
	assert_int_equal(map_diff(&f->store.store, old_root, &f->root, &options, &err), 0);
	assert_int_equal(seen, count_differences(old, &f->model, from, options.from_len, to, options.to_len));
	options = (struct map_diff_options){ .each = replay_one, .data = &replay };
	assert_int_equal(map_diff(&f->store.store, old_root, &f->root, &options, &err), 0);
	assert_int_equal(old->count, f->model.count);
	for (i = 0; i < old->count; i++)
		assert_memory_equal(old->entries[i].key, f->model.entries[i].key, f->model.entries[i].key_len);
	map_model_root(old, MAP_INDEX, &replayed);
	assert_root(&replayed, &f->root);
}

static void run_round(struct fixture *f)
{
	struct batch batch;
	struct map_model old;
	struct map_root expected, scratch, before = f->root, empty = { .count = 0 };
	struct drift_error err = { .code = DRIFT_OK };
	struct map_change *all;
	size_t i;

	map_model_copy(&f->model, &old);
	make_batch(f, &batch);
	if (map_edit_array(&f->store.store, MAP_INDEX, &f->root, batch.changes, batch.count, &f->root, &err) < 0)
		fail_msg("%s: %s", f->family->name, err.message);
	map_model_root(&f->model, MAP_INDEX, &expected);
	assert_root(&f->root, &expected);
	if (map_check(&f->store.store, &f->root, &(struct map_check_options){ .kind = MAP_INDEX }, &err) < 0)
		fail_msg("%s: %s", f->family->name, err.message);
	check_reading(f);
	check_difference(f, &old, &before);

	all = calloc(f->model.count + 1, sizeof(*all));
	assert_non_null(all);
	for (i = 0; i < f->model.count; i++)
		all[i] = (struct map_change){ .key = f->model.entries[i].key,
					      .key_len = f->model.entries[i].key_len,
					      .value = f->model.entries[i].value,
					      .value_len = f->model.entries[i].value_len };
	assert_int_equal(map_edit_array(&f->store.store, MAP_INDEX, &empty, all, f->model.count, &scratch, &err), 0);
	assert_root(&scratch, &expected);
	free(all);
	map_model_release(&old);
	batch_release(&batch);
}

static void any_history_gives_the_same_map(void **state)
{
	uint64_t seed = dice_seed();
	size_t i, round;

	(void)state;
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		struct fixture f = { .dice = { .state = seed + i }, .family = &families[i] };

		memstore_init(&f.store, true);
		for (round = 0; round < 24; round++)
			run_round(&f);
		map_model_release(&f.model);
		memstore_release(&f.store);
	}
}

/* ---- what edits cost ---- */

struct numbered {
	struct map_changes changes;
	size_t next, end, step;
	bool remove;
	char key[24], value[200];
};

static int next_numbered(struct map_changes *self, struct map_change *change_out, struct drift_error *err)
{
	struct numbered *n = (struct numbered *)self;

	(void)err;
	if (n->next >= n->end)
		return 0;
	snprintf(n->key, sizeof(n->key), "doc%08zu", n->next);
	memset(n->value, (int)(n->next % 251), sizeof(n->value));
	n->next += n->step;
	*change_out = (struct map_change){ .key = n->key, .key_len = 11 };
	if (!n->remove) {
		change_out->value = n->value;
		change_out->value_len = sizeof(n->value);
	}
	return 1;
}

static int edit_range(struct memstore *m, struct map_root *root, size_t first, size_t end, size_t step, bool remove)
{
	struct numbered n = {
		.changes = { .next = next_numbered }, .next = first, .end = end, .step = step, .remove = remove
	};
	struct drift_error err;

	m->load_count = m->save_count = m->base_count = m->repeat_count = 0;
	return map_edit(&m->store, MAP_INDEX, root, &n.changes, root, &err);
}

static size_t height_of(struct memstore *m, const struct map_root *root)
{
	auto_map_cursor c = MAP_CURSOR_INIT;
	struct drift_error err;

	assert_int_equal(map_cursor_seek(&c, &m->store, root, NULL, 0, &err), 0);
	return c.height;
}

static void an_edit_costs_one_path(void **state)
{
	struct memstore m;
	struct map_root root = { .count = 0 }, before;
	struct map_change change = { .key = "doc00010000", .key_len = 11, .value = "new", .value_len = 3 };
	struct drift_error err;
	size_t height;

	(void)state;
	memstore_init(&m, true);
	assert_int_equal(edit_range(&m, &root, 0, 20000, 1, false), 0);
	assert_int_equal(m.base_count, 0);
	assert_int_equal(m.repeat_count, 0);
	height = height_of(&m, &root);
	assert_int_equal(height, 3);
	before = root;
	m.load_count = m.save_count = 0;
	assert_int_equal(map_edit_array(&m.store, MAP_INDEX, &root, &change, 1, &root, &err), 0);
	assert_in_range(m.save_count, height, height + 1);
	assert_int_equal(m.base_count, m.save_count);
	assert_in_range(m.load_count, height, height + 1);
	/* The same again, removing what is not there: nothing. */
	m.save_count = 0;
	assert_int_equal(map_edit_array(&m.store, MAP_INDEX, &root, &change, 1, &root, &err), 0);
	assert_int_equal(edit_range(&m, &root, 20000, 20050, 1, true), 0);
	assert_int_equal(m.save_count, 0);
	/* All but the first leaf go: nothing new but its neighbour's rest. */
	assert_int_equal(edit_range(&m, &root, 10, 20000, 1, true), 0);
	assert_int_equal(root.count, 10);
	assert_int_equal(m.save_count, 1);
	assert_int_equal(edit_range(&m, &before, 0, 20000, 1, true), 0);
	assert_true(oid_is_zero(&before.id));
	assert_int_equal(m.save_count, 0);
	memstore_release(&m);
}

static void each_failure_is_reported(void **state)
{
	struct memstore m;
	struct map_root start = { .count = 0 }, root;
	size_t n;
	int ret = -1;

	(void)state;
	memstore_init(&m, true);
	assert_int_equal(edit_range(&m, &start, 0, 8000, 1, false), 0);
	for (n = 1; ret; n++) {
		struct map_root end = start;

		root = start;
		m.fail_at = n;
		ret = edit_range(&m, &root, 0, 9000, 400, false) | edit_range(&m, &end, 300, 8000, 1, true);
		if (ret)
			assert_true(oid_equal(&root.id, &start.id) || oid_equal(&end.id, &start.id));
	}
	assert_in_range(n, 40, 2000);
	m.fail_at = 0;
	assert_int_equal(root.count, 8003);
	memstore_release(&m);
}

static void bad_changes_are_refused(void **state)
{
	static unsigned char big[NODE_KEY_MAX + 1];
	struct map_change changes[2] = { { .key = "b", .key_len = 1, .value = big, .value_len = 1 },
					 { .key = "a", .key_len = 1, .value = big, .value_len = 1 } };
	struct map_root empty = { .count = 0 }, root = empty;
	struct memstore m;
	struct drift_error err;

	(void)state;
	memstore_init(&m, true);
	assert_int_equal(map_edit_array(&m.store, MAP_INDEX, &empty, changes, 2, &root, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	changes[1].key = "b";
	assert_int_equal(map_edit_array(&m.store, MAP_INDEX, &empty, changes, 2, &root, &err), -1);
	changes[0].key = big;
	changes[0].key_len = sizeof(big);
	assert_int_equal(map_edit_array(&m.store, MAP_INDEX, &empty, changes, 1, &root, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
	changes[0].key_len = 0;
	changes[0].value_len = NODE_VALUE_MAX + 1;
	assert_int_equal(map_edit_array(&m.store, MAP_INDEX, &empty, changes, 1, &root, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
	changes[0].value_len = 0;
	assert_int_equal(map_edit_array(&m.store, MAP_DOCUMENTS, &empty, changes, 1, &root, &err), -1);
	assert_int_equal(map_edit_array(&m.store, MAP_INDEX, &empty, changes, 1, &root, &err), 0);
	assert_int_equal(root.count, 1);
	assert_int_equal(map_edit_array(&m.store, MAP_STAGE, &root, changes, 0, &root, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	memstore_release(&m);
}

/* A child of the wrong level, or that does not end where its parent says, is found out. */
static void misfits_are_refused(void **state)
{
	struct memstore m;
	struct map_root leaf = { .count = 0 }, root;
	unsigned char bytes[64] = { NODE_VERSION, MAP_INDEX, 1, 1, 1, 'k' };
	struct drift_error err;
	struct node *node;
	struct node_entry entry;
	struct map_change change = { .key = "j", .key_len = 1, .value = "v", .value_len = 1 };

	(void)state;
	memstore_init(&m, true);
	assert_int_equal(map_edit_array(&m.store, MAP_INDEX, &leaf, &change, 1, &leaf, &err), 0);
	memcpy(bytes + 6, leaf.id.bytes, OID_LEN);
	bytes[6 + OID_LEN] = 1;
	bytes[7 + OID_LEN] = 1;
	root = leaf;
	m.verify = false;
	assert_int_equal(m.store.save(&m.store, bytes, 8 + OID_LEN, NULL, NULL, &root.id, &root.loc, &err), 0);
	m.verify = true;
	assert_int_equal(map_get(&m.store, &root, "j", 1, &node, &entry, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	assert_int_equal(map_edit_array(&m.store, MAP_INDEX, &root, &change, 1, &root, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	bytes[2] = 2;
	bytes[5] = 'j';
	m.verify = false;
	assert_int_equal(m.store.save(&m.store, bytes, 8 + OID_LEN, NULL, NULL, &root.id, &root.loc, &err), 0);
	m.verify = true;
	assert_int_equal(map_get(&m.store, &root, "j", 1, &node, &entry, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	memstore_release(&m);
}

struct skipping {
	size_t asked, skipped;
};

/* One of three. */
static bool skip_some(void *data, const struct oid *id, bool last)
{
	struct skipping *s = data;
	bool skip = s->asked++ % 3 == 2;

	(void)id;
	(void)last;
	s->skipped += skip;
	return skip;
}

static void save_leaf(struct memstore *m, const char *entries, size_t len, unsigned char count, struct map_root *root)
{
	unsigned char bytes[64] = { NODE_VERSION, MAP_INDEX, 0, count };
	struct drift_error err;

	memcpy(bytes + 4, entries, len);
	assert_int_equal(m->store.save(&m->store, bytes, 4 + len, NULL, NULL, &root->id, &root->loc, &err), 0);
}

static int save_parent(struct memstore *m, const struct map_root *children, size_t count, const char *keys,
		       struct map_root *root)
{
	unsigned char bytes[256] = { NODE_VERSION, MAP_INDEX, 1, (unsigned char)count };
	uint64_t locs[4];
	unsigned char *p = bytes + 4;
	struct drift_error err;
	size_t i;

	for (i = 0; i < count; i++) {
		locs[i] = children[i].loc;
		*p++ = 1;
		*p++ = (unsigned char)keys[i];
		memcpy(p, children[i].id.bytes, OID_LEN);
		p += OID_LEN;
		*p++ = (unsigned char)children[i].count;
		*p++ = (unsigned char)children[i].bytes;
	}
	return m->store.save(&m->store, bytes, (size_t)(p - bytes), locs, NULL, &root->id, &root->loc, &err);
}

static void unsound_maps_are_found_out(void **state)
{
	const struct map_check_options options = { .kind = MAP_INDEX }, other = { .kind = MAP_STAGE };
	struct skipping skipping = { .asked = 0 };
	struct map_check_options skip = { .kind = MAP_INDEX, .skip = skip_some, .data = &skipping };
	struct map_root leaves[2] = { { .count = 2, .bytes = 2 }, { .count = 1, .bytes = 1 } };
	struct map_root root = { .count = 0 }, big = root;
	struct drift_error err;
	struct memstore m;

	(void)state;
	memstore_init(&m, true);
	assert_int_equal(map_check(&m.store, &big, &options, &err), 0);
	assert_int_equal(edit_range(&m, &big, 0, 9000, 1, false), 0);
	assert_int_equal(map_check(&m.store, &big, &options, &err), 0);
	assert_int_equal(map_check(&m.store, &big, &other, &err), -1);
	assert_int_equal(map_check(&m.store, &big, &skip, &err), 0);
	assert_in_range(skipping.skipped, 2, skipping.asked - 2);
	big.count++;
	assert_int_equal(map_check(&m.store, &big, &options, &err), -1);

	/* Leaves that should be one: equal entries, another tree. */
	save_leaf(&m, "\1a\1x\1b\1x", 8, 2, &leaves[0]);
	save_leaf(&m, "\1c\1x", 4, 1, &leaves[1]);
	assert_int_equal(map_check(&m.store, &leaves[0], &options, &err), 0);
	assert_int_equal(save_parent(&m, leaves, 2, "bc", &root), 0);
	root.count = root.bytes = 3;
	assert_int_equal(map_check(&m.store, &root, &options, &err), -1);
	assert_non_null(strstr(err.message, "end"));
	assert_int_equal(save_parent(&m, leaves + 1, 1, "c", &root), 0);
	root.count = root.bytes = 1;
	assert_int_equal(map_check(&m.store, &root, &options, &err), -1);
	assert_non_null(strstr(err.message, "root"));
	leaves[1].bytes = 2;
	assert_int_equal(save_parent(&m, leaves, 2, "bc", &root), 0);
	root.count = 3;
	root.bytes = 4;
	assert_int_equal(map_check(&m.store, &root, &options, &err), -1);
	memstore_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_history_gives_the_same_map),
		cmocka_unit_test(an_edit_costs_one_path),
		cmocka_unit_test(each_failure_is_reported),
		cmocka_unit_test(bad_changes_are_refused),
		cmocka_unit_test(misfits_are_refused),
		cmocka_unit_test(unsound_maps_are_found_out),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
