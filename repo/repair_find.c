#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c_mend.h"
#include "base/file.h"
#include "base/mem.h"
#include "objects/frame.h"
#include "repo/repair_internal.h"

#define COPIES_MAX 1000 /* of one file in lost/ */
#define COPY_LEN ((size_t)1 << 20)
#define LOST_NAME "lost"

void repair_bytes_release(struct repair_bytes *bytes)
{
	size_t i;

	for (i = 0; i < bytes->count; i++) {
		free((void *)(uintptr_t)bytes->items[i].path);
		free((void *)(uintptr_t)bytes->items[i].name);
	}
	free(bytes->items);
	*bytes = (struct repair_bytes){ .items = NULL };
}

int repair_add_byte(struct repair_bytes *bytes, const struct repair_byte *byte, struct drift_error *err)
{
	struct repair_byte made = *byte;

	if (mem_grow(&bytes->items, &bytes->capacity, bytes->count + 1, sizeof(*bytes->items)) < 0)
		return error_no_memory(err);
	made.path = mem_dup_str(byte->path, strlen(byte->path));
	made.name = mem_dup_str(byte->name, strlen(byte->name));
	if (!made.path || !made.name) {
		free((void *)(uintptr_t)made.path);
		free((void *)(uintptr_t)made.name);
		return error_no_memory(err);
	}
	bytes->items[bytes->count++] = made;
	return 1;
}

/* The frame's payload, if the file is that long: 1, 0, -1. */
static int read_payload(int fd, uint64_t offset, uint32_t len, struct buf *out, struct drift_error *err)
{
	int64_t n;

	buf_clear(out);
	if (!buf_reserve(out, len))
		return error_no_memory(err);
	n = file_read_some(fd, out->data, len, offset + FRAME_HEAD_LEN, err);
	if (n < 0)
		return -1;
	out->len = (size_t)n;
	return out->len == len;
}

/* A whole head: the byte is in the payload. */
static int find_in_payload(int fd, uint32_t seed, uint64_t offset, const struct frame *frame, struct repair_byte *out,
			   struct drift_error *err)
{
	auto_buf payload = BUF_INIT;
	uint32_t difference;
	size_t at;
	int r = read_payload(fd, offset, frame->len, &payload, err);

	if (r <= 0)
		return r;
	difference = frame->crc ^ frame_checksum(seed, offset, payload.data, payload.len);
	if (crc32c_mend(difference, payload.len, &at, &out->with) != 1)
		return 0;
	out->offset = offset + FRAME_HEAD_LEN + at;
	return 1;
}

/* A changed head: each of its bytes is tried; its own check leaves few, the payload's checksum the right one. */
static int find_in_head(int fd, uint32_t seed, uint64_t offset, const unsigned char head[FRAME_HEAD_LEN],
			struct repair_byte *out, struct drift_error *err)
{
	unsigned char tried[FRAME_HEAD_LEN];
	auto_buf payload = BUF_INIT;
	struct frame frame;
	unsigned i, with;

	memcpy(tried, head, FRAME_HEAD_LEN);
	for (i = 0; i < FRAME_HEAD_LEN; i++) {
		for (with = 1; with < 256; with++) {
			int r;

			tried[i] = (unsigned char)(head[i] ^ with);
			if (!frame_head_decode(tried, &frame))
				continue;
			r = read_payload(fd, offset, frame.len, &payload, err);
			if (r < 0)
				return -1;
			if (!r || frame_checksum(seed, offset, payload.data, payload.len) != frame.crc)
				continue;
			out->offset = offset + i;
			out->with = (unsigned char)with;
			return 1;
		}
		tried[i] = head[i];
	}
	return 0;
}

int repair_find_byte(const char *path, const char *name, uint32_t seed, uint64_t offset, struct repair_bytes *bytes,
		     struct drift_error *err)
{
	struct repair_byte byte = { .frame = offset };
	unsigned char head[FRAME_HEAD_LEN];
	auto_close int fd = -1;
	struct frame frame;
	int64_t n;
	int r;

	if (file_open_read(path, &fd, err) < 0)
		return -1;
	n = file_read_some(fd, head, sizeof(head), offset, err);
	if (n < FRAME_HEAD_LEN)
		return n < 0 ? -1 : 0;
	if (!offset)
		seed = 0;
	if (frame_head_decode(head, &frame))
		r = find_in_payload(fd, seed, offset, &frame, &byte, err);
	else
		r = find_in_head(fd, seed, offset, head, &byte, err);
	if (r <= 0)
		return r;
	byte.path = path;
	byte.name = name;
	return repair_add_byte(bytes, &byte, err);
}

/* --- writing --- */

static int copy_bytes(int from, int to, struct drift_error *err)
{
	auto_free char *block = malloc(COPY_LEN);
	uint64_t at = 0;
	int64_t n;

	if (!block)
		return error_no_memory(err);
	while ((n = file_read_some(from, block, COPY_LEN, at, err)) > 0) {
		if (file_write_at(to, block, (size_t)n, at, err) < 0)
			return -1;
		at += (uint64_t)n;
	}
	return n < 0 ? -1 : file_sync(to, err);
}

/* A new file in lost/ under the name, or that and a number. */
static int create_copy(const char *dir, const char *name, int *fd_out, struct buf *path, struct drift_error *err)
{
	struct drift_error why;
	unsigned i;

	for (i = 1; i < COPIES_MAX; i++) {
		buf_clear(path);
		buf_addf(path, "%s/" LOST_NAME "/%s", dir, name);
		if (i > 1)
			buf_addf(path, ".%u", i);
		if (buf_check(path, err) < 0)
			return -1;
		if (!file_create(path->data, fd_out, &why))
			return 0;
		if (why.code != DRIFT_ERR_EXISTS)
			return error_set(err, why.code, "%s", why.message);
	}
	return error_set(err, DRIFT_ERR_LIMIT, "there are %u copies of '%s' in '%s/" LOST_NAME "'", i, name, dir);
}

static int make_folder(const char *dir, struct drift_error *err)
{
	struct drift_error why;
	auto_buf folder = BUF_INIT;

	file_join(&folder, dir, LOST_NAME);
	if (buf_check(&folder, err) < 0)
		return -1;
	if (!file_make_directory_durable(folder.data, &why) || why.code == DRIFT_ERR_EXISTS)
		return 0;
	return error_set(err, why.code, "%s", why.message);
}

int repair_keep_copy(const char *dir, const char *from_path, const char *name, struct drift_error *err)
{
	const char *base = strrchr(name, '/');
	auto_buf path = BUF_INIT;
	auto_close int from = -1;
	int to, r;

	if (make_folder(dir, err) < 0 || file_open_read(from_path, &from, err) < 0 ||
	    create_copy(dir, base ? base + 1 : name, &to, &path, err) < 0)
		return -1;
	r = copy_bytes(from, to, err);
	if (file_close(to, r ? NULL : err) < 0)
		r = -1;
	if (!r)
		r = file_sync_parent(path.data, err);
	if (r)
		(void)!file_unlink(path.data, NULL);
	return r;
}

static int write_byte(const struct repair_byte *byte, struct drift_error *err)
{
	unsigned char value;
	int fd, r;

	if (file_open_write(byte->path, &fd, err) < 0)
		return -1;
	r = file_read_at(fd, &value, 1, byte->offset, err);
	value ^= byte->with;
	if (!r)
		r = file_write_at(fd, &value, 1, byte->offset, err);
	if (!r)
		r = file_sync(fd, err);
	if (file_close(fd, r ? NULL : err) < 0)
		r = -1;
	return r;
}

static bool is_copied(const struct repair_bytes *bytes, size_t before)
{
	size_t i;

	for (i = 0; i < before; i++)
		if (!strcmp(bytes->items[i].path, bytes->items[before].path))
			return true;
	return false;
}

int repair_write_bytes(const char *dir, const struct repair_bytes *bytes, struct drift_error *err)
{
	size_t i;

	for (i = 0; i < bytes->count; i++)
		if (!is_copied(bytes, i) && repair_keep_copy(dir, bytes->items[i].path, bytes->items[i].name, err) < 0)
			return -1;
	for (i = 0; i < bytes->count; i++)
		if (write_byte(&bytes->items[i], err) < 0)
			return -1;
	return 0;
}

int repair_undo_bytes(const struct repair_bytes *bytes, struct drift_error *err)
{
	size_t i;

	for (i = 0; i < bytes->count; i++)
		if (write_byte(&bytes->items[i], err) < 0)
			return -1;
	return 0;
}
