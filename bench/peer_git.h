/* git, with the documents of the corpus as files users/xx/KEY in one commit. */
#ifndef BENCH_PEER_GIT_H
#define BENCH_PEER_GIT_H

#include <stddef.h>

#include "bench/child.h"

/* "users/xx/KEY". */
#define PEER_GIT_PATH_MAX 64
void peer_git_path(size_t i, char out[PEER_GIT_PATH_MAX]);
/* A stream for git fast-import, a file in BENCH_DIR; to be freed. */
char *peer_git_stream(size_t count, size_t len);
/* A new bare repository `name` in BENCH_DIR filled from it; its path, to be freed. */
char *peer_git_import(const char *name, size_t count, size_t len, struct child_cost *cost_out);
/* The documents, then commits that change one of them each: a new bare repository `name`; its path, to be freed. */
char *peer_git_history(const char *name, size_t count, size_t len, size_t commit_count);
/* The documents, and branches a and b with one commit each, of the first `changed` documents and of as many behind them. */
char *peer_git_branches(const char *name, size_t count, size_t len, size_t changed);
/* The same as peer_git_import, made once a run; cost_out is not filled in. */
char *peer_git_get(size_t count, size_t len);

#endif
