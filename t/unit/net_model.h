/*
 * For tests of convergence: nodes that commit at random and meet in pairs, over connections that are cut, by streams that come late and
 * twice, while others commit. What was written where is kept in mind: in the end one head is everywhere, and each value that was
 * ever written is in it, or a term of a conflict, or somebody who knew it wrote another. All follows from the seed.
 */
#ifndef T_UNIT_NET_MODEL_H
#define T_UNIT_NET_MODEL_H

#include "base/buf.h"
#include "repo/repo.h"

#define NET_NODES 5
#define NET_TOKENS 48 /* values in a document */
#define NET_MAIL 6    /* streams on their way */

/* A document is what values it holds, each of which was written once and is in no other place. */
struct net_document {
	uint32_t tokens[NET_TOKENS];
	size_t count;
};

enum net_kind { NET_FIELDS, NET_LINES, NET_BINARY, NET_COUNTER, NET_SET, NET_LAST, NET_KINDS };
#define NET_PATHS 8 /* of each kind */

/* Somebody made a document what it is from there on. */
struct net_event {
	struct oid commit;
	unsigned path; /* kind * NET_PATHS + number */
	struct net_document document;
	uint32_t fresh_from, fresh_to; /* values that were written here first */
	bool removed;
	int64_t added; /* NET_COUNTER */
};

/* What one node sent another, who has not got it yet. */
struct net_letter {
	unsigned from, to;
	struct oid head;
	struct buf stream;
	unsigned copies;
};

struct net_node {
	struct repo *repo;
	char dir[64];
	unsigned commits;
	int64_t clock_usec;
};

struct net_model {
	uint64_t seed, random;
	unsigned step;
	const char *what; /* is being done */
	struct net_node nodes[NET_NODES];
	struct net_event *events;
	size_t event_count, event_capacity;
	struct net_letter mail[NET_MAIL];
	uint32_t token_count;
	unsigned meetings, cuts, letters, races; /* that took place */
	struct drift_error err;
};

/* What the check counted. */
struct net_totals {
	uint64_t commits, merges, conflicts; /* conflicts: documents, in the end */
	unsigned rounds;                     /* until all were equal */
};

/* What fails in these fails the test, and names the seed and the step. */
void net_open(struct net_model *m, uint64_t seed);
void net_close(struct net_model *m);
/* Something at random; each node makes so many commits. False: all have been made. */
bool net_step(struct net_model *m, unsigned commits);
/* Everybody meets until nothing changes. Then all is looked at. */
void net_settle(struct net_model *m, struct net_totals *out);

/* For both files of the model. */
uint64_t net_random(struct net_model *m, uint64_t below);
void net_fail(struct net_model *m, const char *why) __attribute__((noreturn));
void net_must(struct net_model *m, int r);
void net_path(unsigned path, char out[16]);
void net_parse(const char *text, size_t len, struct net_document *out);
/* The node's head, which is there. */
struct commit *net_head(struct net_model *m, unsigned node);
/* After so many meetings of nothing but pairs, in turn: the heads are equal. */
void net_check(struct net_model *m, struct net_totals *out);

#endif
