/* What a command reads: the state at --at, of --branch, or of HEAD with the stage over it. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "base/json_writer.h"
#include "cli/command.h"

struct view {
	struct point point;       /* of the commit below */
	struct node_store *nodes; /* where `root` can be read */
	struct tree_root root;    /* the stage included */
	bool staged;              /* something is staged over the commit */
	struct odb_batch *batch;
};
#define VIEW_INIT { .point = POINT_INIT }
#define auto_view __attribute__((cleanup(view_release))) struct view

/* Costs time in proportion to the stage. ctx_repo() was called. */
int view_open(struct cmd_context *ctx, struct view *view, struct drift_error *err) MUST_CHECK;
void view_release(struct view *view);

/* One document. `data` was appended to by view_document. */
struct document_view {
	enum document_form form;
	uint32_t mode;
	struct oid id;
	uint64_t len;
};

/* Read one document without building the view: 1 / 0 absent / -1. data may be NULL: only what it is. */
int view_document(struct cmd_context *ctx, const char *path, size_t path_len, struct document_view *out,
		  struct buf *data, struct drift_error *err) MUST_CHECK;

/* "json", "text", "binary", "gitlink", "conflict": from the form and the bytes. */
const char *view_kind(enum document_form form, const struct buf *data);

/* Write what the bytes are as a member of the object open in w: "json", "text" or "base64". */
int view_write_json(struct json_writer *w, enum document_form form, const struct buf *data, struct drift_error *err)
	MUST_CHECK;

/* Append what a user calls a prefix as one that ends with a slash: "users" and "users/" are "users/". */
void view_prefix(const char *text, struct buf *out);

#endif
