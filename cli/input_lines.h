/* Lines (or records that end with NUL) of a stream, for commands that answer them one by one. */
#ifndef CLI_INPUT_LINES_H
#define CLI_INPUT_LINES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/textdiff.h" /* struct text */

#define INPUT_LINE_MAX ((size_t)64 << 20)

struct input_lines {
	int fd;
	char end; /* '\n' or '\0' */
	struct buf data;
	size_t start;    /* of what was not given out yet */
	size_t scanned;  /* no end is before here */
	bool ended;      /* no more bytes come */
	bool skipping;   /* the rest of a line that is too long */
	uint64_t number; /* of the line last given, from 1 */
};

enum input_result {
	INPUT_FAILED = -1,
	INPUT_END = 0,
	INPUT_LINE = 1,
	INPUT_WAIT = 2 /* only without `wait`: no whole line is there yet */
};

void input_lines_init(struct input_lines *in, int fd, char end);
void input_lines_release(struct input_lines *in);
#define auto_input_lines __attribute__((cleanup(input_lines_release))) struct input_lines

/*
 * The next line without its end, followed by a NUL that does not count, good until the next call; a last line may lack its end.
 * INPUT_FAILED with DRIFT_ERR_LIMIT: it is longer than INPUT_LINE_MAX; the next call goes on behind it.
 */
enum input_result input_lines_next(struct input_lines *in, bool wait, struct text *line_out, struct drift_error *err);

#endif
