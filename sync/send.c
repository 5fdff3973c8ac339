#include "sync/send.h"

#include <stdlib.h>

#include "base/mem.h"
#include "repo/graph.h"
#include "sync/send_internal.h"

#define TAG_DEPTH_MAX 16
#define CHECK_COMMITS 256                /* between two checkpoints at most ... */
#define CHECK_LEN ((uint64_t)1 << 20)    /* ... or so many bytes */
#define PROGRESS_COMMITS 64

/* --- what is to be sent --- */

static int missing(const struct oid *id, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	return error_set(err, DRIFT_ERR_NOT_FOUND, "%s is not here", oid_to_hex(id, hex));
}

static int add_object(struct sender *s, const struct oid *id, enum object_kind kind, struct drift_error *err)
{
	struct oid *copy = malloc(sizeof(*copy));

	if (!copy || mem_grow(&s->objects, &s->object_capacity, s->object_count + 1, sizeof(*s->objects)) < 0) {
		free(copy);
		return error_no_memory(err);
	}
	*copy = *id;
	if (oid_table_put(&s->listed, copy, copy, err)) {
		free(copy);
		return -1;
	}
	s->objects[s->object_count++] = (struct sender_object){ .id = *id, .kind = kind };
	return 0;
}

/*
 * A want, and through tags all that it leads to, the last first. Tags that the other has end the way: so it has what
 * they lead to.
 */
static int add_want(struct sender *s, const struct oid *want, struct drift_error *err)
{
	struct sender_object chain[TAG_DEPTH_MAX + 1];
	struct oid id = *want;
	size_t count = 0;

	for (;;) {
		auto_tag *tag = NULL;
		enum object_kind kind;
		uint64_t loc;
		int r;

		if (oid_table_get(&s->listed, &id) || sender_has(s, &id))
			break;
		r = odb_find(s->odb, &id, &kind, &loc, err);
		if (r <= 0)
			return r < 0 ? -1 : missing(&id, err);
		if (count > TAG_DEPTH_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "a tag of tags is over the limit of %d", TAG_DEPTH_MAX);
		if (kind == OBJECT_TREE || (kind == OBJECT_BLOB && !count))
			return error_set(err, DRIFT_ERR_INVALID, "a %s cannot be sent by itself", object_kind_name(kind));
		chain[count++] = (struct sender_object){ .id = id, .kind = kind };
		if (kind != OBJECT_TAG)
			break;
		if (odb_tag(s->odb, &id, &tag, err))
			return -1;
		id = tag->target;
	}
	while (count--)
		if (add_object(s, &chain[count].id, chain[count].kind, err))
			return -1;
	return 0;
}

bool sender_has(const struct sender *s, const struct oid *id)
{
	return oid_table_get(&s->haves, id) != NULL;
}

/* Its commit is left out with all its ancestors. */
static int add_have(struct sender *s, struct revwalk *walk, const struct oid *have, struct drift_error *err)
{
	struct oid id = *have;

	for (size_t depth = 0; depth <= TAG_DEPTH_MAX; depth++) {
		auto_commit *commit = NULL;
		auto_tag *tag = NULL;
		enum object_kind kind;
		uint64_t loc;
		int r = odb_find(s->odb, &id, &kind, &loc, err);

		if (r <= 0)
			return r;
		if (kind == OBJECT_COMMIT)
			return odb_commit(s->odb, &id, loc, &commit, err) || revwalk_exclude(walk, commit, err) ? -1 : 0;
		if (kind != OBJECT_TAG)
			return 0;
		if (odb_tag(s->odb, &id, &tag, err))
			return -1;
		id = tag->target;
	}
	return 0;
}

static int note_commit(struct sender *s, const struct commit *c, struct drift_error *err)
{
	if (mem_grow(&s->locs, &s->loc_capacity, s->loc_count + 1, sizeof(*s->locs)) < 0)
		return error_no_memory(err);
	s->locs[s->loc_count++] = c->loc;
	return 0;
}

static int walk_commits(struct sender *s, const struct sync_send_options *options, struct revwalk *walk,
			struct drift_error *err)
{
	size_t i;
	int r;

	for (i = 0; i < options->have_count; i++)
		if (add_have(s, walk, &options->haves[i], err))
			return -1;
	for (i = 0; i < s->object_count; i++) {
		auto_commit *c = NULL;

		if (s->objects[i].kind != OBJECT_COMMIT)
			continue;
		if (odb_commit(s->odb, &s->objects[i].id, LOC_UNKNOWN, &c, err) || revwalk_include(walk, c, err))
			return -1;
	}
	for (;;) {
		auto_commit *c = NULL;

		r = revwalk_next(walk, &c, err);
		if (r <= 0)
			return r;
		if (note_commit(s, c, err))
			return -1;
	}
}

static int plan(struct sender *s, const struct sync_send_options *options, struct drift_error *err)
{
	const struct revwalk_options order = { .order = REVWALK_TOPOLOGICAL };
	auto_revwalk *walk = NULL;
	size_t i;

	for (i = 0; i < options->have_count; i++) {
		const struct oid *id = &options->haves[i];

		if (!sender_has(s, id) && oid_table_put(&s->haves, id, (void *)(uintptr_t)id, err))
			return -1;
	}
	for (i = 0; i < options->want_count; i++)
		if (add_want(s, &options->wants[i], err))
			return -1;
	if (revwalk_new(s->repo, &order, &walk, err))
		return -1;
	return walk_commits(s, options, walk, err);
}

/* --- checks --- */

static void forget_tip(struct sender *s, size_t i)
{
	for (; i + 1 < s->tip_count; i++)
		s->tips[i] = s->tips[i + 1];
	s->tip_count--;
}

static bool is_parent(const struct commit *c, const struct oid *id)
{
	for (size_t i = 0; i < c->parent_count; i++)
		if (oid_equal(&c->parents[i].id, id))
			return true;
	return false;
}

/* Of more than can be told the latest are kept. */
static void note_tip(struct sender *s, const struct commit *c)
{
	for (size_t i = s->tip_count; i-- > 0;)
		if (is_parent(c, &s->tips[i].id))
			forget_tip(s, i);
	if (s->tip_count == STREAM_CHECKS_MAX)
		forget_tip(s, 0);
	s->tips[s->tip_count++] = (struct sender_tip){ .id = c->id, .number = s->sent };
}

static int checkpoint(struct sender *s, struct drift_error *err)
{
	struct stream_check checks[STREAM_CHECKS_MAX];

	for (size_t i = 0; i < s->tip_count; i++) {
		checks[i] = (struct stream_check){ s->sent - s->tips[i].number, s->tips[i].told, s->tips[i].id };
		s->tips[i].told = true;
	}
	s->checked = s->sent;
	s->checked_len = stream_writer_len(s->writer);
	return stream_write_checks(s->writer, checks, s->tip_count, err);
}

static void report(struct sender *s)
{
	s->counts.stream_len = stream_writer_len(s->writer);
	if (s->progress)
		s->progress->update(s->progress->data, &s->counts);
}

/* --- sending --- */

static int send_commits(struct sender *s, struct drift_error *err)
{
	for (size_t i = s->loc_count; i-- > 0;) {
		auto_commit *c = NULL;

		if (odb_commit(s->odb, NULL, s->locs[i], &c, err) || sender_commit(s, c, err))
			return -1;
		note_tip(s, c);
		s->sent++;
		s->counts.commit_count++;
		if (s->sent % PROGRESS_COMMITS == 0)
			report(s);
		if (i && (s->sent - s->checked >= CHECK_COMMITS || stream_writer_len(s->writer) - s->checked_len >= CHECK_LEN) &&
		    checkpoint(s, err))
			return -1;
	}
	return 0;
}

static int send_object(struct sender *s, const struct sender_object *object, struct drift_error *err)
{
	auto_buf content = BUF_INIT;
	enum object_kind kind;
	struct text text;
	int r;

	if (object->kind == OBJECT_COMMIT) {
		uint64_t number;

		r = sender_find(s, &object->id, &number, err);
		return r <= 0 ? r : stream_write_wanted(s->writer, s->sent - number, &object->id, err);
	}
	r = odb_read(s->odb, &object->id, &kind, &content, err);
	if (r <= 0)
		return r < 0 ? -1 : missing(&object->id, err);
	text = (struct text){ content.data, content.len };
	s->counts.tag_count += kind == OBJECT_TAG;
	return stream_write_object(s->writer, kind == OBJECT_TAG ? STREAM_TAG : STREAM_BLOB, &text, err);
}

static int send_all(struct sender *s, const struct sync_sink *sink, struct drift_error *err)
{
	s->counts.commit_total = s->loc_count;
	if (stream_writer_new(sink, s->loc_count, &s->writer, err) || send_commits(s, err))
		return -1;
	for (size_t i = 0; i < s->object_count; i++)
		if (send_object(s, &s->objects[i], err))
			return -1;
	if (stream_write_end(s->writer, err))
		return -1;
	report(s);
	return 0;
}

static void sender_release(struct sender *s)
{
	stream_writer_free(s->writer);
	for (size_t i = 0; i < s->listed.capacity; i++)
		free(s->listed.slots[i].item);
	oid_table_release(&s->listed);
	oid_table_release(&s->haves);
	place_table_release(&s->numbers);
	free(s->objects);
	free(s->locs);
	free(s->known);
	buf_release(&s->old);
	buf_release(&s->content);
}

int sync_send(struct repo *repo, const struct sync_send_options *options, const struct sync_sink *sink,
	      struct sync_counts *counts_out, struct drift_error *err)
{
	struct sender s = { .repo = repo, .odb = repo_odb(repo), .progress = options->progress, .only = options->only };
	int r;

	buf_init(&s.old);
	buf_init(&s.content);
	s.known = mem_calloc(SENDER_KNOWN_COUNT, sizeof(*s.known));
	if (!s.known)
		return error_no_memory(err);
	odb_read_forward(s.odb, true);
	r = random_bytes(s.key, sizeof(s.key), err) || plan(&s, options, err) || send_all(&s, sink, err) ? -1 : 0;
	odb_read_forward(s.odb, false);
	if (!r && counts_out)
		*counts_out = s.counts;
	sender_release(&s);
	return r;
}
