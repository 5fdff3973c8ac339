/* The scanner that reading and editing of configuration share. */
#ifndef BASE_CONFIG_INTERNAL_H
#define BASE_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

enum config_token { CONFIG_END = 0, CONFIG_SECTION = 1, CONFIG_ENTRY = 2 };

/* Offsets are into text. */
struct config_scan {
	const char *text;
	size_t len;
	size_t pos;
	size_t line; /* from 1, of the token last read */
	size_t line_start; /* where that line begins */
	struct buf section; /* in normal form, with a dot behind it; empty before the first */
	struct buf name;    /* of the entry, in normal form */
	struct buf value;
	bool has_value;
	size_t start;       /* of the token: its '[' or the key's first letter */
	size_t key_end;
	size_t value_start; /* raw value; where it is empty, the place right behind '=' or the key */
	size_t value_end;
	size_t value_stop; /* where blanks and continued lines behind it end, too */
	size_t end; /* behind the token; for an entry behind its newline */
	bool open;  /* the text ends in a backslash: what is put behind it would be taken in */
};

void config_scan_init(struct config_scan *s, const char *text, size_t len);
void config_scan_release(struct config_scan *s);
/* A config_token, or -1. */
int config_scan_next(struct config_scan *s, struct drift_error *err) MUST_CHECK;

bool config_is_key_char(char c);
char config_lower(char c);

#endif
