/*
 * Lists of files: never changed, only replaced, and counted, so that whoever reads keeps what he reads. Sealed files
 * are opened when something in them is first wanted, and closed again when many are open.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "objects/odb_current.h"
#include "objects/odb_internal.h"

/* Names that a list gave and that are not there: a gc replaced them meanwhile, so `current` names others. */
#define OPEN_TRIES 10
/* Each has a descriptor, and a journal its part of blocks_len. */
#define OPEN_MAX 64
#define USEC 1000000

/* A file of each list that has it, open if one of the two is set. */
struct store_file {
	atomic_uint refs;
	bool is_pack;
	struct pack_name name;
	_Atomic(struct journal *) journal;
	_Atomic(struct pack *) pack;
};

static struct store_file *store_file_ref(struct store_file *file)
{
	atomic_fetch_add(&file->refs, 1);
	return file;
}

static void store_file_unref(struct store_file *file)
{
	if (!file || atomic_fetch_sub(&file->refs, 1) != 1)
		return;
	journal_close(atomic_load(&file->journal));
	pack_close(atomic_load(&file->pack));
	free(file);
}

static struct store_file *store_file_new(bool is_pack, const struct pack_name *name)
{
	struct store_file *file = mem_calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	atomic_init(&file->refs, 1);
	file->is_pack = is_pack;
	file->name = *name;
	return file;
}

static bool is_open(const struct store_file *file)
{
	return atomic_load(&file->journal) || atomic_load(&file->pack);
}

static bool same_file(const struct store_file *a, bool is_pack, const struct pack_name *name)
{
	return a->is_pack == is_pack &&
	       (is_pack ? !memcmp(a->name.sha, name->sha, PACK_SHA_LEN) : a->name.first == name->first);
}

void odb_list_unref(struct file_list *list)
{
	size_t i;

	if (!list || atomic_fetch_sub(&list->refs, 1) != 1)
		return;
	for (i = 0; i < list->count; i++)
		store_file_unref(list->holds[i]);
	free(list->items);
	free(list->holds);
	free(list);
}

void odb_list_cleanup(struct file_list **list)
{
	odb_list_unref(*list);
}

struct file_list *odb_list(struct odb *odb)
{
	struct file_list *list;

	pthread_rwlock_rdlock(&odb->files_lock);
	list = odb->files;
	if (list)
		atomic_fetch_add(&list->refs, 1);
	pthread_rwlock_unlock(&odb->files_lock);
	return list;
}

const struct odb_file *odb_list_find(const struct file_list *list, uint64_t number)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (list->items[mid].last < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < list->count && list->items[low].first <= number ? &list->items[low] : NULL;
}

const struct pack_name *odb_list_pack(const struct file_list *list, size_t i)
{
	return list->holds[i]->is_pack ? &list->holds[i]->name : NULL;
}

uint64_t odb_list_end(const struct file_list *list)
{
	return list->items[list->count - 1].last + 1;
}

struct journal *odb_list_live(const struct file_list *list)
{
	return atomic_load(&list->holds[list->count - 1]->journal);
}

struct journal *odb_current(struct odb *odb)
{
	struct journal *live;

	pthread_rwlock_rdlock(&odb->files_lock);
	live = odb_list_live(odb->files);
	pthread_rwlock_unlock(&odb->files_lock);
	return live;
}

static struct file_list *list_new(size_t count, struct drift_error *err)
{
	auto_file_list *list = mem_calloc(1, sizeof(*list));

	if (list)
		atomic_init(&list->refs, 1);
	if (!list || !(list->items = mem_calloc(count, sizeof(*list->items))) ||
	    !(list->holds = mem_calloc(count, sizeof(*list->holds)))) {
		error_no_memory(err);
		return NULL;
	}
	return take_ptr(list);
}

/* The live journal is written to through the handle that was opened while it was. */
static int open_journal(struct odb *odb, struct store_file *file, bool live, struct drift_error *err)
{
	struct journal *j = NULL, *none = NULL;

	if (journal_open(odb->dir, file->name.first, live && odb->lock_fd >= 0, &j, err) < 0)
		return -1;
	if (memcmp(journal_identity(j)->store_id, odb->store_id, 16) != 0) {
		journal_close(j);
		return error_set(err, DRIFT_ERR_CORRUPT, "journal %llu belongs to another store",
				 (unsigned long long)file->name.first);
	}
	/* However many wait to be packed, what is kept of them stays bounded. */
	if (!live)
		journal_limit_memory(j, odb->blocks_len / OPEN_MAX);
	/* Another thread may have been faster. */
	if (!atomic_compare_exchange_strong(&file->journal, &none, j))
		journal_close(j);
	return 0;
}

static int open_pack(struct odb *odb, struct store_file *file, struct drift_error *err)
{
	struct pack *pack = NULL, *none = NULL;

	if (odb_open_pack(odb, &file->name, odb->store_id, &pack, err) < 0)
		return -1;
	if (!atomic_compare_exchange_strong(&file->pack, &none, pack))
		pack_close(pack);
	return 0;
}

static int open_hold(struct odb *odb, struct file_list *list, size_t i, struct drift_error *err)
{
	struct store_file *file = list->holds[i];

	if (is_open(file))
		return 0;
	if (file->is_pack ? open_pack(odb, file, err) < 0 : open_journal(odb, file, !list->items[i].closed_at, err) < 0)
		return -1;
	atomic_fetch_add(&list->open_count, 1);
	return 0;
}

int odb_list_make(struct odb *odb, const struct current *current, const struct file_list *old, struct file_list **out,
		  struct drift_error *err)
{
	auto_file_list *list = list_new(current->count, err);
	size_t i, at = 0;

	if (!list)
		return -1;
	for (i = 0; i < current->count; i++) {
		const struct current_file *line = &current->files[i];

		while (old && at < old->count && old->items[at].last < line->name.last)
			at++;
		if (old && at < old->count && same_file(old->holds[at], line->is_pack, &line->name))
			list->holds[i] = store_file_ref(old->holds[at]);
		else
			list->holds[i] = store_file_new(line->is_pack, &line->name);
		if (!list->holds[i])
			return error_no_memory(err);
		list->count++;
		list->items[i] = (struct odb_file){ .first = line->name.first,
						    .last = line->name.last,
						    .closed_at = line->closed_at,
						    .sealed_sec = line->name.sealed_sec };
		list->open_count += is_open(list->holds[i]);
	}
	if (open_hold(odb, list, list->count - 1, err) < 0)
		return -1;
	*out = take_ptr(list);
	return 0;
}

bool odb_list_says(const struct file_list *list, const struct current *current)
{
	size_t i;

	for (i = 0; i < current->count && list->count == current->count; i++)
		if (list->items[i].last != current->files[i].name.last ||
		    list->items[i].closed_at != current->files[i].closed_at ||
		    !same_file(list->holds[i], current->files[i].is_pack, &current->files[i].name))
			return false;
	return list->count == current->count;
}

/* The same with what is open, and `kept`; or with only the latter and the live journal. */
static struct file_list *copy_list(const struct file_list *from, bool share, size_t kept, struct drift_error *err)
{
	auto_file_list *list = list_new(from->count, err);
	size_t i;

	if (!list)
		return NULL;
	memcpy(list->items, from->items, from->count * sizeof(*list->items));
	for (i = 0; i < from->count; i++) {
		struct store_file *file = from->holds[i];
		bool keep = is_open(file) && (share || i == kept || i + 1 == from->count);

		list->holds[i] = keep ? store_file_ref(file) : store_file_new(file->is_pack, &file->name);
		if (!list->holds[i]) {
			error_no_memory(err);
			return NULL;
		}
		list->count++;
		list->open_count += keep;
	}
	return take_ptr(list);
}

/*
 * Enough are open: a list in which they are not takes the place of this one; who reads by this one keeps it. Without
 * memory for that they stay open.
 */
static void close_others(struct odb *odb, struct file_list *list, size_t kept)
{
	struct file_list *fewer = copy_list(list, false, kept, NULL), *drop = fewer;

	if (!fewer)
		return;
	pthread_rwlock_wrlock(&odb->files_lock);
	if (odb->files == list) {
		odb->files = fewer;
		drop = list;
	}
	pthread_rwlock_unlock(&odb->files_lock);
	odb_list_unref(drop);
}

/*
 * A file of *list is not there. state_mutex may be ours already, while the index is made anew: then only the caller
 * goes on with what `current` says now.
 */
static int look_again(struct odb *odb, struct file_list **list, struct drift_error *err)
{
	auto_current current = { .files = NULL };
	struct file_list *next = NULL;
	int r;

	if (!pthread_mutex_trylock(&odb->state_mutex)) {
		r = odb_load_current(odb, err);
		pthread_mutex_unlock(&odb->state_mutex);
		if (!r)
			next = odb_list(odb);
	} else {
		r = current_read(odb->dir, &current, err);
		if (!r)
			r = odb_list_make(odb, &current, *list, &next, err);
		if (!r)
			odb_note_packed(odb, next);
	}
	if (!next)
		return -1;
	odb_list_unref(*list);
	*list = next;
	return 0;
}

/* Is what covers the journal in `list` another file than `gone`? */
static bool is_replaced(const struct file_list *list, uint64_t number, const struct store_file *gone)
{
	const struct odb_file *file = odb_list_find(list, number);

	return file && !same_file(list->holds[file - list->items], gone->is_pack, &gone->name);
}

/* After `why`: 0 if *list has another file there now, -1. */
static int find_replaced(struct odb *odb, struct file_list **list, size_t i, uint64_t number,
			 const struct drift_error *why, struct drift_error *err)
{
	struct store_file *gone = store_file_ref((*list)->holds[i]);
	int r = -1;

	if (why->code != DRIFT_ERR_NOT_FOUND)
		error_set(err, why->code, "%s", why->message);
	else if (!look_again(odb, list, err))
		r = is_replaced(*list, number, gone) ? 0 : error_set(err, DRIFT_ERR_CORRUPT, "%s", why->message);
	store_file_unref(gone);
	return r;
}

static void fill(const struct file_list *list, size_t i, struct odb_file *out)
{
	*out = list->items[i];
	out->journal = atomic_load(&list->holds[i]->journal);
	out->pack = atomic_load(&list->holds[i]->pack);
}

int odb_list_open(struct odb *odb, struct file_list **list, uint64_t number, struct odb_file *file_out,
		  struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	int tries;

	for (tries = 0; tries < OPEN_TRIES; tries++) {
		const struct odb_file *file = odb_list_find(*list, number);
		size_t i;

		if (!file)
			return error_set(err, DRIFT_ERR_CORRUPT, "there is no journal %llu",
					 (unsigned long long)number);
		i = (size_t)(file - (*list)->items);
		if (!open_hold(odb, *list, i, &why)) {
			fill(*list, i, file_out);
			if (atomic_load(&(*list)->open_count) > OPEN_MAX)
				close_others(odb, *list, i);
			return 0;
		}
		if (find_replaced(odb, list, i, number, &why, err) < 0)
			return -1;
	}
	return error_set(err, why.code, "%s", why.message);
}

static int fill_whole(struct file_list *list, size_t i, struct drift_error *err)
{
	struct odb_file *item = &list->items[i];
	struct file_info info;

	fill(list, i, item);
	if (item->pack)
		return 0;
	if (file_info(journal_fd(item->journal), &info, err) < 0)
		return -1;
	item->sealed_sec = info.modified_us > 0 ? (uint64_t)info.modified_us / USEC : 0;
	return 0;
}

/* 1 all are open, 0 one was replaced and *base has others now, -1 */
static int open_all(struct odb *odb, enum odb_which which, struct file_list *list, struct file_list **base,
		    struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (which == ODB_PACKS && !list->holds[i]->is_pack)
			continue;
		if (open_hold(odb, list, i, &why) < 0)
			return find_replaced(odb, base, i, list->items[i].last, &why, err);
		if (fill_whole(list, i, err) < 0)
			return -1;
	}
	return 1;
}

struct file_list *odb_list_whole(struct odb *odb, enum odb_which which, struct drift_error *err)
{
	auto_file_list *base = odb_list(odb);
	int tries;

	for (tries = 0; tries < OPEN_TRIES; tries++) {
		auto_file_list *list = copy_list(base, true, 0, err);
		int r = list ? open_all(odb, which, list, &base, err) : -1;

		if (r)
			return r < 0 ? NULL : take_ptr(list);
	}
	error_set(err, DRIFT_ERR_IO, "the files in '%s' are replaced all the time", odb->dir);
	return NULL;
}
