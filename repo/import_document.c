/* From one document to an entry with its path, for all formats. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/json_number.h"
#include "base/json_pointer.h"
#include "base/mem.h"
#include "repo/import_internal.h"

#define REPORTED_MAX 10
#define RESERVED_LEN (sizeof(TREE_RESERVED) - 1)

static uint64_t rank_of(const char *p, size_t len)
{
	uint64_t rank = 0;
	size_t i;

	if (len >= sizeof(rank)) {
		memcpy(&rank, p, sizeof(rank));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		rank = __builtin_bswap64(rank);
#endif
		return rank;
	}
	for (i = 0; i < sizeof(rank); i++)
		rank = rank << 8 | (i < len ? (unsigned char)p[i] : 0);
	return rank;
}

/* Where the collection ends is known beforehand, or is where the first slash stands. */
static int append_key(struct import_input *in, struct buf *keys, const char *key, size_t key_len, struct path *path,
		      struct drift_error *err)
{
	const struct import_options *o = in->options;
	auto_buf text = BUF_INIT;

	if (*o->collection) {
		size_t collection_len = strlen(o->collection);

		buf_add(keys, in->head.data, in->head.len);
		buf_add(keys, key, key_len);
		if (buf_check(keys, err))
			return -1;
		path->key_len = in->head.len - collection_len - 1 + key_len;
		path->collection_len = collection_len;
		path->collection = keys->data + keys->len - key_len - in->head.len;
		path->key = path->collection + collection_len + 1;
		return path_check(path, err);
	}
	buf_add_str(&text, o->prefix ? o->prefix : "");
	buf_add(&text, key, key_len);
	if (buf_check(&text, err) || path_parse(text.data, text.len, path, err))
		return -1;
	if (path->collection_len == RESERVED_LEN && !memcmp(path->collection, TREE_RESERVED, RESERVED_LEN))
		return error_set(err, DRIFT_ERR_INVALID, "the collection '%s' is drift's own", TREE_RESERVED);
	buf_add(keys, path->collection, path->collection_len);
	buf_add_byte(keys, 0);
	buf_add(keys, path->key, path->key_len);
	return buf_check(keys, err);
}

/* Enter what is in order, or replaces the entry before it, or breaks the order. */
static void place_last(struct import_block *block)
{
	struct import_entry *last = &block->entries[block->count - 1];
	struct import_record a, b;
	int order;

	if (block->count < 2)
		return;
	import_block_record(block, block->count - 2, &a);
	import_block_record(block, block->count - 1, &b);
	order = import_record_compare(&a, &b);
	if (order > 0)
		block->ascending = false;
	if (order)
		return;
	last[-1] = last[0];
	block->count--;
}

int import_add_entry(struct import_input *in, struct import_block *block, const char *key, size_t key_len,
		     const struct import_entry *entry, struct drift_error *err)
{
	size_t key_at = block->keys.len, common = *in->options->collection ? in->head.len : 0;
	struct import_entry *e;
	struct path path;

	if (append_key(in, &block->keys, key, key_len, &path, err)) {
		buf_truncate(&block->keys, key_at);
		return -1;
	}
	if (mem_grow(&block->entries, &block->capacity, block->count + 1, sizeof(*block->entries)))
		return error_no_memory(err);
	e = &block->entries[block->count++];
	*e = *entry;
	e->key_at = key_at;
	e->key_len = (uint32_t)(block->keys.len - key_at);
	e->collection_len = (uint32_t)path.collection_len;
	e->rank = rank_of(block->keys.data + key_at + common, e->key_len - common);
	block->imported++;
	place_last(block);
	return 0;
}

int import_bad(struct import_input *in, struct import_block *block, struct drift_error *err)
{
	if (err->code == DRIFT_ERR_INVALID || err->code == DRIFT_ERR_LIMIT) {
		error_prefix(err, DRIFT_OK, "line %llu", (unsigned long long)in->line);
		if (in->options->skip_bad) {
			block->skipped++;
			if (in->reported++ < REPORTED_MAX)
				buf_add(&block->bad, err->message, strlen(err->message) + 1);
			return buf_check(&block->bad, err);
		}
	}
	return -1;
}

/* ---- keys ---- */

/* Append the key that a value says to in->text. */
static int key_text(struct import_input *in, const char *raw, size_t len, enum json_kind kind, struct drift_error *err)
{
	switch (kind) {
	case JSON_STRING:
		json_unquote(&in->text, raw, len);
		break;
	case JSON_NUMBER:
		json_number_canonical(&in->text, raw, len);
		break;
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
	case JSON_ARRAY:
	case JSON_OBJECT:
		return error_set(err, DRIFT_ERR_INVALID, "the key '%s' is %s %s, not a string or number",
				 in->options->key, kind == JSON_OBJECT || kind == JSON_ARRAY ? "an" : "a",
				 json_kind_name(kind));
	}
	return buf_check(&in->text, err);
}

static int no_key(const struct import_input *in, const char *data, struct drift_error *err)
{
	const char *key = in->options->key;

	while (*data && strchr(" \t\r\n", *data))
		data++;
	if (*data != '{' && *key != '/')
		return error_set(err, DRIFT_ERR_INVALID, "this is no object, so it has no field '%s' to be its key",
				 key);
	return error_set(err, DRIFT_ERR_INVALID, "there is no field '%s' to be the key", key);
}

/* By a pointer, from the parsed document. */
static int key_by_pointer(struct import_input *in, const char *data, size_t len, struct drift_error *err)
{
	const char *pointer = in->options->key;
	struct drift_error why;
	struct json_value *value;
	struct json_doc *doc;
	const char *text;
	size_t text_len;
	int r;

	if (json_parse(data, len, &doc, err))
		return -1;
	if (json_pointer_get(json_root(doc), pointer, strlen(pointer), &value, &why)) {
		r = why.code == DRIFT_ERR_NO_MEMORY ? error_no_memory(err) : no_key(in, data, err);
	} else if (json_kind(value) == JSON_STRING) {
		text = json_text(value, &text_len);
		buf_add(&in->text, text, text_len);
		r = buf_check(&in->text, err);
	} else {
		text = json_text(value, &text_len);
		r = key_text(in, text, text ? text_len : 0, json_kind(value), err);
	}
	json_doc_free(doc);
	return r;
}

/* A document is one line, so its own count of lines says nothing. */
static int not_json(struct import_input *in, struct drift_error *err)
{
	if (in->options->format == IMPORT_JSONL)
		json_error_drop_line(err);
	return -1;
}

static int add_by_key(struct import_input *in, struct import_block *block, const struct import_entry *entry,
		      struct drift_error *err)
{
	const char *data = block->data.data + entry->data_at, *name = in->options->key;
	struct json_slice value;
	int found;

	buf_clear(&in->text);
	if (*name == '/') {
		if (key_by_pointer(in, data, entry->data_len, err))
			return not_json(in, err);
		return import_add_entry(in, block, in->text.data, in->text.len, entry, err);
	}
	found = json_find_field(data, entry->data_len, name, strlen(name), &value, err);
	if (found < 0)
		return not_json(in, err);
	if (!found)
		return no_key(in, data, err);
	/* Most keys are plain text or digits, which need no copy. */
	if (value.kind == JSON_STRING && !memchr(value.data, '\\', value.len))
		return import_add_entry(in, block, value.data + 1, value.len - 2, entry, err);
	if (key_text(in, value.data, value.len, value.kind, err))
		return -1;
	return import_add_entry(in, block, in->text.data, in->text.len, entry, err);
}

/* ---- wrapped documents ---- */

struct wrapped {
	struct buf path;
	struct buf data;
	uint32_t mode;
	bool gitlink;
	unsigned bodies; /* members that say what the document holds */
};

static int take_gitlink(struct wrapped *w, const char *text, size_t len, struct drift_error *err)
{
	unsigned char id[OID_LEN];

	if ((len != 40 && len != 2 * OID_LEN) || !hex_decode(text, id, len / 2))
		return error_set(err, DRIFT_ERR_INVALID, "'gitlink' is not the id of a commit");
	buf_add(&w->data, id, len / 2);
	w->gitlink = true;
	w->bodies++;
	return 0;
}

static int take_mode(struct wrapped *w, const struct json_value *value, struct drift_error *err)
{
	size_t len;
	const char *text = json_text(value, &len);
	int64_t mode;

	if (json_kind(value) != JSON_NUMBER || !json_number_to_int64(text, len, &mode) || mode < 0 || mode > 0177777)
		return error_set(err, DRIFT_ERR_INVALID, "'mode' is not a file mode");
	w->mode = (uint32_t)mode;
	return 0;
}

static int take_base64(const char *name, const char *text, size_t len, struct buf *out, struct drift_error *err)
{
	if (base64_decode(text, len, out))
		return 0;
	return error_set(err, DRIFT_ERR_INVALID, "'%s' is not base64", name);
}

static int take_member(struct wrapped *w, const char *name, const struct json_value *value, struct drift_error *err)
{
	size_t len = 0;
	const char *text = json_text(value, &len);

	if (!strcmp(name, "mode"))
		return take_mode(w, value, err);
	if (!strcmp(name, "json")) {
		w->bodies++;
		return json_canonical(value, &w->data, err);
	}
	if (json_kind(value) != JSON_STRING)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is not a string", name);
	if (!strcmp(name, "gitlink"))
		return take_gitlink(w, text, len, err);
	if (!strcmp(name, "path_b64"))
		return take_base64(name, text, len, &w->path, err);
	if (!strcmp(name, "path")) {
		buf_add(&w->path, text, len);
		return 0;
	}
	w->bodies++;
	if (!strcmp(name, "base64"))
		return take_base64(name, text, len, &w->data, err);
	buf_add(&w->data, text, len);
	return 0;
}

static int unwrap(struct wrapped *w, const struct json_value *root, struct drift_error *err)
{
	static const char *const names[] = { "path", "path_b64", "text", "base64", "json", "gitlink", "mode" };
	size_t i;

	if (json_kind(root) != JSON_OBJECT)
		return error_set(err, DRIFT_ERR_INVALID, "this is no object");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const struct json_value *value = json_get(root, names[i]);

		if (value && take_member(w, names[i], value, err))
			return -1;
	}
	if (!json_get(root, "path") == !json_get(root, "path_b64"))
		return error_set(err, DRIFT_ERR_INVALID, "one member 'path' is needed");
	if (w->bodies != 1)
		return error_set(err, DRIFT_ERR_INVALID, "one of 'text', 'base64', 'json' and 'gitlink' is needed");
	if (w->data.len > DOCUMENT_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the document is too long");
	return buf_check(&w->path, err) || buf_check(&w->data, err) ? -1 : 0;
}

static int add_wrapped(struct import_input *in, struct import_block *block, const struct import_entry *entry,
		       struct drift_error *err)
{
	struct wrapped w = { .path = BUF_INIT, .data = BUF_INIT };
	struct import_entry unwrapped = { .data_at = block->data.len };
	struct json_doc *doc;
	int r;

	if (json_parse(block->data.data + entry->data_at, entry->data_len, &doc, err))
		return not_json(in, err);
	r = unwrap(&w, json_root(doc), err);
	if (!r) {
		unwrapped.data_len = w.data.len;
		unwrapped.mode = w.mode;
		unwrapped.gitlink = w.gitlink;
		buf_add(&block->data, w.data.data, w.data.len);
		r = buf_check(&block->data, err);
	}
	if (!r)
		r = import_add_entry(in, block, w.path.data, w.path.len, &unwrapped, err);
	buf_release(&w.path);
	buf_release(&w.data);
	json_doc_free(doc);
	return r;
}

int import_add_document(struct import_input *in, struct import_block *block, size_t data_at, size_t data_len,
			struct drift_error *err)
{
	const struct import_entry entry = { .data_at = data_at, .data_len = data_len };

	return in->options->wrapped ? add_wrapped(in, block, &entry, err) : add_by_key(in, block, &entry, err);
}
