/*
 * Remotes: other repositories by name, in the configuration, with git's keys:
 *   remote.NAME.url, .pushurl, .fetch, .push (refspecs, several), .uploadpack, .receivepack, .tagOpt (--tags, --no-tags),
 *   .prune, .only (collections, several), .depth
 *   branch.NAME.remote, .merge: what a branch follows
 * What the branches of a remote held when it was last asked stands in refs/remotes/NAME/.
 */
#ifndef REPO_REMOTE_H
#define REPO_REMOTE_H

#include "repo/refspec.h"
#include "repo/repo.h"

#define REMOTE_DEFAULT "origin"

enum remote_tags { REMOTE_TAGS_FOLLOW, REMOTE_TAGS_NONE, REMOTE_TAGS_ALL };

struct remote {
	char *name; /* NULL: a URL alone */
	char *url;
	char *push_url; /* NULL: the url */
	char *upload_pack, *receive_pack; /* or NULL */
	struct refspec_list fetch, push;
	enum remote_tags tags;
	bool prune;
	char **only; /* collections */
	size_t only_count;
	int64_t depth; /* 0: all */
};

/* The remote that is called so; DRIFT_ERR_NOT_FOUND. A name is nothing but a key here: see remote_check_name. */
int remote_load(struct repo *repo, const char *name, struct remote **out, struct drift_error *err) MUST_CHECK;
/* A remote without a name or refspecs. */
int remote_of_url(const char *url, struct remote **out, struct drift_error *err) MUST_CHECK;
void remote_free(struct remote *remote);
void remote_cleanup(struct remote **remote);
#define auto_remote __attribute__((cleanup(remote_cleanup))) struct remote

/* All names, sorted; release with remote_names_release. */
struct remote_names {
	char **items;
	size_t count, capacity;
};
int remote_names(struct repo *repo, struct remote_names *out, struct drift_error *err) MUST_CHECK;
void remote_names_release(struct remote_names *names);
#define auto_remote_names __attribute__((cleanup(remote_names_release))) struct remote_names

/* Fit to be part of a ref's name, and no option. DRIFT_ERR_INVALID. */
int remote_check_name(const char *name, struct drift_error *err) MUST_CHECK;

/* The ref that holds what the remote's ref held when last asked: 1 with it appended / 0. name NULL for a remote without one. */
int remote_tracking(const struct remote *remote, const char *ref, struct buf *out, struct drift_error *err) MUST_CHECK;

/* What a branch (full name) follows; remote is NULL where it follows nothing. */
struct upstream {
	char *remote; /* a name, a URL, or "." for this repository */
	char *ref;    /* its full name there */
};
int upstream_load(struct repo *repo, const char *branch, struct upstream *out, struct drift_error *err) MUST_CHECK;
void upstream_release(struct upstream *u);
#define auto_upstream __attribute__((cleanup(upstream_release))) struct upstream

/* --- changes: of the config file, durably; what repo_config gives is that of before --- */

struct remote_settings {
	const char *url;
	const char *const *branches; /* fetch these alone; NULL-ended, or NULL: all */
	const char *tag_option;      /* "--tags", "--no-tags" or NULL */
	const char *const *only;     /* NULL-ended, or NULL */
	int64_t depth;
	bool mirror;                 /* every ref of the remote is one of ours, and nothing else */
};

/* DRIFT_ERR_EXISTS, DRIFT_ERR_INVALID. */
int remote_add(struct repo *repo, const char *name, const struct remote_settings *settings, struct drift_error *err)
	MUST_CHECK;
/* With its tracking refs and what branches follow of it. `by`: see struct ref_transaction, whose changes are filled in. */
int remote_remove(struct repo *repo, const char *name, struct ref_transaction *by, struct drift_error *err) MUST_CHECK;
int remote_rename(struct repo *repo, const char *old, const char *new, struct ref_transaction *by,
		  struct drift_error *err) MUST_CHECK;
int remote_set_url(struct repo *repo, const char *name, const char *url, bool push, struct drift_error *err) MUST_CHECK;
/* remote NULL: follow nothing. */
int upstream_set(struct repo *repo, const char *branch, const char *remote, const char *ref, struct drift_error *err)
	MUST_CHECK;

#endif
