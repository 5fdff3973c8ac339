/* Sealed files are opened when they are wanted, a bounded number at a time, also while packs take their places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "objects/odb_files.h"
#include "t/unit/packer.h"
#include "t/unit/trunk.h"

#define MANY 100

static size_t descriptors(void)
{
	struct file_names names;
	size_t count;

	trunk_must(file_list("/proc/self/fd", 4096, &names, &trunk_err));
	count = names.count;
	file_names_release(&names);
	return count;
}

/* A journal for each commit. */
static void make_journals(size_t count)
{
	struct odb *odb = trunk_open();
	struct tip tip;

	trunk_start(&tip);
	while (count--) {
		trunk_write(odb, &tip, 1);
		trunk_must(odb_lock(odb, &trunk_err));
		assert_int_equal(odb_seal(odb, &trunk_err), 1);
		odb_unlock(odb);
	}
	commit_unref(tip.commit);
	odb_close(odb);
}

/* What the commit put is there. */
static void check_document(struct odb *odb, const struct commit *c)
{
	struct tree_root tree = { c->tree.id, c->tree.loc };
	auto_node *node = NULL;
	struct document doc;
	char key[32];
	struct path path = { "c", 1, key, 0 };

	path.key_len = (size_t)snprintf(key, sizeof(key), "k%u", (unsigned)(c->seq % 50));
	assert_int_equal(tree_get(odb_nodes(odb), &tree, &path, &node, &doc, &trunk_err), 1);
	assert_int_equal(doc.len, c->message.len);
	assert_memory_equal(doc.data, c->message.data, doc.len);
}

/* Back from a commit, which is released, to the first; returns how many there are, and the most descriptors open. */
static size_t walk(struct odb *odb, struct commit *c, size_t *open_out)
{
	size_t count = 0, now;

	for (*open_out = 0; c; count++) {
		struct commit *parent = NULL;

		check_document(odb, c);
		if (c->parent_count)
			trunk_must(odb_commit(odb, &c->parents[0].id, c->parents[0].loc, &parent, &trunk_err));
		now = descriptors();
		*open_out = now > *open_out ? now : *open_out;
		commit_unref(c);
		c = parent;
	}
	return count;
}

static void test_few_are_open(void **state)
{
	size_t before, most;
	struct odb *odb;
	int i;

	(void)state;
	make_journals(MANY);
	before = descriptors();
	odb = trunk_open();
	assert_true(descriptors() - before <= 3);
	for (i = 0; i < 2; i++) {
		assert_int_equal(walk(odb, trunk_tip(odb), &most), MANY);
		assert_true(most - before > 20);
		assert_true(most - before < 70);
	}
	odb_close(odb);
	assert_int_equal(descriptors(), before);
}

/* A reader that opened none of them, and asks no ref, so that nothing tells it of the pack but that they are gone. */
static void test_a_pack_takes_the_place(void **state)
{
	struct odb *reader, *packer;
	struct odb_files files;
	struct commit *tip;
	auto_buf payload = BUF_INIT;
	enum frame_kind kind;
	size_t most;

	(void)state;
	make_journals(12);
	reader = trunk_open();
	packer = trunk_open();
	tip = trunk_tip(reader);
	trunk_must(odb_files_get(packer, &files, &trunk_err));
	assert_int_equal(files.count, 13);
	pack_sealed(packer, LOC_UNKNOWN);
	assert_int_equal(walk(reader, tip, &most), 12);
	assert_int_equal(odb_sealed_count(reader), 0);
	trunk_must(journal_read(files.items[3].journal, 0, &payload, &kind, &trunk_err));
	odb_files_release(&files);
	odb_close(packer);
	odb_close(reader);
}

static void test_what_is_missing_is_damage(void **state)
{
	struct commit *c, *parent;
	char path[128];
	struct odb *odb;
	int r = 0;

	(void)state;
	make_journals(6);
	snprintf(path, sizeof(path), "%s/journal-000002", trunk_dir);
	trunk_must(file_unlink(path, &trunk_err));
	odb = trunk_open();
	for (c = trunk_tip(odb); c->parent_count; c = parent) {
		r = odb_commit(odb, NULL, c->parents[0].loc, &parent, &trunk_err);
		if (r)
			break;
		commit_unref(c);
	}
	assert_int_equal(r, -1);
	assert_in_range(c->seq, 2, 5);
	assert_int_equal(trunk_err.code, DRIFT_ERR_CORRUPT);
	assert_non_null(strstr(trunk_err.message, "journal-000002"));
	commit_unref(c);
	odb_close(odb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_few_are_open, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_a_pack_takes_the_place, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_what_is_missing_is_damage, trunk_make, trunk_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
