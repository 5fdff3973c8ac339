/*
 * Documents as files. All that can be known before is looked at before the first is written: names that the file system does not
 * take, documents that stand where others need a folder, files in the way. A document may be a symbolic link, and another one stand in a folder of the same name: so folders are never
 * reached through links, whoever made them, but for DIR itself.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "porcelain/export_output.h"

#define NAME_SHOWN_MAX 100
#define MODE_EXECUTABLE 0111U

struct file_export {
	struct export_run *run;
	struct buf file;   /* path of the file in DIR */
	struct buf folder; /* that was made sure of last */
	struct buf name;   /* one part of the path, in DIR */
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

/* e->file is to be the document's: returns where its path begins in there, 0 on failure. */
static size_t set_file(struct file_export *e, const struct buf *path)
{
	size_t from;

	buf_clear(&e->file);
	file_join(&e->file, e->run->options->files, "");
	from = e->file.len;
	buf_add(&e->file, path->data, path->len);
	return buf_check(&e->file, &e->run->ctx->err) ? 0 : from;
}

/* Does the file system take the path's parts as names? Asked of DIR itself, since their folders may not be there: 1 / 0 / -1 */
static int names_fit(struct file_export *e, size_t from)
{
	struct drift_error *err = &e->run->ctx->err;
	const char *part = e->file.data + from, *end;
	struct file_info info;

	for (; part; part = *end ? end + 1 : NULL) {
		end = strchr(part, '/');
		if (!end)
			end = part + strlen(part);
		buf_clear(&e->name);
		buf_add(&e->name, e->file.data, from);
		buf_add(&e->name, part, (size_t)(end - part));
		if (buf_check(&e->name, err))
			return -1;
		if (file_look(e->name.data, &info, err))
			return err->code == DRIFT_ERR_IO ? 0 : -1;
	}
	/* The longest path that may be opened counts its end. */
	return e->file.len < PATH_MAX;
}

static int refuse_name(struct file_export *e, const struct buf *path)
{
	if (e->run->options->skip)
		return export_refuse(e->run, path, "");
	return error_set(&e->run->ctx->err, DRIFT_ERR_INVALID, "the file system takes no file of the name '%.*s%s' (%zu bytes); --skip leaves it out",
			 path->len > NAME_SHOWN_MAX ? NAME_SHOWN_MAX : (int)path->len, path->data,
			 path->len > NAME_SHOWN_MAX ? "..." : "", path->len);
}

/* Nothing but folders may stand where the folders above the file are to be. */
static int check_folders(struct file_export *e, size_t from)
{
	struct drift_error *err = &e->run->ctx->err;
	char *path = e->file.data, *slash = strrchr(path + from, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	struct file_info info;

	if (!slash || (len == e->folder.len && !memcmp(path, e->folder.data, len)))
		return 0;
	for (slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r = export_has(e->run, path + from, (size_t)(slash - path) - from);

		*slash = 0;
		if (r > 0)
			r = error_set(err, DRIFT_ERR_EXISTS, "'%s' is a document, and others need a folder of that name", path + from);
		else if (!r)
			r = file_look(path, &info, err);
		if (!r && info.kind != FILE_DIRECTORY && info.kind != FILE_ABSENT)
			r = error_set(err, DRIFT_ERR_EXISTS, "'%s' is there and is no folder", path);
		*slash = '/';
		if (r)
			return -1;
	}
	buf_clear(&e->folder);
	buf_add(&e->folder, path, len);
	return buf_check(&e->folder, err);
}

static int check_document(void *data, const struct buf *path, const struct document *doc, const struct buf *bytes)
{
	struct file_export *e = data;
	struct drift_error *err = &e->run->ctx->err;
	size_t from = set_file(e, path);
	struct file_info info;
	int r = from ? names_fit(e, from) : -1;

	if (r <= 0)
		return r ? -1 : refuse_name(e, path);
	if (check_folders(e, from) || file_look(e->file.data, &info, err))
		return -1;
	if ((doc->mode & EXPORT_MODE_TYPE) == EXPORT_MODE_LINK && (!bytes->len || memchr(bytes->data, 0, bytes->len)))
		return export_refuse(e->run, path, "is no target of a link");
	if (info.kind == FILE_ABSENT || (doc->form == DOCUMENT_GITLINK && info.kind == FILE_DIRECTORY))
		return 0;
	if (info.kind == FILE_DIRECTORY)
		return error_set(err, DRIFT_ERR_EXISTS, "'%s' is a folder", e->file.data);
	if (doc->form == DOCUMENT_GITLINK)
		return error_set(err, DRIFT_ERR_EXISTS, "'%s' is there and is no folder", e->file.data);
	return e->run->options->force ? 0 : error_set(err, DRIFT_ERR_EXISTS, "'%s' exists; --force replaces it", e->file.data);
}

static int write_document(void *data, const struct buf *path, const struct document *doc, const struct buf *bytes)
{
	struct file_export *e = data;
	struct drift_error *err = &e->run->ctx->err;
	size_t from = set_file(e, path);
	int r = !from ? -1 : e->run->options->skip ? names_fit(e, from) : 1;

	if (r <= 0)
		return r ? -1 : refuse_name(e, path);
	if (make_folders(e, from))
		return -1;
	if (doc->form == DOCUMENT_GITLINK)
		return make_folder(e, e->file.data);
	if ((doc->mode & EXPORT_MODE_TYPE) == EXPORT_MODE_LINK && (!bytes->len || memchr(bytes->data, 0, bytes->len)))
		return export_refuse(e->run, path, "is no target of a link");
	if (clear_way(e))
		return -1;
	if ((doc->mode & EXPORT_MODE_TYPE) != EXPORT_MODE_LINK)
		return write_file(e, doc, bytes);
	return file_make_link(bytes->data, e->file.data, err);
}

static int check_all(struct file_export *e)
{
	int r;

	e->run->unread = true;
	r = export_each(e->run, check_document, e);
	e->run->unread = false;
	buf_clear(&e->folder);
	return r;
}

int export_files(struct export_run *run)
{
	struct file_export e = { .run = run, .file = BUF_INIT, .folder = BUF_INIT, .name = BUF_INIT };
	const char *dir = run->options->files;
	struct file_info info;
	int r = file_look(dir, &info, &run->ctx->err);

	if (!r)
		r = file_make_directories(dir, &run->ctx->err);
	if (!r) {
		r = check_all(&e);
		/* As it was, if that can be; it is empty in any case. */
		if (r && info.kind == FILE_ABSENT)
			(void)!file_remove_directory(dir, NULL);
	}
	if (!r)
		r = export_each(run, write_document, &e);
	buf_release(&e.file);
	buf_release(&e.folder);
	buf_release(&e.name);
	return r;
}
