#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/spawn.h"

#define AT(field) OPTION_AT(struct common_options, field)

static int parse_colour(void *value, const char *argument, bool no, struct drift_error *err)
{
	enum terminal_when *when = value;

	if (no) {
		*when = TERMINAL_NEVER;
		return 0;
	}
	return terminal_parse_when(argument ? argument : "", when, err);
}

static const struct {
	unsigned bit;
	struct option_spec spec;
} common_specs[] = {
	{ COMMON_JSON, { .kind = OPTION_FLAG, .long_name = "json", .value = AT(json),
			 .help = "print JSON, one object a line" } },
	{ COMMON_NUL, { .kind = OPTION_FLAG, .short_name = 'z', .value = AT(nul),
			.help = "NUL instead of newline, and paths unquoted" } },
	{ COMMON_QUIET, { .kind = OPTION_FLAG, .short_name = 'q', .long_name = "quiet", .value = AT(quiet),
			  .help = "say less" } },
	{ COMMON_MESSAGE, { .kind = OPTION_LIST, .short_name = 'm', .long_name = "message", .value = AT(messages),
			    .argument = "MSG", .help = "the commit's message; several make paragraphs" } },
	{ COMMON_MESSAGE, { .kind = OPTION_STRING, .short_name = 'F', .long_name = "file", .value = AT(message_file),
			    .argument = "FILE", .help = "read the message from a file (-: standard input)" } },
	{ COMMON_AUTHOR, { .kind = OPTION_STRING, .long_name = "author", .value = AT(author), .argument = "WHO",
			   .help = "who made the change" } },
	{ COMMON_AUTHOR, { .kind = OPTION_STRING, .long_name = "date", .value = AT(date), .argument = "DATE",
			   .help = "when it was made" } },
	{ COMMON_AT, { .kind = OPTION_STRING, .long_name = "at", .value = AT(at), .argument = "POINT",
		       .help = "read at that point in time" } },
	{ COMMON_BRANCH, { .kind = OPTION_STRING, .long_name = "branch", .value = AT(branch), .argument = "B",
			   .help = "work on branch B instead of HEAD's" } },
	{ COMMON_EXPECT, { .kind = OPTION_STRING, .long_name = "expect", .value = AT(expect), .argument = "COMMIT",
			   .help = "refuse unless the branch stands at COMMIT" } },
	{ COMMON_IF_MATCH, { .kind = OPTION_STRING, .long_name = "if-match", .value = AT(if_match), .argument = "ID",
			     .help = "refuse unless the document is blob ID, or 'absent'" } },
	{ COMMON_DIRECTORY, { .kind = OPTION_STRING, .short_name = 'd', .value = AT(directory), .argument = "DIR",
			      .help = "work in DIR, as drift -C DIR" } },
	{ COMMON_CACHE, { .kind = OPTION_FLAG, .long_name = "no-cache", .value = AT(no_cache),
			  .help = "answer from the journal alone" } },
	{ COMMON_PROGRESS, { .kind = OPTION_FLAG, .long_name = "progress", .value = AT(progress),
			     .help = "show progress even where there is no terminal" } },
	{ COMMON_COLOUR, { .kind = OPTION_CALLBACK, .long_name = "color", .value = AT(colour), .argument = "WHEN",
			   .argument_optional = true, .allow_no = true, .callback = parse_colour,
			   .help = "auto, always or never" } },
};

static unsigned common_of(const struct command *command)
{
	return command->common | (command->paged ? COMMON_COLOUR : 0U);
}

int command_specs(const struct command *command, struct option_spec **specs_out, size_t *count_out,
		  struct drift_error *err)
{
	struct option_spec *specs = mem_alloc_array(command->option_count + ARRAY_SIZE(common_specs), sizeof(*specs));
	size_t n = command->option_count;

	if (!specs)
		return error_no_memory(err);
	if (n)
		memcpy(specs, command->options, n * sizeof(*specs));
	for (size_t i = 0; i < ARRAY_SIZE(common_specs); i++) {
		if (common_of(command) & common_specs[i].bit)
			specs[n++] = common_specs[i].spec;
	}
	*specs_out = specs;
	*count_out = n;
	return 0;
}

void command_usage(const struct command *command, struct buf *out)
{
	auto_free struct option_spec *specs = NULL;
	struct option_table table = { .usage = command->usage };

	if (command_specs(command, &specs, &table.spec_count, NULL)) {
		out->failed = true;
		return;
	}
	table.specs = specs;
	options_usage(&table, out);
}

const char *command_task(const struct command *command)
{
	return command->task ? command->task : command->name;
}

const struct command *command_find(const struct cmd_context *ctx, const char *name)
{
	for (size_t i = 0; i < ctx->command_count; i++) {
		if (!strcmp(ctx->commands[i]->name, name))
			return ctx->commands[i];
	}
	return NULL;
}

/* Offsets become addresses. */
static void bind_specs(struct cmd_context *ctx, struct option_spec *specs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *base = i < ctx->command->option_count ? ctx->options : (char *)&ctx->common;

		specs[i].value = base + (uintptr_t)specs[i].value;
	}
}

static int go_to_directory(struct cmd_context *ctx)
{
	const char *dir = ctx->common.directory;

	if (!dir || !chdir(dir))
		return 0;
	error_from_errno(&ctx->err, "cannot enter '%s'", dir);
	return ctx_die(ctx, "%s", command_task(ctx->command));
}

static int print_usage(struct cmd_context *ctx)
{
	auto_buf text = BUF_INIT;

	command_usage(ctx->command, &text);
	fwrite(text.data, 1, text.len, stdout);
	return EXIT_DONE;
}

/* The pager has to be told of what the terminal was before it takes its place. */
static void start_output(struct cmd_context *ctx)
{
	struct drift_error why = { DRIFT_OK, "" };

	ctx->terminal = terminal_is(STDOUT_FILENO);
	ctx->colour = !ctx->common.json && terminal_colour(ctx->common.colour, STDOUT_FILENO);
	/* What programs read is nothing to turn pages of. */
	if (ctx->command->paged && !ctx->no_pager && !ctx->common.json && pager_start(&ctx->pager, &why))
		ctx_warn(ctx, "there is no pager: %s", why.message);
}

static int run_parsed(struct cmd_context *ctx, const struct option_result *result)
{
	auto_free char **argv = NULL;
	size_t argc = result->arguments.count;
	int code;

	if (result->help)
		return print_usage(ctx);
	argv = mem_alloc_array(argc + 1, sizeof(*argv));
	if (!argv) {
		error_no_memory(&ctx->err);
		return ctx_die(ctx, "%s", command_task(ctx->command));
	}
	/* run() has argv as main() does; nobody writes into the words. */
	for (size_t i = 0; i < argc; i++)
		memcpy(&argv[i], &result->arguments.items[i], sizeof(*argv));
	argv[argc] = NULL;
	ctx->has_separator = result->has_separator;
	ctx->separator = result->separator;
	code = go_to_directory(ctx);
	if (code)
		return code;
	start_output(ctx);
	return ctx->command->run(ctx, (int)argc, argv);
}

static int parse_and_run(struct cmd_context *ctx, int argc, char **argv)
{
	const struct command *command = ctx->command;
	auto_free struct option_spec *specs = NULL;
	struct option_table table = { .usage = command->usage, .stop_at_argument = command->stop_at_argument };
	struct option_result result = { .help = false };
	int code;

	if (command_specs(command, &specs, &table.spec_count, &ctx->err))
		return ctx_die(ctx, "%s", command_task(command));
	bind_specs(ctx, specs, table.spec_count);
	table.specs = specs;
	if (options_parse(&table, argc, argv, &result, &ctx->err))
		code = ctx_usage(ctx, "%s", ctx->err.message);
	else
		code = run_parsed(ctx, &result);
	option_result_release(&result);
	return code;
}

static void warn_damage(void *data, const char *sentence)
{
	ctx_warn(data, "%s", sentence);
}

/* A journal was sealed: it is packed by another process, which nobody waits for and whose failure is no failure of ours. */
static void start_gc(const char *dir)
{
	const char *const argv[] = { "/proc/self/exe", "-C", dir, "gc", "--auto", "-q", NULL };

	(void)!spawn_detached(argv, NULL);
}

static void close_repo(struct cmd_context *ctx)
{
	auto_free char *dir = NULL;

	if (!ctx->repo)
		return;
	if (!ctx->damage_told)
		odb_damage(repo_odb(ctx->repo), warn_damage, ctx);
	if (ctx->maintainer && maintainer_is_due(ctx->maintainer))
		dir = mem_dup_str(repo_dir(ctx->repo), strlen(repo_dir(ctx->repo)));
	maintainer_free(ctx->maintainer);
	repo_close(ctx->repo);
	ctx->maintainer = NULL;
	ctx->repo = NULL;
	if (dir)
		start_gc(dir);
}

/* What was printed must have arrived: a full disk behind standard output is a failure. */
static int finish_output(struct cmd_context *ctx, int code)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fflush(stdout))
		failed = true;
	/* Who closed the pipe, or the pager, has seen enough; who closed it before need not be told what was changed. */
	if (failed && errno != EPIPE && !ctx->pager && !(errno == EBADF && ctx->command->writes)) {
		/* Why an earlier write failed is forgotten by now. */
		if (errno)
			error_from_errno(&ctx->err, "cannot write to standard output");
		else
			error_set(&ctx->err, DRIFT_ERR_IO, "cannot write all of it to standard output");
		fprintf(stderr, "drift: %s\n", ctx->err.message);
		code = EXIT_FAILED;
	}
	pager_finish(ctx->pager);
	ctx->pager = NULL;
	return code;
}

static void release_options(struct cmd_context *ctx)
{
	for (size_t i = 0; i < ctx->command->option_count; i++) {
		const struct option_spec *spec = &ctx->command->options[i];

		if (spec->kind == OPTION_LIST)
			option_list_release((struct option_list *)((char *)ctx->options + (uintptr_t)spec->value));
	}
	free(ctx->options);
	option_list_release(&ctx->common.messages);
}

int command_run(struct cmd_context *ctx, int argc, char **argv)
{
	int code;

	ctx->options = mem_calloc(1, ctx->command->options_len + 1);
	if (!ctx->options) {
		error_no_memory(&ctx->err);
		return ctx_die(ctx, "%s", command_task(ctx->command));
	}
	if (ctx->command->defaults)
		memcpy(ctx->options, ctx->command->defaults, ctx->command->options_len);
	code = finish_output(ctx, parse_and_run(ctx, argc, argv));
	close_repo(ctx);
	release_options(ctx);
	buf_release(&ctx->author);
	buf_release(&ctx->message);
	return code;
}
