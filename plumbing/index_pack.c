#include "plumbing/plumbing.h"

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/output.h"
#include "plumbing/stream_files.h"
#include "sync/stream_list.h"

static const char *const usage[] = { "drift index-pack [--json] [-q] FILE|-", NULL };

static void print_id(const char *what, const struct oid *id)
{
	char hex[OID_HEX_LEN + 1];

	out_printf("%s %s\n", what, oid_to_hex(id, hex));
}

static void print_lines(const struct stream_listing *l)
{
	for (size_t i = 0; i < l->prerequisite_count; i++)
		print_id("prerequisite", &l->prerequisites[i]);
	for (size_t i = 0; i < l->object_count; i++)
		print_id(object_kind_name(l->objects[i].kind), &l->objects[i].id);
	out_printf("commits %" PRIu64 "\nchanges %" PRIu64 "\ntags %" PRIu64 "\nbytes %" PRIu64 "\n", l->counts.commit_count,
		   l->counts.change_count, l->counts.tag_count, l->counts.stream_len);
}

static int print_json(const struct stream_listing *l, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	struct json_line line;

	out_json_begin(&line);
	json_writer_key(&line.w, "prerequisites");
	json_writer_begin_array(&line.w);
	for (size_t i = 0; i < l->prerequisite_count; i++)
		json_writer_str(&line.w, oid_to_hex(&l->prerequisites[i], hex));
	json_writer_end_array(&line.w);
	json_writer_key(&line.w, "objects");
	json_writer_begin_array(&line.w);
	for (size_t i = 0; i < l->object_count; i++) {
		json_writer_begin_object(&line.w);
		json_writer_member_str(&line.w, "type", object_kind_name(l->objects[i].kind));
		out_json_id(&line.w, "id", &l->objects[i].id);
		json_writer_end_object(&line.w);
	}
	json_writer_end_array(&line.w);
	json_writer_member_uint(&line.w, "commits", l->counts.commit_count);
	json_writer_member_uint(&line.w, "changes", l->counts.change_count);
	json_writer_member_uint(&line.w, "tags", l->counts.tag_count);
	json_writer_member_uint(&line.w, "bytes", l->counts.stream_len);
	return out_json_end(&line, err);
}

static int list(struct cmd_context *ctx, int *fd, struct stream_listing *listing)
{
	const struct sync_source source = stream_from_file(fd);
	struct stream_bar bar;
	int failed;

	stream_bar_start(&bar, ctx, "reading");
	failed = stream_list(&source, &bar.progress, listing, &ctx->err);
	stream_bar_finish(&bar);
	return failed;
}

static int index_pack(struct cmd_context *ctx, int argc, char **argv)
{
	auto_stream_listing listing = { .object_count = 0 };
	auto_close int opened = -1;
	int fd = 0;

	if (argc != 1)
		return ctx_usage(ctx, "which file?");
	if (strcmp(argv[0], "-") != 0) {
		if (file_open_read_user(argv[0], &opened, &ctx->err))
			return ctx_die(ctx, "read '%s'", argv[0]);
		fd = opened;
	}
	if (list(ctx, &fd, &listing))
		return ctx_die(ctx, "read '%s'", argv[0]);
	if (ctx->common.quiet)
		return EXIT_DONE;
	if (ctx->common.json)
		return print_json(&listing, &ctx->err) ? ctx_die(ctx, "list '%s'", argv[0]) : EXIT_DONE;
	print_lines(&listing);
	return EXIT_DONE;
}

const struct command cmd_index_pack = {
	.name = "index-pack",
	.summary = "check a data stream and list what it has",
	.usage = usage,
	.run = index_pack,
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS,
	.group = COMMAND_PLUMBING,
};
