/* What frames lead to: all that reading a commit and its tree needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "objects/odb_files.h"
#include "objects/value.h"
#include "t/unit/trunk.h"

#define NAMED_MAX 200000

struct seen {
	struct odb *odb;
	uint64_t file;
	uint64_t named[NAMED_MAX];
	size_t count;
	size_t dicts;
};

static int note(void *data, uint64_t loc, enum named_as as, struct drift_error *err)
{
	struct seen *s = data;

	(void)as, (void)err;
	assert_true(loc != LOC_UNKNOWN && s->count < NAMED_MAX);
	s->named[s->count++] = loc;
	return 0;
}

static bool is_named(const struct seen *s, uint64_t loc)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->named[i] == loc)
			return true;
	return false;
}

static int names_of_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
			  struct drift_error *err)
{
	struct seen *s = data;
	struct record r;

	if (frame->kind == FRAME_OBJECT) {
		trunk_must(record_parse(payload, frame->len, loc_make(s->file, offset, 0), &r, err));
		s->dicts += r.storage == RECORD_DICT;
		if (r.storage == RECORD_DICT)
			assert_int_equal(loc_file(r.dict_loc), s->file);
	}
	return odb_frame_names(s->odb, loc_make(s->file, offset, 0), frame->kind, payload, frame->len, note, s, err);
}

static void no_damage(void *data, uint64_t from, uint64_t to)
{
	(void)data, (void)from, (void)to;
	fail();
}

/* All journals. */
static void collect(struct odb *odb, struct seen *s)
{
	struct journal_scan scan = { names_of_frame, no_damage, s };
	struct odb_files files;
	uint64_t end, dirty;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->odb = odb;
	trunk_must(odb_files_get(odb, &files, &trunk_err));
	for (i = 0; i < files.count; i++) {
		s->file = files.items[i].first;
		trunk_must(journal_scan(files.items[i].journal, 0, &scan, &end, &dirty, &trunk_err));
	}
	odb_files_release(&files);
}

static void check_node(struct odb *odb, const struct seen *s, const struct oid *id, uint64_t loc)
{
	auto_node *node = NULL;
	struct node_entry e;
	struct oid below;
	size_t i;
	long at;

	assert_true(is_named(s, loc));
	trunk_must(odb_node(odb, id, loc, &node, &trunk_err));
	for (i = 0; i < node->count; i++) {
		node_entry_at(node, i, &e);
		at = node->level ? 0 : value_ref_offset(node->kind, e.value, e.value_len);
		if (at < 0)
			continue;
		memcpy(below.bytes, node->level ? e.child : e.value + at, OID_LEN);
		check_node(odb, s, &below, e.loc);
	}
}

static void test_commits_and_trees(void **state)
{
	struct odb_options small = { .journal_len = 8192 };
	static struct seen s;
	struct commit *c, *parent;
	struct odb *odb;
	struct tip tip;

	(void)state;
	trunk_must(odb_open(trunk_dir, &small, &odb, &trunk_err));
	trunk_start(&tip);
	trunk_write(odb, &tip, 120);
	commit_unref(tip.commit);
	assert_true(odb_sealed_count(odb) > 0);
	collect(odb, &s);
	/* A ref names the newest, each commit the one before it. */
	for (c = trunk_tip(odb); c; c = parent) {
		assert_true(is_named(&s, c->loc));
		check_node(odb, &s, &c->tree.id, c->tree.loc);
		parent = NULL;
		if (c->parent_count)
			trunk_must(odb_commit(odb, NULL, c->parents[0].loc, &parent, &trunk_err));
		commit_unref(c);
	}
	odb_close(odb);
}

#define MANY 20000

static void put_many(struct odb_batch *batch, struct tree_root *tree, unsigned from)
{
	static struct tree_change changes[MANY];
	static struct document docs[MANY];
	static char keys[MANY][16], values[MANY][128];
	unsigned i, n;

	for (i = 0; i < MANY; i++) {
		n = from + i;
		snprintf(keys[i], sizeof(keys[i]), "k%06u", n);
		snprintf(values[i], sizeof(values[i]),
			 "{\"name\": \"document %u\", \"kind\": \"one of many\", \"n\": %u}", n, n * 7919);
		docs[i] = (struct document){ .form = DOCUMENT_INLINE,
					     .data = (unsigned char *)values[i],
					     .len = strlen(values[i]) };
		changes[i] = (struct tree_change){ .path = { "c", 1, keys[i], strlen(keys[i]) }, .document = &docs[i] };
	}
	trunk_must(tree_edit_array(odb_batch_nodes(batch), tree, changes, MANY, tree, &trunk_err));
}

static void test_a_dictionary_follows_its_batch(void **state)
{
	struct odb_append append = { .updates = NULL };
	struct odb *odb = trunk_open();
	static struct seen s;
	struct odb_batch *batch;
	struct tree_cursor *cursor;
	struct tree_root tree;
	struct document doc;
	struct path path;
	uint64_t ticket;
	unsigned n;

	(void)state;
	tree_empty(&tree);
	trunk_must(odb_batch_new(odb, &batch, &trunk_err));
	append.batch = batch;
	for (n = 0; n < 4; n++) {
		put_many(batch, &tree, n * MANY);
		trunk_must(odb_lock(odb, &trunk_err));
		if (n)
			assert_int_equal(odb_seal(odb, &trunk_err), 1);
		odb_unlock(odb);
	}
	trunk_must(odb_lock(odb, &trunk_err));
	trunk_must(odb_append(odb, &append, &ticket, &trunk_err));
	odb_unlock(odb);
	trunk_must(odb_sync(odb, ticket, &trunk_err));
	tree.loc = odb_batch_loc(batch, tree.loc);
	odb_batch_free(batch);
	collect(odb, &s);
	assert_true(s.dicts > 10);
	odb_close(odb);
	odb = trunk_open();
	trunk_must(tree_cursor_open(odb_nodes(odb), &tree, "", 0, &cursor, &trunk_err));
	for (n = 0; tree_cursor_next(cursor, &path, &doc, &trunk_err) > 0; n++)
		;
	assert_int_equal(n, 4 * MANY);
	tree_cursor_free(cursor);
	odb_close(odb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commits_and_trees, trunk_make, trunk_remove),
		cmocka_unit_test_setup_teardown(test_a_dictionary_follows_its_batch, trunk_make, trunk_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
