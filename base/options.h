/*
 * Command-line options from a table: -x, -xyz, -n5, -n 5, --name, --name=value,
 * --name value, --no-name; "--" ends them; options and arguments may mix.
 * Nothing is printed here.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

enum option_kind {
	OPTION_FLAG,     /* bool; --no-name sets false */
	OPTION_TRISTATE, /* int: 1 given, 0 with --no-name; left alone (say -1) if absent */
	OPTION_STRING,   /* const char *; --no-name sets NULL */
	OPTION_INT,      /* int64_t, decimal, with an optional k, m or g */
	OPTION_LIST,     /* struct option_list, one item more each time */
	OPTION_CALLBACK  /* see below; value is its context */
};

struct option_list {
	const char **items; /* point into argv */
	size_t count;
	size_t capacity;
};

struct option_spec {
	enum option_kind kind;
	char short_name;       /* or 0 */
	const char *long_name; /* without dashes; or NULL */
	void *value;
	const char *argument; /* its name in the usage text, "FILE"; NULL: takes none */
	const char *help;     /* NULL: not shown */
	bool argument_optional; /* --name or --name=VALUE, -x or -xVALUE; "" is stored without */
	bool bare_number;       /* OPTION_INT: -5 is short for -n 5 */
	/* argument NULL if none was given; `no` for --no-name, which only callbacks with allow_no get */
	int (*callback)(void *value, const char *argument, bool no, struct drift_error *err);
	bool allow_no;
};

struct option_table {
	const char *const *usage; /* lines such as "drift put PATH [FILE]", NULL-ended */
	const struct option_spec *specs;
	size_t spec_count;
	bool stop_at_argument; /* the first argument ends the options */
};

struct option_result {
	struct option_list arguments;
	bool has_separator; /* "--" was there, before argument number `separator` */
	size_t separator;
	bool help; /* -h or --help was given, unless the table has its own; the rest is not read */
};

/*
 * argv without the program's name. DRIFT_ERR_INVALID with a sentence such as "unknown option
 * '--jsno'; did you mean '--json'?". Release result in any case.
 */
int options_parse(const struct option_table *table, int argc, char *const *argv,
		  struct option_result *result, struct drift_error *err) MUST_CHECK;
void option_result_release(struct option_result *result);
void option_list_release(struct option_list *list);

/* "usage: ..." lines, a blank line, and the options, aligned. */
void options_usage(const struct option_table *table, struct buf *out);

/* Of the words (NULL-ended), the one that word is most likely a slip of, or NULL. */
const char *options_nearest(const char *word, const char *const *words);

#endif
