#include "porcelain/porcelain.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "cli/output.h"
#include "cli/transfer.h"
#include "refs/refname.h"

struct remote_options {
	bool push, tags, no_tags, mirror, offline;
	struct option_list branches;
};

#define AT(field) OPTION_AT(struct remote_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "push", .value = AT(push), .help = "set-url: the URL for pushes alone" },
	{ .kind = OPTION_LIST, .short_name = 't', .long_name = "track", .value = AT(branches), .argument = "BRANCH",
	  .help = "add: fetch these branches alone" },
	{ .kind = OPTION_FLAG, .long_name = "tags", .value = AT(tags), .help = "add: fetch all tags" },
	{ .kind = OPTION_FLAG, .long_name = "no-tags", .value = AT(no_tags), .help = "add: fetch no tags" },
	{ .kind = OPTION_FLAG, .long_name = "mirror", .value = AT(mirror), .help = "add: its refs are ours, one for one" },
	{ .kind = OPTION_FLAG, .long_name = "offline", .value = AT(offline), .help = "show: do not ask it" },
};

static const char *const usage[] = {
	"drift remote [ls] [--json]",
	"drift remote add [-t BRANCH]... [--tags|--no-tags] [--mirror] NAME URL",
	"drift remote rm NAME",
	"drift remote rename OLD NEW",
	"drift remote set-url [--push] NAME URL",
	"drift remote show [--offline] [--json] NAME",
	NULL,
};

static const char *const words[] = { "ls", "add", "rm", "rename", "set-url", "show", NULL };

static int list(struct cmd_context *ctx, int argc, char **argv)
{
	auto_remote_names names = { .items = NULL };

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "ls takes no names");
	if (remote_names(ctx->repo, &names, &ctx->err))
		return ctx_die(ctx, "list the remotes");
	for (size_t i = 0; i < names.count; i++) {
		auto_remote *remote = NULL;
		auto_buf b = BUF_INIT;
		struct json_line line;

		if (remote_load(ctx->repo, names.items[i], &remote, &ctx->err))
			return ctx_die(ctx, "list the remotes");
		if (ctx->common.json) {
			out_json_begin(&line);
			json_writer_text(&line.w, "name", remote->name, strlen(remote->name));
			json_writer_text(&line.w, "url", remote->url, strlen(remote->url));
			if (remote->push_url)
				json_writer_text(&line.w, "push_url", remote->push_url, strlen(remote->push_url));
			if (out_json_end(&line, &ctx->err))
				return ctx_die(ctx, "list the remotes");
			continue;
		}
		out_append_text(ctx, &b, remote->name, strlen(remote->name), false);
		buf_add_byte(&b, '\t');
		out_append_text(ctx, &b, remote->url, strlen(remote->url), false);
		buf_add_byte(&b, '\n');
		out_buf(&b);
	}
	return EXIT_DONE;
}

static int add(struct cmd_context *ctx, int argc, char **argv)
{
	struct remote_options *o = ctx->options;
	struct remote_settings settings = { .mirror = o->mirror };

	if (argc != 2 || (o->tags && o->no_tags) || (o->mirror && o->branches.count))
		return ctx_usage(ctx, argc != 2 ? "a NAME and a URL" : "these options do not go together");
	settings.url = argv[1];
	settings.tag_option = o->tags ? "--tags" : o->no_tags ? "--no-tags" : NULL;
	if (o->branches.count) {
		/* The list that it becomes ends with NULL. */
		if (mem_grow(&o->branches.items, &o->branches.capacity, o->branches.count + 1, sizeof(*o->branches.items))) {
			error_no_memory(&ctx->err);
			return ctx_die(ctx, "add '%s'", argv[0]);
		}
		o->branches.items[o->branches.count] = NULL;
		settings.branches = o->branches.items;
	}
	return remote_add(ctx->repo, argv[0], &settings, &ctx->err) ? ctx_fail(ctx, "add remote '%s'", argv[0]) : EXIT_DONE;
}

static int mover(struct cmd_context *ctx, struct ref_transaction *by, const char *reason)
{
	if (ctx_author(ctx, &by->actor, &ctx->err))
		return -1;
	by->reason = reason;
	by->time_usec = date_now_us();
	return 0;
}

static int rm(struct cmd_context *ctx, int argc, char **argv)
{
	struct ref_transaction by = { .changes = NULL };

	if (argc != 1)
		return ctx_usage(ctx, "which remote?");
	if (mover(ctx, &by, "remote: removed") || remote_remove(ctx->repo, argv[0], &by, &ctx->err))
		return ctx_fail(ctx, "remove remote '%s'", argv[0]);
	return EXIT_DONE;
}

static int rename_remote(struct cmd_context *ctx, int argc, char **argv)
{
	struct ref_transaction by = { .changes = NULL };

	if (argc != 2)
		return ctx_usage(ctx, "OLD and NEW");
	if (mover(ctx, &by, "remote: renamed") || remote_rename(ctx->repo, argv[0], argv[1], &by, &ctx->err))
		return ctx_fail(ctx, "rename remote '%s'", argv[0]);
	return EXIT_DONE;
}

static int set_url(struct cmd_context *ctx, int argc, char **argv)
{
	const struct remote_options *o = ctx->options;

	if (argc != 2)
		return ctx_usage(ctx, "a NAME and a URL");
	if (remote_set_url(ctx->repo, argv[0], argv[1], o->push, &ctx->err))
		return ctx_fail(ctx, "set the URL of '%s'", argv[0]);
	return EXIT_DONE;
}

/* ---- show ---- */

static void add_line(struct cmd_context *ctx, struct buf *b, const char *title, const char *text)
{
	buf_addf(b, "  %s: ", title);
	out_append_text(ctx, b, text, strlen(text), false);
	buf_add_byte(b, '\n');
}

static int ask(struct cmd_context *ctx, const struct remote *remote, struct client_refs *refs)
{
	const struct client_options options = { .remote = remote };
	struct message_words names = { .items = NULL };
	const struct client_request request = { .refs = &names, .list_only = true };
	auto_client *client = NULL;
	bool data_follows;
	int r = client_open(ctx->repo, &options, &client, &ctx->err);

	if (!r)
		r = message_words_add(&names, "refs/*", &ctx->err);
	if (!r)
		r = client_fetch(client, &request, refs, &data_follows, &ctx->err);
	free(names.items);
	return r;
}

static int show_ref(struct cmd_context *ctx, const struct client_ref *ref)
{
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "ref", ref->name, strlen(ref->name));
		out_json_id(&line.w, "id", &ref->id);
		return out_json_end(&line, &ctx->err);
	}
	buf_addf(&b, "  %s  ", out_short_id(&ref->id, hex));
	out_append_text(ctx, &b, ref->name, strlen(ref->name), false);
	buf_add_byte(&b, '\n');
	out_buf(&b);
	return 0;
}

static void show_settings(struct cmd_context *ctx, const struct remote *remote, const char *head)
{
	auto_buf b = BUF_INIT;

	out_append_text(ctx, &b, remote->name, strlen(remote->name), false);
	buf_add_byte(&b, '\n');
	add_line(ctx, &b, "URL", remote->url);
	if (remote->push_url)
		add_line(ctx, &b, "push URL", remote->push_url);
	for (size_t i = 0; i < remote->fetch.count; i++) {
		const struct refspec *spec = &remote->fetch.items[i];
		auto_buf text = BUF_INIT;

		buf_addf(&text, "%s%s%s%s", spec->exclude ? "^" : spec->force ? "+" : "", spec->source,
			 spec->destination ? ":" : "", spec->destination ? spec->destination : "");
		add_line(ctx, &b, "fetch", text.data);
	}
	if (head && *head)
		add_line(ctx, &b, "HEAD", refname_short(head));
	out_buf(&b);
}

static int show(struct cmd_context *ctx, int argc, char **argv)
{
	const struct remote_options *o = ctx->options;
	auto_client_refs refs = { .items = NULL };
	auto_remote *remote = NULL;

	if (argc != 1)
		return ctx_usage(ctx, "which remote?");
	if (remote_load(ctx->repo, argv[0], &remote, &ctx->err))
		return ctx_fail(ctx, "show remote '%s'", argv[0]);
	if (!o->offline && ask(ctx, remote, &refs))
		return ctx_die(ctx, "ask remote '%s'", argv[0]);
	if (!ctx->common.json)
		show_settings(ctx, remote, refs.head);
	for (size_t i = 0; i < refs.count; i++) {
		if (show_ref(ctx, &refs.items[i]))
			return ctx_die(ctx, "show remote '%s'", argv[0]);
	}
	return EXIT_DONE;
}

static int remote_command(struct cmd_context *ctx, int argc, char **argv)
{
	static int (*const actions[])(struct cmd_context *, int, char **) = { list, add, rm, rename_remote, set_url, show };

	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (!argc)
		return list(ctx, 0, argv);
	for (size_t i = 0; words[i]; i++) {
		if (!strcmp(argv[0], words[i]))
			return actions[i](ctx, argc - 1, argv + 1);
	}
	return ctx_usage(ctx, "'%s' is none of ls, add, rm, rename, set-url, show", argv[0]);
}

const struct command cmd_remote = {
	.name = "remote",
	.task = "change the remotes",
	.summary = "list, add, rename and remove other repositories to sync with",
	.usage = usage,
	.run = remote_command,
	COMMAND_OPTIONS(struct remote_options, specs),
	.common = COMMON_JSON,
	.writes = true,
	.words = words,
};
