#include "plumbing/update_ref.h"

#include <string.h>

#include "plumbing/plumbing.h"

struct update_ref_options {
	bool delete, no_deref, from_stdin;
	const char *reason;
};

#define AT(field) OPTION_AT(struct update_ref_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'd', .value = AT(delete), .help = "delete the ref" },
	{ .kind = OPTION_FLAG,
	  .long_name = "no-deref",
	  .value = AT(no_deref),
	  .help = "change a symbolic ref itself, not what it names" },
	{ .kind = OPTION_FLAG,
	  .long_name = "stdin",
	  .value = AT(from_stdin),
	  .help = "instructions on standard input, all or none" },
	{ .kind = OPTION_STRING,
	  .short_name = 'm',
	  .value = AT(reason),
	  .argument = "REASON",
	  .help = "what the reflog says" },
};

static const char *const usage[] = {
	"drift update-ref [-m REASON] [--no-deref] REF NEW [OLD]",
	"drift update-ref [-m REASON] [--no-deref] -d REF [OLD]",
	"drift update-ref [-m REASON] [--no-deref] --stdin [-z]",
	NULL,
};

static int fill_edit(struct object_reader *reader, struct ref_edit *edit, const char *new, const char *old)
{
	struct drift_error *err = &reader->ctx->err;

	if (new &&ref_id_parse(reader, new, &edit->new, err))
		return -1;
	edit->kind = new && !oid_is_zero(&edit->new) ? REF_OBJECT : REF_ABSENT;
	if (!old || !*old)
		return 0;
	if (ref_id_parse(reader, old, &edit->old, err))
		return -1;
	edit->expect = oid_is_zero(&edit->old) ? REF_EXPECT_ABSENT : REF_EXPECT_OBJECT;
	return 0;
}

static int update_one(struct object_reader *reader, struct ref_edits *edits, int argc, char **argv)
{
	struct cmd_context *ctx = reader->ctx;
	const struct update_ref_options *o = ctx->options;
	const char *name = argv[0], *new = o->delete ? NULL : argv[1], *old = NULL;
	struct ref_edit *edit;

	if (argc > (o->delete ? 1 : 2))
		old = argv[argc - 1];
	edit = ref_edits_add(edits, name, strlen(name), &ctx->err);
	if (edit) {
		edit->no_deref = o->no_deref;
		if (!fill_edit(reader, edit, new, old) && !ref_edits_apply(edits, &ctx->err))
			return EXIT_DONE;
	}
	return ctx_fail(ctx, "%s '%s'", o->delete ? "delete" : "update", name);
}

static int update_ref(struct cmd_context *ctx, int argc, char **argv)
{
	const struct update_ref_options *o = ctx->options;
	struct ref_edits edits = { .ctx = ctx, .reason = o->reason ? o->reason : "update-ref" };
	auto_object_reader reader = OBJECT_READER_INIT(ctx);
	int code;

	if (o->from_stdin && (argc || o->delete))
		return ctx_usage(ctx, "--stdin goes with neither -d nor arguments");
	if (!o->from_stdin && (argc < (o->delete ? 1 : 2) || argc > (o->delete ? 2 : 3)))
		return ctx_usage(ctx, o->delete ? "-d takes a ref and perhaps its old value" :
						  "it takes a ref, its new and perhaps its old value");
	if (ctx->common.nul && !o->from_stdin)
		return ctx_usage(ctx, "-z goes with --stdin");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	code = o->from_stdin ? update_ref_stream(&reader, &edits, o->no_deref) :
			       update_one(&reader, &edits, argc, argv);
	ref_edits_release(&edits);
	return code;
}

const struct command cmd_update_ref = {
	.name = "update-ref",
	.summary = "move, create and delete refs, all or none",
	.usage = usage,
	.run = update_ref,
	COMMAND_OPTIONS(struct update_ref_options, specs),
	.common = COMMON_NUL | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
