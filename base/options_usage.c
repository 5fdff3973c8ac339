/* What options say about themselves, and guesses at what was meant. */
#include <string.h>

#include "base/mem.h"
#include "base/options.h"
#include "base/utf8.h"

enum {
	HELP_COLUMN = 28,
	WORD_MAX = 40, /* longer ones are not guessed at */
};

static void add_option(struct buf *out, const struct option_spec *spec)
{
	size_t start = out->len, width;

	buf_add_str(out, "    ");
	if (spec->short_name) {
		buf_add_byte(out, '-');
		buf_add_byte(out, (unsigned char)spec->short_name);
	}
	if (spec->short_name && spec->long_name)
		buf_add_str(out, ", ");
	if (spec->long_name)
		buf_addf(out, "--%s", spec->long_name);
	if (spec->argument && spec->argument_optional)
		buf_addf(out, spec->long_name ? "[=%s]" : "[%s]", spec->argument);
	else if (spec->argument)
		buf_addf(out, " %s", spec->argument);
	width = out->len > start ? utf8_text_width(out->data + start, out->len - start) : 0;
	if (width + 2 > HELP_COLUMN) {
		buf_add_byte(out, '\n');
		width = 0;
	}
	buf_addf(out, "%*s%s\n", (int)(HELP_COLUMN - width), "", spec->help);
}

void options_usage(const struct option_table *table, struct buf *out)
{
	bool any = false;
	size_t i;

	for (i = 0; table->usage && table->usage[i]; i++)
		buf_addf(out, "%s %s\n", i ? "   or:" : "usage:", table->usage[i]);
	for (i = 0; i < table->spec_count; i++) {
		if (!table->specs[i].help)
			continue;
		if (!any)
			buf_add_byte(out, '\n');
		any = true;
		add_option(out, &table->specs[i]);
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1];
	size_t i, j;

	for (j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *options_nearest(const char *word, const char *const *words)
{
	size_t len = strlen(word), best = len / 3 + 1;
	const char *found = NULL;

	if (len < 2 || len > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		size_t other_len = strlen(*words), d;

		if (other_len > WORD_MAX)
			continue;
		/* Words broken off early are slips too, but less likely than a wrong letter. */
		d = other_len > len && !memcmp(*words, word, len)
			    ? 1
			    : distance(word, len, *words, other_len);
		if (d < best || (d == best && !found)) {
			best = d;
			found = *words;
		}
	}
	return found;
}
