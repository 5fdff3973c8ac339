#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "cli/size_text.h"
#include "cli/view.h"

static const char *const usage[] = { "drift stats [OPTION...] [PREFIX/...]", NULL };

/* Documents of the whole store, of one collection or below a prefix. */
struct document_stats {
	uint64_t collections, documents, bytes;
};

struct store_stats {
	struct document_stats documents;
	uint64_t commits, staged;
	int64_t first_usec, last_usec; /* effective times; if there are commits */
	struct odb_stats odb;
};

/* --- counting --- */

/* Sums of the whole store stand in its root map; drift's own collection is not the user's. */
static int measure_all(const struct view *view, struct document_stats *out, struct drift_error *err)
{
	auto_map_cursor cursor = MAP_CURSOR_INIT;
	struct map_root map;
	struct node_entry entry;
	struct descriptor d;
	int more;

	*out = (struct document_stats){ .documents = 0 };
	if (tree_is_empty(&view->root))
		return 0;
	if (map_root_open(view->nodes, &view->root.id, view->root.loc, &map, err) ||
	    map_cursor_seek(&cursor, view->nodes, &map, NULL, 0, err))
		return -1;
	while ((more = map_cursor_next(&cursor, &entry, err)) > 0) {
		if (entry.key_len == strlen(TREE_RESERVED) && !memcmp(entry.key, TREE_RESERVED, entry.key_len))
			continue;
		if (descriptor_decode(entry.value, entry.value_len, entry.loc, &d, err))
			return -1;
		out->collections++;
		if (d.has_root) {
			out->documents += d.count;
			out->bytes += d.bytes;
		}
	}
	return more;
}

/* Part of a collection is counted document by document. */
static int measure_keys(const struct view *view, const char *prefix, size_t len, struct document_stats *out,
			struct drift_error *err)
{
	struct tree_cursor *cursor;
	struct document doc;
	struct path path;
	int more;

	if (tree_cursor_open(view->nodes, &view->root, prefix, len, &cursor, err))
		return -1;
	while ((more = tree_cursor_next(cursor, &path, &doc, err)) > 0) {
		out->documents++;
		out->bytes += doc.len;
	}
	tree_cursor_free(cursor);
	out->collections = out->documents > 0;
	return more;
}

static int measure_document(const struct view *view, const char *text, struct document_stats *out, struct drift_error *err)
{
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	int found;

	path_split(text, strlen(text), &path);
	found = tree_get(view->nodes, &view->root, &path, &node, &doc, err);
	if (found > 0) {
		out->documents++;
		out->bytes += doc.len;
	}
	return found < 0 ? -1 : 0;
}

static int measure_prefix(const struct view *view, const char *text, struct document_stats *out, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT;
	const char *slash;
	struct descriptor d;
	int found;

	*out = (struct document_stats){ .documents = 0 };
	view_prefix(text, &prefix);
	if (buf_check(&prefix, err))
		return -1;
	slash = strchr(prefix.data, '/');
	if (!slash || slash[1])
		return measure_keys(view, prefix.data, prefix.len, out, err) || measure_document(view, text, out, err) ? -1 : 0;
	found = tree_collection(view->nodes, &view->root, prefix.data, (size_t)(slash - prefix.data), &d, err);
	if (found > 0)
		*out = (struct document_stats){ .collections = 1, .documents = d.has_root ? d.count : 0,
						.bytes = d.has_root ? d.bytes : 0 };
	return found < 0 ? -1 : 0;
}

/* Numbers count commits where there are no merges; else they have to be walked over. */
static int count_commits(struct cmd_context *ctx, struct commit *tip, uint64_t *count_out)
{
	auto_revwalk *walk = NULL;
	uint64_t count = 0;
	int more;

	*count_out = tip->seq;
	if (tip->last_merge_loc == LOC_UNKNOWN)
		return 0;
	if (revwalk_new(ctx->repo, NULL, &walk, &ctx->err) || revwalk_include(walk, tip, &ctx->err))
		return -1;
	for (;; count++) {
		auto_commit *c = NULL;

		more = revwalk_next(walk, &c, &ctx->err);
		if (more <= 0)
			break;
	}
	*count_out = count;
	return more;
}

static int measure_store(struct cmd_context *ctx, const struct view *view, struct store_stats *out)
{
	auto_commit *first = NULL;
	struct commit *tip = view->point.commit;

	*out = (struct store_stats){ .commits = 0 };
	if (measure_all(view, &out->documents, &ctx->err) || stage_count(ctx->repo, &out->staged, &ctx->err) ||
	    odb_stats(repo_odb(ctx->repo), true, &out->odb, &ctx->err))
		return -1;
	if (!tip)
		return 0;
	if (count_commits(ctx, tip, &out->commits) || graph_at_seq(ctx->repo, tip, 1, &first, &ctx->err) < 0)
		return -1;
	out->last_usec = tip->time_usec;
	out->first_usec = first ? first->time_usec : tip->time_usec;
	return 0;
}

static double ratio(uint64_t a, uint64_t b)
{
	return b ? (double)a / (double)b : 0;
}

/* --- printing --- */

static void line_count(struct buf *out, const char *label, uint64_t value)
{
	buf_addf(out, "%-20s %" PRIu64 "\n", label, value);
}

static void line_size(struct buf *out, const char *label, uint64_t bytes)
{
	buf_addf(out, "%-20s ", label);
	size_append(out, bytes);
	buf_add_byte(out, '\n');
}

static void print_documents(struct buf *out, const struct document_stats *s)
{
	line_count(out, "documents", s->documents);
	line_size(out, "their size", s->bytes);
	line_size(out, "size per document", s->documents ? s->bytes / s->documents : 0);
}

static void print_store(const struct store_stats *s)
{
	const struct odb_stats *odb = &s->odb;
	uint64_t stored = odb->object_count[OBJECT_COMMIT];
	uint64_t packed = odb->pack_bytes + odb->pack_index_bytes;
	auto_buf out = BUF_INIT;

	print_documents(&out, &s->documents);
	line_count(&out, "collections", s->documents.collections);
	line_count(&out, "staged changes", s->staged);
	line_count(&out, "commits", s->commits);
	if (stored != s->commits)
		line_count(&out, "commits stored", stored);
	line_size(&out, "journal", odb->used_bytes);
	line_size(&out, "journal on disk", odb->file_bytes);
	if (odb->pack_count) {
		line_count(&out, "packs", odb->pack_count);
		line_size(&out, "their size", packed);
	}
	line_size(&out, "size per commit", stored ? (odb->used_bytes + packed) / stored : 0);
	line_size(&out, "index", odb->index_bytes);
	line_count(&out, "deltas", odb->delta_count);
	buf_addf(&out, "%-20s %.1f mean, %" PRIu64 " at most\n", "delta depth",
		 ratio(odb->delta_depth_sum, odb->delta_count), odb->delta_depth_max);
	buf_addf(&out, "%-20s %" PRIu64 " of %" PRIu64 "\n", "cache hits", odb->cache_hits,
		 odb->cache_hits + odb->cache_misses);
	out_buf(&out);
}

static void json_documents(struct json_writer *w, const struct document_stats *s)
{
	json_writer_member_uint(w, "documents", s->documents);
	json_writer_member_uint(w, "bytes", s->bytes);
}

static int print_store_json(const struct store_stats *s, struct drift_error *err)
{
	const struct odb_stats *odb = &s->odb;
	uint64_t stored = odb->object_count[OBJECT_COMMIT];
	struct json_line line;

	out_json_begin(&line);
	json_documents(&line.w, &s->documents);
	json_writer_member_uint(&line.w, "collections", s->documents.collections);
	json_writer_member_uint(&line.w, "staged", s->staged);
	json_writer_member_uint(&line.w, "commits", s->commits);
	json_writer_member_uint(&line.w, "commits_stored", stored);
	if (s->commits) {
		out_json_time(&line.w, "first_time", s->first_usec, 0);
		out_json_time(&line.w, "last_time", s->last_usec, 0);
	}
	json_writer_member_uint(&line.w, "journals", odb->file_count);
	json_writer_member_uint(&line.w, "journal_bytes", odb->used_bytes);
	json_writer_member_uint(&line.w, "journal_disk_bytes", odb->file_bytes);
	json_writer_member_uint(&line.w, "journal_durable_bytes", odb->durable_bytes);
	json_writer_member_uint(&line.w, "packs", odb->pack_count);
	json_writer_member_uint(&line.w, "pack_bytes", odb->pack_bytes);
	json_writer_member_uint(&line.w, "pack_index_bytes", odb->pack_index_bytes);
	json_writer_key(&line.w, "bytes_per_commit");
	json_writer_double(&line.w, ratio(odb->used_bytes + odb->pack_bytes + odb->pack_index_bytes, stored));
	json_writer_member_uint(&line.w, "index_bytes", odb->index_bytes);
	json_writer_member_uint(&line.w, "deltas", odb->delta_count);
	json_writer_member_uint(&line.w, "delta_depth_max", odb->delta_depth_max);
	json_writer_key(&line.w, "delta_depth_mean");
	json_writer_double(&line.w, ratio(odb->delta_depth_sum, odb->delta_count));
	json_writer_member_uint(&line.w, "cache_hits", odb->cache_hits);
	json_writer_member_uint(&line.w, "cache_misses", odb->cache_misses);
	json_writer_member_uint(&line.w, "cache_bytes", odb->cache_bytes);
	return out_json_end(&line, err);
}

static int print_prefix(struct cmd_context *ctx, const char *prefix, const struct document_stats *s, bool several)
{
	struct json_line line;
	auto_buf out = BUF_INIT;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "prefix", prefix, strlen(prefix));
		json_documents(&line.w, s);
		return out_json_end(&line, &ctx->err);
	}
	if (several) {
		out_append_path(ctx, &out, prefix, strlen(prefix));
		buf_add_str(&out, ":\n");
	}
	print_documents(&out, s);
	out_buf(&out);
	return 0;
}

static int print_prefixes(struct cmd_context *ctx, const struct view *view, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		struct document_stats s;

		if (measure_prefix(view, argv[i], &s, &ctx->err))
			return ctx_fail(ctx, "measure '%s'", argv[i]);
		if (!s.documents && !s.collections) {
			error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there are no such documents");
			return ctx_fail(ctx, "measure '%s'", argv[i]);
		}
		if (print_prefix(ctx, argv[i], &s, argc > 1))
			return ctx_die(ctx, "measure '%s'", argv[i]);
	}
	return EXIT_DONE;
}

static int stats(struct cmd_context *ctx, int argc, char **argv)
{
	auto_view view = VIEW_INIT;
	struct store_stats s;

	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (view_open(ctx, &view, &ctx->err))
		return ctx_fail(ctx, "measure the store");
	if (argc)
		return print_prefixes(ctx, &view, argc, argv);
	if (measure_store(ctx, &view, &s))
		return ctx_fail(ctx, "measure the store");
	if (!ctx->common.json)
		print_store(&s);
	else if (print_store_json(&s, &ctx->err))
		return ctx_die(ctx, "measure the store");
	return EXIT_DONE;
}

const struct command cmd_stats = {
	.name = "stats",
	.task = "measure the store",
	.summary = "how much there is, and what it costs",
	.usage = usage,
	.run = stats,
	.common = COMMON_READER,
};
