#include "porcelain/porcelain.h"

#include <string.h>

#include "cli/output.h"

struct config_options {
	bool unset, add, list;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .long_name = "unset",
	  .value = OPTION_AT(struct config_options, unset),
	  .help = "remove KEY from the repository's configuration" },
	{ .kind = OPTION_FLAG,
	  .long_name = "add",
	  .value = OPTION_AT(struct config_options, add),
	  .help = "add a value beside those that KEY has" },
	{ .kind = OPTION_FLAG,
	  .short_name = 'l',
	  .long_name = "list",
	  .value = OPTION_AT(struct config_options, list),
	  .help = "print all that is set" },
};

static const char *const usage[] = {
	"drift config [--json] KEY",         "drift config KEY VALUE",
	"drift config --add KEY VALUE",      "drift config --unset KEY",
	"drift config [--json] [-z] --list", NULL,
};

static int print_entry(struct cmd_context *ctx, const struct config_entry *entry)
{
	static const char *const layers[] = {
		[CONFIG_SYSTEM] = "system",
		[CONFIG_USER] = "user",
		[CONFIG_REPOSITORY] = "repository",
		[CONFIG_COMMAND] = "command",
	};
	const char *value = entry->value ? entry->value : "true";
	struct json_line line;
	auto_buf b = BUF_INIT;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_text(&line.w, "key", entry->name, strlen(entry->name));
		json_writer_text(&line.w, "value", value, strlen(value));
		json_writer_member_str(&line.w, "from", layers[entry->layer]);
		return out_json_end(&line, &ctx->err);
	}
	out_append_text(ctx, &b, entry->name, strlen(entry->name), false);
	buf_add_byte(&b, ctx->common.nul ? '\n' : '=');
	out_append_text(ctx, &b, value, strlen(value), false);
	buf_add_byte(&b, ctx->common.nul ? '\0' : '\n');
	out_buf(&b);
	return 0;
}

static int list(struct cmd_context *ctx)
{
	const struct config *config = repo_config(ctx->repo);

	for (size_t i = 0; i < config_count(config); i++) {
		struct config_entry entry = config_at(config, i);

		if (print_entry(ctx, &entry))
			return ctx_die(ctx, "list the configuration");
	}
	return EXIT_DONE;
}

static int print_value(struct cmd_context *ctx, const char *key)
{
	auto_buf name = BUF_INIT, text = BUF_INIT;
	struct json_line line;
	const char *value;

	if (config_name_normalise(key, &name, &ctx->err))
		return ctx_die(ctx, "read the configuration");
	if (!config_find(repo_config(ctx->repo), name.data, &value)) {
		error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "it is not set");
		return ctx_fail(ctx, "read '%s'", key);
	}
	value = value ? value : "true";
	if (!ctx->common.json) {
		out_append_text(ctx, &text, value, strlen(value), true);
		buf_add_byte(&text, '\n');
		out_buf(&text);
		return EXIT_DONE;
	}
	out_json_begin(&line);
	json_writer_text(&line.w, "key", name.data, name.len);
	json_writer_text(&line.w, "value", value, strlen(value));
	return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "print '%s'", key) : EXIT_DONE;
}

/* A value that the store could not be opened with would shut this command out too. */
static int check_value(const char *key, const char *value, struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	int64_t number;
	bool truth, timeout;

	if (config_name_normalise(key, &name, err))
		return -1;
	if (!strcmp(name.data, "core.version"))
		return error_set(err, DRIFT_ERR_INVALID, "it says what the files are, and changes with them alone");
	if (!value)
		return 0;
	if (!strcmp(name.data, "core.sync"))
		return config_parse_bool(value, &truth, err);
	timeout = !strcmp(name.data, "sync.timeout");
	if (!timeout && strcmp(name.data, "core.maxclockahead") != 0 && strcmp(name.data, "journal.limit") != 0)
		return 0;
	if (config_parse_int(value, &number, err))
		return -1;
	if (timeout && (number < 1 || number > 86400))
		return error_set(err, DRIFT_ERR_INVALID, "it is 1 to 86400 seconds");
	return number >= 0 ? 0 : error_set(err, DRIFT_ERR_INVALID, "it is 0 or more");
}

static int config_command(struct cmd_context *ctx, int argc, char **argv)
{
	const struct config_options *o = ctx->options;

	if (o->list + o->unset + o->add > 1)
		return ctx_usage(ctx, "--list, --unset and --add exclude each other");
	if (o->list ? argc : o->unset ? argc != 1 : o->add ? argc != 2 : argc < 1 || argc > 2)
		return ctx_usage(ctx, o->list  ? "--list takes no KEY" :
				      o->unset ? "which key?" :
				      o->add   ? "a key and a value" :
						 "one key, perhaps a value");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (o->list)
		return list(ctx);
	if (argc == 1 && !o->unset)
		return print_value(ctx, argv[0]);
	if (check_value(argv[0], o->unset ? NULL : argv[1], &ctx->err) ||
	    (o->add ? repo_config_add(ctx->repo, argv[0], argv[1], &ctx->err) :
		      repo_config_set(ctx->repo, argv[0], o->unset ? NULL : argv[1], &ctx->err)))
		return ctx_fail(ctx, "%s '%s'", o->unset ? "unset" : "set", argv[0]);
	return EXIT_DONE;
}

const struct command cmd_config = {
	.name = "config",
	.summary = "read and change the configuration",
	.usage = usage,
	.run = config_command,
	COMMAND_OPTIONS(struct config_options, specs),
	.common = COMMON_JSON | COMMON_NUL,
};
