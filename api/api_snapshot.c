#include <stdlib.h>
#include <string.h>

#include "api/api_internal.h"
#include "api/warm_internal.h"
#include "base/mem.h"

/* The state of a point, which is taken over. */
static int snapshot_new(struct drift_repo *repo, struct point *point, struct drift_snapshot **out,
			struct drift_error *err)
{
	struct drift_snapshot *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_no_memory(err);
	atomic_init(&s->refs, 1);
	s->repo = api_repo_ref(repo);
	s->point = *point;
	point->commit = NULL;
	warm_init(&s->warm, repo_nodes(repo->repo), &s->point.tree, &repo->budget);
	*out = s;
	return 0;
}

struct drift_snapshot *api_snapshot_ref(struct drift_snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
	return snapshot;
}

void drift_snapshot_release(struct drift_snapshot *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	warm_release(&s->warm);
	point_release(&s->point);
	drift_close(s->repo);
	free(s);
}

/* Where the branch stands, without what a point's text costs. */
static int point_of_branch(struct repo *repo, const char *branch, struct point *out, struct drift_error *err)
{
	auto_commit *c = NULL;
	int found = refs_commit(repo_odb(repo), branch ? branch : REF_HEAD, false, &c, err);

	if (found < 0)
		return -1;
	tree_empty(&out->tree);
	if (found)
		out->tree = (struct tree_root){ .id = c->tree.id, .loc = c->tree.loc };
	out->commit = take_ptr(c);
	return 0;
}

int drift_snapshot_open(struct drift_repo *repo, const char *point, const char *branch,
			struct drift_snapshot **snapshot_out, struct drift_error *err)
{
	auto_buf storage = BUF_INIT;
	auto_point p = POINT_INIT;
	const char *name;
	int r;

	if (api_branch(branch, &storage, &name, err))
		return -1;
	r = point ? point_resolve(repo->repo, point, strlen(point), name, &p, err) :
		    point_of_branch(repo->repo, name, &p, err);
	return r ? r : snapshot_new(repo, &p, snapshot_out, err);
}

bool drift_snapshot_commit(const struct drift_snapshot *snapshot, struct drift_commit *commit_out)
{
	if (!snapshot->point.commit)
		return false;
	api_commit_of(snapshot->point.commit, commit_out);
	return true;
}

void drift_snapshot_tree(const struct drift_snapshot *snapshot, struct drift_id *id_out)
{
	*id_out = api_id(&snapshot->point.tree.id);
}

int drift_get(struct drift_snapshot *snapshot, const char *path, struct drift_value *value_out, struct drift_error *err)
{
	struct document doc;
	struct node *node;
	struct path parts;
	int found;

	if (path_parse(path, strlen(path), &parts, err))
		return -1;
	found = warm_get(&snapshot->warm, &parts, &node, &doc, err);
	if (found <= 0)
		return found;
	if (doc.form == DOCUMENT_INLINE) {
		*value_out = (struct drift_value){
			.data = doc.data,
			.len = (size_t)doc.len,
			.mode = doc.mode,
			.reserved = { node, NULL },
		};
		return 1;
	}
	found = api_value_of(snapshot->repo, node, &doc, value_out, err) ? -1 : 1;
	node_unref(node);
	return found;
}
