/* One commit as commands: the blobs it needs first. */
#include <string.h>

#include "repo/documents.h"
#include "repo/git_export_internal.h"
#include "repo/git_names.h"

static struct text text_of(const struct buf *b)
{
	struct text t = { b->data, b->len };

	return t;
}

int export_blob(struct git_exporter *x, const struct oid *id, const struct document *doc, struct export_mark **out,
		struct drift_error *err)
{
	struct git_command c = { .kind = GIT_BLOB, .has_data = true };

	if (export_mark(x, id, out, err))
		return -1;
	if ((*out)->number || x->options->no_data)
		return 0;
	buf_clear(&x->data);
	if (document_read(x->repo, doc, &x->data, err))
		return -1;
	(*out)->number = ++x->last_number;
	c.mark = (*out)->number;
	c.data = text_of(&x->data);
	return export_command(x, &c, err);
}

/* --- what git cannot hold --- */

static int clash(struct git_exporter *x, struct text file, struct text other, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	return error_set(err, DRIFT_ERR_INVALID,
			 "commit %.10s has '%.*s' and '%.*s': in git a name is a file or a folder", oid_to_hex(&x->commit->id, hex),
			 (int)(file.len > 300 ? 300 : file.len), file.data, (int)(other.len > 300 ? 300 : other.len), other.data);
}

static int has_file(struct git_exporter *x, const struct tree_root *root, const char *path, size_t len,
		    struct drift_error *err)
{
	auto_node *node = NULL;
	struct document doc;
	struct path cut;

	path_split(path, len, &cut);
	return tree_get(x->nodes, root, &cut, &node, &doc, err);
}

/* Is there a file where one of the folders of path has to be? */
static int check_folders(struct git_exporter *x, const struct tree_root *root, struct text path, struct drift_error *err)
{
	for (size_t i = 0; i < path.len; i++) {
		struct text folder = { path.data, i };
		int r = path.data[i] == '/' ? has_file(x, root, path.data, i, err) : 0;

		if (r)
			return r < 0 ? -1 : clash(x, folder, path, err);
	}
	return 0;
}

/* Is there a folder of that name? */
static int check_below(struct git_exporter *x, const struct tree_root *root, struct text path, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT, found = BUF_INIT;
	struct tree_cursor *cursor;
	struct document doc;
	struct path below;
	int r;

	buf_add(&prefix, path.data, path.len);
	buf_add_byte(&prefix, '/');
	if (buf_check(&prefix, err) || tree_cursor_open(x->nodes, root, prefix.data, prefix.len, &cursor, err))
		return -1;
	r = tree_cursor_next(cursor, &below, &doc, err);
	if (r > 0)
		path_format(&below, &found);
	tree_cursor_free(cursor);
	if (!r)
		return 0;
	return r < 0 || buf_check(&found, err) ? -1 : clash(x, path, text_of(&found), err);
}

/* ".drift/x" of drift's own and ".drift~/x", which came from git as ".drift/x". */
static int check_mapped(struct git_exporter *x, const struct tree_root *root, struct text path, struct text mapped,
			struct drift_error *err)
{
	static const char reserved[] = TREE_RESERVED "/";
	auto_buf other = BUF_INIT;
	int r;

	if (mapped.len < sizeof(reserved) || memcmp(mapped.data, reserved, sizeof(reserved) - 1) != 0)
		return 0;
	if (path.len != mapped.len)
		buf_add(&other, mapped.data, mapped.len);
	else if (git_path_in(mapped, &other, NULL))
		return 0;
	if (buf_check(&other, err))
		return -1;
	r = has_file(x, root, other.data, other.len, err);
	return r <= 0 ? r : clash(x, path, text_of(&other), err);
}

static int check_added(struct git_exporter *x, const struct path *path, struct drift_error *err)
{
	const struct tree_root root = { x->commit->tree.id, x->commit->tree.loc };
	auto_buf name = BUF_INIT;

	path_format(path, &name);
	if (buf_check(&name, err) || check_folders(x, &root, text_of(&name), err) ||
	    check_below(x, &root, text_of(&name), err))
		return -1;
	return check_mapped(x, &root, text_of(&name), text_of(&x->path), err);
}

/* --- files --- */

static uint32_t file_mode(const struct document *doc)
{
	if (doc->form == DOCUMENT_GITLINK)
		return 0160000;
	if ((doc->mode & 0170000) == 0120000)
		return 0120000;
	return doc->mode & 0111 ? 0100755 : 0100644;
}

static int content_name(struct git_exporter *x, const struct document *doc, struct drift_error *err)
{
	struct export_mark *mark;
	struct oid id;

	buf_clear(&x->dataref);
	if (doc->form == DOCUMENT_GITLINK) {
		if (document_read(x->repo, doc, &x->dataref, err))
			return -1;
		return 0;
	}
	document_id(doc, &id);
	if (export_blob(x, &id, doc, &mark, err))
		return -1;
	export_mark_name(mark, &x->dataref);
	return buf_check(&x->dataref, err);
}

static int each_change(void *data, const struct path *path, const struct document *a, const struct document *b,
		       struct drift_error *err)
{
	struct git_exporter *x = data;
	struct git_command c = { .kind = b ? GIT_MODIFY : GIT_DELETE };

	buf_clear(&x->path);
	git_path_out(path, &x->path);
	if (buf_check(&x->path, err))
		return -1;
	c.path = text_of(&x->path);
	if (!b) {
		git_command_format(&c, &x->removals);
		return buf_check(&x->removals, err);
	}
	if ((!a && check_added(x, path, err)) || content_name(x, b, err))
		return -1;
	c.mode = file_mode(b);
	c.dataref = text_of(&x->dataref);
	git_command_format(&c, &x->changes);
	return buf_check(&x->changes, err);
}

static int changes(struct git_exporter *x, struct drift_error *err)
{
	const struct commit *c = x->commit;
	const struct tree_diff_options options = { .each = each_change, .data = x };
	const struct tree_root root = { c->tree.id, c->tree.loc };
	auto_commit *parent = NULL;
	struct tree_root base;

	buf_clear(&x->removals);
	buf_clear(&x->changes);
	tree_empty(&base);
	if (c->parent_count) {
		if (odb_commit(x->odb, &c->parents[0].id, c->parents[0].loc, &parent, err))
			return -1;
		base = (struct tree_root){ parent->tree.id, parent->tree.loc };
	}
	return tree_diff(x->nodes, &base, &root, &options, err) ? -1 : 0;
}

/* --- the commit --- */

static int add_parents(struct git_exporter *x, struct buf *from, struct buf *merges, struct drift_error *err)
{
	const struct commit *c = x->commit;

	for (size_t i = 0; i < c->parent_count; i++) {
		struct export_mark *mark;

		if (export_mark(x, &c->parents[i].id, &mark, err))
			return -1;
		export_mark_name(mark, i ? merges : from);
		if (i)
			buf_add_byte(merges, '\n');
	}
	return buf_check(from, err) || buf_check(merges, err) ? -1 : 0;
}

static int start_line(struct git_exporter *x, struct text name, struct drift_error *err)
{
	const struct git_command c = { .kind = GIT_RESET, .name = name };

	/* Without parents: else the commit before it of that name would be one. */
	return x->commit->parent_count ? 0 : export_command(x, &c, err);
}

static int write_commit(struct git_exporter *x, struct export_mark *mark, struct drift_error *err)
{
	const struct commit *from = x->commit;
	const char *name = x->refs[mark->label - 1].name;
	auto_buf author = BUF_INIT, committer = BUF_INIT, first = BUF_INIT, merges = BUF_INIT;
	struct git_command c = { .kind = GIT_COMMIT, .name = { name, strlen(name) }, .has_author = true,
				 .has_committer = true, .encoding = from->encoding, .message = from->message };

	git_ident_out(&from->author, git_header(from->extra, GIT_AUTHOR_HEADER), &author);
	git_ident_out(&from->committer, git_header(from->extra, GIT_COMMITTER_HEADER), &committer);
	if (buf_check(&author, err) || buf_check(&committer, err) || add_parents(x, &first, &merges, err) ||
	    start_line(x, c.name, err))
		return -1;
	mark->number = ++x->last_number;
	c.mark = mark->number;
	c.author = text_of(&author);
	c.committer = text_of(&committer);
	c.has_from = from->parent_count > 0;
	c.from = text_of(&first);
	c.merges = text_of(&merges);
	c.merge_count = from->parent_count ? from->parent_count - 1 : 0;
	if (export_command(x, &c, err))
		return -1;
	buf_add(&x->out, x->removals.data, x->removals.len);
	buf_add(&x->out, x->changes.data, x->changes.len);
	buf_add_byte(&x->out, '\n');
	return buf_check(&x->out, err);
}

int export_commit(struct git_exporter *x, struct export_mark *mark, struct drift_error *err)
{
	auto_commit *c = NULL;
	int r;

	if (odb_commit(x->odb, &mark->id, mark->loc, &c, err))
		return -1;
	x->commit = c;
	r = changes(x, err) || write_commit(x, mark, err) ? -1 : 0;
	x->commit = NULL;
	return r;
}
