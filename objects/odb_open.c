#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/random.h"
#include "objects/odb_internal.h"

#define CURRENT_LEN_MAX ((uint64_t)1 << 20)
#define CURRENT_TITLE "drift store 1"
#define CACHE_LEN_MIN ((size_t)16 << 20)
#define CACHE_LEN_MAX ((size_t)1 << 30)

static void dir_path(struct buf *out, const char *dir, const char *name)
{
	buf_clear(out);
	file_join(out, dir, name);
}

int odb_write_current(const char *dir, const struct journal_slot *slots, size_t count, const unsigned char store_id[16],
		      struct drift_error *err)
{
	auto_buf text = BUF_INIT;
	auto_buf path = BUF_INIT;
	char hex[33];
	size_t i;

	hex_encode(store_id, 16, hex);
	buf_addf(&text, "%s\nid %s\n", CURRENT_TITLE, hex);
	for (i = 0; i < count; i++) {
		buf_addf(&text, "journal %zu", i + 1);
		if (slots[i].closed_at)
			buf_addf(&text, " %llu", (unsigned long long)slots[i].closed_at);
		buf_add_byte(&text, '\n');
	}
	dir_path(&path, dir, "current");
	if (buf_check(&text, err) < 0 || buf_check(&path, err) < 0)
		return -1;
	return file_replace(path.data, text.data, text.len, err);
}

int odb_create(const char *dir, const struct odb_options *options, struct drift_error *err)
{
	struct journal_slot first = { .journal = NULL, .closed_at = 0 };
	unsigned char store_id[16];
	auto_buf path = BUF_INIT;
	int fd;

	(void)options;
	dir_path(&path, dir, "cache");
	if (buf_check(&path, err) < 0 || random_bytes(store_id, sizeof(store_id), err) < 0 ||
	    file_make_directory_durable(path.data, err) < 0)
		return -1;
	dir_path(&path, dir, "lock");
	if (buf_check(&path, err) < 0 || file_create(path.data, &fd, err) < 0)
		return -1;
	if (file_sync(fd, err) < 0) {
		close(fd);
		return -1;
	}
	if (file_close(fd, err) < 0 || journal_create(dir, 1, store_id, err) < 0)
		return -1;
	return odb_write_current(dir, &first, 1, store_id, err);
}

struct journal *odb_current(const struct odb *odb)
{
	return odb->journals[atomic_load(&odb->journal_count) - 1].journal;
}

int odb_cache_path(const struct odb *odb, struct buf *out, struct drift_error *err)
{
	dir_path(out, odb->dir, "cache/index");
	return buf_check(out, err);
}

struct current {
	unsigned char store_id[16];
	uint64_t closed_at[JOURNAL_COUNT_MAX];
	size_t count;
};

/* "journal NUMBER [END]" */
static int parse_journal_line(const char *line, size_t number, uint64_t *closed_at)
{
	char *end;

	if (strncmp(line, "journal ", 8) != 0 || strtoull(line + 8, &end, 10) != number)
		return -1;
	*closed_at = 0;
	if (*end == ' ')
		*closed_at = strtoull(end + 1, &end, 10);
	return *end ? -1 : 0;
}

static int parse_current(char *text, struct current *out)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);

	if (!line || strcmp(line, CURRENT_TITLE) != 0)
		return -1;
	line = strtok_r(NULL, "\n", &save);
	if (!line || strncmp(line, "id ", 3) != 0 || strlen(line) != 35 || !hex_decode(line + 3, out->store_id, 16))
		return -1;
	out->count = 0;
	while ((line = strtok_r(NULL, "\n", &save))) {
		if (out->count >= JOURNAL_COUNT_MAX || (out->count && !out->closed_at[out->count - 1]) ||
		    parse_journal_line(line, out->count + 1, &out->closed_at[out->count]) < 0)
			return -1;
		out->count++;
	}
	return out->count && !out->closed_at[out->count - 1] ? 0 : -1;
}

static int read_current(const char *dir, struct current *out, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	auto_buf text = BUF_INIT;

	dir_path(&path, dir, "current");
	if (buf_check(&path, err) < 0 || file_read_whole(path.data, CURRENT_LEN_MAX, &text, err) < 0)
		return -1;
	if (!strncmp(text.data, "drift store ", 12) && strncmp(text.data, CURRENT_TITLE "\n", strlen(CURRENT_TITLE) + 1) != 0)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "'%s' is of a format that this drift does not know", path.data);
	if (!text.capacity || memchr(text.data, '\0', text.len) || parse_current(text.data, out) < 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' is malformed", path.data);
	return 0;
}

int odb_count_journals(struct odb *odb, size_t *count_out, struct drift_error *err)
{
	auto_free struct current *current = mem_calloc(1, sizeof(*current));

	if (!current)
		return error_no_memory(err);
	if (read_current(odb->dir, current, err) < 0)
		return -1;
	*count_out = current->count;
	return 0;
}

int odb_load_current(struct odb *odb, struct drift_error *err)
{
	auto_free struct current *current = mem_calloc(1, sizeof(*current));
	size_t i, count = atomic_load(&odb->journal_count);

	if (!current)
		return error_no_memory(err);
	if (read_current(odb->dir, current, err) < 0)
		return -1;
	memcpy(odb->store_id, current->store_id, 16);
	for (i = 0; i < current->count; i++) {
		odb->journals[i].closed_at = current->closed_at[i];
		if (i < count)
			continue;
		if (journal_open(odb->dir, i + 1, odb->lock_fd >= 0 && i + 1 == current->count, &odb->journals[i].journal, err) < 0)
			return -1;
		if (memcmp(journal_identity(odb->journals[i].journal)->store_id, odb->store_id, 16) != 0) {
			journal_close(odb->journals[i].journal);
			odb->journals[i].journal = NULL;
			return error_set(err, DRIFT_ERR_CORRUPT, "journal %zu belongs to another store", i + 1);
		}
		atomic_store(&odb->journal_count, i + 1);
		/* They may point into what the journal before lost. */
		odb_forget_memos(odb);
	}
	return 0;
}

void odb_replace_index(struct odb *odb, struct store_index *index)
{
	struct store_index *old = odb_index(odb);

	/* Readers may be in the old one: it stays mapped until the odb closes. */
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

/* Whoever made the index has named the places; others know that there are some. */
static void note_known_damage(struct odb *odb, uint32_t count)
{
	auto_buf sentence = BUF_INIT;

	if (!count || odb->damage_count)
		return;
	buf_addf(&sentence, "the journals in '%s' are damaged in %u places, so that some of it cannot be read", odb->dir, (unsigned)count);
	odb_note_damage(odb, sentence.data);
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
	for (i = 0; i < BELIEVE_TRIES && fits < 0; i++)
		fits = fits_journal(odb_current(odb), h);
	/* A failed journal is to be closed, not recovered. */
	if (atomic_load(&h->superseded) || fits <= 0 || (locked && atomic_load(&h->write_to) && !atomic_load(&h->failed))) {
		if (locked)
			atomic_store(&h->superseded, 1);
		index_close(index);
		return 0;
	}
	note_known_damage(odb, atomic_load(&h->damage_count));
	*out = index;
	return 1;
}

/* Take the index of others, or make one. Under state_mutex. */
static int find_index(struct odb *odb, bool locked, struct drift_error *err)
{
	struct store_index *index = NULL;
	int r = (odb->options.no_cache || odb->distrust) && !locked ? 0 : map_index(odb, locked, &index, err);

	if (!r)
		r = odb_rebuild_index(odb, locked, &index, err);
	if (r < 0)
		return -1;
	odb_replace_index(odb, index);
	return 0;
}

/* Nobody tells an index in memory what others write. */
static bool memory_index_is_good(struct odb *odb, struct store_index *index)
{
	unsigned char head[FRAME_HEAD_LEN];
	struct frame frame;
	size_t count;

	return journal_peek(odb_current(odb), atomic_load(&index_head(index)->end), head, sizeof(head), NULL) < FRAME_HEAD_LEN ||
			       !frame_head_decode(head, &frame) ?
		       !odb_count_journals(odb, &count, NULL) && count == atomic_load(&odb->journal_count) :
		       false;
}

bool odb_index_is_good(struct odb *odb, bool shared)
{
	struct store_index *index = odb_index(odb);

	if (!index || index_head(index)->journal != atomic_load(&odb->journal_count) || index_is_damaged(index))
		return false;
	if (!index_is_shared(index))
		return !shared && memory_index_is_good(odb, index);
	return !atomic_load(&index_head(index)->superseded) && index_is_current(index);
}

static bool is_good(struct odb *odb, bool locked)
{
	return odb_index_is_good(odb, locked) && !(locked && atomic_load(&index_head(odb_index(odb))->write_to));
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

int odb_open(const char *dir, const struct odb_options *options, struct odb **odb_out, struct drift_error *err)
{
	struct odb *odb = mem_calloc(1, sizeof(*odb));
	size_t cache_len;
	int r;

	if (!odb)
		return error_no_memory(err);
	init_mutexes(odb);
	odb->lock_fd = -1;
	odb->nodes = (struct node_store){ nodes_load, nodes_save };
	if (options)
		odb->options = *options;
	cache_len = odb->options.node_cache_len ? odb->options.node_cache_len : default_cache_len();
	odb->dir = mem_dup_str(dir, strlen(dir));
	r = odb->dir ? node_cache_new(cache_len, &odb->cache, err) : error_no_memory(err);
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

	for (i = 0; i < JOURNAL_COUNT_MAX && odb->journals[i].journal; i++)
		journal_close(odb->journals[i].journal);
	for (i = 0; i < odb->retired_count; i++)
		index_close(odb->retired[i]);
	for (i = 0; i < odb->idle_count; i++)
		compressor_free(odb->idle[i]);
	for (i = 0; i < odb->dict_count; i++)
		compress_dict_free(odb->dicts[i].dict);
	for (i = 0; i < odb->damage_count; i++)
		free(odb->damage[i]);
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
	mem_cleanup_close(&odb->lock_fd);
	pthread_mutex_destroy(&odb->state_mutex);
	pthread_mutex_destroy(&odb->next_mutex);
	pthread_mutex_destroy(&odb->append_mutex);
	pthread_mutex_destroy(&odb->sync_mutex);
	pthread_mutex_destroy(&odb->commit_mutex);
	pthread_mutex_destroy(&odb->memo_mutex);
	free(odb->dir);
	free(odb);
}

struct node_store *odb_nodes(struct odb *odb)
{
	return &odb->nodes;
}

void odb_note_damage(struct odb *odb, const char *sentence)
{
	char *copy;
	size_t i;

	for (i = 0; i < odb->damage_count; i++)
		if (!strcmp(odb->damage[i], sentence))
			return;
	copy = mem_dup_str(sentence, strlen(sentence));
	if (copy && mem_grow(&odb->damage, &odb->damage_capacity, odb->damage_count + 1, sizeof(*odb->damage)) == 0)
		odb->damage[odb->damage_count++] = copy;
	else
		free(copy);
}

size_t odb_damage(struct odb *odb, void (*each)(void *data, const char *sentence), void *data)
{
	size_t i, n;

	pthread_mutex_lock(&odb->state_mutex);
	n = odb->damage_count;
	for (i = 0; each && i < n; i++)
		each(data, odb->damage[i]);
	pthread_mutex_unlock(&odb->state_mutex);
	return n;
}
