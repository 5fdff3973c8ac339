#include "cli/conflict_output.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "cli/view.h"
#include "repo/documents.h"

void conflict_append_version(const struct conflict *c, size_t i, struct buf *out)
{
	const struct conflict_term *t = &c->terms[i];
	char hex[OID_HEX_LEN + 1];

	if (i < c->side_count)
		buf_addf(out, "side %zu: ", i + 1);
	else
		buf_add_str(out, "base: ");
	if (t->term.absent)
		buf_add_str(out, "removed");
	else
		buf_addf(out, "%s, %" PRIu64 " byte%s", out_short_id(&t->term.id, hex), t->document.len,
			 t->document.len == 1 ? "" : "s");
	if (t->term.mode != DOCUMENT_NO_MODE)
		buf_addf(out, ", mode %06o", t->term.mode);
}

static int write_version(struct cmd_context *ctx, struct json_writer *w, const struct conflict_term *t, bool contents,
			 struct drift_error *err)
{
	auto_buf data = BUF_INIT;

	if (t->term.absent) {
		json_writer_member_bool(w, "absent", true);
		return 0;
	}
	out_json_id(w, "id", &t->term.id);
	json_writer_member_uint(w, "size", t->document.len);
	if (t->term.mode != DOCUMENT_NO_MODE)
		json_writer_member_uint(w, "mode", t->term.mode);
	if (!contents)
		return 0;
	if (document_read(ctx->repo, &t->document, &data, err))
		return -1;
	return view_write_json(w, t->document.form, &data, err);
}

int conflict_write_json(struct cmd_context *ctx, struct json_writer *w, const struct conflict *c, bool contents,
			struct drift_error *err)
{
	for (size_t i = 0; i < c->side_count + c->base_count; i++) {
		if (!i || i == c->side_count) {
			json_writer_key(w, i ? "bases" : "sides");
			json_writer_begin_array(w);
		}
		json_writer_begin_object(w);
		if (write_version(ctx, w, &c->terms[i], contents, err))
			return -1;
		json_writer_end_object(w);
		if (i + 1 == c->side_count || i + 1 == c->side_count + c->base_count)
			json_writer_end_array(w);
	}
	return 0;
}

struct listing {
	struct cmd_context *ctx;
	const struct conflict_style *style;
};

static int list_json(struct listing *l, const struct buf *path, const struct conflict *c, struct drift_error *err)
{
	struct json_line line;

	out_json_begin(&line);
	out_json_path(&line.w, path->data, path->len);
	if (conflict_write_json(l->ctx, &line.w, c, false, err)) {
		out_json_drop(&line);
		return -1;
	}
	return out_json_end(&line, err);
}

static int list_one(void *data, const struct path *path, const struct conflict *c, struct drift_error *err)
{
	struct listing *l = data;
	auto_buf name = BUF_INIT;
	auto_buf text = BUF_INIT;

	path_format(path, &name);
	if (buf_check(&name, err))
		return -1;
	if (l->ctx->common.json)
		return list_json(l, &name, c, err);
	out_path_line(l->ctx, name.data, name.len);
	for (size_t i = 0; l->style && l->style->lengthy && i < c->side_count + c->base_count; i++) {
		buf_add_byte(&text, '\t');
		conflict_append_version(c, i, &text);
		buf_add_byte(&text, '\n');
	}
	out_buf(&text);
	return buf_check(&text, err) ? -1 : ctx_reader_gone(l->ctx);
}

int conflict_list(struct cmd_context *ctx, struct node_store *nodes, const struct tree_root *root,
		  const struct conflict_style *style)
{
	struct listing l = { .ctx = ctx, .style = style };
	const char *prefix = style ? style->prefix : NULL;
	int r = conflict_each(nodes, root, prefix, prefix ? strlen(prefix) : 0, list_one, &l, &ctx->err);

	return r < 0 ? -1 : 0;
}
