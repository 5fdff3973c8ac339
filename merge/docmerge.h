/*
 * Three-way merge of one document. Equal on both sides, or changed on one side: that. JSON changed on both
 * sides merges by field, other text by line, binary not at all. A version of JSON that says the same as the base in other
 * bytes counts as unchanged where the other side says something new. Rules can say otherwise. Swapping the sides
 * gives the same result.
 */
#ifndef MERGE_DOCMERGE_H
#define MERGE_DOCMERGE_H

#include "base/buf.h"
#include "base/json_merge3.h"
#include "merge/jsondoc.h"

/* What the default does not settle, and for whom. */
struct docmerge_rules {
	const struct json_rule *rule; /* of the whole document (see merge/merge_policy.h), or NULL */
	enum json_side first;         /* who wins where they clash */
	enum json_side later;         /* for JSON_RULE_LATER */
	bool decided;                 /* no clashes: they are decided for the first side */
	struct text path;             /* for scripts */
	/* The source of a merge script, which lives until the merge is done: 1, 0 if there is none: a clash; -1 to give up. */
	int (*script)(void *data, struct text name, struct text *source_out, struct drift_error *err);
	void *data;
};

/* NULL: absent; no rules. */
struct docmerge_input {
	const struct text *base, *ours, *theirs;
	const struct docmerge_rules *rules;
};

enum docmerge_outcome {
	DOCMERGE_OURS,   /* take ours as it is, be it absent; also where both are equal */
	DOCMERGE_THEIRS, /* take theirs as it is, be it absent */
	DOCMERGE_MERGED, /* new bytes; JSON in canonical form (RFC 8785) */
	DOCMERGE_ABSENT, /* a script removes the document */
	DOCMERGE_CLASH
};

enum docmerge_reason {
	DOCMERGE_REMOVED, /* one side removed what the other changed */
	DOCMERGE_ADDED,   /* both added it, differently */
	DOCMERGE_FIELD,   /* both changed a JSON field, differently */
	DOCMERGE_LINES,   /* both changed the same or neighbouring lines */
	DOCMERGE_BINARY,  /* both changed it, and it is not text */
	DOCMERGE_SCRIPT,  /* the merge script leaves it to people, or fails */
	DOCMERGE_KIND     /* both changed it, and by line it would no longer be the JSON that both sides have */
};

struct docmerge_clash {
	enum docmerge_reason reason;
	struct text pointer; /* DOCMERGE_FIELD: RFC 6901, "" is the whole document; DOCMERGE_SCRIPT: why, or "" */
	size_t line;         /* DOCMERGE_LINES: of ours, from 1 */
	size_t line_count;
};

struct docmerge {
	enum docmerge_outcome outcome;
	/*
	 * DOCMERGE_CLASH: what the document is until somebody settles it, DOCMERGE_OURS, _THEIRS, or _MERGED: JSON where the fields
	 * that clash are decided for the first side. A side that removed the document gives way to the other.
	 */
	enum docmerge_outcome winner;
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
