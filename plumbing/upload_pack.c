/* The two ends of a session that other machines are served by, on standard input and output. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plumbing/plumbing.h"
#include "sync/server.h"

struct pack_options {
	int64_t timeout;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_INT, .long_name = "timeout", .value = OPTION_AT(struct pack_options, timeout), .argument = "S",
	  .help = "give up after S seconds without a byte (sync.timeout)" },
};

/* Nothing but messages may reach standard output; whoever has closed it is told of as any other failure. */
static int serve(struct cmd_context *ctx, int argc, char **argv, bool may_push)
{
	const struct pack_options *o = ctx->options;
	const struct server_options options = { .may_push = may_push, .timeout_ms = o->timeout * 1000 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int in, out;

	if (argc != 1)
		return ctx_usage(ctx, "which folder?");
	if (o->timeout < 0 || o->timeout > 86400)
		return ctx_usage(ctx, "a timeout is 1 to 86400 seconds");
	sigaction(SIGPIPE, &ignore, NULL);
	in = dup(STDIN_FILENO);
	out = dup(STDOUT_FILENO);
	if (in < 0 || out < 0) {
		error_set(&ctx->err, DRIFT_ERR_IO, "there is no standard input or output");
		return ctx_die(ctx, "serve '%s'", argv[0]);
	}
	return server_run(argv[0], in, out, &options, &ctx->err) ? ctx_die(ctx, "serve '%s'", argv[0]) : EXIT_DONE;
}

static int upload_pack(struct cmd_context *ctx, int argc, char **argv)
{
	return serve(ctx, argc, argv, false);
}

static int receive_pack(struct cmd_context *ctx, int argc, char **argv)
{
	return serve(ctx, argc, argv, true);
}

static const char *const upload_usage[] = { "drift upload-pack [--timeout S] DIR", NULL };
static const char *const receive_usage[] = { "drift receive-pack [--timeout S] DIR", NULL };

const struct command cmd_upload_pack = {
	.name = "upload-pack",
	.task = "serve fetches",
	.summary = "answer fetches of another drift on standard input and output",
	.usage = upload_usage,
	.run = upload_pack,
	COMMAND_OPTIONS(struct pack_options, specs),
	.group = COMMAND_PLUMBING,
};

const struct command cmd_receive_pack = {
	.name = "receive-pack",
	.task = "serve pushes",
	.summary = "answer fetches and pushes of another drift on standard input and output",
	.usage = receive_usage,
	.run = receive_pack,
	COMMAND_OPTIONS(struct pack_options, specs),
	.group = COMMAND_PLUMBING,
	.writes = true,
};
