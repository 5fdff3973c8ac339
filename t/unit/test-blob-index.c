/* The index of documents and nodes by id: whatever becomes of its files, and however it was made, the answers are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "objects/odb_exact.h"
#include "objects/loc.h"
#include "objects/odb_files.h"
#include "repo/blob_index_internal.h"
#include "t/unit/desk.h"

#define ROUNDS 8
#define COMMITS 25
#define KEYS 400

/* An object that the index is to find. */
struct wanted {
	struct oid id;
	enum object_kind kind;
};

struct wanted_list {
	struct odb *odb;
	struct wanted *items;
	size_t count, capacity;
};

static int want(struct wanted_list *list, const struct oid *id, enum object_kind kind)
{
	assert_int_equal(mem_grow(&list->items, &list->capacity, list->count + 1, sizeof(*list->items)), 0);
	list->items[list->count++] = (struct wanted){ *id, kind };
	return 0;
}

static int want_object(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct wanted_list *list = data;
	auto_node *node = NULL;

	if (kind != OBJECT_TREE)
		return 0;
	want(list, id, OBJECT_TREE);
	if (odb_node(list->odb, id, loc, &node, err))
		return -1;
	for (size_t i = 0; !node->level && node->kind == MAP_DOCUMENTS && i < node->count; i++) {
		struct node_entry e;
		struct document doc;
		struct oid there;

		node_entry_at(node, i, &e);
		if (document_decode(e.value, e.value_len, e.loc, &doc, err))
			return -1;
		document_id(&doc, &there);
		if (doc.form == DOCUMENT_INLINE)
			want(list, &there, OBJECT_BLOB);
	}
	return 0;
}

static struct wanted_list all_wanted(struct desk *d)
{
	struct wanted_list list = { .odb = d->odb };

	desk_must(d, odb_each_object(d->odb, want_object, &list, &d->err));
	assert_true(list.count > 50);
	return list;
}

static void check_one(struct desk *d, struct blob_index *index, const struct wanted *w)
{
	struct blob_found found = BLOB_FOUND_INIT;
	struct oid id;
	int r = blob_index_find(index, &w->id, &found, &d->err);

	desk_must(d, r);
	/* The trees of commits are the store's to find. */
	if (!r && w->kind == OBJECT_TREE) {
		enum object_kind kind;
		uint64_t loc;

		assert_int_equal(odb_find(d->odb, &w->id, &kind, &loc, &d->err), 1);
		return;
	}
	assert_int_equal(r, 1);
	assert_true(oid_equal(&found.id, &w->id));
	assert_int_equal(found.kind, w->kind);
	if (w->kind == OBJECT_BLOB) {
		document_id(&found.document, &id);
		assert_true(oid_equal(&id, &w->id));
	}
	blob_found_release(&found);
}

static void check_absent(struct desk *d, struct blob_index *index)
{
	struct blob_found found = BLOB_FOUND_INIT;
	struct oid id;

	for (size_t i = 0; i < OID_LEN; i++)
		id.bytes[i] = (unsigned char)desk_random(d, 256);
	assert_int_equal(blob_index_find(index, &id, &found, &d->err), 0);
}

static void check_index(struct desk *d, struct blob_index *index, const struct wanted_list *list, size_t step)
{
	check_absent(d, index);
	for (size_t i = desk_random(d, step); i < list->count; i += step)
		check_one(d, index, &list->items[i]);
}

static struct blob_index *open_index(struct desk *d, bool no_cache)
{
	struct blob_index *index;

	desk_must(d, blob_index_new(d->repo, no_cache, NULL, &index, &d->err));
	return index;
}

static void check_anew(struct desk *d, bool no_cache, const struct wanted_list *list, size_t step)
{
	struct blob_index *index = open_index(d, no_cache);

	check_index(d, index, list, step);
	blob_index_free(index);
}

static void cache_path(struct desk *d, const char *name, struct buf *out)
{
	buf_clear(out);
	buf_addf(out, "%s/cache/%s", repo_dir(d->repo), name);
	assert_int_equal(buf_check(out, NULL), 0);
}

static void drop(struct desk *d, const char *name)
{
	auto_buf path = BUF_INIT;

	cache_path(d, name, &path);
	(void)!file_unlink(path.data, NULL);
}

static void seal(struct desk *d)
{
	desk_must(d, odb_lock(d->odb, &d->err));
	desk_must(d, odb_seal(d->odb, &d->err));
	odb_unlock(d->odb);
}

static void commit_some(struct desk *d)
{
	struct edits *e = desk_edits(d);
	char path[64], text[400];

	for (uint64_t n = 1 + desk_random(d, 4); n; n--) {
		int at = snprintf(path, sizeof(path), "%s/%03u", desk_random(d, 8) ? "users" : "other",
				  (unsigned)desk_random(d, KEYS));

		assert_true(at > 0);
		snprintf(text, sizeof(text), "{\"n\":%u,\"pad\":\"%0*d\"}", (unsigned)desk_random(d, 100000),
			 (int)desk_random(d, 300) + 1, 7);
		desk_put(d, e, path, text);
	}
	desk_commit(d, e);
}

static void commit_first(struct desk *d)
{
	struct edits *e = desk_edits(d);
	char path[64], text[300];

	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(path, sizeof(path), "users/%03u", i);
		snprintf(text, sizeof(text), "{\"first\":%u,\"pad\":\"%0200u\"}", i, i);
		desk_put(d, e, path, text);
	}
	desk_commit(d, e);
}

static void grown_equals_made_anew(void **state)
{
	struct desk *d = *state;
	struct blob_index *living, *in_memory;

	commit_first(d);
	living = open_index(d, false);
	in_memory = open_index(d, true);
	for (int round = 0; round < ROUNDS; round++) {
		struct wanted_list list;

		for (int i = 0; i < COMMITS; i++)
			commit_some(d);
		if (round % 3 == 1)
			seal(d);
		list = all_wanted(d);
		check_index(d, living, &list, 37);
		check_index(d, in_memory, &list, 37);
		check_anew(d, false, &list, 37);
		check_anew(d, true, &list, 37);
		if (round % 4 == 2)
			drop(d, "blobs");
		if (round % 4 == 3)
			drop(d, "blobs-new");
		free(list.items);
	}
	desk_reopen(d);
	struct wanted_list list = all_wanted(d);
	check_anew(d, false, &list, 1);
	free(list.items);
	blob_index_free(living);
	blob_index_free(in_memory);
}

static void make_fresh_file(struct desk *d)
{
	struct wanted_list list;

	commit_some(d);
	seal(d);
	list = all_wanted(d);
	check_anew(d, false, &list, 100);
	free(list.items);
}

static void make_both_files(struct desk *d)
{
	struct wanted_list list;

	commit_first(d);
	seal(d);
	list = all_wanted(d);
	check_anew(d, false, &list, 100);
	free(list.items);
	make_fresh_file(d);
}

/* Another file under the name, not waiting for the disk. */
static void replace(const char *path, const char *data, size_t len)
{
	auto_buf temp = BUF_INIT;
	FILE *f;

	buf_addf(&temp, "%s.other", path);
	f = fopen(temp.data, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(temp.data, path), 0);
}

/* Whatever is changed in a file, or cut off: the answers stay, whether it is opened anew or open already. */
static void damaged_files_are_made_again(void **state)
{
	static const char *const names[] = { "blobs", "blobs-new" };
	struct desk *d = *state;
	struct wanted_list list;

	make_both_files(d);
	list = all_wanted(d);
	for (size_t n = 0; n < 2; n++) {
		auto_buf path = BUF_INIT, good = BUF_INIT;

		cache_path(d, names[n], &path);
		desk_must(d, file_read_whole(path.data, 1 << 24, &good, &d->err));
		assert_true(good.len > DERIVED_BLOCK_LEN);
		for (size_t at = 0; at < good.len; at += at < 120 ? 1 : 61) {
			struct blob_index *open = open_index(d, false);

			check_absent(d, open);
			good.data[at] = (char)(good.data[at] ^ (1 << desk_random(d, 8)));
			replace(path.data, good.data, good.len);
			check_anew(d, false, &list, list.count / 2);
			check_index(d, open, &list, list.count / 2);
			blob_index_free(open);
			desk_must(d, file_read_whole(path.data, 1 << 24, (buf_clear(&good), &good), &d->err));
		}
		for (size_t len = 0; len < good.len; len += 997) {
			replace(path.data, good.data, len);
			check_anew(d, false, &list, list.count / 2);
		}
		drop(d, names[n]);
		check_anew(d, false, &list, list.count / 4);
		if (!n) {
			free(list.items);
			make_fresh_file(d);
			list = all_wanted(d);
		}
	}
	free(list.items);
}

/* Written in place, under the hands of who has it open. */
static void overwritten_while_open(void **state)
{
	struct desk *d = *state;
	struct wanted_list list;
	struct blob_index *open;
	auto_buf path = BUF_INIT, good = BUF_INIT;
	auto_close int fd = -1;

	make_both_files(d);
	list = all_wanted(d);
	open = open_index(d, false);
	check_absent(d, open);
	cache_path(d, "blobs", &path);
	desk_must(d, file_read_whole(path.data, 1 << 24, &good, &d->err));
	desk_must(d, file_open_write(path.data, &fd, &d->err));
	memset(good.data, 0x5a, good.len);
	desk_must(d, file_write_at(fd, good.data, good.len, 0, &d->err));
	check_index(d, open, &list, 3);
	check_anew(d, false, &list, 3);
	blob_index_free(open);
	free(list.items);
}

static void prefixes(void **state)
{
	struct desk *d = *state;
	struct blob_index *index;
	struct wanted_list list;
	size_t nodes = 0;

	make_both_files(d);
	list = all_wanted(d);
	index = open_index(d, false);
	for (size_t i = 0; i < list.count; i++) {
		struct blob_found found = BLOB_FOUND_INIT;
		char hex[OID_HEX_LEN + 1];
		int r;

		oid_to_hex(&list.items[i].id, hex);
		r = blob_index_find_prefix(index, hex, 20, &found, &d->err);
		desk_must(d, r);
		/* Of nodes only the roots of collections. */
		assert_true(r == 1 || list.items[i].kind == OBJECT_TREE);
		assert_true(!r || oid_equal(&found.id, &list.items[i].id));
		nodes += r && list.items[i].kind == OBJECT_TREE;
		blob_found_release(&found);
		if (list.items[i].kind == OBJECT_BLOB)
			desk_refused(d, blob_index_find_prefix(index, hex, 1, &found, &d->err), DRIFT_ERR_AMBIGUOUS,
				     "several");
	}
	assert_true(nodes > 0);
	blob_index_free(index);
	free(list.items);
}

struct seen_progress {
	uint64_t calls, done, total;
};

static void see(void *data, uint64_t done, uint64_t total)
{
	struct seen_progress *p = data;

	assert_true(done >= p->done && done <= total);
	*p = (struct seen_progress){ p->calls + 1, done, total };
}

static void progress_is_told(void **state)
{
	struct desk *d = *state;
	struct seen_progress seen = { .calls = 0 };
	struct blob_progress progress = { see, &seen };
	struct blob_index *index;

	commit_first(d);
	desk_must(d, blob_index_new(d->repo, false, &progress, &index, &d->err));
	check_absent(d, index);
	assert_true(seen.calls > 0 && seen.total > 0);
	blob_index_free(index);
}

/* And while the index of the store is made anew. */
static void progress_of_replay(void **state)
{
	struct desk *d = *state;
	struct seen_progress seen = { .calls = 0 };
	struct odb_progress progress = { see, &seen };
	struct repo_options options = { .no_cache = true, .progress = &progress };
	auto_repo *repo = NULL;

	commit_first(d);
	seal(d);
	desk_must(d, repo_open(d->dir, &options, &repo, &d->err));
	assert_true(seen.calls > 1);
	assert_true(seen.total > 0 && seen.done == seen.total);
}

static int nothing(struct derived_source *self, struct derived_entry *out, struct drift_error *err)
{
	(void)self, (void)out, (void)err;
	return 0;
}

/* The example of Documentation/drift-format-cache.adoc. */
static void head_of_the_format(void **state)
{
	static const unsigned char expected[96] = {
		0x44, 0x52, 0x49, 0x46, 0x54, 0x42, 0x4c, 0x42, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xbc, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00,
		0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07,
		0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07,
		0x00, 0x58, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	};
	static const unsigned char sum[4] = { 0xe6, 0xad, 0x2a, 0xc1 };
	struct derived_mark mark = { .to = loc_make(1, 700, 0), .newest = { .loc = loc_make(1, 600, 0) } };
	struct derived_source none = { nothing };
	struct desk *d = *state;
	auto_buf path = BUF_INIT, bytes = BUF_INIT;
	struct derived_table *t;

	for (unsigned char i = 0; i < 16; i++)
		mark.store_id[i] = i;
	memset(mark.newest.id.bytes, 7, OID_LEN);
	cache_path(d, "example", &path);
	desk_must(d, derived_table_write(path.data, &mark, &none, &t, &d->err));
	assert_int_equal(derived_table_count(t), 0);
	derived_table_free(t);
	desk_must(d, file_read_whole(path.data, 1 << 20, &bytes, &d->err));
	assert_int_equal(bytes.len, DERIVED_BLOCK_LEN);
	assert_memory_equal(bytes.data, expected, sizeof(expected));
	assert_memory_equal(bytes.data + DERIVED_BLOCK_LEN - 4, sum, sizeof(sum));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(grown_equals_made_anew, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(damaged_files_are_made_again, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(overwritten_while_open, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(prefixes, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(head_of_the_format, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(progress_is_told, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(progress_of_replay, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
