/* Groups taken apart, and their cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "objects/group_cache.h"

/* A group of `count` items; item i is `len` bytes of i. */
static struct group *make_group(size_t count, size_t len)
{
	auto_buf raw = BUF_INIT;
	struct group *group = NULL;
	size_t i, k;

	buf_add_varint(&raw, count);
	for (i = 0; i < count; i++)
		buf_add_varint(&raw, len);
	for (i = 0; i < count; i++)
		for (k = 0; k < len; k++)
			buf_add_byte(&raw, (unsigned char)i);
	assert_int_equal(group_new(raw.data, raw.len, &group, NULL), 0);
	return group;
}

static void items_are_found(void **state)
{
	auto_group *group = make_group(300, 5);
	size_t i;

	(void)state;
	assert_int_equal(group->count, 300);
	for (i = 0; i < 300; i++) {
		assert_int_equal(group->offset[i], i * 5);
		assert_int_equal(group->bytes[group->offset[i] + 4], (unsigned char)i);
	}
	assert_int_equal(group->offset[300], 1500);
}

static void damaged_groups_are_refused(void **state)
{
	static const struct {
		const char *raw;
		size_t len;
	} bad[] = {
		{ "", 0 },
		{ "\0", 1 },                               /* no items */
		{ "\1", 1 },                               /* no length */
		{ "\1\2a", 3 },                            /* too short */
		{ "\1\1ab", 4 },                           /* too long */
		{ "\2\1", 2 },                             /* lengths cut */
		{ "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1a", 12 }, /* enormous */
		{ "\2\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\2a", 13 }, /* adding up to 1 */
		{ "\x81\x00\1a", 4 },                      /* not the shortest form */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 10 },
	};
	struct drift_error err;
	struct group *group;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(group_new(bad[i].raw, bad[i].len, &group, &err), -1);
		assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	}
}

static void cache_keeps_what_is_used(void **state)
{
	struct group_cache *cache = NULL;
	struct group_cache_stats stats;
	struct group *group;
	uint64_t a, b, i;

	(void)state;
	assert_int_equal(group_cache_new(1 << 20, &cache, NULL), 0);
	a = group_cache_owner(cache);
	b = group_cache_owner(cache);
	assert_true(a != b);
	assert_null(group_cache_get(cache, a, 1));
	group = make_group(10, 100);
	group_cache_put(cache, a, 1, group);
	group_cache_put(cache, a, 1, group);
	assert_null(group_cache_get(cache, b, 1));
	for (i = 2; i < 500; i++) {
		auto_group *other = make_group(100, 100), *kept = group_cache_get(cache, a, 1);

		assert_ptr_equal(kept, group);
		group_cache_put(cache, b, i, other);
		group_cache_stats(cache, &stats);
		assert_true(stats.bytes <= 1 << 20);
	}
	assert_null(group_cache_get(cache, b, 2));
	assert_int_equal(stats.hits, 498);
	assert_true(stats.bytes > 1 << 19);
	/* Larger than the cache: not kept. */
	{
		auto_group *large = make_group(10000, 110);

		group_cache_put(cache, b, 1, large);
		assert_null(group_cache_get(cache, b, 1));
	}
	group_cache_free(cache);
	/* Ours lives on. */
	assert_int_equal(group->bytes[group->offset[9]], 9);
	group_unref(group);
	group_unref(NULL);
	group_cache_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_are_found),
		cmocka_unit_test(damaged_groups_are_refused),
		cmocka_unit_test(cache_keeps_what_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
