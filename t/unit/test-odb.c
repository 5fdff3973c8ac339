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

static struct drift_error err;
static char dir[64];

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", err.message);
}

static int make_store(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/drift-test-odb-XXXXXX");
	assert_non_null(mkdtemp(dir));
	must(odb_create(dir, NULL, &err));
	return 0;
}

static void remove_tree(const char *path)
{
	struct file_names names;
	struct file_info info;
	size_t i;

	must(file_look(path, &info, &err));
	if (info.kind != FILE_DIRECTORY) {
		must(file_unlink(path, &err));
		return;
	}
	must(file_list(path, 1000, &names, &err));
	for (i = 0; i < names.count; i++) {
		auto_buf child = BUF_INIT;

		file_join(&child, path, names.items[i]);
		remove_tree(child.data);
	}
	file_names_release(&names);
	must(file_remove_directory(path, &err));
}

static int remove_store(void **state)
{
	(void)state;
	remove_tree(dir);
	return 0;
}

static struct odb *open_store(void)
{
	struct odb *odb;

	must(odb_open(dir, NULL, &odb, &err));
	return odb;
}

struct tip {
	struct commit *commit;
	struct tree_root tree;
};

/* One commit that puts `value` at c/KEY on main, the way a writer does it. */
static uint64_t append_commit(struct odb *odb, struct tip *tip, const char *key, const char *value, bool wait)
{
	struct document doc = { .form = DOCUMENT_INLINE, .data = (const unsigned char *)value, .len = strlen(value) };
	struct tree_change change = { { "c", 1, key, strlen(key) }, &doc };
	struct change one = { .path = change.path, .kinds = CHANGE_MODIFY };
	struct change_list list = { .complete = true, .changes = &one, .count = 1, .memory = BUF_INIT };
	struct commit from = { .author = { .who = { "tester", 6 }, .zone = "+0000" } };
	struct object_ref parent, made;
	struct ref_value ref = { .kind = REF_OBJECT };
	struct odb_ref_update update = { "refs/heads/main", &ref };
	struct odb_append append = { .updates = &update, .update_count = 1 };
	struct commit *jump = NULL, *c;
	struct odb_batch *batch;
	uint64_t ticket;

	must(odb_lock(odb, &err));
	must(odb_batch_new(odb, &batch, &err));
	must(tree_edit_array(odb_batch_nodes(batch), &tip->tree, &change, 1, &tip->tree, &err));
	from.tree = (struct object_ref){ tip->tree.id, tip->tree.loc };
	from.author.time_usec = 1700000000000000 + (tip->commit ? (int64_t)tip->commit->seq : 0);
	from.committer = from.author;
	from.message = (struct text){ value, strlen(value) };
	if (tip->commit) {
		parent = (struct object_ref){ tip->commit->id, tip->commit->loc };
		from.parents = &parent;
		from.parent_count = 1;
		if (!oid_is_zero(&tip->commit->jump.id))
			must(odb_commit(odb, &tip->commit->jump.id, tip->commit->jump.loc, &jump, &err));
	}
	commit_derive(&from, &tip->commit, jump);
	must(commit_new(&from, &c, &err));
	must(odb_change_head(odb, &one.path, &one.previous_loc, &list.previous_marker_loc, &err));
	must(odb_batch_commit(batch, c, &list, &made, &err));
	ref.object = made;
	append.batch = batch;
	must(odb_append(odb, &append, &ticket, &err));
	tip->tree.loc = odb_batch_loc(batch, tip->tree.loc);
	odb_batch_free(batch);
	odb_unlock(odb);
	commit_unref(jump);
	commit_unref(tip->commit);
	tip->commit = c;
	if (wait)
		must(odb_sync(odb, ticket, &err));
	return ticket;
}

static void expect_document(struct odb *odb, const struct tree_root *tree, const char *key, const char *value)
{
	struct path path = { "c", 1, key, strlen(key) };
	struct node *node = NULL;
	struct document doc;
	int r = tree_get(odb_nodes(odb), tree, &path, &node, &doc, &err);

	must(r);
	assert_int_equal(r, value != NULL);
	if (value) {
		assert_int_equal(doc.len, strlen(value));
		assert_memory_equal(doc.data, value, doc.len);
	}
	node_unref(node);
}

static struct commit *main_commit(struct odb *odb)
{
	struct ref_value value;
	struct commit *c;

	must(odb_ref_read(odb, "refs/heads/main", false, &value, &err));
	if (value.kind == REF_ABSENT)
		return NULL;
	must(odb_commit(odb, &value.object.id, value.object.loc, &c, &err));
	return c;
}

/* Opens anew and walks back from main; returns how many commits there are. */
static size_t check_store(void)
{
	struct odb *odb = open_store();
	struct commit *c = main_commit(odb), *parent;
	size_t count = 0;

	while (c) {
		struct tree_root tree = { c->tree.id, c->tree.loc };
		char key[32];

		snprintf(key, sizeof(key), "k%llu", (unsigned long long)(c->seq % 50));
		expect_document(odb, &tree, key, c->message.data);
		count++;
		assert_int_equal(c->parent_count, c->seq > 1);
		parent = NULL;
		if (c->parent_count)
			must(odb_commit(odb, &c->parents[0].id, c->parents[0].loc, &parent, &err));
		commit_unref(c);
		c = parent;
	}
	odb_close(odb);
	return count;
}

static void write_commits(struct odb *odb, struct tip *tip, size_t count)
{
	char key[32], value[64];
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t seq = tip->commit ? tip->commit->seq + 1 : 1;

		snprintf(key, sizeof(key), "k%llu", (unsigned long long)(seq % 50));
		snprintf(value, sizeof(value), "value number %llu", (unsigned long long)seq);
		append_commit(odb, tip, key, value, true);
	}
}

static void start(struct tip *tip)
{
	tip->commit = NULL;
	tree_empty(&tip->tree);
}

static void test_commits_survive_reopening(void **state)
{
	struct odb *odb = open_store();
	struct tip tip;

	(void)state;
	start(&tip);
	write_commits(odb, &tip, 300);
	odb_close(odb);
	commit_unref(tip.commit);
	assert_int_equal(check_store(), 300);
}

static void delete_index(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cache/index", dir);
	must(file_unlink(path, &err));
	snprintf(path, sizeof(path), "%s/cache", dir);
	must(file_remove_directory(path, &err));
}

static void test_index_comes_back(void **state)
{
	struct odb *odb = open_store();
	struct tip tip;

	(void)state;
	start(&tip);
	write_commits(odb, &tip, 300);
	delete_index();
	/* a process that has the deleted one mapped goes on with the new one */
	write_commits(odb, &tip, 20);
	assert_int_equal(check_store(), 320);
	write_commits(odb, &tip, 20);
	odb_close(odb);
	delete_index();
	commit_unref(tip.commit);
	assert_int_equal(check_store(), 340);
}

static void test_found_by_id_and_prefix(void **state)
{
	struct odb *odb = open_store();
	enum object_kind kind;
	char hex[OID_HEX_LEN + 1];
	auto_buf bytes = BUF_INIT;
	struct oid id;
	struct tip tip;
	uint64_t loc;

	(void)state;
	start(&tip);
	write_commits(odb, &tip, 40);
	assert_int_equal(odb_find(odb, &tip.commit->id, &kind, &loc, &err), 1);
	assert_int_equal(kind, OBJECT_COMMIT);
	assert_int_equal(odb_find(odb, &tip.commit->tree.id, &kind, &loc, &err), 1);
	assert_int_equal(kind, OBJECT_TREE);
	assert_int_equal(odb_read(odb, &tip.commit->id, &kind, &bytes, &err), 1);
	object_hash(OBJECT_COMMIT, bytes.data, bytes.len, &id);
	assert_true(oid_equal(&id, &tip.commit->id));
	memset(&id, 7, sizeof(id));
	assert_int_equal(odb_find(odb, &id, &kind, &loc, &err), 0);
	oid_to_hex(&tip.commit->id, hex);
	assert_true(strlen(hex) == OID_HEX_LEN);
	odb_close(odb);
	commit_unref(tip.commit);
}

/* The last bytes of the log: where the frames end. */
static uint64_t used_len(struct odb *odb)
{
	struct odb_stats stats;

	must(odb_stats(odb, false, &stats, &err));
	return stats.used_bytes;
}

static void damage_at(uint64_t offset, unsigned char with, size_t len)
{
	unsigned char bytes[64];
	char path[128];
	int fd;

	memset(bytes, with, sizeof(bytes));
	snprintf(path, sizeof(path), "%s/journal-000001", dir);
	must(file_open_write(path, &fd, &err));
	must(file_write_at(fd, bytes, len, offset, &err));
	must(file_close(fd, &err));
}

static void test_torn_tail_is_cut(void **state)
{
	struct odb *odb = open_store();
	uint64_t before, after;
	struct tip tip;

	(void)state;
	start(&tip);
	write_commits(odb, &tip, 30);
	before = used_len(odb);
	append_commit(odb, &tip, "k31", "torn", false);
	after = used_len(odb);
	odb_close(odb);
	commit_unref(tip.commit);
	delete_index();
	damage_at(after - 5, 0, 5);
	assert_int_equal(check_store(), 30);
	odb = open_store();
	assert_int_equal(used_len(odb), before);
	assert_int_equal(odb_damage(odb, NULL, NULL), 0);
	odb_close(odb);
}

static void test_damage_is_kept_and_named(void **state)
{
	struct odb *odb = open_store();
	uint64_t middle, end;
	struct tip tip;

	(void)state;
	start(&tip);
	write_commits(odb, &tip, 30);
	middle = used_len(odb) - 20;
	write_commits(odb, &tip, 30);
	end = used_len(odb);
	odb_close(odb);
	commit_unref(tip.commit);
	delete_index();
	damage_at(middle, 0xff, 1);
	odb = open_store();
	assert_int_equal(odb_damage(odb, NULL, NULL), 1);
	assert_int_equal(used_len(odb), end);
	start(&tip);
	tip.commit = main_commit(odb);
	assert_int_equal(tip.commit->seq, 60);
	commit_unref(tip.commit);
	odb_close(odb);
}

static void test_unsynced_is_not_seen(void **state)
{
	struct odb *odb = open_store(), *reader = open_store();
	struct commit *seen;
	struct tip tip;
	uint64_t ticket;

	(void)state;
	start(&tip);
	write_commits(odb, &tip, 3);
	ticket = append_commit(odb, &tip, "k4", "value number 4", false);
	seen = main_commit(reader);
	assert_int_equal(seen->seq, 3);
	commit_unref(seen);
	must(odb_sync(odb, ticket, &err));
	seen = main_commit(reader);
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
	struct odb *odb = open_store();
	struct ref_value value = { .kind = REF_OBJECT }, read;
	struct odb_ref_update updates[100];
	struct odb_append append = { .updates = updates, .update_count = 100, .actor = "me", .reason = "many", .time_usec = 5 };
	struct ref_log_entry entry;
	char names[100][32];
	uint64_t ticket, loc;
	size_t i, count = 0;
	struct tip tip;

	(void)state;
	start(&tip);
	write_commits(odb, &tip, 2);
	value.object = (struct object_ref){ tip.commit->id, tip.commit->loc };
	for (i = 0; i < 100; i++) {
		snprintf(names[i], sizeof(names[i]), "refs/tags/t%02zu", i);
		updates[i] = (struct odb_ref_update){ names[i], &value };
	}
	must(odb_lock(odb, &err));
	must(odb_append(odb, &append, &ticket, &err));
	odb_unlock(odb);
	must(odb_sync(odb, ticket, &err));
	must(odb_ref_each(odb, "refs/tags/", count_ref, &count, &err));
	assert_int_equal(count, 100);
	must(odb_ref_read(odb, "refs/tags/t77", false, &read, &err));
	assert_true(oid_equal(&read.object.id, &tip.commit->id));
	assert_int_equal(odb_ref_log_head(odb, "refs/heads/main", &loc, &err), 1);
	must(odb_ref_log_read(odb, loc, &entry, &err));
	assert_string_equal(entry.actor.data, "tester");
	assert_string_equal(entry.reason.data, "commit: value number 2");
	assert_int_equal(entry.update_count, 1);
	assert_int_equal(entry.updates[0].old.kind, REF_OBJECT);
	ref_log_release(&entry);
	odb_close(odb);
	commit_unref(tip.commit);
	delete_index();
	odb = open_store();
	count = 0;
	must(odb_ref_each(odb, "", count_ref, &count, &err));
	assert_int_equal(count, 101);
	odb_close(odb);
}

static void check_blob(struct odb *odb, const struct object_ref *ref, const void *data, size_t len)
{
	auto_buf out = BUF_INIT;

	must(odb_blob(odb, &ref->id, ref->loc, &out, &err));
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, data, len);
}

static uint64_t append_batch(struct odb *odb, struct odb_batch *batch)
{
	struct odb_append append = { .batch = batch };
	uint64_t ticket;

	must(odb_lock(odb, &err));
	must(odb_append(odb, &append, &ticket, &err));
	odb_unlock(odb);
	must(odb_sync(odb, ticket, &err));
	return ticket;
}

static void test_large_blobs_share_chunks(void **state)
{
	const size_t len = (size_t)8 << 20;
	unsigned char *data = malloc(len + 1);
	struct odb *odb = open_store();
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
	must(odb_batch_new(odb, &batch, &err));
	must(odb_batch_blob(batch, data, len, LOC_UNKNOWN, &first, &err));
	append_batch(odb, batch);
	first.loc = odb_batch_loc(batch, first.loc);
	check_blob(odb, &first, data, len);
	before = used_len(odb);
	odb_batch_clear(batch);
	data[len / 2] ^= 1;
	must(odb_batch_blob(batch, data, len, first.loc, &second, &err));
	append_batch(odb, batch);
	second.loc = odb_batch_loc(batch, second.loc);
	check_blob(odb, &second, data, len);
	assert_true(used_len(odb) - before < (size_t)600 << 10);
	odb_batch_free(batch);
	odb_close(odb);
	odb = open_store();
	second.loc = LOC_UNKNOWN;
	check_blob(odb, &second, data, len);
	odb_close(odb);
	free(data);
}

static void test_new_versions_of_blobs_are_deltas(void **state)
{
	struct odb *odb = open_store();
	struct object_ref ref = { .loc = LOC_UNKNOWN };
	struct odb_batch *batch;
	char text[20000];
	uint64_t before = 0;
	size_t i;

	(void)state;
	for (i = 0; i + 1 < sizeof(text); i++)
		text[i] = (char)('a' + (i * i / 7 + i / 13) % 26);
	text[sizeof(text) - 1] = '\0';
	must(odb_batch_new(odb, &batch, &err));
	for (i = 0; i < 60; i++) {
		text[i * 300] = '#';
		must(odb_batch_blob(batch, text, sizeof(text), ref.loc, &ref, &err));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commits_survive_reopening, make_store, remove_store),
		cmocka_unit_test_setup_teardown(test_index_comes_back, make_store, remove_store),
		cmocka_unit_test_setup_teardown(test_found_by_id_and_prefix, make_store, remove_store),
		cmocka_unit_test_setup_teardown(test_torn_tail_is_cut, make_store, remove_store),
		cmocka_unit_test_setup_teardown(test_damage_is_kept_and_named, make_store, remove_store),
		cmocka_unit_test_setup_teardown(test_unsynced_is_not_seen, make_store, remove_store),
		cmocka_unit_test_setup_teardown(test_many_refs_and_their_log, make_store, remove_store),
		cmocka_unit_test_setup_teardown(test_large_blobs_share_chunks, make_store, remove_store),
		cmocka_unit_test_setup_teardown(test_new_versions_of_blobs_are_deltas, make_store, remove_store),
	};

	return cmocka_run_group_tests_name("odb", tests, NULL, NULL);
}
