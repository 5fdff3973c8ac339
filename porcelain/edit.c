#include "porcelain/porcelain.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/spawn.h"
#include "cli/apply.h"
#include "cli/view.h"

static const char *const usage[] = { "drift edit [OPTION...] PATH", NULL };

/* The document in a file that the editor can open. */
static int write_out(const struct buf *data, struct buf *file, struct drift_error *err)
{
	const char *dir = getenv("TMPDIR");
	auto_buf prefix = BUF_INIT;
	int fd;

	file_join(&prefix, dir && *dir ? dir : "/tmp", "drift-edit-");
	if (buf_check(&prefix, err) || file_create_temp(prefix.data, file, &fd, err))
		return -1;
	if (file_write_at(fd, data->data, data->len, 0, err)) {
		(void)!file_close(fd, NULL);
		return -1;
	}
	return file_close(fd, err);
}

/* 1 changed / 0 the same as before / -1 */
static int edit_in(const struct buf *file, const struct buf *before, struct buf *after, struct drift_error *err)
{
	if (spawn_editor(file->data, err) || file_read_whole(file->data, DOCUMENT_LEN_MAX, after, err))
		return -1;
	return before->len != after->len || (after->len && memcmp(before->data, after->data, after->len) != 0);
}

static int stage_edited(struct cmd_context *ctx, const char *path, const struct buf *data, const struct oid *before)
{
	auto_edits *e = NULL;
	auto_buf what = BUF_INIT;
	size_t len = strlen(path);

	buf_addf(&what, "edit '%s'", path);
	/* What the editor showed must still be there. */
	if (buf_check(&what, &ctx->err) || edits_new(ctx->repo, &e, &ctx->err) ||
	    edits_put(e, path, len, data->data, data->len, DOCUMENT_NO_MODE, &ctx->err) ||
	    edits_if_match(e, path, len, before, &ctx->err))
		return ctx_die(ctx, "edit '%s'", path);
	return ctx_apply(ctx, e, what.data, what.data);
}

static int edit(struct cmd_context *ctx, int argc, char **argv)
{
	auto_buf before = BUF_INIT, after = BUF_INIT, file = BUF_INIT;
	struct document_view doc;
	int found, changed, code;

	if (argc != 1)
		return ctx_usage(ctx, argc ? "one document at a time" : "which document?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	found = view_document(ctx, argv[0], strlen(argv[0]), &doc, &before, &ctx->err);
	if (found < 0 || write_out(&before, &file, &ctx->err))
		return ctx_die(ctx, "edit '%s'", argv[0]);
	changed = edit_in(&file, &before, &after, &ctx->err);
	if (!changed)
		error_set(&ctx->err, DRIFT_ERR_NOTHING, "nothing was changed");
	if (changed > 0)
		code = stage_edited(ctx, argv[0], &after, found ? &doc.id : NULL);
	else
		code = changed ? ctx_die(ctx, "edit '%s'", argv[0]) : ctx_fail(ctx, "edit '%s'", argv[0]);
	/* What somebody wrote by hand is kept where it could not be taken. */
	if (changed > 0 && code)
		ctx_hint(ctx, "your text is still in '%s'", file.data);
	else
		(void)!file_unlink(file.data, NULL);
	return code;
}

const struct command cmd_edit = {
	.name = "edit",
	.summary = "change a document in your editor",
	.usage = usage,
	.run = edit,
	.common = COMMON_WRITER,
	.writes = true,
};
