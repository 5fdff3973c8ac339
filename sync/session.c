#include "sync/session.h"

#include <string.h>

#include "base/utf8.h"
#include "include/drift_version.h"

#define PIECE_LEN ((size_t)32 << 10)

int session_init(struct session *s, struct wire *wire, struct drift_error *err)
{
	*s = (struct session){ .wire = wire, .data = BUF_INIT };
	if (!wire_keep_alive(wire, err))
		return 0;
	session_release(s);
	return -1;
}

void session_release(struct session *s)
{
	wire_free(s->wire);
	s->wire = NULL;
	buf_release(&s->data);
}

static int say(const struct wire_frame *frame, struct drift_error *err)
{
	struct message_error said;

	if (message_error_decode(frame->data, frame->len, &said, err))
		return -1;
	/* That there is no repository is no answer to what was asked. */
	error_set(err, said.code == DRIFT_ERR_NOT_FOUND ? DRIFT_ERR_IO : said.code, "the other end says: %s",
		  said.sentence.data);
	message_error_release(&said);
	return -1;
}

/* The peer hung up: what it said before tells more than that it did. */
static int hear_why(struct session *s, struct drift_error *err)
{
	struct wire_frame frame;

	while (wire_read(s->wire, &frame, NULL) > 0) {
		if (frame.type == MESSAGE_ERROR)
			return say(&frame, err);
	}
	return error_set(err, DRIFT_ERR_IO, "the other end has closed the connection");
}

static int wire_result(struct session *s, int r, const struct drift_error *why, struct drift_error *err)
{
	if (r >= 0)
		return r;
	if (why->code == DRIFT_ERR_NOT_FOUND)
		return hear_why(s, err);
	return error_set(err, why->code, "%s", why->message);
}

static int send_bytes(struct session *s, enum message_type type, const void *data, size_t len, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };

	return wire_result(s, wire_write(s->wire, (uint8_t)type, data, len, &why), &why, err);
}

int session_send(struct session *s, enum message_type type, const struct buf *payload, struct drift_error *err)
{
	if (payload && buf_check(payload, err))
		return -1;
	return send_bytes(s, type, payload ? payload->data : "", payload ? payload->len : 0, err);
}

int session_flush(struct session *s, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };

	return wire_result(s, wire_flush(s->wire, &why), &why, err);
}

void session_give_up(struct session *s, const struct drift_error *why)
{
	const struct message_error said = {
		.code = why->code, .sentence = { why->message, strlen(why->message) },
	};
	auto_buf payload = BUF_INIT;

	message_error_encode(&said, &payload);
	if (!session_send(s, MESSAGE_ERROR, &payload, NULL))
		(void)!wire_flush(s->wire, NULL);
}

/* "it said: ..." where what came is text and no message: a banner, a shell that does not know the command. */
static int no_message(struct session *s, struct drift_error *err)
{
	auto_buf words = BUF_INIT;
	size_t len;

	wire_first_words(s->wire, &words);
	len = strcspn(words.data, "\r\n");
	if (!len || (unsigned char)words.data[0] < 0x20 || !utf8_valid(words.data, len))
		return -1;
	return error_set(err, DRIFT_ERR_CORRUPT, "the other end does not speak drift's protocol; it began with '%.*s'",
			 (int)len, words.data);
}

int session_read(struct session *s, struct wire_frame *out, struct drift_error *err)
{
	int r = wire_read(s->wire, out, err);

	if (r < 0)
		return s->heard ? -1 : no_message(s, err);
	if (r && out->type == MESSAGE_ERROR)
		return say(out, err);
	return r;
}

int session_unexpected(const struct wire_frame *frame, const char *wanted, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "the other end sent %s (%u) instead of %s", message_name(frame->type),
			 frame->type, wanted);
}

int session_expect(struct session *s, enum message_type type, struct wire_frame *out, struct drift_error *err)
{
	int r = session_read(s, out, err);

	if (r < 0)
		return -1;
	if (!r)
		return error_set(err, DRIFT_ERR_IO, "the other end closed the connection before its %s",
				 message_name((uint8_t)type));
	if (out->type == type)
		return 0;
	session_unexpected(out, message_name((uint8_t)type), err);
	return s->heard ? -1 : no_message(s, err);
}

static int write_data(void *data, const void *bytes, size_t len, struct drift_error *err)
{
	struct session *s = data;

	buf_add(&s->data, bytes, len);
	if (buf_check(&s->data, err))
		return -1;
	if (s->data.len < PIECE_LEN)
		return 0;
	for (size_t at = 0; at < s->data.len; at += PIECE_LEN) {
		size_t left = s->data.len - at;

		if (send_bytes(s, MESSAGE_DATA, s->data.data + at, left < PIECE_LEN ? left : PIECE_LEN, err))
			return -1;
	}
	buf_clear(&s->data);
	return session_flush(s, err);
}

struct sync_sink session_sink(struct session *s)
{
	buf_clear(&s->data);
	return (struct sync_sink){ write_data, s };
}

int session_end_data(struct session *s, struct drift_error *err)
{
	if (s->data.len && send_bytes(s, MESSAGE_DATA, s->data.data, s->data.len, err))
		return -1;
	buf_clear(&s->data);
	return session_send(s, MESSAGE_END, NULL, err);
}

/* The next piece: 1 / 0 the end / -1 */
static int next_piece(struct session *s, struct drift_error *err)
{
	struct wire_frame frame;
	int r;

	while (!s->piece_len && !s->data_ended) {
		r = session_read(s, &frame, err);
		if (r < 0)
			return -1;
		if (!r)
			return error_set(err, DRIFT_ERR_IO, "the other end closed the connection before it had sent all");
		if (frame.type == MESSAGE_END && !frame.len)
			s->data_ended = true;
		else if (frame.type != MESSAGE_DATA || !frame.len)
			return session_unexpected(&frame, "DATA", err);
		s->piece = frame.data;
		s->piece_len = frame.len;
	}
	return !s->data_ended;
}

static ptrdiff_t read_data(void *data, void *bytes, size_t len, struct drift_error *err)
{
	struct session *s = data;
	int r = next_piece(s, err);

	if (r <= 0)
		return r;
	if (len > s->piece_len)
		len = s->piece_len;
	memcpy(bytes, s->piece, len);
	s->piece += len;
	s->piece_len -= len;
	return (ptrdiff_t)len;
}

struct sync_source session_source(struct session *s, const struct wire_frame *first)
{
	s->data_ended = first && first->type == MESSAGE_END;
	s->piece = first ? first->data : NULL;
	s->piece_len = first && !s->data_ended ? first->len : 0;
	return (struct sync_source){ read_data, s };
}

int session_skip_data(struct session *s, struct drift_error *err)
{
	int r;

	do {
		s->piece_len = 0;
		r = next_piece(s, err);
	} while (r > 0);
	return r;
}

int session_say_hello(struct session *s, const unsigned char store_id[STORE_ID_LEN], struct drift_error *err)
{
	struct message_hello hello = { .version = PROTOCOL_VERSION };
	auto_buf payload = BUF_INIT;

	hello.agent = (struct text){ "drift/" DRIFT_VERSION, strlen("drift/" DRIFT_VERSION) };
	memcpy(hello.store_id, store_id, STORE_ID_LEN);
	message_hello_encode(&hello, &payload);
	return session_send(s, MESSAGE_HELLO, &payload, err);
}

int session_hear_hello(struct session *s, struct message_hello *out, struct drift_error *err)
{
	struct wire_frame frame;

	if (session_expect(s, MESSAGE_HELLO, &frame, err))
		return -1;
	if (message_hello_decode(frame.data, frame.len, out, err))
		return -1;
	s->heard = true;
	return 0;
}
