/* Bytes of a journal that are not what was written: said, or without loss; never a wrong answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "objects/frame.h"
#include "t/unit/trunk.h"

#define COMMITS 8

/* A journal of some commits, where each begins, and their ids. */
struct sample {
	struct buf bytes; /* without the zeros behind */
	uint64_t start[COMMITS + 1];
	struct oid id[COMMITS];
};

static void journal_path(char path[128])
{
	snprintf(path, 128, "%s/journal-000001", trunk_dir);
}

static void make_sample(struct sample *s)
{
	struct odb_stats stats;
	char path[128];
	struct odb *odb;
	struct tip tip;
	size_t i;

	trunk_make(NULL);
	odb = trunk_open();
	trunk_start(&tip);
	for (i = 0; i < COMMITS; i++) {
		trunk_must(odb_stats(odb, false, &stats, &trunk_err));
		s->start[i] = stats.used_bytes;
		trunk_write(odb, &tip, 1);
		s->id[i] = tip.commit->id;
	}
	trunk_must(odb_stats(odb, false, &stats, &trunk_err));
	s->start[COMMITS] = stats.used_bytes;
	odb_close(odb);
	commit_unref(tip.commit);
	journal_path(path);
	buf_init(&s->bytes);
	trunk_must(file_read_whole(path, (uint64_t)1 << 30, &s->bytes, &trunk_err));
	buf_truncate(&s->bytes, (size_t)stats.used_bytes);
}

static void drop_sample(struct sample *s)
{
	buf_release(&s->bytes);
	trunk_remove(NULL);
}

/* The journal is that, with so many zeros behind it; nothing derived is there. Written without waiting for any disk. */
static void put_journal(const void *data, size_t len, size_t zeros)
{
	char path[128];
	FILE *f;

	journal_path(path);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	while (zeros--)
		fputc(0, f);
	assert_int_equal(fclose(f), 0);
	snprintf(path, sizeof(path), "%s/cache/index", trunk_dir);
	(void)!file_unlink(path, NULL);
}

/* Is commit i there with its document? What is there is right. */
static bool is_whole(struct odb *odb, const struct sample *s, size_t i)
{
	auto_commit *c = NULL;
	auto_node *node = NULL;
	struct tree_root tree;
	struct document doc;
	struct path path;
	char key[32];

	if (odb_commit(odb, &s->id[i], LOC_UNKNOWN, &c, NULL) < 0)
		return false;
	assert_true(oid_equal(&c->id, &s->id[i]));
	assert_int_equal(c->seq, i + 1);
	snprintf(key, sizeof(key), "k%zu", i + 1);
	path = (struct path){ "c", 1, key, strlen(key) };
	tree = (struct tree_root){ c->tree.id, c->tree.loc };
	if (tree_get(odb_nodes(odb), &tree, &path, &node, &doc, NULL) <= 0)
		return false;
	assert_int_equal(doc.len, c->message.len);
	assert_memory_equal(doc.data, c->message.data, doc.len);
	return true;
}

/* How many commits are whole from the first on; *all_out: in all. */
static size_t count_whole(struct odb *odb, const struct sample *s, size_t *all_out)
{
	size_t i, first = 0;

	*all_out = 0;
	for (i = 0; i < COMMITS; i++) {
		bool whole = is_whole(odb, s, i);

		first += whole && first == i;
		*all_out += whole;
	}
	return first;
}

static size_t main_seq(struct odb *odb)
{
	auto_commit *c = trunk_tip(odb);

	return c ? (size_t)c->seq : 0;
}

static void test_every_flip(void **state)
{
	static const unsigned char flips[] = { 0x01, 0x80, 0xff };
	struct sample s;
	size_t at, i, all;

	(void)state;
	make_sample(&s);
	for (at = 0; at < s.bytes.len; at++) {
		for (i = 0; i < sizeof(flips); i++) {
			struct odb *odb;
			size_t before = 0;

			s.bytes.data[at] = (char)((unsigned char)s.bytes.data[at] ^ flips[i]);
			put_journal(s.bytes.data, s.bytes.len, 4096);
			s.bytes.data[at] = (char)((unsigned char)s.bytes.data[at] ^ flips[i]);
			if (odb_open(trunk_dir, NULL, &odb, &trunk_err) < 0) {
				/* The frame by which it is known what file it is. */
				assert_true(at < s.start[0]);
				assert_true(*trunk_err.message);
				continue;
			}
			while (before < COMMITS && at >= s.start[before + 1])
				before++;
			assert_true(count_whole(odb, &s, &all) >= before);
			assert_true(odb_damage(odb, NULL, NULL) > 0);
			odb_close(odb);
			/* Others hear of it too. */
			odb = trunk_open();
			assert_true(odb_damage(odb, NULL, NULL) > 0);
			odb_close(odb);
		}
	}
	drop_sample(&s);
}

static void test_every_truncation(void **state)
{
	struct sample s;
	size_t len, all;

	(void)state;
	make_sample(&s);
	for (len = 0; len <= s.bytes.len; len++) {
		struct odb *odb;
		size_t before = 0;

		put_journal(s.bytes.data, len, 0);
		if (odb_open(trunk_dir, NULL, &odb, &trunk_err) < 0) {
			assert_true(len < s.start[0]);
			continue;
		}
		while (before < COMMITS && len >= s.start[before + 1])
			before++;
		assert_int_equal(count_whole(odb, &s, &all), before);
		assert_int_equal(all, before);
		assert_int_equal(main_seq(odb), before);
		odb_close(odb);
	}
	drop_sample(&s);
}

/* What stands behind the last frame, with or without zeros between. */
static void test_garbage_behind(void **state)
{
	static const size_t gaps[] = { 0, 1, 15, 16, 511, 512, 5000 };
	struct sample s;
	size_t i, n, all;

	(void)state;
	make_sample(&s);
	for (i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		for (n = 1; n < 3000; n = n * 3 + 1) {
			auto_buf bytes = BUF_INIT;
			struct odb *odb;
			struct tip tip;
			size_t k;

			buf_add(&bytes, s.bytes.data, s.bytes.len);
			for (k = 0; k < gaps[i]; k++)
				buf_add_byte(&bytes, 0);
			for (k = 0; k < n; k++)
				buf_add_byte(&bytes, (unsigned char)(k * 167 + n));
			put_journal(bytes.data, bytes.len, 100);
			odb = trunk_open();
			assert_int_equal(count_whole(odb, &s, &all), COMMITS);
			trunk_start(&tip);
			tip.commit = trunk_tip(odb);
			tip.tree = (struct tree_root){ tip.commit->tree.id, tip.commit->tree.loc };
			trunk_write(odb, &tip, 2);
			odb_close(odb);
			commit_unref(tip.commit);
			assert_int_equal(trunk_check(), COMMITS + 2);
		}
	}
	drop_sample(&s);
}

/* A whole frame of this very store, but not where it was written, is none. */
static void test_moved_frame(void **state)
{
	auto_buf bytes = BUF_INIT;
	struct sample s;
	struct odb *odb;
	size_t all;

	(void)state;
	make_sample(&s);
	buf_add(&bytes, s.bytes.data, s.bytes.len);
	buf_add(&bytes, s.bytes.data + s.start[2], (size_t)(s.start[3] - s.start[2]));
	put_journal(bytes.data, bytes.len, 100);
	odb = trunk_open();
	assert_int_equal(count_whole(odb, &s, &all), COMMITS);
	assert_int_equal(main_seq(odb), COMMITS);
	odb_close(odb);
	drop_sample(&s);
}

/* An index that fits another state of the journal: put back from a copy, in place. */
static void test_stale_index(void **state)
{
	auto_buf index = BUF_INIT;
	struct sample s;
	char path[128];
	struct odb *odb;
	FILE *f;
	size_t n, all;

	(void)state;
	make_sample(&s);
	snprintf(path, sizeof(path), "%s/cache/index", trunk_dir);
	for (n = 0; n <= COMMITS; n++) {
		put_journal(s.bytes.data, (size_t)s.start[n], 4096);
		odb_close(trunk_open());
		buf_clear(&index);
		trunk_must(file_read_whole(path, 1 << 24, &index, &trunk_err));
		put_journal(s.bytes.data, (size_t)s.start[COMMITS - n], 4096);
		f = fopen(path, "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(index.data, 1, index.len, f), index.len);
		assert_int_equal(fclose(f), 0);
		odb = trunk_open();
		assert_int_equal(count_whole(odb, &s, &all), COMMITS - n);
		assert_int_equal(main_seq(odb), COMMITS - n);
		odb_close(odb);
	}
	drop_sample(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_flip),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_garbage_behind),
		cmocka_unit_test(test_moved_frame),
		cmocka_unit_test(test_stale_index),
	};

	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
