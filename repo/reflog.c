#include "repo/reflog.h"

#include <string.h>

#include "refs/refname.h"

struct entry {
	struct ref_log_entry log;
	const struct ref_log_update *update; /* of the ref asked for */
};

static void entry_release(struct entry *e)
{
	if (e->update)
		ref_log_release(&e->log);
}
#define auto_entry __attribute__((cleanup(entry_release))) struct entry

static int entry_read(struct odb *odb, const char *name, uint64_t loc, struct entry *out, struct drift_error *err)
{
	size_t len = strlen(name);

	if (odb_ref_log_read(odb, loc, &out->log, err) < 0)
		return -1;
	for (size_t i = 0; i < out->log.update_count; i++) {
		const struct ref_log_update *u = out->log.updates + i;

		if (u->name.len == len && !memcmp(u->name.data, name, len)) {
			out->update = u;
			return 0;
		}
	}
	ref_log_release(&out->log);
	return error_set(err, DRIFT_ERR_CORRUPT, "the log of '%s' leads to an entry that does not move it", name);
}

static int log_head(struct odb *odb, const char *name, uint64_t *loc_out, struct drift_error *err)
{
	int rc = odb_ref_log_head(odb, name, loc_out, err);

	if (!rc)
		*loc_out = LOC_UNKNOWN;
	return rc < 0 ? -1 : 0;
}

/* Follow another ref from what it held when the entry at before_loc was made. */
static int follow(struct reflog_walk *w, const struct ref_value *symbolic, uint64_t before_loc, struct drift_error *err)
{
	uint64_t loc;

	memcpy(w->target, symbolic->target, sizeof(w->target));
	w->value = (struct ref_value){ .kind = REF_ABSENT };
	if (log_head(w->odb, w->target, &loc, err) < 0)
		return -1;
	while (loc != LOC_UNKNOWN) {
		auto_entry e = { .update = NULL };

		if (entry_read(w->odb, w->target, loc, &e, err) < 0)
			return -1;
		if (loc < before_loc) {
			w->value = e.update->new;
			break;
		}
		loc = e.update->previous_loc;
	}
	w->target_loc = loc;
	return 0;
}

int reflog_open(struct odb *odb, const char *name, struct reflog_walk *w, struct drift_error *err)
{
	struct ref_value value;
	size_t len = strlen(name);

	if (len > REF_NAME_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the name of a ref is longer than %d bytes", REF_NAME_MAX);
	if (odb_ref_read(odb, name, false, &value, err) < 0)
		return -1;
	w->odb = odb;
	memcpy(w->name, name, len + 1);
	w->target[0] = '\0';
	w->target_loc = LOC_UNKNOWN;
	w->value = value;
	if (log_head(odb, name, &w->name_loc, err) < 0)
		return -1;
	if (value.kind == REF_SYMBOLIC && follow(w, &value, UINT64_MAX, err) < 0)
		return -1;
	return value.kind != REF_ABSENT || w->name_loc != LOC_UNKNOWN;
}

/* Does the ref's own entry come next? Of one entry that moves both, the symbolic ref's part counts. */
static bool own_is_next(const struct reflog_walk *w)
{
	return w->name_loc != LOC_UNKNOWN && w->name_loc >= w->target_loc;
}

static int next_entry(struct reflog_walk *w, struct entry *out, struct drift_error *err)
{
	if (own_is_next(w))
		return entry_read(w->odb, w->name, w->name_loc, out, err) < 0 ? -1 : 1;
	if (w->target_loc != LOC_UNKNOWN)
		return entry_read(w->odb, w->target, w->target_loc, out, err) < 0 ? -1 : 1;
	return 0;
}

int reflog_peek(struct reflog_walk *w, int64_t *time_usec_out, struct drift_error *err)
{
	auto_entry e = { .update = NULL };
	int rc = next_entry(w, &e, err);

	if (rc > 0)
		*time_usec_out = e.log.time_usec;
	return rc;
}

int reflog_back(struct reflog_walk *w, int64_t *time_usec_out, struct drift_error *err)
{
	auto_entry e = { .update = NULL };
	int rc = next_entry(w, &e, err);
	uint64_t loc;

	if (rc <= 0)
		return rc;
	*time_usec_out = e.log.time_usec;
	if (!own_is_next(w)) {
		w->target_loc = e.update->previous_loc;
		w->value = e.update->old;
		return 1;
	}
	loc = w->name_loc;
	w->name_loc = e.update->previous_loc;
	w->target_loc = LOC_UNKNOWN;
	w->target[0] = '\0';
	if (e.update->old.kind == REF_SYMBOLIC)
		return follow(w, &e.update->old, loc, err) < 0 ? -1 : 1;
	w->value = e.update->old;
	return 1;
}

int reflog_expand(struct odb *odb, const char *shorthand, size_t len, char name_out[REF_NAME_MAX + 1],
		  struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	int rc = refs_expand(odb, shorthand, len, name_out, err);

	for (size_t i = 0; !rc && i < REFNAME_RULE_COUNT; i++) {
		uint64_t loc;

		buf_clear(&name);
		if (!refname_expand(shorthand, len, i, &name))
			continue;
		if (buf_check(&name, err) < 0)
			return -1;
		if (name.len > REF_NAME_MAX)
			continue;
		rc = odb_ref_log_head(odb, name.data, &loc, err);
		if (rc > 0)
			memcpy(name_out, name.data, name.len + 1);
	}
	return rc;
}
