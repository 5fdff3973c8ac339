#include "repo/graph.h"

#include "base/mem.h"
#include "repo/stretch_internal.h"

static int wrong_seq(const struct commit *c, const char *what, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	return error_set(err, DRIFT_ERR_CORRUPT,
			 "commit %s: its %s does not have the sequence number that it should have",
			 oid_to_hex(&c->id, hex), what);
}

static int read_jump(struct repo *repo, struct commit *c, struct commit **out, struct drift_error *err)
{
	auto_commit *jump = NULL;

	if (odb_commit(repo_odb(repo), &c->jump.id, c->jump.loc, &jump, err) < 0)
		return -1;
	if (jump->seq != commit_jump_seq(c->seq))
		return wrong_seq(c, "jump", err);
	*out = take_ptr(jump);
	return 0;
}

static int read_first_parent(struct repo *repo, struct commit *c, struct commit **out, struct drift_error *err)
{
	auto_commit *parent = NULL;

	if (odb_commit(repo_odb(repo), &c->parents[0].id, c->parents[0].loc, &parent, err) < 0)
		return -1;
	if (parent->seq != c->seq - 1)
		return wrong_seq(c, "first parent", err);
	*out = take_ptr(parent);
	return 0;
}

static void replace(struct commit **at, struct commit *by)
{
	commit_unref(*at);
	*at = by;
}

int graph_at_seq(struct repo *repo, struct commit *from, uint64_t seq, struct commit **out, struct drift_error *err)
{
	auto_commit *c = NULL;

	if (!seq || seq > from->seq)
		return 0;
	c = commit_ref(from);
	while (c->seq > seq) {
		struct commit *next = NULL;
		int rc;

		if (!c->parent_count)
			return wrong_seq(c, "root", err);
		if (commit_jump_seq(c->seq) >= seq)
			rc = read_jump(repo, c, &next, err);
		else
			rc = read_first_parent(repo, c, &next, err);
		if (rc < 0)
			return -1;
		replace(&c, next);
	}
	*out = take_ptr(c);
	return 1;
}

int graph_at_time(struct repo *repo, struct commit *from, int64_t time_usec, struct commit **out,
		  struct drift_error *err)
{
	auto_commit *c = commit_ref(from);
	uint64_t known_seq = 0; /* that early is early enough */

	while (c->time_usec > time_usec) {
		struct commit *next = NULL;

		if (!c->parent_count)
			return 0;
		if (c->seq > 2 && commit_jump_seq(c->seq) > known_seq) {
			if (read_jump(repo, c, &next, err) < 0)
				return -1;
			if (next->time_usec <= time_usec && next->seq < c->seq - 1) {
				known_seq = next->seq;
				replace(&next, NULL);
			}
		}
		if (!next && read_first_parent(repo, c, &next, err) < 0)
			return -1;
		replace(&c, next);
	}
	*out = take_ptr(c);
	return 1;
}

int graph_parent(struct repo *repo, struct commit *c, size_t n, struct commit **out, struct drift_error *err)
{
	auto_commit *parent = NULL;
	char hex[OID_HEX_LEN + 1];

	if (n >= c->parent_count)
		return 0;
	if (odb_commit(repo_odb(repo), &c->parents[n].id, c->parents[n].loc, &parent, err) < 0)
		return -1;
	/* All searches stand on this. */
	if (parent->gen >= c->gen || parent->time_usec > c->time_usec)
		return error_set(err, DRIFT_ERR_CORRUPT,
				 "commit %s: its generation or time does not follow from its parents'",
				 oid_to_hex(&c->id, hex));
	*out = take_ptr(parent);
	return 1;
}

void meeting_release(struct meeting *m)
{
	commit_unref(m->at);
	commit_unref(m->below_a);
	commit_unref(m->below_b);
	m->at = m->below_a = m->below_b = NULL;
}

/* Both lines have come to the same number, and are different commits. */
static int climb_together(struct repo *repo, struct meeting *m, struct drift_error *err)
{
	struct commit *a, *b;

	while ((a = m->below_a)->parent_count && (b = m->below_b)->parent_count) {
		struct commit *next_a = NULL, *next_b = NULL;

		if (oid_equal(&a->parents[0].id, &b->parents[0].id))
			return read_first_parent(repo, a, &m->at, err);
		if (oid_equal(&a->jump.id, &b->jump.id)) {
			if (read_first_parent(repo, a, &next_a, err) < 0)
				return -1;
			replace(&m->below_a, next_a);
			if (read_first_parent(repo, b, &next_b, err) < 0)
				return -1;
			replace(&m->below_b, next_b);
			continue;
		}
		if (read_jump(repo, a, &next_a, err) < 0)
			return -1;
		replace(&m->below_a, next_a);
		if (read_jump(repo, b, &next_b, err) < 0)
			return -1;
		replace(&m->below_b, next_b);
	}
	return 0;
}

/* Let the longer line come down to the number of the shorter one; 1 if that is where they meet. */
static int level(struct repo *repo, struct commit *longer, struct commit *shorter, struct commit **below,
		 struct drift_error *err)
{
	auto_commit *above = NULL;

	if (graph_at_seq(repo, longer, shorter->seq + 1, &above, err) <= 0 || !above->parent_count)
		return wrong_seq(longer, "first parent", err);
	if (oid_equal(&above->parents[0].id, &shorter->id)) {
		*below = take_ptr(above);
		return 1;
	}
	return read_first_parent(repo, above, below, err);
}

int meeting_find(struct repo *repo, struct commit *a, struct commit *b, struct meeting *out, struct drift_error *err)
{
	auto_meeting m = MEETING_INIT;
	int rc = 0;

	if (oid_equal(&a->id, &b->id))
		m.at = commit_ref(a);
	else if (a->seq > b->seq)
		rc = level(repo, a, b, &m.below_a, err);
	else if (b->seq > a->seq)
		rc = level(repo, b, a, &m.below_b, err);
	if (rc < 0)
		return -1;
	if (rc) {
		m.at = commit_ref(a->seq > b->seq ? b : a);
	} else if (!m.at) {
		if (!m.below_a)
			m.below_a = commit_ref(a);
		if (!m.below_b)
			m.below_b = commit_ref(b);
		if (climb_together(repo, &m, err) < 0)
			return -1;
	}
	*out = m;
	m = (struct meeting)MEETING_INIT;
	return 0;
}
