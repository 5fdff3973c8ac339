#include "sync/server.h"

#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "objects/odb_files.h"
#include "sync/server_internal.h"

int sync_timeout_ms(struct repo *repo, int64_t *out, struct drift_error *err)
{
	int64_t seconds;

	if (config_get_int(repo_config(repo), SYNC_TIMEOUT_KEY, SYNC_TIMEOUT_DEFAULT, &seconds, err))
		return -1;
	if (seconds < 1 || seconds > 86400)
		return error_set(err, DRIFT_ERR_INVALID, SYNC_TIMEOUT_KEY " is 1 to 86400 seconds");
	*out = seconds * 1000;
	return 0;
}

static int greet(struct server *s, struct drift_error *err)
{
	struct message_hello hello;

	if (session_hear_hello(&s->session, &hello, err))
		return -1;
	hex_encode(hello.store_id, STORE_ID_LEN, s->peer);
	s->peer[sizeof(s->peer) - 1] = '\0';
	message_hello_release(&hello);
	/* There is one version so far: the lower of the two is the one both speak. */
	return session_say_hello(&s->session, odb_store_id(repo_odb(s->repo)), err);
}

/* 1 / 0 the client is gone / -1 */
static int answer(struct server *s, struct drift_error *err)
{
	struct wire_frame frame;
	int r = session_read(&s->session, &frame, err);

	if (r <= 0)
		return r;
	if (frame.type == MESSAGE_FETCH)
		r = server_fetch(s, &frame, err);
	else if (frame.type == MESSAGE_PUSH)
		r = server_push(s, &frame, err);
	else
		r = session_unexpected(&frame, "FETCH or PUSH", err);
	return r || session_flush(&s->session, err) ? -1 : 1;
}

static int serve(struct server *s, struct drift_error *err)
{
	int r = greet(s, err) ? -1 : 1;

	while (r > 0)
		r = answer(s, err);
	return r;
}

int server_run(const char *dir, int in, int out, const struct server_options *options, struct drift_error *err)
{
	const struct repo_options how = { .exact = true, .read_only = false };
	struct drift_error why = { DRIFT_OK, "" };
	int64_t timeout_ms = options->timeout_ms;
	struct server s = { .may_push = options->may_push };
	auto_repo *repo = NULL;
	struct wire *wire = NULL;
	int r = repo_open(dir, &how, &repo, &why);

	if (r && !options->may_push && (why.code == DRIFT_ERR_PERMISSION || why.code == DRIFT_ERR_IO)) {
		/* Read-only media can be fetched from. */
		const struct repo_options read = { .exact = true, .read_only = true };

		r = repo_open(dir, &read, &repo, NULL);
	}
	if (!r && !timeout_ms)
		r = sync_timeout_ms(repo, &timeout_ms, &why);
	s.repo = repo;
	if (wire_new(in, out, timeout_ms ? timeout_ms : SYNC_TIMEOUT_DEFAULT * 1000, &wire, err) ||
	    session_init(&s.session, wire, err))
		return -1;
	if (!r)
		r = serve(&s, &why);
	if (r) {
		session_give_up(&s.session, &why);
		error_set(err, why.code, "%s", why.message);
	}
	session_release(&s.session);
	return r;
}
