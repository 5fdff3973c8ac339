/* What people decide for a merge on the command line: -X ours|theirs, --policy WORD. */
#ifndef CLI_MERGE_ARGS_H
#define CLI_MERGE_ARGS_H

#include "merge/merge_policy.h"
#include "merge/tree_merge.h"

struct merge_args {
	struct merge_choices choices;
	struct merge_policy *policy;
};
void merge_args_release(struct merge_args *a);
#define auto_merge_args __attribute__((cleanup(merge_args_release))) struct merge_args

/* Either may be NULL. DRIFT_ERR_INVALID */
int merge_args_parse(const char *favour, const char *policy, struct merge_args *out,
		     struct drift_error *err) MUST_CHECK;

#endif
