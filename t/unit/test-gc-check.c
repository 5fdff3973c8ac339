/* The last look of gc: what a ref, a tree or the log of refs needs is missed before it is too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "repo/gc.h"
#include "repo/gc_check.h"
#include "repo/repo.h"
#include "t/unit/packer.h"
#include "t/unit/trunk.h"

#define COMMITS 40

/* Make a pack without the commit at `drop`, and look at it: 0, or -1 with trunk_err. */
static int look(struct odb *odb, uint64_t drop, int64_t reflog_since_usec)
{
	struct gc_check *check;
	struct gc_source source;
	struct pack_name name;
	struct odb_leftovers leftovers;
	int r;

	assert_int_equal(odb_gc_lock(odb, false, &trunk_err), 0);
	trunk_must(gc_source_init(&source, odb, &trunk_err));
	pack_make(odb, drop, &name);
	trunk_must(gc_source_take(&source, name.first, name.last, &trunk_err));
	trunk_must(gc_check_new(&source, &name, reflog_since_usec, &check, &trunk_err));
	r = gc_check_all(check, &trunk_err);
	if (!r)
		r = gc_check_since(check, &trunk_err);
	gc_check_free(check);
	gc_source_release(&source);
	trunk_must(odb_remove_leftovers(odb, &leftovers, &trunk_err));
	odb_gc_unlock(odb);
	return r;
}

static struct odb *sealed(struct tip *tip)
{
	struct odb *odb = trunk_open();

	trunk_start(tip);
	trunk_write(odb, tip, COMMITS);
	trunk_must(odb_lock(odb, &trunk_err));
	assert_int_equal(odb_seal(odb, &trunk_err), 1);
	odb_unlock(odb);
	return odb;
}

static void test_all_there(void **state)
{
	struct tip tip;
	struct odb *odb = sealed(&tip);

	(void)state;
	trunk_must(look(odb, LOC_UNKNOWN, 0));
	commit_unref(tip.commit);
	odb_close(odb);
}

static void test_head_is_missed(void **state)
{
	struct tip tip;
	struct odb *odb = sealed(&tip);

	(void)state;
	assert_int_equal(look(odb, tip.commit->loc, INT64_MAX), -1);
	assert_int_equal(trunk_err.code, DRIFT_ERR_CORRUPT);
	assert_non_null(strstr(trunk_err.message, "refs/heads/main"));
	assert_int_equal(trunk_check(), COMMITS);
	commit_unref(tip.commit);
	odb_close(odb);
}

/* The parent is what the log says the ref had: needed only while that is young. */
static void test_log_is_missed(void **state)
{
	struct tip tip;
	struct odb *odb = sealed(&tip);

	(void)state;
	assert_int_equal(look(odb, tip.commit->parents[0].loc, 0), -1);
	assert_int_equal(trunk_err.code, DRIFT_ERR_CORRUPT);
	trunk_must(look(odb, tip.commit->parents[0].loc, INT64_MAX));
	commit_unref(tip.commit);
	odb_close(odb);
}

/* A ref to what is nowhere: gc tells of it, and everything stays as it is. */
static void test_nothing_is_replaced(void **state)
{
	struct ref_value value = { .kind = REF_OBJECT, .object = { { { 7 } }, LOC_UNKNOWN } };
	struct odb_ref_update update = { "refs/heads/nowhere", &value };
	struct odb_append append = { .updates = &update, .update_count = 1, .actor = "t", .reason = "t" };
	struct gc_options options = { .prune_before_usec = INT64_MAX };
	auto_buf before = BUF_INIT, after = BUF_INIT, path = BUF_INIT;
	struct file_names names;
	struct gc_result result;
	struct repo *repo;
	uint64_t ticket;
	struct tip tip;
	struct odb *odb = sealed(&tip);

	(void)state;
	trunk_must(odb_lock(odb, &trunk_err));
	trunk_must(odb_append(odb, &append, &ticket, &trunk_err));
	assert_int_equal(odb_seal(odb, &trunk_err), 1);
	odb_unlock(odb);
	commit_unref(tip.commit);
	odb_close(odb);
	file_join(&path, trunk_dir, "config");
	trunk_must(file_replace(path.data, "", 0, &trunk_err));
	buf_clear(&path);
	file_join(&path, trunk_dir, "current");
	trunk_must(file_read_whole(path.data, 4096, &before, &trunk_err));
	trunk_must(repo_open(trunk_dir, &(struct repo_options){ .exact = true }, &repo, &trunk_err));
	for (unsigned i = 0; i < 3; i++) {
		options.automatic = i == 1;
		options.keep = i == 2;
		assert_int_equal(gc_run(repo, &options, &result, &trunk_err), -1);
		assert_int_equal(trunk_err.code, DRIFT_ERR_CORRUPT);
		assert_non_null(strstr(trunk_err.message, "refs/heads/nowhere"));
	}
	repo_close(repo);
	trunk_must(file_read_whole(path.data, 4096, &after, &trunk_err));
	assert_true(after.len == before.len && !memcmp(after.data, before.data, after.len));
	buf_clear(&path);
	file_join(&path, trunk_dir, "pack");
	trunk_must(file_list(path.data, 16, &names, &trunk_err));
	assert_int_equal(names.count, 0);
	file_names_release(&names);
	assert_int_equal(trunk_check(), COMMITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_there, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_head_is_missed, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_log_is_missed, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_nothing_is_replaced, trunk_make, trunk_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
