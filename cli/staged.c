#include "cli/staged.h"

#include "objects/term.h"

struct staged_walk {
	struct repo *repo;
	const struct tree_root *tree;
	int (*each)(void *data, const struct staged_change *change, struct drift_error *err);
	void *data;
	uint64_t clash_count;
};

/* Does the branch hold what the change replaced? 1 / 0 / -1. */
static int still_there(const struct staged_walk *walk, const struct staged_change *change, struct drift_error *err)
{
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	struct oid id;
	int found;

	path_split(change->path, change->path_len, &path);
	found = tree_get(repo_nodes(walk->repo), walk->tree, &path, &node, &doc, err);
	if (found < 0)
		return -1;
	if (!found || !change->staged->replaced_present)
		return !found && !change->staged->replaced_present;
	if (term_state_id(repo_nodes(walk->repo), walk->tree, &path, &doc, &id, err))
		return -1;
	return oid_equal(&id, &change->staged->replaced);
}

static int walk_one(void *data, const char *path, size_t path_len, const struct staged *s, struct drift_error *err)
{
	struct staged_walk *walk = data;
	struct staged_change change = { .path = path, .path_len = path_len, .staged = s };
	int same = still_there(walk, &change, err);

	if (same < 0)
		return -1;
	change.clash = !same;
	walk->clash_count += change.clash;
	if (s->op == STAGED_REMOVE)
		change.kind = CHANGE_DELETE;
	else
		change.kind = s->replaced_present ? CHANGE_MODIFY : CHANGE_ADD;
	return walk->each(walk->data, &change, err);
}

int staged_each(struct repo *repo, const struct tree_root *tree,
		int (*each)(void *data, const struct staged_change *change, struct drift_error *err), void *data,
		uint64_t *clash_count_out, struct drift_error *err)
{
	struct staged_walk walk = { .repo = repo, .tree = tree, .each = each, .data = data };
	int result = stage_each(repo, "", 0, walk_one, &walk, err);

	*clash_count_out = walk.clash_count;
	return result;
}

const char *staged_word(enum change_kind kind)
{
	return kind == CHANGE_ADD ? "add" : kind == CHANGE_DELETE ? "delete" : "modify";
}

const char *staged_label(enum change_kind kind)
{
	return kind == CHANGE_ADD ? "added:" : kind == CHANGE_DELETE ? "deleted:" : "modified:";
}

char staged_letter(enum change_kind kind)
{
	return kind == CHANGE_ADD ? 'A' : kind == CHANGE_DELETE ? 'D' : 'M';
}
