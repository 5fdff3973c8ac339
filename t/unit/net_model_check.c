/* What must be true of the nodes when all is told. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "merge/conflict.h"
#include "objects/oid_table.h"
#include "repo/documents.h"
#include "repo/fsck.h"
#include "repo/merge_commit.h"
#include "t/unit/net_model.h"

/* All commits of the history, ancestors before descendants, each with the set of its ancestors and itself. */
struct lineage {
	struct commit **commits;
	uint64_t *sets; /* `words` each */
	size_t count, capacity, words;
	struct oid_table numbers; /* the item is the place in `commits` */
};

static void lineage_release(struct lineage *l)
{
	for (size_t i = 0; i < l->count; i++)
		commit_unref(l->commits[i]);
	free(l->commits);
	free(l->sets);
	oid_table_release(&l->numbers);
}

static size_t number_of(struct net_model *m, const struct lineage *l, const struct oid *id)
{
	struct commit **at = oid_table_get(&l->numbers, id);

	if (!at)
		net_fail(m, "a commit is not in the history of the head");
	return (size_t)(at - l->commits);
}

static bool descends(const struct lineage *l, size_t from, size_t ancestor)
{
	return l->sets[from * l->words + ancestor / 64] >> ancestor % 64 & 1;
}

static void collect_lineage(struct net_model *m, struct commit *head, struct lineage *l)
{
	const struct revwalk_options options = { .order = REVWALK_TOPOLOGICAL };
	auto_revwalk *walk = NULL;
	struct commit *c;
	int r;

	net_must(m, revwalk_new(m->nodes[0].repo, &options, &walk, &m->err));
	net_must(m, revwalk_include(walk, head, &m->err));
	while ((r = revwalk_next(walk, &c, &m->err)) > 0) {
		if (mem_grow(&l->commits, &l->capacity, l->count + 1, sizeof(struct commit *)))
			net_fail(m, "no memory");
		l->commits[l->count++] = c;
	}
	net_must(m, r);
	for (size_t i = 0; i < l->count / 2; i++) {
		c = l->commits[i];
		l->commits[i] = l->commits[l->count - 1 - i];
		l->commits[l->count - 1 - i] = c;
	}
	l->words = (l->count + 63) / 64;
	l->sets = mem_calloc(l->count * l->words, sizeof(uint64_t));
	if (!l->sets)
		net_fail(m, "no memory");
	for (size_t i = 0; i < l->count; i++) {
		uint64_t *set = &l->sets[i * l->words];

		net_must(m, oid_table_put(&l->numbers, &l->commits[i]->id, &l->commits[i], &m->err));
		set[i / 64] |= UINT64_C(1) << i % 64;
		for (size_t k = 0; k < l->commits[i]->parent_count; k++) {
			size_t parent = number_of(m, l, &l->commits[i]->parents[k].id);

			for (size_t w = 0; w < l->words; w++)
				set[w] |= l->sets[parent * l->words + w];
		}
	}
}

/* ---- values ---- */

/* What the head says about a path. */
struct ending {
	bool present, in_conflict, lists_absent;
	struct net_document winner, terms[64];
	size_t term_count;
	int64_t stock;
};

static void read_ending(struct net_model *m, const struct tree_root *tree, unsigned path, struct ending *out)
{
	struct repo *repo = m->nodes[0].repo;
	auto_conflict c = CONFLICT_INIT;
	auto_buf text = BUF_INIT;
	struct path at;
	char name[16];
	int found;

	net_path(path, name);
	path_split(name, strlen(name), &at);
	*out = (struct ending){ .present = false };
	found = documents_get(repo, tree, name, strlen(name), &text, NULL, &m->err);
	net_must(m, found);
	out->present = found;
	if (path / NET_PATHS == NET_COUNTER)
		out->stock = found ? strtoll(text.data + strlen("{\"stock\":"), NULL, 10) : 0;
	else
		net_parse(text.data, text.len, &out->winner);
	net_must(m, conflict_read(repo_nodes(repo), tree, &at, &c, &m->err));
	out->in_conflict = c.side_count;
	for (size_t i = 0; i < c.side_count; i++) {
		out->lists_absent |= c.terms[i].term.absent;
		if (c.terms[i].term.absent)
			continue;
		assert_true(out->term_count < 64);
		buf_clear(&text);
		net_must(m, document_read(repo, &c.terms[i].document, &text, &m->err));
		net_parse(text.data, text.len, &out->terms[out->term_count++]);
	}
}

static bool holds(const struct net_document *d, uint32_t token)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->tokens[i] == token)
			return true;
	return false;
}

static bool ending_holds(const struct ending *e, uint32_t token)
{
	bool found = holds(&e->winner, token);

	for (size_t i = 0; i < e->term_count && !found; i++)
		found = holds(&e->terms[i], token);
	return found;
}

/* Did somebody who knew the value put another in its place? */
static bool is_superseded(struct net_model *m, const struct lineage *l, const struct net_event *by, uint32_t token)
{
	size_t number = number_of(m, l, &by->commit);

	for (const struct net_event *e = by + 1; e < m->events + m->event_count; e++)
		if (e->path == by->path && !holds(&e->document, token) && descends(l, number_of(m, l, &e->commit), number))
			return true;
	return false;
}

static void lost(struct net_model *m, const struct net_event *e, uint32_t token, const char *what)
{
	char name[16], why[200], hex[OID_HEX_LEN + 1];

	net_path(e->path, name);
	snprintf(why, sizeof(why), "%s %s commit %.12s (t%u)", name, what, oid_to_hex(&e->commit, hex), token);
	net_fail(m, why);
}

/* Did somebody who knew that the document had been removed, by whomever (equal changes are one), write the value again? */
static bool was_put_back(struct net_model *m, const struct lineage *l, unsigned path, uint32_t token)
{
	for (const struct net_event *e = m->events; e < m->events + m->event_count; e++) {
		if (e->path != path || !holds(&e->document, token))
			continue;
		for (const struct net_event *r = m->events; r < e; r++)
			if (r->path == path && r->removed && descends(l, number_of(m, l, &e->commit), number_of(m, l, &r->commit)))
				return true;
	}
	return false;
}

/* What was removed with a document is gone, unless it is in conflict, or somebody who knew of it put another one. */
static void check_removed(struct net_model *m, const struct lineage *l, const struct net_event *by, const struct ending *end)
{
	size_t number = number_of(m, l, &by->commit);

	if (end->in_conflict)
		return;
	for (const struct net_event *e = by + 1; e < m->events + m->event_count; e++)
		if (e->path == by->path && !e->removed && descends(l, number_of(m, l, &e->commit), number))
			return;
	for (size_t i = 0; i < end->winner.count; i++) {
		uint32_t token = end->winner.tokens[i];
		const struct net_event *e = m->events;

		while (token < e->fresh_from || token >= e->fresh_to)
			e++;
		if (!descends(l, number, number_of(m, l, &e->commit)))
			continue;
		if (!was_put_back(m, l, by->path, token))
			lost(m, by, token, "has again what was removed by");
	}
}

static void check_values(struct net_model *m, const struct lineage *l, const struct tree_root *tree)
{
	struct ending *ends = mem_calloc((size_t)NET_KINDS * NET_PATHS, sizeof(*ends));
	int64_t sums[NET_PATHS] = { 0 };

	assert_non_null(ends);
	for (unsigned i = 0; i < NET_KINDS * NET_PATHS; i++)
		read_ending(m, tree, i, &ends[i]);
	for (const struct net_event *e = m->events; e < m->events + m->event_count; e++) {
		const struct ending *end = &ends[e->path];
		enum net_kind kind = (enum net_kind)(e->path / NET_PATHS);

		if (kind == NET_COUNTER)
			sums[e->path % NET_PATHS] += e->added;
		/* Who wrote last wins, whoever knew whom. */
		if (kind == NET_COUNTER || kind == NET_LAST)
			continue;
		if (e->removed)
			check_removed(m, l, e, end);
		for (uint32_t t = e->fresh_from; t < e->fresh_to; t++)
			if (!ending_holds(end, t) && !is_superseded(m, l, e, t))
				lost(m, e, t, "has lost what was written by");
	}
	for (unsigned i = 0; i < NET_PATHS; i++) {
		if (ends[NET_LAST * NET_PATHS + i].in_conflict || ends[NET_COUNTER * NET_PATHS + i].in_conflict)
			net_fail(m, "a conflict where the policy leaves none");
		if (ends[NET_COUNTER * NET_PATHS + i].stock != sums[i]) {
			char why[100];

			snprintf(why, sizeof(why), "count/k%u is %" PRId64 ", not %" PRId64, i,
				 ends[NET_COUNTER * NET_PATHS + i].stock, sums[i]);
			net_fail(m, why);
		}
	}
	free(ends);
}

/* ---- commits and stores ---- */

static void check_merges(struct net_model *m, const struct lineage *l, struct net_totals *out)
{
	for (size_t i = 0; i < l->count; i++) {
		int r;

		if (l->commits[i]->parent_count != 2)
			continue;
		r = merge_verify(m->nodes[0].repo, l->commits[i], &m->err);
		net_must(m, r);
		if (!r)
			net_fail(m, "a merge that is none of ours");
		out->merges++;
	}
	out->commits = l->count - out->merges;
	/* Each meeting, letter or lost race needs at most one at either end. */
	if (out->merges > m->meetings + m->letters + m->races + m->cuts)
		net_fail(m, "more merges than meetings");
}

static int complain(void *data, const struct fsck_fault *fault, struct drift_error *err)
{
	(void)err;
	net_fail(data, fault->sentence);
}

void net_check(struct net_model *m, struct net_totals *out)
{
	const struct fsck_options options = { .full = true, .threads = 1, .fault = complain, .data = m };
	auto_commit *head = net_head(m, 0);
	struct tree_root tree = { head->tree.id, head->tree.loc };
	struct lineage l = { .count = 0 };

	m->what = "in the end";
	collect_lineage(m, head, &l);
	check_values(m, &l, &tree);
	net_must(m, conflict_count(repo_nodes(m->nodes[0].repo), &tree, &out->conflicts, &m->err));
	check_merges(m, &l, out);
	for (unsigned i = 0; i < NET_NODES; i++) {
		struct fsck_result result;

		net_must(m, fsck_run(m->nodes[i].repo, &options, &result, &m->err));
	}
	lineage_release(&l);
}
