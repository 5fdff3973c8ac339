#include "t/unit/net_model.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "base/mem.h"
#include "merge/conflict.h"
#include "refs/refname.h"
#include "repo/documents.h"
#include "repo/writer.h"
#include "sync/reconcile.h"
#include "sync/session.h"
#include "t/unit/ferry.h"
#include "t/unit/line.h"

#define MAIN "refs/heads/main"
#define BEGIN_USEC INT64_C(1600000000000000)

uint64_t net_random(struct net_model *m, uint64_t below)
{
	m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (m->random >> 33) % below;
}

void net_fail(struct net_model *m, const char *why)
{
	fail_msg("seed %" PRIu64 ", step %u, %s: %s", m->seed, m->step, m->what, why);
	abort();
}

void net_must(struct net_model *m, int r)
{
	if (r < 0)
		net_fail(m, m->err.message);
}

/* ---- documents ---- */

static const char *const collections[NET_KINDS] = { "fields", "lines", "bin", "count", "set", "last" };

void net_path(unsigned path, char out[16])
{
	snprintf(out, 16, "%s/k%u", collections[path / NET_PATHS], path % NET_PATHS);
}

/* A value is "t" and a number; fields are told from each other by the number modulo 8. */
void net_parse(const char *text, size_t len, struct net_document *out)
{
	*out = (struct net_document){ .count = 0 };
	for (size_t i = 0; i + 1 < len; i++) {
		uint32_t token = 0;

		if (text[i] != 't' || text[i + 1] < '0' || text[i + 1] > '9')
			continue;
		while (i + 1 < len && text[i + 1] >= '0' && text[i + 1] <= '9')
			token = token * 10 + (uint32_t)(text[++i] - '0');
		assert_true(out->count < NET_TOKENS);
		out->tokens[out->count++] = token;
	}
}

static void render(enum net_kind kind, const struct net_document *d, struct buf *out)
{
	const char *comma = "";

	buf_add_str(out, kind == NET_FIELDS || kind == NET_LAST ? "{" : kind == NET_SET ? "{\"tags\":[" : kind == NET_BINARY ? "\1bin" : "");
	for (size_t i = 0; i < d->count; i++, comma = ",") {
		unsigned t = d->tokens[i];

		if (kind == NET_FIELDS || kind == NET_LAST)
			buf_addf(out, "%s\"f%u\":\"t%u\"", comma, t % 8, t);
		else if (kind == NET_SET)
			buf_addf(out, "%s\"t%u\"", comma, t);
		else
			buf_addf(out, kind == NET_BINARY ? "t%u%c" : "t%u\n", t, '\0');
	}
	if (kind == NET_BINARY)
		buf_add(out, "\0", 1);
	buf_add_str(out, kind == NET_FIELDS || kind == NET_LAST ? "}" : kind == NET_SET ? "]}" : "");
}

static void drop_token(struct net_document *d, size_t at)
{
	memmove(&d->tokens[at], &d->tokens[at + 1], (--d->count - at) * sizeof(*d->tokens));
}

/* Another value for a field, or a new one: in the order of fields. */
static void set_field(struct net_document *d, uint32_t token)
{
	size_t at = 0;

	while (at < d->count && d->tokens[at] % 8 < token % 8)
		at++;
	if (at < d->count && d->tokens[at] % 8 == token % 8)
		drop_token(d, at);
	memmove(&d->tokens[at + 1], &d->tokens[at], (d->count++ - at) * sizeof(*d->tokens));
	d->tokens[at] = token;
}

static void change(struct net_model *m, enum net_kind kind, struct net_document *d)
{
	if (d->count > 1 && (!net_random(m, 5) || d->count > NET_TOKENS / 4))
		drop_token(d, net_random(m, d->count));
	if (kind == NET_FIELDS || kind == NET_LAST) {
		set_field(d, m->token_count++);
	} else if (kind == NET_BINARY) {
		*d = (struct net_document){ .tokens = { m->token_count++ }, .count = 1 };
	} else {
		size_t at = net_random(m, d->count + 1);

		memmove(&d->tokens[at + 1], &d->tokens[at], (d->count++ - at) * sizeof(*d->tokens));
		d->tokens[at] = m->token_count++;
	}
}

/* ---- commits ---- */

struct commit *net_head(struct net_model *m, unsigned node)
{
	struct commit *c = NULL;

	net_must(m, refs_commit(repo_odb(m->nodes[node].repo), MAIN, false, &c, &m->err));
	if (!c)
		net_fail(m, "a node has no head");
	return c;
}

/* The edit of one path, noted as an event. */
static void edit_path(struct net_model *m, struct repo *repo, const struct tree_root *tree, struct edits *e, unsigned path)
{
	enum net_kind kind = (enum net_kind)(path / NET_PATHS);
	struct net_event *event = &m->events[m->event_count++];
	auto_buf text = BUF_INIT;
	auto_buf next = BUF_INIT;
	char name[16];
	int found;

	net_path(path, name);
	found = documents_get(repo, tree, name, strlen(name), &text, NULL, &m->err);
	net_must(m, found);
	*event = (struct net_event){ .path = path, .fresh_from = m->token_count };
	if (kind == NET_COUNTER) {
		long long stock = found ? strtoll(text.data + strlen("{\"stock\":"), NULL, 10) : 0;

		/* Another one each time: what two add alike from the same number on is one change, not two. */
		event->added = (int64_t)(m->event_count << 12 | net_random(m, 4096)) * (net_random(m, 2) ? 1 : -1);
		buf_addf(&next, "{\"stock\":%lld}", stock + event->added);
	} else {
		net_parse(text.data, text.len, &event->document);
		event->removed = found && !net_random(m, 25);
		if (event->removed)
			event->document.count = 0;
		else
			change(m, kind, &event->document);
		render(kind, &event->document, &next);
	}
	event->fresh_to = m->token_count;
	net_must(m, event->removed ? edits_remove(e, name, strlen(name), false, &m->err) :
				     edits_put(e, name, strlen(name), next.data, next.len, DOCUMENT_NO_MODE, &m->err));
}

static void commit_edits(struct net_model *m, struct net_node *n, struct edits *e, struct commit_result *out)
{
	/* Not all clocks go right. */
	const struct commit_options options = { .author = "tester", .message = "test\n", .message_len = 5, .has_time = true,
						.time_usec = n->clock_usec };

	net_must(m, edits_commit(e, &options, out, &m->err));
	n->clock_usec += (int64_t)net_random(m, 3000000);
	n->commits++;
}

static void commit(struct net_model *m, unsigned node)
{
	struct net_node *n = &m->nodes[node];
	auto_commit *head = net_head(m, node);
	struct tree_root tree = { head->tree.id, head->tree.loc };
	unsigned paths[3], count = 1 + (unsigned)net_random(m, 3), first = 0;
	struct commit_result made;
	auto_edits *e = NULL;

	net_must(m, edits_new(n->repo, &e, &m->err));
	if (mem_grow(&m->events, &m->event_capacity, m->event_count + count, sizeof(*m->events)))
		net_fail(m, "no memory");
	for (unsigned i = 0; i < count; i++) {
		bool again = false;

		paths[i] = (unsigned)net_random(m, NET_KINDS * NET_PATHS);
		for (unsigned k = 0; k < i; k++)
			again |= paths[k] == paths[i];
		if (again)
			continue;
		edit_path(m, n->repo, &tree, e, paths[i]);
		first++;
	}
	commit_edits(m, n, e, &made);
	for (size_t i = m->event_count - first; i < m->event_count; i++)
		m->events[i].commit = made.id;
}

static void put(struct net_model *m, struct edits *e, const char *path, const char *text)
{
	net_must(m, edits_put(e, path, strlen(path), text, strlen(text), DOCUMENT_NO_MODE, &m->err));
}

/* What all know: the rules. */
static void first_commit(struct net_model *m)
{
	struct commit_result made;
	auto_edits *e = NULL;

	net_must(m, edits_new(m->nodes[0].repo, &e, &m->err));
	put(m, e, ".drift/schema/count", "{\"merge\":{\"fields\":{\"/stock\":\"counter\"}}}");
	put(m, e, ".drift/schema/set", "{\"merge\":{\"fields\":{\"/tags\":\"set\"}}}");
	put(m, e, ".drift/schema/last", "{\"merge\":\"last-writer\"}");
	commit_edits(m, &m->nodes[0], e, &made);
}

/* ---- meetings ---- */

struct meeting {
	struct net_model *m;
	unsigned other;
	bool race;
};

/* While we think about what came, the other one goes on. */
static void fetched(void *data, const struct fetch_result *result)
{
	struct meeting *meeting = data;

	(void)result;
	if (!meeting->race)
		return;
	meeting->race = false;
	meeting->m->races++;
	commit(meeting->m, meeting->other);
}

static int reconcile(struct meeting *meeting, unsigned node)
{
	struct net_model *m = meeting->m;
	struct reconcile_branch branch = { .ours = MAIN, .theirs = MAIN };
	struct reconcile_options options = { .branches = &branch, .count = 1, .actor = "tester",
					     .time_usec = m->nodes[node].clock_usec, .fetched = fetched, .data = meeting };
	struct reconcile_result result;
	auto_remote *remote = NULL;
	auto_client *client = NULL;
	struct client_options how = { .push = true };

	net_must(m, remote_of_url(m->nodes[meeting->other].dir, &remote, &m->err));
	how.remote = options.remote = remote;
	net_must(m, client_open(m->nodes[node].repo, &how, &client, &m->err));
	return reconcile_run(m->nodes[node].repo, client, &options, &result, &m->err);
}

static void meet(struct net_model *m, unsigned node, unsigned other, bool race)
{
	struct meeting meeting = { m, other, race };

	m->what = "meeting";
	m->meetings++;
	net_must(m, reconcile(&meeting, node));
}

static void meet_cut(struct net_model *m, unsigned node, unsigned other)
{
	struct meeting meeting = { m, other, false };
	enum line_way way = net_random(m, 2) ? LINE_TO_SERVER : LINE_TO_CLIENT;
	int64_t begin_usec = date_now_us();

	m->what = "meeting on a line that is cut";
	line_cut(way, net_random(m, net_random(m, 2) ? 300 : 6000));
	if (!reconcile(&meeting, node)) {
		m->meetings++;
	} else {
		m->cuts++;
		if (m->err.code != DRIFT_ERR_IO)
			net_fail(m, m->err.message);
	}
	line_cut(way, LINE_WHOLE);
	/* Nobody waits for what cannot come. */
	if (date_now_us() - begin_usec > 1000000 * (int64_t)SYNC_TIMEOUT_DEFAULT / 2)
		net_fail(m, "it hangs");
}

/* Join what is stored at a node to its branch. */
static void join(struct net_model *m, unsigned node, const struct oid *id)
{
	const struct join_options options = { .branch = MAIN, .with = id, .from = "mail", .actor = "tester",
					      .time_usec = m->nodes[node].clock_usec };
	struct join_result result;

	net_must(m, branch_join(m->nodes[node].repo, &options, &result, &m->err));
}

static int add_have(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct sync_send_options *options = data;

	(void)name;
	(void)err;
	memcpy((void *)(uintptr_t)&options->haves[options->have_count++], &value->object.id, sizeof(struct oid));
	return options->have_count == 8;
}

/* A stream that will come some time. */
static void post(struct net_model *m, unsigned from, unsigned to, struct net_letter *letter)
{
	auto_commit *head = net_head(m, from);
	struct oid haves[8];
	struct sync_send_options options = { .wants = &letter->head, .want_count = 1, .haves = haves };
	struct sync_sink sink;

	m->what = "writing a letter";
	*letter = (struct net_letter){ .from = from, .to = to, .head = head->id, .stream = BUF_INIT,
				       .copies = 1 + (unsigned)net_random(m, 2) };
	sink = ferry_sink(&letter->stream);
	net_must(m, odb_ref_each(repo_odb(m->nodes[to].repo), "refs/", add_have, &options, &m->err));
	net_must(m, sync_send(m->nodes[from].repo, &options, &sink, NULL, &m->err));
}

static void deliver(struct net_model *m, struct net_letter *letter)
{
	struct repo *repo = m->nodes[letter->to].repo;
	const struct sync_receive_options options = { .peer = "mail" };
	bool cut = !net_random(m, 6);
	struct ferry_bytes bytes = { .data = letter->stream.data, .len = letter->stream.len, .step = 1 + net_random(m, 999) };
	const struct sync_source source = ferry_source(&bytes);
	struct ref_change change = { .name = "refs/mail/0", .value = { .kind = REF_OBJECT } };
	struct ref_transaction t = { .changes = &change, .change_count = 1, .actor = "tester", .reason = "mail" };
	auto_received *r = NULL;
	enum object_kind kind;

	m->what = "reading a letter";
	if (cut) {
		bytes.len = net_random(m, bytes.len);
		bytes.fails = true;
		if (!sync_receive(repo, &source, &options, &r, &m->err))
			net_fail(m, "a part was taken for the whole");
		return;
	}
	m->letters++;
	net_must(m, sync_receive(repo, &source, &options, &r, &m->err));
	if (received_find(r, &letter->head, &kind, &change.value.object, &m->err) != 1)
		net_fail(m, "what was sent has not come");
	t.batch = received_batch(r);
	net_must(m, refs_apply(repo_odb(repo), &t, &m->err));
	join(m, letter->to, &letter->head);
	if (--letter->copies)
		return;
	buf_release(&letter->stream);
	letter->stream = (struct buf)BUF_INIT;
}

/* ---- the whole ---- */

void net_open(struct net_model *m, uint64_t seed)
{
	*m = (struct net_model){ .seed = seed, .random = seed * 2654435761U + 1, .token_count = 1, .what = "beginning" };
	for (unsigned i = 0; i < NET_NODES; i++) {
		m->nodes[i].repo = ferry_make(m->nodes[i].dir);
		m->nodes[i].clock_usec = BEGIN_USEC + (int64_t)net_random(m, 100000000);
	}
	first_commit(m);
	for (unsigned i = 1; i < NET_NODES; i++)
		meet(m, i, 0, false);
}

void net_close(struct net_model *m)
{
	for (unsigned i = 0; i < NET_NODES; i++)
		ferry_remove(m->nodes[i].repo, m->nodes[i].dir);
	for (unsigned i = 0; i < NET_MAIL; i++)
		buf_release(&m->mail[i].stream);
	free(m->events);
}

bool net_step(struct net_model *m, unsigned commits)
{
	unsigned node = (unsigned)net_random(m, NET_NODES);
	unsigned other = (node + 1 + (unsigned)net_random(m, NET_NODES - 1)) % NET_NODES;
	struct net_letter *letter = &m->mail[net_random(m, NET_MAIL)];
	unsigned what = (unsigned)net_random(m, 30), left = 0;

	m->step++;
	if (what < 22) {
		m->what = "committing";
		if (m->nodes[node].commits < commits)
			commit(m, node);
	} else if (what < 24) {
		meet(m, node, other, false);
	} else if (what < 25) {
		meet(m, node, other, true);
	} else if (what < 27) {
		meet_cut(m, node, other);
	} else if (letter->copies) {
		deliver(m, letter);
	} else {
		post(m, node, other, letter);
	}
	for (unsigned i = 0; i < NET_NODES; i++)
		left += m->nodes[i].commits < commits;
	return left;
}

static bool all_equal(struct net_model *m)
{
	bool equal = true;

	for (unsigned i = 1; i < NET_NODES; i++) {
		auto_commit *a = net_head(m, 0);
		auto_commit *b = net_head(m, i);

		equal &= oid_equal(&a->id, &b->id);
	}
	return equal;
}

void net_settle(struct net_model *m, struct net_totals *out)
{
	auto_commit *before = NULL;
	auto_commit *after = NULL;

	*out = (struct net_totals){ .rounds = 0 };
	while (!all_equal(m)) {
		/* A ring: it takes one way round to collect, and one to tell. */
		if (++out->rounds > 2)
			net_fail(m, "they do not become equal");
		for (unsigned i = 0; i < NET_NODES; i++)
			meet(m, i, (i + 1) % NET_NODES, false);
	}
	before = net_head(m, 0);
	for (unsigned i = 0; i < NET_NODES; i++)
		meet(m, i, (i + 2) % NET_NODES, false);
	/* Late letters tell nothing new. */
	for (unsigned i = 0; i < NET_MAIL; i++)
		while (m->mail[i].copies)
			deliver(m, &m->mail[i]);
	after = net_head(m, 0);
	if (!oid_equal(&before->id, &after->id) || !all_equal(m))
		net_fail(m, "something moves when all is told");
	net_check(m, out);
}
