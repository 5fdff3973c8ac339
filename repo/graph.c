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

static struct commit *jump_of(struct repo *repo, struct commit *c, struct drift_error *err)
{
	auto_commit *jump = NULL;

	if (odb_commit(repo_odb(repo), &c->jump.id, c->jump.loc, &jump, err) < 0)
		return NULL;
	if (jump->seq != commit_jump_seq(c->seq)) {
		wrong_seq(c, "jump", err);
		return NULL;
	}
	return take_ptr(jump);
}

static struct commit *first_parent_of(struct repo *repo, struct commit *c, struct drift_error *err)
{
	auto_commit *parent = NULL;

	if (odb_commit(repo_odb(repo), &c->parents[0].id, c->parents[0].loc, &parent, err) < 0)
		return NULL;
	if (parent->seq != c->seq - 1) {
		wrong_seq(c, "first parent", err);
		return NULL;
	}
	return take_ptr(parent);
}

static void replace(struct commit **at, struct commit *by)
{
	commit_unref(*at);
	*at = by;
}

/* By records alone, of which only the last is verified: NULL if that does not lead there. */
static struct commit *quickly(struct repo *repo, const struct commit *from, uint64_t seq)
{
	struct odb *odb = repo_odb(repo);
	struct commit *c;
	uint64_t loc;

	if (!odb_commit_back(odb, from->loc, seq, &loc) || odb_commit(odb, NULL, loc, &c, NULL) < 0)
		return NULL;
	if (c->seq == seq)
		return c;
	commit_unref(c);
	return NULL;
}

int graph_at_seq(struct repo *repo, struct commit *from, uint64_t seq, struct commit **out, struct drift_error *err)
{
	auto_commit *c = NULL;

	if (!seq || seq > from->seq)
		return 0;
	c = quickly(repo, from, seq);
	if (!c)
		c = commit_ref(from);
	while (c->seq > seq) {
		struct commit *next;

		if (!c->parent_count)
			return wrong_seq(c, "root", err);
		next = commit_jump_seq(c->seq) >= seq ? jump_of(repo, c, err) : first_parent_of(repo, c, err);
		if (!next)
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
		bool jump;
		struct commit *next;

		if (!c->parent_count)
			return 0;
		jump = commit_jump_seq(c->seq) > known_seq;
		next = jump ? jump_of(repo, c, err) : first_parent_of(repo, c, err);
		if (!next)
			return -1;
		if (!jump || next->time_usec > time_usec || next->seq == c->seq - 1) {
			replace(&c, next);
			continue;
		}
		known_seq = next->seq;
		commit_unref(next);
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
		struct commit *next_a, *next_b;
		bool jump = !oid_equal(&a->jump.id, &b->jump.id);

		if (oid_equal(&a->parents[0].id, &b->parents[0].id)) {
			m->at = first_parent_of(repo, a, err);
			return m->at ? 0 : -1;
		}
		next_a = jump ? jump_of(repo, a, err) : first_parent_of(repo, a, err);
		if (!next_a)
			return -1;
		replace(&m->below_a, next_a);
		next_b = jump ? jump_of(repo, b, err) : first_parent_of(repo, b, err);
		if (!next_b)
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
	*below = first_parent_of(repo, above, err);
	return *below ? 0 : -1;
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
