/* LMDB: a map in a file, mapped into memory, without any history: a bound from above for reading. */
#ifndef BENCH_PEER_LMDB_H
#define BENCH_PEER_LMDB_H

#include <stddef.h>

struct peer_lmdb;

/* Opens the folder, filled with the documents of the corpus if it is new. */
struct peer_lmdb *peer_lmdb_open(const char *dir, size_t count, size_t len);
/* One read transaction for all gets that follow. */
void peer_lmdb_read(struct peer_lmdb *p);
size_t peer_lmdb_get(struct peer_lmdb *p, const char *key);
void peer_lmdb_close(struct peer_lmdb *p);

#endif
