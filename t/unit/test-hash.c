/* SHA-256, SipHash, CRC-32C against their specifications. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "base/crc32c_mend.h"
#include "base/hex.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/siphash.h"

static void check_sha256(const char *text, const char *want)
{
	unsigned char out[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	sha256(text, strlen(text), out);
	hex_encode(out, sizeof(out), hex);
	assert_string_equal(hex, want);
}

static void sha256_of_fips_180(void **state)
{
	(void)state;
	check_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void sha256_in_pieces(void **state)
{
	unsigned char data[300], whole[SHA256_LEN], pieces[SHA256_LEN];
	size_t i, cut;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	sha256(data, sizeof(data), whole);
	for (cut = 0; cut <= sizeof(data); cut++) {
		struct sha256 h, branch;

		sha256_init(&h);
		sha256_update(&h, data, cut);
		branch = h;
		sha256_update(&h, "other", 5);
		sha256_update(&branch, data + cut, sizeof(data) - cut);
		sha256_final(&branch, pieces);
		assert_memory_equal(whole, pieces, SHA256_LEN);
		sha256_two(data, cut, data + cut, sizeof(data) - cut, pieces);
		assert_memory_equal(whole, pieces, SHA256_LEN);
	}
}

/* Appendix A of the SipHash paper: key 00..0f, message 00..0e. */
static void siphash_of_the_paper(void **state)
{
	unsigned char key[SIPHASH_KEY_LEN], data[15];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	assert_true(siphash(key, data, sizeof(data)) == UINT64_C(0xa129ca6149be45e5));
	assert_true(siphash(key, NULL, 0) == UINT64_C(0x726fdb47dd0e0e31));
}

static void crc32c_of_rfc_3720(void **state)
{
	unsigned char data[32];
	size_t i;

	(void)state;
	memset(data, 0, sizeof(data));
	assert_int_equal(crc32c(0, data, 32), 0x8a9136aa);
	memset(data, 0xff, sizeof(data));
	assert_int_equal(crc32c(0, data, 32), 0x62a8ab43);
	for (i = 0; i < 32; i++)
		data[i] = (unsigned char)i;
	assert_int_equal(crc32c(0, data, 32), 0x46dd794e);
	for (i = 0; i < 32; i++)
		data[i] = (unsigned char)(31 - i);
	assert_int_equal(crc32c(0, data, 32), 0x113fdb5c);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c_portable(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, data, 0), 0);
}

/* Each byte of a message, changed in each way, is found by the checksum; the checksum itself is told from it. */
static void crc32c_names_the_changed_byte(void **state)
{
	unsigned char data[300], found;
	unsigned with;
	uint32_t sum;
	size_t i, at;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7919 >> 3);
	sum = crc32c(0, data, sizeof(data));
	assert_int_equal(crc32c_mend(0, sizeof(data), &at, &found), 0);
	for (i = 0; i < sizeof(data); i++) {
		for (with = 1; with < 256; with++) {
			data[i] ^= (unsigned char)with;
			assert_int_equal(crc32c_mend(sum ^ crc32c(0, data, sizeof(data)), sizeof(data), &at, &found), 1);
			assert_int_equal(at, i);
			assert_int_equal(found, with);
			/* Not where it may not be looked for. */
			assert_int_equal(crc32c_mend(sum ^ crc32c(0, data, sizeof(data)), sizeof(data) - i - 1, &at, &found), 0);
			data[i] ^= (unsigned char)with;
		}
	}
}

static void crc32c_in_pieces_and_portable(void **state)
{
	unsigned char data[257];
	size_t start, cut;

	(void)state;
	assert_int_equal(random_bytes(data, sizeof(data), NULL), 0);
	for (start = 0; start < 9; start++)
		for (cut = start; cut <= sizeof(data); cut++) {
			size_t len = sizeof(data) - start;
			uint32_t whole = crc32c(0, data + start, len);
			uint32_t first = crc32c_portable(0, data + start, cut - start);

			assert_int_equal(whole, crc32c(first, data + cut, sizeof(data) - cut));
			assert_int_equal(whole, crc32c_portable(0, data + start, len));
		}
}

static void random_bytes_differ(void **state)
{
	unsigned char a[64] = { 0 }, b[64] = { 0 };

	(void)state;
	assert_int_equal(random_bytes(a, sizeof(a), NULL), 0);
	assert_int_equal(random_bytes(b, sizeof(b), NULL), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_fips_180),
		cmocka_unit_test(sha256_in_pieces),
		cmocka_unit_test(siphash_of_the_paper),
		cmocka_unit_test(crc32c_of_rfc_3720),
		cmocka_unit_test(crc32c_names_the_changed_byte),
		cmocka_unit_test(crc32c_in_pieces_and_portable),
		cmocka_unit_test(random_bytes_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
