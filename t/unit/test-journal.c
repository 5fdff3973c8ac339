/* The journal's formats, by the example of Documentation/drift-format-journal.adoc, which is read from there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/hex.h"
#include "objects/commit_record.h"
#include "objects/journal.h"
#include "objects/txn.h"
#include "t/unit/trunk.h"

#define PAGE "Documentation/drift-format-journal.adoc"
#define HEX_COLUMNS 48
#define FRAMES 4

static const uint64_t frame_at[FRAMES + 1] = { 0, 52, 116, 358, 557 };
static const unsigned char store_id[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

/* Bytes at the left of each line of the page's example; "offset N:" must be where we are. */
static void read_example(struct buf *out)
{
	FILE *f = fopen(PAGE, "r");
	char line[256];
	bool inside = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const char *p = line;

		if (!strncmp(line, "offset ", 7)) {
			inside = true;
			assert_int_equal(strtoull(line + 7, NULL, 10), out->len);
			continue;
		}
		if (!strncmp(line, "----", 4))
			inside = false;
		for (; inside && p < line + HEX_COLUMNS && hex_digit((unsigned char)p[0]) >= 0; p += 3) {
			assert_true(hex_digit((unsigned char)p[1]) >= 0);
			buf_add_byte(out, (unsigned char)(hex_digit((unsigned char)p[0]) << 4 | hex_digit((unsigned char)p[1])));
			if (p[2] != ' ')
				break;
		}
	}
	fclose(f);
	assert_int_equal(out->len, frame_at[FRAMES]);
}

static const unsigned char *payload_of(const struct buf *example, size_t i, size_t *len_out)
{
	*len_out = (size_t)(frame_at[i + 1] - frame_at[i]) - FRAME_HEAD_LEN;
	return (const unsigned char *)example->data + frame_at[i] + FRAME_HEAD_LEN;
}

static void test_frames(void **state)
{
	auto_buf example = BUF_INIT;
	size_t i, len;

	(void)state;
	read_example(&example);
	for (i = 0; i < FRAMES; i++) {
		const unsigned char *payload = payload_of(&example, i, &len);
		unsigned char head[FRAME_HEAD_LEN];
		struct frame frame;

		assert_true(frame_head_decode((const unsigned char *)example.data + frame_at[i], &frame));
		assert_int_equal(frame.len, len);
		assert_int_equal(frame.kind, i ? FRAME_TXN : FRAME_FILE);
		assert_int_equal(frame.durable_lag, 0);
		assert_int_equal(frame.crc, frame_checksum(i ? crc32c(0, store_id, 16) : 0, frame_at[i], payload, len));
		frame_head_encode(&frame, head);
		assert_memory_equal(head, example.data + frame_at[i], FRAME_HEAD_LEN);
	}
}

static void spoil_head(unsigned char head[FRAME_HEAD_LEN], size_t at, unsigned char value)
{
	uint32_t check;

	head[at] = value;
	check = crc32c(0, head, 14);
	head[14] = (unsigned char)check;
	head[15] = (unsigned char)(check >> 8);
}

static void test_no_frames(void **state)
{
	static const unsigned char spoiled[][2] = { { 12, 0 }, { 12, 5 }, { 13, 1 }, { 3, 5 } };
	struct frame frame = { .kind = FRAME_TXN, .len = 1 };
	unsigned char head[FRAME_HEAD_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
		frame_head_encode(&frame, head);
		assert_true(frame_head_decode(head, &frame));
		spoil_head(head, spoiled[i][0], spoiled[i][1]);
		assert_false(frame_head_decode(head, &frame));
	}
	frame_head_encode(&frame, head);
	spoil_head(head, 0, 0);
	assert_false(frame_head_decode(head, &frame));
	frame_head_encode(&frame, head);
	head[14] ^= 1;
	assert_false(frame_head_decode(head, &frame));
}

static void write_bytes(const char *name, const void *data, size_t len)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", trunk_dir, name);
	trunk_must(file_replace(path, data, len, &trunk_err));
}

/* The example as the journal of a store. */
static struct odb *open_example(void)
{
	struct odb_options options = { .read_only = true };
	static const char current[] = "drift store 1\nid 000102030405060708090a0b0c0d0e0f\njournal 1\n";
	auto_buf example = BUF_INIT;
	struct odb *odb;

	trunk_make(NULL);
	read_example(&example);
	write_bytes("journal-000001", example.data, example.len);
	write_bytes("current", current, sizeof(current) - 1);
	trunk_must(odb_open(trunk_dir, &options, &odb, &trunk_err));
	assert_int_equal(odb_damage(odb, NULL, NULL), 0);
	return odb;
}

static void test_file_frame(void **state)
{
	auto_buf example = BUF_INIT, made = BUF_INIT;
	char path[128];

	(void)state;
	trunk_make(NULL);
	read_example(&example);
	trunk_must(journal_discard(trunk_dir, 1, &trunk_err));
	trunk_must(journal_create(trunk_dir, 1, store_id, &trunk_err));
	snprintf(path, sizeof(path), "%s/journal-000001", trunk_dir);
	trunk_must(file_read_whole(path, 1 << 20, &made, &trunk_err));
	assert_int_equal(made.len, 65536);
	assert_memory_equal(made.data, example.data, frame_at[1]);
	assert_int_equal(made.data[frame_at[1]], 0);
	trunk_remove(NULL);
}

static void expect_user(struct odb *odb, const struct commit *c, const char *key, const char *json)
{
	struct tree_root tree = { c->tree.id, c->tree.loc };
	struct path path = { "users", 5, key, strlen(key) };
	auto_node *node = NULL;
	struct document doc;
	int r = tree_get(odb_nodes(odb), &tree, &path, &node, &doc, &trunk_err);

	trunk_must(r);
	assert_int_equal(r, json != NULL);
	if (json) {
		assert_int_equal(doc.len, strlen(json));
		assert_memory_equal(doc.data, json, doc.len);
	}
}

static void test_store(void **state)
{
	struct odb *odb = open_example();
	auto_commit *two = trunk_tip(odb), *one = NULL;
	struct ref_value head;

	(void)state;
	trunk_must(odb_ref_read(odb, "HEAD", false, &head, &trunk_err));
	assert_int_equal(head.kind, REF_SYMBOLIC);
	assert_string_equal(head.target, "refs/heads/main");
	assert_int_equal(two->seq, 2);
	assert_string_equal(two->message.data, "two");
	assert_int_equal(two->parent_count, 1);
	trunk_must(odb_commit(odb, &two->parents[0].id, two->parents[0].loc, &one, &trunk_err));
	assert_string_equal(one->message.data, "one");
	assert_string_equal(two->committer.who.data, "Ada <ada@example.com>");
	assert_true(two->author.time_usec == INT64_C(1735732800000000));
	expect_user(odb, one, "1", "{\"name\":\"Ada\",\"age\":36}");
	expect_user(odb, one, "2", NULL);
	expect_user(odb, two, "1", "{\"name\":\"Ada\",\"age\":36}");
	expect_user(odb, two, "2", "{\"name\":\"Bob\"}");
	odb_close(odb);
	trunk_remove(NULL);
}

static void test_log_and_changes(void **state)
{
	struct odb *odb = open_example();
	struct path path = { "users", 5, "2", 1 };
	struct ref_log_entry entry;
	struct change_list list;
	uint64_t loc, marker;

	(void)state;
	assert_int_equal(odb_ref_log_head(odb, "refs/heads/main", &loc, &trunk_err), 1);
	assert_true(loc == loc_make(1, 358, 0));
	trunk_must(odb_ref_log_read(odb, loc, &entry, &trunk_err));
	assert_string_equal(entry.reason.data, "commit: two");
	assert_true(entry.previous_loc == loc_make(1, 116, 0));
	assert_string_equal(entry.updates[0].name.data, "refs/heads/main");
	assert_true(entry.updates[0].old.object.loc == loc_make(1, 116, 2));
	ref_log_release(&entry);
	trunk_must(odb_change_head(odb, &path, &loc, &marker, &trunk_err));
	assert_true(loc == loc_make(1, 358, 2) && marker == LOC_UNKNOWN);
	assert_int_equal(odb_change_list(odb, loc, &list, &trunk_err), 1);
	assert_true(list.complete && list.count == 1 && list.changes[0].kinds == CHANGE_ADD);
	assert_int_equal(path_compare(&list.changes[0].path, &path), 0);
	change_list_release(&list);
	odb_close(odb);
	trunk_remove(NULL);
}

/* What is behind the records of a transaction is written as it was read. */
static void test_written_again(void **state)
{
	auto_buf example = BUF_INIT;
	size_t i, len;

	(void)state;
	read_example(&example);
	for (i = 1; i < FRAMES; i++) {
		uint64_t self = loc_make(1, frame_at[i], 0);
		const unsigned char *payload = payload_of(&example, i, &len);
		auto_buf rest = BUF_INIT;
		struct change_list list;
		struct txn_log log;
		struct txn t;

		trunk_must(txn_parse(payload, len, self, &t, &trunk_err));
		assert_int_equal(txn_log_parse(&t, &log, &trunk_err), 1);
		txn_log_encode(&log, self, &rest);
		txn_log_release(&log);
		assert_int_equal(txn_changes_parse(&t, 2, &list, &trunk_err), i > 1);
		if (i > 1) {
			buf_add_byte(&rest, 1);
			txn_changes_encode(2, &list, self, &rest);
			change_list_release(&list);
		}
		assert_int_equal(rest.len, t.rest_len);
		assert_memory_equal(rest.data, t.rest, rest.len);
	}
}

static void test_commit_records(void **state)
{
	struct compressor *z = NULL;
	auto_buf example = BUF_INIT;
	size_t i, len;

	(void)state;
	read_example(&example);
	trunk_must(compressor_create(&z, &trunk_err));
	for (i = 2; i < FRAMES; i++) {
		uint64_t self = loc_make(1, frame_at[i], 2);
		const unsigned char *payload = payload_of(&example, i, &len);
		auto_buf bytes = BUF_INIT;
		struct commit_record cr;
		struct record r;
		struct txn t;

		trunk_must(txn_parse(payload, len, loc_frame(self), &t, &trunk_err));
		trunk_must(record_parse(t.record[2], t.record_len[2], self, &r, &trunk_err));
		trunk_must(commit_record_parse(&r, z, &cr, &trunk_err));
		assert_int_equal(cr.commit.seq, i - 1);
		assert_true(cr.committer_loc == (i == 3 ? loc_make(1, 116, 2) : LOC_UNKNOWN));
		if (cr.flags & COMMIT_RECORD_COMMITTER_REF)
			cr.commit.committer.who = cr.commit.author.who = (struct text){ "there", 5 };
		trunk_must(commit_record_encode(&cr.commit, self, cr.committer_loc, LOC_UNKNOWN, z, &bytes, &trunk_err));
		assert_int_equal(bytes.len, t.record_len[2]);
		assert_memory_equal(bytes.data, t.record[2], bytes.len);
		commit_record_release(&cr);
	}
	compressor_free(z);
}

struct loc_case {
	uint64_t loc;
	size_t len;
	unsigned char bytes[8];
};

static void test_locations(void **state)
{
	const uint64_t self = loc_make(3, 1000, 0);
	const struct loc_case good[] = {
		{ LOC_UNKNOWN, 1, { 0 } },
		{ loc_make(3, 1000, 0), 1, { 2 } },
		{ loc_make(3, 1000, 7), 2, { 3, 7 } },
		{ loc_make(3, 900, 0), 2, { 0xca, 1 } },
		{ loc_make(3, 900, 255), 3, { 0xcb, 1, 255 } },
		{ loc_make(1, 5000, 4), 5, { 1, 1, 0x88, 0x27, 4 } },
	};
	/* Record 0 spelt out, before the file, the file itself, a later one, none, an end too early. */
	const struct loc_case bad[] = {
		{ 0, 2, { 3, 0 } }, { 0, 2, { 0xd4, 0x0f } }, { 0, 4, { 1, 3, 1, 0 } }, { 0, 4, { 1, 4, 1, 0 } },
		{ 0, 4, { 1, 0, 1, 0 } }, { 0, 2, { 1, 1 } }, { 0, 1, { 3 } },
	};
	struct cursor c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		auto_buf out = BUF_INIT;

		loc_put(&out, self, good[i].loc);
		assert_int_equal(out.len, good[i].len);
		assert_memory_equal(out.data, good[i].bytes, out.len);
		cursor_init(&c, out.data, out.len);
		assert_true(loc_get(&c, self) == good[i].loc && cursor_done(&c));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cursor_init(&c, bad[i].bytes, bad[i].len);
		assert_true(loc_get(&c, self) == LOC_UNKNOWN && !cursor_ok(&c));
	}
}

#define FRAME_LEN ((size_t)1200 << 10)

static void write_frame(struct journal *j, uint64_t at, size_t len)
{
	unsigned char *bytes = malloc(FRAME_HEAD_LEN + len);
	struct frame frame = { .kind = FRAME_OBJECT, .len = (uint32_t)len };

	assert_non_null(bytes);
	memset(bytes, 'x', FRAME_HEAD_LEN + len);
	frame.crc = frame_checksum(journal_seed(j), at, bytes + FRAME_HEAD_LEN, len);
	frame_head_encode(&frame, bytes);
	assert_int_equal(journal_write(j, at, bytes, FRAME_HEAD_LEN + len, NULL), 0);
	free(bytes);
}

struct busy {
	struct journal *j;
	uint64_t end;
	size_t seen, damaged;
};

/* Somebody appends while it is read, beyond what the file's end was. */
static int append_more(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		       struct drift_error *err)
{
	struct busy *b = data;

	(void)payload;
	(void)err;
	assert_int_equal(frame->len, FRAME_LEN);
	if (!b->seen++) {
		b->end = offset + FRAME_HEAD_LEN + FRAME_LEN;
		write_frame(b->j, b->end, FRAME_LEN);
		b->end += FRAME_HEAD_LEN + FRAME_LEN;
	}
	return 0;
}

static void count_damage(void *data, uint64_t from, uint64_t to)
{
	struct busy *b = data;

	assert_true(from < to);
	b->damaged++;
}

static void test_scan_of_a_journal_that_grows(void **state)
{
	uint64_t end, dirty;
	struct busy b = { .seen = 0 };
	struct journal_scan scan = { append_more, count_damage, &b };

	(void)state;
	assert_int_equal(journal_create(trunk_dir, 77, store_id, NULL), 0);
	assert_int_equal(journal_open(trunk_dir, 77, true, &b.j, NULL), 0);
	write_frame(b.j, journal_start(b.j), FRAME_LEN);
	assert_int_equal(journal_scan(b.j, journal_start(b.j), &scan, &end, &dirty, NULL), 0);
	assert_int_equal(b.damaged, 0);
	assert_int_equal(b.seen, 2);
	assert_int_equal(end, b.end);
	assert_int_equal(dirty, b.end);
	journal_close(b.j);
	assert_int_equal(journal_discard(trunk_dir, 77, NULL), 0);
}

/* Whatever is kept of what was read, the same is read. */
static void test_limited_memory(void **state)
{
	static const size_t limits[] = { 0, (size_t)100 << 10, (size_t)1 << 30 };
	enum { MANY = 300, SOME = 5000 };
	uint64_t offset[MANY], at;
	struct journal *j;

	(void)state;
	assert_int_equal(journal_create(trunk_dir, 77, store_id, NULL), 0);
	assert_int_equal(journal_open(trunk_dir, 77, true, &j, NULL), 0);
	at = journal_start(j);
	for (unsigned i = 0; i < MANY; i++) {
		write_frame(j, at, SOME + i);
		offset[i] = at;
		at += FRAME_HEAD_LEN + SOME + i;
	}
	for (unsigned i = 0; i < 4 * MANY; i++) {
		unsigned n = i * 7919 % MANY;
		auto_buf read = BUF_INIT;
		enum frame_kind kind;

		if (i % MANY == 0 && i)
			journal_limit_memory(j, limits[i / MANY - 1]);
		assert_int_equal(journal_read(j, offset[n], &read, &kind, NULL), 0);
		assert_int_equal(read.len, SOME + n);
	}
	journal_close(j);
	assert_int_equal(journal_discard(trunk_dir, 77, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_no_frames),
		cmocka_unit_test(test_file_frame),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_log_and_changes),
		cmocka_unit_test(test_written_again),
		cmocka_unit_test(test_commit_records),
		cmocka_unit_test(test_locations),
		cmocka_unit_test_setup_teardown(test_scan_of_a_journal_that_grows, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_limited_memory, trunk_make, trunk_remove),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
