#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "objects/frame.h"
#include "objects/journal.h"
#include "objects/odb_current.h"
#include "objects/odb_files.h"
#include "repo/repair_internal.h"

#define CURRENT_LEN_MAX ((uint64_t)64 << 10) /* a longer one is not tried byte by byte */
#define CURRENT_NAME "current"
#define GROUPS_LEN ((size_t)1 << 20)
#define LOCK_NAME "lock"
#define LOCK_APPEND 0 /* the byte of the lock file that whoever appends holds */

/* --- current --- */

/* Do frames stand behind one another up to there? */
static bool ends_at(struct journal *j, uint64_t end)
{
	unsigned char head[FRAME_HEAD_LEN];
	struct frame frame;
	uint64_t at = 0;

	while (at < end && journal_peek(j, at, head, sizeof(head), NULL) == FRAME_HEAD_LEN &&
	       frame_head_decode(head, &frame))
		at += FRAME_HEAD_LEN + (uint64_t)frame.len;
	return at == end;
}

/* Does an open that failed tell of the file, or of what was tried with it? 0, or -1. */
static int is_unfit(const struct drift_error *why, struct drift_error *err)
{
	if (why->code == DRIFT_ERR_CORRUPT || why->code == DRIFT_ERR_UNSUPPORTED || why->code == DRIFT_ERR_NOT_FOUND ||
	    why->code == DRIFT_ERR_INVALID || why->code == DRIFT_ERR_LIMIT)
		return 0;
	return error_set(err, why->code, "%s", why->message);
}

static int fits_journal(const char *dir, const struct current *c, const struct current_file *file,
			struct drift_error *err)
{
	struct drift_error why;
	struct journal *j;
	bool fits;

	if (journal_open(dir, file->name.first, false, &j, &why) < 0)
		return is_unfit(&why, err);
	fits = !memcmp(journal_identity(j)->store_id, c->store_id, 16) &&
	       (!file->closed_at || ends_at(j, file->closed_at));
	journal_close(j);
	return fits;
}

static int fits_pack(const char *dir, const struct current *c, const struct current_file *file, struct drift_error *err)
{
	struct pack_options options = { .store_id = c->store_id, .no_index = true };
	auto_buf path = BUF_INIT;
	struct drift_error why;
	struct pack *pack;
	int r;

	file_join(&path, dir, "pack");
	options.dir = path.data;
	if (buf_check(&path, err) < 0 || group_cache_new(GROUPS_LEN, &options.groups, err) < 0)
		return -1;
	r = pack_open(&file->name, &options, &pack, &why);
	if (!r)
		pack_close(pack);
	group_cache_free(options.groups);
	return r ? is_unfit(&why, err) : 1;
}

/* Do the files tell the same? 1, 0, -1: that cannot be known. */
static int fits_files(const char *dir, const struct current *c, struct drift_error *err)
{
	size_t i;
	int r = 1;

	for (i = 0; i < c->count && r > 0; i++)
		r = (c->files[i].is_pack ? fits_pack : fits_journal)(dir, c, &c->files[i], err);
	return r;
}

static int tells_truth(const char *dir, const struct buf *text, struct drift_error *err)
{
	auto_current current = { .files = NULL };
	auto_buf copy = BUF_INIT;

	buf_add(&copy, text->data, text->len);
	if (buf_check(&copy, err) < 0)
		return -1;
	return current_parse(&copy, CURRENT_NAME, &current, NULL) < 0 ? 0 : fits_files(dir, &current, err);
}

/* The byte of `current` that is wrong, if one is and the files tell: 1, 0, -1. */
static int repair_find_current(const char *dir, struct repair_bytes *bytes, struct drift_error *err)
{
	struct repair_byte byte = { .name = CURRENT_NAME };
	auto_buf path = BUF_INIT, text = BUF_INIT;
	size_t i;
	unsigned with;
	int r;

	file_join(&path, dir, CURRENT_NAME);
	if (buf_check(&path, err) < 0 || file_read_whole(path.data, CURRENT_LEN_MAX, &text, err) < 0)
		return -1;
	byte.path = path.data;
	for (i = 0; i < text.len; i++) {
		for (with = 1; with < 256; with++) {
			text.data[i] = (char)(text.data[i] ^ (int)with);
			r = tells_truth(dir, &text, err);
			if (r < 0)
				return -1;
			if (r) {
				byte.offset = byte.frame = i;
				byte.with = (unsigned char)with;
				return repair_add_byte(bytes, &byte, err);
			}
			text.data[i] = (char)(text.data[i] ^ (int)with);
		}
	}
	return 0;
}

/* --- what keeps a store from being opened --- */

static int find_in_journal(const char *dir, uint64_t number, struct repair_bytes *bytes, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	auto_buf name = BUF_INIT;

	buf_addf(&name, "journal-%06llu", (unsigned long long)number);
	file_join(&path, dir, name.data);
	if (buf_check(&name, err) < 0 || buf_check(&path, err) < 0)
		return -1;
	return repair_find_byte(path.data, name.data, 0, 0, bytes, err) < 0 ? -1 : 0;
}

static int find_in_files(const char *dir, struct repair_bytes *bytes, struct drift_error *err)
{
	auto_current current = { .files = NULL };
	struct drift_error why;
	size_t i;

	if (current_read(dir, &current, &why) < 0) {
		/* What a later program wrote is not to be made to look like ours. */
		return why.code == DRIFT_ERR_CORRUPT && repair_find_current(dir, bytes, err) < 0 ? -1 : 0;
	}
	for (i = 0; i < current.count; i++) {
		const struct current_file *file = &current.files[i];
		/* A file that is not there at all is nothing that bytes can mend. */
		int r = file->is_pack ? repair_find_pack(dir, &file->name, current.store_id, bytes, &why) :
					find_in_journal(dir, file->name.first, bytes, &why);

		if (r < 0 && why.code == DRIFT_ERR_NO_MEMORY)
			return error_no_memory(err);
	}
	/* It can be read, but names a store or a journal that the files know nothing of. */
	return bytes->count || repair_find_current(dir, bytes, err) >= 0 ? 0 : -1;
}

/* Nobody can have the store open but who opened it before it was damaged: they must not append now. */
int repair_lock_append(const char *dir, int *fd_out, struct drift_error *err)
{
	auto_buf path = BUF_INIT;

	file_join(&path, dir, LOCK_NAME);
	if (buf_check(&path, err) < 0 || file_open_or_create(path.data, fd_out, err) < 0)
		return -1;
	return file_lock(*fd_out, LOCK_APPEND, FILE_LOCK_EXCLUSIVE, FILE_LOCK_WAIT, err);
}

static int write_locked(const char *dir, const struct repair_bytes *bytes, struct drift_error *err)
{
	auto_close int fd = -1;

	return repair_lock_append(dir, &fd, err) < 0 ? -1 : repair_write_bytes(dir, bytes, err);
}

static int tell_bytes(const struct repair_options *options, const struct repair_bytes *bytes, struct drift_error *err)
{
	size_t i;

	for (i = 0; i < bytes->count; i++) {
		auto_buf sentence = BUF_INIT;
		struct repair_action told = { .kind = REPAIR_RESTORE };

		buf_addf(&sentence, "restore the byte at offset %llu of %s, without which the store cannot be opened",
			 (unsigned long long)bytes->items[i].offset, bytes->items[i].name);
		told.sentence = sentence.data;
		if (buf_check(&sentence, err) < 0 ||
		    (options->action && options->action(options->data, &told, err) < 0))
			return -1;
	}
	return 0;
}

static int mend_store(const char *dir, const struct repair_options *options, struct drift_error *err)
{
	struct repair_bytes bytes = { .items = NULL };
	int r = find_in_files(dir, &bytes, err);

	if (!r)
		r = tell_bytes(options, &bytes, err);
	if (!r && bytes.count && !options->dry_run)
		r = write_locked(dir, &bytes, err) < 0 ? -1 : 1;
	repair_bytes_release(&bytes);
	return r;
}

/* With all its files: others open them when they want them. */
static int open_whole(const char *dir, const struct repo_options *options, struct repo **repo_out,
		      struct drift_error *err)
{
	auto_repo *repo = NULL;
	struct odb_files files;

	if (repo_open(dir, options, &repo, err) < 0 || odb_files_get(repo_odb(repo), &files, err) < 0)
		return -1;
	odb_files_release(&files);
	*repo_out = take_ptr(repo);
	return 0;
}

int repair_open(const char *dir, bool exact, const struct repair_options *options, struct repo **repo_out,
		struct drift_error *err)
{
	const struct repo_options open = { .exact = exact, .read_only = options->dry_run };
	struct drift_error first, why;
	auto_buf store = BUF_INIT;
	int live, r;

	if (!open_whole(dir, &open, repo_out, &first))
		return 0;
	if (first.code != DRIFT_ERR_CORRUPT && first.code != DRIFT_ERR_UNSUPPORTED && first.code != DRIFT_ERR_NOT_FOUND)
		return error_set(err, first.code, "%s", first.message);
	if (repo_find(dir, exact, &store, err) < 0)
		return -1;
	live = repair_live(store.data, options, &why);
	if (live < 0)
		return error_set(err, why.code, "%s", why.message);
	/* Without the journal nothing more can be told of the store. */
	if (live && options->dry_run)
		return error_set(err, first.code, "%s", first.message);
	r = live ? open_whole(dir, &open, repo_out, &why) : -1;
	if (r && mend_store(store.data, options, &why) > 0)
		r = open_whole(dir, &open, repo_out, &why);
	if (!r)
		return live ? repair_tell_refs(repo_odb(*repo_out), options, err) : 0;
	return error_set(err, first.code, "%s", first.message);
}
