/*
 * The messages of a session, each a frame of the wire: what they hold, as bytes and back. Documentation/drift-format-sync.adoc
 * says when which is sent. Decoders accept exactly what encoders write, check every count against a limit, and copy: what they
 * give does not point into the frame. They fail with DRIFT_ERR_CORRUPT or DRIFT_ERR_LIMIT.
 */
#ifndef SYNC_MESSAGE_H
#define SYNC_MESSAGE_H

#include "base/buf.h"
#include "base/textdiff.h" /* struct text */
#include "objects/oid.h"

#define PROTOCOL_VERSION 1

enum message_type {
	MESSAGE_KEEPALIVE = 0,
	MESSAGE_HELLO = 1,
	MESSAGE_FETCH = 2,
	MESSAGE_REFS = 3,
	MESSAGE_NOTHING = 4,    /* empty: the client has all it asked for, or asked for refs alone */
	MESSAGE_NEED_HAVES = 5, /* empty */
	MESSAGE_HAVES = 6,
	MESSAGE_DATA = 7,       /* a piece of the data stream */
	MESSAGE_END = 8,        /* empty: of the data stream */
	MESSAGE_PUSH = 9,
	MESSAGE_RESULT = 10,
	MESSAGE_ERROR = 11      /* the sender gives up; the connection ends */
};
/* "FETCH"; "?" for what is none. */
const char *message_name(uint8_t type);

#define MESSAGE_WORDS_MAX 4096  /* names asked for, capabilities, options */
#define MESSAGE_WORD_MAX 4096   /* bytes of each */
#define MESSAGE_IDS_MAX 16384   /* in a FETCH or HAVES */
#define MESSAGE_NAMES_MAX 16384 /* refs in one message */
#define MESSAGE_SENTENCE_MAX 1023
#define STORE_ID_LEN 16
#define ONLY_WORD "only" /* an option of FETCH: a collection that the client has, where it does not have all */

/* Words: "shallow", "depth=3". Points into what the message holds. */
struct message_words {
	struct text *items;
	size_t count;
};
/* Append to a list that one makes to be encoded; text must live as long. */
int message_words_add(struct message_words *words, const char *text, struct drift_error *err) MUST_CHECK;
/* The value of "NAME=value", "" of "NAME", NULL where it is not there. NUL-terminated in decoded messages. */
const char *message_words_find(const struct message_words *words, const char *name);

struct message_hello {
	uint64_t version; /* the highest that the sender speaks */
	unsigned char store_id[STORE_ID_LEN];
	struct text agent; /* "drift/0.1.0", for people */
	struct message_words capabilities;
	struct buf memory;
};

struct message_fetch {
	bool list_only;   /* tell the refs, send nothing */
	bool follow_tags; /* and the tags that lead to what the refs lead to */
	struct message_words refs;    /* full names, "HEAD", patterns of full names with one '*'; behind '^' what is left out */
	struct message_words options; /* what the server does not know it refuses */
	struct oid *haves;
	size_t have_count;
	struct buf memory;
};

struct message_ref {
	struct text name;
	struct oid id;
	enum object_kind kind; /* commit or tag */
};

struct message_refs {
	bool more;        /* another REFS follows */
	struct text head; /* the branch that HEAD names, "" if none or it is not told */
	struct message_ref *refs; /* sorted by name, each once */
	size_t count;
	/* To one who will push: what else is here with all that it leads to, of pushes that were cut. */
	struct oid *incoming;
	size_t incoming_count;
	struct buf memory;
};

struct message_haves {
	struct oid *ids;
	size_t count;
};

struct message_update {
	struct text name;
	bool has_old, has_new; /* else it is to be absent */
	struct oid old, new;
	bool force; /* new need not have old among its ancestors */
};

struct message_push {
	bool has_data;      /* DATA and END follow */
	bool independent;   /* each update on its own instead of all or none */
	struct text actor;  /* for the log of refs */
	struct message_update *updates; /* each name once */
	size_t count;
	struct buf memory;
};

enum update_status {
	UPDATE_DONE = 0,
	UPDATE_STALE = 1,    /* the ref holds something else than `old` */
	UPDATE_DIVERGED = 2, /* no fast-forward */
	UPDATE_REFUSED = 3,  /* the sentence says why */
	UPDATE_NOT_TRIED = 4 /* it could have been done, but another of the same push could not */
};

struct message_outcome {
	enum update_status status;
	struct text sentence; /* "" where there is none */
};

/* One for each update of the PUSH, in its order. */
struct message_result {
	struct message_outcome *outcomes;
	size_t count;
	struct buf memory;
};

struct message_error {
	enum drift_error_code code;
	struct text sentence; /* one line; what controls a terminal becomes '?' when it is encoded */
	struct buf memory;
};

/* Append the payload to out; buf_check(out) tells whether it went. What breaks a limit makes too long a message. */
void message_hello_encode(const struct message_hello *m, struct buf *out);
void message_fetch_encode(const struct message_fetch *m, struct buf *out);
void message_refs_encode(const struct message_refs *m, struct buf *out);
void message_haves_encode(const struct message_haves *m, struct buf *out);
void message_push_encode(const struct message_push *m, struct buf *out);
void message_result_encode(const struct message_result *m, struct buf *out);
void message_error_encode(const struct message_error *m, struct buf *out);

/* *out is released by the caller, if this succeeds. */
int message_hello_decode(const void *data, size_t len, struct message_hello *out, struct drift_error *err) MUST_CHECK;
int message_fetch_decode(const void *data, size_t len, struct message_fetch *out, struct drift_error *err) MUST_CHECK;
int message_refs_decode(const void *data, size_t len, struct message_refs *out, struct drift_error *err) MUST_CHECK;
int message_haves_decode(const void *data, size_t len, struct message_haves *out, struct drift_error *err) MUST_CHECK;
int message_push_decode(const void *data, size_t len, struct message_push *out, struct drift_error *err) MUST_CHECK;
int message_result_decode(const void *data, size_t len, struct message_result *out, struct drift_error *err) MUST_CHECK;
int message_error_decode(const void *data, size_t len, struct message_error *out, struct drift_error *err) MUST_CHECK;

/* Also for messages that one made to be encoded: lists are freed, texts only where they are in memory. */
void message_hello_release(struct message_hello *m);
void message_fetch_release(struct message_fetch *m);
void message_refs_release(struct message_refs *m);
void message_haves_release(struct message_haves *m);
void message_push_release(struct message_push *m);
void message_result_release(struct message_result *m);
void message_error_release(struct message_error *m);

#endif
