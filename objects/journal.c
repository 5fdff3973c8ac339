#include "objects/journal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/mem.h"

#define BLOCK_LEN ((size_t)4 << 10)
#define BLOCK_COUNT 256 /* at most */
#define BLOCK_COUNT_MIN 8
#define LARGE_LEN ((size_t)64 << 10) /* frames over this are read past the blocks */
#define FILE_VERSION 1
#define STEP_MIN ((uint64_t)64 << 10)
#define STEP_MAX ((uint64_t)4 << 20)

static const char file_magic[8] = { 'd', 'r', 'i', 'f', 't', 'j', 'n', 'l' };
#define FILE_PAYLOAD_LEN (8 + 4 + 8 + 16)

/* A piece of the file, as far as it was written when it was read: frames never change, so neither does this. */
struct block {
	uint64_t number; /* block number + 1, 0: empty */
	size_t len;
	unsigned char *data;
};

struct journal {
	struct journal_identity identity;
	int fd;
	char *path;
	uint32_t seed; /* of the checksums: the store's id */
	uint64_t start;
	uint64_t size; /* of the file as far as we know, guarded by the append lock */
	pthread_mutex_t block_mutex;
	struct block blocks[BLOCK_COUNT];
	size_t block_count; /* of these are used */
};

static char *journal_file_name(const char *dir, uint64_t number)
{
	auto_buf path = BUF_INIT;

	buf_addf(&path, "%s/journal-%06llu", dir, (unsigned long long)number);
	return buf_take(&path, NULL);
}

static void file_frame(uint64_t number, const unsigned char store_id[16], struct buf *out)
{
	unsigned char head[FRAME_HEAD_LEN];
	auto_buf payload = BUF_INIT;
	struct frame frame = { .kind = FRAME_FILE, .durable_lag = 0 };

	buf_add(&payload, file_magic, sizeof(file_magic));
	buf_add_u32(&payload, FILE_VERSION);
	buf_add_u64(&payload, number);
	buf_add(&payload, store_id, 16);
	frame.len = (uint32_t)payload.len;
	frame.crc = frame_checksum(0, 0, payload.data, payload.len);
	frame_head_encode(&frame, head);
	buf_add(out, head, sizeof(head));
	buf_add(out, payload.data, payload.len);
	if (payload.failed)
		out->failed = true;
}

int journal_create(const char *dir, uint64_t number, const unsigned char store_id[16], struct drift_error *err)
{
	auto_free char *path = journal_file_name(dir, number);
	auto_buf bytes = BUF_INIT;
	int fd, r;

	file_frame(number, store_id, &bytes);
	if (!path || buf_check(&bytes, err) < 0)
		return error_no_memory(err);
	if (file_create(path, &fd, err) < 0)
		return -1;
	r = file_write_zeros(fd, 0, STEP_MIN, err);
	if (!r)
		r = file_write_at(fd, bytes.data, bytes.len, 0, err);
	if (!r)
		r = file_sync(fd, err);
	if (file_close(fd, r ? NULL : err) < 0)
		r = -1;
	if (!r)
		r = file_sync_parent(path, err);
	if (r && file_unlink(path, NULL) < 0)
		return -1; /* the half-made file stays; nothing names it */
	return r;
}

int journal_discard(const char *dir, uint64_t number, struct drift_error *err)
{
	auto_free char *path = journal_file_name(dir, number);
	struct file_info info;

	if (!path)
		return error_no_memory(err);
	if (file_look(path, &info, err) < 0)
		return -1;
	return info.kind == FILE_ABSENT ? 0 : file_unlink(path, err);
}

static int read_identity(struct journal *j, uint64_t number, struct drift_error *err)
{
	auto_buf payload = BUF_INIT;
	enum frame_kind kind;
	struct file_info info;
	struct cursor c;

	if (journal_read(j, 0, &payload, &kind, err) < 0)
		return -1;
	cursor_init(&c, payload.data, payload.len);
	if (kind != FRAME_FILE || payload.len != FILE_PAYLOAD_LEN || memcmp(c.pos, file_magic, 8) != 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' is not a drift journal", j->path);
	cursor_bytes(&c, 8);
	if (cursor_u32(&c) != FILE_VERSION)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "'%s' has a format that this drift does not know", j->path);
	j->identity.number = cursor_u64(&c);
	if (j->identity.number != number)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' says that it is journal %llu", j->path,
				 (unsigned long long)j->identity.number);
	memcpy(j->identity.store_id, payload.data + FILE_PAYLOAD_LEN - 16, 16);
	j->seed = crc32c(0, j->identity.store_id, 16);
	if (file_info(j->fd, &info, err) < 0)
		return -1;
	j->identity.device = info.device;
	j->identity.inode = info.inode;
	j->size = info.size;
	j->start = FRAME_HEAD_LEN + payload.len;
	return 0;
}

int journal_open(const char *dir, uint64_t number, bool writable, struct journal **journal_out,
		 struct drift_error *err)
{
	struct journal *j = mem_calloc(1, sizeof(*j));
	int r;

	if (!j)
		return error_no_memory(err);
	j->fd = -1;
	j->block_count = BLOCK_COUNT;
	pthread_mutex_init(&j->block_mutex, NULL);
	j->path = journal_file_name(dir, number);
	r = j->path ? 0 : error_no_memory(err);
	if (!r)
		r = writable ? file_open_write(j->path, &j->fd, err) : file_open_read(j->path, &j->fd, err);
	if (!r)
		r = read_identity(j, number, err);
	if (r) {
		journal_close(j);
		return -1;
	}
	*journal_out = j;
	return 0;
}

void journal_close(struct journal *j)
{
	size_t i;

	if (!j)
		return;
	for (i = 0; i < BLOCK_COUNT; i++)
		free(j->blocks[i].data);
	mem_cleanup_close(&j->fd);
	pthread_mutex_destroy(&j->block_mutex);
	free(j->path);
	free(j);
}

const struct journal_identity *journal_identity(const struct journal *j)
{
	return &j->identity;
}

int journal_fd(const struct journal *j)
{
	return j->fd;
}

const char *journal_path(const struct journal *j)
{
	return j->path;
}

uint32_t journal_seed(const struct journal *j)
{
	return j->seed;
}

uint64_t journal_start(const struct journal *j)
{
	return j->start;
}

int journal_size(struct journal *j, uint64_t *size_out, struct drift_error *err)
{
	return file_size(j->fd, size_out, err);
}

int64_t journal_peek(struct journal *j, uint64_t offset, void *data, size_t len, struct drift_error *err)
{
	return file_read_some(j->fd, data, len, offset, err);
}

/* A block's place depends on their count: none is kept. */
void journal_limit_memory(struct journal *j, size_t len)
{
	size_t count = BLOCK_COUNT, i;

	while (count > BLOCK_COUNT_MIN && count * BLOCK_LEN > len)
		count /= 2;
	pthread_mutex_lock(&j->block_mutex);
	for (i = 0; i < BLOCK_COUNT && count != j->block_count; i++) {
		j->blocks[i].number = 0;
		if (i >= count)
			free(take_ptr(j->blocks[i].data));
	}
	j->block_count = count;
	pthread_mutex_unlock(&j->block_mutex);
}

/* Without the zeros at the end, which are many: eight at a time. */
static size_t written_len(const unsigned char *data, size_t len)
{
	uint64_t word = 0;

	while (len >= sizeof(word) && !word) {
		memcpy(&word, data + len - sizeof(word), sizeof(word));
		len -= word ? 0 : sizeof(word);
	}
	while (len && !data[len - 1])
		len--;
	return len;
}

/* The block that holds offset, holding at least up to `need` bytes of it if the file has them; under block_mutex. */
static struct block *block_load(struct journal *j, uint64_t offset, size_t need, struct drift_error *err)
{
	uint64_t number = offset / BLOCK_LEN;
	struct block *b = &j->blocks[number % j->block_count];
	int64_t n;

	if (b->number == number + 1 && need <= b->len)
		return b;
	if (!b->data && !(b->data = malloc(BLOCK_LEN))) {
		error_no_memory(err);
		return NULL;
	}
	b->number = 0;
	n = file_read_some(j->fd, b->data, BLOCK_LEN, number * BLOCK_LEN, err);
	if (n < 0)
		return NULL;
	b->number = number + 1;
	b->len = (size_t)n;
	/* Zeros written ahead will become frames: do not remember them. */
	b->len = written_len(b->data, b->len);
	if (b->len < need)
		b->len = need <= (size_t)n ? need : (size_t)n;
	return b;
}

/* Copy from the blocks; a short file is damage. */
static int read_cached(struct journal *j, uint64_t offset, void *data, size_t len, struct drift_error *err)
{
	unsigned char *out = data;

	while (len) {
		size_t at = (size_t)(offset % BLOCK_LEN);
		size_t n = len < BLOCK_LEN - at ? len : BLOCK_LEN - at;
		struct block *b;

		pthread_mutex_lock(&j->block_mutex);
		b = block_load(j, offset, at + n, err);
		if (b && at + n <= b->len)
			memcpy(out, b->data + at, n);
		else if (b)
			error_set(err, DRIFT_ERR_CORRUPT, "'%s' ends before offset %llu", j->path,
				  (unsigned long long)(offset + n));
		if (!b || at + n > b->len) {
			pthread_mutex_unlock(&j->block_mutex);
			return -1;
		}
		pthread_mutex_unlock(&j->block_mutex);
		out += n;
		offset += n;
		len -= n;
	}
	return 0;
}

/* Drop the block from memory: it was read while what it holds was being replaced, or is damaged on disk. */
static void forget_blocks(struct journal *j, uint64_t from, uint64_t to)
{
	uint64_t n;

	pthread_mutex_lock(&j->block_mutex);
	for (n = from / BLOCK_LEN; n <= to / BLOCK_LEN; n++)
		if (j->blocks[n % j->block_count].number == n + 1)
			j->blocks[n % j->block_count].number = 0;
	pthread_mutex_unlock(&j->block_mutex);
}

/* damaged_out NULL: a wrong checksum is an error. */
static int read_frame(struct journal *j, uint64_t offset, struct buf *out, enum frame_kind *kind_out, bool *damaged_out,
		      struct drift_error *err)
{
	unsigned char head[FRAME_HEAD_LEN];
	struct frame frame;
	bool damaged;
	char *p;
	int r;

	if (read_cached(j, offset, head, sizeof(head), err) < 0)
		return -1;
	if (!frame_head_decode(head, &frame))
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' has no frame at offset %llu", j->path,
				 (unsigned long long)offset);
	p = buf_reserve(out, frame.len);
	if (!p)
		return error_no_memory(err);
	if (frame.len > LARGE_LEN)
		r = file_read_at(j->fd, p, frame.len, offset + FRAME_HEAD_LEN, err);
	else
		r = read_cached(j, offset + FRAME_HEAD_LEN, p, frame.len, err);
	if (r < 0)
		return -1;
	damaged = frame_checksum(offset ? j->seed : 0, offset, p, frame.len) != frame.crc;
	if (damaged && !damaged_out)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' is damaged at offset %llu: checksum of the frame differs",
				 j->path, (unsigned long long)offset);
	out->len += frame.len;
	out->data[out->len] = '\0';
	*kind_out = frame.kind;
	if (damaged_out)
		*damaged_out = damaged;
	return 0;
}

int journal_read(struct journal *j, uint64_t offset, struct buf *out, enum frame_kind *kind_out,
		 struct drift_error *err)
{
	size_t len = out->len;

	if (!read_frame(j, offset, out, kind_out, NULL, NULL))
		return 0;
	/* A block may hold what a torn append left, blanked and written anew since: look at the file itself. */
	buf_truncate(out, len);
	forget_blocks(j, offset, offset + LARGE_LEN);
	return read_frame(j, offset, out, kind_out, NULL, err);
}

int journal_read_damaged(struct journal *j, uint64_t offset, struct buf *out, enum frame_kind *kind_out,
			 bool *damaged_out, struct drift_error *err)
{
	size_t len = out->len;

	if (!read_frame(j, offset, out, kind_out, damaged_out, NULL) && !*damaged_out)
		return 0;
	buf_truncate(out, len);
	forget_blocks(j, offset, offset + LARGE_LEN);
	return read_frame(j, offset, out, kind_out, damaged_out, err);
}

int journal_write(struct journal *j, uint64_t end, const void *data, size_t len, struct drift_error *err)
{
	uint64_t step = j->size / 16;

	if (end + len > LOC_OFFSET_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the journal is full");
	if (end + len > j->size) {
		if (file_size(j->fd, &j->size, err) < 0)
			return -1;
		step = step < STEP_MIN ? STEP_MIN : step > STEP_MAX ? STEP_MAX : step;
		step = (step + 4095) & ~(uint64_t)4095;
	}
	if (end + len > j->size) {
		uint64_t want = ((end + len + 4095) & ~(uint64_t)4095) + step;

		if (file_write_zeros(j->fd, j->size, want - j->size, err) < 0) {
			/* no room for a step: try with what this append needs, so that a full disk fills to the last block */
			want = end + len;
			if (file_write_zeros(j->fd, j->size, want - j->size, err) < 0)
				return -1;
		}
		j->size = want;
	}
	return file_write_at(j->fd, data, len, end, err);
}

int journal_blank(struct journal *j, uint64_t from, uint64_t to, struct drift_error *err)
{
	uint64_t size;
	int r;

	/* Where the disk is full the file may have ended before; there is nothing to blank then. */
	if (file_size(j->fd, &size, err) < 0)
		return -1;
	if (to > size)
		to = size;
	if (to <= from)
		return 0;
	r = file_write_zeros(j->fd, from, to - from, err);
	if (!r)
		r = file_sync_data(j->fd, err);
	forget_blocks(j, from, to);
	return r;
}

int journal_sync(struct journal *j, struct drift_error *err)
{
	return file_sync_data(j->fd, err);
}

int journal_settle(struct journal *j, struct drift_error *err)
{
	return file_sync_seen(j->fd, err);
}
