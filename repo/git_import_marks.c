/* Files of marks: a line ":MARK ID" for each, as git's. */
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "repo/git_import_internal.h"

#define MARKS_LEN_MAX ((uint64_t)1 << 30)

static int read_line(struct git_importer *imp, struct text line, struct drift_error *err)
{
	struct git_mark mark = { .kind = GIT_MARK_NAMED };
	const char *blank = memchr(line.data, ' ', line.len);
	struct text name = { line.data, blank ? (size_t)(blank - line.data) : 0 };
	struct text id = { blank ? blank + 1 : "", blank ? line.len - name.len - 1 : 0 };

	mark.number = import_mark_number(name);
	if (!mark.number || import_hex(id, mark.object.id.bytes) != OID_LEN)
		return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is not a mark and an id",
				 (int)(line.len > 100 ? 100 : line.len), line.data);
	return git_marks_set(imp->marks, &mark, err);
}

int import_marks_read(struct git_importer *imp, const char *path, struct drift_error *err)
{
	auto_buf data = BUF_INIT;
	const char *at, *end;

	if (file_read_whole(path, MARKS_LEN_MAX, &data, err))
		return -1;
	for (at = data.data, end = at + data.len; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct text line = { at, (size_t)((newline ? newline : end) - at) };

		if (line.len && read_line(imp, line, err))
			return error_prefix(err, DRIFT_OK, "'%s'", path);
		at += line.len + 1;
	}
	return 0;
}

struct writing {
	struct git_importer *imp;
	struct buf out;
};

static int add_line(void *data, const struct git_mark *mark, struct drift_error *err)
{
	struct writing *w = data;
	struct git_importer *imp = w->imp;
	struct oid id = mark->object.id;

	if (mark->kind == GIT_MARK_WAITING) {
		buf_clear(&imp->data);
		if (git_marks_bytes(imp->marks, mark, &imp->data, err))
			return -1;
		object_hash(OBJECT_BLOB, imp->data.data, imp->data.len, &id);
	}
	buf_addf(&w->out, ":%" PRIu64 " ", mark->number);
	hex_append(&w->out, id.bytes, OID_LEN);
	buf_add_byte(&w->out, '\n');
	return buf_check(&w->out, err);
}

int import_marks_write(struct git_importer *imp, const char *path, struct drift_error *err)
{
	struct writing w = { .imp = imp, .out = BUF_INIT };
	int r = git_marks_each(imp->marks, add_line, &w, err);

	if (!r)
		r = file_replace(path, w.out.data, w.out.len, err);
	buf_release(&w.out);
	return r;
}
