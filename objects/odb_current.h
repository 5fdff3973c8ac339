/*
 * The file `current`: which files a store has, oldest first. Text, see Documentation/drift-format-journal.adoc. Journals
 * are numbered from 1 to the live one; each is there itself or covered by a pack, once, in order.
 */
#ifndef OBJECTS_ODB_CURRENT_H
#define OBJECTS_ODB_CURRENT_H

#include "objects/loc.h"
#include "objects/pack.h"

#define JOURNAL_NUMBER_MAX (LOC_PENDING - 1)

struct current_file {
	bool is_pack;
	struct pack_name name; /* of a journal first and last are its number */
	uint64_t closed_at;    /* of a journal: frames from there on do not count; 0: the live one, which is the last */
};

struct current {
	unsigned char store_id[16];
	struct current_file *files;
	size_t count, capacity;
};

void current_release(struct current *current);
#define auto_current __attribute__((cleanup(current_release))) struct current

int current_add(struct current *current, const struct current_file *file, struct drift_error *err) MUST_CHECK;
/* In the folder of the store. DRIFT_ERR_UNSUPPORTED, DRIFT_ERR_CORRUPT. */
int current_read(const char *dir, struct current *out, struct drift_error *err) MUST_CHECK;
/* The same of a text, which is taken apart; path is for what is said. */
int current_parse(struct buf *text, const char *path, struct current *out, struct drift_error *err) MUST_CHECK;
/* Atomically and durably; after a failure either may be there. */
int current_write(const char *dir, const struct current *current, struct drift_error *err) MUST_CHECK;
/* The number of the live journal. */
uint64_t current_live(const struct current *current);

#endif
