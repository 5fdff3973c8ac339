#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "cli/apply.h"
#include "cli/output.h"
#include "cli/view.h"
#include "repo/documents.h"

struct collection_options {
	const char *schema;
	bool recursive;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING, .long_name = "schema", .value = OPTION_AT(struct collection_options, schema),
	  .argument = "JSON", .help = "the schema: an object" },
	{ .kind = OPTION_FLAG, .short_name = 'r', .long_name = "recursive",
	  .value = OPTION_AT(struct collection_options, recursive), .help = "drop it with all its documents" },
};

static const char *const usage[] = {
	"drift collection ls [--at POINT] [--json]",
	"drift collection show [--at POINT] [--json] NAME",
	"drift collection create [--schema JSON] [OPTION...] NAME",
	"drift collection alter --schema JSON [OPTION...] NAME",
	"drift collection drop [-r] [OPTION...] NAME",
	NULL,
};

static const char *const words[] = { "ls", "show", "create", "alter", "drop", NULL };

/* A collection by name, and the path of its schema document. */
struct named {
	const char *name;
	struct descriptor descriptor;
	bool exists;
	struct buf schema_path;
};

static int check_name(const char *name, struct drift_error *err)
{
	auto_buf probe = BUF_INIT;
	struct path path;

	if (strchr(name, '/') || !*name)
		return error_set(err, DRIFT_ERR_INVALID, "a collection's name has no slash and is not empty");
	if (!strcmp(name, TREE_RESERVED))
		return error_set(err, DRIFT_ERR_INVALID, "the name is reserved for drift's own documents");
	buf_addf(&probe, "%s/x", name);
	return buf_check(&probe, err) || path_parse(probe.data, probe.len, &path, err) ? -1 : 0;
}

static int look_up(struct view *view, const char *name, struct named *out, struct drift_error *err)
{
	int found;

	out->name = name;
	if (check_name(name, err))
		return -1;
	buf_addf(&out->schema_path, "%s/%s%s", TREE_RESERVED, TREE_SCHEMA_PREFIX, name);
	found = tree_collection(view->nodes, &view->root, name, strlen(name), &out->descriptor, err);
	out->exists = found > 0;
	return found < 0 ? -1 : buf_check(&out->schema_path, err);
}

static int print_entry(struct cmd_context *ctx, const char *name, size_t len, const struct descriptor *d)
{
	struct json_line line;
	auto_buf b = BUF_INIT;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "name", name, len);
		json_writer_member_uint(&line.w, "documents", d->has_root ? d->count : 0);
		json_writer_member_uint(&line.w, "bytes", d->has_root ? d->bytes : 0);
		json_writer_member_bool(&line.w, "schema", d->has_schema);
		return out_json_end(&line, &ctx->err);
	}
	if (len || ctx->common.nul)
		out_append_path(ctx, &b, name, len);
	else
		buf_add_str(&b, "\"\"");
	buf_add_byte(&b, ctx->common.nul ? '\0' : '\n');
	out_buf(&b);
	return 0;
}

static int list(struct cmd_context *ctx, struct view *view)
{
	auto_map_cursor cursor = MAP_CURSOR_INIT;
	struct map_root map;
	struct node_entry entry;
	struct descriptor d;
	int more;

	if (tree_is_empty(&view->root))
		return EXIT_DONE;
	if (map_root_open(view->nodes, &view->root.id, view->root.loc, &map, &ctx->err) ||
	    map_cursor_seek(&cursor, view->nodes, &map, NULL, 0, &ctx->err))
		return ctx_die(ctx, "list the collections");
	while ((more = map_cursor_next(&cursor, &entry, &ctx->err)) > 0) {
		if (entry.key_len == strlen(TREE_RESERVED) && !memcmp(entry.key, TREE_RESERVED, entry.key_len))
			continue;
		if (descriptor_decode(entry.value, entry.value_len, entry.loc, &d, &ctx->err) ||
		    print_entry(ctx, (const char *)entry.key, entry.key_len, &d)) {
			more = -1;
			break;
		}
	}
	return more < 0 ? ctx_die(ctx, "list the collections") : EXIT_DONE;
}

static int read_schema(struct cmd_context *ctx, const struct view *view, const struct named *c, struct buf *out)
{
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	int found;

	path_split(c->schema_path.data, c->schema_path.len, &path);
	found = tree_get(view->nodes, &view->root, &path, &node, &doc, &ctx->err);
	return found > 0 ? document_read(ctx->repo, &doc, out, &ctx->err) : found;
}

static int print_collection(struct cmd_context *ctx, const struct named *c, const struct buf *schema)
{
	const struct descriptor *d = &c->descriptor;
	auto_buf b = BUF_INIT, canonical = BUF_INIT;
	struct json_line line;

	if (schema->len && json_canonical_bytes(schema->data, schema->len, &canonical, &ctx->err))
		return -1;
	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "name", c->name, strlen(c->name));
		json_writer_member_uint(&line.w, "documents", d->has_root ? d->count : 0);
		json_writer_member_uint(&line.w, "bytes", d->has_root ? d->bytes : 0);
		json_writer_key(&line.w, "schema");
		if (canonical.len)
			json_writer_raw(&line.w, canonical.data, canonical.len);
		else
			json_writer_null(&line.w);
		return out_json_end(&line, &ctx->err);
	}
	buf_add_str(&b, "name      ");
	out_append_text(ctx, &b, c->name, strlen(c->name), false);
	buf_addf(&b, "\ndocuments %" PRIu64 "\nbytes     %" PRIu64 "\nschema    ", d->has_root ? d->count : 0,
		 d->has_root ? d->bytes : 0);
	if (canonical.len)
		out_append_text(ctx, &b, canonical.data, canonical.len, false);
	else
		buf_add_str(&b, "none");
	buf_add_byte(&b, '\n');
	if (buf_check(&b, &ctx->err))
		return -1;
	out_buf(&b);
	return 0;
}

static int absent(struct cmd_context *ctx, const char *verb, const char *name)
{
	error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there is no such collection");
	return ctx_fail(ctx, "%s collection '%s'", verb, name);
}

static int show(struct cmd_context *ctx, struct view *view, struct named *c)
{
	auto_buf schema = BUF_INIT;

	if (!c->exists)
		return absent(ctx, "show", c->name);
	if (read_schema(ctx, view, c, &schema) || print_collection(ctx, c, &schema))
		return ctx_die(ctx, "show collection '%s'", c->name);
	return EXIT_DONE;
}

static int check_schema(const char *schema, struct drift_error *err)
{
	struct json_doc *doc;
	bool is_object;

	if (json_parse(schema, strlen(schema), &doc, err))
		return -1;
	is_object = json_kind(json_root(doc)) == JSON_OBJECT;
	json_doc_free(doc);
	return is_object ? 0 : error_set(err, DRIFT_ERR_INVALID, "the schema is not a JSON object");
}

static int write_schema(struct cmd_context *ctx, struct named *c, const char *verb)
{
	const struct collection_options *o = ctx->options;
	const char *schema = o->schema ? o->schema : "{}";
	auto_edits *e = NULL;
	auto_buf what = BUF_INIT;

	buf_addf(&what, "%s collection '%s'", verb, c->name);
	if (check_schema(schema, &ctx->err) || edits_new(ctx->repo, &e, &ctx->err) ||
	    edits_put(e, c->schema_path.data, c->schema_path.len, schema, strlen(schema), DOCUMENT_NO_MODE, &ctx->err))
		return ctx_die(ctx, "%s", what.data);
	return ctx_apply(ctx, e, what.data, what.data);
}

static int create(struct cmd_context *ctx, struct named *c)
{
	if (c->exists) {
		error_set(&ctx->err, DRIFT_ERR_EXISTS, "it exists already");
		return ctx_fail(ctx, "create collection '%s'", c->name);
	}
	return write_schema(ctx, c, "create");
}

static int alter(struct cmd_context *ctx, struct named *c)
{
	const struct collection_options *o = ctx->options;

	if (!o->schema)
		return ctx_usage(ctx, "alter needs --schema JSON");
	return c->exists ? write_schema(ctx, c, "alter") : absent(ctx, "alter", c->name);
}

static int remove_documents(struct cmd_context *ctx, const struct view *view, const struct named *c, struct edits *e)
{
	struct tree_cursor *cursor;
	struct document doc;
	struct path path;
	auto_buf prefix = BUF_INIT, name = BUF_INIT;
	int more;

	buf_addf(&prefix, "%s/", c->name);
	if (buf_check(&prefix, &ctx->err) ||
	    tree_cursor_open(view->nodes, &view->root, prefix.data, prefix.len, &cursor, &ctx->err))
		return -1;
	while ((more = tree_cursor_next(cursor, &path, &doc, &ctx->err)) > 0) {
		buf_clear(&name);
		path_format(&path, &name);
		if (buf_check(&name, &ctx->err) || edits_remove(e, name.data, name.len, true, &ctx->err)) {
			more = -1;
			break;
		}
	}
	tree_cursor_free(cursor);
	return more;
}

static int drop(struct cmd_context *ctx, const struct view *view, const struct named *c)
{
	const struct collection_options *o = ctx->options;
	auto_edits *e = NULL;
	auto_buf what = BUF_INIT;

	if (!c->exists)
		return absent(ctx, "drop", c->name);
	if (c->descriptor.has_root && c->descriptor.count && !o->recursive) {
		error_set(&ctx->err, DRIFT_ERR_EXISTS, "it has %" PRIu64 " documents", c->descriptor.count);
		int code = ctx_fail(ctx, "drop collection '%s'", c->name);

		ctx_hint(ctx, "-r drops it with all its documents");
		return code;
	}
	buf_addf(&what, "drop collection '%s'", c->name);
	if (edits_new(ctx->repo, &e, &ctx->err) || remove_documents(ctx, view, c, e) ||
	    (c->descriptor.has_schema &&
	     edits_remove(e, c->schema_path.data, c->schema_path.len, true, &ctx->err)))
		return ctx_fail(ctx, "%s", what.data);
	return ctx_apply(ctx, e, what.data, what.data);
}

static int run_named(struct cmd_context *ctx, struct view *view, const char *verb, const char *name)
{
	struct named c = { .schema_path = BUF_INIT };
	int code;

	if (look_up(view, name, &c, &ctx->err))
		code = ctx_die(ctx, "%s collection '%s'", verb, name);
	else if (!strcmp(verb, "show"))
		code = show(ctx, view, &c);
	else if (!strcmp(verb, "create"))
		code = create(ctx, &c);
	else if (!strcmp(verb, "alter"))
		code = alter(ctx, &c);
	else
		code = drop(ctx, view, &c);
	buf_release(&c.schema_path);
	return code;
}

static bool is_word(const char *word)
{
	for (const char *const *known = words; *known; known++) {
		if (!strcmp(*known, word))
			return true;
	}
	return false;
}

static int collection(struct cmd_context *ctx, int argc, char **argv)
{
	auto_view view = VIEW_INIT;
	bool is_list;

	if (!argc || !is_word(argv[0]))
		return ctx_usage(ctx, "ls, show, create, alter or drop?");
	is_list = !strcmp(argv[0], "ls");
	if (argc != (is_list ? 1 : 2))
		return ctx_usage(ctx, is_list ? "ls takes no arguments" : "%s takes one NAME", argv[0]);
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (view_open(ctx, &view, &ctx->err))
		return ctx_fail(ctx, "%s collections", argv[0]);
	return is_list ? list(ctx, &view) : run_named(ctx, &view, argv[0], argv[1]);
}

const struct command cmd_collection = {
	.name = "collection",
	.summary = "list, show, create, alter and drop collections",
	.usage = usage,
	.run = collection,
	COMMAND_OPTIONS(struct collection_options, specs),
	.common = COMMON_WRITER | COMMON_AT | COMMON_NUL,
	.writes = true,
	.words = words,
};
