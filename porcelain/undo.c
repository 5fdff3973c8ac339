#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "cli/output.h"
#include "cli/ref_move.h"
#include "refs/refname.h"

#define UNDO_REASON "undo: "

struct undo_options {
	const char *author, *date;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING, .long_name = "author", .value = OPTION_AT(struct undo_options, author),
	  .argument = "WHO", .help = "take back the last operation of WHO" },
	{ .kind = OPTION_STRING, .long_name = "date", .value = OPTION_AT(struct undo_options, date),
	  .argument = "DATE", .help = "the time to note in the log of refs" },
};

static const char *const usage[] = { "drift undo [--author WHO] [-q]", NULL };

static bool text_is(const struct text *text, const char *s)
{
	return text->len == strlen(s) && !memcmp(text->data, s, text->len);
}

static struct text first_line(const struct text *text)
{
	const char *end = memchr(text->data, '\n', text->len);

	return (struct text){ text->data, end ? (size_t)(end - text->data) : text->len };
}

static bool is_undo(const struct ref_log_entry *entry)
{
	return entry->reason.len >= strlen(UNDO_REASON) && !memcmp(entry->reason.data, UNDO_REASON, strlen(UNDO_REASON));
}

/*
 * The newest entry of the actor that is not undone yet: 1 with it, 0 none, -1. Each undo takes back the one operation
 * before it that no other undo took back, as brackets pair.
 */
static int find_operation(struct odb *odb, const char *actor, struct ref_log_entry *out, struct drift_error *err)
{
	uint64_t loc, undone = 0;
	int found = odb_ref_log_head(odb, NULL, &loc, err);

	if (found <= 0)
		return found;
	while (loc != LOC_UNKNOWN) {
		struct ref_log_entry entry;

		if (odb_ref_log_read(odb, loc, &entry, err))
			return -1;
		loc = entry.previous_loc;
		if (text_is(&entry.actor, actor)) {
			if (is_undo(&entry)) {
				undone++;
			} else if (undone) {
				undone--;
			} else {
				*out = entry;
				return 1;
			}
		}
		ref_log_release(&entry);
	}
	return 0;
}

static bool same_value(const struct ref_value *a, const struct ref_value *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == REF_OBJECT)
		return oid_equal(&a->object.id, &b->object.id);
	return a->kind != REF_SYMBOLIC || !strcmp(a->target, b->target);
}

/* The ref must hold what the operation left; then it gets what was there before. */
static int plan_update(struct odb *odb, const struct ref_log_update *update, struct ref_change *change,
		       struct drift_error *err)
{
	struct ref_value now;

	if (odb_ref_read(odb, update->name.data, false, &now, err))
		return -1;
	if (!same_value(&now, &update->new))
		return error_set(err, DRIFT_ERR_CLASH, "'%s' has moved since", refname_short(update->name.data));
	change->name = update->name.data;
	change->value = update->old;
	change->expect = REF_EXPECT_ANYTHING;
	if (update->new.kind == REF_ABSENT)
		change->expect = REF_EXPECT_ABSENT;
	if (update->new.kind == REF_OBJECT) {
		change->expect = REF_EXPECT_OBJECT;
		change->old = update->new.object.id;
	}
	return 0;
}

static int take_back(struct cmd_context *ctx, const struct ref_log_entry *entry)
{
	auto_free struct ref_change *changes = mem_calloc(entry->update_count + 1, sizeof(*changes));
	const struct text what = first_line(&entry->reason);
	auto_buf reason = BUF_INIT;
	size_t count = 0;

	if (!changes)
		return error_no_memory(&ctx->err);
	for (size_t i = 0; i < entry->update_count; i++) {
		/* What has arrived stays, so a transfer that was cut stays ended. */
		if (!strncmp(entry->updates[i].name.data, REF_INCOMING, strlen(REF_INCOMING)))
			continue;
		if (plan_update(repo_odb(ctx->repo), &entry->updates[i], &changes[count++], &ctx->err))
			return -1;
	}
	buf_add_str(&reason, UNDO_REASON);
	buf_add(&reason, what.data, what.len);
	if (buf_check(&reason, &ctx->err) ||
	    ctx_move_refs(ctx, changes, count, NULL, reason.data, &ctx->err))
		return -1;
	if (!ctx->common.quiet) {
		auto_buf said = BUF_INIT;

		out_append_text(ctx, &said, reason.data, reason.len, false);
		buf_add_byte(&said, '\n');
		out_buf(&said);
	}
	return 0;
}

/* "undo 'commit: first' of 2025-01-31T12:00:00Z": who reads it may have thought of another operation. */
static int undo_failed(struct cmd_context *ctx, const struct ref_log_entry *entry)
{
	const struct text reason = first_line(&entry->reason);
	const struct date when = { .us = entry->time_usec };
	bool moved = ctx->err.code == DRIFT_ERR_CLASH;
	auto_buf time = BUF_INIT;
	int code;

	date_append_rfc3339(&time, when);
	code = ctx_fail(ctx, "undo '%.*s' of %s", (int)reason.len, reason.data, time.data);
	if (moved)
		ctx_hint(ctx, "'drift revert COMMIT' takes back what a commit changed, whatever came after it");
	return code;
}

static int undo(struct cmd_context *ctx, int argc, char **argv)
{
	const struct undo_options *o = ctx->options;
	struct ref_log_entry entry;
	const char *who;
	int found, code;

	(void)argv;
	ctx->common.author = o->author;
	ctx->common.date = o->date;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_author(ctx, &who, &ctx->err))
		return ctx_die(ctx, "undo");
	found = find_operation(repo_odb(ctx->repo), who, &entry, &ctx->err);
	if (found <= 0) {
		if (!found)
			error_set(&ctx->err, DRIFT_ERR_NOTHING, "'%s' has done nothing here that is not undone", who);
		return ctx_fail(ctx, "undo");
	}
	code = take_back(ctx, &entry) ? undo_failed(ctx, &entry) : EXIT_DONE;
	ref_log_release(&entry);
	return code;
}

const struct command cmd_undo = {
	.name = "undo",
	.summary = "take back your last operation",
	.usage = usage,
	.run = undo,
	COMMAND_OPTIONS(struct undo_options, specs),
	.common = COMMON_QUIET,
	.writes = true,
};
