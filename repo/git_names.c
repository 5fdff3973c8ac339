#include "repo/git_names.h"

#include <inttypes.h>
#include <string.h>

#define USEC INT64_C(1000000)
#define SECONDS_MAX (INT64_MAX / USEC)
#define ZONE_DIGITS_MAX 6
#define NOBODY "unknown"

/* --- paths --- */

static bool part_is(const char *part, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(part, name, len);
}

/* Is it a name of drift's own, with any number of tildes behind it? */
static bool part_is_taken(const char *part, size_t len, bool first)
{
	while (len && part[len - 1] == '~')
		len--;
	return part_is(part, len, ".") || part_is(part, len, "..") || (first && part_is(part, len, TREE_RESERVED));
}

static size_t part_len(const char *part, const char *end)
{
	const char *slash = part < end ? memchr(part, '/', (size_t)(end - part)) : NULL;

	return (size_t)((slash ? slash : end) - part);
}

int git_path_in(struct text path, struct buf *out, struct drift_error *err)
{
	const char *at = path.data, *end = path.data + path.len;
	size_t start = out->len;
	struct path cut;

	for (;;) {
		size_t len = part_len(at, end);

		buf_add(out, at, len);
		if (part_is_taken(at, len, at == path.data))
			buf_add_byte(out, '~');
		at += len;
		if (at == end)
			break;
		buf_add_byte(out, '/');
		at++;
	}
	if (buf_check(out, err) || path_parse(out->data + start, out->len - start, &cut, err))
		return -1;
	return 0;
}

static void add_parts_out(const char *at, size_t len, bool first, struct buf *out)
{
	const char *end = at + len;

	for (;;) {
		size_t n = part_len(at, end);
		bool taken = part_is_taken(at, n, first) && at[n - 1] == '~';

		buf_add(out, at, n - taken);
		at += n;
		if (at == end)
			return;
		buf_add_byte(out, '/');
		at++;
		first = false;
	}
}

void git_path_out(const struct path *path, struct buf *out)
{
	if (path->collection_len) {
		add_parts_out(path->collection, path->collection_len, true, out);
		buf_add_byte(out, '/');
	}
	add_parts_out(path->key, path->key_len, !path->collection_len, out);
}

/* --- authors --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_digits(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(s[i]))
			return false;
	}
	return len > 0;
}

/* Cut off the last word, behind a blank. */
static bool take_last_word(struct text *in, struct text *word_out)
{
	const char *blank = in->len ? memrchr(in->data, ' ', in->len) : NULL;

	if (!blank)
		return false;
	word_out->data = blank + 1;
	word_out->len = in->len - (size_t)(blank + 1 - in->data);
	in->len = (size_t)(blank - in->data);
	return true;
}

static bool is_zone(struct text t)
{
	return t.len >= 2 && (t.data[0] == '+' || t.data[0] == '-') && all_digits(t.data + 1, t.len - 1);
}

/* Seconds, at most what fits; true if they are written as drift writes them. */
static bool parse_seconds(struct text t, int64_t *seconds_out)
{
	bool negative = t.data[0] == '-', exact = true;
	int64_t n = 0;

	t.data += negative;
	t.len -= negative;
	if ((t.len > 1 || negative) && t.data[0] == '0')
		exact = false;
	for (size_t i = 0; i < t.len; i++) {
		if (n > (SECONDS_MAX - (t.data[i] - '0')) / 10) {
			n = SECONDS_MAX;
			exact = false;
			break;
		}
		n = n * 10 + (t.data[i] - '0');
	}
	*seconds_out = negative ? -n : n;
	return exact;
}

static bool is_time(struct text t)
{
	bool negative = t.len && t.data[0] == '-';

	return all_digits(t.data + negative, t.len - negative);
}

/* Cut off the time and the zone. */
static bool take_time(struct text *rest, struct signature_line *line)
{
	struct text zone, time, before = *rest;
	int64_t seconds = 0;
	bool exact;

	if (!take_last_word(&before, &zone) || !is_zone(zone) || !take_last_word(&before, &time) || !is_time(time))
		return false;
	exact = parse_seconds(time, &seconds);
	line->time_usec = seconds * USEC;
	if (zone.len <= ZONE_DIGITS_MAX + 1) {
		memcpy(line->zone, zone.data, zone.len);
		line->zone[zone.len] = '\0';
	} else {
		exact = false;
	}
	*rest = before;
	return exact;
}

bool git_ident_in(struct text raw, struct signature_line *line_out)
{
	struct signature_line line = { .who = raw, .zone = "+0000" };
	bool exact = take_time(&line.who, &line);

	if (!line.who.len) {
		line.who.data = NOBODY;
		line.who.len = sizeof(NOBODY) - 1;
		exact = false;
	} else if (line.who.len > COMMIT_WHO_MAX) {
		line.who.len = COMMIT_WHO_MAX;
		exact = false;
	}
	*line_out = line;
	return exact;
}

/* The length of "Name <mail>" at the front, as git-fast-import wants it; 0 if it is not there. */
static size_t name_and_mail_len(struct text t)
{
	size_t open = 0, close;

	while (open < t.len && t.data[open] != '<' && t.data[open] != '>')
		open++;
	if (open == t.len || t.data[open] != '<' || (open && t.data[open - 1] != ' '))
		return 0;
	close = open + 1;
	while (close < t.len && t.data[close] != '<' && t.data[close] != '>')
		close++;
	return close < t.len && t.data[close] == '>' ? close + 1 : 0;
}

/* Does it fit what strtoul() takes without complaint? */
static bool number_fits(struct text t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		uint64_t digit = (uint64_t)(t.data[i] - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	return true;
}

/* Would git-fast-import take the line, with --date-format=raw-permissive where the zone is odd? */
static bool is_taken(struct text line)
{
	size_t len = name_and_mail_len(line);
	struct text rest = { line.data + len, line.len - len }, zone;

	if (!len || !rest.len || rest.data[0] != ' ' || !take_last_word(&rest, &zone) || !is_zone(zone))
		return false;
	while (rest.len && rest.data[0] == ' ') {
		rest.data++;
		rest.len--;
	}
	if (!is_time(rest))
		return false;
	if (rest.data[0] == '-') {
		rest.data++;
		rest.len--;
	}
	return number_fits(rest);
}

static void add_who(struct text who, struct buf *out)
{
	size_t len = name_and_mail_len(who);

	/* Blanks behind the mail come from git, which gives them back. */
	while (len && len < who.len && who.data[len] == ' ')
		len++;
	if (len && len == who.len) {
		buf_add(out, who.data, who.len);
		return;
	}
	for (size_t i = 0; i < who.len; i++) {
		if (who.data[i] != '<' && who.data[i] != '>')
			buf_add_byte(out, (unsigned char)who.data[i]);
	}
	buf_add_str(out, " <>");
}

void git_ident_out(const struct signature_line *line, struct text kept, struct buf *out)
{
	int64_t seconds = line->time_usec / USEC;

	if (kept.len && is_taken(kept)) {
		buf_add(out, kept.data, kept.len);
		return;
	}
	if (line->time_usec % USEC < 0)
		seconds--;
	add_who(line->who, out);
	buf_addf(out, " %" PRId64 " %s", seconds, line->zone);
}

struct text git_header(struct text extra, const char *name)
{
	const char *at = extra.data, *end = extra.data + extra.len;
	size_t name_len = strlen(name);
	struct text none = { "", 0 };

	while (extra.len && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);

		if (len > name_len && !memcmp(at, name, name_len) && at[name_len] == ' ') {
			struct text value = { at + name_len + 1, len - name_len - 1 };

			return value;
		}
		at += len + 1;
	}
	return none;
}
