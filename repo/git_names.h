/*
 * What git and drift write differently: paths, and the lines of authors.
 *
 * Paths: drift reserves the collection ".drift", and has no parts "." and "..". A part ".drift" at the front of git's path, and
 * "." or ".." anywhere, whatever number of "~" stands behind it, gets one "~" more on the way in and loses one on the way out.
 */
#ifndef REPO_GIT_NAMES_H
#define REPO_GIT_NAMES_H

#include "objects/commit.h"
#include "objects/tree.h"

/* Headers of a commit or tag that keep a line of git which cannot stand in a signature line as it is. */
#define GIT_AUTHOR_HEADER "git-author"
#define GIT_COMMITTER_HEADER "git-committer"
#define GIT_TAGGER_HEADER "git-tagger"

/* Append drift's path for git's. DRIFT_ERR_INVALID: empty parts; DRIFT_ERR_LIMIT: longer than a document's path may be. */
int git_path_in(struct text path, struct buf *out, struct drift_error *err) MUST_CHECK;
/* Append git's path for drift's. */
void git_path_out(const struct path *path, struct buf *out);

/*
 * "A U Thor <mail> 1112911993 -0700" as a signature line, which points into raw. False if it would not give the same line again:
 * then what drift cannot hold (times such as "0123" or beyond 64 bits of microseconds, zones of over 6 digits, no time at all) is put
 * at the next best, and the line is to be kept in a header.
 */
bool git_ident_in(struct text raw, struct signature_line *line_out);
/*
 * Append the line for git: the kept one (len 0: none) if git-fast-import takes it, else one made of the signature line. Who has no
 * "<mail>" is "WHO <>"; fractions of seconds are dropped.
 */
void git_ident_out(const struct signature_line *line, struct text kept, struct buf *out);

/* The value of the first further header of that name; len 0 if there is none. */
struct text git_header(struct text extra, const char *name);

#endif
