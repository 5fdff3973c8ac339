#include "porcelain/porcelain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/spawn.h"
#include "cli/output.h"

static const char *const usage[] = { "drift help [COMMAND|TOPIC]", NULL };

static const char introduction[] = "usage: drift [-C DIR] [--no-pager] [--color[=WHEN]] COMMAND [ARGUMENT...]\n"
				   "       drift --version | --help\n"
				   "\n"
				   "A document store that never forgets.\n";

/* Pages that are no command's. */
static const struct topic {
	const char *name, *page;
	int section;
	const char *summary;
} topics[] = {
	{ "drift", "drift", 1, "what drift is, and where everything stands" },
	{ "points", "drift-points", 7, "how to name a point in time" },
	{ "remotes", "drift-remotes", 7, "other repositories, and what goes between them" },
	{ "merge-scripts", "drift-merge-scripts", 7, "merging documents by a program of your own" },
	{ "format-object", "drift-format-object", 5, "ids, blobs, commits and tags, byte by byte" },
	{ "format-tree", "drift-format-tree", 5, "the tree of a commit, byte by byte" },
};

static const char *const words[] = { "drift", "points", "remotes", "format-object", "format-tree", "merge-scripts", NULL };

static void list_group(const struct cmd_context *ctx, enum command_group group, const char *title, struct buf *out)
{
	size_t width = 0;

	for (size_t i = 0; i < ctx->command_count; i++) {
		size_t len = strlen(ctx->commands[i]->name);

		if (ctx->commands[i]->group == group && len > width)
			width = len;
	}
	if (!width)
		return;
	buf_addf(out, "\n%s%s%s\n", out_colour(ctx, COLOUR_HEADING), title, out_colour(ctx, COLOUR_NONE));
	for (size_t i = 0; i < ctx->command_count; i++) {
		const struct command *command = ctx->commands[i];

		if (command->group == group)
			buf_addf(out, "  %-*s  %s\n", (int)width, command->name, command->summary);
	}
}

static int list_all(struct cmd_context *ctx)
{
	auto_buf out = BUF_INIT;

	buf_add_str(&out, introduction);
	list_group(ctx, COMMAND_PORCELAIN, "For people", &out);
	list_group(ctx, COMMAND_PLUMBING, "For scripts", &out);
	buf_addf(&out, "\n%sMore manuals%s\n", out_colour(ctx, COLOUR_HEADING), out_colour(ctx, COLOUR_NONE));
	for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
		buf_addf(&out, "  drift help %-13s  %s\n", topics[i].name, topics[i].summary);
	buf_add_str(&out, "\n'drift help COMMAND' opens a command's manual, 'drift COMMAND -h' is short.\n");
	if (buf_check(&out, &ctx->err))
		return ctx_die(ctx, "list the commands");
	out_buf(&out);
	return EXIT_DONE;
}

/* The manual that was built or installed beside this program; false if there is none. */
static bool find_page(const char *name, int section, struct buf *page)
{
	static const char *const places[] = { "../man/", "../../man/", "../share/man/man" };
	auto_buf self = BUF_INIT;
	struct file_info info;
	char *slash;

	if (file_read_link("/proc/self/exe", &self, NULL))
		return false;
	slash = strrchr(self.data, '/');
	if (!slash)
		return false;
	buf_truncate(&self, (size_t)(slash - self.data));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		buf_clear(page);
		buf_addf(page, "%s/%s", self.data, places[i]);
		/* What is installed stands in a folder a section. */
		if (i + 1 == ARRAY_SIZE(places))
			buf_addf(page, "%d/", section);
		buf_addf(page, "%s.%d", name, section);
		if (!buf_check(page, NULL) && !file_look(page->data, &info, NULL) && info.kind == FILE_REGULAR)
			return true;
	}
	return false;
}

/* 0 if the manual was shown. */
static int open_manual(const char *name, int section)
{
	auto_buf page = BUF_INIT;
	const char *argv[] = { "man", NULL, NULL };
	int status;

	if (!find_page(name, section, &page)) {
		buf_clear(&page);
		buf_add_str(&page, name);
	}
	argv[1] = page.data;
	if (buf_check(&page, NULL) || spawn_wait(argv, &status, NULL))
		return -1;
	return status;
}

static int explain_topic(struct cmd_context *ctx, const char *name)
{
	int code;

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		const struct topic *topic = &topics[i];

		if (strcmp(topic->name, name) != 0 && strcmp(topic->page, name) != 0)
			continue;
		if (!ctx->terminal || open_manual(topic->page, topic->section))
			out_printf("%s - %s\n\nsee: man %d %s\n", topic->page, topic->summary, topic->section,
				   topic->page);
		return EXIT_DONE;
	}
	error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there is no such command or page");
	code = ctx_fail(ctx, "explain '%s'", name);
	ctx_hint(ctx, "'drift help' lists them");
	return code;
}

static int help(struct cmd_context *ctx, int argc, char **argv)
{
	const struct command *command;
	auto_buf text = BUF_INIT, page = BUF_INIT;

	if (argc > 1)
		return ctx_usage(ctx, "one command at a time");
	if (!argc)
		return list_all(ctx);
	command = command_find(ctx, argv[0]);
	if (!command)
		return explain_topic(ctx, argv[0]);
	buf_addf(&page, "drift-%s", command->name);
	if (ctx->terminal && !buf_check(&page, NULL) && !open_manual(page.data, 1))
		return EXIT_DONE;
	command_usage(command, &text);
	out_printf("drift-%s - %s\n\n", command->name, command->summary);
	out_buf(&text);
	return EXIT_DONE;
}

const struct command cmd_help = {
	.name = "help",
	.summary = "explain a command, or list all",
	.usage = usage,
	.run = help,
	.words = words,
};
