/* Sending and receiving: what comes, what is refused and leaves nothing, what is kept of transfers that were cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "base/mem.h"
#include "repo/documents.h"
#include "repo/gc.h"
#include "sync/stream.h"
#include "t/unit/desk.h"
#include "t/unit/ferry.h"

#define MAIN "refs/heads/main"
#define SECOND INT64_C(1000000)

static struct drift_error why;

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", why.message);
}

/* --- two stores --- */

struct pair {
	struct desk *from;
	struct repo *to;
	char to_dir[64];
};

static int pair_setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	void *desk;

	assert_non_null(p);
	desk_setup(&desk);
	p->from = desk;
	p->to = ferry_make(p->to_dir);
	*state = p;
	return 0;
}

static int pair_teardown(void **state)
{
	struct pair *p = *state;
	void *desk = p->from;

	desk_teardown(&desk);
	ferry_remove(p->to, p->to_dir);
	free(p);
	return 0;
}

/* Commits with documents of all lengths. */
static void grow(struct desk *d, size_t commit_count)
{
	for (size_t i = 0; i < commit_count; i++) {
		struct edits *e = desk_edits(d);

		for (uint64_t n = 1 + desk_random(d, 3); n; n--) {
			auto_buf text = BUF_INIT;
			char path[32];
			uint64_t len = desk_random(d, 6) ? desk_random(d, 200) : desk_random(d, 20000);

			snprintf(path, sizeof(path), "c%u/k%u", (unsigned)desk_random(d, 3), (unsigned)desk_random(d, 40));
			while (text.len < len)
				buf_addf(&text, "%llx ", (unsigned long long)desk_random(d, UINT32_MAX));
			desk_put(d, e, path, text.data);
		}
		desk_commit(d, e);
	}
}

static int receive(struct repo *to, const struct buf *stream, size_t end, const struct sync_receive_options *options)
{
	struct ferry_bytes bytes = { .data = stream->data, .len = end, .fails = end < stream->len };
	const struct sync_source source = ferry_source(&bytes);
	auto_received *r = NULL;

	return sync_receive(to, &source, options, &r, &why);
}

static int add_name(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct buf *out = data;

	(void)value;
	(void)err;
	buf_addf(out, "%s ", name);
	return 0;
}

static void expect_refs(struct repo *repo, const char *prefix, const char *want)
{
	auto_buf names = BUF_INIT;

	must(odb_ref_each(repo_odb(repo), prefix, add_name, &names, &why));
	assert_string_equal(names.data, want);
}

static void test_again_and_again(void **state)
{
	struct pair *p = *state;

	for (size_t round = 0; round < 10; round++) {
		grow(p->from, round * 10);
		if (round)
			must(ferry(p->from->repo, p->to, &why));
		expect_refs(p->to, "", round ? "HEAD " MAIN " " : "HEAD ");
	}
	ferry_check(p->to);
}

static void test_nothing_new(void **state)
{
	struct pair *p = *state;
	auto_buf stream = BUF_INIT;

	grow(p->from, 5);
	must(ferry(p->from->repo, p->to, &why));
	must(ferry_send(p->from->repo, p->to, &stream, &why));
	assert_true(stream.len < 20);
	must(ferry(p->from->repo, p->to, &why));
}

static void test_small(void **state)
{
	struct pair *p = *state;
	auto_buf stream = BUF_INIT;

	grow(p->from, 20);
	must(ferry(p->from->repo, p->to, &why));
	for (size_t i = 0; i < 100; i++)
		desk_commit_put(p->from, "c/counter", i % 2 ? "{\"n\":1}" : "{\"n\":2}");
	must(ferry_send(p->from->repo, p->to, &stream, &why));
	assert_true(stream.len < 100 * 30);
}

/* Cut at every k-th byte, then from the beginning: it comes whole, with less to be sent, and both are sound. */
static void test_cut(void **state)
{
	struct pair *p = *state;
	const struct sync_receive_options options = { .peer = "ferry" };
	auto_buf whole = BUF_INIT;
	size_t reused = 0;

	grow(p->from, 600);
	must(ferry_send(p->from->repo, NULL, &whole, &why));
	for (size_t cut = 0; cut < whole.len; cut += whole.len / 11) {
		char dir[64];
		struct repo *to = ferry_make(dir);
		auto_buf rest = BUF_INIT;

		assert_int_equal(receive(to, &whole, cut, &options), -1);
		assert_int_equal(why.code, DRIFT_ERR_IO);
		expect_refs(to, "refs/", "");
		must(ferry_send(p->from->repo, to, &rest, &why));
		reused += rest.len < whole.len;
		assert_true(rest.len <= whole.len);
		if (cut > whole.len * 9 / 10)
			assert_true(rest.len < whole.len / 4);
		must(ferry(p->from->repo, to, &why));
		expect_refs(to, "", "HEAD " MAIN " ");
		if (cut % 3 == 0)
			ferry_check(to);
		ferry_remove(to, dir);
	}
	assert_true(reused > 4);
}

/* What has come is dropped by the transaction that ends the transfer. */
static void test_incoming_goes(void **state)
{
	struct pair *p = *state;
	const struct sync_receive_options options = { .peer = "ferry" };
	auto_buf whole = BUF_INIT;

	grow(p->from, 600);
	must(ferry_send(p->from->repo, NULL, &whole, &why));
	assert_int_equal(receive(p->to, &whole, whole.len - 1, &options), -1);
	expect_refs(p->to, "INCOMING/", "INCOMING/ferry/0 ");
	must(ferry(p->from->repo, p->to, &why));
	expect_refs(p->to, "", "HEAD " MAIN " ");
}

/* Kept on the way, again and again, and taken up by another attempt. */
static void test_kept_on_the_way(void **state)
{
	struct pair *p = *state;
	const struct sync_receive_options options = { .peer = "ferry", .keep_len = 1 };
	auto_buf whole = BUF_INIT, rest = BUF_INIT;
	struct ferry_bytes bytes;
	const struct sync_source source = ferry_source(&bytes);
	auto_received *r = NULL;

	grow(p->from, 1200);
	must(ferry_send(p->from->repo, NULL, &whole, &why));
	/* As if it had been killed: what is not kept by then is lost. */
	bytes = (struct ferry_bytes){ .data = whole.data, .len = whole.len };
	must(sync_receive(p->to, &source, &options, &r, &why));
	received_free(take_ptr(r));
	expect_refs(p->to, "INCOMING/", "INCOMING/ferry/0 ");
	must(ferry_send(p->from->repo, p->to, &rest, &why));
	assert_true(rest.len < whole.len / 3);
	bytes = (struct ferry_bytes){ .data = rest.data, .len = rest.len };
	must(sync_receive(p->to, &source, &options, &r, &why));
	must(ferry_settle(p->from->repo, p->to, r, &why));
	expect_refs(p->to, "", "HEAD " MAIN " ");
	ferry_check(p->to);
}

/* A transfer that is whole and that the caller does not want now: all of it is kept. */
static void test_keep(void **state)
{
	struct pair *p = *state;
	const struct sync_receive_options options = { .peer = "ferry" };
	auto_buf whole = BUF_INIT, rest = BUF_INIT;
	struct ferry_bytes bytes;
	const struct sync_source source = ferry_source(&bytes);
	auto_received *r = NULL;

	grow(p->from, 20);
	must(ferry_send(p->from->repo, NULL, &whole, &why));
	bytes = (struct ferry_bytes){ .data = whole.data, .len = whole.len };
	must(sync_receive(p->to, &source, &options, &r, &why));
	must(received_keep(r, &why));
	expect_refs(p->to, "", "HEAD INCOMING/ferry/0 ");
	must(ferry_send(p->from->repo, p->to, &rest, &why));
	assert_true(rest.len < 20);
	must(ferry_settle(p->from->repo, p->to, r, &why));
	expect_refs(p->to, "", "HEAD " MAIN " ");
	ferry_check(p->to);
}

static void set_incoming(struct repo *repo, const struct oid *id, int64_t time_usec)
{
	struct ref_change change = { .name = "INCOMING/old/0", .value = { .kind = REF_OBJECT, .object = { *id, LOC_UNKNOWN } } };
	struct ref_transaction t = { .changes = &change, .change_count = 1, .actor = "drift", .reason = "test",
				     .time_usec = time_usec };

	must(refs_apply(repo_odb(repo), &t, &why));
}

static void test_incoming_is_forgotten(void **state)
{
	struct pair *p = *state;
	struct gc_options options = { .prune_before_usec = INT64_MIN };
	struct gc_result result;
	struct commit_result made = desk_commit_put(p->from, "c/k", "v");

	set_incoming(p->from->repo, &made.id, date_now_us() - (REF_INCOMING_SEC - 60) * SECOND);
	must(gc_run(p->from->repo, &options, &result, &why));
	expect_refs(p->from->repo, "INCOMING/", "INCOMING/old/0 ");
	set_incoming(p->from->repo, &made.id, date_now_us() - (REF_INCOMING_SEC + 60) * SECOND);
	must(gc_run(p->from->repo, &options, &result, &why));
	expect_refs(p->from->repo, "INCOMING/", "");
}

/* No byte of it may be another one, unless nothing else is told by it. */
static void test_damage(void **state)
{
	struct pair *p = *state;
	const struct sync_receive_options options = { .peer = NULL };
	auto_buf stream = BUF_INIT;
	struct ferry_bytes bytes;
	const struct sync_source source = ferry_source(&bytes);

	grow(p->from, 12);
	must(ferry_send(p->from->repo, NULL, &stream, &why));
	for (size_t i = 0; i < stream.len; i += 1 + stream.len / 500) {
		auto_received *r = NULL;
		struct commit *head = desk_head(p->from);
		enum object_kind kind;
		struct object_ref object;

		stream.data[i] = (char)(stream.data[i] ^ (1 << i % 8));
		bytes = (struct ferry_bytes){ .data = stream.data, .len = stream.len };
		if (!sync_receive(p->to, &source, &options, &r, &why))
			assert_int_equal(received_find(r, &head->id, &kind, &object, &why), 1);
		stream.data[i] = (char)(stream.data[i] ^ (1 << i % 8));
		commit_unref(head);
	}
	expect_refs(p->to, "", "HEAD ");
	must(ferry(p->from->repo, p->to, &why));
	ferry_check(p->to);
}

/* --- senders that lie --- */

static void refused(struct repo *to, const void *raw, size_t len, enum drift_error_code code, const char *part)
{
	const struct sync_receive_options options = { .raw = true, .peer = "liar" };
	const struct buf stream = { .data = (char *)(uintptr_t)raw, .len = len };

	memset(&why, 0, sizeof(why));
	if (!receive(to, &stream, len, &options))
		fail_msg("not refused: expected '%s'", part);
	if (why.code != code || !strstr(why.message, part))
		fail_msg("refused with code %d, '%s', expected '%s'", (int)why.code, why.message, part);
	expect_refs(to, "INCOMING/", "");
}

#define REFUSED(bytes, code, part) refused(p->to, bytes, sizeof(bytes) - 1, code, part)
#define ZEROS4 "\1\1\1\1"
#define ID ZEROS4 ZEROS4 ZEROS4 ZEROS4 ZEROS4 ZEROS4 ZEROS4 ZEROS4
#define BY_A "\0\1A\5+0000"
/* One commit without parents by "A"; two of them, the second one the first's child; their changes follow. */
#define ONE "\1\1\3\0" BY_A "\0\0"
#define FIRST "\2\1\3\0" BY_A "\0\0"
#define NEXT "\1\0\0\0"
#define PUT_K "\1\0\1k\1v"

#define HEX16 "0123456789abcdef"
#define HEX64 HEX16 HEX16 HEX16 HEX16

static void test_lies(void **state)
{
	struct pair *p = *state;

	REFUSED(ONE PUT_K "\0\2\1\3" ID "\6", DRIFT_ERR_CORRUPT, "as the sender says");
	REFUSED(ONE PUT_K "\0\3\1" ID "\6", DRIFT_ERR_CORRUPT, "as the sender says");
	REFUSED(ONE PUT_K "\0\2\1\2", DRIFT_ERR_CORRUPT, "it told a commit's id");
	REFUSED("\1\1\3\1\0" ID BY_A "\0\0\0\6", DRIFT_ERR_NOT_FOUND, "builds on commit 0101");
	REFUSED(ONE "\4\0\1k" ID "\x88\x27\0\6", DRIFT_ERR_NOT_FOUND, "builds on blob 0101");
	REFUSED(ONE "\6\0\1k\0\6", DRIFT_ERR_CORRUPT, "is removed and is not there");
	REFUSED(ONE "\2\0\1k\0\0\1a\0\6", DRIFT_ERR_CORRUPT, "an edit of a version that is not there");
	REFUSED(ONE "\3\0\1k\1\2a\0\6", DRIFT_ERR_CORRUPT, "an edit of a version that is not there");
	REFUSED(ONE "\5\0\1k\0\0\6", DRIFT_ERR_CORRUPT, "a parent that is not there");
	REFUSED(ONE "\5\0\1k\1\0\6", DRIFT_ERR_CORRUPT, "a parent that is not there");
	REFUSED(ONE "\x11\0\1k\1v\0\6", DRIFT_ERR_CORRUPT, "a gitlink of a wrong length");
	REFUSED(ONE "\1\0\1k\1v\1\0\1k\1w\0\6", DRIFT_ERR_CORRUPT, "order");
	REFUSED(ONE "\1\0\1k\1v\1\0\1a\1w\0\6", DRIFT_ERR_CORRUPT, "order");
	REFUSED(ONE "\1\0\2..\1v\0\6", DRIFT_ERR_CORRUPT, "..");
	REFUSED(ONE "\1\0\3a/b\1v\0\6", DRIFT_ERR_CORRUPT, "slash");
	REFUSED(ONE "\x21\3a/b\0\1k\1v\0\6", DRIFT_ERR_CORRUPT, "holds a slash");
	REFUSED(FIRST PUT_K "\0" NEXT "\1\1\0\1v\0\6", DRIFT_ERR_CORRUPT, "is as before");
	REFUSED(FIRST PUT_K "\0" NEXT "\5\1\0\1\0\6", DRIFT_ERR_CORRUPT, "a parent that is not there");
	REFUSED("\1\1\3\0\0\1A\1x\0\0\0\6", DRIFT_ERR_CORRUPT, "zone");
	REFUSED("\1\1\3\0\0\2A\n\5+0000\0\0\0\6", DRIFT_ERR_CORRUPT, "newline");
	REFUSED("\1\1\3\0" BY_A "\xfe\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\6", DRIFT_ERR_INVALID, "ahead");
	REFUSED("\0\4\3abc\6", DRIFT_ERR_CORRUPT, "tag");
	REFUSED(ONE "\x21\6.drift\0\x0d" "conflict/k/+x" "\1v\0\6", DRIFT_ERR_CORRUPT, "has the key of a term and is none");
	REFUSED(ONE "\x21\6.drift\0\x4c" "conflict/k/+" HEX64 "\1v\0\6", DRIFT_ERR_CORRUPT, "holds another version than its key says");
}

/* A commit that is here, but that no ref leads to: parts of it may be gone. */
static void test_not_led_to(void **state)
{
	struct pair *p = *state;
	auto_buf raw = BUF_INIT;
	struct ref_change change = { .name = MAIN };
	struct ref_transaction t = { .changes = &change, .change_count = 1, .actor = "tester", .reason = "test" };
	struct commit *head;

	desk_commit_put(p->from, "c/k", "v");
	head = desk_head(p->from);
	buf_add(&raw, "\1\1\3\1\0", 5);
	buf_add(&raw, head->id.bytes, OID_LEN);
	buf_add(&raw, BY_A "\0\0\0\6", 13);
	assert_int_equal(receive(p->from->repo, &raw, raw.len, &(struct sync_receive_options){ .raw = true }), 0);
	must(refs_apply(p->from->odb, &t, &why));
	refused(p->from->repo, raw.data, raw.len, DRIFT_ERR_NOT_FOUND, "which is not here");
	commit_unref(head);
}

/* A stream of a few bytes that would become a lot. */
static void test_bombs(void **state)
{
	struct pair *p = *state;
	struct sync_receive_options options = { .document_len_max = 1 << 20 };
	auto_buf stream = BUF_INIT, zeros = BUF_INIT;
	struct edits *e = desk_edits(p->from);

	while (zeros.len < 2 << 20)
		buf_add(&zeros, "0000000000000000", 16);
	desk_put(p->from, e, "c/a", zeros.data);
	desk_commit(p->from, e);
	must(ferry_send(p->from->repo, NULL, &stream, &why));
	assert_true(stream.len < 2000);
	assert_int_equal(receive(p->to, &stream, stream.len, &options), -1);
	assert_int_equal(why.code, DRIFT_ERR_LIMIT);
	options = (struct sync_receive_options){ .content_len_max = 2 << 20 };
	must(receive(p->to, &stream, stream.len, &options));
	options.content_len_max--;
	assert_int_equal(receive(p->to, &stream, stream.len, &options), -1);
	assert_int_equal(why.code, DRIFT_ERR_LIMIT);
	options = (struct sync_receive_options){ .stream_len_max = stream.len - 1 };
	assert_int_equal(receive(p->to, &stream, stream.len, &options), -1);
	assert_int_equal(why.code, DRIFT_ERR_LIMIT);
}

static void test_requests(void **state)
{
	struct pair *p = *state;
	auto_buf out = BUF_INIT;
	const struct sync_sink sink = ferry_sink(&out);
	struct commit_result made = desk_commit_put(p->from, "c/k", "v");
	struct oid ids[2] = { made.id, { { 1 } } };
	struct sync_send_options options = { .wants = &ids[1], .want_count = 1 };
	struct sync_counts counts;
	struct commit *head = desk_head(p->from);

	desk_refused(p->from, sync_send(p->from->repo, &options, &sink, NULL, &p->from->err), DRIFT_ERR_NOT_FOUND, "is not here");
	ids[1] = head->tree.id;
	desk_refused(p->from, sync_send(p->from->repo, &options, &sink, NULL, &p->from->err), DRIFT_ERR_INVALID, "a tree cannot");
	options = (struct sync_send_options){ .wants = ids, .want_count = 1, .haves = ids, .have_count = 2 };
	must(sync_send(p->from->repo, &options, &sink, &counts, &why));
	assert_int_equal(counts.commit_count, 0);
	options.have_count = 0;
	must(sync_send(p->from->repo, &options, &sink, &counts, &why));
	assert_int_equal(counts.commit_count, 1);
	assert_int_equal(counts.change_count, 1);
	assert_int_equal(counts.content_len, 1);
	commit_unref(head);
}

/* --- documents in conflict --- */

struct array_changes {
	struct tree_changes changes;
	const struct tree_change *next;
	size_t count;
};

static int next_of_array(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err)
{
	struct array_changes *array = (struct array_changes *)self;

	(void)err;
	if (!array->count)
		return 0;
	*change_out = *array->next++;
	array->count--;
	return 1;
}

/* A child of main's commit with exactly these changes. */
static void commit_exactly(struct desk *d, const struct tree_change *changes, size_t count)
{
	struct array_changes array = { .changes = { .next = next_of_array }, .next = changes, .count = count };
	struct commit *head = desk_head(d), *made;
	struct object_ref parent = { head->id, head->loc };
	struct commit from = *head;
	struct ref_change change = { .name = MAIN, .value = { .kind = REF_OBJECT } };
	struct ref_transaction t = { .changes = &change, .change_count = 1, .actor = "tester", .reason = "test" };
	struct tree_root root = { head->tree.id, head->tree.loc };

	must(odb_batch_new(d->odb, &t.batch, &why));
	must(tree_edit_exact(odb_batch_nodes(t.batch), &root, &array.changes, &root, &why));
	from.parents = &parent;
	from.parent_count = 1;
	from.tree = (struct object_ref){ root.id, root.loc };
	must(writer_add_commit(d->repo, t.batch, &from, &made, &why));
	change.value.object = (struct object_ref){ made->id, made->loc };
	must(refs_apply(d->odb, &t, &why));
	odb_batch_free(t.batch);
	commit_unref(made);
	commit_unref(head);
}

/* Terms stay while the winner changes, and go while it stays: a commit is what it is. */
static void test_terms(void **state)
{
	struct pair *p = *state;
	static const char *const versions[] = { "ours", "theirs" };
	struct document docs[3];
	struct tree_change changes[3];
	char keys[2][128];

	desk_commit_put(p->from, "c/k", "ours");
	for (size_t i = 0; i < 2; i++) {
		char hex[OID_HEX_LEN + 1];
		struct oid id;

		docs[i] = (struct document){ .data = (const unsigned char *)versions[i], .len = strlen(versions[i]) };
		document_id(&docs[i], &id);
		snprintf(keys[i], sizeof(keys[i]), "conflict/c/k/+%s", oid_to_hex(&id, hex));
		changes[i] = (struct tree_change){ .path = { TREE_RESERVED, 6, keys[i], strlen(keys[i]) }, .document = &docs[i] };
	}
	if (strcmp(keys[0], keys[1]) > 0) {
		struct tree_change swap = changes[0];

		changes[0] = changes[1];
		changes[1] = swap;
	}
	docs[2] = (struct document){ .data = (const unsigned char *)"another", .len = 7 };
	changes[2] = (struct tree_change){ .path = { "c", 1, "k", 1 }, .document = &docs[2] };
	commit_exactly(p->from, changes, 2);
	commit_exactly(p->from, &changes[2], 1);
	changes[0].document = changes[1].document = NULL;
	commit_exactly(p->from, changes, 2);
	must(ferry(p->from->repo, p->to, &why));
	expect_refs(p->to, "", "HEAD " MAIN " ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_again_and_again, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_new, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_small, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_cut, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_incoming_goes, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_kept_on_the_way, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_keep, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_incoming_is_forgotten, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_damage, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_lies, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_not_led_to, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_bombs, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_terms, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(test_requests, pair_setup, pair_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
