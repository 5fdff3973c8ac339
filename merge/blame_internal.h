/* What blame.c keeps between versions and blame_json.c follows. */
#ifndef MERGE_BLAME_INTERNAL_H
#define MERGE_BLAME_INTERNAL_H

#include "base/buf.h"
#include "base/json.h"
#include "merge/blame.h"

struct blame_slot {
	size_t pointer_at, pointer_len; /* in memory */
	size_t value_at, value_len;
	uint64_t commit;                    /* of the oldest version so far that has it */
	bool open;                          /* the last version fed has it: */
	size_t line;                        /* text: there, from 0 */
	const struct json_value *leaf;      /* JSON: there */
	const struct json_value *leaf_next; /* in the version being fed, while it is */
};

struct blame {
	enum doc_kind kind;
	bool started;
	uint64_t commit;   /* of the last version fed */
	struct buf memory; /* pointers and values of the newest version */
	struct blame_slot *slots;
	size_t count, capacity, open_count;
	struct buf bytes;      /* the last version fed */
	struct json_doc *json; /* its tree */
};

/* A slot at the end, open, its texts empty at the end of memory; NULL without memory. */
struct blame_slot *blame_add_slot(struct blame *b);
/* Slots for the leaves of b->json. */
int blame_json_start(struct blame *b, struct drift_error *err) MUST_CHECK;
/* Set leaf_next of the open slots whose leaf `older` has equal. */
int blame_json_step(struct blame *b, const struct json_doc *older, struct drift_error *err) MUST_CHECK;

#endif
