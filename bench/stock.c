#include "bench/stock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"

#define AUTHOR "Ada Lovelace <ada@example.com>"
#define MESSAGE "Change one field\n"

void desk_open(struct desk *d, const char *dir, const struct stock_kind *kind, bool no_sync)
{
	struct repo_options options = { .no_sync = no_sync };
	struct drift_error err;

	*d = (struct desk){ .document_count = kind->document_count,
			    .document_len = kind->document_len,
			    .random = kind->commit_count };
	must(repo_open(dir, &options, &d->repo, &err), &err);
	d->odb = repo_odb(d->repo);
	must(edits_new(d->repo, &d->edits, &err), &err);
}

void desk_close(struct desk *d)
{
	edits_free(d->edits);
	repo_close(d->repo);
}

/* A builder that puts every document, in order of key. */
struct filler {
	struct tree_builder base;
	struct tree_changes changes;
	size_t *sorted;
	size_t count, len, next;
	char key[CORPUS_KEY_LEN + 1], text[CORPUS_TEXT_MAX + 1];
	struct document doc;
};

static int next_document(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err)
{
	struct filler *f = (struct filler *)((char *)self - offsetof(struct filler, changes));
	size_t i;

	(void)err;
	if (f->next == f->count)
		return 0;
	i = f->sorted[f->next++];
	corpus_key(i, f->key);
	corpus_text(i, 0, f->len, f->text);
	f->doc = (struct document){ .data = (const unsigned char *)f->text, .len = f->len };
	*change_out = (struct tree_change){
		.path = { CORPUS_COLLECTION, strlen(CORPUS_COLLECTION), f->key, CORPUS_KEY_LEN }, .document = &f->doc
	};
	return 1;
}

static int build_all(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
		     const struct tree_root *base, unsigned attempt, struct tree_root *root_out,
		     struct drift_error *err)
{
	struct filler *f = (struct filler *)self;

	(void)tip;
	(void)attempt;
	f->next = 0;
	return tree_edit(odb_batch_nodes(batch), base, &f->changes, root_out, err);
}

static const struct commit_options one_commit = { .author = AUTHOR,
						  .message = MESSAGE,
						  .message_len = sizeof(MESSAGE) - 1 };

void desk_fill(struct desk *d)
{
	struct filler f = {
		.base = { .build = build_all, .heavy = true },
		.changes = { .next = next_document },
		.sorted = corpus_sorted(d->document_count),
		.count = d->document_count,
		.len = d->document_len,
	};
	struct commit_result result;
	struct drift_error err;

	must(writer_commit(d->repo, &f.base, &one_commit, &result, &err), &err);
	free(f.sorted);
}

void desk_commit_edit(struct desk *d, size_t i, size_t edit)
{
	char path[CORPUS_PATH_LEN + 1], text[CORPUS_TEXT_MAX + 1];
	struct commit_options options = one_commit;
	struct commit_result result;
	struct drift_error err;

	/* An edit may draw the value that is there. */
	options.allow_empty = true;
	corpus_path(i, path);
	corpus_text(i, edit, d->document_len, text);
	edits_clear(d->edits);
	must(edits_put(d->edits, path, CORPUS_PATH_LEN, text, d->document_len, DOCUMENT_NO_MODE, &err), &err);
	must(edits_commit(d->edits, &options, &result, &err), &err);
	d->commit_count++;
}

size_t desk_draw(struct desk *d, char text_out[CORPUS_TEXT_MAX + 1])
{
	size_t i = next_random(&d->random, d->document_count);

	corpus_text(i, next_random(&d->random, 1 << 20) + 1, d->document_len, text_out);
	return i;
}

void desk_commit_next(struct desk *d)
{
	size_t i = next_random(&d->random, d->document_count);

	desk_commit_edit(d, i, next_random(&d->random, 1 << 20) + 1);
}

struct commit *desk_head(struct desk *d)
{
	struct commit *c = NULL;
	struct drift_error err;

	if (!must(refs_commit(d->odb, REF_HEAD, false, &c, &err), &err))
		die("the store has no commit");
	return c;
}

struct tree_root desk_tree_of(const struct commit *c)
{
	return (struct tree_root){ .id = c->tree.id, .loc = c->tree.loc };
}

struct odb_stats desk_stats(struct desk *d)
{
	struct odb_stats stats;
	struct drift_error err;

	must(odb_stats(d->odb, false, &stats, &err), &err);
	return stats;
}

static bool is_there(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

char *stock_empty(const char *name)
{
	char *path = bench_path(name);
	struct drift_error err;

	remove_tree(path);
	must(repo_init(path, NULL, &err), &err);
	return path;
}

static void add_commits(struct desk *d, size_t count)
{
	size_t every = count / WATCHED_CHANGES ? count / WATCHED_CHANGES : 1;

	for (size_t n = 1; n <= count; n++) {
		size_t i = next_random(&d->random, d->document_count);

		if (n % every == 0)
			desk_commit_edit(d, WATCHED_NUMBER, n);
		else
			desk_commit_edit(d, i == WATCHED_NUMBER ? 0 : i, n);
	}
}

char *stock_get(const struct stock_kind *kind)
{
	struct stock_kind plain = *kind;
	auto_buf name = BUF_INIT;
	struct desk d;
	char *path, *made;

	buf_addf(&name, "stock-%zu-%zu-%zu", kind->document_count, kind->document_len, kind->commit_count);
	path = bench_path(name.data);
	if (is_there(path))
		return path;
	plain.commit_count = 0;
	if (kind->commit_count) {
		made = stock_copy(&plain, "making");
		desk_open(&d, made, kind, true);
		add_commits(&d, kind->commit_count);
	} else {
		made = stock_empty("making");
		desk_open(&d, made, kind, true);
		desk_fill(&d);
	}
	desk_close(&d);
	if (rename(made, path))
		die("cannot rename '%s'", made);
	free(made);
	return path;
}

char *stock_copy(const struct stock_kind *kind, const char *name)
{
	auto_free char *from = stock_get(kind);
	char *to = bench_path(name);

	copy_tree(from, to);
	return to;
}

char *stock_lines(size_t count, size_t len)
{
	auto_buf name = BUF_INIT;
	char *path;

	buf_addf(&name, "lines-%zu-%zu.jsonl", count, len);
	path = bench_path(name.data);
	if (!is_there(path))
		corpus_write_lines(path, count, len);
	return path;
}
