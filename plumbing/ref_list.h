/* Refs, read with what they lead to, chosen, and put in order: for show-ref, for-each-ref and name-rev. */
#ifndef PLUMBING_REF_LIST_H
#define PLUMBING_REF_LIST_H

#include "cli/command.h"

struct listed_ref {
	char *name;
	struct object_ref object;
	enum object_kind kind;
	char *target; /* of a symbolic ref, or NULL */
};

struct ref_list {
	struct cmd_context *ctx;
	struct listed_ref *items;
	size_t count, capacity;
};
#define REF_LIST_INIT(c)   \
	{                  \
		.ctx = (c) \
	}
void ref_list_release(struct ref_list *list);
#define auto_ref_list __attribute__((cleanup(ref_list_release))) struct ref_list

/* Append the refs whose name begins with prefix, in order of name; a symbolic one that leads nowhere is left out. */
int ref_list_add(struct ref_list *list, const char *prefix, struct drift_error *err) MUST_CHECK;
/* Append one ref if it exists: 1 / 0 / -1. */
int ref_list_add_one(struct ref_list *list, const char *name, struct drift_error *err) MUST_CHECK;

/* As for-each-ref takes them: the whole name, what stands before a slash of it, or a pattern of fnmatch. */
bool ref_pattern_matches(const char *pattern, const char *name);

/* Follow tags: what the ref means in the end, its kind in kind_out. */
int ref_peel(struct cmd_context *ctx, const struct listed_ref *ref, struct object_ref *out, enum object_kind *kind_out,
	     struct drift_error *err) MUST_CHECK;

#endif
