/*
 * Documents to measure with, the same in each run: JSON of an exact length with a name, a mail address, numbers, a time, tags and
 * words, under keys that look random. Each edit of a document changes one of its fields.
 */
#ifndef BENCH_CORPUS_H
#define BENCH_CORPUS_H

#include <stddef.h>

#define CORPUS_COLLECTION "users"
#define CORPUS_KEY_LEN 8
#define CORPUS_PATH_LEN (sizeof(CORPUS_COLLECTION) + CORPUS_KEY_LEN)
#define CORPUS_TEXT_MAX 512

/* Key number i, eight hexadecimal digits and a NUL; all differ. */
void corpus_key(size_t i, char out[CORPUS_KEY_LEN + 1]);
/* "users/KEY" and a NUL. */
void corpus_path(size_t i, char out[CORPUS_PATH_LEN + 1]);
/* Document number i after `edit` edits (0: as made), of len bytes (190 to CORPUS_TEXT_MAX) and a NUL. */
void corpus_text(size_t i, size_t edit, size_t len, char out[CORPUS_TEXT_MAX + 1]);
/* The numbers 0 to count - 1 in order of their keys, to be freed. */
size_t *corpus_sorted(size_t count);
/* All of them in the order of their numbers, a line each. */
void corpus_write_lines(const char *path, size_t count, size_t len);

#endif
