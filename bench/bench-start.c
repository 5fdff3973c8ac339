/* `drift get` as a whole process, after one commit and after many, against git reading the same document. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bench/peer_git.h"
#include "bench/stock.h"

static void compare(const char *what, const char *store, const char *git, size_t number)
{
	char path[CORPUS_PATH_LEN + 1], file[PEER_GIT_PATH_MAX];
	auto_buf object = BUF_INIT;
	const char *get[] = { drift_program(), "-C", store, "get", path, NULL };
	const char *cat_file[] = { "git", "--git-dir", git, "cat-file", "-p", NULL, NULL };
	double drift_ns, git_ns;
	struct figure f;

	corpus_path(number, path);
	peer_git_path(number, file);
	buf_addf(&object, "HEAD:%s", file);
	cat_file[5] = object.data;
	child_medians(get, cat_file, 300, &drift_ns, &git_ns);
	f = (struct figure){ what, drift_ns / 1e6, "ms", "git cat-file", git_ns / 1e6, GOAL_TIMES_AT_MOST, 1 };
	print_figure(&f);
}

int main(void)
{
	struct stock_kind kind = { .document_count = scaled(100000), .document_len = 215 };
	auto_free char *fresh = stock_get(&kind), *git = peer_git_get(kind.document_count, kind.document_len),
		       *old = NULL;

	kind.commit_count = scaled(100000);
	old = stock_get(&kind);
	compare("drift get, after 1 commit", fresh, git, 4711);
	compare("drift get, after 100,000 commits", old, git, 4711);
	compare("  a document just changed", old, git, WATCHED_NUMBER);
	return 0;
}
