#include "t/unit/line.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/channel.h"

/* One way of the line: a thread that carries bytes. */
struct carrier {
	pthread_t thread;
	int from, to;
	uint64_t left, passed;
};

static struct {
	uint64_t cut_after[2];
	struct carrier carriers[2];
	bool open;
} line = { .cut_after = { LINE_WHOLE, LINE_WHOLE } };

static void *carry(void *data)
{
	struct carrier *c = data;
	char bytes[4096];
	ssize_t n = 1;

	while (c->left && n > 0) {
		size_t len = c->left < sizeof(bytes) ? (size_t)c->left : sizeof(bytes);

		n = recv(c->from, bytes, len, 0);
		for (ssize_t at = 0; at < n;) {
			ssize_t sent = send(c->to, bytes + at, (size_t)(n - at), MSG_NOSIGNAL);

			if (sent <= 0) {
				/* Nobody reads any more: who writes is to know. */
				shutdown(c->from, SHUT_RD);
				n = 0;
				break;
			}
			at += sent;
		}
		if (n > 0) {
			c->passed += (uint64_t)n;
			c->left -= (uint64_t)n;
		}
	}
	shutdown(c->to, c->left ? SHUT_WR : SHUT_RDWR);
	if (!c->left)
		shutdown(c->from, SHUT_RDWR);
	return NULL;
}

static void end(void)
{
	if (!line.open)
		return;
	for (int i = 0; i < 2; i++)
		pthread_join(line.carriers[i].thread, NULL);
	for (int i = 0; i < 2; i++)
		close(line.carriers[i].from);
	line.open = false;
}

void line_cut(enum line_way way, uint64_t after)
{
	line.cut_after[way] = after;
}

int line_pair(int ends[2], struct drift_error *err)
{
	int client[2], server[2];

	end();
	if (channel_pair(client, err) || channel_pair(server, err))
		return -1;
	line.carriers[LINE_TO_SERVER] = (struct carrier){ .from = client[1], .to = server[1] };
	line.carriers[LINE_TO_CLIENT] = (struct carrier){ .from = server[1], .to = client[1] };
	for (int i = 0; i < 2; i++) {
		line.carriers[i].left = line.cut_after[i];
		if (pthread_create(&line.carriers[i].thread, NULL, carry, &line.carriers[i]))
			return error_set(err, DRIFT_ERR_NO_MEMORY, "cannot start a thread");
	}
	line.open = true;
	ends[0] = client[0];
	ends[1] = server[0];
	return 0;
}

uint64_t line_passed(enum line_way way)
{
	end();
	return line.carriers[way].passed;
}
