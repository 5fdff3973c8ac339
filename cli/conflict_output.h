/* Documents in conflict, as commands show them. */
#ifndef CLI_CONFLICT_OUTPUT_H
#define CLI_CONFLICT_OUTPUT_H

#include "base/json_writer.h"
#include "cli/command.h"
#include "merge/conflict.h"

struct conflict_style {
	bool lengthy;       /* with the versions that each has */
	const char *prefix; /* of paths; NULL: all */
};

/* One a line, in the form that -z and --json ask for. style may be NULL. The documents of the tree are stored. */
int conflict_list(struct cmd_context *ctx, struct node_store *nodes, const struct tree_root *root,
		  const struct conflict_style *style) MUST_CHECK;

/*
 * Append a version for people: "side 1: 1a2b3c4d5e, 120 bytes", "side 2: removed", "base: ...". Sides are numbered from 1
 * in the order of their terms.
 */
void conflict_append_version(const struct conflict *c, size_t i, struct buf *out);

/* Members "sides" and "bases" of the open object, arrays of {"id", "size", "mode"} or {"absent": true}; contents: with the bytes. */
int conflict_write_json(struct cmd_context *ctx, struct json_writer *w, const struct conflict *c, bool contents,
			struct drift_error *err) MUST_CHECK;

#endif
