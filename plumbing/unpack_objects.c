#include "plumbing/plumbing.h"

#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "plumbing/stream_files.h"
#include "sync/receive.h"

static const char *const usage[] = { "drift unpack-objects [--json] [-q]", NULL };

static int print_object(struct cmd_context *ctx, const struct received_object *object)
{
	char hex[OID_HEX_LEN + 1];
	struct json_line line;

	if (!ctx->common.json) {
		out_printf("%s %s\n", object_kind_name(object->kind), oid_to_hex(&object->object.id, hex));
		return 0;
	}
	out_json_begin(&line);
	json_writer_member_str(&line.w, "type", object_kind_name(object->kind));
	out_json_id(&line.w, "id", &object->object.id);
	return out_json_end(&line, &ctx->err);
}

static int report(struct cmd_context *ctx, const struct received *r)
{
	size_t count;
	const struct received_object *objects = received_objects(r, &count);

	for (size_t i = 0; i < count && !ctx->common.quiet; i++)
		if (print_object(ctx, &objects[i]))
			return -1;
	return 0;
}

static int unpack_objects(struct cmd_context *ctx, int argc, char **argv)
{
	struct stream_bar bar;
	const struct sync_receive_options options = { .progress = &bar.progress };
	int fd = 0, failed;
	const struct sync_source source = stream_from_file(&fd);
	auto_received *r = NULL;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "the stream comes on standard input");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	stream_bar_start(&bar, ctx, "unpacking");
	failed = sync_receive(ctx->repo, &source, &options, &r, &ctx->err);
	stream_bar_finish(&bar);
	/* It may read what the batch tells as waiting, so it is printed when that is stored. */
	if (failed || plumbing_store(ctx, received_batch(r), &ctx->err) || report(ctx, r))
		return ctx_die(ctx, "unpack");
	return EXIT_DONE;
}

const struct command cmd_unpack_objects = {
	.name = "unpack-objects",
	.task = "unpack",
	.summary = "store what a data stream has",
	.usage = usage,
	.run = unpack_objects,
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
