#include "plumbing/cat_file.h"

#include <string.h>

#include "plumbing/plumbing.h"
#include "plumbing/tree_lines.h"

struct cat_file_options {
	bool type, size, pretty, exists;
	const char *batch, *batch_check;
};

#define AT(field) OPTION_AT(struct cat_file_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 't', .value = AT(type), .help = "print the object's type" },
	{ .kind = OPTION_FLAG, .short_name = 's', .value = AT(size), .help = "print its size in bytes" },
	{ .kind = OPTION_FLAG, .short_name = 'p', .value = AT(pretty), .help = "print it, a tree as ls-tree does" },
	{ .kind = OPTION_FLAG, .short_name = 'e', .value = AT(exists), .help = "say by the exit code if it is there" },
	{ .kind = OPTION_STRING,
	  .long_name = "batch",
	  .value = AT(batch),
	  .argument = "FORMAT",
	  .argument_optional = true,
	  .help = "answer the names on standard input, with contents" },
	{ .kind = OPTION_STRING,
	  .long_name = "batch-check",
	  .value = AT(batch_check),
	  .argument = "FORMAT",
	  .argument_optional = true,
	  .help = "the same without contents" },
};

static const char *const usage[] = {
	"drift cat-file (-t|-s|-p|-e) OBJECT",
	"drift cat-file TYPE OBJECT",
	"drift cat-file (--batch|--batch-check)[=FORMAT] [-z]",
	NULL,
};

static int print_bytes(struct object_reader *reader, const struct object_name *name, bool size_only)
{
	auto_buf bytes = BUF_INIT;

	if (object_reader_bytes(reader, name, &bytes, &reader->ctx->err))
		return -1;
	if (size_only)
		out_printf("%zu\n", bytes.len);
	else
		out_buf(&bytes);
	return 0;
}

static int print_pretty(struct object_reader *reader, const struct object_name *name)
{
	struct cmd_context *ctx = reader->ctx;
	const struct tree_root root = { .id = name->id, .loc = name->loc };
	const struct tree_lines lines = { .ctx = ctx };
	auto_node *node = NULL;

	if (name->kind != OBJECT_TREE)
		return print_bytes(reader, name, false);
	if (odb_node(repo_odb(ctx->repo), &name->id, name->loc, &node, &ctx->err))
		return -1;
	if (node->kind == MAP_ROOT)
		return tree_lines_print(&lines, &root, "", &ctx->err);
	if (node->kind == MAP_DOCUMENTS)
		return tree_lines_print_map(&lines, &root, &ctx->err);
	return error_set(&ctx->err, DRIFT_ERR_UNSUPPORTED, "it is a node of a map that is no part of a commit");
}

static int print_object(struct cmd_context *ctx, const char *text)
{
	const struct cat_file_options *o = ctx->options;
	auto_object_reader reader = OBJECT_READER_INIT(ctx);
	auto_object_name name = OBJECT_NAME_INIT;
	int failed = object_reader_find(&reader, text, strlen(text), &name, &ctx->err);

	if (o->exists)
		return failed && ctx->err.code == DRIFT_ERR_NOT_FOUND ? EXIT_NO :
		       failed                                         ? ctx_fail(ctx, "look for '%s'", text) :
									EXIT_DONE;
	if (failed)
		return ctx_fail(ctx, "read '%s'", text);
	if (o->type)
		out_printf("%s\n", object_kind_name(name.kind));
	else if (o->size ? print_bytes(&reader, &name, true) : print_pretty(&reader, &name))
		return ctx_die(ctx, "read '%s'", text);
	return EXIT_DONE;
}

/* The bytes of what text leads to, if that is of the type asked for. */
static int print_typed(struct cmd_context *ctx, const char *type, const char *text)
{
	auto_object_reader reader = OBJECT_READER_INIT(ctx);
	auto_object_name name = OBJECT_NAME_INIT;
	auto_buf peeled = BUF_INIT;
	enum object_kind kind;

	if (object_kind_from_name(type, &kind, &ctx->err))
		return ctx_usage(ctx, "%s", ctx->err.message);
	if (object_reader_find(&reader, text, strlen(text), &name, &ctx->err))
		return ctx_fail(ctx, "read '%s'", text);
	if (name.kind != kind && (kind == OBJECT_TREE || kind == OBJECT_COMMIT)) {
		object_name_release(&name);
		buf_addf(&peeled, "%s^{%s}", text, type);
		if (buf_check(&peeled, &ctx->err) ||
		    object_reader_find(&reader, peeled.data, peeled.len, &name, &ctx->err))
			return ctx_die(ctx, "read '%s'", text);
	}
	if (name.kind != kind) {
		error_set(&ctx->err, DRIFT_ERR_INVALID, "it is a %s, not a %s", object_kind_name(name.kind), type);
		return ctx_die(ctx, "read '%s'", text);
	}
	return print_bytes(&reader, &name, false) ? ctx_die(ctx, "read '%s'", text) : EXIT_DONE;
}

static int answer_all(struct cmd_context *ctx)
{
	const struct cat_file_options *o = ctx->options;
	const char *format = o->batch ? o->batch : o->batch_check;
	auto_object_reader reader = OBJECT_READER_INIT(ctx);

	if (!*format)
		format = CAT_FILE_FORMAT;
	if (cat_file_check_format(format, &ctx->err))
		return ctx_usage(ctx, "%s", ctx->err.message);
	return ctx_repo(ctx) ? cat_file_batch(&reader, format, o->batch != NULL) : EXIT_FAILED;
}

static int cat_file(struct cmd_context *ctx, int argc, char **argv)
{
	const struct cat_file_options *o = ctx->options;
	int single = o->type + o->size + o->pretty + o->exists;
	int modes = single + (o->batch != NULL) + (o->batch_check != NULL);

	if (modes > 1)
		return ctx_usage(ctx, "-t, -s, -p, -e, --batch and --batch-check exclude each other");
	if (modes && !single)
		return argc ? ctx_usage(ctx, "the names come on standard input") : answer_all(ctx);
	if (argc != (single ? 1 : 2))
		return ctx_usage(ctx,
				 single ? "one object at a time" : "say what: -t, -s, -p, -e or TYPE, and an object");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	return single ? print_object(ctx, argv[0]) : print_typed(ctx, argv[0], argv[1]);
}

const struct command cmd_cat_file = {
	.name = "cat-file",
	.summary = "print an object, or what it is",
	.usage = usage,
	.run = cat_file,
	COMMAND_OPTIONS(struct cat_file_options, specs),
	.common = COMMON_NUL | COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
};
