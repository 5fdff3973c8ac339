/*
 * Who set each part of a document: each leaf field of JSON, each line of text. Fed with the versions of the
 * document from the newest to older ones, one by one, until blame_done() says that the rest cannot matter: a part belongs to
 * the oldest of the consecutive versions, from the newest on, that have it equal.
 *
 * Lines are followed by diff where others come and go; elements of arrays too; fields by their JSON pointer. A leaf is a value that
 * is no container, or an empty one. Where the newest version is binary there is one part, the whole.
 */
#ifndef MERGE_BLAME_H
#define MERGE_BLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/textdiff.h"
#include "merge/jsondoc.h"

/* Pointers and values of all fields together; DRIFT_ERR_LIMIT. */
#define BLAME_TEXT_MAX ((size_t)256 << 20)

struct blame;

struct blame_part {
	struct text pointer; /* JSON: RFC 6901 in the newest version */
	size_t line;         /* text: from 1 */
	struct text value;   /* JSON: compact; text: the line with its newline; binary: empty */
	uint64_t commit;     /* what blame_feed was told about the version that set it */
};

int blame_new(struct blame **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void blame_free(struct blame *b);
/*
 * The next older version, or the newest at first, and a number of the caller's for it. version NULL: the document
 * was absent, which ends it: the rest belongs to the version before. The bytes are copied. DRIFT_ERR_INVALID if the
 * first version is absent.
 */
int blame_feed(struct blame *b, uint64_t commit, const struct text *version, struct drift_error *err) MUST_CHECK;
/* Nothing is open any more: feeding further versions changes nothing. */
bool blame_done(const struct blame *b);

/* Parts in the order of the newest version. Before blame_done, those still open have the oldest version fed so far. */
enum doc_kind blame_kind(const struct blame *b);
size_t blame_count(const struct blame *b);
void blame_part(const struct blame *b, size_t i, struct blame_part *part_out);

#endif
