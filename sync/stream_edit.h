/* How one version of a document is told by another. */
#ifndef SYNC_STREAM_EDIT_H
#define SYNC_STREAM_EDIT_H

#include "base/buf.h"
#include "base/textdiff.h" /* struct text */

/* Both begin with the same bytes and end with the same ones, which do not overlap in either. */
void stream_edit_ends(const struct text *a, const struct text *b, size_t *head_len_out, size_t *tail_len_out);

/*
 * Appends pieces that make `to` of `from`: varint length << 1, the new bytes; or varint length << 1 | 1, svarint distance of
 * its start in `from` from the end of the piece taken from there before (at first the start). Gives up and returns 0 where that takes more than len_max bytes, else 1;
 * -1 without memory.
 */
int stream_edit_pieces(const struct text *from, const struct text *to, size_t len_max, struct buf *out,
		       struct drift_error *err) MUST_CHECK;

#endif
