#include "plumbing/plumbing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/input_lines.h"
#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "plumbing/ref_list.h"
#include "plumbing/stream_files.h"
#include "sync/send.h"

struct pack_objects_options {
	bool all;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .long_name = "all",
	  .value = OPTION_AT(struct pack_objects_options, all),
	  .help = "all refs, besides what is on standard input" },
};

static const char *const usage[] = { "drift pack-objects [--all] [-q]", NULL };

struct ids {
	struct oid *items;
	size_t count, capacity;
};

struct packing {
	struct cmd_context *ctx;
	struct ids wants, haves;
};

static int add_id(struct ids *ids, const struct oid *id, struct drift_error *err)
{
	if (mem_grow(&ids->items, &ids->capacity, ids->count + 1, sizeof(*ids->items)))
		return error_no_memory(err);
	ids->items[ids->count++] = *id;
	return 0;
}

/* A commit, or the tag that a name holds. */
static int add_name(struct packing *p, struct ids *ids, const char *text, size_t len)
{
	auto_object_name name = OBJECT_NAME_INIT;
	struct drift_error *err = &p->ctx->err;

	if (point_object(p->ctx->repo, len ? text : "HEAD", len ? len : 4, ctx_branch_name(p->ctx), &name, err))
		return -1;
	if (name.kind != OBJECT_COMMIT && name.kind != OBJECT_TAG)
		return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is a %s, neither commit nor tag", (int)len, text,
				 object_kind_name(name.kind));
	return add_id(ids, &name.id, err);
}

static int add_line(struct packing *p, const struct text *line)
{
	const char *dots = strstr(line->data, "..");

	if (line->len && line->data[0] == '^')
		return add_name(p, &p->haves, line->data + 1, line->len - 1);
	if (!dots)
		return add_name(p, &p->wants, line->data, line->len);
	if (dots[2] == '.')
		return error_set(&p->ctx->err, DRIFT_ERR_INVALID, "'%s': a range has two dots here", line->data);
	return add_name(p, &p->haves, line->data, (size_t)(dots - line->data)) ||
			       add_name(p, &p->wants, dots + 2, line->len - 2 - (size_t)(dots - line->data)) ?
		       -1 :
		       0;
}

static int add_input(struct packing *p)
{
	auto_input_lines in;
	struct text line;
	enum input_result r;

	input_lines_init(&in, 0, '\n');
	while ((r = input_lines_next(&in, true, &line, &p->ctx->err)) == INPUT_LINE)
		if (line.len && add_line(p, &line))
			return -1;
	return r == INPUT_END ? 0 : -1;
}

static int add_all(struct packing *p)
{
	auto_ref_list list = REF_LIST_INIT(p->ctx);

	if (ref_list_add(&list, "refs/", &p->ctx->err))
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (add_id(&p->wants, &list.items[i].object.id, &p->ctx->err))
			return -1;
	return 0;
}

static int send_stream(struct packing *p)
{
	const struct sync_sink sink = stream_to_output();
	struct stream_bar bar;
	struct sync_send_options options = { .wants = p->wants.items, .want_count = p->wants.count,
					     .haves = p->haves.items, .have_count = p->haves.count,
					     .progress = &bar.progress };
	int failed;

	stream_bar_start(&bar, p->ctx, "packing");
	failed = sync_send(p->ctx->repo, &options, &sink, NULL, &p->ctx->err);
	stream_bar_finish(&bar);
	return failed;
}

static int pack_objects(struct cmd_context *ctx, int argc, char **argv)
{
	const struct pack_objects_options *o = ctx->options;
	struct packing p = { .ctx = ctx };
	int failed;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "commits and ranges come on standard input");
	if (ctx->terminal)
		return ctx_usage(ctx, "a stream is nothing for a terminal: send it to a file or a pipe");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	failed = ctx_branch(ctx, &ctx->err) < 0 || (o->all && add_all(&p)) || add_input(&p) || send_stream(&p);
	free(p.wants.items);
	free(p.haves.items);
	return failed ? ctx_fail(ctx, "pack") : EXIT_DONE;
}

const struct command cmd_pack_objects = {
	.name = "pack-objects",
	.task = "pack",
	.summary = "write commits and tags as a data stream",
	.usage = usage,
	.run = pack_objects,
	COMMAND_OPTIONS(struct pack_objects_options, specs),
	.common = COMMON_QUIET | COMMON_BRANCH | COMMON_PROGRESS,
	.group = COMMAND_PLUMBING,
};
