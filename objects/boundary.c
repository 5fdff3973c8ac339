#include "objects/boundary.h"

#include <string.h>

#include "base/siphash.h"
#include "objects/node.h"

_Static_assert(BOUNDARY_FORCE + 2 + NODE_KEY_MAX + 2 + NODE_VALUE_MAX + 6 <= NODE_LEN_MAX,
	       "the largest leaf entry after the last byte before the bound must fit into a node");
_Static_assert(BOUNDARY_FORCE / BOUNDARY_INNER_SCALE + NODE_FANOUT_MIN *(2 + NODE_KEY_MAX + OID_LEN + 20) <=
		       NODE_LEN_MAX,
	       "an inner node of the least fan-out fits, however long the keys");

static const unsigned char boundary_key[SIPHASH_KEY_LEN] = {
	'd', 'r', 'i', 'f', 't', '/', 'b', 'o', 'u', 'n', 'd', 'a', 'r', 'y', '/', '1',
};

static uint64_t survival(size_t size)
{
	size_t step = size / BOUNDARY_STEP;
	uint64_t here;

	if (step >= BOUNDARY_TABLE_LEN - 1)
		return 0;
	here = boundary_survival[step];
	return here - (here - boundary_survival[step + 1]) * (size % BOUNDARY_STEP) / BOUNDARY_STEP;
}

bool boundary_after(unsigned level, const void *key, size_t key_len, size_t before, size_t after, size_t entry_count)
{
	unsigned char dice_key[SIPHASH_KEY_LEN];
	uint64_t dice, here;

	if (level && entry_count < NODE_FANOUT_MIN)
		return false;
	if (level) {
		before *= BOUNDARY_INNER_SCALE;
		after *= BOUNDARY_INNER_SCALE;
	}
	here = survival(before);
	if (!here || after >= BOUNDARY_FORCE)
		return true;
	memcpy(dice_key, boundary_key, sizeof(dice_key));
	dice_key[SIPHASH_KEY_LEN - 1] ^= (unsigned char)level;
	dice = siphash(dice_key, key, key_len) >> 32;
	return dice * here >= survival(after) << 32;
}
