/* One repository: its folder, its configuration, its store. Safe for threads once open. */
#ifndef REPO_REPO_H
#define REPO_REPO_H

#include "base/config_file.h"
#include "refs/refs.h"

struct repo;

struct repo_options {
	bool read_only, no_sync, no_cache;
	bool exact;                 /* open: do not look above dir */
	size_t node_cache_len;
	const struct odb_progress *progress; /* see odb.h; outlives the repository */
	const char *default_branch; /* init: NULL is "main" */
	bool bare;                  /* init: NAME.drift or an existing empty folder itself, instead of DIR/.drift */
};

/* Create an empty repository in dir (made if need be), durably; finishes what an interrupted call left. DRIFT_ERR_EXISTS if there is
 * one, or files that are none of a repository's. */
int repo_init(const char *dir, const struct repo_options *options, struct drift_error *err) MUST_CHECK;
/* Open the repository at or above dir: dir/.drift, or dir itself if it is a store; nothing above dir with
 * options->exact. DRIFT_ERR_NOT_FOUND says where was looked. */
int repo_open(const char *dir, const struct repo_options *options, struct repo **repo_out,
	      struct drift_error *err) MUST_CHECK;
/* The folder of the store that repo_open would open, for who looks at its files. */
int repo_find(const char *dir, bool exact, struct buf *out, struct drift_error *err) MUST_CHECK;
void repo_close(struct repo *repo);
void repo_cleanup(struct repo **repo);
#define auto_repo __attribute__((cleanup(repo_cleanup))) struct repo

struct odb *repo_odb(struct repo *repo);
struct node_store *repo_nodes(struct repo *repo);
const char *repo_dir(struct repo *repo); /* the .drift folder, absolute */
/* Repository config over the user's. Lookups by base/config_file.h. */
struct config *repo_config(struct repo *repo);
/* Set or unset (value NULL) a key in the repository's config file, under a lock, durably; repo_config keeps what was read at open. */
int repo_config_set(struct repo *repo, const char *key, const char *value, struct drift_error *err) MUST_CHECK;
/* One more value of a key. */
int repo_config_add(struct repo *repo, const char *key, const char *value, struct drift_error *err) MUST_CHECK;
/* Each entry of the repository's config file as it is now. */
int repo_config_read(struct repo *repo, config_entry_fn *entry, void *data, struct drift_error *err) MUST_CHECK;
/* The same for any change of the file's text: `after` is empty at first. */
int repo_config_rewrite(struct repo *repo,
			int (*rewrite)(void *data, const struct buf *before, struct buf *after, struct drift_error *err),
			void *data, struct drift_error *err) MUST_CHECK;

#endif
