#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/random.h"
#include "objects/odb_current.h"
#include "objects/odb_internal.h"

#define CACHE_LEN_MIN ((size_t)16 << 20)
#define CACHE_LEN_MAX ((size_t)1 << 30)
#define GROUPS_LEN_MAX ((size_t)256 << 20)
#define BLOCKS_LEN_MAX ((size_t)32 << 20)

static void dir_path(struct buf *out, const char *dir, const char *name)
{
	buf_clear(out);
	file_join(out, dir, name);
}

int odb_create(const char *dir, const struct odb_options *options, struct drift_error *err)
{
	struct current_file first = { .name = { .first = 1, .last = 1 } };
	struct current current = { .files = &first, .count = 1 };
	auto_buf path = BUF_INIT;
	int fd;

	(void)options;
	dir_path(&path, dir, "cache");
	if (buf_check(&path, err) < 0 || random_bytes(current.store_id, sizeof(current.store_id), err) < 0 ||
	    file_make_directory_durable(path.data, err) < 0)
		return -1;
	dir_path(&path, dir, "lock");
	if (buf_check(&path, err) < 0 || file_create(path.data, &fd, err) < 0)
		return -1;
	if (file_sync(fd, err) < 0) {
		close(fd);
		return -1;
	}
	if (file_close(fd, err) < 0 || journal_create(dir, 1, current.store_id, err) < 0)
		return -1;
	return current_write(dir, &current, err);
}

int odb_cache_path(const struct odb *odb, struct buf *out, struct drift_error *err)
{
	dir_path(out, odb->dir, "cache/index");
	return buf_check(out, err);
}

void odb_replace_index(struct odb *odb, struct store_index *index)
{
	struct store_index *old = odb_index(odb);

	/* Readers may be in the old one: its head stays until the odb closes. Of those before it nothing else does. */
	if (odb->retired_count)
		index_abandon(odb->retired[odb->retired_count - 1]);
	if (old && mem_grow(&odb->retired, &odb->retired_capacity, odb->retired_count + 1, sizeof(*odb->retired)) == 0)
		odb->retired[odb->retired_count++] = old;
	atomic_store_explicit(&odb->index, index, memory_order_release);
}

#define BELIEVE_TRIES 10

/*
 * Does the index tell of the journal as it is? A journal or an index that was put back from a copy, in place, does not
 * fit the other: then what it takes for the end would be written over. 1 yes, 0 no, -1 it moved meanwhile.
 */
static int fits_journal(struct journal *j, struct index_head *h)
{
	uint64_t end = atomic_load(&h->end), last = atomic_load(&h->last), size;
	static const unsigned char blank[FRAME_HEAD_LEN];
	unsigned char head[FRAME_HEAD_LEN];
	auto_buf payload = BUF_INIT;
	enum frame_kind kind;
	int64_t n;
	bool fits;

	if (journal_size(j, &size, NULL) < 0 || end > size || end < journal_start(j) || atomic_load(&h->synced) > end ||
	    atomic_load(&h->visible) > end)
		return atomic_load(&h->end) == end ? 0 : -1;
	n = journal_peek(j, end, head, sizeof(head), NULL);
	fits = n >= 0 && (!memcmp(head, blank, (size_t)n) || atomic_load(&h->write_to));
	if (fits && last)
		fits = last < end && !journal_read(j, last, &payload, &kind, NULL) && last + FRAME_HEAD_LEN + payload.len == end;
	return fits || (atomic_load(&h->end) == end && atomic_load(&h->last) == last && !atomic_load(&h->write_to)) ? fits : -1;
}

static bool goes_with(struct odb *odb, struct index_head *h)
{
	return h->journal == odb_live(odb) && atomic_load(&h->packs) == odb_packs_mark(odb);
}

/* A pack may have taken the place of files between our look at `current` and at the index. */
static int follow_packs(struct odb *odb, struct index_head *h, struct drift_error *err)
{
	return goes_with(odb, h) ? 0 : odb_load_current(odb, err);
}

/* Map the shared index if it may be believed and is the one that counts: 1 / 0 / -1. locked: and if nobody died writing. */
static int map_index(struct odb *odb, bool locked, struct store_index **out, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	struct store_index *index;
	struct index_head *h;
	int i, r, fits = -1;

	if (odb_cache_path(odb, &path, err) < 0)
		return -1;
	r = index_open(path.data, journal_identity(odb_current(odb)), odb->lock_fd >= 0, &index, err);
	if (r <= 0)
		return r;
	h = index_head(index);
	if (follow_packs(odb, h, err) < 0) {
		index_close(index);
		return -1;
	}
	for (i = 0; i < BELIEVE_TRIES && fits < 0; i++)
		fits = fits_journal(odb_current(odb), h);
	/* A failed journal is to be closed, not recovered. */
	if (atomic_load(&h->superseded) || fits <= 0 || !goes_with(odb, h) ||
	    (locked && (atomic_load(&h->write_to) || !index_numbers_hold(index)) && !atomic_load(&h->failed))) {
		if (locked)
			atomic_store(&h->superseded, 1);
		index_close(index);
		return 0;
	}
	odb->damage_known = atomic_load(&h->damage_count);
	*out = index;
	return 1;
}

#define REBUILD_TRIES 3

/* Who deletes caches may take the new one away before it has its name, and a gc the files that it is made of. */
static int rebuild(struct odb *odb, bool locked, struct store_index **out, struct drift_error *err)
{
	int i, r = -1;

	for (i = 0; i < REBUILD_TRIES && r; i++)
		if (!i || !odb_load_current(odb, err))
			r = odb_rebuild_index(odb, locked, out, err);
	return r;
}

/* Take the index of others, or make one. Under state_mutex. */
static int find_index(struct odb *odb, bool locked, struct drift_error *err)
{
	struct store_index *index = NULL;
	int r = (odb->options.no_cache || odb->distrust) && !locked ? 0 : map_index(odb, locked, &index, err);

	if (!r)
		r = rebuild(odb, locked, &index, err);
	if (r < 0)
		return -1;
	odb_replace_index(odb, index);
	return 0;
}

/* Nobody tells an index in memory what others write. */
static bool memory_index_is_good(struct odb *odb, struct store_index *index)
{
	unsigned char head[FRAME_HEAD_LEN];
	auto_file_list *list = odb_list(odb);
	struct journal *j = odb_list_live(list);
	struct frame frame;
	uint64_t live;

	if (journal_peek(j, atomic_load(&index_head(index)->end), head, sizeof(head), NULL) >= FRAME_HEAD_LEN &&
	    frame_head_decode(head, &frame))
		return false;
	return !odb_live_on_disk(odb, &live, NULL) && live == odb_live(odb);
}

bool odb_index_is_good(struct odb *odb, bool shared)
{
	struct store_index *index = odb_index(odb);

	if (!index || index_is_damaged(index) || !index_is_current(index) || index_head(index)->journal != odb_live(odb))
		return false;
	if (!index_is_shared(index))
		return !shared && memory_index_is_good(odb, index);
	return !atomic_load(&index_head(index)->superseded);
}

static bool is_good(struct odb *odb, bool locked)
{
	struct store_index *index = odb_index(odb);

	return odb_index_is_good(odb, locked) &&
	       !(locked && (atomic_load(&index_head(index)->write_to) || !index_numbers_hold(index)));
}

/* What is there already, without making one. */
static int look_again(struct odb *odb, struct drift_error *err)
{
	struct store_index *index = NULL;
	int r = 1;

	pthread_mutex_lock(&odb->state_mutex);
	if (!odb_index_is_good(odb, true)) {
		r = odb_load_current(odb, err);
		if (!r)
			r = map_index(odb, false, &index, err);
		if (r > 0)
			odb_replace_index(odb, index);
	}
	pthread_mutex_unlock(&odb->state_mutex);
	return r;
}

int odb_remap_index(struct odb *odb, struct drift_error *err)
{
	return look_again(odb, err) < 0 ? -1 : 0;
}

int odb_share_index(struct odb *odb, struct drift_error *err)
{
	int r = odb_index_is_good(odb, true) ? 1 : look_again(odb, err);

	if (r)
		return r < 0 ? -1 : 0;
	/* It was deleted or replaced, and only who holds the append lock may make one. */
	if (odb_lock(odb, err) < 0)
		return -1;
	odb_unlock(odb);
	return 0;
}

int odb_refresh(struct odb *odb, bool locked, struct drift_error *err)
{
	int r = 0;

	if (is_good(odb, locked))
		return 0;
	/* Where that fails, on a full disk say, what is there can still be read. */
	if (!locked && odb->lock_fd >= 0 && !odb->options.no_cache && !odb_is_owner(odb) && !odb_share_index(odb, NULL))
		return 0;
	pthread_mutex_lock(&odb->state_mutex);
	if (!is_good(odb, locked)) {
		r = odb_load_current(odb, err);
		if (!r)
			r = find_index(odb, locked || odb_is_owner(odb), err);
	}
	pthread_mutex_unlock(&odb->state_mutex);
	return r;
}

int odb_index_mended(struct odb *odb, struct store_index *index, struct drift_error *err)
{
	if (!index_is_damaged(index))
		return 0;
	if (index != odb_index(odb))
		return 1;
	if (odb->lock_fd < 0) {
		pthread_mutex_lock(&odb->state_mutex);
		odb->distrust = true;
		pthread_mutex_unlock(&odb->state_mutex);
	}
	return odb_refresh(odb, odb_is_owner(odb), err) < 0 ? -1 : 1;
}

static int nodes_load(struct node_store *store, const struct oid *id, uint64_t loc, struct node **out,
		      struct drift_error *err)
{
	return odb_node((struct odb *)store, id, loc, out, err);
}

static int nodes_save(struct node_store *store, const void *bytes, size_t len, const uint64_t *child_loc,
		      struct node *base, struct oid *id_out, uint64_t *loc_out, struct drift_error *err)
{
	(void)store, (void)bytes, (void)len, (void)child_loc, (void)base, (void)id_out, (void)loc_out;
	return error_set(err, DRIFT_ERR_PERMISSION, "nodes are saved through a batch only");
}

static size_t default_cache_len(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page_len = sysconf(_SC_PAGESIZE);
	size_t len = pages > 0 && page_len > 0 ? (size_t)pages / 16 * (size_t)page_len : CACHE_LEN_MIN;

	return len < CACHE_LEN_MIN ? CACHE_LEN_MIN : len > CACHE_LEN_MAX ? CACHE_LEN_MAX : len;
}

static void init_mutexes(struct odb *odb)
{
	pthread_mutex_init(&odb->state_mutex, NULL);
	pthread_mutex_init(&odb->next_mutex, NULL);
	pthread_mutex_init(&odb->append_mutex, NULL);
	pthread_mutex_init(&odb->sync_mutex, NULL);
	pthread_mutex_init(&odb->commit_mutex, NULL);
	pthread_mutex_init(&odb->memo_mutex, NULL);
	pthread_rwlock_init(&odb->files_lock, NULL);
}

static int open_lock(struct odb *odb, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	struct drift_error why;

	odb->lock_fd = -1;
	dir_path(&path, odb->dir, "lock");
	if (buf_check(&path, err) < 0)
		return -1;
	if (odb->options.read_only || !file_open_write(path.data, &odb->lock_fd, &why))
		return 0;
	odb->lock_fd = -1;
	/* A store on a medium, or of an owner, that does not let us write can be read all the same. */
	return why.code == DRIFT_ERR_PERMISSION ? 0 : error_set(err, why.code, "%s", why.message);
}

static int set_folders(struct odb *odb, const char *dir, struct drift_error *err)
{
	auto_buf path = BUF_INIT;

	dir_path(&path, dir, "pack");
	odb->dir = mem_dup_str(dir, strlen(dir));
	odb->pack_dir = buf_take(&path, NULL);
	return odb->dir && odb->pack_dir ? 0 : error_no_memory(err);
}

int odb_open(const char *dir, const struct odb_options *options, struct odb **odb_out, struct drift_error *err)
{
	struct odb *odb = mem_calloc(1, sizeof(*odb));
	size_t cache_len;
	int r;

	if (!odb)
		return error_no_memory(err);
	init_mutexes(odb);
	odb->lock_fd = -1;
	odb->nodes = (struct node_store){ .load = nodes_load, .save = nodes_save };
	if (options)
		odb->options = *options;
	cache_len = odb->options.node_cache_len ? odb->options.node_cache_len : default_cache_len();
	odb_resolver_init(&odb->resolver, odb);
	r = set_folders(odb, dir, err);
	if (!r)
		r = node_cache_new(cache_len, &odb->cache, err);
	if (!r)
		r = group_cache_new(cache_len / 2 < GROUPS_LEN_MAX ? cache_len / 2 : GROUPS_LEN_MAX, &odb->groups, err);
	odb->blocks_len = cache_len / 2 < BLOCKS_LEN_MAX ? cache_len / 2 : BLOCKS_LEN_MAX;
	if (!r)
		r = open_lock(odb, err);
	if (!r)
		r = odb_refresh(odb, false, err);
	if (r) {
		odb_close(odb);
		return -1;
	}
	*odb_out = odb;
	return 0;
}

static void close_lists(struct odb *odb)
{
	size_t i;

	odb_list_unref(odb->files);
	for (i = 0; i < odb->retired_count; i++)
		index_close(odb->retired[i]);
	for (i = 0; i < odb->idle_count; i++)
		compressor_free(odb->idle[i]);
	for (i = 0; i < odb->dict_count; i++)
		compress_dict_free(odb->dicts[i].dict);
	for (i = 0; i < odb->damage_count; i++)
		free(odb->damage[i].sentence);
	free(odb->steps);
	for (i = 0; i < COMMIT_CACHE_COUNT; i++)
		commit_unref(odb->commits[i]);
	free(odb->retired);
	free(odb->dicts);
	free(odb->damage);
}

void odb_close(struct odb *odb)
{
	if (!odb)
		return;
	close_lists(odb);
	odb_forget_memos(odb);
	index_close(odb_index(odb));
	node_cache_free(odb->cache);
	group_cache_free(odb->groups);
	collection_set_release(&odb->only);
	mem_cleanup_close(&odb->lock_fd);
	pthread_mutex_destroy(&odb->state_mutex);
	pthread_mutex_destroy(&odb->next_mutex);
	pthread_mutex_destroy(&odb->append_mutex);
	pthread_mutex_destroy(&odb->sync_mutex);
	pthread_mutex_destroy(&odb->commit_mutex);
	pthread_mutex_destroy(&odb->memo_mutex);
	pthread_rwlock_destroy(&odb->files_lock);
	free(odb->pack_dir);
	free(odb->dir);
	free(odb);
}

struct node_store *odb_nodes(struct odb *odb)
{
	return &odb->nodes;
}

int odb_set_only(struct odb *odb, const struct collection_set *only, struct drift_error *err)
{
	if (!only)
		return 0;
	odb->nodes.only = &odb->only;
	return collection_set_join(&odb->only, only, err);
}

const struct collection_set *odb_only(struct odb *odb)
{
	return odb->nodes.only;
}

/* What is said of a place is said once, however often it is met. */
void odb_note_damage(struct odb *odb, uint64_t from, uint64_t to, const char *sentence)
{
	struct damage damage = { .from = from, .to = to };
	size_t i;

	for (i = 0; i < odb->damage_count; i++)
		if (from < odb->damage[i].to && odb->damage[i].from < to)
			return;
	damage.sentence = mem_dup_str(sentence, strlen(sentence));
	if (damage.sentence &&
	    mem_grow(&odb->damage, &odb->damage_capacity, odb->damage_count + 1, sizeof(*odb->damage)) == 0)
		odb->damage[odb->damage_count++] = damage;
	else
		free(damage.sentence);
}

size_t odb_damage(struct odb *odb, void (*each)(void *data, const char *sentence), void *data)
{
	auto_buf known = BUF_INIT;
	size_t i, n;

	pthread_mutex_lock(&odb->state_mutex);
	n = odb->damage_count;
	for (i = 0; each && i < n; i++)
		each(data, odb->damage[i].sentence);
	/* Whoever made the index has named the places; of others it is known that there are some. */
	if (odb->damage_known > n) {
		buf_addf(&known, "the journals in '%s' are damaged in %u %splace%s, so that some of it cannot be read",
			 odb->dir, (unsigned)(odb->damage_known - n), n ? "more " : "",
			 odb->damage_known - n == 1 ? "" : "s");
		if (each && !known.failed)
			each(data, known.data);
		n++;
	}
	pthread_mutex_unlock(&odb->state_mutex);
	return n;
}
