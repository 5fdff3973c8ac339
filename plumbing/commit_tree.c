#include "plumbing/plumbing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/output.h"
#include "plumbing/object_reader.h"

struct commit_tree_options {
	struct option_list parents;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_LIST,
	  .short_name = 'p',
	  .value = OPTION_AT(struct commit_tree_options, parents),
	  .argument = "PARENT",
	  .help = "a parent; several in their order" },
};

static const char *const usage[] = {
	"drift commit-tree TREE [-p PARENT]... [-m MSG|-F FILE] [--author WHO] [--date DATE]", NULL
};

static int find_parents(struct cmd_context *ctx, struct object_ref *parents, size_t *count_out)
{
	const struct commit_tree_options *o = ctx->options;
	size_t count = 0;

	for (size_t i = 0; i < o->parents.count; i++) {
		auto_commit *parent = NULL;
		bool twice = false;

		if (plumbing_commit(ctx, o->parents.items[i], &parent, &ctx->err))
			return error_prefix(&ctx->err, DRIFT_OK, "parent '%s'", o->parents.items[i]);
		for (size_t k = 0; k < count; k++)
			twice |= oid_equal(&parents[k].id, &parent->id);
		if (twice)
			ctx_warn(ctx, "parent '%s' is given twice", o->parents.items[i]);
		else
			parents[count++] = (struct object_ref){ .id = parent->id, .loc = parent->loc };
	}
	*count_out = count;
	return 0;
}

static int fill_commit(struct cmd_context *ctx, struct commit *c, struct buf *message)
{
	struct commit_options options;

	if (ctx_commit_options(ctx, &options, &ctx->err))
		return -1;
	if (!ctx_has_message(ctx)) {
		if (ctx_read_file(ctx, "-", COMMIT_MESSAGE_MAX, message, &ctx->err))
			return -1;
		options.message = message->data;
		options.message_len = message->len;
	}
	if (options.has_time && point_check_clock(ctx->repo, options.time_usec, &ctx->err))
		return -1;
	c->author.who = (struct text){ .data = options.author, .len = strlen(options.author) };
	c->author.time_usec = options.time_usec;
	memcpy(c->author.zone, options.zone, sizeof(c->author.zone));
	c->committer = c->author;
	c->message = (struct text){ .data = options.message, .len = options.message_len };
	return 0;
}

static int make_commit(struct cmd_context *ctx, const char *tree, struct oid *id_out)
{
	const struct commit_tree_options *o = ctx->options;
	auto_free struct object_ref *parents = mem_calloc(o->parents.count + 1, sizeof(*parents));
	auto_object_reader reader = OBJECT_READER_INIT(ctx);
	auto_buf message = BUF_INIT;
	struct tree_root root;
	struct commit c = { .parents = parents };

	if (!parents)
		return error_no_memory(&ctx->err);
	if (object_reader_tree(&reader, tree, &root, &ctx->err) || find_parents(ctx, parents, &c.parent_count) ||
	    fill_commit(ctx, &c, &message))
		return -1;
	c.tree = (struct object_ref){ .id = root.id, .loc = root.loc };
	return plumbing_store_commit(ctx, &c, NULL, id_out, &ctx->err);
}

static int commit_tree(struct cmd_context *ctx, int argc, char **argv)
{
	char hex[OID_HEX_LEN + 1];
	struct oid id;

	if (argc != 1)
		return ctx_usage(ctx, argc ? "one tree at a time" : "which tree?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (make_commit(ctx, argv[0], &id))
		return ctx_fail(ctx, "make the commit");
	out_printf("%s\n", oid_to_hex(&id, hex));
	return EXIT_DONE;
}

const struct command cmd_commit_tree = {
	.name = "commit-tree",
	.task = "make the commit",
	.summary = "make a commit of a tree, without moving a branch",
	.usage = usage,
	.run = commit_tree,
	COMMAND_OPTIONS(struct commit_tree_options, specs),
	.common = COMMON_MESSAGE | COMMON_AUTHOR | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
