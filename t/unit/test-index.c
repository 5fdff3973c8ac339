/* cache/index with slots that are not what was written: every answer is the one of a store without it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/file.h"
#include "objects/odb_internal.h"
#include "t/unit/trunk.h"

#define COMMITS 30
#define BRANCHES 12
#define HEAD_LEN 4096

/* What the store answers, on its own. */
struct answers {
	struct oid commit[COMMITS];
	uint64_t log_head, main_log_head;
	uint64_t change_head[COMMITS];
};

static void index_path(char path[128])
{
	snprintf(path, 128, "%s/cache/index", trunk_dir);
}

static void branch_name(size_t i, char name[64])
{
	snprintf(name, 64, "refs/heads/branch-%zu", i);
}

/* Branch i is at commit i, the last one was deleted again. */
static void set_branch(struct odb *odb, size_t i, const struct object_ref *to)
{
	struct ref_value value = { .kind = to ? REF_OBJECT : REF_ABSENT };
	struct odb_ref_update update = { NULL, &value };
	struct odb_append append = { .updates = &update, .update_count = 1, .actor = "tester", .reason = "branch" };
	char name[64];
	uint64_t ticket;

	branch_name(i, name);
	update.name = name;
	if (to)
		value.object = *to;
	trunk_must(odb_lock(odb, &trunk_err));
	trunk_must(odb_append(odb, &append, &ticket, &trunk_err));
	odb_unlock(odb);
	trunk_must(odb_sync(odb, ticket, &trunk_err));
}

static struct path path_of(size_t i, char key[32])
{
	snprintf(key, 32, "k%zu", i + 1);
	return (struct path){ "c", 1, key, strlen(key) };
}

static void make_store(struct answers *a)
{
	struct odb_options no_cache = { .no_cache = true };
	struct odb *odb = trunk_open();
	uint64_t marker;
	struct tip tip;
	char key[32];
	size_t i;

	trunk_start(&tip);
	for (i = 0; i < COMMITS; i++) {
		trunk_write(odb, &tip, 1);
		a->commit[i] = tip.commit->id;
		if (i < BRANCHES)
			set_branch(odb, i, &(struct object_ref){ tip.commit->id, tip.commit->loc });
	}
	set_branch(odb, BRANCHES - 1, NULL);
	odb_close(odb);
	commit_unref(tip.commit);
	trunk_must(odb_open(trunk_dir, &no_cache, &odb, &trunk_err));
	assert_int_equal(odb_ref_log_head(odb, NULL, &a->log_head, &trunk_err), 1);
	assert_int_equal(odb_ref_log_head(odb, "refs/heads/main", &a->main_log_head, &trunk_err), 1);
	for (i = 0; i < COMMITS; i++) {
		struct path path = path_of(i, key);

		trunk_must(odb_change_head(odb, &path, &a->change_head[i], &marker, &trunk_err));
		assert_true(a->change_head[i] != LOC_UNKNOWN);
	}
	odb_close(odb);
}

static int count_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	(void)name, (void)value, (void)err;
	++*(size_t *)data;
	return 0;
}

static void check_branches(struct odb *odb, const struct answers *a)
{
	struct ref_value value;
	size_t i, count = 0;
	char name[64];

	for (i = 0; i < BRANCHES; i++) {
		branch_name(i, name);
		trunk_must(odb_ref_read(odb, name, false, &value, &trunk_err));
		assert_int_equal(value.kind, i == BRANCHES - 1 ? REF_ABSENT : REF_OBJECT);
		assert_true(i == BRANCHES - 1 || oid_equal(&value.object.id, &a->commit[i]));
	}
	trunk_must(odb_ref_read(odb, "refs/heads/none", false, &value, &trunk_err));
	assert_int_equal(value.kind, REF_ABSENT);
	trunk_must(odb_ref_each(odb, "refs/heads/", count_ref, &count, &trunk_err));
	assert_int_equal(count, BRANCHES);
}

static void check_refs(struct odb *odb, const struct answers *a)
{
	uint64_t loc;

	check_branches(odb, a);
	assert_int_equal(odb_ref_log_head(odb, "refs/heads/main", &loc, &trunk_err), 1);
	assert_true(loc == a->main_log_head);
}

static void check_rest(struct odb *odb, const struct answers *a)
{
	uint64_t loc, marker;
	enum object_kind kind;
	char key[32];
	size_t i;

	assert_int_equal(odb_ref_log_head(odb, NULL, &loc, &trunk_err), 1);
	assert_true(loc == a->log_head);
	for (i = 0; i < COMMITS; i++) {
		struct path path = path_of(i, key);

		trunk_must(odb_change_head(odb, &path, &loc, &marker, &trunk_err));
		assert_true(loc == a->change_head[i] && marker == LOC_UNKNOWN);
		assert_int_equal(odb_find(odb, &a->commit[i], &kind, &loc, &trunk_err), 1);
		assert_int_equal(kind, OBJECT_COMMIT);
	}
}

/* Put these bytes where the index is, in the same file, and ask. */
static void ask(const struct buf *bytes, const struct answers *a, bool read_only, bool refs_first)
{
	struct odb_options options = { .read_only = read_only };
	struct odb *odb;
	char path[128];
	FILE *f;

	index_path(path);
	f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes->data, 1, bytes->len, f), bytes->len);
	assert_int_equal(fclose(f), 0);
	trunk_must(odb_open(trunk_dir, &options, &odb, &trunk_err));
	if (refs_first)
		check_refs(odb, a);
	check_rest(odb, a);
	check_refs(odb, a);
	odb_close(odb);
}

static void ask_all(const struct buf *bytes, const struct answers *a)
{
	ask(bytes, a, true, true);
	ask(bytes, a, false, false);
}

static void load_index(struct buf *out)
{
	char path[128];

	index_path(path);
	trunk_must(file_read_whole(path, 1 << 22, out, &trunk_err));
}

static void test_every_word(void **state)
{
	static const uint64_t flips[] = { 1, (uint64_t)1 << 11, (uint64_t)1 << 63 };
	auto_buf good = BUF_INIT;
	struct answers a;
	size_t at, i, words = 0;
	uint64_t word, bad;

	(void)state;
	make_store(&a);
	load_index(&good);
	for (at = HEAD_LEN; at < good.len; at += 8) {
		memcpy(&word, good.data + at, 8);
		if (!word && at % 1000)
			continue;
		words++;
		for (i = 0; i < 4; i++) {
			bad = i < 3 ? word ^ flips[i] : 0;
			memcpy(good.data + at, &bad, 8);
			ask(&good, &a, (words + i) % 2, true);
		}
		memcpy(good.data + at, &word, 8);
	}
	assert_true(words > 4 * COMMITS);
}

static void test_lost_stretches(void **state)
{
	auto_buf good = BUF_INIT;
	auto_buf bad = BUF_INIT;
	struct answers a;
	size_t at, i;

	(void)state;
	make_store(&a);
	load_index(&good);
	for (at = HEAD_LEN; at < good.len; at += 1024) {
		for (i = 0; i < 2; i++) {
			size_t len = i ? good.len - at : 1024 < good.len - at ? 1024 : good.len - at;

			buf_clear(&bad);
			buf_add(&bad, good.data, good.len);
			memset(bad.data + at, 0, len);
			ask_all(&bad, &a);
		}
	}
}

/* The sums are of use only while what is believed is really read. */
static void test_good_one_is_kept(void **state)
{
	struct file_info before, after;
	auto_buf good = BUF_INIT;
	struct answers a;
	char path[128];

	(void)state;
	make_store(&a);
	load_index(&good);
	index_path(path);
	trunk_must(file_look(path, &before, &trunk_err));
	ask_all(&good, &a);
	trunk_must(file_look(path, &after, &trunk_err));
	assert_true(before.inode == after.inode);
	good.data[good.len - 1] ^= 1;
	ask_all(&good, &a);
	trunk_must(file_look(path, &after, &trunk_err));
	assert_false(before.inode == after.inode);
}

/* What is found while writing goes into the journal for ever. */
static void test_writer_over_damage(void **state)
{
	auto_buf good = BUF_INIT;
	struct answers a;
	struct tip tip;
	struct odb *odb;
	uint64_t word;
	size_t at, i, done = 0;

	(void)state;
	make_store(&a);
	load_index(&good);
	odb = trunk_open();
	trunk_start(&tip);
	tip.commit = trunk_tip(odb);
	tip.tree = (struct tree_root){ tip.commit->tree.id, tip.commit->tree.loc };
	/* From the end, where the refs are; soon there is a larger one. */
	for (at = good.len - 8; at >= HEAD_LEN && index_len(odb_index(odb)) == good.len; at -= 8) {
		struct index_head *h = index_head(odb_index(odb));

		memcpy(&word, (char *)h + at, 8);
		if (!word)
			continue;
		memset((char *)h + at, 0, 8);
		trunk_write(odb, &tip, 1);
		done++;
	}
	assert_true(done > 100 && at < good.len - 32 * 1024);
	commit_unref(tip.commit);
	odb_close(odb);
	assert_int_equal(trunk_check(), COMMITS + done);
	for (i = 0; i < 2; i++) {
		struct ref_log_entry e;
		uint64_t loc;
		size_t n = 0;

		odb = trunk_open();
		assert_int_equal(odb_ref_log_head(odb, i ? "refs/heads/main" : NULL, &loc, &trunk_err), 1);
		for (; loc != LOC_UNKNOWN; n++) {
			trunk_must(odb_ref_log_read(odb, loc, &e, &trunk_err));
			loc = i ? e.updates[0].previous_loc : e.previous_loc;
			ref_log_release(&e);
		}
		assert_int_equal(n, COMMITS + done + (i ? 0 : BRANCHES + 1));
		odb_close(odb);
	}
}

/* Numbers that others wrong while the store is open: nothing is written over, no ref is lost. */
static void test_head_while_open(void **state)
{
	size_t at, bit, done = 0;
	struct answers a;
	struct tip tip;
	struct odb *odb;

	(void)state;
	make_store(&a);
	odb = trunk_open();
	trunk_start(&tip);
	tip.commit = trunk_tip(odb);
	tip.tree = (struct tree_root){ tip.commit->tree.id, tip.commit->tree.loc };
	for (at = 0; at < sizeof(struct index_head); at++) {
		for (bit = at % 2; bit < 8; bit += 2) {
			struct commit *c;

			((unsigned char *)index_head(odb_index(odb)))[at] ^= (unsigned char)(1 << bit);
			trunk_write(odb, &tip, 1);
			c = trunk_tip(odb);
			assert_true(c && oid_equal(&c->id, &tip.commit->id));
			commit_unref(c);
			done++;
		}
	}
	/* And where the journal is closed for a failed sync. */
	for (at = 0; at < 3; at++, done++) {
		struct index_head *h = index_head(odb_index(odb));

		atomic_store(at == 1 ? &h->synced : &h->visible, at ? (uint64_t)1 << 43 : 0);
		atomic_store(&h->failed, 1);
		trunk_write(odb, &tip, 1);
	}
	commit_unref(tip.commit);
	check_branches(odb, &a);
	odb_close(odb);
	assert_int_equal(trunk_check(), COMMITS + done);
}

/* Counted too low it is not made larger in time; what it has no place for must be found all the same. */
static void test_full_table(void **state)
{
	enum object_kind kind;
	struct odb *odb = trunk_open();
	struct oid first;
	struct tip tip;
	uint64_t loc;
	size_t i;

	(void)state;
	trunk_start(&tip);
	for (i = 0; i < 1200; i++) {
		atomic_store(&index_head(odb_index(odb))->main_count, 0);
		trunk_write(odb, &tip, 1);
		if (!i)
			first = tip.commit->id;
		assert_int_equal(odb_find(odb, &tip.commit->id, &kind, &loc, &trunk_err), 1);
		assert_int_equal(odb_find(odb, &first, &kind, &loc, &trunk_err), 1);
	}
	commit_unref(tip.commit);
	odb_close(odb);
	assert_int_equal(trunk_check(), 1200);
}

/* Locations are names for ever: what is stored a second time is found where it was first. */
static void test_first_place_stays(void **state)
{
	const struct journal_identity identity = { .number = 1 };
	const struct oid id = { { 1, 2, 3 } };
	struct store_index *index, *grown;
	enum object_kind kind;
	size_t position = 0;
	uint64_t loc;

	(void)state;
	trunk_must(index_create(NULL, &identity, 16, 4, &index, &trunk_err));
	index_add_object(index, &id, OBJECT_BLOB, loc_make(1, 4096, 0));
	index_add_object(index, &id, OBJECT_BLOB, loc_make(1, 8192, 3));
	trunk_must(index_grow(index, &identity, 100, 4, &grown, &trunk_err));
	index_add_object(grown, &id, OBJECT_BLOB, loc_make(2, 4096, 0));
	assert_true(index_find_object(grown, &id, &position, &loc, &kind));
	assert_int_equal(loc, loc_make(1, 4096, 0));
	assert_false(index_find_object(grown, &id, &position, &loc, &kind));
	index_close(grown);
	index_close(index);
}

/* Of an index that a process was making when it died nothing stays; what else stands in that folder is left alone. */
static void test_unfinished_is_removed(void **state)
{
	const char *const names[] = { "index0123456789ab", "index-kept", "other0123456789ab" };
	struct odb *odb = trunk_open();
	auto_buf path = BUF_INIT;
	struct file_info info;
	struct tip tip;
	size_t i;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 1500);
	commit_unref(tip.commit);
	odb_close(odb);
	for (i = 0; i < 3; i++) {
		buf_clear(&path);
		buf_addf(&path, "%s/cache/%s", trunk_dir, names[i]);
		trunk_must(file_replace(path.data, "x", 1, &trunk_err));
	}
	buf_clear(&path);
	buf_addf(&path, "%s/cache/index", trunk_dir);
	trunk_must(file_unlink(path.data, &trunk_err));
	assert_int_equal(trunk_check(), 1500);
	for (i = 0; i < 3; i++) {
		buf_clear(&path);
		buf_addf(&path, "%s/cache/%s", trunk_dir, names[i]);
		trunk_must(file_look(path.data, &info, &trunk_err));
		assert_int_equal(info.kind == FILE_REGULAR, i > 0);
	}
}

/* Where its file cannot grow, all is read without one; who writes is told, and nothing half made stays. */
static void test_no_room_for_it(void **state)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY }, some = { 40000, RLIM_INFINITY };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct odb *odb = trunk_open();
	auto_buf path = BUF_INIT;
	struct file_names names;
	struct tip tip;
	int locked;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 1500);
	commit_unref(tip.commit);
	odb_close(odb);
	buf_addf(&path, "%s/cache/index", trunk_dir);
	trunk_must(file_unlink(path.data, &trunk_err));
	sigaction(SIGXFSZ, &ignore, NULL);
	setrlimit(RLIMIT_FSIZE, &some);
	assert_int_equal(trunk_check(), 1500);
	odb = trunk_open();
	locked = odb_lock(odb, &trunk_err);
	setrlimit(RLIMIT_FSIZE, &all);
	assert_int_equal(locked, -1);
	assert_non_null(strstr(trunk_err.message, "index"));
	odb_close(odb);
	buf_truncate(&path, path.len - strlen("/index"));
	trunk_must(file_list(path.data, 100, &names, &trunk_err));
	assert_int_equal(names.count, 0);
	file_names_release(&names);
	assert_int_equal(trunk_check(), 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_word, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_lost_stretches, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_good_one_is_kept, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_writer_over_damage, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_head_while_open, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_full_table, trunk_make, trunk_remove),
		cmocka_unit_test(test_first_place_stays),
		cmocka_unit_test_setup_teardown(test_unfinished_is_removed, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_no_room_for_it, trunk_make, trunk_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
