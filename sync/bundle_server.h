/* Serves a bundle file as server.h does a repository: fetches alone. */
#ifndef SYNC_BUNDLE_SERVER_H
#define SYNC_BUNDLE_SERVER_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

/*
 * Over the descriptor, which is closed in any case. The whole file is checked before a byte of it is told. Whoever fetches gets all that it
 * holds. What goes wrong is told the client too.
 */
int bundle_server_run(const char *path, int fd, int64_t timeout_ms, struct drift_error *err) MUST_CHECK;

#endif
