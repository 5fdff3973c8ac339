/*
 * What was found sound: for each object that was decoded and hashed, its place and id, and what its parents say of it.
 * Sixteen bytes and a half each; filled and asked by any number of threads.
 *
 * It holds a hash of place and id, so an object is known only at the place where it was read and by its true id.
 */
#ifndef REPO_FSCK_KNOWN_H
#define REPO_FSCK_KNOWN_H

#include "base/compiler.h"
#include "objects/oid.h"

#include <stdint.h>

struct fsck_known;

/* A reference, as the one who refers says; or what was found. */
struct fsck_fact {
	uint64_t key;  /* of place and id */
	uint64_t info; /* what is said of the object */
	uint64_t mask; /* which bits of info are said */
};

/* For so many objects, at most. */
int fsck_known_new(uint64_t object_count, struct fsck_known **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void fsck_known_free(struct fsck_known *known);

uint64_t fsck_key(uint64_t loc, const struct oid *id);
/* Parts of info and mask, to be combined. */
struct fsck_fact fsck_fact(enum object_kind kind, uint64_t loc, const struct oid *id);
void fsck_fact_map(struct fsck_fact *fact, unsigned map_kind);
void fsck_fact_open(struct fsck_fact *fact, bool open);
void fsck_fact_sums(struct fsck_fact *fact, uint64_t count, uint64_t bytes);
void fsck_fact_last_key(struct fsck_fact *fact, const void *key, size_t len);

void fsck_known_put(struct fsck_known *known, const struct fsck_fact *fact);
enum fsck_answer { FSCK_UNKNOWN, FSCK_AGREES, FSCK_DIFFERS };
enum fsck_answer fsck_known_ask(const struct fsck_known *known, const struct fsck_fact *fact);
/* Bring what will be asked for nearer. */
void fsck_known_prefetch(const struct fsck_known *known, uint64_t key);

#endif
