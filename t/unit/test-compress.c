/* Frames come back, damaged ones do not. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compress.h"

enum { PAGE_LEN = 4096, BIG_LEN = 1 << 20 };

static struct compressor *new_compressor(void)
{
	struct compressor *c = NULL;

	assert_int_equal(compressor_create(&c, NULL), 0);
	return c;
}

static void fill_page(struct buf *page, int seed)
{
	int i;

	for (i = 0; page->len < PAGE_LEN; i++)
		buf_addf(page, "{\"id\":\"user-%d\",\"age\":%d,\"city\":\"c%d\"}\n", i * 7 + seed,
			 (i * 31 + seed) % 97, i % 5);
	buf_truncate(page, PAGE_LEN);
}

/* Compress, decompress, compare; returns the frame's length. */
static size_t round_trip(struct compressor *c, struct compress_job job)
{
	size_t len = job.src_len;
	const void *raw = job.src;
	char *back = malloc(len + 1);
	struct drift_error err = { DRIFT_OK, "" };
	auto_buf frame = BUF_INIT;

	assert_non_null(back);
	buf_add_str(&frame, "x");
	if (compress_append(c, &job, &frame, &err) < 0)
		fail_msg("%s", err.message);
	job.src = frame.data + 1;
	job.src_len = frame.len - 1;
	if (decompress_exact(c, &job, back, len, &err) < 0)
		fail_msg("%s", err.message);
	if (len)
		assert_memory_equal(back, raw, len);
	assert_int_equal(decompress_exact(c, &job, back, len + 1, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	if (len)
		assert_int_equal(decompress_exact(c, &job, back, len - 1, &err), -1);
	free(back);
	return frame.len - 1;
}

static void frames_of_all_sizes(void **state)
{
	static const size_t lens[] = { 0, 1, 2, 100, PAGE_LEN, 128 * 1024 + 1, BIG_LEN };
	char *data = malloc(BIG_LEN);
	struct compressor *c = new_compressor();
	size_t i;

	(void)state;
	assert_non_null(data);
	for (i = 0; i < BIG_LEN; i++)
		data[i] = (char)(i * i >> 7);
	for (i = 0; i < 2 * sizeof(lens) / sizeof(lens[0]); i++) {
		struct compress_job job = { .src = data, .src_len = lens[i / 2], .level = 3 };

		round_trip(c, job);
	}
	compressor_free(c);
	free(data);
}

static void prefix_makes_small(void **state)
{
	struct compressor *c = new_compressor();
	auto_buf a = BUF_INIT, b = BUF_INIT;
	struct compress_job job = { .level = 3 };
	size_t whole, delta;

	(void)state;
	fill_page(&a, 1);
	buf_add(&b, a.data, a.len);
	b.data[2000] = 'X';
	job.src = b.data;
	job.src_len = b.len;
	whole = round_trip(c, job);
	job.prefix = a.data;
	job.prefix_len = a.len;
	delta = round_trip(c, job);
	assert_true(delta < 40 && whole > 5 * delta);
	/* A prefix holds for its own frame only. */
	job.prefix_len = 0;
	assert_int_equal(round_trip(c, job), whole);
	compressor_free(c);
}

static void dictionaries(void **state)
{
	struct compressor *c = new_compressor();
	struct compress_dict *dict = NULL;
	auto_buf samples = BUF_INIT, trained = BUF_INIT, again = BUF_INIT;
	size_t lens[2000], i, without, with;
	struct compress_samples s = { .lens = lens, .count = 2000 };
	struct compress_job job = { .level = 3 };
	struct drift_error err = { DRIFT_OK, "" };

	(void)state;
	for (i = 0; i < s.count; i++) {
		size_t start = samples.len;

		buf_addf(&samples, "{\"id\":\"user-%zu\",\"age\":%zu,\"city\":\"town %zu\"}", i * 7919,
			 i % 97, i * i % 1009);
		lens[i] = samples.len - start;
	}
	s.data = samples.data;
	assert_int_equal(compress_train(&s, 4096, &trained, &err), 0);
	assert_true(trained.len > 100 && trained.len <= 4096);
	assert_int_equal(compress_train(&s, 4096, &again, &err), 0);
	assert_int_equal(again.len, trained.len);
	assert_memory_equal(again.data, trained.data, again.len);
	assert_int_equal(compress_dict_create(trained.data, trained.len, 3, &dict, &err), 0);
	job.src = samples.data;
	job.src_len = lens[0];
	without = round_trip(c, job);
	job.dict = dict;
	with = round_trip(c, job);
	assert_true(with < without);
	job.dict = NULL;
	assert_int_equal(round_trip(c, job), without);
	s.count = 2;
	assert_int_equal(compress_train(&s, 4096, &again, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	assert_int_equal(again.len, trained.len);
	compress_dict_free(dict);
	compressor_free(c);
}

static int try_frame(struct compressor *c, const void *frame, size_t len, void *dst, size_t dst_len)
{
	struct compress_job job = { .src = frame, .src_len = len };
	struct drift_error err = { DRIFT_OK, "" };

	if (!decompress_exact(c, &job, dst, dst_len, &err))
		return 0;
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	return -1;
}

static void damage_is_seen(void **state)
{
	struct compressor *c = new_compressor();
	auto_buf page = BUF_INIT, frame = BUF_INIT, twice = BUF_INIT;
	struct compress_job job = { .level = 3 };
	char back[2 * PAGE_LEN];
	size_t i;

	(void)state;
	fill_page(&page, 1);
	job.src = page.data;
	job.src_len = page.len;
	assert_int_equal(compress_append(c, &job, &frame, NULL), 0);
	for (i = 0; i < frame.len; i++)
		assert_int_equal(try_frame(c, frame.data, i, back, PAGE_LEN), -1);
	/* Two frames in a row, or one and a skippable one, are not what we write. */
	buf_add(&twice, frame.data, frame.len);
	buf_add(&twice, frame.data, frame.len);
	assert_int_equal(try_frame(c, twice.data, twice.len, back, 2 * PAGE_LEN), -1);
	buf_truncate(&twice, frame.len);
	buf_add(&twice, "\x50\x2a\x4d\x18\0\0\0\0", 8);
	assert_int_equal(try_frame(c, twice.data, twice.len, back, PAGE_LEN), -1);
	assert_int_equal(try_frame(c, "\x50\x2a\x4d\x18\0\0\0\0", 8, back, 0), -1);
	/* Any flipped bit: an error or other bytes, never a crash. */
	for (i = 0; i < frame.len * 8; i++) {
		frame.data[i / 8] = (char)(frame.data[i / 8] ^ 1 << i % 8);
		(void)!try_frame(c, frame.data, frame.len, back, PAGE_LEN);
		frame.data[i / 8] = (char)(frame.data[i / 8] ^ 1 << i % 8);
	}
	assert_int_equal(try_frame(c, frame.data, frame.len, back, PAGE_LEN), 0);
	compressor_free(c);
}

/* What the allocator has given out; sanitizers have one of their own, of which it knows nothing. */
static size_t in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* zstd would take 100 MB for the tables of this frame. */
static void large_frames_in_bounded_memory(void **state)
{
	enum { LARGE_LEN = 9 << 20, TABLES_MAX = 24 << 20 };
	struct compressor *c = new_compressor();
	struct compress_job job = { .level = 19, .src_len = LARGE_LEN };
	auto_buf frame = BUF_INIT;
	auto_buf page = BUF_INIT;
	char *raw = calloc(1, LARGE_LEN);
	size_t before, after, i;

	(void)state;
	assert_non_null(raw);
	fill_page(&page, 1);
	for (i = 0; i < LARGE_LEN; i += LARGE_LEN / 3)
		memcpy(raw + i, page.data, PAGE_LEN);
	job.src = raw;
	assert_non_null(buf_reserve(&frame, LARGE_LEN + LARGE_LEN / 8));
	before = in_use();
	assert_int_equal(compress_append(c, &job, &frame, NULL), 0);
	after = in_use();
	assert_in_range(after - before, 0, TABLES_MAX);
	(void)round_trip(c, job);
	/* What the bound was for is over. */
	job.src_len = BIG_LEN / 2;
	job.level = 12;
	(void)round_trip(c, job);
	free(raw);
	compressor_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_all_sizes),
		cmocka_unit_test(prefix_makes_small),
		cmocka_unit_test(dictionaries),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(large_frames_in_bounded_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
