#include "cli/merge_args.h"

#include <string.h>

void merge_args_release(struct merge_args *a)
{
	merge_policy_free(a->policy);
}

int merge_args_parse(const char *favour, const char *policy, struct merge_args *out, struct drift_error *err)
{
	struct merge_args args = { .policy = NULL };

	if (favour && strcmp(favour, "ours") != 0 && strcmp(favour, "theirs") != 0)
		return error_set(err, DRIFT_ERR_INVALID, "-X takes ours or theirs");
	args.choices.decided = favour;
	args.choices.second_wins = favour && !strcmp(favour, "theirs");
	if (policy && merge_policy_from_word((struct text){ policy, strlen(policy) }, &args.policy, err))
		return -1;
	args.choices.policy = args.policy;
	*out = args;
	return 0;
}
