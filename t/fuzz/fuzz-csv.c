/* CSV: rows do not depend on the pieces they come in, and are the same when they are written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_row(const struct csv_reader *r, struct buf *out)
{
	for (size_t i = 0; i < csv_reader_count(r); i++) {
		struct csv_field f = csv_reader_field(r, i);

		if (i)
			buf_add_byte(out, ',');
		csv_append_field(out, f.text, f.len, ',', f.quoted);
	}
	buf_add_byte(out, '\n');
}

/* Write all good rows anew. */
static void rewrite(const char *text, size_t len, size_t step, struct buf *out)
{
	struct csv_reader *r = csv_reader_new(',', 4096, NULL);
	const char *at = text, *end = text + len;
	int got;

	if (!r)
		abort();
	while (at < end) {
		const char *to = (size_t)(end - at) > step ? at + step : end;

		got = csv_reader_next(r, &at, to, NULL);
		if (got > 0)
			write_row(r, out);
	}
	while ((got = csv_reader_finish(r, NULL)) != 0)
		if (got > 0)
			write_row(r, out);
	csv_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	auto_buf whole = BUF_INIT, pieces = BUF_INIT, again = BUF_INIT;

	if (!size)
		return 0;
	rewrite(text, size, size, &whole);
	rewrite(text, size, 1 + data[0] % 16, &pieces);
	rewrite(whole.data, whole.len, whole.len + 1, &again);
	if (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len) != 0 || whole.len != again.len ||
	    memcmp(whole.data, again.data, whole.len) != 0)
		abort();
	return 0;
}
