/* The asking end of a session: requests to whoever serves a remote, and what comes back, unjudged. */
#ifndef SYNC_CLIENT_H
#define SYNC_CLIENT_H

#include "repo/remote.h"
#include "sync/message.h"
#include "sync/receive.h"
#include "sync/send.h"
#include "sync/wire.h"

#define CLIENT_REFS_MAX 1000000

struct client;

struct client_options {
	const struct remote *remote;
	bool push;                /* to a place that takes pushes, and serves fetches too */
	const char *pack_command; /* on the other machine, instead of the remote's; or NULL */
};

/* Nothing is sent yet. */
int client_open(struct repo *repo, const struct client_options *options, struct client **out, struct drift_error *err)
	MUST_CHECK;
/* The same with an end of a connection that there is already, as wire_new takes it. */
int client_attach(struct repo *repo, int in, int out, int64_t timeout_ms, struct client **out_client,
		  struct drift_error *err) MUST_CHECK;
/* Hang up. NULL-safe. */
void client_close(struct client *client);
void client_cleanup(struct client **client);
#define auto_client __attribute__((cleanup(client_cleanup))) struct client

/* What the other end told of its refs, in order of name. */
struct client_refs {
	struct client_ref {
		char *name;
		struct oid id;
		enum object_kind kind;
	} *items;
	size_t count, capacity;
	char head[REF_NAME_MAX + 1]; /* the branch that its HEAD names; "" */
	struct oid *incoming;        /* what it has beside that; see struct message_refs */
	size_t incoming_count;
};
void client_refs_release(struct client_refs *refs);
#define auto_client_refs __attribute__((cleanup(client_refs_release))) struct client_refs
const struct client_ref *client_refs_find(const struct client_refs *refs, const char *name);

struct client_request {
	const struct message_words *refs;
	bool list_only, follow_tags;
};

/*
 * Ask for refs, and for all they lead to that we lack unless list_only. *data_follows_out: client_receive is to be called, once. What
 * we have is found by our refs and what came of transfers that were cut.
 */
int client_fetch(struct client *client, const struct client_request *request, struct client_refs *refs_out,
		 bool *data_follows_out, struct drift_error *err) MUST_CHECK;
/* Did the last client_fetch tell the other end that we have it? Then one of our refs leads to it. */
bool client_told(const struct client *client, const struct oid *id);
/* See sync_receive; what is cut is kept for the next time. */
int client_receive(struct client *client, const struct sync_progress *progress, struct received **out,
		   struct drift_error *err) MUST_CHECK;
/* Send the updates and, with push->has_data, what `what` says. One outcome for each update, to be released. */
int client_push(struct client *client, const struct message_push *push, const struct sync_send_options *what,
		struct message_result *out, struct sync_counts *counts_out, struct drift_error *err) MUST_CHECK;

/* Bytes, and the turns: how often this end waited for an answer. */
void client_counts(struct client *client, struct wire_counts *out);

#endif
