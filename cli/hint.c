#include "cli/hint.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "refs/refname.h"

#define NAMES_MAX 10000 /* more would take longer to compare than a person waits */

struct names {
	char **items; /* NULL-ended */
	size_t count, capacity;
};

static void names_release(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->items[i]);
	free(n->items);
}
#define auto_names __attribute__((cleanup(names_release))) struct names

/* 1: enough */
static int add_name(struct names *n, const char *name, size_t len, struct drift_error *err)
{
	char *copy;

	if (n->count == NAMES_MAX)
		return 1;
	if (mem_grow(&n->items, &n->capacity, n->count + 2, sizeof(*n->items)))
		return error_no_memory(err);
	copy = mem_dup_str(name, len);
	if (!copy)
		return error_no_memory(err);
	n->items[n->count++] = copy;
	n->items[n->count] = NULL;
	return 0;
}

static const char *nearest(const struct names *n, const char *word)
{
	const char *const *items;

	if (!n->count)
		return NULL;
	memcpy(&items, &n->items, sizeof(items));
	return options_nearest(word, items);
}

static int add_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	const char *said = refname_short(name);

	return value->kind == REF_ABSENT ? 0 : add_name(data, said, strlen(said), err);
}

void hint_point(struct cmd_context *ctx, const char *point)
{
	auto_names names = { .items = NULL };
	size_t len = strcspn(point, "~^@:");
	auto_free char *word = mem_dup_str(point, len);
	const char *meant;

	if (!word || !len || odb_ref_each(repo_odb(ctx->repo), "refs/", add_ref, &names, NULL) < 0)
		return;
	meant = nearest(&names, word);
	if (meant && strcmp(meant, word) != 0)
		ctx_hint(ctx, "did you mean '%s%s'?", meant, point + len);
}

bool hint_time(struct cmd_context *ctx, const char *text)
{
	const char *branch = ctx_branch_name(ctx);
	size_t len = strlen(text);
	struct date_fields day;
	struct date when;

	/* Digits alone within the braces are a number of moves. */
	if (strspn(text, "0123456789") == len || !date_parse_rfc3339(text, len, &when, NULL) ||
	    date_parse(text, len, date_now_us(), &when, NULL))
		return false;
	when.zone_min = 0;
	date_split(when, &day);
	ctx_hint(ctx, "write %s@{%s}, or a date such as %04d-%02d-%02d", branch ? refname_short(branch) : REF_HEAD,
		 text, day.year, day.month, day.day);
	return true;
}

/* Is there anything below "PATH/"? */
static bool is_prefix(struct cmd_context *ctx, const struct tree_root *tree, const char *path)
{
	struct tree_cursor *cursor;
	auto_buf prefix = BUF_INIT;
	struct document doc;
	struct path first;
	int more;

	buf_addf(&prefix, "%s%s", path, *path && path[strlen(path) - 1] == '/' ? "" : "/");
	if (buf_check(&prefix, NULL) ||
	    tree_cursor_open(repo_nodes(ctx->repo), tree, prefix.data, prefix.len, &cursor, NULL))
		return false;
	more = tree_cursor_next(cursor, &first, &doc, NULL);
	tree_cursor_free(cursor);
	return more > 0;
}

static bool was_there(struct cmd_context *ctx, const struct path *path)
{
	uint64_t change, marker;

	return !odb_change_head(repo_odb(ctx->repo), path, &change, &marker, NULL) && change;
}

static int collection_names(struct cmd_context *ctx, const struct tree_root *tree, struct names *names)
{
	auto_map_cursor cursor = MAP_CURSOR_INIT;
	struct node_entry entry;
	struct map_root map;
	int more, failed = 0;

	if (tree_is_empty(tree) || map_root_open(repo_nodes(ctx->repo), &tree->id, tree->loc, &map, NULL) ||
	    map_cursor_seek(&cursor, repo_nodes(ctx->repo), &map, NULL, 0, NULL))
		return -1;
	while (!failed && (more = map_cursor_next(&cursor, &entry, NULL)) > 0)
		failed = add_name(names, (const char *)entry.key, entry.key_len, NULL);
	return failed < 0 || more < 0 ? -1 : 0;
}

/* The same key in a collection whose name is much the same. */
static void hint_collection(struct cmd_context *ctx, const struct tree_root *tree, const struct path *path)
{
	auto_names names = { .items = NULL };
	auto_free char *word = mem_dup_str(path->collection, path->collection_len);
	struct path other = *path;
	auto_node *node = NULL;
	struct document doc;

	if (!word || collection_names(ctx, tree, &names))
		return;
	other.collection = nearest(&names, word);
	if (!other.collection)
		return;
	other.collection_len = strlen(other.collection);
	if (tree_get(repo_nodes(ctx->repo), tree, &other, &node, &doc, NULL) > 0)
		ctx_hint(ctx, "did you mean '%s/%.*s'?", other.collection, (int)path->key_len, path->key);
}

void hint_document(struct cmd_context *ctx, const char *path)
{
	auto_point tip = POINT_INIT;
	struct path parsed;

	if (ctx_point(ctx, NULL, &tip, NULL))
		return;
	if (is_prefix(ctx, &tip.tree, path)) {
		ctx_hint(ctx, "'drift ls %s' lists the documents below it", path);
		return;
	}
	if (path_parse(path, strlen(path), &parsed, NULL))
		return;
	if (was_there(ctx, &parsed))
		ctx_hint(ctx, "there were other versions: see 'drift history %s'", path);
	else if (parsed.collection_len)
		hint_collection(ctx, &tip.tree, &parsed);
}
