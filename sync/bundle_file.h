/* Bundles as files: see bundle.h. */
#ifndef SYNC_BUNDLE_FILE_H
#define SYNC_BUNDLE_FILE_H

#include "base/sha256.h"
#include "sync/bundle.h"

struct bundle_file;
/* "-": standard input. Errors of bundle_open name the file; DRIFT_ERR_IO where there is none. */
int bundle_file_open(const char *path, struct bundle_file **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void bundle_file_close(struct bundle_file *f);
void bundle_file_cleanup(struct bundle_file **f);
#define auto_bundle_file __attribute__((cleanup(bundle_file_cleanup))) struct bundle_file
struct bundle *bundle_file_bundle(struct bundle_file *f);

/*
 * Write one under that name, durably, in the place of what is there: a temporary file beside it, fsync, rename, fsync of the
 * folder. On failure nothing has changed, but where the folder cannot be synced a file that was replaced stays so. "-": to standard output. Otherwise as bundle_write.
 */
int bundle_file_save(struct repo *repo, const struct bundle_head *head, const char *path, const struct sync_progress *progress,
		     struct sync_counts *counts_out, struct drift_error *err) MUST_CHECK;
/* The checksum that it ends with, as it stands there. */
int bundle_file_checksum(const char *path, unsigned char out[SHA256_LEN], struct drift_error *err) MUST_CHECK;

#endif
