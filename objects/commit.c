#include "objects/commit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/header_internal.h"

#define PARENT_LINE_LEN (sizeof("parent ") - 1 + OID_HEX_LEN + 1)
/* Everything but texts and parents: keys, ids, numbers, times. */
#define FIXED_LEN_MAX 512

static const char *const reserved_keys[] = { "tree", "parent", "author", "committer", "seq",
					     "gen",  "time",   "jump",   "encoding",  NULL };

struct commit_box {
	struct commit commit; /* first, so that the one can be had from the other */
	atomic_uint refs;
	struct object_ref parents[]; /* the texts stand behind them */
};

static struct commit_box *box_of(struct commit *c)
{
	return (struct commit_box *)c;
}

static int check_numbers(const struct commit *c, struct drift_error *err)
{
	if (!c->seq || !c->gen)
		return error_set(err, DRIFT_ERR_INVALID, "seq and gen count from 1");
	if (c->seq > COMMIT_SEQ_MAX || c->gen > COMMIT_SEQ_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "seq or gen is beyond %llu", (unsigned long long)COMMIT_SEQ_MAX);
	if (c->parent_count > COMMIT_PARENTS_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "more than %d parents", COMMIT_PARENTS_MAX);
	if (oid_is_zero(&c->jump.id) != !c->parent_count)
		return error_set(err, DRIFT_ERR_INVALID, "a jump goes with parents, and only with them");
	return 0;
}

static int commit_check(const struct commit *c, struct drift_error *err)
{
	if (check_numbers(c, err) || header_check_signature("author", &c->author, err) ||
	    header_check_signature("committer", &c->committer, err) ||
	    (c->encoding.len && header_check_line("encoding", c->encoding, COMMIT_ENCODING_MAX, err)) ||
	    header_check_extra(c->extra, reserved_keys, err))
		return -1;
	if (c->message.len > COMMIT_MESSAGE_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "message is longer than %zu bytes", COMMIT_MESSAGE_MAX);
	return 0;
}

static size_t text_len(const struct commit *c)
{
	return c->author.who.len + c->committer.who.len + c->encoding.len + c->extra.len + c->message.len;
}

int commit_encode(const struct commit *c, struct buf *out, struct drift_error *err)
{
	size_t i;

	if (commit_check(c, err))
		return -1;
	buf_reserve(out, FIXED_LEN_MAX + c->parent_count * PARENT_LINE_LEN + text_len(c));
	header_add_id(out, "tree", &c->tree.id);
	for (i = 0; i < c->parent_count; i++)
		header_add_id(out, "parent", &c->parents[i].id);
	header_add_signature(out, "author", &c->author);
	header_add_signature(out, "committer", &c->committer);
	header_add_number(out, "seq", c->seq);
	if (c->gen != c->seq)
		header_add_number(out, "gen", c->gen);
	if (c->time_usec != c->committer.time_usec)
		header_add_time(out, "time", c->time_usec);
	if (c->parent_count)
		header_add_id(out, "jump", &c->jump.id);
	if (c->encoding.len)
		header_add_text(out, "encoding", c->encoding);
	buf_add(out, c->extra.data, c->extra.len);
	buf_add_byte(out, '\n');
	buf_add(out, c->message.data, c->message.len);
	return buf_check(out, err);
}

/* A copy in one allocation, its texts and parents with it. */
static struct commit *copy(const struct commit *from)
{
	size_t parents_len = from->parent_count * sizeof(*from->parents);
	struct commit_box *box = malloc(sizeof(*box) + parents_len + text_len(from) + 5);
	struct commit *c;
	char *at;

	if (!box)
		return NULL;
	c = &box->commit;
	*c = *from;
	atomic_init(&box->refs, 1);
	c->parents = from->parent_count ? box->parents : NULL;
	if (parents_len)
		memcpy(box->parents, from->parents, parents_len);
	at = (char *)box->parents + parents_len;
	c->author.who = header_copy_text(&at, from->author.who);
	c->committer.who = header_copy_text(&at, from->committer.who);
	c->encoding = header_copy_text(&at, from->encoding);
	c->extra = header_copy_text(&at, from->extra);
	c->message = header_copy_text(&at, from->message);
	return c;
}

int commit_new(const struct commit *from, struct commit **commit_out, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	struct commit *c;

	if (commit_encode(from, &bytes, err))
		return -1;
	c = copy(from);
	if (!c)
		return error_no_memory(err);
	object_hash(OBJECT_COMMIT, bytes.data, bytes.len, &c->id);
	*commit_out = c;
	return 0;
}

struct commit *commit_ref(struct commit *c)
{
	atomic_fetch_add_explicit(&box_of(c)->refs, 1, memory_order_relaxed);
	return c;
}

void commit_unref(struct commit *c)
{
	if (c && atomic_fetch_sub_explicit(&box_of(c)->refs, 1, memory_order_acq_rel) == 1)
		free(box_of(c));
}

void commit_cleanup(struct commit **c)
{
	commit_unref(*c);
}

static int bad_header(const char *key, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "header '%s' is missing or malformed", key);
}

static int parse_parents(struct cursor *in, struct commit *c, struct drift_error *err)
{
	size_t capacity = 0;
	struct text value;

	while (header_take(in, "parent", &value)) {
		if (c->parent_count == COMMIT_PARENTS_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "more than %d parents", COMMIT_PARENTS_MAX);
		if (mem_grow(&c->parents, &capacity, c->parent_count + 1, sizeof(*c->parents)))
			return error_no_memory(err);
		c->parents[c->parent_count].loc = 0;
		if (!header_parse_id(value, &c->parents[c->parent_count].id))
			return bad_header("parent", err);
		c->parent_count++;
	}
	return 0;
}

static int parse_people(struct cursor *in, struct commit *c, struct drift_error *err)
{
	struct text value;

	if (!header_take(in, "author", &value) || !header_parse_signature(value, &c->author))
		return bad_header("author", err);
	if (!header_take(in, "committer", &value) || !header_parse_signature(value, &c->committer))
		return bad_header("committer", err);
	return 0;
}

/* seq, gen, time, jump: the last three stand only where they say something. */
static int parse_place(struct cursor *in, struct commit *c, struct drift_error *err)
{
	struct text value;

	if (!header_take(in, "seq", &value) || !header_parse_number(value, &c->seq))
		return bad_header("seq", err);
	c->gen = c->seq;
	if (header_take(in, "gen", &value) && (!header_parse_number(value, &c->gen) || c->gen == c->seq))
		return bad_header("gen", err);
	c->time_usec = c->committer.time_usec;
	if (header_take(in, "time", &value) &&
	    (!header_parse_time(value, &c->time_usec) || c->time_usec == c->committer.time_usec))
		return bad_header("time", err);
	if (header_take(in, "jump", &value) && (!header_parse_id(value, &c->jump.id) || oid_is_zero(&c->jump.id)))
		return bad_header("jump", err);
	return 0;
}

/* c->parents is the caller's to free, also after an error. */
static int parse(struct cursor *in, struct commit *c, struct drift_error *err)
{
	struct text value;

	if (!header_take(in, "tree", &value) || !header_parse_id(value, &c->tree.id))
		return bad_header("tree", err);
	if (parse_parents(in, c, err) || parse_people(in, c, err) || parse_place(in, c, err))
		return -1;
	if (header_take(in, "encoding", &c->encoding) && !c->encoding.len)
		return bad_header("encoding", err);
	if (!header_take_rest(in, &c->extra))
		return error_set(err, DRIFT_ERR_INVALID, "the empty line before the message is missing");
	c->message.data = (const char *)in->pos;
	c->message.len = cursor_left(in);
	return commit_check(c, err);
}

int commit_decode(const void *data, size_t len, struct commit **commit_out, struct drift_error *err)
{
	struct commit parsed = { 0 }, *c = NULL;
	struct cursor in;
	int r = -1;

	cursor_init(&in, data, len);
	if (len > COMMIT_LEN_MAX)
		error_set(err, DRIFT_ERR_LIMIT, "longer than %zu bytes", COMMIT_LEN_MAX);
	else
		r = parse(&in, &parsed, err);
	if (!r)
		c = copy(&parsed);
	free(parsed.parents);
	if (r)
		return error_prefix(err, DRIFT_ERR_CORRUPT, "malformed commit");
	if (!c)
		return error_no_memory(err);
	object_hash(OBJECT_COMMIT, data, len, &c->id);
	*commit_out = c;
	return 0;
}

uint64_t commit_jump_seq(uint64_t seq)
{
	uint64_t depth, left, weight = UINT64_MAX;

	if (seq < 2)
		return 0;
	depth = left = seq - 1;
	/* Weights are 2^k - 1; the last digit that is not zero, of the skew binary number, is how far to jump. */
	while (left) {
		while (weight > left)
			weight >>= 1;
		left -= weight;
	}
	return depth - weight + 1;
}

void commit_derive(struct commit *c, struct commit *const *parents, const struct commit *parent_jump)
{
	size_t i;

	c->seq = c->gen = 1;
	c->time_usec = c->committer.time_usec;
	memset(&c->jump, 0, sizeof(c->jump));
	for (i = 0; i < c->parent_count; i++) {
		if (c->gen <= parents[i]->gen)
			c->gen = parents[i]->gen + 1;
		if (c->time_usec < parents[i]->time_usec)
			c->time_usec = parents[i]->time_usec;
	}
	if (!c->parent_count)
		return;
	c->seq = parents[0]->seq + 1;
	c->jump.id = parents[0]->id;
	c->jump.loc = parents[0]->loc;
	if (!parent_jump || commit_jump_seq(c->seq) == parents[0]->seq)
		return;
	if (parent_jump->parent_count) {
		c->jump = parent_jump->jump;
	} else {
		c->jump.id = parent_jump->id;
		c->jump.loc = parent_jump->loc;
	}
}
