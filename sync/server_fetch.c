/* FETCH: which refs are meant, and what the client lacks of them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "refs/refname.h"
#include "repo/graph.h"
#include "repo/refspec.h"
#include "sync/receive.h"
#include "sync/send.h"
#include "sync/server_internal.h"

#define REFS_LEN ((size_t)256 << 10) /* bytes of refs in a message */

/* The refs that are told, sorted once all are there. */
struct shown {
	struct shown_ref {
		char *name;
		struct object_ref object;
		enum object_kind kind;
	} *items;
	size_t count, capacity;
	struct odb *odb;
	const struct refspec_list *specs;
	const struct refspec *spec; /* which names are looked at for; NULL: all */
};

static void shown_release(struct shown *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i].name);
	free(s->items);
}
#define auto_shown __attribute__((cleanup(shown_release))) struct shown

/* What a ref leads to that nobody can send is passed over: fsck tells of it. */
static int add_ref(struct shown *s, const char *name, const struct object_ref *object, struct drift_error *err)
{
	struct shown_ref ref = { .object = *object };
	int found = odb_find(s->odb, &object->id, &ref.kind, &ref.object.loc, err);

	if (found <= 0 || (ref.kind != OBJECT_COMMIT && ref.kind != OBJECT_TAG))
		return found < 0 ? -1 : 0;
	if (mem_grow(&s->items, &s->capacity, s->count + 1, sizeof(*s->items)))
		return error_no_memory(err);
	ref.name = mem_dup_str(name, strlen(name));
	if (!ref.name)
		return error_no_memory(err);
	s->items[s->count++] = ref;
	return 0;
}

static int add_value(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct shown *s = data;
	struct ref_resolved at;
	auto_buf unused = BUF_INIT;

	if (s->spec && (!refspec_map(s->spec, name, &unused) || refspec_excluded(s->specs, name)))
		return 0;
	if (value->kind == REF_OBJECT)
		return add_ref(s, name, &value->object, err);
	if (value->kind != REF_SYMBOLIC)
		return 0;
	if (refs_resolve(s->odb, name, false, &at, err))
		return -1;
	return at.exists ? add_ref(s, name, &at.object, err) : 0;
}

static int compare_refs(const void *a, const void *b)
{
	const struct shown_ref *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Names may have been asked for in two ways. */
static void sort_refs(struct shown *s)
{
	size_t kept = 0;

	if (!s->count)
		return;
	qsort(s->items, s->count, sizeof(*s->items), compare_refs);
	for (size_t i = 0; i < s->count; i++) {
		if (kept && !compare_refs(&s->items[kept - 1], &s->items[i]))
			free(s->items[i].name);
		else
			s->items[kept++] = s->items[i];
	}
	s->count = kept;
}

static int collect_spec(struct shown *s, const struct refspec *spec, struct drift_error *err)
{
	const char *star = strchr(spec->source, '*');
	auto_free char *prefix = NULL;
	struct ref_value value;

	s->spec = spec;
	if (!star)
		return odb_ref_read(s->odb, spec->source, false, &value, err) || add_value(s, spec->source, &value, err) ?
			       -1 :
			       0;
	prefix = mem_dup_str(spec->source, (size_t)(star - spec->source));
	if (!prefix)
		return error_no_memory(err);
	/* Names of the store's own are no refs to be told. */
	if (strncmp(prefix, "refs/", 5))
		return error_set(err, DRIFT_ERR_INVALID, "'%s' does not begin with refs/", spec->source);
	return odb_ref_each(s->odb, prefix, add_value, s, err);
}

static int collect(struct shown *s, const struct message_fetch *m, struct drift_error *err)
{
	auto_refspecs specs = { .items = NULL };
	int r = 0;

	for (size_t i = 0; i < m->refs.count && !r; i++)
		r = refspec_add(&specs, m->refs.items[i].data, REFSPEC_FETCH, err);
	s->specs = &specs;
	for (size_t i = 0; i < specs.count && !r; i++) {
		if (!specs.items[i].exclude)
			r = collect_spec(s, &specs.items[i], err);
	}
	s->specs = NULL;
	s->spec = NULL;
	sort_refs(s);
	return r;
}

/* ---- tags that lead to what is fetched ---- */

struct follower {
	struct repo *repo;
	struct shown *shown, tags;
	struct graph_reach **reaches; /* of the commits that are fetched */
	size_t count;
};

static void follower_release(struct follower *f)
{
	shown_release(&f->tags);
	for (size_t i = 0; i < f->count; i++)
		graph_reach_free(f->reaches[i]);
	free(f->reaches);
}
#define auto_follower __attribute__((cleanup(follower_release))) struct follower

static int start_reaches(struct follower *f, struct drift_error *err)
{
	f->reaches = mem_calloc(f->shown->count + 1, sizeof(*f->reaches));
	if (!f->reaches)
		return error_no_memory(err);
	for (size_t i = 0; i < f->shown->count; i++) {
		auto_commit *c = NULL;

		if (refs_commit(repo_odb(f->repo), f->shown->items[i].name, false, &c, NULL) <= 0)
			continue;
		if (graph_reach_new(f->repo, c, 1, &f->reaches[f->count], err))
			return -1;
		f->count++;
	}
	return 0;
}

static int follow(struct follower *f, const struct shown_ref *tag, struct drift_error *err)
{
	auto_commit *c = NULL;
	int r = 0;

	if (refs_commit(repo_odb(f->repo), tag->name, false, &c, NULL) <= 0)
		return 0;
	for (size_t i = 0; i < f->count && !r; i++)
		r = graph_reach_has(f->reaches[i], c, err);
	return r > 0 ? add_ref(f->shown, tag->name, &tag->object, err) : r;
}

static int follow_tags(struct server *s, struct shown *shown, struct drift_error *err)
{
	auto_follower f = { .repo = s->repo, .shown = shown, .tags = { .odb = shown->odb } };

	if (odb_ref_each(shown->odb, REF_TAGS, add_value, &f.tags, err))
		return -1;
	if (!f.tags.count)
		return 0;
	if (start_reaches(&f, err))
		return -1;
	for (size_t i = 0; i < f.tags.count; i++) {
		if (follow(&f, &f.tags.items[i], err))
			return -1;
	}
	sort_refs(shown);
	return 0;
}

/* ---- the answer ---- */

struct incoming {
	struct oid ids[INCOMING_TIPS_MAX];
	size_t count;
};

/* 1: enough */
static int add_incoming(void *data, const struct oid *id, struct drift_error *err)
{
	struct incoming *in = data;

	(void)err;
	if (in->count == INCOMING_TIPS_MAX)
		return 1;
	in->ids[in->count++] = *id;
	return 0;
}

/* How many of the refs go into one message. */
static size_t fitting(const struct message_ref *refs, size_t count)
{
	size_t len = 0, n = 0;

	while (n < count && n < MESSAGE_NAMES_MAX && len < REFS_LEN)
		len += refs[n++].name.len + OID_LEN + 3;
	return n;
}

static int send_ref_list(struct server *s, const struct message_ref *refs, size_t count, struct message_refs *m,
			 struct drift_error *err)
{
	do {
		auto_buf payload = BUF_INIT;

		m->refs = NULL;
		m->count = fitting(refs, count);
		m->more = m->count < count;
		/* Only read, here and by the encoder. */
		memcpy(&m->refs, &refs, sizeof(m->refs));
		message_refs_encode(m, &payload);
		if (session_send(&s->session, MESSAGE_REFS, &payload, err))
			return -1;
		refs += m->count;
		count -= m->count;
		m->incoming_count = 0;
	} while (count);
	return 0;
}

static int send_refs(struct server *s, const struct shown *shown, bool list_only, struct drift_error *err)
{
	auto_free struct message_ref *refs = mem_calloc(shown->count + 1, sizeof(*refs));
	struct incoming in = { .count = 0 };
	struct message_refs m = { .incoming = in.ids };
	struct ref_resolved head;

	if (!refs)
		return error_no_memory(err);
	if (refs_resolve(shown->odb, REF_HEAD, false, &head, err) ||
	    (list_only && s->may_push && incoming_each(s->repo, add_incoming, &in, err) < 0))
		return -1;
	m.head = (struct text){ head.name, strlen(head.name) };
	m.incoming_count = in.count;
	for (size_t i = 0; i < shown->count; i++) {
		const struct shown_ref *ref = &shown->items[i];

		refs[i] = (struct message_ref){ { ref->name, strlen(ref->name) }, ref->object.id, ref->kind };
	}
	return send_ref_list(s, refs, shown->count, &m, err);
}

static int compare_ids(const void *a, const void *b)
{
	return oid_compare(a, b);
}

/* What the refs hold, each once, sorted. */
static struct oid *wanted_ids(const struct shown *shown, size_t *count_out)
{
	struct oid *ids = mem_calloc(shown->count + 1, sizeof(*ids));
	size_t count = 0;

	if (!ids)
		return NULL;
	for (size_t i = 0; i < shown->count; i++)
		ids[i] = shown->items[i].object.id;
	qsort(ids, shown->count, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < shown->count; i++) {
		if (!count || !oid_equal(&ids[count - 1], &ids[i]))
			ids[count++] = ids[i];
	}
	*count_out = count;
	return ids;
}

static bool has_all(struct oid *haves, size_t have_count, const struct oid *wants, size_t want_count)
{
	if (have_count)
		qsort(haves, have_count, sizeof(*haves), compare_ids);
	for (size_t i = 0; i < want_count; i++) {
		if (!have_count || !bsearch(&wants[i], haves, have_count, sizeof(*haves), compare_ids))
			return false;
	}
	return true;
}

static int knows_one(struct server *s, const struct oid *ids, size_t count, struct drift_error *err)
{
	enum object_kind kind;
	uint64_t loc;
	int found = 0;

	for (size_t i = 0; i < count && !found; i++)
		found = odb_find(repo_odb(s->repo), &ids[i], &kind, &loc, err);
	return found;
}

/* Of the client's tips none is known here: it tells of what they stand on. */
static int ask_haves(struct server *s, struct message_haves *out, struct drift_error *err)
{
	struct wire_frame frame;

	if (session_send(&s->session, MESSAGE_NEED_HAVES, NULL, err) ||
	    session_expect(&s->session, MESSAGE_HAVES, &frame, err))
		return -1;
	return message_haves_decode(frame.data, frame.len, out, err);
}

/* What the client says of itself, by options. */
struct fetch_request {
	bool is_partial;
	struct collection_set only;
};

static void request_release(struct fetch_request *o)
{
	collection_set_release(&o->only);
}
#define auto_fetch_request __attribute__((cleanup(request_release))) struct fetch_request

static int read_options(const struct message_fetch *m, struct fetch_request *o, struct drift_error *err)
{
	static const char word[] = ONLY_WORD "=";
	size_t len = sizeof(word) - 1;

	for (size_t i = 0; i < m->options.count; i++) {
		const struct text *option = &m->options.items[i];

		if (option->len <= len || memcmp(option->data, word, len) != 0)
			return error_set(err, DRIFT_ERR_UNSUPPORTED, "this end does not know '%.200s'", option->data);
		if (option->data[option->len - 1] != '/' ||
		    collection_set_add(&o->only, option->data + len, option->len - len - 1, err))
			return error_set(err, DRIFT_ERR_INVALID, "'%.200s' names no collection", option->data + len);
		o->is_partial = true;
	}
	return 0;
}

static int send_wanted(struct server *s, struct sync_send_options *options, struct drift_error *err)
{
	const struct sync_sink sink = session_sink(&s->session);
	struct message_haves more = { .ids = NULL };
	int r = options->have_count ? knows_one(s, options->haves, options->have_count, err) : 1;

	if (!r) {
		r = ask_haves(s, &more, err) ? -1 : 1;
		options->haves = more.ids;
		options->have_count = more.count;
	}
	if (r > 0)
		r = sync_send(s->repo, options, &sink, NULL, err) || session_end_data(&s->session, err) ? -1 : 0;
	message_haves_release(&more);
	return r;
}

static int serve_fetch(struct server *s, struct message_fetch *m, struct drift_error *err)
{
	auto_shown shown = { .odb = repo_odb(s->repo) };
	auto_fetch_request o = { .only = { .items = NULL } };
	auto_free struct oid *wants = NULL;
	struct sync_send_options options;
	size_t want_count;

	if (read_options(m, &o, err))
		return -1;
	if (collect(&shown, m, err) || (m->follow_tags && shown.count && follow_tags(s, &shown, err)) ||
	    send_refs(s, &shown, m->list_only, err))
		return -1;
	wants = wanted_ids(&shown, &want_count);
	if (!wants)
		return error_no_memory(err);
	if (m->list_only || has_all(m->haves, m->have_count, wants, want_count))
		return session_send(&s->session, MESSAGE_NOTHING, NULL, err);
	options = (struct sync_send_options){ .wants = wants, .want_count = want_count, .haves = m->haves,
					      .have_count = m->have_count, .only = o.is_partial ? &o.only : NULL };
	return send_wanted(s, &options, err);
}

int server_fetch(struct server *s, const struct wire_frame *frame, struct drift_error *err)
{
	struct message_fetch m;
	int r;

	if (message_fetch_decode(frame->data, frame->len, &m, err))
		return -1;
	r = serve_fetch(s, &m, err);
	message_fetch_release(&m);
	return r;
}
