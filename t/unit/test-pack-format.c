/* The format of packs: the example of Documentation/drift-format-pack.adoc, read from there, and the pack kept in t/golden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hex.h"
#include "objects/pack_record.h"
#include "objects/pack_write.h"
#include "objects/txn.h"
#include "t/unit/pack_sample.h"

#define PAGE "Documentation/drift-format-pack.adoc"
#define HEX_COLUMNS 48
#define LEVEL 9
#define GOLDEN "t/golden/pack-1"
#define GOLDEN_SHA "05972b4f66f12d0b488b27207a64aa91b7c7e1bb83c813dac1b9a99aa88551e7"

static const unsigned char store_id[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static struct drift_error why;

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", why.message);
}

/* Bytes at the left of each line of the page's example number `which`; "offset N:" must be where we are. */
static void read_example(int which, struct buf *out)
{
	FILE *f = fopen(PAGE, "r");
	char line[256];
	bool inside = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const char *p = line;

		if (!strncmp(line, "offset ", 7)) {
			size_t at = strtoull(line + 7, NULL, 10);

			if (!at)
				which--;
			inside = which == -1;
			assert_true(!inside || at == out->len);
			continue;
		}
		if (!strncmp(line, "----", 4))
			inside = false;
		for (; inside && p < line + HEX_COLUMNS && hex_digit((unsigned char)p[0]) >= 0; p += 3) {
			unsigned char byte;

			assert_true(hex_decode(p, &byte, 1));
			buf_add_byte(out, byte);
			if (p[2] != ' ')
				break;
		}
	}
	fclose(f);
	assert_true(out->len > 0);
}

static void example_stub(struct buf *out)
{
	struct txn_update update = { .name = { "refs/heads/main", 15 }, .value = TXN_ABSENT };
	struct txn_log log = { .actor = { "drift", 5 }, .reason = { "gone", 4 }, .updates = &update, .update_count = 1 };
	struct change change = { .path = { "cities", 6, "oslo", 4 }, .kinds = 1 };
	struct change_list list = { .complete = true, .changes = &change, .count = 1 };

	buf_add_varint(out, 2);
	buf_add(out, "\0\0\3", 3); /* two records that are not there; a log entry and change lists */
	txn_log_encode(&log, loc_make(1, 116, 0), out);
	buf_add_varint(out, 1);
	txn_changes_encode(0, &list, loc_make(1, 116, 0), out);
}

static void example_objects(struct pack_writer *w)
{
	static const char *const blobs[] = { "Oslo", "{\"x\":5}" };
	const uint64_t locs[] = { loc_make(1, 116, 1), loc_make(1, 300, 0) };
	struct pack_items items = { .count = 2 };
	auto_buf bytes = BUF_INIT;
	uint32_t lens[2];
	size_t i;

	for (i = 0; i < 2; i++) {
		size_t at = bytes.len;
		struct oid id;

		must(pack_record_put_blob(locs[i], blobs[i], strlen(blobs[i]), &bytes, &why));
		lens[i] = (uint32_t)(bytes.len - at);
		object_hash(OBJECT_BLOB, blobs[i], strlen(blobs[i]), &id);
		must(pack_writer_id(w, &id, locs[i], &why));
	}
	items.bytes = (const unsigned char *)bytes.data;
	items.lens = lens;
	must(pack_writer_objects(w, &items, locs, LEVEL, false, &why));
}

static void write_example(const char *dir, struct pack_name *name_out)
{
	char main_name[] = "refs/heads/main";
	struct pack_ref_head ref = { main_name, loc_make(1, 116, 0) };
	struct pack_source source = { 1700000000, 343 };
	struct pack_heads heads = { .log_head = ref.loc, .refs = &ref, .ref_count = 1, .sources = &source, .source_count = 1 };
	auto_buf stub = BUF_INIT;
	struct pack_writer *w;
	uint64_t len;

	example_stub(&stub);
	must(pack_writer_new(dir, store_id, 1, 1, &w, &why));
	must(pack_writer_stub(w, ref.loc, stub.data, stub.len, LEVEL, &why));
	must(pack_writer_path(w, pack_path_hash(store_id, "cities", 6, "oslo", 4), ref.loc, &why));
	example_objects(w);
	must(pack_writer_finish(w, &heads, name_out, &len, &why));
	must(pack_writer_publish(w, &why));
	pack_writer_free(w);
}

static void check_file(const char *dir, const struct pack_name *name, const char *end, int which)
{
	auto_buf path = BUF_INIT, expected = BUF_INIT, bytes = BUF_INIT;

	file_join(&path, dir, "pack-");
	hex_append(&path, name->sha, PACK_SHA_LEN);
	buf_add_str(&path, end);
	must(file_read_whole(path.data, 1 << 16, &bytes, &why));
	read_example(which, &expected);
	assert_int_equal(bytes.len, expected.len);
	assert_memory_equal(bytes.data, expected.data, bytes.len);
	unlink(path.data);
}

static void example_is_written(void **state)
{
	char dir[] = "/tmp/drift-pack-format-XXXXXX";
	struct pack_name name;

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_example(dir, &name);
	check_file(dir, &name, ".pack", 0);
	check_file(dir, &name, ".idx", 1);
	assert_int_equal(rmdir(dir), 0);
}

static void check_sample_item(struct pack *pack, uint64_t loc, const struct buf *expected)
{
	auto_group *group = NULL;
	struct pack_place place;

	assert_int_equal(pack_find(pack, loc, &place, &why), 1);
	must(pack_group(pack, place.kind, place.group, &group, &why));
	assert_int_equal(group->offset[place.index + 1] - group->offset[place.index], expected->len);
	assert_memory_equal(group->bytes + group->offset[place.index], expected->data, expected->len);
}

static void no_fault(void *data, uint64_t offset, const char *sentence)
{
	(void)data;
	fail_msg("fault at %llu: %s", (unsigned long long)offset, sentence);
}

/* Written once, compressed by the zstd of then; whatever is written today, this must be read. */
static void golden_pack_is_read(void **state)
{
	const struct pack_check check = { .fault = no_fault };
	struct pack_options options = { .dir = GOLDEN, .store_id = pack_sample_store };
	struct pack_name name = { .first = 1, .last = 2 };
	struct pack *pack = NULL;
	size_t i;

	(void)state;
	assert_true(hex_decode(GOLDEN_SHA, name.sha, PACK_SHA_LEN));
	must(group_cache_new(1 << 20, &options.groups, &why));
	must(pack_open(&name, &options, &pack, &why));
	must(pack_check(pack, &check, &why));
	must(pack_check_index(pack, &check, &why));
	assert_int_equal(pack_stub_count(pack), PACK_SAMPLE_FRAMES);
	for (i = 0; i < PACK_SAMPLE_FRAMES; i++) {
		auto_buf stub = BUF_INIT, blob = BUF_INIT;
		uint64_t position = 0, loc;
		struct oid commit, id;

		pack_sample_stub(i, &stub);
		pack_sample_blob(i, &blob);
		check_sample_item(pack, pack_sample_loc(i) | 0xff, &stub);
		check_sample_item(pack, pack_sample_loc(i) | 1, &blob);
		pack_sample_ids(i, &commit, &id);
		assert_int_equal(pack_find_id(pack, &commit, 64, &position, &loc, &why), 1);
		assert_true(loc == pack_sample_loc(i));
	}
	pack_close(pack);
	group_cache_free(options.groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_is_written),
		cmocka_unit_test(golden_pack_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
