/*
 * Records: one stored object each. A head byte, kind in bits 0 to 2 and storage in bits 3 to 5; blobs and tags have their
 * 32-byte id next (nobody who knows it stands near); then by storage:
 *
 *   raw      [tree: varint node length] content
 *   zstd     [tree: varint node length] varint raw length, frame
 *   dict     location of the dictionary, then as zstd
 *   prefix   u8 depth, location of the base, then as zstd: the frame needs the base's canonical bytes as prefix
 *   edit     u8 depth, location of the base, edit list (node_delta.h); trees only
 *   compact  commits only, see commit_record.h
 *   chunked  blobs only: varint length, varint count, then for each chunk its id, varint length, location
 *
 * The content of a tree node is its canonical bytes, then one location for each entry that refers to an object.
 * depth counts the deltas to apply: one more than the base's. zstd frames are bare (compress.h).
 */
#ifndef OBJECTS_RECORD_H
#define OBJECTS_RECORD_H

#include "base/compress.h"
#include "base/cursor.h"
#include "objects/loc.h"
#include "objects/node.h"
#include "objects/node_delta.h"
#include "objects/oid.h"

enum record_storage {
	RECORD_RAW = 0,
	RECORD_ZSTD = 1,
	RECORD_DICT = 2,
	RECORD_PREFIX = 3,
	RECORD_EDIT = 4,
	RECORD_COMPACT = 5,
	RECORD_CHUNKED = 6
};

#define RECORD_INNER_DEPTH_MAX 128
#define RECORD_BLOB_DEPTH_MAX 16
#define RECORD_CHUNK_MAX ((uint64_t)1 << 18) /* chunks of a blob */
#define RECORD_RAW_MAX ((uint64_t)20 << 20)

struct record {
	enum object_kind kind;
	enum record_storage storage;
	uint8_t depth;     /* prefix, edit */
	struct oid id;     /* blobs, tags */
	uint64_t self;     /* location of the frame, for relative locations */
	uint64_t base_loc; /* prefix, edit */
	uint64_t dict_loc; /* dict */
	uint32_t node_len; /* trees but edit */
	uint32_t raw_len;  /* content before compression */
	const unsigned char *body; /* what is left; not ours */
	size_t body_len;
};

/* How the edit list of a record writes locations: relative to its frame. */
struct record_locs {
	struct loc_codec codec;
	uint64_t self;
};
void record_locs_init(struct record_locs *locs, uint64_t self);

/* Parse the head; checks lengths against limits, not the body. */
int record_parse(const void *data, size_t len, uint64_t self, struct record *out, struct drift_error *err) MUST_CHECK;

/* Content of raw, zstd, dict and prefix records, appended. base and dict as the record needs them. */
int record_content(const struct record *r, struct compressor *c, const void *base, size_t base_len,
		   const struct compress_dict *dict, struct buf *out, struct drift_error *err) MUST_CHECK;

/* Split a tree record's content: node bytes are its first node_len bytes; locs_out gets one uint64_t an entry of the decoded node. */
int record_node_locs(const struct record *r, const struct buf *content, const struct node *node, uint64_t *locs_out,
		     struct drift_error *err) MUST_CHECK;

/* What the writer may choose from. */
struct record_source {
	enum object_kind kind;
	const struct oid *id; /* blobs, tags */
	uint64_t self;
	const void *data; /* canonical bytes */
	size_t len;
	const struct node *node; /* trees: for its locations */
	const struct node *base_node; /* trees: the version before, stored at base_loc, or NULL */
	const void *base_data;        /* blobs: likewise */
	size_t base_len;
	uint64_t base_loc;
	uint8_t base_depth;
	const struct compress_dict *dict; /* or NULL */
	uint64_t dict_loc;
	int level; /* zstd's, for whole objects */
};

/* Append a record of a node without locations whose bytes are compressed already, by s->dict if that is set. */
int record_encode_frame(const struct record_source *s, const struct buf *frame, struct buf *out,
			struct drift_error *err) MUST_CHECK;

/* Append the smallest reasonable record; depth_out: the depth that it has. */
int record_encode(const struct record_source *s, struct compressor *c, struct buf *out, uint8_t *depth_out,
		  struct drift_error *err) MUST_CHECK;

#endif
