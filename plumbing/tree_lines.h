/* The lines of ls-tree: "<mode> <type> <id>\t<path>". */
#ifndef PLUMBING_TREE_LINES_H
#define PLUMBING_TREE_LINES_H

#include "cli/output.h"

#define TREE_MODE 040000U
#define REGULAR_MODE 0100644U

struct tree_lines {
	struct cmd_context *ctx; /* --json, -z */
	bool recursive, with_size, name_only;
};

/* The file mode shown for a document: one without mode is a regular file. */
uint32_t tree_line_mode(const struct document *doc);
/* The id shown: hexadecimal, a gitlink's own. */
void tree_line_id(const struct document *doc, char hex[OID_HEX_LEN + 1]);

/*
 * Print what the tree holds under prefix: documents with `recursive`, else the documents of the unnamed collection and a line
 * a collection. A prefix that ends with a slash is entered in any case; another is a document or a collection.
 */
int tree_lines_print(const struct tree_lines *lines, const struct tree_root *root, const char *prefix,
		     struct drift_error *err) MUST_CHECK;
/* Print one collection's documents, of which there is only the root: paths are keys. */
int tree_lines_print_map(const struct tree_lines *lines, const struct tree_root *root,
			 struct drift_error *err) MUST_CHECK;

#endif
