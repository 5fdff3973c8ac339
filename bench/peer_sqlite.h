/*
 * SQLite with history: a table of documents by key, and a table of all their versions that triggers fill after each insert, update
 * and delete; write-ahead log, synchronous=FULL. It records less than a commit does: no author, no message, no hashes.
 */
#ifndef BENCH_PEER_SQLITE_H
#define BENCH_PEER_SQLITE_H

#include <stdbool.h>
#include <stddef.h>

struct peer_sqlite;

/* Open the database, made if it is not there. no_sync: synchronous=OFF. */
struct peer_sqlite *peer_sqlite_open(const char *path, bool no_sync);
void peer_sqlite_close(struct peer_sqlite *p);
void peer_sqlite_begin(struct peer_sqlite *p);
void peer_sqlite_commit(struct peer_sqlite *p);
/* Insert or update one document; outside of begin and commit it is a transaction of its own. */
void peer_sqlite_put(struct peer_sqlite *p, const char *key, const char *text, size_t len);
/* The length of a document, 0 if it is absent; its bytes are looked at. */
size_t peer_sqlite_get(struct peer_sqlite *p, const char *key);
/* The documents of a file that corpus_write_lines wrote, in its order, in one transaction. */
void peer_sqlite_fill(struct peer_sqlite *p, const char *lines);
/* Answer "KEY TEXT" lines on standard input, each a transaction, with "ok" lines. */
void peer_sqlite_serve(struct peer_sqlite *p);

#endif
