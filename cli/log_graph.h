/* Lines of history drawn beside the commits of a log, in characters: "*", "|", "\", "/", "_". */
#ifndef CLI_LOG_GRAPH_H
#define CLI_LOG_GRAPH_H

#include "base/buf.h"
#include "objects/commit.h"
#include "objects/oid_table.h"

struct log_graph {
	struct oid *columns; /* the commit that each line leads to */
	size_t count, capacity;
	struct buf pending;  /* rows that stand between this commit and the next */
	bool first_parent;   /* of merges only the first line is followed */
	const struct oid_table *within; /* lines end before commits that are not in it; NULL: there are none */
};
#define LOG_GRAPH_INIT { .columns = NULL, .pending = BUF_INIT }

void log_graph_release(struct log_graph *g);
/* Append the text of one commit, its lines behind the drawing. Commits come in topological order. */
int log_graph_add(struct log_graph *g, const struct commit *c, const struct buf *text, struct buf *out,
		  struct drift_error *err) MUST_CHECK;

/* A commit that is not shown: lines that lead to it lead on to its first parent. */
void log_graph_skip(struct log_graph *g, const struct commit *c, struct buf *out);

#endif
