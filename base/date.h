/*
 * Times: microseconds since 1970-01-01T00:00:00Z without leap seconds, and the
 * offset of a zone in minutes east of UTC. Proleptic Gregorian calendar, years
 * 0001 to 9999, no locale, no zone names; only date_local_zone looks at TZ.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

#define DATE_MIN_US INT64_C(-62135596800000000) /* 0001-01-01T00:00:00Z */
#define DATE_MAX_US INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */

struct date {
	int64_t us;
	int16_t zone_min; /* -5999 (git's -9959) to 5999; 60 is +0100 */
};

/*
 * Read any of: RFC 3339 (T, t or blank between; up to any number of fraction
 * digits, those after the sixth are dropped; Z or +hh:mm; seconds and zone may be missing: UTC), a date (00:00 UTC),
 * git's "1700000000 +0100", "@1700000000", "@1700000000.123456 +0100",
 * "now", "today", "yesterday", "3 days ago", "2.weeks.ago" (relative to now_us).
 * DRIFT_ERR_INVALID with a sentence otherwise.
 */
int date_parse(const char *text, size_t len, int64_t now_us, struct date *out,
	       struct drift_error *err) MUST_CHECK;
/* RFC 3339 and plain dates alone. */
int date_parse_rfc3339(const char *text, size_t len, struct date *out, struct drift_error *err)
	MUST_CHECK;
/* "+0100", "-0930": exactly five characters. */
bool date_parse_zone(const char *text, size_t len, int16_t *zone_min_out) MUST_CHECK;

/* "2025-01-31T12:00:00+01:00"; with a fraction of 3 or 6 digits where there is one; Z for zone 0. */
void date_append_rfc3339(struct buf *out, struct date date);
/* git's raw form "1738321200 +0100"; microseconds, where there are any, as ".123456". */
void date_append_raw(struct buf *out, struct date date);
/* "+0100" */
void date_append_zone(struct buf *out, int16_t zone_min);
/* git's %ai: "2025-01-31 12:00:00 +0100" */
void date_append_iso(struct buf *out, struct date date);
/* git's default: "Fri Jan 31 12:00:00 2025 +0100" */
void date_append_default(struct buf *out, struct date date);
/* "3 hours ago", "in the future" */
void date_append_relative(struct buf *out, int64_t us, int64_t now_us);

struct date_fields {
	int year, month, day; /* 1 to 9999, 1 to 12, 1 to 31 */
	int hour, minute, second, us;
	int weekday; /* 0 is Sunday */
};

/* The fields of a time as seen in its zone; times outside the range are clamped to it. */
void date_split(struct date date, struct date_fields *out);
/* Days from 1970-01-01 to a day of the calendar. */
int64_t date_days(int year, int month, int day);

int64_t date_now_us(void);
/* A clock that never jumps, for durations only. */
int64_t date_monotonic_us(void);
/* The offset of the local zone (TZ) at that time, in minutes. */
int16_t date_local_zone(int64_t us);

#endif
