#include "objects/header_internal.h"

#include <string.h>

#include "base/hex.h"

#define NUMBER_DIGITS_MAX 20
#define USEC 1000000u

static size_t put_digits(char *at, uint64_t n)
{
	char digits[NUMBER_DIGITS_MAX];
	size_t count = 0, i;

	do {
		digits[count++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	for (i = 0; i < count; i++)
		at[i] = digits[count - 1 - i];
	return count;
}

static void add_number(struct buf *out, uint64_t n)
{
	char digits[NUMBER_DIGITS_MAX];

	buf_add(out, digits, put_digits(digits, n));
}

static void add_time(struct buf *out, int64_t usec)
{
	uint64_t magnitude = usec < 0 ? 0 - (uint64_t)usec : (uint64_t)usec;
	uint64_t fraction = magnitude % USEC;
	char digits[7] = ""; /* a 1 keeps the zeros in front */
	size_t len = sizeof(digits);

	if (usec < 0)
		buf_add_byte(out, '-');
	add_number(out, magnitude / USEC);
	if (!fraction)
		return;
	put_digits(digits, USEC + fraction);
	while (digits[len - 1] == '0')
		len--;
	digits[0] = '.';
	buf_add(out, digits, len);
}

static void add_key(struct buf *out, const char *key)
{
	buf_add_str(out, key);
	buf_add_byte(out, ' ');
}

void header_add_id(struct buf *out, const char *key, const struct oid *id)
{
	add_key(out, key);
	hex_append(out, id->bytes, OID_LEN);
	buf_add_byte(out, '\n');
}

void header_add_number(struct buf *out, const char *key, uint64_t n)
{
	add_key(out, key);
	add_number(out, n);
	buf_add_byte(out, '\n');
}

void header_add_time(struct buf *out, const char *key, int64_t usec)
{
	add_key(out, key);
	add_time(out, usec);
	buf_add_byte(out, '\n');
}

void header_add_text(struct buf *out, const char *key, struct text value)
{
	add_key(out, key);
	buf_add(out, value.data, value.len);
	buf_add_byte(out, '\n');
}

void header_add_signature(struct buf *out, const char *key, const struct signature_line *line)
{
	add_key(out, key);
	buf_add(out, line->who.data, line->who.len);
	buf_add_byte(out, ' ');
	add_time(out, line->time_usec);
	buf_add_byte(out, ' ');
	buf_add_str(out, line->zone);
	buf_add_byte(out, '\n');
}

bool header_take(struct cursor *in, const char *key, struct text *value_out)
{
	size_t key_len = strlen(key), left = cursor_left(in);
	const unsigned char *value, *end;

	if (left <= key_len || memcmp(in->pos, key, key_len) != 0 || in->pos[key_len] != ' ')
		return false;
	value = in->pos + key_len + 1;
	end = memchr(value, '\n', left - key_len - 1);
	if (!end)
		return false;
	value_out->data = (const char *)value;
	value_out->len = (size_t)(end - value);
	cursor_bytes(in, (size_t)(end + 1 - in->pos));
	return true;
}

bool header_take_rest(struct cursor *in, struct text *lines_out)
{
	const unsigned char *end = in->pos;

	if (!cursor_left(in))
		return false;
	if (*end != '\n') {
		end = memmem(in->pos, cursor_left(in), "\n\n", 2);
		if (!end)
			return false;
		end++;
	}
	lines_out->data = (const char *)in->pos;
	lines_out->len = (size_t)(end - in->pos);
	cursor_bytes(in, lines_out->len + 1);
	return true;
}

bool header_parse_id(struct text value, struct oid *id_out)
{
	size_t i;

	if (value.len != OID_HEX_LEN)
		return false;
	for (i = 0; i < value.len; i++)
		if (value.data[i] >= 'A' && value.data[i] <= 'F')
			return false;
	return hex_decode(value.data, id_out->bytes, OID_LEN);
}

bool header_parse_number(struct text value, uint64_t *n_out)
{
	uint64_t n = 0;
	size_t i;

	if (!value.len || value.len > NUMBER_DIGITS_MAX - 1 || (value.len > 1 && value.data[0] == '0'))
		return false;
	for (i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(value.data[i] - '0');
	}
	*n_out = n;
	return true;
}

/* Microseconds of ".5" and so on: one to six digits, the last not zero. */
static bool parse_fraction(struct text value, uint64_t *usec_out)
{
	uint64_t usec = 0, unit = USEC;
	size_t i;

	if (value.len < 2 || value.len > 7 || value.data[value.len - 1] == '0')
		return false;
	for (i = 1; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
		unit /= 10;
		usec += (uint64_t)(value.data[i] - '0') * unit;
	}
	*usec_out = usec;
	return true;
}

bool header_parse_time(struct text value, int64_t *usec_out)
{
	bool negative = value.len && value.data[0] == '-';
	uint64_t magnitude, fraction = 0, limit = (uint64_t)INT64_MAX + negative;
	const char *dot;

	if (negative) {
		value.data++;
		value.len--;
	}
	dot = value.len ? memchr(value.data, '.', value.len) : NULL;
	if (dot) {
		struct text rest = { dot, value.len - (size_t)(dot - value.data) };

		if (!parse_fraction(rest, &fraction))
			return false;
		value.len -= rest.len;
	}
	if (!header_parse_number(value, &magnitude) || magnitude > limit / USEC)
		return false;
	magnitude *= USEC;
	if (fraction > limit - magnitude)
		return false;
	magnitude += fraction;
	if (negative && !magnitude)
		return false;
	*usec_out = (int64_t)(negative ? 0 - magnitude : magnitude);
	return true;
}

/* Cut off the last word of a text. */
static bool take_last_word(struct text *value, struct text *word_out)
{
	const char *blank = value->len ? memrchr(value->data, ' ', value->len) : NULL;

	if (!blank)
		return false;
	word_out->data = blank + 1;
	word_out->len = value->len - (size_t)(blank + 1 - value->data);
	value->len = (size_t)(blank - value->data);
	return true;
}

bool header_parse_signature(struct text value, struct signature_line *line_out)
{
	struct text zone, time;

	if (!take_last_word(&value, &zone) || !take_last_word(&value, &time))
		return false;
	if (zone.len >= sizeof(line_out->zone) || memchr(zone.data, '\0', zone.len) ||
	    !header_parse_time(time, &line_out->time_usec))
		return false;
	memcpy(line_out->zone, zone.data, zone.len);
	line_out->zone[zone.len] = '\0';
	line_out->who = value;
	return true;
}

int header_check_line(const char *what, struct text value, size_t len_max, struct drift_error *err)
{
	if (!value.len)
		return error_set(err, DRIFT_ERR_INVALID, "%s is empty", what);
	if (value.len > len_max)
		return error_set(err, DRIFT_ERR_LIMIT, "%s is longer than %zu bytes", what, len_max);
	if (memchr(value.data, '\n', value.len) || memchr(value.data, '\0', value.len))
		return error_set(err, DRIFT_ERR_INVALID, "%s holds a newline or a NUL", what);
	return 0;
}

static bool zone_valid(const char *zone, size_t len)
{
	size_t i;

	if (len < 2 || (zone[0] != '+' && zone[0] != '-'))
		return false;
	for (i = 1; i < len; i++)
		if (zone[i] < '0' || zone[i] > '9')
			return false;
	return true;
}

int header_check_signature(const char *what, const struct signature_line *line, struct drift_error *err)
{
	size_t zone_len = strnlen(line->zone, sizeof(line->zone));

	if (zone_len == sizeof(line->zone) || !zone_valid(line->zone, zone_len))
		return error_set(err, DRIFT_ERR_INVALID, "%s has no valid time zone", what);
	return header_check_line(what, line->who, COMMIT_WHO_MAX, err);
}

static bool is_reserved(const char *key, size_t len, const char *const *reserved)
{
	for (; *reserved; reserved++)
		if (strlen(*reserved) == len && memcmp(*reserved, key, len) == 0)
			return true;
	return false;
}

int header_check_extra(struct text lines, const char *const *reserved, struct drift_error *err)
{
	const char *at, *end;

	if (!lines.len)
		return 0;
	at = lines.data;
	end = at + lines.len;
	if (lines.len > COMMIT_EXTRA_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "further headers are longer than %zu bytes", COMMIT_EXTRA_MAX);
	if (end[-1] != '\n' || *at == ' ' || memchr(at, '\0', lines.len))
		return error_set(err, DRIFT_ERR_INVALID, "further headers are malformed");
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *blank = memchr(at, ' ', (size_t)(newline - at));

		if (!blank)
			return error_set(err, DRIFT_ERR_INVALID, "a header line is not a key and a value");
		if (is_reserved(at, (size_t)(blank - at), reserved))
			return error_set(err, DRIFT_ERR_INVALID, "header '%.*s' is out of place", (int)(blank - at),
					 at);
		at = newline + 1;
	}
	return 0;
}

struct text header_copy_text(char **at, struct text from)
{
	struct text copy = { *at, from.len };

	if (from.len)
		memcpy(*at, from.data, from.len);
	(*at)[from.len] = '\0';
	*at += from.len + 1;
	return copy;
}
