#include "sync/stream_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/stream.h"

#define PROGRESS_COMMITS 64

static int add_prerequisite(struct stream_listing *l, const struct oid *id, struct drift_error *err)
{
	size_t low = 0, high = l->prerequisite_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = oid_compare(&l->prerequisites[middle], id);

		if (!order)
			return 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (mem_grow(&l->prerequisites, &l->prerequisite_capacity, l->prerequisite_count + 1, sizeof(*l->prerequisites)))
		return error_no_memory(err);
	memmove(l->prerequisites + low + 1, l->prerequisites + low, (l->prerequisite_count - low) * sizeof(*l->prerequisites));
	l->prerequisites[low] = *id;
	l->prerequisite_count++;
	return 0;
}

static int list_commit(struct stream_listing *l, struct stream_reader *r, const struct stream_record *record,
		       struct drift_error *err)
{
	struct stream_change change;
	int more;

	for (size_t i = 0; i < record->commit.parent_count; i++)
		if (!record->backs[i] && add_prerequisite(l, &record->commit.parents[i].id, err))
			return -1;
	while ((more = stream_read_change(r, &change, err)) > 0) {
		l->counts.change_count++;
		if (change.op <= STREAM_DELTA && stream_skip_content(r, err))
			return -1;
	}
	l->counts.commit_count++;
	return more;
}

static int add_object(struct stream_listing *l, enum object_kind kind, const struct oid *id, struct drift_error *err)
{
	if (mem_grow(&l->objects, &l->object_capacity, l->object_count + 1, sizeof(*l->objects)))
		return error_no_memory(err);
	l->objects[l->object_count++] = (struct stream_listed){ kind, *id };
	return 0;
}

static int list_tag(struct stream_listing *l, const struct text *content, struct drift_error *err)
{
	auto_tag *tag = NULL;

	if (tag_decode(content->data, content->len, &tag, err))
		return -1;
	l->counts.tag_count++;
	return add_object(l, OBJECT_TAG, &tag->id, err);
}

static int list_record(struct stream_listing *l, struct stream_reader *r, const struct stream_record *record,
		       struct drift_error *err)
{
	switch (record->type) {
	case STREAM_COMMIT:
		return list_commit(l, r, record, err);
	case STREAM_WANTED:
		return add_object(l, OBJECT_COMMIT, &record->checks[0].id, err);
	case STREAM_TAG:
		return list_tag(l, &record->object, err);
	case STREAM_BLOB:
		l->blob_count++;
		return stream_skip_content(r, err);
	case STREAM_CHECK:
	case STREAM_END:
	default:
		return 0;
	}
}

static void report(struct stream_listing *l, const struct stream_reader *r, const struct sync_progress *progress)
{
	l->counts.stream_len = stream_reader_len(r);
	if (progress)
		progress->update(progress->data, &l->counts);
}

static int list_all(struct stream_listing *l, struct stream_reader *r, const struct sync_progress *progress,
		    struct drift_error *err)
{
	auto_free struct stream_record *record = mem_calloc(1, sizeof(*record));

	if (!record)
		return error_no_memory(err);
	l->counts.commit_total = stream_reader_commit_total(r);
	while (record->type != STREAM_END) {
		if (stream_read(r, record, err) || list_record(l, r, record, err))
			return -1;
		if (record->type == STREAM_COMMIT && l->counts.commit_count % PROGRESS_COMMITS == 0)
			report(l, r, progress);
	}
	report(l, r, progress);
	return 0;
}

int stream_list(const struct sync_source *source, const struct sync_progress *progress, struct stream_listing *out,
		struct drift_error *err)
{
	const struct stream_reader_options options = { .raw = false };
	struct stream_reader *r;
	int result;

	memset(out, 0, sizeof(*out));
	if (stream_reader_new(source, &options, &r, err))
		return -1;
	result = list_all(out, r, progress, err);
	stream_reader_free(r);
	return result;
}

void stream_listing_release(struct stream_listing *listing)
{
	free(listing->objects);
	free(listing->prerequisites);
	memset(listing, 0, sizeof(*listing));
}

static int compare_listed(const void *a, const void *b)
{
	const struct stream_listed *x = a, *y = b;

	return oid_compare(&x->id, &y->id);
}

void stream_listing_sort(struct stream_listing *listing)
{
	if (listing->object_count)
		qsort(listing->objects, listing->object_count, sizeof(*listing->objects), compare_listed);
}

const struct stream_listed *stream_listing_find(const struct stream_listing *listing, const struct oid *id)
{
	const struct stream_listed sought = { .id = *id };

	if (!listing->object_count)
		return NULL;
	return bsearch(&sought, listing->objects, listing->object_count, sizeof(*listing->objects), compare_listed);
}
