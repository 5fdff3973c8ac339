/* The messages of a session: each encodes and decodes, the page's example is what it says, what is malformed is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/mem.h"
#include "sync/message.h"

static struct drift_error err;

static struct text text(const char *s)
{
	return (struct text){ s, strlen(s) };
}

static struct oid id_of(unsigned char byte)
{
	struct oid id;

	memset(id.bytes, byte, sizeof(id.bytes));
	return id;
}

static void assert_hex(const struct buf *b, const char *want)
{
	auto_buf hex = BUF_INIT;

	hex_append(&hex, b->data, b->len);
	assert_string_equal(hex.data, want);
}

#define TWICE(x) x x
#define ID(x) TWICE(TWICE(TWICE(TWICE(x x))))

static void examples_of_the_page(void **state)
{
	struct message_hello hello = { .version = 1, .agent = text("drift/0.1.0") };
	struct message_fetch fetch = { .follow_tags = true };
	struct message_ref ref = { text("refs/heads/main"), id_of(0x11), OBJECT_COMMIT };
	struct message_refs refs = { .head = text("refs/heads/main"), .refs = &ref, .count = 1 };
	struct message_update update = {
		.name = text("refs/heads/main"), .has_old = true, .has_new = true, .old = id_of(0x22), .new = id_of(0x33),
	};
	struct message_push push = { .has_data = true, .actor = text("Ann"), .updates = &update, .count = 1 };
	struct message_outcome outcome = { UPDATE_STALE, text("it moved") };
	struct message_result result = { &outcome, 1, BUF_INIT };
	struct oid have = id_of(0x11);
	auto_buf b = BUF_INIT;

	(void)state;
	memset(hello.store_id, 0xab, sizeof(hello.store_id));
	message_hello_encode(&hello, &b);
	assert_hex(&b, "647269667401abababababababababababababababab0b64726966742f302e312e3000");
	buf_clear(&b);
	assert_int_equal(message_words_add(&fetch.refs, "refs/heads/*", &err), 0);
	fetch.haves = &have;
	fetch.have_count = 1;
	message_fetch_encode(&fetch, &b);
	assert_hex(&b, "02010c726566732f68656164732f2a0001" ID("11"));
	free(fetch.refs.items);
	buf_clear(&b);
	message_refs_encode(&refs, &b);
	assert_hex(&b, "000f726566732f68656164732f6d61696e01030f726566732f68656164732f6d61696e" ID("11") "00");
	buf_clear(&b);
	message_push_encode(&push, &b);
	assert_hex(&b, "0103416e6e01030f726566732f68656164732f6d61696e" ID("22") ID("33"));
	buf_clear(&b);
	message_result_encode(&result, &b);
	assert_hex(&b, "010108" "6974206d6f766564");
}

static int decode(uint8_t type, const void *data, size_t len, struct buf *again)
{
	union {
		struct message_hello hello;
		struct message_fetch fetch;
		struct message_refs refs;
		struct message_haves haves;
		struct message_push push;
		struct message_result result;
		struct message_error error;
	} m;

#define TRY(kind)                                                      \
	do {                                                           \
		if (message_##kind##_decode(data, len, &m.kind, &err)) \
			return -1;                                     \
		message_##kind##_encode(&m.kind, again);               \
		message_##kind##_release(&m.kind);                     \
	} while (0)
	switch (type) {
	case MESSAGE_HELLO:
		TRY(hello);
		break;
	case MESSAGE_FETCH:
		TRY(fetch);
		break;
	case MESSAGE_REFS:
		TRY(refs);
		break;
	case MESSAGE_HAVES:
		TRY(haves);
		break;
	case MESSAGE_PUSH:
		TRY(push);
		break;
	case MESSAGE_RESULT:
		TRY(result);
		break;
	default:
		TRY(error);
		break;
	}
#undef TRY
	return 0;
}

static const struct sample {
	uint8_t type;
	const char *hex;
} good[] = {
	{ MESSAGE_HELLO, "647269667401abababababababababababababababab0b64726966742f302e312e3000" },
	{ MESSAGE_HELLO, "647269667402abababababababababababababababab000207736861" "6c6c6f770a" "6e65777374796c653d31" },
	{ MESSAGE_FETCH, "02010c726566732f68656164732f2a0001" ID("11") },
	{ MESSAGE_REFS, "000f726566732f68656164732f6d61696e01030f726566732f68656164732f6d61696e" ID("22") "00" },
	{ MESSAGE_REFS, "01000001" ID("22") },
	{ MESSAGE_HAVES, "02" ID("11") ID("22") },
	{ MESSAGE_PUSH, "0103416e6e01030f726566732f68656164732f6d61696e" ID("22") ID("33") },
	{ MESSAGE_PUSH, "0203416e6e01010f726566732f68656164732f6d61696e" ID("22") },
	{ MESSAGE_RESULT, "0101086974206d6f766564" },
	{ MESSAGE_ERROR, "080568656c6c6f" },
};

static size_t bytes_of(const char *hex, unsigned char out[512])
{
	size_t len = strlen(hex) / 2;

	assert_true(len <= 512 && hex_decode(hex, out, len));
	return len;
}

static void come_back(void **state)
{
	unsigned char data[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		size_t len = bytes_of(good[i].hex, data);
		auto_buf again = BUF_INIT;

		if (decode(good[i].type, data, len, &again))
			fail_msg("%zu: %s", i, err.message);
		assert_hex(&again, good[i].hex);
	}
}

/* Cut anywhere, or with a byte more, it is damaged. */
static void cut_and_longer(void **state)
{
	unsigned char data[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		size_t len = bytes_of(good[i].hex, data);

		for (size_t cut = 0; cut < len; cut++) {
			auto_free unsigned char *exact = malloc(cut + 1);
			auto_buf again = BUF_INIT;

			memcpy(exact, data, cut);
			assert_int_equal(decode(good[i].type, exact, cut, &again), -1);
			assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
		}
		auto_buf again = BUF_INIT;

		data[len] = 0;
		assert_int_equal(decode(good[i].type, data, len + 1, &again), -1);
	}
}

static void refused(uint8_t type, const char *hex, const char *part)
{
	unsigned char data[512];
	size_t len = bytes_of(hex, data);
	auto_buf again = BUF_INIT;

	if (!decode(type, data, len, &again))
		fail_msg("%s is taken", hex);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	if (!strstr(err.message, part))
		fail_msg("'%s' lacks '%s'", err.message, part);
}

static void malformed(void **state)
{
	(void)state;
	refused(MESSAGE_HELLO, "647269668801abababababababababababababababab0000", "does not begin with 'drift'");
	refused(MESSAGE_HELLO, "647269667400abababababababababababababababab0000", "no such version");
	refused(MESSAGE_HELLO, "647269667401abababababababababababababababab02610000", "holds a NUL");
	refused(MESSAGE_HELLO, "647269667401abababababababababababababababab000100", "a word is empty");
	refused(MESSAGE_HELLO, "647269667401abababababababababababababababab00ffffff7f", "a count is too high");
	refused(MESSAGE_FETCH, "0400000000", "unknown flag");
	refused(MESSAGE_FETCH, "0001046d61696e0000", "is none of a ref");
	refused(MESSAGE_FETCH, "0001" "08" "5354414745782f2a" "0000", "is none of a ref");
	refused(MESSAGE_FETCH, "00010e726566732f68656164732f2a2f2a0000", "is none of a ref");
	refused(MESSAGE_FETCH, "000000ffffffff0f", "a count is too high");
	refused(MESSAGE_FETCH, "00008000", "damaged");
	refused(MESSAGE_REFS, "00000101" "0f726566732f68656164732f6d61696e" ID("22") "00", "neither commit nor tag");
	refused(MESSAGE_REFS, "00000103" "0c726566732f68656164732f2e" ID("22") "00", "a name that is none");
	refused(MESSAGE_REFS, "00000103" "055354414745" ID("22") "00", "a name that is none");
	refused(MESSAGE_REFS, "00000203" "06726566732f62" ID("22") "03" "06726566732f61" ID("22") "00", "not in order");
	refused(MESSAGE_REFS, "00000203" "06726566732f62" ID("22") "03" "06726566732f62" ID("22") "00", "not in order");
	refused(MESSAGE_REFS, "0003" "2e2e2e" "0000", "HEAD names what is no ref");
	refused(MESSAGE_PUSH, "0100" "01" "00" "06726566732f61", "neither change nor removal");
	refused(MESSAGE_PUSH, "0100" "01" "02" "0448454144" ID("22"), "a name that is none");
	refused(MESSAGE_PUSH, "0100" "01" "02" "0a726566732f2e2e2f2e2e" ID("22"), "a name that is none");
	refused(MESSAGE_PUSH, "0100" "02" "02" "06726566732f61" ID("22") "02" "06726566732f61" ID("33"), "names a ref twice");
	refused(MESSAGE_RESULT, "010500", "an outcome is unknown");
	refused(MESSAGE_ERROR, "000568656c6c6f", "it has no code");
}

static void words(void **state)
{
	struct message_words list = { .items = NULL };

	(void)state;
	assert_int_equal(message_words_add(&list, "shallow", &err), 0);
	assert_int_equal(message_words_add(&list, "depth=3", &err), 0);
	assert_string_equal(message_words_find(&list, "shallow"), "");
	assert_string_equal(message_words_find(&list, "depth"), "3");
	assert_null(message_words_find(&list, "dep"));
	assert_null(message_words_find(&list, "depths"));
	free(list.items);
	assert_string_equal(message_name(MESSAGE_PUSH), "PUSH");
	assert_string_equal(message_name(200), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_page),
		cmocka_unit_test(come_back),
		cmocka_unit_test(cut_and_longer),
		cmocka_unit_test(malformed),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
