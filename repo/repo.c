#include "repo/repo_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "repo/partial.h"

#define VERSION_MAX 1

int repo_absolute(const char *dir, struct buf *out, struct drift_error *err)
{
	if (*dir == '/') {
		buf_add_str(out, dir);
		return buf_check(out, err);
	}
	if (file_current_directory(out, err))
		return -1;
	if (strcmp(dir, ".") != 0 && *dir) {
		buf_add_byte(out, '/');
		buf_add_str(out, dir);
	}
	return buf_check(out, err);
}

int repo_is_store(const char *dir, bool *is_out, struct drift_error *err)
{
	auto_buf mark = BUF_INIT;
	struct file_info info;

	file_join(&mark, dir, STORE_MARK);
	if (buf_check(&mark, err) || file_look(mark.data, &info, err))
		return -1;
	*is_out = info.kind == FILE_REGULAR;
	return 0;
}

static int find_store_in(const char *dir, struct buf *out, struct drift_error *err)
{
	bool is_store = false;

	file_join(out, dir, STORE_NAME);
	if (buf_check(out, err) || repo_is_store(out->data, &is_store, err))
		return -1;
	return is_store ? 0 : error_set(err, DRIFT_ERR_NOT_FOUND, "there is no repository in '%s'", dir);
}

/* The store's folder for somebody who stands in dir. */
int repo_find(const char *dir, bool exact, struct buf *out, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };
	auto_buf start = BUF_INIT, parent = BUF_INIT;
	bool is_store = false;

	if (repo_absolute(dir, &start, err) || repo_is_store(start.data, &is_store, err))
		return -1;
	if (is_store) {
		buf_add(out, start.data, start.len);
		return buf_check(out, err);
	}
	if (exact)
		return find_store_in(start.data, out, err);
	if (file_find_up(start.data, STORE_NAME, &parent, &why)) {
		if (why.code == DRIFT_ERR_NOT_FOUND)
			return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no repository in '%s' or above it",
					 start.data);
		return error_set(err, why.code, "%s", why.message);
	}
	file_join(out, parent.data, STORE_NAME);
	if (buf_check(out, err) || repo_is_store(out->data, &is_store, err))
		return -1;
	if (!is_store)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' is not a repository: it has no file '%s'", out->data,
				 STORE_MARK);
	return 0;
}

/* 1 / 0 there is none / -1 */
static int add_config_file(struct config *config, enum config_layer layer, const char *path, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };
	auto_buf text = BUF_INIT;

	if (file_read_whole(path, CONFIG_TEXT_MAX, &text, &why)) {
		if (why.code == DRIFT_ERR_NOT_FOUND)
			return 0;
		return error_set(err, why.code, "%s", why.message);
	}
	return config_add_text(config, layer, path, &text, err) ? -1 : 1;
}

static int add_user_config(struct config *config, struct drift_error *err)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	auto_buf path = BUF_INIT;

	if (xdg && *xdg == '/')
		file_join(&path, xdg, "drift/config");
	else if (home && *home == '/')
		file_join(&path, home, ".config/drift/config");
	else
		return 0;
	return buf_check(&path, err) || add_config_file(config, CONFIG_USER, path.data, err) < 0 ? -1 : 0;
}

static int read_config(struct repo *repo, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	int64_t version;
	int found;

	file_join(&path, repo->dir, CONFIG_NAME);
	if (buf_check(&path, err) || config_create(&repo->config, err) || add_user_config(repo->config, err))
		return -1;
	found = add_config_file(repo->config, CONFIG_REPOSITORY, path.data, err);
	if (found < 0)
		return -1;
	if (!found)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' is missing", path.data);
	if (config_get_int(repo->config, "core.version", VERSION_MAX, &version, err))
		return -1;
	if (version < 1 || version > VERSION_MAX)
		return error_set(err, DRIFT_ERR_UNSUPPORTED,
				 "'%s' has format version %lld, this program knows up to %d", repo->dir,
				 (long long)version, VERSION_MAX);
	return 0;
}

static int open_store(struct repo *repo, const struct repo_options *options, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };
	struct odb_options odb = { 0 };
	int64_t journal_len;
	bool sync;

	if (options) {
		odb.read_only = options->read_only;
		odb.no_sync = options->no_sync;
		odb.no_cache = options->no_cache;
		odb.node_cache_len = options->node_cache_len;
		odb.progress = options->progress;
	}
	if (config_get_bool(repo->config, "core.sync", true, &sync, err))
		return -1;
	if (!sync)
		odb.no_sync = true;
	if (config_get_int(repo->config, "journal.limit", 0, &journal_len, err))
		return -1;
	if (journal_len > 0)
		odb.journal_len = (uint64_t)journal_len;
	if (!odb_open(repo->dir, &odb, &repo->odb, &why))
		return partial_open(repo, err);
	/* The folder is a store: a file that is not there is lost. */
	return error_set(err, why.code == DRIFT_ERR_NOT_FOUND ? DRIFT_ERR_CORRUPT : why.code, "%s", why.message);
}

int repo_open(const char *dir, const struct repo_options *options, struct repo **repo_out, struct drift_error *err)
{
	auto_buf store = BUF_INIT;
	auto_repo *repo = calloc(1, sizeof(*repo));

	if (!repo)
		return error_no_memory(err);
	pthread_mutex_init(&repo->mutex, NULL);
	repo->no_cache = options && options->no_cache;
	if (repo_find(dir, options && options->exact, &store, err))
		return -1;
	repo->dir = buf_take(&store, NULL);
	if (!repo->dir)
		return error_no_memory(err);
	if (read_config(repo, err) || open_store(repo, options, err))
		return -1;
	*repo_out = take_ptr(repo);
	return 0;
}

void repo_close(struct repo *repo)
{
	if (!repo)
		return;
	odb_batch_free(repo->spare_batch);
	odb_close(repo->odb);
	config_free(repo->config);
	pthread_mutex_destroy(&repo->mutex);
	free(repo->dir);
	free(repo);
}

void repo_cleanup(struct repo **repo)
{
	repo_close(*repo);
}

struct odb *repo_odb(struct repo *repo)
{
	return repo->odb;
}

struct node_store *repo_nodes(struct repo *repo)
{
	return odb_nodes(repo->odb);
}

const char *repo_dir(struct repo *repo)
{
	return repo->dir;
}

struct config *repo_config(struct repo *repo)
{
	return repo->config;
}

int repo_batch_take(struct repo *repo, struct odb_batch **batch_out, struct drift_error *err)
{
	struct odb_batch *batch;

	pthread_mutex_lock(&repo->mutex);
	batch = take_ptr(repo->spare_batch);
	pthread_mutex_unlock(&repo->mutex);
	if (!batch)
		return odb_batch_new(repo->odb, batch_out, err);
	*batch_out = batch;
	return 0;
}

void repo_batch_give(struct repo *repo, struct odb_batch *batch)
{
	if (!batch)
		return;
	odb_batch_clear(batch);
	pthread_mutex_lock(&repo->mutex);
	if (!repo->spare_batch)
		repo->spare_batch = take_ptr(batch);
	pthread_mutex_unlock(&repo->mutex);
	odb_batch_free(batch);
}

int repo_config_rewrite(struct repo *repo,
			int (*rewrite)(void *data, const struct buf *before, struct buf *after, struct drift_error *err),
			void *data, struct drift_error *err)
{
	auto_buf path = BUF_INIT, lock = BUF_INIT, before = BUF_INIT, after = BUF_INIT;
	auto_close int fd = -1;

	file_join(&path, repo->dir, CONFIG_NAME);
	file_join(&lock, repo->dir, LOCK_NAME);
	/* Under a lock, since what is written is made from what was read. */
	if (buf_check(&path, err) || buf_check(&lock, err) || file_open_or_create(lock.data, &fd, err) ||
	    file_lock(fd, 0, FILE_LOCK_EXCLUSIVE, FILE_LOCK_WAIT, err) ||
	    file_read_whole(path.data, CONFIG_TEXT_MAX, &before, err) || rewrite(data, &before, &after, err) ||
	    buf_check(&after, err))
		return -1;
	if (after.len > CONFIG_TEXT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "'%s' would be longer than %zu bytes", path.data, CONFIG_TEXT_MAX);
	return file_replace(path.data, after.data, after.len, err);
}

static int edit_config(void *data, const struct buf *before, struct buf *after, struct drift_error *err)
{
	return config_text_edit(before->data, before->len, data, after, err);
}

int repo_config_set(struct repo *repo, const char *key, const char *value, struct drift_error *err)
{
	struct config_edit edit = { .kind = value ? CONFIG_SET : CONFIG_UNSET, .name = key, .value = value };

	return repo_config_rewrite(repo, edit_config, &edit, err);
}

int repo_config_add(struct repo *repo, const char *key, const char *value, struct drift_error *err)
{
	struct config_edit edit = { .kind = CONFIG_ADD, .name = key, .value = value };

	return repo_config_rewrite(repo, edit_config, &edit, err);
}

int repo_config_read(struct repo *repo, config_entry_fn *entry, void *data, struct drift_error *err)
{
	auto_buf path = BUF_INIT, text = BUF_INIT;

	file_join(&path, repo->dir, CONFIG_NAME);
	if (buf_check(&path, err) || file_read_whole(path.data, CONFIG_TEXT_MAX, &text, err) ||
	    config_text_parse(text.data, text.len, entry, data, err) < 0)
		return -1;
	return 0;
}
