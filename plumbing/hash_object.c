#include "plumbing/plumbing.h"

#include <string.h>

#include "cli/input_lines.h"
#include "cli/output.h"
#include "plumbing/object_reader.h"

struct hash_object_options {
	const char *type;
	bool write, from_stdin, paths_from_stdin;
};

#define AT(field) OPTION_AT(struct hash_object_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING,
	  .short_name = 't',
	  .value = AT(type),
	  .argument = "TYPE",
	  .help = "blob (what is meant otherwise), tree, commit or tag" },
	{ .kind = OPTION_FLAG, .short_name = 'w', .value = AT(write), .help = "store the object, too" },
	{ .kind = OPTION_FLAG,
	  .long_name = "stdin",
	  .value = AT(from_stdin),
	  .help = "the bytes are on standard input" },
	{ .kind = OPTION_FLAG,
	  .long_name = "stdin-paths",
	  .value = AT(paths_from_stdin),
	  .help = "the names of files are on standard input" },
};

static const char *const usage[] = {
	"drift hash-object [-t TYPE] [-w] [--stdin] FILE...",
	"drift hash-object [-t TYPE] [-w] --stdin-paths [-z]",
	NULL,
};

struct hashing {
	struct cmd_context *ctx;
	enum object_kind kind;
	struct odb_batch *batch; /* -w */
};

/* Is it what an object of that kind looks like? */
static int check(const struct hashing *h, const struct buf *bytes)
{
	struct drift_error *err = &h->ctx->err;
	auto_commit *commit = NULL;
	auto_node *node = NULL;
	auto_tag *tag = NULL;

	switch (h->kind) {
	case OBJECT_BLOB:
		break;
	case OBJECT_TREE:
		return node_decode(bytes->data, bytes->len, NULL, NULL, &node, err);
	case OBJECT_COMMIT:
		return commit_decode(bytes->data, bytes->len, &commit, err);
	case OBJECT_TAG:
		return tag_decode(bytes->data, bytes->len, &tag, err);
	}
	return 0;
}

static int need(const struct hashing *h, const struct oid *id, enum object_kind kind)
{
	char hex[OID_HEX_LEN + 1];
	enum object_kind is;
	uint64_t loc;
	int found = odb_find(repo_odb(h->ctx->repo), id, &is, &loc, &h->ctx->err);
	struct tree_root empty;

	tree_empty(&empty);
	if (found < 0 || (found && is == kind) || (kind == OBJECT_TREE && oid_equal(id, &empty.id)))
		return found < 0 ? -1 : 0;
	return error_set(&h->ctx->err, DRIFT_ERR_NOT_FOUND, "it names the %s %s, which is not in the store",
			 object_kind_name(kind), oid_to_hex(id, hex));
}

/* seq, gen, time and jump are made anew from the parents: the id says whether they were right. */
static int write_commit(const struct hashing *h, const struct buf *bytes, const struct oid *id)
{
	auto_commit *given = NULL;
	struct oid made;

	if (commit_decode(bytes->data, bytes->len, &given, &h->ctx->err) || need(h, &given->tree.id, OBJECT_TREE))
		return -1;
	return plumbing_store_commit(h->ctx, given, id, &made, &h->ctx->err);
}

static int write_tag(const struct hashing *h, const struct buf *bytes)
{
	struct object_ref ref;
	auto_tag *tag = NULL;

	if (tag_decode(bytes->data, bytes->len, &tag, &h->ctx->err) || need(h, &tag->target, tag->target_kind))
		return -1;
	return odb_batch_tag(h->batch, tag, &ref, &h->ctx->err);
}

static int write_object(const struct hashing *h, const struct buf *bytes, const struct oid *id)
{
	struct object_ref ref;
	int failed = -1;

	switch (h->kind) {
	case OBJECT_BLOB:
		failed = odb_batch_blob(h->batch, bytes->data, bytes->len, LOC_UNKNOWN, &ref, &h->ctx->err);
		break;
	case OBJECT_TREE:
		/* Whoever hands in nodes one by one could make a tree that the same documents would not make. */
		return error_set(&h->ctx->err, DRIFT_ERR_UNSUPPORTED, "trees are written by mktree and write-tree");
	case OBJECT_COMMIT:
		return write_commit(h, bytes, id);
	case OBJECT_TAG:
		failed = write_tag(h, bytes);
		break;
	}
	/* One at a time: what comes next may refer to it. */
	return failed ? -1 : plumbing_store(h->ctx, h->batch, &h->ctx->err);
}

static int hash_file(const struct hashing *h, const char *file)
{
	char hex[OID_HEX_LEN + 1];
	auto_buf bytes = BUF_INIT;
	struct oid id;

	if (ctx_read_file(h->ctx, file, DOCUMENT_LEN_MAX, &bytes, &h->ctx->err) || check(h, &bytes))
		return -1;
	object_hash(h->kind, bytes.data, bytes.len, &id);
	if (h->batch && write_object(h, &bytes, &id))
		return -1;
	out_printf("%s\n", oid_to_hex(&id, hex));
	return 0;
}

static int hash_listed(const struct hashing *h)
{
	struct cmd_context *ctx = h->ctx;
	auto_input_lines in;
	struct text line;
	enum input_result r;

	input_lines_init(&in, 0, ctx->common.nul ? '\0' : '\n');
	while ((r = input_lines_next(&in, true, &line, &ctx->err)) == INPUT_LINE) {
		if (hash_file(h, line.data))
			return ctx_die(ctx, "hash '%s'", line.data);
	}
	return r == INPUT_END ? EXIT_DONE : ctx_die(ctx, "read the names of files");
}

static int hash_all(const struct hashing *h, int argc, char **argv)
{
	const struct hash_object_options *o = h->ctx->options;

	if (o->paths_from_stdin)
		return hash_listed(h);
	if (o->from_stdin && hash_file(h, "-"))
		return ctx_die(h->ctx, "hash standard input");
	for (int i = 0; i < argc; i++) {
		if (hash_file(h, argv[i]))
			return ctx_die(h->ctx, "hash '%s'", argv[i]);
	}
	return EXIT_DONE;
}

static int hash_object(struct cmd_context *ctx, int argc, char **argv)
{
	const struct hash_object_options *o = ctx->options;
	struct hashing h = { .ctx = ctx, .kind = OBJECT_BLOB };
	int code;

	if (o->type && object_kind_from_name(o->type, &h.kind, &ctx->err))
		return ctx_usage(ctx, "%s", ctx->err.message);
	if (o->paths_from_stdin && (argc || o->from_stdin))
		return ctx_usage(ctx, "--stdin-paths goes with nothing else");
	if (!argc && !o->from_stdin && !o->paths_from_stdin)
		return ctx_usage(ctx, "which file?");
	if (o->write && !ctx_repo(ctx))
		return EXIT_FAILED;
	if (o->write && odb_batch_new(repo_odb(ctx->repo), &h.batch, &ctx->err))
		return ctx_die(ctx, "write objects");
	code = hash_all(&h, argc, argv);
	odb_batch_free(h.batch);
	return code;
}

const struct command cmd_hash_object = {
	.name = "hash-object",
	.summary = "compute the id of an object, and perhaps store it",
	.usage = usage,
	.run = hash_object,
	COMMAND_OPTIONS(struct hash_object_options, specs),
	.common = COMMON_NUL,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
