/*
 * Leaf values: what a map stores under a key, by kind of map.
 *
 * A document (MAP_DOCUMENTS): u8 head: low 4 bits form, bit 4 set when a file mode follows, others 0;
 * [varint mode], then by form
 *   0 inline   the document's bytes (at most VALUE_INLINE_MAX)
 *   1 blob     32-byte blob id, varint length (more than VALUE_INLINE_MAX)
 *   2 gitlink  the commit id of a submodule, 20 or 32 bytes
 *   3 conflict reserved for merges, refused by this version
 *
 * A descriptor (MAP_ROOT, one a collection): u8 flags (1: has documents, 2: has a schema), then
 *   [32-byte root of its documents, varint document count, varint byte count], [32-byte blob id of its schema].
 *
 * A staged change (MAP_STAGE, keyed as documents are, see repo/stage.h): opaque here but for its object reference:
 *   u8 op (1 put, 2 remove), u8 replaced (0 absent, 1 present) [32-byte id of what was there], then for put a document.
 *
 * An index's value (MAP_INDEX) is any bytes, which count as its length; it refers to nothing.
 */
#ifndef OBJECTS_VALUE_H
#define OBJECTS_VALUE_H

#include "objects/node.h"

#define VALUE_INLINE_MAX 1024
#define DOCUMENT_LEN_MAX ((uint64_t)1 << 31) /* bytes of a document */

enum document_form { DOCUMENT_INLINE = 0, DOCUMENT_BLOB = 1, DOCUMENT_GITLINK = 2, DOCUMENT_CONFLICT = 3 };

#define DOCUMENT_NO_MODE 0

struct document {
	enum document_form form;
	uint32_t mode;             /* file mode of what came from git (0100755, 0120000 ...), or DOCUMENT_NO_MODE */
	const unsigned char *data; /* inline bytes or gitlink id; not ours */
	uint64_t len;              /* bytes of the document, of the gitlink id */
	struct oid blob;           /* form blob */
	uint64_t loc;              /* of the blob, or LOC_UNKNOWN */
};

struct descriptor {
	bool has_root, has_schema;
	struct oid root;
	uint64_t root_loc;
	uint64_t count; /* documents */
	uint64_t bytes; /* of documents */
	struct oid schema;
};

enum staged_op { STAGED_PUT = 1, STAGED_REMOVE = 2 };

struct staged {
	enum staged_op op;
	bool replaced_present;
	struct oid replaced;      /* what the path held (see document_id) when the change was made */
	struct document document; /* op put */
};

void document_encode(const struct document *doc, struct buf *out);
/* value need not be trusted; points into it. The location comes from the entry. */
int document_decode(const void *value, size_t len, uint64_t loc, struct document *doc_out,
		    struct drift_error *err) MUST_CHECK;
/* The blob id of a document in any form; a gitlink's is the hash of its id bytes as a blob. */
void document_id(const struct document *doc, struct oid *id_out);
/* Same bytes, form and mode. */
bool document_equal(const struct document *a, const struct document *b);

void descriptor_encode(const struct descriptor *d, struct buf *out);
int descriptor_decode(const void *value, size_t len, uint64_t loc, struct descriptor *d_out,
		      struct drift_error *err) MUST_CHECK;

void staged_encode(const struct staged *s, struct buf *out);
int staged_decode(const void *value, size_t len, uint64_t loc, struct staged *s_out,
		  struct drift_error *err) MUST_CHECK;

/* Is it a canonical value of that kind of map? DRIFT_ERR_CORRUPT says why not; a conflict is DRIFT_ERR_UNSUPPORTED. */
int value_check(enum map_kind kind, const void *value, size_t len, struct drift_error *err) MUST_CHECK;
/* What a valid value adds to the byte count of its subtree: the document's length, a descriptor's byte count. */
uint64_t value_byte_count(enum map_kind kind, const void *value, size_t len);
/* Offset within a valid value of the id of the object it refers to (blob, documents root), or -1. */
long value_ref_offset(enum map_kind kind, const void *value, size_t len);

#endif
