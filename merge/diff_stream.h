/* The differences between two maps one by one, as map_diff tells them, in bounded memory. */
#ifndef MERGE_DIFF_STREAM_H
#define MERGE_DIFF_STREAM_H

#include "objects/map.h"

/* A value in a map; data NULL: there is none. */
struct diff_value {
	const unsigned char *data;
	size_t len;
	uint64_t loc;
};

struct diff_entry {
	const unsigned char *key;
	size_t key_len;
	struct diff_value a, b;
	const struct map_leaf *leaf; /* or NULL; else key is its last, and a and b say nothing */
};

struct diff_stream_entry;

/* Keys in [from, to); NULL: no bound. The texts live as long as the stream. */
struct diff_stream {
	struct node_store *store;
	const struct map_root *a, *b;
	const char *from, *to;
	size_t entry_max; /* how many to hold */
	struct diff_stream_entry *entries;
	size_t count, capacity, next;
	struct buf bytes;
	bool begun, ended; /* ended: nothing follows what is held */
	/* Where it has leaves of a as they are, those of b are told as a whole; NULL: nowhere. Lives as long as the stream. */
	const struct map_root *target;
	struct node *above; /* of the last leaf asked for there */
	struct map_leaf leaf;
};

void diff_stream_init(struct diff_stream *s, struct node_store *store, const struct map_root *a,
		      const struct map_root *b);
void diff_stream_release(struct diff_stream *s);
/* Read ahead until `count` entries are held, or all. Before the first next. */
int diff_stream_fill(struct diff_stream *s, size_t count, struct drift_error *err) MUST_CHECK;
/* 1 / 0 / -1; what it tells lives until the next call. */
int diff_stream_next(struct diff_stream *s, struct diff_entry *out, struct drift_error *err) MUST_CHECK;

#endif
