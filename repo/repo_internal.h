/* What the files of repo/ share about an open repository. */
#ifndef REPO_REPO_INTERNAL_H
#define REPO_REPO_INTERNAL_H

#include <pthread.h>

#include "repo/repo.h"

#define CONFIG_NAME "config"
#define LOCK_NAME CONFIG_NAME ".lock" /* locked by who changes the configuration, or creates the store */
#define STORE_NAME ".drift"
#define STORE_MARK "current" /* a folder is a store when it has this file */

struct repo {
	char *dir;
	bool no_cache; /* ask nothing under cache/ */
	struct odb *odb;
	struct config *config;
	pthread_mutex_t mutex;         /* for spare_batch */
	struct odb_batch *spare_batch; /* empty, its memory kept for the next commit; or NULL */
};

/* dir itself if it is absolute, else behind the current directory. */
int repo_absolute(const char *dir, struct buf *out, struct drift_error *err) MUST_CHECK;
int repo_is_store(const char *dir, bool *is_out, struct drift_error *err) MUST_CHECK;

/* An empty batch, and its return whether it is empty or not. */
int repo_batch_take(struct repo *repo, struct odb_batch **batch_out, struct drift_error *err) MUST_CHECK;
void repo_batch_give(struct repo *repo, struct odb_batch *batch);

#endif
