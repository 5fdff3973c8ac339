/* What the bytes of a document are: JSON (one valid text, RFC 8259), other text, or binary (a NUL early on). */
#ifndef MERGE_JSONDOC_H
#define MERGE_JSONDOC_H

#include "base/textdiff.h"

enum doc_kind { DOC_JSON, DOC_TEXT, DOC_BINARY };

enum doc_kind doc_classify(struct text bytes);
/* "json", "text", "binary" */
const char *doc_kind_name(enum doc_kind kind);

#endif
