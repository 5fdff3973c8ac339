/*
 * A client or a server whose other end is hostile: each kind of damage is a clear error within a known time, and changes
 * nothing. The other end has said all before it is listened to, and hung up, unless a test says otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/channel.h"
#include "base/mem.h"
#include "sync/fetch.h"
#include "sync/server.h"
#include "sync/session.h"
#include "t/unit/desk.h"
#include "t/unit/ferry.h"

#define TIMEOUT_MS 60

/* ---- what the other end says ---- */

static void add_frame(struct buf *out, uint8_t type, const struct buf *payload)
{
	buf_add_byte(out, type);
	buf_add_varint(out, payload ? payload->len : 0);
	buf_add(out, payload ? payload->data : "", payload ? payload->len : 0);
}

static void add_hello(struct buf *out)
{
	struct message_hello hello = { .version = PROTOCOL_VERSION, .agent = { "hostile", 7 } };
	auto_buf payload = BUF_INIT;

	message_hello_encode(&hello, &payload);
	add_frame(out, MESSAGE_HELLO, &payload);
}

static void add_refs(struct buf *out, const char *name, const struct oid *id, enum object_kind kind)
{
	struct message_ref ref = { { name, strlen(name) }, *id, kind };
	struct message_refs refs = { .head = { "refs/heads/main", 15 }, .refs = &ref, .count = 1 };
	auto_buf payload = BUF_INIT;

	message_refs_encode(&refs, &payload);
	add_frame(out, MESSAGE_REFS, &payload);
}

static void add_data(struct buf *out, const struct buf *stream, bool ends)
{
	add_frame(out, MESSAGE_DATA, stream);
	if (ends)
		add_frame(out, MESSAGE_END, NULL);
}

static void add_push(struct buf *out, const struct message_update *updates, size_t count, bool has_data)
{
	struct message_update *copy = mem_calloc(count, sizeof(*copy));
	struct message_push push = { .has_data = has_data, .actor = { "Mallory", 7 }, .updates = copy, .count = count };
	auto_buf payload = BUF_INIT;

	memcpy(copy, updates, count * sizeof(*copy));
	message_push_encode(&push, &payload);
	add_frame(out, MESSAGE_PUSH, &payload);
	free(copy);
}

/* All that `from` has, as a data stream. */
static void stream_of(struct repo *from, struct repo *to, struct buf *out)
{
	struct drift_error err;

	assert_int_equal(ferry_send(from, to, out, &err), 0);
}

/* ---- two repositories: ours, and what an honest other end would have ---- */

struct stage {
	struct desk *desk;
	struct repo *other;
	char other_dir[64];
	struct oid tip; /* of the other's main */
	struct buf refs; /* ours before */
	struct drift_error err;
};

static int add_line(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	(void)err;
	buf_addf(data, "%s %s %s\n", name, value->kind == REF_OBJECT ? oid_to_hex(&value->object.id, hex) : "-",
		 value->kind == REF_SYMBOLIC ? value->target : "-");
	return 0;
}

static void list_refs(struct repo *repo, struct buf *out)
{
	assert_int_equal(odb_ref_each(repo_odb(repo), "", add_line, out, NULL), 0);
}

static struct oid put(struct repo *repo, const char *path, const char *value)
{
	const struct commit_options options = { .author = "tester", .message = "test\n", .message_len = 5 };
	struct commit_result result;
	auto_edits *e = NULL;

	assert_int_equal(edits_new(repo, &e, NULL), 0);
	assert_int_equal(edits_put(e, path, strlen(path), value, strlen(value), DOCUMENT_NO_MODE, NULL), 0);
	assert_int_equal(edits_commit(e, &options, &result, NULL), 0);
	return result.id;
}

static int setup(void **state)
{
	static struct stage s;
	void *desk = NULL;

	desk_setup(&desk);
	s.desk = desk;
	s.other = ferry_make(s.other_dir);
	put(s.desk->repo, "ours/1", "1");
	put(s.other, "theirs/1", "1");
	s.tip = put(s.other, "theirs/2", "2");
	buf_init(&s.refs);
	list_refs(s.desk->repo, &s.refs);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;
	void *desk = s->desk;

	ferry_remove(s->other, s->other_dir);
	buf_release(&s->refs);
	return desk_teardown(&desk);
}

/* Nothing of ours moved; what is kept of a cut transfer is nobody's ref. */
static void unchanged(struct stage *s)
{
	auto_buf now = BUF_INIT;

	list_refs(s->desk->repo, &now);
	if (!strncmp(now.data, "HEAD", 4) || !strncmp(now.data, "INCOMING", 8)) {
		char *end;

		for (char *line = strstr(now.data, "INCOMING/"); line; line = strstr(now.data, "INCOMING/")) {
			end = strchr(line, '\n') + 1;
			memmove(line, end, strlen(end) + 1);
		}
	}
	assert_string_equal(now.data, s->refs.data);
	ferry_check(s->desk->repo);
}

/* ---- our client, a hostile server ---- */

static int fetch_from(struct stage *s, const struct buf *said, bool hangs_up)
{
	const struct fetch_options options = { .remote = NULL, .tags = REMOTE_TAGS_FOLLOW, .actor = "tester" };
	struct fetch_options how = options;
	auto_fetch_result result = { .refs = NULL };
	auto_refspecs specs = { .items = NULL };
	auto_remote *remote = NULL;
	auto_client *client = NULL;
	int ends[2], r;

	assert_int_equal(channel_pair(ends, &s->err), 0);
	assert_int_equal(write(ends[1], said->data, said->len), said->len);
	if (hangs_up)
		shutdown(ends[1], SHUT_WR);
	assert_int_equal(remote_of_url("/hostile", &remote, &s->err), 0);
	assert_int_equal(refspec_add(&specs, "+refs/heads/*:refs/remotes/h/*", REFSPEC_FETCH, &s->err), 0);
	how.remote = remote;
	how.specs = &specs;
	assert_int_equal(client_attach(s->desk->repo, ends[0], ends[0], TIMEOUT_MS, &client, &s->err), 0);
	s->err.message[0] = '\0';
	r = fetch_run(s->desk->repo, client, &how, &result, &s->err);
	close(ends[1]);
	return r;
}

static void fetch_fails(struct stage *s, const struct buf *said, enum drift_error_code code, const char *part)
{
	assert_int_equal(fetch_from(s, said, true), -1);
	if (s->err.code != code || !strstr(s->err.message, part))
		fail_msg("%d '%s' instead of %d '%s'", s->err.code, s->err.message, code, part);
	unchanged(s);
}

/* The test of the tests: an honest end is believed. */
static void honest_server(void **state)
{
	struct stage *s = *state;
	auto_buf said = BUF_INIT, stream = BUF_INIT;
	struct ref_value value;

	stream_of(s->other, NULL, &stream);
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_COMMIT);
	add_data(&said, &stream, true);
	if (fetch_from(s, &said, true))
		fail_msg("%s", s->err.message);
	assert_int_equal(odb_ref_read(s->desk->odb, "refs/remotes/h/main", false, &value, NULL), 0);
	assert_true(value.kind == REF_OBJECT && oid_equal(&value.object.id, &s->tip));
	ferry_check(s->desk->repo);
}

static void server_says_nothing(void **state)
{
	struct stage *s = *state;
	auto_buf said = BUF_INIT;

	fetch_fails(s, &said, DRIFT_ERR_IO, "closed the connection before its HELLO");
	assert_int_equal(fetch_from(s, &said, false), -1);
	assert_non_null(strstr(s->err.message, "was silent"));
	add_hello(&said);
	fetch_fails(s, &said, DRIFT_ERR_IO, "closed the connection before its REFS");
	assert_int_equal(fetch_from(s, &said, false), -1);
	assert_non_null(strstr(s->err.message, "was silent"));
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_COMMIT);
	fetch_fails(s, &said, DRIFT_ERR_IO, "closed the connection before its answer");
	unchanged(s);
}

static void server_is_none(void **state)
{
	struct stage *s = *state;
	auto_buf said = BUF_INIT;

	buf_add_str(&said, "sh: 1: drift: not found\n");
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "it began with 'sh: 1: drift: not found'");
	buf_clear(&said);
	buf_add_str(&said, "\1\3abc");
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "damaged HELLO");
	buf_clear(&said);
	buf_add(&said, "\377\377\377\377\377\377", 6);
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "no message");
}

static void server_refuses(void **state)
{
	struct stage *s = *state;
	const struct message_error no = { DRIFT_ERR_PERMISSION, { "go\033[31m away", 12 }, BUF_INIT };
	auto_buf said = BUF_INIT, payload = BUF_INIT;

	message_error_encode(&no, &payload);
	add_frame(&said, MESSAGE_ERROR, &payload);
	fetch_fails(s, &said, DRIFT_ERR_PERMISSION, "the other end says: go");
}

static void wrong_order(void **state)
{
	struct stage *s = *state;
	auto_buf said = BUF_INIT, stream = BUF_INIT;

	stream_of(s->other, NULL, &stream);
	add_hello(&said);
	add_data(&said, &stream, true);
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "sent DATA (7) instead of REFS");
	buf_clear(&said);
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_COMMIT);
	add_frame(&said, MESSAGE_RESULT, NULL);
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "sent RESULT (10)");
	buf_clear(&said);
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_COMMIT);
	add_frame(&said, MESSAGE_NEED_HAVES, NULL);
	add_frame(&said, MESSAGE_NEED_HAVES, NULL);
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "sent NEED_HAVES (5)");
}

/* It tells of a commit and sends another, or none; or says that we have what we have not. */
static void wrong_ids(void **state)
{
	struct stage *s = *state;
	auto_buf said = BUF_INIT, stream = BUF_INIT;
	struct oid wrong = s->tip;

	wrong.bytes[5] ^= 1;
	stream_of(s->other, NULL, &stream);
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &wrong, OBJECT_COMMIT);
	add_data(&said, &stream, true);
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "and did not send it");
	buf_clear(&said);
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_COMMIT);
	add_frame(&said, MESSAGE_NOTHING, NULL);
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "and did not send it");
	buf_clear(&said);
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_TAG);
	add_data(&said, &stream, true);
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "calls");
}

static void bad_refs(void **state)
{
	struct stage *s = *state;
	static const char *const names[] = { "refs/heads/../x", "refs/heads/a b", "STAGE", "refs/heads/x.lock", "" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		auto_buf said = BUF_INIT;

		add_hello(&said);
		add_refs(&said, names[i], &s->tip, OBJECT_COMMIT);
		fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "a name that is none");
	}
	auto_buf twice = BUF_INIT, payload = BUF_INIT;
	struct message_ref ref = { { "refs/heads/a", 12 }, s->tip, OBJECT_COMMIT };
	struct message_refs refs = { .more = true, .refs = &ref, .count = 1 };

	message_refs_encode(&refs, &payload);
	add_hello(&twice);
	add_frame(&twice, MESSAGE_REFS, &payload);
	add_frame(&twice, MESSAGE_REFS, &payload);
	fetch_fails(s, &twice, DRIFT_ERR_CORRUPT, "not in order");
}

/* A ref that nobody asked for is none of ours to move. */
static void refs_beyond_what_was_asked(void **state)
{
	struct stage *s = *state;
	auto_buf said = BUF_INIT, stream = BUF_INIT;

	stream_of(s->other, NULL, &stream);
	add_hello(&said);
	add_refs(&said, "refs/notes/evil", &s->tip, OBJECT_COMMIT);
	add_data(&said, &stream, true);
	assert_int_equal(fetch_from(s, &said, true), 0);
	unchanged(s);
}

static void cut_anywhere(void **state)
{
	struct stage *s = *state;
	auto_buf said = BUF_INIT, stream = BUF_INIT;

	stream_of(s->other, NULL, &stream);
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_COMMIT);
	add_data(&said, &stream, true);
	for (size_t len = 0; len < said.len; len++) {
		auto_buf part = BUF_INIT;
		auto_buf now = BUF_INIT;

		buf_add(&part, said.data, len);
		assert_int_equal(fetch_from(s, &part, true), -1);
		assert_int_equal(s->err.code, DRIFT_ERR_IO);
		assert_int_equal(odb_ref_each(s->desk->odb, "refs/remotes/", add_line, &now, NULL), 0);
		assert_int_equal(now.len, 0);
	}
	ferry_check(s->desk->repo);
}

static void flipped_anywhere(void **state)
{
	struct stage *s = *state;
	auto_buf said = BUF_INIT, stream = BUF_INIT;

	stream_of(s->other, NULL, &stream);
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_COMMIT);
	add_data(&said, &stream, true);
	for (size_t at = 0; at < said.len; at++) {
		auto_buf bad = BUF_INIT;
		struct ref_value value;

		buf_add(&bad, said.data, said.len);
		bad.data[at] = (char)(bad.data[at] ^ (1 << at % 8));
		(void)!fetch_from(s, &bad, true);
		/* Where it went through (the agent's name, say) it is the right commit that came. */
		assert_int_equal(odb_ref_read(s->desk->odb, "refs/remotes/h/main", false, &value, NULL), 0);
		assert_true(value.kind == REF_ABSENT || oid_equal(&value.object.id, &s->tip));
	}
	ferry_check(s->desk->repo);
}

static void data_goes_on_for_ever(void **state)
{
	struct stage *s = *state;
	auto_buf said = BUF_INIT, stream = BUF_INIT, more = BUF_INIT;

	stream_of(s->other, NULL, &stream);
	buf_add_str(&more, "more");
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_COMMIT);
	add_data(&said, &stream, false);
	add_data(&said, &more, true);
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "");
	buf_clear(&said);
	add_hello(&said);
	add_refs(&said, "refs/heads/main", &s->tip, OBJECT_COMMIT);
	add_data(&said, &stream, false);
	add_frame(&said, MESSAGE_DATA, NULL);
	fetch_fails(s, &said, DRIFT_ERR_CORRUPT, "instead of DATA");
}

/* ---- our server, a hostile client ---- */

/* Its answer, after the HELLO: the first message. */
static uint8_t serve(struct stage *s, const struct buf *said, bool may_push, struct buf *payload)
{
	const struct server_options options = { .may_push = may_push, .timeout_ms = TIMEOUT_MS };
	struct wire_frame frame;
	struct wire *wire;
	int ends[2];
	uint8_t type = 0;

	assert_int_equal(channel_pair(ends, &s->err), 0);
	assert_int_equal(write(ends[1], said->data, said->len), said->len);
	shutdown(ends[1], SHUT_WR);
	(void)!server_run(repo_dir(s->desk->repo), ends[0], ends[0], &options, &s->err);
	assert_int_equal(wire_new(ends[1], ends[1], TIMEOUT_MS, &wire, NULL), 0);
	while (wire_read(wire, &frame, NULL) > 0) {
		if (frame.type == MESSAGE_HELLO)
			continue;
		type = frame.type;
		buf_clear(payload);
		buf_add(payload, frame.data, frame.len);
		break;
	}
	wire_free(wire);
	return type;
}

static void server_says(struct stage *s, const struct buf *said, bool may_push, const char *part)
{
	auto_buf payload = BUF_INIT;
	struct message_error no;

	assert_int_equal(serve(s, said, may_push, &payload), MESSAGE_ERROR);
	assert_int_equal(message_error_decode(payload.data, payload.len, &no, NULL), 0);
	if (!strstr(no.sentence.data, part))
		fail_msg("'%s' lacks '%s'", no.sentence.data, part);
	message_error_release(&no);
	unchanged(s);
}

static void push_ends(struct stage *s, const struct buf *said, enum update_status status, const char *part)
{
	auto_buf payload = BUF_INIT;
	struct message_result result;

	assert_int_equal(serve(s, said, true, &payload), MESSAGE_RESULT);
	assert_int_equal(message_result_decode(payload.data, payload.len, &result, NULL), 0);
	if (result.outcomes[0].status != status || !strstr(result.outcomes[0].sentence.data, part))
		fail_msg("%d '%s' instead of %d '%s'", result.outcomes[0].status, result.outcomes[0].sentence.data, status,
			 part);
	message_result_release(&result);
}

static struct message_update update_of(const char *name, const struct oid *old, const struct oid *new)
{
	struct message_update u = { .name = { name, strlen(name) }, .has_old = old != NULL, .has_new = new != NULL };

	if (old)
		u.old = *old;
	if (new)
		u.new = *new;
	return u;
}

static void honest_push(void **state)
{
	struct stage *s = *state;
	const struct message_update u = update_of("refs/heads/new", NULL, &s->tip);
	auto_buf said = BUF_INIT, stream = BUF_INIT;
	struct ref_value value;

	stream_of(s->other, NULL, &stream);
	add_hello(&said);
	add_push(&said, &u, 1, true);
	add_data(&said, &stream, true);
	push_ends(s, &said, UPDATE_DONE, "");
	assert_int_equal(odb_ref_read(s->desk->odb, "refs/heads/new", false, &value, NULL), 0);
	assert_true(value.kind == REF_OBJECT && oid_equal(&value.object.id, &s->tip));
	ferry_check(s->desk->repo);
}

static void pushes_that_are_refused(void **state)
{
	struct stage *s = *state;
	auto_commit *head = desk_head(s->desk);
	struct oid wrong = s->tip;
	auto_buf stream = BUF_INIT;

	stream_of(s->other, NULL, &stream);
	wrong.bytes[0] ^= 1;
	const struct {
		struct message_update update;
		enum update_status status;
		const char *part;
	} cases[] = {
		{ update_of("refs/heads/new", NULL, &wrong), UPDATE_REFUSED, "did not come and is not here" },
		{ update_of("refs/heads/main", NULL, &s->tip), UPDATE_STALE, "it is at" },
		{ update_of("refs/heads/main", &s->tip, &s->tip), UPDATE_STALE, "it is at" },
		{ update_of("refs/heads/none", &s->tip, &s->tip), UPDATE_STALE, "does not exist" },
		{ update_of("refs/heads/main", &head->id, &s->tip), UPDATE_DIVERGED, "it has commits" },
		{ update_of("refs/heads/main", &head->id, NULL), UPDATE_REFUSED, "the current branch" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_buf said = BUF_INIT;

		add_hello(&said);
		add_push(&said, &cases[i].update, 1, cases[i].update.has_new);
		if (cases[i].update.has_new)
			add_data(&said, &stream, true);
		push_ends(s, &said, cases[i].status, cases[i].part);
		unchanged(s);
	}
}

static void pushes_that_are_wrong(void **state)
{
	struct stage *s = *state;
	struct message_update u[2] = { update_of("refs/heads/a", NULL, &s->tip), update_of("refs/heads/a", NULL, &s->tip) };
	static const char *const names[] = { "HEAD", "STAGE", "INCOMING/x/1", "refs/heads/../../x", "refs/heads/a\n", "" };
	auto_buf said = BUF_INIT, stream = BUF_INIT;

	stream_of(s->other, NULL, &stream);
	add_hello(&said);
	add_push(&said, u, 2, true);
	server_says(s, &said, true, "names a ref twice");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		u[0] = update_of(names[i], NULL, &s->tip);
		buf_clear(&said);
		add_hello(&said);
		add_push(&said, u, 1, true);
		server_says(s, &said, true, "a name that is none");
	}
	u[0] = update_of("refs/heads/a", NULL, &s->tip);
	buf_clear(&said);
	add_hello(&said);
	add_push(&said, u, 1, false);
	server_says(s, &said, true, "the push has no data");
	buf_clear(&said);
	add_hello(&said);
	add_push(&said, u, 1, true);
	add_data(&said, &stream, true);
	server_says(s, &said, false, "serves fetches alone");
}

static void cut_and_flipped_pushes(void **state)
{
	struct stage *s = *state;
	const struct message_update u = update_of("refs/heads/new", NULL, &s->tip);
	auto_buf said = BUF_INIT, stream = BUF_INIT;

	stream_of(s->other, NULL, &stream);
	add_hello(&said);
	add_push(&said, &u, 1, true);
	add_data(&said, &stream, true);
	for (size_t len = 0; len < said.len; len += 3) {
		auto_buf part = BUF_INIT, payload = BUF_INIT;

		buf_add(&part, said.data, len);
		assert_int_not_equal(serve(s, &part, true, &payload), MESSAGE_RESULT);
	}
	unchanged(s);
	for (size_t at = 0; at < said.len; at += 2) {
		auto_buf bad = BUF_INIT, payload = BUF_INIT;
		struct ref_value value;

		buf_add(&bad, said.data, said.len);
		bad.data[at] = (char)(bad.data[at] ^ (1 << at % 8));
		(void)serve(s, &bad, true, &payload);
		assert_int_equal(odb_ref_read(s->desk->odb, "refs/heads/new", false, &value, NULL), 0);
		assert_true(value.kind == REF_ABSENT || oid_equal(&value.object.id, &s->tip));
	}
	ferry_check(s->desk->repo);
}

static void clients_that_are_none(void **state)
{
	static const char *const bad[] = { "GET / HTTP/1.1\r\n\r\n", "\1\0", "\2\0", "\377\377\377\377\377" };
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_buf said = BUF_INIT;

		buf_add(&said, bad[i], i == 1 || i == 2 ? 2 : strlen(bad[i]));
		server_says(s, &said, true, "");
	}
	auto_buf said = BUF_INIT;

	add_hello(&said);
	add_frame(&said, MESSAGE_RESULT, NULL);
	server_says(s, &said, true, "sent RESULT (10) instead of FETCH or PUSH");
}

static void requests_that_are_unknown(void **state)
{
	struct stage *s = *state;
	struct message_fetch fetch = { .list_only = true };
	auto_buf said = BUF_INIT, payload = BUF_INIT;

	assert_int_equal(message_words_add(&fetch.options, "depth=1", NULL), 0);
	message_fetch_encode(&fetch, &payload);
	add_hello(&said);
	add_frame(&said, MESSAGE_FETCH, &payload);
	server_says(s, &said, true, "does not know 'depth=1'");
	free(fetch.options.items);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(honest_server),
		TEST(server_says_nothing),
		TEST(server_is_none),
		TEST(server_refuses),
		TEST(wrong_order),
		TEST(wrong_ids),
		TEST(bad_refs),
		TEST(refs_beyond_what_was_asked),
		TEST(cut_anywhere),
		TEST(flipped_anywhere),
		TEST(data_goes_on_for_ever),
		TEST(honest_push),
		TEST(pushes_that_are_refused),
		TEST(pushes_that_are_wrong),
		TEST(cut_and_flipped_pushes),
		TEST(clients_that_are_none),
		TEST(requests_that_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
