/*
 * Three-way merge of trees. What only one side changed is taken from there, whole collections by their roots; documents that
 * both changed are merged (docmerge.h); where they clash the tree has the first side's version as the winner and all versions as
 * terms (objects/term.h). The cost follows the changes of the side that has fewer.
 *
 * A document's state is the document, or its absence, and its sides S and bases B; not in conflict, S is the document itself and B
 * empty. A path is touched by a side whose state there differs from the base's; touched by one side it takes that side's state, and with
 * equal states that one. Touched by both, differently:
 *  - None of the three is in conflict: the merged document; or, if that clashes, S is both sides and B the base's document, if there is one.
 *  - Else S is what both sides have or one of them has anew against the base, and B likewise; the base's document, if it has one
 *    and is not in conflict, joins B. S is both sides' S together if nothing is left, or if both sides have settled the base's conflict.
 *    Where the documents clash each of them that is a version of its state joins S, though the other side had dropped it.
 *    If one side is left in S the conflict is over, and that is the document.
 *  - The document of a conflict is the merged one, clashes decided for the first side; were it absent, the least version in S.
 */
#ifndef MERGE_TREE_MERGE_H
#define MERGE_TREE_MERGE_H

#include "merge/merge_store.h"

struct merge_policy;

/* What a person may decide for a merge; zeros: nothing. */
struct merge_choices {
	bool decided;                      /* clashes become no conflicts: they are decided for the first side, */
	bool second_wins;                  /* or for the second */
	const struct merge_policy *policy; /* for all documents, whatever their schemas say */
};

/* May a script of the base run here? See struct merge_rules_options. */
struct merge_trust {
	int (*ask)(void *data, struct text name, const struct oid *id, struct drift_error *err);
	void *data;
};

struct tree_merge_input {
	struct tree_root base, first, second; /* stored or in the batch; who is first wins where they clash */
	bool second_is_later;                 /* whose head is the later one, for the policy last-writer */
	const struct merge_choices *choices;  /* or NULL */
	const struct merge_trust *trust;      /* NULL: any script of the base may run */
};

struct tree_merge_stats {
	uint64_t
		merged_count; /* documents that both sides changed, differently, and that were merged without a clash */
	uint64_t clash_count; /* and those that clashed */
	uint64_t conflict_count; /* documents in conflict in the result, older conflicts included */
	uint64_t changed_min;    /* at least so many documents are not as both sides have them */
};

/* New nodes and blobs go into the store. The result depends on the input alone, as do what schemas and scripts say: they are the
 * base's. DRIFT_ERR_UNTRUSTED: a script is needed that may not run. stats_out may be NULL. */
int tree_merge(struct merge_store *store, const struct tree_merge_input *input, struct tree_root *root_out,
	       struct tree_merge_stats *stats_out, struct drift_error *err) MUST_CHECK;

#endif
