/*
 * A node of the tree: one sorted run of entries, decoded for reading.
 * The canonical bytes are described in Documentation/drift-format-tree.adoc:
 *
 *   u8 version (1), u8 map kind, u8 level (0: leaf), varint entry count, then entries:
 *   leaf entry:  varint key length, key, varint value length, value
 *   inner entry: varint key length, key (the last key below), 32-byte child id,
 *                varint entry count below, varint byte count below
 *
 * A node is immutable and reference counted; it may be shared by threads.
 */
#ifndef OBJECTS_NODE_H
#define OBJECTS_NODE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "objects/oid.h"

#define NODE_VERSION 1
#define NODE_KEY_MAX 2048   /* bytes of a key */
#define NODE_VALUE_MAX 1536 /* bytes of a leaf value: an inline document and its head */
#define NODE_LEN_MAX 16384  /* canonical bytes of a node */
#define NODE_LEVEL_MAX 15
#define NODE_FANOUT_MIN 4 /* children of an inner node; the root and a level's last node excepted */

enum map_kind {
	MAP_ROOT = 0,      /* collection name to descriptor */
	MAP_DOCUMENTS = 1, /* key to document */
	MAP_INDEX = 2,     /* reserved: secondary indexes */
	MAP_STAGE = 3      /* path to staged change; never part of a commit */
};

/*
 * Where an object is stored, so that a child is found without asking an index:
 * file number << 48 | offset of its frame << 8 | record within the frame.
 * Never part of hashed bytes. 0: not known, ask by id.
 */
#define LOC_UNKNOWN 0

struct node {
	atomic_uint refs;
	enum map_kind kind;
	uint8_t level;
	uint8_t depth;  /* deltas that must be applied to read the stored form; 0: whole or not stored */
	uint32_t count; /* entries */
	uint32_t len;   /* canonical bytes */
	uint64_t loc;   /* of this node's record, LOC_UNKNOWN if not stored yet */
	struct oid id;
	const unsigned char *bytes;
	const uint16_t *offset; /* count + 1 offsets of entries in bytes */
	uint64_t *child_loc;    /* count locations, or NULL if none is known */
	uint32_t prefix_len;    /* bytes that all keys begin with */
	const uint32_t *hint;   /* the four bytes of each key behind those, big endian, zeros where it ends */
	/* Inner nodes: children met before (see map_load_child), each NULL, NODE_CHILD_FITS or a reference. */
	struct node *_Atomic *child;
};

/* A leaf that was found to fit; leaves are not kept by their parents, so that memory stays bounded. */
#define NODE_CHILD_FITS ((struct node *)1)

/* An entry, pointing into its node. */
struct node_entry {
	const unsigned char *key;
	size_t key_len;
	const unsigned char *value; /* leaf */
	size_t value_len;
	const unsigned char *child; /* inner: 32-byte id, not aligned */
	uint64_t count;             /* inner: entries below; leaf: 1 */
	uint64_t bytes;             /* inner: bytes below; leaf: value_byte_count() of its value */
	uint64_t loc;               /* of the object that the entry refers to, or LOC_UNKNOWN */
};

/*
 * Decode canonical bytes (copied). Checks everything: version, kind, level, strict key order,
 * lengths, shortest varints, values (by value_check), nothing left over. id may be NULL: it is computed;
 * otherwise the bytes must hash to it. child_loc may be NULL, else it has one location an entry.
 * DRIFT_ERR_CORRUPT names what is wrong.
 */
int node_decode(const void *bytes, size_t len, const struct oid *id, const uint64_t *child_loc, struct node **node_out,
		struct drift_error *err) MUST_CHECK;

/* As node_decode for bytes that this process has just built from valid entries: hashed, not checked. */
int node_from_built(const void *bytes, size_t len, const uint64_t *child_loc, struct node **node_out,
		    struct drift_error *err) MUST_CHECK;

/*
 * As node_decode without hashing, for a version that only serves as base of a delta: its id is zero, it cannot be
 * searched. What is built on it is checked against an id.
 */
int node_decode_base(const void *bytes, size_t len, const uint64_t *child_loc, struct node **node_out,
		     struct drift_error *err) MUST_CHECK;

/* The same node with other locations, one an entry. */
int node_with_locs(const struct node *node, const uint64_t *child_loc, struct node **node_out,
		   struct drift_error *err) MUST_CHECK;

struct node *node_ref(struct node *node);
/* NULL-safe; frees with the last reference. */
void node_unref(struct node *node);
void node_cleanup(struct node **node);
#define auto_node __attribute__((cleanup(node_cleanup))) struct node

/* Bytes of memory that the node takes, for the cache. */
size_t node_memory(const struct node *node);

/* Entry i (i < count). */
void node_entry_at(const struct node *node, size_t i, struct node_entry *entry_out);
/* The key of entry i only. */
const unsigned char *node_key_at(const struct node *node, size_t i, size_t *len_out);
/* Index of the first entry whose key is >= key; count if none; *equal_out says if it is equal. */
size_t node_search(const struct node *node, const void *key, size_t key_len, bool *equal_out);

/* memcmp order, a prefix first. */
int key_compare(const void *a, size_t a_len, const void *b, size_t b_len);

#endif
