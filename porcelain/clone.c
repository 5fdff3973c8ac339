#include "porcelain/porcelain.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/output.h"
#include "cli/ref_move.h"
#include "cli/scratch_repo.h"
#include "cli/transfer.h"
#include "refs/refname.h"
#include "repo/partial.h"
#include "sync/url.h"

struct clone_options {
	bool bare, mirror;
	bool tags, no_tags;
	const char *origin, *branch, *upload_pack;
	struct option_list only;
};

#define AT(field) OPTION_AT(struct clone_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "bare", .value = AT(bare), .help = "make DIR itself the store" },
	{ .kind = OPTION_FLAG, .long_name = "mirror", .value = AT(mirror),
	  .help = "bare, and all its refs are ours, one for one" },
	{ .kind = OPTION_STRING, .short_name = 'b', .long_name = "branch", .value = AT(branch), .argument = "NAME",
	  .help = "the current branch, instead of the other's" },
	{ .kind = OPTION_STRING, .short_name = 'o', .long_name = "origin", .value = AT(origin), .argument = "NAME",
	  .help = "what the remote is called, instead of origin" },
	{ .kind = OPTION_LIST, .long_name = "only", .value = AT(only), .argument = "COLLECTION/[,..]",
	  .help = "only these collections, of the others no documents" },
	{ .kind = OPTION_FLAG, .long_name = "tags", .value = AT(tags), .help = "all tags" },
	{ .kind = OPTION_FLAG, .long_name = "no-tags", .value = AT(no_tags), .help = "no tags" },
	{ .kind = OPTION_STRING, .long_name = "upload-pack", .value = AT(upload_pack), .argument = "COMMAND",
	  .help = "what to run on the other machine" },
};

static const char *const usage[] = { "drift clone [OPTION...] URL [DIR]", NULL };

struct clone {
	struct cmd_context *ctx;
	const char *name;
	struct buf url, dir;
	bool made;     /* the repository is new: it goes if nothing came */
	bool made_dir; /* so does the folder around it */
	struct remote *remote;
	struct collection_set only; /* none: all */
	struct fetch_result fetched;
	struct transfer_totals totals;
};

static void clone_release(struct clone *c)
{
	buf_release(&c->url);
	buf_release(&c->dir);
	remote_free(c->remote);
	collection_set_release(&c->only);
	fetch_result_release(&c->fetched);
}
#define auto_clone __attribute__((cleanup(clone_release))) struct clone

/* The new repository is elsewhere than we: what it remembers must lead back from there. */
static int name_places(struct clone *c, const char *url, const char *dir)
{
	const struct clone_options *o = c->ctx->options;
	struct drift_error *err = &c->ctx->err;
	auto_url parsed = { .kind = URL_PATH };

	if (url_parse(url, &parsed, err))
		return -1;
	if (parsed.kind == URL_PATH && *parsed.path != '/' && strncmp(url, "file:", 5) != 0) {
		if (file_current_directory(&c->url, err))
			return -1;
		buf_add_byte(&c->url, '/');
	}
	buf_add_str(&c->url, url);
	if (dir)
		buf_add_str(&c->dir, dir);
	else if (url_folder(url, &c->dir, err))
		return -1;
	if (!dir && (o->bare || o->mirror))
		buf_add_str(&c->dir, ".drift");
	return buf_check(&c->url, err) || buf_check(&c->dir, err) ? -1 : 0;
}

static int open_repo(struct clone *c)
{
	const struct repo_options options = { .exact = true };
	struct cmd_context *ctx = c->ctx;

	return repo_open(c->dir.data, &options, &ctx->repo, &ctx->err);
}

static bool wants_the_same(struct clone *c)
{
	auto_collection_set there = { .items = NULL };

	if (partial_load(c->ctx->repo, &there, NULL) < 0 || there.count != c->only.count)
		return false;
	for (size_t i = 0; i < there.count; i++)
		if (!collection_set_has(&c->only, there.items[i].name, there.items[i].len))
			return false;
	return true;
}

/* What the repository is to remember of where it comes from. */
static int configure(struct clone *c)
{
	const struct clone_options *o = c->ctx->options;
	const struct remote_settings settings = {
		.url = c->url.data, .mirror = o->mirror, .tag_option = o->tags ? "--tags" : o->no_tags ? "--no-tags" : NULL,
	};
	struct cmd_context *ctx = c->ctx;

	if (remote_add(ctx->repo, c->name, &settings, &ctx->err) ||
	    (c->only.count && partial_add(ctx->repo, &c->only, &ctx->err)))
		return -1;
	/* What was configured is seen by who opens it anew. */
	repo_close(take_ptr(ctx->repo));
	return open_repo(c);
}

static int note_ref(void *any, const char *name, const struct ref_value *value, struct drift_error *err)
{
	(void)name, (void)value, (void)err;
	*(bool *)any = true;
	return 0;
}

/* Who was killed as soon as the repository was made had not configured it. 1 / 0 / -1 */
static int is_blank(struct clone *c)
{
	struct cmd_context *ctx = c->ctx;
	auto_remote_names names = { .items = NULL };
	auto_collection_set only = { .items = NULL };
	bool any = false;

	if (odb_ref_each(repo_odb(ctx->repo), "refs/", note_ref, &any, &ctx->err) ||
	    remote_names(ctx->repo, &names, &ctx->err) || partial_load(ctx->repo, &only, &ctx->err) < 0)
		return -1;
	return !any && !names.count && !only.count;
}

/* A clone that was cut goes on: nothing but its remote is there yet, or not even that. 1 / 0 there is another repository / -1 */
static int take_unfinished(struct clone *c)
{
	struct cmd_context *ctx = c->ctx;
	auto_remote *remote = NULL;
	struct ref_resolved head;
	int blank;

	if (open_repo(c) || refs_resolve(repo_odb(ctx->repo), REF_HEAD, false, &head, &ctx->err))
		return -1;
	blank = is_blank(c);
	if (blank)
		return blank < 0 || configure(c) ? -1 : 1;
	if (head.exists || remote_load(ctx->repo, c->name, &remote, NULL))
		return 0;
	return !strcmp(remote->url, c->url.data) && wants_the_same(c);
}

static int make_new(struct clone *c, const struct repo_options *options)
{
	struct cmd_context *ctx = c->ctx;

	if (repo_init(c->dir.data, options, &ctx->err))
		return -1;
	c->made = true;
	return open_repo(c) ? -1 : configure(c);
}

static int make_repo(struct clone *c)
{
	const struct clone_options *o = c->ctx->options;
	const struct repo_options options = { .bare = o->bare || o->mirror, .default_branch = o->branch };
	struct cmd_context *ctx = c->ctx;
	auto_buf store = BUF_INIT;
	struct file_info info;

	if (file_look(c->dir.data, &info, &ctx->err))
		return -1;
	c->made_dir = info.kind == FILE_ABSENT;
	if (!c->made_dir && !repo_find(c->dir.data, true, &store, NULL)) {
		int unfinished = take_unfinished(c);

		if (unfinished)
			return unfinished < 0 ? -1 : 0;
		repo_close(take_ptr(ctx->repo));
		return error_set(&ctx->err, DRIFT_ERR_EXISTS, "'%s' is a repository already", c->dir.data);
	}
	return make_new(c, &options);
}

static int fetch(struct clone *c)
{
	const struct clone_options *o = c->ctx->options;
	struct cmd_context *ctx = c->ctx;
	const struct client_options how = { .remote = c->remote, .pack_command = o->upload_pack };
	struct fetch_options options = { .remote = c->remote, .tags = o->mirror ? REMOTE_TAGS_NONE : c->remote->tags };
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
	r = fetch_run(ctx->repo, client, &options, &c->fetched, &ctx->err);
	transfer_bar_finish(&bar);
	if (r)
		return -1;
	transfer_totals_add(&c->totals, &c->fetched.counts, NULL);
	client_counts(client, &c->totals.wire);
	return 0;
}

/* The branch to begin on: the one that was named, the other's own, any. NULL: there is none. */
static const struct client_ref *first_branch(struct clone *c)
{
	const struct client_refs *theirs = &c->fetched.theirs;
	const struct client_ref *ref = client_refs_find(theirs, theirs->head);

	for (size_t i = 0; i < theirs->count && !ref; i++) {
		if (refname_is_branch(theirs->items[i].name))
			ref = &theirs->items[i];
	}
	return ref;
}

static int named_branch(struct clone *c, const struct client_ref **out)
{
	const struct clone_options *o = c->ctx->options;
	struct drift_error *err = &c->ctx->err;
	auto_buf full = BUF_INIT;

	*out = NULL;
	if (!o->branch) {
		*out = first_branch(c);
		return 0;
	}
	if (refname_branch(o->branch, strlen(o->branch), &full, err) || buf_check(&full, err))
		return -1;
	*out = client_refs_find(&c->fetched.theirs, full.data);
	return *out ? 0 : error_set(err, DRIFT_ERR_NOT_FOUND, "the other end has no branch '%s'", o->branch);
}

static void set_target(struct ref_change *change, const char *name, const char *target)
{
	*change = (struct ref_change){ .name = name, .value = { .kind = REF_SYMBOLIC } };
	memcpy(change->value.target, target, strlen(target) + 1);
}

/* HEAD, its branch, and what the remote's HEAD is. */
static int begin(struct clone *c)
{
	const struct clone_options *o = c->ctx->options;
	struct cmd_context *ctx = c->ctx;
	auto_buf remote_head = BUF_INIT, tracking = BUF_INIT;
	const struct client_ref *branch;
	struct ref_change changes[3];
	size_t count = 0;
	int tracked;

	if (named_branch(c, &branch))
		return -1;
	if (!branch && !refname_is_branch(c->fetched.theirs.head))
		return 0;
	set_target(&changes[count++], REF_HEAD, branch ? branch->name : c->fetched.theirs.head);
	if (!branch || o->mirror)
		return ctx_move_refs(ctx, changes, count, NULL, "clone", &ctx->err);
	changes[count++] = (struct ref_change){
		.name = branch->name, .expect = REF_EXPECT_ABSENT, .value = { .kind = REF_OBJECT, .object = { .id = branch->id } },
	};
	tracked = remote_tracking(c->remote, branch->name, &tracking, &ctx->err);
	buf_addf(&remote_head, "%s%s/HEAD", REF_REMOTES, c->name);
	if (tracked < 0 || buf_check(&remote_head, &ctx->err))
		return -1;
	if (tracked)
		set_target(&changes[count++], remote_head.data, tracking.data);
	if (ctx_move_refs(ctx, changes, count, NULL, "clone", &ctx->err))
		return -1;
	return upstream_set(ctx->repo, branch->name, c->name, branch->name, &ctx->err);
}

/* 1: something is there */
static int is_there(void *data, const struct oid *id, struct drift_error *err)
{
	(void)data;
	(void)id;
	(void)err;
	return 1;
}

/* A repository into which nothing came is no use to anybody; one into which something came is not thrown away. */
static int failed(struct clone *c, const char *url)
{
	struct cmd_context *ctx = c->ctx;
	bool kept = ctx->repo && incoming_each(ctx->repo, is_there, NULL, NULL) > 0;
	auto_buf store = BUF_INIT;

	if (c->made && !kept && ctx->repo) {
		buf_add_str(&store, repo_dir(ctx->repo));
		repo_close(take_ptr(ctx->repo));
		if (!store.failed)
			remove_store(store.data);
		if (c->made_dir)
			(void)!file_remove_directory(c->dir.data, NULL);
	}
	ctx_die(ctx, "clone '%s'", url);
	if (kept)
		ctx_hint(ctx, "what came is kept: the same 'drift clone' again goes on from there");
	return EXIT_FAILED;
}

static int report(struct clone *c)
{
	struct cmd_context *ctx = c->ctx;
	auto_buf text = BUF_INIT;
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "repository", repo_dir(ctx->repo), strlen(repo_dir(ctx->repo)));
		json_writer_member_uint(&line.w, "refs", c->fetched.count);
		if (out_json_end(&line, &ctx->err))
			return ctx_die(ctx, "print what was cloned");
	} else if (!ctx->common.quiet) {
		buf_add_str(&text, "cloned into ");
		out_append_text(ctx, &text, repo_dir(ctx->repo), strlen(repo_dir(ctx->repo)), false);
		buf_add_byte(&text, '\n');
		out_buf(&text);
	}
	if (!c->fetched.theirs.count && !ctx->common.quiet)
		ctx_warn(ctx, "it is empty");
	return transfer_print_totals(ctx, &c->totals) ? ctx_die(ctx, "print what was cloned") : EXIT_DONE;
}

static int clone(struct cmd_context *ctx, int argc, char **argv)
{
	const struct clone_options *o = ctx->options;
	auto_clone c = {
		.ctx = ctx, .name = o->origin ? o->origin : REMOTE_DEFAULT, .url = BUF_INIT, .dir = BUF_INIT,
	};

	if (argc < 1 || argc > 2)
		return ctx_usage(ctx, "a URL, and perhaps a folder");
	if (transfer_only(&o->only, &c.only, &ctx->err) || remote_check_name(c.name, &ctx->err) || name_places(&c, argv[0], argc > 1 ? argv[1] : NULL))
		return ctx_die(ctx, "clone '%s'", argv[0]);
	if (make_repo(&c) || remote_load(ctx->repo, c.name, &c.remote, &ctx->err) || fetch(&c) || begin(&c))
		return failed(&c, argv[0]);
	return report(&c);
}

const struct command cmd_clone = {
	.name = "clone",
	.summary = "make a repository that has all that another has",
	.usage = usage,
	.run = clone,
	COMMAND_OPTIONS(struct clone_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS,
	.writes = true,
};
