/* Making the index of a pack; pack_index.c reads it. */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/extsort.h"
#include "base/file.h"
#include "base/mem.h"
#include "objects/pack_index_internal.h"

#define ITEM_LEN 16 /* the first 64 bits of the key, the value; both big endian */
#define KEY_LEN 8
#define SORT_MEMORY ((size_t)4 << 20)
#define WRITE_STEP ((size_t)256 << 10)

struct pack_index_builder {
	struct extsort *ids, *paths;
	uint64_t id_count, path_count; /* added */
	uint64_t value_max;
};

/* What is sorted, of equal ones the last. */
struct stream {
	struct extsort *sort;
	size_t same_len; /* items that have these bytes in common are equal */
	unsigned char ahead[ITEM_LEN];
	bool has_ahead;
};

/* Where the bytes go: to a file, or all to memory. */
struct sink {
	int fd; /* -1: memory */
	struct buf bytes, sums;
	uint64_t written;
	uint32_t sum; /* of the page that is being filled */
	size_t in_page;
};

struct part {
	struct stream stream;
	unsigned key_len, fan_bits;
	uint64_t count;
	uint32_t *fan;
};

int pack_index_builder_new(const char *dir, struct pack_index_builder **out, struct drift_error *err)
{
	struct pack_index_builder *b = mem_calloc(1, sizeof(*b));

	if (!b)
		return error_no_memory(err);
	if (extsort_new(dir, ITEM_LEN, SORT_MEMORY, &b->ids, err) < 0 ||
	    extsort_new(dir, ITEM_LEN, SORT_MEMORY, &b->paths, err) < 0) {
		pack_index_builder_free(b);
		return -1;
	}
	*out = b;
	return 0;
}

void pack_index_builder_free(struct pack_index_builder *b)
{
	if (!b)
		return;
	extsort_free(b->ids);
	extsort_free(b->paths);
	free(b);
}

static int add(struct pack_index_builder *b, struct extsort *sort, uint64_t key, uint64_t value, struct drift_error *err)
{
	unsigned char item[ITEM_LEN];

	extsort_put_number(item, key);
	extsort_put_number(item + KEY_LEN, value);
	if (value > b->value_max)
		b->value_max = value;
	return extsort_add(sort, item, err);
}

int pack_index_builder_id(struct pack_index_builder *b, const struct oid *id, uint64_t value, struct drift_error *err)
{
	b->id_count++;
	return add(b, b->ids, extsort_number(id->bytes), value, err);
}

int pack_index_builder_path(struct pack_index_builder *b, uint64_t hash, uint64_t value, struct drift_error *err)
{
	b->path_count++;
	return add(b, b->paths, hash, value, err);
}

static int stream_start(struct stream *s, struct drift_error *err)
{
	s->has_ahead = false;
	return extsort_rewind(s->sort, err);
}

static int stream_next(struct stream *s, unsigned char item[ITEM_LEN], struct drift_error *err)
{
	bool have = s->has_ahead;
	const void *next;
	int r;

	if (have)
		memcpy(item, s->ahead, ITEM_LEN);
	s->has_ahead = false;
	while ((r = extsort_next(s->sort, &next, err)) > 0) {
		if (have && memcmp(item, next, s->same_len) != 0) {
			memcpy(s->ahead, next, ITEM_LEN);
			s->has_ahead = true;
			return 1;
		}
		memcpy(item, next, ITEM_LEN);
		have = true;
	}
	return r < 0 ? -1 : have;
}

static int sink_put(struct sink *sink, const void *data, size_t len, struct drift_error *err)
{
	const unsigned char *p = data;

	buf_add(&sink->bytes, data, len);
	while (len) {
		size_t step = PACK_INDEX_PAGE - sink->in_page;

		if (step > len)
			step = len;
		sink->sum = crc32c(sink->sum, p, step);
		sink->in_page += step;
		p += step;
		len -= step;
		if (sink->in_page < PACK_INDEX_PAGE)
			break;
		buf_add_u32(&sink->sums, sink->sum);
		sink->sum = 0;
		sink->in_page = 0;
	}
	if (sink->fd < 0 || sink->bytes.len < WRITE_STEP)
		return 0;
	if (buf_check(&sink->bytes, err) < 0 ||
	    file_write_at(sink->fd, sink->bytes.data, sink->bytes.len, sink->written, err) < 0)
		return -1;
	sink->written += sink->bytes.len;
	buf_clear(&sink->bytes);
	return 0;
}

/* The checksums. */
static int sink_end(struct sink *sink, struct drift_error *err)
{
	if (sink->in_page)
		buf_add_u32(&sink->sums, sink->sum);
	if (buf_check(&sink->sums, err) < 0)
		return -1;
	buf_add(&sink->bytes, sink->sums.data, sink->sums.len);
	buf_add_u32(&sink->bytes, crc32c(0, sink->sums.data, sink->sums.len));
	if (buf_check(&sink->bytes, err) < 0)
		return -1;
	return sink->fd < 0 ? 0 : file_write_at(sink->fd, sink->bytes.data, sink->bytes.len, sink->written, err);
}

static size_t bucket_count(const struct part *part)
{
	return (size_t)1 << part->fan_bits;
}

/* Counts entries and fills the fan; `most`: how many there may be. */
static int count_part(struct part *part, uint64_t most, struct drift_error *err)
{
	unsigned bits = pack_index_fan_bits(most);
	unsigned char item[ITEM_LEN];
	size_t i;
	int r;

	if (most > PACK_INDEX_COUNT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a pack has no more than %u ids", PACK_INDEX_COUNT_MAX);
	part->fan = mem_calloc(((size_t)1 << bits) + 1, sizeof(*part->fan));
	if (!part->fan)
		return error_no_memory(err);
	if (stream_start(&part->stream, err) < 0)
		return -1;
	while ((r = stream_next(&part->stream, item, err)) > 0) {
		part->fan[bits ? extsort_number(item) >> (64 - bits) : 0]++;
		part->count++;
	}
	if (r < 0)
		return -1;
	/* Doubles are gone: perhaps fewer buckets will do. */
	for (part->fan_bits = bits; part->fan_bits > pack_index_fan_bits(part->count); part->fan_bits--)
		for (i = 0; i < bucket_count(part) / 2; i++)
			part->fan[i] = part->fan[2 * i] + part->fan[2 * i + 1];
	for (i = bucket_count(part); i--;)
		part->fan[i + 1] = part->fan[i];
	part->fan[0] = 0;
	for (i = 0; i < bucket_count(part); i++)
		part->fan[i + 1] += part->fan[i];
	return 0;
}

static int write_part(struct part *part, unsigned value_len, struct sink *sink, struct drift_error *err)
{
	unsigned char item[ITEM_LEN], entry[PACK_INDEX_PATH_KEY + PACK_INDEX_VALUE_MAX];
	size_t i;
	int r;

	for (i = 0; i <= bucket_count(part); i++) {
		unsigned char le[4] = { (unsigned char)part->fan[i], (unsigned char)(part->fan[i] >> 8),
					(unsigned char)(part->fan[i] >> 16), (unsigned char)(part->fan[i] >> 24) };

		if (sink_put(sink, le, sizeof(le), err) < 0)
			return -1;
	}
	if (stream_start(&part->stream, err) < 0)
		return -1;
	while ((r = stream_next(&part->stream, item, err)) > 0) {
		uint64_t key = extsort_number(item) << part->fan_bits;

		for (i = 0; i < part->key_len; i++)
			entry[i] = (unsigned char)(key >> (56 - 8 * i));
		for (i = 0; i < value_len; i++)
			entry[part->key_len + i] = item[ITEM_LEN - 1 - i];
		if (sink_put(sink, entry, part->key_len + value_len, err) < 0)
			return -1;
	}
	return r;
}

static unsigned value_len_for(uint64_t value)
{
	unsigned len = PACK_INDEX_VALUE_MIN;

	while (len < PACK_INDEX_VALUE_MAX && value >> (8 * len))
		len++;
	return len;
}

static int write_all(struct pack_index_builder *b, struct part parts[2], const unsigned char sha[PACK_SHA_LEN],
		     struct sink *sink, struct drift_error *err)
{
	unsigned value_len = value_len_for(b->value_max);
	auto_buf head = BUF_INIT;

	if (count_part(&parts[0], b->id_count, err) < 0 || count_part(&parts[1], b->path_count, err) < 0)
		return -1;
	buf_add(&head, PACK_INDEX_MAGIC, 8);
	buf_add_u32(&head, PACK_INDEX_VERSION);
	buf_add_u32(&head, 0);
	buf_add(&head, sha, PACK_SHA_LEN);
	buf_add_u64(&head, parts[0].count);
	buf_add_u64(&head, parts[1].count);
	buf_add_u64(&head, parts[0].fan_bits | parts[1].fan_bits << 8 | value_len << 16);
	if (buf_check(&head, err) < 0 || sink_put(sink, head.data, head.len, err) < 0 ||
	    write_part(&parts[0], value_len, sink, err) < 0 || write_part(&parts[1], value_len, sink, err) < 0)
		return -1;
	return sink_end(sink, err);
}

static int finish_file(struct sink *sink, const char *temp, const char *path, int done, struct drift_error *err)
{
	if (done < 0)
		(void)!file_close(sink->fd, NULL);
	else
		done = file_close(sink->fd, err);
	if (done == 0)
		done = file_rename(temp, path, err);
	if (done < 0)
		(void)!file_unlink(temp, NULL);
	return done;
}

static int write_to(struct pack_index_builder *b, const unsigned char sha[PACK_SHA_LEN], struct sink *sink,
		    struct drift_error *err)
{
	struct part parts[2] = {
		{ .stream = { .sort = b->ids, .same_len = ITEM_LEN }, .key_len = PACK_INDEX_ID_KEY },
		{ .stream = { .sort = b->paths, .same_len = KEY_LEN }, .key_len = PACK_INDEX_PATH_KEY },
	};
	int r = write_all(b, parts, sha, sink, err);

	free(parts[0].fan);
	free(parts[1].fan);
	return r;
}

/* tmp-..., as all that may be left behind in a folder of packs. */
static int create_beside(const char *path, struct buf *temp, int *fd_out, struct drift_error *err)
{
	const char *slash = strrchr(path, '/');
	auto_buf prefix = BUF_INIT;

	if (slash)
		buf_add(&prefix, path, (size_t)(slash + 1 - path));
	buf_add_str(&prefix, "tmp-idx-");
	if (buf_check(&prefix, err) < 0)
		return -1;
	return file_create_temp(prefix.data, temp, fd_out, err);
}

int pack_index_builder_finish(struct pack_index_builder *b, const unsigned char sha[PACK_SHA_LEN], const char *path,
			      struct pack_index **out, struct drift_error *err)
{
	struct sink sink = { .fd = -1, .bytes = BUF_INIT, .sums = BUF_INIT };
	auto_buf temp = BUF_INIT;
	size_t len;
	int r = 0;

	if (path)
		r = create_beside(path, &temp, &sink.fd, err);
	if (r == 0)
		r = write_to(b, sha, &sink, err);
	if (sink.fd >= 0)
		r = finish_file(&sink, temp.data, path, r, err);
	if (r == 0 && !path) {
		char *data = buf_take(&sink.bytes, &len);

		r = data ? pack_index_adopt((unsigned char *)data, len, sha, out, err) : error_no_memory(err);
	} else if (r == 0 && out) {
		r = pack_index_open(path, sha, out, err);
		if (r >= 0)
			r = r ? 0 : error_set(err, DRIFT_ERR_IO, "'%s' is not what was written", path);
	}
	buf_release(&sink.bytes);
	buf_release(&sink.sums);
	return r;
}
