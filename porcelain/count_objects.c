#include "porcelain/porcelain.h"

#include <inttypes.h>

#include "cli/output.h"
#include "cli/size_text.h"

struct count_options {
	bool verbose, human;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'v', .long_name = "verbose", .value = OPTION_AT(struct count_options, verbose),
	  .help = "by kind, and what they take" },
	{ .kind = OPTION_FLAG, .short_name = 'H', .long_name = "human-readable",
	  .value = OPTION_AT(struct count_options, human), .help = "sizes in KiB, MiB, ..." },
};

static const char *const usage[] = { "drift count-objects [-v] [-H] [--json]", NULL };

/* What is counted, by the names that scripts know. */
struct figure {
	const char *name;
	uint64_t value;
	bool is_size;
};

static uint64_t sum_objects(const struct odb_stats *s)
{
	uint64_t sum = 0;

	for (int kind = OBJECT_BLOB; kind <= OBJECT_TAG; kind++)
		sum += s->object_count[kind];
	return sum;
}

static void append_size(struct buf *out, uint64_t bytes, bool human)
{
	if (human)
		size_append(out, bytes);
	else
		buf_addf(out, "%" PRIu64, bytes);
}

static int print_json(const struct figure *figures, size_t count, struct drift_error *err)
{
	struct json_line line;

	out_json_begin(&line);
	for (size_t i = 0; i < count; i++)
		json_writer_member_uint(&line.w, figures[i].name, figures[i].value);
	return out_json_end(&line, err);
}

static int print_all(struct cmd_context *ctx, const struct odb_stats *s)
{
	const struct count_options *o = ctx->options;
	const struct figure figures[] = {
		{ "objects", sum_objects(s), false },
		{ "blobs", s->object_count[OBJECT_BLOB], false },
		{ "trees", s->object_count[OBJECT_TREE], false },
		{ "commits", s->object_count[OBJECT_COMMIT], false },
		{ "tags", s->object_count[OBJECT_TAG], false },
		{ "deltas", s->delta_count, false },
		{ "delta_depth_max", s->delta_depth_max, false },
		{ "journals", s->file_count, false },
		{ "journal_bytes", s->used_bytes, true },
		{ "journal_disk_bytes", s->file_bytes, true },
		{ "packs", s->pack_count, false },
		{ "pack_bytes", s->pack_bytes, true },
		{ "pack_index_bytes", s->pack_index_bytes, true },
		{ "index_entries", s->index_entries, false },
		{ "index_bytes", s->index_bytes, true },
	};
	auto_buf out = BUF_INIT;

	if (ctx->common.json)
		return print_json(figures, ARRAY_SIZE(figures), &ctx->err);
	if (!o->verbose) {
		buf_addf(&out, "%" PRIu64 " objects, ", figures[0].value);
		append_size(&out, s->used_bytes + s->pack_bytes, o->human);
		buf_add_str(&out, o->human ? "\n" : " bytes\n");
	}
	for (size_t i = 0; o->verbose && i < ARRAY_SIZE(figures); i++) {
		buf_addf(&out, "%s: ", figures[i].name);
		append_size(&out, figures[i].value, o->human && figures[i].is_size);
		buf_add_byte(&out, '\n');
	}
	out_buf(&out);
	return 0;
}

static int count_objects(struct cmd_context *ctx, int argc, char **argv)
{
	struct odb_stats s;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (odb_stats(repo_odb(ctx->repo), true, &s, &ctx->err) || print_all(ctx, &s))
		return ctx_die(ctx, "count the objects");
	return EXIT_DONE;
}

const struct command cmd_count_objects = {
	.name = "count-objects",
	.task = "count the objects",
	.summary = "how many objects are stored, and in how many bytes",
	.usage = usage,
	.run = count_objects,
	COMMAND_OPTIONS(struct count_options, specs),
	.common = COMMON_JSON | COMMON_CACHE,
};
