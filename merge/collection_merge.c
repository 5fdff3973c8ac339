/*
 * One collection: the changes of one side are streamed onto the other side's map. Whatever the other side has changed, too, is found there
 * by its key.
 */
#include <string.h>

#include "merge/diff_stream.h"
#include "merge/tree_merge_internal.h"

#define READ_AHEAD_MIN 256
#define READ_AHEAD_MAX 16384

/* Looks up keys in ascending order. */
struct finder {
	struct node_store *nodes;
	const struct map_root *map;
	struct map_cursor cursor;
};

static bool in_leaf(const struct map_cursor *c, const void *key, size_t key_len)
{
	const struct node *leaf = c->height ? c->node[0] : NULL;
	const unsigned char *bound;
	size_t len;

	if (!leaf || !leaf->count)
		return false;
	bound = node_key_at(leaf, leaf->count - 1, &len);
	if (key_compare(bound, len, key, key_len) < 0)
		return false;
	bound = node_key_at(leaf, 0, &len);
	return key_compare(bound, len, key, key_len) <= 0;
}

/* data NULL: absent */
static int find(struct finder *f, const void *key, size_t key_len, struct diff_value *out, struct drift_error *err)
{
	struct map_cursor *c = &f->cursor;
	struct node_entry entry;
	bool equal = false;
	size_t slot = 0;

	*out = (struct diff_value){ .data = NULL };
	if (!in_leaf(c, key, key_len) && map_cursor_seek(c, f->nodes, f->map, key, key_len, err))
		return -1;
	if (c->height)
		slot = node_search(c->node[0], key, key_len, &equal);
	if (!equal)
		return 0;
	node_entry_at(c->node[0], slot, &entry);
	*out = (struct diff_value){ entry.value, entry.value_len, entry.loc };
	return 0;
}

/* The changes of one side on their way into the map of the other. */
struct joining {
	struct map_changes changes;
	struct tree_merging *m;
	const struct merge_part *part;
	struct diff_stream *source;
	enum version_of of; /* the source */
	struct finder target;
	struct path_outcome outcome; /* of the last document merged */
	struct buf value;
};

static bool same_value(const struct diff_value *a, const struct diff_value *b)
{
	if (!a->data || !b->data)
		return !a->data == !b->data;
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static int decode(const struct diff_value *value, struct path_state *out, struct drift_error *err)
{
	out->present = value->data;
	return out->present ? document_decode(value->data, value->len, value->loc, &out->document, err) : 0;
}

/* Terms that no side has changed are the same in all three. */
static int read_states(struct joining *j, const struct path *path, const struct diff_entry *entry,
		       const struct diff_value *there, struct path_state states[VERSIONS], struct drift_error *err)
{
	enum version_of other = j->of == OF_FIRST ? OF_SECOND : OF_FIRST;

	if (decode(&entry->a, &states[OF_BASE], err) || decode(&entry->b, &states[j->of], err) ||
	    decode(there, &states[other], err))
		return -1;
	for (int i = 0; j->m->has_terms && i < VERSIONS; i++)
		if (conflict_read_from(j->m->nodes, &j->m->reserved[i], path, &states[i].conflict, err) < 0)
			return -1;
	return 0;
}

static struct map_change change_to(const struct diff_entry *entry, const struct diff_value *value)
{
	return (struct map_change){ .key = entry->key,
				    .key_len = entry->key_len,
				    .value = value->data,
				    .value_len = value->len,
				    .loc = value->loc };
}

/* Both sides have changed it, differently. 1 with the change to be made, 0 it stays as it is there, -1 */
static int merge_both(struct joining *j, const struct diff_entry *entry, const struct diff_value *there,
		      struct map_change *change, struct drift_error *err)
{
	struct path_state states[VERSIONS] = { PATH_STATE_INIT, PATH_STATE_INIT, PATH_STATE_INIT };
	struct path path = { j->part->name.data, j->part->name.len, (const char *)entry->key, entry->key_len };
	struct path_outcome *o = &j->outcome;
	struct diff_value value = { .data = NULL };
	int r;

	path_outcome_release(o);
	*o = (struct path_outcome)PATH_OUTCOME_INIT;
	r = read_states(j, &path, entry, there, states, err);
	if (!r)
		r = path_merge(&j->m->setting, &path, &states[OF_BASE], &states[OF_FIRST], &states[OF_SECOND], o, err);
	if (!r)
		r = merge_note(j->m, &path, o, NULL, err);
	if (!r && o->state.present) {
		buf_clear(&j->value);
		document_encode(&o->state.document, &j->value);
		r = buf_check(&j->value, err);
		value = (struct diff_value){ (const unsigned char *)j->value.data, j->value.len, LOC_UNKNOWN };
		if (o->state.document.form == DOCUMENT_BLOB)
			value.loc = o->state.document.loc;
	}
	for (int i = 0; i < VERSIONS; i++)
		path_state_release(&states[i]);
	if (r || same_value(&value, there))
		return r;
	*change = change_to(entry, &value);
	return 1;
}

static int next_change(struct map_changes *self, struct map_change *change, struct drift_error *err)
{
	struct joining *j = (struct joining *)self;
	struct diff_entry entry;
	int r;

	while ((r = diff_stream_next(j->source, &entry, err)) > 0) {
		struct path path = { j->part->name.data, j->part->name.len, (const char *)entry.key, entry.key_len };
		struct diff_value there;
		bool apart = false;

		if (entry.leaf) {
			j->m->stats.changed_min++;
			*change = (struct map_change){ .key = entry.key, .key_len = entry.key_len, .leaf = entry.leaf };
			return 1;
		}
		if (j->m->contested.count)
			path_list_find(&j->m->contested, &path, &apart);
		if (apart || term_path_is(&path))
			continue;
		if (find(&j->target, entry.key, entry.key_len, &there, err))
			return -1;
		if (same_value(&there, &entry.b))
			continue;
		if (!same_value(&there, &entry.a)) {
			r = merge_both(j, &entry, &there, change, err);
			if (!r)
				continue;
			j->m->stats.changed_min += r > 0;
			return r;
		}
		j->m->stats.changed_min++;
		*change = change_to(&entry, &entry.b);
		return 1;
	}
	return r;
}

static int stop_counting(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	uint64_t *left = data;

	(void)a;
	(void)b;
	(void)err;
	return !--*left;
}

/* Do the maps differ in at most so many entries? 1 / 0 / -1 */
static int differ_little(struct tree_merging *m, const struct merge_part *part, enum version_of of, uint64_t max,
			 struct drift_error *err)
{
	uint64_t left = max + 1;
	struct map_diff_options options = { .each = stop_counting, .data = &left };
	int r = map_diff(m->nodes, &part->maps[OF_BASE], &part->maps[of], &options, err);

	return r < 0 ? -1 : !r;
}

/* Which side has changed less? Both are read in turns, ever farther, until one is at its end. */
static int choose_source(struct tree_merging *m, const struct merge_part *part, struct diff_stream streams[VERSIONS],
			 enum version_of *of_out, struct drift_error *err)
{
	for (size_t count = READ_AHEAD_MIN; count <= READ_AHEAD_MAX;
	     count = count * (READ_AHEAD_MAX / READ_AHEAD_MIN)) {
		for (enum version_of of = OF_FIRST; of <= OF_SECOND; of++) {
			if (diff_stream_fill(&streams[of], count, err))
				return -1;
			*of_out = of;
			if (streams[of].ended)
				return 0;
		}
	}
	for (uint64_t count = (uint64_t)READ_AHEAD_MAX * 8; count < UINT64_MAX / 8; count *= 8) {
		for (enum version_of of = OF_FIRST; of <= OF_SECOND; of++) {
			int r = differ_little(m, part, of, count, err);

			*of_out = of;
			if (r)
				return r < 0 ? -1 : 0;
		}
	}
	return 0;
}

/* Both sides have changed the collection. */
static int merge_maps(struct tree_merging *m, struct merge_part *part, struct drift_error *err)
{
	struct diff_stream streams[VERSIONS];
	struct joining j = { .changes = { .next = next_change },
			     .m = m,
			     .part = part,
			     .value = BUF_INIT,
			     .outcome = PATH_OUTCOME_INIT };
	int r;

	for (int i = 0; i < VERSIONS; i++)
		diff_stream_init(&streams[i], m->nodes, &part->maps[OF_BASE], &part->maps[i]);
	streams[OF_FIRST].target = &part->maps[OF_SECOND];
	streams[OF_SECOND].target = &part->maps[OF_FIRST];
	r = choose_source(m, part, streams, &j.of, err);
	if (!r) {
		const struct map_root *target = &part->maps[j.of == OF_FIRST ? OF_SECOND : OF_FIRST];

		j.source = &streams[j.of];
		j.target = (struct finder){ .nodes = m->nodes, .map = target };
		r = map_edit(m->nodes, MAP_DOCUMENTS, target, &j.changes, &part->result, err);
		map_cursor_release(&j.target.cursor);
	}
	path_outcome_release(&j.outcome);
	buf_release(&j.value);
	for (int i = 0; i < VERSIONS; i++)
		diff_stream_release(&streams[i]);
	return r;
}

static int read_state(struct tree_merging *m, const struct merge_part *part, enum version_of of,
		      const struct path *path, struct node **node, struct path_state *out, struct drift_error *err)
{
	struct node_entry entry;
	struct diff_value value = { .data = NULL };
	int r = map_get(m->nodes, &part->maps[of], path->key, path->key_len, node, &entry, err);

	if (r > 0)
		value = (struct diff_value){ entry.value, entry.value_len, entry.loc };
	if (r < 0 || decode(&value, out, err) ||
	    conflict_read_from(m->nodes, &m->reserved[of], path, &out->conflict, err) < 0)
		return -1;
	return 0;
}

/* A path whose terms a side has changed: what it becomes is put, whatever the result holds there. */
static int merge_contested(struct tree_merging *m, const struct merge_part *part, const struct path *path,
			   struct kept_changes *documents, struct drift_error *err)
{
	struct path_state states[VERSIONS] = { PATH_STATE_INIT, PATH_STATE_INIT, PATH_STATE_INIT };
	struct path_state *const before[VERSIONS] = { &states[OF_BASE], &states[OF_FIRST], &states[OF_SECOND] };
	struct node *nodes[VERSIONS] = { NULL };
	struct path_outcome o = PATH_OUTCOME_INIT;
	const struct text key = { path->key, path->key_len };
	int r = 0;

	for (enum version_of i = OF_BASE; i < VERSIONS && !r; i++)
		r = read_state(m, part, i, path, &nodes[i], &states[i], err);
	if (!r)
		r = path_merge(&m->setting, path, &states[OF_BASE], &states[OF_FIRST], &states[OF_SECOND], &o, err);
	if (!r)
		r = merge_note(m, path, &o, before, err);
	if (!r)
		r = kept_changes_add(documents, m->setting.store, &key, o.state.present ? &o.state.document : NULL,
				     err);
	path_outcome_release(&o);
	for (int i = 0; i < VERSIONS; i++) {
		path_state_release(&states[i]);
		node_unref(nodes[i]);
	}
	return r;
}

static int merge_all_contested(struct tree_merging *m, struct merge_part *part, struct drift_error *err)
{
	const struct path start = { .collection = part->name.data, .collection_len = part->name.len, .key = "" };
	auto_kept_changes documents = KEPT_CHANGES_INIT;
	bool equal;

	for (size_t i = path_list_find(&m->contested, &start, &equal); i < m->contested.count; i++) {
		struct path path;

		path_list_at(&m->contested, i, &path);
		if (key_compare(path.collection, path.collection_len, part->name.data, part->name.len) != 0)
			break;
		if (merge_contested(m, part, &path, &documents, err))
			return -1;
	}
	return kept_changes_apply(&documents, m->nodes, &part->result, err);
}

/* Has one side neither touched the collection nor any terms? Then what it has become is what the other side made of both. */
static bool is_one_sided(const struct tree_merging *m, const struct merge_part *part)
{
	for (int i = OF_FIRST; i <= OF_SECOND; i++)
		if (oid_equal(&part->maps[OF_BASE].id, &part->maps[i].id) &&
		    oid_equal(&m->reserved[OF_BASE].id, &m->reserved[i].id))
			return true;
	return false;
}

/* Or is it enough to know which side has changed it? */
static bool needs_documents(const struct tree_merging *m, const struct merge_part *part)
{
	const struct oid *base = &part->maps[OF_BASE].id, *first = &part->maps[OF_FIRST].id,
			 *second = &part->maps[OF_SECOND].id;
	const struct path start = { .collection = part->name.data, .collection_len = part->name.len, .key = "" };
	bool equal;
	size_t at = path_list_find(&m->contested, &start, &equal);
	struct path path;

	if (at < m->contested.count) {
		path_list_at(&m->contested, at, &path);
		if (!key_compare(path.collection, path.collection_len, part->name.data, part->name.len))
			return !is_one_sided(m, part);
	}
	return !oid_equal(base, first) && !oid_equal(base, second) && !oid_equal(first, second);
}

int merge_collection(struct tree_merging *m, struct merge_part *part, struct drift_error *err)
{
	const struct oid *base = &part->maps[OF_BASE].id, *first = &part->maps[OF_FIRST].id,
			 *second = &part->maps[OF_SECOND].id;

	if (!tree_has_documents(m->nodes, part->name.data, part->name.len) && needs_documents(m, part))
		return error_set(err, DRIFT_ERR_ABSENT,
				 "both sides have changed the collection '%.*s', which is not in this partial clone",
				 (int)(part->name.len > 500 ? 500 : part->name.len), part->name.data);
	part->result = part->maps[OF_FIRST];
	if (oid_equal(base, first))
		part->result = part->maps[OF_SECOND];
	else if (!oid_equal(base, second) && !oid_equal(first, second) && merge_maps(m, part, err))
		return -1;
	if (!tree_has_documents(m->nodes, part->name.data, part->name.len))
		return 0;
	return m->contested.count ? merge_all_contested(m, part, err) : 0;
}
