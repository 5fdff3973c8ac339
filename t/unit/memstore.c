#include "t/unit/memstore.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Locations are made up; they follow ids around so that tests see them lost. */
static uint64_t location(const struct oid *id)
{
	uint64_t loc;

	memcpy(&loc, id->bytes, sizeof(loc));
	return loc | 1;
}

static size_t slot_of(const struct memstore *m, const struct oid *id)
{
	size_t slot;

	memcpy(&slot, id->bytes + 8, sizeof(slot));
	slot &= m->capacity - 1;
	while (m->nodes[slot] && !oid_equal(&m->nodes[slot]->id, id))
		slot = (slot + 1) & (m->capacity - 1);
	return slot;
}

static int grow(struct memstore *m, struct drift_error *err)
{
	struct memstore bigger = *m;
	size_t i;

	bigger.capacity = m->capacity ? 2 * m->capacity : 64;
	bigger.nodes = mem_calloc(bigger.capacity, sizeof(*bigger.nodes));
	if (!bigger.nodes)
		return error_no_memory(err);
	for (i = 0; i < m->capacity; i++)
		if (m->nodes[i])
			bigger.nodes[slot_of(&bigger, &m->nodes[i]->id)] = m->nodes[i];
	free(m->nodes);
	m->nodes = bigger.nodes;
	m->capacity = bigger.capacity;
	return 0;
}

static int fail_in_turn(const struct memstore *m, struct drift_error *err)
{
	if (!m->fail_at || m->load_count + m->save_count != m->fail_at)
		return 0;
	return error_set(err, DRIFT_ERR_IO, "this call was to fail");
}

static int load(struct node_store *store, const struct oid *id, uint64_t loc, struct node **node_out,
		struct drift_error *err)
{
	struct memstore *m = (struct memstore *)store;
	char hex[OID_HEX_LEN + 1];
	struct node *node = m->capacity ? m->nodes[slot_of(m, id)] : NULL;

	m->load_count++;
	if (fail_in_turn(m, err) < 0)
		return -1;
	if (!node)
		return error_set(err, DRIFT_ERR_CORRUPT, "node %s is missing", oid_to_hex(id, hex));
	if (m->verify) {
		if (loc != LOC_UNKNOWN && loc != location(id))
			return error_set(err, DRIFT_ERR_CORRUPT, "the location of a node got mixed up");
		if (node_decode(node->bytes, node->len, id, node->child_loc, node_out, err) < 0)
			return -1;
		(*node_out)->loc = node->loc;
		return 0;
	}
	*node_out = node_ref(node);
	return 0;
}

static int check_saved(struct memstore *m, const struct node *node, const struct node *base, struct drift_error *err)
{
	auto_node *decoded = NULL;
	size_t i;

	if (node_decode(node->bytes, node->len, &node->id, node->child_loc, &decoded, err) < 0)
		return -1;
	if (base && (base->kind != node->kind || base->level != node->level))
		return error_set(err, DRIFT_ERR_INVALID, "a base is of another kind or level");
	for (i = 0; node->level && i < node->count; i++) {
		struct node_entry entry;
		struct oid id;

		node_entry_at(node, i, &entry);
		memcpy(id.bytes, entry.child, OID_LEN);
		if (entry.loc != location(&id))
			return error_set(err, DRIFT_ERR_INVALID, "a child's location is wrong");
		if (!m->nodes[slot_of(m, &id)])
			return error_set(err, DRIFT_ERR_INVALID, "a parent is saved before its child");
	}
	return 0;
}

static int save(struct node_store *store, const void *bytes, size_t len, const uint64_t *child_loc, struct node *base,
		struct oid *id_out, uint64_t *loc_out, struct drift_error *err)
{
	struct memstore *m = (struct memstore *)store;
	struct node *node;
	size_t slot;

	m->save_count++;
	if (fail_in_turn(m, err) < 0)
		return -1;
	if (2 * m->count >= m->capacity && grow(m, err) < 0)
		return -1;
	if (node_from_built(bytes, len, child_loc, &node, err) < 0)
		return -1;
	if (m->verify && check_saved(m, node, base, err) < 0) {
		node_unref(node);
		return -1;
	}
	m->base_count += base != NULL;
	m->saved_bytes += len;
	*id_out = node->id;
	*loc_out = node->loc = location(&node->id);
	slot = slot_of(m, &node->id);
	if (m->nodes[slot]) {
		m->repeat_count++;
		node_unref(node);
	} else {
		m->nodes[slot] = node;
		m->count++;
	}
	if (m->forget_base && base && !oid_equal(&base->id, id_out))
		memstore_forget(m, &base->id);
	return 0;
}

void memstore_init(struct memstore *m, bool verify)
{
	*m = (struct memstore){ .store = { .load = load, .save = save }, .verify = verify };
}

void memstore_release(struct memstore *m)
{
	size_t i;

	for (i = 0; i < m->capacity; i++)
		node_unref(m->nodes[i]);
	free(m->nodes);
	memstore_init(m, m->verify);
}

int memstore_forget(struct memstore *m, const struct oid *id)
{
	size_t hole = slot_of(m, id), slot;

	if (!m->nodes[hole])
		return -1;
	node_unref(m->nodes[hole]);
	m->nodes[hole] = NULL;
	m->count--;
	/* Those behind it may be displaced by it: put each where it is looked for now. */
	for (slot = (hole + 1) & (m->capacity - 1); m->nodes[slot]; slot = (slot + 1) & (m->capacity - 1)) {
		struct node *node = m->nodes[slot];

		m->nodes[slot] = NULL;
		m->nodes[slot_of(m, &node->id)] = node;
	}
	return 0;
}
