/*
 * Content-defined chunking of big blobs: FastCDC (Xia et al. 2016) with normalised chunking and a gear table that is
 * part of the format. A storage form only: the blob's id is the hash of the whole.
 */
#ifndef OBJECTS_CHUNK_H
#define OBJECTS_CHUNK_H

#include <stddef.h>

#define CHUNK_THRESHOLD ((size_t)1 << 20) /* blobs longer than this are cut */
#define CHUNK_LEN_MIN ((size_t)16 << 10)
#define CHUNK_LEN_AVERAGE ((size_t)64 << 10)
#define CHUNK_LEN_MAX ((size_t)256 << 10)

/* Length of the first chunk of data[0..len): len itself if that is at most CHUNK_LEN_MIN. */
size_t chunk_cut(const void *data, size_t len);

#endif
