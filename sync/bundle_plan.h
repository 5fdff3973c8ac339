/* What a new bundle is to hold: refs of a repository as they stand at one moment, and what whoever reads it has already. */
#ifndef SYNC_BUNDLE_PLAN_H
#define SYNC_BUNDLE_PLAN_H

#include "sync/bundle.h"

struct bundle_plan {
	struct repo *repo;
	struct bundle_ref *refs;
	size_t ref_count, ref_capacity;
	struct bundle_prerequisite *needs;
	size_t need_count, need_capacity;
	struct bundle_text *texts;
	size_t text_count, text_capacity;
	struct bundle_head head;
};

void bundle_plan_init(struct bundle_plan *plan, struct repo *repo);
void bundle_plan_release(struct bundle_plan *plan);
#define auto_bundle_plan __attribute__((cleanup(bundle_plan_release))) struct bundle_plan

/* HEAD and all below refs/ but what was fetched last, none moved between one and the other. */
int bundle_plan_add_all(struct bundle_plan *plan, struct drift_error *err) MUST_CHECK;
/* One, by its full name: DRIFT_ERR_NOT_FOUND if it is not there. A symbolic one without what it leads to. */
int bundle_plan_add_ref(struct bundle_plan *plan, const char *name, struct drift_error *err) MUST_CHECK;
/* Whoever reads it has that commit, with all that it leads to. */
int bundle_plan_add_need(struct bundle_plan *plan, const struct oid *id, const struct text *subject, struct drift_error *err)
	MUST_CHECK;
/*
 * Whoever reads it has what that commit leads to: needed is, of each ref that was added, where the two histories meet. Call it after
 * the last ref.
 */
int bundle_plan_leave_out(struct bundle_plan *plan, struct commit *c, struct drift_error *err) MUST_CHECK;
int bundle_plan_add_text(struct bundle_plan *plan, const char *name, const void *content, size_t len, struct drift_error *err)
	MUST_CHECK;
/* All is added. Valid as long as the plan. */
const struct bundle_head *bundle_plan_head(struct bundle_plan *plan, int64_t time_usec);

#endif
