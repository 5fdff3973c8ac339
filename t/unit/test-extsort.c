/* Sorting more than memory holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/extsort.h"
#include "base/file.h"

static char dir[64];

static int make(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "%s/drift-extsort-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	return mkdtemp(dir) ? 0 : -1;
}

static int release(void **state)
{
	struct file_names names;

	(void)state;
	/* Temporary files have no names. */
	if (file_list(dir, 10, &names, NULL) < 0 || names.count)
		return -1;
	file_names_release(&names);
	return rmdir(dir);
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void item_of(uint64_t n, uint64_t different, unsigned char *item, size_t len)
{
	uint64_t value = mix(n % different);
	size_t i;

	for (i = 0; i < len; i++)
		item[i] = (unsigned char)(value >> (56 - i % 8 * 8));
}

/* All in order; the sum says that none was lost or doubled. */
static void check_pass(struct extsort *sort, size_t len, size_t count, uint64_t sum)
{
	unsigned char before[EXTSORT_ITEM_MAX] = { 0 };
	const void *item;
	uint64_t value;
	size_t i;

	for (i = 0; i < count; i++) {
		assert_int_equal(extsort_next(sort, &item, NULL), 1);
		assert_true(memcmp(before, item, len) <= 0);
		memcpy(before, item, len);
		memcpy(&value, item, 8);
		sum -= value;
	}
	assert_true(!sum);
	assert_int_equal(extsort_next(sort, &item, NULL), 0);
	assert_int_equal(extsort_next(sort, &item, NULL), 0);
}

static void sort_many(size_t len, size_t count, uint64_t different)
{
	unsigned char item[EXTSORT_ITEM_MAX];
	struct extsort *sort = NULL;
	uint64_t sum = 0, value;
	const void *first;
	size_t i;

	assert_int_equal(extsort_new(dir, len, 0, &sort, NULL), 0);
	for (i = 0; i < count; i++) {
		item_of(i, different, item, len);
		memcpy(&value, item, 8);
		sum += value;
		assert_int_equal(extsort_add(sort, item, NULL), 0);
	}
	assert_int_equal(extsort_rewind(sort, NULL), 0);
	check_pass(sort, len, count, sum);
	/* Anew, from the start and from the middle. */
	assert_int_equal(extsort_rewind(sort, NULL), 0);
	assert_int_equal(extsort_next(sort, &first, NULL), count > 0);
	assert_int_equal(extsort_rewind(sort, NULL), 0);
	check_pass(sort, len, count, sum);
	extsort_free(sort);
}

static void in_memory(void **state)
{
	(void)state;
	sort_many(16, 0, 1);
	sort_many(16, 1, 1);
	sort_many(48, 20000, UINT64_MAX);
	sort_many(9, 20000, 3);
	sort_many(8, 20000, 1);
}

static void on_disk(void **state)
{
	(void)state;
	sort_many(48, (1 << 20) / 48 + 1, UINT64_MAX);
	sort_many(48, (1 << 20) / 48 * 3, UINT64_MAX);
	sort_many(256, 4096 * 5 + 7, 1000);
	sort_many(17, 300000, UINT64_MAX);
}

/* So many runs that they are merged to one on the way. */
static void many_runs(void **state)
{
	(void)state;
	sort_many(256, 1024 * 260, UINT64_MAX);
}

static void already_in_order(void **state)
{
	struct extsort *sort;
	unsigned char item[8];
	const void *got;
	uint32_t i;
	int k;

	(void)state;
	assert_int_equal(extsort_new(dir, 8, 0, &sort, NULL), 0);
	for (i = 0; i < 300000; i++) {
		for (k = 0; k < 8; k++)
			item[k] = (unsigned char)((uint64_t)i >> (56 - 8 * k));
		assert_int_equal(extsort_add(sort, item, NULL), 0);
	}
	assert_int_equal(extsort_rewind(sort, NULL), 0);
	for (i = 0; i < 300000; i++) {
		assert_int_equal(extsort_next(sort, &got, NULL), 1);
		memcpy(item, got, 8);
		assert_int_equal((uint32_t)item[4] << 24 | (uint32_t)item[5] << 16 | (uint32_t)item[6] << 8 | item[7], i);
	}
	extsort_free(sort);
	extsort_free(NULL);
}

static void no_folder(void **state)
{
	unsigned char item[256] = { 0 };
	struct extsort *sort;
	struct drift_error err;
	size_t i;
	int r = 0;

	(void)state;
	assert_int_equal(extsort_new("/nonexistent/folder", 256, 0, &sort, NULL), 0);
	for (i = 0; !r && i <= 1024; i++)
		r = extsort_add(sort, item, &err);
	assert_int_equal(r, -1);
	assert_int_equal(err.code, DRIFT_ERR_NOT_FOUND);
	assert_int_equal(i, 1025);
	extsort_free(sort);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_memory, make, release),
		cmocka_unit_test_setup_teardown(on_disk, make, release),
		cmocka_unit_test_setup_teardown(many_runs, make, release),
		cmocka_unit_test_setup_teardown(already_in_order, make, release),
		cmocka_unit_test(no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
