/* A line on a terminal that tells how far long work is. Declared in base/terminal.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "base/utf8.h"

enum {
	QUIET_US = 1000000,
	INTERVAL_US = 100000,
	/* Updates between looks at the clock, so that each stays cheap. */
	UPDATES_MAX = 1024,
	BAR_WIDTH = 20,
	RATE_SETTLED_US = 500000,
};

struct progress {
	struct progress_options options;
	int64_t start_us;
	int64_t next_us; /* the next time to draw */
	uint64_t done;
	uint64_t bytes; /* that go with it; 0: none are told of */
	unsigned skip;   /* updates until the clock is asked again */
	unsigned stride; /* what skip begins with */
	int64_t looked_us;
	bool drawn;
};

struct progress *progress_start(const struct progress_options *options)
{
	struct progress *p;

	if (options->quiet || (!options->force && !terminal_is(options->fd)))
		return NULL;
	p = mem_calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->options = *options;
	p->start_us = date_monotonic_us();
	p->looked_us = p->start_us;
	p->next_us = p->start_us + (options->force ? 0 : QUIET_US);
	p->stride = 1;
	return p;
}

static void add_amount(struct buf *out, uint64_t amount, enum progress_unit unit)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = (double)amount;
	size_t i = 0;

	if (unit == PROGRESS_ITEMS) {
		buf_addf(out, "%llu", (unsigned long long)amount);
		return;
	}
	for (; value >= 1024 && i + 1 < ARRAY_SIZE(names); i++)
		value /= 1024;
	buf_addf(out, i ? "%.1f %s" : "%.0f %s", value, names[i]);
}

static void add_duration(struct buf *out, double seconds)
{
	unsigned long s = seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 1000000000;

	if (s >= 3600)
		buf_addf(out, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
	else
		buf_addf(out, "%lu:%02lu", s / 60, s % 60);
}

static void add_bar(struct buf *out, double part)
{
	int full = (int)(part * BAR_WIDTH), i;

	buf_add_str(out, " [");
	for (i = 0; i < BAR_WIDTH; i++)
		buf_add_byte(out, i < full ? '#' : '.');
	buf_addf(out, "] %3d%%", (int)(part * 100));
}

static void compose(const struct progress *p, int64_t now_us, bool last, struct buf *out)
{
	double seconds = (double)(now_us - p->start_us) / 1e6;
	double rate = seconds > 0 ? (double)p->done / seconds : 0;
	uint64_t total = p->options.total;

	buf_addf(out, "%s:", p->options.title);
	if (total)
		add_bar(out, p->done < total ? (double)p->done / (double)total : 1);
	buf_add_byte(out, ' ');
	add_amount(out, p->done, p->options.unit);
	if (total) {
		buf_add_byte(out, '/');
		add_amount(out, total, p->options.unit);
	}
	if (p->bytes) {
		buf_add_str(out, ", ");
		add_amount(out, p->bytes, PROGRESS_BYTES);
	}
	if (now_us - p->start_us < RATE_SETTLED_US)
		return;
	buf_add_str(out, ", ");
	add_amount(out, rate < 1e18 ? (uint64_t)rate : 0, p->options.unit);
	buf_add_str(out, "/s");
	if (last) {
		buf_add_str(out, " in ");
		add_duration(out, seconds);
	} else if (total > p->done && p->done) {
		buf_add_str(out, ", ");
		add_duration(out, (double)(total - p->done) / rate);
		buf_add_str(out, " left");
	}
}

static void draw(struct progress *p, int64_t now_us, bool last)
{
	size_t width = terminal_width(p->options.fd);
	auto_buf line = BUF_INIT;

	buf_add_byte(&line, '\r');
	compose(p, now_us, last, &line);
	/* A line that wraps could not be drawn over. */
	buf_truncate(&line, utf8_cut(line.data, line.len, width > 1 ? width - 1 : 1));
	buf_add_str(&line, last ? "\x1b[K\n" : "\x1b[K");
	if (!buf_check(&line, NULL))
		(void)!file_write_stream(p->options.fd, line.data, line.len, NULL);
	p->drawn = true;
	p->next_us = now_us + INTERVAL_US;
}

/* Ask the clock so rarely that it costs little, so often that no drawing comes late. */
static void pace(struct progress *p, int64_t now_us)
{
	if (now_us - p->looked_us < INTERVAL_US / 10 && p->stride < UPDATES_MAX)
		p->stride *= 2;
	else if (now_us - p->looked_us > INTERVAL_US / 2)
		p->stride = 1;
	p->skip = p->stride - 1;
	p->looked_us = now_us;
}

void progress_update(struct progress *p, uint64_t done)
{
	int64_t now_us;

	if (!p)
		return;
	p->done = done;
	if (p->skip) {
		p->skip--;
		return;
	}
	now_us = date_monotonic_us();
	pace(p, now_us);
	if (now_us >= p->next_us)
		draw(p, now_us, false);
}

void progress_total(struct progress *p, uint64_t total)
{
	if (p)
		p->options.total = total;
}

void progress_bytes(struct progress *p, uint64_t bytes)
{
	if (p)
		p->bytes = bytes;
}

void progress_finish(struct progress *p)
{
	if (!p)
		return;
	if (p->drawn || p->options.force)
		draw(p, date_monotonic_us(), true);
	free(p);
}
