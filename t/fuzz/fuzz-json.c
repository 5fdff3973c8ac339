/* Scanner, parser, stream and serialised forms agree about any bytes, and forms read back equal. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/json_stream.h"

#define ELEMENT_MAX ((size_t)1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_equal(const struct buf *text, const struct json_value *v)
{
	struct json_doc *doc = NULL;
	int r = json_parse(text->data, text->len, &doc, NULL);

	assert(!r);
	r = json_equal(v, json_root(doc), NULL);
	assert(r == 1);
	json_doc_free(doc);
}

static void check_forms(const struct json_value *v)
{
	auto_buf out = BUF_INIT;
	auto_buf again = BUF_INIT;
	int r = json_pretty(v, &out, NULL);

	assert(!r);
	check_equal(&out, v);
	buf_clear(&out);
	r = json_compact(v, &out, NULL);
	assert(!r);
	check_equal(&out, v);
	buf_clear(&out);
	r = json_canonical(v, &out, NULL);
	assert(!r);
	check_equal(&out, v);
	r = json_canonical_bytes(out.data, out.len, &again, NULL);
	assert(!r && again.len == out.len && !memcmp(again.data, out.data, out.len));
}

static void check_field(const uint8_t *data, size_t len, const struct json_value *root)
{
	const struct json_value *field = json_get(root, "a");
	struct json_slice found = { NULL, 0, JSON_NULL };
	struct json_doc *doc = NULL;
	int r = json_find_field(data, len, "a", 1, &found, NULL);

	assert(r == (field != NULL));
	if (!field)
		return;
	r = json_parse(found.data, found.len, &doc, NULL);
	assert(!r && json_kind(json_root(doc)) == found.kind);
	r = json_equal(field, json_root(doc), NULL);
	assert(r == 1);
	json_doc_free(doc);
}

/* In two chunks; 1 if it is a whole array. */
static int stream_elements(const uint8_t *data, size_t len, size_t *count_out)
{
	struct json_stream *s = json_stream_new(ELEMENT_MAX, NULL);
	size_t half = len / 2, count = 0;
	struct json_slice e;
	int r = -1, part;

	for (part = 0; s && part < 2; part++) {
		r = json_stream_feed(s, part ? data + half : data, part ? len - half : half, NULL);
		while (!r && (r = json_stream_next(s, &e, NULL)) > 0) {
			count++;
			r = json_validate(e.data, e.len, NULL);
			assert(!r);
		}
		if (r)
			break;
	}
	if (!r)
		r = json_stream_finish(s, NULL);
	json_stream_free(s);
	*count_out = count;
	return r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct drift_error one = { 0 }, two = { 0 };
	struct json_doc *doc = NULL;
	int valid = json_validate(data, len, &one), parsed = json_parse(data, len, &doc, &two);
	size_t count;
	int whole = stream_elements(data, len, &count);

	assert(valid == parsed);
	if (valid) {
		assert(one.code == DRIFT_ERR_INVALID && !strcmp(one.message, two.message));
		assert(!whole);
		return 0;
	}
	assert(whole == (json_kind(json_root(doc)) == JSON_ARRAY));
	assert(!whole || count == json_count(json_root(doc)));
	check_forms(json_root(doc));
	check_field(data, len, json_root(doc));
	json_doc_free(doc);
	return 0;
}
