#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/hint.h"
#include "repo/script_trust.h"

/* Names and messages of others end up in these lines: they must not steer the terminal, nor make lines of a log. */
static void print_line(const char *head, const char *text)
{
	auto_buf b = BUF_INIT;

	buf_add_str(&b, head);
	text_escape_terminal(&b, text, strlen(text));
	buf_add_byte(&b, '\n');
	fflush(stdout);
	fwrite(b.data, 1, b.len, stderr);
}

PRINTF_LIKE(2, 0) static void complain(struct cmd_context *ctx, const char *what, va_list args)
{
	char task[DRIFT_ERROR_MESSAGE_MAX], line[2 * DRIFT_ERROR_MESSAGE_MAX + 16];
	size_t len;
	bool said;

	vsnprintf(task, sizeof(task), what, args);
	snprintf(line, sizeof(line), "cannot %s: ", task);
	len = strlen(line);
	/* What went wrong below may say by itself what it was at. */
	said = !strncmp(ctx->err.message, line, len);
	snprintf(line + len, sizeof(line) - len, "%s", ctx->err.message + (said ? len : 0));
	print_line("drift: ", line);
}

static void hint_for(struct cmd_context *ctx)
{
	switch (ctx->err.code) {
	case DRIFT_ERR_CORRUPT:
		if (ctx->command != command_find(ctx, "fsck"))
			ctx_hint(ctx, "'drift fsck' names all that is damaged, 'drift repair' mends what can be mended");
		break;
	case DRIFT_ERR_AMBIGUOUS:
		ctx_hint(ctx, "give more digits, or the full name (refs/heads/..., refs/tags/...)");
		break;
	case DRIFT_ERR_NO_SPACE:
		ctx_hint(ctx, "nothing was changed; make room and try again");
		break;
	case DRIFT_ERR_NOT_FOUND:
		if (ctx->sought && !hint_time(ctx, ctx->sought))
			hint_point(ctx, ctx->sought);
		break;
	case DRIFT_ERR_INVALID:
		if (ctx->sought)
			hint_time(ctx, ctx->sought);
		break;
	case DRIFT_ERR_ABSENT:
		ctx_hint(ctx, "'drift clone --only COLLECTION/,...' makes a clone that has it");
		break;
	case DRIFT_ERR_UNTRUSTED:
		ctx_hint(ctx, "read it with 'drift cat-file -p BLOB', then allow it with 'drift config --add " TRUST_KEY
			      " BLOB'");
		break;
	case DRIFT_OK:
	case DRIFT_ERR_EXISTS:
	case DRIFT_ERR_CLASH:
	case DRIFT_ERR_NOTHING:
	case DRIFT_ERR_LIMIT:
	case DRIFT_ERR_IO:
	case DRIFT_ERR_PERMISSION:
	case DRIFT_ERR_NO_MEMORY:
	case DRIFT_ERR_UNSUPPORTED:
		break;
	}
}

int ctx_fail(struct cmd_context *ctx, const char *what, ...)
{
	enum drift_error_code code = ctx->err.code;
	va_list args;

	va_start(args, what);
	complain(ctx, what, args);
	va_end(args);
	hint_for(ctx);
	if (code == DRIFT_ERR_NOT_FOUND || code == DRIFT_ERR_CLASH || code == DRIFT_ERR_NOTHING ||
	    code == DRIFT_ERR_EXISTS || code == DRIFT_ERR_UNTRUSTED || code == DRIFT_ERR_ABSENT)
		return EXIT_NO;
	return EXIT_FAILED;
}

int ctx_die(struct cmd_context *ctx, const char *what, ...)
{
	va_list args;

	va_start(args, what);
	complain(ctx, what, args);
	va_end(args);
	hint_for(ctx);
	return EXIT_FAILED;
}

int ctx_usage(struct cmd_context *ctx, const char *sentence, ...)
{
	auto_buf usage = BUF_INIT;
	char text[DRIFT_ERROR_MESSAGE_MAX], line[DRIFT_ERROR_MESSAGE_MAX + 128];
	va_list args;

	va_start(args, sentence);
	vsnprintf(text, sizeof(text), sentence, args);
	va_end(args);
	snprintf(line, sizeof(line), "cannot %s: %s", command_task(ctx->command), text);
	print_line("drift: ", line);
	command_usage(ctx->command, &usage);
	fwrite(usage.data, 1, usage.len, stderr);
	return EXIT_USAGE;
}

void ctx_hint(struct cmd_context *ctx, const char *fmt, ...)
{
	char text[DRIFT_ERROR_MESSAGE_MAX];
	va_list args;

	(void)ctx;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	print_line("hint: ", text);
}

void ctx_warn(struct cmd_context *ctx, const char *fmt, ...)
{
	char text[DRIFT_ERROR_MESSAGE_MAX];
	va_list args;

	(void)ctx;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	print_line("drift: warning: ", text);
}
