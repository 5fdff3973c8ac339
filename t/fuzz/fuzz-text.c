/* Hex, base 64, quoting and UTF-8: what is decoded encodes to the same text. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base64(const char *text, size_t len)
{
	auto_buf bytes = BUF_INIT, again = BUF_INIT;

	if (base64_decode(text, len, &bytes)) {
		base64_append(&again, bytes.data, bytes.len);
		assert(again.len == len && (!len || !memcmp(again.data, text, len)));
	}
	buf_clear(&bytes);
	buf_clear(&again);
	base64_append(&again, text, len);
	assert(base64_decode(again.data, again.len, &bytes));
	assert(bytes.len == len && (!len || !memcmp(bytes.data, text, len)));
}

static void check_hex(const char *text, size_t len)
{
	unsigned char bytes[64];
	char again[2 * sizeof(bytes) + 1];
	size_t count = len / 2 < sizeof(bytes) ? len / 2 : sizeof(bytes), i;

	if (!hex_decode(text, bytes, count))
		return;
	hex_encode(bytes, count, again);
	for (i = 0; i < 2 * count; i++)
		assert(hex_digit((unsigned char)text[i]) == hex_digit((unsigned char)again[i]));
}

static void check_quoting(const char *text, size_t len)
{
	auto_buf quoted = BUF_INIT, bytes = BUF_INIT;
	size_t n = unquote_c(text, len, &bytes);

	assert(n <= len);
	quote_c(&quoted, text, len);
	if (!quote_c_needed(text, len)) {
		assert(quoted.len == len);
		return;
	}
	buf_clear(&bytes);
	assert(unquote_c(quoted.data, quoted.len, &bytes) == quoted.len);
	assert(bytes.len == len && !memcmp(bytes.data, text, len));
}

static void check_utf8(const char *text, size_t len)
{
	auto_buf shown = BUF_INIT;
	size_t i;

	text_escape_terminal(&shown, text, len);
	assert(utf8_valid(shown.data, shown.len));
	for (i = 0; i < shown.len; i++)
		assert((unsigned char)shown.data[i] >= 0x20 && shown.data[i] != 0x7f);
	assert(utf8_cut(text, len, utf8_text_width(text, len)) == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	check_base64(text, size);
	check_hex(text, size);
	check_quoting(text, size);
	check_utf8(text, size);
	return 0;
}
