/* Reading, printing and splitting of times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/date.h"

#define NOW_US INT64_C(1763650000123456) /* 2025-11-20T14:46:40.123456Z */

static void check(const char *text, int64_t us, int zone_min)
{
	struct drift_error err = { DRIFT_OK, "" };
	struct date date = { 0, 0 };

	if (date_parse(text, strlen(text), NOW_US, &date, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	if (date.us != us)
		fail_msg("%s: %lld us", text, (long long)date.us);
	assert_int_equal(date.zone_min, zone_min);
}

static void reads_rfc3339(void **state)
{
	(void)state;
	check("1970-01-01", 0, 0);
	check("1970-01-01T00:00:00Z", 0, 0);
	check("2025-01-31T12:00:00+01:00", INT64_C(1738321200000000), 60);
	check("2025-01-31 12:00:00 +0100", INT64_C(1738321200000000), 60);
	check("2025-01-31t12:00:00.5z", INT64_C(1738324800500000), 0);
	check("2025-01-31T12:00:00.123456789Z", INT64_C(1738324800123456), 0);
	check("2025-01-31T12:00", INT64_C(1738324800000000), 0);
	check("1969-12-31T23:59:59.999999Z", -1, 0);
	check("0001-01-01T00:00:00Z", DATE_MIN_US, 0);
	check("9999-12-31T23:59:59.999999Z", DATE_MAX_US, 0);
	check("2016-12-31T23:59:60Z", INT64_C(1483228800000000), 0);
	check("2024-02-29", INT64_C(1709164800000000), 0);
	check("2025-01-31T12:00:00-09:30", INT64_C(1738359000000000), -570);
}

static void reads_gits_and_relative(void **state)
{
	(void)state;
	check("1700000000 +0100", INT64_C(1700000000000000), 60);
	check("1700000000", INT64_C(1700000000000000), 0);
	check("@1700000000.123456 +0100", INT64_C(1700000000123456), 60);
	check("@0", 0, 0);
	check("@-1.5 -0030", INT64_C(-1500000), -30);
	check("@5 +9959", 5000000, 5999);
	check("now", NOW_US, 0);
	check("today", INT64_C(1763596800000000), 0);
	check("yesterday", INT64_C(1763510400000000), 0);
	check("1 second ago", NOW_US - 1000000, 0);
	check("3 days ago", NOW_US - 3 * INT64_C(86400000000), 0);
	check("2.weeks.ago", NOW_US - 14 * INT64_C(86400000000), 0);
	check("1 year ago", INT64_C(1732114000123456), 0);
	check("9 months ago", INT64_C(1740062800123456), 0);
	check("99999 years ago", DATE_MIN_US, 0);
	check("999999999 weeks ago", DATE_MIN_US, 0);
}

static void refuses_the_rest(void **state)
{
	static const char *const texts[] = {
		"",	      "x",		      "2025",		     "2025-13-01",
		"2025-00-01", "2025-02-29",	      "1900-02-29",	     "0000-01-01",
		"2025-1-1",   "2025-01-01T",	      "2025-01-01T24:00:00", "2025-01-01T00:60:00",
		"2025-01-01T00:00:60Z", "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00+1:00",
		"2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00Zx", "0001-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01", "@", "@x", "@1 ", "@1 +01", "@9999999999999", "12345678",
		"1700000000 0100", "3 days", "3 fortnights ago", "3 days ago!", "99999999999 days ago",
		"2025-01-01T12", "2025-01-01 12:00:00  Z", "-5", "nowx",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct drift_error err = { DRIFT_OK, "" };
		struct date date = { 77, 7 };

		if (!date_parse(texts[i], strlen(texts[i]), NOW_US, &date, &err))
			fail_msg("'%s' is accepted", texts[i]);
		assert_int_equal(err.code, DRIFT_ERR_INVALID);
		assert_non_null(strstr(err.message, "cannot understand the time"));
		assert_true(date.us == 77 && date.zone_min == 7);
	}
}

typedef void append_fn(struct buf *out, struct date date);

static void check_text(append_fn *append, int64_t us, int16_t zone_min, const char *want)
{
	auto_buf out = BUF_INIT;

	append(&out, (struct date){ .us = us, .zone_min = zone_min });
	assert_string_equal(out.data, want);
}

static void prints(void **state)
{
	const int64_t us = INT64_C(1738321200000000);

	(void)state;
	check_text(date_append_rfc3339, us, 60, "2025-01-31T12:00:00+01:00");
	check_text(date_append_rfc3339, us, 0, "2025-01-31T11:00:00Z");
	check_text(date_append_rfc3339, us + 500000, 0, "2025-01-31T11:00:00.500Z");
	check_text(date_append_rfc3339, us + 1, -570, "2025-01-31T01:30:00.000001-09:30");
	check_text(date_append_raw, us, 60, "1738321200 +0100");
	check_text(date_append_raw, us + 1, -570, "1738321200.000001 -0930");
	check_text(date_append_raw, -500000, 0, "-0.500000 +0000");
	check_text(date_append_iso, us, 60, "2025-01-31 12:00:00 +0100");
	check_text(date_append_default, us, 60, "Fri Jan 31 12:00:00 2025 +0100");
	check_text(date_append_rfc3339, INT64_MIN, -5999, "0001-01-01T00:00:00-99:59");
	check_text(date_append_rfc3339, INT64_MAX, 5999, "9999-12-31T23:59:59.999999+99:59");
}

static void check_relative(int64_t seconds, const char *want)
{
	auto_buf out = BUF_INIT;

	date_append_relative(&out, NOW_US - seconds * 1000000, NOW_US);
	assert_string_equal(out.data, want);
}

static void prints_relative(void **state)
{
	(void)state;
	check_relative(-1, "in the future");
	check_relative(0, "0 seconds ago");
	check_relative(1, "1 second ago");
	check_relative(89, "89 seconds ago");
	check_relative(90, "2 minutes ago");
	check_relative(3 * 3600, "3 hours ago");
	check_relative(36 * 3600, "2 days ago");
	check_relative(20 * 86400, "3 weeks ago");
	check_relative(100 * 86400, "3 months ago");
	check_relative(400 * 86400, "1 year, 1 month ago");
	check_relative(731 * 86400, "2 years ago");
	check_relative(20 * 365 * 86400 + 86400, "20 years ago");
}

/* Every 13th day or so of the calendar against gmtime. */
static void agrees_with_gmtime(void **state)
{
	int64_t us;

	(void)state;
	for (us = DATE_MIN_US; us < DATE_MAX_US - INT64_C(1200000000000); us += INT64_C(1123456789012)) {
		struct date back, date = { .us = us, .zone_min = 0 };
		struct date_fields f;
		struct tm tm;
		time_t seconds = (time_t)((us - DATE_MIN_US) / 1000000 + DATE_MIN_US / 1000000);
		auto_buf out = BUF_INIT;

		date_split(date, &f);
		gmtime_r(&seconds, &tm);
		assert_int_equal(f.year, tm.tm_year + 1900);
		assert_int_equal(f.month, tm.tm_mon + 1);
		assert_int_equal(f.day, tm.tm_mday);
		assert_int_equal(f.hour, tm.tm_hour);
		assert_int_equal(f.minute, tm.tm_min);
		assert_int_equal(f.second, tm.tm_sec);
		assert_int_equal(f.weekday, tm.tm_wday);
		date_append_rfc3339(&out, date);
		assert_int_equal(date_parse_rfc3339(out.data, out.len, &back, NULL), 0);
		assert_true(back.us == us);
		buf_clear(&out);
		date.zone_min = 345;
		date_append_raw(&out, date);
		buf_insert(&out, 0, "@", 1);
		assert_int_equal(date_parse(out.data, out.len, NOW_US, &back, NULL), 0);
		assert_true(back.us == us && back.zone_min == 345);
	}
}

static void knows_the_zone(void **state)
{
	int16_t zone_min = 1;

	(void)state;
	assert_true(date_parse_zone("-0930", 5, &zone_min));
	assert_int_equal(zone_min, -570);
	assert_false(date_parse_zone("+01:00", 6, &zone_min));
	assert_false(date_parse_zone("+0160", 5, &zone_min));
	assert_false(date_parse_zone("01000", 5, &zone_min));
	setenv("TZ", "XXX-5:30", 1);
	assert_int_equal(date_local_zone(NOW_US), 330);
	setenv("TZ", "UTC", 1);
	assert_int_equal(date_local_zone(NOW_US), 0);
	assert_true(date_now_us() > NOW_US);
	assert_true(date_monotonic_us() <= date_monotonic_us());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rfc3339),     cmocka_unit_test(reads_gits_and_relative),
		cmocka_unit_test(refuses_the_rest),  cmocka_unit_test(prints),
		cmocka_unit_test(prints_relative),   cmocka_unit_test(agrees_with_gmtime),
		cmocka_unit_test(knows_the_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
