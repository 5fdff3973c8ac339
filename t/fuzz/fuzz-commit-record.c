/* Records of commits: refused, or what was read encodes to the same meaning. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "objects/commit_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SELF loc_make(3, 1 << 20, 7)

/* Known by its place only: whatever is there, it is one thing. */
static void stand_in(struct object_ref *ref)
{
	if (ref->loc != LOC_UNKNOWN && oid_is_zero(&ref->id))
		object_hash(OBJECT_COMMIT, &ref->loc, sizeof(ref->loc), &ref->id);
}

static void stand_in_who(struct text *who, uint64_t loc, char *memory, size_t size)
{
	who->len = (size_t)snprintf(memory, size, "who at %llu", (unsigned long long)loc);
	who->data = memory;
}

static void same_text(const struct text *a, const struct text *b)
{
	assert(a->len == b->len && !memcmp(a->data, b->data, a->len));
}

/* One commit, perhaps by another of its places: whoever knows its id need not write the jump to the first parent. */
static void same_ref(const struct object_ref *a, const struct object_ref *b)
{
	struct object_ref c = *a, d = *b;

	if (oid_is_zero(&c.id))
		stand_in(&c);
	if (oid_is_zero(&d.id))
		stand_in(&d);
	assert(oid_equal(&c.id, &d.id));
}

static void same_meaning(const struct commit_record *a, const struct commit_record *b)
{
	const struct commit *c = &a->commit, *d = &b->commit;
	size_t i;

	assert(oid_equal(&c->id, &d->id) && oid_equal(&c->tree.id, &d->tree.id) && c->tree.loc == d->tree.loc);
	assert(c->seq == d->seq && c->gen == d->gen && c->parent_count == d->parent_count && c->last_merge_loc == d->last_merge_loc);
	for (i = 0; i < c->parent_count; i++)
		same_ref(&c->parents[i], &d->parents[i]);
	if (c->parent_count)
		same_ref(&c->jump, &d->jump);
	assert(c->committer.time_usec == d->committer.time_usec && c->author.time_usec == d->author.time_usec);
	assert(c->time_usec == d->time_usec && !strcmp(c->committer.zone, d->committer.zone) && !strcmp(c->author.zone, d->author.zone));
	same_text(&c->encoding, &d->encoding);
	same_text(&c->extra, &d->extra);
	same_text(&c->message, &d->message);
}

static void encode_again(struct compressor *z, struct commit_record *cr)
{
	struct commit *c = &cr->commit;
	char committer[48], author[48];
	auto_buf bytes = BUF_INIT;
	struct commit_record again;
	struct record r;
	size_t i;
	int ret;

	for (i = 0; i < c->parent_count; i++)
		stand_in(&c->parents[i]);
	stand_in(&c->jump);
	if (cr->flags & COMMIT_RECORD_COMMITTER_REF)
		stand_in_who(&c->committer.who, cr->committer_loc, committer, sizeof(committer));
	if (cr->flags & COMMIT_RECORD_AUTHOR_REF)
		stand_in_who(&c->author.who, cr->author_loc, author, sizeof(author));
	else if (!(cr->flags & COMMIT_RECORD_AUTHOR_WHO))
		c->author.who = c->committer.who;
	ret = commit_record_encode(c, SELF, cr->committer_loc, cr->author_loc, z, &bytes, NULL);
	assert(!ret);
	ret = record_parse(bytes.data, bytes.len, SELF, &r, NULL);
	assert(!ret);
	ret = commit_record_parse(&r, z, &again, NULL);
	assert(!ret);
	same_meaning(cr, &again);
	commit_record_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct compressor *z; /* making one takes longer than all the rest */
	struct commit_record cr;
	struct object_ref tree;
	struct oid id;
	struct record r;
	int ret;

	if ((!z && compressor_create(&z, NULL) < 0) || record_parse(data, len, SELF, &r, NULL) < 0 ||
	    r.storage != RECORD_COMPACT || commit_record_parse(&r, z, &cr, NULL) < 0)
		return 0;
	ret = commit_record_ids(&r, &id, &tree, NULL);
	assert(!ret && oid_equal(&id, &cr.commit.id) && tree.loc == cr.commit.tree.loc);
	encode_again(z, &cr);
	commit_record_release(&cr);
	return 0;
}
