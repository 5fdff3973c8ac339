/* The transports, for the table of them. */
#ifndef SYNC_CONNECTION_INTERNAL_H
#define SYNC_CONNECTION_INTERNAL_H

#include "sync/connection.h"
#include "sync/url.h"

struct transport {
	/* Is it for such a place? */
	bool (*takes)(const struct url *url);
	/* *data_out goes to close. */
	int (*open)(const struct url *url, const struct connection_options *options, void **data_out, int fds_out[2],
		    struct drift_error *err);
	int (*close)(void *data, struct drift_error *err);
};

extern const struct transport transport_path;
extern const struct transport transport_ssh;

#endif
