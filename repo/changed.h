/*
 * Which documents differ between two points in time, without what they hold. Where one commit is on the first-parent line of the
 * other, the change lists recorded between them say it, and the trees are asked only for documents that were changed more
 * than once; otherwise, and where the lists would be the longer way, the trees are compared. The answer is the same.
 */
#ifndef REPO_CHANGED_H
#define REPO_CHANGED_H

#include "repo/point.h"

struct changed_options {
	const char *prefix; /* as in tree_diff_options */
	size_t prefix_len;
	/* In order of path; what made the second point of the first. 0 to go on, >0 to stop (returned), <0 error. */
	int (*each)(void *data, const struct path *path, enum change_kind kind, struct drift_error *err);
	void *data;
};

int changed_between(struct repo *repo, const struct point *from, const struct point *to,
		    const struct changed_options *options, struct drift_error *err) MUST_CHECK;

#endif
