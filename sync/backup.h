/*
 * Backups: a folder of bundles, backup-NUMBER.bundle, in order of time. A full one has HEAD, all refs and what they lead to; an incremental
 * one what came since the one before it, whose checksum it names. Each has the configuration too. A single file is a folder of one.
 *
 * Texts in the bundle (Documentation/drift-format-bundle.adoc): "backup.store", the id of the store, and "backup.previous", that checksum,
 * both in hexadecimal; "config", the repository's configuration file.
 */
#ifndef SYNC_BACKUP_H
#define SYNC_BACKUP_H

#include "sync/bundle_file.h"

#define BACKUPS_MAX 100000

struct backup {
	char *path;
	uint64_t number;  /* 0: a file on its own */
	bool incremental;
	int64_t time_usec;
	uint64_t len;     /* bytes */
	size_t ref_count;
	char store[2 * 16 + 1];
	unsigned char checksum[SHA256_LEN], previous[SHA256_LEN];
};

struct backups {
	struct backup *items; /* in order of number */
	size_t count, capacity;
};

/* Of a folder or a file. Heads are read, no more. DRIFT_ERR_NOT_FOUND: there is no such place; a folder may have none. */
int backups_list(const char *place, struct backups *out, struct drift_error *err) MUST_CHECK;
void backups_release(struct backups *b);
#define auto_backups __attribute__((cleanup(backups_release))) struct backups
/*
 * Where the chain begins that ends with number `last` of the list: the full one, each behind it naming the one before.
 * DRIFT_ERR_CORRUPT: one is missing or another.
 */
int backups_chain(const struct backups *b, size_t last, size_t *first_out, struct drift_error *err) MUST_CHECK;

struct backup_options {
	const char *place;  /* a folder, made if need be, or a file */
	bool folder;
	bool incremental;   /* full if there is none to stand on */
	int64_t time_usec;
	const struct sync_progress *progress;
};

struct backup_made {
	struct buf path;
	bool made;        /* else nothing has changed since the newest */
	bool incremental;
	size_t ref_count;
	struct sync_counts counts;
};

/*
 * Refs as they stand at one moment, whatever others write meanwhile; durable when it returns. DRIFT_ERR_CLASH: another backup into the same
 * folder is at work, or it holds backups of another repository. On failure no file is there.
 */
int backup_create(struct repo *repo, const struct backup_options *options, struct backup_made *made, struct drift_error *err)
	MUST_CHECK;

/*
 * Put backups first to last of the list into a new repository, whose HEAD and refs are then those of the last; config_out is the
 * configuration in it. All is checked: ids, what is needed, checksums.
 */
int backup_restore(struct repo *repo, const struct backups *b, size_t first, size_t last, const struct sync_progress *progress,
		   struct buf *config_out, struct drift_error *err) MUST_CHECK;
/*
 * Every branch goes back to its last commit at that time, by effective times; branches and other refs whose commits are all later
 * are removed.
 */
int backup_rewind(struct repo *repo, int64_t time_usec, struct drift_error *err) MUST_CHECK;

#endif
