/* Telling points in time from paths among arguments such as "main..topic users/ orders/1". */
#ifndef CLI_REVISION_ARGS_H
#define CLI_REVISION_ARGS_H

#include "cli/change_output.h"

struct revision_args {
	char **points; /* ranges too, where they are allowed */
	size_t point_count;
	bool too_many; /* why it failed: wrong usage, DRIFT_ERR_INVALID */
	struct path_filter paths;
};

/*
 * What stands behind "--" is a path. Without it the first arguments that name a point are points, and the others
 * paths, which must be in the store now or hold a slash: else DRIFT_ERR_NOT_FOUND. At most point_max points.
 */
int revision_args_split(struct cmd_context *ctx, int argc, char **argv, size_t point_max, struct revision_args *out,
			struct drift_error *err) MUST_CHECK;

#endif
