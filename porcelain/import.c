#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/apply.h"
#include "cli/git_transfer.h"
#include "cli/output.h"
#include "cli/view.h"
#include "repo/import.h"

#define DEFAULT_KEY "id"
#define SCHEMA_KEY "primary_key"

struct import_command_options {
	const char *collection, *key, *prefix, *delimiter;
	bool skip_bad, wrapped, replace, types;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING,
	  .long_name = "collection",
	  .value = OPTION_AT(struct import_command_options, collection),
	  .argument = "C",
	  .help = "the collection; otherwise the file's name without its ending" },
	{ .kind = OPTION_STRING,
	  .long_name = "key",
	  .value = OPTION_AT(struct import_command_options, key),
	  .argument = "FIELD",
	  .help = "the field that is the key, or a JSON pointer to it" },
	{ .kind = OPTION_STRING,
	  .long_name = "prefix",
	  .value = OPTION_AT(struct import_command_options, prefix),
	  .argument = "P",
	  .help = "put this before all keys" },
	{ .kind = OPTION_FLAG,
	  .long_name = "replace",
	  .value = OPTION_AT(struct import_command_options, replace),
	  .help = "remove what the collection holds besides" },
	{ .kind = OPTION_FLAG,
	  .long_name = "skip-bad",
	  .value = OPTION_AT(struct import_command_options, skip_bad),
	  .help = "leave bad lines out and count them" },
	{ .kind = OPTION_FLAG,
	  .long_name = "wrapped",
	  .value = OPTION_AT(struct import_command_options, wrapped),
	  .help = "take what 'export --wrap' wrote" },
	{ .kind = OPTION_FLAG,
	  .long_name = "types",
	  .value = OPTION_AT(struct import_command_options, types),
	  .help = "csv: make numbers, true, false and null of fields without quotes" },
	{ .kind = OPTION_STRING,
	  .long_name = "delimiter",
	  .value = OPTION_AT(struct import_command_options, delimiter),
	  .argument = "D",
	  .help = "csv: the byte between fields, or 'tab'" },
};

static const char *const usage[] = { "drift import jsonl|csv|json [OPTION...] [FILE|-]",
				     "drift import git [OPTION...] [FILE|-]", NULL };

static const char *const words[] = { "jsonl", "csv", "json", "git", NULL };

struct import_run {
	struct cmd_context *ctx;
	const char *file; /* "-": standard input */
	int fd;
	struct import_options options;
	struct buf collection, key;
	struct progress *progress;
};

static void report_bad(void *data, const char *sentence)
{
	struct import_run *run = data;

	ctx_warn(run->ctx, "left out %s", sentence);
}

static void report_progress(void *data, uint64_t document_count, uint64_t input_len)
{
	struct import_run *run = data;

	(void)document_count;
	progress_update(run->progress, input_len);
}

static int open_file(struct import_run *run)
{
	struct cmd_context *ctx = run->ctx;
	struct file_info info = { .kind = FILE_OTHER };

	if (strcmp(run->file, "-") != 0 && file_open_read_user(run->file, &run->fd, &ctx->err))
		return ctx_die(ctx, "import '%s'", run->file);
	run->options.fd = run->fd < 0 ? 0 : run->fd;
	if (run->fd >= 0 && file_info(run->fd, &info, &ctx->err))
		return ctx_die(ctx, "import '%s'", run->file);
	run->progress = ctx_progress(ctx, "importing", PROGRESS_BYTES, info.kind == FILE_REGULAR ? info.size : 0);
	return EXIT_DONE;
}

/* "data/users.jsonl" is "users". */
static int find_collection(struct import_run *run, const struct import_command_options *o)
{
	const char *name = strrchr(run->file, '/'), *dot;

	name = name ? name + 1 : run->file;
	dot = strrchr(name, '.');
	if (o->wrapped) {
		if (o->collection || o->key || o->replace)
			return ctx_usage(run->ctx,
					 "wrapped documents have their paths: no --collection, --key, --replace");
	} else if (o->collection) {
		buf_add_str(&run->collection, o->collection);
		if (!*o->collection && o->replace)
			return ctx_usage(run->ctx, "--replace needs a collection");
	} else {
		if (!strcmp(run->file, "-"))
			return ctx_usage(run->ctx, "which collection? give --collection");
		buf_add(&run->collection, name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
	}
	run->options.collection = run->collection.data;
	if (buf_check(&run->collection, &run->ctx->err))
		return ctx_die(run->ctx, "import '%s'", run->file);
	if (run->collection.len && collection_check(run->collection.data, run->collection.len, &run->ctx->err))
		return ctx_die(run->ctx, "import into '%s'", run->collection.data);
	if (strcmp(run->collection.data, TREE_RESERVED) != 0)
		return EXIT_DONE;
	error_set(&run->ctx->err, DRIFT_ERR_INVALID, "the collection is drift's own");
	return ctx_die(run->ctx, "import into '%s'", TREE_RESERVED);
}

/* What the schema calls the primary key, else "id". */
static int find_key(struct import_run *run, const struct import_command_options *o)
{
	struct cmd_context *ctx = run->ctx;
	auto_buf path = BUF_INIT, schema = BUF_INIT;
	const struct json_value *field;
	struct document_view document;
	struct json_doc *doc;
	const char *text;
	size_t len;
	int found;

	run->options.key = o->key ? o->key : DEFAULT_KEY;
	if (o->key || !run->collection.len)
		return EXIT_DONE;
	buf_addf(&path, "%s/%s%s", TREE_RESERVED, TREE_SCHEMA_PREFIX, run->collection.data);
	found = buf_check(&path, &ctx->err) ? -1 :
					      view_document(ctx, path.data, path.len, &document, &schema, &ctx->err);
	if (found < 0)
		return ctx_die(ctx, "read the schema of '%s'", run->collection.data);
	if (!found || json_parse(schema.data, schema.len, &doc, NULL))
		return EXIT_DONE;
	field = json_get(json_root(doc), SCHEMA_KEY);
	if (field && json_kind(field) == JSON_STRING) {
		text = json_text(field, &len);
		buf_add(&run->key, text, len);
		run->options.key = run->key.data;
	}
	json_doc_free(doc);
	return buf_check(&run->key, &ctx->err) ? ctx_die(ctx, "read the schema") : EXIT_DONE;
}

static int find_delimiter(struct import_run *run, const struct import_command_options *o)
{
	const char *d = o->delimiter;

	if (!d)
		return EXIT_DONE;
	if (!strcmp(d, "tab") || !strcmp(d, "\\t"))
		d = "\t";
	if (strlen(d) != 1 || strchr("\"\r\n", *d))
		return ctx_usage(run->ctx, "a delimiter is one byte, and neither a quote nor an end of line");
	run->options.delimiter = *d;
	return EXIT_DONE;
}

static int prepare(struct import_run *run)
{
	const struct import_command_options *o = run->ctx->options;
	const char *temp = getenv("TMPDIR");
	int code;

	if (run->options.format != IMPORT_CSV && (o->types || o->delimiter))
		return ctx_usage(run->ctx, "--types and --delimiter are for csv");
	if (run->options.format == IMPORT_CSV && o->wrapped)
		return ctx_usage(run->ctx, "--wrapped is for jsonl and json");
	run->options.prefix = o->prefix;
	run->options.wrapped = o->wrapped;
	run->options.skip_bad = o->skip_bad;
	run->options.replace = o->replace;
	run->options.types = o->types;
	run->options.temp_dir = temp && *temp ? temp : NULL;
	run->options.bad = report_bad;
	run->options.progress = report_progress;
	run->options.data = run;
	code = find_delimiter(run, o);
	if (!code)
		code = find_collection(run, o);
	if (!code && !ctx_repo(run->ctx))
		code = EXIT_FAILED;
	if (!code)
		code = find_key(run, o);
	return code;
}

static int report_json(struct cmd_context *ctx, const struct import_result *result)
{
	struct json_line line;

	out_json_begin(&line);
	json_writer_member_uint(&line.w, "imported", result->imported);
	json_writer_member_uint(&line.w, "skipped", result->skipped);
	if (ctx_has_message(ctx)) {
		json_writer_member_uint(&line.w, "changed", result->commit.changed_count);
		out_json_id(&line.w, "id", &result->commit.id);
		json_writer_member_uint(&line.w, "seq", result->commit.seq);
	}
	return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "print what was imported") : EXIT_DONE;
}

static int failed(struct import_run *run)
{
	const struct import_command_options *o = run->ctx->options;
	bool bad_line = run->ctx->err.code == DRIFT_ERR_INVALID && !strncmp(run->ctx->err.message, "line ", 5);
	int code = ctx_fail(run->ctx, "import '%s'", run->file);

	if (bad_line && !o->skip_bad)
		ctx_hint(
			run->ctx,
			"nothing was imported; --skip-bad leaves bad lines out, --key names the field that is the key");
	return code;
}

static int store(struct import_run *run)
{
	struct cmd_context *ctx = run->ctx;
	struct import_result result;
	struct commit_options options;
	const struct commit_report report = { .options = &options, .result = &result.commit };
	bool commit = ctx_has_message(ctx);
	int r;

	if (!commit && (ctx->common.expect || ctx->common.date))
		return ctx_usage(ctx, "--expect and --date are for a commit: give a message with -m");
	if (commit ? ctx_commit_options(ctx, &options, &ctx->err) :
		     ctx_branch(ctx, &ctx->err) < 0 || ctx_author(ctx, &run->options.actor, &ctx->err))
		return ctx_fail(ctx, "import '%s'", run->file);
	run->options.branch = ctx_branch_name(ctx);
	r = commit ? import_commit(ctx->repo, &run->options, &options, &result, &ctx->err) :
		     import_stage(ctx->repo, &run->options, &result, &ctx->err);
	progress_finish(run->progress);
	run->progress = NULL;
	if (r)
		return failed(run);
	if (result.skipped)
		ctx_warn(ctx, "%" PRIu64 " bad line%s left out", result.skipped,
			 result.skipped == 1 ? " was" : "s were");
	if (ctx->common.json)
		return report_json(ctx, &result);
	return commit ? ctx_report_commit(ctx, &report) : EXIT_DONE;
}

static int import_documents(struct cmd_context *ctx, enum import_format format, const char *file)
{
	struct import_run run = { .ctx = ctx,
				  .file = file,
				  .fd = -1,
				  .options = { .format = format },
				  .collection = BUF_INIT,
				  .key = BUF_INIT };
	int code = prepare(&run);

	if (!code)
		code = open_file(&run);
	if (!code)
		code = store(&run);
	progress_finish(run.progress);
	mem_cleanup_close(&run.fd);
	buf_release(&run.collection);
	buf_release(&run.key);
	return code;
}

static int import(struct cmd_context *ctx, int argc, char **argv)
{
	const char *file = argc > 1 ? argv[1] : "-";

	if (!argc)
		return ctx_usage(ctx, "which format?");
	if (argc > 2)
		return ctx_usage(ctx, "one file at a time");
	if (!strcmp(argv[0], "jsonl"))
		return import_documents(ctx, IMPORT_JSONL, file);
	if (!strcmp(argv[0], "json"))
		return import_documents(ctx, IMPORT_JSON, file);
	if (!strcmp(argv[0], "csv"))
		return import_documents(ctx, IMPORT_CSV, file);
	if (!strcmp(argv[0], "git"))
		return ctx_import_git(ctx, file, NULL);
	return ctx_usage(ctx, "there is no format '%s': jsonl, csv, json and git are known", argv[0]);
}

const struct command cmd_import = {
	.name = "import",
	.summary = "take in documents from JSON lines, CSV, JSON or git",
	.usage = usage,
	.run = import,
	COMMAND_OPTIONS(struct import_command_options, specs),
	.common = COMMON_WRITER | COMMON_PROGRESS,
	.writes = true,
	.words = words,
};
