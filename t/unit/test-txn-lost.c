/* The mark of a lost record: what it says, and that it is read as a record of length 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "objects/txn.h"

#define SELF (UINT64_C(1) << 48 | 4096 << 8)

static void golden(void **state)
{
	static const unsigned char bare[] = { 0x3b, 0x80, 0xe2, 0xcf, 0xaa, 0x06 };
	struct txn_lost lost = { OBJECT_COMMIT, 1700000000, { { 0 } } }, back;
	auto_buf out = BUF_INIT;

	(void)state;
	assert_true(txn_lost_encode(&lost, 0, &out));
	assert_int_equal(out.len, sizeof(bare));
	assert_memory_equal(out.data, bare, sizeof(bare));
	memset(lost.id.bytes, 0xab, OID_LEN);
	buf_clear(&out);
	assert_true(txn_lost_encode(&lost, 100, &out));
	assert_int_equal(out.len, 100);
	assert_int_equal(txn_lost_decode(out.data, out.len, &back, NULL), 0);
	assert_int_equal(back.kind, OBJECT_COMMIT);
	assert_int_equal(back.since_sec, 1700000000);
	assert_true(oid_equal(&back.id, &lost.id));
	/* No room for the id. */
	buf_clear(&out);
	assert_true(txn_lost_encode(&lost, 20, &out));
	assert_int_equal(txn_lost_decode(out.data, out.len, &back, NULL), 0);
	assert_true(oid_is_zero(&back.id));
	assert_false(txn_lost_encode(&lost, TXN_LOST_MIN - 1, &out));
	assert_int_equal(txn_lost_decode(bare, 1, &back, NULL), -1);
}

static void read_as_nothing(void **state)
{
	const struct txn_lost lost = { OBJECT_BLOB, 1700000000, { { 0 } } };
	const unsigned char *data;
	auto_buf payload = BUF_INIT;
	struct txn_lost back;
	struct txn t;
	size_t len;

	(void)state;
	/* Two records of 3 and 10 bytes. */
	buf_add(&payload, "\x02\x03\x0a\x0a\x01\x02", 6);
	assert_true(txn_lost_encode(&lost, 10, &payload));
	buf_add_byte(&payload, 0);
	assert_int_equal(txn_parse(payload.data, payload.len, SELF, &t, NULL), 0);
	assert_int_equal(t.record_count, 2);
	assert_int_equal(t.record_len[0], 3);
	assert_int_equal(t.lost_len[0], 0);
	assert_int_equal(t.record_len[1], 0);
	assert_int_equal(t.lost_len[1], 10);
	assert_int_equal(txn_record(payload.data, payload.len, 1, &data, &len, NULL), 0);
	assert_int_equal(len, 0);
	assert_int_equal(txn_lost_parse(payload.data, payload.len, 0, &back, NULL), 0);
	assert_int_equal(txn_lost_parse(payload.data, payload.len, 1, &back, NULL), 1);
	assert_int_equal(back.kind, OBJECT_BLOB);
	assert_int_equal(txn_lost_parse(payload.data, payload.len, 2, &back, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(golden), cmocka_unit_test(read_as_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
