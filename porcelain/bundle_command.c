#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/output.h"
#include "cli/size_text.h"
#include "cli/transfer.h"
#include "sync/bundle_file.h"
#include "sync/bundle_plan.h"
#include "sync/stream_list.h"

struct bundle_options {
	bool all, force, dry_run;
};

#define AT(field) OPTION_AT(struct bundle_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "all", .value = AT(all), .help = "create: HEAD and all refs" },
	{ .kind = OPTION_FLAG, .short_name = 'f', .long_name = "force", .value = AT(force),
	  .help = "fetch: move refs that do not go forward, too" },
	{ .kind = OPTION_FLAG, .short_name = 'n', .long_name = "dry-run", .value = AT(dry_run),
	  .help = "fetch: say what would be moved, change nothing" },
};

static const char *const usage[] = {
	"drift bundle create [-q] [--progress] FILE --all",
	"drift bundle create [-q] [--progress] FILE REF|A..B|^A...",
	"drift bundle verify [-q] FILE",
	"drift bundle list-heads FILE",
	"drift bundle fetch [-f] [-n] [-q] FILE [REFSPEC...]",
	NULL,
};

static const char *const words[] = { "create", "fetch", "list-heads", "verify", NULL };

/* ---- create ---- */

/* HEAD comes with the branch that it names. */
static int add_named(struct cmd_context *ctx, struct bundle_plan *plan, const char *name, size_t len)
{
	struct drift_error *err = &ctx->err;
	char full[REF_NAME_MAX + 1];
	struct ref_resolved at;
	int found;

	if (!len) {
		name = REF_HEAD;
		len = strlen(REF_HEAD);
	}
	found = refs_expand(repo_odb(ctx->repo), name, len, full, err);
	if (found < 0)
		return -1;
	if (!found)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no ref '%.*s'", (int)len, name);
	if (bundle_plan_add_ref(plan, full, err) || refs_resolve(repo_odb(ctx->repo), full, false, &at, err))
		return -1;
	return strcmp(at.name, full) ? bundle_plan_add_ref(plan, at.name, err) : 0;
}

/* The side of a range, or what stands behind '^'. */
static int leave_out(struct cmd_context *ctx, struct bundle_plan *plan, const char *text, size_t len)
{
	auto_buf name = BUF_INIT;
	auto_point point = POINT_INIT;

	buf_add(&name, text, len);
	if (!len)
		buf_add_str(&name, REF_HEAD);
	if (buf_check(&name, &ctx->err) || point_resolve(ctx->repo, name.data, name.len, NULL, &point, &ctx->err))
		return -1;
	return point.commit ? bundle_plan_leave_out(plan, point.commit, &ctx->err) : 0;
}

/* First all that comes in, then what is left out of it. */
static int add_argument(struct cmd_context *ctx, struct bundle_plan *plan, const char *text, bool out)
{
	const char *dots = strstr(text, "..");

	if (dots && dots[2] == '.')
		return error_set(&ctx->err, DRIFT_ERR_INVALID, "'%.200s': A..B is meant, or B ^A", text);
	if (*text == '^')
		return out ? leave_out(ctx, plan, text + 1, strlen(text + 1)) : 0;
	if (!dots)
		return out ? 0 : add_named(ctx, plan, text, strlen(text));
	return out ? leave_out(ctx, plan, text, (size_t)(dots - text)) : add_named(ctx, plan, dots + 2, strlen(dots + 2));
}

/* Is there something that is not left out? */
static bool has_news(const struct bundle_head *head)
{
	for (size_t i = 0; i < head->ref_count; i++) {
		bool needed = head->refs[i].symbolic;

		for (size_t k = 0; k < head->prerequisite_count && !needed; k++)
			needed = oid_equal(&head->prerequisites[k].id, &head->refs[i].id);
		if (!needed)
			return true;
	}
	return false;
}

static int report_created(struct cmd_context *ctx, const char *file, const struct bundle_head *head,
			  const struct sync_counts *counts)
{
	auto_buf b = BUF_INIT;
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "file", file, strlen(file));
		json_writer_member_uint(&line.w, "refs", head->ref_count);
		json_writer_member_uint(&line.w, "prerequisites", head->prerequisite_count);
		json_writer_member_uint(&line.w, "commits", counts->commit_count);
		json_writer_member_uint(&line.w, "changes", counts->change_count);
		json_writer_member_uint(&line.w, "bytes", counts->stream_len);
		return out_json_end(&line, &ctx->err);
	}
	if (ctx->common.quiet)
		return 0;
	out_append_text(ctx, &b, file, strlen(file), false);
	buf_addf(&b, ": %zu ref%s, %" PRIu64 " commit%s, ", head->ref_count, head->ref_count == 1 ? "" : "s",
		 counts->commit_count, counts->commit_count == 1 ? "" : "s");
	size_append(&b, counts->stream_len);
	buf_add_byte(&b, '\n');
	out_buf(&b);
	return 0;
}

static int fill_plan(struct cmd_context *ctx, struct bundle_plan *plan, int argc, char **argv)
{
	const struct bundle_options *o = ctx->options;

	if (o->all && bundle_plan_add_all(plan, &ctx->err))
		return -1;
	for (int out = 0; out < 2; out++) {
		for (int i = 0; i < argc; i++) {
			if (add_argument(ctx, plan, argv[i], out))
				return -1;
		}
	}
	return 0;
}

static int create(struct cmd_context *ctx, int argc, char **argv)
{
	const struct bundle_options *o = ctx->options;
	auto_bundle_plan plan = { .repo = NULL };
	const struct bundle_head *head;
	struct sync_counts counts;
	struct transfer_bar bar;
	int r;

	if (argc < 1 || (argc < 2 && !o->all))
		return ctx_usage(ctx, "a file, and --all or what is to be in it");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	bundle_plan_init(&plan, ctx->repo);
	if (fill_plan(ctx, &plan, argc - 1, argv + 1))
		return ctx_fail(ctx, "create '%s'", argv[0]);
	head = bundle_plan_head(&plan, date_now_us());
	if (!has_news(head)) {
		error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there would be nothing in it");
		return ctx_fail(ctx, "create '%s'", argv[0]);
	}
	transfer_bar_start(ctx, &bar, "writing commits");
	r = bundle_file_save(ctx->repo, head, argv[0], &bar.progress, &counts, &ctx->err);
	transfer_bar_finish(&bar);
	if (r)
		return ctx_die(ctx, "create '%s'", argv[0]);
	if (!strcmp(argv[0], "-"))
		return EXIT_DONE;
	return report_created(ctx, argv[0], head, &counts) ? ctx_die(ctx, "print what was created") : EXIT_DONE;
}

/* ---- what is in it ---- */

static int print_ref(struct cmd_context *ctx, const struct bundle_ref *ref)
{
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "name", ref->name.data, ref->name.len);
		if (ref->symbolic)
			json_writer_text(&line.w, "target", ref->target.data, ref->target.len);
		else
			out_json_id(&line.w, "id", &ref->id);
		return out_json_end(&line, &ctx->err);
	}
	buf_add_str(&b, ref->symbolic ? "ref:" : oid_to_hex(&ref->id, hex));
	if (ref->symbolic) {
		buf_add_byte(&b, ' ');
		out_append_text(ctx, &b, ref->target.data, ref->target.len, false);
	}
	buf_add_byte(&b, ' ');
	out_append_text(ctx, &b, ref->name.data, ref->name.len, false);
	buf_add_byte(&b, '\n');
	out_buf(&b);
	return buf_check(&b, &ctx->err);
}

static int list_heads(struct cmd_context *ctx, int argc, char **argv)
{
	auto_bundle_file *file = NULL;
	const struct bundle_head *head;

	if (argc != 1)
		return ctx_usage(ctx, "a file");
	if (bundle_file_open(argv[0], &file, &ctx->err))
		return ctx_die(ctx, "list what is in '%s'", argv[0]);
	head = bundle_head(bundle_file_bundle(file));
	for (size_t i = 0; i < head->ref_count; i++) {
		if (print_ref(ctx, &head->refs[i]))
			return ctx_die(ctx, "list what is in '%s'", argv[0]);
	}
	return EXIT_DONE;
}

/* ---- verify ---- */

struct verification {
	struct cmd_context *ctx;
	const char *file;
	struct bundle_file *opened;
	const struct bundle_head *head;
	struct stream_listing listing;
	bool *missing; /* of the prerequisites; NULL: there is no repository to look in */
	size_t missing_count;
};

static void verification_release(struct verification *v)
{
	bundle_file_close(v->opened);
	stream_listing_release(&v->listing);
	free(v->missing);
}
#define auto_verification __attribute__((cleanup(verification_release))) struct verification

/* What the stream stands on is told in the head, and the refs are in it or stand there too. */
static int check_inside(struct verification *v)
{
	struct drift_error *err = &v->ctx->err;
	const struct bundle_head *head = v->head;

	stream_listing_sort(&v->listing);
	for (size_t i = 0; i < head->ref_count && !head->prerequisite_count; i++) {
		if (!head->refs[i].symbolic && !stream_listing_find(&v->listing, &head->refs[i].id))
			return error_set(err, DRIFT_ERR_CORRUPT, "'%s' leads to nothing that is in it", head->refs[i].name.data);
	}
	if (v->listing.prerequisite_count && !head->prerequisite_count)
		return error_set(err, DRIFT_ERR_CORRUPT, "it stands on commits that it does not name");
	return 0;
}

static int look_for_needs(struct verification *v)
{
	struct cmd_context *ctx = v->ctx;

	if (!v->head->prerequisite_count || !ctx_try_repo(ctx, true))
		return 0;
	v->missing = mem_calloc(v->head->prerequisite_count, sizeof(*v->missing));
	if (!v->missing)
		return error_no_memory(&ctx->err);
	for (size_t i = 0; i < v->head->prerequisite_count; i++) {
		enum object_kind kind = OBJECT_BLOB;
		uint64_t loc;
		int found = odb_find(repo_odb(ctx->repo), &v->head->prerequisites[i].id, &kind, &loc, &ctx->err);

		if (found < 0)
			return -1;
		v->missing[i] = !found || kind != OBJECT_COMMIT;
		v->missing_count += v->missing[i];
	}
	return 0;
}

static int print_verified_json(struct verification *v)
{
	struct json_line line;
	struct json_writer *w = &line.w;

	out_json_begin(&line);
	json_writer_text(w, "file", v->file, strlen(v->file));
	json_writer_member_bool(w, "ok", !v->missing_count);
	out_json_time(w, "time", v->head->time_usec, 0);
	json_writer_member_uint(w, "refs", v->head->ref_count);
	json_writer_member_uint(w, "commits", v->listing.counts.commit_count);
	json_writer_member_uint(w, "changes", v->listing.counts.change_count);
	json_writer_key(w, "prerequisites");
	json_writer_begin_array(w);
	for (size_t i = 0; i < v->head->prerequisite_count; i++) {
		const struct bundle_prerequisite *p = &v->head->prerequisites[i];

		json_writer_begin_object(w);
		out_json_id(w, "id", &p->id);
		json_writer_text(w, "subject", p->subject.data, p->subject.len);
		if (v->missing)
			json_writer_member_bool(w, "here", !v->missing[i]);
		json_writer_end_object(w);
	}
	json_writer_end_array(w);
	return out_json_end(&line, &v->ctx->err);
}

static void print_verified(struct verification *v)
{
	const struct cmd_context *ctx = v->ctx;
	const struct bundle_head *head = v->head;
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;

	out_append_text(ctx, &b, v->file, strlen(v->file), false);
	buf_addf(&b, ": sound, %zu ref%s, %" PRIu64 " commit%s", head->ref_count, head->ref_count == 1 ? "" : "s",
		 v->listing.counts.commit_count, v->listing.counts.commit_count == 1 ? "" : "s");
	if (head->prerequisite_count)
		buf_addf(&b, ", stands on %zu commit%s%s", head->prerequisite_count, head->prerequisite_count == 1 ? "" : "s",
			 !v->missing ? "" : v->missing_count ? " that are not all here" : " that are here");
	buf_add_byte(&b, '\n');
	for (size_t i = 0; i < head->prerequisite_count && v->missing; i++) {
		if (!v->missing[i])
			continue;
		buf_addf(&b, "missing %s ", oid_to_hex(&head->prerequisites[i].id, hex));
		out_append_text(ctx, &b, head->prerequisites[i].subject.data, head->prerequisites[i].subject.len, false);
		buf_add_byte(&b, '\n');
	}
	out_buf(&b);
}

static int read_all(struct verification *v)
{
	struct cmd_context *ctx = v->ctx;
	struct transfer_bar bar;
	struct bundle *bundle;
	int r;

	if (bundle_file_open(v->file, &v->opened, &ctx->err))
		return -1;
	bundle = bundle_file_bundle(v->opened);
	v->head = bundle_head(bundle);
	transfer_bar_start(ctx, &bar, "reading commits");
	r = stream_list(bundle_stream(bundle), &bar.progress, &v->listing, &ctx->err);
	transfer_bar_finish(&bar);
	return r || bundle_finish(bundle, &ctx->err) || check_inside(v) ? -1 : 0;
}

static int verify(struct cmd_context *ctx, int argc, char **argv)
{
	auto_verification v = { .ctx = ctx, .file = argc ? argv[0] : NULL };
	struct file_info info = { .kind = FILE_ABSENT };

	if (argc != 1)
		return ctx_usage(ctx, "a file");
	if (read_all(&v)) {
		bool there = !strcmp(v.file, "-") || (!file_look(v.file, &info, NULL) && info.kind != FILE_ABSENT);

		ctx_die(ctx, "verify '%s'", v.file);
		return there ? EXIT_NO : EXIT_FAILED;
	}
	if (look_for_needs(&v))
		return ctx_die(ctx, "look for what '%s' stands on", v.file);
	if (ctx->common.json && print_verified_json(&v))
		return ctx_die(ctx, "print what was verified");
	if (!ctx->common.json && !ctx->common.quiet)
		print_verified(&v);
	return v.missing_count ? EXIT_NO : EXIT_DONE;
}

/* ---- fetch ---- */

static int fetch_refs(struct cmd_context *ctx, const struct remote *remote, const struct refspec_list *refspecs,
		      struct fetch_result *result, struct transfer_totals *totals)
{
	const struct bundle_options *o = ctx->options;
	const struct client_options how = { .remote = remote };
	struct fetch_options options = {
		.remote = remote, .specs = refspecs, .tags = REMOTE_TAGS_FOLLOW, .dry_run = o->dry_run, .force = o->force,
	};
	struct commit_options who;
	auto_client *client = NULL;
	struct transfer_bar bar;
	int r;

	if (ctx_commit_options(ctx, &who, &ctx->err) || client_open(ctx->repo, &how, &client, &ctx->err))
		return -1;
	options.actor = who.author;
	options.time_usec = who.time_usec;
	transfer_bar_start(ctx, &bar, "receiving commits");
	options.progress = &bar.progress;
	r = fetch_run(ctx->repo, client, &options, result, &ctx->err);
	transfer_bar_finish(&bar);
	if (r)
		return -1;
	transfer_totals_add(totals, &result->counts, NULL);
	client_counts(client, &totals->wire);
	return 0;
}

static int take(struct cmd_context *ctx, const char *file, struct remote **remote, const struct refspec_list *refspecs,
		struct fetch_result *result, struct transfer_totals *totals)
{
	struct file_info info;

	if (remote_of_url(file, remote, &ctx->err) || file_look(file, &info, &ctx->err))
		return -1;
	if (info.kind == FILE_DIRECTORY)
		return error_set(&ctx->err, DRIFT_ERR_INVALID, "it is a folder");
	return fetch_refs(ctx, *remote, refspecs, result, totals);
}

static int fetch(struct cmd_context *ctx, int argc, char **argv)
{
	struct transfer_totals totals = { .wire = { .in_len = 0 } };
	auto_fetch_result result = { .refs = NULL };
	auto_refspecs refspecs = { .items = NULL };
	auto_remote *remote = NULL;

	if (argc < 1)
		return ctx_usage(ctx, "a file, and perhaps which of its refs become which of ours");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	for (int i = 1; i < argc; i++) {
		if (refspec_add(&refspecs, argv[i], REFSPEC_FETCH, &ctx->err))
			return ctx_die(ctx, "fetch from '%s'", argv[0]);
	}
	/* Branches and tags under their own names. */
	if (argc == 1 && (refspec_add(&refspecs, "refs/heads/*:refs/heads/*", REFSPEC_FETCH, &ctx->err) ||
			  refspec_add(&refspecs, "refs/tags/*:refs/tags/*", REFSPEC_FETCH, &ctx->err)))
		return ctx_die(ctx, "fetch from '%s'", argv[0]);
	if (take(ctx, argv[0], &remote, &refspecs, &result, &totals)) {
		bool unknown = ctx->err.code == DRIFT_ERR_NOT_FOUND;
		int code = transfer_failed(ctx, "fetch from", remote);

		if (unknown)
			ctx_hint(ctx, "'drift bundle verify' names the commits that it stands on");
		return code;
	}
	if (transfer_print_fetch(ctx, remote, &result) || transfer_print_totals(ctx, &totals))
		return ctx_die(ctx, "print what was fetched");
	for (size_t i = 0; i < result.count; i++) {
		if (result.refs[i].status == FETCH_REJECTED)
			return EXIT_NO;
	}
	return EXIT_DONE;
}

static int bundle(struct cmd_context *ctx, int argc, char **argv)
{
	static int (*const runs[])(struct cmd_context *, int, char **) = { create, fetch, list_heads, verify };
	const struct bundle_options *o = ctx->options;

	for (size_t i = 0; argc && words[i]; i++) {
		if (strcmp(argv[0], words[i]) != 0)
			continue;
		if (o->all && runs[i] != create)
			return ctx_usage(ctx, "--all goes with create");
		if ((o->force || o->dry_run) && runs[i] != fetch)
			return ctx_usage(ctx, "--force and --dry-run go with fetch");
		return runs[i](ctx, argc - 1, argv + 1);
	}
	return ctx_usage(ctx, "create, verify, list-heads or fetch");
}

const struct command cmd_bundle = {
	.name = "bundle",
	.task = "bundle",
	.summary = "put commits and refs into a file, and take them out of it",
	.usage = usage,
	.run = bundle,
	COMMAND_OPTIONS(struct bundle_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS,
	.words = words,
};
