#include "t/unit/trunk.h"

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

struct drift_error trunk_err;
char trunk_dir[64];

void trunk_must(int r)
{
	if (r < 0)
		fail_msg("%s", trunk_err.message);
}

int trunk_make(void **state)
{
	(void)state;
	/* In memory where that can be: what is tested is not how long a disk takes. */
	snprintf(trunk_dir, sizeof(trunk_dir), "/dev/shm/drift-test-XXXXXX");
	if (!mkdtemp(trunk_dir)) {
		snprintf(trunk_dir, sizeof(trunk_dir), "/tmp/drift-test-XXXXXX");
		assert_non_null(mkdtemp(trunk_dir));
	}
	trunk_must(odb_create(trunk_dir, NULL, &trunk_err));
	return 0;
}

static void remove_tree(const char *path)
{
	struct file_names names;
	struct file_info info;
	size_t i;

	trunk_must(file_look(path, &info, &trunk_err));
	if (info.kind != FILE_DIRECTORY) {
		trunk_must(file_unlink(path, &trunk_err));
		return;
	}
	trunk_must(file_list(path, 1000, &names, &trunk_err));
	for (i = 0; i < names.count; i++) {
		auto_buf child = BUF_INIT;

		file_join(&child, path, names.items[i]);
		remove_tree(child.data);
	}
	file_names_release(&names);
	trunk_must(file_remove_directory(path, &trunk_err));
}

int trunk_remove(void **state)
{
	(void)state;
	remove_tree(trunk_dir);
	return 0;
}

struct odb *trunk_open(void)
{
	struct odb *odb;

	trunk_must(odb_open(trunk_dir, NULL, &odb, &trunk_err));
	return odb;
}

/* One commit that puts `value` at c/KEY on main, the way a writer does it. */
uint64_t trunk_append(struct odb *odb, struct tip *tip, const char *key, const char *value, bool wait)
{
	struct document doc = { .form = DOCUMENT_INLINE, .data = (const unsigned char *)value, .len = strlen(value) };
	struct tree_change change = { .path = { "c", 1, key, strlen(key) }, .document = &doc };
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

	trunk_must(odb_lock(odb, &trunk_err));
	trunk_must(odb_batch_new(odb, &batch, &trunk_err));
	trunk_must(tree_edit_array(odb_batch_nodes(batch), &tip->tree, &change, 1, &tip->tree, &trunk_err));
	from.tree = (struct object_ref){ tip->tree.id, tip->tree.loc };
	from.author.time_usec = 1700000000000000 + (tip->commit ? (int64_t)tip->commit->seq : 0);
	from.committer = from.author;
	from.message = (struct text){ value, strlen(value) };
	if (tip->commit) {
		parent = (struct object_ref){ tip->commit->id, tip->commit->loc };
		from.parents = &parent;
		from.parent_count = 1;
		if (!oid_is_zero(&tip->commit->jump.id))
			trunk_must(odb_commit(odb, &tip->commit->jump.id, tip->commit->jump.loc, &jump, &trunk_err));
	}
	commit_derive(&from, &tip->commit, jump);
	trunk_must(commit_new(&from, &c, &trunk_err));
	trunk_must(odb_change_head(odb, &one.path, &one.previous_loc, &list.previous_marker_loc, &trunk_err));
	trunk_must(odb_batch_commit(batch, c, &list, &made, &trunk_err));
	ref.object = made;
	append.batch = batch;
	trunk_must(odb_append(odb, &append, &ticket, &trunk_err));
	tip->tree.loc = odb_batch_loc(batch, tip->tree.loc);
	odb_batch_free(batch);
	odb_unlock(odb);
	commit_unref(jump);
	commit_unref(tip->commit);
	tip->commit = c;
	if (wait)
		trunk_must(odb_sync(odb, ticket, &trunk_err));
	return ticket;
}

static void trunk_expect(struct odb *odb, const struct tree_root *tree, const char *key, const char *value)
{
	struct path path = { "c", 1, key, strlen(key) };
	struct node *node = NULL;
	struct document doc;
	int r = tree_get(odb_nodes(odb), tree, &path, &node, &doc, &trunk_err);

	trunk_must(r);
	assert_int_equal(r, value != NULL);
	if (value) {
		assert_int_equal(doc.len, strlen(value));
		assert_memory_equal(doc.data, value, doc.len);
	}
	node_unref(node);
}

struct commit *trunk_tip(struct odb *odb)
{
	struct ref_value value;
	struct commit *c;

	trunk_must(odb_ref_read(odb, "refs/heads/main", false, &value, &trunk_err));
	if (value.kind == REF_ABSENT)
		return NULL;
	trunk_must(odb_commit(odb, &value.object.id, value.object.loc, &c, &trunk_err));
	return c;
}

/* Opens anew and walks back from main; returns how many commits there are. */
size_t trunk_check(void)
{
	struct odb *odb = trunk_open();
	struct commit *c = trunk_tip(odb), *parent;
	size_t count = 0;

	while (c) {
		struct tree_root tree = { c->tree.id, c->tree.loc };
		char key[32];

		snprintf(key, sizeof(key), "k%llu", (unsigned long long)(c->seq % 50));
		trunk_expect(odb, &tree, key, c->message.data);
		count++;
		assert_int_equal(c->parent_count, c->seq > 1);
		parent = NULL;
		if (c->parent_count)
			trunk_must(odb_commit(odb, &c->parents[0].id, c->parents[0].loc, &parent, &trunk_err));
		commit_unref(c);
		c = parent;
	}
	odb_close(odb);
	return count;
}

void trunk_write(struct odb *odb, struct tip *tip, size_t count)
{
	char key[32], value[64];
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t seq = tip->commit ? tip->commit->seq + 1 : 1;

		snprintf(key, sizeof(key), "k%llu", (unsigned long long)(seq % 50));
		snprintf(value, sizeof(value), "value number %llu", (unsigned long long)seq);
		trunk_append(odb, tip, key, value, true);
	}
}

void trunk_start(struct tip *tip)
{
	tip->commit = NULL;
	tree_empty(&tip->tree);
}
