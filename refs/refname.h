/*
 * Names of refs, as text: which are valid (the rules of git-check-ref-format) and what a short name may stand for.
 * Nothing here looks at a store.
 *
 * A name is HEAD, or "refs/" and parts between single slashes. Nowhere in it: control characters (below 0x20,
 * 0x7f), blank, ~ ^ : ? * [ \, "..", "@{"; no part begins with "." or ends with ".lock"; it does not end with "." or "/".
 * Beyond git's rules: no character that turns text round or hides in it (utf8_deceptive). Other bytes are free, in any encoding. At most REFNAME_MAX bytes.
 */
#ifndef REFS_REFNAME_H
#define REFS_REFNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/textdiff.h" /* struct text */

#define REFNAME_MAX 1024

/* A full name: "HEAD" or "refs/...". DRIFT_ERR_INVALID, DRIFT_ERR_LIMIT. */
int refname_check(const char *name, size_t len, struct drift_error *err) MUST_CHECK;
/* Full, or short: one part or more, valid by the rules above; "@" alone is not. */
int refname_check_short(const char *name, size_t len, struct drift_error *err) MUST_CHECK;
bool refname_valid(const char *name, size_t len);
bool refname_valid_short(const char *name, size_t len);

/*
 * The length of the longest start of text that could be a short name and is followed by the end of text or by one
 * of the characters ~ ^ : or by ".." or "@{"; 0 if it is not one. For parsers of points.
 */
size_t refname_scan(const char *text, size_t len);

/*
 * Append the full name of the branch (refs/heads/) or tag (refs/tags/) that a user calls `name`. Also refused: "HEAD",
 * a leading "-", and 64 hexadecimal digits, which would hide a commit; a name that begins with "refs/".
 */
int refname_branch(const char *name, size_t len, struct buf *out, struct drift_error *err) MUST_CHECK;
int refname_tag(const char *name, size_t len, struct buf *out, struct drift_error *err) MUST_CHECK;

/* What a short name may stand for, in git's order: itself, refs/, refs/tags/, refs/heads/, refs/remotes/, refs/remotes/NAME/HEAD. */
#define REFNAME_RULE_COUNT 6
/*
 * Append the full name by rule i (i < REFNAME_RULE_COUNT) to out: false, out unchanged, where that gives no valid full name
 * ("main" itself, say).
 */
bool refname_expand(const char *name, size_t len, size_t i, struct buf *out);

/* The part of a full name that people say: "main" of refs/heads/main, "v1" of refs/tags/v1, "origin/main" of
 * refs/remotes/origin/main, "notes/x" of refs/notes/x, "HEAD". Points into name; other refs may have the same. */
const char *refname_short(const char *name);

bool refname_is_branch(const char *name);
/* True if one is a folder of the other (refs/heads/a and refs/heads/a/b), which git cannot hold together. */
bool refname_nested(const char *a, const char *b);

#endif
