/* What a data stream holds, by reading it alone: its form is checked, but not whether ids are as it says. */
#ifndef SYNC_STREAM_LIST_H
#define SYNC_STREAM_LIST_H

#include "objects/commit.h"
#include "sync/sync_io.h"

struct stream_listed {
	enum object_kind kind; /* a commit that was asked for, or a tag */
	struct oid id;
};

struct stream_listing {
	struct sync_counts counts; /* content_len is 0: what an edit makes of a version that is not here is not known */
	uint64_t blob_count;       /* that tags are of */
	struct stream_listed *objects;
	size_t object_count, object_capacity;
	struct oid *prerequisites; /* commits that it builds on, in ascending order */
	size_t prerequisite_count, prerequisite_capacity;
};

/* Errors as of stream_read. progress may be NULL. To be released, whatever it returns. */
int stream_list(const struct sync_source *source, const struct sync_progress *progress, struct stream_listing *out,
		struct drift_error *err) MUST_CHECK;
void stream_listing_release(struct stream_listing *listing);
/* For who has many to find: objects are in order of id from here on. */
void stream_listing_sort(struct stream_listing *listing);
/* NULL: it is not there. Needs that order. */
const struct stream_listed *stream_listing_find(const struct stream_listing *listing, const struct oid *id);
#define auto_stream_listing __attribute__((cleanup(stream_listing_release))) struct stream_listing

#endif
