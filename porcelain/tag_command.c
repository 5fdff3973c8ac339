#include "porcelain/porcelain.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/ref_move.h"
#include "refs/refname.h"

struct tag_options {
	bool delete;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'd', .long_name = "delete", .value = OPTION_AT(struct tag_options, delete),
	  .help = "delete tags" },
};

static const char *const usage[] = {
	"drift tag [--json]",
	"drift tag [-m MSG] [--author WHO] [--date D] NAME [POINT]",
	"drift tag -d NAME...",
	NULL,
};

static int print_tag(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct cmd_context *ctx = data;
	const char *shown = refname_short(name);
	auto_commit *c = NULL;
	auto_buf b = BUF_INIT;
	struct json_line line;

	if (!ctx->common.json) {
		out_append_text(ctx, &b, shown, strlen(shown), false);
		buf_add_byte(&b, '\n');
		out_buf(&b);
		return 0;
	}
	if (refs_commit(repo_odb(ctx->repo), name, false, &c, err) < 0)
		return -1;
	out_json_begin(&line);
	json_writer_text(&line.w, "name", shown, strlen(shown));
	out_json_id(&line.w, "id", &value->object.id);
	if (c) {
		out_json_id(&line.w, "commit", &c->id);
		json_writer_member_uint(&line.w, "seq", c->seq);
	}
	return out_json_end(&line, err);
}

/* An object of its own with who, when and why. */
static int annotate(struct cmd_context *ctx, const char *name, struct odb_batch *batch, struct object_ref *ref)
{
	struct commit_options options;
	struct tag from = { .target = ref->id, .target_kind = OBJECT_COMMIT, .has_tagger = true };
	auto_tag *tag = NULL;

	if (ctx_commit_options(ctx, &options, &ctx->err))
		return -1;
	from.name = (struct text){ .data = name, .len = strlen(name) };
	from.message = (struct text){ .data = options.message, .len = options.message_len };
	from.tagger.who = (struct text){ .data = options.author, .len = strlen(options.author) };
	from.tagger.time_usec = options.time_usec;
	snprintf(from.tagger.zone, sizeof(from.tagger.zone), "%s", options.zone);
	if (tag_new(&from, &tag, &ctx->err))
		return -1;
	return odb_batch_tag(batch, tag, ref, &ctx->err);
}

static int create(struct cmd_context *ctx, const char *name, const char *at)
{
	struct ref_change change = { .expect = REF_EXPECT_ABSENT, .value = { .kind = REF_OBJECT } };
	struct odb_batch *batch = NULL;
	struct ref_value there;
	auto_buf full = BUF_INIT, reason = BUF_INIT;
	int failed;

	buf_addf(&reason, "tag: %s", name);
	if (refname_tag(name, strlen(name), &full, &ctx->err) || buf_check(&full, &ctx->err) ||
	    odb_ref_read(repo_odb(ctx->repo), full.data, false, &there, &ctx->err) ||
	    odb_batch_new(repo_odb(ctx->repo), &batch, &ctx->err))
		return -1;
	change.name = full.data;
	failed = there.kind != REF_ABSENT ? error_set(&ctx->err, DRIFT_ERR_EXISTS, "it exists already") :
					    ctx_commit_of(ctx, at, &change.value.object, &ctx->err);
	if (!failed && ctx_has_message(ctx))
		failed = annotate(ctx, name, batch, &change.value.object);
	if (!failed)
		failed = ctx_move_refs(ctx, &change, 1, batch, reason.data, &ctx->err);
	odb_batch_free(batch);
	return failed;
}

static int delete_tag(struct cmd_context *ctx, const char *name)
{
	struct ref_change change = { .expect = REF_EXPECT_OBJECT, .value = { .kind = REF_ABSENT } };
	struct ref_value value;
	auto_buf full = BUF_INIT, reason = BUF_INIT;

	buf_addf(&reason, "tag: deleted %s", name);
	if (refname_tag(name, strlen(name), &full, &ctx->err) || buf_check(&full, &ctx->err) ||
	    ctx_ref_value(ctx, full.data, "tag", &value, &ctx->err))
		return -1;
	change.name = full.data;
	change.old = value.object.id;
	return ctx_move_refs(ctx, &change, 1, NULL, reason.data, &ctx->err);
}

static int tag(struct cmd_context *ctx, int argc, char **argv)
{
	const struct tag_options *o = ctx->options;

	if ((o->delete && !argc) || (!o->delete && argc > 2))
		return ctx_usage(ctx, o->delete ? "which tag?" : "one NAME and one POINT");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (!argc) {
		if (odb_ref_each(repo_odb(ctx->repo), REF_TAGS, print_tag, ctx, &ctx->err))
			return ctx_die(ctx, "list the tags");
		return EXIT_DONE;
	}
	if (!o->delete)
		return create(ctx, argv[0], argc > 1 ? argv[1] : NULL) ? ctx_fail(ctx, "make tag '%s'", argv[0]) : EXIT_DONE;
	for (int i = 0; i < argc; i++) {
		if (delete_tag(ctx, argv[i]))
			return ctx_fail(ctx, "delete tag '%s'", argv[i]);
	}
	return EXIT_DONE;
}

const struct command cmd_tag = {
	.name = "tag",
	.summary = "list, make and delete tags",
	.usage = usage,
	.run = tag,
	COMMAND_OPTIONS(struct tag_options, specs),
	.common = COMMON_JSON | COMMON_CACHE | COMMON_MESSAGE | COMMON_AUTHOR,
	.writes = true,
};
