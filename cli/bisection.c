#include "cli/bisection.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int commit_list_add(struct commit_list *list, struct commit *c, struct drift_error *err)
{
	if (mem_grow(&list->items, &list->capacity, list->count + 1, sizeof(*list->items)))
		return error_no_memory(err);
	list->items[list->count++] = commit_ref(c);
	return 0;
}

bool commit_list_has(const struct commit_list *list, const struct oid *id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (oid_equal(&list->items[i]->id, id))
			return true;
	}
	return false;
}

void commit_list_release(struct commit_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		commit_unref(list->items[i]);
	free(list->items);
	*list = (struct commit_list){ .items = NULL };
}

void bisection_release(struct bisection *b)
{
	commit_unref(b->start);
	commit_unref(b->bad);
	commit_list_release(&b->good);
	commit_list_release(&b->skipped);
	b->start = b->bad = NULL;
}

void bisection_step_release(struct bisection_step *step)
{
	commit_unref(step->commit);
	step->commit = NULL;
	commit_list_release(&step->suspects);
}

static bool begins_with(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

static int load_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct bisection *b = data;
	auto_commit *c = NULL;
	int found = value->kind == REF_ABSENT ? 0 : refs_commit(repo_odb(b->repo), name, false, &c, err);

	if (found <= 0)
		return found;
	if (begins_with(name, REF_BISECT_GOOD))
		return commit_list_add(&b->good, c, err);
	if (begins_with(name, REF_BISECT_SKIP))
		return commit_list_add(&b->skipped, c, err);
	if (!strcmp(name, REF_BISECT_FIRST_PARENT))
		b->first_parent = true;
	if (!strcmp(name, REF_BISECT_BAD))
		b->bad = commit_ref(c);
	if (!strcmp(name, REF_BISECT_START))
		b->start = commit_ref(c);
	return 0;
}

int bisection_load(struct repo *repo, struct bisection *out, struct drift_error *err)
{
	*out = (struct bisection){ .repo = repo };
	return odb_ref_each(repo_odb(repo), REF_BISECT, load_ref, out, err) < 0 ? -1 : 0;
}

/* The highest number on the bad commit's first-parent line that the good one reaches, 0 if there is none. */
static int highest_good(const struct bisection *b, struct commit *good, uint64_t *seq_out, struct drift_error *err)
{
	auto_graph_reach *reach = NULL;
	uint64_t low = 0, high = b->bad->seq;

	if (graph_reach_new(b->repo, good, 1, &reach, err))
		return -1;
	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;
		auto_commit *c = NULL;
		int has = graph_at_seq(b->repo, b->bad, middle, &c, err);

		if (has > 0)
			has = graph_reach_has(reach, c, err);
		if (has < 0)
			return -1;
		if (has)
			low = middle;
		else
			high = middle - 1;
	}
	*seq_out = low;
	return 0;
}

/* Is the bad commit's first-parent line all that lies above number low? 1 / 0 / -1 */
static int is_line(const struct bisection *b, uint64_t low, struct drift_error *err)
{
	auto_commit *merge = NULL;

	if (b->first_parent || b->bad->last_merge_loc == LOC_UNKNOWN)
		return 1;
	if (odb_commit(repo_odb(b->repo), NULL, b->bad->last_merge_loc, &merge, err))
		return -1;
	return merge->seq <= low;
}

int bisection_next(const struct bisection *b, struct bisection_step *out, struct drift_error *err)
{
	uint64_t low = 0;
	int line;

	if (!b->bad || !b->good.count) {
		out->state = BISECTION_WAITING;
		return 0;
	}
	for (size_t i = 0; i < b->good.count; i++) {
		uint64_t seq;

		if (highest_good(b, b->good.items[i], &seq, err))
			return -1;
		low = seq > low ? seq : low;
	}
	if (low == b->bad->seq)
		return error_set(err, DRIFT_ERR_INVALID, "the bad commit is a good one, or part of one");
	line = is_line(b, low, err);
	if (line < 0)
		return -1;
	return line ? bisection_middle_of_line(b, low, out, err) : bisection_middle_of_graph(b, out, err);
}
