/* Commits and annotated tags of a stream. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "repo/git_import_internal.h"
#include "repo/git_names.h"
#include "repo/point.h"
#include "repo/writer.h"

#define FLUSH_COUNT 4096

static bool ends_with(struct text t, const char *end)
{
	size_t len = strlen(end);

	return t.len >= len && !memcmp(t.data + t.len - len, end, len);
}

/* A signature line from git's, and the header that keeps what it cannot hold, appended to imp->extra. */
static int import_ident(struct git_importer *imp, struct text raw, const char *header, struct signature_line *out,
			struct buf *text, struct drift_error *err)
{
	if (imp->date_now && ends_with(raw, "> now")) {
		struct date now = { .us = date_now_us() / 1000000 * 1000000, .zone_min = 0 };

		buf_add(text, raw.data, raw.len - strlen("now"));
		date_append_raw(text, now);
		raw = (struct text){ text->data, text->len };
	}
	if (!git_ident_in(raw, out)) {
		buf_addf(&imp->extra, "%s ", header);
		buf_add(&imp->extra, raw.data, raw.len);
		buf_add_byte(&imp->extra, '\n');
	}
	return buf_check(text, err) || buf_check(&imp->extra, err) ? -1 : 0;
}

/* --- the begin of a commit --- */

static int add_parents(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	const char *at = c->merges.data;

	free(imp->parents);
	imp->parent_count = 0;
	imp->parents = mem_alloc_array(c->merge_count + 1, sizeof(*imp->parents));
	if (!imp->parents)
		return error_no_memory(err);
	if (imp->branch->exists)
		imp->parents[imp->parent_count++] = imp->branch->object;
	for (size_t i = 0; i < c->merge_count; i++) {
		const char *newline = strchr(at, '\n');
		struct text name = { at, (size_t)(newline - at) };
		int r = import_parent(imp, name, &imp->parents[imp->parent_count], err);

		if (r < 0)
			return -1;
		imp->parent_count += r > 0;
		at = newline + 1;
	}
	return 0;
}

/* The branch may hold a tag, which was named by the stream or a reset. */
static int move_branch(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	struct import_ref *branch = imp->branch;
	int r;

	if (!c->has_from)
		return 0;
	r = import_parent(imp, c->from, &branch->object, err);
	if (r < 0)
		return -1;
	branch->exists = r > 0;
	branch->is_tag = false;
	return 0;
}

int import_commit_begin(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	auto_commit *first = NULL;
	struct tree_root root;

	imp->commit = *c;
	imp->in_commit = true;
	if (import_ref(imp, c->name, &imp->branch, err) || move_branch(imp, c, err) || add_parents(imp, c, err))
		return -1;
	tree_empty(&root);
	if (imp->branch->exists) {
		if (odb_batch_read_commit(imp->batch, &imp->branch->object, &first, err))
			return -1;
		root = (struct tree_root){ first->tree.id, first->tree.loc };
	}
	git_tree_begin(imp->tree, odb_batch_nodes(imp->batch), &root);
	return 0;
}

/* --- its files --- */

static struct text text_of(const struct buf *b)
{
	struct text t = { b->data, b->len };

	return t;
}

/* Folders may be written with a slash behind them, and the root as "". */
static int map_path(struct text path, bool may_be_folder, struct buf *out, struct drift_error *err)
{
	buf_clear(out);
	if (may_be_folder && path.len && path.data[path.len - 1] == '/')
		path.len--;
	if (may_be_folder && !path.len)
		return 0;
	if (git_path_in(path, out, err))
		return error_prefix(err, DRIFT_OK, "path '%.*s'", (int)(path.len > 200 ? 200 : path.len), path.data);
	return 0;
}

static int put(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	struct document doc;
	uint64_t base_loc = LOC_UNKNOWN;

	if (git_tree_base_loc(imp->tree, text_of(&imp->path), &base_loc, err) ||
	    import_content(imp, c, base_loc, &doc, err))
		return -1;
	return git_tree_put(imp->tree, text_of(&imp->path), &doc, err);
}

static int move(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	int r;

	if (map_path(c->path, true, &imp->path, err) || map_path(c->target, true, &imp->target, err))
		return -1;
	if (!imp->target.len && imp->path.len)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "a folder cannot take the place of the root");
	r = git_tree_copy(imp->tree, text_of(&imp->path), text_of(&imp->target), c->kind == GIT_RENAME, err);
	if (!r)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no path '%s' to be %s", imp->path.data,
				 c->kind == GIT_RENAME ? "renamed" : "copied");
	return r < 0 ? -1 : 0;
}

#define NOTE_FOLDERS_MAX 19

/* The note's path: where there is one already, in git's folders by two digits each, else without folders. */
static int note_path(struct git_importer *imp, const char *hex, struct drift_error *err)
{
	for (size_t folders = 0; folders <= NOTE_FOLDERS_MAX; folders++) {
		int r;

		buf_clear(&imp->path);
		for (size_t i = 0; i < folders; i++) {
			buf_add(&imp->path, hex + 2 * i, 2);
			buf_add_byte(&imp->path, '/');
		}
		buf_add_str(&imp->path, hex + 2 * folders);
		if (buf_check(&imp->path, err))
			return -1;
		r = git_tree_has(imp->tree, text_of(&imp->path), err);
		if (r)
			return r < 0 ? -1 : 0;
	}
	buf_clear(&imp->path);
	buf_add_str(&imp->path, hex);
	return buf_check(&imp->path, err);
}

static int note(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	struct git_command as_file = *c;
	char hex[OID_HEX_LEN + 1];
	struct object_ref commit;
	int r = import_parent(imp, c->path, &commit, err);

	if (r < 0)
		return -1;
	if (!r)
		return error_set(err, DRIFT_ERR_INVALID, "a note for no commit");
	if (note_path(imp, oid_to_hex(&commit.id, hex), err))
		return -1;
	if (!c->has_data && import_is_zero(c->dataref))
		return git_tree_remove(imp->tree, text_of(&imp->path), err);
	as_file.mode = 0100644;
	return put(imp, &as_file, err);
}

int import_commit_file(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	imp->unflushed++;
	switch ((int)c->kind) {
	case GIT_MODIFY:
		return map_path(c->path, false, &imp->path, err) || put(imp, c, err) ? -1 : 0;
	case GIT_DELETE:
		return map_path(c->path, true, &imp->path, err) ||
				       git_tree_remove(imp->tree, text_of(&imp->path), err) ?
			       -1 :
			       0;
	case GIT_RENAME:
	case GIT_COPY:
		return move(imp, c, err);
	case GIT_DELETE_ALL:
		return git_tree_remove_all(imp->tree, err);
	default:
		return note(imp, c, err);
	}
}

/* --- its end --- */

static void check_clock(struct git_importer *imp, int64_t time_usec)
{
	if (time_usec > date_now_us() && point_check_clock(imp->repo, time_usec, NULL))
		imp->ahead_count++;
}

static int store_commit(struct git_importer *imp, const struct tree_root *root, struct drift_error *err)
{
	const struct git_command *c = &imp->commit;
	auto_buf author = BUF_INIT, committer = BUF_INIT;
	struct commit from = { .parents = imp->parents, .parent_count = imp->parent_count };
	struct git_mark mark = { .number = c->mark, .kind = GIT_MARK_COMMIT };
	auto_commit *made = NULL;

	buf_clear(&imp->extra);
	if (import_ident(imp, c->has_author ? c->author : c->committer, GIT_AUTHOR_HEADER, &from.author, &author, err) ||
	    import_ident(imp, c->committer, GIT_COMMITTER_HEADER, &from.committer, &committer, err))
		return -1;
	from.tree.id = root->id;
	from.tree.loc = root->loc;
	from.encoding = c->encoding;
	from.message = c->message;
	from.extra = text_of(&imp->extra);
	check_clock(imp, from.committer.time_usec);
	if (writer_add_commit(imp->repo, imp->batch, &from, &made, err))
		return -1;
	mark.object = (struct object_ref){ made->id, made->loc };
	imp->branch->object = mark.object;
	imp->branch->exists = true;
	imp->branch->deleted = imp->branch->is_tag = false;
	imp->result.commit_count++;
	imp->signature_count += c->signature_count;
	return git_marks_set(imp->marks, &mark, err);
}

int import_commit_end(struct git_importer *imp, struct drift_error *err)
{
	struct tree_root root;

	if (git_tree_finish(imp->tree, &root, err) || store_commit(imp, &root, err))
		return -1;
	imp->in_commit = false;
	return ++imp->unflushed < FLUSH_COUNT ? 0 : import_flush(imp, err);
}

/* --- tags --- */

static int tag_target(struct git_importer *imp, struct text from, struct tag *tag, struct drift_error *err)
{
	struct object_ref object;
	enum object_kind kind;
	bool is_tag = false;
	uint64_t loc;
	int r = import_blob_object(imp, from, &object, err);

	if (r < 0)
		return -1;
	tag->target_kind = OBJECT_BLOB;
	if (!r && import_hex(from, object.id.bytes) == OID_LEN) {
		r = odb_find(imp->odb, &object.id, &kind, &loc, err);
		tag->target_kind = r > 0 ? kind : OBJECT_COMMIT;
	}
	if (!r) {
		r = import_commitish(imp, from, &object, &is_tag, err);
		tag->target_kind = is_tag ? OBJECT_TAG : OBJECT_COMMIT;
	}
	if (!r)
		return error_set(err, DRIFT_ERR_INVALID, "a tag of nothing");
	tag->target = object.id;
	return r < 0 ? -1 : 0;
}

int import_tag(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	struct tag from = { .name = c->name, .has_tagger = c->has_committer, .message = c->message };
	struct git_mark mark = { .number = c->mark, .kind = GIT_MARK_TAG };
	auto_buf name = BUF_INIT, tagger = BUF_INIT;
	struct import_ref *ref;
	auto_tag *tag = NULL;

	buf_clear(&imp->extra);
	if (c->has_committer &&
	    import_ident(imp, c->committer, GIT_TAGGER_HEADER, &from.tagger, &tagger, err))
		return -1;
	from.extra = text_of(&imp->extra);
	buf_add_str(&name, REF_TAGS);
	buf_add(&name, c->name.data, c->name.len);
	if (buf_check(&name, err) || import_ref(imp, text_of(&name), &ref, err) ||
	    tag_target(imp, c->from, &from, err) || tag_new(&from, &tag, err) ||
	    odb_batch_tag(imp->batch, tag, &mark.object, err))
		return -1;
	imp->unflushed++;
	imp->result.tag_count++;
	ref->object = mark.object;
	ref->exists = ref->is_tag = true;
	ref->deleted = false;
	return git_marks_set(imp->marks, &mark, err);
}
