#include "sync/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "objects/odb_files.h"
#include "repo/graph.h"
#include "objects/oid_table.h"
#include "sync/connection.h"
#include "sync/server.h"
#include "sync/session.h"

#define TIPS_MAX 2048 /* of what we have, in a first request */

struct client {
	struct repo *repo;
	struct connection *connection;
	struct session session;
	bool greeted, said_hello;
	char peer[2 * STORE_ID_LEN + 1];
	struct wire_frame first; /* of the data that follows a FETCH; type 0: there is none */
	struct oid *told;        /* sorted: what the last FETCH said that we have */
	size_t told_count;
};

/* ---- opening and closing ---- */

/* A remote's relative path starts where the repository is, one that was typed where the user stands. */
static int base_dir(struct repo *repo, const struct remote *remote, struct buf *out, struct drift_error *err)
{
	const char *dir = repo_dir(repo), *slash = strrchr(dir, '/');
	bool inside = slash && !strcmp(slash, "/.drift");

	if (remote->name)
		buf_add(out, dir, inside ? (size_t)(slash - dir) : strlen(dir));
	return buf_check(out, err);
}

static int attach(struct client *c, int in, int out, int64_t timeout_ms, struct drift_error *err)
{
	struct wire *wire;

	return wire_new(in, out, timeout_ms, &wire, err) || session_init(&c->session, wire, err) ? -1 : 0;
}

static int connect_to(struct client *c, const struct client_options *options, struct drift_error *err)
{
	const struct remote *remote = options->remote;
	auto_buf base = BUF_INIT;
	struct connection_options how = {
		.url = options->push && remote->push_url ? remote->push_url : remote->url,
		.push = options->push,
		.upload_pack = options->pack_command ? options->pack_command : remote->upload_pack,
		.receive_pack = options->pack_command ? options->pack_command : remote->receive_pack,
	};
	int in, out;

	if (config_get_string(repo_config(c->repo), "core.sshcommand", NULL, &how.ssh_command, err) ||
	    sync_timeout_ms(c->repo, &how.timeout_ms, err) || base_dir(c->repo, remote, &base, err))
		return -1;
	how.base_dir = remote->name ? base.data : NULL;
	if (connection_open(&how, &c->connection, &in, &out, err))
		return -1;
	return attach(c, in, out, how.timeout_ms, err);
}

static struct client *new_client(struct repo *repo)
{
	struct client *c = mem_calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->repo = repo;
	buf_init(&c->session.data);
	return c;
}

int client_attach(struct repo *repo, int in, int out, int64_t timeout_ms, struct client **out_client, struct drift_error *err)
{
	auto_client *c = new_client(repo);

	if (!c)
		return error_no_memory(err);
	if (attach(c, in, out, timeout_ms, err))
		return -1;
	*out_client = take_ptr(c);
	return 0;
}

int client_open(struct repo *repo, const struct client_options *options, struct client **out, struct drift_error *err)
{
	auto_client *c = new_client(repo);

	if (!c)
		return error_no_memory(err);
	if (connect_to(c, options, err))
		return -1;
	*out = take_ptr(c);
	return 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	session_release(&c->session);
	(void)connection_close(c->connection, NULL);
	free(c->told);
	free(c);
}

void client_cleanup(struct client **c)
{
	client_close(*c);
}

/* The conversation never began: how the program that was to serve us ended says more. */
static int never_began(struct client *c, const struct drift_error *why, struct drift_error *err)
{
	struct drift_error end = { DRIFT_OK, "" };
	bool left = wire_ended(c->session.wire);
	auto_buf words = BUF_INIT;

	wire_first_words(c->session.wire, &words);
	session_release(&c->session);
	if (connection_close(take_ptr(c->connection), &end) && left && !words.len)
		return error_set(err, DRIFT_ERR_IO, "the other end said nothing: %s", end.message);
	return error_set(err, why->code, "%s", why->message);
}

static int greet(struct client *c, struct drift_error *err)
{
	struct message_hello hello;

	if (c->greeted)
		return 0;
	if (session_hear_hello(&c->session, &hello, err))
		return -1;
	hex_encode(hello.store_id, STORE_ID_LEN, c->peer);
	message_hello_release(&hello);
	c->greeted = true;
	return 0;
}

static int say_hello(struct client *c, struct drift_error *err)
{
	if (c->said_hello)
		return 0;
	c->said_hello = true;
	return session_say_hello(&c->session, odb_store_id(repo_odb(c->repo)), err);
}

/* ---- what we have ---- */

struct tips {
	struct client *client;
	struct oid_table seen;
	struct oid **ids;
	size_t count, capacity, max;
};

static void tips_release(struct tips *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->ids[i]);
	free(t->ids);
	oid_table_release(&t->seen);
}
#define auto_tips __attribute__((cleanup(tips_release))) struct tips

/* 1: enough */
static int add_tip(void *data, const struct oid *id, struct drift_error *err)
{
	struct tips *t = data;
	struct oid *copy;

	if (t->count == t->max)
		return 1;
	if (oid_table_get(&t->seen, id))
		return 0;
	copy = malloc(sizeof(*copy));
	if (!copy || mem_grow(&t->ids, &t->capacity, t->count + 1, sizeof(*t->ids))) {
		free(copy);
		return error_no_memory(err);
	}
	*copy = *id;
	t->ids[t->count++] = copy;
	return oid_table_put(&t->seen, copy, copy, err);
}

static int add_ref_tip(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	(void)name;
	return value->kind == REF_OBJECT ? add_tip(data, &value->object.id, err) : 0;
}

static int collect_tips(struct tips *t, struct drift_error *err)
{
	static const char *const prefixes[] = { REF_REMOTES, REF_HEADS, "refs/" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes) && !r; i++)
		r = odb_ref_each(repo_odb(t->client->repo), prefixes[i], add_ref_tip, t, err);
	if (!r)
		r = incoming_each(t->client->repo, add_tip, t, err);
	return r < 0 ? -1 : 0;
}

/* The ancestors of a tip along first parents at distances 1, 2, 4, ...: one of them, not too old, may be known there. */
static int add_ancestors(struct tips *t, const struct oid *id, struct drift_error *err)
{
	struct odb *odb = repo_odb(t->client->repo);
	auto_commit *tip = NULL;
	enum object_kind kind;
	uint64_t loc;
	int r = odb_find(odb, id, &kind, &loc, err);

	if (r <= 0 || kind != OBJECT_COMMIT)
		return r < 0 ? -1 : 0;
	if (odb_commit(odb, id, loc, &tip, err))
		return -1;
	for (uint64_t back = 1; back < tip->seq && t->count < t->max; back *= 2) {
		auto_commit *c = NULL;

		r = graph_at_seq(t->client->repo, tip, tip->seq - back, &c, err);
		if (r <= 0)
			return r;
		if (add_tip(t, &c->id, err) < 0)
			return -1;
	}
	return 0;
}

static struct oid *flatten(const struct tips *t)
{
	struct oid *ids = mem_calloc(t->count + 1, sizeof(*ids));

	for (size_t i = 0; ids && i < t->count; i++)
		ids[i] = *t->ids[i];
	return ids;
}

/* The other end knows none of our tips. */
static int send_haves(struct client *c, struct drift_error *err)
{
	auto_tips t = { .client = c, .seen = OID_TABLE_INIT, .max = MESSAGE_IDS_MAX };
	auto_free struct oid *ids = NULL;
	struct message_haves m = { .ids = NULL };
	auto_buf payload = BUF_INIT;
	size_t tip_count;

	if (collect_tips(&t, err))
		return -1;
	tip_count = t.count;
	for (size_t i = 0; i < tip_count && t.count < t.max; i++) {
		if (add_ancestors(&t, t.ids[i], err))
			return -1;
	}
	ids = flatten(&t);
	if (!ids)
		return error_no_memory(err);
	m.ids = ids;
	m.count = t.count;
	message_haves_encode(&m, &payload);
	return session_send(&c->session, MESSAGE_HAVES, &payload, err);
}

/* ---- FETCH ---- */

void client_refs_release(struct client_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++)
		free(refs->items[i].name);
	free(refs->items);
	free(refs->incoming);
	*refs = (struct client_refs){ .items = NULL };
}

static int compare_name(const void *key, const void *item)
{
	const struct client_ref *ref = item;

	return strcmp(key, ref->name);
}

const struct client_ref *client_refs_find(const struct client_refs *refs, const char *name)
{
	return refs->count ? bsearch(name, refs->items, refs->count, sizeof(*refs->items), compare_name) : NULL;
}

static int add_ref(struct client_refs *refs, const struct message_ref *ref, struct drift_error *err)
{
	if (refs->count == CLIENT_REFS_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the other end has more than %d refs", CLIENT_REFS_MAX);
	if (refs->count && strcmp(refs->items[refs->count - 1].name, ref->name.data) >= 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "the other end's refs are not in order");
	if (mem_grow(&refs->items, &refs->capacity, refs->count + 1, sizeof(*refs->items)))
		return error_no_memory(err);
	refs->items[refs->count] = (struct client_ref){
		.name = mem_dup_str(ref->name.data, ref->name.len), .id = ref->id, .kind = ref->kind,
	};
	if (!refs->items[refs->count].name)
		return error_no_memory(err);
	refs->count++;
	return 0;
}

static int add_refs(struct client_refs *refs, struct message_refs *m, struct drift_error *err)
{
	for (size_t i = 0; i < m->count; i++) {
		if (add_ref(refs, &m->refs[i], err))
			return -1;
	}
	memcpy(refs->head, m->head.data, m->head.len);
	refs->head[m->head.len] = '\0';
	if (!refs->incoming) {
		refs->incoming = take_ptr(m->incoming);
		refs->incoming_count = m->incoming_count;
	}
	return 0;
}

static int read_refs(struct client *c, struct client_refs *refs, struct drift_error *err)
{
	struct message_refs m = { .more = true };
	struct wire_frame frame;
	int r = 0;

	while (!r && m.more) {
		if (session_expect(&c->session, MESSAGE_REFS, &frame, err) ||
		    message_refs_decode(frame.data, frame.len, &m, err))
			return -1;
		r = add_refs(refs, &m, err);
		message_refs_release(&m);
	}
	return r;
}

/* What comes behind the refs. */
static int read_answer(struct client *c, const struct client_request *request, bool *data_follows_out,
		       struct drift_error *err)
{
	struct wire_frame frame;
	bool asked = false;

	for (;;) {
		int r = session_read(&c->session, &frame, err);

		if (r <= 0)
			return r < 0 ? -1 : error_set(err, DRIFT_ERR_IO, "the other end closed the connection before its answer");
		if (frame.type == MESSAGE_NOTHING) {
			*data_follows_out = false;
			return 0;
		}
		if (request->list_only)
			break;
		if (frame.type == MESSAGE_DATA || frame.type == MESSAGE_END) {
			c->first = frame;
			*data_follows_out = true;
			return 0;
		}
		if (frame.type != MESSAGE_NEED_HAVES || asked)
			break;
		asked = true;
		if (send_haves(c, err))
			return -1;
	}
	return session_unexpected(&frame, "its answer", err);
}

static int compare_ids(const void *a, const void *b)
{
	return oid_compare(a, b);
}

bool client_told(const struct client *c, const struct oid *id)
{
	return c->told_count && bsearch(id, c->told, c->told_count, sizeof(*c->told), compare_ids);
}

/* "only=NAME/" for each collection that this repository has, where that is not all. */
static int ask_only(struct client *c, struct buf *texts, struct message_words *words, struct drift_error *err)
{
	const struct collection_set *only = odb_only(repo_odb(c->repo));
	const char *at;

	for (size_t i = 0; only && i < only->count; i++) {
		buf_addf(texts, ONLY_WORD "=%s/", only->items[i].name);
		buf_add_byte(texts, 0);
	}
	if (only && !only->count) {
		buf_add_str(texts, ONLY_WORD "=" TREE_RESERVED "/");
		buf_add_byte(texts, 0);
	}
	if (buf_check(texts, err))
		return -1;
	for (at = texts->data; at < texts->data + texts->len; at += strlen(at) + 1)
		if (message_words_add(words, at, err))
			return -1;
	return 0;
}

static int encode_fetch(struct client *c, struct message_fetch *m, struct buf *payload, struct drift_error *err)
{
	auto_buf texts = BUF_INIT;
	int r = m->list_only ? 0 : ask_only(c, &texts, &m->options, err);

	if (!r)
		message_fetch_encode(m, payload);
	free(m->options.items);
	return r;
}

static int ask(struct client *c, const struct client_request *request, struct drift_error *err)
{
	struct message_fetch m = { .list_only = request->list_only, .follow_tags = request->follow_tags };
	auto_tips t = { .client = c, .seen = OID_TABLE_INIT, .max = TIPS_MAX };
	auto_buf payload = BUF_INIT;

	if (!request->list_only && collect_tips(&t, err))
		return -1;
	free(c->told);
	c->told_count = 0;
	c->told = flatten(&t);
	if (!c->told)
		return error_no_memory(err);
	c->told_count = t.count;
	qsort(c->told, t.count, sizeof(*c->told), compare_ids);
	m.refs = *request->refs;
	m.haves = c->told;
	m.have_count = t.count;
	if (encode_fetch(c, &m, &payload, err))
		return -1;
	return say_hello(c, err) || session_send(&c->session, MESSAGE_FETCH, &payload, err) ? -1 : 0;
}

int client_fetch(struct client *c, const struct client_request *request, struct client_refs *refs_out,
		 bool *data_follows_out, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };
	auto_client_refs refs = { .items = NULL };

	if (ask(c, request, &why) || greet(c, &why))
		return c->greeted ? error_set(err, why.code, "%s", why.message) : never_began(c, &why, err);
	if (read_refs(c, &refs, err) || read_answer(c, request, data_follows_out, err))
		return -1;
	*refs_out = refs;
	refs = (struct client_refs){ .items = NULL };
	return 0;
}

int client_receive(struct client *c, const struct sync_progress *progress, struct received **out, struct drift_error *err)
{
	const struct sync_receive_options options = { .peer = c->peer, .progress = progress };
	const struct sync_source source = session_source(&c->session, &c->first);
	auto_received *received = NULL;

	c->first.type = 0;
	if (sync_receive(c->repo, &source, &options, &received, err) || session_skip_data(&c->session, err))
		return -1;
	*out = take_ptr(received);
	return 0;
}

/* ---- PUSH ---- */

int client_push(struct client *c, const struct message_push *push, const struct sync_send_options *what,
		struct message_result *out, struct sync_counts *counts_out, struct drift_error *err)
{
	const struct sync_sink sink = session_sink(&c->session);
	auto_buf payload = BUF_INIT;
	struct wire_frame frame;

	message_push_encode(push, &payload);
	if (say_hello(c, err) || session_send(&c->session, MESSAGE_PUSH, &payload, err))
		return -1;
	if (push->has_data &&
	    (sync_send(c->repo, what, &sink, counts_out, err) || session_end_data(&c->session, err)))
		return -1;
	if (greet(c, err) || session_expect(&c->session, MESSAGE_RESULT, &frame, err) ||
	    message_result_decode(frame.data, frame.len, out, err))
		return -1;
	if (out->count == push->count)
		return 0;
	message_result_release(out);
	return error_set(err, DRIFT_ERR_CORRUPT, "the other end answered for %zu refs instead of %zu", out->count, push->count);
}

void client_counts(struct client *c, struct wire_counts *out)
{
	*out = (struct wire_counts){ .in_len = 0 };
	if (c->session.wire)
		wire_counts(c->session.wire, out);
}
