/* UTF-8 (RFC 3629), and text made fit for terminals and streams. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"

/* Neither overlong forms nor surrogates nor anything above U+10FFFF. */
bool utf8_valid(const void *data, size_t len);
/* Length in bytes (1 to 4) of the code point at p, or 0 if it is not valid; code_out may be NULL. */
size_t utf8_decode(const void *p, size_t len, uint32_t *code_out);
/* Write the 1 to 4 bytes of a code point at p, which has room for 4; 0 if it is none. */
size_t utf8_encode(uint32_t code, unsigned char *p);

/* Columns on a terminal: 0 (combining, control), 1 or 2 (East Asian wide, emoji). */
int utf8_width(uint32_t code);
/* The columns of a text; bytes that are not valid count one each. */
size_t utf8_text_width(const void *data, size_t len);
/* The longest start of the text, in bytes, that is no wider than max_width columns. */
size_t utf8_cut(const void *data, size_t len, size_t max_width);

/* A code point that turns text round or hides in it: C1 controls, bidirectional and invisible format characters. */
bool utf8_deceptive(uint32_t code);

/*
 * Append text with all that could confuse or steer a terminal escaped: control
 * characters and invalid bytes as \xNN, C1 controls, bidirectional and invisible
 * format characters as \u{202E}. Backslashes stay. A tab or newline is escaped
 * unless keep_lines.
 */
void text_escape_terminal(struct buf *out, const void *data, size_t len);
void text_escape_lines(struct buf *out, const void *data, size_t len);
/* The same for a text of JSON, which stays one with the same meaning: \u202e. */
void text_escape_json(struct buf *out, const void *data, size_t len);

/*
 * git's C-style quoting of paths: as it is, or in double quotes with \n, \t, \", \\ and
 * \303\244 octal for control characters and bytes above 127, if it holds any of those.
 */
void quote_c(struct buf *out, const void *data, size_t len);
/* True if quote_c would put it in quotes. */
bool quote_c_needed(const void *data, size_t len);
/*
 * Read a quoted text that starts at the double quote text[0]; appends its bytes and
 * returns the length consumed with both quotes, or 0, out unchanged, if it is malformed.
 */
size_t unquote_c(const char *text, size_t len, struct buf *out) MUST_CHECK;

#endif
