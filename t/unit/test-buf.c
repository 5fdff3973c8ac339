/* Buffers, the cursor, varints, errors and memory helpers of base/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/mem.h"

static const uint64_t samples[] = {
	0, 1, 127, 128, 300, 16383, 16384, UINT32_MAX, (uint64_t)1 << 32,
	(uint64_t)1 << 62, ((uint64_t)1 << 63) - 1, (uint64_t)1 << 63, UINT64_MAX,
};

static void test_buf_append(void **state)
{
	auto_buf b = BUF_INIT;
	int i;

	(void)state;
	assert_string_equal(b.data, "");
	buf_add(&b, NULL, 0);
	assert_int_equal(b.capacity, 0);
	buf_add_str(&b, "one");
	buf_add_byte(&b, ' ');
	buf_addf(&b, "%d-%s", 2, "three");
	assert_string_equal(b.data, "one 2-three");
	assert_int_equal(b.len, 11);
	buf_clear(&b);
	assert_string_equal(b.data, "");
	for (i = 0; i < 10000; i++)
		buf_addf(&b, "%04d", i);
	assert_int_equal(b.len, 40000);
	assert_memory_equal(b.data + 4 * 9876, "9876", 4);
	assert_int_equal(b.data[b.len], 0);
	assert_int_equal(buf_check(&b, NULL), 0);
}

static void test_buf_insert_and_truncate(void **state)
{
	auto_buf b = BUF_INIT;

	(void)state;
	buf_insert(&b, 0, "cd", 2);
	buf_insert(&b, 0, "ab", 2);
	buf_insert(&b, 4, "gh", 2);
	buf_insert(&b, 4, "ef", 2);
	buf_insert(&b, 3, "", 0);
	assert_string_equal(b.data, "abcdefgh");
	buf_truncate(&b, 3);
	assert_string_equal(b.data, "abc");
	buf_truncate(&b, 0);
	assert_string_equal(b.data, "");
}

static void test_buf_take(void **state)
{
	auto_buf b = BUF_INIT;
	size_t len = 99;
	char *s;

	(void)state;
	s = buf_take(&b, &len);
	assert_non_null(s);
	assert_int_equal(len, 0);
	assert_string_equal(s, "");
	free(s);
	buf_add(&b, "a\0b", 3);
	s = buf_take(&b, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(s, "a\0b", 4);
	assert_int_equal(b.len, 0);
	assert_ptr_equal(b.data, buf_empty);
	free(s);
}

static void test_buf_failure_is_remembered(void **state)
{
	struct drift_error err = { 0 };
	auto_buf b = BUF_INIT;
	size_t len = 99;

	(void)state;
	buf_add_str(&b, "kept");
	assert_null(buf_reserve(&b, SIZE_MAX / 2));
	buf_add_str(&b, " lost");
	assert_string_equal(b.data, "kept");
	assert_int_equal(buf_check(&b, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_NO_MEMORY);
	assert_null(buf_take(&b, &len));
	assert_int_equal(len, 99);
	buf_clear(&b);
	assert_int_equal(buf_check(&b, &err), 0);
	buf_add_str(&b, "again");
	assert_string_equal(b.data, "again");
}

static void test_fixed_width(void **state)
{
	auto_buf b = BUF_INIT;
	struct cursor c;

	(void)state;
	buf_add_byte(&b, 0xfe);
	buf_add_u16(&b, 0x0102);
	buf_add_u32(&b, 0x03040506);
	buf_add_u64(&b, 0x0708090a0b0c0d0eULL);
	assert_memory_equal(b.data, "\xfe\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07", 15);
	cursor_init(&c, b.data, b.len);
	assert_int_equal(cursor_u8(&c), 0xfe);
	assert_int_equal(cursor_u16(&c), 0x0102);
	assert_int_equal(cursor_u32(&c), 0x03040506);
	assert_true(cursor_ok(&c) && !cursor_done(&c));
	assert_int_equal(cursor_left(&c), 8);
	assert_true(cursor_u64(&c) == 0x0708090a0b0c0d0eULL);
	assert_true(cursor_done(&c));
}

static void test_cursor_stops_at_the_end(void **state)
{
	struct cursor c;

	(void)state;
	cursor_init(&c, "abc", 3);
	assert_memory_equal(cursor_bytes(&c, 2), "ab", 2);
	assert_int_equal(cursor_u16(&c), 0);
	assert_false(cursor_ok(&c));
	assert_null(cursor_bytes(&c, 0));
	assert_int_equal(cursor_u8(&c), 0);
	assert_false(cursor_done(&c));
	cursor_init(&c, "abc", 3);
	assert_null(cursor_bytes(&c, SIZE_MAX));
	assert_false(cursor_ok(&c));
}

static void test_varint_round_trip(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		auto_buf b = BUF_INIT;
		struct cursor c;
		size_t cut;

		buf_add_varint(&b, samples[i]);
		assert_int_equal(b.len, varint_len(samples[i]));
		cursor_init(&c, b.data, b.len);
		assert_true(cursor_varint(&c) == samples[i]);
		assert_true(cursor_done(&c));
		for (cut = 0; cut < b.len; cut++) {
			cursor_init(&c, b.data, cut);
			assert_true(cursor_varint(&c) == 0);
			assert_false(cursor_ok(&c));
		}
	}
}

static void test_svarint_round_trip(void **state)
{
	static const int64_t values[] = { 0, -1, 1, -64, 64, INT32_MIN, INT64_MAX, INT64_MIN };
	auto_buf b = BUF_INIT;
	struct cursor c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++)
		buf_add_svarint(&b, values[i]);
	assert_memory_equal(b.data, "\0\1\2\x7f", 4);
	cursor_init(&c, b.data, b.len);
	for (i = 0; i < ARRAY_SIZE(values); i++)
		assert_true(cursor_svarint(&c) == values[i]);
	assert_true(cursor_done(&c));
}

static void test_varint_has_one_form(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "\x80\x00", 2 },
		{ "\xff\x80\x00", 3 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct cursor c;

		cursor_init(&c, bad[i].bytes, bad[i].len);
		assert_true(cursor_varint(&c) == 0);
		assert_false(cursor_ok(&c));
	}
}

static void test_errors(void **state)
{
	struct drift_error err = { 0 };
	char longer[2 * DRIFT_ERROR_MESSAGE_MAX];

	(void)state;
	assert_int_equal(error_set(&err, DRIFT_ERR_CORRUPT, "node %d is bad", 7), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	assert_string_equal(err.message, "node 7 is bad");
	assert_int_equal(error_prefix(&err, DRIFT_OK, "cannot read '%s'", "x"), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	assert_string_equal(err.message, "cannot read 'x': node 7 is bad");
	error_prefix(&err, DRIFT_ERR_IO, "oh");
	assert_int_equal(err.code, DRIFT_ERR_IO);

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	error_set(&err, DRIFT_ERR_INVALID, "%s", longer);
	assert_int_equal(strlen(err.message), DRIFT_ERROR_MESSAGE_MAX - 1);
	error_prefix(&err, DRIFT_OK, "%s", longer);
	assert_int_equal(strlen(err.message), DRIFT_ERROR_MESSAGE_MAX - 1);

	assert_int_equal(error_set(NULL, DRIFT_ERR_IO, "x"), -1);
	assert_int_equal(error_prefix(NULL, DRIFT_ERR_IO, "x"), -1);
	assert_int_equal(error_from_errno(NULL, "x"), -1);
	assert_int_equal(error_no_memory(NULL), -1);
}

static void test_errors_from_errno(void **state)
{
	struct drift_error err = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_from_errno(&err, "cannot open '%s'", "f"), -1);
	assert_int_equal(err.code, DRIFT_ERR_NOT_FOUND);
	assert_string_equal(err.message, "cannot open 'f': No such file or directory");
	errno = ENOSPC;
	error_from_errno(&err, "x");
	assert_int_equal(err.code, DRIFT_ERR_NO_SPACE);
	errno = EIO;
	error_from_errno(&err, "x");
	assert_int_equal(err.code, DRIFT_ERR_IO);
}

static void test_memory(void **state)
{
	volatile size_t huge = SIZE_MAX;
	size_t i, capacity = 0;
	uint32_t *array = NULL;
	auto_free char *s = mem_dup_str("text and more", 4);
	auto_free char *handed_over = NULL;
	void *p;

	(void)state;
	assert_string_equal(s, "text");
	handed_over = take_ptr(s);
	assert_null(s);
	assert_string_equal(handed_over, "text");
	assert_null(mem_dup_str(NULL, huge));
	assert_null(mem_alloc_array(huge / 2, 3));
	assert_null(mem_calloc(huge / 2, 3));
	p = mem_alloc_array(0, 8);
	assert_non_null(p);
	free(p);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(mem_grow(&array, &capacity, i + 1, sizeof(*array)), 0);
		array[i] = (uint32_t)i;
	}
	assert_true(capacity >= 1000 && capacity < 2000);
	assert_int_equal(array[999], 999);
	assert_int_equal(mem_grow(&array, &capacity, huge / 2, sizeof(*array)), -1);
	assert_int_equal(array[999], 999);
	free(array);
}

static void test_auto_close(void **state)
{
	int ends[2];
	char c;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	{
		auto_close int writer = ends[1];
		auto_close int none = -1;

		assert_int_equal(write(writer, "x", 1), 1);
		assert_int_equal(none, -1);
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(read(ends[0], &c, 1), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_append),
		cmocka_unit_test(test_buf_insert_and_truncate),
		cmocka_unit_test(test_buf_take),
		cmocka_unit_test(test_buf_failure_is_remembered),
		cmocka_unit_test(test_fixed_width),
		cmocka_unit_test(test_cursor_stops_at_the_end),
		cmocka_unit_test(test_varint_round_trip),
		cmocka_unit_test(test_svarint_round_trip),
		cmocka_unit_test(test_varint_has_one_form),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_errors_from_errno),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_auto_close),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
