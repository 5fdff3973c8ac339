#include "repo/feed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/loc.h"
#include "refs/refs.h"
#include "repo/changed.h"
#include "repo/history.h"

#define WINDOW 256 /* commits held at once */

struct feed {
	struct repo *repo;
	struct feed_options o;
	struct commit *done;    /* told whole; NULL: none */
	struct commit *partial; /* the one behind it, of which `told` changes were told; NULL: none */
	uint64_t told;
};

void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	commit_unref(feed->done);
	commit_unref(feed->partial);
	free(feed);
}

void feed_cleanup(struct feed **feed)
{
	feed_free(*feed);
}

struct feed_position feed_at(const struct feed *feed)
{
	struct feed_position at = { .told = feed->told };

	if (feed->partial)
		at.id = feed->partial->id;
	else if (feed->done)
		at.id = feed->done->id;
	return at;
}

struct commit *feed_commit(const struct feed *feed)
{
	return feed->done;
}

void feed_position_format(const struct feed_position *position, struct buf *out)
{
	char hex[OID_HEX_LEN + 1];

	if (oid_is_zero(&position->id)) {
		buf_add_str(out, "@seq:0");
		return;
	}
	buf_add_str(out, oid_to_hex(&position->id, hex));
	if (position->told)
		buf_addf(out, "+%" PRIu64, position->told);
}

int feed_position_parse(const char *text, struct feed_position *out)
{
	struct feed_position at = { .told = 0 };
	const char *digits = text + OID_HEX_LEN + 1;
	size_t len = strlen(text);

	if (len < OID_HEX_LEN || oid_from_hex(text, OID_HEX_LEN, &at.id, NULL))
		return 0;
	if (len == OID_HEX_LEN) {
		*out = at;
		return 1;
	}
	/* A commit changes fewer documents than 15 digits count. */
	if (text[OID_HEX_LEN] != '+' || *digits == '0' || !*digits || strspn(digits, "0123456789") != strlen(digits) ||
	    strlen(digits) > 15)
		return 0;
	at.told = strtoull(digits, NULL, 10);
	*out = at;
	return 1;
}

int feed_open(struct repo *repo, const struct feed_options *options, struct feed **out, struct drift_error *err)
{
	auto_feed *feed = mem_calloc(1, sizeof(*feed));
	auto_commit *c = NULL;

	if (!feed)
		return error_no_memory(err);
	feed->repo = repo;
	feed->o = *options;
	if (!oid_is_zero(&options->since.id)) {
		if (odb_commit(repo_odb(repo), &options->since.id, LOC_UNKNOWN, &c, err))
			return -1;
		feed->told = options->since.told;
		if (feed->told && graph_parent(repo, c, 0, &feed->done, err) < 0)
			return -1;
		if (feed->told)
			feed->partial = take_ptr(c);
		else
			feed->done = take_ptr(c);
	}
	*out = take_ptr(feed);
	return 0;
}

/* ---- one event behind the other: the last one is to say where to go on behind all ---- */

struct telling {
	struct feed *feed;
	struct feed_event event;  /* the one that waits, but for its path */
	bool waits;
	struct buf path;
	struct feed_position end; /* behind the last */
	uint64_t met, skip;       /* FEED_CHANGE */
	/* FEED_BACK after a merge: only what is the same in these two is not told again anyway. */
	const struct tree_root *base, *merged;
};

static void telling_release(struct telling *t)
{
	buf_release(&t->path);
}
#define auto_telling __attribute__((cleanup(telling_release))) struct telling

static int give(struct telling *t, const struct feed_position *next, struct drift_error *err)
{
	struct feed *feed = t->feed;

	t->waits = false;
	t->event.next = *next;
	path_split(t->path.data, t->path.len, &t->event.path);
	return feed->o.each(feed->o.data, &t->event, err);
}

/* The path that waits is told, and this one waits. */
static int tell(struct telling *t, const struct path *path, enum change_kind kind, struct drift_error *err)
{
	struct feed_position at = feed_at(t->feed);
	int r = 0;

	if (t->waits) {
		if (t->event.kind == FEED_CHANGE)
			at = (struct feed_position){ .id = t->event.commit->id, .told = t->met };
		r = give(t, &at, err);
		if (r < 0)
			return r;
	}
	buf_clear(&t->path);
	path_format(path, &t->path);
	t->event.change = kind;
	t->waits = true;
	return buf_check(&t->path, err) ? -1 : r;
}

static int tell_end(struct telling *t, struct drift_error *err)
{
	return t->waits ? give(t, &t->end, err) : 0;
}

/* ---- what a commit changed ---- */

static int look_up(struct feed *feed, const struct object_ref *tree, const struct path *path, struct oid *out,
		   struct drift_error *err)
{
	const struct tree_root root = { .id = tree->id, .loc = tree->loc };
	struct node *node = NULL;
	struct document doc;
	int found = tree_get(repo_nodes(feed->repo), &root, path, &node, &doc, err);

	if (found > 0)
		document_id(&doc, out);
	node_unref(node);
	return found;
}

/* Against each parent, where no list says it. */
static int kinds_of(struct feed *feed, struct commit *c, const struct path *path, enum change_kind first, uint64_t *out,
		    struct drift_error *err)
{
	uint64_t kinds = first;
	struct oid is, was;
	int here = 0;

	if (c->parent_count > 1)
		here = look_up(feed, &c->tree, path, &is, err);
	for (size_t i = 1; here >= 0 && i < c->parent_count && i < 32; i++) {
		auto_commit *parent = NULL;
		enum change_kind kind = CHANGE_NONE;
		int there = graph_parent(feed->repo, c, i, &parent, err);

		if (there > 0)
			there = look_up(feed, &parent->tree, path, &was, err);
		if (there < 0)
			return -1;
		if (here && !there)
			kind = CHANGE_ADD;
		else if (!here && there)
			kind = CHANGE_DELETE;
		else if (here && !oid_equal(&is, &was))
			kind = CHANGE_MODIFY;
		kinds |= (uint64_t)kind << 2 * i;
	}
	*out = kinds;
	return here < 0 ? -1 : 0;
}

/* Those told before are passed over. After each that is told the feed stands behind it. */
static int tell_change(struct telling *t, const struct path *path, enum change_kind kind, const uint64_t *kinds,
		       struct drift_error *err)
{
	struct feed *feed = t->feed;
	uint64_t of_all = 0;
	int r;

	if (t->met < t->skip) {
		t->met++;
		return 0;
	}
	if (kinds)
		of_all = *kinds;
	else if (kinds_of(feed, t->event.commit, path, kind, &of_all, err))
		return -1;
	r = tell(t, path, kind, err);
	if (r < 0)
		return -1;
	/* Now one fewer than were met has been told: this one waits. */
	if (t->met > t->skip) {
		if (!feed->partial)
			feed->partial = commit_ref(t->event.commit);
		feed->told = t->met;
	}
	t->met++;
	t->event.kinds = of_all;
	return r;
}

static int each_difference(void *data, const struct path *path, const struct document *a, const struct document *b,
			   struct drift_error *err)
{
	return tell_change(data, path, !a ? CHANGE_ADD : !b ? CHANGE_DELETE : CHANGE_MODIFY, NULL, err);
}

static int tell_list(struct telling *t, const struct change_list *list, struct drift_error *err)
{
	int r = 0;

	for (size_t i = 0; i < list->count && !r; i++) {
		const struct change *change = &list->changes[i];
		enum change_kind kind = (enum change_kind)(change->kinds & 3);

		if (kind != CHANGE_NONE)
			r = tell_change(t, &change->path, kind, &change->kinds, err);
	}
	return r;
}

static int tell_changes(struct telling *t, struct commit *c, struct drift_error *err)
{
	const struct tree_diff_options options = { .each = each_difference, .data = t };
	struct change_list list = { .memory = BUF_INIT };
	bool complete = false;
	int r = c->loc == LOC_UNKNOWN ? 0 : odb_change_list(repo_odb(t->feed->repo), c->loc, &list, err);

	if (r > 0) {
		complete = list.complete;
		r = complete ? tell_list(t, &list, err) : 0;
		change_list_release(&list);
	}
	return r || complete ? r : history_changes(t->feed->repo, c, &options, err);
}

static void stand_behind(struct feed *feed, struct commit *c)
{
	commit_unref(feed->done);
	commit_unref(feed->partial);
	feed->done = c ? commit_ref(c) : NULL;
	feed->partial = NULL;
	feed->told = 0;
}

static int tell_commit(struct feed *feed, struct commit *c, struct drift_error *err)
{
	auto_telling t = {
		.feed = feed, .event = { .kind = FEED_CHANGE, .commit = c }, .path = BUF_INIT, .end = { .id = c->id },
		.skip = feed->told,
	};
	int r = tell_changes(&t, c, err);

	if (r)
		return r;
	r = tell_end(&t, err);
	if (r >= 0)
		stand_behind(feed, c);
	return r;
}

/* ---- the line ---- */

/* The commits behind `done` up to the tip, a window at a time. */
static int tell_window(struct feed *feed, struct commit *tip, struct drift_error *err)
{
	uint64_t from = feed->done ? feed->done->seq : 0;
	uint64_t to = tip->seq - from > WINDOW ? from + WINDOW : tip->seq;
	struct commit *window[WINDOW] = { NULL };
	size_t count = (size_t)(to - from);
	int r = graph_at_seq(feed->repo, tip, to, &window[count - 1], err) < 0 ? -1 : 0;

	for (size_t i = count - 1; i && !r; i--)
		r = graph_parent(feed->repo, window[i], 0, &window[i - 1], err) < 0 ? -1 : 0;
	for (size_t i = 0; i < count && !r; i++)
		r = tell_commit(feed, window[i], err);
	for (size_t i = 0; i < count; i++)
		commit_unref(window[i]);
	return r;
}

/* A commit on the first-parent line of `line`; NULL for number 0. */
static int on_line(struct feed *feed, struct commit *line, uint64_t seq, struct commit **out, struct drift_error *err)
{
	*out = NULL;
	return seq && graph_at_seq(feed->repo, line, seq, out, err) < 0 ? -1 : 0;
}

/* The last of the line that `c` leads to, by number; those before are its ancestors too. */
static int last_shared(struct feed *feed, struct commit *line, struct commit *c, uint64_t *seq_out,
		       struct drift_error *err)
{
	uint64_t low = 0, high = line->seq < c->gen ? line->seq : c->gen;

	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;
		auto_commit *at = NULL;
		int shared;

		if (on_line(feed, line, middle, &at, err))
			return -1;
		shared = graph_is_ancestor(feed->repo, at, c, err);
		if (shared < 0)
			return -1;
		if (shared)
			low = middle;
		else
			high = middle - 1;
	}
	*seq_out = low;
	return 0;
}

/* The first of the line that leads to `c`; the tip does. */
static int first_merged(struct feed *feed, struct commit *line, struct commit *c, uint64_t low, struct commit **out,
			struct drift_error *err)
{
	uint64_t high = line->seq;

	low++;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		auto_commit *at = NULL;
		int merged;

		if (on_line(feed, line, middle, &at, err))
			return -1;
		merged = graph_is_ancestor(feed->repo, c, at, err);
		if (merged < 0)
			return -1;
		if (merged)
			high = middle;
		else
			low = middle + 1;
	}
	return on_line(feed, line, high, out, err);
}

/* ---- back to where the line left what was told ---- */

static void point_of(struct commit *c, struct point *out)
{
	*out = (struct point){ .commit = c };
	tree_empty(&out->tree);
	if (c)
		out->tree = (struct tree_root){ .id = c->tree.id, .loc = c->tree.loc };
}

static int is_same(struct telling *t, const struct path *path, struct drift_error *err)
{
	const struct object_ref base = { t->base->id, t->base->loc }, merged = { t->merged->id, t->merged->loc };
	struct oid a, b;
	int in_a = look_up(t->feed, &base, path, &a, err), in_b = in_a < 0 ? -1 : look_up(t->feed, &merged, path, &b, err);

	if (in_b < 0)
		return -1;
	return in_a == in_b && (!in_a || oid_equal(&a, &b));
}

static int each_back(void *data, const struct path *path, enum change_kind kind, struct drift_error *err)
{
	struct telling *t = data;
	int r = t->merged ? is_same(t, path, err) : 1;

	if (r <= 0)
		return r;
	r = tell(t, path, kind, err);
	/* What waits from here on is no reset. */
	t->event.kind = FEED_BACK;
	return r;
}

static int go_back(struct feed *feed, struct commit *from, struct commit *base, struct commit *tip, struct commit *merged,
		   struct drift_error *err)
{
	auto_telling t = {
		.feed = feed, .path = BUF_INIT, .waits = !merged,
		.event = { .kind = merged ? FEED_BACK : FEED_RESET, .commit = base, .from = from, .to = tip },
	};
	const struct changed_options options = { .prefix = "", .each = each_back, .data = &t };
	struct point there, here, end;
	int r;

	point_of(from, &there);
	point_of(base, &here);
	point_of(merged, &end);
	t.base = &here.tree;
	t.merged = merged ? &end.tree : NULL;
	if (base)
		t.end.id = base->id;
	r = changed_between(feed->repo, &there, &here, &options, err);
	if (r)
		return r;
	r = tell_end(&t, err);
	if (r >= 0)
		stand_behind(feed, base);
	return r;
}

/* The line no longer has what was told last. */
static int find_line(struct feed *feed, struct commit *from, struct commit *tip, struct drift_error *err)
{
	auto_commit *base = NULL, *merged = NULL;
	uint64_t seq;
	int leads = graph_is_ancestor(feed->repo, from, tip, err);

	if (leads < 0 || last_shared(feed, tip, from, &seq, err) || on_line(feed, tip, seq, &base, err) ||
	    (leads && first_merged(feed, tip, from, seq, &merged, err)))
		return -1;
	return go_back(feed, from, base, tip, merged, err);
}

static int join_line(struct feed *feed, struct commit *tip, struct drift_error *err)
{
	auto_commit *from = feed->partial ? commit_ref(feed->partial) : feed->done ? commit_ref(feed->done) : NULL;
	auto_commit *same = NULL;

	if (!from)
		return 0;
	if (from->seq <= tip->seq && on_line(feed, tip, from->seq, &same, err))
		return -1;
	return same && oid_equal(&same->id, &from->id) ? 0 : find_line(feed, from, tip, err);
}

int feed_run(struct feed *feed, struct drift_error *err)
{
	auto_commit *tip = NULL;
	int r = refs_commit(repo_odb(feed->repo), feed->o.ref, false, &tip, err);

	if (r <= 0)
		return r;
	r = join_line(feed, tip, err);
	while (!r && (!feed->done || feed->done->seq < tip->seq))
		r = tell_window(feed, tip, err);
	return r;
}
