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
#include "objects/odb.h"
#include "t/unit/node_model.h"
#include "t/unit/trunk.h"

static void test_commits_survive_reopening(void **state)
{
	struct odb *odb = trunk_open();
	struct tip tip;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 300);
	odb_close(odb);
	commit_unref(tip.commit);
	assert_int_equal(trunk_check(), 300);
}

static void delete_index(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cache/index", trunk_dir);
	trunk_must(file_unlink(path, &trunk_err));
	snprintf(path, sizeof(path), "%s/cache", trunk_dir);
	trunk_must(file_remove_directory(path, &trunk_err));
}

static void test_index_comes_back(void **state)
{
	struct odb *odb = trunk_open();
	struct tip tip;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 300);
	delete_index();
	/* a process that has the deleted one mapped goes on with the new one */
	trunk_write(odb, &tip, 20);
	assert_int_equal(trunk_check(), 320);
	trunk_write(odb, &tip, 20);
	odb_close(odb);
	delete_index();
	commit_unref(tip.commit);
	assert_int_equal(trunk_check(), 340);
}

static void follow_branch(struct odb *odb, struct tip *tip)
{
	commit_unref(tip->commit);
	tip->commit = trunk_tip(odb);
	tip->tree = (struct tree_root){ tip->commit->tree.id, tip->commit->tree.loc };
}

/* Writers of all kinds append to one journal, whatever becomes of the index between. */
static void test_writers_share_one_index(void **state)
{
	struct odb_options no_cache = { .no_cache = true }, read_only = { .read_only = true };
	struct odb *a, *b, *reader;
	struct commit *seen;
	struct tip tip;
	size_t i;

	(void)state;
	trunk_must(odb_open(trunk_dir, &no_cache, &a, &trunk_err));
	b = trunk_open();
	delete_index();
	trunk_must(odb_open(trunk_dir, &read_only, &reader, &trunk_err));
	trunk_start(&tip);
	for (i = 1; i <= 200; i++) {
		struct odb *odb = i % 2 ? a : b;

		if (i % 10 == 0)
			delete_index();
		/* A look at it that makes an index in memory must not be what is written through. */
		commit_unref(trunk_tip(a));
		trunk_write(odb, &tip, 1);
		follow_branch(i % 3 ? a : b, &tip);
		assert_int_equal(tip.commit->seq, i);
		seen = trunk_tip(reader);
		assert_int_equal(seen->seq, i);
		commit_unref(seen);
	}
	commit_unref(tip.commit);
	odb_close(a);
	odb_close(b);
	odb_close(reader);
	assert_int_equal(trunk_check(), 200);
	delete_index();
	assert_int_equal(trunk_check(), 200);
}

static void test_found_by_id_and_prefix(void **state)
{
	struct odb *odb = trunk_open();
	enum object_kind kind;
	char hex[OID_HEX_LEN + 1];
	auto_buf bytes = BUF_INIT;
	struct oid id;
	struct tip tip;
	uint64_t loc;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 40);
	assert_int_equal(odb_find(odb, &tip.commit->id, &kind, &loc, &trunk_err), 1);
	assert_int_equal(kind, OBJECT_COMMIT);
	assert_int_equal(odb_find(odb, &tip.commit->tree.id, &kind, &loc, &trunk_err), 1);
	assert_int_equal(kind, OBJECT_TREE);
	assert_int_equal(odb_read(odb, &tip.commit->id, &kind, &bytes, &trunk_err), 1);
	object_hash(OBJECT_COMMIT, bytes.data, bytes.len, &id);
	assert_true(oid_equal(&id, &tip.commit->id));
	memset(&id, 7, sizeof(id));
	assert_int_equal(odb_find(odb, &id, &kind, &loc, &trunk_err), 0);
	oid_to_hex(&tip.commit->id, hex);
	assert_true(strlen(hex) == OID_HEX_LEN);
	odb_close(odb);
	commit_unref(tip.commit);
}

/* The last bytes of the log: where the frames end. */
static uint64_t used_len(struct odb *odb)
{
	struct odb_stats stats;

	trunk_must(odb_stats(odb, false, &stats, &trunk_err));
	return stats.used_bytes;
}

static void damage_at(uint64_t offset, unsigned char with, size_t len)
{
	unsigned char bytes[64];
	char path[128];
	int fd;

	memset(bytes, with, sizeof(bytes));
	snprintf(path, sizeof(path), "%s/journal-000001", trunk_dir);
	trunk_must(file_open_write(path, &fd, &trunk_err));
	trunk_must(file_write_at(fd, bytes, len, offset, &trunk_err));
	trunk_must(file_close(fd, &trunk_err));
}

static void test_torn_tail_is_cut(void **state)
{
	struct odb *odb = trunk_open();
	uint64_t before, after;
	struct tip tip;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 30);
	before = used_len(odb);
	trunk_append(odb, &tip, "k31", "torn", false);
	after = used_len(odb);
	odb_close(odb);
	commit_unref(tip.commit);
	delete_index();
	damage_at(after - 5, 0, 5);
	assert_int_equal(trunk_check(), 30);
	odb = trunk_open();
	assert_int_equal(used_len(odb), before);
	assert_int_equal(odb_damage(odb, NULL, NULL), 0);
	odb_close(odb);
}

static void test_damage_is_kept_and_named(void **state)
{
	struct odb *odb = trunk_open();
	uint64_t middle, end;
	struct tip tip;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 30);
	middle = used_len(odb) - 20;
	trunk_write(odb, &tip, 30);
	end = used_len(odb);
	odb_close(odb);
	commit_unref(tip.commit);
	delete_index();
	damage_at(middle, 0xff, 1);
	odb = trunk_open();
	assert_int_equal(odb_damage(odb, NULL, NULL), 1);
	assert_int_equal(used_len(odb), end);
	trunk_start(&tip);
	tip.commit = trunk_tip(odb);
	assert_int_equal(tip.commit->seq, 60);
	commit_unref(tip.commit);
	odb_close(odb);
}

static void test_unsynced_is_not_seen(void **state)
{
	struct odb *odb = trunk_open(), *reader = trunk_open();
	struct commit *seen;
	struct tip tip;
	uint64_t ticket;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 3);
	ticket = trunk_append(odb, &tip, "k4", "value number 4", false);
	seen = trunk_tip(reader);
	assert_int_equal(seen->seq, 3);
	commit_unref(seen);
	trunk_must(odb_sync(odb, ticket, &trunk_err));
	seen = trunk_tip(reader);
	assert_int_equal(seen->seq, 4);
	commit_unref(seen);
	odb_close(odb);
	odb_close(reader);
	commit_unref(tip.commit);
}

static int count_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *e)
{
	(void)name, (void)value, (void)e;
	++*(size_t *)data;
	return 0;
}

static void test_many_refs_and_their_log(void **state)
{
	struct odb *odb = trunk_open();
	struct ref_value value = { .kind = REF_OBJECT }, read;
	struct odb_ref_update updates[100];
	struct odb_append append = { .updates = updates, .update_count = 100, .actor = "me", .reason = "many", .time_usec = 5 };
	struct ref_log_entry entry;
	char names[100][32];
	uint64_t ticket, loc;
	size_t i, count = 0;
	struct tip tip;

	(void)state;
	trunk_start(&tip);
	trunk_write(odb, &tip, 2);
	value.object = (struct object_ref){ tip.commit->id, tip.commit->loc };
	for (i = 0; i < 100; i++) {
		snprintf(names[i], sizeof(names[i]), "refs/tags/t%02zu", i);
		updates[i] = (struct odb_ref_update){ names[i], &value };
	}
	trunk_must(odb_lock(odb, &trunk_err));
	trunk_must(odb_append(odb, &append, &ticket, &trunk_err));
	odb_unlock(odb);
	trunk_must(odb_sync(odb, ticket, &trunk_err));
	trunk_must(odb_ref_each(odb, "refs/tags/", count_ref, &count, &trunk_err));
	assert_int_equal(count, 100);
	trunk_must(odb_ref_read(odb, "refs/tags/t77", false, &read, &trunk_err));
	assert_true(oid_equal(&read.object.id, &tip.commit->id));
	assert_int_equal(odb_ref_log_head(odb, "refs/heads/main", &loc, &trunk_err), 1);
	trunk_must(odb_ref_log_read(odb, loc, &entry, &trunk_err));
	assert_string_equal(entry.actor.data, "tester");
	assert_string_equal(entry.reason.data, "commit: value number 2");
	assert_int_equal(entry.update_count, 1);
	assert_int_equal(entry.updates[0].old.kind, REF_OBJECT);
	ref_log_release(&entry);
	odb_close(odb);
	commit_unref(tip.commit);
	delete_index();
	odb = trunk_open();
	count = 0;
	trunk_must(odb_ref_each(odb, "", count_ref, &count, &trunk_err));
	assert_int_equal(count, 101);
	odb_close(odb);
}

static void check_blob(struct odb *odb, const struct object_ref *ref, const void *data, size_t len)
{
	auto_buf out = BUF_INIT;

	trunk_must(odb_blob(odb, &ref->id, ref->loc, &out, &trunk_err));
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, data, len);
}

static uint64_t append_batch(struct odb *odb, struct odb_batch *batch)
{
	struct odb_append append = { .batch = batch };
	uint64_t ticket;

	trunk_must(odb_lock(odb, &trunk_err));
	trunk_must(odb_append(odb, &append, &ticket, &trunk_err));
	odb_unlock(odb);
	trunk_must(odb_sync(odb, ticket, &trunk_err));
	return ticket;
}

static void test_large_blobs_share_chunks(void **state)
{
	const size_t len = (size_t)8 << 20;
	unsigned char *data = malloc(len + 1);
	struct odb *odb = trunk_open();
	struct object_ref first, second;
	struct odb_batch *batch;
	uint64_t before, x = 88172645463325252u;
	size_t i;

	(void)state;
	assert_non_null(data);
	for (i = 0; i < len; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		data[i] = (unsigned char)x;
	}
	trunk_must(odb_batch_new(odb, &batch, &trunk_err));
	trunk_must(odb_batch_blob(batch, data, len, LOC_UNKNOWN, &first, &trunk_err));
	append_batch(odb, batch);
	first.loc = odb_batch_loc(batch, first.loc);
	check_blob(odb, &first, data, len);
	before = used_len(odb);
	odb_batch_clear(batch);
	data[len / 2] ^= 1;
	trunk_must(odb_batch_blob(batch, data, len, first.loc, &second, &trunk_err));
	append_batch(odb, batch);
	second.loc = odb_batch_loc(batch, second.loc);
	check_blob(odb, &second, data, len);
	assert_true(used_len(odb) - before < (size_t)600 << 10);
	odb_batch_free(batch);
	odb_close(odb);
	odb = trunk_open();
	second.loc = LOC_UNKNOWN;
	check_blob(odb, &second, data, len);
	odb_close(odb);
	free(data);
}

static void test_new_versions_of_blobs_are_deltas(void **state)
{
	struct odb *odb = trunk_open();
	struct object_ref ref = { .loc = LOC_UNKNOWN };
	struct odb_batch *batch;
	char text[20000];
	uint64_t before = 0;
	size_t i;

	(void)state;
	for (i = 0; i + 1 < sizeof(text); i++)
		text[i] = (char)('a' + (i * i / 7 + i / 13) % 26);
	text[sizeof(text) - 1] = '\0';
	trunk_must(odb_batch_new(odb, &batch, &trunk_err));
	for (i = 0; i < 60; i++) {
		text[i * 300] = '#';
		trunk_must(odb_batch_blob(batch, text, sizeof(text), ref.loc, &ref, &trunk_err));
		append_batch(odb, batch);
		ref.loc = odb_batch_loc(batch, ref.loc);
		odb_batch_clear(batch);
		check_blob(odb, &ref, text, sizeof(text));
		if (i == 0)
			before = used_len(odb);
		if (i == 10)
			assert_true(used_len(odb) - before < 10 * 150);
	}
	odb_batch_free(batch);
	odb_close(odb);
}

/* Who has a node from elsewhere may not know where its children stand, nor whether they do. */
static void test_node_without_places(void **state)
{
	struct dice dice = { .state = 5 };
	struct map_model m = { .count = 0 };
	struct odb_append append = { .update_count = 0 };
	struct odb *odb = trunk_open();
	struct node_store *nodes;
	struct node *made, *node;
	uint64_t loc, ticket;
	struct oid id;

	(void)state;
	node_model_put_random(&dice, &m, 1);
	made = node_model_build(&m, MAP_DOCUMENTS, 1);
	trunk_must(odb_lock(odb, &trunk_err));
	trunk_must(odb_batch_new(odb, &append.batch, &trunk_err));
	nodes = odb_batch_nodes(append.batch);
	trunk_must(nodes->save(nodes, made->bytes, made->len, NULL, NULL, &id, &loc, &trunk_err));
	trunk_must(odb_append(odb, &append, &ticket, &trunk_err));
	loc = odb_batch_loc(append.batch, loc);
	odb_batch_free(append.batch);
	odb_unlock(odb);
	trunk_must(odb_sync(odb, ticket, &trunk_err));
	odb_close(odb);
	odb = trunk_open();
	trunk_must(odb_node(odb, &id, loc, &node, &trunk_err));
	assert_int_equal(node->len, made->len);
	assert_null(node->child_loc);
	node_unref(node);
	node_unref(made);
	map_model_release(&m);
	odb_close(odb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commits_survive_reopening, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_node_without_places, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_index_comes_back, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_writers_share_one_index, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_found_by_id_and_prefix, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_torn_tail_is_cut, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_damage_is_kept_and_named, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_unsynced_is_not_seen, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_many_refs_and_their_log, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_large_blobs_share_chunks, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_new_versions_of_blobs_are_deltas, trunk_make, trunk_remove),
	};

	return cmocka_run_group_tests_name("odb", tests, NULL, NULL);
}
