#include "t/unit/dag.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/writer.h"

#define DIR_TEMPLATE "/tmp/drift-dag-XXXXXX"

static void check(int rc, const struct drift_error *err)
{
	if (rc < 0)
		fail_msg("%s", err->message);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

void dag_open(struct dag *d, uint64_t seed)
{
	struct repo_options options = { .no_sync = true };
	struct drift_error err;

	memset(d, 0, sizeof(*d));
	d->random = seed;
	memcpy(d->dir, DIR_TEMPLATE, sizeof(DIR_TEMPLATE));
	assert_non_null(mkdtemp(d->dir));
	check(repo_init(d->dir, &options, &err), &err);
	check(repo_open(d->dir, &options, &d->repo, &err), &err);
	check(odb_batch_new(repo_odb(d->repo), &d->batch, &err), &err);
}

void dag_forget(struct dag *d)
{
	for (size_t i = 0; i < d->count; i++)
		commit_unref(d->commits[i]);
	d->count = 0;
}

void dag_close(struct dag *d)
{
	dag_forget(d);
	free(d->commits);
	odb_batch_free(d->batch);
	repo_close(d->repo);
	assert_int_equal(nftw(d->dir, remove_one, 10, FTW_DEPTH | FTW_PHYS), 0);
}

uint64_t dag_random(struct dag *d, uint64_t below)
{
	d->random = d->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (d->random >> 33) % below;
}

static void derive(struct dag *d, struct commit *from, const struct dag_commit *c)
{
	struct commit *parents[16];
	const struct commit *jump = NULL;

	for (size_t i = 0; i < c->parent_count; i++) {
		parents[i] = d->commits[c->parents[i]];
		from->parents[i] = (struct object_ref){ .id = parents[i]->id, .loc = parents[i]->loc };
	}
	for (size_t i = c->parent_count ? c->parents[0] + 1 : 0; i--;) {
		if (oid_equal(&d->commits[i]->id, &parents[0]->jump.id)) {
			jump = d->commits[i];
			break;
		}
	}
	from->parent_count = c->parent_count;
	commit_derive(from, parents, jump);
	for (size_t i = c->parent_count ? c->parents[0] + 1 : 0; i--;) {
		if (oid_equal(&d->commits[i]->id, &from->jump.id)) {
			from->jump.loc = d->commits[i]->loc;
			break;
		}
	}
}

size_t dag_add(struct dag *d, const struct dag_commit *c)
{
	struct object_ref parents[16], stored;
	struct signature_line who = { .who = { "tester", 6 }, .time_usec = c->time_usec, .zone = "+0000" };
	struct commit from = { .parents = parents, .author = who, .committer = who };
	struct tree_root tree;
	struct commit *commit;
	struct drift_error err;
	char message[32];

	assert_true(c->parent_count <= ARRAY_SIZE(parents));
	tree_empty(&tree);
	if (c->tree)
		tree = *c->tree;
	from.tree = (struct object_ref){ .id = tree.id, .loc = tree.loc };
	snprintf(message, sizeof(message), "%zu\n", d->count);
	from.message = (struct text){ message, strlen(message) };
	derive(d, &from, c);
	if (c->recorded) {
		check(writer_add_commit(d->repo, d->batch, &from, &commit, &err), &err);
	} else {
		check(commit_new(&from, &commit, &err), &err);
		check(odb_batch_commit(d->batch, commit, NULL, &stored, &err), &err);
		commit->loc = stored.loc;
	}
	assert_int_equal(mem_grow(&d->commits, &d->capacity, d->count + 1, sizeof(struct commit *)), 0);
	d->commits[d->count] = commit;
	return d->count++;
}

void dag_flush(struct dag *d, const char *ref, size_t tip)
{
	struct odb *odb = repo_odb(d->repo);
	struct ref_value value = { .kind = REF_OBJECT };
	struct odb_ref_update update = { .name = ref, .value = &value };
	struct odb_append append = {
		.batch = d->batch, .updates = &update, .update_count = ref ? 1 : 0, .actor = "tester", .reason = "test"
	};
	struct drift_error err;
	uint64_t ticket;

	if (ref) {
		value.object = (struct object_ref){ .id = d->commits[tip]->id, .loc = d->commits[tip]->loc };
		append.time_usec = d->commits[tip]->time_usec;
	}
	check(odb_lock(odb, &err), &err);
	check(odb_append(odb, &append, &ticket, &err), &err);
	odb_unlock(odb);
	check(odb_sync(odb, ticket, &err), &err);
	odb_batch_clear(d->batch);
	for (size_t i = 0; i < d->count; i++) {
		struct commit *again;

		check(odb_commit(odb, &d->commits[i]->id, LOC_UNKNOWN, &again, &err), &err);
		commit_unref(d->commits[i]);
		d->commits[i] = again;
	}
}
