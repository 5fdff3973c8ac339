/*
 * Terms: the versions that a document in conflict stands for, kept beside it as documents of the reserved collection. At the
 * path itself stands the winner, an ordinary document. A term's key is
 *
 *   conflict/PATH/+ID   a side            conflict/PATH/-ID   a base
 *
 * where ID is the version's document_id in hexadecimal, with "-" and the file mode in octal behind it if it has one ("+ID-100755";
 * a gitlink's is always 160000), or "absent" for the side that removed the document, whose term is an empty document. Any other
 * term holds the very version. Where such keys could be too long, "conflict/PATH/" becomes "conflict/.drift/conflict/HASH/", HASH being
 * the SHA-256 of PATH in hexadecimal, and the documents "path-0", "path-1" ... there hold PATH in pieces of TERM_PIECE_LEN bytes. There are no
 * terms of terms.
 *
 * PATH is in conflict if it has two sides or more. tree_edit drops the terms of whatever it changes; see tree.h.
 */
#ifndef OBJECTS_TERM_H
#define OBJECTS_TERM_H

#include "base/textdiff.h" /* struct text */
#include "objects/tree.h"

#define TERM_PREFIX "conflict/" /* of the keys of terms, in the collection TREE_RESERVED */
#define TERM_NAME_MAX 80        /* bytes of a key's last part */
#define TERM_PIECE_LEN VALUE_INLINE_MAX
#define TERM_PIECES_MAX 4

enum term_sign { TERM_SIDE = '+', TERM_BASE = '-' };

struct term {
	enum term_sign sign;
	bool absent;   /* the side that removed it; no id */
	uint32_t mode; /* or DOCUMENT_NO_MODE; a gitlink's is 0160000 */
	struct oid id;
};

/* The term for a version of a document; doc NULL: absent. */
void term_of(enum term_sign sign, const struct document *doc, struct term *term_out);
/* In the order of their keys: sides before bases. */
int term_compare(const struct term *a, const struct term *b);

/* Is it below ".drift/conflict/"? */
bool term_path_is(const struct path *path);
/* Append what the keys of all terms of path begin with. */
void term_prefix_format(const struct path *path, struct buf *out);
/* Append the last part of a key: "+ID". */
void term_name_format(const struct term *term, struct buf *out);
/* Must further documents, named by term_prefix_format and term_piece_format, hold the path of these terms? */
bool term_prefix_is_hash(const struct path *path);
void term_piece_format(unsigned piece, struct buf *out);

/* A key cut into its parts, which point into it. */
struct term_key {
	size_t prefix_len;   /* as far as term_prefix_format goes */
	struct text subject; /* PATH; or, if hashed, HASH */
	bool hashed;
	bool is_piece; /* holds a piece of PATH, is no term */
	struct term term;
};
/* DRIFT_ERR_INVALID: begins with TERM_PREFIX but is malformed. Only what the functions above write is well-formed. */
int term_key_parse(const char *key, size_t len, struct term_key *out, struct drift_error *err) MUST_CHECK;

/* Does the tree have terms at all? 1 / 0 / -1. Costs a look at one descriptor where it has no reserved documents. */
int term_any(struct node_store *store, const struct tree_root *root, struct drift_error *err) MUST_CHECK;

/* The map of the reserved documents: 1, or 0 if there are none, / -1. */
int term_reserved(struct node_store *store, const struct tree_root *root, struct map_root *map_out,
		  struct drift_error *err) MUST_CHECK;
/* Append the path of whose terms key is one, taken from it or read: 1 / 0 it is nowhere or another / -1. */
int term_path_read(struct node_store *store, const struct map_root *reserved, const struct term_key *key,
		   struct buf *out, struct drift_error *err) MUST_CHECK;
/*
 * What of the reserved documents belongs to the terms of path, in order of key: the terms, and the pieces of a long path.
 * Non-zero from each stops and is returned.
 */
int term_each(struct node_store *store, const struct map_root *reserved, const struct path *path,
	      int (*each)(void *data, const struct term_key *key, const struct node_entry *entry,
			  struct drift_error *err),
	      void *data, struct drift_error *err) MUST_CHECK;

/* Has path any terms? 1 / 0 / -1 */
int term_has(struct node_store *store, const struct tree_root *root, const struct path *path,
	     struct drift_error *err) MUST_CHECK;
/*
 * What tells one state of a path from another: the document's document_id; or, while it is in conflict, a hash of that
 * and of what the terms are called.
 */
int term_state_id(struct node_store *store, const struct tree_root *root, const struct path *path,
		  const struct document *doc, struct oid *id_out, struct drift_error *err) MUST_CHECK;

#endif
