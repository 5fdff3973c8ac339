#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "plumbing/plumbing.h"
#include "porcelain/porcelain.h"

/* Sorted by name. */
static const struct command *const commands[] = {
	&cmd_add,
	&cmd_backup,
	&cmd_batch,
	&cmd_bisect,
	&cmd_blame,
	&cmd_branch,
	&cmd_bundle,
	&cmd_cat_file,
	&cmd_clone,
	&cmd_collection,
	&cmd_commit,
	&cmd_commit_tree,
	&cmd_compact,
	&cmd_completion,
	&cmd_config,
	&cmd_conflicts,
	&cmd_count_objects,
	&cmd_diff,
	&cmd_diff_tree,
	&cmd_doctor,
	&cmd_edit,
	&cmd_export,
	&cmd_fast_export,
	&cmd_fast_import,
	&cmd_fetch,
	&cmd_for_each_ref,
	&cmd_fsck,
	&cmd_gc,
	&cmd_get,
	&cmd_hash_object,
	&cmd_help,
	&cmd_history,
	&cmd_import,
	&cmd_index_pack,
	&cmd_init,
	&cmd_is_ancestor,
	&cmd_log,
	&cmd_ls,
	&cmd_ls_tree,
	&cmd_merge,
	&cmd_merge_base,
	&cmd_merge_file,
	&cmd_merge_tree,
	&cmd_mktree,
	&cmd_name_rev,
	&cmd_pack_objects,
	&cmd_patch,
	&cmd_pull,
	&cmd_push,
	&cmd_put,
	&cmd_read_tree,
	&cmd_receive_pack,
	&cmd_reflog,
	&cmd_remote,
	&cmd_repair,
	&cmd_resolve,
	&cmd_rev_list,
	&cmd_rev_parse,
	&cmd_revert,
	&cmd_rm,
	&cmd_rollback,
	&cmd_show,
	&cmd_show_ref,
	&cmd_snapshot,
	&cmd_stats,
	&cmd_status,
	&cmd_switch,
	&cmd_symbolic_ref,
	&cmd_sync,
	&cmd_tag,
	&cmd_undo,
	&cmd_unpack_objects,
	&cmd_unstage,
	&cmd_update_ref,
	&cmd_upload_pack,
	&cmd_verify,
	&cmd_verify_pack,
	&cmd_version,
	&cmd_watch,
	&cmd_write_tree,
};

struct globals {
	struct option_list directories;
	bool version, no_pager, help;
	enum terminal_when colour;
};

static int parse_colour(void *value, const char *argument, bool no, struct drift_error *err)
{
	enum terminal_when *when = value;

	if (no) {
		*when = TERMINAL_NEVER;
		return 0;
	}
	return terminal_parse_when(argument ? argument : "", when, err);
}

/*
 * Whoever started us may have closed a standard file; what we open must not take its place. What takes it fails when it is
 * used, so that nobody believes to have read or written something.
 */
static void fill_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

/* A reader who has seen enough ends us quietly, even where our parent ignores the signal. */
static void end_with_reader(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(SIGPIPE, &action, NULL);
}

static const struct command *find_or_complain(struct cmd_context *ctx, const char *name)
{
	const struct command *command = command_find(ctx, name);
	const char *names[ARRAY_SIZE(commands) + 1] = { NULL };
	const char *nearest;

	if (command)
		return command;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i]->name;
	nearest = options_nearest(name, names);
	error_set(&ctx->err, DRIFT_ERR_INVALID, "there is no such command");
	ctx_die(ctx, "run '%s'", name);
	if (nearest)
		ctx_hint(ctx, "did you mean 'drift %s'?", nearest);
	else
		ctx_hint(ctx, "'drift help' lists all commands");
	return NULL;
}

static int enter_directories(struct cmd_context *ctx, const struct globals *globals)
{
	for (size_t i = 0; i < globals->directories.count; i++) {
		const char *dir = globals->directories.items[i];

		if (*dir && chdir(dir)) {
			error_set(&ctx->err, DRIFT_ERR_IO, "%s", strerror(errno));
			return ctx_die(ctx, "enter '%s'", dir);
		}
	}
	return EXIT_DONE;
}

static int run_command(struct cmd_context *ctx, const struct globals *globals, size_t argc, char **argv)
{
	char *no_arguments[] = { NULL };
	int code = enter_directories(ctx, globals);

	if (code)
		return code;
	ctx->no_pager = globals->no_pager;
	ctx->common.colour = globals->colour;
	if (globals->version)
		ctx->command = &cmd_version;
	else if (globals->help || !argc)
		ctx->command = &cmd_help;
	else
		ctx->command = find_or_complain(ctx, argv[0]);
	if (!ctx->command)
		return EXIT_USAGE;
	if (globals->version || globals->help || !argc) {
		code = command_run(ctx, 0, no_arguments);
		return code || argc || globals->version || globals->help ? code : EXIT_USAGE;
	}
	return command_run(ctx, (int)argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	static const char *const usage[] = { "drift [OPTION...] COMMAND [ARGUMENT...]", NULL };
	struct globals globals = { .colour = TERMINAL_AUTO };
	const struct option_spec specs[] = {
		{ .kind = OPTION_LIST, .short_name = 'C', .value = &globals.directories, .argument = "DIR",
		  .help = "work in DIR" },
		{ .kind = OPTION_FLAG, .short_name = 'h', .long_name = "help", .value = &globals.help },
		{ .kind = OPTION_FLAG, .long_name = "version", .value = &globals.version },
		{ .kind = OPTION_FLAG, .long_name = "no-pager", .value = &globals.no_pager },
		{ .kind = OPTION_CALLBACK, .long_name = "color", .value = &globals.colour, .argument = "WHEN",
		  .argument_optional = true, .allow_no = true, .callback = parse_colour },
	};
	const struct option_table table = {
		.usage = usage, .specs = specs, .spec_count = ARRAY_SIZE(specs), .stop_at_argument = true,
	};
	struct cmd_context ctx = {
		.commands = commands, .command_count = ARRAY_SIZE(commands), .author = BUF_INIT, .message = BUF_INIT,
	};
	struct option_result result = { .help = false };
	int code;

	fill_standard_files();
	end_with_reader();
	if (options_parse(&table, argc - 1, argv + (argc > 0), &result, &ctx.err)) {
		ctx_die(&ctx, "run");
		ctx_hint(&ctx, "'drift help' lists options and commands");
		code = EXIT_USAGE;
	} else {
		size_t rest = result.arguments.count;

		/* Options before the command were read in place: the rest stands at the end of argv. */
		code = run_command(&ctx, &globals, rest, argv + ((size_t)argc - rest));
	}
	option_result_release(&result);
	option_list_release(&globals.directories);
	return code;
}
