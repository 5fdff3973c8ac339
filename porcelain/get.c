#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/conflict_output.h"
#include "cli/hint.h"
#include "cli/output.h"
#include "cli/view.h"
#include "repo/documents.h"

struct get_options {
	bool pretty, stat, conflicts;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "pretty", .value = OPTION_AT(struct get_options, pretty),
	  .help = "indent JSON" },
	{ .kind = OPTION_FLAG, .long_name = "stat", .value = OPTION_AT(struct get_options, stat),
	  .help = "say id, size and kind instead of the bytes" },
	{ .kind = OPTION_FLAG, .long_name = "conflicts", .value = OPTION_AT(struct get_options, conflicts),
	  .help = "all sides of a document that is in conflict, not only what stands for them" },
};

static const char *const usage[] = { "drift get [OPTION...] PATH", "drift get [OPTION...] POINT:PATH", NULL };

/* POINT:PATH: 1 / 0 / -1. */
static int read_at_point(struct cmd_context *ctx, const char *name, struct document_view *doc, struct buf *data)
{
	auto_object_name object = OBJECT_NAME_INIT;

	if (ctx_branch(ctx, &ctx->err) < 0 ||
	    point_object(ctx->repo, name, strlen(name), ctx_branch_name(ctx), &object, &ctx->err))
		return -1;
	if (!object.node)
		return 0;
	doc->form = object.document.form;
	doc->mode = object.document.mode;
	doc->len = object.document.len;
	doc->id = object.id;
	return document_read(ctx->repo, &object.document, data, &ctx->err) ? -1 : 1;
}

/* A path may hold a colon: that of a document that is there comes first. */
static int read_document(struct cmd_context *ctx, const char *name, struct document_view *doc, struct buf *data)
{
	int found = view_document(ctx, name, strlen(name), doc, data, &ctx->err);

	if (found > 0 || ctx->common.at || !strchr(name, ':'))
		return found;
	if (found < 0 && ctx->err.code != DRIFT_ERR_INVALID)
		return -1;
	if (found < 0)
		return read_at_point(ctx, name, doc, data);
	found = read_at_point(ctx, name, doc, data);
	return found < 0 && ctx->err.code == DRIFT_ERR_INVALID ? 0 : found;
}

static int print_json(struct cmd_context *ctx, const char *path, const struct document_view *doc, const struct buf *data)
{
	const struct get_options *o = ctx->options;
	struct json_line line;
	int failed = 0;

	out_json_begin(&line);
	out_json_path(&line.w, path, strlen(path));
	out_json_id(&line.w, "id", &doc->id);
	json_writer_member_uint(&line.w, "size", doc->len);
	json_writer_member_str(&line.w, "kind", view_kind(doc->form, data));
	if (doc->mode != DOCUMENT_NO_MODE)
		json_writer_member_uint(&line.w, "mode", doc->mode);
	if (!o->stat)
		failed = view_write_json(&line.w, doc->form, data, &ctx->err);
	if (failed) {
		out_json_drop(&line);
		return ctx_die(ctx, "print '%s'", path);
	}
	return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "print '%s'", path) : EXIT_DONE;
}

static void print_stat(const struct cmd_context *ctx, const char *path, const struct document_view *doc,
		       const struct buf *data)
{
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;

	buf_add_str(&b, "path ");
	out_append_path(ctx, &b, path, strlen(path));
	buf_addf(&b, "\nid   %s\nsize %" PRIu64 "\nkind %s\n", oid_to_hex(&doc->id, hex), doc->len,
		 view_kind(doc->form, data));
	if (doc->mode != DOCUMENT_NO_MODE)
		buf_addf(&b, "mode %06o\n", (unsigned)doc->mode);
	out_buf(&b);
}

static int print_pretty(struct cmd_context *ctx, const char *path, const struct buf *data)
{
	struct json_doc *doc;
	auto_buf text = BUF_INIT;
	int failed;

	if (json_parse(data->data, data->len, &doc, &ctx->err))
		return ctx_die(ctx, "indent '%s'", path);
	failed = json_pretty(json_root(doc), &text, &ctx->err);
	json_doc_free(doc);
	buf_add_byte(&text, '\n');
	if (failed || out_json_text(&text, &ctx->err))
		return ctx_die(ctx, "indent '%s'", path);
	return EXIT_DONE;
}

/* Exactly as they are; but people get lines that do them no harm. */
static int print_bytes(struct cmd_context *ctx, const char *path, const struct buf *data)
{
	auto_buf text = BUF_INIT;

	if (ctx->terminal) {
		text_escape_lines(&text, data->data, data->len);
		if (text.len && text.data[text.len - 1] != '\n')
			buf_add_byte(&text, '\n');
		data = &text;
	}
	if (buf_check(data, &ctx->err))
		return ctx_die(ctx, "print '%s'", path);
	out_buf(data);
	return EXIT_DONE;
}

/* What the path stands for, where it is not the stage that says what it holds, nor POINT:PATH. */
static int read_conflict(struct cmd_context *ctx, const char *name, const struct document_view *doc,
			 struct conflict *out)
{
	auto_node *node = NULL;
	auto_point point = POINT_INIT;
	struct staged staged;
	struct document there;
	struct path path;
	struct oid id;
	size_t len = strlen(name);
	int over = ctx_reads_stage(ctx, &ctx->err), found;

	if (over < 0 || path_parse(name, len, &path, NULL))
		return over < 0 ? -1 : 0;
	if (over) {
		auto_node *staged_node = NULL;

		found = stage_get(ctx->repo, name, len, &staged_node, &staged, &ctx->err);
		if (found)
			return found < 0 ? -1 : 0;
	}
	if (ctx_point(ctx, NULL, &point, &ctx->err))
		return -1;
	found = tree_get(repo_nodes(ctx->repo), &point.tree, &path, &node, &there, &ctx->err);
	if (found <= 0)
		return found;
	document_id(&there, &id);
	if (!oid_equal(&id, &doc->id))
		return 0;
	return conflict_read(repo_nodes(ctx->repo), &point.tree, &path, out, &ctx->err) < 0 ? -1 : 0;
}

/* Each version under a line that says what it is. */
static int print_conflict(struct cmd_context *ctx, const char *path, const struct conflict *c)
{
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		out_json_path(&line.w, path, strlen(path));
		if (conflict_write_json(ctx, &line.w, c, true, &ctx->err)) {
			out_json_drop(&line);
			return ctx_die(ctx, "print '%s'", path);
		}
		return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "print '%s'", path) : EXIT_DONE;
	}
	for (size_t i = 0; i < c->side_count + c->base_count; i++) {
		const struct conflict_term *t = &c->terms[i];
		auto_buf head = BUF_INIT;
		auto_buf data = BUF_INIT;

		buf_add_str(&head, out_colour(ctx, COLOUR_HEADING));
		conflict_append_version(c, i, &head);
		buf_addf(&head, "%s\n", out_colour(ctx, COLOUR_NONE));
		out_buf(&head);
		if (t->term.absent)
			continue;
		if (document_read(ctx->repo, &t->document, &data, &ctx->err))
			return ctx_die(ctx, "print '%s'", path);
		if (!data.len || data.data[data.len - 1] != '\n')
			buf_add_byte(&data, '\n');
		if (print_bytes(ctx, path, &data))
			return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int no_document(struct cmd_context *ctx, const char *path)
{
	error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "no document");
	ctx_fail(ctx, "get '%s'", path);
	hint_document(ctx, path);
	return EXIT_NO;
}

static int get(struct cmd_context *ctx, int argc, char **argv)
{
	const struct get_options *o = ctx->options;
	struct document_view doc;
	auto_buf data = BUF_INIT;
	auto_conflict conflict = CONFLICT_INIT;
	int found;

	if (argc != 1)
		return ctx_usage(ctx, argc ? "one document at a time" : "which document?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	found = read_document(ctx, argv[0], &doc, &data);
	if (!found)
		return no_document(ctx, argv[0]);
	if (found < 0 || buf_check(&data, &ctx->err) || read_conflict(ctx, argv[0], &doc, &conflict))
		return ctx_fail(ctx, "get '%s'", argv[0]);
	if (o->conflicts && conflict.side_count > 1)
		return print_conflict(ctx, argv[0], &conflict);
	if (conflict.side_count > 1)
		ctx_warn(ctx, "'%s' is in conflict: this stands for %zu sides (see 'drift get --conflicts')", argv[0],
			 conflict.side_count);
	if (ctx->common.json)
		return print_json(ctx, argv[0], &doc, &data);
	if (o->stat)
		print_stat(ctx, argv[0], &doc, &data);
	else if (o->pretty && !strcmp(view_kind(doc.form, &data), "json"))
		return print_pretty(ctx, argv[0], &data);
	else
		return print_bytes(ctx, argv[0], &data);
	return EXIT_DONE;
}

const struct command cmd_get = {
	.name = "get",
	.summary = "print a document",
	.usage = usage,
	.run = get,
	COMMAND_OPTIONS(struct get_options, specs),
	.common = COMMON_READER,
};
