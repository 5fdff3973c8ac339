/* Transactions of refs as commands describe them. */
#ifndef PLUMBING_WRITE_REFS_H
#define PLUMBING_WRITE_REFS_H

#include "plumbing/object_reader.h"

/* An id to be expected or set: any object name, or all zeros for "absent". */
int ref_id_parse(struct object_reader *reader, const char *text, struct oid *id_out,
		 struct drift_error *err) MUST_CHECK;

struct ref_edit {
	char name[REF_NAME_MAX + 1];
	bool no_deref; /* change a symbolic ref itself */
	enum ref_expect expect;
	struct oid old;
	enum ref_kind kind; /* REF_ABSENT: delete */
	struct oid new;
	char target[REF_NAME_MAX + 1]; /* REF_SYMBOLIC */
	bool check_only;
};

struct ref_edits {
	struct cmd_context *ctx;
	const char *reason;
	struct ref_edit *items;
	size_t count, capacity;
};
/* A new edit at the end, zeroed but for its name, which is not checked here; NULL after an error. */
struct ref_edit *ref_edits_add(struct ref_edits *edits, const char *name, size_t len, struct drift_error *err);
void ref_edits_clear(struct ref_edits *edits);
void ref_edits_release(struct ref_edits *edits);

/* All of them or none, durably. Symbolic refs are followed under the append lock. */
int ref_edits_apply(struct ref_edits *edits, struct drift_error *err) MUST_CHECK;
/* In two steps: check everything and keep the append lock; then apply, or give up. */
int ref_edits_prepare(struct ref_edits *edits, struct drift_error *err) MUST_CHECK;
int ref_edits_commit_prepared(struct ref_edits *edits, struct drift_error *err) MUST_CHECK;
void ref_edits_abort_prepared(struct ref_edits *edits);

#endif
