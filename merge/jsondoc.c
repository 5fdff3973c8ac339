#include "merge/jsondoc.h"

#include <string.h>

static enum doc_kind classify_other(struct text bytes)
{
	return text_is_binary(bytes) ? DOC_BINARY : DOC_TEXT;
}

enum doc_kind doc_classify(struct text bytes)
{
	if (bytes.len <= DOC_JSON_LEN_MAX && !json_validate(bytes.data, bytes.len, NULL))
		return DOC_JSON;
	return classify_other(bytes);
}

const char *doc_kind_name(enum doc_kind kind)
{
	switch (kind) {
	case DOC_JSON:
		return "json";
	case DOC_TEXT:
		return "text";
	case DOC_BINARY:
		break;
	}
	return "binary";
}

int doc_read(struct text bytes, enum doc_kind *kind_out, struct json_doc **json_out, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_ERR_LIMIT };
	struct json_doc *json = NULL;

	if (bytes.len <= DOC_JSON_LEN_MAX && json_parse(bytes.data, bytes.len, &json, &why) &&
	    why.code == DRIFT_ERR_NO_MEMORY)
		return error_no_memory(err);
	*kind_out = json ? DOC_JSON : classify_other(bytes);
	*json_out = json;
	return 0;
}

bool doc_same(const struct text *a, const struct text *b)
{
	if (!a || !b)
		return a == b;
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}
