/*
 * A hostile file cache/index: whatever is in it, what the store answers is a commit that was made and its documents, or
 * an error. The first byte says which fields of the head are made right first: bit 0 those by which it is believed,
 * bit 1 the places in the journal.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "objects/odb.h"
#include "objects/store_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define COMMITS 6

/* A store made once, its index as it should be, and what it may answer. */
static char dir[64];
static struct buf good_index = BUF_INIT;
static struct oid commits[COMMITS];

static void path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static void remove_folder(void)
{
	static const char *const names[] = { "cache/index", "cache", "journal-000001", "current", "lock", "" };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(names[i], path);
		(void)!remove(path);
	}
	buf_release(&good_index);
}

static void must(int r)
{
	if (r < 0)
		abort();
}

static void add_commit(struct odb *odb, size_t i, struct commit **tip, struct tree_root *tree)
{
	struct document doc = { .form = DOCUMENT_INLINE, .data = (const unsigned char *)"012345" + i, .len = 1 };
	struct tree_change change = { .path = { "c", 1, "k", 1 }, .document = &doc };
	struct commit from = { .author = { .who = { "f", 1 }, .zone = "+0000" }, .message = { "m", 1 } }, *c;
	struct object_ref parent, made;
	struct ref_value ref = { .kind = REF_OBJECT };
	struct odb_ref_update update = { "refs/heads/main", &ref };
	struct odb_append append = { .updates = &update, .update_count = 1 };
	struct commit *jump = NULL;
	uint64_t ticket;

	must(odb_batch_new(odb, &append.batch, NULL));
	must(odb_lock(odb, NULL));
	must(tree_edit_array(odb_batch_nodes(append.batch), tree, &change, 1, tree, NULL));
	from.tree = (struct object_ref){ tree->id, tree->loc };
	from.committer = from.author;
	if (*tip) {
		parent = (struct object_ref){ (*tip)->id, (*tip)->loc };
		from.parents = &parent;
		from.parent_count = 1;
		if ((*tip)->parent_count)
			must(odb_commit(odb, &(*tip)->jump.id, (*tip)->jump.loc, &jump, NULL));
	}
	commit_derive(&from, tip, jump);
	must(commit_new(&from, &c, NULL));
	must(odb_batch_commit(append.batch, c, NULL, &made, NULL));
	ref.object = made;
	must(odb_append(odb, &append, &ticket, NULL));
	tree->loc = odb_batch_loc(append.batch, tree->loc);
	odb_batch_free(append.batch);
	odb_unlock(odb);
	must(odb_sync(odb, ticket, NULL));
	commits[i] = c->id;
	commit_unref(jump);
	commit_unref(*tip);
	*tip = c;
}

static void make_store(void)
{
	struct commit *tip = NULL;
	struct tree_root tree;
	struct odb *odb;
	char path[128];
	size_t i;

	snprintf(dir, sizeof(dir), "/dev/shm/drift-fuzz-XXXXXX");
	if (!mkdtemp(dir)) {
		snprintf(dir, sizeof(dir), "/tmp/drift-fuzz-XXXXXX");
		if (!mkdtemp(dir))
			abort();
	}
	atexit(remove_folder);
	must(odb_create(dir, NULL, NULL));
	must(odb_open(dir, NULL, &odb, NULL));
	tree_empty(&tree);
	for (i = 0; i < COMMITS; i++)
		add_commit(odb, i, &tip, &tree);
	commit_unref(tip);
	odb_close(odb);
	path_of("cache/index", path);
	must(file_read_whole(path, 1 << 20, &good_index, NULL));
}

static void write_index(const uint8_t *data, size_t len)
{
	auto_buf bytes = BUF_INIT;
	char path[128];
	FILE *f;

	/* Beyond the input it is as it should be. */
	buf_add(&bytes, data + 1, len - 1);
	if (bytes.len < good_index.len)
		buf_add(&bytes, good_index.data + bytes.len, good_index.len - bytes.len);
	if (data[0] & 1)
		memcpy(bytes.data, good_index.data, offsetof(struct index_head, end));
	if (data[0] & 2)
		memcpy(bytes.data + offsetof(struct index_head, end), good_index.data + offsetof(struct index_head, end),
		       sizeof(struct index_head) - offsetof(struct index_head, end));
	path_of("cache/index", path);
	f = fopen(path, "wb");
	if (!f || fwrite(bytes.data, 1, bytes.len, f) != bytes.len || fclose(f))
		abort();
}

static void check_commit(struct odb *odb, const struct oid *id, uint64_t loc)
{
	struct path path = { "c", 1, "k", 1 };
	auto_node *node = NULL;
	struct tree_root tree;
	struct document doc;
	auto_commit *c = NULL;
	size_t i;

	if (odb_commit(odb, id, loc, &c, NULL) < 0)
		return;
	for (i = 0; i < COMMITS && !oid_equal(&commits[i], &c->id); i++)
		;
	assert(i < COMMITS);
	tree = (struct tree_root){ c->tree.id, c->tree.loc };
	if (tree_get(odb_nodes(odb), &tree, &path, &node, &doc, NULL) > 0)
		assert(doc.len == 1 && doc.data[0] == '0' + i);
}

static int check_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	(void)err;
	assert(!strcmp(name, "refs/heads/main") && value->kind == REF_OBJECT);
	check_commit(data, &value->object.id, value->object.loc);
	return 0;
}

static int check_object(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	(void)err;
	if (kind == OBJECT_COMMIT)
		check_commit(data, id, loc);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct odb_options options = { .read_only = true, .node_cache_len = 1 << 20 };
	struct path path = { "c", 1, "k", 1 };
	struct ref_value value = { .kind = REF_ABSENT };
	char hex[OID_HEX_LEN + 1];
	uint64_t loc, marker;
	struct odb *odb;
	size_t i;

	if (len < 1 || len > 1 << 18)
		return 0;
	if (!*dir)
		make_store();
	write_index(data, len);
	must(odb_open(dir, &options, &odb, NULL));
	if (!odb_ref_read(odb, "refs/heads/main", false, &value, NULL) && value.kind == REF_OBJECT)
		check_commit(odb, &value.object.id, value.object.loc);
	(void)!odb_ref_each(odb, "", check_ref, odb, NULL);
	(void)!odb_change_head(odb, &path, &loc, &marker, NULL);
	for (i = 0; i < COMMITS; i++) {
		check_commit(odb, &commits[i], LOC_UNKNOWN);
		oid_to_hex(&commits[i], hex);
		(void)!odb_find_prefix(odb, hex, 4, check_object, odb, NULL);
	}
	odb_close(odb);
	return 0;
}
