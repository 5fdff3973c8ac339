#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "cli/output.h"
#include "refs/refname.h"

struct reflog_options {
	int64_t count;
	bool all;
};

static const struct reflog_options defaults = { .count = -1 };

static const struct option_spec specs[] = {
	{ .kind = OPTION_INT, .short_name = 'n', .long_name = "max-count", .argument = "N", .bare_number = true,
	  .value = OPTION_AT(struct reflog_options, count), .help = "at most N entries" },
	{ .kind = OPTION_FLAG, .long_name = "all", .value = OPTION_AT(struct reflog_options, all),
	  .help = "all moves of all refs, the stage included" },
};

static const char *const usage[] = { "drift reflog [OPTION...] [REF]", "drift reflog [OPTION...] --all", NULL };

/* One ref's move in an entry of the log. */
struct move {
	const struct ref_log_entry *entry;
	const struct ref_log_update *update;
	uint64_t number; /* REF@{number} */
};

static void json_value(struct json_writer *w, const char *key, const struct ref_value *value)
{
	if (value->kind == REF_OBJECT)
		out_json_id(w, key, &value->object.id);
	else if (value->kind == REF_SYMBOLIC)
		json_writer_member_str(w, key, value->target);
	else
		json_writer_member_null(w, key);
}

static int print_json(const struct move *move, struct drift_error *err)
{
	struct json_line line;

	out_json_begin(&line);
	json_writer_text(&line.w, "ref", move->update->name.data, move->update->name.len);
	json_value(&line.w, "old", &move->update->old);
	json_value(&line.w, "new", &move->update->new);
	json_writer_text(&line.w, "actor", move->entry->actor.data, move->entry->actor.len);
	json_writer_text(&line.w, "reason", move->entry->reason.data, move->entry->reason.len);
	out_json_time(&line.w, "time", move->entry->time_usec, 0);
	return out_json_end(&line, err);
}

static int print_move(struct cmd_context *ctx, const struct move *move)
{
	const struct reflog_options *o = ctx->options;
	const struct ref_value *new = &move->update->new;
	const struct text *reason = &move->entry->reason;
	struct date date = { .us = move->entry->time_usec };
	const char *end = memchr(reason->data, '\n', reason->len);
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;

	if (ctx->common.json)
		return print_json(move, &ctx->err);
	buf_addf(&b, "%s%-10s%s ", out_colour(ctx, COLOUR_COMMIT),
		 new->kind == REF_OBJECT ? out_short_id(&new->object.id, hex) : new->kind == REF_SYMBOLIC ? "->" : "gone",
		 out_colour(ctx, COLOUR_NONE));
	out_append_text(ctx, &b, refname_short(move->update->name.data), strlen(refname_short(move->update->name.data)), false);
	if (!o->all)
		buf_addf(&b, "@{%" PRIu64 "}", move->number);
	buf_add_byte(&b, ' ');
	date_append_iso(&b, date);
	buf_add_byte(&b, ' ');
	out_append_text(ctx, &b, move->entry->actor.data, move->entry->actor.len, false);
	buf_add_str(&b, ": ");
	out_append_text(ctx, &b, reason->data, end ? (size_t)(end - reason->data) : reason->len, false);
	buf_add_byte(&b, '\n');
	out_buf(&b);
	return 0;
}

/* Print what the entry did to the ref (NULL: to all); *next is where to go on, LOC_UNKNOWN at the end. */
static int print_entry(struct cmd_context *ctx, const struct ref_log_entry *entry, const char *name, uint64_t number,
		       uint64_t *next)
{
	struct move move = { .entry = entry, .number = number };

	*next = name ? LOC_UNKNOWN : entry->previous_loc;
	for (size_t i = 0; i < entry->update_count; i++) {
		move.update = &entry->updates[i];
		if (name && strcmp(move.update->name.data, name) != 0)
			continue;
		if (name)
			*next = move.update->previous_loc;
		if (print_move(ctx, &move))
			return -1;
	}
	return 0;
}

static int print_log(struct cmd_context *ctx, const char *name)
{
	const struct reflog_options *o = ctx->options;
	struct odb *odb = repo_odb(ctx->repo);
	uint64_t loc, number = 0;
	int found = odb_ref_log_head(odb, name, &loc, &ctx->err);

	if (!found && name)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "it has none");
	if (found <= 0)
		return found;
	while (loc != LOC_UNKNOWN && (o->count < 0 || number < (uint64_t)o->count) && !ctx_reader_gone(ctx)) {
		struct ref_log_entry entry;
		int failed;

		if (odb_ref_log_read(odb, loc, &entry, &ctx->err))
			return -1;
		failed = print_entry(ctx, &entry, name, number++, &loc);
		ref_log_release(&entry);
		if (failed)
			return -1;
	}
	return 0;
}

/* The full name; HEAD is read as the branch that it names. A ref that is gone still has its log. */
static int choose_ref(struct cmd_context *ctx, const char *text, char name[REF_NAME_MAX + 1])
{
	struct odb *odb = repo_odb(ctx->repo);
	auto_buf full = BUF_INIT;
	struct ref_resolved head;
	int found;

	if (!text || !strcmp(text, REF_HEAD)) {
		if (refs_resolve(odb, REF_HEAD, false, &head, &ctx->err))
			return -1;
		memcpy(name, head.name, sizeof(head.name));
		return 0;
	}
	if (!strcmp(text, REF_STAGE)) {
		memcpy(name, REF_STAGE, sizeof(REF_STAGE));
		return 0;
	}
	found = refs_expand(odb, text, strlen(text), name, &ctx->err);
	if (found)
		return found < 0 ? -1 : 0;
	if (!strncmp(text, "refs/", 5))
		buf_add_str(&full, text);
	else if (refname_branch(text, strlen(text), &full, &ctx->err))
		return -1;
	if (buf_check(&full, &ctx->err))
		return -1;
	if (full.len > REF_NAME_MAX)
		return error_set(&ctx->err, DRIFT_ERR_LIMIT, "the name is too long");
	memcpy(name, full.data, full.len + 1);
	return 0;
}

static int reflog(struct cmd_context *ctx, int argc, char **argv)
{
	const struct reflog_options *o = ctx->options;
	char name[REF_NAME_MAX + 1];

	if (argc > (o->all ? 0 : 1))
		return ctx_usage(ctx, "one ref, or --all");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (o->all)
		return print_log(ctx, NULL) ? ctx_die(ctx, "show the log of refs") : EXIT_DONE;
	if (choose_ref(ctx, argc ? argv[0] : NULL, name))
		return ctx_fail(ctx, "show the log of '%s'", argc ? argv[0] : REF_HEAD);
	return print_log(ctx, name) ? ctx_fail(ctx, "show the log of '%s'", refname_short(name)) : EXIT_DONE;
}

const struct command cmd_reflog = {
	.name = "reflog",
	.task = "show the log of refs",
	.summary = "show what a ref held, and who moved it",
	.usage = usage,
	.run = reflog,
	COMMAND_OPTIONS(struct reflog_options, specs),
	.defaults = &defaults,
	.common = COMMON_JSON | COMMON_CACHE,
	.paged = true,
};
