/*
 * A whole journal file: the store opens or says why not, and all that can be read is read, in bounded time. The first
 * byte says how: bit 0: checksums are made right first, so that what is within the frames is met.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "objects/frame.h"
#include "objects/odb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define STEPS_MAX 10000
#define FILE_FRAME_LEN 52 /* the frame that a journal begins with */

/* One folder for all inputs, in memory where that can be. */
static char dir[64];
static const char store_id[16] = "fuzzed journals";

static void remove_folder(void)
{
	static const char *const names[] = { "journal-000001", "current" };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void write_file(const char *name, const void *data, size_t len)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		abort();
}

static void make_folder(void)
{
	auto_buf text = BUF_INIT;
	size_t i;

	snprintf(dir, sizeof(dir), "/dev/shm/drift-fuzz-XXXXXX");
	if (!mkdtemp(dir)) {
		snprintf(dir, sizeof(dir), "/tmp/drift-fuzz-XXXXXX");
		if (!mkdtemp(dir))
			abort();
	}
	atexit(remove_folder);
	buf_add_str(&text, "drift store 1\nid ");
	for (i = 0; i < sizeof(store_id); i++)
		buf_addf(&text, "%02x", (unsigned)(unsigned char)store_id[i]);
	buf_add_str(&text, "\njournal 1\n");
	write_file("current", text.data, text.len);
}

static void put_head(char *p, uint32_t len, size_t offset, bool first)
{
	uint32_t seed = first ? 0 : crc32c(0, store_id, sizeof(store_id));
	struct frame frame = { .len = len, .kind = (enum frame_kind)((unsigned char)p[12] % 4 + 1) };

	memcpy(&frame.durable_lag, p + 8, 4);
	if (first)
		frame.kind = FRAME_FILE;
	frame.crc = frame_checksum(seed, offset, p + FRAME_HEAD_LEN, len);
	frame_head_encode(&frame, (unsigned char *)p);
}

/* Take the lengths as they are, as far as they fit. */
static void make_checksums(struct buf *b)
{
	size_t at = 0;

	while (at + FRAME_HEAD_LEN < b->len) {
		size_t left = b->len - at - FRAME_HEAD_LEN, len = 0;

		memcpy(&len, b->data + at, 3);
		if (!len)
			return;
		len = len < left ? len : left;
		put_head(b->data + at, (uint32_t)len, at, !at);
		at += FRAME_HEAD_LEN + len;
	}
}

struct reading {
	struct odb *odb;
	size_t steps;
};

static void read_changes(struct reading *r, uint64_t loc)
{
	struct change_list list;
	uint64_t head, marker;

	if (odb_change_list(r->odb, loc, &list, NULL) <= 0)
		return;
	if (list.count)
		(void)!odb_change_head(r->odb, &list.changes[0].path, &head, &marker, NULL);
	change_list_release(&list);
}

/* Back over first parents, which must come to an end. */
static void read_commits(struct reading *r, const struct object_ref *ref)
{
	struct commit *c, *next;
	size_t n = 0;

	if (odb_commit(r->odb, &ref->id, ref->loc, &c, NULL) < 0)
		return;
	while (c && n++ < STEPS_MAX) {
		assert(c->last_merge_loc <= c->loc);
		read_changes(r, c->loc);
		next = NULL;
		if (c->parent_count && odb_commit(r->odb, &c->parents[0].id, c->parents[0].loc, &next, NULL) < 0)
			next = NULL;
		commit_unref(c);
		c = next;
	}
	assert(!c);
}

static int read_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct reading *r = data;
	struct ref_log_entry entry;
	uint64_t loc, before;
	int found = odb_ref_log_head(r->odb, name, &loc, err);

	if (value->kind == REF_OBJECT)
		read_commits(r, &value->object);
	while (found > 0 && loc != LOC_UNKNOWN && r->steps++ < STEPS_MAX) {
		if (odb_ref_log_read(r->odb, loc, &entry, NULL) < 0)
			break;
		before = entry.previous_loc;
		ref_log_release(&entry);
		assert(before < loc);
		loc = before;
	}
	return 0;
}

static int read_object(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct reading *r = data;
	auto_buf bytes = BUF_INIT;
	enum object_kind there;
	struct oid hash;

	(void)loc, (void)err, (void)kind;
	if (r->steps++ > STEPS_MAX)
		return 1;
	if (odb_read(r->odb, id, &there, &bytes, NULL) > 0) {
		object_hash(there, bytes.data, bytes.len, &hash);
		assert(oid_equal(&hash, id));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct odb_options options = { .read_only = true, .node_cache_len = 1 << 20 };
	struct reading r = { .steps = 0 };
	auto_buf journal = BUF_INIT;

	if (len < 1 + FILE_FRAME_LEN || len > 1 << 16)
		return 0;
	if (!*dir)
		make_folder();
	buf_add(&journal, data + 1, len - 1);
	if (data[0] & 1) {
		memcpy(journal.data + FILE_FRAME_LEN - sizeof(store_id), store_id, sizeof(store_id));
		make_checksums(&journal);
	}
	write_file("journal-000001", journal.data, journal.len);
	if (odb_open(dir, &options, &r.odb, NULL) < 0)
		return 0;
	(void)!odb_ref_each(r.odb, "", read_ref, &r, NULL);
	(void)!odb_each_object(r.odb, read_object, &r, NULL);
	odb_close(r.odb);
	return 0;
}
