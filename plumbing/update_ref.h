/* update-ref --stdin. */
#ifndef PLUMBING_UPDATE_REF_H
#define PLUMBING_UPDATE_REF_H

#include "plumbing/write_refs.h"

/* Follow the instructions on standard input. An exit code. */
int update_ref_stream(struct object_reader *reader, struct ref_edits *edits, bool no_deref);

#endif
