/*
 * Three-way merge of one document. Equal on both sides, or changed on one side: that. JSON changed on both
 * sides merges by field, other text by line, binary not at all. A version of JSON that says the same as the base in other
 * bytes counts as unchanged where the other side says something new. Swapping the sides gives the same result.
 */
#ifndef MERGE_DOCMERGE_H
#define MERGE_DOCMERGE_H

#include "base/buf.h"
#include "base/textdiff.h"
#include "merge/jsondoc.h"

/* NULL: absent. */
struct docmerge_input {
	const struct text *base, *ours, *theirs;
};

enum docmerge_outcome {
	DOCMERGE_OURS,   /* take ours as it is, be it absent; also where both are equal */
	DOCMERGE_THEIRS, /* take theirs as it is, be it absent */
	DOCMERGE_MERGED, /* new bytes; JSON in canonical form (RFC 8785) */
	DOCMERGE_CLASH
};

enum docmerge_reason {
	DOCMERGE_REMOVED, /* one side removed what the other changed */
	DOCMERGE_ADDED,   /* both added it, differently */
	DOCMERGE_FIELD,   /* both changed a JSON field, differently */
	DOCMERGE_LINES,   /* both changed the same or neighbouring lines */
	DOCMERGE_BINARY,  /* both changed it, and it is not text */
	DOCMERGE_KIND     /* both changed it, and by line it would no longer be the JSON that both sides have */
};

struct docmerge_clash {
	enum docmerge_reason reason;
	struct text pointer; /* DOCMERGE_FIELD: RFC 6901, "" is the whole document */
	size_t line;         /* DOCMERGE_LINES: of ours, from 1 */
	size_t line_count;
};

struct docmerge {
	enum docmerge_outcome outcome;
	enum doc_kind kind; /* how the sides were read, where both changed */
	struct buf
		merged; /* DOCMERGE_MERGED: the result; DOCMERGE_CLASH: JSON with ours where they clash, text with markers, else empty */
	struct docmerge_clash *clashes; /* DOCMERGE_CLASH: one or more */
	size_t clash_count;
	struct buf memory;
};

/* Names behind the markers of clashing lines; NULL: "ours", "base", "theirs". */
struct docmerge_labels {
	const char *ours, *base, *theirs;
};

/* A clash is success. Release the result whatever the outcome. */
int docmerge_run(const struct docmerge_input *input, const struct docmerge_labels *labels, struct docmerge *out,
		 struct drift_error *err) MUST_CHECK;
void docmerge_release(struct docmerge *m);
/* Append a sentence: "both sides changed field /price". */
void docmerge_explain(const struct docmerge_clash *clash, struct buf *out);

#endif
