#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "objects/tree.h"
#include "t/unit/map_model.h"
#include "t/unit/memstore.h"

/* The whole state as a model: "collection \1 key" to the document's bytes, in the order of paths. */
struct fixture {
	struct memstore store;
	struct tree_root root;
	struct drift_error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	memstore_init(&f->store, true);
	tree_empty(&f->root);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	memstore_release(&f->store);
	free(f);
	return 0;
}

static struct document inline_document(const char *text)
{
	return (struct document){ .data = (const unsigned char *)text, .len = strlen(text) };
}

/* Changes "path=text" and "path" (a removal), in the order of paths. */
static int edit(struct fixture *f, const char *const *lines, struct tree_root *root_out)
{
	struct document documents[16];
	struct tree_change changes[16];
	size_t n;

	for (n = 0; lines[n]; n++) {
		const char *equals = strchr(lines[n], '=');
		size_t len = equals ? (size_t)(equals - lines[n]) : strlen(lines[n]);

		changes[n] = (struct tree_change){ .document = NULL };
		path_split(lines[n], len, &changes[n].path);
		if (equals) {
			documents[n] = inline_document(equals + 1);
			changes[n].document = &documents[n];
		}
	}
	return tree_edit_array(&f->store.store, &f->root, changes, n, root_out, &f->err);
}
#define EDIT(f, ...) edit(f, (const char *const[]){ __VA_ARGS__, NULL }, &(f)->root)

/* "path=text" of all that the cursor yields, separated by blanks. */
static void assert_listing(struct fixture *f, const struct tree_root *root, const char *prefix, const char *expected)
{
	auto_buf out = BUF_INIT;
	struct tree_cursor *c;
	struct path path;
	struct document doc;
	int ret;

	assert_int_equal(tree_cursor_open(&f->store.store, root, prefix, strlen(prefix), &c, &f->err), 0);
	while ((ret = tree_cursor_next(c, &path, &doc, &f->err)) > 0) {
		if (out.len)
			buf_add_byte(&out, ' ');
		path_format(&path, &out);
		buf_add_byte(&out, '=');
		buf_add(&out, doc.data, (size_t)doc.len);
	}
	assert_int_equal(ret, 0);
	assert_int_equal(tree_cursor_next(c, &path, &doc, &f->err), 0);
	tree_cursor_free(c);
	assert_string_equal(out.data, expected);
}

static int list_difference(void *data, const struct path *path, const struct document *a, const struct document *b,
			   struct drift_error *err)
{
	struct buf *out = data;

	(void)err;
	buf_add_str(out, a ? b ? " M:" : " D:" : " A:");
	path_format(path, out);
	return 0;
}

static void assert_difference(struct fixture *f, const struct tree_root *a, const struct tree_root *b,
			      const char *prefix, const char *expected)
{
	auto_buf out = BUF_INIT;
	struct tree_diff_options options = {
		.prefix = prefix, .prefix_len = strlen(prefix), .each = list_difference, .data = &out
	};

	assert_int_equal(tree_diff(&f->store.store, a, b, &options, &f->err), 0);
	assert_string_equal(out.data, expected);
}

static void assert_descriptor(struct fixture *f, const char *name, uint64_t count, const char *schema)
{
	struct descriptor d;
	struct document doc;
	struct oid id;
	int ret = tree_collection(&f->store.store, &f->root, name, strlen(name), &d, &f->err);

	assert_int_equal(ret, count || schema);
	if (!ret)
		return;
	assert_int_equal(d.count, count);
	assert_int_equal(d.has_root, count > 0);
	assert_int_equal(d.has_schema, schema != NULL);
	if (schema) {
		doc = inline_document(schema);
		document_id(&doc, &id);
		assert_true(oid_equal(&id, &d.schema));
	}
}

static void empty_tree(void **state)
{
	struct fixture *f = *state;
	struct tree_totals totals;
	char hex[OID_HEX_LEN + 1];
	struct oid id;

	assert_true(tree_is_empty(&f->root));
	object_hash(OBJECT_TREE, "\1\0\0", 4, &id);
	assert_true(oid_equal(&id, &f->root.id));
	assert_string_equal(oid_to_hex(&f->root.id, hex),
			    "14add4fd0f8a826ca329d956434c341e428143c98ebe95056b203bbd9cac0a76");
	assert_listing(f, &f->root, "", "");
	assert_int_equal(EDIT(f, "a/b", "nothing"), -1);
	assert_int_equal(EDIT(f, "nothing", "a/b"), 0);
	assert_true(tree_is_empty(&f->root));
	assert_int_equal(EDIT(f, "a/b=1"), 0);
	assert_false(tree_is_empty(&f->root));
	assert_int_equal(EDIT(f, "a/b"), 0);
	assert_true(tree_is_empty(&f->root));
	assert_int_equal(tree_totals(&f->store.store, &f->root, &totals, &f->err), 0);
	assert_int_equal(totals.document_count, 0);
}

static void reading(void **state)
{
	struct fixture *f = *state;
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	struct tree_totals totals;

	assert_int_equal(EDIT(f, "readme=r", "use=u", "a/x=1", "use/k=v", "users/1=ann", "users/1/b=c", "users/2=bob",
			      "usez/1=z"),
			 0);
	assert_int_equal(path_parse("users/1/b", 9, &path, &f->err), 0);
	assert_int_equal(tree_get(&f->store.store, &f->root, &path, &node, &doc, &f->err), 1);
	assert_memory_equal(doc.data, "c", 1);
	assert_int_equal(path_parse("users/3", 7, &path, &f->err), 0);
	assert_int_equal(tree_get(&f->store.store, &f->root, &path, NULL, &doc, &f->err), 0);
	assert_int_equal(path_parse("no/1", 4, &path, &f->err), 0);
	assert_int_equal(tree_get(&f->store.store, &f->root, &path, NULL, &doc, &f->err), 0);

	assert_listing(f, &f->root, "",
		       "readme=r use=u a/x=1 use/k=v users/1=ann users/1/b=c "
		       "users/2=bob usez/1=z");
	assert_listing(f, &f->root, "use", "use=u use/k=v users/1=ann users/1/b=c users/2=bob usez/1=z");
	assert_listing(f, &f->root, "users", "users/1=ann users/1/b=c users/2=bob");
	assert_listing(f, &f->root, "users/", "users/1=ann users/1/b=c users/2=bob");
	assert_listing(f, &f->root, "users/1", "users/1=ann users/1/b=c");
	assert_listing(f, &f->root, "users/1/", "users/1/b=c");
	assert_listing(f, &f->root, "users/9", "");
	assert_listing(f, &f->root, "/", "");
	assert_listing(f, &f->root, "\xff\xff", "");
	assert_int_equal(tree_totals(&f->store.store, &f->root, &totals, &f->err), 0);
	assert_int_equal(totals.collection_count, 5);
	assert_int_equal(totals.document_count, 8);
	assert_int_equal(totals.byte_count, 12);
}

static void differences(void **state)
{
	struct fixture *f = *state;
	struct tree_root before, empty;
	struct descriptor d;

	tree_empty(&empty);
	assert_int_equal(EDIT(f, "top=1", "a/x=1", "b/1=1", "b/2=2", "c/1=1", "same/only=1"), 0);
	before = f->root;
	assert_difference(f, &empty, &before, "", " A:top A:a/x A:b/1 A:b/2 A:c/1 A:same/only");
	assert_difference(f, &before, &empty, "b", " D:b/1 D:b/2");
	assert_int_equal(EDIT(f, "top=2", "a/x", "b/0=0", "b/2=3", "d/1=1"), 0);
	/* Whoever opens what is the same now fails. */
	assert_int_equal(tree_collection(&f->store.store, &before, "same", 4, &d, &f->err), 1);
	assert_int_equal(memstore_forget(&f->store, &d.root), 0);
	assert_difference(f, &before, &f->root, "", " M:top D:a/x A:b/0 M:b/2 A:d/1");
	assert_difference(f, &f->root, &before, "", " M:top A:a/x D:b/0 M:b/2 D:d/1");
	assert_difference(f, &before, &f->root, "b/", " A:b/0 M:b/2");
	assert_difference(f, &before, &f->root, "b/2", " M:b/2");
	assert_difference(f, &before, &f->root, "t", " M:top");
	assert_difference(f, &before, &f->root, "c", "");
}

static void schemas(void **state)
{
	struct fixture *f = *state;
	struct tree_root with, before;

	/* "!early" comes before ".drift", "users" after it. */
	assert_int_equal(EDIT(f, "!early/1=x", ".drift/schema/!early={e}", ".drift/schema/new={n}",
			      ".drift/schema/users={u}", "users/1=ann"),
			 0);
	assert_descriptor(f, "!early", 1, "{e}");
	assert_descriptor(f, "new", 0, "{n}");
	assert_descriptor(f, "users", 1, "{u}");
	assert_descriptor(f, ".drift", 3, NULL);
	with = f->root;
	assert_int_equal(EDIT(f, "!early/1", ".drift/schema/new", ".drift/schema/users={v}"), 0);
	assert_descriptor(f, "!early", 0, "{e}");
	assert_descriptor(f, "new", 0, NULL);
	assert_descriptor(f, "users", 1, "{v}");
	assert_difference(f, &with, &f->root, "", " D:!early/1 D:.drift/schema/new M:.drift/schema/users");
	assert_int_equal(EDIT(f, "users/1"), 0);
	assert_descriptor(f, "users", 0, "{v}");
	assert_int_equal(EDIT(f, ".drift/schema/!early", ".drift/schema/users"), 0);
	assert_true(tree_is_empty(&f->root));

	before = f->root;
	assert_int_equal(EDIT(f, ".drift/schema/.drift={}"), -1);
	assert_int_equal(EDIT(f, ".drift/schema/a/b={}"), -1);
	assert_int_equal(f->err.code, DRIFT_ERR_INVALID);
	assert_int_equal(EDIT(f, ".drift/config={}"), 0);
	assert_descriptor(f, ".drift", 1, NULL);
	f->root = before;
}

static void taking_collections(void **state)
{
	struct fixture *f = *state;
	struct node_store *store = &f->store.store;
	struct tree_root old, mixed, direct, empty;

	tree_empty(&empty);
	assert_int_equal(EDIT(f, ".drift/schema/a={1}", "a/1=1", "a/2=2", "b/1=1"), 0);
	old = f->root;
	assert_int_equal(EDIT(f, ".drift/schema/a={2}", ".drift/schema/c={}", "a/2=9", "a/3=3", "b/1=9"), 0);
	mixed = f->root;

	assert_int_equal(tree_take_collection(store, &mixed, &old, "a", 1, &f->root, &f->err), 0);
	assert_listing(f, &f->root, "", ".drift/schema/a={1} .drift/schema/c={} a/1=1 a/2=2 b/1=9");
	assert_descriptor(f, "a", 2, "{1}");
	assert_descriptor(f, "c", 0, "{}");
	direct = f->root;
	f->root = mixed;
	assert_int_equal(EDIT(f, ".drift/schema/a={1}", "a/2=2", "a/3"), 0);
	assert_true(oid_equal(&direct.id, &f->root.id));

	assert_int_equal(tree_take_collection(store, &mixed, &old, ".drift", 6, &f->root, &f->err), 0);
	assert_descriptor(f, "a", 3, "{1}");
	assert_descriptor(f, "c", 0, NULL);
	assert_int_equal(tree_take_collection(store, &mixed, &old, "c", 1, &f->root, &f->err), 0);
	assert_descriptor(f, "c", 0, NULL);
	assert_listing(f, &f->root, ".drift", ".drift/schema/a={2}");
	assert_int_equal(tree_take_collection(store, &mixed, &empty, "a", 1, &f->root, &f->err), 0);
	assert_descriptor(f, "a", 0, NULL);
	assert_listing(f, &f->root, "", ".drift/schema/c={} b/1=9");
	assert_int_equal(tree_take_collection(store, &mixed, &mixed, "a", 1, &f->root, &f->err), 0);
	assert_true(oid_equal(&mixed.id, &f->root.id));
	assert_int_equal(tree_take_collection(store, &mixed, &old, "none", 4, &f->root, &f->err), 0);
	assert_true(oid_equal(&mixed.id, &f->root.id));
}

static void refusals(void **state)
{
	struct fixture *f = *state;
	unsigned char big[VALUE_INLINE_MAX + 1] = { 0 };
	struct document doc = { .data = big, .len = sizeof(big) };
	struct tree_change change = { .document = &doc };
	struct tree_root root;
	struct path path;
	size_t i;
	static const char *const bad[] = { "", "/a", "a/", "a//b", "./a", "a/..", "..", "a/./b", "a/b/" };

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(path_parse(bad[i], strlen(bad[i]), &path, &f->err), -1);
		assert_int_equal(f->err.code, DRIFT_ERR_INVALID);
	}
	assert_int_equal(path_parse("a/b\0c", 5, &path, &f->err), -1);
	assert_int_equal(path_parse("a/.b/c..", 8, &path, &f->err), 0);
	assert_int_equal(path.collection_len, 1);

	path_split("a/b", 3, &change.path);
	assert_int_equal(tree_edit_array(&f->store.store, &f->root, &change, 1, &root, &f->err), -1);
	assert_int_equal(f->err.code, DRIFT_ERR_INVALID);
	doc.form = DOCUMENT_BLOB;
	assert_int_equal(tree_edit_array(&f->store.store, &f->root, &change, 1, &root, &f->err), 0);
	doc.len = VALUE_INLINE_MAX;
	assert_int_equal(tree_edit_array(&f->store.store, &f->root, &change, 1, &root, &f->err), -1);
	doc.form = DOCUMENT_GITLINK;
	doc.len = 20;
	doc.mode = 0160000;
	assert_int_equal(tree_edit_array(&f->store.store, &f->root, &change, 1, &root, &f->err), 0);
	doc.form = DOCUMENT_CONFLICT;
	assert_int_equal(tree_edit_array(&f->store.store, &f->root, &change, 1, &root, &f->err), -1);
	assert_int_equal(EDIT(f, "b/1=1", "a/1=1"), -1);
	assert_int_equal(EDIT(f, "a/2=1", "a/1=1"), -1);
	assert_int_equal(EDIT(f, "a/1=1", "a/1=2"), -1);
}

/* ---- any history gives the same tree ---- */

struct change_list {
	struct tree_changes changes;
	struct dice dice;
	struct document doc;
	char path[64], text[64];
	size_t next, end, step;
};

static int next_listed(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err)
{
	struct change_list *list = (struct change_list *)self;
	size_t n = list->next;

	(void)err;
	if (n >= list->end)
		return 0;
	list->next += list->step;
	snprintf(list->path, sizeof(list->path), "c%02zu/doc%06zu", n / 1000, n);
	snprintf(list->text, sizeof(list->text), "text of %zu", n);
	list->doc = inline_document(list->text);
	path_split(list->path, strlen(list->path), &change_out->path);
	change_out->document = &list->doc;
	return 1;
}

static void put_range(struct fixture *f, struct tree_root *root, size_t first, size_t end, size_t step)
{
	struct change_list list = { .changes = { .next = next_listed }, .next = first, .end = end, .step = step };

	assert_int_equal(tree_edit(&f->store.store, root, &list.changes, root, &f->err), 0);
}

static void any_order_gives_the_same_tree(void **state)
{
	struct fixture *f = *state;
	struct tree_root parts;
	struct tree_totals totals;
	size_t i;

	tree_empty(&parts);
	put_range(f, &f->root, 0, 20000, 1);
	for (i = 7; i-- > 0;)
		put_range(f, &parts, i, 20000, 7);
	assert_true(oid_equal(&parts.id, &f->root.id));
	assert_int_equal(tree_totals(&f->store.store, &parts, &totals, &f->err), 0);
	assert_int_equal(totals.collection_count, 20);
	assert_int_equal(totals.document_count, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(empty_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(reading, setup, teardown),
		cmocka_unit_test_setup_teardown(differences, setup, teardown),
		cmocka_unit_test_setup_teardown(schemas, setup, teardown),
		cmocka_unit_test_setup_teardown(taking_collections, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(any_order_gives_the_same_tree, setup, teardown),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
