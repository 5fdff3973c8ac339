/* For tests of the store: a pack by hand, of the simplest kind, without a collector of garbage. */
#ifndef T_UNIT_PACKER_H
#define T_UNIT_PACKER_H

#include "objects/odb_files.h"

/* Put all sealed journals in one pack, without the commit at `drop` (LOC_UNKNOWN: with all); fails the test if it cannot. */
void pack_sealed(struct odb *odb, uint64_t drop);

/* The same pack, published, but not in place of anything yet; under the gc lock. */
void pack_make(struct odb *odb, uint64_t drop, struct pack_name *name_out);

#endif
