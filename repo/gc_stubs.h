/*
 * The first half of a new pack: what is kept of each transaction, in order of location, with ids and paths for the
 * index. On the way nodes and blobs are handed to the encoder, those of packs too.
 */
#ifndef REPO_GC_STUBS_H
#define REPO_GC_STUBS_H

#include "repo/gc_encode.h"
#include "repo/gc_mark.h"

struct gc_stubs {
	struct gc_source *source;
	const struct gc_marks *marks;
	bool careful; /* repair found things to be lost: what cannot be read for it is marked as lost as well */
	struct gc_encoder *encoder;
	struct pack_writer *writer;
	int level;                                                   /* of zstd */
	void (*progress)(void *data, uint64_t done, uint64_t total); /* bytes of files; may be NULL */
	void *data;
	uint64_t commits_kept, objects_kept, objects_dropped; /* out: objects: commits and tags too */
};

/* Without a writer it only counts. */
int gc_stubs_write(struct gc_stubs *s, struct drift_error *err) MUST_CHECK;

#endif
