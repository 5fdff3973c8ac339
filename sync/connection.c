#include "sync/connection.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sync/connection_internal.h"

/* The first that takes it. */
static const struct transport *const transports[] = { &transport_ssh, &transport_path };

struct connection {
	const struct transport *transport;
	void *data;
};

int connection_open(const struct connection_options *options, struct connection **out, int *in_out, int *out_out,
		    struct drift_error *err)
{
	auto_free struct connection *c = mem_calloc(1, sizeof(*c));
	auto_url url = { .kind = URL_PATH };
	int fds[2];

	if (!c)
		return error_no_memory(err);
	if (url_parse(options->url, &url, err))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(transports) && !c->transport; i++) {
		if (transports[i]->takes(&url))
			c->transport = transports[i];
	}
	if (!c->transport)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "drift does not know how to reach '%.200s'", options->url);
	if (c->transport->open(&url, options, &c->data, fds, err))
		return -1;
	*in_out = fds[0];
	*out_out = fds[1];
	*out = take_ptr(c);
	return 0;
}

int connection_close(struct connection *connection, struct drift_error *err)
{
	int r;

	if (!connection)
		return 0;
	r = connection->transport->close(connection->data, err);
	free(connection);
	return r;
}
