#include "repo/repo_internal.h"

#include <string.h>

#include "base/date.h"
#include "base/file.h"
#include "base/mem.h"
#include "refs/refname.h"

#define JOURNAL_START "journal-"
#define JOURNAL_HEAD_MAX 512

/* Make each missing folder of an absolute path; each survives a power cut once the next is there. */
static int make_folders(const char *path, struct drift_error *err)
{
	auto_buf part = BUF_INIT;
	const char *end = path;

	while (*end) {
		struct drift_error why = { DRIFT_OK, "" };
		struct file_info info;

		end += strspn(end, "/");
		end += strcspn(end, "/");
		buf_clear(&part);
		buf_add(&part, path, (size_t)(end - path));
		if (buf_check(&part, err) || file_look(part.data, &info, err))
			return -1;
		if (info.kind != FILE_ABSENT || !part.len)
			continue;
		if (file_make_directory_durable(part.data, &why) && why.code != DRIFT_ERR_EXISTS)
			return error_set(err, why.code, "%s", why.message);
	}
	return 0;
}

/* Whoever made the folder that we were given did not make its name durable; where we may not, we cannot. */
static int sync_above(const char *path, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };

	if (!file_sync_parent(path, &why) || why.code == DRIFT_ERR_PERMISSION)
		return 0;
	return error_set(err, why.code, "%s", why.message);
}

/* May an interrupted init have left a file of that name in a folder that has no STORE_MARK? */
static bool is_leftover(const char *name)
{
	static const char *const starts[] = { CONFIG_NAME, "lock", "cache", JOURNAL_START, "current.tmp-" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(starts); i++)
		if (!strncmp(name, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static int list_files(const char *store, struct file_names *names, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };

	if (!file_list(store, 1000, names, &why))
		return 0;
	if (why.code == DRIFT_ERR_LIMIT)
		return error_set(err, DRIFT_ERR_EXISTS, "'%s' is not empty", store);
	return error_set(err, why.code, "%s", why.message);
}

/* Beyond the frame that begins it, an empty journal is zeros. */
static int is_blank_journal(const char *path, bool *is_out, struct drift_error *err)
{
	static const unsigned char zeros[4096];
	unsigned char data[sizeof(zeros)];
	auto_close int fd = -1;
	uint64_t offset = JOURNAL_HEAD_MAX;
	int64_t len;

	if (file_open_read(path, &fd, err))
		return -1;
	do {
		len = file_read_some(fd, data, sizeof(data), offset, err);
		if (len < 0)
			return -1;
		offset += (uint64_t)len;
	} while (len && !memcmp(data, zeros, (size_t)len));
	*is_out = !len;
	return 0;
}

/* Is what is there without worth? A store that lost its STORE_MARK is not. */
static int is_empty_leftover(const char *path, const char *name, bool *is_out, struct drift_error *err)
{
	struct file_names names = { NULL, 0 };
	struct file_info info;

	if (file_look(path, &info, err))
		return -1;
	*is_out = info.kind == FILE_REGULAR;
	if (info.kind == FILE_REGULAR && !strncmp(name, JOURNAL_START, strlen(JOURNAL_START)))
		return is_blank_journal(path, is_out, err);
	if (info.kind == FILE_DIRECTORY) {
		*is_out = !file_list(path, 1, &names, NULL) && !names.count;
		file_names_release(&names);
	}
	return 0;
}

static int refuse_file(const char *store, const char *name, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	bool is_empty;

	if (!is_leftover(name))
		return error_set(err, DRIFT_ERR_EXISTS, "'%s' is not empty", store);
	file_join(&path, store, name);
	if (buf_check(&path, err) || is_empty_leftover(path.data, name, &is_empty, err))
		return -1;
	if (!is_empty)
		return error_set(err, DRIFT_ERR_EXISTS, "'%s' is there, but no file '%s'", path.data, STORE_MARK);
	return 0;
}

static int refuse_files(const char *store, struct drift_error *err)
{
	struct file_names names = { NULL, 0 };
	size_t i;
	int r = list_files(store, &names, err);

	for (i = 0; i < names.count && !r; i++)
		r = refuse_file(store, names.items[i], err);
	file_names_release(&names);
	return r;
}

/* Nobody can have opened what has no STORE_MARK, so under the lock of init it is ours to remove. */
static int remove_leftovers(const char *store, struct drift_error *err)
{
	struct file_names names = { NULL, 0 };
	size_t i;
	int r = list_files(store, &names, err);

	for (i = 0; i < names.count && !r; i++) {
		auto_buf path = BUF_INIT;
		struct file_info info;

		if (!is_leftover(names.items[i]) || !strcmp(names.items[i], LOCK_NAME))
			continue;
		file_join(&path, store, names.items[i]);
		r = buf_check(&path, err) || file_look(path.data, &info, err) ? -1 : 0;
		if (!r && info.kind == FILE_DIRECTORY)
			r = file_remove_directory(path.data, err);
		else if (!r)
			r = file_unlink(path.data, err);
	}
	file_names_release(&names);
	return r;
}

static int write_config(const char *store, bool bare, struct drift_error *err)
{
	auto_buf path = BUF_INIT, text = BUF_INIT;

	file_join(&path, store, CONFIG_NAME);
	buf_addf(&text, "[core]\n\tversion = 1\n\tbare = %s\n", bare ? "true" : "false");
	if (buf_check(&path, err) || buf_check(&text, err))
		return -1;
	return file_replace(path.data, text.data, text.len, err);
}

static int set_head(struct odb *odb, const char *branch, struct drift_error *err)
{
	struct ref_change change = { .name = REF_HEAD, .expect = REF_EXPECT_ABSENT };
	struct ref_transaction t = { .changes = &change, .change_count = 1, .actor = "drift", .reason = "init" };

	change.value.kind = REF_SYMBOLIC;
	memcpy(change.value.target, branch, strlen(branch) + 1);
	t.time_usec = date_now_us();
	return refs_apply(odb, &t, err);
}

/* Under the lock of init: finish what an interrupted one left, or start. */
static int fill_store(const char *store, const struct repo_options *options, const char *branch,
		      struct drift_error *err)
{
	struct odb_options odb_options = { .no_sync = options && options->no_sync };
	struct ref_value head;
	struct odb *odb = NULL;
	bool is_store;
	int r;

	if (repo_is_store(store, &is_store, err))
		return -1;
	if (!is_store && (refuse_files(store, err) || remove_leftovers(store, err) ||
			  write_config(store, options && options->bare, err) || odb_create(store, &odb_options, err)))
		return -1;
	if (odb_open(store, &odb_options, &odb, err))
		return -1;
	r = odb_ref_read(odb, REF_HEAD, false, &head, err);
	if (!r && head.kind != REF_ABSENT)
		r = error_set(err, DRIFT_ERR_EXISTS, "'%s' is a repository already", store);
	if (!r)
		r = set_head(odb, branch, err);
	odb_close(odb);
	return r;
}

int repo_init(const char *dir, const struct repo_options *options, struct drift_error *err)
{
	const char *short_name = options && options->default_branch ? options->default_branch : "main";
	bool bare = options && options->bare;
	auto_buf top = BUF_INIT, store = BUF_INIT, branch = BUF_INIT, lock = BUF_INIT;
	auto_close int fd = -1;
	bool is_store;

	if (refname_branch(short_name, strlen(short_name), &branch, err) || buf_check(&branch, err) ||
	    repo_absolute(dir, &top, err))
		return -1;
	if (bare)
		buf_add(&store, top.data, top.len);
	else
		file_join(&store, top.data, STORE_NAME);
	file_join(&lock, store.data, LOCK_NAME);
	if (buf_check(&store, err) || buf_check(&lock, err) || make_folders(store.data, err) ||
	    repo_is_store(store.data, &is_store, err) || (!is_store && refuse_files(store.data, err)) ||
	    sync_above(top.data, err) || sync_above(store.data, err))
		return -1;
	if (file_open_or_create(lock.data, &fd, err) || file_lock(fd, 0, FILE_LOCK_EXCLUSIVE, FILE_LOCK_WAIT, err))
		return -1;
	return fill_store(store.data, options, branch.data, err);
}
