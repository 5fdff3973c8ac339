/*
 * The graph of commits, compressed. A commit's stretch is named by its bottom, the nearest merge on its first-parent line (itself
 * included). The commits of a stretch form a tree of first parents that hangs on the bottom and has no merge but that, so
 * what is reached within a stretch are the lines from the commits by which it was entered down to the bottom. Commits
 * without a merge below them are one stretch more, without a bottom, whose trees hang on the roots.
 *
 * A stretch is entered from merges above it only, and those have greater generations than its bottom, so in order of their
 * bottoms' generations, greatest first, stretches come when all that enters them is known.
 */
#ifndef REPO_STRETCH_INTERNAL_H
#define REPO_STRETCH_INTERNAL_H

#include "repo/graph.h"
#include "repo/heap.h"
#include "objects/oid_table.h"

/* Why a commit is reached: from the one side, from the other, from a common ancestor of both. */
#define REACHED_A 1u
#define REACHED_B 2u
#define REACHED_STALE 4u

struct stretch_entry {
	struct commit *commit;
	unsigned reached;
};

struct stretch {
	struct commit *bottom; /* NULL: no merge below */
	uint64_t gen;          /* of the bottom, 0 without one */
	unsigned sides;        /* what its entries that are not stale are reached from */
	bool waiting;
	struct stretch_entry *entries;
	size_t entry_count, entry_capacity;
};

struct stretches {
	struct repo *repo;
	struct heap waiting;
	struct oid_table by_bottom;
	struct stretch **all;
	size_t count, capacity;
	size_t waiting_a, waiting_b; /* how many that wait have the side in `sides` */
};

void stretches_init(struct stretches *s, struct repo *repo);
void stretches_release(struct stretches *s);
/* Reach a commit. Its stretch must not have been taken yet. */
int stretches_enter(struct stretches *s, struct commit *c, unsigned reached, struct drift_error *err) MUST_CHECK;
/* The waiting stretch with the greatest generation, or NULL; it stays where stretches_find finds it. */
struct stretch *stretches_take(struct stretches *s);
/* The stretch of a commit: 1, 0 if it was never entered, -1. */
int stretches_find(struct stretches *s, struct commit *c, struct stretch **out, struct drift_error *err) MUST_CHECK;

/* Where two first-parent lines meet. */
struct meeting {
	struct commit *at; /* NULL: they do not */
	struct commit *below_a,
		*below_b; /* the last before it on either line; NULL where the line begins at it; roots if there is none */
};
int meeting_find(struct repo *repo, struct commit *a, struct commit *b, struct meeting *out,
		 struct drift_error *err) MUST_CHECK;
void meeting_release(struct meeting *m);
#define auto_meeting __attribute__((cleanup(meeting_release))) struct meeting
#define MEETING_INIT       \
	{                  \
		.at = NULL \
	}

#endif
