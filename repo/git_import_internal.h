/* What the files of the import share. */
#ifndef REPO_GIT_IMPORT_INTERNAL_H
#define REPO_GIT_IMPORT_INTERNAL_H

#include "repo/blob_index.h"
#include "repo/git_import.h"
#include "repo/git_marks.h"
#include "repo/git_tree.h"
#include "objects/oid_table.h"

/* A ref as the stream leaves it. */
struct import_ref {
	struct oid key;  /* hash of the name */
	char *name;
	bool deleted;    /* `from` was the zero id */
	bool exists;
	struct object_ref object;
	bool is_tag;     /* the object is one */
};

struct git_importer {
	struct repo *repo;
	struct odb *odb;
	const struct git_import_options *options;
	struct odb_batch *batch;
	struct git_stream *stream;
	struct git_marks *marks;
	struct git_tree *tree;
	struct blob_index *index; /* NULL until something is asked for by id */
	struct oid_table ref_table;
	struct import_ref **refs; /* in order of first mention */
	size_t ref_count, ref_capacity;
	/* The commit whose file commands are being read. */
	bool in_commit;
	struct git_command commit;
	struct import_ref *branch;
	struct object_ref *parents;
	size_t parent_count;
	size_t unflushed;
	bool date_now, needs_done, force;
	uint64_t signature_count, ahead_count;
	struct buf path, target, data, extra;
	struct git_import_result result;
};

/* The ref of that name, made on first mention. */
int import_ref(struct git_importer *imp, struct text name, struct import_ref **out, struct drift_error *err) MUST_CHECK;
/* A commit-ish: 1 with the object (a commit, or a tag that leads to one), 0 for the zero id, -1. */
int import_commitish(struct git_importer *imp, struct text text, struct object_ref *out, bool *is_tag_out,
		     struct drift_error *err) MUST_CHECK;
/* The same, through tags to the commit. */
int import_parent(struct git_importer *imp, struct text text, struct object_ref *out, struct drift_error *err) MUST_CHECK;
/* After all objects were stored: move the refs. */
int import_refs_apply(struct git_importer *imp, struct drift_error *err) MUST_CHECK;
void import_refs_release(struct git_importer *imp);

/* ":12": the number; 0 if it is no mark. */
uint64_t import_mark_number(struct text text);
/* 40 or 64 hexadecimal digits, into id_out; returns the bytes, 0 if it is something else. */
size_t import_hex(struct text text, unsigned char id_out[OID_LEN]);
bool import_is_zero(struct text text);

/*
 * The document that a mark, an id or inline data stands for; its bytes live in imp->data. base_loc: of the blob that it most resembles.
 */
int import_content(struct git_importer *imp, const struct git_command *c, uint64_t base_loc, struct document *out,
		   struct drift_error *err) MUST_CHECK;
/* A blob's mark or id as a stored object: 1, 0 if text names no blob, -1. */
int import_blob_object(struct git_importer *imp, struct text text, struct object_ref *out, struct drift_error *err) MUST_CHECK;
int import_blob(struct git_importer *imp, const struct git_command *c, struct drift_error *err) MUST_CHECK;

int import_tag(struct git_importer *imp, const struct git_command *c, struct drift_error *err) MUST_CHECK;

int import_commit_begin(struct git_importer *imp, const struct git_command *c, struct drift_error *err) MUST_CHECK;
int import_commit_file(struct git_importer *imp, const struct git_command *c, struct drift_error *err) MUST_CHECK;
int import_commit_end(struct git_importer *imp, struct drift_error *err) MUST_CHECK;

/* Files of marks. */
int import_marks_read(struct git_importer *imp, const char *path, struct drift_error *err) MUST_CHECK;
int import_marks_write(struct git_importer *imp, const char *path, struct drift_error *err) MUST_CHECK;

/* Append what waits in the batch, of which it still tells the places. */
int import_append(struct git_importer *imp, struct drift_error *err) MUST_CHECK;
/* The same, and begin a new batch. */
int import_flush(struct git_importer *imp, struct drift_error *err) MUST_CHECK;

#endif
