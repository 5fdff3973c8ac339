/*
 * What a store takes from whoever sends to it. The first byte is 'r' for records as they are, or anything else for a whole
 * stream. An error, or all that was told is there. The store itself stays as it was.
 */
#include <assert.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/writer.h"
#include "sync/receive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char dir[] = "/tmp/drift-fuzz-XXXXXX";
static struct repo *repo;

struct memory {
	const char *data;
	size_t len;
};

static ptrdiff_t read_memory(void *data, void *bytes, size_t len, struct drift_error *err)
{
	struct memory *m = data;
	size_t n = m->len < len ? m->len : len;

	(void)err;
	if (n)
		memcpy(bytes, m->data, n);
	m->data += n;
	m->len -= n;
	return (ptrdiff_t)n;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static void leave(void)
{
	repo_close(repo);
	nftw(dir, remove_one, 10, FTW_DEPTH | FTW_PHYS);
}

/* The same in each run: so streams in the corpus may build on its commit. */
static void make_store(void)
{
	const struct repo_options options = { .no_sync = true };
	struct commit_options how = { .author = "A", .message = "one", .message_len = 3, .has_time = true, .time_usec = 1 };
	struct commit_result result;
	struct edits *e;
	int failed;

	failed = !mkdtemp(dir) || repo_init(dir, &options, NULL) || repo_open(dir, &options, &repo, NULL) ||
		 edits_new(repo, &e, NULL);
	assert(!failed);
	atexit(leave);
	failed = edits_put(e, "c/k", 3, "value", 5, DOCUMENT_NO_MODE, NULL) || edits_commit(e, &how, &result, NULL);
	assert(!failed);
	edits_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct memory m = { (const char *)data + (len > 0), len - (len > 0) };
	const struct sync_source source = { read_memory, &m };
	const struct sync_receive_options options = { .raw = len && data[0] == 'r', .content_len_max = 1 << 20 };
	const struct received_object *objects;
	struct received *r;
	size_t count;

	if (!repo)
		make_store();
	if (!len || sync_receive(repo, &source, &options, &r, NULL))
		return 0;
	objects = received_objects(r, &count);
	for (size_t i = 0; i < count; i++) {
		struct object_ref object;
		enum object_kind kind;
		int found = received_find(r, &objects[i].object.id, &kind, &object, NULL);

		assert(found == 1 && kind == objects[i].kind);
	}
	received_free(r);
	return 0;
}
