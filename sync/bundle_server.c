#include "sync/bundle_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/refspec.h"
#include "sync/bundle_file.h"
#include "sync/session.h"
#include "sync/stream_list.h"

#define COPY_LEN ((size_t)64 << 10)
#define REFS_LEN ((size_t)256 << 10) /* bytes of refs in a message */

struct bundle_server {
	const char *path;
	struct session session;
	struct bundle_file *file;
	const struct bundle_head *head;
	struct stream_listing listing;
	struct message_ref *shown; /* what the client asked for */
	size_t shown_count;
};

static void bundle_server_release(struct bundle_server *s)
{
	session_release(&s->session);
	bundle_file_close(s->file);
	stream_listing_release(&s->listing);
	free(s->shown);
}

/* A branch of a damaged file is not told of. */
static int check_file(struct bundle_server *s, struct drift_error *err)
{
	if (bundle_file_open(s->path, &s->file, err))
		return -1;
	s->head = bundle_head(bundle_file_bundle(s->file));
	s->shown = mem_calloc(s->head->ref_count + 1, sizeof(*s->shown));
	if (!s->shown)
		return error_no_memory(err);
	if (stream_list(bundle_stream(bundle_file_bundle(s->file)), NULL, &s->listing, err) ||
	    bundle_finish(bundle_file_bundle(s->file), err))
		return -1;
	stream_listing_sort(&s->listing);
	return 0;
}

static const struct bundle_ref *find_ref(const struct bundle_server *s, const char *name)
{
	size_t low = 0, high = s->head->ref_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = strcmp(s->head->refs[middle].name.data, name);

		if (!r)
			return &s->head->refs[middle];
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What a prerequisite leads to is not in the stream: that is a commit. */
static enum object_kind kind_of(const struct bundle_server *s, const struct oid *id)
{
	const struct stream_listed *listed = stream_listing_find(&s->listing, id);

	return listed ? listed->kind : OBJECT_COMMIT;
}

static bool is_asked(const struct refspec_list *specs, bool follow_tags, const char *name)
{
	bool asked = follow_tags && !strncmp(name, REF_TAGS, strlen(REF_TAGS));

	for (size_t i = 0; i < specs->count && !asked; i++) {
		auto_buf unused = BUF_INIT;

		asked = !specs->items[i].exclude && refspec_map(&specs->items[i], name, &unused);
	}
	return asked && !refspec_excluded(specs, name);
}

static int choose_refs(struct bundle_server *s, const struct message_fetch *m, struct drift_error *err)
{
	auto_refspecs specs = { .items = NULL };

	s->shown_count = 0;
	for (size_t i = 0; i < m->refs.count; i++) {
		if (refspec_add(&specs, m->refs.items[i].data, REFSPEC_FETCH, err))
			return -1;
	}
	for (size_t i = 0; i < s->head->ref_count; i++) {
		const struct bundle_ref *ref = &s->head->refs[i], *at = ref;

		if (ref->symbolic)
			at = find_ref(s, ref->target.data);
		if (!at || at->symbolic || !is_asked(&specs, m->follow_tags, ref->name.data))
			continue;
		s->shown[s->shown_count++] = (struct message_ref){ ref->name, at->id, kind_of(s, &at->id) };
	}
	return 0;
}

static int send_refs(struct bundle_server *s, struct drift_error *err)
{
	const struct bundle_ref *head = find_ref(s, REF_HEAD);
	struct message_refs m = { .head = head && head->symbolic ? head->target : (struct text){ "", 0 } };
	size_t done = 0;

	do {
		auto_buf payload = BUF_INIT;
		size_t len = 0;

		m.refs = s->shown + done;
		for (m.count = 0; done + m.count < s->shown_count && m.count < MESSAGE_NAMES_MAX && len < REFS_LEN; m.count++)
			len += m.refs[m.count].name.len + OID_LEN + 3;
		done += m.count;
		m.more = done < s->shown_count;
		message_refs_encode(&m, &payload);
		if (session_send(&s->session, MESSAGE_REFS, &payload, err))
			return -1;
	} while (m.more);
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return oid_compare(a, b);
}

static bool has_all(const struct bundle_server *s, struct message_fetch *m)
{
	if (m->have_count)
		qsort(m->haves, m->have_count, sizeof(*m->haves), compare_ids);
	for (size_t i = 0; i < s->shown_count; i++) {
		if (!m->have_count || !bsearch(&s->shown[i].id, m->haves, m->have_count, sizeof(*m->haves), compare_ids))
			return false;
	}
	return true;
}

/* The stream goes out as it is: from the file, once more. */
static int send_stream(struct bundle_server *s, struct drift_error *err)
{
	const struct sync_sink sink = session_sink(&s->session);
	auto_bundle_file *file = NULL;
	auto_free char *bytes = mem_alloc_array(COPY_LEN, 1);
	const struct sync_source *source;
	ptrdiff_t n;

	if (!bytes)
		return error_no_memory(err);
	if (bundle_file_open(s->path, &file, err))
		return -1;
	source = bundle_stream(bundle_file_bundle(file));
	while ((n = source->read(source->data, bytes, COPY_LEN, err)) > 0) {
		if (sink.write(sink.data, bytes, (size_t)n, err))
			return -1;
	}
	return n || bundle_finish(bundle_file_bundle(file), err) || session_end_data(&s->session, err) ? -1 : 0;
}

static int answer_fetch(struct bundle_server *s, struct message_fetch *m, struct drift_error *err)
{
	/* It has what it has: a partial clone refuses what it cannot take. */
	for (size_t i = 0; i < m->options.count; i++)
		if (strncmp(m->options.items[i].data, ONLY_WORD "=", sizeof(ONLY_WORD)) != 0)
			return error_set(err, DRIFT_ERR_UNSUPPORTED, "a bundle does not know '%.200s'",
					 m->options.items[i].data);
	if (choose_refs(s, m, err) || send_refs(s, err))
		return -1;
	if (m->list_only || has_all(s, m))
		return session_send(&s->session, MESSAGE_NOTHING, NULL, err);
	return send_stream(s, err);
}

/* 1 / 0 the client is gone / -1 */
static int answer(struct bundle_server *s, struct drift_error *err)
{
	struct message_fetch m;
	struct wire_frame frame;
	int r = session_read(&s->session, &frame, err);

	if (r <= 0)
		return r;
	if (frame.type == MESSAGE_PUSH)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "a bundle takes no pushes");
	if (frame.type != MESSAGE_FETCH)
		return session_unexpected(&frame, "FETCH", err);
	if (message_fetch_decode(frame.data, frame.len, &m, err))
		return -1;
	r = answer_fetch(s, &m, err);
	message_fetch_release(&m);
	return r || session_flush(&s->session, err) ? -1 : 1;
}

/* It has no store, but a name for what was cut: the same file has the same. */
static int greet(struct bundle_server *s, struct drift_error *err)
{
	unsigned char id[SHA256_LEN];
	struct message_hello hello;

	if (session_hear_hello(&s->session, &hello, err))
		return -1;
	message_hello_release(&hello);
	sha256(s->path, strlen(s->path), id);
	return session_say_hello(&s->session, id, err);
}

int bundle_server_run(const char *path, int fd, int64_t timeout_ms, struct drift_error *err)
{
	struct bundle_server s = { .path = path };
	struct drift_error why = { DRIFT_OK, "" };
	struct wire *wire;
	int r;

	if (wire_new(fd, fd, timeout_ms, &wire, err) || session_init(&s.session, wire, err))
		return -1;
	r = check_file(&s, &why) || greet(&s, &why) ? -1 : 1;
	while (r > 0)
		r = answer(&s, &why);
	if (r) {
		session_give_up(&s.session, &why);
		error_set(err, why.code, "%s", why.message);
	}
	bundle_server_release(&s);
	return r;
}
