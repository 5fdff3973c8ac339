#include "sync/receive.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "sync/receive_internal.h"

#define KEEP_LEN ((uint64_t)4 << 20) /* checkpoints are kept when so much has come ... */
#define KEEP_USEC INT64_C(2000000)   /* ... or so much time has passed since the last */
#define PROGRESS_COMMITS 64

void received_report(struct received *r)
{
	r->counts.stream_len = stream_reader_len(r->reader);
	if (r->options.progress)
		r->options.progress->update(r->options.progress->data, &r->counts);
}

int received_count_content(struct received *r, uint64_t len, struct drift_error *err)
{
	uint64_t max = r->options.content_len_max;

	r->counts.content_len += len;
	if (!max)
		max = SYNC_CONTENT_MAX + SYNC_CONTENT_RATIO * stream_reader_len(r->reader);
	if (r->counts.content_len > max)
		return error_set(err, DRIFT_ERR_LIMIT, "the documents of the stream have more than %" PRIu64 " bytes", max);
	return 0;
}

/* --- records --- */

static int differs(const struct commit *c, uint64_t number, const struct oid *told, struct drift_error *err)
{
	char is[OID_HEX_LEN + 1], said[OID_HEX_LEN + 1];

	return error_set(err, DRIFT_ERR_CORRUPT, "commit %" PRIu64 " of the stream is %s, not %s as the sender says",
			 number + 1, oid_to_hex(&c->id, is), oid_to_hex(told, said));
}

static int check_one(struct received *r, const struct stream_check *check, uint64_t *number_out, struct drift_error *err)
{
	auto_commit *c = NULL;

	*number_out = r->place_count - check->back;
	if (check->told) {
		for (size_t i = 0; i < r->checked_count; i++)
			if (r->checked[i] == *number_out)
				return 0;
		return error_set(err, DRIFT_ERR_CORRUPT, "the stream says that it told a commit's id, and it did not");
	}
	if (received_commit_at(r, *number_out, &c, err))
		return -1;
	return oid_equal(&c->id, &check->id) ? 0 : differs(c, *number_out, &check->id, err);
}

/* What an earlier checkpoint told and this one leaves out is an ancestor of what it tells, or one of too many. */
static int receive_checks(struct received *r, const struct stream_record *record, struct drift_error *err)
{
	uint64_t checked[STREAM_CHECKS_MAX], keep_len = r->options.keep_len ? r->options.keep_len : KEEP_LEN;

	for (size_t i = 0; i < record->check_count; i++)
		if (check_one(r, &record->checks[i], &checked[i], err))
			return -1;
	memcpy(r->checked, checked, record->check_count * sizeof(*checked));
	r->checked_count = record->check_count;
	r->unkept = r->checked_count > 0;
	received_report(r);
	if (r->counts.stream_len - r->kept_len < keep_len && date_now_us() - r->kept_usec < KEEP_USEC)
		return 0;
	return incoming_keep(r, err);
}

static int add_object(struct received *r, enum object_kind kind, const struct object_ref *object, struct drift_error *err)
{
	struct listed_object *listed;

	if (oid_table_get(&r->objects_by_id, &object->id))
		return 0;
	listed = malloc(sizeof(*listed));
	if (!listed || mem_grow(&r->objects, &r->object_capacity, r->object_count + 1, sizeof(*r->objects))) {
		free(listed);
		return error_no_memory(err);
	}
	*listed = (struct listed_object){ object->id, r->object_count };
	if (oid_table_put(&r->objects_by_id, &listed->id, listed, err)) {
		free(listed);
		return -1;
	}
	r->objects[r->object_count++] = (struct received_object){ kind, *object };
	return 0;
}

static int receive_wanted(struct received *r, const struct stream_check *check, struct drift_error *err)
{
	struct object_ref object = { .id = check->id };
	uint64_t number;

	if (check_one(r, check, &number, err))
		return -1;
	object.loc = r->places[number];
	return add_object(r, OBJECT_COMMIT, &object, err);
}

/* A tag's target came before it, or is here. */
static int check_target(struct received *r, const struct tag *tag, struct drift_error *err)
{
	struct object_ref object;
	char hex[OID_HEX_LEN + 1];
	enum object_kind kind;
	int found = received_find(r, &tag->target, &kind, &object, err);

	if (!found && tag->target_kind == OBJECT_BLOB) {
		kind = OBJECT_BLOB;
		found = odb_batch_find_blob(r->batch, &tag->target, &object, err);
	}
	if (found < 0)
		return -1;
	if (!found || kind != tag->target_kind)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "tag '%.*s' is of a %s that is not here: %s", (int)tag->name.len,
				 tag->name.data, object_kind_name(tag->target_kind), oid_to_hex(&tag->target, hex));
	return 0;
}

static int receive_tag(struct received *r, const struct text *content, struct drift_error *err)
{
	struct object_ref object;
	auto_tag *tag = NULL;

	if (tag_decode(content->data, content->len, &tag, err) || check_target(r, tag, err) ||
	    odb_batch_tag(r->batch, tag, &object, err))
		return -1;
	r->counts.tag_count++;
	return add_object(r, OBJECT_TAG, &object, err);
}

static int receive_blob(struct received *r, struct drift_error *err)
{
	struct object_ref object;

	buf_clear(&r->content);
	return stream_read_content(r->reader, NULL, &r->content, err) || received_count_content(r, r->content.len, err) ||
			       odb_batch_blob(r->batch, r->content.data, r->content.len, LOC_UNKNOWN, &object, err) ?
		       -1 :
		       0;
}

static int receive_record(struct received *r, const struct stream_record *record, struct drift_error *err)
{
	switch (record->type) {
	case STREAM_COMMIT:
		if (receive_commit(r, record, err))
			return -1;
		if (r->place_count % PROGRESS_COMMITS == 0)
			received_report(r);
		return 0;
	case STREAM_CHECK:
		return receive_checks(r, record, err);
	case STREAM_WANTED:
		return receive_wanted(r, &record->checks[0], err);
	case STREAM_TAG:
		return receive_tag(r, &record->object, err);
	case STREAM_BLOB:
		return receive_blob(r, err);
	case STREAM_END:
	default:
		return 0;
	}
}

/* --- the whole --- */

static ptrdiff_t read_source(void *data, void *bytes, size_t len, struct drift_error *err)
{
	struct received *r = data;
	ptrdiff_t n = r->source->read(r->source->data, bytes, len, err);

	r->source_ended = r->source_ended || n <= 0;
	return n;
}

static int receive_all(struct received *r, struct drift_error *err)
{
	const struct stream_reader_options options = { .stream_len_max = r->options.stream_len_max,
						       .document_len_max = r->options.document_len_max,
						       .raw = r->options.raw };
	const struct sync_source source = { read_source, r };
	struct stream_record *record = malloc(sizeof(*record));
	int result;

	if (!record)
		return error_no_memory(err);
	result = stream_reader_new(&source, &options, &r->reader, err);
	if (!result)
		r->counts.commit_total = stream_reader_commit_total(r->reader);
	do {
		if (!result)
			result = stream_read(r->reader, record, err) || receive_record(r, record, err) ? -1 : 0;
	} while (!result && record->type != STREAM_END);
	free(record);
	if (!result)
		received_report(r);
	return result;
}

static int set_peer(struct received *r, const char *peer, struct drift_error *err)
{
	size_t len = peer ? strlen(peer) : 0;

	if (len > PEER_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the name of a peer is longer than %d bytes", PEER_LEN_MAX);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)peer[i]))
			return error_set(err, DRIFT_ERR_INVALID, "the name of a peer has letters and digits only");
	if (len)
		memcpy(r->peer, peer, len);
	return 0;
}

/* Only a transfer that was cut is worth to be gone on with. */
static void keep_rest(struct received *r, const struct drift_error *why)
{
	if (r->source_ended && why->code != DRIFT_ERR_CORRUPT && r->unkept && incoming_keep(r, NULL))
		odb_batch_clear(r->batch);
}

int sync_receive(struct repo *repo, const struct sync_source *source, const struct sync_receive_options *options,
		 struct received **out, struct drift_error *err)
{
	struct received *r = mem_calloc(1, sizeof(*r));
	struct drift_error why = { .code = DRIFT_OK };

	if (!r)
		return error_no_memory(err);
	r->repo = repo;
	r->odb = repo_odb(repo);
	r->options = *options;
	r->source = source;
	r->kept_usec = date_now_us();
	buf_init(&r->old);
	buf_init(&r->content);
	if (!set_peer(r, options->peer, &why) && !odb_batch_new(r->odb, &r->batch, &why) && !receive_all(r, &why) &&
	    !incoming_list(r, &why)) {
		*out = r;
		return 0;
	}
	if (r->reader)
		keep_rest(r, &why);
	received_free(r);
	return error_set(err, why.code, "%s", why.message);
}

void received_free(struct received *r)
{
	if (!r)
		return;
	stream_reader_free(r->reader);
	odb_batch_free(r->batch);
	received_known_release(r);
	incoming_release(r);
	for (size_t i = 0; i < r->objects_by_id.capacity; i++)
		free(r->objects_by_id.slots[i].item);
	oid_table_release(&r->objects_by_id);
	free(r->places);
	free(r->objects);
	buf_release(&r->old);
	buf_release(&r->content);
	free(r);
}

void received_cleanup(struct received **r)
{
	received_free(*r);
}

void received_counts(const struct received *r, struct sync_counts *out)
{
	*out = r->counts;
}

const struct received_object *received_objects(const struct received *r, size_t *count_out)
{
	*count_out = r->object_count;
	return r->objects;
}

int received_find(struct received *r, const struct oid *id, enum object_kind *kind_out, struct object_ref *object_out,
		  struct drift_error *err)
{
	const struct listed_object *listed = oid_table_get(&r->objects_by_id, id);

	if (listed) {
		*kind_out = r->objects[listed->index].kind;
		*object_out = r->objects[listed->index].object;
		return 1;
	}
	return received_known(r, id, kind_out, object_out, err);
}

struct odb_batch *received_batch(struct received *r)
{
	return r->batch;
}

const struct ref_change *received_incoming(const struct received *r, size_t *count_out)
{
	*count_out = r->incoming_count;
	return r->incoming;
}

int received_keep(struct received *r, struct drift_error *err)
{
	r->checked_count = 0;
	for (size_t i = 0; i < r->object_count && r->checked_count < STREAM_CHECKS_MAX; i++)
		for (size_t n = r->place_count; n-- > 0;)
			if (r->objects[i].kind == OBJECT_COMMIT && r->places[n] == r->objects[i].object.loc) {
				r->checked[r->checked_count++] = n;
				break;
			}
	return incoming_keep(r, err) || incoming_list(r, err) ? -1 : 0;
}
