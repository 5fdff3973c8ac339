#include "cli/document_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/history.h"

/* Documents beyond this number are left to the walk. */
#define DOCUMENT_COUNT_MAX 64

struct line {
	struct history *history;
	struct commit *next; /* NULL: to be read */
	bool ended;
};

struct document_log {
	struct repo *repo;
	struct point from;
	bool first_parent;
	struct line *lines;
	size_t count;
};

/* Without a slash it may be a collection too. */
static bool is_document(const char *name)
{
	size_t len = strlen(name);
	struct path path;

	return strchr(name, '/') && name[len - 1] != '/' && !path_parse(name, len, &path, NULL);
}

static bool is_answerable(const struct cmd_context *ctx, const struct revision_args *args)
{
	if (ctx->common.no_cache || args->point_count > 1 || !args->paths.count ||
	    args->paths.count > DOCUMENT_COUNT_MAX)
		return false;
	if (args->point_count && (*args->points[0] == '^' || strstr(args->points[0], "..")))
		return false;
	for (size_t i = 0; i < args->paths.count; i++) {
		if (!is_document(args->paths.prefixes[i]))
			return false;
	}
	return true;
}

static bool has_merges(const struct commit *c)
{
	return c->parent_count > 1 || c->last_merge_loc != LOC_UNKNOWN;
}

static int open_lines(struct document_log *l, const struct path_filter *paths, struct drift_error *err)
{
	l->lines = mem_calloc(paths->count, sizeof(*l->lines));
	if (!l->lines)
		return error_no_memory(err);
	for (; l->count < paths->count; l->count++) {
		const char *path = paths->prefixes[l->count];

		if (history_open(l->repo, &l->from, path, strlen(path), &l->lines[l->count].history, err))
			return -1;
	}
	return 0;
}

int document_log_open(struct cmd_context *ctx, const struct revision_args *args, bool first_parent,
		      struct document_log **out, struct drift_error *err)
{
	auto_document_log *l = NULL;

	*out = NULL;
	if (!is_answerable(ctx, args))
		return 0;
	l = mem_calloc(1, sizeof(*l));
	if (!l)
		return error_no_memory(err);
	l->repo = ctx->repo;
	l->first_parent = first_parent;
	if (ctx_point(ctx, args->point_count ? args->points[0] : NULL, &l->from, err))
		return -1;
	if (l->from.bare_tree || (args->paths.count > 1 && l->from.commit && has_merges(l->from.commit)))
		return 0;
	if (open_lines(l, &args->paths, err))
		return -1;
	*out = take_ptr(l);
	return 0;
}

static int fill(struct line *line, struct drift_error *err)
{
	struct history_event event;
	int more;

	if (line->next || line->ended)
		return 0;
	more = history_next(line->history, &event, err);
	if (more < 0)
		return -1;
	if (more)
		line->next = commit_ref(event.commit);
	line->ended = !more;
	return 0;
}

/* Without merges, and only then is there more than one line, generations alone make the order. */
static int newest(struct document_log *l, struct commit **out, struct drift_error *err)
{
	struct commit *best = NULL;

	for (size_t i = 0; i < l->count; i++) {
		if (fill(&l->lines[i], err))
			return -1;
		if (l->lines[i].next && (!best || l->lines[i].next->gen > best->gen))
			best = l->lines[i].next;
	}
	if (!best)
		return 0;
	*out = commit_ref(best);
	for (size_t i = 0; i < l->count; i++) {
		if (l->lines[i].next && oid_equal(&l->lines[i].next->id, &(*out)->id))
			commit_unref(take_ptr(l->lines[i].next));
	}
	return 1;
}

static int is_on_line(struct document_log *l, const struct commit *c, struct drift_error *err)
{
	auto_commit *there = NULL;
	int found = graph_at_seq(l->repo, l->from.commit, c->seq, &there, err);

	return found > 0 ? oid_equal(&there->id, &c->id) : found;
}

int document_log_next(struct document_log *l, struct commit **out, struct drift_error *err)
{
	for (;;) {
		auto_commit *c = NULL;
		int r = newest(l, &c, err);

		if (r > 0 && l->first_parent) {
			r = is_on_line(l, c, err);
			if (!r)
				continue;
		}
		if (r > 0)
			*out = take_ptr(c);
		return r;
	}
}

void document_log_free(struct document_log *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		history_free(l->lines[i].history);
		commit_unref(l->lines[i].next);
	}
	free(l->lines);
	point_release(&l->from);
	free(l);
}

void document_log_cleanup(struct document_log **l)
{
	document_log_free(*l);
}
