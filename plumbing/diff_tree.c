#include "plumbing/plumbing.h"

#include <string.h>

#include "cli/change_output.h"
#include "plumbing/object_reader.h"
#include "plumbing/tree_lines.h"

struct diff_tree_options {
	bool recursive, raw, name_status, name_only, stat, patch, quiet, exit_code;
};

#define AT(field) OPTION_AT(struct diff_tree_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'r', .value = AT(recursive), .help = "documents instead of collections" },
	{ .kind = OPTION_FLAG,
	  .long_name = "raw",
	  .value = AT(raw),
	  .help = "modes, ids and paths: what is done otherwise" },
	{ .kind = OPTION_FLAG,
	  .long_name = "name-status",
	  .value = AT(name_status),
	  .help = "a letter and a path a line" },
	{ .kind = OPTION_FLAG, .long_name = "name-only", .value = AT(name_only), .help = "a path a line" },
	{ .kind = OPTION_FLAG, .long_name = "stat", .value = AT(stat), .help = "how much changed; with documents" },
	{ .kind = OPTION_FLAG,
	  .short_name = 'p',
	  .long_name = "patch",
	  .value = AT(patch),
	  .help = "what changed, field by field; with documents" },
	{ .kind = OPTION_FLAG,
	  .long_name = "exit-code",
	  .value = AT(exit_code),
	  .help = "exit with 1 if anything differs" },
	{ .kind = OPTION_FLAG, .long_name = "quiet", .value = AT(quiet), .help = "that, and print nothing" },
};

static const char *const usage[] = { "drift diff-tree [OPTION...] A [B] [-- PATH|PREFIX/...]", NULL };

struct tree_comparison {
	struct cmd_context *ctx;
	const struct diff_tree_options *o;
	struct tree_root a, b;
	struct path_filter filter;
	struct buf out;
	bool differs;
};

/* One line: a document or a collection; the ids are hexadecimal, modes 0 where it is absent. */
struct difference {
	const char *path;
	size_t path_len;
	uint32_t a_mode, b_mode;
	char a_id[OID_HEX_LEN + 1], b_id[OID_HEX_LEN + 1];
};

static char letter_of(const struct difference *d)
{
	return !d->a_mode ? 'A' : !d->b_mode ? 'D' : 'M';
}

static int print_json(struct tree_comparison *c, const struct difference *d, struct drift_error *err)
{
	struct json_line line;

	(void)c;
	out_json_begin(&line);
	out_json_path(&line.w, d->path, d->path_len);
	json_writer_member_str(&line.w, "change", !d->a_mode ? "add" : !d->b_mode ? "delete" : "modify");
	json_writer_member_str(&line.w, "type", d->a_mode == TREE_MODE || d->b_mode == TREE_MODE ? "tree" : "document");
	if (d->a_mode)
		json_writer_member_str(&line.w, "old_id", d->a_id);
	if (d->b_mode)
		json_writer_member_str(&line.w, "new_id", d->b_id);
	return out_json_end(&line, err);
}

static int print_difference(struct tree_comparison *c, const struct difference *d, struct drift_error *err)
{
	const char separator = c->ctx->common.nul ? '\0' : '\t';

	c->differs = true;
	if (c->o->quiet)
		return 1;
	if (c->ctx->common.json)
		return print_json(c, d, err);
	buf_clear(&c->out);
	if (c->o->name_status)
		buf_addf(&c->out, "%c%c", letter_of(d), separator);
	else if (!c->o->name_only)
		buf_addf(&c->out, ":%06o %06o %s %s %c%c", (unsigned)d->a_mode, (unsigned)d->b_mode, d->a_id, d->b_id,
			 letter_of(d), separator);
	out_append_path(c->ctx, &c->out, d->path, d->path_len);
	buf_add_byte(&c->out, c->ctx->common.nul ? '\0' : '\n');
	if (buf_check(&c->out, err))
		return -1;
	out_buf(&c->out);
	return ctx_reader_gone(c->ctx);
}

static void set_absent(uint32_t *mode, char id[OID_HEX_LEN + 1])
{
	*mode = 0;
	memset(id, '0', OID_HEX_LEN);
	id[OID_HEX_LEN] = '\0';
}

static void set_document(const struct document *doc, uint32_t *mode, char id[OID_HEX_LEN + 1])
{
	set_absent(mode, id);
	if (!doc)
		return;
	*mode = tree_line_mode(doc);
	tree_line_id(doc, id);
}

static int compare_document(void *data, const struct path *path, const struct document *a, const struct document *b,
			    struct drift_error *err)
{
	struct tree_comparison *c = data;
	struct difference d;
	auto_buf name = BUF_INIT;

	path_format(path, &name);
	if (buf_check(&name, err))
		return -1;
	if (!path_filter_takes(&c->filter, name.data, name.len))
		return 0;
	d.path = name.data;
	d.path_len = name.len;
	set_document(a, &d.a_mode, d.a_id);
	set_document(b, &d.b_mode, d.b_id);
	return print_difference(c, &d, err);
}

static int set_collection(const struct node_entry *entry, uint32_t *mode, char id[OID_HEX_LEN + 1],
			  struct drift_error *err)
{
	struct descriptor d;

	set_absent(mode, id);
	if (!entry)
		return 0;
	if (descriptor_decode(entry->value, entry->value_len, entry->loc, &d, err))
		return -1;
	*mode = TREE_MODE;
	if (d.has_root)
		oid_to_hex(&d.root, id);
	return 0;
}

/* Does any path of the filter lie in the collection? */
static bool takes_collection(const struct tree_comparison *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->filter.count; i++) {
		const char *prefix = c->filter.prefixes[i];

		if (strcspn(prefix, "/") == len && !memcmp(prefix, name, len))
			return true;
	}
	return !c->filter.count;
}

static int compare_map(struct tree_comparison *c, const struct node_entry *a, const struct node_entry *b,
		       struct drift_error *err);

static int compare_collection(void *data, const struct node_entry *a, const struct node_entry *b,
			      struct drift_error *err)
{
	struct tree_comparison *c = data;
	const struct node_entry *any = a ? a : b;
	struct difference d = { .path = (const char *)any->key, .path_len = any->key_len };

	if (!any->key_len)
		return compare_map(c, a, b, err);
	if (!takes_collection(c, d.path, d.path_len))
		return 0;
	if (set_collection(a, &d.a_mode, d.a_id, err) || set_collection(b, &d.b_mode, d.b_id, err))
		return -1;
	return print_difference(c, &d, err);
}

static int compare_key(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	const struct node_entry *any = a ? a : b;
	const struct path path = { .collection = "", .key = (const char *)any->key, .key_len = any->key_len };
	struct document x, y;

	if ((a && document_decode(a->value, a->value_len, a->loc, &x, err)) ||
	    (b && document_decode(b->value, b->value_len, b->loc, &y, err)))
		return -1;
	return compare_document(data, &path, a ? &x : NULL, b ? &y : NULL, err);
}

/* The documents of the unnamed collection stand beside the other collections. */
static int compare_map(struct tree_comparison *c, const struct node_entry *a, const struct node_entry *b,
		       struct drift_error *err)
{
	const struct map_diff_options options = { .each = compare_key, .data = c };
	struct node_store *nodes = repo_nodes(c->ctx->repo);
	struct descriptor x = { .has_root = false }, y = { .has_root = false };
	struct map_root from, to;

	if ((a && descriptor_decode(a->value, a->value_len, a->loc, &x, err)) ||
	    (b && descriptor_decode(b->value, b->value_len, b->loc, &y, err)))
		return -1;
	if (!tree_has_documents(nodes, "", 0))
		return 0;
	descriptor_map(&x, &from);
	descriptor_map(&y, &to);
	return map_diff(nodes, &from, &to, &options, err);
}

static int open_root(struct tree_comparison *c, const struct tree_root *root, struct map_root *out,
		     struct drift_error *err)
{
	const struct oid none = { .bytes = { 0 } };
	bool empty = tree_is_empty(root);

	return map_root_open(repo_nodes(c->ctx->repo), empty ? &none : &root->id, root->loc, out, err);
}

static int compare_top(struct tree_comparison *c, struct drift_error *err)
{
	const struct map_diff_options options = { .each = compare_collection, .data = c };
	struct map_root a, b;

	if (open_root(c, &c->a, &a, err) || open_root(c, &c->b, &b, err))
		return -1;
	return map_diff(repo_nodes(c->ctx->repo), &a, &b, &options, err);
}

static int compare_documents(struct tree_comparison *c, struct drift_error *err)
{
	struct change_printer printer = {
		.ctx = c->ctx,
		.style = c->o->patch ? CHANGES_PATCH : CHANGES_STAT,
		.filter = c->filter,
		.out = &c->out,
		.json_lines = c->ctx->common.json,
	};
	struct tree_diff_options options = { .each = compare_document, .data = c };
	auto_buf prefix = BUF_INIT;
	int result;

	if ((c->o->patch || c->o->stat) && !c->o->quiet) {
		options.each = change_printer_each;
		options.data = &printer;
	}
	printer.filter = c->filter;
	options.prefix = change_printer_prefix(&printer, &prefix);
	options.prefix_len = prefix.len;
	if (buf_check(&prefix, err))
		return -1;
	result = tree_diff(repo_nodes(c->ctx->repo), &c->a, &c->b, &options, err);
	if (options.data != &printer || result < 0)
		return result;
	change_printer_finish(&printer);
	c->differs = printer.added + printer.modified + printer.deleted > 0;
	out_buf(&c->out);
	return buf_check(&c->out, err);
}

/* One argument: a commit against its first parent, the first one against the empty tree. */
static int find_parent(struct tree_comparison *c, const char *text, struct drift_error *err)
{
	auto_commit *commit = NULL;
	auto_commit *parent = NULL;
	int found;

	if (plumbing_commit(c->ctx, text, &commit, err))
		return -1;
	c->b = (struct tree_root){ .id = commit->tree.id, .loc = commit->tree.loc };
	tree_empty(&c->a);
	found = graph_parent(c->ctx->repo, commit, 0, &parent, err);
	if (found > 0)
		c->a = (struct tree_root){ .id = parent->tree.id, .loc = parent->tree.loc };
	return found < 0 ? -1 : 0;
}

static int compare(struct tree_comparison *c, size_t points, char **argv)
{
	auto_object_reader reader = OBJECT_READER_INIT(c->ctx);
	struct drift_error *err = &c->ctx->err;

	if (points == 1 ? find_parent(c, argv[0], err) :
			  object_reader_tree(&reader, argv[0], &c->a, err) ||
				  object_reader_tree(&reader, argv[1], &c->b, err))
		return -1;
	return c->o->recursive || c->o->patch || c->o->stat ? compare_documents(c, err) : compare_top(c, err);
}

static int diff_tree(struct cmd_context *ctx, int argc, char **argv)
{
	struct tree_comparison c = { .ctx = ctx, .o = ctx->options, .out = BUF_INIT };
	size_t count = (size_t)argc, points = ctx->has_separator ? ctx->separator : count < 2 ? count : 2;
	int code;

	if (points < 1 || points > 2)
		return ctx_usage(ctx, "it takes one commit or two trees");
	if (c.o->name_status + c.o->name_only + c.o->stat + c.o->patch + c.o->raw > 1)
		return ctx_usage(ctx, "--raw, --name-status, --name-only, --stat and -p exclude each other");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	c.filter.prefixes = (const char *const *)(argv + points);
	c.filter.count = count - points;
	code = compare(&c, points, argv) < 0               ? ctx_fail(ctx, "compare the trees") :
	       c.differs && (c.o->exit_code || c.o->quiet) ? EXIT_NO :
							     EXIT_DONE;
	buf_release(&c.out);
	return code;
}

const struct command cmd_diff_tree = {
	.name = "diff-tree",
	.task = "compare the trees",
	.summary = "compare two trees",
	.usage = usage,
	.run = diff_tree,
	COMMAND_OPTIONS(struct diff_tree_options, specs),
	.common = COMMON_JSON | COMMON_NUL | COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
};
