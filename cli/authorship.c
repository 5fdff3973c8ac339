/* Who, when and why: the parts of a commit that come from options, environment and configuration. */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"

#define HOST_LEN_MAX 256

static int author_from_config(struct repo *repo, struct buf *out, struct drift_error *err)
{
	const char *name, *email;

	if (config_get_string(repo_config(repo), "user.name", NULL, &name, err) ||
	    config_get_string(repo_config(repo), "user.email", NULL, &email, err))
		return -1;
	if (name)
		buf_add_str(out, name);
	if (email)
		buf_addf(out, "%s<%s>", name ? " " : "", email);
	return 0;
}

static void author_from_system(struct buf *out)
{
	const char *user = getenv("USER");
	char host[HOST_LEN_MAX + 1] = "";

	if (!user || !*user)
		user = getenv("LOGNAME");
	if (user && *user)
		buf_add_str(out, user);
	else
		buf_addf(out, "uid%ld", (long)getuid());
	if (gethostname(host, HOST_LEN_MAX) || !*host)
		memcpy(host, "localhost", sizeof("localhost"));
	buf_addf(out, "@%s", host);
}

int ctx_author(struct cmd_context *ctx, const char **who_out, struct drift_error *err)
{
	const char *who = ctx->common.author ? ctx->common.author : getenv("DRIFT_AUTHOR");

	if (!ctx->author.len) {
		buf_clear(&ctx->author);
		if (ctx->common.author || (who && *who))
			buf_add_str(&ctx->author, who);
		else if (author_from_config(ctx->repo, &ctx->author, err))
			return -1;
		else if (!ctx->author.len)
			author_from_system(&ctx->author);
		if (buf_check(&ctx->author, err) || who_check(ctx->author.data, ctx->author.len, err)) {
			buf_clear(&ctx->author);
			return -1;
		}
	}
	*who_out = ctx->author.data;
	return 0;
}

bool ctx_has_message(const struct cmd_context *ctx)
{
	return ctx->common.messages.count || ctx->common.message_file;
}

static void trim_end(struct buf *b, size_t from)
{
	size_t len = b->len;

	while (len > from && strchr(" \t\r\n\v\f", b->data[len - 1]))
		len--;
	buf_truncate(b, len);
}

/* -m's as paragraphs, or the file. */
static int message_collect(struct cmd_context *ctx, struct buf *out, struct drift_error *err)
{
	const struct option_list *list = &ctx->common.messages;

	if (ctx->common.message_file) {
		if (list->count)
			return error_set(err, DRIFT_ERR_INVALID, "-m and -F exclude each other");
		if (ctx_read_file(ctx, ctx->common.message_file, COMMIT_MESSAGE_MAX, out, err))
			return -1;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (out->len)
			buf_add_str(out, "\n\n");
		buf_add_str(out, list->items[i]);
		trim_end(out, 0);
	}
	trim_end(out, 0);
	if (buf_check(out, err))
		return -1;
	if (!out->len)
		return error_set(err, DRIFT_ERR_INVALID, "the message is empty");
	return 0;
}

/* Clocks are put forward and back at whole quarters of an hour at most. */
#define ZONE_STEP_US ((int64_t)15 * 60 * 1000000)

static int16_t local_zone(struct cmd_context *ctx, int64_t us)
{
	if (us >= ctx->zone_until_us || us < ctx->zone_until_us - ZONE_STEP_US) {
		ctx->zone_min = date_local_zone(us);
		ctx->zone_until_us = us - us % ZONE_STEP_US + ZONE_STEP_US;
	}
	return ctx->zone_min;
}

static int date_collect(struct cmd_context *ctx, struct commit_options *out, struct drift_error *err)
{
	const char *text = ctx->common.date ? ctx->common.date : getenv("DRIFT_DATE");
	struct date date = { .us = date_now_us() };
	auto_buf zone = BUF_INIT;

	if (text && (*text || ctx->common.date)) {
		if (date_parse(text, strlen(text), date.us, &date, err))
			return -1;
		out->has_time = true;
	} else {
		date.zone_min = local_zone(ctx, date.us);
	}
	out->time_usec = date.us;
	date_append_zone(&zone, date.zone_min);
	if (buf_check(&zone, err))
		return -1;
	snprintf(out->zone, sizeof(out->zone), "%s", zone.data);
	return 0;
}

static int expect_collect(struct cmd_context *ctx, struct commit_options *out, struct drift_error *err)
{
	const char *text = ctx->common.expect;
	auto_point point = POINT_INIT;

	if (!text)
		return 0;
	out->has_expect = true;
	memset(&out->expect, 0, sizeof(out->expect));
	if (!strcmp(text, "absent"))
		return 0;
	/* A full id need not be known here: the branch is not there then, which is the answer. */
	if (strlen(text) == OID_HEX_LEN && !oid_from_hex(text, OID_HEX_LEN, &out->expect, NULL))
		return 0;
	if (point_resolve(ctx->repo, text, strlen(text), out->branch, &point, err)) {
		ctx->sought = text;
		return -1;
	}
	if (point.commit)
		out->expect = point.commit->id;
	return 0;
}

int ctx_commit_options(struct cmd_context *ctx, struct commit_options *out, struct drift_error *err)
{
	struct commit_options options = { .branch = NULL };

	if (ctx_branch(ctx, err) < 0)
		return -1;
	options.branch = ctx_branch_name(ctx);
	if (ctx_author(ctx, &options.author, err) || date_collect(ctx, &options, err) ||
	    expect_collect(ctx, &options, err))
		return -1;
	if (ctx_has_message(ctx)) {
		buf_clear(&ctx->message);
		if (message_collect(ctx, &ctx->message, err))
			return -1;
		options.message = ctx->message.data;
		options.message_len = ctx->message.len;
	}
	*out = options;
	return 0;
}
