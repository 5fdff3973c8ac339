#include "cli/size_text.h"

#include <inttypes.h>

void size_append(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = 0;
	double value = (double)bytes / 1024;

	if (bytes < 1024) {
		buf_addf(out, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return;
	}
	/* What would be printed as 1024.0 is 1.0 of the next unit. */
	while (value >= 1023.95 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	buf_addf(out, "%.1f %s", value, units[unit]);
}
