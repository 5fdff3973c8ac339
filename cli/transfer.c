#include "cli/transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/output.h"
#include "cli/size_text.h"
#include "refs/refname.h"

static bool is_named(const struct remote_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (!strcmp(names->items[i], name))
			return true;
	}
	return false;
}

static bool is_place(const char *name)
{
	struct file_info info;

	return strpbrk(name, ":/") || !strcmp(name, ".") || !strcmp(name, "..") ||
	       (!file_look(name, &info, NULL) && info.kind != FILE_ABSENT);
}

static int named_remote(struct cmd_context *ctx, const struct remote_names *names, const char *name, struct remote **out,
			struct drift_error *err)
{
	if (is_named(names, name))
		return remote_load(ctx->repo, name, out, err);
	if (is_place(name))
		return remote_of_url(name, out, err);
	return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no remote '%s', nor a folder", name);
}

int ctx_remote(struct cmd_context *ctx, const char *name, const char *branch, struct remote **out, struct drift_error *err)
{
	auto_remote_names names = { .items = NULL };
	auto_upstream upstream = { .remote = NULL };

	if (remote_names(ctx->repo, &names, err))
		return -1;
	if (name)
		return named_remote(ctx, &names, name, out, err);
	if (branch && upstream_load(ctx->repo, branch, &upstream, err))
		return -1;
	if (upstream.remote && strcmp(upstream.remote, ".") != 0)
		return named_remote(ctx, &names, upstream.remote, out, err);
	if (names.count == 1)
		return remote_load(ctx->repo, names.items[0], out, err);
	if (is_named(&names, REMOTE_DEFAULT))
		return remote_load(ctx->repo, REMOTE_DEFAULT, out, err);
	return error_set(err, DRIFT_ERR_INVALID, names.count ? "there are %zu remotes: which one?" : "there is no remote",
			 names.count);
}

int ctx_current_branch(struct cmd_context *ctx, char out[REF_NAME_MAX + 1], struct drift_error *err)
{
	struct ref_resolved at;

	if (ctx_branch(ctx, err) < 0)
		return -1;
	if (refs_resolve(repo_odb(ctx->repo), ctx_branch_name(ctx) ? ctx_branch_name(ctx) : REF_HEAD, false, &at, err))
		return -1;
	memcpy(out, at.name, sizeof(at.name));
	return 0;
}

enum remote_tags transfer_tags(const struct remote *remote, bool all, bool none)
{
	return none ? REMOTE_TAGS_NONE : all ? REMOTE_TAGS_ALL : remote->tags;
}

static void show(void *data, const struct sync_counts *counts)
{
	struct transfer_bar *bar = data;

	progress_total(bar->bar, counts->commit_total);
	progress_bytes(bar->bar, counts->stream_len);
	progress_update(bar->bar, counts->commit_count);
}

int transfer_only(const struct option_list *list, struct collection_set *out, struct drift_error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (collection_set_parse(out, list->items[i], err))
			return error_prefix(err, DRIFT_OK, "--only");
	return 0;
}

void transfer_bar_start(struct cmd_context *ctx, struct transfer_bar *bar, const char *title)
{
	bar->bar = ctx_progress(ctx, title, PROGRESS_ITEMS, 0);
	bar->progress = (struct sync_progress){ show, bar };
}

void transfer_bar_finish(struct transfer_bar *bar)
{
	progress_finish(bar->bar);
	bar->bar = NULL;
}

/* ---- lines ---- */

/* One ref, whichever way it went. */
struct line {
	char sign;
	const char *what;   /* "new branch", NULL: old..new */
	const char *status; /* for JSON */
	const char *from, *to;
	const struct oid *old, *new; /* or NULL */
	const char *note;   /* "" */
};

static const char *kind_of(const char *name)
{
	if (refname_is_branch(name))
		return "new branch";
	return strncmp(name, REF_TAGS, strlen(REF_TAGS)) ? "new ref" : "new tag";
}

static void add_name(struct cmd_context *ctx, struct buf *b, const char *name)
{
	const char *said = refname_short(name);

	out_append_text(ctx, b, said, strlen(said), false);
}

static void print_text(struct cmd_context *ctx, const struct line *line)
{
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT, what = BUF_INIT;

	if (line->what) {
		buf_add_str(&what, line->what);
	} else {
		buf_add_str(&what, out_short_id(line->old, hex));
		buf_add_str(&what, line->sign == '+' ? "..." : "..");
		buf_add_str(&what, out_short_id(line->new, hex));
	}
	buf_addf(&b, " %c %-22s ", line->sign, what.data);
	add_name(ctx, &b, *line->from ? line->from : line->to);
	if (*line->from && line->to) {
		buf_add_str(&b, " -> ");
		add_name(ctx, &b, line->to);
	}
	if (*line->note) {
		buf_add_str(&b, " (");
		out_append_text(ctx, &b, line->note, strlen(line->note), false);
		buf_add_byte(&b, ')');
	}
	buf_add_byte(&b, '\n');
	out_buf(&b);
}

static int print_json(const struct line *line, struct drift_error *err)
{
	struct json_line out;

	out_json_begin(&out);
	if (*line->from)
		json_writer_text(&out.w, "from", line->from, strlen(line->from));
	if (line->to)
		json_writer_text(&out.w, "to", line->to, strlen(line->to));
	json_writer_member_str(&out.w, "status", line->status);
	if (line->old)
		out_json_id(&out.w, "old", line->old);
	if (line->new)
		out_json_id(&out.w, "new", line->new);
	if (*line->note)
		json_writer_text(&out.w, "reason", line->note, strlen(line->note));
	return out_json_end(&out, err);
}

static int print_line(struct cmd_context *ctx, const struct line *line, const char *head, bool *headed)
{
	auto_buf b = BUF_INIT;

	if (ctx->common.json)
		return print_json(line, &ctx->err);
	if (!*headed) {
		out_append_text(ctx, &b, head, strlen(head), false);
		buf_add_byte(&b, '\n');
		out_buf(&b);
		*headed = true;
	}
	print_text(ctx, line);
	return 0;
}

static const struct oid *id_or_null(const struct oid *id)
{
	return oid_is_zero(id) ? NULL : id;
}

static struct line fetched_line(const struct fetched_ref *ref)
{
	struct line line = {
		.sign = ' ', .from = ref->source, .to = ref->destination, .old = id_or_null(&ref->old.id),
		.new = id_or_null(&ref->new.id), .note = "",
	};

	switch (ref->status) {
	case FETCH_SAME:
		line = (struct line){ '=', "as it was", "same", line.from, line.to, line.old, line.new, "" };
		break;
	case FETCH_NEW:
		line.sign = '*';
		line.what = ref->destination ? kind_of(ref->source) : "fetched";
		line.status = "new";
		break;
	case FETCH_FORWARD:
		line.status = "forward";
		break;
	case FETCH_MOVED:
		line.status = "moved";
		break;
	case FETCH_FORCED:
		line.sign = '+';
		line.status = "forced";
		line.note = "forced";
		break;
	case FETCH_REJECTED:
		line.sign = '!';
		line.what = "rejected";
		line.status = "rejected";
		line.note = strncmp(ref->source, REF_TAGS, strlen(REF_TAGS)) ? "no fast-forward" : "the tag is another one here";
		break;
	case FETCH_PRUNED:
		line.sign = '-';
		line.what = "removed";
		line.status = "pruned";
		break;
	}
	return line;
}

int transfer_print_fetch(struct cmd_context *ctx, const struct remote *remote, const struct fetch_result *result)
{
	auto_buf head = BUF_INIT;
	bool headed = false;

	buf_addf(&head, "from %s", remote->url);
	for (size_t i = 0; i < result->count && !ctx->common.quiet; i++) {
		const struct line line = fetched_line(&result->refs[i]);

		if (result->refs[i].status != FETCH_SAME && print_line(ctx, &line, head.data, &headed))
			return -1;
	}
	return buf_check(&head, &ctx->err);
}

static struct line pushed_line(const struct pushed_ref *ref)
{
	static const struct {
		char sign;
		const char *what, *status, *note;
	} forms[] = {
		[PUSH_SAME] = { '=', "as it was", "same", "" },
		[PUSH_NEW] = { '*', "new", "new", "" },
		[PUSH_FORWARD] = { ' ', NULL, "forward", "" },
		[PUSH_FORCED] = { '+', NULL, "forced", "forced" },
		[PUSH_REMOVED] = { '-', "removed", "removed", "" },
		[PUSH_DIVERGED] = { '!', "rejected", "diverged", "no fast-forward" },
		[PUSH_UNKNOWN] = { '!', "rejected", "unknown", "it has commits that are not here" },
		[PUSH_STALE] = { '!', "rejected", "stale", "it is not what was expected" },
		[PUSH_REFUSED] = { '!', "refused", "refused", "" },
		[PUSH_NOT_TRIED] = { '!', "not tried", "not-tried", "another ref was refused" },
	};
	struct line line = {
		forms[ref->status].sign, forms[ref->status].what, forms[ref->status].status, ref->source, ref->destination,
		ref->has_old ? &ref->old : NULL, ref->has_new ? &ref->new : NULL,
		*ref->sentence ? ref->sentence : forms[ref->status].note,
	};

	if (ref->status == PUSH_NEW)
		line.what = kind_of(ref->destination);
	return line;
}

int transfer_print_push(struct cmd_context *ctx, const struct remote *remote, const struct push_result *result)
{
	auto_buf head = BUF_INIT;
	bool headed = false;

	buf_addf(&head, "to %s", remote->push_url ? remote->push_url : remote->url);
	for (size_t i = 0; i < result->count; i++) {
		const struct line line = pushed_line(&result->refs[i]);
		bool failed = push_status_failed(result->refs[i].status);

		if (result->refs[i].status == PUSH_SAME || (ctx->common.quiet && !failed))
			continue;
		if (print_line(ctx, &line, head.data, &headed))
			return -1;
	}
	return buf_check(&head, &ctx->err);
}

static int join_json(const char *branch, const struct join_result *result, struct drift_error *err)
{
	static const char *const kinds[] = {
		[MERGE_NOTHING] = "same", [MERGE_FORWARD] = "forward", [MERGE_MADE] = "merged",
	};
	struct json_line out;

	out_json_begin(&out);
	json_writer_text(&out.w, "branch", branch, strlen(branch));
	json_writer_member_str(&out.w, "status", result->created ? "new" : kinds[result->kind]);
	if (!result->created)
		out_json_id(&out.w, "old", &result->old);
	out_json_id(&out.w, "new", &result->new);
	if (result->kind == MERGE_MADE) {
		json_writer_member_uint(&out.w, "merged", result->merged_count);
		json_writer_member_uint(&out.w, "conflicts", result->conflict_count);
	}
	return out_json_end(&out, err);
}

int transfer_print_join(struct cmd_context *ctx, const char *branch, const struct join_result *result)
{
	const char *what = result->created ? "begins at" : result->kind == MERGE_MADE ? "merged, now at" : "forward to";
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;

	if (ctx->common.json)
		return join_json(branch, result, &ctx->err);
	if (result->kind != MERGE_NOTHING && !ctx->common.quiet) {
		add_name(ctx, &b, branch);
		buf_addf(&b, ": %s %s\n", what, out_short_id(&result->new, hex));
		out_buf(&b);
	}
	if (result->kind == MERGE_MADE && result->conflict_count) {
		ctx_warn(ctx, "%" PRIu64 " document%s in conflict", result->conflict_count,
			 result->conflict_count == 1 ? " is" : "s are");
		ctx_hint(ctx, "'drift conflicts' lists them, 'drift resolve' settles them");
	}
	return 0;
}

/* ---- figures ---- */

static void add_counts(struct sync_counts *to, const struct sync_counts *from)
{
	if (!from)
		return;
	to->commit_count += from->commit_count;
	to->change_count += from->change_count;
	to->tag_count += from->tag_count;
	to->content_len += from->content_len;
	to->stream_len += from->stream_len;
}

void transfer_totals_add(struct transfer_totals *to, const struct sync_counts *received, const struct sync_counts *sent)
{
	add_counts(&to->received, received);
	add_counts(&to->sent, sent);
}

static int totals_json(const struct transfer_totals *t, struct drift_error *err)
{
	struct json_line out;

	out_json_begin(&out);
	json_writer_key(&out.w, "transfer");
	json_writer_begin_object(&out.w);
	json_writer_member_uint(&out.w, "commits_in", t->received.commit_count);
	json_writer_member_uint(&out.w, "changes_in", t->received.change_count);
	json_writer_member_uint(&out.w, "commits_out", t->sent.commit_count);
	json_writer_member_uint(&out.w, "changes_out", t->sent.change_count);
	json_writer_member_uint(&out.w, "bytes_in", t->wire.in_len);
	json_writer_member_uint(&out.w, "bytes_out", t->wire.out_len);
	json_writer_member_uint(&out.w, "round_trips", t->wire.turns);
	json_writer_end_object(&out.w);
	return out_json_end(&out, err);
}

static void add_passed(struct buf *b, const struct sync_counts *counts, const char *way)
{
	if (!counts->commit_count && !counts->tag_count)
		return;
	buf_addf(b, "%s%" PRIu64 " commit%s with %" PRIu64 " change%s %s", b->len ? ", " : "", counts->commit_count,
		 counts->commit_count == 1 ? "" : "s", counts->change_count, counts->change_count == 1 ? "" : "s", way);
}

int transfer_print_totals(struct cmd_context *ctx, const struct transfer_totals *t)
{
	auto_buf b = BUF_INIT;

	if (ctx->common.json)
		return totals_json(t, &ctx->err);
	add_passed(&b, &t->received, "received");
	add_passed(&b, &t->sent, "sent");
	if (!b.len || ctx->common.quiet)
		return 0;
	buf_add_str(&b, "; ");
	size_append(&b, t->wire.in_len);
	buf_add_str(&b, " in, ");
	size_append(&b, t->wire.out_len);
	buf_addf(&b, " out, %" PRIu64 " round trip%s\n", t->wire.turns, t->wire.turns == 1 ? "" : "s");
	if (buf_check(&b, &ctx->err))
		return -1;
	fflush(stdout);
	fwrite(b.data, 1, b.len, stderr);
	return 0;
}

/* ---- what went wrong ---- */

int transfer_refused(struct cmd_context *ctx, const struct remote *remote, const struct push_result *result)
{
	const char *name = remote->name ? remote->name : remote->url;
	bool behind = false, stale = false;

	for (size_t i = 0; i < result->count; i++) {
		behind |= result->refs[i].status == PUSH_DIVERGED || result->refs[i].status == PUSH_UNKNOWN;
		stale |= result->refs[i].status == PUSH_STALE;
	}
	error_set(&ctx->err, DRIFT_ERR_CLASH, "%zu ref%s not moved", result->failed_count,
		  result->failed_count == 1 ? " was" : "s were");
	ctx_fail(ctx, "push to '%s'", name);
	if (behind)
		ctx_hint(ctx, "'drift pull' merges what the other has, 'drift sync' does that and pushes");
	else if (stale)
		ctx_hint(ctx, "it moved meanwhile: 'drift fetch' shows where to");
	return EXIT_NO;
}

int transfer_failed(struct cmd_context *ctx, const char *what, const struct remote *remote)
{
	const char *name = !remote ? NULL : remote->name ? remote->name : remote->url;
	bool no = remote && (ctx->err.code == DRIFT_ERR_CLASH || ctx->err.code == DRIFT_ERR_NOT_FOUND ||
			     ctx->err.code == DRIFT_ERR_UNTRUSTED || ctx->err.code == DRIFT_ERR_ABSENT);

	if (!name)
		ctx_die(ctx, "%s", what);
	else
		ctx_die(ctx, "%s '%s'", what, name);
	if (!remote && ctx->err.code == DRIFT_ERR_INVALID)
		ctx_hint(ctx, "'drift remote add %s URL' gives one a name", REMOTE_DEFAULT);
	return no ? EXIT_NO : EXIT_FAILED;
}
