#include "base/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	DAYS_PER_400_YEARS = 146097,
	DAYS_TO_1970 = 719162, /* from 0001-01-01 */
	SECONDS_PER_DAY = 86400,
};

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (SECONDS_PER_DAY * US_PER_SECOND)

static const char *const weekday_names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days of the year before a month (1 to 13). */
static int days_before_month(int year, int month)
{
	static const short days[] = { 0,   31,	59,  90,  120, 151, 181,
				      212, 243, 273, 304, 334, 365 };

	return days[month - 1] + (month > 2 && is_leap(year));
}

/* Days from 0001-01-01 to the first day of a year. */
static int64_t days_before_year(int64_t year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

int64_t date_days(int year, int month, int day)
{
	return days_before_year(year) + days_before_month(year, month) + day - 1 - DAYS_TO_1970;
}

static int64_t clamp_us(int64_t us)
{
	return us < DATE_MIN_US ? DATE_MIN_US : us > DATE_MAX_US ? DATE_MAX_US : us;
}

void date_split(struct date date, struct date_fields *out)
{
	/* Clamped before the zone is added, so that it cannot overflow, and after. */
	int64_t us = clamp_us(clamp_us(date.us) + (int64_t)date.zone_min * 60 * US_PER_SECOND);
	int64_t days = (us - DATE_MIN_US) / US_PER_DAY;
	int64_t rest = (us - DATE_MIN_US) % US_PER_DAY;
	int day, month = 1;
	/* Never less than the year, for a year has 365.2425 days; at most one more. */
	int year = (int)(days * 400 / DAYS_PER_400_YEARS) + 2;

	while (days_before_year(year) > days)
		year--;
	day = (int)(days - days_before_year(year));
	while (days_before_month(year, month + 1) <= day)
		month++;
	out->year = year;
	out->month = month;
	out->day = day - days_before_month(year, month) + 1;
	out->weekday = (int)((days + 1) % 7); /* 0001-01-01 was a Monday */
	out->us = (int)(rest % US_PER_SECOND);
	rest /= US_PER_SECOND;
	out->second = (int)(rest % 60);
	out->minute = (int)(rest / 60 % 60);
	out->hour = (int)(rest / 3600);
}

/* As printf's "%0*d", which takes longer than the rest of a commit's header. */
static void add_digits(struct buf *out, int64_t v, int width)
{
	char digits[20];
	int n = 0;

	while (v || n < width) {
		digits[sizeof(digits) - (size_t)++n] = (char)('0' + v % 10);
		v /= 10;
	}
	buf_add(out, digits + sizeof(digits) - n, (size_t)n);
}

static void append_zone(struct buf *out, int16_t zone_min, const char *colon)
{
	int minutes = zone_min < 0 ? -zone_min : zone_min;

	buf_add_byte(out, zone_min < 0 ? '-' : '+');
	add_digits(out, minutes / 60, 2);
	buf_add_str(out, colon);
	add_digits(out, minutes % 60, 2);
}

void date_append_zone(struct buf *out, int16_t zone_min)
{
	append_zone(out, zone_min, "");
}

void date_append_rfc3339(struct buf *out, struct date date)
{
	struct date_fields f;

	date_split(date, &f);
	buf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d", f.year, f.month, f.day, f.hour, f.minute,
		 f.second);
	if (f.us % 1000)
		buf_addf(out, ".%06d", f.us);
	else if (f.us)
		buf_addf(out, ".%03d", f.us / 1000);
	if (date.zone_min)
		append_zone(out, date.zone_min, ":");
	else
		buf_add_byte(out, 'Z');
}

void date_append_raw(struct buf *out, struct date date)
{
	int64_t seconds = date.us / US_PER_SECOND;
	int64_t us = date.us % US_PER_SECOND;

	/* Towards zero: "-0.5" has its sign even where the seconds have none. */
	if (date.us < 0)
		buf_add_byte(out, '-');
	add_digits(out, seconds < 0 ? -seconds : seconds, 1);
	if (us) {
		buf_add_byte(out, '.');
		add_digits(out, us < 0 ? -us : us, 6);
	}
	buf_add_byte(out, ' ');
	date_append_zone(out, date.zone_min);
}

void date_append_iso(struct buf *out, struct date date)
{
	struct date_fields f;

	date_split(date, &f);
	buf_addf(out, "%04d-%02d-%02d %02d:%02d:%02d ", f.year, f.month, f.day, f.hour, f.minute,
		 f.second);
	date_append_zone(out, date.zone_min);
}

void date_append_default(struct buf *out, struct date date)
{
	struct date_fields f;

	date_split(date, &f);
	buf_addf(out, "%s %s %d %02d:%02d:%02d %d ", weekday_names[f.weekday],
		 month_names[f.month - 1], f.day, f.hour, f.minute, f.second, f.year);
	date_append_zone(out, date.zone_min);
}

static void append_count(struct buf *out, int64_t count, const char *unit)
{
	buf_addf(out, "%lld %s%s", (long long)count, unit, count == 1 ? "" : "s");
}

/* Each unit is used until the next one says it well enough, as git does. */
void date_append_relative(struct buf *out, int64_t us, int64_t now_us)
{
	int64_t seconds = clamp_us(now_us) / US_PER_SECOND - clamp_us(us) / US_PER_SECOND;
	int64_t minutes = (seconds + 30) / 60;
	int64_t hours = (minutes + 30) / 60;
	int64_t days = (hours + 12) / 24;
	int64_t months = (days * 12 * 2 + 365) / (365 * 2);

	if (seconds < 0) {
		buf_add_str(out, "in the future");
		return;
	}
	if (seconds < 90) {
		append_count(out, seconds, "second");
	} else if (minutes < 90) {
		append_count(out, minutes, "minute");
	} else if (hours < 36) {
		append_count(out, hours, "hour");
	} else if (days < 14) {
		append_count(out, days, "day");
	} else if (days < 70) {
		append_count(out, (days + 3) / 7, "week");
	} else if (days < 365) {
		append_count(out, (days + 15) / 30, "month");
	} else if (days < 5 * 365) {
		append_count(out, months / 12, "year");
		if (months % 12) {
			buf_add_str(out, ", ");
			append_count(out, months % 12, "month");
		}
	} else {
		append_count(out, (days + 183) / 365, "year");
	}
	buf_add_str(out, " ago");
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * US_PER_SECOND + t.tv_nsec / 1000;
}

int64_t date_now_us(void)
{
	return clamp_us(clock_us(CLOCK_REALTIME));
}

int64_t date_monotonic_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

int16_t date_local_zone(int64_t us)
{
	time_t seconds = (time_t)(clamp_us(us) / US_PER_SECOND);
	struct tm tm;

	/* localtime_r alone need not look at TZ. */
	tzset();
	if (!localtime_r(&seconds, &tm))
		return 0;
	return (int16_t)(tm.tm_gmtoff / 60);
}
