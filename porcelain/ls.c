#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "cli/view.h"
#include "repo/documents.h"

struct ls_options {
	bool with_details, count;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'l', .long_name = "long", .value = OPTION_AT(struct ls_options, with_details),
	  .help = "with id, size in bytes and kind" },
	{ .kind = OPTION_FLAG, .long_name = "count", .value = OPTION_AT(struct ls_options, count),
	  .help = "print how many there are" },
};

static const char *const usage[] = { "drift ls [OPTION...] [PREFIX/]", NULL };

/* What is listed: documents under a prefix, or one document; drift's own only if they are asked for. */
struct listing {
	struct view view;
	struct buf prefix;
	bool own;
};

static bool is_own(const struct path *path)
{
	return path->collection_len == strlen(TREE_RESERVED) &&
	       !memcmp(path->collection, TREE_RESERVED, path->collection_len);
}

static int print_details(struct cmd_context *ctx, const struct buf *name, const struct document *doc, bool with_kind)
{
	auto_buf data = BUF_INIT, b = BUF_INIT;
	struct json_line line;
	char hex[OID_HEX_LEN + 1];
	struct oid id;

	document_id(doc, &id);
	if (with_kind && document_read(ctx->repo, doc, &data, &ctx->err))
		return -1;
	if (ctx->common.json) {
		out_json_begin(&line);
		out_json_path(&line.w, name->data, name->len);
		out_json_id(&line.w, "id", &id);
		json_writer_member_uint(&line.w, "size", doc->len);
		if (with_kind)
			json_writer_member_str(&line.w, "kind", view_kind(doc->form, &data));
		return out_json_end(&line, &ctx->err);
	}
	buf_addf(&b, "%s %10" PRIu64 " %-7s ", out_short_id(&id, hex), doc->len, view_kind(doc->form, &data));
	out_buf(&b);
	out_path_line(ctx, name->data, name->len);
	return 0;
}

static int print_one(struct cmd_context *ctx, const struct path *path, const struct document *doc)
{
	const struct ls_options *o = ctx->options;
	auto_buf name = BUF_INIT;

	path_format(path, &name);
	if (buf_check(&name, &ctx->err))
		return -1;
	if (o->with_details || ctx->common.json)
		return print_details(ctx, &name, doc, o->with_details);
	out_path_line(ctx, name.data, name.len);
	return 0;
}

static int print_all(struct cmd_context *ctx, const struct listing *list)
{
	struct tree_cursor *cursor;
	struct document doc;
	struct path path;
	int more;

	if (tree_cursor_open(list->view.nodes, &list->view.root, list->prefix.data, list->prefix.len, &cursor, &ctx->err))
		return -1;
	while ((more = tree_cursor_next(cursor, &path, &doc, &ctx->err)) > 0) {
		if (!list->own && is_own(&path))
			continue;
		if (print_one(ctx, &path, &doc))
			more = -1;
		if (more < 0 || ctx_reader_gone(ctx))
			break;
	}
	tree_cursor_free(cursor);
	return more < 0 ? -1 : 0;
}

/* The first key behind all that begin with prefix; false if there is none. */
static bool prefix_end(struct buf *prefix)
{
	while (prefix->len && (unsigned char)prefix->data[prefix->len - 1] == 0xff)
		buf_truncate(prefix, prefix->len - 1);
	if (!prefix->len)
		return false;
	prefix->data[prefix->len - 1] = (char)((unsigned char)prefix->data[prefix->len - 1] + 1);
	return true;
}

static int count_keys(const struct view *view, const struct path *prefix, uint64_t *count_out, struct drift_error *err)
{
	auto_buf end = BUF_INIT;
	struct descriptor d;
	struct map_root map;
	uint64_t first, last;
	int found = tree_collection(view->nodes, &view->root, prefix->collection, prefix->collection_len, &d, err);

	*count_out = 0;
	if (found <= 0)
		return found;
	descriptor_map(&d, &map);
	last = map.count;
	buf_add(&end, prefix->key, prefix->key_len);
	if (!prefix->key_len) {
		*count_out = last;
		return 0;
	}
	if (tree_documents(view->nodes, prefix->collection, prefix->collection_len, &d, &map, err))
		return -1;
	if (buf_check(&end, err) || map_rank(view->nodes, &map, prefix->key, prefix->key_len, &first, err) ||
	    (prefix_end(&end) && map_rank(view->nodes, &map, end.data, end.len, &last, err)))
		return -1;
	*count_out = last - first;
	return 0;
}

static int count_all(const struct listing *list, uint64_t *count_out, struct drift_error *err)
{
	static const struct path own = { .collection = TREE_RESERVED, .collection_len = sizeof(TREE_RESERVED) - 1 };
	struct tree_totals totals;
	struct path prefix;
	uint64_t reserved;

	if (list->prefix.len) {
		path_split(list->prefix.data, list->prefix.len, &prefix);
		return count_keys(&list->view, &prefix, count_out, err);
	}
	if (tree_totals(list->view.nodes, &list->view.root, &totals, err) ||
	    count_keys(&list->view, &own, &reserved, err))
		return -1;
	*count_out = totals.document_count - reserved;
	return 0;
}

static int print_count(struct cmd_context *ctx, uint64_t count)
{
	struct json_line line;

	if (!ctx->common.json) {
		out_printf("%" PRIu64 "\n", count);
		return 0;
	}
	out_json_begin(&line);
	json_writer_member_uint(&line.w, "count", count);
	return out_json_end(&line, &ctx->err);
}

/* A name without a slash behind it may be that of a document. */
static int list_document(struct cmd_context *ctx, const struct view *view, const char *name)
{
	const struct ls_options *o = ctx->options;
	size_t len = strlen(name);
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	int found;

	if (!len || name[len - 1] == '/' || path_parse(name, len, &path, NULL) ||
	    (!path.collection_len && !tree_has_documents(view->nodes, "", 0)))
		return 0;
	found = tree_get(view->nodes, &view->root, &path, &node, &doc, &ctx->err);
	if (found <= 0)
		return found;
	return (o->count ? print_count(ctx, 1) : print_one(ctx, &path, &doc)) ? -1 : 1;
}

static int list_prefix(struct cmd_context *ctx, struct listing *list, const char *name)
{
	const struct ls_options *o = ctx->options;
	uint64_t count;

	view_prefix(name, &list->prefix);
	list->own = !strncmp(name, TREE_RESERVED "/", strlen(TREE_RESERVED) + 1) || !strcmp(name, TREE_RESERVED);
	if (buf_check(&list->prefix, &ctx->err))
		return -1;
	if (!o->count)
		return print_all(ctx, list);
	return count_all(list, &count, &ctx->err) ? -1 : print_count(ctx, count);
}

static int ls(struct cmd_context *ctx, int argc, char **argv)
{
	struct listing list = { .view = VIEW_INIT, .prefix = BUF_INIT };
	const char *name = argc ? argv[0] : "";
	int found, code = EXIT_DONE;

	if (argc > 1)
		return ctx_usage(ctx, "one prefix at a time");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	found = view_open(ctx, &list.view, &ctx->err) ? -1 : list_document(ctx, &list.view, name);
	if (found < 0 || (!found && list_prefix(ctx, &list, name)))
		code = argc ? ctx_fail(ctx, "list '%s'", name) : ctx_fail(ctx, "list the documents");
	buf_release(&list.prefix);
	view_release(&list.view);
	return code;
}

const struct command cmd_ls = {
	.name = "ls",
	.task = "list the documents",
	.summary = "list documents",
	.usage = usage,
	.run = ls,
	COMMAND_OPTIONS(struct ls_options, specs),
	.common = COMMON_READER | COMMON_NUL,
};
