/*
 * Content-defined chunking of big blobs: FastCDC (Xia et al. 2016) with normalised chunking and a gear table that is
 * part of the format. A storage form only: the blob's id is the hash of the whole.
 */
#ifndef OBJECTS_CHUNK_H
#define OBJECTS_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#define CHUNK_THRESHOLD ((size_t)1 << 20) /* blobs longer than this are cut */
#define CHUNK_LEN_MIN ((size_t)16 << 10)
#define CHUNK_LEN_AVERAGE ((size_t)64 << 10)
#define CHUNK_LEN_MAX ((size_t)256 << 10)

/*
 * Length of the first chunk of data[0..len): len itself if that is at most CHUNK_LEN_MIN. Looks at CHUNK_LEN_MAX bytes at
 * most, so a stream gives that many, or all that are left.
 *
 * A fingerprint starts at 0 behind the first CHUNK_LEN_MIN bytes; each byte b makes it 2 * fingerprint + gear[b] modulo
 * 2^64. The chunk ends behind the first byte that leaves its top bits zero: CHUNK_BITS_STRICT of them before
 * CHUNK_LEN_AVERAGE, CHUNK_BITS_LOOSE from there on; at CHUNK_LEN_MAX in any case.
 */
size_t chunk_cut(const void *data, size_t len);

#define CHUNK_BITS_STRICT 18
#define CHUNK_BITS_LOOSE 14

/* Part of the format: gear[i] is the SipHash-2-4 of the one byte i under the key CHUNK_GEAR_KEY. */
#define CHUNK_GEAR_KEY "drift chunk gear"
extern const uint64_t chunk_gear[256];

#endif
