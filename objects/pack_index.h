/*
 * The index of a pack: from ids and paths to locations. Derived from the pack; made anew where it is missing or does
 * not fit.
 *
 *    0 "driftidx", u32 version, u32 zero, 32 bytes of the pack's SHA-256, u64 count of ids, u64 count of paths,
 *      u8 fan bits of ids, u8 fan bits of paths, u8 length of a value (4 to 8), 5 zeros
 *   72 u32 first entry of each value of the first bits of an id, and the count; the entries in order of id: u16
 *       the next 16 bits of the id, value
 *      likewise of paths by their hash: u32 the next 32 bits, value
 *  end u32 CRC-32C of each 4096 bytes of all before, the last of fewer perhaps; u32 CRC-32C of these checksums
 *
 * Bits of ids and hashes count from the highest of the first byte; the u16 and u32 are big endian, so that entries
 * are in order. A value is number of a frame in the map * 256 + record. Fan bits: the least, up to 24, that leave 16
 * entries or fewer a bucket on average.
 */
#ifndef OBJECTS_PACK_INDEX_H
#define OBJECTS_PACK_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/oid.h"
#include "objects/pack_format.h"

struct pack_index;

/*
 * Map the file: 1; 0 if there is none, or it is none of this pack or damaged; -1. Each page is checked when it is
 * first used, so that opening costs the same however long the index is.
 */
int pack_index_open(const char *path, const unsigned char sha[PACK_SHA_LEN], struct pack_index **out,
		    struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void pack_index_close(struct pack_index *index);
uint64_t pack_index_size(const struct pack_index *index); /* bytes */

/* Values of ids whose first bits (1 to 256) are those of id: *position 0 first; 1 / 0 / -1 (damaged). */
int pack_index_find_id(const struct pack_index *index, const struct oid *id, unsigned bits, uint64_t *position,
		       uint64_t *value_out, struct drift_error *err) MUST_CHECK;
/* Values of paths whose hash begins alike (nearly always one or none): *position 0 first; 1 / 0 / -1. */
int pack_index_find_path(const struct pack_index *index, uint64_t hash, uint64_t *position, uint64_t *value_out,
			 struct drift_error *err) MUST_CHECK;
/* Are all bytes what was written? */
bool pack_index_sound(const struct pack_index *index);
/* Do both hold the same? */
bool pack_index_equal(const struct pack_index *a, const struct pack_index *b);

/*
 * Making one: ids and paths in any order; of several values of a path hash the greatest stays. Memory is bounded;
 * dir: for temporary files.
 */
struct pack_index_builder;
int pack_index_builder_new(const char *dir, struct pack_index_builder **out, struct drift_error *err) MUST_CHECK;
void pack_index_builder_free(struct pack_index_builder *b);
int pack_index_builder_id(struct pack_index_builder *b, const struct oid *id, uint64_t value,
			  struct drift_error *err) MUST_CHECK;
int pack_index_builder_path(struct pack_index_builder *b, uint64_t hash, uint64_t value,
			    struct drift_error *err) MUST_CHECK;
/*
 * Written to a temporary file beside path, renamed; not synced: it is derived. path NULL: in memory. Opened if out is
 * not NULL.
 */
int pack_index_builder_finish(struct pack_index_builder *b, const unsigned char sha[PACK_SHA_LEN], const char *path,
			      struct pack_index **out, struct drift_error *err) MUST_CHECK;

#endif
