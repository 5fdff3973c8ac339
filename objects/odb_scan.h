/* Reading files of a store from one end to the other: for who derives something from all that stands there. */
#ifndef OBJECTS_ODB_SCAN_H
#define OBJECTS_ODB_SCAN_H

#include "objects/odb_files.h"

/*
 * Where the next frame will stand, as far as this process can know without a lock: what was appended before the call is
 * before *end_out. durable_out: what stands before it cannot vanish any more. Locations of frames.
 */
int odb_scan_end(struct odb *odb, uint64_t *end_out, uint64_t *durable_out, struct drift_error *err) MUST_CHECK;
/*
 * Each sound frame of a journal from location `from` (a frame's; 0 or of a file before: from its start) on, before `end`;
 * damaged ones are passed over. Non-zero from each stops and is returned. Threads may scan at once.
 */
int odb_scan_journal(const struct odb_file *file, uint64_t from, uint64_t end,
		     int (*each)(void *data, uint64_t loc, enum frame_kind kind, const void *payload, size_t len,
				 struct drift_error *err),
		     void *data, struct drift_error *err) MUST_CHECK;

#endif
