/*
 * One pack, open for reading: found by location, by id, by path. What is read is checked against checksums here,
 * against ids by the callers. Any number of threads may use a pack; it is never changed. The file may be unlinked
 * while it is open.
 */
#ifndef OBJECTS_PACK_H
#define OBJECTS_PACK_H

#include "objects/group_cache.h"
#include "objects/oid.h"
#include "objects/pack_format.h"
#include "objects/pack_heads.h"

struct pack;
struct pack_resolver; /* pack_record.h */

/* What `current` says of a pack. */
struct pack_name {
	unsigned char sha[PACK_SHA_LEN];
	uint64_t first, last; /* journals that it took the place of */
	uint64_t sealed_sec;  /* when the last of them was sealed */
};

struct pack_options {
	const char *dir; /* the folder of packs */
	const unsigned char *store_id;
	struct group_cache *groups; /* shared by all packs of a store; outlives the pack */
	bool no_index;              /* do not read the .idx: make it in memory when first needed */
	bool may_write;             /* an .idx that is missing or does not fit is made anew in the folder */
	/*
	 * For an index made anew: ids of nodes anywhere in the store, by location alone. NULL: root maps whose roots
	 * are not all in this pack are left out of it. Outlives the pack; asked by the thread that needs the index.
	 */
	struct pack_resolver *resolver;
};

/*
 * Opens and checks head, trailer, sizes and GROUPS; maps MAP, whose blocks are checked as they are read. Reads no
 * group.
 * DRIFT_ERR_NOT_FOUND if the file is not there (gc may have replaced it: look at `current` again),
 * DRIFT_ERR_CORRUPT, DRIFT_ERR_UNSUPPORTED.
 */
int pack_open(const struct pack_name *name, const struct pack_options *options, struct pack **pack_out,
	      struct drift_error *err) MUST_CHECK;
/* NULL-safe. Groups of it that are in use live on. */
void pack_close(struct pack *pack);

const struct pack_name *pack_name(const struct pack *pack);
const char *pack_path(const struct pack *pack);
uint64_t pack_len(const struct pack *pack); /* bytes of the file */
uint64_t pack_index_len(const struct pack *pack);
uint64_t pack_record_count(const struct pack *pack);
uint64_t pack_stub_count(const struct pack *pack);
uint64_t pack_group_count(const struct pack *pack, enum pack_block_kind kind); /* PACK_STUBS, PACK_OBJECTS */

/* Where an item stands: its group and its place there. */
struct pack_place {
	enum pack_block_kind kind;
	uint64_t ordinal; /* among all of that kind: dense from 0, in the order of the file */
	uint64_t group;   /* among those of that kind */
	uint32_t index;   /* in the group */
};

/*
 * What loc names: 1 with a place in PACK_OBJECTS for a record that moved there; 1 with a place in PACK_STUBS if only
 * the frame's stub is left, in which the record may be; 0 if nothing is kept of it. loc_frame(loc) | 0xff asks for
 * the stub alone.
 */
int pack_find(struct pack *pack, uint64_t loc, struct pack_place *place_out, struct drift_error *err) MUST_CHECK;

/* A group, decompressed, with a reference for the caller (group_unref). DRIFT_ERR_CORRUPT names file and offset. */
int pack_group(struct pack *pack, enum pack_block_kind kind, uint64_t number, struct group **group_out,
	       struct drift_error *err) MUST_CHECK;
/* The group in the file, and the ordinal of its first item. */
void pack_group_at(const struct pack *pack, enum pack_block_kind kind, uint64_t number, uint64_t *offset_out,
		   uint64_t *ordinal_out);

/*
 * Locations that may have that id (commits, tags, blobs, root maps): *position 0 first; 1 with a location to be
 * verified, 0, -1. digits: only so many hexadecimal digits of the id count, 1 to 64.
 */
int pack_find_id(struct pack *pack, const struct oid *id, unsigned digits, uint64_t *position, uint64_t *loc_out,
		 struct drift_error *err) MUST_CHECK;
/*
 * The newest commit here whose change list has the path with this hash (see pack_path_hash): *position 0 first; 1 / 0
 * / -1. Hashes are cut, so there may be one or, once in a great while, several of which one at most does list it.
 */
int pack_find_path(struct pack *pack, uint64_t hash, uint64_t *position, uint64_t *loc_out,
		   struct drift_error *err) MUST_CHECK;
/* The hash under which packs of a store file a path. */
uint64_t pack_path_hash(const unsigned char store_id[16], const void *collection, size_t collection_len,
			const void *key, size_t key_len);

/* The heads: newest log entry of each ref and so on; released by the caller. */
int pack_read_heads(struct pack *pack, struct pack_heads *heads_out, struct drift_error *err) MUST_CHECK;

/*
 * All locations in order, each with its place: of a frame its stub first (record 0, PACK_STUBS), then the records in
 * OBJECTS. Non-zero from each stops and is returned.
 */
int pack_each(struct pack *pack,
	      int (*each)(void *data, uint64_t loc, const struct pack_place *place, struct drift_error *err),
	      void *data, struct drift_error *err) MUST_CHECK;
/*
 * The locations of the items of groups [from, to) of a kind, in the order of the file (stubs: of the frame, record
 * 0); reads all of the map for it.
 * locs_out: to be freed.
 */
int pack_group_locs(struct pack *pack, enum pack_block_kind kind, uint64_t from, uint64_t to, uint64_t **locs_out,
		    size_t *count_out, struct drift_error *err) MUST_CHECK;

/*
 * For fsck: each fault that is found without decoding items is told, with its offset; returns 0, or -1 if it cannot
 * go on.
 */
struct pack_check {
	void (*fault)(void *data, uint64_t offset, const char *sentence);
	void (*progress)(void *data, uint64_t bytes_done, uint64_t bytes_total); /* may be NULL */
	void *data;
};
/* Head, trailer, every block, SHA-256 over all and name, GROUPS and MAP against the groups. */
int pack_check(struct pack *pack, const struct pack_check *check, struct drift_error *err) MUST_CHECK;
/* The .idx, if there is one, against what would be made: reads all of the pack. Offsets are 0. */
int pack_check_index(struct pack *pack, const struct pack_check *check, struct drift_error *err) MUST_CHECK;

#endif
