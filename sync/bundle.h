/*
 * Bundles: refs, what they lead to as a data stream, and a checksum, in one file (Documentation/drift-format-bundle.adoc). A bundle
 * with prerequisites can be taken in where those commits are. It may hold named texts besides, such as a configuration.
 *
 * Reading:
 *
 *   bundle_open(&source, &bundle, err);                      the head: refs, prerequisites, texts
 *   sync_receive(repo, bundle_stream(bundle), ...)           or stream_list
 *   bundle_finish(bundle, err);                              all was there, and is as it was written
 *   only now move refs
 */
#ifndef SYNC_BUNDLE_H
#define SYNC_BUNDLE_H

#include "refs/refs.h"
#include "sync/send.h"

#define BUNDLE_HEAD "drift bundle 1\n"
#define BUNDLE_REFS_MAX 1000000
#define BUNDLE_PREREQUISITES_MAX 1000000
#define BUNDLE_TEXTS_MAX 1000
#define BUNDLE_TEXT_MAX ((size_t)16 << 20)
#define BUNDLE_HEAD_MAX ((size_t)256 << 20) /* all of it */

struct bundle_ref {
	struct text name; /* NUL behind it, as behind targets and names of texts */
	bool symbolic;
	struct oid id;      /* commit or tag */
	struct text target; /* symbolic: a ref, here or not */
};

struct bundle_prerequisite {
	struct oid id;
	struct text subject; /* for people; may be empty */
};

struct bundle_text {
	struct text name, content;
};

/* Each in ascending order of name or id, none twice. */
struct bundle_head {
	const struct bundle_ref *refs;
	size_t ref_count;
	const struct bundle_prerequisite *prerequisites;
	size_t prerequisite_count;
	const struct bundle_text *texts;
	size_t text_count;
	int64_t time_usec; /* when it was made */
};

/*
 * Writes all of it: what the refs lead to and the prerequisites do not. DRIFT_ERR_INVALID: the head is not in order. Errors of
 * sync_send and of the sink are passed on. counts_out may be NULL, stream_len is that of the bundle.
 */
int bundle_write(struct repo *repo, const struct bundle_head *head, const struct sync_sink *sink,
		 const struct sync_progress *progress, struct sync_counts *counts_out, struct drift_error *err) MUST_CHECK;

struct bundle;
/* DRIFT_ERR_CORRUPT, DRIFT_ERR_LIMIT, DRIFT_ERR_IO: it ends too soon; DRIFT_ERR_UNSUPPORTED: another version. The source outlives it. */
int bundle_open(const struct sync_source *source, struct bundle **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void bundle_close(struct bundle *b);
void bundle_cleanup(struct bundle **b);
#define auto_bundle __attribute__((cleanup(bundle_cleanup))) struct bundle
/* Valid as long as b. */
const struct bundle_head *bundle_head(const struct bundle *b);
/* The data stream, once. */
const struct sync_source *bundle_stream(struct bundle *b);
/* Reads what is left, and compares: DRIFT_ERR_CORRUPT if a byte is another one than was written. */
int bundle_finish(struct bundle *b, struct drift_error *err) MUST_CHECK;

#endif
