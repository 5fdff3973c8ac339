#include "plumbing/write_refs.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "refs/refname.h"

int ref_id_parse(struct object_reader *reader, const char *text, struct oid *id_out, struct drift_error *err)
{
	auto_object_name name = OBJECT_NAME_INIT;
	size_t len = strlen(text);

	/* A whole id need not be known here: a ref is then not at it, which is the answer. */
	if (len == OID_HEX_LEN && !oid_from_hex(text, len, id_out, NULL))
		return 0;
	if (len && strspn(text, "0") == len && len >= 40) {
		memset(id_out, 0, sizeof(*id_out));
		return 0;
	}
	if (object_reader_find(reader, text, len, &name, err))
		return -1;
	*id_out = name.id;
	return 0;
}

struct ref_edit *ref_edits_add(struct ref_edits *edits, const char *name, size_t len, struct drift_error *err)
{
	struct ref_edit *edit;

	/* Not the store's own either: what is no map of staged changes would make the stage unreadable. */
	if (refname_check(name, len, err))
		return NULL;
	if (len > REF_NAME_MAX) {
		error_set(err, DRIFT_ERR_LIMIT, "the name of a ref is longer than %d bytes", REF_NAME_MAX);
		return NULL;
	}
	if (mem_grow(&edits->items, &edits->capacity, edits->count + 1, sizeof(*edits->items))) {
		error_no_memory(err);
		return NULL;
	}
	edit = &edits->items[edits->count++];
	memset(edit, 0, sizeof(*edit));
	memcpy(edit->name, name, len);
	return edit;
}

void ref_edits_clear(struct ref_edits *edits)
{
	edits->count = 0;
}

void ref_edits_release(struct ref_edits *edits)
{
	free(edits->items);
	edits->items = NULL;
	edits->count = edits->capacity = 0;
}

struct ref_batch {
	struct ref_change *changes;
	struct ref_resolved *resolved;
};

static void ref_batch_release(struct ref_batch *b)
{
	free(b->changes);
	free(b->resolved);
}

/* What refs_apply takes; under the append lock, so that what a symbolic ref names stays so. */
static int make_changes(const struct ref_edits *edits, bool check_only, struct ref_batch *b, struct drift_error *err)
{
	struct odb *odb = repo_odb(edits->ctx->repo);

	b->changes = mem_calloc(edits->count + 1, sizeof(*b->changes));
	b->resolved = mem_calloc(edits->count + 1, sizeof(*b->resolved));
	if (!b->changes || !b->resolved)
		return error_no_memory(err);
	for (size_t i = 0; i < edits->count; i++) {
		const struct ref_edit *edit = &edits->items[i];
		struct ref_change *change = &b->changes[i];

		change->name = edit->name;
		if (!edit->no_deref) {
			if (refs_resolve(odb, edit->name, true, &b->resolved[i], err))
				return -1;
			change->name = b->resolved[i].name;
		}
		change->expect = edit->expect;
		change->old = edit->old;
		change->check_only = check_only || edit->check_only;
		change->value.kind = edit->kind;
		change->value.object.id = edit->new;
		memcpy(change->value.target, edit->target, sizeof(edit->target));
	}
	return 0;
}

static int apply_locked(const struct ref_edits *edits, bool check_only, uint64_t *ticket_out, struct drift_error *err)
{
	struct ref_transaction t = { .change_count = edits->count, .reason = edits->reason };
	struct ref_batch b = { .changes = NULL };
	int failed = make_changes(edits, check_only, &b, err) || ctx_author(edits->ctx, &t.actor, err);

	if (!failed) {
		t.changes = b.changes;
		failed = refs_apply_locked(repo_odb(edits->ctx->repo), &t, ticket_out, err);
	}
	ref_batch_release(&b);
	return failed ? -1 : 0;
}

int ref_edits_apply(struct ref_edits *edits, struct drift_error *err)
{
	struct odb *odb = repo_odb(edits->ctx->repo);
	uint64_t ticket;
	int failed;

	if (!edits->count)
		return 0;
	if (odb_lock(odb, err))
		return -1;
	failed = apply_locked(edits, false, &ticket, err);
	odb_unlock(odb);
	return failed ? -1 : odb_sync(odb, ticket, err);
}

/* What is only checked is not asked for what it is to be set to. */
static int check_objects(const struct ref_edits *edits, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	enum object_kind kind;
	uint64_t loc;

	for (size_t i = 0; i < edits->count; i++) {
		const struct ref_edit *edit = &edits->items[i];
		int found;

		if (edit->check_only || edit->kind != REF_OBJECT)
			continue;
		found = odb_find(repo_odb(edits->ctx->repo), &edit->new, &kind, &loc, err);
		if (found < 0)
			return -1;
		if (!found)
			return error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' cannot be set to %s: there is no such object",
					 edit->name, oid_to_hex(&edit->new, hex));
	}
	return 0;
}

int ref_edits_prepare(struct ref_edits *edits, struct drift_error *err)
{
	struct odb *odb = repo_odb(edits->ctx->repo);
	uint64_t ticket;

	if (odb_lock(odb, err))
		return -1;
	if (!edits->count || (!check_objects(edits, err) && !apply_locked(edits, true, &ticket, err)))
		return 0;
	odb_unlock(odb);
	return -1;
}

int ref_edits_commit_prepared(struct ref_edits *edits, struct drift_error *err)
{
	struct odb *odb = repo_odb(edits->ctx->repo);
	uint64_t ticket;
	int failed = edits->count ? apply_locked(edits, false, &ticket, err) : 0;

	odb_unlock(odb);
	return failed || !edits->count ? failed : odb_sync(odb, ticket, err);
}

void ref_edits_abort_prepared(struct ref_edits *edits)
{
	odb_unlock(repo_odb(edits->ctx->repo));
}
