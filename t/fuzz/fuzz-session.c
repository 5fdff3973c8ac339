/*
 * Both ends of a session: the first byte is 'c' for a client that hears the rest from its server, or anything else for a server
 * that hears it from its client. Whatever it is, they come to an end, and the store is as it was, or holds what came whole.
 */
#include <assert.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/channel.h"
#include "repo/writer.h"
#include "sync/fetch.h"
#include "sync/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define INPUT_MAX 60000 /* goes into a socket that nobody reads yet */
#define TIMEOUT_MS 200

static char dir[] = "/tmp/drift-fuzz-XXXXXX";
static struct repo *repo;

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

static void hear_server(int end)
{
	auto_refspecs specs = { .items = NULL };
	auto_fetch_result result = { .refs = NULL };
	struct fetch_options options = { .specs = &specs, .actor = "fuzzer", .dry_run = false };
	auto_remote *remote = NULL;
	auto_client *client = NULL;
	struct drift_error err;
	int failed;

	failed = remote_of_url("/nowhere", &remote, NULL) ||
		 refspec_add(&specs, "+refs/heads/*:refs/remotes/f/*", REFSPEC_FETCH, NULL) ||
		 client_attach(repo, end, end, TIMEOUT_MS, &client, NULL);
	assert(!failed);
	options.remote = remote;
	if (fetch_run(repo, client, &options, &result, &err))
		assert(err.code != DRIFT_OK && err.message[0]);
}

static void hear_client(int end)
{
	const struct server_options options = { .may_push = true, .timeout_ms = TIMEOUT_MS };
	struct drift_error err;

	if (server_run(dir, end, end, &options, &err))
		assert(err.code != DRIFT_OK && err.message[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int ends[2], failed;

	if (!len || len > INPUT_MAX)
		return 0;
	if (!repo)
		make_store();
	failed = channel_pair(ends, NULL) || write(ends[1], data + 1, len - 1) != (ssize_t)len - 1;
	assert(!failed);
	shutdown(ends[1], SHUT_WR);
	if (*data == 'c')
		hear_server(ends[0]);
	else
		hear_client(ends[0]);
	close(ends[1]);
	return 0;
}
