/*
 * Commits and tags. Canonical bytes are text headers, a blank line and the message, as in git
 * (Documentation/drift-format-object.adoc):
 *
 *   tree <id>                      the root map
 *   parent <id>                    0 or more, the first is the line that seq and time follow
 *   author <who> <time> <zone>     who: free text without newline or NUL, never empty; time: seconds[.fraction];
 *                                  zone: a sign and 1 to 6 digits, +hhmm unless an odd one came from git
 *   committer <who> <time> <zone>
 *   seq <n>                        1 + the first parent's; 1 without parents
 *   gen <n>                        1 + the greatest of the parents', where it differs from seq
 *   time <time>                    the effective time, where it differs from the committer's
 *   jump <id>                      a farther first-parent ancestor, absent without parents (see commit_derive)
 *   encoding <name>                where it is not UTF-8
 *   <key> <value>                  any further headers, continuation lines begin with a blank (signature, what came from git);
 *                                  the key is none of those above
 *
 * A time is decimal seconds since 1970 with up to six digits of fraction without trailing zeros, perhaps negative;
 * it must fit 64 bits in microseconds. Numbers have no superfluous zeros or signs, ids are lower case.
 * There is one text for each commit: the decoder refuses anything else.
 */
#ifndef OBJECTS_COMMIT_H
#define OBJECTS_COMMIT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/textdiff.h" /* struct text */
#include "objects/oid.h"

#define COMMIT_PARENTS_MAX 4096
#define COMMIT_WHO_MAX 4096
#define COMMIT_MESSAGE_MAX ((size_t)16 << 20)
#define COMMIT_EXTRA_MAX ((size_t)512 << 10) /* further header lines together */
#define COMMIT_ENCODING_MAX 255
#define COMMIT_LEN_MAX ((size_t)17 << 20)
#define COMMIT_SEQ_MAX (((uint64_t)1 << 53) - 1) /* seq and gen: exact as a JSON number */

/* An object and where it is. */
struct object_ref {
	struct oid id;
	uint64_t loc;
};

struct signature_line {
	struct text who;   /* "billing", "A U Thor <author@example.com>", from git also " <mail>": verbatim */
	int64_t time_usec; /* since 1970 */
	char zone[8];      /* a sign and 1 to 6 digits, NUL-terminated: "+0000", from git also "+5180" or "-0000" */
};

/* The texts of a commit that commit_new or commit_decode made live in it, each followed by a NUL that does not count. */
struct commit {
	struct oid id;
	uint64_t loc;
	struct object_ref tree;
	struct object_ref *parents;
	size_t parent_count;
	struct signature_line author, committer;
	uint64_t seq, gen;
	int64_t time_usec;      /* effective */
	struct object_ref jump; /* zero id without parents */
	struct text encoding;   /* len 0: UTF-8 */
	struct text extra;      /* further header lines, each with its newline, or len 0 */
	struct text message;    /* verbatim */
	/* Where on the first-parent line, this commit included, the nearest merge is: not hashed, a hint kept by the store;
	 * LOC_UNKNOWN if unknown or none. */
	uint64_t last_merge_loc;
};

/*
 * Reference counted and immutable once made. commit_new copies every text of `from` into one allocation
 * and computes the id; from->id is ignored, locations are kept. Errors as commit_encode.
 */
int commit_new(const struct commit *from, struct commit **commit_out, struct drift_error *err) MUST_CHECK;
struct commit *commit_ref(struct commit *c);
void commit_unref(struct commit *c);
void commit_cleanup(struct commit **c);
#define auto_commit __attribute__((cleanup(commit_cleanup))) struct commit

/*
 * Append the canonical text of the fields. DRIFT_ERR_INVALID if a field cannot be written (newline in who, a malformed
 * zone or extra header, jump with no parents or the other way about), DRIFT_ERR_LIMIT if it is too long; out unchanged.
 */
int commit_encode(const struct commit *c, struct buf *out, struct drift_error *err) MUST_CHECK;
/*
 * Strict: what decodes encodes to the same bytes. Checks seq, gen, jump only for form. Locations are unknown.
 * DRIFT_ERR_CORRUPT says what is wrong.
 */
int commit_decode(const void *data, size_t len, struct commit **commit_out, struct drift_error *err) MUST_CHECK;

/*
 * The rules between a commit and its parents. seq, gen and effective time from parents and committer:
 * seq = 1 + first parent's, gen = 1 + max, time = max(committer's, parents' effective times).
 * jump: skew-binary jump pointer (Myers 1983, An applicative random-access stack): with p the first parent, j its jump, jj the
 * jump of j: if seq(p) - seq(j) == seq(j) - seq(jj) then jj, else p; a root counts as its own jump.
 * c->parent_count and the committer's time are set already; parents has parent_count commits; parent_jump is the commit j
 * (NULL if p has none). c->parents is not touched.
 */
void commit_derive(struct commit *c, struct commit *const *parents, const struct commit *parent_jump);
/* The seq of the commit that `jump` of the commit numbered seq leads to: a function of seq alone; 0 for seq 1 (and 0). */
uint64_t commit_jump_seq(uint64_t seq);

/*
 * "A U Thor <a@b>" cut in name and mail, which are parts of who (no NUL behind them), without blanks at their ends;
 * without "<...>" the whole is the name and mail_out has length 0.
 */
void who_split(const struct text *who, struct text *name_out, struct text *mail_out);
/*
 * Is it a who that people and programs may choose? Not empty, no control character, no blank at either end, at most one
 * "<...>", which ends it; length.
 * Commits from git hold others too, which encode and decode: any bytes but newline and NUL.
 */
int who_check(const char *who, size_t len, struct drift_error *err) MUST_CHECK;

/*
 * An annotated tag: headers object, type, tag, tagger (optional), any further ones, blank line, message; as git has it,
 * but for the fraction that the tagger's time may have. Limits as for commits. One allocation, one owner.
 */
#define TAG_NAME_MAX 1024
struct tag {
	struct oid id;
	struct oid target;
	enum object_kind target_kind;
	struct text name; /* any bytes but newline and NUL */
	bool has_tagger;
	struct signature_line tagger;
	struct text extra;
	struct text message;
};
int tag_new(const struct tag *from, struct tag **tag_out, struct drift_error *err) MUST_CHECK;
int tag_encode(const struct tag *t, struct buf *out, struct drift_error *err) MUST_CHECK;
int tag_decode(const void *data, size_t len, struct tag **tag_out, struct drift_error *err) MUST_CHECK;
void tag_free(struct tag *t);
void tag_cleanup(struct tag **t);
#define auto_tag __attribute__((cleanup(tag_cleanup))) struct tag

#endif
