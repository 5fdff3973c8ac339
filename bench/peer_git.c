#include "bench/peer_git.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bench/corpus.h"
#include "bench/measure.h"

void peer_git_path(size_t i, char out[PEER_GIT_PATH_MAX])
{
	char key[CORPUS_KEY_LEN + 1];

	corpus_key(i, key);
	snprintf(out, PEER_GIT_PATH_MAX, CORPUS_COLLECTION "/%.2s/%s", key, key);
}

static char *sized_path(const char *name, size_t count, size_t len)
{
	auto_buf b = BUF_INIT;

	buf_addf(&b, "%s-%zu-%zu", name, count, len);
	return bench_path(b.data);
}

char *peer_git_stream(size_t count, size_t len)
{
	char *path = sized_path("git-stream", count, len);
	char text[CORPUS_TEXT_MAX + 1], file[PEER_GIT_PATH_MAX];
	FILE *f;

	if (!access(path, F_OK))
		return path;
	f = fopen(path, "w");
	if (!f)
		die("cannot write '%s'", path);
	fputs("commit refs/heads/main\ncommitter Ada Lovelace <ada@example.com> 1700000000 +0000\ndata 7\nImport\n", f);
	for (size_t i = 0; i < count; i++) {
		peer_git_path(i, file);
		corpus_text(i, 0, len, text);
		fprintf(f, "M 100644 inline %s\ndata %zu\n%s\n", file, len, text);
	}
	fputs("done\n", f);
	if (fclose(f))
		die("cannot write '%s'", path);
	return path;
}

static void import(const char *path, size_t count, size_t len, struct child_cost *cost_out)
{
	auto_free char *stream = peer_git_stream(count, len);
	const char *init[] = { "git", "init", "-q", "--bare", "-b", "main", path, NULL };
	const char *fast_import[] = { "git", "--git-dir", path, "fast-import", "--quiet", "--done", NULL };
	struct child_options options = { .input = stream };

	remove_tree(path);
	child_must(init, NULL, NULL);
	child_must(fast_import, &options, cost_out);
}

char *peer_git_import(const char *name, size_t count, size_t len, struct child_cost *cost_out)
{
	char *path = bench_path(name);

	import(path, count, len, cost_out);
	return path;
}

static void write_document(FILE *f, size_t i, size_t edit, size_t len)
{
	char text[CORPUS_TEXT_MAX + 1], file[PEER_GIT_PATH_MAX];

	peer_git_path(i, file);
	corpus_text(i, edit, len, text);
	fprintf(f, "M 100644 inline %s\ndata %zu\n%s\n", file, len, text);
}

static void write_edit(FILE *f, size_t i, size_t edit, size_t len)
{
	fprintf(f, "commit refs/heads/main\ncommitter Ada Lovelace <ada@example.com> %zu +0000\ndata 16\nChange one field\n",
		1700000000 + edit);
	write_document(f, i, edit, len);
}

char *peer_git_history(const char *name, size_t count, size_t len, size_t commit_count)
{
	char *path = bench_path(name);
	auto_free char *stream = bench_path("git-edits");
	const char *fast_import[] = { "git", "--git-dir", path, "fast-import", "--quiet", "--done", NULL };
	struct child_options options = { .input = stream };
	struct child_cost cost;
	uint64_t random = 1;
	FILE *f;

	import(path, count, len, &cost);
	f = fopen(stream, "w");
	if (!f)
		die("cannot write '%s'", stream);
	fputs("reset refs/heads/main\nfrom refs/heads/main^0\n", f);
	for (size_t n = 1; n <= commit_count; n++)
		write_edit(f, next_random(&random, count), n, len);
	fputs("done\n", f);
	if (fclose(f))
		die("cannot write '%s'", stream);
	child_must(fast_import, &options, &cost);
	remove_tree(stream);
	return path;
}

char *peer_git_branches(const char *name, size_t count, size_t len, size_t changed)
{
	char *path = bench_path(name);
	auto_free char *stream = bench_path("git-branches");
	const char *fast_import[] = { "git", "--git-dir", path, "fast-import", "--quiet", "--done", NULL };
	struct child_options options = { .input = stream };
	struct child_cost cost;
	FILE *f;

	import(path, count, len, &cost);
	f = fopen(stream, "w");
	if (!f)
		die("cannot write '%s'", stream);
	for (size_t side = 0; side < 2; side++) {
		fprintf(f, "commit refs/heads/%c\ncommitter Ada Lovelace <ada@example.com> 1700000001 +0000\ndata 4\nMany\n",
			side ? 'b' : 'a');
		fputs("from refs/heads/main^0\n", f);
		for (size_t i = side * changed; i < (side + 1) * changed; i++)
			write_document(f, i, 1, len);
	}
	fputs("done\n", f);
	if (fclose(f))
		die("cannot write '%s'", stream);
	child_must(fast_import, &options, &cost);
	remove_tree(stream);
	return path;
}

char *peer_git_get(size_t count, size_t len)
{
	char *path = sized_path("git", count, len);
	struct child_cost cost;

	if (access(path, F_OK))
		import(path, count, len, &cost);
	return path;
}
