#include "t/unit/ferry.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/change_lists.h"
#include "repo/fsck.h"
#include "repo/graph.h"

static ptrdiff_t read_bytes(void *data, void *bytes, size_t len, struct drift_error *err)
{
	struct ferry_bytes *b = data;
	size_t n = b->len - b->at;

	if (!n && b->fails)
		return error_set(err, DRIFT_ERR_IO, "the line is cut");
	if (n > len)
		n = len;
	if (b->step && n > b->step)
		n = b->step;
	memcpy(bytes, b->data + b->at, n);
	b->at += n;
	return (ptrdiff_t)n;
}

struct sync_source ferry_source(struct ferry_bytes *bytes)
{
	return (struct sync_source){ read_bytes, bytes };
}

static int write_bytes(void *data, const void *bytes, size_t len, struct drift_error *err)
{
	buf_add(data, bytes, len);
	return buf_check(data, err);
}

struct sync_sink ferry_sink(struct buf *out)
{
	return (struct sync_sink){ write_bytes, out };
}

struct refs {
	struct oid *ids;
	struct ref_change *changes;
	size_t count, capacity, change_capacity;
};

static int add_id(void *data, const struct oid *id, struct drift_error *err)
{
	struct refs *refs = data;

	if (mem_grow(&refs->ids, &refs->capacity, refs->count + 1, sizeof(*refs->ids)))
		return error_no_memory(err);
	refs->ids[refs->count++] = *id;
	return 0;
}

static int add_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct refs *refs = data;

	if (mem_grow(&refs->changes, &refs->change_capacity, refs->count + 1, sizeof(*refs->changes)))
		return error_no_memory(err);
	refs->changes[refs->count] = (struct ref_change){ .name = mem_dup_str(name, strlen(name)), .value = *value };
	return add_id(refs, &value->object.id, err);
}

static int add_value(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	(void)name;
	return add_id(data, &value->object.id, err);
}

static void refs_release(struct refs *refs)
{
	for (size_t i = 0; refs->changes && i < refs->count; i++)
		free((void *)(uintptr_t)refs->changes[i].name);
	free(refs->ids);
	free(refs->changes);
}

int ferry_send(struct repo *from, struct repo *to, struct buf *out, struct drift_error *err)
{
	struct refs wants = { .count = 0 }, haves = { .count = 0 };
	struct sync_send_options options = { .want_count = 0 };
	const struct sync_sink sink = ferry_sink(out);
	int r = odb_ref_each(repo_odb(from), "refs/", add_ref, &wants, err);

	if (!r && to)
		r = odb_ref_each(repo_odb(to), "refs/", add_value, &haves, err);
	if (!r && to)
		r = incoming_each(to, add_id, &haves, err);
	options.wants = wants.ids;
	options.want_count = wants.count;
	options.haves = haves.ids;
	options.have_count = haves.count;
	if (!r)
		r = sync_send(from, &options, &sink, NULL, err);
	refs_release(&wants);
	refs_release(&haves);
	return r;
}

static int settle(struct repo *to, struct refs *new, struct refs *old, struct received *r, struct drift_error *err)
{
	struct ref_transaction t = { .batch = received_batch(r), .actor = "ferry", .reason = "test" };
	size_t incoming_count, count = 0;
	const struct ref_change *incoming = received_incoming(r, &incoming_count);
	struct ref_change *all = mem_calloc(new->count + old->count + incoming_count + 1, sizeof(*all));
	int result = 0;

	for (size_t i = 0; !result && i < new->count; i++) {
		enum object_kind kind;
		int found = received_find(r, &new->ids[i], &kind, &new->changes[i].value.object, err);

		if (!found)
			error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' did not come", new->changes[i].name);
		result = found > 0 ? 0 : -1;
		all[count++] = new->changes[i];
	}
	for (size_t i = 0; i < old->count; i++) {
		size_t k = 0;

		while (k < new->count && strcmp(new->changes[k].name, old->changes[i].name) != 0)
			k++;
		if (k < new->count)
			continue;
		all[count] = old->changes[i];
		all[count++].value.kind = REF_ABSENT;
	}
	for (size_t i = 0; i < incoming_count; i++)
		all[count++] = incoming[i];
	t.changes = all;
	t.change_count = count;
	if (!result)
		result = refs_apply(repo_odb(to), &t, err);
	free(all);
	return result;
}

int ferry_settle(struct repo *from, struct repo *to, struct received *r, struct drift_error *err)
{
	struct refs new = { .count = 0 }, old = { .count = 0 };
	int result = odb_ref_each(repo_odb(from), "refs/", add_ref, &new, err);

	if (!result)
		result = odb_ref_each(repo_odb(to), "refs/", add_ref, &old, err);
	if (!result)
		result = settle(to, &new, &old, r, err);
	refs_release(&new);
	refs_release(&old);
	return result;
}

int ferry(struct repo *from, struct repo *to, struct drift_error *err)
{
	const struct sync_receive_options options = { .peer = "ferry" };
	auto_buf stream = BUF_INIT;
	auto_received *r = NULL;
	struct ferry_bytes bytes;
	struct sync_source source = ferry_source(&bytes);

	if (ferry_send(from, to, &stream, err))
		return -1;
	bytes = (struct ferry_bytes){ .data = stream.data, .len = stream.len };
	return sync_receive(to, &source, &options, &r, err) || ferry_settle(from, to, r, err) ? -1 : 0;
}

/* --- looking at what has come --- */

static int complain(void *data, const struct fsck_fault *fault, struct drift_error *err)
{
	(void)data;
	(void)err;
	fail_msg("fsck: %s", fault->sentence);
	return 0;
}

static void must(int r, const struct drift_error *err)
{
	if (r < 0)
		fail_msg("%s", err->message);
}

static void check_list(struct repo *repo, const struct commit *c)
{
	struct drift_error err;
	struct tree_root trees[CHANGE_PARENTS_MAX], tree = { c->tree.id, c->tree.loc };
	struct change_list is, want;

	if (c->parent_count > CHANGE_PARENTS_MAX)
		return;
	for (size_t i = 0; i < c->parent_count; i++) {
		auto_commit *parent = NULL;

		must(odb_commit(repo_odb(repo), &c->parents[i].id, c->parents[i].loc, &parent, &err), &err);
		trees[i] = (struct tree_root){ parent->tree.id, parent->tree.loc };
	}
	must(change_list_compare(repo_nodes(repo), trees, c->parent_count, &tree, &want, &err), &err);
	assert_int_equal(odb_change_list(repo_odb(repo), c->loc, &is, &err), 1);
	assert_int_equal(is.complete, want.complete);
	assert_int_equal(is.count, want.count);
	for (size_t i = 0; i < is.count; i++) {
		assert_int_equal(path_compare(&is.changes[i].path, &want.changes[i].path), 0);
		assert_int_equal(is.changes[i].kinds, want.changes[i].kinds);
	}
	change_list_release(&is);
	change_list_release(&want);
}

static int include(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct commit *c = NULL;
	void **both = data;
	int r = refs_commit(repo_odb(both[0]), name, false, &c, err);

	(void)value;
	if (r > 0)
		r = revwalk_include(both[1], c, err);
	commit_unref(c);
	return r;
}

void ferry_check(struct repo *repo)
{
	struct fsck_options options = { .full = true, .threads = 1, .fault = complain };
	struct fsck_result result;
	struct drift_error err;
	auto_revwalk *walk = NULL;
	struct commit *c;
	void *both[2];
	int r;

	must(fsck_run(repo, &options, &result, &err), &err);
	must(revwalk_new(repo, NULL, &walk, &err), &err);
	both[0] = repo;
	both[1] = walk;
	must(odb_ref_each(repo_odb(repo), "refs/", include, both, &err), &err);
	while ((r = revwalk_next(walk, &c, &err)) > 0) {
		check_list(repo, c);
		commit_unref(c);
	}
	must(r, &err);
}

struct repo *ferry_make(char dir[64])
{
	struct repo_options options = { .no_sync = true };
	struct drift_error err;
	struct repo *repo;

	snprintf(dir, 64, "/dev/shm/drift-test-XXXXXX");
	if (!mkdtemp(dir)) {
		snprintf(dir, 64, "/tmp/drift-test-XXXXXX");
		assert_non_null(mkdtemp(dir));
	}
	must(repo_init(dir, &options, &err), &err);
	must(repo_open(dir, &options, &repo, &err), &err);
	return repo;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

void ferry_remove(struct repo *repo, const char *dir)
{
	repo_close(repo);
	assert_int_equal(nftw(dir, remove_one, 10, FTW_DEPTH | FTW_PHYS), 0);
}
