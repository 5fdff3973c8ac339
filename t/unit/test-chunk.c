#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/siphash.h"
#include "objects/chunk.h"

#define BIG_LEN ((size_t)100 << 20)
#define CUT_MAX (BIG_LEN / CHUNK_LEN_MIN + 2)

static void fill_noise(unsigned char *p, size_t len, uint64_t seed)
{
	size_t i;

	for (i = 0; i < len; i += 8) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		memcpy(p + i, &seed, len - i < 8 ? len - i : 8);
	}
}

/* Ends of the chunks of data. */
static size_t cut_all(const unsigned char *data, size_t len, size_t *ends)
{
	size_t at = 0, count = 0;

	while (at < len) {
		size_t n = chunk_cut(data + at, len - at);

		assert_in_range(n, 1, CHUNK_LEN_MAX);
		assert_true(n >= CHUNK_LEN_MIN || at + n == len);
		at += n;
		ends[count++] = at;
	}
	return count;
}

static void gear_is_siphash(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 256; i++) {
		unsigned char byte = (unsigned char)i;

		assert_true(chunk_gear[i] == siphash((const unsigned char *)CHUNK_GEAR_KEY, &byte, 1));
	}
}

/* The plain form of what chunk.h says. */
static size_t model_cut(const unsigned char *data, size_t len)
{
	uint64_t f = 0;
	size_t i;

	for (i = CHUNK_LEN_MIN; i < len && i < CHUNK_LEN_MAX; i++) {
		f = 2 * f + chunk_gear[data[i]];
		if (!(f >> (64 - (i < CHUNK_LEN_AVERAGE ? CHUNK_BITS_STRICT : CHUNK_BITS_LOOSE))))
			return i + 1;
	}
	return len < CHUNK_LEN_MAX ? len : CHUNK_LEN_MAX;
}

static void as_the_model(void **state)
{
	size_t len = (size_t)2 << 20, at;
	unsigned char *data = malloc(len);

	(void)state;
	assert_non_null(data);
	fill_noise(data, len, 42);
	for (at = 0; at < len; at += 9973)
		assert_int_equal(chunk_cut(data + at, len - at), model_cut(data + at, len - at));
	for (at = len - 3 * CHUNK_LEN_AVERAGE; at < len; at += 101)
		assert_int_equal(chunk_cut(data + at, len - at), model_cut(data + at, len - at));
	free(data);
}

static void golden(void **state)
{
	size_t len = (size_t)1 << 20, ends[128], count;
	unsigned char *data = malloc(len);
	static const size_t expected[] = { 66200,  145807, 215631, 287587, 356653, 469443, 535995,
					   624341, 703902, 757519, 828588, 902869, 971462, 1048576 };
	size_t i;

	(void)state;
	assert_non_null(data);
	fill_noise(data, len, 88172645463325252u);
	count = cut_all(data, len, ends);
	assert_int_equal(count, sizeof(expected) / sizeof(expected[0]));
	for (i = 0; i < count; i++)
		assert_int_equal(ends[i], expected[i]);
	free(data);
}

static void extremes(void **state)
{
	unsigned char *zeros = calloc(CHUNK_LEN_MAX + 1, 1);

	(void)state;
	assert_non_null(zeros);
	assert_int_equal(chunk_cut(zeros, 0), 0);
	assert_int_equal(chunk_cut(zeros, 1), 1);
	assert_int_equal(chunk_cut(zeros, CHUNK_LEN_MIN), CHUNK_LEN_MIN);
	assert_int_equal(chunk_cut(zeros, CHUNK_LEN_MAX + 1), model_cut(zeros, CHUNK_LEN_MAX + 1));
	free(zeros);
}

/* Inserting in the middle of 100 MB changes a few chunks, all others are found again at the new place. */
static void edit_in_the_middle(void **state)
{
	unsigned char *data = malloc(BIG_LEN + 10);
	size_t *before = calloc(CUT_MAX, sizeof(*before)), *after = calloc(CUT_MAX, sizeof(*after));
	size_t before_count, after_count, head = 0, tail = 0;

	(void)state;
	assert_true(data && before && after);
	fill_noise(data, BIG_LEN, 7);
	before_count = cut_all(data, BIG_LEN, before);
	memmove(data + BIG_LEN / 2 + 10, data + BIG_LEN / 2, BIG_LEN - BIG_LEN / 2);
	memcpy(data + BIG_LEN / 2, "0123456789", 10);
	after_count = cut_all(data, BIG_LEN + 10, after);
	while (head < before_count && before[head] == after[head])
		head++;
	while (tail < before_count && before[before_count - 1 - tail] + 10 == after[after_count - 1 - tail])
		tail++;
	assert_in_range(before_count, BIG_LEN / (100 << 10), BIG_LEN / (48 << 10));
	assert_true(before_count - head - tail <= 5);
	assert_true(after_count - head - tail <= 5);
	free(data);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gear_is_siphash), cmocka_unit_test(as_the_model),       cmocka_unit_test(golden),
		cmocka_unit_test(extremes),        cmocka_unit_test(edit_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
