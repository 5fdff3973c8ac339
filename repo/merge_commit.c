#include "repo/merge_commit.h"

#include <inttypes.h>
#include <string.h>

#include "refs/refname.h"
#include "repo/script_trust.h"
#include "repo/writer.h"

static bool is_later(const struct commit *a, const struct commit *b)
{
	return a->time_usec != b->time_usec ? a->time_usec > b->time_usec : oid_compare(&a->id, &b->id) > 0;
}

int merge_commit_trees(const struct merge_job *job, struct tree_root *root_out, struct tree_merge_stats *stats_out,
		       struct drift_error *err)
{
	const struct commit *first = job->sides[0], *second = job->sides[1];
	const struct merge_trust trust = { .ask = script_trust, .data = job->repo };
	struct tree_merge_input input = {
		.first = { first->tree.id, first->tree.loc },
		.second = { second->tree.id, second->tree.loc },
		.second_is_later = is_later(second, first),
		.choices = job->choices,
		.trust = &trust,
	};
	int r = merge_base_tree(job->repo, job->store, job->sides, &input.base, err);

	if (r)
		return -1;
	merge_store_into(job->store, job->batch);
	r = tree_merge(job->store, &input, root_out, stats_out, err);
	merge_store_into(job->store, NULL);
	return r;
}

int merge_conflicts_refused(struct repo *repo, const char *branch, bool *out, struct drift_error *err)
{
	const char *rule = "";
	auto_buf key = BUF_INIT;

	if (refname_is_branch(branch))
		buf_addf(&key, "branch.%s.conflicts", branch + strlen(REF_HEADS));
	if (buf_check(&key, err) || (key.len && config_get_string(repo_config(repo), key.data, "", &rule, err)))
		return -1;
	*out = !strcmp(rule, "refuse");
	return 0;
}

int merge_check_conflicts(struct repo *repo, const char *branch, bool unwanted, uint64_t now, uint64_t then,
			  struct drift_error *err)
{
	bool refused;

	if (then <= now)
		return 0;
	if (merge_conflicts_refused(repo, branch, &refused, err))
		return -1;
	if (!refused && !unwanted)
		return 0;
	return error_set(err, DRIFT_ERR_CLASH, "%" PRIu64 " document%s would be in conflict", then,
			 then == 1 ? "" : "s");
}

static struct signature_line signature(int64_t time_usec)
{
	struct signature_line line = { .who = { MERGE_AUTHOR, strlen(MERGE_AUTHOR) },
				       .time_usec = time_usec,
				       .zone = "+0000" };

	return line;
}

static int add_commit(struct odb_batch *batch, struct commit *const sides[2], const struct tree_root *root,
		      uint64_t changed_min, struct commit **out, struct drift_error *err)
{
	static const struct change_list marker = { .complete = false };
	int64_t time_usec = sides[0]->time_usec > sides[1]->time_usec ? sides[0]->time_usec : sides[1]->time_usec;
	struct object_ref parents[2] = { { sides[0]->id, sides[0]->loc }, { sides[1]->id, sides[1]->loc } };
	struct commit c = { .tree = { root->id, root->loc },
			    .parents = parents,
			    .parent_count = 2,
			    .author = signature(time_usec),
			    .committer = signature(time_usec),
			    .message = { MERGE_MESSAGE, strlen(MERGE_MESSAGE) } };

	return writer_add_commit_changes(batch, &c, changed_min > CHANGE_LIST_MAX ? &marker : NULL, out, err);
}

/* Whose side is first in an automatic merge? */
static bool goes_first(const struct commit *a, const struct commit *b)
{
	return a->seq != b->seq ? a->seq > b->seq : oid_compare(&a->id, &b->id) < 0;
}

static int make(struct repo *repo, struct odb_batch *batch, struct commit *ours, struct commit *theirs,
		struct merge_result *out, struct drift_error *err)
{
	bool ours_first = goes_first(ours, theirs);
	struct merge_job job = { .repo = repo,
				 .batch = batch,
				 .sides = { ours_first ? ours : theirs, ours_first ? theirs : ours } };
	auto_merge_store *store = NULL;
	struct tree_root root;

	if (merge_store_new(repo_odb(repo), &store, err))
		return -1;
	job.store = store;
	if (merge_commit_trees(&job, &root, &out->stats, err))
		return -1;
	return add_commit(batch, job.sides, &root, out->stats.changed_min, &out->commit, err);
}

int merge_automatic(struct repo *repo, struct odb_batch *batch, struct commit *ours, struct commit *theirs,
		    struct merge_result *out, struct drift_error *err)
{
	struct merge_result result = { .kind = MERGE_MADE };
	int nothing = graph_is_ancestor(repo, theirs, ours, err);
	int forward = nothing ? 0 : graph_is_ancestor(repo, ours, theirs, err);

	if (nothing < 0 || forward < 0)
		return -1;
	if (nothing || forward) {
		result.kind = nothing ? MERGE_NOTHING : MERGE_FORWARD;
		result.commit = commit_ref(nothing ? ours : theirs);
	} else if (make(repo, batch, ours, theirs, &result, err)) {
		return -1;
	}
	*out = result;
	return 0;
}

static bool is_text(const struct text *t, const char *s)
{
	return t->len == strlen(s) && !memcmp(t->data, s, t->len);
}

static bool is_ours(const struct signature_line *line)
{
	return is_text(&line->who, MERGE_AUTHOR) && !strcmp(line->zone, "+0000");
}

bool merge_is_automatic(const struct commit *c)
{
	return c->parent_count == 2 && is_ours(&c->author) && is_ours(&c->committer) && !c->encoding.len &&
	       !c->extra.len && is_text(&c->message, MERGE_MESSAGE) && c->author.time_usec == c->committer.time_usec &&
	       c->time_usec == c->committer.time_usec;
}

/* It is a merge of our making by all but its tree: is that the right one? */
static int verify(struct repo *repo, struct commit *c, struct odb_batch *batch, struct commit *const sides[2],
		  struct drift_error *err)
{
	struct merge_job job = { .repo = repo, .sides = { sides[0], sides[1] } };
	auto_merge_store *store = NULL;
	auto_commit *again = NULL;
	char hex[OID_HEX_LEN + 1];
	struct tree_root root;

	if (merge_store_new(repo_odb(repo), &store, err))
		return -1;
	job.store = store;
	if (merge_commit_trees(&job, &root, NULL, err))
		return -1;
	if (!oid_equal(&root.id, &c->tree.id))
		return error_set(err, DRIFT_ERR_CORRUPT, "commit %s holds another tree than its parents merge to",
				 oid_to_hex(&c->id, hex));
	root.loc = c->tree.loc;
	if (add_commit(batch, sides, &root, 0, &again, err))
		return -1;
	if (!oid_equal(&again->id, &c->id))
		return error_set(err, DRIFT_ERR_CORRUPT, "commit %s is another than its parents merge to",
				 oid_to_hex(&c->id, hex));
	return 1;
}

int merge_verify(struct repo *repo, struct commit *c, struct drift_error *err)
{
	auto_commit *first = NULL;
	auto_commit *second = NULL;
	struct odb_batch *batch = NULL;
	int r;

	if (!merge_is_automatic(c))
		return 0;
	if (graph_parent(repo, c, 0, &first, err) < 0 || graph_parent(repo, c, 1, &second, err) < 0)
		return -1;
	if (!goes_first(first, second))
		return 0;
	if (odb_batch_new(repo_odb(repo), &batch, err))
		return -1;
	r = verify(repo, c, batch, (struct commit *const[2]){ first, second }, err);
	odb_batch_free(batch);
	return r;
}
