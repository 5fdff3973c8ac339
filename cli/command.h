/*
 * What all commands share. A command is a constant of type struct command in a file of its own; drift.c lists them.
 * The framework parses the options (the command's own and the common ones it asks for), answers -h, starts the
 * pager, and turns failures into sentences and exit codes; run() gets what is left as argc, argv (without the command's name).
 *
 *	struct put_options { const char *json; bool force; };
 *	static const struct option_spec specs[] = {
 *		{ .kind = OPTION_STRING, .short_name = 'j', .value = OPTION_AT(struct put_options, json), ... },
 *	};
 *	const struct command cmd_put = { .name = "put", .run = put, COMMAND_OPTIONS(struct put_options, specs), ... };
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/options.h"
#include "base/terminal.h"
#include "repo/maintain.h"
#include "repo/stage.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_NO = 1,        /* the answer is no: not found, a clash, nothing to do */
	EXIT_FAILED = 128,
	EXIT_USAGE = 129
};

enum command_group { COMMAND_PORCELAIN, COMMAND_PLUMBING };

/* Options shared by commands, parsed into struct common_options. */
enum {
	COMMON_JSON = 1 << 0,      /* --json */
	COMMON_NUL = 1 << 1,       /* -z */
	COMMON_QUIET = 1 << 2,     /* -q, --quiet */
	COMMON_BRANCH = 1 << 3,    /* --branch B, or DRIFT_BRANCH */
	COMMON_AT = 1 << 4,        /* --at POINT */
	COMMON_CACHE = 1 << 5,     /* --no-cache */
	COMMON_MESSAGE = 1 << 6,   /* -m MSG (several make paragraphs), -F FILE */
	COMMON_AUTHOR = 1 << 7,    /* --author WHO, --date D */
	COMMON_EXPECT = 1 << 8,    /* --expect COMMIT */
	COMMON_IF_MATCH = 1 << 9,  /* --if-match BLOB-ID|absent */
	COMMON_PROGRESS = 1 << 10, /* --progress */
	COMMON_DIRECTORY = 1 << 11, /* -d DIR: as -C DIR, for the seed's commands */
	COMMON_COLOUR = 1 << 12,   /* --color[=WHEN] */
	COMMON_READER = COMMON_JSON | COMMON_BRANCH | COMMON_AT | COMMON_CACHE,
	COMMON_WRITER = COMMON_JSON | COMMON_QUIET | COMMON_BRANCH | COMMON_CACHE | COMMON_MESSAGE | COMMON_AUTHOR | COMMON_EXPECT
};

struct common_options {
	bool json, nul, quiet, no_cache, progress;
	const char *branch, *at, *author, *date, *expect, *if_match, *message_file, *directory;
	struct option_list messages;
	enum terminal_when colour;
};

struct cmd_context;

struct command {
	const char *name;
	const char *task;         /* what complaints say it cannot do: "roll back"; NULL: the name */
	const char *summary;      /* one line, lower case, for lists */
	const char *const *usage; /* "drift put PATH [FILE|-]" lines, NULL-ended: the man page's SYNOPSIS */
	int (*run)(struct cmd_context *ctx, int argc, char **argv); /* an enum exit_code */
	const struct option_spec *options; /* .value is made by OPTION_AT */
	size_t option_count;
	size_t options_len;       /* of the struct that the options are stored in, zeroed before */
	const void *defaults;     /* the initial bytes of that struct instead of zeros; or NULL */
	unsigned common;          /* COMMON_... */
	enum command_group group;
	bool paged;               /* output goes through the pager on a terminal */
	bool writes;              /* needs a store that can be written */
	bool packs;               /* looks after the store itself: nothing is packed behind it */
	bool stop_at_argument;    /* the first argument ends the options */
	const char *const *words; /* first arguments that the command knows ("create"), NULL-ended, for completion; or NULL */
};

#define OPTION_AT(type, field) ((void *)offsetof(type, field))
#define COMMAND_OPTIONS(type, specs) \
	.options = (specs), .option_count = ARRAY_SIZE(specs), .options_len = sizeof(type)

struct cmd_context {
	const struct command *command;
	const struct command *const *commands; /* the whole table, sorted by name */
	size_t command_count;
	struct common_options common;
	void *options;        /* the command's own, of options_len bytes */
	bool has_separator;   /* "--" stood before argument number `separator` */
	size_t separator;
	bool terminal;        /* standard output is one (perhaps behind the pager): escape what is printed */
	bool colour;
	bool no_pager;
	struct drift_error err; /* for the command's use with ctx_fail */
	const char *sought;     /* a point that was not found or not understood, as it was written, for hints */
	/* The framework's own. */
	struct repo *repo;
	bool damage_told; /* all of it, by the command's own output */
	struct odb_progress replay; /* of reading journals that no index covers */
	struct progress *replay_bar;
	bool replaying;
	struct maintainer *maintainer; /* of commands that write, but those that pack themselves */
	struct pager *pager;
	char branch[REF_NAME_MAX + 1];
	struct buf author;
	struct buf message;
	int64_t zone_until_us; /* zone_min holds for local times before it; 0: not known */
	int16_t zone_min;
};

/* Parse, run, finish: what main() does for the command in ctx. argv begins behind the command's name. */
int command_run(struct cmd_context *ctx, int argc, char **argv);
/* Append the usage text made of the command's usage lines and options. */
void command_usage(const struct command *command, struct buf *out);
/* The command's whole option table: own and common ones. Values are offsets or NULL: not to be parsed with. */
int command_specs(const struct command *command, struct option_spec **specs_out, size_t *count_out,
		  struct drift_error *err) MUST_CHECK;
const char *command_task(const struct command *command);
const struct command *command_find(const struct cmd_context *ctx, const char *name);

/* --- saying what went wrong: all return an exit code for run() to return --- */

/* "drift: cannot WHAT: <ctx->err>" and a hint where there is one; the code says which exit code. */
int ctx_fail(struct cmd_context *ctx, const char *what, ...) PRINTF_LIKE(2, 3);
/* As ctx_fail, always EXIT_FAILED (a missing file is a failure, a missing document an answer). */
int ctx_die(struct cmd_context *ctx, const char *what, ...) PRINTF_LIKE(2, 3);
/* "drift: cannot TASK: SENTENCE" and where to read on: EXIT_USAGE. */
int ctx_usage(struct cmd_context *ctx, const char *sentence, ...) PRINTF_LIKE(2, 3);
/* "hint: ..." and "drift: warning: ..." on standard error. */
void ctx_hint(struct cmd_context *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3);
void ctx_warn(struct cmd_context *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* --- what a command works on --- */

/* The repository, opened when first asked for; NULL after saying why not: return EXIT_FAILED. */
struct repo *ctx_repo(struct cmd_context *ctx);
/* The same; why not is left in ctx->err. read_only: nothing below it will be changed, indexes included. */
struct repo *ctx_try_repo(struct cmd_context *ctx, bool read_only);
/*
 * The full name of the branch asked for by --branch or DRIFT_BRANCH: 1 with it in ctx->branch, 0 if none was asked for
 * (HEAD counts), -1 if there is no such branch (and --expect does not say that it is to be absent).
 */
int ctx_branch(struct cmd_context *ctx, struct drift_error *err) MUST_CHECK;
/* ctx->branch, or NULL for HEAD: as the functions of repo/ take it, after ctx_branch. */
const char *ctx_branch_name(const struct cmd_context *ctx);
/* Whether the stage lies over what is read: no --branch other than HEAD's, no --at, no -m. 1 / 0 / -1. */
int ctx_reads_stage(struct cmd_context *ctx, struct drift_error *err) MUST_CHECK;
/* --author, DRIFT_AUTHOR, config user.name and user.email, else USER@host. Lives as long as ctx. */
int ctx_author(struct cmd_context *ctx, const char **who_out, struct drift_error *err) MUST_CHECK;
bool ctx_has_message(const struct cmd_context *ctx);
/* Branch, author, --date or DRIFT_DATE (time_usec is set in any case), --expect, and the message if there is one. */
int ctx_commit_options(struct cmd_context *ctx, struct commit_options *out, struct drift_error *err) MUST_CHECK;
/* The point that text names; NULL: --at, else the branch's tip. */
int ctx_point(struct cmd_context *ctx, const char *text, struct point *out, struct drift_error *err) MUST_CHECK;
/* Append a file that the user named; "-" is standard input. */
int ctx_read_file(struct cmd_context *ctx, const char *path, uint64_t max_len, struct buf *out,
		  struct drift_error *err) MUST_CHECK;
/* Whether what stands in standard output can still be read by anybody: stop when not. */
bool ctx_reader_gone(const struct cmd_context *ctx);
/* Progress on standard error by --progress and -q; NULL is allowed in all calls. */
struct progress *ctx_progress(struct cmd_context *ctx, const char *title, enum progress_unit unit, uint64_t total);

#endif
