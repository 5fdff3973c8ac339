#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "objects/oid.h"

#define HI_HEX "a4e13f7dfd8345eae550125113b9d9bcd4b0f781037c02afb133fd98f5f973ae"
#define EMPTY_HEX "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
#define ZEROS_HEX "26237db0116ad368604b43f7d8609252e3ac7f51c26b2d2457dff108beb8beb5"

static void assert_hash(const void *data, size_t len, const char *expected)
{
	char hex[OID_HEX_LEN + 1];
	struct oid id;

	object_hash(OBJECT_BLOB, data, len, &id);
	assert_string_equal(oid_to_hex(&id, hex), expected);
}

/* As `git hash-object --stdin` in a repository of the object format sha256. */
static void ids_are_those_of_git(void **state)
{
	static const unsigned char zeros[2000];

	(void)state;
	assert_hash("hi", 2, HI_HEX);
	assert_hash("", 0, EMPTY_HEX);
	assert_hash(zeros, sizeof(zeros), ZEROS_HEX);
}

static void kinds_have_names(void **state)
{
	struct drift_error err;
	enum object_kind kind = OBJECT_BLOB, got;

	(void)state;
	for (; kind <= OBJECT_TAG; kind++) {
		assert_int_equal(object_kind_from_name(object_kind_name(kind), &got, &err), 0);
		assert_int_equal(got, kind);
	}
	assert_string_equal(object_kind_name(OBJECT_TREE), "tree");
	assert_int_equal(object_kind_from_name("node", &got, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
}

static void hexadecimal(void **state)
{
	struct drift_error err;
	char hex[OID_HEX_LEN + 1];
	struct oid id, upper, zero = { { 0 } };

	(void)state;
	assert_int_equal(oid_from_hex(HI_HEX, OID_HEX_LEN, &id, &err), 0);
	assert_int_equal(id.bytes[0], 0xa4);
	assert_string_equal(oid_to_hex(&id, hex), HI_HEX);
	hex[0] = 'A';
	hex[1] = '4';
	hex[63] = 'E';
	assert_int_equal(oid_from_hex(hex, OID_HEX_LEN, &upper, &err), 0);
	assert_true(oid_equal(&id, &upper));
	assert_int_equal(oid_compare(&id, &upper), 0);
	assert_true(oid_compare(&zero, &id) < 0);
	assert_true(oid_is_zero(&zero));
	assert_false(oid_is_zero(&id));

	assert_int_equal(oid_from_hex(HI_HEX, OID_HEX_LEN - 1, &id, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	hex[5] = 'g';
	assert_int_equal(oid_from_hex(hex, OID_HEX_LEN, &id, &err), -1);
	assert_true(oid_equal(&id, &upper));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_those_of_git),
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(hexadecimal),
	};

	return cmocka_run_group_tests_name("oid", tests, NULL, NULL);
}
