#include "t/unit/pack_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/commit_record.h"
#include "objects/pack_record.h"
#include "objects/txn.h"

#define GROUP_ITEMS 37
#define LEVEL 3

const unsigned char pack_sample_store[16] = "a store's 16 id";

uint64_t pack_sample_loc(size_t i)
{
	if (i < PACK_SAMPLE_FRAMES / 2)
		return loc_make(1, 52 + i * 300 + i % 7 * 11, 0);
	return loc_make(2, 52 + (i - PACK_SAMPLE_FRAMES / 2) * 210, 0);
}

static size_t content_of(size_t i, char content[256])
{
	return (size_t)snprintf(content, 256, "{\"number\": %zu, \"name\": \"document of the pack's sample, %zu\"}", i, i * i);
}

static void key_of(size_t path, char key[32])
{
	snprintf(key, 32, "key-%zu", path);
}

void pack_sample_blob(size_t i, struct buf *out)
{
	char content[256];
	size_t len = content_of(i, content);

	if (pack_record_put_blob(pack_sample_loc(i % PACK_SAMPLE_PATHS), content, len, out, NULL) < 0)
		abort();
}

static struct commit *commit_of(size_t i)
{
	struct commit from = { .author = { .who = { "sam <s@example.org>", 19 }, .zone = "+0000" }, .message = { "put\n", 4 } };
	struct object_ref parent = { .loc = LOC_UNKNOWN };
	struct commit *c = NULL;

	from.author.time_usec = (int64_t)i * 1000000;
	from.committer = from.author;
	from.time_usec = from.author.time_usec;
	from.seq = from.gen = i + 1;
	from.tree.id.bytes[0] = 1;
	from.tree.loc = i ? pack_sample_loc(i - 1) | 1 : LOC_UNKNOWN;
	if (i) {
		parent = (struct object_ref){ { { 2, (unsigned char)i } }, pack_sample_loc(i - 1) };
		from.parents = &parent;
		from.parent_count = 1;
		from.jump = parent;
	}
	if (commit_new(&from, &c, NULL) < 0)
		abort();
	return c;
}

void pack_sample_ids(size_t i, struct oid *commit_out, struct oid *blob_out)
{
	struct commit *c = commit_of(i);
	char content[256];

	*commit_out = c->id;
	commit_unref(c);
	object_hash(OBJECT_BLOB, content, content_of(i, content), blob_out);
}

void pack_sample_stub(size_t i, struct buf *out)
{
	static struct compressor *z;
	char key[32];
	struct change change = { .path = { "things", 6, key, 0 }, .kinds = 1 };
	struct change_list list = { .complete = true, .changes = &change, .count = 1 };
	struct commit *c = commit_of(i);
	auto_buf record = BUF_INIT;

	key_of(i % PACK_SAMPLE_PATHS, key);
	change.path.key_len = strlen(key);
	if ((!z && compressor_create(&z, NULL) < 0) ||
	    commit_record_encode(c, pack_sample_loc(i), LOC_UNKNOWN, LOC_UNKNOWN, z, &record, NULL) < 0)
		abort();
	commit_unref(c);
	buf_add_varint(out, 2);
	buf_add_varint(out, record.len);
	buf_add_varint(out, 0); /* the blob has moved */
	buf_add(out, record.data, record.len);
	buf_add_byte(out, 2);
	buf_add_varint(out, 1);
	txn_changes_encode(0, &list, pack_sample_loc(i), out);
	if (buf_check(out, NULL) < 0)
		abort();
}

uint64_t pack_sample_path(size_t i)
{
	char key[32];

	key_of(i, key);
	return pack_path_hash(pack_sample_store, "things", 6, key, strlen(key));
}

uint64_t pack_sample_newest(size_t path)
{
	size_t i = PACK_SAMPLE_FRAMES - 1;

	while (i % PACK_SAMPLE_PATHS != path)
		i--;
	return pack_sample_loc(i);
}

static int write_stubs(struct pack_writer *w, struct drift_error *err)
{
	size_t i;

	for (i = 0; i < PACK_SAMPLE_FRAMES; i++) {
		auto_buf stub = BUF_INIT;
		struct oid commit, blob;

		pack_sample_stub(i, &stub);
		pack_sample_ids(i, &commit, &blob);
		if (pack_writer_stub(w, pack_sample_loc(i), stub.data, stub.len, LEVEL, err) < 0 ||
		    pack_writer_id(w, &commit, pack_sample_loc(i), err) < 0 ||
		    pack_writer_id(w, &blob, pack_sample_loc(i) | 1, err) < 0 ||
		    pack_writer_path(w, pack_sample_path(i % PACK_SAMPLE_PATHS), pack_sample_loc(i), err) < 0)
			return -1;
	}
	return 0;
}

/* Newest first, as no order is asked for. */
static int write_objects(struct pack_writer *w, bool dict, struct drift_error *err)
{
	size_t i = PACK_SAMPLE_FRAMES;

	while (i) {
		uint64_t locs[GROUP_ITEMS];
		uint32_t lens[GROUP_ITEMS];
		struct pack_items items = { .lens = lens };
		auto_buf bytes = BUF_INIT;

		while (i && items.count < GROUP_ITEMS) {
			size_t at = bytes.len;

			pack_sample_blob(--i, &bytes);
			locs[items.count] = pack_sample_loc(i) | 1;
			lens[items.count++] = (uint32_t)(bytes.len - at);
		}
		items.bytes = (const unsigned char *)bytes.data;
		if (pack_writer_objects(w, &items, locs, LEVEL, dict, err) < 0)
			return -1;
	}
	return 0;
}

int pack_sample_write(const char *dir, bool dict, struct pack_name *name_out, struct drift_error *err)
{
	static char dictionary[] = "{\"number\": 1, \"name\": \"document of the pack's sample, 1\"}";
	char main_name[] = "refs/heads/main";
	struct pack_ref_head ref = { main_name, pack_sample_loc(PACK_SAMPLE_FRAMES - 1) };
	struct pack_source sources[] = { { 1000, 80000 }, { 2000, 60000 } };
	struct pack_heads heads = { .log_head = ref.loc, .refs = &ref, .ref_count = 1, .sources = sources, .source_count = 2 };
	struct pack_writer *w;
	uint64_t len;
	int r;

	if (pack_writer_new(dir, pack_sample_store, 1, 2, &w, err) < 0)
		return -1;
	r = dict ? pack_writer_dict(w, dictionary, sizeof(dictionary) - 1, LEVEL, err) : 0;
	if (r == 0)
		r = write_stubs(w, err);
	if (r == 0)
		r = write_objects(w, dict, err);
	if (r == 0)
		r = pack_writer_finish(w, &heads, name_out, &len, err);
	if (r == 0)
		r = pack_writer_publish(w, err);
	pack_writer_free(w);
	return r;
}
