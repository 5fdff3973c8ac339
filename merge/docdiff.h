/*
 * The difference between two versions of one document: by field where both are JSON (or one is, and the other absent), by
 * line where both are text, by size where one is binary.
 */
#ifndef MERGE_DOCDIFF_H
#define MERGE_DOCDIFF_H

#include "base/buf.h"
#include "base/json_diff.h"
#include "base/json_writer.h"
#include "base/textdiff.h"

enum docdiff_kind {
	DOCDIFF_EQUAL, /* the same bytes, or both absent */
	DOCDIFF_JSON,  /* no changes at all: written otherwise, the same fields */
	DOCDIFF_TEXT,
	DOCDIFF_BINARY
};

struct docdiff;

/* Either may be NULL: absent. The bytes must outlive the result. Documents too big to be compared by field or line are binary. */
int docdiff_new(const struct text *from, const struct text *to, struct docdiff **out,
		struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void docdiff_free(struct docdiff *d);
enum docdiff_kind docdiff_kind(const struct docdiff *d);
/* Fields or lines that came and went: a changed field or line counts in both; 0 and 0 for binary. */
void docdiff_counts(const struct docdiff *d, size_t *added_out, size_t *removed_out);

struct docdiff_style {
	size_t context; /* lines around a change of text */
	bool colour;
	bool escape; /* what could steer a terminal */
};

/*
 * Append for people. Of JSON a line a field, "+ /a/b: 1", "- /c: 2", "~ /d: 3 -> 4", big values on lines of their own; of text
 * hunks as in a unified diff; of binary one sentence. No heading with the path.
 */
int docdiff_render(const struct docdiff *d, const struct docdiff_style *style, struct buf *out,
		   struct drift_error *err) MUST_CHECK;

/*
 * Write the difference as members of the object that is open in w: "kind" ("equal", "json", "text", "binary"), and
 * json:   "changes": [{"op": "add"|"remove"|"change", "path": pointer, "old": value, "new": value}, ...]
 * text:   "hunks": [{"old_start": line from 1, "old_count", "new_start", "new_count", "lines": ["-old\n", "+new\n", ...]}]
 * binary: "old_len", "new_len", null where absent
 */
int docdiff_write_json(const struct docdiff *d, struct json_writer *w, struct drift_error *err) MUST_CHECK;

#endif
