/*
 * What must be known of packed journals without reading them, so that opening replays the live journal alone.
 * Cumulative: those of the newest pack stand for all packs before it. The content of the block:
 *
 *   varint location of the newest log entry, varint location of the newest commit with a marker
 *   varint count of refs, in order of name; for each: varint length, name, varint location of its newest log entry
 *   varint count of sources; for each journal of this pack from the first on: varint when it was sealed (seconds),
 *       varint where it was closed
 */
#ifndef OBJECTS_PACK_HEADS_H
#define OBJECTS_PACK_HEADS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

#define PACK_REF_MAX 10000000

struct pack_ref_head {
	char *name;
	uint64_t loc;
};

struct pack_source {
	uint64_t sealed_sec, closed_at;
};

struct pack_heads {
	uint64_t log_head, marker_head; /* 0: none */
	struct pack_ref_head *refs;     /* deleted ones too */
	size_t ref_count;
	struct pack_source *sources;
	size_t source_count;
};

int pack_heads_encode(const struct pack_heads *heads, struct buf *out, struct drift_error *err) MUST_CHECK;
int pack_heads_decode(const void *data, size_t len, struct pack_heads *out, struct drift_error *err) MUST_CHECK;
void pack_heads_release(struct pack_heads *heads);

#endif
