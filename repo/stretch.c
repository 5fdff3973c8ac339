#include "repo/stretch_internal.h"

#include <stdlib.h>

#include "base/mem.h"

#define ENTRIES_COMPARED 8

/* The stretch without a bottom is found under the zero id. */
static const struct oid no_bottom;

static bool greater_gen(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	return x->gen > y->gen;
}

void stretches_init(struct stretches *s, struct repo *repo)
{
	*s = (struct stretches){ .repo = repo };
	heap_init(&s->waiting, greater_gen);
}

void stretches_release(struct stretches *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct stretch *t = s->all[i];

		for (size_t k = 0; k < t->entry_count; k++)
			commit_unref(t->entries[k].commit);
		free(t->entries);
		commit_unref(t->bottom);
		free(t);
	}
	free(s->all);
	heap_release(&s->waiting);
	oid_table_release(&s->by_bottom);
	stretches_init(s, s->repo);
}

/* The nearest merge on the first-parent line, NULL if there is none. */
static int find_bottom(struct stretches *s, struct commit *c, struct commit **bottom_out, struct drift_error *err)
{
	auto_commit *bottom = NULL;

	if (c->parent_count > 1) {
		bottom = commit_ref(c);
	} else if (c->last_merge_loc != LOC_UNKNOWN) {
		if (odb_commit(repo_odb(s->repo), NULL, c->last_merge_loc, &bottom, err) < 0)
			return -1;
		if (bottom->parent_count < 2 || bottom->gen >= c->gen) {
			char hex[OID_HEX_LEN + 1];

			return error_set(err, DRIFT_ERR_CORRUPT,
					 "commit %s: what the store gives as the merge below it is not one",
					 oid_to_hex(&c->id, hex));
		}
	}
	*bottom_out = take_ptr(bottom);
	return 0;
}

/* Takes over bottom. NULL on failure. */
static struct stretch *add_stretch(struct stretches *s, struct commit *bottom, struct drift_error *err)
{
	struct stretch *t = mem_calloc(1, sizeof(*t));

	if (!t || mem_grow(&s->all, &s->capacity, s->count + 1, sizeof(struct stretch *)) < 0) {
		free(t);
		commit_unref(bottom);
		error_no_memory(err);
		return NULL;
	}
	t->bottom = bottom;
	t->gen = bottom ? bottom->gen : 0;
	s->all[s->count++] = t;
	if (oid_table_put(&s->by_bottom, bottom ? &bottom->id : &no_bottom, t, err) < 0)
		return NULL;
	return t;
}

static void count_sides(struct stretches *s, struct stretch *t, unsigned sides)
{
	unsigned more = sides & ~t->sides;

	t->sides |= sides;
	if (more & REACHED_A)
		s->waiting_a++;
	if (more & REACHED_B)
		s->waiting_b++;
}

/*
 * Is it there already? Few entries are compared by id. With more, a long branch may be merged time and again,
 * each time from an earlier commit: see whether the entry before reaches it.
 */
static int is_covered(struct stretches *s, struct stretch *t, struct commit *c, unsigned reached,
		      struct drift_error *err)
{
	struct stretch_entry *last;
	auto_commit *found = NULL;

	for (size_t i = 0; i < t->entry_count && i < ENTRIES_COMPARED; i++) {
		if (t->entries[i].reached == reached && oid_equal(&t->entries[i].commit->id, &c->id))
			return 1;
	}
	if (t->entry_count < ENTRIES_COMPARED)
		return 0;
	last = t->entries + t->entry_count - 1;
	if (last->reached != reached || last->commit->seq < c->seq)
		return 0;
	if (graph_at_seq(s->repo, last->commit, c->seq, &found, err) < 0)
		return -1;
	return found && oid_equal(&found->id, &c->id);
}

int stretches_enter(struct stretches *s, struct commit *c, unsigned reached, struct drift_error *err)
{
	struct commit *bottom = NULL;
	struct stretch *t;
	int rc;

	if (find_bottom(s, c, &bottom, err) < 0)
		return -1;
	t = oid_table_get(&s->by_bottom, bottom ? &bottom->id : &no_bottom);
	if (t)
		commit_unref(bottom);
	else
		t = add_stretch(s, bottom, err);
	if (!t)
		return -1;
	rc = is_covered(s, t, c, reached, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (mem_grow(&t->entries, &t->entry_capacity, t->entry_count + 1, sizeof(*t->entries)) < 0)
		return error_no_memory(err);
	if (!t->waiting && heap_push(&s->waiting, t, err) < 0)
		return -1;
	t->waiting = true;
	t->entries[t->entry_count++] = (struct stretch_entry){ .commit = commit_ref(c), .reached = reached };
	if (!(reached & REACHED_STALE))
		count_sides(s, t, reached);
	return 0;
}

struct stretch *stretches_take(struct stretches *s)
{
	struct stretch *t = heap_pop(&s->waiting);

	if (!t)
		return NULL;
	t->waiting = false;
	if (t->sides & REACHED_A)
		s->waiting_a--;
	if (t->sides & REACHED_B)
		s->waiting_b--;
	return t;
}

int stretches_find(struct stretches *s, struct commit *c, struct stretch **out, struct drift_error *err)
{
	auto_commit *bottom = NULL;
	struct stretch *t;

	if (find_bottom(s, c, &bottom, err) < 0)
		return -1;
	t = oid_table_get(&s->by_bottom, bottom ? &bottom->id : &no_bottom);
	if (!t)
		return 0;
	*out = t;
	return 1;
}
