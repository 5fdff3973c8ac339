/* Every form of a point in time, on a small repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "repo/point.h"
#include "t/unit/dag.h"

#define LINE_COUNT 20
#define START_US INT64_C(1700000000000000) /* 2023-11-14T22:13:20Z */
#define STEP_US INT64_C(10000000)

/* Commits 0 to 19 are a line, one every ten seconds; main stood at 4, 9 and 19. 20 is a merge of 19 and 3: the branch side. */
struct fixture {
	struct dag dag;
	size_t merge;
	struct oid tag;
};

static void move(struct fixture *f, const char *name, size_t commit)
{
	struct commit *c = f->dag.commits[commit];
	struct ref_change change = { .name = name, .value = { .kind = REF_OBJECT, .object = { c->id, c->loc } } };
	struct ref_transaction t = {
		.changes = &change, .change_count = 1, .actor = "tester", .reason = "move", .time_usec = c->time_usec
	};
	struct drift_error err;

	if (refs_apply(repo_odb(f->dag.repo), &t, &err) < 0)
		fail_msg("%s", err.message);
}

static void point_head(struct fixture *f, const char *target, int64_t time_usec)
{
	struct ref_change change = { .name = REF_HEAD, .value = { .kind = REF_SYMBOLIC } };
	struct ref_transaction t = {
		.changes = &change, .change_count = 1, .actor = "tester", .reason = "switch", .time_usec = time_usec
	};
	struct drift_error err;

	snprintf(change.value.target, sizeof(change.value.target), "%s", target);
	if (refs_apply(repo_odb(f->dag.repo), &t, &err) < 0)
		fail_msg("%s", err.message);
}

static void add_tag(struct fixture *f, size_t commit)
{
	struct odb *odb = repo_odb(f->dag.repo);
	struct tag from = { .target = f->dag.commits[commit]->id,
			    .target_kind = OBJECT_COMMIT,
			    .name = { "v1", 2 },
			    .has_tagger = true,
			    .message = { "one\n", 4 } };
	struct ref_change change = { .name = REF_TAGS "v1", .value = { .kind = REF_OBJECT } };
	struct ref_transaction t = { .changes = &change,
				     .change_count = 1,
				     .batch = f->dag.batch,
				     .actor = "tester",
				     .reason = "tag",
				     .time_usec = START_US };
	auto_tag *tag = NULL;
	struct drift_error err;

	from.tagger = (struct signature_line){ .who = { "tester", 6 }, .time_usec = START_US, .zone = "+0000" };
	if (tag_new(&from, &tag, &err) < 0 || odb_batch_tag(f->dag.batch, tag, &change.value.object, &err) < 0 ||
	    refs_apply(odb, &t, &err) < 0)
		fail_msg("%s", err.message);
	odb_batch_clear(f->dag.batch);
	f->tag = change.value.object.id;
}

static void fixture_open(struct fixture *f)
{
	static const size_t stops[] = { 4, 9, 19 };
	size_t next = 0;

	memset(f, 0, sizeof(*f));
	dag_open(&f->dag, 1);
	for (size_t k = 0; k < ARRAY_SIZE(stops); k++) {
		for (; next <= stops[k]; next++) {
			size_t parent = next - 1;

			dag_add(&f->dag, &(struct dag_commit){ .parents = &parent,
							       .parent_count = next ? 1 : 0,
							       .time_usec = START_US + (int64_t)next * STEP_US });
		}
		dag_flush(&f->dag, REF_HEADS "main", stops[k]);
	}
	f->merge = dag_add(&f->dag, &(struct dag_commit){ .parents = (size_t[]){ 19, 3 },
							  .parent_count = 2,
							  .time_usec = START_US + 20 * STEP_US });
	dag_flush(&f->dag, REF_HEADS "side", f->merge);
	add_tag(f, 7);
}

#define EMPTY 1000 /* instead of the number of a commit: the empty store */

static void check_on(struct fixture *f, const char *text, const char *branch, size_t wanted)
{
	auto_point p = POINT_INIT;
	struct drift_error err;
	struct tree_root empty;

	if (point_resolve(f->dag.repo, text, strlen(text), branch, &p, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	tree_empty(&empty);
	assert_true(oid_equal(&p.tree.id, &empty.id));
	assert_false(p.bare_tree);
	if (wanted == EMPTY) {
		assert_null(p.commit);
		return;
	}
	if (!p.commit || !oid_equal(&p.commit->id, &f->dag.commits[wanted]->id))
		fail_msg("%s is commit %llu, not %zu", text, p.commit ? (unsigned long long)p.commit->seq - 1 : 9999ull,
			 wanted);
}

static void check(struct fixture *f, const char *text, size_t wanted)
{
	check_on(f, text, NULL, wanted);
}

static void refuse(struct fixture *f, const char *text, enum drift_error_code code)
{
	auto_point p = POINT_INIT;
	struct drift_error err = { .code = DRIFT_OK };

	if (point_resolve(f->dag.repo, text, strlen(text), NULL, &p, &err) == 0)
		fail_msg("%s is a point", text);
	if (err.code != code)
		fail_msg("%s: code %d: %s", text, err.code, err.message);
}

static void test_unborn(void **state)
{
	struct fixture f = { .merge = 0 };

	(void)state;
	dag_open(&f.dag, 1);
	check(&f, "HEAD", EMPTY);
	check(&f, "@", EMPTY);
	check(&f, "@now", EMPTY);
	check(&f, "@seq:0", EMPTY);
	check(&f, "@seq:7", EMPTY);
	check(&f, "2024-01-01", EMPTY);
	refuse(&f, "main", DRIFT_ERR_NOT_FOUND);
	refuse(&f, "HEAD~1", DRIFT_ERR_NOT_FOUND);
	refuse(&f, "HEAD^", DRIFT_ERR_NOT_FOUND);
	refuse(&f, "HEAD@{1}", DRIFT_ERR_NOT_FOUND);
	refuse(&f, "nothing", DRIFT_ERR_NOT_FOUND);
	refuse(&f, "abcdef", DRIFT_ERR_NOT_FOUND);
	dag_close(&f.dag);
}

static void test_refs_and_steps(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	check(&f, "HEAD", 19);
	check(&f, "@", 19);
	check(&f, "main", 19);
	check(&f, "heads/main", 19);
	check(&f, "refs/heads/main", 19);
	check(&f, "HEAD~", 18);
	check(&f, "HEAD~3", 16);
	check(&f, "HEAD^^", 17);
	check(&f, "HEAD~19", 0);
	check(&f, "HEAD^0", 19);
	check(&f, "side", f.merge);
	check(&f, "side^2", 3);
	check(&f, "side^2~2", 1);
	check(&f, "side~2^1", 17);
	check(&f, "v1", 7);
	check(&f, "v1^{}", 7);
	check(&f, "v1^{commit}~2", 5);
	refuse(&f, "HEAD~20", DRIFT_ERR_NOT_FOUND);
	refuse(&f, "HEAD^2", DRIFT_ERR_NOT_FOUND);
	refuse(&f, "HEAD~19^", DRIFT_ERR_NOT_FOUND);
	refuse(&f, "", DRIFT_ERR_INVALID);
	refuse(&f, "HEAD^{blob}", DRIFT_ERR_INVALID);
	refuse(&f, "nothing", DRIFT_ERR_NOT_FOUND);
	dag_close(&f.dag);
}

static void test_numbers_and_times(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	check(&f, "@now", 19);
	check(&f, "@seq:0", EMPTY);
	check(&f, "@seq:1", 0);
	check(&f, "@seq:13", 12);
	check(&f, "@seq:20", 19);
	check(&f, "@seq:99", 19);
	check(&f, "@seq:13~1", 11);
	check(&f, "2023-11-14T22:13:20Z", 0);
	check(&f, "2023-11-14T22:13:19.999999Z", EMPTY);
	check(&f, "2023-11-14T22:13:29.999999Z", 0);
	check(&f, "2023-11-14T22:13:30Z", 1);
	check(&f, "2023-11-14T23:13:30+01:00", 1);
	check(&f, "2023-11-14", EMPTY);
	check(&f, "2023-11-15", 19);
	check_on(&f, "2023-11-15", REF_HEADS "side", f.merge);
	check_on(&f, "@now", REF_HEADS "side", f.merge);
	check_on(&f, "@seq:21", REF_HEADS "side", f.merge);
	check_on(&f, "HEAD", REF_HEADS "side", 19);
	refuse(&f, "@seq:x", DRIFT_ERR_INVALID);
	dag_close(&f.dag);
}

static void test_reflog(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	check(&f, "main@{0}", 19);
	check(&f, "main@{1}", 9);
	check(&f, "main@{2}", 4);
	check(&f, "@{1}", 9);
	check(&f, "HEAD@{1}", 9);
	check(&f, "main@{1}~2", 7);
	refuse(&f, "main@{3}", DRIFT_ERR_NOT_FOUND);
	refuse(&f, "nothing@{0}", DRIFT_ERR_NOT_FOUND);
	/* Made at the times of the commits that main moved to. */
	check(&f, "main@{2023-11-14T22:14:00Z}", 4);
	check(&f, "main@{2023-11-14T22:14:50Z}", 9);
	check(&f, "main@{2023-11-14T22:13:59Z}", EMPTY);
	check(&f, "main@{2023-11-15}", 19);
	/* HEAD goes to side and back, and moves with what it names. */
	point_head(&f, REF_HEADS "side", START_US + 30 * STEP_US);
	check(&f, "HEAD", f.merge);
	check(&f, "HEAD@{1}", 19);
	check(&f, "HEAD@{2}", 9);
	move(&f, REF_HEADS "main", 12);
	move(&f, REF_HEADS "side", 15);
	check(&f, "HEAD@{0}", 15);
	check(&f, "HEAD@{1}", f.merge);
	check(&f, "HEAD@{2}", 19);
	check(&f, "main@{1}", 19);
	point_head(&f, REF_HEADS "main", START_US + 40 * STEP_US);
	check(&f, "HEAD", 12);
	check(&f, "HEAD@{1}", 15);
	check(&f, "HEAD@{2}", f.merge);
	check(&f, "HEAD@{3}", 19);
	check(&f, "side@{1}", f.merge);
	dag_close(&f.dag);
}

static void test_ids(void **state)
{
	struct fixture f;
	char hex[OID_HEX_LEN + 1], text[REF_NAME_MAX];
	auto_point p = POINT_INIT;
	struct drift_error err;
	struct tree_root empty;

	(void)state;
	fixture_open(&f);
	oid_to_hex(&f.dag.commits[5]->id, hex);
	check(&f, hex, 5);
	snprintf(text, sizeof(text), "%.12s", hex);
	check(&f, text, 5);
	snprintf(text, sizeof(text), "%.12s~5", hex);
	check(&f, text, 0);
	snprintf(text, sizeof(text), "%.3s", hex);
	refuse(&f, text, DRIFT_ERR_NOT_FOUND);
	oid_to_hex(&f.tag, hex);
	check(&f, hex, 7);
	refuse(&f, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", DRIFT_ERR_NOT_FOUND);
	tree_empty(&empty);
	oid_to_hex(&empty.id, hex);
	assert_int_equal(point_resolve(f.dag.repo, hex, OID_HEX_LEN, NULL, &p, &err), 0);
	assert_true(p.bare_tree && !p.commit && tree_is_empty(&p.tree));
	assert_int_equal(point_resolve(f.dag.repo, "HEAD^{tree}", 11, NULL, &p, &err), 0);
	assert_true(p.bare_tree && !p.commit && tree_is_empty(&p.tree));
	dag_close(&f.dag);
}

static void test_ambiguous(void **state)
{
	struct fixture f;
	char hex[OID_HEX_LEN + 1], name[96], text[8];
	auto_point p = POINT_INIT;
	struct drift_error err;

	(void)state;
	fixture_open(&f);
	oid_to_hex(&f.dag.commits[5]->id, hex);
	snprintf(text, sizeof(text), "%.6s", hex);
	snprintf(name, sizeof(name), REF_HEADS "%s", text);
	move(&f, name, 3);
	assert_int_equal(point_resolve(f.dag.repo, text, strlen(text), NULL, &p, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_AMBIGUOUS);
	assert_non_null(strstr(err.message, name));
	assert_non_null(strstr(err.message, hex));
	check(&f, name, 3);
	move(&f, REF_HEADS "2023-11-15", 3);
	refuse(&f, "2023-11-15", DRIFT_ERR_AMBIGUOUS);
	check(&f, "2023-11-15T00:00:00Z", 19);
	move(&f, REF_TAGS "main", 3);
	refuse(&f, "main", DRIFT_ERR_AMBIGUOUS);
	dag_close(&f.dag);
}

/* Among a thousand commits some share four digits. */
static void test_ambiguous_prefix(void **state)
{
	struct fixture f = { .merge = 0 };
	char hex[OID_HEX_LEN + 1];
	static size_t first[65536];
	struct drift_error err;
	bool found = false;

	(void)state;
	dag_open(&f.dag, 1);
	for (size_t i = 0; i < 1000; i++) {
		size_t parent = i - 1;

		dag_add(&f.dag, &(struct dag_commit){ .parents = &parent, .parent_count = i ? 1 : 0, .time_usec = 1 });
	}
	dag_flush(&f.dag, REF_HEADS "main", 999);
	for (size_t i = 0; i < 1000 && !found; i++) {
		auto_point p = POINT_INIT;
		const unsigned char *b = f.dag.commits[i]->id.bytes;
		size_t *slot = &first[b[0] << 8 | b[1]];

		found = *slot != 0;
		*slot = i + 1;
		if (!found)
			continue;
		oid_to_hex(&f.dag.commits[i]->id, hex);
		assert_int_equal(point_resolve(f.dag.repo, hex, 4, NULL, &p, &err), -1);
		assert_int_equal(err.code, DRIFT_ERR_AMBIGUOUS);
		assert_non_null(strstr(err.message, hex));
		check(&f, hex, i);
	}
	assert_true(found);
	dag_close(&f.dag);
}

static void test_objects(void **state)
{
	struct fixture f;
	struct drift_error err;
	struct document doc = { .form = DOCUMENT_INLINE, .data = (const unsigned char *)"{}", .len = 2 };
	struct tree_change change = { .path = { "users", 5, "1", 1 }, .document = &doc };
	struct tree_root root;
	struct object_name name = OBJECT_NAME_INIT;
	struct oid id;
	size_t tip, parent = 19;

	(void)state;
	fixture_open(&f);
	tree_empty(&root);
	assert_int_equal(tree_edit_array(odb_batch_nodes(f.dag.batch), &root, &change, 1, &root, &err), 0);
	tip = dag_add(&f.dag, &(struct dag_commit){ .parents = &parent,
						    .parent_count = 1,
						    .tree = &root,
						    .time_usec = START_US + 20 * STEP_US });
	dag_flush(&f.dag, REF_HEADS "main", tip);
	assert_int_equal(point_object(f.dag.repo, "HEAD", 4, NULL, &name, &err), 0);
	assert_true(name.kind == OBJECT_COMMIT && oid_equal(&name.id, &f.dag.commits[tip]->id));
	assert_int_equal(point_object(f.dag.repo, "v1", 2, NULL, &name, &err), 0);
	assert_true(name.kind == OBJECT_TAG && oid_equal(&name.id, &f.tag));
	assert_int_equal(point_object(f.dag.repo, "HEAD:", 5, NULL, &name, &err), 0);
	assert_true(name.kind == OBJECT_TREE && oid_equal(&name.id, &root.id));
	assert_int_equal(point_object(f.dag.repo, "HEAD^{tree}", 11, NULL, &name, &err), 0);
	assert_true(name.kind == OBJECT_TREE && oid_equal(&name.id, &root.id));
	assert_int_equal(point_object(f.dag.repo, "HEAD:users/1", 12, NULL, &name, &err), 0);
	object_hash(OBJECT_BLOB, "{}", 2, &id);
	assert_true(name.kind == OBJECT_BLOB && oid_equal(&name.id, &id) && name.node);
	assert_memory_equal(name.document.data, "{}", 2);
	object_name_release(&name);
	assert_int_equal(point_object(f.dag.repo, "HEAD~1:users/1", 14, NULL, &name, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_NOT_FOUND);
	assert_int_equal(point_object(f.dag.repo, "@seq:0", 6, NULL, &name, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_NOT_FOUND);
	dag_close(&f.dag);
}

static void check_range(struct fixture *f, const char *text, const size_t *wanted, size_t count)
{
	auto_revwalk *w = NULL;
	struct commit *c;
	struct drift_error err;

	assert_int_equal(revwalk_new(f->dag.repo, NULL, &w, &err), 0);
	if (point_range(f->dag.repo, text, strlen(text), NULL, w, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	for (size_t i = 0; i < count; i++) {
		if (revwalk_next(w, &c, &err) != 1)
			fail_msg("%s lacks %zu", text, wanted[i]);
		assert_true(oid_equal(&c->id, &f->dag.commits[wanted[i]]->id));
		commit_unref(c);
	}
	assert_int_equal(revwalk_next(w, &c, &err), 0);
}

static void test_ranges(void **state)
{
	struct fixture f;
	size_t third = 3, own;

	(void)state;
	fixture_open(&f);
	own = dag_add(&f.dag, &(struct dag_commit){
				      .parents = &third, .parent_count = 1, .time_usec = START_US + 35 * STEP_US });
	dag_flush(&f.dag, REF_HEADS "own", own);
	check_range(&f, "HEAD~2..HEAD", (size_t[]){ 19, 18 }, 2);
	check_range(&f, "HEAD~2..", (size_t[]){ 19, 18 }, 2);
	check_range(&f, "..side", &f.merge, 1);
	check_range(&f, "@seq:0..HEAD~17", (size_t[]){ 2, 1, 0 }, 3);
	check_range(&f, "HEAD..HEAD~2", NULL, 0);
	check_range(&f, "own...HEAD~14", (size_t[]){ own, 5, 4 }, 3);
	check_range(&f, "@seq:2", (size_t[]){ 1, 0 }, 2);
	check_range(&f, "^HEAD", NULL, 0);
	dag_close(&f.dag);
}

static void test_clock(void **state)
{
	struct fixture f = { .merge = 0 };
	struct drift_error err;
	int64_t now = date_now_us();

	(void)state;
	dag_open(&f.dag, 1);
	assert_int_equal(point_check_clock(f.dag.repo, now, &err), 0);
	assert_int_equal(point_check_clock(f.dag.repo, now + INT64_C(86000000000), &err), 0);
	assert_int_equal(point_check_clock(f.dag.repo, now + INT64_C(86500000000), &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	dag_close(&f.dag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unborn),
		cmocka_unit_test(test_refs_and_steps),
		cmocka_unit_test(test_numbers_and_times),
		cmocka_unit_test(test_reflog),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_ambiguous_prefix),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
