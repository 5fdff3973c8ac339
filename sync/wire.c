#include "sync/wire.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/date.h"
#include "base/mem.h"

#define HEAD_MAX 4                        /* type and length of the longest frame */
#define FLUSH_LEN ((size_t)64 << 10)
#define READ_LEN ((size_t)64 << 10)
#define INPUT_MAX (2 * WIRE_FRAME_MAX)    /* taken in while we write */
#define FIRST_WORDS_LEN 80
#define KEEPALIVE_MS 10000                /* at most so long without a byte, while we are at work */

struct wire {
	int in, out;
	int64_t timeout_ms;
	/* Whole frames that wait, of which `sent` bytes have left; under `mutex`, for the thread that says that we are at work. */
	struct buf output;
	size_t sent;
	pthread_mutex_t mutex;
	pthread_cond_t stopping;
	pthread_t thread;
	bool has_thread, stop;
	int64_t written_us; /* when a byte left last */
	/* What came; the bytes before `taken` have been given away. */
	struct buf input;
	size_t taken;
	bool ended; /* the peer says no more */
	bool asked; /* something was written since the last frame was read */
	struct wire_counts counts;
	unsigned char first[FIRST_WORDS_LEN];
	size_t first_len;
};

int wire_new(int in, int out, int64_t timeout_ms, struct wire **out_wire, struct drift_error *err)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	pthread_condattr_t clock;

	if (!wire) {
		close(in);
		if (out != in)
			close(out);
		return error_no_memory(err);
	}
	wire->in = in;
	wire->out = out;
	wire->timeout_ms = timeout_ms;
	wire->written_us = date_monotonic_us();
	buf_init(&wire->output);
	buf_init(&wire->input);
	pthread_mutex_init(&wire->mutex, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&wire->stopping, &clock);
	pthread_condattr_destroy(&clock);
	*out_wire = wire;
	return 0;
}

static void stop_thread(struct wire *wire)
{
	if (!wire->has_thread)
		return;
	pthread_mutex_lock(&wire->mutex);
	wire->stop = true;
	pthread_cond_signal(&wire->stopping);
	pthread_mutex_unlock(&wire->mutex);
	pthread_join(wire->thread, NULL);
}

void wire_free(struct wire *wire)
{
	if (!wire)
		return;
	stop_thread(wire);
	close(wire->in);
	if (wire->out != wire->in)
		close(wire->out);
	buf_release(&wire->output);
	buf_release(&wire->input);
	pthread_cond_destroy(&wire->stopping);
	pthread_mutex_destroy(&wire->mutex);
	free(wire);
}

static size_t waiting(const struct wire *wire)
{
	return wire->output.len - wire->sent;
}

/* Send what goes without waiting. Under the mutex. */
static int send_some(struct wire *wire, struct drift_error *err)
{
	int64_t n = channel_write(wire->out, wire->output.data + wire->sent, waiting(wire), err);

	if (n < 0)
		return -1;
	if (n) {
		wire->sent += (size_t)n;
		wire->counts.out_len += (uint64_t)n;
		wire->written_us = date_monotonic_us();
	}
	if (wire->sent == wire->output.len) {
		buf_clear(&wire->output);
		wire->sent = 0;
	}
	return 0;
}

/* The thread: what cannot be sent at once is not needed, since then there is something on the way. */
static void *keep_alive(void *data)
{
	static const char frame[2] = { WIRE_KEEPALIVE, 0 };
	struct wire *wire = data;
	int64_t every_ms = wire->timeout_ms / 4 < KEEPALIVE_MS ? wire->timeout_ms / 4 + 1 : KEEPALIVE_MS;

	pthread_mutex_lock(&wire->mutex);
	while (!wire->stop) {
		int64_t at_us = date_monotonic_us() + every_ms * 1000;
		struct timespec at = { .tv_sec = at_us / 1000000, .tv_nsec = at_us % 1000000 * 1000 };
		struct channel_ready ready;

		if (pthread_cond_timedwait(&wire->stopping, &wire->mutex, &at) != ETIMEDOUT || wire->stop)
			continue;
		if (waiting(wire) || date_monotonic_us() - wire->written_us < every_ms * 1000 ||
		    channel_wait(-1, wire->out, 0, &ready, NULL) <= 0)
			continue;
		buf_add(&wire->output, frame, sizeof(frame));
		/* Whoever writes or reads next finds out what is wrong. */
		if (send_some(wire, NULL))
			break;
	}
	pthread_mutex_unlock(&wire->mutex);
	return NULL;
}

int wire_keep_alive(struct wire *wire, struct drift_error *err)
{
	if (wire->has_thread)
		return 0;
	errno = pthread_create(&wire->thread, NULL, keep_alive, wire);
	if (errno)
		return error_from_errno(err, "cannot start a thread");
	wire->has_thread = true;
	return 0;
}

/* Take in what is there: 1, 0 nothing after all or the end, -1. */
static int take_in(struct wire *wire, struct drift_error *err)
{
	char *room;
	int64_t n;

	if (wire->taken == wire->input.len) {
		buf_clear(&wire->input);
		wire->taken = 0;
	} else if (wire->taken >= READ_LEN) {
		memmove(wire->input.data, wire->input.data + wire->taken, wire->input.len - wire->taken);
		buf_truncate(&wire->input, wire->input.len - wire->taken);
		wire->taken = 0;
	}
	room = buf_reserve(&wire->input, READ_LEN);
	if (!room)
		return error_no_memory(err);
	n = channel_read(wire->in, room, READ_LEN, err);
	if (n == CHANNEL_NONE)
		return 0;
	if (n < 0)
		return -1;
	if (!n) {
		wire->ended = true;
		return 0;
	}
	if (wire->first_len < sizeof(wire->first)) {
		size_t len = sizeof(wire->first) - wire->first_len;

		len = (uint64_t)n < len ? (size_t)n : len;
		memcpy(wire->first + wire->first_len, room, len);
		wire->first_len += len;
	}
	wire->input.len += (size_t)n;
	room[n] = '\0';
	wire->counts.in_len += (uint64_t)n;
	return 1;
}

static int timed_out(const struct wire *wire, const char *what, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_IO, "the other end %s for %lld seconds", what,
			 (long long)((wire->timeout_ms + 999) / 1000));
}

/* Wait until something more can leave; the peer is alive while it takes or says anything, but not for ever. Not under the mutex. */
static int wait_out(struct wire *wire, int64_t until_us, struct drift_error *err)
{
	bool hears = !wire->ended && wire->input.len - wire->taken < INPUT_MAX;
	struct channel_ready ready;
	int r = channel_wait(hears ? wire->in : -1, wire->out, wire->timeout_ms, &ready, err);

	if (r < 0)
		return -1;
	if (!r || date_monotonic_us() > until_us)
		return timed_out(wire, "took nothing", err);
	return ready.in && hears && take_in(wire, err) < 0 ? -1 : 0;
}

int wire_flush(struct wire *wire, struct drift_error *err)
{
	int64_t until_us = date_monotonic_us() + wire->timeout_ms * 1000 * WIRE_PATIENCE;
	size_t left, before;
	int r;

	pthread_mutex_lock(&wire->mutex);
	left = waiting(wire);
	r = left ? send_some(wire, err) : 0;
	while (!r && waiting(wire)) {
		before = waiting(wire);
		pthread_mutex_unlock(&wire->mutex);
		r = wait_out(wire, until_us, err);
		pthread_mutex_lock(&wire->mutex);
		if (!r)
			r = send_some(wire, err);
		if (waiting(wire) < before)
			until_us = date_monotonic_us() + wire->timeout_ms * 1000 * WIRE_PATIENCE;
	}
	pthread_mutex_unlock(&wire->mutex);
	return r;
}

int wire_write(struct wire *wire, uint8_t type, const void *data, size_t len, struct drift_error *err)
{
	size_t waits;
	int r;

	if (len > WIRE_FRAME_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a message of %zu bytes is too long", len);
	pthread_mutex_lock(&wire->mutex);
	buf_add_byte(&wire->output, type);
	buf_add_varint(&wire->output, len);
	buf_add(&wire->output, data, len);
	r = buf_check(&wire->output, err);
	waits = waiting(wire);
	pthread_mutex_unlock(&wire->mutex);
	wire->asked = true;
	return r || waits < FLUSH_LEN ? r : wire_flush(wire, err);
}

/* A frame at the front of the input: 1 / 0 not whole yet / -1. */
static int parse(struct wire *wire, struct wire_frame *out, struct drift_error *err)
{
	const unsigned char *p = (const unsigned char *)wire->input.data + wire->taken;
	size_t have = wire->input.len - wire->taken, len = 0, at = 1;

	for (unsigned shift = 0; shift < 7 * (HEAD_MAX - 1); shift += 7, at++) {
		if (at >= have)
			return 0;
		len |= (size_t)(p[at] & 0x7f) << shift;
		if (p[at] < 0x80)
			break;
	}
	if (at == HEAD_MAX || len > WIRE_FRAME_MAX || (at > 1 && !p[at]) || (p[0] == WIRE_KEEPALIVE && len))
		return error_set(err, DRIFT_ERR_CORRUPT, "the other end sent what is no message");
	if (have - at - 1 < len)
		return 0;
	*out = (struct wire_frame){ p[0], p + at + 1, len };
	wire->taken += at + 1 + len;
	return 1;
}

static int end_of_input(const struct wire *wire, struct drift_error *err)
{
	if (wire->taken == wire->input.len)
		return 0;
	return error_set(err, DRIFT_ERR_IO, "the other end closed the connection within a message");
}

int wire_read(struct wire *wire, struct wire_frame *out, struct drift_error *err)
{
	int64_t until_us = date_monotonic_us() + wire->timeout_ms * 1000 * WIRE_PATIENCE;
	struct drift_error why = { DRIFT_OK, "" };
	struct channel_ready ready;
	int r = wire_flush(wire, &why);

	/* Who hung up may have said why before. */
	if (r && why.code == DRIFT_ERR_NOT_FOUND)
		r = 0;
	else if (r)
		return error_set(err, why.code, "%s", why.message);
	while (!r) {
		r = parse(wire, out, err);
		if (r > 0 && out->type == WIRE_KEEPALIVE) {
			r = 0;
			continue;
		}
		if (r)
			break;
		if (wire->ended)
			return end_of_input(wire, err);
		r = channel_wait(wire->in, -1, wire->timeout_ms, &ready, err);
		if (r < 0)
			break;
		if (!r)
			return timed_out(wire, "was silent", err);
		if (date_monotonic_us() > until_us)
			return error_set(err, DRIFT_ERR_IO, "the other end is too slow: no whole message in %lld seconds",
					 (long long)(wire->timeout_ms * WIRE_PATIENCE / 1000));
		r = take_in(wire, err) < 0 ? -1 : 0;
	}
	if (r > 0 && wire->asked) {
		wire->counts.turns++;
		wire->asked = false;
	}
	return r;
}

void wire_counts(struct wire *wire, struct wire_counts *out)
{
	pthread_mutex_lock(&wire->mutex);
	*out = wire->counts;
	pthread_mutex_unlock(&wire->mutex);
}

bool wire_ended(const struct wire *wire)
{
	return wire->ended;
}

void wire_first_words(const struct wire *wire, struct buf *out)
{
	buf_add(out, wire->first, wire->first_len);
}
