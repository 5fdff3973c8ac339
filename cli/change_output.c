#include "cli/change_output.h"

#include <inttypes.h>
#include <string.h>

#include "merge/docdiff.h"
#include "objects/term.h"
#include "repo/documents.h"

#define FLUSH_LEN ((size_t)64 << 10)
#define CONTEXT_LINES 3

/* One document on both sides. */
struct change_pair {
	struct change_printer *printer;
	struct buf path;
	const struct document *a, *b;
	struct buf a_data, b_data;
	struct docdiff *diff;
};

static bool prefix_takes(const char *prefix, size_t prefix_len, const char *path, size_t len)
{
	if (prefix_len > len || memcmp(path, prefix, prefix_len))
		return false;
	if (!prefix_len || prefix[prefix_len - 1] == '/' || len == prefix_len)
		return true;
	return path[prefix_len] == '/' && !memchr(prefix, '/', prefix_len);
}

bool path_filter_takes(const struct path_filter *filter, const char *path, size_t len)
{
	for (size_t i = 0; i < filter->count; i++) {
		if (prefix_takes(filter->prefixes[i], strlen(filter->prefixes[i]), path, len))
			return true;
	}
	return !filter->count;
}

const char *change_printer_prefix(const struct change_printer *p, struct buf *memory)
{
	const char *prefix = p->filter.count == 1 ? p->filter.prefixes[0] : "";

	/* Callers filter: a prefix that also names siblings ("users/1" and "users/10") does no harm. */
	buf_add_str(memory, prefix);
	return memory->data;
}

static char letter_of(const struct change_pair *pair)
{
	return !pair->a ? 'A' : !pair->b ? 'D' : 'M';
}

static const char *word_of(const struct change_pair *pair)
{
	return !pair->a ? "add" : !pair->b ? "delete" : "modify";
}

static void count_pair(struct change_printer *p, const struct change_pair *pair)
{
	if (!pair->a)
		p->added++;
	else if (!pair->b)
		p->deleted++;
	else
		p->modified++;
}

static int load_pair(struct change_pair *pair, struct drift_error *err)
{
	struct repo *repo = pair->printer->ctx->repo;
	struct text from, to;

	if ((pair->a && document_read(repo, pair->a, &pair->a_data, err)) ||
	    (pair->b && document_read(repo, pair->b, &pair->b_data, err)))
		return -1;
	from = (struct text){ .data = pair->a_data.data, .len = pair->a_data.len };
	to = (struct text){ .data = pair->b_data.data, .len = pair->b_data.len };
	return docdiff_new(pair->a ? &from : NULL, pair->b ? &to : NULL, &pair->diff, err);
}

static void json_side(struct json_writer *w, const struct document *doc, const char *id_key, const char *size_key)
{
	struct oid id;

	if (!doc)
		return;
	document_id(doc, &id);
	out_json_id(w, id_key, &id);
	json_writer_member_uint(w, size_key, doc->len);
}

static int write_json(struct change_pair *pair, struct json_writer *w, struct drift_error *err)
{
	out_json_path(w, pair->path.data, pair->path.len);
	json_writer_member_str(w, "change", word_of(pair));
	json_side(w, pair->a, "old_id", "old_size");
	json_side(w, pair->b, "new_id", "new_size");
	if (pair->printer->style == CHANGES_PATCH) {
		json_writer_key(w, "diff");
		json_writer_begin_object(w);
		if (docdiff_write_json(pair->diff, w, err))
			return -1;
		json_writer_end_object(w);
	} else if (pair->printer->style == CHANGES_STAT) {
		size_t added, removed;

		docdiff_counts(pair->diff, &added, &removed);
		json_writer_member_uint(w, "added", added);
		json_writer_member_uint(w, "removed", removed);
	}
	return 0;
}

static int print_json(struct change_pair *pair, struct drift_error *err)
{
	struct json_writer *w = pair->printer->json;
	struct json_line line;
	int failed;

	if (w) {
		json_writer_begin_object(w);
		failed = write_json(pair, w, err);
		json_writer_end_object(w);
		return failed;
	}
	out_json_begin(&line);
	failed = write_json(pair, &line.w, err);
	if (!failed)
		return out_json_end(&line, err);
	out_json_drop(&line);
	return -1;
}

static void print_name(struct change_pair *pair)
{
	struct change_printer *p = pair->printer;

	if (p->style == CHANGES_NAME_STATUS)
		buf_addf(p->out, "%c%c", letter_of(pair), p->ctx->common.nul ? '\0' : '\t');
	out_append_path(p->ctx, p->out, pair->path.data, pair->path.len);
	buf_add_byte(p->out, p->ctx->common.nul ? '\0' : '\n');
}

static void print_stat(struct change_pair *pair)
{
	struct change_printer *p = pair->printer;
	const struct cmd_context *ctx = p->ctx;
	size_t added, removed;

	docdiff_counts(pair->diff, &added, &removed);
	p->parts_added += added;
	p->parts_removed += removed;
	buf_addf(p->out, " %c ", letter_of(pair));
	out_append_path(ctx, p->out, pair->path.data, pair->path.len);
	if (docdiff_kind(pair->diff) == DOCDIFF_BINARY)
		buf_addf(p->out, " | %zu -> %zu bytes", pair->a_data.len, pair->b_data.len);
	else
		buf_addf(p->out, " | %s+%zu%s %s-%zu%s", out_colour(ctx, COLOUR_ADDED), added,
			 out_colour(ctx, COLOUR_NONE), out_colour(ctx, COLOUR_REMOVED), removed,
			 out_colour(ctx, COLOUR_NONE));
	buf_add_byte(p->out, '\n');
}

static int print_patch(struct change_pair *pair, struct drift_error *err)
{
	struct change_printer *p = pair->printer;
	const struct docdiff_style style = {
		.context = CONTEXT_LINES, .colour = p->ctx->colour, .escape = p->ctx->terminal,
	};

	buf_addf(p->out, "%s%s ", out_colour(p->ctx, COLOUR_HEADING),
		 !pair->a ? "added" : !pair->b ? "deleted" : "modified");
	out_append_path(p->ctx, p->out, pair->path.data, pair->path.len);
	buf_addf(p->out, "%s\n", out_colour(p->ctx, COLOUR_NONE));
	if (pair->a && pair->b && pair->a->mode != pair->b->mode)
		buf_addf(p->out, "mode %06o -> %06o\n", (unsigned)pair->a->mode, (unsigned)pair->b->mode);
	return docdiff_render(pair->diff, &style, p->out, err);
}

static int print_pair(struct change_pair *pair, struct drift_error *err)
{
	struct change_printer *p = pair->printer;

	if ((p->style == CHANGES_STAT || p->style == CHANGES_PATCH) && load_pair(pair, err))
		return -1;
	if (p->json || p->json_lines)
		return print_json(pair, err);
	if (p->style == CHANGES_STAT)
		print_stat(pair);
	else if (p->style == CHANGES_PATCH)
		return print_patch(pair, err);
	else
		print_name(pair);
	return 0;
}

int change_printer_each(void *data, const struct path *path, const struct document *a, const struct document *b,
			struct drift_error *err)
{
	struct change_printer *p = data;
	struct change_pair pair = {
		.printer = p, .path = BUF_INIT, .a = a, .b = b, .a_data = BUF_INIT, .b_data = BUF_INIT,
	};
	int result = 0;

	/* They change with the documents that they belong to; who asks for them by name sees them. */
	if (!p->filter.count && term_path_is(path))
		return 0;
	path_format(path, &pair.path);
	if (buf_check(&pair.path, err)) {
		result = -1;
	} else if (path_filter_takes(&p->filter, pair.path.data, pair.path.len)) {
		count_pair(p, &pair);
		result = print_pair(&pair, err);
	}
	docdiff_free(pair.diff);
	buf_release(&pair.a_data);
	buf_release(&pair.b_data);
	buf_release(&pair.path);
	if (!result && p->out && !p->hold && p->out->len > FLUSH_LEN) {
		result = buf_check(p->out, err);
		out_buf(p->out);
		buf_clear(p->out);
	}
	return result ? result : ctx_reader_gone(p->ctx);
}

bool change_printer_names(const struct change_printer *p)
{
	return (p->style == CHANGES_NAME_ONLY || p->style == CHANGES_NAME_STATUS) && !p->json && !p->json_lines;
}

int change_printer_each_name(void *data, const struct path *path, enum change_kind kind, struct drift_error *err)
{
	/* Nobody looks what it holds. */
	static const struct document some = { .form = DOCUMENT_INLINE };

	return change_printer_each(data, path, kind == CHANGE_ADD ? NULL : &some, kind == CHANGE_DELETE ? NULL : &some, err);
}

void change_printer_finish(struct change_printer *p)
{
	uint64_t count = p->added + p->modified + p->deleted;

	if (p->style != CHANGES_STAT || p->json || p->json_lines || !count)
		return;
	buf_addf(p->out, " %" PRIu64 " document%s changed: %" PRIu64 " added, %" PRIu64 " modified, %" PRIu64
		 " deleted; +%" PRIu64 " -%" PRIu64 "\n",
		 count, count == 1 ? "" : "s", p->added, p->modified, p->deleted, p->parts_added, p->parts_removed);
}
