#include "plumbing/plumbing.h"

#include <string.h>

#include "base/file.h"
#include "cli/merge_args.h"
#include "cli/output.h"
#include "merge/docmerge.h"

struct merge_file_options {
	const char *favour, *policy;
	struct option_list labels;
	bool print;
};

#define AT(field) OPTION_AT(struct merge_file_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .short_name = 'p',
	  .long_name = "stdout",
	  .value = AT(print),
	  .help = "print the result instead of writing it to OURS" },
	{ .kind = OPTION_LIST,
	  .short_name = 'L',
	  .long_name = "label",
	  .value = AT(labels),
	  .argument = "NAME",
	  .help = "what to call OURS, BASE, THEIRS, in this order, where lines clash" },
	{ .kind = OPTION_STRING,
	  .short_name = 'X',
	  .long_name = "favour",
	  .value = AT(favour),
	  .argument = "SIDE",
	  .help = "settle all clashes for ours or theirs" },
	{ .kind = OPTION_STRING,
	  .long_name = "policy",
	  .value = AT(policy),
	  .argument = "POLICY",
	  .help = "merge by this policy" },
};

static const char *const usage[] = { "drift merge-file [OPTION...] OURS BASE THEIRS", NULL };

enum { OURS, BASE, THEIRS, FILES };

struct merged_files {
	struct buf data[FILES];
	struct text texts[FILES];
	struct docmerge merge;
};

static void merged_files_release(struct merged_files *f)
{
	for (int i = 0; i < FILES; i++)
		buf_release(&f->data[i]);
	docmerge_release(&f->merge);
}
#define auto_merged_files __attribute__((cleanup(merged_files_release))) struct merged_files

static int say_clashes(struct cmd_context *ctx, const struct docmerge *m)
{
	for (size_t i = 0; i < m->clash_count; i++) {
		auto_buf text = BUF_INIT;
		auto_buf shown = BUF_INIT;

		docmerge_explain(&m->clashes[i], &text);
		out_append_text(ctx, &shown, text.data, text.len, false);
		if (buf_check(&text, &ctx->err) || buf_check(&shown, &ctx->err))
			return ctx_die(ctx, "say what clashes");
		if (!ctx->common.quiet)
			ctx_warn(ctx, "%s", shown.data);
	}
	return m->clash_count ? EXIT_NO : EXIT_DONE;
}

/* With clashes: text with markers, JSON as it would stand in a tree, else what ours is. */
static int put_result(struct cmd_context *ctx, const struct merged_files *f, const char *ours)
{
	const struct merge_file_options *o = ctx->options;
	const struct docmerge *m = &f->merge;
	struct text result = { m->merged.data, m->merged.len };
	bool whole = m->outcome == DOCMERGE_CLASH && !m->merged.len;

	if (m->outcome == DOCMERGE_OURS || whole)
		result = f->texts[OURS];
	else if (m->outcome == DOCMERGE_THEIRS)
		result = f->texts[THEIRS];
	if (o->print) {
		out_bytes(result.data, result.len);
		return 0;
	}
	if (result.data == f->texts[OURS].data)
		return 0;
	return file_replace(ours, result.data, result.len, &ctx->err);
}

static int run(struct cmd_context *ctx, char **names, struct merged_files *f)
{
	const struct merge_file_options *o = ctx->options;
	const char *const *l = (const char *const *)o->labels.items;
	const struct docmerge_labels labels = {
		.ours = o->labels.count > 0 ? l[0] : names[OURS],
		.base = o->labels.count > 1 ? l[1] : names[BASE],
		.theirs = o->labels.count > 2 ? l[2] : names[THEIRS],
	};
	auto_merge_args args = { .policy = NULL };
	struct docmerge_rules rules = { .path = { "", 0 } };
	const struct docmerge_input input = {
		.ours = &f->texts[OURS], .base = &f->texts[BASE], .theirs = &f->texts[THEIRS], .rules = &rules
	};

	if (merge_args_parse(o->favour, o->policy, &args, &ctx->err))
		return ctx_die(ctx, "merge");
	rules.rule = merge_policy_rule(args.choices.policy);
	rules.first = args.choices.second_wins ? JSON_THEIRS : JSON_OURS;
	rules.later = JSON_THEIRS;
	rules.decided = args.choices.decided;
	for (int i = 0; i < FILES; i++) {
		if (ctx_read_file(ctx, names[i], DOCUMENT_LEN_MAX, &f->data[i], &ctx->err))
			return ctx_die(ctx, "merge");
		f->texts[i] = (struct text){ f->data[i].data, f->data[i].len };
	}
	if (docmerge_run(&input, &labels, &f->merge, &ctx->err) || put_result(ctx, f, names[OURS]))
		return ctx_die(ctx, "merge into '%s'", names[OURS]);
	return say_clashes(ctx, &f->merge);
}

static int merge_file(struct cmd_context *ctx, int argc, char **argv)
{
	auto_merged_files f = { .merge = { .merged = BUF_INIT, .memory = BUF_INIT } };

	for (int i = 0; i < FILES; i++)
		buf_init(&f.data[i]);
	if (argc != FILES)
		return ctx_usage(ctx, "it takes three files");
	if (((const struct merge_file_options *)ctx->options)->labels.count > FILES)
		return ctx_usage(ctx, "at most three labels");
	return run(ctx, argv, &f);
}

const struct command cmd_merge_file = {
	.name = "merge-file",
	.task = "merge files",
	.summary = "merge three versions of a file as documents are merged",
	.usage = usage,
	.run = merge_file,
	COMMAND_OPTIONS(struct merge_file_options, specs),
	.common = COMMON_QUIET,
	.group = COMMAND_PLUMBING,
};
