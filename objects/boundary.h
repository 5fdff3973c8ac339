/*
 * Where nodes end. Whether an entry is the last of its node depends on its key, the level, and the encoded bytes
 * in the node so far, by a Weibull hazard of shape 4 in integer arithmetic:
 * the entry takes the node from `before` to `after` bytes (entries only, no head); with S the survival table
 * of the format document, the node goes on with probability S(after) / S(before), and the dice is
 * the SipHash-2-4 of the key under the format's constant key, its last byte XORed with the level.
 * An inner node does not end before it has NODE_FANOUT_MIN entries. A node always ends at or beyond BOUNDARY_FORCE bytes.
 */
#ifndef OBJECTS_BOUNDARY_H
#define OBJECTS_BOUNDARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOUNDARY_FORCE 12288 /* with the largest entry after it, still below NODE_LEN_MAX */

/* Inner nodes are half as large as leaves: every commit writes one of each level, and leaves are what gets compressed. */
#define BOUNDARY_INNER_SCALE 2

/* entry_count counts the entries of the node including this one. */
bool boundary_after(unsigned level, const void *key, size_t key_len, size_t before, size_t after, size_t entry_count);

/* The survival table's step in bytes and its entries, for the format document and its test. */
#define BOUNDARY_STEP 64
#define BOUNDARY_TABLE_LEN (BOUNDARY_FORCE / BOUNDARY_STEP + 1)
extern const uint32_t boundary_survival[BOUNDARY_TABLE_LEN];

#endif
