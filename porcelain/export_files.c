/*
 * Documents as files. A document may be a symbolic link, and another one stand in a folder of the same name: so folders are never
 * reached through links, whoever made them, but for DIR itself.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "porcelain/export_output.h"

#define MODE_TYPE 0170000U
#define MODE_LINK 0120000U
#define MODE_EXECUTABLE 0111U

struct file_export {
	struct export_run *run;
	struct buf file;   /* path of the file in DIR */
	struct buf folder; /* that was made sure of last */
};

static int make_folder(struct file_export *e, const char *folder)
{
	struct drift_error *err = &e->run->ctx->err;
	struct file_info info;

	if (file_look(folder, &info, err))
		return -1;
	if (info.kind == FILE_DIRECTORY)
		return 0;
	if (info.kind == FILE_ABSENT)
		return file_make_directory(folder, err);
	return error_set(err, DRIFT_ERR_EXISTS, "'%s' is there and is no folder", folder);
}

/* All folders above the file, from DIR on. */
static int make_folders(struct file_export *e, size_t from)
{
	struct drift_error *err = &e->run->ctx->err;
	char *path = e->file.data, *slash = strrchr(path + from, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!slash || (len == e->folder.len && !memcmp(path, e->folder.data, len)))
		return 0;
	for (slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = 0;
		r = make_folder(e, path);
		*slash = '/';
		if (r)
			return -1;
	}
	buf_clear(&e->folder);
	buf_add(&e->folder, path, len);
	return buf_check(&e->folder, err);
}

static int write_file(struct file_export *e, const struct document *doc, const struct buf *bytes)
{
	struct drift_error *err = &e->run->ctx->err;
	struct file_info info;
	int fd, r;

	if (file_create(e->file.data, &fd, err))
		return -1;
	r = file_write_at(fd, bytes->data, bytes->len, 0, err);
	if (!r && (doc->mode & MODE_EXECUTABLE)) {
		r = file_info(fd, &info, err);
		/* Whoever may read it may run it. */
		if (!r)
			r = file_set_mode(fd, info.mode | (info.mode & 0444) >> 2, err);
	}
	if (file_close(fd, r ? NULL : err))
		r = -1;
	return r;
}

static int clear_way(struct file_export *e)
{
	struct drift_error *err = &e->run->ctx->err;
	struct file_info info;

	if (file_look(e->file.data, &info, err))
		return -1;
	if (info.kind == FILE_ABSENT)
		return 0;
	if (info.kind == FILE_DIRECTORY)
		return error_set(err, DRIFT_ERR_EXISTS, "'%s' is a folder", e->file.data);
	if (!e->run->options->force)
		return error_set(err, DRIFT_ERR_EXISTS, "'%s' exists; --force replaces it", e->file.data);
	return file_unlink(e->file.data, err);
}

static int write_document(void *data, const struct buf *path, const struct document *doc, const struct buf *bytes)
{
	struct file_export *e = data;
	struct drift_error *err = &e->run->ctx->err;
	size_t from;

	buf_clear(&e->file);
	file_join(&e->file, e->run->options->files, "");
	from = e->file.len;
	buf_add(&e->file, path->data, path->len);
	if (buf_check(&e->file, err) || make_folders(e, from))
		return -1;
	if (doc->form == DOCUMENT_GITLINK)
		return make_folder(e, e->file.data);
	if (clear_way(e))
		return -1;
	if ((doc->mode & MODE_TYPE) != MODE_LINK)
		return write_file(e, doc, bytes);
	if (!bytes->len || memchr(bytes->data, 0, bytes->len))
		return export_refuse(e->run, path, "is no target of a link");
	return file_make_link(bytes->data, e->file.data, err);
}

int export_files(struct export_run *run)
{
	struct file_export e = { .run = run, .file = BUF_INIT, .folder = BUF_INIT };
	int r = file_make_directories(run->options->files, &run->ctx->err);

	if (!r)
		r = export_each(run, write_document, &e);
	buf_release(&e.file);
	buf_release(&e.folder);
	return r;
}
