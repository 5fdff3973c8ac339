/* Threads that commit and meet at one hub at once, by two handles of each store: no commit is lost, all end up equal. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "refs/refname.h"
#include "repo/writer.h"
#include "sync/reconcile.h"
#include "t/unit/ferry.h"

#define MAIN "refs/heads/main"
#define NODES 3
#define ROUNDS 8

struct member {
	unsigned number;
	const char *hub;
	struct repo *repo;
	char dir[64];
	struct drift_error err; /* of what went wrong */
	bool failed;
};

static int put(struct member *n, unsigned round)
{
	const struct commit_options options = { .branch = MAIN, .author = "tester", .message = "test\n", .message_len = 5 };
	struct commit_result made;
	auto_edits *e = NULL;
	char path[32];

	snprintf(path, sizeof(path), "c/%u-%u", n->number, round);
	return edits_new(n->repo, &e, &n->err) || edits_put(e, path, strlen(path), "v", 1, DOCUMENT_NO_MODE, &n->err) ||
			       edits_commit(e, &options, &made, &n->err) ?
		       -1 :
		       0;
}

static int meet(struct member *n)
{
	struct reconcile_branch branch = { .ours = MAIN, .theirs = MAIN };
	struct reconcile_options options = { .branches = &branch, .count = 1, .actor = "tester" };
	struct client_options how = { .push = true };
	struct reconcile_result result;
	auto_remote *remote = NULL;
	auto_client *client = NULL;

	if (remote_of_url(n->hub, &remote, &n->err))
		return -1;
	how.remote = options.remote = remote;
	return client_open(n->repo, &how, &client, &n->err) || reconcile_run(n->repo, client, &options, &result, &n->err) ? -1 : 0;
}

static void *work(void *data)
{
	struct member *n = data;

	for (unsigned i = 0; i < ROUNDS && !n->failed; i++)
		n->failed = put(n, i) || meet(n);
	return NULL;
}

static struct commit *head(struct repo *repo)
{
	struct drift_error err;
	struct commit *c = NULL;

	assert_int_equal(refs_commit(repo_odb(repo), MAIN, false, &c, &err), 1);
	return c;
}

static void test_hub(void **state)
{
	struct member nodes[NODES] = { { .number = 0 } };
	pthread_t threads[NODES];
	char dir[64];
	struct repo *hub = ferry_make(dir);
	struct drift_error err;
	struct commit *at;
	struct tree_root tree;
	struct tree_totals totals;

	(void)state;
	for (unsigned i = 0; i < NODES; i++) {
		nodes[i] = (struct member){ .number = i, .hub = dir };
		nodes[i].repo = ferry_make(nodes[i].dir);
	}
	for (unsigned i = 0; i < NODES; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &nodes[i]), 0);
	for (unsigned i = 0; i < NODES; i++)
		pthread_join(threads[i], NULL);
	at = head(hub);
	tree = (struct tree_root){ at->tree.id, at->tree.loc };
	assert_int_equal(tree_totals(repo_nodes(hub), &tree, &totals, &err), 0);
	assert_int_equal(totals.document_count, NODES * ROUNDS);
	for (unsigned i = 0; i < NODES; i++) {
		struct commit *own;

		if (nodes[i].failed || meet(&nodes[i]))
			fail_msg("%s", nodes[i].err.message);
		own = head(nodes[i].repo);
		assert_true(oid_equal(&own->id, &at->id));
		commit_unref(own);
		ferry_check(nodes[i].repo);
		ferry_remove(nodes[i].repo, nodes[i].dir);
	}
	commit_unref(at);
	ferry_check(hub);
	ferry_remove(hub, dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hub) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
