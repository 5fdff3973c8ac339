#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/output.h"
#include "cli/ref_move.h"
#include "cli/scratch_repo.h"
#include "cli/size_text.h"
#include "cli/transfer.h"
#include "refs/refname.h"
#include "repo/point_parse.h"
#include "sync/backup.h"

struct backup_command_options {
	bool incremental, bare;
	const char *at;
};

#define AT(field) OPTION_AT(struct backup_command_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "incremental", .value = AT(incremental),
	  .help = "create: only what came since the newest backup in DIR" },
	{ .kind = OPTION_STRING, .long_name = "at", .value = AT(at), .argument = "POINT",
	  .help = "restore: as it was then" },
	{ .kind = OPTION_FLAG, .long_name = "bare", .value = AT(bare), .help = "restore: make TARGET itself the store" },
};

static const char *const usage[] = {
	"drift backup create [--incremental] [-q] [--progress] DIR|FILE",
	"drift backup list DIR|FILE",
	"drift backup verify [-q] [--progress] DIR|FILE",
	"drift backup restore [--at POINT] [--bare] [-q] [--progress] DIR|FILE TARGET",
	NULL,
};

static const char *const words[] = { "create", "list", "restore", "verify", NULL };

static const char *kind_name(bool incremental)
{
	return incremental ? "incremental" : "full";
}

/* ---- create ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

/* What is there says it, else the name. */
static int is_folder(const char *place, bool *out, struct drift_error *err)
{
	struct file_info info;

	if (file_look(place, &info, err))
		return -1;
	*out = info.kind == FILE_ABSENT ? !ends_with(place, ".bundle") : info.kind != FILE_REGULAR;
	return 0;
}

static int report_made(struct cmd_context *ctx, const struct backup_made *made)
{
	auto_buf b = BUF_INIT;
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "file", made->path.data, made->path.len);
		json_writer_member_bool(&line.w, "made", made->made);
		json_writer_member_str(&line.w, "kind", kind_name(made->incremental));
		json_writer_member_uint(&line.w, "refs", made->ref_count);
		json_writer_member_uint(&line.w, "commits", made->counts.commit_count);
		json_writer_member_uint(&line.w, "bytes", made->counts.stream_len);
		return out_json_end(&line, &ctx->err);
	}
	if (ctx->common.quiet)
		return 0;
	out_append_text(ctx, &b, made->path.data, made->path.len, false);
	if (!made->made) {
		buf_add_str(&b, ": nothing has changed since\n");
	} else {
		buf_addf(&b, ": %s, %zu ref%s, %" PRIu64 " commit%s, ", kind_name(made->incremental), made->ref_count,
			 made->ref_count == 1 ? "" : "s", made->counts.commit_count, made->counts.commit_count == 1 ? "" : "s");
		size_append(&b, made->counts.stream_len);
		buf_add_byte(&b, '\n');
	}
	out_buf(&b);
	return buf_check(&b, &ctx->err);
}

static int create(struct cmd_context *ctx, int argc, char **argv)
{
	const struct backup_command_options *o = ctx->options;
	struct backup_options options = { .incremental = o->incremental, .time_usec = date_now_us() };
	struct backup_made made = { .path = BUF_INIT };
	struct transfer_bar bar;
	int r;

	if (argc != 1)
		return ctx_usage(ctx, "a folder or a file");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	options.place = argv[0];
	if (is_folder(argv[0], &options.folder, &ctx->err))
		return ctx_die(ctx, "back up to '%s'", argv[0]);
	if (o->incremental && !options.folder)
		return ctx_usage(ctx, "--incremental needs a folder with the backups before");
	transfer_bar_start(ctx, &bar, "writing commits");
	options.progress = &bar.progress;
	r = backup_create(ctx->repo, &options, &made, &ctx->err);
	transfer_bar_finish(&bar);
	if (!r && report_made(ctx, &made))
		r = -1;
	buf_release(&made.path);
	if (!r)
		return EXIT_DONE;
	/* A folder that is not there is a failure, not an answer. */
	return ctx->err.code == DRIFT_ERR_CLASH ? ctx_fail(ctx, "back up to '%s'", argv[0]) :
						  ctx_die(ctx, "back up to '%s'", argv[0]);
}

/* ---- list, verify ---- */

static int print_backup(struct cmd_context *ctx, const struct backup *b, const char *state)
{
	struct date date = { .us = b->time_usec };
	auto_buf text = BUF_INIT;
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "file", b->path, strlen(b->path));
		json_writer_member_str(&line.w, "kind", kind_name(b->incremental));
		out_json_time(&line.w, "time", b->time_usec, 0);
		json_writer_member_uint(&line.w, "refs", b->ref_count);
		json_writer_member_uint(&line.w, "bytes", b->len);
		if (state)
			json_writer_member_bool(&line.w, "ok", true);
		return out_json_end(&line, &ctx->err);
	}
	out_append_text(ctx, &text, b->path, strlen(b->path), false);
	buf_addf(&text, ": %s%s, ", state ? state : "", kind_name(b->incremental));
	date_append_iso(&text, date);
	buf_addf(&text, ", %zu ref%s, ", b->ref_count, b->ref_count == 1 ? "" : "s");
	size_append(&text, b->len);
	buf_add_byte(&text, '\n');
	out_buf(&text);
	return buf_check(&text, &ctx->err);
}

static int load(struct cmd_context *ctx, const char *place, struct backups *out)
{
	if (backups_list(place, out, &ctx->err))
		return -1;
	if (out->count)
		return 0;
	return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there are no backups in '%s'", place);
}

static int list(struct cmd_context *ctx, int argc, char **argv)
{
	auto_backups b = { .items = NULL };

	if (argc != 1)
		return ctx_usage(ctx, "a folder or a file");
	if (load(ctx, argv[0], &b))
		return ctx_fail(ctx, "list the backups in '%s'", argv[0]);
	for (size_t i = 0; i < b.count; i++) {
		if (print_backup(ctx, &b.items[i], NULL))
			return ctx_die(ctx, "list the backups in '%s'", argv[0]);
	}
	return EXIT_DONE;
}

/* A full one and those that continue it are put into a repository that is thrown away. *at is the one that fails. */
static int verify_chain(struct cmd_context *ctx, const struct backups *b, size_t *at)
{
	auto_scratch_repo scratch = SCRATCH_REPO_INIT;
	auto_buf config = BUF_INIT;
	struct transfer_bar bar;
	size_t first;
	int r = 0;

	if (backups_chain(b, *at, &first, &ctx->err) || scratch_repo_make(&scratch, &ctx->err))
		return -1;
	for (; *at < b->count && !r; ++*at) {
		if (*at != first && !b->items[*at].incremental)
			return 0;
		if (backups_chain(b, *at, &first, &ctx->err))
			return -1;
		transfer_bar_start(ctx, &bar, "checking commits");
		r = backup_restore(scratch.repo, b, *at, *at, &bar.progress, &config, &ctx->err);
		transfer_bar_finish(&bar);
		if (!r && (ctx->common.json || !ctx->common.quiet))
			r = print_backup(ctx, &b->items[*at], "sound, ");
		if (r)
			return -1;
	}
	return 0;
}

static int verify(struct cmd_context *ctx, int argc, char **argv)
{
	auto_backups b = { .items = NULL };
	int code = EXIT_DONE;
	size_t at = 0;

	if (argc != 1)
		return ctx_usage(ctx, "a folder or a file");
	if (load(ctx, argv[0], &b)) {
		bool readable = ctx->err.code != DRIFT_ERR_PERMISSION;

		ctx_die(ctx, "verify '%s'", argv[0]);
		return readable ? EXIT_NO : EXIT_FAILED;
	}
	while (at < b.count) {
		if (!verify_chain(ctx, &b, &at))
			continue;
		ctx_die(ctx, "verify '%s'", b.items[at].path);
		code = EXIT_NO;
		/* Those that continue it are lost with it. */
		for (at++; at < b.count && b.items[at].incremental; at++)
			ctx_warn(ctx, "'%s' continues it", b.items[at].path);
	}
	return code;
}

/* ---- restore ---- */

struct restoring {
	struct cmd_context *ctx;
	struct backups from;
	size_t first, last;
	const char *target;
	bool made, made_dir;
	bool at_time;
	int64_t time_usec;
	struct buf config;
};

static void restoring_release(struct restoring *r)
{
	backups_release(&r->from);
	buf_release(&r->config);
}
#define auto_restoring __attribute__((cleanup(restoring_release))) struct restoring

/* The first backup that has all of the time asked for; its refs are the nearest. */
static int choose(struct restoring *r)
{
	const struct backup_command_options *o = r->ctx->options;
	struct drift_error *err = &r->ctx->err;
	struct point_text *point;

	r->last = r->from.count - 1;
	if (o->at) {
		point = mem_calloc(1, sizeof(*point));
		if (!point)
			return error_no_memory(err);
		if (point_parse(o->at, strlen(o->at), date_now_us(), point, err)) {
			free(point);
			return -1;
		}
		r->at_time = point->candidates & POINT_TIME && !point->step_count;
		r->time_usec = point->time_us;
		free(point);
	}
	for (size_t i = r->from.count; r->at_time && i-- > 0;) {
		if (r->from.items[i].time_usec >= r->time_usec)
			r->last = i;
	}
	return backups_chain(&r->from, r->last, &r->first, err);
}

static int make_target(struct restoring *r)
{
	const struct backup_command_options *o = r->ctx->options;
	const struct repo_options make = { .bare = o->bare }, open = { .exact = true };
	struct cmd_context *ctx = r->ctx;
	auto_buf store = BUF_INIT;
	struct file_info info;

	if (file_look(r->target, &info, &ctx->err))
		return -1;
	if (info.kind != FILE_ABSENT && !repo_find(r->target, true, &store, NULL))
		return error_set(&ctx->err, DRIFT_ERR_EXISTS, "'%s' is a repository already", r->target);
	r->made_dir = info.kind == FILE_ABSENT;
	r->made = r->made_dir;
	if (repo_init(r->target, &make, &ctx->err))
		return -1;
	r->made = true;
	return repo_open(r->target, &open, &ctx->repo, &ctx->err);
}

static int is_branch(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	(void)data;
	(void)name;
	(void)err;
	return value->kind == REF_OBJECT;
}

/* The branch that HEAD names goes to a commit. */
static int go_to_point(struct cmd_context *ctx, const char *text)
{
	struct ref_change change = { .value = { .kind = REF_OBJECT } };
	struct ref_resolved head;
	auto_point point = POINT_INIT;

	if (point_resolve(ctx->repo, text, strlen(text), NULL, &point, &ctx->err) ||
	    refs_resolve(repo_odb(ctx->repo), REF_HEAD, false, &head, &ctx->err))
		return -1;
	if (!point.commit)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there was nothing at '%.200s'", text);
	change.name = head.name;
	change.value.object = (struct object_ref){ point.commit->id, point.commit->loc };
	return ctx_move_refs(ctx, &change, 1, NULL, "backup: restore --at", &ctx->err);
}

static int go_back(struct restoring *r)
{
	const struct backup_command_options *o = r->ctx->options;
	struct cmd_context *ctx = r->ctx;
	int found;

	if (!o->at)
		return 0;
	if (!r->at_time)
		return go_to_point(ctx, o->at);
	if (backup_rewind(ctx->repo, r->time_usec, &ctx->err))
		return -1;
	found = odb_ref_each(repo_odb(ctx->repo), REF_HEADS, is_branch, NULL, &ctx->err);
	return found ? (found < 0 ? -1 : 0) :
		       error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "no branch had a commit at '%.200s'", o->at);
}

static int put_back(struct restoring *r)
{
	const struct backup_command_options *o = r->ctx->options;
	struct cmd_context *ctx = r->ctx;
	auto_buf path = BUF_INIT;
	struct transfer_bar bar;
	int failed;

	transfer_bar_start(ctx, &bar, "restoring commits");
	failed = backup_restore(ctx->repo, &r->from, r->first, r->last, &bar.progress, &r->config, &ctx->err);
	transfer_bar_finish(&bar);
	if (failed || go_back(r))
		return -1;
	file_join(&path, repo_dir(ctx->repo), "config");
	if (buf_check(&path, &ctx->err) || file_replace(path.data, r->config.data, r->config.len, &ctx->err))
		return -1;
	/* That is of the folder, not of what is in it. */
	return repo_config_set(ctx->repo, "core.bare", o->bare ? "true" : "false", &ctx->err);
}

static int failed(struct restoring *r, const char *from)
{
	const struct backup_command_options *o = r->ctx->options;
	struct cmd_context *ctx = r->ctx;
	struct drift_error why = ctx->err;
	auto_buf store = BUF_INIT;
	int code;

	file_join(&store, r->target, o->bare ? "" : ".drift");
	if (r->made && !store.failed) {
		repo_close(take_ptr(ctx->repo));
		remove_store(store.data);
		if (r->made_dir)
			(void)!file_remove_directory(r->target, NULL);
	}
	ctx->err = why;
	code = ctx_fail(ctx, "restore from '%s'", from);
	return why.code == DRIFT_ERR_NOT_FOUND ? code : EXIT_FAILED;
}

static int report_restored(struct restoring *r)
{
	struct cmd_context *ctx = r->ctx;
	const char *dir = repo_dir(ctx->repo);
	size_t count = r->last - r->first + 1;
	auto_buf b = BUF_INIT;
	struct ref_resolved head;
	struct json_line line;

	if (refs_resolve(repo_odb(ctx->repo), REF_HEAD, false, &head, &ctx->err))
		return -1;
	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "repository", dir, strlen(dir));
		json_writer_member_uint(&line.w, "backups", count);
		if (head.exists)
			out_json_id(&line.w, "head", &head.object.id);
		return out_json_end(&line, &ctx->err);
	}
	if (ctx->common.quiet)
		return 0;
	buf_add_str(&b, "restored into ");
	out_append_text(ctx, &b, dir, strlen(dir), false);
	buf_addf(&b, " from %zu backup%s\n", count, count == 1 ? "" : "s");
	out_buf(&b);
	return buf_check(&b, &ctx->err);
}

static int restore(struct cmd_context *ctx, int argc, char **argv)
{
	auto_restoring r = { .ctx = ctx, .target = argc == 2 ? argv[1] : NULL, .config = BUF_INIT };

	if (argc != 2)
		return ctx_usage(ctx, "a folder or a file, and where the repository is to be");
	if (load(ctx, argv[0], &r.from) || choose(&r) || make_target(&r) || put_back(&r))
		return failed(&r, argv[0]);
	return report_restored(&r) ? ctx_die(ctx, "print what was restored") : EXIT_DONE;
}

static int backup(struct cmd_context *ctx, int argc, char **argv)
{
	static int (*const runs[])(struct cmd_context *, int, char **) = { create, list, restore, verify };
	const struct backup_command_options *o = ctx->options;

	for (size_t i = 0; argc && words[i]; i++) {
		if (strcmp(argv[0], words[i]) != 0)
			continue;
		if (o->incremental && runs[i] != create)
			return ctx_usage(ctx, "--incremental goes with create");
		if ((o->at || o->bare) && runs[i] != restore)
			return ctx_usage(ctx, "--at and --bare go with restore");
		return runs[i](ctx, argc - 1, argv + 1);
	}
	return ctx_usage(ctx, "create, list, verify or restore");
}

const struct command cmd_backup = {
	.name = "backup",
	.task = "back up",
	.summary = "keep copies of all, whole or what is new, and bring them back",
	.usage = usage,
	.run = backup,
	COMMAND_OPTIONS(struct backup_command_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS,
	.words = words,
};
