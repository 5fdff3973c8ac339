/* Which branch and state a request is about. */
#include "plumbing/batch.h"

#include <stdio.h>
#include <string.h>

static int full_name(const struct buf *name, char out[REF_NAME_MAX + 1], struct drift_error *err)
{
	const char *prefix = strncmp(name->data, "refs/", 5) ? REF_HEADS : "";

	if (!name->len || strlen(prefix) + name->len > REF_NAME_MAX || strlen(name->data) != name->len)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is no name of a branch", name->data);
	snprintf(out, REF_NAME_MAX + 1, "%s%s", prefix, name->data);
	return 0;
}

int batch_branch(struct batch *b, const struct batch_request *r, char out[REF_NAME_MAX + 1], struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	int found = request_string(r, "branch", &name, err);

	out[0] = '\0';
	if (found < 0 || ctx_branch(b->ctx, err) < 0)
		return -1;
	if (found && strcmp(name.data, REF_HEAD) != 0)
		return full_name(&name, out, err);
	if (!found && ctx_branch_name(b->ctx))
		memcpy(out, b->ctx->branch, sizeof(b->ctx->branch));
	return 0;
}

int batch_resolve(struct batch *b, const char *name, struct ref_resolved *out, struct drift_error *err)
{
	struct ref_value value;

	if (b->pending && !strcmp(name, REF_HEAD)) {
		if (odb_ref_read(repo_odb(b->ctx->repo), name, false, &value, err))
			return -1;
		if (value.kind == REF_SYMBOLIC && !strcmp(value.target, b->branch))
			name = b->branch;
	}
	if (!b->pending || strcmp(name, b->branch) != 0)
		return refs_resolve(repo_odb(b->ctx->repo), name, false, out, err);
	memset(out, 0, sizeof(*out));
	memcpy(out->name, b->branch, sizeof(b->branch));
	out->exists = true;
	return 0;
}

static int pending_base(struct batch *b, struct tree_root *out, struct drift_error *err)
{
	auto_commit *tip = NULL;

	if (odb_commit(repo_odb(b->ctx->repo), &b->tip, LOC_UNKNOWN, &tip, err))
		return -1;
	*out = (struct tree_root){ .id = tip->tree.id, .loc = tip->tree.loc };
	return 0;
}

int batch_base(struct batch *b, const struct batch_request *r, struct tree_root *out, struct drift_error *err)
{
	struct odb *odb = repo_odb(b->ctx->repo);
	char branch[REF_NAME_MAX + 1];
	struct ref_resolved at;
	auto_commit *tip = NULL;
	int found;

	if (batch_branch(b, r, branch, err) || batch_resolve(b, branch[0] ? branch : REF_HEAD, &at, err))
		return -1;
	if (b->pending && !strcmp(at.name, b->branch))
		return pending_base(b, out, err);
	if (b->pending && batch_flush(b, err))
		return -1;
	found = refs_commit(odb, at.name, false, &tip, err);
	if (found < 0)
		return -1;
	tree_empty(out);
	if (found)
		*out = (struct tree_root){ .id = tip->tree.id, .loc = tip->tree.loc };
	else if (branch[0])
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no branch '%s'", branch);
	return 0;
}

int batch_point(struct batch *b, const struct batch_request *r, const char *name, struct point *out,
		struct drift_error *err)
{
	char branch[REF_NAME_MAX + 1];
	auto_buf text = BUF_INIT;
	auto_commit *tip = NULL;
	int found;

	if ((b->pending && batch_flush(b, err)) || batch_branch(b, r, branch, err))
		return -1;
	found = request_string(r, name, &text, err);
	if (found < 0)
		return -1;
	if (found)
		return point_resolve(b->ctx->repo, text.data, text.len, branch[0] ? branch : NULL, out, err);
	/* A branch that waits for its first commit is the empty store. */
	found = refs_commit(repo_odb(b->ctx->repo), branch[0] ? branch : REF_HEAD, false, &tip, err);
	if (found < 0)
		return -1;
	*out = (struct point)POINT_INIT;
	tree_empty(&out->tree);
	if (found) {
		out->commit = commit_ref(tip);
		out->tree = (struct tree_root){ .id = tip->tree.id, .loc = tip->tree.loc };
	}
	return 0;
}
