#include "cli/bisection_marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void bisection_marks_release(struct bisection_marks *marks)
{
	commit_list_release(&marks->good);
	commit_list_release(&marks->bad);
	commit_list_release(&marks->skipped);
}

struct move {
	char (*names)[REF_NAME_MAX + 1];
	struct ref_change *changes;
	size_t count, name_capacity, change_capacity;
};

static void move_release(struct move *m)
{
	free(m->names);
	free(m->changes);
}
#define auto_move __attribute__((cleanup(move_release))) struct move

/* to NULL: delete. The changes take their names when the move is made, since the array may move until then. */
static int move_add(struct move *m, const char *prefix, const struct oid *suffix, const struct commit *to,
		    struct drift_error *err)
{
	struct ref_change change = { .value = { .kind = to ? REF_OBJECT : REF_ABSENT } };
	char hex[OID_HEX_LEN + 1] = "", name[REF_NAME_MAX + 1];
	int len = snprintf(name, sizeof(name), "%s%s", prefix, suffix ? oid_to_hex(suffix, hex) : "");

	if (len < 0 || (size_t)len >= sizeof(name))
		return error_set(err, DRIFT_ERR_LIMIT, "the name of a ref is too long");
	for (size_t i = 0; i < m->count; i++) {
		if (!strcmp(m->names[i], name))
			return 0;
	}
	if (mem_grow(&m->names, &m->name_capacity, m->count + 1, sizeof(*m->names)) ||
	    mem_grow(&m->changes, &m->change_capacity, m->count + 1, sizeof(*m->changes)))
		return error_no_memory(err);
	memcpy(m->names[m->count], name, sizeof(name));
	if (to)
		change.value.object = (struct object_ref){ .id = to->id, .loc = to->loc };
	m->changes[m->count++] = change;
	return 0;
}

static int move_make(struct cmd_context *ctx, struct move *m, const char *reason)
{
	struct ref_transaction t = { .changes = m->changes, .change_count = m->count, .reason = reason };

	for (size_t i = 0; i < m->count; i++)
		m->changes[i].name = m->names[i];
	return ctx_author(ctx, &t.actor, &ctx->err) ? -1 : refs_apply(repo_odb(ctx->repo), &t, &ctx->err);
}

/* Two who mark at once must not lose each other's marks. */
static int guard(struct move *m, const struct bisection *before, struct drift_error *err)
{
	struct ref_change *change;
	size_t at = 0;

	while (at < m->count && strcmp(m->names[at], REF_BISECT_BAD) != 0)
		at++;
	if (at == m->count && move_add(m, REF_BISECT_BAD, NULL, before->bad, err))
		return -1;
	change = &m->changes[at];
	change->expect = before->bad ? REF_EXPECT_OBJECT : REF_EXPECT_ABSENT;
	change->check_only = change->value.kind == REF_ABSENT;
	if (before->bad) {
		change->old = before->bad->id;
		change->check_only = oid_equal(&change->value.object.id, &change->old);
	}
	if (move_add(m, REF_BISECT_START, NULL, before->start, err))
		return -1;
	change = &m->changes[m->count - 1];
	change->check_only = true;
	change->expect = REF_EXPECT_OBJECT;
	change->old = before->start->id;
	return 0;
}

static int collect_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	(void)value;
	return move_add(data, name, NULL, NULL, err);
}

static int append(struct commit_list *list, const struct commit_list *more, struct drift_error *err)
{
	for (size_t i = 0; i < more->count; i++) {
		if (commit_list_add(list, more->items[i], err))
			return -1;
	}
	return 0;
}

/* What is known once the marks are added. */
static int add_marks(struct bisection *b, const struct bisection_marks *marks, struct drift_error *err)
{
	if (marks->bad.count) {
		commit_unref(b->bad);
		b->bad = commit_ref(marks->bad.items[marks->bad.count - 1]);
	}
	return append(&b->good, &marks->good, err) || append(&b->skipped, &marks->skipped, err) ? -1 : 0;
}

static int move_marks(struct move *m, const struct bisection_marks *marks, const struct bisection_step *step,
		      struct drift_error *err)
{
	if (marks->bad.count && move_add(m, REF_BISECT_BAD, NULL, marks->bad.items[marks->bad.count - 1], err))
		return -1;
	for (size_t i = 0; i < marks->good.count; i++) {
		if (move_add(m, REF_BISECT_GOOD, &marks->good.items[i]->id, marks->good.items[i], err))
			return -1;
	}
	for (size_t i = 0; i < marks->skipped.count; i++) {
		if (move_add(m, REF_BISECT_SKIP, &marks->skipped.items[i]->id, marks->skipped.items[i], err))
			return -1;
	}
	return move_add(m, REF_BISECT_HEAD, NULL, step->commit, err);
}

int bisection_mark(struct cmd_context *ctx, const struct bisection_marks *marks, const char *reason,
		   struct bisection *after, struct bisection_step *step)
{
	auto_bisection before = { .start = NULL };
	auto_move m = { .count = 0 };

	if (bisection_load(ctx->repo, &before, &ctx->err) || bisection_load(ctx->repo, after, &ctx->err))
		return -1;
	if (!before.start)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "no search is under way");
	if (add_marks(after, marks, &ctx->err) || bisection_next(after, step, &ctx->err) ||
	    move_marks(&m, marks, step, &ctx->err) || guard(&m, &before, &ctx->err))
		return -1;
	return move_make(ctx, &m, reason);
}

int bisection_begin(struct cmd_context *ctx, struct commit *from, const struct bisection_marks *marks,
		    struct bisection *after, struct bisection_step *step)
{
	auto_move m = { .count = 0 };

	if (add_marks(after, marks, &ctx->err) || bisection_next(after, step, &ctx->err) ||
	    move_add(&m, REF_BISECT_START, NULL, from, &ctx->err) ||
	    (after->first_parent && move_add(&m, REF_BISECT_FIRST_PARENT, NULL, from, &ctx->err)) ||
	    move_marks(&m, marks, step, &ctx->err) ||
	    odb_ref_each(repo_odb(ctx->repo), REF_BISECT, collect_ref, &m, &ctx->err))
		return -1;
	return move_make(ctx, &m, "bisect: start");
}

int bisection_end(struct cmd_context *ctx)
{
	auto_move m = { .count = 0 };

	if (odb_ref_each(repo_odb(ctx->repo), REF_BISECT, collect_ref, &m, &ctx->err) ||
	    (m.count && move_make(ctx, &m, "bisect: reset")))
		return -1;
	return m.count > 0;
}
