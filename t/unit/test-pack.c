/* Packs written and read: places, groups, names; whatever is damaged is seen. */
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
#include "objects/commit_record.h"
#include "objects/pack_record.h"
#include "objects/pack_write.h"
#include "t/unit/pack_sample.h"

static char dir[64];
static struct drift_error why;

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", why.message);
}

static int make(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "%s/drift-pack-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	return mkdtemp(dir) ? 0 : -1;
}

static int release(void **state)
{
	struct file_names names;
	size_t i;

	(void)state;
	if (file_list(dir, 100, &names, NULL) < 0)
		return -1;
	for (i = 0; i < names.count; i++) {
		auto_buf path = BUF_INIT;

		file_join(&path, dir, names.items[i]);
		unlink(path.data);
	}
	file_names_release(&names);
	return rmdir(dir);
}

static struct pack *open_pack(const struct pack_name *name, struct group_cache *cache, bool no_index)
{
	struct pack_options options = { .dir = dir, .store_id = pack_sample_store, .groups = cache, .no_index = no_index,
					.may_write = !no_index };
	struct pack *pack = NULL;

	must(pack_open(name, &options, &pack, &why));
	return pack;
}

static void check_item(struct pack *pack, const struct pack_place *place, const struct buf *expected)
{
	auto_group *group = NULL;
	const unsigned char *item;

	must(pack_group(pack, place->kind, place->group, &group, &why));
	assert_true(place->index < group->count);
	item = group->bytes + group->offset[place->index];
	assert_int_equal(group->offset[place->index + 1] - group->offset[place->index], expected->len);
	assert_memory_equal(item, expected->data, expected->len);
}

static void check_items(struct pack *pack)
{
	size_t i;

	for (i = 0; i < PACK_SAMPLE_FRAMES; i++) {
		auto_buf stub = BUF_INIT, blob = BUF_INIT;
		uint64_t loc = pack_sample_loc(i);
		struct pack_place place;

		pack_sample_stub(i, &stub);
		assert_int_equal(pack_find(pack, loc | 0xff, &place, &why), 1);
		assert_int_equal(place.kind, PACK_STUBS);
		assert_true(place.ordinal == i);
		check_item(pack, &place, &stub);
		assert_int_equal(pack_find(pack, loc, &place, &why), 1);
		assert_int_equal(place.kind, PACK_STUBS);
		pack_sample_blob(i, &blob);
		assert_int_equal(pack_find(pack, loc | 1, &place, &why), 1);
		assert_int_equal(place.kind, PACK_OBJECTS);
		check_item(pack, &place, &blob);
		assert_int_equal(pack_find(pack, loc - 256, &place, &why), 0);
	}
}

static void check_names(struct pack *pack)
{
	uint64_t loc, position;
	size_t i;

	for (i = 0; i < PACK_SAMPLE_FRAMES; i++) {
		struct oid commit, blob;
		bool found = false;

		pack_sample_ids(i, &commit, &blob);
		position = 0;
		assert_int_equal(pack_find_id(pack, &commit, 64, &position, &loc, &why), 1);
		assert_true(loc == pack_sample_loc(i));
		position = 0;
		while (!found && pack_find_id(pack, &blob, 3, &position, &loc, &why) > 0)
			found = loc == (pack_sample_loc(i) | 1);
		assert_true(found);
	}
	for (i = 0; i < PACK_SAMPLE_PATHS; i++) {
		position = 0;
		assert_int_equal(pack_find_path(pack, pack_sample_path(i), &position, &loc, &why), 1);
		assert_true(loc == pack_sample_newest(i));
	}
	position = 0;
	assert_int_equal(pack_find_path(pack, pack_sample_path(PACK_SAMPLE_PATHS), &position, &loc, &why), 0);
}

static void written_and_read(void **state)
{
	struct group_cache *cache = NULL;
	struct group_cache_stats stats;
	struct pack_heads heads;
	struct pack_name name;
	struct pack *pack;
	int memory;

	(void)state;
	must(pack_sample_write(dir, true, &name, &why));
	must(group_cache_new(1 << 20, &cache, &why));
	for (memory = 0; memory < 2; memory++) {
		pack = open_pack(&name, cache, memory);
		assert_int_equal(pack_stub_count(pack), PACK_SAMPLE_FRAMES);
		assert_int_equal(pack_record_count(pack), PACK_SAMPLE_FRAMES);
		check_items(pack);
		check_names(pack);
		must(pack_read_heads(pack, &heads, &why));
		assert_true(heads.log_head == pack_sample_loc(PACK_SAMPLE_FRAMES - 1));
		assert_string_equal(heads.refs[0].name, "refs/heads/main");
		pack_heads_release(&heads);
		assert_true(pack_index_len(pack) > 0);
		pack_close(pack);
	}
	group_cache_stats(cache, &stats);
	assert_true(stats.hits > 0 && stats.misses > 0);
	group_cache_free(cache);
}

/* The map lists what is there; slices of groups have the same names. */
struct seen {
	struct pack *pack;
	size_t stubs, records;
	uint64_t last;
};

static int see(void *data, uint64_t loc, const struct pack_place *place, struct drift_error *err)
{
	struct seen *seen = data;
	size_t *count = place->kind == PACK_STUBS ? &seen->stubs : &seen->records;
	uint64_t offset, first, *locs = NULL;
	size_t loc_count;

	(void)err;
	assert_true(loc >= seen->last);
	seen->last = loc;
	assert_true(loc == (pack_sample_loc(*count) | (place->kind == PACK_OBJECTS)));
	++*count;
	pack_group_at(seen->pack, place->kind, place->group, &offset, &first);
	assert_true(first + place->index == place->ordinal);
	if (*count % 100)
		return 0;
	must(pack_group_locs(seen->pack, place->kind, place->group, place->group + 1, &locs, &loc_count, &why));
	assert_true(loc_count > place->index && locs[place->index] == loc);
	free(locs);
	return 0;
}

static void walked_in_order(void **state)
{
	struct group_cache *cache = NULL;
	struct pack_name name;
	struct seen seen = { .stubs = 0 };

	(void)state;
	must(pack_sample_write(dir, false, &name, &why));
	must(group_cache_new(1 << 20, &cache, &why));
	seen.pack = open_pack(&name, cache, false);
	must(pack_each(seen.pack, see, &seen, &why));
	assert_int_equal(seen.stubs, PACK_SAMPLE_FRAMES);
	assert_int_equal(seen.records, PACK_SAMPLE_FRAMES);
	pack_close(seen.pack);
	group_cache_free(cache);
}

static void count_fault(void *data, uint64_t offset, const char *sentence)
{
	(void)offset;
	assert_true(*sentence);
	++*(size_t *)data;
}

/* What the writer made and what is made from the pack are the same bytes. */
static void index_is_made_anew(void **state)
{
	size_t faults = 0;
	struct pack_check check = { .fault = count_fault, .data = &faults };
	struct group_cache *cache = NULL;
	struct file_info info;
	struct pack_name name;
	struct pack *pack;
	auto_buf path = BUF_INIT;

	(void)state;
	must(pack_sample_write(dir, true, &name, &why));
	must(group_cache_new(1 << 20, &cache, &why));
	pack = open_pack(&name, cache, false);
	must(pack_check(pack, &check, &why));
	must(pack_check_index(pack, &check, &why));
	assert_int_equal(faults, 0);
	buf_add_str(&path, pack_path(pack));
	buf_truncate(&path, path.len - 4);
	buf_add_str(&path, "idx");
	must(file_unlink(path.data, &why));
	check_names(pack);
	must(file_look(path.data, &info, &why));
	assert_int_equal(info.kind, FILE_REGULAR);
	must(pack_check_index(pack, &check, &why));
	assert_int_equal(faults, 0);
	pack_close(pack);
	/* Damaged: fsck tells, others make it anew. */
	must(file_replace(path.data, "driftidx", 8, &why));
	pack = open_pack(&name, cache, false);
	must(pack_check_index(pack, &check, &why));
	assert_int_equal(faults, 1);
	check_names(pack);
	must(pack_check_index(pack, &check, &why));
	assert_int_equal(faults, 1);
	pack_close(pack);
	group_cache_free(cache);
}

static void not_the_same_store(void **state)
{
	struct pack_options options = { .dir = dir, .store_id = (const unsigned char *)"another store id" };
	struct pack_name name, other;
	struct pack *pack = NULL;

	(void)state;
	must(pack_sample_write(dir, true, &name, &why));
	must(group_cache_new(1 << 20, &options.groups, &why));
	assert_int_equal(pack_open(&name, &options, &pack, &why), -1);
	assert_int_equal(why.code, DRIFT_ERR_CORRUPT);
	options.store_id = pack_sample_store;
	other = name;
	other.sha[0] ^= 1;
	assert_int_equal(pack_open(&other, &options, &pack, &why), -1);
	assert_int_equal(why.code, DRIFT_ERR_NOT_FOUND);
	other = name;
	other.last++;
	assert_int_equal(pack_open(&other, &options, &pack, &why), -1);
	assert_int_equal(why.code, DRIFT_ERR_CORRUPT);
	group_cache_free(options.groups);
	pack_close(NULL);
}

/* Reads all that can be read: right, or an error. Returns whether pack_check sees something. */
static bool survives(const struct pack_name *name, struct group_cache *cache)
{
	struct pack_options options = { .dir = dir, .store_id = pack_sample_store, .groups = cache, .no_index = true };
	size_t faults = 0, i;
	struct pack_check check = { .fault = count_fault, .data = &faults };
	struct pack *pack = NULL;
	struct pack_heads heads;

	if (pack_open(name, &options, &pack, &why) < 0)
		return true;
	must(pack_check(pack, &check, &why));
	for (i = 0; i < PACK_SAMPLE_FRAMES; i += 17) {
		auto_buf stub = BUF_INIT;
		auto_group *group = NULL;
		struct pack_place place;
		int r = pack_find(pack, pack_sample_loc(i) | 0xff, &place, &why);

		assert_int_not_equal(r, 0);
		if (r < 0 || pack_group(pack, place.kind, place.group, &group, &why) < 0)
			continue;
		pack_sample_stub(i, &stub);
		assert_int_equal(group->offset[place.index + 1] - group->offset[place.index], stub.len);
		assert_memory_equal(group->bytes + group->offset[place.index], stub.data, stub.len);
	}
	if (!pack_read_heads(pack, &heads, &why))
		pack_heads_release(&heads);
	pack_close(pack);
	return faults;
}

static void damage_is_seen(void **state)
{
	struct group_cache *cache = NULL;
	auto_buf bytes = BUF_INIT, path = BUF_INIT;
	struct pack_name name;
	struct pack *pack;
	size_t at;

	(void)state;
	must(pack_sample_write(dir, true, &name, &why));
	must(group_cache_new(1 << 20, &cache, &why));
	pack = open_pack(&name, cache, true);
	buf_add_str(&path, pack_path(pack));
	pack_close(pack);
	must(file_read_whole(path.data, 1 << 24, &bytes, &why));
	assert_false(survives(&name, cache));
	for (at = 0; at < bytes.len; at += at < 200 || at > bytes.len - 400 ? 1 : 1 + bytes.len / 300) {
		int fd;
		char flipped = (char)(bytes.data[at] ^ (1 << at % 8));

		must(file_open_write(path.data, &fd, &why));
		must(file_write_at(fd, &flipped, 1, at, &why));
		assert_true(survives(&name, cache));
		must(file_write_at(fd, bytes.data + at, 1, at, &why));
		must(file_close(fd, &why));
	}
	for (at = bytes.len; at--; at = at > 200 ? at - at / 20 : at) {
		assert_int_equal(truncate(path.data, (off_t)at), 0);
		assert_true(survives(&name, cache));
	}
	group_cache_free(cache);
}

static void writer_refuses_disorder(void **state)
{
	static const uint32_t lens[] = { 1, 1 };
	const struct pack_items items = { (const unsigned char *)"ab", lens, 2 };
	uint64_t loc = pack_sample_loc(3), twice[] = { loc | 1, loc | 1 }, foreign[] = { loc | 1, loc_make(9, 100, 0) };
	struct pack_heads heads = { .log_head = 0 };
	struct pack_writer *w = NULL;
	struct pack_name name;
	struct oid id = { { 1 } };
	uint64_t len;
	struct file_names names;

	(void)state;
	assert_int_equal(pack_writer_new(dir, pack_sample_store, 0, 1, &w, &why), -1);
	assert_int_equal(pack_writer_new(dir, pack_sample_store, 2, 1, &w, &why), -1);
	must(pack_writer_new(dir, pack_sample_store, 1, 2, &w, &why));
	must(pack_writer_stub(w, loc, "x", 1, 1, &why));
	assert_int_equal(pack_writer_stub(w, loc, "x", 1, 1, &why), -1);
	assert_int_equal(pack_writer_stub(w, loc | 1, "x", 1, 1, &why), -1);
	assert_int_equal(pack_writer_dict(w, "dictionary", 10, 1, &why), -1);
	assert_int_equal(pack_writer_objects(w, &items, foreign, 1, false, &why), -1);
	pack_writer_free(w);
	w = NULL;
	must(pack_writer_new(dir, pack_sample_store, 1, 2, &w, &why));
	must(pack_writer_objects(w, &items, twice, 1, false, &why));
	assert_int_equal(pack_writer_stub(w, loc, "x", 1, 1, &why), -1);
	assert_int_equal(pack_writer_finish(w, &heads, &name, &len, &why), -1);
	assert_int_equal(pack_writer_publish(w, &why), -1);
	pack_writer_free(w);
	w = NULL;
	/* A name for what is not there. */
	must(pack_writer_new(dir, pack_sample_store, 1, 2, &w, &why));
	must(pack_writer_id(w, &id, loc, &why));
	assert_int_equal(pack_writer_finish(w, &heads, &name, &len, &why), -1);
	pack_writer_free(w);
	pack_writer_free(NULL);
	must(file_list(dir, 10, &names, &why));
	assert_int_equal(names.count, 0);
	file_names_release(&names);
}

static void empty_pack(void **state)
{
	struct pack_heads heads = { .log_head = 0 };
	struct group_cache *cache = NULL;
	struct pack_place place;
	struct pack_writer *w;
	struct pack_name name;
	struct oid id = { { 0 } };
	struct pack *pack;
	uint64_t len, loc, position = 0;

	(void)state;
	must(pack_writer_new(dir, pack_sample_store, 5, 5, &w, &why));
	must(pack_writer_finish(w, &heads, &name, &len, &why));
	must(pack_writer_publish(w, &why));
	pack_writer_free(w);
	must(group_cache_new(1 << 20, &cache, &why));
	pack = open_pack(&name, cache, false);
	assert_int_equal(pack_find(pack, loc_make(5, 20, 0), &place, &why), 0);
	assert_int_equal(pack_find_id(pack, &id, 64, &position, &loc, &why), 0);
	assert_true(pack_len(pack) + pack_index_len(pack) == len);
	pack_close(pack);
	group_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(written_and_read, make, release),
		cmocka_unit_test_setup_teardown(walked_in_order, make, release),
		cmocka_unit_test_setup_teardown(index_is_made_anew, make, release),
		cmocka_unit_test_setup_teardown(not_the_same_store, make, release),
		cmocka_unit_test_setup_teardown(damage_is_seen, make, release),
		cmocka_unit_test_setup_teardown(writer_refuses_disorder, make, release),
		cmocka_unit_test_setup_teardown(empty_pack, make, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
