#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "repo/point_internal.h"
#include "repo/reflog.h"

static const char *branch_name(const struct point_context *ctx)
{
	return ctx->branch ? ctx->branch : REF_HEAD;
}

static void set_commit(struct point_target *out, const struct commit *c)
{
	out->empty = !c;
	if (!c)
		return;
	out->kind = OBJECT_COMMIT;
	out->object = (struct object_ref){ .id = c->id, .loc = c->loc };
}

static int base_ref(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
		    struct drift_error *err)
{
	struct odb *odb = repo_odb(ctx->repo);
	struct ref_resolved at;
	int rc = refs_expand(odb, text->ref.data, text->ref.len, out->ref, err);

	if (rc <= 0)
		return rc;
	if (refs_resolve(odb, out->ref, false, &at, err) < 0)
		return -1;
	out->empty = !at.exists;
	out->object = at.object;
	return at.exists && point_locate(ctx->repo, out, err) < 0 ? -1 : 1;
}

static int base_now(const struct point_context *ctx, struct commit **tip, struct drift_error *err)
{
	return refs_commit(repo_odb(ctx->repo), branch_name(ctx), false, tip, err) < 0 ? -1 : 0;
}

static int base_seq(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
		    struct drift_error *err)
{
	auto_commit *tip = NULL;
	auto_commit *c = NULL;

	if (base_now(ctx, &tip, err) < 0)
		return -1;
	if (tip && text->seq >= tip->seq)
		c = commit_ref(tip);
	else if (tip && graph_at_seq(ctx->repo, tip, text->seq, &c, err) < 0)
		return -1;
	set_commit(out, c);
	return 1;
}

static int base_time(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
		     struct drift_error *err)
{
	auto_commit *tip = NULL;
	auto_commit *c = NULL;

	if (base_now(ctx, &tip, err) < 0)
		return -1;
	if (tip && graph_at_time(ctx->repo, tip, text->time_us, &c, err) < 0)
		return -1;
	set_commit(out, c);
	return 1;
}

/* The ref of REF@{...}; the current branch where none is named. */
static int reflog_name(const struct point_context *ctx, const struct point_text *text, char name[REF_NAME_MAX + 1],
		       struct drift_error *err)
{
	struct odb *odb = repo_odb(ctx->repo);
	struct ref_resolved at;

	if (text->ref.len)
		return reflog_expand(odb, text->ref.data, text->ref.len, name, err);
	if (refs_resolve(odb, branch_name(ctx), false, &at, err) < 0)
		return -1;
	memcpy(name, at.name, sizeof(at.name));
	return 1;
}

static int back_by_index(struct reflog_walk *w, uint64_t moves, struct drift_error *err)
{
	uint64_t left;

	for (left = moves; left; left--) {
		int64_t time;
		int rc = reflog_back(w, &time, err);

		if (rc < 0)
			return -1;
		if (!rc)
			break;
	}
	if (left || w->value.kind != REF_OBJECT)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "the log of '%s' does not go back %" PRIu64 " moves",
				 w->name, moves);
	return 0;
}

static int back_by_time(struct reflog_walk *w, int64_t until, struct drift_error *err)
{
	for (;;) {
		int64_t time;
		int rc = reflog_peek(w, &time, err);

		if (rc <= 0 || time <= until)
			return rc < 0 ? -1 : 0;
		if (reflog_back(w, &time, err) < 0)
			return -1;
	}
}

static int base_reflog(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
		       struct drift_error *err)
{
	struct reflog_walk w;
	int rc = reflog_name(ctx, text, out->ref, err);

	if (rc > 0)
		rc = reflog_open(repo_odb(ctx->repo), out->ref, &w, err);
	if (rc <= 0)
		return rc;
	if (text->candidates & POINT_REFLOG_INDEX)
		rc = back_by_index(&w, text->reflog_index, err);
	else
		rc = back_by_time(&w, text->time_us, err);
	if (rc < 0)
		return -1;
	out->empty = w.value.kind != REF_OBJECT;
	out->object = w.value.object;
	return !out->empty && point_locate(ctx->repo, out, err) < 0 ? -1 : 1;
}

static int base_by(const struct point_context *ctx, const struct point_text *text, enum point_candidate by,
		   struct point_target *out, struct drift_error *err)
{
	auto_commit *tip = NULL;

	memset(out, 0, sizeof(*out));
	switch (by) {
	case POINT_REF:
		return base_ref(ctx, text, out, err);
	case POINT_SEQ:
		return base_seq(ctx, text, out, err);
	case POINT_NOW:
		if (base_now(ctx, &tip, err) < 0)
			return -1;
		set_commit(out, tip);
		return 1;
	case POINT_TIME:
		return base_time(ctx, text, out, err);
	case POINT_ID:
		return point_id(ctx, text, out, err);
	case POINT_REFLOG_INDEX:
	case POINT_REFLOG_TIME:
		return base_reflog(ctx, text, out, err);
	}
	return 0;
}

/* In words, for a complaint of two matches. */
static void say_what(const struct point_text *text, enum point_candidate by, const struct point_target *t,
		     struct buf *out)
{
	char hex[OID_HEX_LEN + 1];

	if (by == POINT_REF) {
		buf_addf(out, "the ref %s", t->ref);
	} else if (by == POINT_ID) {
		buf_addf(out, "the %s %s", object_kind_name(t->kind), oid_to_hex(&t->object.id, hex));
	} else if (by == POINT_TIME) {
		buf_add_str(out, "the time ");
		date_append_rfc3339(out, (struct date){ .us = text->time_us, .zone_min = 0 });
	} else {
		buf_add_str(out, "a state of the branch");
	}
}

int point_base(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
	       struct drift_error *err)
{
	static const enum point_candidate order[] = { POINT_REF, POINT_SEQ,          POINT_NOW,        POINT_TIME,
						      POINT_ID,  POINT_REFLOG_INDEX, POINT_REFLOG_TIME };
	struct point_target found;
	enum point_candidate found_by = 0;
	struct date date;

	/* No branch or tag is named like that, so there is nothing else to ask. */
	if ((text->candidates & POINT_ID) && text->id_len == OID_HEX_LEN) {
		int rc = base_by(ctx, text, POINT_ID, out, err);

		if (rc)
			return rc < 0 ? -1 : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		auto_buf both = BUF_INIT;
		struct point_target t;
		int rc;

		if (!(text->candidates & order[i]))
			continue;
		rc = base_by(ctx, text, order[i], &t, err);
		if (rc < 0)
			return -1;
		if (!rc)
			continue;
		if (!found_by) {
			found = t;
			found_by = order[i];
			continue;
		}
		say_what(text, found_by, &found, &both);
		buf_add_str(&both, " or ");
		say_what(text, order[i], &t, &both);
		return error_set(err, DRIFT_ERR_AMBIGUOUS, "'%.*s' may be %s", (int)text->text.len, text->text.data,
				 both.data);
	}
	/* A name like any other may look like a date: only now is it clear that a date was meant. */
	if (!found_by && text->looks_like_date && date_parse_rfc3339(text->text.data, text->text.len, &date, err))
		return -1;
	if (!found_by)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no ref, commit or point in time '%.*s'",
				 (int)text->text.len, text->text.data);
	*out = found;
	return 0;
}
