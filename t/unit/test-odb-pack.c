/* A store whose older journals are in a pack, made by hand: nothing that is asked is answered otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "objects/odb_files.h"
#include "t/unit/packer.h"
#include "t/unit/trunk.h"

#define COMMITS 300

static void in_store(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", trunk_dir, name);
}

static void check_paths(struct odb *odb, int64_t last, uint64_t gone)
{
	struct change_list list;
	struct path path = { "c", 1, NULL, 0 };
	uint64_t loc, marker;
	char key[16];
	int64_t n, k;

	for (k = 1; k < 50; k += 7) {
		path.key_len = (size_t)snprintf(key, sizeof(key), "k%d", (int)k);
		path.key = key;
		n = last - last % 50 + k;
		n = n > last ? n - 50 : n;
		trunk_must(odb_change_head(odb, &path, &loc, &marker, &trunk_err));
		for (; loc != LOC_UNKNOWN; n -= 50) {
			struct commit *c;

			if (loc == gone) {
				assert_int_equal(odb_commit(odb, NULL, loc, &c, &trunk_err), -1);
				assert_int_equal(trunk_err.code, DRIFT_ERR_NOT_FOUND);
				n += 50;
			} else {
				trunk_must(odb_commit(odb, NULL, loc, &c, &trunk_err));
				assert_int_equal(c->seq, n);
				commit_unref(c);
			}
			assert_int_equal(odb_change_list(odb, loc, &list, &trunk_err), 1);
			loc = list.changes[0].previous_loc;
			change_list_release(&list);
		}
		assert_int_equal(n, k - 50);
	}
}

struct count_ids {
	size_t objects, roots;
	struct odb *odb;
};

/* What is found by its id is the same object. */
static int check_id(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct count_ids *c = data;
	enum object_kind found;
	auto_buf bytes = BUF_INIT;
	struct oid hash;

	(void)loc;
	c->objects++;
	if (c->objects % 10 && kind == OBJECT_TREE)
		return 0;
	assert_int_equal(odb_read(c->odb, id, &found, &bytes, err), 1);
	assert_int_equal(found, kind);
	object_hash(kind, bytes.data, bytes.len, &hash);
	assert_true(oid_equal(&hash, id));
	return 0;
}

static int count_prefix(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	(void)id, (void)kind, (void)loc, (void)err;
	++*(size_t *)data;
	return 0;
}

static size_t count_log(struct odb *odb)
{
	struct ref_log_entry e;
	size_t count = 0;
	uint64_t loc;
	int r = odb_ref_log_head(odb, "refs/heads/main", &loc, &trunk_err);

	trunk_must(r);
	while (r > 0 && loc != LOC_UNKNOWN) {
		trunk_must(odb_ref_log_read(odb, loc, &e, &trunk_err));
		assert_int_equal(e.update_count, 1);
		assert_true(e.reason.len > 7 && !strncmp(e.reason.data, "commit", 6));
		loc = e.updates[0].previous_loc;
		ref_log_release(&e);
		count++;
	}
	return count;
}

/* Counted again and again: nothing that is asked changes. */
struct answers {
	size_t objects, log, prefix;
	struct oid tip;
};

static void ask(struct odb *odb, int64_t commits, uint64_t gone, struct answers *out)
{
	struct count_ids ids = { .odb = odb };
	struct commit *tip = trunk_tip(odb);
	char hex[OID_HEX_LEN + 1];
	struct odb_stats stats;
	enum object_kind kind;
	uint64_t loc;
	int d;

	assert_int_equal(tip->seq, commits);
	check_paths(odb, commits, gone);
	*out = (struct answers){ .tip = tip->id, .log = count_log(odb) };
	trunk_must(odb_each_object(odb, check_id, &ids, &trunk_err));
	out->objects = ids.objects;
	for (d = 0; d < 256; d++) {
		snprintf(hex, sizeof(hex), "%02x", (unsigned)d);
		trunk_must(odb_find_prefix(odb, hex, 2, count_prefix, &out->prefix, &trunk_err));
	}
	oid_to_hex(&tip->id, hex);
	d = 0;
	trunk_must(odb_find_prefix(odb, hex, 20, count_prefix, &loc, &trunk_err));
	assert_int_equal(odb_find(odb, &tip->tree.id, &kind, &loc, &trunk_err), 1);
	assert_int_equal(kind, OBJECT_TREE);
	trunk_must(odb_stats(odb, true, &stats, &trunk_err));
	assert_int_equal(stats.object_count[OBJECT_BLOB] + stats.object_count[OBJECT_TREE] +
				 stats.object_count[OBJECT_COMMIT] + stats.object_count[OBJECT_TAG],
			 out->objects);
	commit_unref(tip);
}

static void same(const struct answers *a, const struct answers *b)
{
	assert_int_equal(a->objects, b->objects);
	assert_int_equal(a->log, b->log);
	assert_int_equal(a->prefix, b->prefix);
	assert_true(oid_equal(&a->tip, &b->tip));
}

static struct odb *open_small(void)
{
	struct odb_options small = { .journal_len = 8192 };
	struct odb *odb;

	trunk_must(odb_open(trunk_dir, &small, &odb, &trunk_err));
	return odb;
}

static void add_blobs(struct odb *odb, unsigned from, unsigned to, bool check)
{
	struct odb_append append = { .updates = NULL };
	char data[4000];
	struct object_ref ref;
	uint64_t ticket;

	trunk_must(odb_batch_new(odb, &append.batch, &trunk_err));
	for (; from < to; from++) {
		memset(data, 'a' + (int)(from % 26), sizeof(data));
		snprintf(data, sizeof(data), "blob %u", from);
		trunk_must(odb_batch_blob(append.batch, data, sizeof(data), LOC_UNKNOWN, &ref, &trunk_err));
		/* It is here already. */
		if (check)
			assert_true(loc_file(ref.loc) != LOC_PENDING);
	}
	trunk_must(odb_lock(odb, &trunk_err));
	trunk_must(odb_append(odb, &append, &ticket, &trunk_err));
	odb_unlock(odb);
	trunk_must(odb_sync(odb, ticket, &trunk_err));
	odb_batch_free(append.batch);
}

static void test_answers_stay(void **state)
{
	struct odb_options look = { .read_only = true, .no_cache = true };
	struct odb *odb = open_small(), *other, *reader, *fresh;
	struct answers before, after;
	char index[128];
	struct tip tip;
	uint64_t mark;

	(void)state;
	in_store("cache/index", index);
	trunk_start(&tip);
	trunk_write(odb, &tip, 100);
	add_blobs(odb, 0, 20, false);
	trunk_write(odb, &tip, COMMITS - 100);
	ask(odb, COMMITS, LOC_UNKNOWN, &before);
	other = open_small();
	trunk_must(odb_open(trunk_dir, &look, &reader, &trunk_err));
	mark = odb_packs_mark(other);
	pack_sealed(odb, LOC_UNKNOWN);
	trunk_must(odb_lock(other, &trunk_err));
	assert_true(odb_packs_mark(other) != mark && odb_packs_mark(other) == odb_packs_mark(odb));
	odb_unlock(other);
	ask(odb, COMMITS, LOC_UNKNOWN, &after);
	same(&before, &after);
	/* Others had the journals open. */
	ask(other, COMMITS, LOC_UNKNOWN, &after);
	same(&before, &after);
	ask(reader, COMMITS, LOC_UNKNOWN, &after);
	same(&before, &after);
	fresh = open_small();
	ask(fresh, COMMITS, LOC_UNKNOWN, &after);
	same(&before, &after);
	odb_close(fresh);
	trunk_must(file_unlink(index, &trunk_err));
	fresh = open_small();
	ask(fresh, COMMITS, LOC_UNKNOWN, &after);
	same(&before, &after);
	add_blobs(fresh, 0, 20, true);
	odb_close(fresh);
	assert_int_equal(trunk_check(), COMMITS);
	/* Who comes later builds on what is packed. */
	trunk_write(other, &tip, COMMITS);
	ask(other, 2 * COMMITS, LOC_UNKNOWN, &before);
	assert_int_equal(trunk_check(), 2 * COMMITS);
	pack_sealed(other, LOC_UNKNOWN);
	ask(other, 2 * COMMITS, LOC_UNKNOWN, &after);
	same(&before, &after);
	ask(odb, 2 * COMMITS, LOC_UNKNOWN, &after);
	same(&before, &after);
	ask(reader, 2 * COMMITS, LOC_UNKNOWN, &after);
	same(&before, &after);
	trunk_write(odb, &tip, 10);
	commit_unref(tip.commit);
	odb_close(odb);
	odb_close(other);
	odb_close(reader);
	trunk_must(file_unlink(index, &trunk_err));
	assert_int_equal(trunk_check(), 2 * COMMITS + 10);
}

static void test_what_was_removed(void **state)
{
	struct odb *odb = open_small();
	struct tip tip, side;
	struct commit *c;
	uint64_t gone;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 60);
	/* A commit that main was taken away from. */
	side = (struct tip){ commit_ref(tip.commit), tip.tree };
	trunk_append(odb, &side, "k15", "gone", true);
	gone = side.commit->loc;
	commit_unref(side.commit);
	trunk_write(odb, &tip, 100);
	pack_sealed(odb, gone);
	odb_close(odb);
	odb = open_small();
	assert_int_equal(odb_commit(odb, NULL, gone, &c, &trunk_err), -1);
	assert_int_equal(trunk_err.code, DRIFT_ERR_NOT_FOUND);
	assert_non_null(strstr(trunk_err.message, "removed by gc"));
	check_paths(odb, 160, gone);
	assert_int_equal(count_log(odb), 161);
	commit_unref(tip.commit);
	odb_close(odb);
	assert_int_equal(trunk_check(), 160);
}

static void test_leftovers(void **state)
{
	struct odb *odb = open_small();
	char path[128];
	struct tip tip;
	struct odb_leftovers leftovers;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 60);
	pack_sealed(odb, LOC_UNKNOWN);
	in_store("pack/tmp-1", path);
	trunk_must(file_replace(path, "x", 1, &trunk_err));
	in_store("pack/pack-00.pack", path);
	trunk_must(file_replace(path, "x", 1, &trunk_err));
	in_store("journal-000001", path);
	trunk_must(file_replace(path, "x", 1, &trunk_err));
	in_store("journal-000099", path);
	trunk_must(file_replace(path, "x", 1, &trunk_err));
	trunk_must(odb_remove_leftovers(odb, &leftovers, &trunk_err));
	assert_int_equal(leftovers.removed, 3);
	trunk_must(odb_remove_leftovers(odb, &leftovers, &trunk_err));
	assert_int_equal(leftovers.removed, 0);
	commit_unref(tip.commit);
	odb_close(odb);
	assert_int_equal(trunk_check(), 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers_stay, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_what_was_removed, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_leftovers, trunk_make, trunk_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
