#include "repo/git_export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "repo/git_export_internal.h"

#define OUT_LEN ((size_t)64 << 10)
#define MARKS_LEN_MAX ((uint64_t)1 << 30)

/* --- marks --- */

static struct export_mark *new_mark(struct git_exporter *x)
{
	struct mark_pool *pool = x->pool;

	if (!pool || pool->used == MARK_POOL_COUNT) {
		pool = mem_calloc(1, sizeof(*pool));
		if (!pool)
			return NULL;
		pool->before = x->pool;
		x->pool = pool;
	}
	return &pool->items[pool->used++];
}

int export_mark(struct git_exporter *x, const struct oid *id, struct export_mark **out, struct drift_error *err)
{
	struct export_mark *mark = oid_table_get(&x->marks, id);

	if (!mark) {
		mark = new_mark(x);
		if (!mark)
			return error_no_memory(err);
		mark->id = *id;
		if (oid_table_put(&x->marks, &mark->id, mark, err))
			return -1;
	}
	*out = mark;
	return 0;
}

void export_mark_name(const struct export_mark *mark, struct buf *out)
{
	if (mark->number)
		buf_addf(out, ":%" PRIu64, mark->number);
	else
		hex_append(out, mark->id.bytes, OID_LEN);
}

static int read_mark(struct git_exporter *x, const char *line, size_t len, struct drift_error *err)
{
	struct export_mark *mark;
	uint64_t number = 0;
	size_t at = 1;
	struct oid id;

	while (at < len && line[at] >= '0' && line[at] <= '9' && number < UINT64_MAX / 16)
		number = number * 10 + (uint64_t)(line[at++] - '0');
	if (line[0] != ':' || !number || at == len || line[at] != ' ' ||
	    oid_from_hex(line + at + 1, len - at - 1, &id, NULL))
		return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is not a mark and an id", (int)(len > 100 ? 100 : len), line);
	if (export_mark(x, &id, &mark, err))
		return -1;
	mark->number = number;
	if (number > x->last_number)
		x->last_number = number;
	return 0;
}

static int export_marks_read(struct git_exporter *x, const char *path, struct drift_error *err)
{
	auto_buf data = BUF_INIT;
	const char *at, *end;

	if (file_read_whole(path, MARKS_LEN_MAX, &data, err))
		return -1;
	for (at = data.data, end = at + data.len; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);

		if (len && read_mark(x, at, len, err))
			return error_prefix(err, DRIFT_OK, "'%s'", path);
		at += len + 1;
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct export_mark *const *l = a, *const *r = b;

	return (*l)->number < (*r)->number ? -1 : (*l)->number > (*r)->number;
}

static int export_marks_write(struct git_exporter *x, const char *path, struct drift_error *err)
{
	auto_free const struct export_mark **sorted = mem_alloc_array(x->marks.count + 1, sizeof(struct export_mark *));
	auto_buf out = BUF_INIT;
	size_t n = 0;

	if (!sorted)
		return error_no_memory(err);
	for (const struct mark_pool *pool = x->pool; pool; pool = pool->before) {
		for (size_t i = 0; i < pool->used; i++) {
			if (pool->items[i].number)
				sorted[n++] = &pool->items[i];
		}
	}
	qsort(sorted, n, sizeof(*sorted), by_number);
	for (size_t i = 0; i < n; i++) {
		export_mark_name(sorted[i], &out);
		buf_add_byte(&out, ' ');
		hex_append(&out, sorted[i]->id.bytes, OID_LEN);
		buf_add_byte(&out, '\n');
	}
	return buf_check(&out, err) || file_replace(path, out.data, out.len, err) ? -1 : 0;
}

/* --- writing --- */

static int export_flush(struct git_exporter *x, struct drift_error *err)
{
	if (buf_check(&x->out, err) || x->options->write(x->options->data, x->out.data, x->out.len, err))
		return -1;
	buf_clear(&x->out);
	return 0;
}

int export_command(struct git_exporter *x, const struct git_command *c, struct drift_error *err)
{
	git_command_format(c, &x->out);
	return x->out.len < OUT_LEN ? buf_check(&x->out, err) : export_flush(x, err);
}

static int feature_done(struct git_exporter *x, bool begin, struct drift_error *err)
{
	const struct git_command feature = { .kind = GIT_FEATURE, .name = { "done", 4 } };
	const struct git_command done = { .kind = GIT_DONE };

	return x->options->use_done ? export_command(x, begin ? &feature : &done, err) : 0;
}

static int export(struct git_exporter *x, struct drift_error *err)
{
	const struct git_export_options *o = x->options;

	if ((o->import_marks && export_marks_read(x, o->import_marks, err)) || export_collect(x, err) ||
	    feature_done(x, true, err))
		return -1;
	for (size_t i = x->commit_count; i--;) {
		if (export_commit(x, x->commits[i], err))
			return -1;
		if (o->advance)
			o->advance(o->data, x->commit_count - i);
	}
	for (size_t i = 0; i < x->ref_count; i++) {
		if (export_ref_end(x, &x->refs[i], err))
			return -1;
	}
	if (feature_done(x, false, err) || export_flush(x, err))
		return -1;
	return o->export_marks ? export_marks_write(x, o->export_marks, err) : 0;
}

static void release(struct git_exporter *x)
{
	while (x->pool) {
		struct mark_pool *before = x->pool->before;

		free(x->pool);
		x->pool = before;
	}
	for (size_t i = 0; i < x->ref_count; i++)
		free(x->refs[i].name);
	free(x->refs);
	free(x->commits);
	oid_table_release(&x->marks);
	buf_release(&x->out);
	buf_release(&x->removals);
	buf_release(&x->changes);
	buf_release(&x->path);
	buf_release(&x->data);
	buf_release(&x->dataref);
}

int git_export(struct repo *repo, const struct git_export_options *options, struct drift_error *err)
{
	struct git_exporter x = {
		.repo = repo, .odb = repo_odb(repo), .nodes = repo_nodes(repo), .options = options, .out = BUF_INIT,
		.removals = BUF_INIT, .changes = BUF_INIT, .path = BUF_INIT, .data = BUF_INIT, .dataref = BUF_INIT,
	};
	int r = export(&x, err);

	release(&x);
	return r;
}
