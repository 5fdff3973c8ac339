/* Hex, base 64, UTF-8, escaping and quoting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/utf8.h"

static void hex(void **state)
{
	unsigned char data[256], back[256];
	auto_buf out = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	hex_append(&out, data, sizeof(data));
	assert_int_equal(out.len, 512);
	assert_memory_equal(out.data + 2 * 0x9f, "9fa0", 4);
	assert_true(hex_decode(out.data, back, sizeof(back)));
	assert_memory_equal(data, back, sizeof(back));
	assert_true(hex_decode("aBfF", back, 2));
	assert_int_equal(back[0], 0xab);
	assert_false(hex_decode("0g", back, 1));
	assert_false(hex_decode("g0", back, 1));
	assert_int_equal(hex_digit('F'), 15);
	assert_int_equal(hex_digit(' '), -1);
}

static void base64_of_rfc_4648(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" },	    { "f", "Zg==" },	    { "fo", "Zm8=" },	    { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfb", "//77" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		auto_buf out = BUF_INIT, back = BUF_INIT;

		base64_append(&out, pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(out.data, pairs[i][1]);
		assert_true(base64_decode(out.data, out.len, &back));
		assert_string_equal(back.data, pairs[i][0]);
	}
}

static void base64_is_strict(void **state)
{
	static const char *const texts[] = { "Z",    "Zg",   "Zg=",  "Zh==",	 "Zm9=", "Zm9v=",
					     "====", "Zg==Zg==", "Z===", "Zm 9",	 "Zm9v\n", "Zm9-",
					     "=",    "=Zg=",	 "Zg=Z" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		auto_buf out = BUF_INIT;

		buf_add_str(&out, "kept");
		if (base64_decode(texts[i], strlen(texts[i]), &out))
			fail_msg("'%s' is accepted", texts[i]);
		assert_string_equal(out.data, "kept");
	}
}

static void utf8_all_code_points(void **state)
{
	uint32_t code;

	(void)state;
	for (code = 0; code < 0x110010; code++) {
		unsigned char p[4];
		uint32_t back = 1;
		size_t n = utf8_encode(code, p);

		if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
			assert_int_equal(n, 0);
			continue;
		}
		if (utf8_decode(p, n, &back) != n || back != code || utf8_decode(p, n - 1, &back))
			fail_msg("U+%04X", (unsigned)code);
	}
}

static void utf8_refuses(void **state)
{
	static const char *const texts[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xc3(", "abcdefghi\xff",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (utf8_valid(texts[i], strlen(texts[i])))
			fail_msg("number %zu is accepted", i);
	assert_true(utf8_valid("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80 and on", 22));
	assert_true(utf8_valid("", 0));
}

static void widths(void **state)
{
	static const char mixed[] = "a\xcc\x81\xe4\xb8\xad\xff\xf0\x9f\x98\x80"; /* á 中 ? emoji */

	(void)state;
	assert_int_equal(utf8_width('a'), 1);
	assert_int_equal(utf8_width(0xe9), 1);
	assert_int_equal(utf8_width(0x301), 0);
	assert_int_equal(utf8_width(0x200d), 0);
	assert_int_equal(utf8_width(0x4e2d), 2);
	assert_int_equal(utf8_width(0xac00), 2);
	assert_int_equal(utf8_width(0xff01), 2);
	assert_int_equal(utf8_width(0x1f600), 2);
	assert_int_equal(utf8_width(0x2500), 1);
	assert_int_equal(utf8_width(0x10ffff), 1);
	assert_int_equal(utf8_text_width(mixed, sizeof(mixed) - 1), 6);
	assert_int_equal(utf8_cut(mixed, sizeof(mixed) - 1, 1), 3);
	assert_int_equal(utf8_cut(mixed, sizeof(mixed) - 1, 2), 3);
	assert_int_equal(utf8_cut(mixed, sizeof(mixed) - 1, 3), 6);
	assert_int_equal(utf8_cut(mixed, sizeof(mixed) - 1, 99), sizeof(mixed) - 1);
}

static void check_escape(const char *text, const char *want, const char *want_lines)
{
	auto_buf out = BUF_INIT;

	text_escape_terminal(&out, text, strlen(text));
	assert_string_equal(out.data, want);
	buf_clear(&out);
	text_escape_lines(&out, text, strlen(text));
	assert_string_equal(out.data, want_lines);
}

static void escapes(void **state)
{
	auto_buf out = BUF_INIT;

	(void)state;
	check_escape("plain \\ na\xc3\xafve", "plain \\ na\xc3\xafve", "plain \\ na\xc3\xafve");
	check_escape("\x1b[31m\x7f", "\\x1B[31m\\x7F", "\\x1B[31m\\x7F");
	check_escape("a\n\tb\r", "a\\x0A\\x09b\\x0D", "a\n\tb\\x0D");
	check_escape("\xe2\x80\xae", "\\u{202E}", "\\u{202E}");
	check_escape("\xc2\x9b" "31m\xff\xc3", "\\u{9B}31m\\xFF\\xC3", "\\u{9B}31m\\xFF\\xC3");
	check_escape("\xf0\x9f\x91\xa8\xe2\x80\x8d", "\xf0\x9f\x91\xa8\xe2\x80\x8d",
		     "\xf0\x9f\x91\xa8\xe2\x80\x8d");
	text_escape_terminal(&out, "a\0b", 3);
	assert_string_equal(out.data, "a\\x00b");
	buf_clear(&out);
	text_escape_json(&out, "\"\xe2\x80\xae \x7f\xc2\x85 \xf3\xa0\x80\x81 \xc3\xa4\xff\"\n", 19);
	assert_string_equal(out.data, "\"\\u202e \\u007f\\u0085 \\udb40\\udc01 \xc3\xa4\xff\"\n");
}

static void quotes(void **state)
{
	auto_buf out = BUF_INIT, back = BUF_INIT;
	char all[256];
	size_t i;

	(void)state;
	quote_c(&out, "plain name", 10);
	assert_string_equal(out.data, "plain name");
	buf_clear(&out);
	quote_c(&out, "a\"\\\n\t\xc3\xa4\x01", 8);
	assert_string_equal(out.data, "\"a\\\"\\\\\\n\\t\\303\\244\\001\"");
	buf_clear(&out);
	for (i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	quote_c(&out, all, sizeof(all));
	buf_add_str(&out, " rest");
	assert_int_equal(unquote_c(out.data, out.len, &back), out.len - 5);
	assert_int_equal(back.len, sizeof(all));
	assert_memory_equal(back.data, all, sizeof(all));
	assert_int_equal(unquote_c("\"\"", 2, &back), 2);
	assert_int_equal(unquote_c("", 0, &back), 0);
	assert_int_equal(unquote_c("a\"", 2, &back), 0);
	assert_int_equal(unquote_c("\"abc", 4, &back), 0);
	assert_int_equal(unquote_c("\"abc\\", 5, &back), 0);
	assert_int_equal(unquote_c("\"\\q\"", 4, &back), 0);
	assert_int_equal(unquote_c("\"\\400\"", 6, &back), 0);
	assert_int_equal(unquote_c("\"\\37", 4, &back), 0);
	assert_int_equal(back.len, sizeof(all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex),		   cmocka_unit_test(base64_of_rfc_4648),
		cmocka_unit_test(base64_is_strict), cmocka_unit_test(utf8_all_code_points),
		cmocka_unit_test(utf8_refuses),	   cmocka_unit_test(widths),
		cmocka_unit_test(escapes),	   cmocka_unit_test(quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
