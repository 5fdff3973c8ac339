/* Printing to standard output in the forms that commands have in common. Write errors are found when the command ends. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/json_writer.h"
#include "cli/command.h"

#define SHORT_ID_LEN 10

enum colour { COLOUR_NONE, COLOUR_COMMIT, COLOUR_REF, COLOUR_ADDED, COLOUR_REMOVED, COLOUR_CHANGED, COLOUR_HEADING, COLOUR_FAINT };

/* The sequence that switches to a colour, or back with COLOUR_NONE; "" where there is no colour. */
const char *out_colour(const struct cmd_context *ctx, enum colour colour);

void out_bytes(const void *data, size_t len);
void out_buf(const struct buf *b);
void out_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * A path for people and line readers: escaped on a terminal; elsewhere its bytes, in C-style quotes if it holds
 * control characters or begins with a double quote. With -z always its bytes.
 */
void out_append_path(const struct cmd_context *ctx, struct buf *b, const char *path, size_t len);
/* That, and the end of the line: newline, or NUL with -z. */
void out_path_line(const struct cmd_context *ctx, const char *path, size_t len);
/* Authors, messages: escaped on a terminal, newlines kept only with keep_lines. */
void out_append_text(const struct cmd_context *ctx, struct buf *b, const char *text, size_t len, bool keep_lines);

/* That on a line of its own, newlines escaped too. */
void out_text_line(const struct cmd_context *ctx, const char *text);

/* The first SHORT_ID_LEN digits. */
const char *out_short_id(const struct oid *id, char hex[OID_HEX_LEN + 1]);
/* The first line of a message. */
struct text out_subject(const struct commit *c);
/* Minutes of a zone as written in commits; nonsense is 0. */
int16_t out_zone_min(const char *zone);

/* A text of JSON; what could deceive people is escaped on a terminal. */
int out_json_text(const struct buf *text, struct drift_error *err) MUST_CHECK;

/* One object of JSON a line. */
struct json_line {
	struct buf text;
	struct json_writer w;
};
/* Begin the line's object; the line is released by out_json_end in any case. */
void out_json_begin(struct json_line *line);
/* End the object, print it and a newline. */
int out_json_end(struct json_line *line, struct drift_error *err) MUST_CHECK;

/* Print nothing: something went wrong on the way. */
void out_json_drop(struct json_line *line);

/* Members of the open object. */
void out_json_id(struct json_writer *w, const char *key, const struct oid *id);
void out_json_path(struct json_writer *w, const char *path, size_t len);
void out_json_time(struct json_writer *w, const char *key, int64_t time_usec, int16_t zone_min);
/* id, seq, parents, tree, author, author_time, committer, committer_time, time (effective, UTC), message. */
void out_json_commit(struct json_writer *w, const struct commit *c);

/* Append "commit ...", "Seq:", "Author:", "Date:", a blank line and the message, indented; conflicts: how many, 0 is not said. */
void out_commit_head(const struct cmd_context *ctx, struct buf *b, const struct commit *c, uint64_t conflicts);
/* Append "1a2b3c4d5e fix price". */
void out_commit_line(const struct cmd_context *ctx, struct buf *b, const struct commit *c);

#endif
