#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/git_transfer.h"
#include "cli/output.h"
#include "porcelain/export_output.h"
#include "repo/documents.h"

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING,
	  .long_name = "files",
	  .value = OPTION_AT(struct export_command_options, files),
	  .argument = "DIR",
	  .help = "write documents as files into DIR" },
	{ .kind = OPTION_FLAG,
	  .long_name = "force",
	  .value = OPTION_AT(struct export_command_options, force),
	  .help = "--files: replace files that exist" },
	{ .kind = OPTION_FLAG,
	  .long_name = "skip",
	  .value = OPTION_AT(struct export_command_options, skip),
	  .help = "leave out documents that the format cannot hold, and count them" },
	{ .kind = OPTION_FLAG,
	  .long_name = "wrap",
	  .value = OPTION_AT(struct export_command_options, wrap),
	  .help = "jsonl, json: write objects with path and text, for documents of any kind" },
	{ .kind = OPTION_STRING,
	  .long_name = "columns",
	  .value = OPTION_AT(struct export_command_options, columns),
	  .argument = "A,B,C",
	  .help = "csv: these fields in this order" },
	{ .kind = OPTION_STRING,
	  .long_name = "delimiter",
	  .value = OPTION_AT(struct export_command_options, delimiter),
	  .argument = "D",
	  .help = "csv: the byte between fields, or 'tab'" },
};

static const char *const usage[] = { "drift export jsonl|csv|json [OPTION...] [PREFIX/]",
				     "drift export git [OPTION...] [REVISION...]",
				     "drift export --files DIR [OPTION...] [PREFIX/]", NULL };

static const char *const words[] = { "jsonl", "csv", "json", "git", NULL };

/* ---- reading ---- */

static bool is_own(const struct path *path)
{
	return path->collection_len == strlen(TREE_RESERVED) &&
	       !memcmp(path->collection, TREE_RESERVED, path->collection_len);
}

/* Between inline documents and those that have to be fetched. */
static int read_bytes(struct export_run *run, const struct document *doc, struct buf *bytes)
{
	buf_clear(bytes);
	return document_read(run->ctx->repo, doc, bytes, &run->ctx->err);
}

struct export_cursor {
	int (*each)(void *data, const struct buf *path, const struct document *doc, const struct buf *bytes);
	void *data;
	struct buf path, bytes;
};

static int give_out(struct export_run *run, struct export_cursor *c, const struct path *path,
		    const struct document *doc)
{
	buf_clear(&c->path);
	path_format(path, &c->path);
	if (buf_check(&c->path, &run->ctx->err))
		return -1;
	if ((!run->unread || (doc->mode & EXPORT_MODE_TYPE) == EXPORT_MODE_LINK) && read_bytes(run, doc, &c->bytes))
		return -1;
	if (c->each(c->data, &c->path, doc, &c->bytes))
		return -1;
	run->written++;
	if (!run->unread)
		progress_update(run->progress, run->written);
	return 0;
}

static int walk_all(struct export_run *run, struct export_cursor *c)
{
	struct tree_cursor *cursor;
	struct document doc;
	struct path path;
	int more;

	if (tree_cursor_open(run->view.nodes, &run->view.root, run->prefix.data, run->prefix.len, &cursor,
			     &run->ctx->err))
		return -1;
	while ((more = tree_cursor_next(cursor, &path, &doc, &run->ctx->err)) > 0) {
		if (!run->own && is_own(&path))
			continue;
		if (give_out(run, c, &path, &doc))
			more = -1;
		if (more < 0 || ctx_reader_gone(run->ctx))
			break;
	}
	tree_cursor_free(cursor);
	return more < 0 ? -1 : 0;
}

static int walk_one(struct export_run *run, struct export_cursor *c)
{
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	int found;

	if (path_parse(run->prefix.data, run->prefix.len, &path, &run->ctx->err))
		return -1;
	found = tree_get(run->view.nodes, &run->view.root, &path, &node, &doc, &run->ctx->err);
	return found < 0 ? -1 : found ? give_out(run, c, &path, &doc) : 0;
}

int export_each(struct export_run *run,
		int (*each)(void *data, const struct buf *path, const struct document *doc, const struct buf *bytes),
		void *data)
{
	struct export_cursor c = { .each = each, .data = data, .path = BUF_INIT, .bytes = BUF_INIT };
	int r;

	run->written = run->skipped = 0;
	r = run->one ? walk_one(run, &c) : walk_all(run, &c);
	buf_release(&c.path);
	buf_release(&c.bytes);
	return r;
}

int export_has(struct export_run *run, const char *path, size_t len)
{
	auto_node *node = NULL;
	struct document doc;
	struct path cut;

	if (run->one || len < run->prefix.len || memcmp(path, run->prefix.data, run->prefix.len) != 0)
		return 0;
	path_split(path, len, &cut);
	return !run->own && is_own(&cut) ? 0 : tree_get(run->view.nodes, &run->view.root, &cut, &node, &doc, &run->ctx->err);
}

int export_refuse(struct export_run *run, const struct buf *path, const char *why)
{
	if (run->options->skip) {
		run->skipped++;
		return 0;
	}
	return error_set(&run->ctx->err, DRIFT_ERR_INVALID, "'%s' %s", path->data, why);
}

/* ---- JSON ---- */

struct json_export {
	struct export_run *run;
	bool lines; /* else an array */
	uint64_t count;
	struct buf text;
};

/* The document on one line: as it is if it has one, but for a newline at the end. */
static int on_one_line(const struct buf *bytes, struct buf *out, struct drift_error *err)
{
	const char *data = bytes->data;
	size_t len = bytes->len;
	struct json_doc *doc;
	int r;

	while (len && strchr(" \t\r\n", data[len - 1]))
		len--;
	while (len && strchr(" \t\r\n", *data)) {
		data++;
		len--;
	}
	if (!memchr(data, '\n', len)) {
		buf_add(out, data, len);
		return 0;
	}
	if (json_parse(data, len, &doc, err))
		return -1;
	r = json_compact(json_root(doc), out, err);
	json_doc_free(doc);
	return r;
}

static int wrap(const struct buf *path, const struct document *doc, const struct buf *bytes, struct buf *out,
		struct drift_error *err)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_writer_begin_object(&w);
	out_json_path(&w, path->data, path->len);
	if (doc->mode != DOCUMENT_NO_MODE)
		json_writer_member_uint(&w, "mode", doc->mode);
	if (doc->form == DOCUMENT_GITLINK) {
		json_writer_key(&w, "gitlink");
		json_writer_string(&w, bytes->data, bytes->len);
	} else if (utf8_valid(bytes->data, bytes->len)) {
		json_writer_key(&w, "text");
		json_writer_string(&w, bytes->data, bytes->len);
	} else {
		json_writer_key(&w, "base64");
		json_writer_base64(&w, bytes->data, bytes->len);
	}
	json_writer_end_object(&w);
	return json_writer_finish(&w, err);
}

static int write_json(void *data, const struct buf *path, const struct document *doc, const struct buf *bytes)
{
	struct json_export *e = data;
	struct drift_error *err = &e->run->ctx->err;

	if (!e->run->options->wrap) {
		if (doc->form == DOCUMENT_GITLINK || json_validate(bytes->data, bytes->len, NULL))
			return export_refuse(e->run, path, "is not JSON");
	}
	buf_clear(&e->text);
	if (!e->lines)
		buf_add_str(&e->text, e->count ? ",\n" : "\n");
	if (e->run->options->wrap ? wrap(path, doc, bytes, &e->text, err) :
	    e->lines              ? on_one_line(bytes, &e->text, err) :
				    (buf_add(&e->text, bytes->data, bytes->len), 0))
		return -1;
	if (e->lines)
		buf_add_byte(&e->text, '\n');
	if (buf_check(&e->text, err))
		return -1;
	out_buf(&e->text);
	e->count++;
	return 0;
}

static int export_json(struct export_run *run, bool lines)
{
	struct json_export e = { .run = run, .lines = lines, .text = BUF_INIT };
	int r;

	if (!lines)
		out_bytes("[", 1);
	r = export_each(run, write_json, &e);
	if (!r && !lines)
		out_printf("%s]\n", e.count ? "\n" : "");
	buf_release(&e.text);
	return r;
}

/* ---- the command ---- */

static int write_out(struct export_run *run, const char *format)
{
	if (!format)
		return export_files(run);
	if (!strcmp(format, "csv"))
		return export_csv(run);
	return export_json(run, !strcmp(format, "jsonl"));
}

/* A name without a slash behind it may be that of a document. */
static int find_extent(struct export_run *run, const char *name)
{
	struct cmd_context *ctx = run->ctx;
	size_t len = strlen(name);
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	int found = 0;

	run->own = !strcmp(name, TREE_RESERVED) || !strncmp(name, TREE_RESERVED "/", strlen(TREE_RESERVED) + 1);
	if (view_open(ctx, &run->view, &ctx->err))
		return -1;
	if (len && name[len - 1] != '/' && !path_parse(name, len, &path, NULL))
		found = tree_get(run->view.nodes, &run->view.root, &path, &node, &doc, &ctx->err);
	if (found < 0)
		return -1;
	run->one = found;
	if (found)
		buf_add(&run->prefix, name, len);
	else
		view_prefix(name, &run->prefix);
	return buf_check(&run->prefix, &ctx->err);
}

static int check_usage(struct cmd_context *ctx, const char *format, const struct export_command_options *o)
{
	bool csv = format && !strcmp(format, "csv"), json = format && !csv;

	if (format && strcmp(format, "jsonl") != 0 && strcmp(format, "json") != 0 && !csv)
		return ctx_usage(ctx, "there is no format '%s': jsonl, csv, json and git are known", format);
	if (format && (o->files || o->force))
		return ctx_usage(ctx, "--files and --force write files, not %s", format);
	if (!json && o->wrap)
		return ctx_usage(ctx, "--wrap is for jsonl and json");
	if (!csv && (o->columns || o->delimiter))
		return ctx_usage(ctx, "--columns and --delimiter are for csv");
	return EXIT_DONE;
}

static int export_failed(struct cmd_context *ctx, const char *name, bool found)
{
	/* A point that is not there is an answer, what goes wrong in writing is a failure. */
	if (!found)
		return *name ? ctx_fail(ctx, "export '%s'", name) : ctx_fail(ctx, "export");
	return *name ? ctx_die(ctx, "export '%s'", name) : ctx_die(ctx, "export");
}

static int export_documents(struct cmd_context *ctx, const char *format, const char *name)
{
	struct export_run run = { .ctx = ctx, .options = ctx->options, .view = VIEW_INIT, .prefix = BUF_INIT };
	int code = check_usage(ctx, format, run.options), r;
	bool found;

	if (code)
		return code;
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (!*name)
		ctx_warn_partial(ctx);
	run.progress = ctx_progress(ctx, "exporting documents", PROGRESS_ITEMS, 0);
	found = !find_extent(&run, name);
	r = found ? write_out(&run, format) : -1;
	progress_finish(run.progress);
	if (r)
		code = export_failed(ctx, name, found);
	else if (run.skipped)
		ctx_warn(ctx, "%" PRIu64 " document%s left out", run.skipped, run.skipped == 1 ? " was" : "s were");
	buf_release(&run.prefix);
	view_release(&run.view);
	return code;
}

static int export(struct cmd_context *ctx, int argc, char **argv)
{
	const struct export_command_options *o = ctx->options;
	const char *format;
	int taken = o->files ? 0 : 1;

	if (argc < taken)
		return ctx_usage(ctx, "which format? jsonl, csv, json, git, or --files DIR");
	format = taken ? argv[0] : NULL;
	if (format && !strcmp(format, "git"))
		return ctx_export_git(ctx, argc - 1, argv + 1, NULL);
	if (argc - taken > 1)
		return ctx_usage(ctx, "one prefix at a time");
	return export_documents(ctx, format, argc > taken ? argv[taken] : "");
}

const struct command cmd_export = {
	.name = "export",
	.summary = "write documents out as JSON lines, CSV, JSON, files or for git",
	.usage = usage,
	.run = export,
	COMMAND_OPTIONS(struct export_command_options, specs),
	.common = (COMMON_READER & ~COMMON_JSON) | COMMON_PROGRESS | COMMON_QUIET,
	.words = words,
};
