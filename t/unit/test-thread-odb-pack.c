/* Threads that read and write while journals are sealed and packs take their place. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "objects/odb_files.h"
#include "t/unit/packer.h"
#include "t/unit/trunk.h"

#define COMMITS 1500
#define PACKS_WANTED 2
/* Where the packer is starved the writer goes on until it has packed, but not for ever. */
#define MORE 500
#define COMMITS_MAX 60000
#define READERS 3
#define BACK 60

struct shared {
	struct odb *odb;
	atomic_bool done;
	atomic_uint reads, wrong, packs;
	size_t commits; /* written, once done */
	char why[sizeof(((struct drift_error *)0)->message)];
	pthread_mutex_t mutex;
};

static struct odb *open_small(void)
{
	struct odb_options small = { .journal_len = 8192 };
	struct odb *odb;

	trunk_must(odb_open(trunk_dir, &small, &odb, &trunk_err));
	return odb;
}

static void note_wrong(struct shared *s, const char *why)
{
	atomic_fetch_add(&s->wrong, 1);
	pthread_mutex_lock(&s->mutex);
	snprintf(s->why, sizeof(s->why), "%s", why);
	pthread_mutex_unlock(&s->mutex);
}

/* What the commit put is there, and its path's newest change is it or a later one. */
static int check_commit(struct odb *odb, struct commit *c, struct drift_error *err)
{
	struct tree_root tree = { c->tree.id, c->tree.loc };
	auto_node *node = NULL;
	struct document doc;
	char key[32];
	struct path path = { "c", 1, key, 0 };
	uint64_t loc, marker;
	int r;

	path.key_len = (size_t)snprintf(key, sizeof(key), "k%u", (unsigned)(c->seq % 50));
	r = tree_get(odb_nodes(odb), &tree, &path, &node, &doc, err);
	if (r < 0 || odb_change_head(odb, &path, &loc, &marker, err) < 0)
		return -1;
	if (!r || doc.len != c->message.len || memcmp(doc.data, c->message.data, doc.len) != 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "a wrong document");
	return loc >= c->loc ? 0 : error_set(err, DRIFT_ERR_CORRUPT, "a change is not known");
}

static int walk_back(struct odb *odb, struct drift_error *err)
{
	struct commit *c = NULL, *parent;
	struct ref_value value;
	int i, r;

	if (odb_ref_read(odb, "refs/heads/main", false, &value, err) < 0)
		return -1;
	if (value.kind == REF_ABSENT)
		return 0;
	r = odb_commit(odb, &value.object.id, value.object.loc, &c, err);
	for (i = 0; i < BACK && !r && c; i++) {
		r = check_commit(odb, c, err);
		parent = NULL;
		if (!r && c->parent_count)
			r = odb_commit(odb, &c->parents[0].id, c->parents[0].loc, &parent, err);
		commit_unref(c);
		c = parent;
	}
	commit_unref(c);
	return r;
}

static void *read_on(void *data)
{
	struct shared *s = data;
	struct drift_error err;

	while (!atomic_load(&s->done)) {
		if (walk_back(s->odb, &err) < 0)
			note_wrong(s, err.message);
		atomic_fetch_add(&s->reads, 1);
	}
	return NULL;
}

static void *write_on(void *data)
{
	struct shared *s = data;
	struct tip tip;

	trunk_start(&tip);
	trunk_write(s->odb, &tip, s->commits = COMMITS);
	for (; atomic_load(&s->packs) < PACKS_WANTED && s->commits < COMMITS_MAX; s->commits += MORE)
		trunk_write(s->odb, &tip, MORE);
	commit_unref(tip.commit);
	atomic_store(&s->done, true);
	return NULL;
}

static void nobody_notices(void **state)
{
	struct shared s = { .odb = open_small(), .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct odb *packer = open_small();
	pthread_t readers[READERS], writer;
	unsigned i;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_on, &s), 0);
	for (i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &s), 0);
	while (!atomic_load(&s.done)) {
		trunk_must(odb_lock(packer, &trunk_err));
		odb_unlock(packer);
		if (odb_sealed_count(packer) < 4)
			continue;
		pack_sealed(packer, LOC_UNKNOWN);
		atomic_fetch_add(&s.packs, 1);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	for (i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	if (atomic_load(&s.wrong))
		fail_msg("%u reads of %u went wrong: %s", atomic_load(&s.wrong), atomic_load(&s.reads), s.why);
	assert_true(atomic_load(&s.packs) >= PACKS_WANTED);
	odb_close(packer);
	odb_close(s.odb);
	assert_int_equal(trunk_check(), s.commits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_notices, trunk_make, trunk_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
