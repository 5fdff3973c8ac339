/*
 * Stubs: a byte of bits that say which records stay (bit i mod 8), then the payload of a transaction frame. Refused, or
 * a stub that tells the same of what stays, and becomes the same stub again.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/commit_record.h"
#include "objects/stub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SELF loc_make(2, 1 << 20, 0)

/* What is known of a record. */
struct known {
	struct commit_record commit;
	bool is_commit;
	char committer[48], author[48];
};

static struct known known[TXN_RECORD_MAX];
static struct stub_record records[TXN_RECORD_MAX];

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

static void know_commit(struct known *k, const struct record *r, struct compressor *z)
{
	struct commit *c = &k->commit.commit;
	size_t i;

	if (r->storage != RECORD_COMPACT || commit_record_parse(r, z, &k->commit, NULL) < 0)
		return;
	k->is_commit = true;
	for (i = 0; i < c->parent_count; i++)
		stand_in(&c->parents[i]);
	stand_in(&c->jump);
	if (k->commit.flags & COMMIT_RECORD_COMMITTER_REF)
		stand_in_who(&c->committer.who, k->commit.committer_loc, k->committer, sizeof(k->committer));
	if (k->commit.flags & COMMIT_RECORD_AUTHOR_REF)
		stand_in_who(&c->author.who, k->commit.author_loc, k->author, sizeof(k->author));
	else if (!(k->commit.flags & COMMIT_RECORD_AUTHOR_WHO))
		c->author.who = c->committer.who;
}

/* A node of a root map with its locations, or NULL. */
static struct node *know_root(const struct record *r)
{
	struct buf content = { .data = (char *)(uintptr_t)r->body, .len = r->body_len };
	struct node *node = NULL;
	auto_node *bare = NULL;
	uint64_t *locs;

	if (r->storage != RECORD_RAW || content.len < r->node_len ||
	    node_decode_base(content.data, r->node_len, NULL, &bare, NULL) < 0 || bare->kind != MAP_ROOT)
		return NULL;
	locs = calloc(bare->count + (size_t)1, sizeof(*locs));
	if (locs && !record_node_locs(r, &content, bare, locs, NULL) &&
	    node_decode_base(content.data, r->node_len, locs, &node, NULL) < 0)
		node = NULL;
	free(locs);
	return node;
}

static void know(const struct txn *t, unsigned i, bool stays, struct compressor *z)
{
	struct record r;

	memset(&known[i], 0, sizeof(known[i]));
	records[i] = (struct stub_record){ .fate = stays ? STUB_AS_IS : STUB_GONE };
	if (record_parse(t->record[i], t->record_len[i], SELF | i, &r, NULL) < 0)
		return;
	know_commit(&known[i], &r, z);
	if (known[i].is_commit) {
		records[i].commit = &known[i].commit.commit;
		if (stays)
			records[i].fate = STUB_COMMIT;
	} else if (r.kind == OBJECT_TREE && stays) {
		records[i].node = know_root(&r);
		if (records[i].node)
			records[i].fate = STUB_ROOT;
	}
}

static void forget(const struct txn *t)
{
	size_t i;

	for (i = 0; i < t->record_count; i++) {
		node_unref((struct node *)(uintptr_t)records[i].node);
		if (known[i].is_commit)
			commit_record_release(&known[i].commit);
	}
}

static void check_commit(const struct txn *stub, unsigned i, struct compressor *z)
{
	const struct commit *want = records[i].commit;
	struct commit_record cr;
	struct record r;
	int ret = record_parse(stub->record[i], stub->record_len[i], SELF | i, &r, NULL);

	assert(!ret);
	ret = commit_record_parse(&r, z, &cr, NULL);
	assert(!ret && oid_equal(&cr.commit.id, &want->id) && cr.commit.seq == want->seq);
	assert(cr.commit.tree.loc == want->tree.loc);
	assert(want->tree.loc == LOC_UNKNOWN ? oid_equal(&cr.commit.tree.id, &want->tree.id) :
					       oid_is_zero(&cr.commit.tree.id));
	assert(!(cr.flags & (COMMIT_RECORD_COMMITTER_REF | COMMIT_RECORD_AUTHOR_REF | COMMIT_RECORD_ZSTD)));
	assert(cr.commit.message.len == want->message.len && commit_record_spelled(&cr));
	commit_record_release(&cr);
}

static void check_log(const struct txn *t, const struct txn *stub)
{
	struct txn_log before, after;
	size_t i;
	int r = txn_log_parse(t, &before, NULL);
	int s = txn_log_parse(stub, &after, NULL);

	assert(r == s);
	if (r <= 0)
		return;
	assert(before.update_count == after.update_count && before.previous_loc == after.previous_loc);
	assert(!after.of_commit || records[after.record].fate != STUB_GONE);
	for (i = 0; i < after.update_count; i++) {
		const struct txn_update *u = &after.updates[i];

		assert(u->value != TXN_COMMIT || records[u->record].fate != STUB_GONE);
		assert(u->previous_loc == before.updates[i].previous_loc);
	}
	txn_log_release(&before);
	txn_log_release(&after);
}

static void check(const struct txn *t, const struct buf *bytes, struct compressor *z)
{
	auto_buf again = BUF_INIT;
	struct txn stub;
	unsigned i;
	int r = txn_parse(bytes->data, bytes->len, SELF, &stub, NULL);

	assert(!r && stub.record_count == t->record_count);
	for (i = 0; i < stub.record_count; i++) {
		if (records[i].fate == STUB_GONE)
			assert(!stub.record_len[i]);
		if (records[i].fate == STUB_AS_IS)
			assert(stub.record_len[i] == t->record_len[i]);
		if (records[i].fate == STUB_COMMIT)
			check_commit(&stub, i, z);
	}
	check_log(t, &stub);
	r = stub_encode(&stub, records, &again, NULL);
	assert(!r && again.len == bytes->len && !memcmp(again.data, bytes->data, again.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct compressor *z; /* making one takes longer than all the rest */
	auto_buf bytes = BUF_INIT;
	struct txn t;
	unsigned i;

	if (!len || (!z && compressor_create(&z, NULL) < 0) || txn_parse(data + 1, len - 1, SELF, &t, NULL) < 0)
		return 0;
	for (i = 0; i < t.record_count; i++)
		know(&t, i, data[0] >> i % 8 & 1, z);
	if (!stub_encode(&t, records, &bytes, NULL) && bytes.len)
		check(&t, &bytes, z);
	forget(&t);
	return 0;
}
