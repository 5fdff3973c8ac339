/*
 * The lines are sorted by path and handed to tree_edit as changes of the empty tree, each document read only then: the tree
 * follows from the documents alone. A line of type tree stands for all documents of a collection.
 */
#include "plumbing/plumbing.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/input_lines.h"
#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "plumbing/tree_lines.h"
#include "repo/documents.h"

#define GITLINK_MODE 0160000U

static const char *const usage[] = { "drift mktree [-z]", NULL };

enum line_kind { LINE_BLOB, LINE_TREE, LINE_COMMIT };

struct mktree_line {
	size_t path_at, path_len; /* in paths; a tree's path is the collection's name */
	struct path path;
	enum line_kind kind;
	uint32_t mode;
	unsigned char id[OID_LEN];
	size_t id_len;
};

struct mktree {
	struct tree_changes changes;
	struct object_reader reader;
	struct odb_batch *batch;
	struct mktree_line *lines;
	size_t count, capacity, next;
	struct buf paths;
	/* The document handed out last, and the collection that is being taken over. */
	struct document document;
	struct buf bytes;
	struct object_name object;
	struct map_cursor cursor;
	bool in_collection;
};

static int malformed(const struct input_lines *in, const char *why, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "line %llu: %s", (unsigned long long)in->number, why);
}

/* The word at *at, ended by a blank; its end becomes NUL. */
static char *cut_word(char **at)
{
	char *word = *at, *end = strchr(word, ' ');

	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 1 + strspn(end + 1, " ");
	return word;
}

static int parse_mode(const char *word, uint32_t *mode_out)
{
	unsigned long mode;
	char *end;

	if (*word < '0' || *word > '7' || strlen(word) > 6)
		return -1;
	mode = strtoul(word, &end, 8);
	if (*end)
		return -1;
	*mode_out = (uint32_t)mode;
	return 0;
}

/* "<mode> <type> <id>[ <size>]" */
static const char *parse_head(char *head, struct mktree_line *line)
{
	char *mode = cut_word(&head), *type = mode ? cut_word(&head) : NULL;
	size_t len;

	if (!type || parse_mode(mode, &line->mode))
		return "it is not '<mode> <type> <id>', a tab and a path";
	len = strcspn(head, " ");
	if (!strcmp(type, "blob"))
		line->kind = LINE_BLOB;
	else if (!strcmp(type, "tree"))
		line->kind = LINE_TREE;
	else if (!strcmp(type, "commit"))
		line->kind = LINE_COMMIT;
	else
		return "the type is none of blob, tree and commit";
	if ((line->kind == LINE_TREE) != (line->mode == TREE_MODE))
		return "mode and type do not go together";
	if (len != OID_HEX_LEN && (line->kind != LINE_COMMIT || len != 40))
		return "the id is malformed";
	line->id_len = len / 2;
	return hex_decode(head, line->id, line->id_len) ? NULL : "the id is malformed";
}

static int parse_path(struct mktree *m, struct mktree_line *line, const char *text, size_t len, struct drift_error *err)
{
	struct path path;

	line->path_at = m->paths.len;
	if (!m->reader.ctx->common.nul && len && text[0] == '"') {
		if (unquote_c(text, len, &m->paths) != len)
			return error_set(err, DRIFT_ERR_INVALID, "the quotes of the path are malformed");
	} else {
		buf_add(&m->paths, text, len);
	}
	line->path_len = m->paths.len - line->path_at;
	if (buf_check(&m->paths, err))
		return -1;
	if (line->kind == LINE_TREE)
		return collection_check(m->paths.data + line->path_at, line->path_len, err);
	return path_parse(m->paths.data + line->path_at, line->path_len, &path, err);
}

static int add_line(struct mktree *m, const struct input_lines *in, const struct text *text, struct drift_error *err)
{
	auto_free char *copy = mem_dup_str(text->data, text->len);
	char *tab = copy ? memchr(copy, '\t', text->len) : NULL;
	struct mktree_line line = { .kind = LINE_BLOB };
	const char *why;

	if (!copy)
		return error_no_memory(err);
	if (!tab)
		return malformed(in, "there is no tab before the path", err);
	*tab = '\0';
	why = parse_head(copy, &line);
	if (why)
		return malformed(in, why, err);
	if (parse_path(m, &line, tab + 1, text->len - (size_t)(tab + 1 - copy), err))
		return error_prefix(err, DRIFT_OK, "line %llu", (unsigned long long)in->number);
	if (mem_grow(&m->lines, &m->capacity, m->count + 1, sizeof(*m->lines)))
		return error_no_memory(err);
	m->lines[m->count++] = line;
	return 0;
}

static int read_lines(struct mktree *m, struct drift_error *err)
{
	auto_input_lines in;
	enum input_result r;
	struct text text;

	input_lines_init(&in, 0, m->reader.ctx->common.nul ? '\0' : '\n');
	while ((r = input_lines_next(&in, true, &text, err)) == INPUT_LINE) {
		if (add_line(m, &in, &text, err))
			return -1;
	}
	return r == INPUT_END ? 0 : -1;
}

static int by_path(const void *a, const void *b)
{
	const struct mktree_line *x = a, *y = b;

	return path_compare(&x->path, &y->path);
}

/* A collection comes whole or document by document. */
static int sort_lines(struct mktree *m, struct drift_error *err)
{
	for (size_t i = 0; i < m->count; i++) {
		struct mktree_line *line = &m->lines[i];
		const char *text = m->paths.data + line->path_at;

		if (line->kind == LINE_TREE)
			line->path = (struct path){ .collection = text, .collection_len = line->path_len, .key = "" };
		else
			path_split(text, line->path_len, &line->path);
	}
	if (m->count)
		qsort(m->lines, m->count, sizeof(*m->lines), by_path);
	for (size_t i = 1; i < m->count; i++) {
		const struct path *a = &m->lines[i - 1].path, *b = &m->lines[i].path;

		if (!path_compare(a, b) ||
		    (m->lines[i - 1].kind == LINE_TREE && a->collection_len == b->collection_len &&
		     !memcmp(a->collection, b->collection, a->collection_len)))
			return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is given twice", (int)m->lines[i].path_len,
					 m->paths.data + m->lines[i].path_at);
	}
	return 0;
}

static int find_object(struct mktree *m, const struct mktree_line *line, enum object_kind kind, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	struct oid id;
	int found;

	memcpy(id.bytes, line->id, OID_LEN);
	object_name_release(&m->object);
	found = object_reader_find_id(&m->reader, &id, &m->object, err);
	if (found < 0)
		return -1;
	if (!found || m->object.kind != kind)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%.*s': there is no %s %s", (int)line->path_len,
				 m->paths.data + line->path_at, object_kind_name(kind), oid_to_hex(&id, hex));
	return 0;
}

static int blob_document(struct mktree *m, const struct mktree_line *line, struct drift_error *err)
{
	buf_clear(&m->bytes);
	if (find_object(m, line, OBJECT_BLOB, err) || object_reader_bytes(&m->reader, &m->object, &m->bytes, err))
		return -1;
	m->document = (struct document){ .form = DOCUMENT_INLINE, .len = m->bytes.len };
	m->document.data = (const unsigned char *)m->bytes.data;
	if (m->bytes.len > VALUE_INLINE_MAX) {
		m->document.form = DOCUMENT_BLOB;
		m->document.blob = m->object.id;
		m->document.loc = m->object.loc;
	}
	m->document.mode = line->mode == REGULAR_MODE ? DOCUMENT_NO_MODE : line->mode;
	return 0;
}

/* 1 / 0 at the collection's end / -1 */
static int next_of_collection(struct mktree *m, const struct mktree_line *line, struct tree_change *change_out,
			      struct drift_error *err)
{
	struct node_entry entry;
	int more = map_cursor_next(&m->cursor, &entry, err);

	if (more <= 0) {
		map_cursor_release(&m->cursor);
		m->in_collection = false;
		return more;
	}
	if (document_decode(entry.value, entry.value_len, entry.loc, &m->document, err))
		return -1;
	change_out->path = line->path;
	change_out->path.key = (const char *)entry.key;
	change_out->path.key_len = entry.key_len;
	change_out->document = &m->document;
	return 1;
}

static int enter_collection(struct mktree *m, const struct mktree_line *line, struct drift_error *err)
{
	struct node_store *nodes = repo_nodes(m->reader.ctx->repo);
	auto_node *node = NULL;
	struct map_root map;
	struct oid id;

	memcpy(id.bytes, line->id, OID_LEN);
	if (oid_is_zero(&id))
		return 0;
	if (find_object(m, line, OBJECT_TREE, err) ||
	    odb_node(repo_odb(m->reader.ctx->repo), &m->object.id, m->object.loc, &node, err))
		return -1;
	if (node->kind != MAP_DOCUMENTS)
		return error_set(err, DRIFT_ERR_INVALID, "'%.*s': its id is not that of a collection",
				 (int)line->path_len, m->paths.data + line->path_at);
	if (map_root_open(nodes, &m->object.id, m->object.loc, &map, err) ||
	    map_cursor_seek(&m->cursor, nodes, &map, NULL, 0, err))
		return -1;
	m->in_collection = true;
	return 0;
}

static int next_change(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err)
{
	struct mktree *m = (struct mktree *)self;

	for (;;) {
		const struct mktree_line *line = m->in_collection ? &m->lines[m->next - 1] : &m->lines[m->next];
		int r;

		if (m->in_collection) {
			r = next_of_collection(m, line, change_out, err);
			if (r)
				return r;
			continue;
		}
		if (m->next == m->count)
			return 0;
		m->next++;
		if (line->kind == LINE_TREE) {
			if (enter_collection(m, line, err))
				return -1;
			continue;
		}
		if (line->kind == LINE_COMMIT)
			m->document =
				(struct document){ .form = DOCUMENT_GITLINK,
						   .data = line->id,
						   .len = line->id_len,
						   .mode = line->mode == GITLINK_MODE ? DOCUMENT_NO_MODE : line->mode };
		else if (blob_document(m, line, err))
			return -1;
		change_out->path = line->path;
		change_out->document = &m->document;
		return 1;
	}
}

static void mktree_release(struct mktree *m)
{
	map_cursor_release(&m->cursor);
	object_name_release(&m->object);
	object_reader_release(&m->reader);
	odb_batch_free(m->batch);
	buf_release(&m->paths);
	buf_release(&m->bytes);
	free(m->lines);
}

static int make_tree(struct mktree *m, struct tree_root *root_out, struct drift_error *err)
{
	struct repo *repo = m->reader.ctx->repo;
	struct tree_root empty;

	tree_empty(&empty);
	if (read_lines(m, err) || sort_lines(m, err) || odb_batch_new(repo_odb(repo), &m->batch, err) ||
	    tree_edit(odb_batch_nodes(m->batch), &empty, &m->changes, root_out, err))
		return -1;
	return tree_is_empty(root_out) ? 0 : plumbing_store(m->reader.ctx, m->batch, err);
}

static int mktree(struct cmd_context *ctx, int argc, char **argv)
{
	struct mktree m = {
		.changes = { .next = next_change },
		.reader = OBJECT_READER_INIT(ctx),
		.paths = BUF_INIT,
		.bytes = BUF_INIT,
		.object = OBJECT_NAME_INIT,
		.cursor = MAP_CURSOR_INIT,
	};
	char hex[OID_HEX_LEN + 1];
	struct tree_root root;
	int code = EXIT_DONE;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "the lines come on standard input");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (make_tree(&m, &root, &ctx->err))
		code = ctx_die(ctx, "make a tree");
	else
		out_printf("%s\n", oid_to_hex(&root.id, hex));
	mktree_release(&m);
	return code;
}

const struct command cmd_mktree = {
	.name = "mktree",
	.task = "make a tree",
	.summary = "make a tree from lines as ls-tree prints them",
	.usage = usage,
	.run = mktree,
	.common = COMMON_NUL | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
