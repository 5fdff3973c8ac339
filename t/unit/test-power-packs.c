/*
 * The power goes, or the process ends and the power goes later, at any call that changes the disk, while commits are made,
 * journals sealed and packed, files replaced and mended. Every commit that was acknowledged is there, no part of another,
 * all refs stand where one commit left them, and fsck finds no fault. POWER_SEEDS=FIRST-LAST takes other seeds than the
 * few that are quick, POWER_TRIES=N another number of cuts for each.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/mem.h"
#include "objects/odb_files.h"
#include "repo/documents.h"
#include "repo/gc.h"
#include "repo/repair.h"
#include "repo/writer.h"
#include "t/unit/disk.h"

#define COMMITS_MAX 100
#define KEYS 12
#define STEPS 34
#define TRIES 60
#define SECOND ((int64_t)1000000)

/* What base/file*.c calls. */
int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return disk_open(path, flags, mode);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	return disk_write(fd, data, len, offset);
}

int ftruncate(int fd, off_t len)
{
	return disk_truncate(fd, len);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	(void)mode;
	return disk_allocate(fd, offset, len);
}

int fsync(int fd)
{
	return disk_sync(fd);
}

int fdatasync(int fd)
{
	return disk_sync(fd);
}

int rename(const char *from, const char *to)
{
	return disk_rename(from, to);
}

int unlink(const char *path)
{
	return disk_unlink(path);
}

int mkdir(const char *path, mode_t mode)
{
	return disk_make_folder(path, mode);
}

/* A store and what it must hold. */
struct model {
	uint64_t seed, random;
	size_t try, at;   /* the power went before that call */
	const char *what; /* is being done */
	struct repo *repo, *other;
	size_t count;                         /* commits, numbered from 1 */
	size_t started[COMMITS_MAX + 1];      /* the number of the call before it */
	size_t acknowledged[COMMITS_MAX + 1]; /* and behind it */
	size_t broken_at, mended_at;          /* a byte is another from here to there */
	struct drift_error err;
};

static char folder[64];

static uint64_t random_below(struct model *m, uint64_t below)
{
	m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (m->random >> 33) % below;
}

static void expect(struct model *m, bool is_so, const char *sentence)
{
	if (!is_so)
		fail_msg("seed %llu, try %zu, call %zu (%s): %s", (unsigned long long)m->seed, m->try, m->at, m->what,
			 sentence);
}

static void must(struct model *m, int r)
{
	expect(m, r >= 0, m->err.message);
}

static void open_repo(struct model *m)
{
	struct repo_options options = { .exact = true };

	must(m, repo_open(folder, &options, &m->repo, &m->err));
	must(m, repo_open(folder, &options, &m->other, &m->err));
}

static void close_repo(struct model *m)
{
	repo_close(m->repo);
	repo_close(m->other);
	m->repo = m->other = NULL;
}

static const char *branch_of(size_t n)
{
	return n % 4 == 0 ? "refs/heads/side" : "refs/heads/main";
}

static void text_of(size_t n, struct buf *out)
{
	uint64_t x = n * UINT64_C(0x9e3779b97f4a7c15);
	size_t i;

	buf_addf(out, "{\"n\":%zu", n);
	for (i = 0; i < n * 7 % 50; i++, x = x * UINT64_C(6364136223846793005) + 1)
		buf_addf(out, ",\"f%zu\":\"%llx\"", i, (unsigned long long)x);
	buf_add_str(out, "}");
	assert_int_equal(buf_check(out, NULL), 0);
}

static void path_of(size_t n, char path[32])
{
	snprintf(path, 32, "c/k%zu", n % KEYS);
}

static void commit_one(struct model *m)
{
	size_t n = m->count + 1;
	struct commit_options options = { .branch = branch_of(n), .author = "tester", .has_time = true };
	struct commit_result result;
	auto_edits *e = NULL;
	auto_buf text = BUF_INIT;
	char path[32], message[32];

	if (n > COMMITS_MAX)
		return;
	text_of(n, &text);
	path_of(n, path);
	options.message = message;
	options.message_len = (size_t)snprintf(message, sizeof(message), "%zu", n);
	options.no_wait = random_below(m, 3) == 0;
	options.time_usec = (1600000000 + (int64_t)n) * SECOND;
	m->started[n] = disk_now();
	must(m, edits_new(random_below(m, 3) ? m->repo : m->other, &e, &m->err));
	must(m, edits_put(e, path, strlen(path), text.data, text.len, DOCUMENT_NO_MODE, &m->err));
	must(m, edits_commit(e, &options, &result, &m->err));
	m->count = n;
	m->acknowledged[n] = SIZE_MAX;
	/* Who waits for one waits for all before it, whoever made them. */
	for (; !options.no_wait && n && m->acknowledged[n] == SIZE_MAX; n--)
		m->acknowledged[n] = disk_now();
}

static void collect(struct model *m)
{
	uint64_t kind = random_below(m, 4);
	struct gc_options options = { .automatic = kind == 0,
				      .full = kind == 1,
				      .merge = kind == 2,
				      .prune_before_usec = random_below(m, 2) ? INT64_MAX : INT64_MIN };
	struct gc_result result;

	m->what = "gc";
	must(m, gc_run(m->repo, &options, &result, &m->err));
}

/* The path of what is mended by writing over a byte: `current`, a pack, or the first frame of the live journal. */
static void choose_file(struct model *m, struct buf *path)
{
	uint64_t kind = random_below(m, 3);
	char hex[2 * PACK_SHA_LEN + 1];
	struct odb_files files;

	must(m, odb_files_get(repo_odb(m->repo), &files, &m->err));
	if (!kind) {
		buf_addf(path, "%s/.drift/current", folder);
	} else if (kind == 1 && files.items[0].pack) {
		hex_encode(pack_name(files.items[0].pack)->sha, PACK_SHA_LEN, hex);
		buf_addf(path, "%s/pack-%s.pack", odb_pack_dir(repo_odb(m->repo)), hex);
	} else {
		buf_addf(path, "%s/.drift/journal-%06llu", folder,
			 (unsigned long long)files.items[files.count - 1].first);
	}
	odb_files_release(&files);
	must(m, buf_check(path, &m->err));
}

static void break_byte(struct model *m)
{
	auto_buf path = BUF_INIT;
	unsigned char byte = 0;
	int fd;

	choose_file(m, &path);
	fd = open(path.data, O_RDWR | O_CLOEXEC);
	expect(m, fd >= 0 && pread(fd, &byte, 1, 20) == 1, "cannot read what is to be broken");
	byte ^= 1;
	expect(m, pwrite(fd, &byte, 1, 20) == 1 && !fsync(fd), "cannot break it");
	close(fd);
}

static void mend(struct model *m)
{
	struct repair_options options = { .dry_run = false };
	struct repo_options exact = { .exact = true };
	struct repair_result result;

	m->what = "repair";
	must(m, repair_open(folder, true, &options, &m->repo, &m->err));
	must(m, repo_open(folder, &exact, &m->other, &m->err));
	must(m, repair_run(m->repo, &options, &result, &m->err));
	expect(m, !result.lost, "objects are lost");
}

static void break_and_mend(struct model *m)
{
	if (m->mended_at)
		return;
	m->broken_at = disk_now();
	break_byte(m);
	close_repo(m);
	mend(m);
	m->mended_at = disk_now();
}

static void step(struct model *m)
{
	uint64_t kind = random_below(m, 20);

	m->what = "commit";
	if (kind < 14) {
		commit_one(m);
	} else if (kind < 18) {
		collect(m);
	} else if (kind == 18) {
		break_and_mend(m);
	} else {
		m->what = "open";
		close_repo(m);
		open_repo(m);
	}
}

/* Its number, or 0, by walking from there back to the first; all hold what they were made with. */
static size_t check_branch(struct model *m, const char *name)
{
	struct commit *c = NULL, *parent;
	struct odb *odb = repo_odb(m->repo);
	size_t tip = 0, expected = 0;

	must(m, refs_commit(odb, name, false, &c, &m->err));
	for (; c; c = parent) {
		struct tree_root tree = { c->tree.id, c->tree.loc };
		size_t n = (size_t)strtoull(c->message.data, NULL, 10);
		auto_buf want = BUF_INIT;
		auto_buf got = BUF_INIT;
		char path[32];

		expect(m, n && (!tip || n == expected) && !strcmp(branch_of(n), name), "a commit is missing");
		tip = tip ? tip : n;
		for (expected = n - 1; expected && strcmp(branch_of(expected), name) != 0; expected--)
			;
		path_of(n, path);
		text_of(n, &want);
		must(m, documents_get(m->repo, &tree, path, strlen(path), &got, NULL, &m->err));
		expect(m, !strcmp(want.data, got.data), "a document is another");
		parent = NULL;
		if (c->parent_count)
			must(m, odb_commit(odb, &c->parents[0].id, c->parents[0].loc, &parent, &m->err));
		commit_unref(c);
	}
	expect(m, !expected, "the first commits are missing");
	return tip;
}

static int refuse_fault(void *data, const struct fsck_fault *fault, struct drift_error *err)
{
	(void)data;
	return fault->severity == FSCK_NOTE ? 0 : error_set(err, DRIFT_ERR_CORRUPT, "fsck: %s", fault->sentence);
}

/* The store is what it was after some commit from `low` to `high`; the model is told which. */
static void check(struct model *m, size_t low, size_t high)
{
	struct fsck_options options = { .full = true, .threads = 1, .fault = refuse_fault };
	struct fsck_result result;
	size_t main, side, n;

	main = check_branch(m, "refs/heads/main");
	side = check_branch(m, "refs/heads/side");
	n = main > side ? main : side;
	expect(m, n >= low, "an acknowledged commit is lost");
	expect(m, n <= high, "there is a commit that nobody made");
	expect(m, n < 4 ? !side : side + 4 > n, "one ref is older than the other");
	expect(m, !n || (n % 4 ? main == n : main == n - 1), "one ref is older than the other");
	must(m, fsck_run(m->repo, &options, &result, &m->err));
	m->count = n;
}

/* How many were acknowledged, and how many begun, when call `at` came. */
static void bounds(const struct model *m, size_t at, size_t *low, size_t *high)
{
	size_t n;

	*low = *high = 0;
	for (n = 1; n <= m->count; n++) {
		if (m->acknowledged[n] <= at)
			*low = n;
		if (m->started[n] <= at)
			*high = n;
	}
}

/* After a cut or a kill before call `at`: all is there. What a broken store needs to be opened is not asked while it is. */
static void come_back(struct model *m, size_t at)
{
	size_t low, high;

	bounds(m, at, &low, &high);
	m->what = "open again";
	if (m->broken_at && at > m->broken_at && at < m->mended_at)
		mend(m);
	else
		open_repo(m);
	m->what = "look";
	check(m, low, high);
}

/* The power goes, and everything that is there is on the disk from then on. */
static void cut(struct model *m, const struct disk_log *log, size_t at)
{
	disk_cut(log, at, (enum disk_loss)random_below(m, DISK_LOSS_COUNT), random_below(m, UINT32_MAX));
	come_back(m, at);
	memset(m->started, 0, sizeof(m->started));
	memset(m->acknowledged, 0, sizeof(m->acknowledged));
	m->broken_at = m->mended_at = 0;
}

static void end_process(struct model *m, const struct disk_log *log, size_t at)
{
	size_t n;

	disk_kill(log, at);
	come_back(m, at);
	/* What was seen is there to stay, whether its writer was told or not. */
	for (n = 1; n <= m->count; n++)
		if (m->acknowledged[n] > at)
			m->acknowledged[n] = disk_now();
	/* The byte that was written, but not synced, may be the old one again. */
	if (m->broken_at && at > m->broken_at && at < m->mended_at)
		m->mended_at = SIZE_MAX;
	else if (m->broken_at >= at)
		m->broken_at = m->mended_at = 0;
}

/* One end at that call; the next process goes on, and the power goes again, while it does so or when it is done. */
static void try_one(const struct model *done, const struct disk_log *log)
{
	struct model m = *done;
	struct disk_log *second;
	size_t begin, end, i;

	m.random = m.seed * 1000003 + m.try;
	if (random_below(&m, 3)) {
		cut(&m, log, m.at);
		begin = disk_now();
	} else {
		end_process(&m, log, m.at);
		begin = m.at;
	}
	for (i = random_below(&m, 4); i; i--)
		step(&m);
	m.what = "commit";
	commit_one(&m);
	close_repo(&m);
	end = disk_now();
	second = disk_stop();
	cut(&m, second, begin + random_below(&m, end - begin + 1));
	close_repo(&m);
	disk_free(disk_stop());
	disk_free(second);
}

static void make_store(struct model *m)
{
	struct repo_options options = { .exact = true };

	disk_start(folder);
	must(m, repo_init(folder, &options, &m->err));
	open_repo(m);
	must(m, repo_config_set(m->repo, "journal.limit", "3000", &m->err));
	close_repo(m);
	open_repo(m);
}

static void clear(struct disk_log *log)
{
	disk_cut(log, 0, DISK_LOSS_ALL, 0);
	disk_free(disk_stop());
	disk_free(log);
}

static void run(uint64_t seed, size_t tries)
{
	struct model m = { .seed = seed, .random = seed, .what = "init" };
	struct disk_log *log;
	size_t begin, i;

	make_store(&m);
	begin = disk_now();
	for (i = 0; i < STEPS; i++)
		step(&m);
	close_repo(&m);
	log = disk_stop();
	for (m.try = 0; m.try < tries; m.try++) {
		m.at = begin + (size_t)random_below(&m, disk_count(log) - begin + 1);
		try_one(&m, log);
	}
	clear(log);
}

/*
 * A collector that was killed when `current` had its name, but nobody had waited for the disk: what the next removes the
 * old `current` may still name.
 */
static void test_leftovers(void **state)
{
	struct model m = { .random = 1, .what = "leftovers" };
	struct gc_options options = { .prune_before_usec = INT64_MIN };
	struct gc_result result;
	auto_buf path = BUF_INIT;
	size_t from;
	int fd;

	(void)state;
	make_store(&m);
	commit_one(&m);
	must(&m, gc_run(m.repo, &options, &result, &m.err));
	expect(&m, result.ran, "there was nothing to do");
	buf_addf(&path, "%s/.drift/journal-000001", folder);
	fd = open(path.data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	expect(&m, fd >= 0, "cannot leave a file");
	close(fd);
	from = disk_now();
	must(&m, gc_run(m.repo, &options, &result, &m.err));
	expect(&m, access(path.data, F_OK) < 0, "it is still there");
	expect(&m, disk_was_settled(path.data, from), "the disk need not have `current` yet");
	close_repo(&m);
	clear(disk_stop());
}

static void test_power(void **state)
{
	const char *seeds = getenv("POWER_SEEDS"), *dash = seeds ? strchr(seeds, '-') : NULL,
		   *tries = getenv("POWER_TRIES");
	uint64_t first = seeds ? strtoull(seeds, NULL, 10) : 1, last = dash  ? strtoull(dash + 1, NULL, 10) :
								       seeds ? first :
									       4;

	(void)state;
	for (; first <= last; first++)
		run(first, tries ? strtoull(tries, NULL, 10) : TRIES);
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/dev/shm/drift-power-XXXXXX");
	if (!mkdtemp(folder)) {
		snprintf(folder, sizeof(folder), "/tmp/drift-power-XXXXXX");
		assert_non_null(mkdtemp(folder));
	}
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_leftovers), cmocka_unit_test(test_power) };

	return cmocka_run_group_tests_name("power packs", tests, make_folder, remove_folder);
}
