/* Journals that are sealed while they are written to and read, and the file that names them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "objects/odb_current.h"
#include "objects/odb_files.h"
#include "t/unit/trunk.h"

static struct odb *open_with(struct odb_options options)
{
	struct odb *odb;

	trunk_must(odb_open(trunk_dir, &options, &odb, &trunk_err));
	return odb;
}

static void in_store(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", trunk_dir, name);
}

static void follow(struct odb *odb, struct tip *tip)
{
	commit_unref(tip->commit);
	tip->commit = trunk_tip(odb);
	tip->tree = (struct tree_root){ tip->commit->tree.id, tip->commit->tree.loc };
}

static void check_paths(struct odb *odb, int64_t last)
{
	const struct path path = { "c", 1, "k1", 2 };
	struct change_list list;
	uint64_t loc, marker;
	int64_t n = last - last % 50 + 1;

	n = n > last ? n - 50 : n;
	trunk_must(odb_change_head(odb, &path, &loc, &marker, &trunk_err));
	for (; loc != LOC_UNKNOWN; n -= 50) {
		struct commit *c;

		trunk_must(odb_commit(odb, NULL, loc, &c, &trunk_err));
		assert_int_equal(c->seq, n);
		commit_unref(c);
		assert_int_equal(odb_change_list(odb, loc, &list, &trunk_err), 1);
		assert_int_equal(list.count, 1);
		loc = list.changes[0].previous_loc;
		change_list_release(&list);
	}
	assert_true(n == -49);
}

static void test_writers_and_readers_go_on(void **state)
{
	struct odb_options small = { .journal_len = 8192 };
	struct odb_options look = { .read_only = true, .no_cache = true };
	struct odb *a = open_with(small), *b = open_with(small), *reader = open_with(look);
	char index[128];
	struct odb_files files;
	struct tip tip;
	size_t i;

	(void)state;
	in_store("cache/index", index);
	trunk_start(&tip);
	for (i = 1; i <= 400; i++) {
		trunk_write(i % 3 ? a : b, &tip, 1);
		if (i == 200)
			trunk_must(file_unlink(index, &trunk_err));
		if (i % 20)
			continue;
		follow(reader, &tip);
		assert_int_equal(tip.commit->seq, i);
		follow(i % 2 ? a : b, &tip);
		assert_int_equal(tip.commit->seq, i);
	}
	check_paths(a, 400);
	check_paths(reader, 400);
	trunk_must(odb_files_get(b, &files, &trunk_err));
	assert_true(files.count > 5);
	assert_int_equal(odb_sealed_count(b), files.count - 1);
	for (i = 0; i < files.count; i++) {
		assert_int_equal(files.items[i].first, i + 1);
		assert_int_equal(files.items[i].closed_at == 0, i + 1 == files.count);
	}
	commit_unref(tip.commit);
	odb_close(a);
	odb_close(b);
	odb_close(reader);
	assert_int_equal(trunk_check(), 400);
	trunk_must(file_unlink(index, &trunk_err));
	assert_int_equal(trunk_check(), 400);
	odb_files_release(&files);
}

static void test_what_was_sealed_is_durable(void **state)
{
	struct odb *odb = trunk_open();
	struct commit *seen;
	uint64_t ticket;
	struct tip tip;

	(void)state;
	trunk_must(odb_lock(odb, &trunk_err));
	assert_int_equal(odb_seal(odb, &trunk_err), 0);
	odb_unlock(odb);
	trunk_start(&tip);
	ticket = trunk_append(odb, &tip, "k1", "one", false);
	assert_null(trunk_tip(odb));
	trunk_must(odb_lock(odb, &trunk_err));
	assert_int_equal(odb_seal(odb, &trunk_err), 1);
	assert_int_equal(odb_seal(odb, &trunk_err), 0);
	assert_int_equal(loc_file(odb_end(odb)), 2);
	odb_unlock(odb);
	seen = trunk_tip(odb);
	assert_non_null(seen);
	commit_unref(seen);
	trunk_must(odb_sync(odb, ticket, &trunk_err));
	assert_int_equal(odb_sealed_count(odb), 1);
	commit_unref(tip.commit);
	odb_close(odb);
	assert_int_equal(trunk_check(), 1);
}

/* What somebody left who died before the next journal counted. */
static void test_half_a_journal_is_in_nobodys_way(void **state)
{
	struct odb *odb = trunk_open();
	char path[128];
	struct tip tip;

	(void)state;
	in_store("journal-000002", path);
	trunk_must(file_replace(path, "half", 4, &trunk_err));
	trunk_start(&tip);
	trunk_write(odb, &tip, 3);
	trunk_must(odb_lock(odb, &trunk_err));
	assert_int_equal(odb_seal(odb, &trunk_err), 1);
	odb_unlock(odb);
	trunk_write(odb, &tip, 3);
	commit_unref(tip.commit);
	odb_close(odb);
	assert_int_equal(trunk_check(), 6);
}

static void test_a_journal_that_cannot_be_begun_is_no_failure(void **state)
{
	struct odb *odb = open_with((struct odb_options){ .journal_len = 8192 });
	char path[128];
	struct tip tip;

	(void)state;
	in_store("journal-000002", path);
	trunk_must(file_make_directory(path, &trunk_err));
	trunk_start(&tip);
	trunk_write(odb, &tip, 100);
	assert_int_equal(odb_sealed_count(odb), 0);
	commit_unref(tip.commit);
	odb_close(odb);
	trunk_must(file_remove_directory(path, &trunk_err));
	assert_int_equal(trunk_check(), 100);
}

static void test_one_collects_and_batches_are_told(void **state)
{
	struct odb *a = trunk_open(), *b = trunk_open();
	struct odb_batch *batch;
	struct object_ref ref;
	char data[64];
	int i;

	(void)state;
	assert_int_equal(odb_gc_lock(a, false, &trunk_err), 0);
	assert_int_equal(odb_gc_lock(a, false, &trunk_err), 1);
	assert_int_equal(odb_gc_lock(b, false, &trunk_err), 1);
	odb_gc_unlock(a);
	assert_int_equal(odb_gc_lock(b, false, &trunk_err), 0);
	odb_gc_unlock(b);

	trunk_must(odb_batch_new(a, &batch, &trunk_err));
	for (i = 0; i < 300; i++) {
		snprintf(data, sizeof(data), "blob number %d", i);
		trunk_must(odb_batch_blob(batch, data, strlen(data), LOC_UNKNOWN, &ref, &trunk_err));
	}
	trunk_must(odb_lock(b, &trunk_err));
	assert_int_equal(odb_batches_exclude(b, &trunk_err), 0);
	odb_unlock(b);
	trunk_must(odb_lock(a, &trunk_err));
	assert_int_equal(odb_batches_exclude(a, &trunk_err), 0);
	odb_unlock(a);
	odb_batch_free(batch);
	trunk_must(odb_lock(b, &trunk_err));
	assert_int_equal(odb_batches_exclude(b, &trunk_err), 1);
	odb_batches_release(b);
	odb_unlock(b);
	odb_close(a);
	odb_close(b);
}

static const char store_line[] = "id 000102030405060708090a0b0c0d0e0f\n";
#define PACK_HEX "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"

static int read_text(const char *title, const char *lines, struct current *out)
{
	auto_buf text = BUF_INIT;
	char path[128];

	in_store("current", path);
	buf_addf(&text, "drift store %s\n%s%s", title, store_line, lines);
	trunk_must(file_replace(path, text.data, text.len, &trunk_err));
	return current_read(trunk_dir, out, &trunk_err);
}

static void test_current(void **state)
{
	static const char *const bad[] = {
		"",
		"journal 2\n",
		"journal 1 5\n",
		"journal 1\njournal 2\n",
		"journal 1 0\njournal 2\n",
		"journal 01 5\njournal 2\n",
		"journal 1 5\njournal 3\n",
		"journal 1 5 6\njournal 2\n",
		"journal 1 1099511627776\njournal 2\n",
		"pack " PACK_HEX " 1 3 9\n",
		"pack " PACK_HEX " 1 3\njournal 4\n",
		"pack " PACK_HEX " 3 1 9\njournal 4\n",
		"pack " PACK_HEX " 2 3 9\njournal 4\n",
		"pack " PACK_HEX " 1 3 9\njournal 3\n",
		"pack " PACK_HEX " 1 3 9\njournal 5\n",
		"pack 0102 1 3 9\njournal 4\n",
		"pack " PACK_HEX " 1 65534 9\njournal 65535\n",
	};
	auto_current current = { .files = NULL };
	auto_current again = { .files = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (read_text("2", bad[i], &current) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(trunk_err.code, DRIFT_ERR_CORRUPT);
	}
	assert_int_equal(read_text("3", "journal 1\n", &current), -1);
	assert_int_equal(trunk_err.code, DRIFT_ERR_UNSUPPORTED);
	/* Packs are of the second version. */
	assert_int_equal(read_text("1", "pack " PACK_HEX " 1 3 9\njournal 4\n", &current), -1);
	trunk_must(read_text("2", "pack " PACK_HEX " 1 3 9\njournal 4 77\njournal 5\n", &current));
	assert_int_equal(current.count, 3);
	assert_int_equal(current_live(&current), 5);
	assert_true(current.files[0].is_pack && !current.files[1].is_pack);
	assert_int_equal(current.files[0].name.last, 3);
	assert_int_equal(current.files[0].name.sealed_sec, 9);
	assert_int_equal(current.files[0].name.sha[31], 15);
	assert_int_equal(current.files[1].closed_at, 77);
	trunk_must(current_write(trunk_dir, &current, &trunk_err));
	trunk_must(current_read(trunk_dir, &again, &trunk_err));
	assert_int_equal(again.count, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(again.files[i].name.last, current.files[i].name.last);
		assert_int_equal(again.files[i].closed_at, current.files[i].closed_at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_writers_and_readers_go_on, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_what_was_sealed_is_durable, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_half_a_journal_is_in_nobodys_way, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_a_journal_that_cannot_be_begun_is_no_failure, trunk_make,
						trunk_remove),
		cmocka_unit_test_setup_teardown(test_one_collects_and_batches_are_told, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_current, trunk_make, trunk_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
