/*
 * Taking in documents from a stream of any length: JSON lines, a JSON array, CSV. Memory is bounded by the longest document
 * and a fixed budget. A thread reads and checks, the caller's builds the tree: input in ascending order of path goes
 * straight into it; from where the order breaks, runs are sorted, put aside in a temporary file and merged. Of several
 * documents with one path the last one counts.
 *
 * A document is kept byte for byte as the stream has it: a line without its newline (nor a carriage return before that), an element
 * of the array. A row of CSV becomes a canonical JSON object (RFC 8785), a member a column.
 *
 * Nothing is changed if anything fails. What is wrong with the input is DRIFT_ERR_INVALID or DRIFT_ERR_LIMIT, "line 17: ...".
 */
#ifndef REPO_IMPORT_H
#define REPO_IMPORT_H

#include "repo/writer.h"

enum import_format { IMPORT_JSONL, IMPORT_JSON, IMPORT_CSV };

struct import_options {
	enum import_format format;
	int fd;                 /* of any kind, read from where it stands to its end */
	const char *collection; /* "" where the keys are whole paths */
	const char *prefix;     /* before each key; or NULL */
	const char *key;        /* the field that is the key; begins with "/": a JSON pointer (not for CSV) */
	bool wrapped; /* {"path", "text" or "base64" or "json" or "gitlink", "mode"}; collection is "", key is not used */
	bool skip_bad;        /* leave bad lines out and count them */
	bool replace;         /* remove what the collection, under the prefix, holds besides */
	bool types;           /* CSV: numbers, true, false, null; empty fields are left out */
	char delimiter;       /* CSV; 0: a comma */
	const char *temp_dir; /* for what does not fit into memory; NULL: the store's folder */
	size_t block_len;     /* bytes read at once, and ... */
	size_t sort_len;      /* ... held in memory while sorting; 0: a default */
	const char *branch;   /* import_stage: full ref name, NULL: HEAD ... */
	const char *actor;    /* ... and who stages */
	/* Both on the thread of the caller; may be NULL. A sentence of a line left out, for the first few of them. */
	void (*bad)(void *data, const char *sentence);
	void (*progress)(void *data, uint64_t document_count, uint64_t input_len);
	void *data;
};

struct import_result {
	uint64_t imported;           /* documents read, those that later ones replaced included */
	uint64_t skipped;            /* bad lines */
	struct commit_result commit; /* import_commit */
};

/* One commit of exactly this import; DRIFT_ERR_NOTHING if it changes nothing. If the branch moves meanwhile, the differences go on top. */
int import_commit(struct repo *repo, const struct import_options *options, const struct commit_options *commit,
		  struct import_result *out, struct drift_error *err) MUST_CHECK;
/* Stage the documents over what is staged. */
int import_stage(struct repo *repo, const struct import_options *options, struct import_result *out,
		 struct drift_error *err) MUST_CHECK;

#endif
