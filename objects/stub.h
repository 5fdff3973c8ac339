/*
 * Stubs: what a pack keeps of a transaction's frame. The payload of txn.h, with records of length 0 for those that
 * moved to the groups of objects or were removed. Commits, tags and nodes of root maps stay. txn_parse and all that
 * takes a struct txn reads a stub as it is.
 *
 * Log entries and change lists are kept though their commits may be removed: chains of history and of the log lead
 * through them.
 */
#ifndef OBJECTS_STUB_H
#define OBJECTS_STUB_H

#include "objects/commit.h"
#include "objects/node.h"
#include "objects/txn.h"

/* What becomes of each record of a frame. */
enum stub_fate {
	STUB_GONE = 0,   /* moved or removed: length 0 */
	STUB_AS_IS = 1,  /* tags */
	STUB_COMMIT = 2, /* encoded anew from commit: who spelled out, message raw, zeros for the tree's id */
	STUB_LOST = 4,   /* it cannot be read any more: its mark, which is in the struct */
	STUB_ROOT = 3    /* a node of a root map, encoded anew from node, with zeros for the ids of roots */
};

struct stub_record {
	enum stub_fate fate;
	/* STUB_COMMIT; also with STUB_GONE where the log entry takes its time, actor and reason from the commit. */
	const struct commit *commit;
	const struct node *node; /* STUB_ROOT */
	struct txn_lost lost;    /* STUB_LOST */
	/* STUB_COMMIT: the node of its tree cannot be read, and so not tell the tree's id. */
	bool spell_tree;
};

/*
 * The stub of a transaction, appended to out; records: one each of txn, which may be a stub itself. out stays as it is
 * if nothing is worth keeping: no record, no mark of a lost one, log entry or change list. A log entry whose commit is gone says itself what
 * it took from it; a ref that the frame set to such a commit is told by its id. Same input, same bytes.
 */
int stub_encode(const struct txn *txn, const struct stub_record *records, struct buf *out,
		struct drift_error *err) MUST_CHECK;

/*
 * The reason that a log entry of this commit shows: "commit: " and so on and the first line of its message,
 * appended.
 */
void stub_reason(const struct commit *commit, struct buf *out);

#endif
