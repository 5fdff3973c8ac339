/* CSV: rows whatever the pieces they come in, and writing back what was read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/csv.h"

/* All rows as "[field|'quoted field']" a row, "!" for a bad one; given in pieces of `step` bytes. */
static void read_rows(const char *text, size_t step, struct buf *out)
{
	struct csv_reader *r = csv_reader_new(',', 1000, NULL);
	const char *end = text + strlen(text), *at = text;
	bool ended = false;

	assert_non_null(r);
	while (!ended) {
		const char *to = (size_t)(end - at) > step ? at + step : end;
		struct drift_error err;
		int got;

		ended = at == end;
		while ((got = ended ? csv_reader_finish(r, &err) : csv_reader_next(r, &at, to, &err)) != 0) {
			if (got < 0)
				assert_int_equal(err.code, DRIFT_ERR_INVALID);
			buf_addf(out, "%llu%s", (unsigned long long)csv_reader_line(r), got < 0 ? "!" : "[");
			for (size_t i = 0; got > 0 && i < csv_reader_count(r); i++) {
				struct csv_field f = csv_reader_field(r, i);
				const char *quote = f.quoted ? "'" : "";

				buf_addf(out, "%s%s%.*s%s", i ? "|" : "", quote, (int)f.len, f.text, quote);
			}
			buf_add_str(out, got < 0 ? "" : "]");
		}
	}
	csv_reader_free(r);
	assert_int_equal(buf_check(out, NULL), 0);
}

static void rows_do_not_depend_on_pieces(void **state)
{
	static const struct {
		const char *text, *rows;
	} cases[] = {
		{ "", "" },
		{ "\n\r\n\n", "" },
		{ "a", "1[a]" },
		{ "a,b\n", "1[a|b]" },
		{ "a,b\r\nc,d\r\n", "1[a|b]2[c|d]" },
		{ ",\n", "1[|]" },
		{ ",\r\n", "1[|]" },
		{ "\"\"\n", "1['']" },
		{ "\"\"\r\n\n\"a\"", "1['']3['a']" },
		{ "\"a\"\"b\",\"c,d\"\n", "1['a\"b'|'c,d']" },
		{ "\"a\r\nb\nc\",d\ne\n", "1['a\r\nb\nc'|d]4[e]" },
		{ "a b , c\n", "1[a b | c]" },
		{ "a\rb,c\r\r\n", "1[a\rb|c\r]" },
		{ "a\"b\nc\n", "1!2[c]" },
		{ "\"a\"b,c\nd\n", "1!2[d]" },
		{ "\"a\"\rb\nd\n", "1!2[d]" },
		{ "\"a\"\r,b\nd\n", "1!2[d]" },
		{ "a,\"b\nc", "1!" },
		{ "a\n,\"b\nc", "1[a]2!" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t step = 1; step < 12; step++) {
			auto_buf rows = BUF_INIT;

			read_rows(cases[i].text, step, &rows);
			assert_string_equal(rows.data, cases[i].rows);
		}
	}
}

static void long_rows_are_refused(void **state)
{
	struct csv_reader *r = csv_reader_new(';', 10, NULL);
	const char *text = "12345;67890\n12345;678901\n\"12345678901\"\n1;2\n", *end = text + strlen(text);
	struct drift_error err;

	(void)state;
	assert_non_null(r);
	assert_int_equal(csv_reader_next(r, &text, end, &err), 1);
	assert_int_equal(csv_reader_count(r), 2);
	assert_int_equal(csv_reader_next(r, &text, end, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
	assert_int_equal(csv_reader_next(r, &text, end, &err), -1);
	assert_int_equal(csv_reader_next(r, &text, end, &err), 1);
	assert_int_equal(csv_reader_line(r), 4);
	assert_int_equal(csv_reader_next(r, &text, end, &err), 0);
	assert_int_equal(csv_reader_finish(r, &err), 0);
	csv_reader_free(r);
}

static void fields_are_quoted_where_need_be(void **state)
{
	static const struct {
		const char *text, *field;
		bool quoted;
	} cases[] = {
		{ "", "", false },           { "", "\"\"", true },
		{ "a b", "a b", false },     { "1", "\"1\"", true },
		{ "a,b", "\"a,b\"", false }, { "a;b", "a;b", false },
		{ "\"", "\"\"\"\"", false }, { "a\"b\"c", "\"a\"\"b\"\"c\"", false },
		{ "\r", "\"\r\"", false },   { "a\n", "\"a\n\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_buf out = BUF_INIT;

		csv_append_field(&out, cases[i].text, strlen(cases[i].text), ',', cases[i].quoted);
		assert_string_equal(out.data, cases[i].field);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_do_not_depend_on_pieces),
		cmocka_unit_test(long_rows_are_refused),
		cmocka_unit_test(fields_are_quoted_where_need_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
