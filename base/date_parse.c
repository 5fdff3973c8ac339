/* Reading times as people and programs write them. */
#include <string.h>

#include "base/date.h"

enum {
	SHOWN_MAX = 64,        /* of the text, in errors */
	BARE_SECONDS_MIN = 9,  /* fewer digits without '@' are too likely meant otherwise */
	SECONDS_DIGITS_MAX = 12,
};

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_SECOND)
#define SECONDS_AGO_MAX INT64_C(1000000000000) /* before year 1 from any valid time */

struct reader {
	const char *pos, *end;
	const char *text;
	size_t len;
	struct drift_error *err;
};

static int shown(size_t len)
{
	return (int)(len < SHOWN_MAX ? len : SHOWN_MAX);
}

static int bad(const struct reader *r, const char *why)
{
	return error_set(r->err, DRIFT_ERR_INVALID, "cannot understand the time '%.*s': %s",
			 shown(r->len), r->text, why);
}

static bool at_end(const struct reader *r)
{
	return r->pos == r->end;
}

static bool take(struct reader *r, char c)
{
	if (at_end(r) || *r->pos != c)
		return false;
	r->pos++;
	return true;
}

static bool at_digit(const struct reader *r)
{
	return !at_end(r) && *r->pos >= '0' && *r->pos <= '9';
}

/* Exactly n digits in [low, high]. */
static int take_number(struct reader *r, int n, int low, int high, int *out)
{
	int v = 0;

	while (n-- > 0) {
		if (!at_digit(r))
			return bad(r, "expected YYYY-MM-DD, YYYY-MM-DDThh:mm:ssZ, @SECONDS, "
				      "'now' or 'N days ago'");
		v = v * 10 + (*r->pos++ - '0');
	}
	if (v < low || v > high)
		return bad(r, "a part of it is out of range");
	*out = v;
	return 0;
}

/* What follows a point; digits after the sixth are dropped. */
static int take_fraction(struct reader *r, int *us_out)
{
	int us = 0, scale = 100000;

	if (!at_digit(r))
		return bad(r, "no digits after the point");
	for (; at_digit(r); r->pos++, scale /= 10)
		us += (*r->pos - '0') * scale;
	*us_out = us;
	return 0;
}

/* "+hh:mm" or "+hhmm" */
static int take_zone(struct reader *r, int hour_max, int16_t *zone_min_out)
{
	bool west = take(r, '-');
	int hours, minutes;

	if (!west && !take(r, '+'))
		return bad(r, "expected a zone such as Z or +01:00");
	if (take_number(r, 2, 0, hour_max, &hours) < 0)
		return -1;
	take(r, ':');
	if (take_number(r, 2, 0, 59, &minutes) < 0)
		return -1;
	minutes += hours * 60;
	*zone_min_out = (int16_t)(west ? -minutes : minutes);
	return 0;
}

static int finish(const struct reader *r, int64_t us, int16_t zone_min, struct date *out)
{
	if (!at_end(r))
		return bad(r, "there is more behind it");
	if (us < DATE_MIN_US || us > DATE_MAX_US)
		return bad(r, "not in the years 0001 to 9999");
	out->us = us;
	out->zone_min = zone_min;
	return 0;
}

static int take_day(struct reader *r, int64_t *days_out)
{
	int year, month, day;
	int64_t first, next;

	if (take_number(r, 4, 1, 9999, &year) < 0)
		return -1;
	if (!take(r, '-'))
		return bad(r, "expected YYYY-MM-DD");
	if (take_number(r, 2, 1, 12, &month) < 0)
		return -1;
	if (!take(r, '-'))
		return bad(r, "expected YYYY-MM-DD");
	if (take_number(r, 2, 1, 31, &day) < 0)
		return -1;
	first = date_days(year, month, 1);
	next = month < 12 ? date_days(year, month + 1, 1) : first + 31;
	if (day > next - first)
		return bad(r, "that month has no such day");
	*days_out = first + day - 1;
	return 0;
}

/* hh:mm[:ss[.fraction]] as microseconds of the day. */
static int take_clock(struct reader *r, int64_t *us_out)
{
	int hour, minute, second = 0, us = 0;

	if (take_number(r, 2, 0, 23, &hour) < 0)
		return -1;
	if (!take(r, ':'))
		return bad(r, "expected hh:mm:ss");
	if (take_number(r, 2, 0, 59, &minute) < 0)
		return -1;
	/* A leap second is the second after it, as time_t has it. */
	if (take(r, ':') && take_number(r, 2, 0, minute == 59 ? 60 : 59, &second) < 0)
		return -1;
	if ((take(r, '.') || take(r, ',')) && take_fraction(r, &us) < 0)
		return -1;
	*us_out = ((int64_t)hour * 3600 + minute * 60 + second) * US_PER_SECOND + us;
	return 0;
}

static int parse_rfc3339(struct reader *r, struct date *out)
{
	int64_t days = 0, us = 0;
	int16_t zone_min = 0;

	if (take_day(r, &days) < 0)
		return -1;
	if (!at_end(r)) {
		if (!take(r, 'T') && !take(r, 't') && !take(r, ' '))
			return bad(r, "expected T between date and time");
		if (take_clock(r, &us) < 0)
			return -1;
		take(r, ' ');
		if (!at_end(r) && !take(r, 'Z') && !take(r, 'z') && take_zone(r, 23, &zone_min) < 0)
			return -1;
	}
	us += days * US_PER_DAY - (int64_t)zone_min * 60 * US_PER_SECOND;
	return finish(r, us, zone_min, out);
}

/* Seconds since 1970 with an optional fraction and zone. */
static int parse_raw(struct reader *r, struct date *out)
{
	bool negative = take(r, '-');
	int64_t us = 0;
	int16_t zone_min = 0;
	int digits = 0, fraction = 0;

	for (; at_digit(r) && digits < SECONDS_DIGITS_MAX; digits++)
		us = us * 10 + (*r->pos++ - '0');
	if (!digits)
		return bad(r, "expected seconds since 1970");
	us *= US_PER_SECOND;
	if (take(r, '.') && take_fraction(r, &fraction) < 0)
		return -1;
	us += fraction;
	if (take(r, ' ') && take_zone(r, 99, &zone_min) < 0)
		return -1;
	return finish(r, negative ? -us : us, zone_min, out);
}

int date_parse_rfc3339(const char *text, size_t len, struct date *out, struct drift_error *err)
{
	struct reader r = { text, text + len, text, len, err };

	return parse_rfc3339(&r, out);
}

bool date_parse_zone(const char *text, size_t len, int16_t *zone_min_out)
{
	struct reader r = { text, text + len, text, len, NULL };
	int16_t zone_min;

	if (len != 5 || text[3] == ':' || take_zone(&r, 99, &zone_min) < 0 || !at_end(&r))
		return false;
	*zone_min_out = zone_min;
	return true;
}

static bool is_separator(char c)
{
	return c == ' ' || c == '.' || c == '_' || c == '-';
}

/* The next word, in letters; false if there is none. */
static bool take_word(struct reader *r, const char **word_out, size_t *len_out)
{
	const char *start;

	while (!at_end(r) && is_separator(*r->pos))
		r->pos++;
	start = r->pos;
	while (!at_end(r) && *r->pos >= 'a' && *r->pos <= 'z')
		r->pos++;
	*word_out = start;
	*len_out = (size_t)(r->pos - start);
	return *len_out > 0;
}

static bool is_word(const char *word, size_t len, const char *other)
{
	return len == strlen(other) && !memcmp(word, other, len);
}

/* So many calendar months earlier, or the last day of that month if it is shorter. */
static int64_t months_ago(int64_t us, int64_t months)
{
	struct date_fields f;
	int64_t index, length;
	int year, month, day;

	date_split((struct date){ .us = us, .zone_min = 0 }, &f);
	index = (int64_t)f.year * 12 + f.month - 1 - months;
	if (index < 12)
		return DATE_MIN_US;
	year = (int)(index / 12);
	month = (int)(index % 12) + 1;
	length = month < 12 ? date_days(year, month + 1, 1) - date_days(year, month, 1) : 31;
	day = f.day < length ? f.day : (int)length;
	return us - (date_days(f.year, f.month, f.day) - date_days(year, month, day)) * US_PER_DAY;
}

/* "3 days ago", "2.weeks.ago" */
static int parse_ago(struct reader *r, int64_t now_us, struct date *out)
{
	static const struct {
		const char *unit, *units;
		int64_t seconds; /* 0: so many months */
		int months;
	} units[] = {
		{ "second", "seconds", 1, 0 },	   { "minute", "minutes", 60, 0 },
		{ "hour", "hours", 3600, 0 },	   { "day", "days", 86400, 0 },
		{ "week", "weeks", 7 * 86400, 0 }, { "month", "months", 0, 1 },
		{ "year", "years", 0, 12 },
	};
	int64_t count = 0, us = DATE_MIN_US;
	const char *word;
	size_t len, i;

	for (; at_digit(r); r->pos++) {
		count = count * 10 + (*r->pos - '0');
		if (count > 1000000000)
			return bad(r, "too long ago");
	}
	if (!take_word(r, &word, &len))
		return bad(r, "expected 'N days ago'");
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (is_word(word, len, units[i].unit) || is_word(word, len, units[i].units))
			break;
	if (i == sizeof(units) / sizeof(units[0]))
		return bad(r, "expected seconds, minutes, hours, days, weeks, months or years");
	if (!take_word(r, &word, &len) || !is_word(word, len, "ago"))
		return bad(r, "expected 'ago'");
	if (units[i].seconds && count * units[i].seconds < SECONDS_AGO_MAX)
		us = now_us - count * units[i].seconds * US_PER_SECOND;
	else if (!units[i].seconds)
		us = months_ago(now_us, count * units[i].months);
	return finish(r, us < DATE_MIN_US ? DATE_MIN_US : us, 0, out);
}

/* What may follow seconds without '@': "999999999 weeks ago" is none. */
static bool is_raw_rest(const struct reader *r)
{
	size_t left = (size_t)(r->end - r->pos);

	return !left || (left > 1 && r->pos[0] == ' ' && (r->pos[1] == '+' || r->pos[1] == '-')) ||
	       (left > 1 && r->pos[0] == '.' && r->pos[1] >= '0' && r->pos[1] <= '9');
}

int date_parse(const char *text, size_t len, int64_t now_us, struct date *out,
	       struct drift_error *err)
{
	struct reader r = { text, text + len, text, len, err };
	int64_t midnight_us = now_us - (now_us - DATE_MIN_US) % US_PER_DAY;
	size_t digits;

	if (is_word(text, len, "now") || is_word(text, len, "today") ||
	    is_word(text, len, "yesterday")) {
		out->us = text[0] == 'n'   ? now_us
			  : text[0] == 't' ? midnight_us
					   : midnight_us - US_PER_DAY;
		out->zone_min = 0;
		return 0;
	}
	if (take(&r, '@'))
		return parse_raw(&r, out);
	while (at_digit(&r))
		r.pos++;
	digits = (size_t)(r.pos - text);
	if (digits >= BARE_SECONDS_MIN && is_raw_rest(&r)) {
		r.pos = text;
		return parse_raw(&r, out);
	}
	if (digits && !at_end(&r) && (digits != 4 || *r.pos != '-')) {
		r.pos = text;
		return parse_ago(&r, now_us, out);
	}
	r.pos = text;
	return parse_rfc3339(&r, out);
}
