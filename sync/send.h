/*
 * The sender's end: commits and tags that the other does not have, as a data stream. Nothing is locked; what is sent is
 * what the ids name, whatever others write meanwhile. Memory: two documents, 8 bytes a commit, and the compressor.
 */
#ifndef SYNC_SEND_H
#define SYNC_SEND_H

#include "repo/repo.h"
#include "sync/sync_io.h"

struct sync_send_options {
	const struct oid *wants; /* commits and tags, each once; of a tag, what it leads to is sent too */
	size_t want_count;
	/* What the receiver has, with all that it leads to: commits or tags. Those that are not here are passed over. */
	const struct oid *haves;
	size_t have_count;
	/*
	 * The receiver has these collections alone, and gets of the others what root maps say; NULL: it has all. What this repository
	 * does not have itself is sent so where a parent has it so: DRIFT_ERR_ABSENT elsewhere.
	 */
	const struct collection_set *only;
	const struct sync_progress *progress; /* or NULL */
};

/*
 * DRIFT_ERR_NOT_FOUND for a want that is not here, DRIFT_ERR_INVALID for one that is neither commit nor tag; an error of the
 * sink is passed on. With nothing to be sent it is still a whole stream. counts_out may be NULL.
 */
int sync_send(struct repo *repo, const struct sync_send_options *options, const struct sync_sink *sink,
	      struct sync_counts *counts_out, struct drift_error *err) MUST_CHECK;

#endif
