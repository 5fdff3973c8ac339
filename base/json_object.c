#include <stdlib.h>
#include <string.h>

#include "base/json_value_internal.h"

__extension__ typedef unsigned __int128 u128;

static uint64_t fold(uint64_t a, uint64_t b)
{
	u128 product = (u128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The address seeds the hash, so that no one can prepare keys that collide. */
static size_t hash_key(const struct json_index *index, const char *key, size_t len)
{
	uint64_t h = fold((uint64_t)(uintptr_t)index ^ 0x9e3779b97f4a7c15, len ^ 0xd6e8feb86659fd93);
	uint64_t word;

	for (; len >= 8; key += 8, len -= 8) {
		memcpy(&word, key, 8);
		h = fold(h ^ word, 0xff51afd7ed558ccd);
	}
	word = 0;
	memcpy(&word, key, len);
	return (size_t)fold(h ^ word, 0xc4ceb9fe1a85ec53) & index->mask;
}

static bool key_is(const struct json_member *m, const char *key, size_t len)
{
	return m->value && m->key_len == len && !memcmp(m->key, key, len);
}

static struct json_member *find(struct json_members *all, const char *key, size_t len)
{
	const struct json_index *index = all->index;
	struct json_member *items = all->items;
	size_t i;

	if (index) {
		for (i = hash_key(index, key, len); index->slots[i]; i = (i + 1) & index->mask)
			if (key_is(items + index->slots[i] - 1, key, len))
				return items + index->slots[i] - 1;
		return NULL;
	}
	for (i = 0; i < all->used; i++)
		if (key_is(items + i, key, len))
			return items + i;
	return NULL;
}

static void index_add(const struct json_members *all, size_t position)
{
	struct json_index *index = all->index;
	const struct json_member *m = all->items + position;
	size_t i = hash_key(index, m->key, m->key_len);

	while (index->slots[i])
		i = (i + 1) & index->mask;
	index->slots[i] = (uint32_t)position + 1;
}

static void index_fill(struct json_members *all)
{
	size_t i;

	memset(all->index->slots, 0, (all->index->mask + 1) * sizeof(all->index->slots[0]));
	for (i = 0; i < all->used; i++)
		index_add(all, i);
}

/* An empty index for as many members as there is room for. */
static int index_new(struct json_doc *doc, struct json_members *all)
{
	size_t slots = 64;

	while (slots < 2 * all->capacity)
		slots *= 2;
	all->index = json_arena_alloc(&doc->arena, sizeof(*all->index) + slots * sizeof(uint32_t));
	if (!all->index)
		return -1;
	all->index->mask = slots - 1;
	memset(all->index->slots, 0, slots * sizeof(uint32_t));
	return 0;
}

static void close_holes(struct json_members *all)
{
	size_t from, to = 0;

	for (from = 0; from < all->used; from++)
		if (all->items[from].value)
			all->items[to++] = all->items[from];
	all->used = to;
	if (all->index)
		index_fill(all);
}

static struct json_members *members_new(struct json_doc *doc, size_t capacity)
{
	struct json_members *all;

	if (capacity > JSON_MEMBERS_MAX)
		return NULL;
	all = json_arena_alloc(&doc->arena, sizeof(*all) + capacity * sizeof(all->items[0]));
	if (!all)
		return NULL;
	all->capacity = capacity;
	all->used = 0;
	all->index = NULL;
	if (capacity > JSON_INDEX_MIN && index_new(doc, all))
		return NULL;
	return all;
}

/* Room for one more member; holes are closed rather than room be got. */
static int members_grow(struct json_doc *doc, struct json_value *object)
{
	struct json_members *all = object->u.members, *grown;

	if (all && all->used == all->capacity && object->len < all->used - all->used / 4)
		close_holes(all);
	if (all && all->used < all->capacity)
		return 0;
	grown = members_new(doc, object->len < 2 ? 4 : 2 * object->len);
	if (!grown)
		return -1;
	if (all) {
		close_holes(all);
		memcpy(grown->items, all->items, all->used * sizeof(all->items[0]));
		grown->used = all->used;
	}
	if (grown->index)
		index_fill(grown);
	object->u.members = grown;
	return 0;
}

int json_members_fill(struct json_doc *doc, struct json_value *object, const struct json_member *children, size_t count)
{
	struct json_members *all;
	struct json_member *old;
	size_t i;

	if (!count)
		return 0;
	all = members_new(doc, count);
	if (!all)
		return -1;
	for (i = 0; i < count; i++) {
		old = find(all, children[i].key, children[i].key_len);
		if (old) {
			old->value = children[i].value;
			continue;
		}
		all->items[all->used] = children[i];
		if (all->index)
			index_add(all, all->used);
		all->used++;
	}
	object->u.members = all;
	object->len = all->used;
	return 0;
}

/* As json_object_set without copying the key, which must live as long as doc. */
static int json_object_set_shared(struct json_doc *doc, struct json_value *object, const struct json_member *member)
{
	struct json_members *all = object->u.members;
	struct json_member *old = all ? find(all, member->key, member->key_len) : NULL;

	if (old) {
		old->value = member->value;
		return 0;
	}
	if (members_grow(doc, object))
		return -1;
	all = object->u.members;
	all->items[all->used] = *member;
	if (all->index)
		index_add(all, all->used);
	all->used++;
	object->len++;
	return 0;
}

int json_object_set(struct json_doc *doc, struct json_value *object, const char *key, size_t key_len,
		    struct json_value *value)
{
	struct json_members *all = object->u.members;
	struct json_member *old = all ? find(all, key, key_len) : NULL;
	struct json_member member = { .key_len = key_len, .value = value };

	if (old) {
		old->value = value;
		return 0;
	}
	member.key = json_arena_copy(&doc->arena, key, key_len);
	return member.key ? json_object_set_shared(doc, object, &member) : -1;
}

bool json_object_remove(struct json_value *object, const char *key, size_t key_len)
{
	struct json_members *all = object->kind == JSON_OBJECT ? object->u.members : NULL;
	struct json_member *old = all ? find(all, key, key_len) : NULL;

	if (!old)
		return false;
	old->value = NULL;
	object->len--;
	return true;
}

struct json_value *json_object_get(const struct json_value *v, const char *key, size_t key_len)
{
	struct json_member *m;

	if (v->kind != JSON_OBJECT || !v->u.members)
		return NULL;
	m = find(v->u.members, key, key_len);
	return m ? m->value : NULL;
}

struct json_value *json_get(const struct json_value *v, const char *key)
{
	return json_object_get(v, key, strlen(key));
}

struct json_value *json_object_at(const struct json_value *object, size_t i, const char **key_out, size_t *key_len_out)
{
	struct json_members *all = object->u.members;

	if (all->used != object->len)
		close_holes(all);
	*key_out = all->items[i].key;
	*key_len_out = all->items[i].key_len;
	return all->items[i].value;
}
