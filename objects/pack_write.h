/*
 * Writing a pack, in order: the dictionary, groups of stubs (ascending by location), groups of objects, then map,
 * heads and trailer. Memory does not grow with it but for 16 bytes a group; the places of objects are sorted on disk
 * for the map. The file has a temporary name (pack/tmp-...) until pack_writer_publish; whoever holds the gc lock may
 * unlink such files.
 */
#ifndef OBJECTS_PACK_WRITE_H
#define OBJECTS_PACK_WRITE_H

#include "base/compress.h"
#include "objects/oid.h"
#include "objects/pack.h"
#include "objects/pack_index.h"

struct pack_writer;

int pack_writer_new(const char *dir, const unsigned char store_id[16], uint64_t first, uint64_t last,
		    struct pack_writer **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe; what was not published is removed. */
void pack_writer_free(struct pack_writer *w);

/* Before all groups, at most once; kept for groups that ask for it. */
int pack_writer_dict(struct pack_writer *w, const void *dict, size_t len, int level,
		     struct drift_error *err) MUST_CHECK;

/* Items of a group to be: bytes behind one another, cut by lens. */
struct pack_items {
	const unsigned char *bytes;
	const uint32_t *lens;
	size_t count;
};

/*
 * What a group would take, compressed at that level, appended to out as its stored bytes; for who tries several
 * cuts.
 */
int pack_group_compress(struct pack_writer *w, const struct pack_items *items, int level, bool use_dict,
			struct buf *out, struct drift_error *err) MUST_CHECK;

/* The stub of a frame: its location, without record. Groups are cut by the writer. */
int pack_writer_stub(struct pack_writer *w, uint64_t frame_loc, const void *stub, size_t len, int level,
		     struct drift_error *err) MUST_CHECK;
/* A group of objects, with the location of each. After the first no more stubs. */
int pack_writer_objects(struct pack_writer *w, const struct pack_items *items, const uint64_t *locs, int level,
			bool use_dict, struct drift_error *err) MUST_CHECK;
/*
 * Ids and paths for the index, with their locations (of a record in a stub, or in OBJECTS). At any time before the
 * end.
 */
int pack_writer_id(struct pack_writer *w, const struct oid *id, uint64_t loc, struct drift_error *err) MUST_CHECK;
int pack_writer_path(struct pack_writer *w, uint64_t hash, uint64_t loc, struct drift_error *err) MUST_CHECK;

/* Map, heads, trailer, SHA-256, sync. len_out: bytes of pack and index. */
int pack_writer_finish(struct pack_writer *w, const struct pack_heads *heads, struct pack_name *name_out,
		       uint64_t *len_out, struct drift_error *err) MUST_CHECK;
/* Give both files their names, durably. A pack that is there already has the same bytes. */
int pack_writer_publish(struct pack_writer *w, struct drift_error *err) MUST_CHECK;

/* Make the index of a pack by reading all of it; path NULL: in memory. progress may be NULL. */
int pack_index_rebuild(struct pack *pack, const char *path, void (*progress)(void *data, uint64_t done, uint64_t total),
		       void *data, struct pack_index **out, struct drift_error *err) MUST_CHECK;

#endif
