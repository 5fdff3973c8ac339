/* The index of a pack: in a file and in memory, ids, prefixes and paths; damage is seen. */
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
#include "base/sha256.h"
#include "objects/pack_index.h"

#define IDS 20000
#define PATHS 5000

static char dir[64], path[128];
static const unsigned char sha[PACK_SHA_LEN] = { 1, 2, 3 };

static int make(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/drift-pack-index-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/pack.idx", dir);
	return 0;
}

static int release(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void id_of(uint32_t i, struct oid *id)
{
	sha256(&i, sizeof(i), id->bytes);
	/* Some begin alike. */
	if (i % 100 == 1)
		memset(id->bytes, 0xab, 5);
	if (i % 1000 == 2)
		memset(id->bytes, 0xff, 4);
}

static uint64_t hash_of(uint32_t i)
{
	struct oid id;
	uint64_t hash;

	sha256(&i, sizeof(i), id.bytes);
	memcpy(&hash, id.bytes + 8, 8);
	return hash;
}

static struct pack_index_builder *builder(uint64_t scale)
{
	struct pack_index_builder *b = NULL;
	struct oid id;
	uint32_t i;

	assert_int_equal(pack_index_builder_new(dir, &b, NULL), 0);
	for (i = IDS; i--;) {
		id_of(i, &id);
		assert_int_equal(pack_index_builder_id(b, &id, i * scale, NULL), 0);
	}
	for (i = 0; i < PATHS; i++) {
		assert_int_equal(pack_index_builder_path(b, hash_of(i), i * scale + 7, NULL), 0);
		assert_int_equal(pack_index_builder_path(b, hash_of(i), i * scale + 9, NULL), 0);
		assert_int_equal(pack_index_builder_path(b, hash_of(i), i * scale + 8, NULL), 0);
	}
	return b;
}

static bool has_id(const struct pack_index *index, const struct oid *id, unsigned bits, uint64_t value)
{
	uint64_t position = 0, found;
	bool has = false;
	int r;

	while ((r = pack_index_find_id(index, id, bits, &position, &found, NULL)) > 0)
		has = has || found == value;
	assert_int_equal(r, 0);
	return has;
}

static void check_all(const struct pack_index *index, uint64_t scale)
{
	uint64_t position, value;
	struct oid id;
	uint32_t i, strangers = 0;

	for (i = 0; i < IDS; i++) {
		id_of(i, &id);
		assert_true(has_id(index, &id, 256, i * scale));
		if (i % 50 == 0)
			assert_true(has_id(index, &id, 1 + i / 50 % 60, i * scale));
	}
	for (i = IDS; i < 2 * IDS; i++) {
		position = 0;
		id_of(i * 3 + 100000000, &id);
		strangers += pack_index_find_id(index, &id, 256, &position, &value, NULL) != 0;
	}
	assert_true(strangers < IDS / 20);
	for (i = 0; i < PATHS; i++) {
		position = 0;
		assert_int_equal(pack_index_find_path(index, hash_of(i), &position, &value, NULL), 1);
		assert_true(value == i * scale + 9);
		assert_int_equal(pack_index_find_path(index, hash_of(i), &position, &value, NULL), 0);
		position = 0;
		assert_int_equal(pack_index_find_path(index, hash_of(i + PATHS), &position, &value, NULL), 0);
	}
}

/* As many as begin with these bits. */
static void prefixes_are_counted(const struct pack_index *index)
{
	unsigned bits;

	for (bits = 1; bits <= 40; bits += 3) {
		uint64_t position = 0, value;
		size_t count = 0, expected = 0;
		struct oid wanted, id;
		uint32_t i;

		id_of(1, &wanted);
		while (pack_index_find_id(index, &wanted, bits, &position, &value, NULL) > 0)
			count++;
		for (i = 0; i < IDS; i++) {
			unsigned k = 0;

			id_of(i, &id);
			while (k < bits && !((id.bytes[k / 8] ^ wanted.bytes[k / 8]) >> (7 - k % 8) & 1))
				k++;
			expected += k == bits;
		}
		/* An entry keeps some 27 bits of an id. */
		assert_true(count >= expected && count < expected + 3);
	}
}

static void found_in_memory_and_file(void **state)
{
	struct pack_index_builder *b = builder(1);
	struct pack_index *memory = NULL, *file = NULL;

	(void)state;
	assert_int_equal(pack_index_builder_finish(b, sha, NULL, &memory, NULL), 0);
	check_all(memory, 1);
	prefixes_are_counted(memory);
	assert_int_equal(pack_index_builder_finish(b, sha, path, NULL, NULL), 0);
	assert_int_equal(pack_index_open(path, sha, &file, NULL), 1);
	check_all(file, 1);
	assert_true(pack_index_sound(file) && pack_index_equal(file, memory));
	assert_true(pack_index_size(file) < IDS * 7 + PATHS * 9 + 4096);
	pack_index_builder_free(b);
	pack_index_close(memory);
	pack_index_close(file);
	pack_index_close(NULL);
}

static void long_values(void **state)
{
	struct pack_index_builder *b = builder(UINT64_C(0x123456789));
	struct pack_index *index = NULL;

	(void)state;
	assert_int_equal(pack_index_builder_finish(b, sha, path, &index, NULL), 0);
	check_all(index, UINT64_C(0x123456789));
	pack_index_builder_free(b);
	pack_index_close(index);
}

static void empty_index(void **state)
{
	struct pack_index_builder *b = NULL;
	struct pack_index *index = NULL;
	uint64_t position = 0, value;
	struct oid id = { { 0xff } };

	(void)state;
	assert_int_equal(pack_index_builder_new(dir, &b, NULL), 0);
	assert_int_equal(pack_index_builder_finish(b, sha, path, &index, NULL), 0);
	assert_int_equal(pack_index_find_id(index, &id, 4, &position, &value, NULL), 0);
	assert_int_equal(pack_index_find_path(index, UINT64_MAX, &position, &value, NULL), 0);
	pack_index_builder_free(b);
	pack_index_close(index);
}

static void others_are_refused(void **state)
{
	const unsigned char other[PACK_SHA_LEN] = { 1, 2, 4 };
	struct pack_index_builder *b = builder(1);
	struct pack_index *index = NULL;

	(void)state;
	assert_int_equal(pack_index_open(path, sha, &index, NULL), 0);
	assert_int_equal(pack_index_builder_finish(b, sha, path, NULL, NULL), 0);
	assert_int_equal(pack_index_open(path, other, &index, NULL), 0);
	assert_int_equal(truncate(path, 71), 0);
	assert_int_equal(pack_index_open(path, sha, &index, NULL), 0);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(pack_index_open(path, sha, &index, NULL), 0);
	assert_null(index);
	pack_index_builder_free(b);
}

/* A flipped bit: not opened, or an error where it matters; never an id that is not found. */
static void damage_is_seen(void **state)
{
	struct pack_index_builder *b = builder(1);
	auto_buf bytes = BUF_INIT;
	size_t at;

	(void)state;
	assert_int_equal(pack_index_builder_finish(b, sha, path, NULL, NULL), 0);
	pack_index_builder_free(b);
	assert_int_equal(file_read_whole(path, 1 << 20, &bytes, NULL), 0);
	for (at = 0; at < bytes.len; at += 1 + bytes.len / 400) {
		struct pack_index *index = NULL;
		uint32_t i;

		bytes.data[at] ^= 4;
		assert_int_equal(file_replace(path, bytes.data, bytes.len, NULL), 0);
		bytes.data[at] ^= 4;
		if (!pack_index_open(path, sha, &index, NULL))
			continue;
		assert_false(pack_index_sound(index));
		for (i = 0; i < IDS; i += 37) {
			uint64_t position = 0, value;
			struct oid id;
			int r;

			id_of(i, &id);
			while ((r = pack_index_find_id(index, &id, 256, &position, &value, NULL)) > 0 && value != i)
				;
			assert_int_not_equal(r, 0);
		}
		pack_index_close(index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(found_in_memory_and_file, make, release),
		cmocka_unit_test_setup_teardown(long_values, make, release),
		cmocka_unit_test_setup_teardown(empty_index, make, release),
		cmocka_unit_test_setup_teardown(others_are_refused, make, release),
		cmocka_unit_test_setup_teardown(damage_is_seen, make, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
