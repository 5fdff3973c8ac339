#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/value.h"
#include "repo/fsck_internal.h"

#define LOST_MAX 4096 /* objects whose documents and commits are looked for */

/* Where in the tree something hangs: keys in (from, to] of a collection; NULL: no bound. */
struct range {
	const unsigned char *collection, *from, *to;
	size_t collection_len, from_len, to_len;
	bool exact; /* only `to` itself */
};

/* Something that cannot be read. */
struct lost {
	enum object_kind kind;
	uint64_t loc, whence; /* whence: of the commit that led there first */
	struct oid id;
	struct buf collection, from, to; /* of its range */
	bool has_range, has_from, has_to, exact;
	uint64_t document_count;
	struct oid *commits; /* that have it, newest first */
	size_t commit_count;
	uint64_t commits_total;
	uint64_t newer, older; /* commits beside those that have it */
	bool met;              /* in the commit at hand */
	char **paths;
	size_t path_count;
};

struct names {
	struct fsck *f;
	struct place_table clean, known_lost; /* by fsck_key */
	struct place_table seen;              /* commits, by location */
	uint64_t *commits;                    /* reachable ones */
	size_t commit_count, commit_capacity;
	size_t next; /* of those whose parents were not looked at */
	struct lost *lost;
	size_t lost_count, lost_capacity;
	const struct commit *commit; /* at hand, NULL: the stage */
};

static void names_release(struct names *n)
{
	size_t i, k;

	for (i = 0; i < n->lost_count; i++) {
		for (k = 0; k < n->lost[i].path_count; k++)
			free(n->lost[i].paths[k]);
		free(n->lost[i].paths);
		free(n->lost[i].commits);
		buf_release(&n->lost[i].collection);
		buf_release(&n->lost[i].from);
		buf_release(&n->lost[i].to);
	}
	free(n->lost);
	free(n->commits);
	place_table_release(&n->clean);
	place_table_release(&n->known_lost);
	place_table_release(&n->seen);
}
#define auto_names __attribute__((cleanup(names_release))) struct names

/* --- what is lost --- */

static bool keep_range(struct lost *lost, const struct range *range)
{
	lost->has_range = range->collection != NULL;
	lost->has_from = range->from != NULL;
	lost->has_to = range->to != NULL;
	lost->exact = range->exact;
	buf_add(&lost->collection, range->collection, range->collection_len);
	buf_add(&lost->from, range->from, range->from_len);
	buf_add(&lost->to, range->to, range->to_len);
	return !lost->collection.failed && !lost->from.failed && !lost->to.failed;
}

/* NULL: there are very many, or no memory. */
static struct lost *lost_at(struct names *n, const struct object_ref *ref, enum object_kind kind)
{
	uint64_t *at = place_table_at(&n->known_lost, fsck_key(ref->loc, &ref->id));

	if (!at)
		return NULL;
	if (!*at) {
		struct lost made = { .kind = kind,
				     .loc = ref->loc,
				     .whence = n->commit ? n->commit->loc : LOC_UNKNOWN,
				     .id = ref->id,
				     .collection = BUF_INIT,
				     .from = BUF_INIT,
				     .to = BUF_INIT };

		if (n->lost_count == LOST_MAX ||
		    mem_grow(&n->lost, &n->lost_capacity, n->lost_count + 1, sizeof(*n->lost)) < 0)
			return NULL;
		n->lost[n->lost_count++] = made;
		*at = n->lost_count;
	}
	return &n->lost[*at - 1];
}

static int add_commit(struct lost *lost, const struct oid *id, struct drift_error *err)
{
	if (!lost->commits && !(lost->commits = mem_calloc(FSCK_COMMITS_MAX, sizeof(*lost->commits))))
		return error_no_memory(err);
	if (lost->commit_count < FSCK_COMMITS_MAX)
		lost->commits[lost->commit_count++] = *id;
	lost->commits_total++;
	return 0;
}

static int meet(struct names *n, const struct object_ref *ref, enum object_kind kind, const struct range *range,
		uint64_t document_count, struct drift_error *err)
{
	struct lost *lost = lost_at(n, ref, kind);

	if (!lost)
		return 0;
	if (!lost->has_range && range && !keep_range(lost, range))
		return error_no_memory(err);
	if (lost->document_count < document_count)
		lost->document_count = document_count;
	if (lost->met || !n->commit)
		return 0;
	lost->met = true;
	return add_commit(lost, &n->commit->id, err);
}

static bool is_lost(struct names *n, const struct object_ref *ref)
{
	return place_table_get(&n->known_lost, fsck_key(ref->loc, &ref->id)) != 0;
}

static bool is_clean(struct names *n, const struct object_ref *ref)
{
	return place_table_get(&n->clean, fsck_key(ref->loc, &ref->id)) != 0;
}

static int set_clean(struct names *n, const struct object_ref *ref, struct drift_error *err)
{
	uint64_t *at = place_table_at(&n->clean, fsck_key(ref->loc, &ref->id));

	if (!at)
		return error_no_memory(err);
	*at = 1;
	return 0;
}

/* --- trees of commits: 1 something below is lost, 0, -1 --- */

static int visit_node(struct names *n, const struct object_ref *ref, int level, const struct range *range,
		      uint64_t document_count, struct drift_error *err);

static bool is_sound(struct names *n, enum object_kind kind, const struct object_ref *ref)
{
	const struct fsck_fact fact = fsck_fact(kind, ref->loc, &ref->id);

	return fsck_known_ask(n->f->known, &fact) == FSCK_AGREES;
}

static int visit_blob(struct names *n, const struct object_ref *ref, const struct range *range, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;

	if (!is_lost(n, ref)) {
		if (is_sound(n, OBJECT_BLOB, ref) || is_clean(n, ref))
			return 0;
		if (!odb_blob(n->f->odb, &ref->id, ref->loc, &bytes, NULL))
			return set_clean(n, ref, err);
	}
	return meet(n, ref, OBJECT_BLOB, range, 1, err) < 0 ? -1 : 1;
}

/* The entry of a leaf: what its value refers to. */
static int visit_value(struct names *n, const struct node *node, const struct node_entry *e, const struct range *range,
		       struct drift_error *err)
{
	struct range exact = { .collection = range->collection,
			       .collection_len = range->collection_len,
			       .to = e->key,
			       .to_len = e->key_len,
			       .exact = true };
	struct object_ref ref = { .loc = e->loc };
	struct descriptor d;
	struct document doc;
	struct staged s;

	if (value_ref_offset(node->kind, e->value, e->value_len) < 0)
		return 0;
	if (node->kind == MAP_ROOT) {
		struct range all = { .collection = e->key, .collection_len = e->key_len };

		if (descriptor_decode(e->value, e->value_len, e->loc, &d, NULL) < 0)
			return 0;
		if (!tree_has_documents(odb_nodes(n->f->odb), (const char *)e->key, e->key_len))
			return 0;
		ref.id = d.root;
		return visit_node(n, &ref, -1, &all, d.count, err);
	}
	if (node->kind == MAP_STAGE) {
		if (staged_decode(e->value, e->value_len, e->loc, &s, NULL) < 0)
			return 0;
		doc = s.document;
	} else if (node->kind != MAP_DOCUMENTS || document_decode(e->value, e->value_len, e->loc, &doc, NULL) < 0) {
		return 0;
	}
	ref.id = doc.blob;
	return visit_blob(n, &ref, &exact, err);
}

static int visit_entries(struct names *n, const struct node *node, const struct range *range, struct drift_error *err)
{
	struct range below = *range;
	struct node_entry e;
	int dirty = 0, r;
	size_t i;

	for (i = 0; i < node->count; i++) {
		node_entry_at(node, i, &e);
		if (node->level) {
			struct object_ref ref = { .loc = e.loc };

			memcpy(ref.id.bytes, e.child, OID_LEN);
			below.to = e.key;
			below.to_len = e.key_len;
			r = visit_node(n, &ref, node->level - 1, &below, e.count, err);
			below.from = e.key;
			below.from_len = e.key_len;
		} else {
			r = visit_value(n, node, &e, range, err);
		}
		if (r < 0)
			return -1;
		dirty |= r;
	}
	return dirty;
}

/* level -1: any. Nests no deeper than a tree's levels, of which each is one less than the one above. */
static int visit_node(struct names *n, const struct object_ref *ref, int level, const struct range *range,
		      uint64_t document_count, struct drift_error *err)
{
	auto_node *node = NULL;
	int r;

	if (is_clean(n, ref))
		return 0;
	if (is_lost(n, ref))
		return meet(n, ref, OBJECT_TREE, range, document_count, err) < 0 ? -1 : 1;
	if ((is_sound(n, OBJECT_TREE, ref) ? odb_node_at(n->f->odb, ref->loc, &node, NULL) :
					     odb_node(n->f->odb, &ref->id, ref->loc, &node, NULL)) < 0 ||
	    (level >= 0 && node->level != level))
		return meet(n, ref, OBJECT_TREE, range, document_count, err) < 0 ? -1 : 1;
	r = visit_entries(n, node, range, err);
	return r ? r : set_clean(n, ref, err);
}

/* --- commits --- */

static int reach(struct names *n, const struct oid *id, uint64_t loc, struct drift_error *err)
{
	struct object_ref ref = { *id, loc };
	auto_commit *c = NULL;
	uint64_t *at;

	if (odb_commit(n->f->odb, oid_is_zero(id) ? NULL : id, loc, &c, NULL) < 0) {
		struct lost *lost = lost_at(n, &ref, OBJECT_COMMIT);

		return lost && !lost->commit_count ? add_commit(lost, id, err) : 0;
	}
	at = place_table_at(&n->seen, c->loc);
	if (!at)
		return error_no_memory(err);
	if ((*at)++)
		return 0;
	if (mem_grow(&n->commits, &n->commit_capacity, n->commit_count + 1, sizeof(*n->commits)) < 0)
		return error_no_memory(err);
	n->commits[n->commit_count++] = c->loc;
	return 0;
}

static int reach_ref(struct names *n, const struct fsck_ref *ref, struct drift_error *err)
{
	const struct range all = { .from = NULL };
	auto_tag *tag = NULL;
	struct ref_value value;
	struct oid id;
	int depth;

	if (ref->damaged) {
		value = (struct ref_value){ .kind = REF_OBJECT, .object = { ref->id, ref->loc } };
	} else if (odb_ref_read(n->f->odb, ref->name, false, &value, NULL) < 0 || value.kind != REF_OBJECT) {
		return 0;
	}
	if (!strcmp(ref->name, REF_STAGE))
		return visit_node(n, &value.object, -1, &all, 0, err) < 0 ? -1 : 0;
	id = value.object.id;
	for (depth = 0; depth < 5 && !odb_tag(n->f->odb, &id, &tag, NULL); depth++) {
		id = tag->target;
		value.object.loc = LOC_UNKNOWN;
		tag_free(take_ptr(tag));
	}
	return reach(n, &id, value.object.loc, err);
}

static int compare_newest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

static int reach_all(struct names *n, struct drift_error *err)
{
	size_t i, k;

	for (i = 0; i < n->f->chains.ref_count; i++)
		if (n->f->chains.refs[i].kind == REF_OBJECT && reach_ref(n, &n->f->chains.refs[i], err) < 0)
			return -1;
	for (i = 0; i < n->commit_count; i++) {
		auto_commit *c = NULL;

		if (odb_commit(n->f->odb, NULL, n->commits[i], &c, NULL) < 0)
			continue;
		for (k = 0; k < c->parent_count; k++)
			if (reach(n, &c->parents[k].id, c->parents[k].loc, err) < 0)
				return -1;
	}
	if (n->commit_count)
		qsort(n->commits, n->commit_count, sizeof(*n->commits), compare_newest_first);
	return 0;
}

/* The commits beside those that have something lost may have the keys that were there. */
static void note_neighbours(struct names *n, size_t at)
{
	size_t i;

	for (i = 0; i < n->lost_count; i++) {
		struct lost *lost = &n->lost[i];

		if (lost->met && lost->commits_total == 1 && at)
			lost->newer = n->commits[at - 1];
		if (!lost->met && lost->commits_total && !lost->older)
			lost->older = n->commits[at];
		lost->met = false;
	}
}

static int visit_commits(struct names *n, struct drift_error *err)
{
	const struct range all = { .from = NULL };
	struct tree_root root;
	size_t i;

	for (i = 0; i < n->commit_count; i++) {
		auto_commit *c = NULL;

		if (odb_commit(n->f->odb, NULL, n->commits[i], &c, NULL) < 0)
			continue;
		n->commit = c;
		root = (struct tree_root){ c->tree.id, c->tree.loc };
		if (!tree_is_empty(&root) && visit_node(n, &c->tree, -1, &all, 0, err) < 0)
			return -1;
		n->commit = NULL;
		note_neighbours(n, i);
		if (n->f->options->progress)
			n->f->options->progress(n->f->options->data, "looking for what is lost", i + 1,
						n->commit_count);
	}
	return 0;
}

/* --- documents --- */

static int add_path(struct lost *lost, const struct path *path, struct drift_error *err)
{
	auto_buf text = BUF_INIT;
	size_t i, at = lost->path_count;
	char *copy;

	path_format(path, &text);
	if (buf_check(&text, err) < 0)
		return -1;
	for (i = 0; i < lost->path_count; i++) {
		int order = strcmp(lost->paths[i], text.data);

		if (!order)
			return 0;
		if (order > 0) {
			at = i;
			break;
		}
	}
	if (lost->path_count == FSCK_PATHS_MAX)
		return 0;
	if (!lost->paths && !(lost->paths = mem_calloc(FSCK_PATHS_MAX, sizeof(char *))))
		return error_no_memory(err);
	copy = mem_dup_str(text.data, text.len);
	if (!copy)
		return error_no_memory(err);
	memmove(lost->paths + at + 1, lost->paths + at, (lost->path_count - at) * sizeof(char *));
	lost->paths[at] = copy;
	lost->path_count++;
	return 0;
}

static bool in_range(const struct lost *lost, const void *key, size_t len)
{
	if (lost->exact)
		return !key_compare(key, len, lost->to.data, lost->to.len);
	return (!lost->has_from || key_compare(key, len, lost->from.data, lost->from.len) > 0) &&
	       (!lost->has_to || key_compare(key, len, lost->to.data, lost->to.len) <= 0);
}

/* The documents that a commit has in the range, as far as they can be read. */
static int add_neighbour_paths(struct names *n, struct lost *lost, uint64_t loc, struct drift_error *err)
{
	auto_map_cursor cursor = MAP_CURSOR_INIT;
	struct node_store *store = odb_nodes(n->f->odb);
	auto_commit *c = NULL;
	struct tree_root root;
	struct descriptor d;
	struct map_root map;
	struct node_entry e;
	int seen = 0;

	if (!loc || odb_commit(n->f->odb, NULL, loc, &c, NULL) < 0)
		return 0;
	root = (struct tree_root){ c->tree.id, c->tree.loc };
	if (tree_collection(store, &root, lost->collection.data, lost->collection.len, &d, NULL) <= 0)
		return 0;
	descriptor_map(&d, &map);
	if (map_cursor_seek(&cursor, store, &map, lost->has_from ? lost->from.data : NULL, lost->from.len, NULL) < 0)
		return 0;
	while (seen++ <= FSCK_PATHS_MAX && map_cursor_next(&cursor, &e, NULL) > 0) {
		struct path path = { lost->collection.data, lost->collection.len, (const char *)e.key, e.key_len };

		if (lost->has_to && key_compare(e.key, e.key_len, lost->to.data, lost->to.len) > 0)
			break;
		if (in_range(lost, e.key, e.key_len) && add_path(lost, &path, err) < 0)
			return -1;
	}
	return 0;
}

/* What the commits that have it say that they changed there. */
static int add_changed_paths(struct names *n, struct lost *lost, struct drift_error *err)
{
	struct change_list list;
	auto_commit *c = NULL;
	size_t i, k;
	int r = 0;

	for (i = 0; i < lost->commit_count && !r; i++) {
		if (odb_commit(n->f->odb, &lost->commits[i], LOC_UNKNOWN, &c, NULL) < 0)
			continue;
		if (odb_change_list(n->f->odb, c->loc, &list, NULL) > 0) {
			for (k = 0; k < list.count && !r; k++) {
				const struct path *path = &list.changes[k].path;

				if (path->collection_len == lost->collection.len &&
				    !memcmp(path->collection, lost->collection.data, path->collection_len) &&
				    in_range(lost, path->key, path->key_len))
					r = add_path(lost, path, err);
			}
			change_list_release(&list);
		}
		commit_unref(take_ptr(c));
	}
	return r;
}

static int find_paths(struct names *n, struct lost *lost, struct drift_error *err)
{
	struct path path = { lost->collection.data, lost->collection.len, lost->to.data, lost->to.len };

	if (!lost->has_range)
		return 0;
	if (lost->exact)
		return add_path(lost, &path, err);
	if (add_neighbour_paths(n, lost, lost->older, err) < 0 || add_neighbour_paths(n, lost, lost->newer, err) < 0)
		return -1;
	return add_changed_paths(n, lost, err);
}

/* --- faults --- */

static bool has_path(const struct fsck_found *found, const char *path)
{
	size_t i;

	for (i = 0; i < found->fault.path_count; i++)
		if (!strcmp(found->paths[i], path))
			return true;
	return false;
}

static int give_paths(struct fsck_found *found, const struct lost *lost, struct drift_error *err)
{
	struct fsck_fault *fault = &found->fault;
	size_t i;

	if (lost->path_count && !found->paths && !(found->paths = mem_calloc(FSCK_PATHS_MAX, sizeof(char *))))
		return error_no_memory(err);
	for (i = 0; i < lost->path_count && fault->path_count < FSCK_PATHS_MAX; i++) {
		if (has_path(found, lost->paths[i]))
			continue;
		found->paths[fault->path_count] = mem_dup_str(lost->paths[i], strlen(lost->paths[i]));
		if (!found->paths[fault->path_count])
			return error_no_memory(err);
		fault->path_count++;
	}
	if (fault->paths_total < lost->document_count)
		fault->paths_total = lost->document_count;
	if (fault->paths_total < fault->path_count)
		fault->paths_total = fault->path_count;
	return 0;
}

static int give_commits(struct fsck_found *found, const struct lost *lost, struct drift_error *err)
{
	struct fsck_fault *fault = &found->fault;
	size_t i, k;

	if (lost->commit_count && !found->commits &&
	    !(found->commits = mem_calloc(FSCK_COMMITS_MAX, sizeof(*found->commits))))
		return error_no_memory(err);
	for (i = 0; i < lost->commit_count && fault->commit_count < FSCK_COMMITS_MAX; i++) {
		for (k = 0; k < fault->commit_count && !oid_equal(&found->commits[k], &lost->commits[i]); k++)
			;
		if (k == fault->commit_count)
			found->commits[fault->commit_count++] = lost->commits[i];
	}
	if (fault->commits_total < lost->commits_total)
		fault->commits_total = lost->commits_total;
	if (fault->commits_total < fault->commit_count)
		fault->commits_total = fault->commit_count;
	return 0;
}

static bool concerns(const struct fsck_fault *fault, const struct lost *lost)
{
	if (lost->loc == LOC_UNKNOWN || loc_frame(fault->loc) != loc_frame(lost->loc))
		return fault->has_object && oid_equal(&fault->object, &lost->id);
	return fault->has_object ? oid_equal(&fault->object, &lost->id) :
				   fault->loc == lost->loc || fault->loc == loc_frame(lost->loc);
}

static int give_names(struct names *n, const struct lost *lost, struct drift_error *err)
{
	struct fsck *f = n->f;
	bool told = false;
	size_t i;

	for (i = 0; i < f->found_count; i++) {
		struct fsck_found *found = &f->found[i];

		if (found->fault.severity == FSCK_NOTE || !concerns(&found->fault, lost))
			continue;
		if (!found->fault.has_object) {
			/* What was said of the place is said of this. */
			found->fault.has_object = true;
			found->fault.kind = lost->kind;
			found->fault.object = lost->id;
			found->fault.loc = lost->loc == LOC_UNKNOWN ? found->fault.loc : lost->loc;
		}
		told = true;
		found->fault.severity = FSCK_LOST;
		if (give_paths(found, lost, err) < 0 || give_commits(found, lost, err) < 0)
			return -1;
	}
	return told;
}

static int tell_lost(struct names *n, struct lost *lost, struct drift_error *err)
{
	struct fsck_fault fault = { .severity = FSCK_LOST,
				    .has_object = true,
				    .kind = lost->kind,
				    .loc = fsck_file_of(n->f, lost->loc) ? lost->loc : lost->whence,
				    .object = lost->id };
	auto_buf sentence = BUF_INIT;
	int r = give_names(n, lost, err);

	if (r)
		return r < 0 ? -1 : 0;
	fsck_spell_object(n->f, lost->kind, &lost->id, lost->loc, &sentence);
	buf_add_str(&sentence, " cannot be read here");
	if (buf_check(&sentence, err) < 0)
		return -1;
	fault.sentence = sentence.data;
	if (fsck_note(n->f, &fault, err) < 0)
		return -1;
	return give_names(n, lost, err) < 0 ? -1 : 0;
}

int fsck_name_all(struct fsck *f, struct drift_error *err)
{
	auto_names n = { .f = f };
	size_t i;

	if (reach_all(&n, err) < 0 || visit_commits(&n, err) < 0)
		return -1;
	for (i = 0; i < n.lost_count; i++)
		if (find_paths(&n, &n.lost[i], err) < 0 || tell_lost(&n, &n.lost[i], err) < 0)
			return -1;
	return 0;
}
