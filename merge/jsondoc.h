/* What the bytes of a document are: JSON (one valid text, RFC 8259), other text, or binary (a NUL early on). */
#ifndef MERGE_JSONDOC_H
#define MERGE_JSONDOC_H

#include <stdbool.h>

#include "base/json.h"
#include "base/textdiff.h"

/* Longer documents are text or binary whatever they hold: nobody reads their fields, and a tree of them takes many times their size. */
#define DOC_JSON_LEN_MAX ((size_t)128 << 20)

enum doc_kind { DOC_JSON, DOC_TEXT, DOC_BINARY };

enum doc_kind doc_classify(struct text bytes);
/* "json", "text", "binary" */
const char *doc_kind_name(enum doc_kind kind);
/* As doc_classify; of JSON also the tree, to be freed with json_doc_free, else NULL. Fails without memory only. */
int doc_read(struct text bytes, enum doc_kind *kind_out, struct json_doc **json_out,
	     struct drift_error *err) MUST_CHECK;

/* Same bytes; NULL is absent. */
bool doc_same(const struct text *a, const struct text *b);

#endif
