#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "objects/commit_record.h"
#include "objects/odb_internal.h"
#include "objects/stub.h"
#include "t/unit/trunk.h"

#define COMMITS 6

static void must(int r)
{
	trunk_must(r);
}

/* The frame of a commit, what its records hold, and what is to become of them. */
struct kept {
	struct payload payload;
	struct txn txn;
	struct stub_record records[TXN_RECORD_MAX];
	struct commit *commit;
	struct node *root;
	unsigned commit_at, root_at;
};

static void frame_read(struct odb *odb, const struct commit *commit, struct kept *f)
{
	unsigned i;

	memset(f, 0, sizeof(*f));
	buf_init(&f->payload.bytes);
	must(odb_txn(odb, commit->loc, &f->payload, &f->txn, &trunk_err));
	f->commit = commit_ref((struct commit *)(uintptr_t)commit);
	f->commit_at = loc_record(commit->loc);
	must(odb_node_at(odb, commit->tree.loc, &f->root, &trunk_err));
	f->root_at = loc_record(commit->tree.loc);
	for (i = 0; i < f->txn.record_count; i++) {
		struct record r;

		must(record_parse(f->txn.record[i], f->txn.record_len[i], f->txn.self | i, &r, &trunk_err));
		if (i == f->commit_at)
			assert_int_equal(r.kind, OBJECT_COMMIT);
	}
	f->records[f->commit_at] = (struct stub_record){ .fate = STUB_COMMIT, .commit = commit };
	f->records[f->root_at] = (struct stub_record){ .fate = STUB_ROOT, .node = f->root };
}

static void frame_release(struct kept *f)
{
	buf_release(&f->payload.bytes);
	commit_unref(f->commit);
	node_unref(f->root);
}

static void encode(const struct kept *f, struct buf *out, struct txn *stub)
{
	must(stub_encode(&f->txn, f->records, out, &trunk_err));
	must(txn_parse(out->data, out->len, f->txn.self, stub, &trunk_err));
	assert_int_equal(stub->record_count, f->txn.record_count);
	assert_int_equal(stub->has_log, f->txn.has_log);
	assert_int_equal(stub->has_changes, f->txn.has_changes);
}

/* Commits of main, newest first. */
static struct odb *open_with_commits(struct commit *commits[COMMITS])
{
	struct odb *odb = trunk_open();
	struct tip tip;
	size_t i;

	trunk_start(&tip);
	trunk_write(odb, &tip, COMMITS);
	commit_unref(tip.commit);
	commits[0] = trunk_tip(odb);
	for (i = 1; i < COMMITS; i++)
		must(odb_commit_at(odb, commits[i - 1]->parents[0].loc, &commits[i], &trunk_err));
	return odb;
}

static void close_with_commits(struct odb *odb, struct commit *commits[COMMITS])
{
	size_t i;

	for (i = 0; i < COMMITS; i++)
		commit_unref(commits[i]);
	odb_close(odb);
}

static void assert_text(const struct text *a, const struct text *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

/* What the record of a stub tells of a commit. */
static void assert_commit(const struct txn *stub, unsigned at, const struct commit *want)
{
	struct compressor *z = NULL;
	struct commit_record cr;
	struct record r;

	must(compressor_create(&z, &trunk_err));
	must(record_parse(stub->record[at], stub->record_len[at], stub->self | at, &r, &trunk_err));
	must(commit_record_parse(&r, z, &cr, &trunk_err));
	assert_true(oid_equal(&cr.commit.id, &want->id));
	assert_true(oid_is_zero(&cr.commit.tree.id));
	assert_true(cr.commit.tree.loc == want->tree.loc);
	assert_int_equal(cr.commit.seq, want->seq);
	assert_int_equal(cr.commit.parent_count, want->parent_count);
	if (want->parent_count)
		assert_true(cr.commit.parents[0].loc == want->parents[0].loc);
	assert_false(cr.flags & (COMMIT_RECORD_COMMITTER_REF | COMMIT_RECORD_AUTHOR_REF | COMMIT_RECORD_ZSTD));
	assert_text(&cr.commit.committer.who, &want->committer.who);
	assert_text(&cr.commit.message, &want->message);
	commit_record_release(&cr);
	compressor_free(z);
}

static void assert_same_changes(const struct txn *a, const struct txn *b, unsigned at)
{
	size_t a_log, b_log;

	must(txn_log_len(a, &a_log, &trunk_err));
	must(txn_log_len(b, &b_log, &trunk_err));
	assert_int_equal(a->rest_len - a_log, b->rest_len - b_log);
	assert_memory_equal(a->rest + a_log, b->rest + b_log, a->rest_len - a_log);
	assert_true(a->rest_len > a_log && *(a->rest + a_log) == 1 && *(a->rest + a_log + 1) == at);
}

static void what_is_kept(void **state)
{
	struct commit *commits[COMMITS];
	struct odb *odb = open_with_commits(commits);
	size_t i;

	(void)state;
	for (i = 0; i < COMMITS; i++) {
		auto_buf bytes = BUF_INIT, again = BUF_INIT;
		struct txn stub, stub_again;
		struct kept f;
		unsigned j;

		frame_read(odb, commits[i], &f);
		encode(&f, &bytes, &stub);
		for (j = 0; j < stub.record_count; j++)
			assert_int_equal(stub.record_len[j] == 0, j != f.commit_at && j != f.root_at);
		assert_commit(&stub, f.commit_at, commits[i]);
		assert_int_equal(stub.rest_len, f.txn.rest_len);
		assert_memory_equal(stub.rest, f.txn.rest, stub.rest_len);
		/* A stub becomes the same stub again. */
		f.txn = stub;
		encode(&f, &again, &stub_again);
		assert_int_equal(again.len, bytes.len);
		assert_memory_equal(again.data, bytes.data, bytes.len);
		frame_release(&f);
	}
	close_with_commits(odb, commits);
}

static void assert_tombstone(const struct kept *f, const struct txn *stub)
{
	struct txn_log log;
	auto_buf reason = BUF_INIT;

	assert_int_equal(stub->record_len[f->commit_at], 0);
	assert_same_changes(stub, &f->txn, f->commit_at);
	assert_int_equal(txn_log_parse(stub, &log, &trunk_err), 1);
	stub_reason(f->commit, &reason);
	assert_false(log.of_commit);
	assert_true(log.time_usec == f->commit->committer.time_usec);
	assert_text(&log.actor, &f->commit->committer.who);
	assert_int_equal(log.reason.len, reason.len);
	assert_memory_equal(log.reason.data, reason.data, reason.len);
	assert_int_equal(log.update_count, 1);
	assert_true(log.updates[0].value == TXN_OBJECT && log.updates[0].object.loc == f->commit->loc);
	assert_true(oid_equal(&log.updates[0].object.id, &f->commit->id));
	txn_log_release(&log);
}

static void what_is_gone(void **state)
{
	struct commit *commits[COMMITS];
	struct odb *odb = open_with_commits(commits);
	size_t i;

	(void)state;
	for (i = 0; i < COMMITS; i++) {
		auto_buf bytes = BUF_INIT, again = BUF_INIT;
		struct txn stub, stub_again;
		struct kept f;

		frame_read(odb, commits[i], &f);
		f.records[f.root_at].fate = STUB_GONE;
		f.records[f.commit_at].fate = STUB_GONE;
		encode(&f, &bytes, &stub);
		assert_tombstone(&f, &stub);
		/* Nothing is asked of a commit that is gone already. */
		f.txn = stub;
		f.records[f.commit_at].commit = NULL;
		encode(&f, &again, &stub_again);
		assert_int_equal(again.len, bytes.len);
		assert_memory_equal(again.data, bytes.data, bytes.len);
		frame_release(&f);
		frame_read(odb, commits[i], &f);
		f.records[f.commit_at] = (struct stub_record){ .fate = STUB_GONE };
		buf_clear(&again);
		assert_int_equal(stub_encode(&f.txn, f.records, &again, &trunk_err), -1);
		assert_int_equal(trunk_err.code, DRIFT_ERR_INVALID);
		assert_int_equal(again.len, 0);
		frame_release(&f);
	}
	close_with_commits(odb, commits);
}

/* Frames written ahead hold objects only. */
static void nothing_to_keep(void **state)
{
	static const unsigned char payload[] = { 2, 3, 4, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 0 };
	struct stub_record records[2] = { { .fate = STUB_GONE }, { .fate = STUB_GONE } };
	auto_buf out = BUF_INIT;
	struct txn t;

	(void)state;
	must(txn_parse(payload, sizeof(payload), loc_make(1, 4096, 0), &t, &trunk_err));
	must(stub_encode(&t, records, &out, &trunk_err));
	assert_int_equal(out.len, 0);
	records[1].fate = STUB_AS_IS;
	must(stub_encode(&t, records, &out, &trunk_err));
	assert_int_equal(out.len, 8);
	assert_memory_equal(out.data, "\2\0\4defg", 8);
}

static void long_reasons_are_cut(void **state)
{
	static char message[TXN_TEXT_MAX + 100];
	struct commit *commits[COMMITS], changed;
	struct odb *odb = open_with_commits(commits);
	auto_buf bytes = BUF_INIT;
	struct txn_log log;
	struct kept f;
	struct txn stub;

	(void)state;
	memset(message, 'x', sizeof(message));
	/* "commit: " before it: this stands over the limit. */
	message[TXN_TEXT_MAX - 9] = (char)0xc3;
	message[TXN_TEXT_MAX - 8] = (char)0xa4;
	frame_read(odb, commits[0], &f);
	changed = *commits[0];
	changed.message = (struct text){ message, sizeof(message) };
	f.records[f.commit_at] = (struct stub_record){ .fate = STUB_GONE, .commit = &changed };
	encode(&f, &bytes, &stub);
	assert_int_equal(txn_log_parse(&stub, &log, &trunk_err), 1);
	assert_int_equal(log.reason.len, TXN_TEXT_MAX - 1);
	txn_log_release(&log);
	frame_release(&f);
	close_with_commits(odb, commits);
}

/* A record, parsed; what it is cut from lives in bytes. */
static void parse_commit(const struct buf *bytes, uint64_t self, struct compressor *z, struct commit_record *cr,
			 bool *means_out)
{
	struct record r;

	must(record_parse(bytes->data, bytes->len, self, &r, &trunk_err));
	must(commit_record_means_committer(&r, means_out, &trunk_err));
	must(commit_record_parse(&r, z, cr, &trunk_err));
}

/* Who a record stood for when it was written, it stands for in a pack. */
static void names_mean_the_same(void **state)
{
	struct commit c = { .seq = 1, .gen = 1, .committer = { .zone = "+0000" }, .author = { .zone = "+0000" } };
	uint64_t self = loc_make(1, 8192, 3), named = loc_make(1, 4096, 1);
	const struct text bob = { "bob", 3 }, eve = { "eve", 3 };
	struct compressor *z = NULL;
	unsigned i;

	(void)state;
	must(compressor_create(&z, &trunk_err));
	c.message = (struct text){ "hello", 5 };
	for (i = 0; i < 8; i++) {
		auto_buf bytes = BUF_INIT, packed = BUF_INIT, again = BUF_INIT;
		struct commit_record before, after;
		const struct text *who;
		bool means;

		c.committer.who = bob;
		c.author.who = i & 4 ? eve : bob;
		must(commit_record_encode(&c, self, i & 1 ? named : LOC_UNKNOWN, i & 2 ? named : LOC_UNKNOWN, z, &bytes,
					  &trunk_err));
		parse_commit(&bytes, self, z, &before, &means);
		must(commit_record_encode_packed(&c, self, means, &packed, &trunk_err));
		who = commit_record_spelled(&before);
		parse_commit(&packed, self, z, &after, &means);
		assert_non_null(commit_record_spelled(&after));
		if (who)
			assert_text(commit_record_spelled(&after), who);
		must(commit_record_encode_packed(&c, self, means, &again, &trunk_err));
		assert_int_equal(again.len, packed.len);
		assert_memory_equal(again.data, packed.data, packed.len);
		commit_record_release(&before);
		commit_record_release(&after);
	}
	compressor_free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_kept, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(what_is_gone, trunk_make, trunk_remove),
		cmocka_unit_test(nothing_to_keep),
		cmocka_unit_test_setup_teardown(long_reasons_are_cut, trunk_make, trunk_remove),
		cmocka_unit_test(names_mean_the_same),
	};

	return cmocka_run_group_tests_name("stub", tests, NULL, NULL);
}
