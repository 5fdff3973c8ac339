#include "porcelain/porcelain.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/output.h"

static const char *const shells[] = { "bash", "zsh", "fish", NULL };
static const char *const usage[] = { "drift completion bash|zsh|fish", NULL };

/* Single quotes around text, for all three shells. */
static void add_quoted(struct buf *out, const char *text)
{
	buf_add_byte(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_byte(out, (unsigned char)*text);
	}
	buf_add_byte(out, '\'');
}

static int each_command(struct cmd_context *ctx, struct buf *out,
			void (*add)(const struct command *command, const struct option_spec *specs, size_t count,
				    struct buf *out))
{
	for (size_t i = 0; i < ctx->command_count; i++) {
		auto_free struct option_spec *specs = NULL;
		size_t count;

		if (command_specs(ctx->commands[i], &specs, &count, &ctx->err))
			return -1;
		add(ctx->commands[i], specs, count, out);
	}
	return 0;
}

static void add_options(const struct option_spec *specs, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (specs[i].long_name)
			buf_addf(out, "--%s ", specs[i].long_name);
		if (specs[i].short_name)
			buf_addf(out, "-%c ", specs[i].short_name);
	}
	buf_add_str(out, "--help");
}

static void add_names(struct cmd_context *ctx, struct buf *out)
{
	for (size_t i = 0; i < ctx->command_count; i++)
		buf_addf(out, "%s%s", i ? " " : "", ctx->commands[i]->name);
}

static void add_bash_case(const struct command *command, const struct option_spec *specs, size_t count, struct buf *out)
{
	buf_addf(out, "\t%s)\n\t\toptions='", command->name);
	add_options(specs, count, out);
	buf_add_byte(out, '\'');
	if (command->words)
		buf_add_str(out, " words='");
	for (const char *const *word = command->words; word && *word; word++)
		buf_addf(out, "%s%s", word == command->words ? "" : " ", *word);
	buf_add_str(out, command->words ? "' ;;\n" : " ;;\n");
}

/* compgen -W would run what a document's path says within $(...): so words are compared here, and never expanded. */
static const char bash_start[] = "# bash completion of drift; made by 'drift completion bash'\n"
				 "_drift_refs()\n{\n"
				 "\tdrift \"${where[@]}\" for-each-ref --format='%(refname:short)' \"$@\" 2>/dev/null\n"
				 "}\n"
				 "_drift_documents()\n{\n"
				 "\tdrift \"${where[@]}\" ls \"${cur%\"${cur##*/}\"}\" 2>/dev/null | head -n 1000\n"
				 "}\n"
				 "_drift()\n{\n"
				 "\tlocal cur=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD - 1]}\n"
				 "\tlocal command='' options='' words='' where=() line i\n"
				 "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
				 "\t\tcase ${COMP_WORDS[i]} in\n"
				 "\t\t-C) ((i++)); where+=(-C \"${COMP_WORDS[i]}\") ;;\n"
				 "\t\t-*) ;;\n"
				 "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
				 "\t\tesac\n"
				 "\tdone\n"
				 "\tcase $command in\n"
				 "\t'')\n"
				 "\t\toptions='-C --version --help --no-pager --color' words='";

static const char bash_end[] = "\tCOMPREPLY=()\n"
			       "\twhile IFS= read -r line; do\n"
			       "\t\t[[ $line == \"$cur\"* && -n $line ]] && COMPREPLY+=(\"$line\")\n"
			       "\tdone < <(\n"
			       "\t\tif [[ $cur == -* ]]; then\n"
			       "\t\t\tprintf '%s\\n' $options\n"
			       "\t\t\texit\n"
			       "\t\tfi\n"
			       "\t\tcase $last in\n"
			       "\t\t--at | --expect) _drift_refs; exit ;;\n"
			       "\t\t--branch) _drift_refs refs/heads/; exit ;;\n"
			       "\t\t-C | -F | -m | --file | --files | --message | --author | --date) exit ;;\n"
			       "\t\tesac\n"
			       "\t\tprintf '%s\\n' $words\n"
			       "\t\tcase $command in\n"
			       "\t\tlog | diff | rollback) _drift_refs; _drift_documents ;;\n"
			       "\t\tget | put | patch | rm | edit | ls | history | blame | unstage | export | stats)\n"
			       "\t\t\t_drift_documents ;;\n"
			       "\t\tswitch | branch) _drift_refs refs/heads/ ;;\n"
			       "\t\ttag) _drift_refs refs/tags/ ;;\n"
			       "\t\tshow | revert | bisect | reflog | *-ref | rev-* | name-rev | merge-base | is-ancestor | *-tree | cat-file)\n"
			       "\t\t\t_drift_refs ;;\n"
			       "\t\tesac\n"
			       "\t)\n"
			       "\t[[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
			       "}\n"
			       "complete -o filenames -F _drift drift\n";

static int add_bash(struct cmd_context *ctx, struct buf *out)
{
	buf_add_str(out, bash_start);
	add_names(ctx, out);
	buf_add_str(out, "' ;;\n");
	if (each_command(ctx, out, add_bash_case))
		return -1;
	buf_add_str(out, "\tesac\n\t[[ $command == help ]] && words+=' ");
	add_names(ctx, out);
	buf_add_str(out, "'\n");
	buf_add_str(out, bash_end);
	return 0;
}

/* Brackets and colons mean something to zsh's _arguments. */
static void add_zsh_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("[]:\\", *text))
			buf_add_byte(out, '\\');
		if (*text == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_byte(out, (unsigned char)*text);
	}
}

static void add_zsh_option(const struct option_spec *spec, bool is_long, struct buf *out)
{
	buf_add_str(out, " \\\n\t\t\t'*");
	if (is_long)
		buf_addf(out, "--%s%s", spec->long_name, spec->argument && spec->argument_optional ? "=-" :
			 spec->argument ? "=" : "");
	else
		buf_addf(out, "-%c%s", spec->short_name, spec->argument ? "+" : "");
	buf_add_byte(out, '[');
	add_zsh_text(out, spec->help ? spec->help : "");
	buf_add_byte(out, ']');
	if (spec->argument)
		buf_addf(out, ":%s:%s", spec->argument, !strcmp(spec->argument, "FILE") ? "_files" : "");
	buf_add_byte(out, '\'');
}

static void add_zsh_case(const struct command *command, const struct option_spec *specs, size_t count, struct buf *out)
{
	buf_addf(out, "\t\t%s)\n\t\t\t_arguments", command->name);
	for (size_t i = 0; i < count; i++) {
		if (specs[i].short_name)
			add_zsh_option(&specs[i], false, out);
		if (specs[i].long_name)
			add_zsh_option(&specs[i], true, out);
	}
	if (command->words) {
		buf_add_str(out, " \\\n\t\t\t'1:word:(");
		for (const char *const *word = command->words; *word; word++)
			buf_addf(out, "%s%s", word == command->words ? "" : " ", *word);
		buf_add_str(out, ")'");
	}
	buf_add_str(out, " \\\n\t\t\t'*:argument:_drift_argument' ;;\n");
}

static void add_zsh_name(const struct command *command, const struct option_spec *specs, size_t count, struct buf *out)
{
	auto_buf text = BUF_INIT;

	(void)specs;
	(void)count;
	buf_addf(&text, "%s:%s", command->name, command->summary);
	buf_add_str(out, "\t\t\t");
	add_quoted(out, text.data);
	buf_add_byte(out, '\n');
}

static int add_zsh(struct cmd_context *ctx, struct buf *out)
{
	buf_add_str(out, "#compdef drift\n"
			 "# zsh completion of drift; made by 'drift completion zsh'\n"
			 "_drift_argument()\n{\n"
			 "\tlocal -a documents\n"
			 "\tdocuments=(${(f)\"$(drift ls 2>/dev/null | head -n 1000)\"})\n"
			 "\t_alternative 'documents:document:compadd -a documents' 'files:file:_files'\n"
			 "}\n"
			 "_drift()\n{\n"
			 "\tlocal curcontext=$curcontext state line\n"
			 "\t_arguments -C '*-C[work in DIR]:DIR:_files -/' '--version' '--help' '--no-pager' '--color' \\\n"
			 "\t\t'1:command:->command' '*::argument:->argument'\n"
			 "\tcase $state in\n"
			 "\tcommand)\n"
			 "\t\tlocal -a commands\n"
			 "\t\tcommands=(\n");
	if (each_command(ctx, out, add_zsh_name))
		return -1;
	buf_add_str(out, "\t\t)\n"
			 "\t\t_describe command commands ;;\n"
			 "\targument)\n"
			 "\t\tcase $words[1] in\n");
	if (each_command(ctx, out, add_zsh_case))
		return -1;
	buf_add_str(out, "\t\tesac ;;\n"
			 "\tesac\n"
			 "}\n"
			 "_drift \"$@\"\n");
	return 0;
}

static void add_fish_command(const struct command *command, const struct option_spec *specs, size_t count,
			     struct buf *out)
{
	buf_addf(out, "complete -c drift -n __fish_use_subcommand -f -a %s -d ", command->name);
	add_quoted(out, command->summary);
	buf_add_byte(out, '\n');
	for (size_t i = 0; i < count; i++) {
		buf_addf(out, "complete -c drift -n '__fish_seen_subcommand_from %s'", command->name);
		if (specs[i].short_name)
			buf_addf(out, " -s %c", specs[i].short_name);
		if (specs[i].long_name)
			buf_addf(out, " -l %s", specs[i].long_name);
		if (specs[i].argument && !specs[i].argument_optional)
			buf_add_str(out, " -r");
		if (specs[i].help) {
			buf_add_str(out, " -d ");
			add_quoted(out, specs[i].help);
		}
		buf_add_byte(out, '\n');
	}
	for (const char *const *word = command->words; word && *word; word++)
		buf_addf(out, "complete -c drift -n '__fish_seen_subcommand_from %s' -f -a %s\n", command->name, *word);
}

static int add_fish(struct cmd_context *ctx, struct buf *out)
{
	buf_add_str(out, "# fish completion of drift; made by 'drift completion fish'\n"
			 "complete -c drift -n __fish_use_subcommand -s C -r -d 'work in DIR'\n"
			 "complete -c drift -n __fish_use_subcommand -l version -d 'print the version'\n"
			 "complete -c drift -n __fish_use_subcommand -l no-pager -d 'print straight to the terminal'\n"
			 "complete -c drift -n '__fish_seen_subcommand_from get put patch rm edit ls history blame'"
			 " -a '(drift ls 2>/dev/null | head -n 1000)'\n"
			 "complete -c drift -n '__fish_seen_subcommand_from help' -f -a '");
	add_names(ctx, out);
	buf_add_str(out, "'\n");
	return each_command(ctx, out, add_fish_command);
}

static int completion(struct cmd_context *ctx, int argc, char **argv)
{
	auto_buf out = BUF_INIT;
	int failed;

	if (argc != 1)
		return ctx_usage(ctx, "for which shell: bash, zsh or fish?");
	if (!strcmp(argv[0], "bash"))
		failed = add_bash(ctx, &out);
	else if (!strcmp(argv[0], "zsh"))
		failed = add_zsh(ctx, &out);
	else if (!strcmp(argv[0], "fish"))
		failed = add_fish(ctx, &out);
	else
		return ctx_usage(ctx, "'%s' is not one of bash, zsh and fish", argv[0]);
	if (failed || buf_check(&out, &ctx->err))
		return ctx_die(ctx, "write the completion");
	out_buf(&out);
	return EXIT_DONE;
}

const struct command cmd_completion = {
	.name = "completion",
	.task = "print the completion",
	.summary = "print a script that completes commands in a shell",
	.usage = usage,
	.run = completion,
	.words = shells,
};
