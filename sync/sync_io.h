/* What both ends of a data stream (Documentation/drift-format-sync.adoc) share with whoever carries its bytes. */
#ifndef SYNC_SYNC_IO_H
#define SYNC_SYNC_IO_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

/* Takes bytes away. */
struct sync_sink {
	int (*write)(void *data, const void *bytes, size_t len, struct drift_error *err);
	void *data;
};

/* Gives 1 to len bytes, waiting for them: how many, 0 at the end, -1. */
struct sync_source {
	ptrdiff_t (*read)(void *data, void *bytes, size_t len, struct drift_error *err);
	void *data;
};

struct sync_counts {
	uint64_t commit_count, commit_total; /* passed so far; in all, as the sender says */
	uint64_t change_count;               /* documents put or removed, over all commits */
	uint64_t tag_count;
	uint64_t content_len;                /* bytes of the documents put */
	uint64_t stream_len;                 /* bytes that travelled */
};

/* Told now and then, and at the end. */
struct sync_progress {
	void (*update)(void *data, const struct sync_counts *counts);
	void *data;
};

#endif
