#include "t/unit/desk.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/documents.h"

#define DIR_TEMPLATE "/tmp/drift-desk-XXXXXX"

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

void desk_must(struct desk *d, int r)
{
	if (r < 0)
		fail_msg("%s", d->err.message);
}

void desk_refused(struct desk *d, int r, enum drift_error_code code, const char *part)
{
	if (r >= 0)
		fail_msg("not refused, expected code %d", (int)code);
	if (d->err.code != code || (part && !strstr(d->err.message, part)))
		fail_msg("refused with code %d, '%s'", (int)d->err.code, d->err.message);
}

int desk_setup(void **state)
{
	struct repo_options options = { .no_sync = true };
	struct desk *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->random = 42;
	memcpy(d->dir, DIR_TEMPLATE, sizeof(DIR_TEMPLATE));
	assert_non_null(mkdtemp(d->dir));
	desk_must(d, repo_init(d->dir, &options, &d->err));
	desk_reopen(d);
	*state = d;
	return 0;
}

void desk_reopen(struct desk *d)
{
	struct repo_options options = { .no_sync = true };

	repo_close(d->repo);
	d->repo = NULL;
	desk_must(d, repo_open(d->dir, &options, &d->repo, &d->err));
	d->odb = repo_odb(d->repo);
}

int desk_teardown(void **state)
{
	struct desk *d = *state;

	repo_close(d->repo);
	assert_int_equal(nftw(d->dir, remove_one, 10, FTW_DEPTH | FTW_PHYS), 0);
	free(d);
	return 0;
}

uint64_t desk_random(struct desk *d, uint64_t below)
{
	d->random = d->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (d->random >> 33) % below;
}

struct edits *desk_edits(struct desk *d)
{
	struct edits *e = NULL;

	desk_must(d, edits_new(d->repo, &e, &d->err));
	return e;
}

void desk_put(struct desk *d, struct edits *e, const char *path, const char *text)
{
	desk_must(d, edits_put(e, path, strlen(path), text, strlen(text), DOCUMENT_NO_MODE, &d->err));
}

void desk_remove(struct desk *d, struct edits *e, const char *path)
{
	desk_must(d, edits_remove(e, path, strlen(path), false, &d->err));
}

void desk_merge(struct desk *d, struct edits *e, const char *path, const char *patch)
{
	desk_must(d, edits_patch(e, path, strlen(path), PATCH_MERGE, patch, strlen(patch), &d->err));
}

struct commit_options desk_options(void)
{
	struct commit_options options = { .author = "tester", .message = "test\n", .message_len = 5 };

	return options;
}

struct commit_result desk_commit(struct desk *d, struct edits *e)
{
	struct commit_options options = desk_options();
	struct commit_result result;

	memset(&result, 0, sizeof(result));
	desk_must(d, edits_commit(e, &options, &result, &d->err));
	edits_free(e);
	return result;
}

struct commit_result desk_commit_put(struct desk *d, const char *path, const char *text)
{
	struct edits *e = desk_edits(d);

	desk_put(d, e, path, text);
	return desk_commit(d, e);
}

struct commit *desk_head(struct desk *d)
{
	struct commit *c = NULL;

	desk_must(d, refs_commit(d->odb, REF_HEAD, false, &c, &d->err));
	return c;
}

struct tree_root desk_head_tree(struct desk *d)
{
	auto_commit *c = desk_head(d);
	struct tree_root tree;

	tree_empty(&tree);
	if (c)
		tree = (struct tree_root){ .id = c->tree.id, .loc = c->tree.loc };
	return tree;
}

struct tree_root desk_tree(struct desk *d, const struct oid *commit)
{
	auto_commit *c = NULL;

	desk_must(d, odb_commit(d->odb, commit, LOC_UNKNOWN, &c, &d->err));
	return (struct tree_root){ .id = c->tree.id, .loc = c->tree.loc };
}

void desk_holds(struct desk *d, const struct tree_root *tree, const char *path, const char *text)
{
	auto_buf out = BUF_INIT;
	int found = documents_get(d->repo, tree, path, strlen(path), &out, NULL, &d->err);

	desk_must(d, found);
	if (!text && found)
		fail_msg("'%s' holds '%s', expected nothing", path, out.data);
	if (text && !found)
		fail_msg("'%s' is absent, expected '%s'", path, text);
	if (text && strcmp(out.data, text) != 0)
		fail_msg("'%s' holds '%s', expected '%s'", path, out.data, text);
}

void desk_head_holds(struct desk *d, const char *path, const char *text)
{
	struct tree_root tree = desk_head_tree(d);

	desk_holds(d, &tree, path, text);
}
