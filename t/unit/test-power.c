/*
 * The power goes: of what was written since the last sync any sectors are on the disk, others as they were. Every commit
 * that was acknowledged is there, no part of another, and the store opens and goes on. So it does when the power goes
 * again while it recovers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "t/unit/trunk.h"

#define SECTOR_LEN 512
#define VERSIONS_MAX 8 /* of the journal, since it was synced last */

static uint64_t random_state = UINT64_C(88172645463325252);

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

struct versions {
	struct buf v[VERSIONS_MAX]; /* the first is synced */
	size_t count;
};

static void path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", trunk_dir, name);
}

static void take_version(struct versions *all)
{
	char path[128];

	assert_true(all->count < VERSIONS_MAX);
	path_of("journal-000001", path);
	buf_init(&all->v[all->count]);
	trunk_must(file_read_whole(path, (uint64_t)1 << 30, &all->v[all->count++], &trunk_err));
}

static void forget_versions(struct versions *all)
{
	while (all->count)
		buf_release(&all->v[--all->count]);
}

static const char *sector(const struct buf *v, size_t at)
{
	static const char blank[SECTOR_LEN];

	return at + SECTOR_LEN <= v->len ? v->data + at : blank;
}

/* A disk that has some version of each sector: what = 0 the oldest of all, 1 the newest of all but one, 2 any of each. */
static void mix(const struct versions *all, unsigned what, struct buf *out)
{
	const struct buf *newest = &all->v[all->count - 1];
	size_t at, lost = 0, dirty = 0;

	for (at = 0; at < newest->len; at += SECTOR_LEN)
		dirty += memcmp(sector(newest, at), sector(&all->v[0], at), SECTOR_LEN) != 0;
	lost = dirty ? random_next() % dirty : 0;
	dirty = 0;
	for (at = 0; at < newest->len; at += SECTOR_LEN) {
		size_t pick = what == 2 ? random_next() % all->count : what ? all->count - 1 : 0;

		if (memcmp(sector(newest, at), sector(&all->v[0], at), SECTOR_LEN) != 0 && dirty++ == lost && what == 1)
			pick = 0;
		buf_add(out, sector(&all->v[pick], at), SECTOR_LEN);
	}
	/* A file that grew may be as short as it was. */
	if (random_next() % 4 == 0 && all->v[0].len < out->len)
		buf_truncate(out, all->v[0].len);
}

/* The machine starts again with that journal; nothing that is derived survives. */
static void put_journal(const struct buf *bytes)
{
	char path[128];

	path_of("journal-000001", path);
	trunk_must(file_replace(path, bytes->data, bytes->len, &trunk_err));
	path_of("cache/index", path);
	(void)!file_unlink(path, NULL);
}

static void expect_whole(size_t acknowledged, size_t written)
{
	struct odb *odb;
	size_t n = trunk_check();

	assert_in_range(n, acknowledged, written);
	odb = trunk_open();
	assert_int_equal(odb_damage(odb, NULL, NULL), 0);
	odb_close(odb);
}

/* One more commit on what is left, which must be durable in turn. */
static void go_on(void)
{
	struct odb *odb = trunk_open();
	size_t before = trunk_check();
	struct tip tip;

	trunk_start(&tip);
	tip.commit = trunk_tip(odb);
	if (tip.commit)
		tip.tree = (struct tree_root){ tip.commit->tree.id, tip.commit->tree.loc };
	trunk_write(odb, &tip, 1);
	odb_close(odb);
	commit_unref(tip.commit);
	assert_int_equal(trunk_check(), before + 1);
}

/* The power goes once, and once more while the tail is cut. */
static void cut_power(const struct versions *all, unsigned what, size_t acknowledged, size_t written)
{
	struct versions again = { .count = 0 };
	auto_buf disk = BUF_INIT, second = BUF_INIT;

	mix(all, what, &disk);
	put_journal(&disk);
	take_version(&again);
	expect_whole(acknowledged, written);
	take_version(&again);
	mix(&again, 2, &second);
	put_journal(&second);
	expect_whole(acknowledged, written);
	go_on();
	forget_versions(&again);
}

static void append_more(struct odb *odb, struct tip *tip, size_t count, struct versions *all)
{
	char key[32], value[900];

	while (count--) {
		uint64_t seq = tip->commit ? tip->commit->seq + 1 : 1;
		int n;

		snprintf(key, sizeof(key), "k%llu", (unsigned long long)(seq % 50));
		n = snprintf(value, sizeof(value), "value number %llu ", (unsigned long long)seq);
		/* Messages and documents of all lengths that do not compress. */
		for (size_t more = random_next() % 800; more-- && n < (int)sizeof(value) - 1; n++)
			value[n] = (char)('!' + random_next() % 90);
		value[n] = '\0';
		trunk_append(odb, tip, key, value, false);
		take_version(all);
	}
}

/* `before` commits that are acknowledged, then `count` that are not; the power goes `tries` times. */
static void run(size_t before, size_t count, unsigned tries)
{
	struct versions all = { .count = 0 };
	struct odb *odb;
	struct tip tip;
	unsigned i;

	trunk_make(NULL);
	odb = trunk_open();
	trunk_start(&tip);
	trunk_write(odb, &tip, before);
	take_version(&all);
	append_more(odb, &tip, count, &all);
	odb_close(odb);
	commit_unref(tip.commit);
	for (i = 0; i < tries; i++)
		cut_power(&all, i < 1 ? 0 : i < tries / 3 ? 1 : 2, before, before + count);
	forget_versions(&all);
	trunk_remove(NULL);
}

static void test_first_commit(void **state)
{
	(void)state;
	run(0, 1, 8);
	run(0, 4, 16);
}

static void test_one_append(void **state)
{
	size_t i;

	(void)state;
	for (i = 1; i < 8; i++)
		run(i, 1, 8);
}

static void test_many_appends(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 8; i++)
		run(3 + i, 2 + i % 5, 20);
}

/* Where the file has to grow. */
static void test_growth(void **state)
{
	(void)state;
	run(156, 7, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_commit),
		cmocka_unit_test(test_one_append),
		cmocka_unit_test(test_many_appends),
		cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
