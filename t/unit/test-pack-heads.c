/* What a pack says of refs and journals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "objects/loc.h"
#include "objects/pack_heads.h"

static char main_name[] = "refs/heads/main", tag_name[] = "refs/tags/v1";
static struct pack_ref_head refs[] = { { main_name, (uint64_t)2 << 48 | 5000 << 8 }, { tag_name, (uint64_t)1 << 48 | 52 << 8 } };
static struct pack_source sources[] = { { 1700000000, 16777300 }, { 1700000100, 20 } };

static void comes_back(void **state)
{
	struct pack_heads heads = { loc_make(2, 5000, 0), loc_make(1, 400, 7), refs, 2, sources, 2 }, back;
	auto_buf bytes = BUF_INIT, again = BUF_INIT;

	(void)state;
	assert_int_equal(pack_heads_encode(&heads, &bytes, NULL), 0);
	assert_int_equal(pack_heads_decode(bytes.data, bytes.len, &back, NULL), 0);
	assert_true(back.log_head == heads.log_head && back.marker_head == heads.marker_head);
	assert_int_equal(back.ref_count, 2);
	assert_string_equal(back.refs[0].name, "refs/heads/main");
	assert_true(back.refs[1].loc == refs[1].loc);
	assert_int_equal(back.source_count, 2);
	assert_int_equal(back.sources[0].closed_at, 16777300);
	assert_int_equal(pack_heads_encode(&back, &again, NULL), 0);
	assert_int_equal(again.len, bytes.len);
	assert_memory_equal(again.data, bytes.data, bytes.len);
	pack_heads_release(&back);
	pack_heads_release(&back);
}

static void nothing_at_all(void **state)
{
	struct pack_heads heads = { .log_head = 0 }, back;
	auto_buf bytes = BUF_INIT;

	(void)state;
	assert_int_equal(pack_heads_encode(&heads, &bytes, NULL), 0);
	assert_int_equal(bytes.len, 4);
	assert_int_equal(pack_heads_decode(bytes.data, bytes.len, &back, NULL), 0);
	assert_int_equal(back.ref_count + back.source_count, 0);
	pack_heads_release(&back);
}

static void disorder_is_refused(void **state)
{
	struct pack_ref_head swapped[] = { refs[1], refs[0] }, same[] = { refs[0], refs[0] }, no_loc[] = { { main_name, 0 } };
	struct pack_heads bad[] = {
		{ .refs = swapped, .ref_count = 2 },
		{ .refs = same, .ref_count = 2 },
		{ .refs = no_loc, .ref_count = 1 },
		{ .log_head = 77 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		auto_buf bytes = BUF_INIT;

		assert_int_equal(pack_heads_encode(&bad[i], &bytes, NULL), -1);
		assert_int_equal(bytes.len, 0);
	}
}

static void cuts_are_refused(void **state)
{
	struct pack_heads heads = { loc_make(2, 5000, 0), 0, refs, 2, sources, 2 }, back;
	auto_buf bytes = BUF_INIT;
	struct drift_error err;
	size_t i;

	(void)state;
	assert_int_equal(pack_heads_encode(&heads, &bytes, NULL), 0);
	for (i = 0; i < bytes.len; i++) {
		assert_int_equal(pack_heads_decode(bytes.data, i, &back, &err), -1);
		assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	}
	buf_add_byte(&bytes, 0);
	assert_int_equal(pack_heads_decode(bytes.data, bytes.len, &back, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(disorder_is_refused),
		cmocka_unit_test(cuts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
