/* The table of files: what `current` names, what of it others ask for, what is left over. */
#include "objects/odb_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "objects/odb_current.h"
#include "objects/odb_internal.h"

/* Names that `current` gave and that are not there: a gc replaced them meanwhile, so it names others. */
#define LOAD_TRIES 10
#define LEFTOVERS_MAX ((size_t)1 << 20)

static uint64_t packed_to(const struct file_list *list)
{
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < list->count; i++)
		last = odb_list_pack(list, i) ? list->items[i].last : last;
	return last;
}

void odb_note_packed(struct odb *odb, const struct file_list *list)
{
	uint64_t last = packed_to(list), now = atomic_load(&odb->packed_to);

	while (now < last && !atomic_compare_exchange_weak(&odb->packed_to, &now, last))
		;
}

static void publish(struct odb *odb, struct file_list *list)
{
	struct file_list *before;

	pthread_rwlock_wrlock(&odb->files_lock);
	before = odb->files;
	odb->files = list;
	pthread_rwlock_unlock(&odb->files_lock);
	odb_list_unref(before);
}

static int try_load(struct odb *odb, struct drift_error *err)
{
	auto_file_list *old = odb_list(odb);
	struct file_list *list = NULL;
	auto_current current = { .files = NULL };
	uint64_t live;

	if (current_read(odb->dir, &current, err) < 0)
		return -1;
	if (old && odb_list_says(old, &current))
		return 0;
	if (old && memcmp(odb->store_id, current.store_id, 16) != 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "another store has taken the place of the one in '%s'", odb->dir);
	if (!old)
		memcpy(odb->store_id, current.store_id, 16);
	if (odb_list_make(odb, &current, old, &list, err) < 0)
		return -1;
	live = current_live(&current);
	odb_note_packed(odb, list);
	publish(odb, list);
	/* They may point into what the journal before lost. */
	if (live != odb_live(odb))
		odb_forget_memos(odb);
	atomic_store(&odb->live, live);
	return 0;
}

int odb_load_current(struct odb *odb, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	int tries;

	for (tries = 0; tries < LOAD_TRIES; tries++) {
		if (!try_load(odb, &why))
			return 0;
		if (why.code != DRIFT_ERR_NOT_FOUND)
			break;
	}
	return error_set(err, why.code, "%s", why.message);
}

int odb_live_on_disk(struct odb *odb, uint64_t *live_out, struct drift_error *err)
{
	auto_current current = { .files = NULL };

	if (current_read(odb->dir, &current, err) < 0)
		return -1;
	*live_out = current_live(&current);
	return 0;
}

const unsigned char *odb_store_id(const struct odb *odb)
{
	return odb->store_id;
}

const char *odb_pack_dir(const struct odb *odb)
{
	return odb->pack_dir;
}

int odb_files_get(struct odb *odb, struct odb_files *files_out, struct drift_error *err)
{
	struct file_list *list;

	if (odb_refresh(odb, false, err) < 0)
		return -1;
	list = odb_list_whole(odb, ODB_ALL_FILES, err);
	if (!list)
		return -1;
	*files_out = (struct odb_files){ list->items, list->count, list };
	return 0;
}

void odb_files_release(struct odb_files *files)
{
	odb_list_unref(files->hold);
	*files = (struct odb_files){ .items = NULL };
}

size_t odb_sealed_count(struct odb *odb)
{
	auto_file_list *list = odb_list(odb);
	size_t i, count = 0;

	for (i = 0; i < list->count; i++)
		count += !odb_list_pack(list, i) && list->items[i].closed_at;
	return count;
}

uint64_t odb_packs_mark(struct odb *odb)
{
	auto_file_list *list = odb_list(odb);
	uint64_t mark = 0, part;
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct pack_name *name = odb_list_pack(list, i);

		if (!name)
			continue;
		memcpy(&part, name->sha, sizeof(part));
		mark = mark * 3 + part;
	}
	return mark;
}

uint64_t odb_end(struct odb *odb)
{
	return loc_make(odb_live(odb), atomic_load(&index_head(odb_index(odb))->end), 0);
}

uint64_t odb_visible_end(struct odb *odb)
{
	struct store_index *index = odb_index(odb);
	const struct index_head *h = index_head(index);
	uint64_t visible = atomic_load(&h->visible), synced = atomic_load(&h->synced);

	return index_numbers_hold(index) ? loc_make(h->journal, visible > synced ? visible : synced, 0) : LOC_UNKNOWN;
}

/* Where a journal that is in a pack was closed. */
static int packed_end(const struct odb_file *file, uint64_t number, uint64_t *end_out, struct drift_error *err)
{
	struct pack_heads heads;

	if (pack_read_heads(file->pack, &heads, err) < 0)
		return -1;
	*end_out = number - file->first < heads.source_count ? heads.sources[number - file->first].closed_at : 0;
	pack_heads_release(&heads);
	return 0;
}

int odb_was_kept(struct odb *odb, uint64_t loc, struct drift_error *err)
{
	auto_file_list *list = odb_list(odb);
	struct odb_file file;
	uint64_t end;

	if (odb_list_open(odb, &list, loc_file(loc), &file, err) < 0)
		return -1;
	end = file.closed_at;
	if (file.pack && packed_end(&file, loc_file(loc), &end, err) < 0)
		return -1;
	return loc_offset(loc) <= end;
}

uint64_t odb_file_end(struct odb *odb, const struct odb_file *file)
{
	struct index_head *h = index_head(odb_index(odb));
	uint64_t end = atomic_load(&h->end);
	auto_file_list *list = NULL;
	const struct odb_file *now;

	if (file->closed_at)
		return file->closed_at;
	if (h->journal == file->first)
		return end;
	/* It was sealed meanwhile. */
	list = odb_list(odb);
	now = odb_list_find(list, file->first);
	return now && now->closed_at ? now->closed_at : end;
}

/* A journal that a pack covers; what lies beyond the live one belongs to whoever is sealing. */
static bool is_packed(const struct file_list *list, const char *name)
{
	const struct odb_file *file;
	unsigned long long number;
	char check[64];

	if (strncmp(name, "journal-", 8) != 0)
		return false;
	number = strtoull(name + 8, NULL, 10);
	snprintf(check, sizeof(check), "journal-%06llu", number);
	file = odb_list_find(list, number);
	return number && !strcmp(check, name) && file && odb_list_pack(list, (size_t)(file - list->items));
}

/* What of a folder is left over; what cannot be unlinked is passed by. */
static int remove_in(const char *dir, const struct file_list *list,
		     bool (*is_left)(const struct file_list *list, const char *name), struct odb_leftovers *out,
		     struct drift_error *err)
{
	struct file_names names;
	struct drift_error why;
	size_t i;
	int r = 0;

	if (file_list(dir, LEFTOVERS_MAX, &names, err) < 0)
		return -1;
	for (i = 0; i < names.count && !r; i++) {
		auto_buf path = BUF_INIT;

		if (!is_left(list, names.items[i]))
			continue;
		file_join(&path, dir, names.items[i]);
		r = buf_check(&path, err);
		if (r)
			break;
		if (!file_unlink(path.data, &why))
			out->removed++;
		else if (out->stuck.code == DRIFT_OK)
			out->stuck = why;
	}
	file_names_release(&names);
	return r;
}

static bool is_unnamed(const struct file_list *list, const char *name)
{
	const char pack[] = "pack-";
	size_t i;

	for (i = 0; i < list->count; i++) {
		char hex[2 * PACK_SHA_LEN + 1];

		if (!odb_list_pack(list, i))
			continue;
		hex_encode(odb_list_pack(list, i)->sha, PACK_SHA_LEN, hex);
		if (!strncmp(name, pack, strlen(pack)) && !strncmp(name + strlen(pack), hex, strlen(hex)))
			return false;
	}
	return !strncmp(name, pack, strlen(pack)) || !strncmp(name, "tmp-", 4);
}

static bool is_half_written(const struct file_list *list, const char *name)
{
	const char start[] = "current.tmp-";

	(void)list;
	return !strncmp(name, start, strlen(start));
}

/* `current` is written under the append lock: what is there with that lock in hand is nobody's. */
static int remove_half_written(struct odb *odb, const struct file_list *list, struct odb_leftovers *out,
			       struct drift_error *err)
{
	int r;

	if (odb_lock(odb, err) < 0)
		return -1;
	r = remove_in(odb->dir, list, is_half_written, out, err);
	odb_unlock(odb);
	return r;
}

int odb_remove_leftovers(struct odb *odb, struct odb_leftovers *out, struct drift_error *err)
{
	auto_file_list *list = NULL;
	struct odb_leftovers found = { .stuck = { .code = DRIFT_OK } };
	struct file_info info;
	int r;

	pthread_mutex_lock(&odb->state_mutex);
	r = odb_load_current(odb, err);
	pthread_mutex_unlock(&odb->state_mutex);
	if (r < 0)
		return -1;
	list = odb_list(odb);
	/* Who wrote `current` may have been killed before the disk had it: the one before names what is unlinked here. */
	if (file_sync_directory(odb->dir, err) < 0)
		return -1;
	if (remove_in(odb->dir, list, is_packed, &found, err) < 0 || remove_half_written(odb, list, &found, err) < 0 ||
	    file_look(odb->pack_dir, &info, err) < 0)
		return -1;
	if (info.kind == FILE_DIRECTORY && remove_in(odb->pack_dir, list, is_unnamed, &found, err) < 0)
		return -1;
	*out = found;
	return 0;
}
