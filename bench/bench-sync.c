/*
 * What travels between two stores, and how fast: commits of one document, one or a thousand of them, and a whole history
 * against `git clone` of the same. Sender and receiver are processes of their own with a socket between them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "bench/peer_git.h"
#include "bench/stock.h"
#include "sync/receive.h"
#include "sync/send.h"

#define TRACKING "refs/remotes/origin/main"

/* What the processes tell each other; in memory that they share. */
struct transfer {
	const char *from, *to;
	struct oid want, have;
	bool has_have;
	int sockets[2];
	struct sync_counts counts;
	int64_t memory_kib[2], cpu_ns[2]; /* sender, receiver */
};

static void note_cost(struct transfer *t, int end)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	t->memory_kib[end] = usage.ru_maxrss;
	t->cpu_ns[end] = cpu_ns();
}

static int write_all(void *data, const void *bytes, size_t len, struct drift_error *err)
{
	const struct transfer *t = data;
	const char *at = bytes;

	while (len) {
		ssize_t n = send(t->sockets[0], at, len, 0);

		if (n <= 0)
			return error_from_errno(err, "cannot send");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static ptrdiff_t read_some(void *data, void *bytes, size_t len, struct drift_error *err)
{
	const struct transfer *t = data;
	ssize_t n = recv(t->sockets[1], bytes, len, 0);

	return n < 0 ? error_from_errno(err, "cannot receive") : n;
}

static struct repo *open_store(const char *dir)
{
	struct repo_options options = { .exact = true };
	struct drift_error err;
	struct repo *repo;

	must(repo_open(dir, &options, &repo, &err), &err);
	return repo;
}

static int run_sender(void *data)
{
	struct transfer *t = data;
	struct sync_send_options options = { .wants = &t->want, .want_count = 1, .haves = &t->have, .have_count = t->has_have };
	const struct sync_sink sink = { write_all, t };
	struct repo *repo = open_store(t->from);
	struct drift_error err;

	close(t->sockets[1]);
	must(sync_send(repo, &options, &sink, NULL, &err), &err);
	repo_close(repo);
	note_cost(t, 0);
	return 0;
}

static int run_receiver(void *data)
{
	struct transfer *t = data;
	const struct sync_receive_options options = { .peer = "bench" };
	const struct sync_source source = { read_some, t };
	struct ref_change changes[1 + INCOMING_TIPS_MAX] = { { .name = TRACKING, .value = { .kind = REF_OBJECT } } };
	struct ref_transaction move = { .changes = changes, .change_count = 1, .actor = "bench", .reason = "fetch" };
	struct repo *repo = open_store(t->to);
	struct drift_error err;
	struct received *r;
	const struct ref_change *incoming;
	size_t incoming_count;
	enum object_kind kind;

	close(t->sockets[0]);
	must(sync_receive(repo, &source, &options, &r, &err), &err);
	if (must(received_find(r, &t->want, &kind, &changes[0].value.object, &err), &err) != 1)
		die("what was asked for did not come");
	incoming = received_incoming(r, &incoming_count);
	for (size_t i = 0; i < incoming_count; i++)
		changes[move.change_count++] = incoming[i];
	move.batch = received_batch(r);
	must(refs_apply(repo_odb(repo), &move, &err), &err);
	received_counts(r, &t->counts);
	received_free(r);
	repo_close(repo);
	note_cost(t, 1);
	return 0;
}

static int64_t run(struct transfer *t)
{
	int64_t begin = now_ns();
	pid_t sender, receiver;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, t->sockets))
		die("no sockets");
	sender = child_fork(run_sender, t);
	receiver = child_fork(run_receiver, t);
	close(t->sockets[0]);
	close(t->sockets[1]);
	child_wait(sender);
	child_wait(receiver);
	return now_ns() - begin;
}

static struct transfer *transfer_new(const char *from, const char *to)
{
	struct transfer *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (t == MAP_FAILED)
		die("no memory");
	memset(t, 0, sizeof(*t));
	t->from = from;
	t->to = to;
	return t;
}

static struct oid tip_of(struct desk *d)
{
	struct commit *c = desk_head(d);
	struct oid id = c->id;

	commit_unref(c);
	return id;
}

/* --- commits of one document on many --- */

static void fetch(struct desk *d, struct transfer *t, size_t commit_count, const char *what, double reach, bool each)
{
	auto_samples times = { .count = 0 };
	struct figure f;

	for (size_t round = 0; round < (each ? 10 : 1); round++) {
		t->have = tip_of(d);
		t->has_have = true;
		for (size_t i = 0; i < commit_count; i++)
			desk_commit_next(d);
		t->want = tip_of(d);
		samples_add(&times, (double)run(t) / 1e6);
	}
	f = (struct figure){ what, (double)t->counts.stream_len / (each ? 1 : (double)commit_count), each ? "bytes" : "bytes/commit",
			     NULL, 0, GOAL_AT_MOST, reach };
	print_figure(&f);
	f = (struct figure){ "time, two processes", samples_median(&times), "ms", NULL, 0, each ? GOAL_AT_MOST : GOAL_NONE, 20 };
	print_figure(&f);
}

static void fetch_small(void)
{
	const struct stock_kind kind = { .document_count = scaled(1000000), .document_len = 215 };
	auto_free char *from = stock_copy(&kind, "sync-from");
	auto_free char *to = stock_copy(&kind, "sync-to");
	struct transfer *t = transfer_new(from, to);
	struct desk d;

	desk_open(&d, from, &kind, false);
	fetch(&d, t, 1, "fetch of a commit, 1,000,000 documents", 2000, true);
	fetch(&d, t, scaled(1000), "fetch of 1,000 commits", 150, false);
	desk_close(&d);
	munmap(t, sizeof(*t));
	remove_tree(from);
	remove_tree(to);
}

/* --- a whole history --- */

/* What came of a clone is one pack. */
static uint64_t pack_len(const char *git)
{
	auto_buf dir = BUF_INIT;
	struct file_names names;
	struct drift_error err;
	uint64_t len = 0;

	buf_addf(&dir, "%s/objects/pack", git);
	must(file_list(dir.data, 100, &names, &err), &err);
	for (size_t i = 0; i < names.count; i++) {
		const char *end = strrchr(names.items[i], '.');
		auto_buf path = BUF_INIT;

		if (!end || strcmp(end, ".pack") != 0)
			continue;
		file_join(&path, dir.data, names.items[i]);
		len += file_len(path.data);
	}
	file_names_release(&names);
	return len;
}

static void clone_git(const struct stock_kind *kind, struct child_cost *cost, uint64_t *len_out)
{
	auto_free char *git = peer_git_history("sync.git", kind->document_count, kind->document_len, kind->commit_count);
	auto_free char *clone = bench_path("sync-clone.git");
	auto_buf url = BUF_INIT;
	const char *gc[] = { "git", "--git-dir", git, "gc", "-q", NULL };
	const char *argv[] = { "git", "clone", "-q", "--bare", NULL, clone, NULL };

	buf_addf(&url, "file://%s", git);
	argv[4] = url.data;
	child_must(gc, NULL, cost);
	child_must(argv, NULL, cost);
	*len_out = pack_len(clone);
	remove_tree(clone);
	remove_tree(git);
}

static void clone_history(void)
{
	const struct stock_kind kind = { scaled(100000), 215, scaled(10000) };
	auto_free char *from = stock_get(&kind), *to = stock_empty("sync-clone");
	struct transfer *t = transfer_new(from, to);
	struct child_cost git;
	struct figure f;
	struct desk d;
	uint64_t git_len;
	int64_t ns;

	desk_open(&d, from, &kind, true);
	t->want = tip_of(&d);
	desk_close(&d);
	clone_git(&kind, &git, &git_len);
	ns = run(t);
	f = (struct figure){ "clone, 100,000 documents, 10,000 commits", (double)ns / 1e6, "ms", "git clone", (double)git.wall_ns / 1e6,
			     GOAL_TIMES_AT_MOST, 1.0 / 3 };
	print_figure(&f);
	f = (struct figure){ "processor time, both ends", (double)(t->cpu_ns[0] + t->cpu_ns[1]) / 1e6, "ms", "git clone",
			     (double)git.cpu_ns / 1e6, GOAL_NONE, 0 };
	print_figure(&f);
	f = (struct figure){ "its bytes", (double)t->counts.stream_len / 1e6, "MB", "git clone", (double)git_len / 1e6,
			     GOAL_TIMES_AT_MOST, 0.5 };
	print_figure(&f);
	f = (struct figure){ "memory of the sender", (double)t->memory_kib[0] / 1024, "MiB", NULL, 0, GOAL_AT_MOST, 150 };
	print_figure(&f);
	f = (struct figure){ "memory of the receiver", (double)t->memory_kib[1] / 1024, "MiB", "git clone",
			     (double)git.memory_kib / 1024, GOAL_AT_MOST, 150 };
	print_figure(&f);
	munmap(t, sizeof(*t));
	remove_tree(to);
}

int main(void)
{
	fetch_small();
	clone_history();
	return 0;
}
