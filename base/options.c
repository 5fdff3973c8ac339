#include "base/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/config_file.h"
#include "base/mem.h"

enum { NAME_SHOWN_MAX = 100 };

struct parser {
	const struct option_table *table;
	char *const *argv;
	int argc;
	int at; /* the next word */
	struct option_result *result;
	struct drift_error *err;
};

/* One option as it was written: how to name it in errors, and what was given with it. */
struct given {
	const struct option_spec *spec;
	const char *name; /* without dashes */
	int name_len;
	bool is_long;
	bool no;
	const char *value; /* attached to it, or NULL */
};

void option_list_release(struct option_list *list)
{
	free(list->items);
	list->items = NULL;
	list->count = 0;
	list->capacity = 0;
}

void option_result_release(struct option_result *result)
{
	option_list_release(&result->arguments);
}

static int list_add(struct option_list *list, const char *item, struct drift_error *err)
{
	if (mem_grow(&list->items, &list->capacity, list->count + 1, sizeof(*list->items)) < 0)
		return error_no_memory(err);
	list->items[list->count++] = item;
	return 0;
}

static const char *dashes(const struct given *g)
{
	return g->is_long ? "--" : "-";
}

static int bad_option(const struct parser *p, const struct given *g, const char *why)
{
	return error_set(p->err, DRIFT_ERR_INVALID, "option '%s%.*s' %s", dashes(g), g->name_len,
			 g->name, why);
}

/* An option that takes an argument gets it from behind "=", the same word or the next one. */
static int find_argument(struct parser *p, struct given *g)
{
	if (!g->spec->argument || g->no)
		return g->value ? bad_option(p, g, "takes no argument") : 0;
	if (g->value || g->spec->argument_optional)
		return 0;
	if (p->at >= p->argc)
		return bad_option(p, g, "needs an argument");
	g->value = p->argv[p->at++];
	return 0;
}

static int store_int(const struct parser *p, const struct given *g)
{
	int64_t *value = g->spec->value;

	if (config_parse_int(g->value, value, p->err) < 0)
		return error_prefix(p->err, DRIFT_OK, "option '%s%.*s'", dashes(g), g->name_len,
				    g->name);
	return 0;
}

static int store(struct parser *p, struct given *g)
{
	const struct option_spec *spec = g->spec;

	if (find_argument(p, g) < 0)
		return -1;
	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)spec->value = !g->no;
		return 0;
	case OPTION_TRISTATE:
		*(int *)spec->value = !g->no;
		return 0;
	case OPTION_STRING:
		*(const char **)spec->value = g->no ? NULL : g->value ? g->value : "";
		return 0;
	case OPTION_INT:
		return store_int(p, g);
	case OPTION_LIST:
		return list_add(spec->value, g->value ? g->value : "", p->err);
	case OPTION_CALLBACK:
		return spec->callback(spec->value, g->value, g->no, p->err);
	}
	return 0;
}

static const struct option_spec *find_long(const struct option_table *table, const char *name,
					   size_t len)
{
	size_t i;

	for (i = 0; i < table->spec_count; i++) {
		const char *other = table->specs[i].long_name;

		if (other && strlen(other) == len && !memcmp(other, name, len))
			return &table->specs[i];
	}
	return NULL;
}

static const struct option_spec *find_short(const struct option_table *table, char name)
{
	size_t i;

	for (i = 0; i < table->spec_count; i++)
		if (table->specs[i].short_name == name)
			return &table->specs[i];
	return NULL;
}

static bool allows_no(const struct option_spec *spec)
{
	return spec->kind == OPTION_FLAG || spec->kind == OPTION_TRISTATE ||
	       spec->kind == OPTION_STRING || (spec->kind == OPTION_CALLBACK && spec->allow_no);
}

/* "--no-x" for x, and "--x" for an option that is itself named "no-x". */
static const struct option_spec *find_negated(const struct option_table *table, const char *name,
					      size_t len)
{
	size_t i;

	for (i = 0; i < table->spec_count; i++) {
		const struct option_spec *spec = &table->specs[i];
		const char *other = spec->long_name;

		if (!other || !allows_no(spec))
			continue;
		if (len > 3 && !memcmp(name, "no-", 3) && strlen(other) == len - 3 &&
		    !memcmp(other, name + 3, len - 3))
			return spec;
		if (!strncmp(other, "no-", 3) && strlen(other) == len + 3 &&
		    !memcmp(other + 3, name, len))
			return spec;
	}
	return NULL;
}

static int unknown_long(const struct parser *p, const char *name, size_t len)
{
	size_t count = p->table->spec_count, i, n = 0;
	const char **names = mem_calloc(count + 2, sizeof(*names));
	auto_free char *word = mem_dup_str(name, len < NAME_SHOWN_MAX ? len : NAME_SHOWN_MAX);
	const char *near;

	if (!names || !word) {
		free(names);
		return error_no_memory(p->err);
	}
	for (i = 0; i < count; i++)
		if (p->table->specs[i].long_name)
			names[n++] = p->table->specs[i].long_name;
	names[n] = "help";
	near = options_nearest(word, names);
	free(names);
	if (near)
		return error_set(p->err, DRIFT_ERR_INVALID,
				 "unknown option '--%s'; did you mean '--%s'?", word, near);
	return error_set(p->err, DRIFT_ERR_INVALID, "unknown option '--%s'", word);
}

static int parse_long(struct parser *p, const char *word)
{
	size_t len = strcspn(word, "=");
	struct given g = { .name = word, .is_long = true };

	g.name_len = (int)(len < NAME_SHOWN_MAX ? len : NAME_SHOWN_MAX);
	g.value = word[len] ? word + len + 1 : NULL;
	g.spec = find_long(p->table, word, len);
	if (!g.spec) {
		g.spec = find_negated(p->table, word, len);
		g.no = true;
	}
	if (g.spec)
		return store(p, &g);
	if (len == 4 && !memcmp(word, "help", 4)) {
		p->result->help = true;
		return 0;
	}
	return unknown_long(p, word, len);
}

static const struct option_spec *find_bare_number(const struct option_table *table)
{
	size_t i;

	for (i = 0; i < table->spec_count; i++)
		if (table->specs[i].bare_number)
			return &table->specs[i];
	return NULL;
}

static int parse_short(struct parser *p, const char *word)
{
	struct given g = { .name = word, .name_len = 1 };

	g.spec = find_bare_number(p->table);
	if (g.spec && word[strspn(word, "0123456789")] == '\0') {
		g.value = word;
		return store(p, &g);
	}
	for (; *word && !p->result->help; word++) {
		g.name = word;
		g.value = NULL;
		g.spec = find_short(p->table, *word);
		if (!g.spec && *word == 'h') {
			p->result->help = true;
			return 0;
		}
		if (!g.spec)
			return error_set(p->err, DRIFT_ERR_INVALID, "unknown option '-%c'", *word);
		if (g.spec->argument && word[1]) {
			g.value = word + 1;
			return store(p, &g);
		}
		if (store(p, &g) < 0)
			return -1;
	}
	return 0;
}

int options_parse(const struct option_table *table, int argc, char *const *argv,
		  struct option_result *result, struct drift_error *err)
{
	struct parser p = { table, argv, argc, 0, result, err };
	bool only_arguments = false;

	memset(result, 0, sizeof(*result));
	while (p.at < argc && !result->help) {
		const char *word = argv[p.at++];
		int r;

		if (only_arguments || word[0] != '-' || !word[1]) {
			r = list_add(&result->arguments, word, err);
			only_arguments |= table->stop_at_argument;
		} else if (!strcmp(word, "--")) {
			result->has_separator = true;
			result->separator = result->arguments.count;
			only_arguments = true;
			r = 0;
		} else if (word[1] == '-') {
			r = parse_long(&p, word + 2);
		} else {
			r = parse_short(&p, word + 1);
		}
		if (r < 0)
			return -1;
	}
	return 0;
}
