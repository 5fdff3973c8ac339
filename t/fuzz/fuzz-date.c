/* Times: what is understood is in range, and its printed forms mean the same. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_US INT64_C(1763650000123456)

static void check_again(const struct buf *text, int64_t us, int16_t zone_min)
{
	struct date again = { 0, 0 };

	assert(!date_parse(text->data, text->len, NOW_US, &again, NULL));
	assert(again.us == us && again.zone_min == zone_min);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct date date = { 0, 0 };
	auto_buf out = BUF_INIT;
	int64_t local_us;

	if (date_parse((const char *)data, size, NOW_US, &date, NULL) < 0)
		return 0;
	assert(date.us >= DATE_MIN_US && date.us <= DATE_MAX_US);
	buf_add_byte(&out, '@');
	date_append_raw(&out, date);
	check_again(&out, date.us, date.zone_min);
	buf_clear(&out);
	date_append_rfc3339(&out, date);
	local_us = date.us + (int64_t)date.zone_min * 60000000;
	/* RFC 3339 has zones of less than a day, and no years beyond its own. */
	if (date.zone_min > -1440 && date.zone_min < 1440 && local_us >= DATE_MIN_US &&
	    local_us <= DATE_MAX_US)
		check_again(&out, date.us, date.zone_min);
	buf_clear(&out);
	date_append_default(&out, date);
	date_append_iso(&out, date);
	date_append_relative(&out, date.us, NOW_US);
	return 0;
}
