/*
 * What both sides have to say about a collection is merged there (collection_merge.c); here it is found which collections that
 * are, and they are put together. The reserved documents come last, as terms of all others stand among them.
 */
#include "merge/tree_merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "merge/tree_merge_internal.h"

#define RESERVED_LEN (sizeof(TREE_RESERVED) - 1)

/* ---- paths whose terms were changed ---- */

/* A key that is none of a term is merged as any document. */
static int add_contested(struct tree_merging *m, const unsigned char *key, size_t key_len, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	struct term_key parts;
	int found = 0;

	if (!term_key_parse((const char *)key, key_len, &parts, NULL))
		for (int i = 0; i < VERSIONS && !found; i++) {
			buf_clear(&path);
			found = term_path_read(m->nodes, &m->reserved[i], &parts, &path, err);
			if (found < 0)
				return -1;
		}
	if (!found) {
		buf_clear(&path);
		buf_add_str(&path, TREE_RESERVED "/");
		buf_add(&path, key, key_len);
	}
	return buf_check(&path, err) ? -1 : path_list_add(&m->contested, path.data, path.len, err);
}

static int note_term(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	const struct node_entry *any = a ? a : b;

	return add_contested(data, any->key, any->key_len, err);
}

int merge_find_contested(struct tree_merging *m, struct drift_error *err)
{
	static const char from[] = TERM_PREFIX;
	struct map_diff_options options = { .from = from, .from_len = sizeof(from) - 1, .each = note_term, .data = m };
	char to[sizeof(from)];

	memcpy(to, from, sizeof(from));
	to[sizeof(from) - 2]++;
	options.to = to;
	options.to_len = sizeof(from) - 1;
	if (map_diff(m->nodes, &m->reserved[OF_BASE], &m->reserved[OF_FIRST], &options, err) ||
	    map_diff(m->nodes, &m->reserved[OF_BASE], &m->reserved[OF_SECOND], &options, err))
		return -1;
	return path_list_sort(&m->contested, err);
}

/* ---- terms to be ---- */

static int note_key(struct tree_merging *m, const struct path *path, const struct term *term,
		    const struct document *doc, struct drift_error *err)
{
	auto_buf key = BUF_INIT;
	struct text text;

	term_prefix_format(path, &key);
	term_name_format(term, &key);
	text = (struct text){ key.data, key.len };
	return buf_check(&key, err) ? -1 : kept_changes_add(&m->terms, m->setting.store, &text, doc, err);
}

/* The pieces of a long path come and go with its terms. */
static int note_pieces(struct tree_merging *m, const struct path *path, bool keep, struct drift_error *err)
{
	auto_buf whole = BUF_INIT;

	if (!term_prefix_is_hash(path))
		return 0;
	path_format(path, &whole);
	for (unsigned i = 0; i < TERM_PIECES_MAX && i * (size_t)TERM_PIECE_LEN < whole.len; i++) {
		size_t at = i * (size_t)TERM_PIECE_LEN, left = whole.len - at;
		struct document doc = { .data = (const unsigned char *)whole.data + at,
					.len = left < TERM_PIECE_LEN ? left : TERM_PIECE_LEN };
		auto_buf key = BUF_INIT;
		struct text text;

		term_prefix_format(path, &key);
		term_piece_format(i, &key);
		text = (struct text){ key.data, key.len };
		if (buf_check(&key, err) ||
		    kept_changes_add(&m->terms, m->setting.store, &text, keep ? &doc : NULL, err))
			return -1;
	}
	return buf_check(&whole, err);
}

/* What was there before and is no more. */
static int note_removed(struct tree_merging *m, const struct path *path, const struct conflict *now,
			struct path_state *const *before, struct drift_error *err)
{
	auto_conflict gone = CONFLICT_INIT;

	for (int v = 0; v < VERSIONS; v++) {
		const struct conflict *c = &before[v]->conflict;

		for (size_t i = 0; i < c->side_count + c->base_count; i++)
			if (!(now && conflict_has(now, &c->terms[i].term)) && conflict_add(&gone, &c->terms[i], err))
				return -1;
	}
	for (size_t i = 0; i < gone.side_count + gone.base_count; i++)
		if (note_key(m, path, &gone.terms[i].term, NULL, err))
			return -1;
	return 0;
}

int merge_note(struct tree_merging *m, const struct path *path, const struct path_outcome *outcome,
	       struct path_state *const *before, struct drift_error *err)
{
	static const struct document empty = { .form = DOCUMENT_INLINE };
	const struct conflict *now = path_state_in_conflict(&outcome->state) ? &outcome->state.conflict : NULL;

	m->stats.merged_count += outcome->merged && !outcome->clashed;
	m->stats.clash_count += outcome->clashed;
	if (term_path_is(path))
		return 0;
	for (size_t i = 0; now && i < now->side_count + now->base_count; i++) {
		const struct conflict_term *t = &now->terms[i];

		if (note_key(m, path, &t->term, t->term.absent ? &empty : &t->document, err))
			return -1;
	}
	if (before && note_removed(m, path, now, before, err))
		return -1;
	return now || before ? note_pieces(m, path, now, err) : 0;
}

/* ---- collections ---- */

static int add_name(struct path_list *names, const void *name, size_t len, struct drift_error *err)
{
	auto_buf path = BUF_INIT;

	/* As a path, so that the order is that of names. */
	buf_add(&path, name, len);
	buf_add_byte(&path, '/');
	return buf_check(&path, err) ? -1 : path_list_add(names, path.data, path.len, err);
}

static int note_collection(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	const struct node_entry *any = a ? a : b;

	return add_name(data, any->key, any->key_len, err);
}

static int find_names(struct tree_merging *m, const struct tree_root *roots, struct path_list *names,
		      struct drift_error *err)
{
	const struct map_diff_options options = { .each = note_collection, .data = names };
	struct map_root maps[VERSIONS];

	for (int i = 0; i < VERSIONS; i++) {
		maps[i] = (struct map_root){ .count = 0 };
		if (!tree_is_empty(&roots[i]))
			maps[i] = (struct map_root){ .id = roots[i].id, .loc = roots[i].loc };
	}
	if (map_diff(m->nodes, &maps[OF_BASE], &maps[OF_FIRST], &options, err) ||
	    map_diff(m->nodes, &maps[OF_BASE], &maps[OF_SECOND], &options, err))
		return -1;
	for (size_t i = 0; i < m->contested.count; i++) {
		struct path path;

		path_list_at(&m->contested, i, &path);
		if (add_name(names, path.collection, path.collection_len, err))
			return -1;
	}
	/* Terms to be may stand there. */
	return add_name(names, TREE_RESERVED, RESERVED_LEN, err) ? -1 : path_list_sort(names, err);
}

static int open_part(struct tree_merging *m, const struct tree_root *roots, struct merge_part *part,
		     struct drift_error *err)
{
	for (int i = 0; i < VERSIONS; i++) {
		struct descriptor d = { .has_root = false };

		if (tree_collection(m->nodes, &roots[i], part->name.data, part->name.len, &d, err) < 0)
			return -1;
		descriptor_map(&d, &part->maps[i]);
	}
	return 0;
}

static bool is_reserved(const struct merge_part *part)
{
	return part->name.len == RESERVED_LEN && !memcmp(part->name.data, TREE_RESERVED, RESERVED_LEN);
}

static int merge_parts(struct tree_merging *m, const struct tree_root *roots, const struct path_list *names,
		       struct merge_part *parts, struct drift_error *err)
{
	struct merge_part *reserved = NULL;

	for (size_t i = 0; i < names->count; i++) {
		struct path path;

		path_list_at(names, i, &path);
		parts[i].name = (struct text){ path.collection, path.collection_len };
		if (open_part(m, roots, &parts[i], err))
			return -1;
		if (is_reserved(&parts[i]))
			reserved = &parts[i];
		else if (merge_collection(m, &parts[i], err))
			return -1;
	}
	if (merge_collection(m, reserved, err))
		return -1;
	return kept_changes_apply(&m->terms, m->nodes, &reserved->result, err);
}

/* The first side's tree with the collections as they have become. */
struct assembly {
	struct tree_changes changes;
	const struct merge_part *next, *end;
	struct descriptor descriptor;
};

static int next_part(struct tree_changes *self, struct tree_change *change, struct drift_error *err)
{
	struct assembly *a = (struct assembly *)self;
	const struct merge_part *part;

	(void)err;
	while (a->next < a->end && oid_equal(&a->next->result.id, &a->next->maps[OF_FIRST].id))
		a->next++;
	if (a->next == a->end)
		return 0;
	part = a->next++;
	a->descriptor = (struct descriptor){ .has_root = part->result.count > 0,
					     .root = part->result.id,
					     .root_loc = part->result.loc,
					     .count = part->result.count,
					     .bytes = part->result.bytes };
	*change = (struct tree_change){ .path = { .collection = part->name.data, .collection_len = part->name.len },
					.collection = &a->descriptor };
	return 1;
}

static int merge_collections(struct tree_merging *m, const struct tree_root *roots, struct tree_root *root_out,
			     struct drift_error *err)
{
	struct path_list names = PATH_LIST_INIT;
	struct merge_part *parts = NULL;
	int r = find_names(m, roots, &names, err);

	if (!r) {
		parts = mem_calloc(names.count, sizeof(*parts));
		r = parts ? merge_parts(m, roots, &names, parts, err) : error_no_memory(err);
	}
	if (!r) {
		struct assembly a = { .changes = { .next = next_part }, .next = parts, .end = parts + names.count };

		r = tree_edit_exact(m->nodes, &roots[OF_FIRST], &a.changes, root_out, err);
	}
	free(parts);
	path_list_release(&names);
	return r;
}

/* Rules other than these would be named by a document: then this program would make another merge than others do. */
static int check_rules(struct tree_merging *m, const struct map_root *reserved, struct drift_error *err)
{
	auto_node *node = NULL;
	struct node_entry entry;
	int found = map_get(m->nodes, reserved, TREE_MERGE_RULES, sizeof(TREE_MERGE_RULES) - 1, &node, &entry, err);

	if (found <= 0)
		return found;
	return error_set(err, DRIFT_ERR_UNSUPPORTED, "this store merges by rules that this version does not know");
}

static int find_terms(struct tree_merging *m, const struct tree_root *roots, struct drift_error *err)
{
	for (int i = 0; i < VERSIONS; i++) {
		int any = term_any(m->nodes, &roots[i], err);

		if (any < 0 || term_reserved(m->nodes, &roots[i], &m->reserved[i], err) < 0 ||
		    check_rules(m, &m->reserved[i], err))
			return -1;
		m->has_terms = m->has_terms || any;
	}
	return m->has_terms ? merge_find_contested(m, err) : 0;
}

static int read_document(void *data, const struct document *doc, struct buf *out, struct drift_error *err)
{
	return merge_store_read(data, doc, out, err);
}

static int open_rules(struct merge_store *store, const struct tree_merge_input *input, struct merge_rules **out,
		      struct drift_error *err)
{
	static const struct merge_choices none = { .policy = NULL };
	const struct merge_choices *choices = input->choices ? input->choices : &none;
	struct merge_rules_options options = {
		.store = merge_store_nodes(store),
		.base = input->base,
		.first = choices->second_wins ? JSON_THEIRS : JSON_OURS,
		.later = input->second_is_later ? JSON_THEIRS : JSON_OURS,
		.decided = choices->decided,
		.policy = choices->policy,
		.read = read_document,
		.data = store,
	};

	if (input->trust) {
		options.trust = input->trust->ask;
		options.trust_data = input->trust->data;
	}
	return merge_rules_new(&options, out, err);
}

int tree_merge(struct merge_store *store, const struct tree_merge_input *input, struct tree_root *root_out,
	       struct tree_merge_stats *stats_out, struct drift_error *err)
{
	const struct tree_root roots[VERSIONS] = { input->base, input->first, input->second };
	struct tree_merging m = { .setting = { .store = store },
				  .nodes = merge_store_nodes(store),
				  .contested = PATH_LIST_INIT,
				  .terms = KEPT_CHANGES_INIT };
	struct tree_root root = input->first;
	int r = 0;

	if (input->choices) {
		m.setting.decided = input->choices->decided;
		m.setting.second_wins = input->choices->second_wins;
	}
	if (open_rules(store, input, &m.setting.rules, err))
		return -1;
	if (oid_equal(&input->base.id, &input->first.id))
		root = input->second;
	else if (!oid_equal(&input->base.id, &input->second.id) && !oid_equal(&input->first.id, &input->second.id))
		r = find_terms(&m, roots, err) || merge_collections(&m, roots, &root, err) ? -1 : 0;
	if (!r && stats_out)
		r = conflict_count(m.nodes, &root, &m.stats.conflict_count, err);
	path_list_release(&m.contested);
	kept_changes_release(&m.terms);
	merge_rules_free(m.setting.rules);
	if (r)
		return -1;
	*root_out = root;
	if (stats_out)
		*stats_out = m.stats;
	return 0;
}
