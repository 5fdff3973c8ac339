#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "objects/odb_scan.h"
#include "repo/commit_graph_internal.h"
#include "repo/derived_table.h"

#define SIDE_A 1u /* also: counted */
#define SIDE_B 2u /* also: left out */
#define STALE 4u  /* below a merge base */

void commit_graph_free(struct commit_graph *g)
{
	if (!g)
		return;
	free(g->rows);
	free(g);
}

void commit_graph_cleanup(struct commit_graph **g)
{
	commit_graph_free(*g);
}

uint32_t commit_graph_number(const struct commit_graph *g, uint64_t loc)
{
	size_t low = 0, high = g->count;

	/* The last row with that location. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (g->rows[middle].loc <= loc)
			low = middle + 1;
		else
			high = middle;
	}
	return low && g->rows[low - 1].loc == loc ? (uint32_t)low : 0;
}

/* ---- the file ---- */

static int graph_path(struct repo *repo, struct buf *folder, struct buf *path, struct drift_error *err)
{
	file_join(folder, repo_dir(repo), "cache");
	if (buf_check(folder, err))
		return -1;
	file_join(path, folder->data, "graph");
	return buf_check(path, err);
}

static bool is_believed(struct odb *odb, const struct derived_mark *mark, uint64_t end)
{
	enum object_kind kind;
	uint64_t loc;

	if (mark->kind != DERIVED_GRAPH || mark->from || mark->to > end ||
	    memcmp(mark->store_id, odb_store_id(odb), sizeof(mark->store_id)) != 0)
		return false;
	return oid_is_zero(&mark->newest.id) ||
	       (odb_find(odb, &mark->newest.id, &kind, &loc, NULL) > 0 && loc == mark->newest.loc);
}

static bool row_fits(const struct graph_row *row, size_t number)
{
	if (row->b == GRAPH_ALIAS)
		return row->a && row->a <= number;
	return (row->a <= number || row->a == GRAPH_GONE) && (row->b <= number || row->b == GRAPH_GONE);
}

static int read_rows(struct derived_table *t, struct commit_graph *g, struct drift_error *err)
{
	uint64_t count = derived_table_count(t);
	struct derived_entry e;

	if (count >= UINT32_MAX)
		return error_set(err, DRIFT_ERR_CORRUPT, "the graph of commits is damaged");
	g->rows = mem_calloc((size_t)count + 1, sizeof(*g->rows));
	if (!g->rows)
		return error_no_memory(err);
	g->capacity = (size_t)count + 1;
	for (; g->count < count; g->count++) {
		struct graph_row *row = &g->rows[g->count];

		if (derived_table_get(t, g->count, &e, err))
			return -1;
		*row = (struct graph_row){ e.key, (uint32_t)e.value, (uint32_t)(e.value >> 32) };
		if (!row_fits(row, g->count) || (g->count && row[-1].loc > row->loc))
			return error_set(err, DRIFT_ERR_CORRUPT, "the graph of commits is damaged");
	}
	return 0;
}

/* What is wrong with the file is made anew. */
static void load(struct odb *odb, const char *path, uint64_t end, struct commit_graph *g, struct derived_mark *mark)
{
	struct derived_table *t;

	if (derived_table_open(path, &t, NULL))
		return;
	if (is_believed(odb, derived_table_mark(t), end)) {
		if (!read_rows(t, g, NULL)) {
			*mark = *derived_table_mark(t);
		} else {
			free(g->rows);
			*g = (struct commit_graph){ .rows = NULL };
		}
	}
	derived_table_free(t);
}

struct row_source {
	struct derived_source base;
	const struct commit_graph *graph;
	size_t next;
	uint64_t end; /* what cannot vanish any more */
};

static int next_row(struct derived_source *self, struct derived_entry *out, struct drift_error *err)
{
	struct row_source *src = (struct row_source *)self;
	const struct graph_row *row = &src->graph->rows[src->next];

	(void)err;
	if (src->next == src->graph->count || row->loc >= src->end)
		return 0;
	src->next++;
	*out = (struct derived_entry){ row->loc, row->a | (uint64_t)row->b << 32 };
	return 1;
}

/* A cache that cannot be written is done without. */
static void save(const char *folder, const char *path, const struct commit_graph *g, const struct derived_mark *mark)
{
	struct row_source src = { .base = { next_row }, .graph = g, .end = mark->to };
	struct derived_table *t;

	if (!file_make_directories(folder, NULL) && !derived_table_write(path, mark, &src.base, &t, NULL))
		derived_table_free(t);
}

static int bring_up_to_date(struct repo *repo, struct commit_graph *g, const struct graph_progress *progress,
			    struct drift_error *err)
{
	auto_buf folder = BUF_INIT, path = BUF_INIT;
	struct derived_mark mark = { .kind = DERIVED_GRAPH };
	struct odb *odb = repo_odb(repo);
	uint64_t end, durable;
	struct object_ref newest;

	if (graph_path(repo, &folder, &path, err) || odb_scan_end(odb, &end, &durable, err))
		return -1;
	load(odb, path.data, end, g, &mark);
	if (mark.to == end)
		return 0;
	newest = mark.newest;
	if (commit_graph_extend(g, odb, mark.to, end, progress, &newest, err))
		return -1;
	memcpy(mark.store_id, odb_store_id(odb), sizeof(mark.store_id));
	/* What may yet vanish is not written; nor could a later reader tell anything by such a commit. */
	if (newest.loc < durable)
		mark.newest = newest;
	if (durable > mark.to) {
		mark.to = durable;
		save(folder.data, path.data, g, &mark);
	}
	return 0;
}

int commit_graph_open(struct repo *repo, const struct graph_progress *progress, struct commit_graph **out,
		      struct drift_error *err)
{
	auto_commit_graph *g = mem_calloc(1, sizeof(*g));

	if (!g)
		return error_no_memory(err);
	if (bring_up_to_date(repo, g, progress, err))
		return -1;
	*out = take_ptr(g);
	return 0;
}

/* ---- questions ---- */

/* Marks by number; the pass goes down from the top, as long as there are rows ahead that it is made for. */
struct pass {
	const struct commit_graph *graph;
	unsigned char *marks;
	size_t top; /* rows from there on have none */
	bool (*is_open)(unsigned marks);
	size_t open_count; /* rows ahead for which it says so */
	bool gone;         /* it has come to something that is not in the store */
};

static bool is_counted(unsigned marks)
{
	return marks == SIDE_A;
}

static bool may_be_base(unsigned marks)
{
	return marks && !(marks & STALE);
}

static int pass_begin(struct pass *p, const struct commit_graph *g, bool (*is_open)(unsigned marks),
		      struct drift_error *err)
{
	*p = (struct pass){ .graph = g, .is_open = is_open };
	p->marks = mem_calloc(g->count + 1, 1);
	return p->marks ? 0 : error_no_memory(err);
}

/* number: plus one */
static void pass_mark(struct pass *p, uint32_t number, unsigned marks)
{
	unsigned char *m;

	if (!number)
		return;
	if (number == GRAPH_GONE) {
		p->gone = true;
		return;
	}
	m = &p->marks[number - 1];
	p->open_count -= p->is_open(*m);
	*m |= (unsigned char)marks;
	p->open_count += p->is_open(*m);
	if (number > p->top)
		p->top = number;
}

static void pass_down(struct pass *p, size_t i, unsigned marks)
{
	const struct graph_row *row = &p->graph->rows[i];

	pass_mark(p, row->a, marks);
	if (row->b != GRAPH_ALIAS)
		pass_mark(p, row->b, marks);
}

/* The marks of the next row that has any: 1, or 0 at the end. */
static int pass_next(struct pass *p, size_t *i_out, unsigned *marks_out)
{
	while (p->top && p->open_count && !p->gone) {
		unsigned marks = p->marks[--p->top];

		if (!marks)
			continue;
		p->open_count -= p->is_open(marks);
		*i_out = p->top;
		*marks_out = marks;
		return 1;
	}
	return 0;
}

static bool is_commit(const struct commit_graph *g, size_t i)
{
	return g->rows[i].b != GRAPH_ALIAS && (i + 1 == g->count || g->rows[i + 1].loc != g->rows[i].loc);
}

static bool mark_all(struct pass *p, const uint64_t *locs, size_t count, unsigned marks)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t number = commit_graph_number(p->graph, locs[i]);

		if (!number)
			return false;
		pass_mark(p, number, marks);
	}
	return true;
}

int commit_graph_count(const struct commit_graph *g, const uint64_t *from, size_t from_count, const uint64_t *without,
		       size_t without_count, uint64_t *count_out, struct drift_error *err)
{
	uint64_t count = 0;
	struct pass p;
	unsigned marks;
	size_t i;
	bool all;

	if (pass_begin(&p, g, is_counted, err))
		return -1;
	all = mark_all(&p, from, from_count, SIDE_A) && mark_all(&p, without, without_count, SIDE_B);
	while (all && pass_next(&p, &i, &marks)) {
		count += marks == SIDE_A && is_commit(g, i);
		pass_down(&p, i, marks);
	}
	free(p.marks);
	if (!all || p.gone)
		return 0;
	*count_out = count;
	return 1;
}

static int collect_bases(struct pass *p, uint64_t **locs, size_t *count, struct drift_error *err)
{
	size_t capacity = 0, i;
	unsigned marks;

	while (pass_next(p, &i, &marks)) {
		if (marks == (SIDE_A | SIDE_B) && is_commit(p->graph, i)) {
			if (mem_grow(locs, &capacity, *count + 1, sizeof(**locs)))
				return error_no_memory(err);
			(*locs)[(*count)++] = p->graph->rows[i].loc;
			marks |= STALE;
		}
		pass_down(p, i, marks);
	}
	return p->gone ? 0 : 1;
}

int commit_graph_bases(const struct commit_graph *g, uint64_t a, uint64_t b, uint64_t **locs_out, size_t *count_out,
		       struct drift_error *err)
{
	uint64_t *locs = NULL;
	size_t count = 0;
	struct pass p;
	int r = 0;

	if (pass_begin(&p, g, may_be_base, err))
		return -1;
	if (mark_all(&p, &a, 1, SIDE_A) && mark_all(&p, &b, 1, SIDE_B))
		r = collect_bases(&p, &locs, &count, err);
	free(p.marks);
	if (r <= 0) {
		free(locs);
		return r;
	}
	*locs_out = locs;
	*count_out = count;
	return 1;
}
