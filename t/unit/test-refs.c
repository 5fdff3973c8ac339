/* Names for commits: resolving, expanding, transactions. Creating and opening the repository that holds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "t/unit/desk.h"

static struct ref_change set_to(const char *name, const struct oid *id)
{
	struct ref_change change = { .name = name, .value = { .kind = REF_OBJECT, .object = { .id = *id } } };

	return change;
}

static struct ref_change point_to(const char *name, const char *target)
{
	struct ref_change change = { .name = name, .value = { .kind = REF_SYMBOLIC } };

	memcpy(change.value.target, target, strlen(target) + 1);
	return change;
}

static int apply(struct desk *d, const struct ref_change *changes, size_t count)
{
	struct ref_transaction t = { .changes = changes, .change_count = count, .actor = "tester", .reason = "test" };

	return refs_apply(d->odb, &t, &d->err);
}

static void assert_at(struct desk *d, const char *name, const struct oid *id)
{
	struct ref_value value;

	desk_must(d, odb_ref_read(d->odb, name, false, &value, &d->err));
	assert_int_equal(value.kind, id ? REF_OBJECT : REF_ABSENT);
	if (id)
		assert_true(oid_equal(&value.object.id, id));
}

static void head_is_symbolic(void **state)
{
	struct desk *d = *state;
	struct ref_resolved at;
	struct commit *c = NULL;

	desk_must(d, refs_resolve(d->odb, REF_HEAD, false, &at, &d->err));
	assert_string_equal(at.name, "refs/heads/main");
	assert_false(at.exists);
	assert_int_equal(refs_commit(d->odb, REF_HEAD, false, &c, &d->err), 0);
	assert_null(c);
	desk_commit_put(d, "a/1", "x");
	assert_int_equal(refs_commit(d->odb, REF_HEAD, false, &c, &d->err), 1);
	commit_unref(c);
}

static void symbolic_chains_end(void **state)
{
	struct desk *d = *state;
	struct ref_change changes[] = { point_to("refs/heads/a", "refs/heads/b"),
					point_to("refs/heads/b", "refs/heads/a"), point_to("refs/x/1", "refs/x/2"),
					point_to("refs/x/2", "refs/heads/main") };
	struct ref_resolved at;

	desk_must(d, apply(d, changes, ARRAY_SIZE(changes)));
	desk_refused(d, refs_resolve(d->odb, "refs/heads/a", false, &at, &d->err), DRIFT_ERR_INVALID, "refs/heads/a");
	desk_must(d, refs_resolve(d->odb, "refs/x/1", false, &at, &d->err));
	assert_string_equal(at.name, "refs/heads/main");
}

static void transactions_are_all_or_nothing(void **state)
{
	struct desk *d = *state;
	struct oid a = desk_commit_put(d, "a/1", "a").id, b = desk_commit_put(d, "a/1", "b").id;
	struct ref_change changes[] = { set_to("refs/heads/x", &a), set_to("refs/heads/y", &b) };

	changes[0].expect = changes[1].expect = REF_EXPECT_ABSENT;
	desk_must(d, apply(d, changes, 2));
	assert_at(d, "refs/heads/x", &a);
	assert_at(d, "refs/heads/y", &b);
	desk_refused(d, apply(d, changes, 2), DRIFT_ERR_CLASH, "refs/heads/x");
	changes[0] = set_to("refs/heads/x", &b);
	changes[1].expect = REF_EXPECT_OBJECT;
	changes[1].old = a;
	desk_refused(d, apply(d, changes, 2), DRIFT_ERR_CLASH, "'refs/heads/y' is at ");
	assert_at(d, "refs/heads/x", &a);
	changes[1].old = b;
	changes[1].check_only = true;
	desk_must(d, apply(d, changes, 2));
	assert_at(d, "refs/heads/x", &b);
	changes[1].check_only = false;
	changes[1].value.kind = REF_ABSENT;
	desk_must(d, apply(d, changes, 2));
	assert_at(d, "refs/heads/y", NULL);
	desk_reopen(d);
	assert_at(d, "refs/heads/x", &b);
	assert_at(d, "refs/heads/y", NULL);
}

static void a_snapshot_has_what_was_there(void **state)
{
	struct desk *d = *state;
	struct oid a = desk_commit_put(d, "a/1", "a").id, b = desk_commit_put(d, "a/1", "b").id;
	struct ref_change set[] = { set_to("refs/heads/x", &a), set_to("refs/heads/y", &a), set_to("refs/tags/z", &b) };
	struct ref_change move[] = { set_to("refs/heads/x", &b), set_to("refs/heads/y", &a) };
	struct ref_snapshot s;

	desk_must(d, apply(d, set, ARRAY_SIZE(set)));
	move[1].value.kind = REF_ABSENT;
	desk_must(d, apply(d, move, ARRAY_SIZE(move)));
	desk_must(d, ref_snapshot_take(d->odb, "refs/", &s, &d->err));
	assert_int_equal(s.count, 3);
	assert_true(oid_equal(&ref_snapshot_find(&s, "refs/heads/x")->object.id, &b));
	assert_true(oid_equal(&ref_snapshot_find(&s, "refs/tags/z")->object.id, &b));
	assert_null(ref_snapshot_find(&s, "refs/heads/y"));
	assert_null(ref_snapshot_find(&s, "refs/heads"));
	ref_snapshot_release(&s);
	assert_null(ref_snapshot_find(&s, "refs/heads/x"));
}

static void bad_changes_are_refused(void **state)
{
	struct desk *d = *state;
	struct oid a = desk_commit_put(d, "a/1", "a").id, unknown = { { 1 } };
	struct tree_root tree = desk_head_tree(d);
	struct ref_change change, twice[] = { set_to("refs/heads/x", &a), set_to("refs/heads/x", &a) };

	change = set_to("refs/heads/a..b", &a);
	desk_refused(d, apply(d, &change, 1), DRIFT_ERR_INVALID, NULL);
	change = set_to("main", &a);
	desk_refused(d, apply(d, &change, 1), DRIFT_ERR_INVALID, NULL);
	change = set_to("refs/heads/x", &unknown);
	desk_refused(d, apply(d, &change, 1), DRIFT_ERR_NOT_FOUND, "no such object");
	change = set_to("refs/heads/x", &tree.id);
	desk_refused(d, apply(d, &change, 1), DRIFT_ERR_INVALID, "tree");
	change = point_to("HEAD", "elsewhere");
	desk_refused(d, apply(d, &change, 1), DRIFT_ERR_INVALID, "refs/");
	desk_refused(d, apply(d, twice, 2), DRIFT_ERR_INVALID, "twice");
	assert_at(d, "refs/heads/x", NULL);
}

static void names_do_not_nest(void **state)
{
	struct desk *d = *state;
	struct oid a = desk_commit_put(d, "a/1", "a").id;
	struct ref_change deep = set_to("refs/heads/t/a/b", &a), high = set_to("refs/heads/t", &a);
	struct ref_change near = set_to("refs/heads/t-a", &a), both[2];

	desk_must(d, apply(d, &deep, 1));
	desk_must(d, apply(d, &near, 1));
	desk_refused(d, apply(d, &high, 1), DRIFT_ERR_EXISTS, "'refs/heads/t/a/b' exists");
	both[0] = high;
	both[1] = deep;
	both[1].value.kind = REF_ABSENT;
	desk_must(d, apply(d, both, 2));
	desk_refused(d, apply(d, &deep, 1), DRIFT_ERR_EXISTS, "'refs/heads/t' exists");
	both[0] = set_to("refs/heads/u/x", &a);
	both[1] = set_to("refs/heads/u", &a);
	desk_refused(d, apply(d, both, 2), DRIFT_ERR_EXISTS, "refs/heads/u");
}

static int apply_unwaited(struct desk *d, const struct ref_change *change)
{
	struct ref_transaction t = { .changes = change, .change_count = 1, .actor = "tester", .reason = "test" };
	uint64_t ticket;
	int r;

	desk_must(d, odb_lock(d->odb, &d->err));
	r = refs_apply_locked(d->odb, &t, &ticket, &d->err);
	odb_unlock(d->odb);
	return r;
}

/* Nor where readers do not see yet what has the lower name. */
static void names_do_not_nest_before_they_are_durable(void **state)
{
	struct desk *d = *state;
	struct oid a = desk_commit_put(d, "a/1", "a").id;
	struct ref_change deep = set_to("refs/heads/t/a", &a), high = set_to("refs/heads/t", &a);

	desk_must(d, apply_unwaited(d, &deep));
	assert_at(d, "refs/heads/t/a", NULL);
	desk_refused(d, apply_unwaited(d, &high), DRIFT_ERR_EXISTS, "'refs/heads/t/a' exists");
}

static int count_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	size_t *count = data;

	(void)err;
	assert_non_null(name);
	*count += value->kind == REF_OBJECT;
	return 0;
}

#define MANY 6000

/* As many again beside so many: no work that grows with the square of them. */
static void many_at_once(void **state)
{
	static struct ref_change changes[MANY];
	static char names[MANY][32];
	struct desk *d = *state;
	struct oid a = desk_commit_put(d, "a/1", "a").id;
	size_t round, i, count = 0;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < MANY; i++) {
			snprintf(names[i], sizeof(names[i]), "refs/tags/%c/%zu", round ? 'b' : 'a', i);
			changes[i] = set_to(names[i], &a);
		}
		desk_must(d, apply(d, changes, MANY));
	}
	desk_must(d, odb_ref_each(d->odb, "refs/tags/", count_ref, &count, &d->err));
	assert_int_equal(count, 2 * MANY);
	changes[0] = set_to("refs/tags/b", &a);
	desk_refused(d, apply(d, changes, 1), DRIFT_ERR_EXISTS, "'refs/tags/b/0' exists");
}

static void assert_expands(struct desk *d, const char *shorthand, const char *expected)
{
	char name[REF_NAME_MAX + 1];
	int found = refs_expand(d->odb, shorthand, strlen(shorthand), name, &d->err);

	desk_must(d, found);
	assert_int_equal(found, expected != NULL);
	if (expected)
		assert_string_equal(name, expected);
}

static void short_names(void **state)
{
	struct desk *d = *state;
	struct oid a = desk_commit_put(d, "a/1", "a").id;
	struct ref_change changes[] = { set_to("refs/tags/v1", &a), set_to("refs/remotes/origin/dev", &a),
					set_to("refs/heads/both", &a), set_to("refs/tags/both", &a) };
	char name[REF_NAME_MAX + 1];

	desk_must(d, apply(d, changes, ARRAY_SIZE(changes)));
	assert_expands(d, "main", "refs/heads/main");
	assert_expands(d, "heads/main", "refs/heads/main");
	assert_expands(d, "refs/heads/main", "refs/heads/main");
	assert_expands(d, "v1", "refs/tags/v1");
	assert_expands(d, "origin/dev", "refs/remotes/origin/dev");
	assert_expands(d, "HEAD", "HEAD");
	assert_expands(d, "STAGE", NULL);
	assert_expands(d, "nothing", NULL);
	desk_refused(d, refs_expand(d->odb, "both", 4, name, &d->err), DRIFT_ERR_AMBIGUOUS, "refs/heads/both");
}

static void tags_lead_to_commits(void **state)
{
	struct desk *d = *state;
	struct oid a = desk_commit_put(d, "a/1", "a").id;
	struct ref_change changes[] = { set_to("refs/tags/v1", &a), set_to("refs/heads/bad", &a) };
	struct ref_transaction t = { .changes = changes, .change_count = 1, .actor = "tester", .reason = "test" };
	struct tag tag = { .target = a, .target_kind = OBJECT_COMMIT, .name = { "v1", 2 } }, *made, *outer;
	struct object_ref inner;
	struct commit *c;

	desk_must(d, odb_batch_new(d->odb, &t.batch, &d->err));
	desk_must(d, tag_new(&tag, &made, &d->err));
	desk_must(d, odb_batch_tag(t.batch, made, &inner, &d->err));
	tag.target = inner.id;
	tag.target_kind = OBJECT_TAG;
	desk_must(d, tag_new(&tag, &outer, &d->err));
	desk_must(d, odb_batch_tag(t.batch, outer, &changes[0].value.object, &d->err));
	desk_must(d, refs_apply(d->odb, &t, &d->err));
	odb_batch_free(t.batch);
	assert_int_equal(refs_commit(d->odb, "refs/tags/v1", false, &c, &d->err), 1);
	assert_true(oid_equal(&c->id, &a));
	commit_unref(c);
	changes[1].value.object.id = outer->id;
	desk_refused(d, apply(d, &changes[1], 1), DRIFT_ERR_INVALID, "tag");
	tag_free(made);
	tag_free(outer);
}

/* --- the repository itself --- */

static void init_twice(void **state)
{
	struct desk *d = *state;
	struct repo_options options = { .no_sync = true };

	desk_refused(d, repo_init(d->dir, &options, &d->err), DRIFT_ERR_EXISTS, "already");
}

static void path_in(struct desk *d, struct buf *out, const char *name)
{
	buf_clear(out);
	file_join(out, d->dir, name);
	desk_must(d, buf_check(out, &d->err));
}

static void init_elsewhere(void **state)
{
	struct desk *d = *state;
	struct repo_options options = { .no_sync = true, .bare = true, .default_branch = "trunk" };
	auto_buf path = BUF_INIT;
	struct ref_resolved at;
	struct repo *repo;

	path_in(d, &path, "deep/er/x.drift");
	desk_must(d, repo_init(path.data, &options, &d->err));
	desk_must(d, repo_open(path.data, &options, &repo, &d->err));
	desk_must(d, refs_resolve(repo_odb(repo), REF_HEAD, false, &at, &d->err));
	assert_string_equal(at.name, "refs/heads/trunk");
	assert_string_equal(repo_dir(repo), path.data);
	repo_close(repo);
	path_in(d, &path, "deep/er");
	desk_must(d, repo_open(path.data, &options, &repo, &d->err));
	assert_memory_equal(repo_dir(repo), d->dir, strlen(d->dir));
	repo_close(repo);
	desk_refused(d, repo_init(path.data, &options, &d->err), DRIFT_ERR_EXISTS, "not empty");
	options.default_branch = "-x";
	path_in(d, &path, "other");
	desk_refused(d, repo_init(path.data, &options, &d->err), DRIFT_ERR_INVALID, NULL);
}

/* What an init that was killed leaves does not stop the next one, but nobody's data are cleared away. */
static void init_again_after_a_kill(void **state)
{
	struct desk *d = *state;
	struct odb_options odb_options = { .no_sync = true };
	struct repo_options options = { .no_sync = true };
	auto_buf path = BUF_INIT, file = BUF_INIT;
	struct repo *repo;

	path_in(d, &path, "half");
	path_in(d, &file, "half/.drift");
	desk_must(d, file_make_directories(file.data, &d->err));
	desk_must(d, odb_create(file.data, &odb_options, &d->err));
	path_in(d, &file, "half/.drift/current");
	desk_must(d, file_unlink(file.data, &d->err));
	desk_must(d, repo_init(path.data, &options, &d->err));
	desk_must(d, repo_open(path.data, &options, &repo, &d->err));
	repo_close(repo);
	path_in(d, &file, ".drift/current");
	desk_must(d, file_unlink(file.data, &d->err));
	desk_refused(d, repo_init(d->dir, &options, &d->err), DRIFT_ERR_EXISTS, "no file 'current'");
}

static void configuration(void **state)
{
	struct desk *d = *state;
	auto_buf path = BUF_INIT;
	struct repo *repo;
	bool bare;
	const char *value;

	desk_must(d, config_get_bool(repo_config(d->repo), "core.bare", true, &bare, &d->err));
	assert_false(bare);
	desk_must(d, repo_config_set(d->repo, "user.name", "Ada", &d->err));
	desk_reopen(d);
	desk_must(d, config_get_string(repo_config(d->repo), "user.name", "", &value, &d->err));
	assert_string_equal(value, "Ada");
	desk_must(d, repo_config_set(d->repo, "user.name", NULL, &d->err));
	desk_refused(d, repo_config_set(d->repo, "user.name", NULL, &d->err), DRIFT_ERR_NOT_FOUND, NULL);
	desk_must(d, repo_config_set(d->repo, "core.version", "2", &d->err));
	desk_refused(d, repo_open(d->dir, NULL, &repo, &d->err), DRIFT_ERR_UNSUPPORTED, "version 2");
	path_in(d, &path, ".drift/config");
	desk_must(d, file_unlink(path.data, &d->err));
	desk_refused(d, repo_open(d->dir, NULL, &repo, &d->err), DRIFT_ERR_CORRUPT, "config");
	desk_refused(d, repo_open("/", NULL, &repo, &d->err), DRIFT_ERR_NOT_FOUND, "no repository");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(head_is_symbolic),        TEST(symbolic_chains_end), TEST(transactions_are_all_or_nothing),
		TEST(a_snapshot_has_what_was_there),
		TEST(bad_changes_are_refused), TEST(names_do_not_nest), TEST(names_do_not_nest_before_they_are_durable), TEST(many_at_once),   TEST(short_names),
		TEST(tags_lead_to_commits),    TEST(init_twice),          TEST(init_elsewhere),
		TEST(init_again_after_a_kill), TEST(configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
