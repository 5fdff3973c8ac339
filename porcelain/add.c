#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/apply.h"

#define FOLDER_FILES_MAX ((size_t)10000000)

struct add_options {
	const char *prefix;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING, .long_name = "prefix", .value = OPTION_AT(struct add_options, prefix), .argument = "P/",
	  .help = "put this before the names of all documents" },
};

static const char *const usage[] = { "drift add [OPTION...] [--prefix P/] DIR|FILE...", NULL };

/* What is still to be looked at: files and folders, each with the path of its document. */
struct add_item {
	char *file, *path;
};

struct add_run {
	struct cmd_context *ctx;
	struct edits *edits;
	struct add_item *items;
	size_t count, capacity;
	uint64_t added;
	struct progress *progress;
};

static int push(struct add_run *run, const struct buf *file, const struct buf *path)
{
	struct add_item item;

	if (buf_check(file, &run->ctx->err) || buf_check(path, &run->ctx->err))
		return -1;
	if (mem_grow(&run->items, &run->capacity, run->count + 1, sizeof(*run->items)))
		return error_no_memory(&run->ctx->err);
	item.file = mem_dup_str(file->data, file->len);
	item.path = mem_dup_str(path->data, path->len);
	if (!item.file || !item.path) {
		free(item.file);
		free(item.path);
		return error_no_memory(&run->ctx->err);
	}
	run->items[run->count++] = item;
	return 0;
}

static int push_folder(struct add_run *run, const struct add_item *folder)
{
	struct file_names names;
	int failed = 0;

	if (file_list(folder->file, FOLDER_FILES_MAX, &names, &run->ctx->err))
		return -1;
	/* Taken from the end, so that files come in order. */
	for (size_t i = names.count; i-- > 0 && !failed;) {
		auto_buf file = BUF_INIT, path = BUF_INIT;

		if (!strcmp(names.items[i], ".drift"))
			continue;
		file_join(&file, folder->file, names.items[i]);
		buf_addf(&path, "%s%s%s", folder->path,
			 *folder->path && folder->path[strlen(folder->path) - 1] != '/' ? "/" : "", names.items[i]);
		failed = push(run, &file, &path);
	}
	file_names_release(&names);
	return failed;
}

static int add_file(struct add_run *run, const struct add_item *item)
{
	auto_buf data = BUF_INIT;

	if (ctx_read_file(run->ctx, item->file, DOCUMENT_LEN_MAX, &data, &run->ctx->err) ||
	    edits_put(run->edits, item->path, strlen(item->path), data.data, data.len, DOCUMENT_NO_MODE, &run->ctx->err))
		return -1;
	progress_update(run->progress, ++run->added);
	return 0;
}

static int add_item(struct add_run *run, const struct add_item *item)
{
	struct file_info info;

	if (file_look(item->file, &info, &run->ctx->err))
		return -1;
	switch (info.kind) {
	case FILE_REGULAR:
		return add_file(run, item);
	case FILE_DIRECTORY:
		return push_folder(run, item);
	case FILE_ABSENT:
		return error_set(&run->ctx->err, DRIFT_ERR_NOT_FOUND, "there is no such file");
	case FILE_LINK:
	case FILE_OTHER:
		break;
	}
	ctx_warn(run->ctx, "'%s' is left out: it is no regular file", item->file);
	return 0;
}

/* Say which file it was. */
static int add_pending(struct add_run *run)
{
	while (run->count) {
		struct add_item item = run->items[--run->count];
		int code = add_item(run, &item) ? ctx_die(run->ctx, "add '%s'", item.file) : EXIT_DONE;

		free(item.file);
		free(item.path);
		if (code)
			return code;
	}
	return EXIT_DONE;
}

/* A file is called by its own name, what is in a folder by its name from there on. */
static int start(struct add_run *run, const char *name)
{
	const struct add_options *o = run->ctx->options;
	auto_buf file = BUF_INIT, path = BUF_INIT;
	struct file_info info;
	const char *slash;

	buf_add_str(&file, name);
	while (file.len > 1 && file.data[file.len - 1] == '/')
		buf_truncate(&file, file.len - 1);
	if (buf_check(&file, &run->ctx->err) || file_look(file.data, &info, &run->ctx->err))
		return ctx_die(run->ctx, "add '%s'", name);
	buf_add_str(&path, o->prefix ? o->prefix : "");
	slash = strrchr(file.data, '/');
	if (info.kind != FILE_DIRECTORY)
		buf_add_str(&path, slash ? slash + 1 : file.data);
	if (push(run, &file, &path))
		return ctx_die(run->ctx, "add '%s'", name);
	return add_pending(run);
}

static int add(struct cmd_context *ctx, int argc, char **argv)
{
	struct add_run run = { .ctx = ctx };
	auto_buf what = BUF_INIT;
	int code = EXIT_DONE;

	if (!argc)
		return ctx_usage(ctx, "which files?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (edits_new(ctx->repo, &run.edits, &ctx->err))
		return ctx_die(ctx, "add");
	run.progress = ctx_progress(ctx, "adding files", PROGRESS_ITEMS, 0);
	for (int i = 0; i < argc && !code; i++)
		code = start(&run, argv[i]);
	progress_finish(run.progress);
	buf_addf(&what, "add %" PRIu64 " files", run.added);
	if (!code && run.added)
		code = ctx_apply(ctx, run.edits, what.data, what.data);
	while (run.count) {
		free(run.items[--run.count].file);
		free(run.items[run.count].path);
	}
	free(run.items);
	edits_free(run.edits);
	return code;
}

const struct command cmd_add = {
	.name = "add",
	.summary = "stage files as documents",
	.usage = usage,
	.run = add,
	COMMAND_OPTIONS(struct add_options, specs),
	.common = COMMON_WRITER | COMMON_PROGRESS,
	.writes = true,
};
