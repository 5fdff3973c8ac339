/*
 * What a program does to be pleasant on a terminal: colour, width, pager,
 * progress. For programs, not for libraries: this prints, to what it is given.
 */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

enum terminal_when { TERMINAL_AUTO, TERMINAL_ALWAYS, TERMINAL_NEVER };

/* "auto", "always" (or ""), "never". */
int terminal_parse_when(const char *text, enum terminal_when *out, struct drift_error *err)
	MUST_CHECK;
/* --color, then NO_COLOR, then CLICOLOR_FORCE, then a terminal with TERM other than "dumb". */
bool terminal_colour(enum terminal_when when, int fd);
bool terminal_is(int fd);
/* Columns: COLUMNS, else what the terminal says, else 80. */
size_t terminal_width(int fd);

/* ---- pager ---- */

struct pager;

/*
 * Send standard output through DRIFT_PAGER, PAGER or less, with LESS=FRX and LV=-c where they
 * are not set. *out is NULL, and nothing happens, if standard output is no terminal or the pager is "" or "cat".
 */
int pager_start(struct pager **out, struct drift_error *err) MUST_CHECK;
/* Give standard output back and wait until the reader has quit. NULL is allowed. */
void pager_finish(struct pager *pager);

/* ---- progress ---- */

enum progress_unit { PROGRESS_ITEMS, PROGRESS_BYTES };

struct progress_options {
	const char *title; /* "importing documents" */
	enum progress_unit unit;
	uint64_t total; /* 0: not known */
	int fd;         /* usually 2 */
	bool force;     /* also if fd is no terminal, and from the first moment */
	bool quiet;     /* never */
};

struct progress;

/* NULL, which all functions below take for "none", if there would be nothing to show. */
struct progress *progress_start(const struct progress_options *options);
/* Cheap enough for each item; draws at most ten times a second, from the second second on. */
void progress_update(struct progress *p, uint64_t done);
void progress_total(struct progress *p, uint64_t total);
/* Bytes that go with the items, to be shown beside them from the next update on. */
void progress_bytes(struct progress *p, uint64_t bytes);
/* Draw the last state and end the line, if anything was drawn; frees p. */
void progress_finish(struct progress *p);

#endif
