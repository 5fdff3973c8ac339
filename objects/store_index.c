#include "objects/store_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/patience.h"
#include "base/siphash.h"

#define HEAD_LEN ((size_t)4096)
#define OVERFLOW_SLOTS 1024
#define MAIN_BITS_MIN 10
#define REF_BITS_MIN 6
#define BITS_MAX 34
#define INDEX_VERSION 8
#define TYPE_PATH 5
#define TYPE_MASK ((uint64_t)7)
#define GROUP_SLOTS ((size_t)16)
#define KEY_LOG ((uint64_t)1)    /* of the newest log entry of any ref, among the refs */
#define KEY_MARKER ((uint64_t)2) /* and of the newest marker */
#define LOOK_AWAKE_US 200
#define REST_SLOTS ((size_t)1 << 18) /* who goes through all of a table lets so many go at once */
#define LOOK_TRIES 30

static const char index_magic[8] = { 'd', 'r', 'i', 'f', 't', 'i', 'd', 'x' };

struct slot {
	uint64_t key; /* leading bits of the id or hash, the lowest three say what it is */
	_Atomic uint64_t loc;
};

struct table {
	struct slot *slots;
	_Atomic uint64_t *sums; /* one for each GROUP_SLOTS slots: what they hold */
	uint32_t bits;		/* as checked: what stands in the file may change */
};

struct store_index {
	char *path, *temp_path; /* path NULL: in memory only */
	void *map;
	size_t len;
	int fd; /* -1: in memory, or given back */
	uint64_t device, inode;
	unsigned char store_id[16];
	struct table main, ref;
	bool writable;
	atomic_bool damaged; /* a look-up met slots that are not what was written */
	struct fresh_nodes *fresh;
};

static size_t table_slots(uint32_t bits)
{
	return ((size_t)1 << bits) + OVERFLOW_SLOTS;
}

static size_t table_len(uint32_t bits)
{
	return table_slots(bits) * sizeof(struct slot) + table_slots(bits) / GROUP_SLOTS * sizeof(uint64_t);
}

static size_t map_len(uint32_t main_bits, uint32_t ref_bits)
{
	return HEAD_LEN + sizeof(struct fresh_nodes) + table_len(main_bits) + table_len(ref_bits);
}

struct index_head *index_head(struct store_index *index)
{
	return index->map;
}

size_t index_len(const struct store_index *index)
{
	return index->len;
}

struct fresh_nodes *index_fresh_nodes(struct store_index *index)
{
	return index->fresh;
}

void index_set_end(struct store_index *index, uint64_t end)
{
	atomic_store(&index_head(index)->end, end);
	atomic_store(&index_head(index)->end_check, ~end);
}

bool index_numbers_hold(struct store_index *index)
{
	struct index_head *h = index->map;
	uint64_t end = atomic_load(&h->end);

	return atomic_load(&h->end_check) == ~end && atomic_load(&h->synced) <= end && atomic_load(&h->visible) <= end &&
	       atomic_load(&h->main_count) <= table_slots(index->main.bits) &&
	       atomic_load(&h->ref_count) <= table_slots(index->ref.bits);
}

static void set_table(struct table *t, char *at, uint32_t bits)
{
	t->slots = (struct slot *)(void *)at;
	t->sums = (_Atomic uint64_t *)(void *)(at + table_slots(bits) * sizeof(struct slot));
	t->bits = bits;
}

static void set_tables(struct store_index *index)
{
	struct index_head *h = index->map;
	char *at = (char *)index->map + HEAD_LEN;
	uint32_t main_bits = h->main_bits;

	index->fresh = (struct fresh_nodes *)(void *)at;
	at += sizeof(*index->fresh);
	set_table(&index->main, at, main_bits);
	set_table(&index->ref, at + table_len(main_bits), h->ref_bits);
}

/* One to one in key and in loc, so that no change of either alone is missed; slots of a group are combined by xor. */
static uint64_t slot_sum(size_t i, uint64_t key, uint64_t loc)
{
	uint64_t x = key ^ loc * 0x9e3779b97f4a7c15U ^ (uint64_t)i << 32;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93U;
	return x ^ x >> 32;
}

/* Not zero, so that an area of zeros is not a table without entries. */
static uint64_t group_seed(size_t group)
{
	return slot_sum(group, UINT64_MAX, 1);
}

static void clear_sums(struct table *t)
{
	size_t g;

	for (g = 0; g < table_slots(t->bits) / GROUP_SLOTS; g++)
		atomic_store_explicit(&t->sums[g], group_seed(g), memory_order_relaxed);
}

static bool group_holds(const struct table *t, size_t group)
{
	uint64_t sum = group_seed(group);
	size_t i;

	for (i = group * GROUP_SLOTS; i < (group + 1) * GROUP_SLOTS; i++) {
		uint64_t loc = atomic_load_explicit(&t->slots[i].loc, memory_order_acquire);

		if (loc)
			sum ^= slot_sum(i, t->slots[i].key, loc);
	}
	return sum == atomic_load_explicit(&t->sums[group], memory_order_acquire);
}

/* Is the group what was written? While an append is under way an entry just being made looks as if it was not. */
static bool group_settles(struct store_index *index, const struct table *t, size_t group)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	struct patience awake;
	int tries;

	if (group_holds(t, group))
		return true;
	patience_begin(&awake, LOOK_AWAKE_US);
	for (tries = 0; tries < LOOK_TRIES && !group_holds(t, group); tries += !patience_left(&awake)) {
		if (!atomic_load(&index_head(index)->write_to))
			return group_holds(t, group);
		if (!patience_left(&awake))
			nanosleep(&pause, NULL);
	}
	return tries < LOOK_TRIES;
}

static bool span_holds(struct store_index *index, const struct table *t, size_t from, size_t to)
{
	size_t g;

	if (!index->path)
		return true;
	for (g = from / GROUP_SLOTS; g <= to / GROUP_SLOTS; g++) {
		if (group_settles(index, t, g))
			continue;
		atomic_store(&index->damaged, true);
		if (index->writable)
			atomic_store(&index_head(index)->superseded, 1);
		return false;
	}
	return true;
}

bool index_is_damaged(const struct store_index *index)
{
	return atomic_load(&index->damaged);
}

/* The kernel's id of this boot: what was mapped before it may be half written. */
static void read_boot_id(unsigned char out[16])
{
	auto_buf text = BUF_INIT;
	size_t i, n = 0;

	memset(out, 0, 16);
	if (file_read_whole("/proc/sys/kernel/random/boot_id", 100, &text, NULL) < 0)
		return;
	for (i = 0; i < text.len && n < 32; i++) {
		int v = hex_digit((unsigned char)text.data[i]);

		if (v < 0)
			continue;
		out[n / 2] = (unsigned char)(out[n / 2] << 4 | v);
		n++;
	}
}

/* Of what never changes; the rest is in motion. */
static uint32_t head_check(const struct index_head *h)
{
	struct index_head fixed;

	memset(&fixed, 0, sizeof(fixed));
	memcpy(&fixed, h, offsetof(struct index_head, end));
	fixed.check = 0;
	return crc32c(0, &fixed, offsetof(struct index_head, end));
}

static bool bits_fit(uint32_t bits, uint32_t min)
{
	return bits >= min && bits <= BITS_MAX;
}

static bool head_fits(struct index_head *h, size_t file_len, const struct journal_identity *identity)
{
	static const unsigned char unknown[16];
	unsigned char boot_id[16];

	read_boot_id(boot_id);
	return !memcmp(h->magic, index_magic, 8) && h->version == INDEX_VERSION && h->check == head_check(h) && bits_fit(h->main_bits, MAIN_BITS_MIN) &&
	       bits_fit(h->ref_bits, REF_BITS_MIN) && map_len(h->main_bits, h->ref_bits) == file_len &&
	       atomic_load(&h->main_count) <= table_slots(h->main_bits) &&
	       atomic_load(&h->ref_count) <= table_slots(h->ref_bits) &&
	       memcmp(boot_id, unknown, 16) != 0 && !memcmp(h->boot_id, boot_id, 16) &&
	       !memcmp(h->store_id, identity->store_id, 16) && h->journal == identity->number &&
	       h->device == identity->device && h->inode == identity->inode;
}

int index_open(const char *path, const struct journal_identity *identity, bool writable, struct store_index **out,
	       struct drift_error *err)
{
	struct store_index *index;
	struct index_head head;
	struct file_info info;
	auto_close int fd = -1;

	if ((writable ? file_open_write(path, &fd, NULL) : file_open_read(path, &fd, NULL)) < 0 ||
	    file_info(fd, &info, NULL) < 0 || info.size < HEAD_LEN || file_read_at(fd, &head, sizeof(head), 0, NULL) < 0 ||
	    !head_fits(&head, (size_t)info.size, identity))
		return 0;
	index = mem_calloc(1, sizeof(*index));
	if (!index)
		return error_no_memory(err);
	index->fd = take_fd(&fd);
	index->path = mem_dup_str(path, strlen(path));
	index->len = (size_t)info.size;
	index->device = info.device;
	index->inode = info.inode;
	index->writable = writable;
	memcpy(index->store_id, identity->store_id, 16);
	if (!index->path || file_map(index->fd, index->len, writable, &index->map, err) < 0) {
		index_close(index);
		return -1;
	}
	set_tables(index);
	*out = index;
	return 1;
}

/* Fuller tables are slow to search. */
static uint64_t table_room(uint32_t bits)
{
	return ((uint64_t)1 << bits) * 5 / 8;
}

static uint32_t bits_for(uint64_t entries, uint32_t min)
{
	uint32_t bits = min;

	while (bits < BITS_MAX && table_room(bits) < entries)
		bits++;
	return bits;
}

/* The file under its temporary name, mapped. A disk that fills up later must not kill who writes to the map. */
static int create_file(struct store_index *index, const char *path, struct drift_error *err)
{
	auto_buf temp = BUF_INIT;
	struct file_info info;
	int r;

	index->path = mem_dup_str(path, strlen(path));
	if (!index->path)
		return error_no_memory(err);
	if (file_create_temp(path, &temp, &index->fd, err) < 0)
		return -1;
	index->temp_path = buf_take(&temp, NULL);
	r = file_allocate(index->fd, index->len, err);
	if (!r)
		r = file_info(index->fd, &info, err);
	if (!r)
		r = file_map(index->fd, index->len, true, &index->map, err);
	if (!r) {
		index->device = info.device;
		index->inode = info.inode;
	}
	return index->temp_path ? r : error_no_memory(err);
}

static int create_sized(const char *path, const struct journal_identity *identity, uint32_t main_bits,
			uint32_t ref_bits, struct store_index **out, struct drift_error *err)
{
	struct store_index *index = mem_calloc(1, sizeof(*index));
	struct index_head *h;

	if (!index)
		return error_no_memory(err);
	index->fd = -1;
	index->len = map_len(main_bits, ref_bits);
	index->writable = true;
	if (path ? create_file(index, path, err) < 0 : !(index->map = mem_calloc(1, index->len))) {
		index_close(index);
		return path ? -1 : error_no_memory(err);
	}
	h = index->map;
	memcpy(h->magic, index_magic, 8);
	h->version = INDEX_VERSION;
	h->main_bits = main_bits;
	h->ref_bits = ref_bits;
	read_boot_id(h->boot_id);
	memcpy(h->store_id, identity->store_id, 16);
	memcpy(index->store_id, identity->store_id, 16);
	h->journal = identity->number;
	h->device = identity->device;
	h->inode = identity->inode;
	h->check = head_check(h);
	set_tables(index);
	clear_sums(&index->main);
	clear_sums(&index->ref);
	*out = index;
	return 0;
}

int index_create(const char *path, const struct journal_identity *identity, uint64_t main_room, uint64_t ref_room,
		 struct store_index **out, struct drift_error *err)
{
	return create_sized(path, identity, bits_for(main_room, MAIN_BITS_MIN), bits_for(ref_room, REF_BITS_MIN), out,
			    err);
}

/* A large index need not be in memory as a whole because somebody goes through it once. */
static void rest(const struct store_index *index, void *at, size_t len)
{
	if (index->path && index->fd >= 0)
		file_map_rest(at, len);
}

int index_publish(struct store_index *index, struct drift_error *err)
{
	if (!index->temp_path)
		return 0;
	if (file_rename(index->temp_path, index->path, err) < 0)
		return -1;
	free(index->temp_path);
	index->temp_path = NULL;
	rest(index, index->main.slots, table_len(index->main.bits));
	return 0;
}

void index_close(struct store_index *index)
{
	if (!index)
		return;
	if (index->temp_path && file_unlink(index->temp_path, NULL) < 0)
		index->temp_path[0] = '\0'; /* it stays behind in the cache folder, where anything may be deleted */
	if (index->map && index->path)
		file_unmap(index->map, index->len);
	else
		free(index->map);
	mem_cleanup_close(&index->fd);
	free(index->temp_path);
	free(index->path);
	free(index);
}

void index_abandon(struct store_index *index)
{
	if (!index->map || index->fd < 0)
		return;
	atomic_store(&index->damaged, true);
	/* Where that cannot be, it stays until it is closed. */
	if (file_map_abandon(index->fd, index->map, index->len, HEAD_LEN, NULL) < 0)
		return;
	mem_cleanup_close(&index->fd);
	index->fd = -1;
}

bool index_is_shared(const struct store_index *index)
{
	return index->path && !index->temp_path;
}

bool index_is_current(const struct store_index *index)
{
	struct file_info info;

	if (!index_is_shared(index))
		return true;
	return file_look(index->path, &info, NULL) == 0 && info.kind == FILE_REGULAR && info.inode == index->inode &&
	       info.device == index->device && info.size == index->len;
}

bool index_has_room(struct store_index *index, uint64_t main_entries, uint64_t ref_entries)
{
	struct index_head *h = index->map;

	return atomic_load(&h->main_count) + main_entries <= table_room(index->main.bits) &&
	       atomic_load(&h->ref_count) + ref_entries <= table_room(index->ref.bits);
}

bool index_has_slots(struct store_index *index, uint64_t main_entries, uint64_t ref_entries)
{
	struct index_head *h = index->map;

	return atomic_load(&h->main_count) + main_entries <= ((uint64_t)1 << index->main.bits) * 7 / 8 &&
	       atomic_load(&h->ref_count) + ref_entries <= ((uint64_t)1 << index->ref.bits) * 7 / 8;
}

static uint64_t id_key(const struct oid *id, unsigned type)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < 8; i++)
		v = v << 8 | id->bytes[i];
	return (v & ~TYPE_MASK) | type;
}

/* The slot of key, or the empty one where it belongs; the number of slots if the table is full there. */
static size_t probe(const struct table *t, uint64_t key)
{
	size_t i = (size_t)(key >> (64 - t->bits)), end = table_slots(t->bits);

	for (; i < end; i++)
		if (!atomic_load_explicit(&t->slots[i].loc, memory_order_acquire) || t->slots[i].key == key)
			break;
	return i;
}

/* The location of key, LOC_UNKNOWN if it is not there, or what was passed on the way is damaged. */
static uint64_t look_up(struct store_index *index, const struct table *t, uint64_t key)
{
	size_t i = probe(t, key), end = table_slots(t->bits);

	if (!span_holds(index, t, (size_t)(key >> (64 - t->bits)), i < end ? i : end - 1) || i == end)
		return LOC_UNKNOWN;
	return atomic_load(&t->slots[i].loc);
}

static void put(const struct table *t, size_t i, uint64_t key, uint64_t loc, _Atomic uint64_t *count)
{
	struct slot *s = &t->slots[i];
	uint64_t before = atomic_load_explicit(&s->loc, memory_order_relaxed);
	uint64_t change = slot_sum(i, key, loc);

	if (!before) {
		s->key = key;
		atomic_fetch_add(count, 1);
	} else {
		change ^= slot_sum(i, key, before);
	}
	atomic_store_explicit(&s->loc, loc, memory_order_release);
	atomic_fetch_xor_explicit(&t->sums[i / GROUP_SLOTS], change, memory_order_release);
}

/* A table that is full, though room was made, was counted wrongly: the index serves no longer than this append. */
static void note_full(struct store_index *index)
{
	atomic_store(&index_head(index)->superseded, 1);
}

static void set(struct store_index *index, const struct table *t, uint64_t key, uint64_t loc, _Atomic uint64_t *count)
{
	size_t i = probe(t, key);

	if (i < table_slots(t->bits))
		put(t, i, key, loc, count);
	else
		note_full(index);
}

void index_add_object(struct store_index *index, const struct oid *id, enum object_kind kind, uint64_t loc)
{
	struct index_head *h = index->map;
	uint64_t key = id_key(id, (unsigned)kind);
	size_t i = probe(&index->main, key);

	/* The first place of an object stays: what is stored again later is the same. */
	if (i == table_slots(index->main.bits))
		note_full(index);
	else if (!atomic_load_explicit(&index->main.slots[i].loc, memory_order_relaxed))
		put(&index->main, i, key, loc, &h->main_count);
}

bool index_find_object(struct store_index *index, const struct oid *id, size_t *position, uint64_t *loc_out,
		       enum object_kind *kind_out)
{
	return index_find_prefix(index, id->bytes, 16, position, loc_out, kind_out);
}

bool index_find_prefix(struct store_index *index, const unsigned char prefix[8], unsigned digits, size_t *position,
		       uint64_t *loc_out, enum object_kind *kind_out)
{
	uint64_t low = 0, mask = digits >= 16 ? UINT64_MAX : ~(UINT64_MAX >> (4 * digits));
	const struct table *t = &index->main;
	size_t i, end = table_slots(t->bits), first, last;

	for (i = 0; i < 8; i++)
		low = low << 8 | prefix[i];
	low &= mask;
	first = i = *position ? *position : (size_t)(low >> (64 - t->bits));
	last = (size_t)((low | ~mask) >> (64 - t->bits));
	for (; i < end; i++) {
		uint64_t loc = atomic_load_explicit(&t->slots[i].loc, memory_order_acquire);
		uint64_t key = loc ? t->slots[i].key : 0; /* nobody's before */

		if (!loc && i >= last)
			break;
		if (!loc || (key & TYPE_MASK) == TYPE_PATH || (key & TYPE_MASK) == 0 ||
		    ((key & mask & ~TYPE_MASK) != (low & ~TYPE_MASK)))
			continue;
		if (!span_holds(index, t, first, i))
			return false;
		*position = i + 1;
		*loc_out = loc;
		*kind_out = (enum object_kind)(key & TYPE_MASK);
		return true;
	}
	(void)span_holds(index, t, first < end ? first : end - 1, i < end ? i : end - 1);
	return false;
}

uint64_t index_hash(struct store_index *index, const void *a, size_t a_len, const void *b, size_t b_len)
{
	unsigned char small[512];
	auto_buf large = BUF_INIT;

	if (a_len + b_len + 1 <= sizeof(small)) {
		memcpy(small, a, a_len);
		small[a_len] = '\0';
		if (b_len)
			memcpy(small + a_len + 1, b, b_len);
		return siphash(index->store_id, small, a_len + 1 + b_len);
	}
	buf_add(&large, a, a_len);
	buf_add_byte(&large, 0);
	buf_add(&large, b, b_len);
	return siphash(index->store_id, large.data, large.len);
}

void index_set_path(struct store_index *index, uint64_t hash, uint64_t loc)
{
	set(index, &index->main, (hash & ~TYPE_MASK) | TYPE_PATH, loc, &index_head(index)->main_count);
}

uint64_t index_get_path(struct store_index *index, uint64_t hash)
{
	return look_up(index, &index->main, (hash & ~TYPE_MASK) | TYPE_PATH);
}

void index_set_ref(struct store_index *index, uint64_t hash, uint64_t loc)
{
	set(index, &index->ref, hash, loc, &index_head(index)->ref_count);
}

uint64_t index_get_ref(struct store_index *index, uint64_t hash)
{
	return look_up(index, &index->ref, hash);
}

void index_set_log_head(struct store_index *index, uint64_t loc)
{
	index_set_ref(index, KEY_LOG, loc);
}

uint64_t index_log_head(struct store_index *index)
{
	return index_get_ref(index, KEY_LOG);
}

void index_set_marker_head(struct store_index *index, uint64_t loc)
{
	index_set_ref(index, KEY_MARKER, loc);
}

uint64_t index_marker_head(struct store_index *index)
{
	return index_get_ref(index, KEY_MARKER);
}

bool index_refs_hold(struct store_index *index)
{
	return span_holds(index, &index->ref, 0, table_slots(index->ref.bits) - 1);
}

bool index_ref_slot(struct store_index *index, size_t i, uint64_t *hash_out, uint64_t *loc_out)
{
	if (i >= table_slots(index->ref.bits))
		return false;
	*loc_out = atomic_load_explicit(&index->ref.slots[i].loc, memory_order_acquire);
	*hash_out = index->ref.slots[i].key;
	if (*hash_out == KEY_LOG || *hash_out == KEY_MARKER)
		*loc_out = LOC_UNKNOWN;
	return true;
}

/* Slots up to i were looked at in order. */
static void rest_behind(const struct store_index *index, const struct table *t, size_t i)
{
	if (i % REST_SLOTS == REST_SLOTS - 1)
		rest(index, &t->slots[i + 1 - REST_SLOTS], REST_SLOTS * sizeof(struct slot));
}

/* What stands in files from `first` on. */
static void copy_table(struct store_index *index, const struct table *to, struct store_index *old,
		       const struct table *from, uint64_t first)
{
	_Atomic uint64_t *count = to == &index->main ? &index_head(index)->main_count : &index_head(index)->ref_count;
	size_t i;

	for (i = 0; i < table_slots(from->bits); i++) {
		uint64_t loc = atomic_load(&from->slots[i].loc);

		if (loc && loc_file(loc) >= first)
			set(index, to, from->slots[i].key, loc, count);
		rest_behind(old, from, i);
	}
}

void index_raise(_Atomic uint64_t *v, uint64_t to)
{
	uint64_t now = atomic_load(v);

	while (now < to && !atomic_compare_exchange_weak(v, &now, to))
		;
}

static void copy_synced(struct index_head *to, struct index_head *from)
{
	if (atomic_load(&from->failed))
		atomic_store(&to->failed, 1);
	index_raise(&to->synced, atomic_load(&from->synced));
	index_raise(&to->visible, atomic_load(&from->visible));
}

/* How much of a copy there is to be, and of what. */
struct copying {
	uint64_t first; /* file */
	uint64_t packs;
	uint64_t main_room, ref_room;
};

static int copy_index(struct store_index *old, const char *path, const struct journal_identity *identity,
		      const struct copying *how, struct store_index **out, struct drift_error *err)
{
	struct index_head *from = old->map, *to;
	struct store_index *index;

	if (index_create(path, identity, how->main_room, how->ref_room, &index, err) < 0)
		return -1;
	to = index->map;
	copy_table(index, &index->main, old, &old->main, how->first);
	copy_table(index, &index->ref, old, &old->ref, 0);
	index_set_end(index, atomic_load(&from->end));
	atomic_store(&to->last, atomic_load(&from->last));
	atomic_store(&to->frame_count, atomic_load(&from->frame_count));
	atomic_store(&to->damage_count, atomic_load(&from->damage_count));
	atomic_store(&to->packs, how->packs);
	copy_synced(to, from);
	/* An append that needs the room is under way. */
	if (!how->first)
		atomic_store(&to->write_to, atomic_load(&from->write_to));
	/* Of one that is still being made so is the larger one. */
	if (!old->temp_path && index_publish(index, err) < 0) {
		index_close(index);
		return -1;
	}
	atomic_store(&from->superseded, 1);
	/* It would hide damage under sums of its own: it serves this append and is made anew after it. */
	if (!span_holds(old, &old->main, 0, table_slots(old->main.bits) - 1) || !index_refs_hold(old))
		atomic_store(&to->superseded, 1);
	rest(old, old->main.slots, table_len(old->main.bits));
	/* Syncing goes on without the append lock: what it told the old one since, unless it has seen the mark. */
	copy_synced(to, from);
	*out = index;
	return 0;
}

int index_grow(struct store_index *old, const struct journal_identity *identity, uint64_t main_entries,
	       uint64_t ref_entries, struct store_index **out, struct drift_error *err)
{
	struct index_head *h = old->map;
	struct copying how = { .packs = atomic_load(&h->packs),
			       .main_room = atomic_load(&h->main_count) + main_entries,
			       .ref_room = atomic_load(&h->ref_count) + ref_entries };

	return copy_index(old, old->path, identity, &how, out, err);
}

int index_prune(struct store_index *old, const char *path, const struct journal_identity *identity,
		const struct index_packed *packed, struct store_index **out, struct drift_error *err)
{
	struct index_head *h = old->map;
	struct copying how = { .first = packed->first,
			       .packs = packed->packs,
			       .main_room = 16,
			       .ref_room = atomic_load(&h->ref_count) + 4 };
	size_t i;

	for (i = 0; i < table_slots(old->main.bits); i++) {
		how.main_room += loc_file(atomic_load(&old->main.slots[i].loc)) >= packed->first;
		rest_behind(old, &old->main, i);
	}
	return copy_index(old, path, identity, &how, out, err);
}

/* Nobody writes to it meanwhile; readers of the copy come later. */
static void copy_slots(const struct store_index *index, const struct table *to, struct store_index *old,
		       const struct table *from)
{
	const size_t step = REST_SLOTS * sizeof(struct slot), len = table_len(from->bits);
	size_t at, n;

	for (at = 0; at < len; at += n) {
		char *source = (char *)from->slots + at, *copy = (char *)to->slots + at;

		n = len - at < step ? len - at : step;
		memcpy(copy, source, n);
		rest(index, copy, n);
		rest(old, source, n);
	}
}

int index_copy(struct store_index *old, const char *path, const struct journal_identity *identity, uint64_t start,
	       struct store_index **out, struct drift_error *err)
{
	struct index_head *from = old->map, *to;
	struct store_index *index;

	if (create_sized(path, identity, old->main.bits, old->ref.bits, &index, err) < 0)
		return -1;
	to = index->map;
	copy_slots(index, &index->main, old, &old->main);
	copy_slots(index, &index->ref, old, &old->ref);
	memcpy(index->fresh, old->fresh, sizeof(*index->fresh));
	atomic_store(&to->main_count, atomic_load(&from->main_count));
	atomic_store(&to->ref_count, atomic_load(&from->ref_count));
	atomic_store(&to->fresh_turn, atomic_load(&from->fresh_turn));
	atomic_store(&to->damage_count, atomic_load(&from->damage_count));
	atomic_store(&to->packs, atomic_load(&from->packs));
	index_set_end(index, start);
	atomic_store(&to->synced, start);
	atomic_store(&to->visible, start);
	if (index_publish(index, err) < 0) {
		index_close(index);
		return -1;
	}
	atomic_store(&from->superseded, 1);
	*out = index;
	return 0;
}
