#include <string.h>

#include "objects/value.h"
#include "repo/fsck_internal.h"

#define REBUILT_MAX 16 /* commits, beside the tips of refs, whose trees are built anew */

struct tree_check {
	struct fsck *f;
	struct place_table proven; /* subtrees, by id and whether anything follows */
};

static bool skip_proven(void *data, const struct oid *id, bool last)
{
	struct tree_check *c = data;
	uint64_t *at = place_table_at(&c->proven, fsck_key(last, id));

	if (!at)
		return false; /* without memory it is proven again */
	return (*at)++ > 0;
}

static int tree_fault(struct fsck *f, const struct commit *c, const struct drift_error *why, struct drift_error *err)
{
	struct fsck_fault fault = { .severity = FSCK_LOST,
				    .sentence = why->message,
				    .loc = c->tree.loc,
				    .has_object = true,
				    .kind = OBJECT_TREE,
				    .object = c->tree.id };

	if (!fsck_is_fault(why))
		return error_set(err, why->code, "%s", why->message);
	return fsck_note(f, &fault, err);
}

/* One map; rebuild: also from its entries. */
static int check_map(struct tree_check *c, enum map_kind kind, const struct map_root *root, bool rebuild,
		     struct drift_error *why)
{
	const struct map_check_options options = { .kind = kind, .skip = skip_proven, .data = c };
	struct node_store *store = odb_nodes(c->f->odb);
	char hex[OID_HEX_LEN + 1];
	int r;

	if (map_check(store, root, &options, why) < 0)
		return -1;
	if (!rebuild)
		return 0;
	r = fsck_rebuild_map(store, kind, root, why);
	if (r)
		return r < 0 ? -1 : 0;
	return error_set(why, DRIFT_ERR_CORRUPT, "tree %s is not what its entries make when it is built anew",
			 oid_to_hex(&root->id, hex));
}

/* The root map and each collection's map; below: of what kind those are. */
static int check_tree(struct tree_check *c, const struct object_ref *tree, enum map_kind below, bool rebuild,
		      struct drift_error *why)
{
	struct node_store *store = odb_nodes(c->f->odb);
	auto_map_cursor cursor = MAP_CURSOR_INIT;
	struct tree_root root = { tree->id, tree->loc };
	struct map_root map, documents;
	struct node_entry entry;
	struct descriptor d;
	int r;

	if (tree_is_empty(&root))
		return 0;
	if (map_root_open(store, &tree->id, tree->loc, &map, why) < 0 ||
	    check_map(c, MAP_ROOT, &map, rebuild, why) < 0 || map_cursor_seek(&cursor, store, &map, NULL, 0, why) < 0)
		return -1;
	while ((r = map_cursor_next(&cursor, &entry, why)) > 0) {
		if (descriptor_decode(entry.value, entry.value_len, entry.loc, &d, why) < 0)
			return -1;
		if (!tree_has_documents(store, (const char *)entry.key, entry.key_len))
			continue;
		descriptor_map(&d, &documents);
		if (check_map(c, below, &documents, rebuild, why) < 0)
			return -1;
	}
	return r;
}

static int check_commit(struct tree_check *c, uint64_t loc, bool rebuild, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	auto_commit *commit = NULL;

	if (odb_commit(c->f->odb, NULL, loc, &commit, err) < 0)
		return -1;
	if (check_tree(c, &commit->tree, MAP_DOCUMENTS, rebuild, &why) < 0)
		return tree_fault(c->f, commit, &why, err);
	return 0;
}

/* What a ref holds: a commit, a tag of one, or the stage. */
static int check_ref(struct tree_check *c, const struct fsck_ref *ref, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	auto_commit *commit = NULL;
	struct ref_value value;
	int r;

	if (odb_ref_read(c->f->odb, ref->name, false, &value, err) < 0)
		return -1;
	if (value.kind != REF_OBJECT)
		return 0;
	if (!strcmp(ref->name, REF_STAGE)) {
		r = check_tree(c, &value.object, MAP_STAGE, true, &why);
		if (r < 0 && fsck_is_fault(&why))
			return fsck_note_at(c->f, FSCK_LOST, value.object.loc, err, "the stage: %s", why.message);
		return r < 0 ? error_set(err, why.code, "%s", why.message) : 0;
	}
	r = refs_commit(c->f->odb, ref->name, false, &commit, &why);
	if (r < 0 && fsck_is_fault(&why))
		return fsck_note_at(c->f, FSCK_LOST, ref->entry, err, "ref '%s': %s", ref->name, why.message);
	if (r <= 0)
		return r < 0 ? error_set(err, why.code, "%s", why.message) : 0;
	if (check_tree(c, &commit->tree, MAP_DOCUMENTS, true, &why) < 0)
		return tree_fault(c->f, commit, &why, err);
	return fsck_check_terms(c->f, commit, err);
}

/* Each tree of each commit; where neighbours share subtrees those are proven once. */
static int check_all_commits(struct tree_check *c, struct drift_error *err)
{
	struct fsck *f = c->f;
	size_t i, step = f->commit_count / REBUILT_MAX + 1;

	for (i = 0; i < f->commit_count; i++) {
		if (check_commit(c, f->commits[i], i % step == step / 2, err) < 0)
			return -1;
		if (f->options->progress)
			f->options->progress(f->options->data, "checking trees", i + 1, f->commit_count);
	}
	return 0;
}

int fsck_check_trees(struct fsck *f, struct drift_error *err)
{
	struct tree_check c = { .f = f };
	size_t i;
	int r = 0;

	for (i = 0; i < f->chains.ref_count && !r; i++)
		if (f->chains.refs[i].kind == REF_OBJECT)
			r = check_ref(&c, &f->chains.refs[i], err);
	if (!r)
		r = check_all_commits(&c, err);
	place_table_release(&c.proven);
	return r;
}
