/*
 * By which rules documents merge: the policies of the collections' schemas and the scripts that they name, as the base of the
 * merge has them, or the one policy that a person asks for. One merge, one thread.
 */
#ifndef MERGE_MERGE_RULES_H
#define MERGE_MERGE_RULES_H

#include "merge/docmerge.h"
#include "merge/merge_policy.h"
#include "objects/tree.h"

/* The key of a script in the collection TREE_RESERVED: prefix, name, suffix. */
#define MERGE_SCRIPT_PREFIX "merge/"
#define MERGE_SCRIPT_SUFFIX ".lua"

struct merge_rules_options {
	struct node_store *store;
	struct tree_root base;
	enum json_side first, later;
	bool decided; /* see struct docmerge_rules */
	const struct merge_policy
		*policy; /* for all documents, whatever the schemas say; or NULL. Its scripts are the base's, too. */
	/* Append the bytes of a document of the base. */
	int (*read)(void *data, const struct document *doc, struct buf *out, struct drift_error *err);
	/*
	 * May this script run here? 0, or -1 with an error that gives up the merge. NULL: any may. Asked once a script.
	 */
	int (*trust)(void *data, struct text name, const struct oid *id, struct drift_error *err);
	void *data, *trust_data;
};

struct merge_rules;

int merge_rules_new(const struct merge_rules_options *options, struct merge_rules **out,
		    struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void merge_rules_free(struct merge_rules *r);
/* For a document; valid until the next call. */
int merge_rules_for(struct merge_rules *r, const struct path *path, const struct docmerge_rules **out,
		    struct drift_error *err) MUST_CHECK;

#endif
