#include "plumbing/tree_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"

uint32_t tree_line_mode(const struct document *doc)
{
	if (doc->mode != DOCUMENT_NO_MODE)
		return doc->mode;
	return doc->form == DOCUMENT_GITLINK ? 0160000U : REGULAR_MODE;
}

/* "blob", or "commit" for a gitlink. */
static const char *tree_line_type(const struct document *doc)
{
	return doc->form == DOCUMENT_GITLINK ? "commit" : "blob";
}

void tree_line_id(const struct document *doc, char hex[OID_HEX_LEN + 1])
{
	struct oid id;

	if (doc->form == DOCUMENT_GITLINK && doc->len <= OID_LEN) {
		hex_encode(doc->data, (size_t)doc->len, hex);
		return;
	}
	document_id(doc, &id);
	oid_to_hex(&id, hex);
}

struct tree_line {
	uint32_t mode;
	const char *type;
	char hex[OID_HEX_LEN + 1];
	bool has_size;
	uint64_t size;
};

static int print_json(const struct tree_line *line, const struct buf *path, struct drift_error *err)
{
	struct json_line json;
	char mode[16];

	out_json_begin(&json);
	snprintf(mode, sizeof(mode), "%06o", (unsigned)line->mode);
	json_writer_member_str(&json.w, "mode", mode);
	json_writer_member_str(&json.w, "type", line->type);
	json_writer_member_str(&json.w, "id", line->hex);
	if (line->has_size)
		json_writer_member_uint(&json.w, "size", line->size);
	out_json_path(&json.w, path->data, path->len);
	return out_json_end(&json, err);
}

static int print_line(const struct tree_lines *lines, const struct tree_line *line, const struct buf *path,
		      struct drift_error *err)
{
	auto_buf b = BUF_INIT;

	if (buf_check(path, err))
		return -1;
	if (lines->ctx->common.json)
		return print_json(line, path, err);
	if (!lines->name_only) {
		buf_addf(&b, "%06o %s %s", (unsigned)line->mode, line->type, line->hex);
		if (lines->with_size && line->has_size)
			buf_addf(&b, " %7" PRIu64, line->size);
		else if (lines->with_size)
			buf_add_str(&b, "       -");
		buf_add_byte(&b, '\t');
	}
	out_append_path(lines->ctx, &b, path->data, path->len);
	buf_add_byte(&b, lines->ctx->common.nul ? '\0' : '\n');
	if (buf_check(&b, err))
		return -1;
	out_buf(&b);
	return 0;
}

static int print_document(const struct tree_lines *lines, const struct path *path, const struct document *doc,
			  struct drift_error *err)
{
	struct tree_line line = {
		.mode = tree_line_mode(doc),
		.type = tree_line_type(doc),
		.has_size = doc->form != DOCUMENT_GITLINK,
		.size = doc->len,
	};
	auto_buf name = BUF_INIT;

	tree_line_id(doc, line.hex);
	path_format(path, &name);
	return print_line(lines, &line, &name, err);
}

static int print_collection(const struct tree_lines *lines, const void *name, size_t name_len,
			    const struct descriptor *d, struct drift_error *err)
{
	struct tree_line line = { .mode = TREE_MODE, .type = "tree" };
	const struct oid none = { .bytes = { 0 } };
	auto_buf b = BUF_INIT;

	oid_to_hex(d->has_root ? &d->root : &none, line.hex);
	buf_add(&b, name, name_len);
	return print_line(lines, &line, &b, err);
}

static int print_all(const struct tree_lines *lines, const struct tree_root *root, const char *prefix,
		     struct drift_error *err)
{
	struct tree_cursor *cursor;
	struct document doc;
	struct path path;
	int more;

	if (tree_cursor_open(repo_nodes(lines->ctx->repo), root, prefix, strlen(prefix), &cursor, err))
		return -1;
	while ((more = tree_cursor_next(cursor, &path, &doc, err)) > 0) {
		if (print_document(lines, &path, &doc, err))
			more = -1;
		if (more < 0 || ctx_reader_gone(lines->ctx))
			break;
	}
	tree_cursor_free(cursor);
	return more < 0 ? -1 : 0;
}

static int print_keys(const struct tree_lines *lines, const struct map_root *map, struct drift_error *err)
{
	auto_map_cursor cursor = MAP_CURSOR_INIT;
	struct path path = { .collection = "" };
	struct node_entry entry;
	struct document doc;
	int more;

	if (map_cursor_seek(&cursor, repo_nodes(lines->ctx->repo), map, NULL, 0, err))
		return -1;
	while ((more = map_cursor_next(&cursor, &entry, err)) > 0 && !ctx_reader_gone(lines->ctx)) {
		path.key = (const char *)entry.key;
		path.key_len = entry.key_len;
		if (document_decode(entry.value, entry.value_len, entry.loc, &doc, err) ||
		    print_document(lines, &path, &doc, err))
			return -1;
	}
	return more < 0 ? -1 : 0;
}

static int print_top(const struct tree_lines *lines, const struct tree_root *root, struct drift_error *err)
{
	struct node_store *nodes = repo_nodes(lines->ctx->repo);
	auto_map_cursor cursor = MAP_CURSOR_INIT;
	struct map_root map, documents;
	struct node_entry entry;
	struct descriptor d;
	int more, failed;

	if (tree_is_empty(root))
		return 0;
	if (map_root_open(nodes, &root->id, root->loc, &map, err) ||
	    map_cursor_seek(&cursor, nodes, &map, NULL, 0, err))
		return -1;
	while ((more = map_cursor_next(&cursor, &entry, err)) > 0 && !ctx_reader_gone(lines->ctx)) {
		if (descriptor_decode(entry.value, entry.value_len, entry.loc, &d, err))
			return -1;
		if (!entry.key_len && !tree_has_documents(nodes, "", 0))
			continue;
		descriptor_map(&d, &documents);
		failed = entry.key_len ? print_collection(lines, entry.key, entry.key_len, &d, err) :
					 print_keys(lines, &documents, err);
		if (failed)
			return -1;
	}
	return more < 0 ? -1 : 0;
}

/* 1 / 0 / -1 */
static int print_named_document(const struct tree_lines *lines, const struct tree_root *root, const char *name,
				struct drift_error *err)
{
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	int found;

	if (path_parse(name, strlen(name), &path, NULL))
		return 0;
	found = tree_get(repo_nodes(lines->ctx->repo), root, &path, &node, &doc, err);
	if (found <= 0)
		return found;
	return print_document(lines, &path, &doc, err) ? -1 : 1;
}

static int print_named(const struct tree_lines *lines, const struct tree_root *root, const char *name,
		       struct drift_error *err)
{
	struct descriptor d;
	auto_buf prefix = BUF_INIT;
	int found = print_named_document(lines, root, name, err);

	if (found < 0 || strchr(name, '/'))
		return found < 0 ? -1 : 0;
	found = tree_collection(repo_nodes(lines->ctx->repo), root, name, strlen(name), &d, err);
	if (found <= 0)
		return found;
	if (!lines->recursive)
		return print_collection(lines, name, strlen(name), &d, err);
	buf_addf(&prefix, "%s/", name);
	return buf_check(&prefix, err) || print_all(lines, root, prefix.data, err) ? -1 : 0;
}

int tree_lines_print(const struct tree_lines *lines, const struct tree_root *root, const char *prefix,
		     struct drift_error *err)
{
	size_t len = strlen(prefix);

	if (!len)
		return lines->recursive ? print_all(lines, root, "", err) : print_top(lines, root, err);
	if (prefix[len - 1] == '/')
		return print_all(lines, root, prefix, err);
	return print_named(lines, root, prefix, err);
}

int tree_lines_print_map(const struct tree_lines *lines, const struct tree_root *root, struct drift_error *err)
{
	struct map_root map;

	if (map_root_open(repo_nodes(lines->ctx->repo), &root->id, root->loc, &map, err))
		return -1;
	return print_keys(lines, &map, err);
}
