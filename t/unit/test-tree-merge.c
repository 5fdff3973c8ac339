/*
 * Merging trees, against a model: a document is absent or an object of two fields, a path's state is a document and two sets of
 * documents. Trees are merged again and again, also such as hold conflicts, and each result must be the very tree that is built from the model's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "merge/conflict.h"
#include "merge/tree_merge.h"
#include "repo/repo.h"
#include "t/unit/desk.h"

#define VALUES 4 /* of a field, 0: absent */
#define ABSENT (VALUES * VALUES)
#define PATHS 40
#define POOL 24

/* Sides and bases are sets of documents; not in conflict: both empty. */
struct state {
	int doc;
	uint32_t sides, bases;
};

struct model {
	struct state at[PATHS];
	struct tree_root tree;
};

static char texts[ABSENT][64];
static struct oid ids[ABSENT];
static char paths[PATHS][2200];

static void prepare(void)
{
	static const char *const collections[] = { "", "a/", "a!/", "zz/", ".drift/schema/" };

	for (int i = 0; i < ABSENT; i++) {
		int a = i / VALUES, b = i % VALUES, n;

		n = snprintf(texts[i], sizeof(texts[i]), "{");
		if (a)
			n += snprintf(texts[i] + n, sizeof(texts[i]) - (size_t)n, "\"a\":%d%s", a, b ? "," : "");
		if (b)
			n += snprintf(texts[i] + n, sizeof(texts[i]) - (size_t)n, "\"b\":%d", b);
		snprintf(texts[i] + n, sizeof(texts[i]) - (size_t)n, "}");
		object_hash(OBJECT_BLOB, texts[i], strlen(texts[i]), &ids[i]);
	}
	for (int i = 0; i < PATHS; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s%c%s", collections[i % 5], 'a' + i / 5, i % 3 ? "" : "x");
	/* Paths that go on where another one ends, and some that are too long for a key of their own. */
	snprintf(paths[0], sizeof(paths[0]), "a");
	snprintf(paths[6], sizeof(paths[6]), "a/+b");
	snprintf(paths[11], sizeof(paths[11]), "a/+b/c");
	memset(paths[16] + 2, 'y', 2000);
	memset(paths[21] + 2, 'y', 2040);
}

/* ---- the model ---- */

static int merge_field(int base, int first, int second, bool *clash)
{
	if (first == second || second == base)
		return first;
	if (first == base)
		return second;
	*clash = true;
	return first ? first : second;
}

static int merge_doc(int base, int first, int second, bool *clash)
{
	int from = base == ABSENT ? 0 : base;

	if (first == second || second == base)
		return first;
	if (first == base)
		return second;
	if (first == ABSENT || second == ABSENT) {
		*clash = true;
		return first == ABSENT ? second : first;
	}
	return merge_field(from / VALUES, first / VALUES, second / VALUES, clash) * VALUES +
	       merge_field(from % VALUES, first % VALUES, second % VALUES, clash);
}

static bool in_conflict(const struct state *s)
{
	return s->sides;
}

static uint32_t sides_of(const struct state *s)
{
	return s->sides ? s->sides : UINT32_C(1) << s->doc;
}

static uint32_t merge_sets(uint32_t base, uint32_t first, uint32_t second)
{
	return (first & second) | (first & ~base) | (second & ~base);
}

/* Of a clash, what a state's document adds to the sides: itself, if it is a version of somebody's. */
static uint32_t clashed_side(const struct state *s)
{
	return sides_of(s) & UINT32_C(1) << s->doc;
}

/* Of some sides the one whose term is first. */
static int least(uint32_t sides)
{
	int found = ABSENT;

	for (int i = 0; i < ABSENT; i++)
		if (sides >> i & 1 && (found == ABSENT || oid_compare(&ids[i], &ids[found]) < 0))
			found = i;
	return found;
}

static bool same_state(const struct state *a, const struct state *b)
{
	return a->doc == b->doc && a->sides == b->sides && a->bases == b->bases;
}

static struct state merge_state(const struct state *base, const struct state *first, const struct state *second)
{
	bool clash = false, settled = in_conflict(base) && !in_conflict(first) && !in_conflict(second);
	struct state s = { .doc = 0 };

	if (same_state(first, second) || same_state(second, base))
		return *first;
	if (same_state(first, base))
		return *second;
	s.doc = merge_doc(base->doc, first->doc, second->doc, &clash);
	if (!in_conflict(base) && !in_conflict(first) && !in_conflict(second)) {
		if (!clash)
			return s;
		s.sides = sides_of(first) | sides_of(second);
	} else {
		s.sides = merge_sets(sides_of(base), sides_of(first), sides_of(second));
		if (!s.sides || settled)
			s.sides |= sides_of(first) | sides_of(second);
		if (clash)
			s.sides |= clashed_side(first) | clashed_side(second);
		s.bases = merge_sets(base->bases, first->bases, second->bases);
	}
	if (!(s.sides & (s.sides - 1))) {
		s.doc = __builtin_ctz(s.sides);
		s.sides = s.bases = 0;
		return s;
	}
	if (!in_conflict(base) && base->doc != ABSENT)
		s.bases |= UINT32_C(1) << base->doc;
	if (s.doc == ABSENT)
		s.doc = least(s.sides);
	return s;
}

/* ---- trees of a model ---- */

struct entry {
	struct buf path;
	struct document doc;
};

struct entries {
	struct entry items[PATHS * (2 * ABSENT + 8)];
	struct tree_change changes[PATHS * (2 * ABSENT + 8)];
	size_t count;
};

static struct entry *add_entry(struct entries *e, const void *data, size_t len)
{
	struct entry *item = &e->items[e->count++];

	buf_init(&item->path);
	item->doc = (struct document){ .data = data, .len = len };
	return item;
}

static void add_term(struct entries *e, const struct path *path, enum term_sign sign, int doc)
{
	const char *text = doc == ABSENT ? "" : texts[doc];
	struct entry *item = add_entry(e, text, strlen(text));
	struct term term;

	buf_add_str(&item->path, ".drift/");
	term_prefix_format(path, &item->path);
	term_of(sign, doc == ABSENT ? NULL : &item->doc, &term);
	term_name_format(&term, &item->path);
}

static void add_pieces(struct entries *e, const struct path *path, const char *text)
{
	size_t len = strlen(text);

	for (unsigned i = 0; term_prefix_is_hash(path) && i * 1024U < len; i++) {
		struct entry *item = add_entry(e, text + i * 1024, len - i * 1024 < 1024 ? len - i * 1024 : 1024);

		buf_add_str(&item->path, ".drift/");
		term_prefix_format(path, &item->path);
		term_piece_format(i, &item->path);
	}
}

static int compare_changes(const void *a, const void *b)
{
	const struct tree_change *x = a, *y = b;

	return path_compare(&x->path, &y->path);
}

static void model_tree(struct desk *d, struct node_store *nodes, const struct model *m, struct tree_root *out)
{
	struct entries *e = calloc(1, sizeof(*e));
	struct tree_root empty;

	assert_non_null(e);
	for (int i = 0; i < PATHS; i++) {
		const struct state *s = &m->at[i];
		struct path path;

		path_split(paths[i], strlen(paths[i]), &path);
		if (s->doc != ABSENT)
			buf_add_str(&add_entry(e, texts[s->doc], strlen(texts[s->doc]))->path, paths[i]);
		for (int k = 0; k <= ABSENT; k++) {
			if (s->sides >> k & 1)
				add_term(e, &path, TERM_SIDE, k);
			if (s->bases >> k & 1)
				add_term(e, &path, TERM_BASE, k);
		}
		if (s->sides)
			add_pieces(e, &path, paths[i]);
	}
	for (size_t i = 0; i < e->count; i++) {
		path_split(e->items[i].path.data, e->items[i].path.len, &e->changes[i].path);
		e->changes[i].document = &e->items[i].doc;
	}
	qsort(e->changes, e->count, sizeof(e->changes[0]), compare_changes);
	tree_empty(&empty);
	desk_must(d, tree_edit_array(nodes, &empty, e->changes, e->count, out, &d->err));
	for (size_t i = 0; i < e->count; i++)
		buf_release(&e->items[i].path);
	free(e);
}

/* ---- the test ---- */

static void edit_model(struct desk *d, struct node_store *nodes, struct model *m, size_t edits)
{
	while (edits--) {
		size_t i = desk_random(d, PATHS);
		struct document doc = { .form = DOCUMENT_INLINE };
		struct tree_change change = { .document = &doc };
		int now = (int)desk_random(d, ABSENT + 3);

		if (now >= ABSENT) {
			now = ABSENT;
			change.document = NULL;
		} else {
			doc.data = (const unsigned char *)texts[now];
			doc.len = strlen(texts[now]);
		}
		m->at[i] = (struct state){ .doc = now };
		path_split(paths[i], strlen(paths[i]), &change.path);
		desk_must(d, tree_edit_array(nodes, &m->tree, &change, 1, &m->tree, &d->err));
	}
}

static void check_tree(struct desk *d, struct node_store *nodes, const struct model *m)
{
	struct tree_root wanted;
	uint64_t count, wanted_count = 0;

	model_tree(d, nodes, m, &wanted);
	assert_true(oid_equal(&wanted.id, &m->tree.id));
	for (int i = 0; i < PATHS; i++)
		wanted_count += in_conflict(&m->at[i]);
	desk_must(d, conflict_count(nodes, &m->tree, &count, &d->err));
	assert_int_equal(count, wanted_count);
}

static void merge_models(struct desk *d, struct merge_store *store, const struct model *base, const struct model *first,
			 const struct model *second, struct model *out)
{
	struct tree_merge_input input = { .base = base->tree, .first = first->tree, .second = second->tree };

	for (int i = 0; i < PATHS; i++)
		out->at[i] = merge_state(&base->at[i], &first->at[i], &second->at[i]);
	desk_must(d, tree_merge(store, &input, &out->tree, NULL, &d->err));
	check_tree(d, merge_store_nodes(store), out);
}

static void test_random(void **state)
{
	struct desk *d = *state;
	auto_merge_store *store = NULL;
	struct model pool[POOL];
	struct node_store *nodes;
	size_t conflicts = 0;

	prepare();
	desk_must(d, merge_store_new(d->odb, &store, &d->err));
	nodes = merge_store_nodes(store);
	for (int i = 0; i < POOL; i++) {
		for (int k = 0; k < PATHS; k++)
			pool[i].at[k] = (struct state){ .doc = ABSENT };
		tree_empty(&pool[i].tree);
		edit_model(d, nodes, &pool[i], i ? desk_random(d, 30) : 0);
		check_tree(d, nodes, &pool[i]);
	}
	for (int step = 0; step < 600; step++) {
		struct model *to = &pool[desk_random(d, POOL)], base = pool[desk_random(d, POOL)], a = base, b = base,
			     other;

		/* Mostly both come from the base, by a few edits or by a merge. */
		if (!desk_random(d, 4))
			a = pool[desk_random(d, POOL)];
		if (!desk_random(d, 4))
			b = pool[desk_random(d, POOL)];
		edit_model(d, nodes, &a, desk_random(d, 12));
		edit_model(d, nodes, &b, desk_random(d, 12));
		merge_models(d, store, &base, &a, &b, to);
		merge_models(d, store, &base, &b, &a, &other);
		for (int i = 0; i < PATHS; i++) {
			assert_true(to->at[i].sides == other.at[i].sides && to->at[i].bases == other.at[i].bases);
			conflicts += in_conflict(&to->at[i]);
		}
		if (!desk_random(d, 6))
			edit_model(d, nodes, to, 20);
	}
	assert_true(conflicts > 2000);
}

/* ---- many documents: whole leaves go over where the other side has not touched them ---- */

#define MANY 16000

/* Document number i says which version of it is there; 0: none. */
struct shelf {
	unsigned char version[MANY];
	struct tree_root tree;
};

struct shelf_changes {
	struct tree_changes changes;
	const struct shelf *from, *to;
	size_t next;
	char key[16], text[128];
	struct document doc;
};

static int next_of_shelf(struct tree_changes *self, struct tree_change *change, struct drift_error *err)
{
	struct shelf_changes *c = (struct shelf_changes *)self;

	(void)err;
	while (c->next < MANY && c->from->version[c->next] == c->to->version[c->next])
		c->next++;
	if (c->next == MANY)
		return 0;
	snprintf(c->key, sizeof(c->key), "k%05zu", c->next);
	c->doc = (struct document){ .data = (const unsigned char *)c->text };
	c->doc.len = (size_t)snprintf(c->text, sizeof(c->text), "{\"v\":%d,\"x\":\"%0*d\"}", c->to->version[c->next],
				      1 + (int)(c->next * 7 % 60), 0);
	*change = (struct tree_change){ .path = { "many", 4, c->key, strlen(c->key) },
					.document = c->to->version[c->next] ? &c->doc : NULL };
	c->next++;
	return 1;
}

static void build_shelf(struct desk *d, struct node_store *nodes, const struct shelf *from, struct shelf *to)
{
	struct shelf_changes c = { .changes = { .next = next_of_shelf }, .from = from, .to = to };

	desk_must(d, tree_edit_exact(nodes, &from->tree, &c.changes, &to->tree, &d->err));
}

/* Here and there, or a stretch; documents change, go and come. Only those of the side: no two sides change the same. */
static void edit_shelf(struct desk *d, struct shelf *s, size_t side)
{
	size_t edits = 1 + desk_random(d, desk_random(d, 3) ? 40 : 1500), at = desk_random(d, MANY);
	bool stretch = desk_random(d, 2);

	while (edits--) {
		at = stretch ? (at + 2) % MANY : desk_random(d, MANY);
		if (at % 2 == side)
			s->version[at] = (unsigned char)(desk_random(d, 3) ? 1 + desk_random(d, 5) : 0);
		else if (stretch)
			at++;
	}
}

static void test_many(void **state)
{
	static struct shelf none, base, a, b, merged, wanted;
	struct desk *d = *state;
	auto_merge_store *store = NULL;
	struct node_store *nodes;

	desk_must(d, merge_store_new(d->odb, &store, &d->err));
	nodes = merge_store_nodes(store);
	tree_empty(&none.tree);
	for (size_t i = 0; i < MANY; i++)
		base.version[i] = (unsigned char)desk_random(d, 4);
	build_shelf(d, nodes, &none, &base);
	for (int round = 0; round < 60; round++) {
		struct tree_merge_input input = { .base = base.tree };
		struct tree_root other;

		a = b = wanted = base;
		edit_shelf(d, &a, 0);
		edit_shelf(d, &b, 1);
		/* Where a leaf ends with what the one side removes, the next one goes on from there, which the other has changed. */
		for (size_t n = round % 2 ? 200 : 0, at; n--;) {
			at = desk_random(d, MANY / 2 - 40) * 2;
			a.version[at] = 0;
			b.version[at + 41] = (unsigned char)desk_random(d, 5);
		}
		for (size_t i = 0; i < MANY; i++)
			wanted.version[i] = i % 2 ? b.version[i] : a.version[i];
		build_shelf(d, nodes, &base, &a);
		build_shelf(d, nodes, &base, &b);
		input.first = a.tree;
		input.second = b.tree;
		desk_must(d, tree_merge(store, &input, &merged.tree, NULL, &d->err));
		input.first = b.tree;
		input.second = a.tree;
		desk_must(d, tree_merge(store, &input, &other, NULL, &d->err));
		build_shelf(d, nodes, &none, &wanted);
		assert_true(oid_equal(&merged.tree.id, &wanted.tree.id));
		assert_true(oid_equal(&other.id, &wanted.tree.id));
		base = wanted;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_many, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
