#include "plumbing/plumbing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "plumbing/ref_format.h"
#include "refs/refname.h"

#define DEFAULT_FORMAT "%(objectname) %(objecttype)\t%(refname)"

struct for_each_ref_options {
	const char *format, *points_at, *contains;
	struct option_list sort;
	int64_t count;
};

#define AT(field) OPTION_AT(struct for_each_ref_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING,
	  .long_name = "format",
	  .value = AT(format),
	  .argument = "F",
	  .help = "such as '%(refname:short) %(subject)': see the manual" },
	{ .kind = OPTION_LIST,
	  .long_name = "sort",
	  .value = AT(sort),
	  .argument = "[-]FIELD",
	  .help = "by that field (-: backwards); the last one counts most" },
	{ .kind = OPTION_INT, .long_name = "count", .value = AT(count), .argument = "N", .help = "at most N refs" },
	{ .kind = OPTION_STRING,
	  .long_name = "points-at",
	  .value = AT(points_at),
	  .argument = "OBJECT",
	  .help = "only refs that lead to OBJECT" },
	{ .kind = OPTION_STRING,
	  .long_name = "contains",
	  .value = AT(contains),
	  .argument = "COMMIT",
	  .help = "only refs from which COMMIT is reached" },
};

static const char *const usage[] = {
	"drift for-each-ref [--format F] [--sort [-]FIELD]... [--count N] [--points-at OBJECT] [--contains COMMIT] [PATTERN...]",
	NULL,
};

struct row {
	const struct listed_ref *ref;
	struct ref_key *keys;
	const struct for_each_ref_options *o;
};

struct rows {
	struct row *items;
	size_t count;
};

static int compare_keys(const struct ref_key *a, const struct ref_key *b)
{
	if (a->is_number)
		return a->number < b->number ? -1 : a->number > b->number;
	return strcmp(a->text.data, b->text.data);
}

static int by_keys(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	for (size_t i = x->o->sort.count; i-- > 0;) {
		int r = compare_keys(&x->keys[i], &y->keys[i]);

		if (r)
			return x->o->sort.items[i][0] == '-' ? -r : r;
	}
	return strcmp(x->ref->name, y->ref->name);
}

static void rows_release(struct rows *rows, size_t key_count)
{
	for (size_t i = 0; i < rows->count; i++) {
		for (size_t k = 0; rows->items[i].keys && k < key_count; k++)
			buf_release(&rows->items[i].keys[k].text);
		free(rows->items[i].keys);
	}
	free(rows->items);
}

static int read_keys(struct cmd_context *ctx, struct row *row)
{
	const struct option_list *sort = &row->o->sort;
	auto_ref_fields fields = { .ctx = ctx, .ref = row->ref };

	row->keys = mem_calloc(sort->count + 1, sizeof(*row->keys));
	if (!row->keys)
		return error_no_memory(&ctx->err);
	for (size_t i = 0; i < sort->count; i++)
		buf_init(&row->keys[i].text);
	for (size_t i = 0; i < sort->count; i++) {
		if (ref_key_read(&fields, sort->items[i] + (sort->items[i][0] == '-'), &row->keys[i], &ctx->err))
			return -1;
	}
	return 0;
}

/* What --points-at and --contains ask for. */
struct ref_filter {
	bool has_object;
	struct oid object;
	struct commit *commit;
};

/* 1 / 0 / -1 */
static int is_wanted(struct cmd_context *ctx, const struct ref_filter *filter, const struct listed_ref *ref)
{
	auto_commit *tip = NULL;
	enum object_kind kind;
	struct object_ref to;

	if (!filter->has_object && !filter->commit)
		return 1;
	if (ref_peel(ctx, ref, &to, &kind, &ctx->err))
		return -1;
	if (filter->has_object && !oid_equal(&filter->object, &ref->object.id) && !oid_equal(&filter->object, &to.id))
		return 0;
	if (!filter->commit)
		return 1;
	if (kind != OBJECT_COMMIT)
		return 0;
	if (odb_commit(repo_odb(ctx->repo), &to.id, to.loc, &tip, &ctx->err))
		return -1;
	return graph_is_ancestor(ctx->repo, filter->commit, tip, &ctx->err);
}

static bool matches_any(const struct listed_ref *ref, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (ref_pattern_matches(argv[i], ref->name))
			return true;
	}
	return !argc;
}

static int print_json(struct cmd_context *ctx, const struct listed_ref *ref, bool is_head)
{
	struct json_line line;
	enum object_kind kind;
	struct object_ref to;
	auto_commit *commit = NULL;

	if (ref_peel(ctx, ref, &to, &kind, &ctx->err) ||
	    (kind == OBJECT_COMMIT && odb_commit(repo_odb(ctx->repo), &to.id, to.loc, &commit, &ctx->err)))
		return -1;
	out_json_begin(&line);
	json_writer_text(&line.w, "name", ref->name, strlen(ref->name));
	out_json_id(&line.w, "id", &ref->object.id);
	json_writer_member_str(&line.w, "type", object_kind_name(ref->kind));
	json_writer_member_bool(&line.w, "head", is_head);
	if (ref->target)
		json_writer_text(&line.w, "target", ref->target, strlen(ref->target));
	if (commit) {
		json_writer_key(&line.w, "commit");
		json_writer_begin_object(&line.w);
		out_json_commit(&line.w, commit);
		json_writer_end_object(&line.w);
	}
	return out_json_end(&line, &ctx->err);
}

static int print_row(struct cmd_context *ctx, const struct row *row, const char *head)
{
	auto_ref_fields fields = { .ctx = ctx, .ref = row->ref, .is_head = !strcmp(row->ref->name, head) };
	auto_buf text = BUF_INIT;

	if (ctx->common.json)
		return print_json(ctx, row->ref, fields.is_head);
	if (ref_format_append(&fields, row->o->format ? row->o->format : DEFAULT_FORMAT, &text, &ctx->err))
		return -1;
	buf_add_byte(&text, '\n');
	out_buf(&text);
	return 0;
}

static int collect(struct cmd_context *ctx, const struct ref_list *list, int argc, char **argv, struct rows *rows)
{
	const struct for_each_ref_options *o = ctx->options;
	auto_object_reader reader = OBJECT_READER_INIT(ctx);
	auto_object_name name = OBJECT_NAME_INIT;
	auto_commit *commit = NULL;
	struct ref_filter filter = { .has_object = o->points_at != NULL };

	if (o->points_at && object_reader_find(&reader, o->points_at, strlen(o->points_at), &name, &ctx->err))
		return -1;
	if (o->contains && plumbing_commit(ctx, o->contains, &commit, &ctx->err))
		return -1;
	filter.object = name.id;
	filter.commit = commit;
	rows->items = mem_calloc(list->count + 1, sizeof(*rows->items));
	if (!rows->items)
		return error_no_memory(&ctx->err);
	for (size_t i = 0; i < list->count; i++) {
		struct row *row = &rows->items[rows->count];
		int wanted = matches_any(&list->items[i], argc, argv) ? is_wanted(ctx, &filter, &list->items[i]) : 0;

		if (wanted < 0)
			return -1;
		if (!wanted)
			continue;
		rows->count++;
		row->ref = &list->items[i];
		row->o = o;
		if (read_keys(ctx, row))
			return -1;
	}
	return 0;
}

static int print_rows(struct cmd_context *ctx, const struct rows *rows)
{
	const struct for_each_ref_options *o = ctx->options;
	struct ref_value head;

	if (odb_ref_read(repo_odb(ctx->repo), REF_HEAD, false, &head, &ctx->err))
		return -1;
	for (size_t i = 0; i < rows->count && (o->count <= 0 || i < (size_t)o->count); i++) {
		if (print_row(ctx, &rows->items[i], head.kind == REF_SYMBOLIC ? head.target : ""))
			return -1;
	}
	return 0;
}

static int for_each_ref(struct cmd_context *ctx, int argc, char **argv)
{
	const struct for_each_ref_options *o = ctx->options;
	auto_ref_list list = REF_LIST_INIT(ctx);
	struct rows rows = { .items = NULL };
	int failed;

	if (o->format && ref_format_check(o->format, &ctx->err))
		return ctx_usage(ctx, "%s", ctx->err.message);
	for (size_t i = 0; i < o->sort.count; i++) {
		if (ref_key_check(o->sort.items[i] + (o->sort.items[i][0] == '-'), &ctx->err))
			return ctx_usage(ctx, "%s", ctx->err.message);
	}
	if (o->count < 0)
		return ctx_usage(ctx, "--count cannot be negative");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	failed = ref_list_add(&list, "refs/", &ctx->err) || collect(ctx, &list, argc, argv, &rows);
	if (!failed) {
		if (rows.count)
			qsort(rows.items, rows.count, sizeof(*rows.items), by_keys);
		failed = print_rows(ctx, &rows);
	}
	rows_release(&rows, o->sort.count);
	return failed ? ctx_fail(ctx, "list refs") : EXIT_DONE;
}

const struct command cmd_for_each_ref = {
	.name = "for-each-ref",
	.task = "list refs",
	.summary = "list refs in a format of one's own",
	.usage = usage,
	.run = for_each_ref,
	COMMAND_OPTIONS(struct for_each_ref_options, specs),
	.common = COMMON_JSON,
	.group = COMMAND_PLUMBING,
};
