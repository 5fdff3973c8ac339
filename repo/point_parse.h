/*
 * The text of a point in time, parsed, not resolved: nothing here looks at a store.
 *
 *   point    = base *step
 *   base     = name                        a ref, full or short
 *            | "@"                         HEAD
 *            | "@seq:" number              the commit with that number on the branch
 *            | "@now"
 *            | time                        RFC 3339: 2024-01-31T12:00:00Z; T may be t or a blank; seconds, fraction and zone
 *                                          may be missing (UTC); or a date, which is its 00:00 UTC
 *            | 4*64 hex digit              a commit id or the beginning of one
 *            | [name] "@{" number "}"      what the ref held that many moves ago; without name the current branch
 *            | [name] "@{" when "}"        what it held then: a time as above, or what base/date.h reads ("3 days ago")
 *            | <"> base <"> | <'> base <'>
 *   step     = "~" [number]                that many first parents back, 1 if not said
 *            | "^" [number]                that parent, 1 if not said; ^0 is the commit itself
 *            | "^{commit}" | "^{tree}" | "^{}"   what a tag leads to; ^{tree} is the last step
 *   document = point ":" path              the path is all that follows, perhaps empty
 *   range    = "^" point                   not what the point reaches
 *            | [point] ".." [point]        what the second reaches and the first does not; HEAD where one is missing
 *            | [point] "..." [point]       what one of them reaches and not both
 *            | point
 *
 * A base may be several things at once: "2024-01-01" is a time and perhaps a ref, "abcd" a ref or an id. All are
 * reported, for the resolver to try in the order of enum point_candidate and to complain of two matches. A time
 * that can be read longer is ("2024-01-01T10:30:00Z:users/1").
 *
 * Errors are DRIFT_ERR_INVALID and say at which character (from 1) the text went wrong; DRIFT_ERR_LIMIT.
 */
#ifndef REPO_POINT_PARSE_H
#define REPO_POINT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/textdiff.h"

#define POINT_LEN_MAX 8192
#define POINT_STEP_MAX 256
#define POINT_ID_MIN 4
#define POINT_ID_MAX 64

/* A set: what the base may be. */
enum point_candidate {
	POINT_REF = 1,
	POINT_SEQ = 2,
	POINT_NOW = 4,
	POINT_TIME = 8,
	POINT_ID = 16,
	POINT_REFLOG_INDEX = 32,
	POINT_REFLOG_TIME = 64
};

enum point_step_kind {
	POINT_ANCESTOR,    /* ~number */
	POINT_PARENT,      /* ^number */
	POINT_PEEL,        /* ^{}: through tags to whatever is there */
	POINT_PEEL_COMMIT, /* ^{commit} */
	POINT_PEEL_TREE    /* ^{tree} */
};

struct point_step {
	enum point_step_kind kind;
	uint64_t number;
};

struct point_text {
	struct text text;     /* all of it, a part of the input; for messages */
	unsigned candidates;  /* of enum point_candidate, never 0 */
	bool looks_like_date; /* but is none, as 2020-02-30 */
	struct text
		ref;  /* POINT_REF, POINT_REFLOG_*: a part of the input, or "HEAD" for "@"; len 0: the current branch */
	uint64_t seq; /* POINT_SEQ */
	int64_t time_us;           /* POINT_TIME, POINT_REFLOG_TIME */
	uint64_t reflog_index;     /* POINT_REFLOG_INDEX */
	char id[POINT_ID_MAX + 1]; /* POINT_ID: lower case */
	size_t id_len;
	struct point_step steps[POINT_STEP_MAX];
	size_t step_count;
};

/* What "3 days ago" is relative to is now_us. The text must outlive the result. */
int point_parse(const char *text, size_t len, int64_t now_us, struct point_text *out,
		struct drift_error *err) MUST_CHECK;
/* "POINT:PATH"; *path_out is a part of text, its data NULL where there is no ":PATH". The path is not checked. */
int point_parse_document(const char *text, size_t len, int64_t now_us, struct point_text *out, struct text *path_out,
			 struct drift_error *err) MUST_CHECK;

enum point_range_kind {
	POINT_SINGLE,     /* b */
	POINT_EXCLUDE,    /* ^b */
	POINT_DIFFERENCE, /* a..b */
	POINT_SYMMETRIC   /* a...b */
};

struct point_text_range {
	enum point_range_kind kind;
	struct point_text a; /* the last two kinds only */
	struct point_text b;
};

int point_parse_range(const char *text, size_t len, int64_t now_us, struct point_text_range *out,
		      struct drift_error *err) MUST_CHECK;

#endif
