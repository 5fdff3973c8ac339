/*
 * One base out of several: they are merged in order of id, each upon the base that it has with those before it, which may again be
 * several. What was made for some bases serves wherever the same ones turn up; depth and number are bounded, as
 * lines of history that cross each other again and again would have no end else.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "repo/merge_commit.h"
#include "repo/script_trust.h"

struct fold {
	struct oid of; /* hash of the bases' ids */
	struct tree_root root;
};

struct folding {
	struct repo *repo;
	struct merge_store *store;
	struct fold *done;
	size_t done_count, done_capacity, merge_count;
};

/* Bases, in order of id, none an ancestor of another. */
struct bases {
	struct commit **commits; /* references */
	size_t count, capacity;
};

static void bases_release(struct bases *b)
{
	graph_free_list(b->commits, b->count);
}
#define auto_bases __attribute__((cleanup(bases_release))) struct bases

static int bases_add(struct repo *repo, struct bases *b, struct commit *c, struct drift_error *err)
{
	size_t at = 0;

	for (size_t i = 0; i < b->count; i++) {
		int below = graph_is_ancestor(repo, c, b->commits[i], err);

		if (below)
			return below < 0 ? -1 : 0;
	}
	for (size_t i = b->count; i-- > 0;) {
		int above = graph_is_ancestor(repo, b->commits[i], c, err);

		if (above < 0)
			return -1;
		if (!above)
			continue;
		commit_unref(b->commits[i]);
		b->count--;
		for (size_t k = i; k < b->count; k++)
			b->commits[k] = b->commits[k + 1];
	}
	if (mem_grow(&b->commits, &b->capacity, b->count + 1, sizeof(struct commit *)))
		return error_no_memory(err);
	for (at = b->count; at && oid_compare(&b->commits[at - 1]->id, &c->id) > 0; at--)
		b->commits[at] = b->commits[at - 1];
	b->commits[at] = commit_ref(c);
	b->count++;
	return 0;
}

/* The bases of c and any of the first `count` of others. */
static int bases_find(struct repo *repo, struct commit *const *others, size_t count, struct commit *c,
		      struct bases *out, struct drift_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct commit **found;
		size_t found_count;
		int r = graph_merge_bases(repo, others[i], c, &found, &found_count, err);

		if (r)
			return -1;
		for (size_t k = 0; k < found_count && k < MERGE_BASES_MAX && !r; k++)
			r = bases_add(repo, out, found[k], err);
		graph_free_list(found, found_count);
		if (r)
			return -1;
	}
	return 0;
}

static struct tree_root tree_of(const struct commit *c)
{
	return (struct tree_root){ c->tree.id, c->tree.loc };
}

static void name_of(const struct bases *b, struct oid *out)
{
	struct sha256 h;

	sha256_init(&h);
	for (size_t i = 0; i < b->count; i++)
		sha256_update(&h, b->commits[i]->id.bytes, OID_LEN);
	sha256_final(&h, out->bytes);
}

static int fold(struct folding *f, const struct bases *b, unsigned depth, struct tree_root *out,
		struct drift_error *err);

/* The tree of the first `count` bases and the next one. */
static int fold_next(struct folding *f, const struct bases *b, size_t count, unsigned depth, struct tree_root *root,
		     struct drift_error *err)
{
	const struct merge_trust trust = { .ask = script_trust, .data = f->repo };
	struct tree_merge_input input = { .first = *root, .second = tree_of(b->commits[count]), .trust = &trust };
	const struct commit *c = b->commits[count];
	auto_bases below = { .count = 0 };

	if (bases_find(f->repo, b->commits, count, b->commits[count], &below, err) ||
	    fold(f, &below, depth + 1, &input.base, err))
		return -1;
	input.second_is_later = true;
	for (size_t i = 0; i < count; i++)
		if (b->commits[i]->time_usec >= c->time_usec)
			input.second_is_later = false;
	f->merge_count++;
	return tree_merge(f->store, &input, root, NULL, err);
}

static int fold_all(struct folding *f, const struct bases *b, unsigned depth, struct tree_root *out,
		    struct drift_error *err)
{
	struct tree_root root = tree_of(b->commits[0]);

	for (size_t i = 1; i < b->count && i < MERGE_BASES_MAX && f->merge_count < MERGE_FOLDS_MAX; i++)
		if (fold_next(f, b, i, depth, &root, err))
			return -1;
	*out = root;
	return 0;
}

static int fold(struct folding *f, const struct bases *b, unsigned depth, struct tree_root *out,
		struct drift_error *err)
{
	struct oid name;
	int r;

	if (!b->count)
		tree_empty(out);
	else
		*out = tree_of(b->commits[0]);
	if (b->count < 2 || depth >= MERGE_DEPTH_MAX)
		return 0;
	name_of(b, &name);
	for (size_t i = 0; i < f->done_count; i++) {
		if (!oid_equal(&f->done[i].of, &name))
			continue;
		*out = f->done[i].root;
		return 0;
	}
	r = fold_all(f, b, depth, out, err);
	if (r || mem_grow(&f->done, &f->done_capacity, f->done_count + 1, sizeof(*f->done)))
		return r ? -1 : error_no_memory(err);
	f->done[f->done_count++] = (struct fold){ name, *out };
	return 0;
}

int merge_base_tree(struct repo *repo, struct merge_store *store, struct commit *const sides[2],
		    struct tree_root *root_out, struct drift_error *err)
{
	struct folding f = { .repo = repo, .store = store };
	auto_bases bases = { .count = 0 };
	int r = bases_find(repo, sides, 1, sides[1], &bases, err) || fold(&f, &bases, 0, root_out, err) ? -1 : 0;

	free(f.done);
	return r;
}
