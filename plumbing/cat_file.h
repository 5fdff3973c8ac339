/* The parts of cat-file. */
#ifndef PLUMBING_CAT_FILE_H
#define PLUMBING_CAT_FILE_H

#include "plumbing/object_reader.h"

/* What a line of --batch and --batch-check says about an object; checked by cat_file_check_format. */
#define CAT_FILE_FORMAT "%(objectname) %(objecttype) %(objectsize)"

/* DRIFT_ERR_INVALID names an unknown %(field). */
int cat_file_check_format(const char *format, struct drift_error *err) MUST_CHECK;
/* Answer each name on standard input; the bytes follow with `contents`. An exit code. */
int cat_file_batch(struct object_reader *reader, const char *format, bool contents);

#endif
