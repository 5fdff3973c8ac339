/* Printing what changed between two trees, document by document, for log, show, diff and history. */
#ifndef CLI_CHANGE_OUTPUT_H
#define CLI_CHANGE_OUTPUT_H

#include "cli/output.h"

enum change_style {
	CHANGES_NONE,
	CHANGES_NAME_ONLY,   /* the path */
	CHANGES_NAME_STATUS, /* "A", "M" or "D", a tab, the path */
	CHANGES_STAT,        /* a line a document with what came and went, and a line of sums */
	CHANGES_PATCH        /* by field, by line */
};

/* Paths, collections ("users") and prefixes that end with a slash, as history_touches takes them. */
struct path_filter {
	const char *const *prefixes;
	size_t count; /* 0: everything */
};
bool path_filter_takes(const struct path_filter *filter, const char *path, size_t len);

struct change_printer {
	struct cmd_context *ctx;
	enum change_style style;
	struct path_filter filter;
	struct json_writer *json; /* in an open array: an object a document; or NULL */
	bool json_lines;          /* print an object a line */
	struct buf *out;          /* text is appended here ... */
	bool hold;                /* ... and stays there; otherwise it is printed now and then */
	uint64_t added, modified, deleted; /* documents so far */
	uint64_t parts_added, parts_removed; /* fields and lines; CHANGES_STAT */
};

/* To be given to tree_diff and history_changes, with the printer as data. */
int change_printer_each(void *data, const struct path *path, const struct document *a, const struct document *b,
			struct drift_error *err);
/* Does it print paths and kinds alone? Then change_printer_each_name does as well, to be given to changed_between. */
bool change_printer_names(const struct change_printer *p);
int change_printer_each_name(void *data, const struct path *path, enum change_kind kind, struct drift_error *err);
/* The one prefix that a tree_diff can be narrowed to, "" if there is none. */
const char *change_printer_prefix(const struct change_printer *p, struct buf *memory);
/* The sums of CHANGES_STAT. */
void change_printer_finish(struct change_printer *p);

#endif
