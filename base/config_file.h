/*
 * Configuration in git's INI form:
 *   [section]  or  [section "Sub\"section"]  or  [section] key = value  # comment
 * Section and key names are case-insensitive, subsections are not. Values may
 * be quoted in part, know \" \\ \n \t \b and continue on the next line after a
 * backslash. A key without '=' is a true boolean. The last value wins.
 *
 * A name is "section.key" or "section.subsection.key"; the subsection may hold dots.
 */
#ifndef BASE_CONFIG_FILE_H
#define BASE_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

#define CONFIG_TEXT_MAX ((size_t)1 << 20)

/* ---- one text ---- */

/* Called for each entry in order; name is normalised; value NULL where there is no '='.
 * Non-zero stops and is returned. */
typedef int config_entry_fn(void *context, const char *name, const char *value);

/* Errors name the line: DRIFT_ERR_INVALID "line 3: ...". */
int config_text_parse(const char *text, size_t len, config_entry_fn *entry, void *context,
		      struct drift_error *err) MUST_CHECK;

/* Check a name and append it in normal form (section and key in lower case). */
int config_name_normalise(const char *name, struct buf *out, struct drift_error *err) MUST_CHECK;

enum config_edit_kind {
	CONFIG_SET,   /* replace the one value, or add; DRIFT_ERR_AMBIGUOUS if there are several */
	CONFIG_ADD,   /* one more value */
	CONFIG_UNSET, /* remove all values; DRIFT_ERR_NOT_FOUND if there are none */
	CONFIG_REPLACE_ALL /* one value in place of any number */
};

struct config_edit {
	enum config_edit_kind kind;
	const char *name;
	const char *value; /* not for CONFIG_UNSET */
};

/* Append the changed text to out; comments and layout of the rest stay. */
int config_text_edit(const char *text, size_t len, const struct config_edit *edit,
		     struct buf *out, struct drift_error *err) MUST_CHECK;
/* Remove all sections with that name ("section" or "section.subsection"), with what is in them. */
int config_text_remove_section(const char *text, size_t len, const char *section,
			       struct buf *out, struct drift_error *err) MUST_CHECK;

/* yes, on, true, 1 and a missing value; no, off, false, 0 and an empty one; any integer. */
int config_parse_bool(const char *value, bool *out, struct drift_error *err) MUST_CHECK;
/* A decimal number with an optional k, m or g (powers of 1024). */
int config_parse_int(const char *value, int64_t *out, struct drift_error *err) MUST_CHECK;

/* ---- several texts, one above the other ---- */

enum config_layer { CONFIG_SYSTEM, CONFIG_USER, CONFIG_REPOSITORY, CONFIG_COMMAND, CONFIG_LAYERS };

struct config;

int config_create(struct config **out, struct drift_error *err) MUST_CHECK;
void config_free(struct config *config);

/* Take all entries of a text; `where` (a path) goes before the messages of errors. */
int config_add_text(struct config *config, enum config_layer layer, const char *where,
		    const struct buf *text, struct drift_error *err) MUST_CHECK;
/* "name=value", or "name" for true, as given on a command line. */
int config_add_override(struct config *config, const char *assignment, struct drift_error *err)
	MUST_CHECK;
/* Forget one layer. */
void config_drop_layer(struct config *config, enum config_layer layer);

/* The value that counts: of the highest layer, the last. False if there is none. value_out is
 * NULL for a key without '=', and belongs to config. name in any case. */
bool config_find(const struct config *config, const char *name, const char **value_out);
/* The value, or otherwise if it is not set; a key without '=' is an error. */
int config_get_string(const struct config *config, const char *name, const char *otherwise,
		      const char **out, struct drift_error *err) MUST_CHECK;
int config_get_bool(const struct config *config, const char *name, bool otherwise, bool *out,
		    struct drift_error *err) MUST_CHECK;
int config_get_int(const struct config *config, const char *name, int64_t otherwise,
		   int64_t *out, struct drift_error *err) MUST_CHECK;

struct config_entry {
	const char *name; /* normalised */
	const char *value; /* or NULL */
	enum config_layer layer;
};

size_t config_count(const struct config *config);
/* Entries from the lowest layer up, in the order of their texts; i < config_count. */
struct config_entry config_at(const struct config *config, size_t i);

#endif
