/*
 * Peers that mean no good, at either end: each gets a clear error in a known time, nothing that refs show changes, and the store is sound and
 * goes on. HOSTILE_STEP=N: honest conversations are truncated and damaged at every N-th byte.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/channel.h"
#include "base/date.h"
#include "base/mem.h"
#include "refs/refname.h"
#include "sync/connection_internal.h"
#include "sync/fetch.h"
#include "sync/push.h"
#include "sync/server.h"
#include "sync/session.h"
#include "t/unit/desk.h"
#include "t/unit/ferry.h"

#define MAIN "refs/heads/main"
#define TIMEOUT_MS 5000
#define SHORT_MS 60 /* where it is waited for */
#define PATIENT_USEC 20000000 /* what takes longer hangs */
#define BYTE 1

static struct drift_error err;

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", err.message);
}

/* ---- what is said ---- */

static void add_frame(struct buf *out, enum message_type type, const void *data, size_t len)
{
	buf_add_byte(out, (unsigned char)type);
	buf_add_varint(out, len);
	buf_add(out, data, len);
}

static void add_hello(struct buf *out)
{
	struct message_hello hello = { .version = PROTOCOL_VERSION, .agent = { "liar", 4 } };
	auto_buf payload = BUF_INIT;

	memset(hello.store_id, 7, STORE_ID_LEN);
	message_hello_encode(&hello, &payload);
	add_frame(out, MESSAGE_HELLO, payload.data, payload.len);
}

static void add_push(struct buf *out, const struct message_update *updates, size_t count, const struct buf *stream)
{
	struct message_push push = { .has_data = stream, .actor = { "liar", 4 }, .count = count };
	auto_buf payload = BUF_INIT;

	memcpy(&push.updates, &updates, sizeof(push.updates));
	message_push_encode(&push, &payload);
	add_frame(out, MESSAGE_PUSH, payload.data, payload.len);
	if (!stream)
		return;
	add_frame(out, MESSAGE_DATA, stream->data, stream->len);
	add_frame(out, MESSAGE_END, "", 0);
}

static struct message_update update(const char *name, const struct oid *old, const struct oid *new)
{
	struct message_update u = { .name = { name, strlen(name) }, .has_old = old, .has_new = new };

	if (old)
		u.old = *old;
	if (new)
		u.new = *new;
	return u;
}

static void add_fetch(struct buf *out, const char *ref, const char *option)
{
	struct text name = { ref, strlen(ref) }, word = { option, option ? strlen(option) : 0 };
	struct message_fetch fetch = { .refs = { &name, 1 }, .options = { &word, option ? 1 : 0 } };
	auto_buf payload = BUF_INIT;

	message_fetch_encode(&fetch, &payload);
	add_frame(out, MESSAGE_FETCH, payload.data, payload.len);
}

static void add_refs(struct buf *out, const char *name, const struct oid *id, const char *head)
{
	struct message_ref ref = { { name, strlen(name) }, *id, OBJECT_COMMIT };
	struct message_refs refs = { .head = { head, strlen(head) }, .refs = &ref, .count = 1 };
	auto_buf payload = BUF_INIT;

	message_refs_encode(&refs, &payload);
	add_frame(out, MESSAGE_REFS, payload.data, payload.len);
}

/* ---- what is to stay as it is ---- */

static int add_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *e)
{
	char hex[OID_HEX_LEN + 1];

	(void)e;
	if (strncmp(name, "INCOMING/", 9) != 0)
		buf_addf(data, "%s %s ", name, value->kind == REF_OBJECT ? oid_to_hex(&value->object.id, hex) : value->target);
	return 0;
}

static void list_refs(const char *dir, struct buf *out)
{
	const struct repo_options options = { .no_sync = true };
	struct repo *repo;

	buf_clear(out);
	must(repo_open(dir, &options, &repo, &err));
	must(odb_ref_each(repo_odb(repo), "", add_ref, out, &err));
	repo_close(repo);
}

/* ---- one end talks, as it was told ---- */

enum ending { HANGS_UP, STAYS_SILENT, GOES_ON };

struct talker {
	int fd;
	const struct buf *words;
	enum ending ending;
	unsigned pause_ms; /* between bytes */
	struct buf heard;
};

static void hear(struct talker *t)
{
	char bytes[4096];
	ssize_t n;

	while ((n = recv(t->fd, bytes, sizeof(bytes), 0)) > 0)
		buf_add(&t->heard, bytes, (size_t)n);
}

static void say(struct talker *t)
{
	const struct timespec pause = { .tv_nsec = t->pause_ms * 1000000L };
	size_t at = 0;

	while (at < t->words->len) {
		size_t len = t->pause_ms ? BYTE : t->words->len - at;
		ssize_t n = send(t->fd, t->words->data + at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		at += (size_t)n;
		if (t->pause_ms)
			nanosleep(&pause, NULL);
		/* The same for ever. */
		if (at == t->words->len && t->ending == GOES_ON)
			at = 0;
	}
}

static void *talk(void *data)
{
	struct talker *t = data;

	say(t);
	if (t->ending == HANGS_UP)
		shutdown(t->fd, SHUT_WR);
	hear(t);
	close(t->fd);
	return NULL;
}

/* ---- a client that means no good ---- */

struct target {
	struct desk *desk;
	int64_t timeout_ms;
	struct buf refs; /* as they were */
	struct buf heard;
};

/* Serve who says this; the server's result, its complaint in err. */
static int serve_talker(struct target *t, const struct buf *words, enum ending ending, unsigned pause_ms)
{
	const struct server_options options = { .may_push = true, .timeout_ms = t->timeout_ms };
	struct talker talker = { .words = words, .ending = ending, .pause_ms = pause_ms, .heard = BUF_INIT };
	int64_t begin_usec = date_now_us();
	pthread_t thread;
	int ends[2], r;

	must(channel_pair(ends, &err));
	talker.fd = ends[0];
	err = (struct drift_error){ DRIFT_OK, "" };
	assert_int_equal(pthread_create(&thread, NULL, talk, &talker), 0);
	r = server_run(t->desk->dir, ends[1], ends[1], &options, &err);
	pthread_join(thread, NULL);
	if (date_now_us() - begin_usec > PATIENT_USEC)
		fail_msg("it hangs");
	buf_clear(&t->heard);
	buf_add(&t->heard, talker.heard.data, talker.heard.len);
	buf_release(&talker.heard);
	return r;
}

static void nothing_changed(struct target *t, const char *what)
{
	auto_buf now = BUF_INIT;

	list_refs(t->desk->dir, &now);
	if (strcmp(now.data, t->refs.data) != 0)
		fail_msg("%s: refs are '%s'", what, now.data);
}

static bool heard(const struct target *t, const char *part)
{
	return part && memmem(t->heard.data, t->heard.len, part, strlen(part));
}

/* The server gives up, says why, and tells the client. */
static void server_refuses(struct target *t, const char *what, const struct buf *words, enum ending ending, const char *part)
{
	int r = serve_talker(t, words, ending, 0);

	if (!r)
		fail_msg("%s: not refused", what);
	if (!strstr(err.message, part))
		fail_msg("%s: refused with '%s', not '%s'", what, err.message, part);
	if (ending != HANGS_UP && !heard(t, part))
		fail_msg("%s: the client is not told", what);
	nothing_changed(t, what);
}

/* It answers that it does not do that. */
static void server_declines(struct target *t, const char *what, const struct buf *words, const char *part)
{
	if (serve_talker(t, words, HANGS_UP, 0))
		fail_msg("%s: '%s'", what, err.message);
	if (!heard(t, part))
		fail_msg("%s: does not hear '%s'", what, part);
	nothing_changed(t, what);
}

static int target_setup(void **state)
{
	struct target *t = calloc(1, sizeof(*t));
	void *desk;
	struct ref_change change = { .name = "refs/heads/alias", .value = { .kind = REF_SYMBOLIC } };
	struct ref_transaction one = { .changes = &change, .change_count = 1, .actor = "tester", .reason = "test" };

	assert_non_null(t);
	desk_setup(&desk);
	t->desk = desk;
	t->timeout_ms = TIMEOUT_MS;
	desk_commit_put(t->desk, "c/k", "one");
	desk_commit_put(t->desk, "c/k", "two");
	snprintf(change.value.target, sizeof(change.value.target), MAIN);
	must(refs_apply(t->desk->odb, &one, &err));
	buf_init(&t->refs);
	buf_init(&t->heard);
	list_refs(t->desk->dir, &t->refs);
	*state = t;
	return 0;
}

static int target_teardown(void **state)
{
	struct target *t = *state;
	void *desk = t->desk;

	desk_reopen(t->desk);
	desk_commit_put(t->desk, "c/after", "it goes on");
	ferry_check(t->desk->repo);
	desk_teardown(&desk);
	buf_release(&t->refs);
	buf_release(&t->heard);
	free(t);
	return 0;
}

/* What no client of ours says. */
static void test_noise(void **state)
{
	static const struct {
		const char *what, *words;
		size_t len;
		enum ending ending;
		const char *part;
		bool hello;
	} cases[] = {
		{ "HTTP", "GET / HTTP/1.1\r\n\r\n", 18, STAYS_SILENT, "protocol", false },
		{ "silence", "", 0, STAYS_SILENT, "silent", false },
		{ "silence after HELLO", "", 0, STAYS_SILENT, "silent", true },
		{ "half a HELLO", "\1\x30" "drift", 7, STAYS_SILENT, "silent", false },
		{ "a frame of 2^60 bytes", "\2\x80\x80\x80\x80\x80\x80\x80\x80\x10", 10, STAYS_SILENT, "", true },
		{ "a length that is not short", "\2\x81\0x", 4, STAYS_SILENT, "", true },
		{ "no such message", "\x63\0", 2, STAYS_SILENT, "instead of FETCH or PUSH", true },
		{ "HAVES unasked", "\6\1\0", 3, STAYS_SILENT, "instead of FETCH or PUSH", true },
		{ "DATA without PUSH", "\7\1x", 3, STAYS_SILENT, "instead of FETCH or PUSH", true },
		{ "a RESULT", "\x0a\1\0", 3, STAYS_SILENT, "instead of FETCH or PUSH", true },
		{ "HELLO again", "\1\0", 2, STAYS_SILENT, "instead of FETCH or PUSH", true },
		{ "an empty FETCH", "\2\0", 2, STAYS_SILENT, "damaged FETCH", true },
		{ "an unknown flag", "\2\4\xf0\0\0\0", 6, STAYS_SILENT, "unknown flag", true },
		{ "many names that are not there", "\2\5\0\xff\xff\xff\x7f", 7, STAYS_SILENT, "too high", true },
		{ "an empty PUSH", "\x09\0", 2, STAYS_SILENT, "damaged PUSH", true },
		{ "DATA for ever instead of FETCH", "\7\4abcd", 6, GOES_ON, "instead of FETCH or PUSH", true },
	};
	struct target *t = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		auto_buf words = BUF_INIT;

		if (cases[i].hello)
			add_hello(&words);
		buf_add(&words, cases[i].words, cases[i].len);
		t->timeout_ms = strstr("silent", cases[i].part) && *cases[i].part ? SHORT_MS : TIMEOUT_MS;
		server_refuses(t, cases[i].what, &words, cases[i].ending, cases[i].part);
	}
}

/* A byte now and then: there is an end to patience. */
static void test_slow(void **state)
{
	struct target *t = *state;
	auto_buf words = BUF_INIT;

	t->timeout_ms = SHORT_MS;
	add_hello(&words);
	for (int i = 0; i < 1000; i++)
		buf_add_byte(&words, i ? 'x' : MESSAGE_FETCH);
	assert_int_equal(serve_talker(t, &words, HANGS_UP, SHORT_MS / 3), -1);
	assert_int_equal(err.code, DRIFT_ERR_IO);
	nothing_changed(t, "slow");
}

static void test_fetch_requests(void **state)
{
	static const char *const names[] = { "refs/heads/../x", "refs/heads/a b", "refs//x", "/etc/passwd", "refs/heads/x.lock", "", "*", "INCOMING/*" };
	struct target *t = *state;
	auto_buf one = BUF_INIT;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		auto_buf words = BUF_INIT;

		add_hello(&words);
		add_fetch(&words, names[i], NULL);
		server_refuses(t, names[i], &words, STAYS_SILENT, "");
	}
	add_hello(&one);
	add_fetch(&one, "refs/heads/*", "depth=-1");
	server_refuses(t, "an option", &one, STAYS_SILENT, "does not know 'depth=-1'");
}

static void push_words(struct buf *words, const struct message_update *u, size_t count, const struct buf *stream)
{
	buf_clear(words);
	add_hello(words);
	add_push(words, u, count, stream);
}

/* Updates that are none, or not for everybody to make. */
static void test_updates(void **state)
{
	static const char *const names[] = { "HEAD", "INCOMING/x/0", "refs/", "refs/heads/", "refs/heads/../x", "refs/heads/a.lock", "STAGE",
					     "refs/heads/a\nb", "refs/heads/-", "../refs/heads/x", "" };
	struct target *t = *state;
	auto_commit *head = desk_head(t->desk);
	struct oid other = { { 9 } };
	struct message_update u[2];
	auto_buf words = BUF_INIT;
	auto_buf empty = BUF_INIT;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		u[0] = update(names[i], &head->id, NULL);
		push_words(&words, u, 1, NULL);
		if (strcmp(names[i], "refs/heads/-") != 0)
			server_refuses(t, names[i], &words, STAYS_SILENT, "a ref has a name that is none");
	}
	u[0] = u[1] = update("refs/heads/x", NULL, &head->id);
	push_words(&words, u, 2, NULL);
	server_refuses(t, "twice", &words, STAYS_SILENT, "names a ref twice");
	push_words(&words, u, 1, NULL);
	server_refuses(t, "a new value without data", &words, STAYS_SILENT, "no data");
	push_words(&words, u, 1, &empty);
	server_refuses(t, "no stream", &words, STAYS_SILENT, "");
	u[0] = update(MAIN, &other, NULL);
	push_words(&words, u, 1, NULL);
	server_declines(t, "a moved ref", &words, "by now");
	u[0] = update(MAIN, &head->id, NULL);
	push_words(&words, u, 1, NULL);
	server_declines(t, "the current branch", &words, "current branch");
	u[0] = update("refs/heads/alias", &head->id, NULL);
	push_words(&words, u, 1, NULL);
	server_declines(t, "a symbolic ref", &words, "points to");
	u[0] = update("refs/heads/none", &head->id, NULL);
	push_words(&words, u, 1, NULL);
	server_declines(t, "one that is not there", &words, "does not exist");
}

/* Of one commit, by a store that lies. */
static void stream_of(struct desk *liar, struct buf *out)
{
	must(ferry_send(liar->repo, NULL, out, &err));
}

/* Streams that are whole, in a push to a new branch that wants another commit, or goes back, or is ahead of the clock. */
static void test_pushes(void **state)
{
	struct target *t = *state;
	auto_commit *head = desk_head(t->desk);
	struct oid missing = { { 9 } };
	struct commit_result made;
	struct message_update u;
	auto_buf stream = BUF_INIT;
	auto_buf words = BUF_INIT;
	struct desk *liar;
	void *desk;

	desk_setup(&desk);
	liar = desk;
	made = desk_commit_put(liar, "c/k", "of another root");
	stream_of(liar, &stream);
	u = update("refs/heads/x", NULL, &missing);
	push_words(&words, &u, 1, &stream);
	server_declines(t, "another commit", &words, "did not come");
	u = update(MAIN, &head->id, &made.id);
	push_words(&words, &u, 1, &stream);
	server_declines(t, "no fast-forward", &words, "does not have");
	u = update(MAIN, &made.id, &made.id);
	u.force = true;
	push_words(&words, &u, 1, &stream);
	server_declines(t, "forced, but of another value", &words, "by now");
	u = update("refs/heads/alias", &head->id, &made.id);
	u.force = true;
	push_words(&words, &u, 1, &stream);
	server_declines(t, "forced through a symbolic ref", &words, "points to");
	u = update("refs/heads/x", NULL, &made.id);
	for (size_t cut = 0; cut < stream.len; cut += 1 + stream.len / 40) {
		const struct buf part = { .data = stream.data, .len = cut };

		push_words(&words, &u, 1, &part);
		server_refuses(t, "a stream that ends too soon", &words, STAYS_SILENT, "");
	}
	buf_add_byte(&stream, 0);
	push_words(&words, &u, 1, &stream);
	server_refuses(t, "a stream that goes on", &words, STAYS_SILENT, "");
	desk_teardown(&desk);
}

/* A commit of another year. */
static void test_clock(void **state)
{
	struct target *t = *state;
	struct ref_change change = { .name = MAIN, .value = { .kind = REF_OBJECT } };
	struct ref_transaction one = { .changes = &change, .change_count = 1, .actor = "tester", .reason = "test" };
	struct commit from = { .author = { .who = { "liar", 4 }, .zone = "+0000" }, .message = { "m", 1 } };
	struct commit *made;
	struct message_update u;
	auto_buf stream = BUF_INIT;
	auto_buf words = BUF_INIT;
	struct desk *liar;
	struct tree_root root;
	void *desk;

	desk_setup(&desk);
	liar = desk;
	tree_empty(&root);
	from.tree = (struct object_ref){ root.id, root.loc };
	from.author.time_usec = date_now_us() + INT64_C(400) * 86400 * 1000000;
	from.committer = from.author;
	must(odb_batch_new(liar->odb, &one.batch, &err));
	must(writer_add_commit(liar->repo, one.batch, &from, &made, &err));
	change.value.object = (struct object_ref){ made->id, made->loc };
	must(refs_apply(liar->odb, &one, &err));
	odb_batch_free(one.batch);
	stream_of(liar, &stream);
	u = update("refs/heads/x", NULL, &made->id);
	push_words(&words, &u, 1, &stream);
	server_refuses(t, "ahead of the clock", &words, STAYS_SILENT, "ahead");
	commit_unref(made);
	desk_teardown(&desk);
}

/* An honest push, cut or damaged anywhere: another ref may be meant then, but all is sound. */
static void test_damaged_push(void **state)
{
	const char *knob = getenv("HOSTILE_STEP");
	struct target *t = *state;
	struct commit_result made;
	struct message_update u;
	auto_buf stream = BUF_INIT;
	auto_buf words = BUF_INIT;
	size_t step;
	void *desk;

	desk_setup(&desk);
	desk_commit_put(desk, "c/k", "pushed");
	made = desk_commit_put(desk, "c/l", "{\"pushed\":true}");
	stream_of(desk, &stream);
	u = update("refs/heads/x", NULL, &made.id);
	push_words(&words, &u, 1, &stream);
	step = knob ? strtoul(knob, NULL, 10) : words.len / 40 + 1;
	for (size_t at = 0; at + 2 < words.len; at += step) {
		const struct buf part = { .data = words.data, .len = at };

		(void)serve_talker(t, &part, HANGS_UP, 0);
		nothing_changed(t, "cut");
	}
	for (size_t at = 0; at < words.len; at += step) {
		unsigned char was = (unsigned char)words.data[at];

		words.data[at] = (char)(was ^ 1U << at % 8);
		(void)serve_talker(t, &words, HANGS_UP, 0);
		words.data[at] = (char)was;
	}
	desk_teardown(&desk);
}

/* ---- a server that means no good ---- */

static struct talker server;
static pthread_t server_thread;

static bool takes_all(const struct url *url)
{
	(void)url;
	return true;
}

static int open_server(const struct url *url, const struct connection_options *options, void **data_out, int fds_out[2],
		       struct drift_error *e)
{
	int ends[2];

	(void)url;
	(void)options;
	if (channel_pair(ends, e))
		return -1;
	server.fd = ends[1];
	fds_out[0] = fds_out[1] = ends[0];
	*data_out = &server;
	return pthread_create(&server_thread, NULL, talk, &server) ? -1 : 0;
}

static int close_server(void *data, struct drift_error *e)
{
	(void)data;
	(void)e;
	pthread_join(server_thread, NULL);
	return 0;
}

/* All places are that server's. */
const struct transport transport_path = { takes_all, open_server, close_server };

static int fetch_from(struct target *t, const struct buf *words, enum ending ending)
{
	auto_refspecs specs = { .items = NULL };
	auto_remote *remote = NULL;
	auto_client *client = NULL;
	auto_fetch_result result = { .refs = NULL };
	struct fetch_options options = { .specs = &specs, .actor = "tester" };
	struct client_options how = { .push = false };

	buf_clear(&server.heard);
	server.words = words;
	server.ending = ending;
	must(remote_of_url("/liar", &remote, &err));
	must(refspec_add(&specs, "refs/heads/x:refs/remotes/liar/x", REFSPEC_FETCH, &err));
	how.remote = options.remote = remote;
	must(client_open(t->desk->repo, &how, &client, &err));
	err = (struct drift_error){ DRIFT_OK, "" };
	return fetch_run(t->desk->repo, client, &options, &result, &err);
}

static void client_refuses(struct target *t, const char *what, const struct buf *words, enum ending ending, const char *part)
{
	int64_t begin_usec = date_now_us();

	if (!fetch_from(t, words, ending))
		fail_msg("%s: not refused", what);
	if (!strstr(err.message, part))
		fail_msg("%s: refused with '%s', not '%s'", what, err.message, part);
	if (date_now_us() - begin_usec > PATIENT_USEC)
		fail_msg("%s: it hangs", what);
	nothing_changed(t, what);
}

static void test_answers(void **state)
{
	static const char *const bad_names[] = { "refs/heads/../x", "refs/heads/x.lock", "x y", "" };
	struct target *t = *state;
	struct oid missing = { { 9 } };
	auto_commit *head = desk_head(t->desk);
	auto_buf words = BUF_INIT;

	must(repo_config_set(t->desk->repo, "sync.timeout", "1", &err));
	desk_reopen(t->desk);
	buf_add_str(&words, "SSH-2.0-OpenSSH\r\n");
	client_refuses(t, "a banner", &words, STAYS_SILENT, "it began with 'SSH-2.0-OpenSSH'");
	buf_clear(&words);
	client_refuses(t, "silence", &words, STAYS_SILENT, "silent");
	add_hello(&words);
	client_refuses(t, "no answer", &words, HANGS_UP, "closed the connection before");
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(*bad_names); i++) {
		buf_clear(&words);
		add_hello(&words);
		add_refs(&words, bad_names[i], &missing, "");
		client_refuses(t, bad_names[i], &words, HANGS_UP, "a name that is none");
	}
	buf_clear(&words);
	add_hello(&words);
	add_refs(&words, "refs/heads/x", &missing, "refs/heads/../x");
	client_refuses(t, "a HEAD that is none", &words, HANGS_UP, "HEAD names what is no ref");
	buf_clear(&words);
	add_hello(&words);
	add_refs(&words, "refs/heads/x", &missing, "");
	add_frame(&words, MESSAGE_NOTHING, "", 0);
	client_refuses(t, "nothing to be sent of what is not here", &words, HANGS_UP, "");
	buf_clear(&words);
	add_hello(&words);
	add_refs(&words, "refs/heads/y", &head->id, "");
	add_frame(&words, MESSAGE_NOTHING, "", 0);
	client_refuses(t, "another ref than was asked for", &words, HANGS_UP, "");
	buf_clear(&words);
	add_hello(&words);
	add_frame(&words, MESSAGE_ERROR, "\1\x0b" "no\x1b[2J\r\nno!", 13);
	(void)!fetch_from(t, &words, HANGS_UP);
	assert_null(strchr(err.message, '\x1b'));
	assert_null(strchr(err.message, '\n'));
	desk_reopen(t->desk);
}

/* An honest answer, cut or damaged anywhere. */
static void test_damaged_answer(void **state)
{
	const char *knob = getenv("HOSTILE_STEP");
	struct target *t = *state;
	struct commit_result made;
	auto_buf stream = BUF_INIT;
	auto_buf words = BUF_INIT;
	size_t step;
	void *desk;

	desk_setup(&desk);
	desk_commit_put(desk, "c/k", "fetched");
	made = desk_commit_put(desk, "c/l", "{\"fetched\":true}");
	stream_of(desk, &stream);
	add_hello(&words);
	add_refs(&words, "refs/heads/x", &made.id, "refs/heads/x");
	add_frame(&words, MESSAGE_DATA, stream.data, stream.len);
	add_frame(&words, MESSAGE_END, "", 0);
	step = knob ? strtoul(knob, NULL, 10) : words.len / 40 + 1;
	for (size_t at = 0; at < words.len; at += step) {
		const struct buf part = { .data = words.data, .len = at };

		client_refuses(t, "cut", &part, HANGS_UP, "");
	}
	for (size_t at = 0; at < words.len; at += step) {
		unsigned char was = (unsigned char)words.data[at];

		words.data[at] = (char)(was ^ 1U << at % 8);
		(void)!fetch_from(t, &words, HANGS_UP);
		words.data[at] = (char)was;
	}
	assert_int_equal(fetch_from(t, &words, HANGS_UP), 0);
	desk_teardown(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_noise, target_setup, target_teardown),
		cmocka_unit_test_setup_teardown(test_slow, target_setup, target_teardown),
		cmocka_unit_test_setup_teardown(test_fetch_requests, target_setup, target_teardown),
		cmocka_unit_test_setup_teardown(test_updates, target_setup, target_teardown),
		cmocka_unit_test_setup_teardown(test_pushes, target_setup, target_teardown),
		cmocka_unit_test_setup_teardown(test_clock, target_setup, target_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_push, target_setup, target_teardown),
		cmocka_unit_test_setup_teardown(test_answers, target_setup, target_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_answer, target_setup, target_teardown),
	};
	int r;

	buf_init(&server.heard);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	buf_release(&server.heard);
	return r;
}
