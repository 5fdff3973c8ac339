/* Frames over a connection: whole ones, and peers that are slow, silent, cut off, or send garbage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/channel.h"
#include "base/date.h"
#include "sync/wire.h"

#define SHORT_MS 60

static struct drift_error err;

/* A wire, and the bare end of its peer. */
struct pair {
	struct wire *wire;
	int peer;
};

static struct pair make_pair(int64_t timeout_ms)
{
	struct pair p;
	int ends[2];

	assert_int_equal(channel_pair(ends, &err), 0);
	assert_int_equal(wire_new(ends[0], ends[0], timeout_ms, &p.wire, &err), 0);
	p.peer = ends[1];
	return p;
}

static void end_pair(struct pair *p)
{
	wire_free(p->wire);
	if (p->peer >= 0)
		close(p->peer);
}

static void say(struct pair *p, const void *bytes, size_t len)
{
	assert_int_equal(write(p->peer, bytes, len), len);
}

static void refused(struct pair *p, enum drift_error_code code, const char *part)
{
	struct wire_frame frame;

	err.message[0] = '\0';
	assert_int_equal(wire_read(p->wire, &frame, &err), -1);
	assert_int_equal(err.code, code);
	if (!strstr(err.message, part))
		fail_msg("'%s' lacks '%s'", err.message, part);
}

static void frames_arrive(void **state)
{
	static const size_t lens[] = { 0, 1, 127, 128, 16383, 16384, 70000, WIRE_FRAME_MAX };
	static char data[WIRE_FRAME_MAX];
	struct wire *wires[2];
	struct wire_counts counts;
	struct wire_frame frame;
	int ends[2];

	(void)state;
	assert_int_equal(channel_pair(ends, &err), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(wire_new(ends[i], ends[i], 5000, &wires[i], &err), 0);
	memset(data, 'x', sizeof(data));
	/* What does not fit into the socket waits for the reader, who comes only then: small ones first. */
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(wire_write(wires[0], (uint8_t)(i + 1), data, lens[i], &err), 0);
	assert_int_equal(wire_flush(wires[0], &err), 0);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(wire_read(wires[1], &frame, &err), 1);
		assert_int_equal(frame.type, i + 1);
		assert_int_equal(frame.len, lens[i]);
		assert_memory_equal(frame.data, data, lens[i]);
	}
	wire_counts(wires[0], &counts);
	assert_int_equal(counts.out_len, 2 + 3 + 129 + 131 + 16386 + 16388);
	assert_int_equal(counts.turns, 0);
	assert_int_equal(wire_write(wires[1], 1, "a", 1, &err), 0);
	assert_int_equal(wire_flush(wires[1], &err), 0);
	assert_int_equal(wire_read(wires[0], &frame, &err), 1);
	wire_counts(wires[0], &counts);
	assert_int_equal(counts.turns, 1);
	assert_int_equal(counts.in_len, 3);
	wire_free(wires[1]);
	assert_int_equal(wire_read(wires[0], &frame, &err), 0);
	assert_int_equal(wire_write(wires[0], 1, data, WIRE_FRAME_MAX + 1, &err), -1);
	wire_free(wires[0]);
}

static void silent_peer(void **state)
{
	struct pair p = make_pair(SHORT_MS);
	int64_t start = date_monotonic_us();

	(void)state;
	refused(&p, DRIFT_ERR_IO, "was silent");
	assert_in_range(date_monotonic_us() - start, SHORT_MS * 900, 5000000);
	end_pair(&p);
}

static void *drip(void *data)
{
	const struct timespec pause = { .tv_nsec = SHORT_MS * 1000000L / 12 };
	struct pair *p = data;

	for (int i = 0; i < 1000; i++) {
		/* A frame of 16,000 bytes that never comes to its end in time. */
		if (channel_write(p->peer, i ? "x" : "\1\200\175", i ? 1 : 3, NULL) <= 0)
			break;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void slow_peer(void **state)
{
	struct pair p = make_pair(SHORT_MS);
	int64_t start = date_monotonic_us();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, drip, &p), 0);
	refused(&p, DRIFT_ERR_IO, "too slow");
	assert_in_range(date_monotonic_us() - start, SHORT_MS * 1000 * (WIRE_PATIENCE - 1), 5000000);
	wire_free(p.wire);
	pthread_join(thread, NULL);
	close(p.peer);
}

static void *live(void *data)
{
	const struct timespec pause = { .tv_nsec = SHORT_MS * 1000000L / 12 };
	struct pair *p = data;

	while (channel_write(p->peer, "\0\0", 2, NULL) > 0)
		nanosleep(&pause, NULL);
	return NULL;
}

static void peer_that_only_lives(void **state)
{
	struct pair p = make_pair(SHORT_MS);
	int64_t start = date_monotonic_us();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, live, &p), 0);
	refused(&p, DRIFT_ERR_IO, "too slow");
	assert_in_range(date_monotonic_us() - start, SHORT_MS * 1000 * (WIRE_PATIENCE - 1), 5000000);
	wire_free(p.wire);
	pthread_join(thread, NULL);
	close(p.peer);
}

static void deaf_peer(void **state)
{
	static const char data[65536];
	struct pair p = make_pair(SHORT_MS);
	int r = 0;

	(void)state;
	for (int i = 0; i < 1000 && !r; i++)
		r = wire_write(p.wire, 1, data, sizeof(data), &err);
	assert_int_equal(r, -1);
	assert_int_equal(err.code, DRIFT_ERR_IO);
	assert_non_null(strstr(err.message, "took nothing"));
	end_pair(&p);
}

static void peer_that_left(void **state)
{
	struct pair p = make_pair(5000);
	struct wire_frame frame;
	static const char data[65536];
	int r = 0;

	(void)state;
	say(&p, "\13\3bye", 5);
	close(p.peer);
	p.peer = -1;
	for (int i = 0; i < 100 && !r; i++)
		r = wire_write(p.wire, 1, data, sizeof(data), &err);
	assert_int_equal(r, -1);
	assert_int_equal(err.code, DRIFT_ERR_NOT_FOUND);
	/* What it said last is heard, though it takes no more. */
	assert_int_equal(wire_read(p.wire, &frame, &err), 1);
	assert_int_equal(frame.len, 3);
	assert_memory_equal(frame.data, "bye", 3);
	assert_int_equal(wire_read(p.wire, &frame, &err), 0);
	end_pair(&p);
}

static void cut_within_a_frame(void **state)
{
	for (size_t len = 1; len < 7; len++) {
		struct pair p = make_pair(5000);

		(void)state;
		say(&p, "\1\5hello", len);
		close(p.peer);
		p.peer = -1;
		refused(&p, DRIFT_ERR_IO, "closed the connection within a message");
		end_pair(&p);
	}
}

static void garbage(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "\1\201\200\100", 4 },  /* more than a frame holds */
		{ "\1\377\377\377\377", 5 },
		{ "\1\200\0", 3 },         /* a length with a zero too many */
		{ "\0\1x", 3 },             /* a KEEPALIVE that holds something */
		{ "Welcome to the machine\r\n", 24 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct pair p = make_pair(SHORT_MS);
		struct wire_frame frame;
		int r;

		say(&p, bad[i].bytes, bad[i].len);
		r = wire_read(p.wire, &frame, &err);
		/* Text may look like a long frame that never ends. */
		assert_int_equal(r, -1);
		assert_int_equal(err.code, i < 4 ? DRIFT_ERR_CORRUPT : DRIFT_ERR_IO);
		end_pair(&p);
	}
}

static void first_words_are_kept(void **state)
{
	struct pair p = make_pair(SHORT_MS);
	struct wire_frame frame;
	auto_buf words = BUF_INIT;

	(void)state;
	say(&p, "sh: drift: not found\n", 21);
	assert_int_equal(wire_read(p.wire, &frame, &err), -1);
	wire_first_words(p.wire, &words);
	assert_string_equal(words.data, "sh: drift: not found\n");
	end_pair(&p);
}

/* One side works for long; the other must not lose patience. */
static void at_work(void **state)
{
	const struct timespec work = { .tv_nsec = SHORT_MS * 1000000L * 4 };
	struct wire *wires[2];
	struct wire_frame frame;
	struct wire_counts counts;
	int ends[2];

	(void)state;
	assert_int_equal(channel_pair(ends, &err), 0);
	assert_int_equal(wire_new(ends[0], ends[0], SHORT_MS, &wires[0], &err), 0);
	assert_int_equal(wire_new(ends[1], ends[1], SHORT_MS * 4, &wires[1], &err), 0);
	assert_int_equal(wire_keep_alive(wires[0], &err), 0);
	nanosleep(&work, NULL);
	assert_int_equal(wire_write(wires[0], 7, "done", 4, &err), 0);
	assert_int_equal(wire_flush(wires[0], &err), 0);
	assert_int_equal(wire_read(wires[1], &frame, &err), 1);
	assert_int_equal(frame.type, 7);
	wire_counts(wires[1], &counts);
	assert_true(counts.in_len >= 6 + 2 * 2);
	wire_free(wires[0]);
	wire_free(wires[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_arrive),
		cmocka_unit_test(silent_peer),
		cmocka_unit_test(slow_peer),
		cmocka_unit_test(peer_that_only_lives),
		cmocka_unit_test(deaf_peer),
		cmocka_unit_test(peer_that_left),
		cmocka_unit_test(cut_within_a_frame),
		cmocka_unit_test(garbage),
		cmocka_unit_test(first_words_are_kept),
		cmocka_unit_test(at_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
