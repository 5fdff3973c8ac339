/*
 * Mending: puts back bytes that checksums tell, makes indexes anew, stores lost objects again that one of the sources has (those
 * that stand a second time in the store are read there as they are), and names the documents that are lost and the commits that
 * have them. Never touches what is sound; a file
 * that is replaced is kept in lost/ below the store.
 */
#ifndef REPO_REPAIR_H
#define REPO_REPAIR_H

#include "repo/fsck.h"

enum repair_kind { REPAIR_INDEX, REPAIR_RESTORE, REPAIR_ISOLATE, REPAIR_LOST };

struct repair_action {
	enum repair_kind kind;
	const char *sentence;           /* "restore blob ... from pack ..." */
	const struct fsck_fault *fault; /* what it is about, or NULL */
};

/* In the folder of the store, where something was stored again or marked as lost: while it is there gc removes no object. */
#define RESTORED_NAME "restored"

/* Is it there? Lists of changes may be missing then. */
bool repair_left_marks(const char *dir);

/* Somebody who may have what is lost here: another repository, a remote, a backup. What it gives is checked. */
struct repair_source {
	const char *name; /* for what is said: "the repository in '/backup'" */
	/* Appends the canonical bytes of an object: 1 with its kind, 0 it has none of that id, -1. */
	int (*read)(void *data, const struct oid *id, enum object_kind *kind_out, struct buf *out,
		    struct drift_error *err);
	void *data;
};

struct repair_options {
	bool dry_run;
	bool isolate; /* mark what stays lost in journals, so that the rest of them can be packed */
	const struct repair_source *sources; /* asked in this order */
	size_t source_count;
	int (*action)(void *data, const struct repair_action *action, struct drift_error *err);
	void (*progress)(void *data, const char *what, uint64_t done, uint64_t total); /* may be NULL */
	void *data;
};

struct repair_result {
	uint64_t mended, restored, lost; /* faults, objects, objects */
};

/*
 * Takes the gc lock: DRIFT_ERR_CLASH if a gc is at work. 0 also where something stays lost. A second run finds only
 * that. With dry_run no lock is taken, and no file is changed, indexes included.
 */
int repair_run(struct repo *repo, const struct repair_options *options, struct repair_result *result_out,
	       struct drift_error *err) MUST_CHECK;

/*
 * Open the repository at or above dir; where damage keeps it from being opened (of `current`, the first frame of a
 * journal, what frames a pack), that is mended first, if a byte here and there is what is wrong. On failure it says
 * why it cannot be opened; with dry_run also where mending would help.
 */
int repair_open(const char *dir, bool exact, const struct repair_options *options, struct repo **repo_out,
		struct drift_error *err) MUST_CHECK;

#endif
