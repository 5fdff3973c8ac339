#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "refs/refs.h"
#include "repo/gc_plan.h"

struct forgotten {
	struct odb *odb;
	int64_t before_usec;
	struct ref_change *changes;
	size_t count, capacity;
};

/* 1, 0 if it is young, -1 */
static int is_old(const struct forgotten *f, const char *name, struct drift_error *err)
{
	struct ref_log_entry entry;
	uint64_t loc;
	int r = odb_ref_log_head(f->odb, name, &loc, err);

	if (r <= 0)
		return r;
	if (odb_ref_log_read(f->odb, loc, &entry, err) < 0)
		return -1;
	r = entry.time_usec < f->before_usec;
	ref_log_release(&entry);
	return r;
}

static int each_incoming(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct forgotten *f = data;
	int r = is_old(f, name, err);
	struct ref_change *change;

	if (r <= 0)
		return r;
	if (mem_grow(&f->changes, &f->capacity, f->count + 1, sizeof(*f->changes)) < 0)
		return error_no_memory(err);
	change = &f->changes[f->count];
	/* It is as it was when it was looked at. */
	*change = (struct ref_change){ .name = mem_dup_str(name, strlen(name)),
				       .expect = REF_EXPECT_OBJECT,
				       .old = value->object.id,
				       .value = { .kind = REF_ABSENT } };
	if (!change->name)
		return error_no_memory(err);
	f->count++;
	return 0;
}

int gc_forget_incoming(struct odb *odb, struct drift_error *err)
{
	struct forgotten f = { .odb = odb, .before_usec = date_now_us() - REF_INCOMING_SEC * 1000000 };
	struct ref_transaction t = { .actor = "drift", .reason = "gc: forget what came of old transfers" };
	struct drift_error why;
	int r = odb_ref_each(odb, REF_INCOMING, each_incoming, &f, err);

	t.changes = f.changes;
	t.change_count = f.count;
	if (!r && f.count && refs_apply(odb, &t, &why) < 0 && why.code != DRIFT_ERR_CLASH)
		r = error_set(err, why.code, "%s", why.message);
	while (f.count)
		free((void *)(uintptr_t)f.changes[--f.count].name);
	free(f.changes);
	return r;
}
