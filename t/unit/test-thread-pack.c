/* Threads that read one pack at once: groups come and go in a small cache, the index is made by whoever needs it first. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "t/unit/pack_sample.h"

#define READERS 4
#define ROUNDS 3

struct shared {
	struct pack *pack;
	pthread_barrier_t start;
	atomic_uint wrong;
};

static bool read_one(struct pack *pack, size_t i)
{
	auto_buf stub = BUF_INIT, blob = BUF_INIT;
	auto_group *stubs = NULL, *blobs = NULL;
	struct oid commit, id;
	struct pack_place at, under;
	uint64_t position = 0, loc;

	pack_sample_blob(i, &blob);
	pack_sample_ids(i, &commit, &id);
	if (pack_find_id(pack, &commit, 64, &position, &loc, NULL) != 1 || loc != pack_sample_loc(i) ||
	    pack_find(pack, loc, &at, NULL) != 1 || pack_find(pack, loc | 1, &under, NULL) != 1 ||
	    pack_group(pack, at.kind, at.group, &stubs, NULL) < 0 || pack_group(pack, under.kind, under.group, &blobs, NULL) < 0)
		return false;
	return blobs->offset[under.index + 1] - blobs->offset[under.index] == blob.len &&
	       !memcmp(blobs->bytes + blobs->offset[under.index], blob.data, blob.len);
}

static void *read_all(void *data)
{
	struct shared *shared = data;
	size_t round, i;

	pthread_barrier_wait(&shared->start);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < PACK_SAMPLE_FRAMES; i++)
			if (!read_one(shared->pack, (i * 37 + round) % PACK_SAMPLE_FRAMES))
				atomic_fetch_add(&shared->wrong, 1);
	return NULL;
}

static void read_together(const char *dir, const struct pack_name *name, bool no_index)
{
	struct pack_options options = { .dir = dir, .store_id = pack_sample_store, .no_index = no_index };
	struct shared shared = { .wrong = 0 };
	pthread_t threads[READERS];
	size_t i;

	assert_int_equal(group_cache_new(64 << 10, &options.groups, NULL), 0);
	assert_int_equal(pack_open(name, &options, &shared.pack, NULL), 0);
	assert_int_equal(pthread_barrier_init(&shared.start, NULL, READERS), 0);
	for (i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, &shared), 0);
	for (i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(shared.wrong, 0);
	pthread_barrier_destroy(&shared.start);
	pack_close(shared.pack);
	group_cache_free(options.groups);
}

static void readers_do_not_meet(void **state)
{
	char dir[] = "/tmp/drift-thread-pack-XXXXXX";
	struct drift_error err = { DRIFT_OK, "" };
	struct file_names names;
	struct pack_name name;
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(pack_sample_write(dir, true, &name, &err), 0);
	read_together(dir, &name, false);
	read_together(dir, &name, true);
	assert_int_equal(file_list(dir, 10, &names, NULL), 0);
	assert_int_equal(names.count, 2);
	for (i = 0; i < names.count; i++) {
		auto_buf path = BUF_INIT;

		file_join(&path, dir, names.items[i]);
		unlink(path.data);
	}
	file_names_release(&names);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
