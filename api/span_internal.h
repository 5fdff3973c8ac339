/*
 * The documents whose path begins with a prefix, as parts of maps: they lie in at most two ranges. With a slash in the prefix, in
 * one collection; without, in the unnamed collection and then in all that are called so.
 */
#ifndef API_SPAN_INTERNAL_H
#define API_SPAN_INTERNAL_H

#include "objects/tree.h"

/* Keys from `from` on and before `to`; NULL: no bound. */
struct bounds {
	const char *from, *to;
	size_t from_len, to_len;
};

struct range {
	struct bounds names, keys;
	bool named; /* one collection's, by its name and a slash */
};

struct span {
	struct range ranges[2];
	size_t count;
	char *memory;
};
#define auto_span __attribute__((cleanup(span_release))) struct span

/* prefix NULL: "". */
int span_init(struct span *s, const char *prefix, struct drift_error *err) MUST_CHECK;
void span_release(struct span *s);

bool bounds_hold(const struct bounds *b, const struct node_entry *entry); /* is it before the end? */
/* The map's documents within bounds, by their numbers in it: from *first_out to before *end_out. */
int bounds_find(const struct bounds *b, struct node_store *store, const struct map_root *map, uint64_t *first_out,
		uint64_t *end_out, struct drift_error *err) MUST_CHECK;

/* As map_cursor_seek, and see that the map is of that kind. */
int span_seek(struct map_cursor *c, struct node_store *store, const struct map_root *map, enum map_kind kind,
	      const char *key, size_t key_len, struct drift_error *err) MUST_CHECK;

#endif
