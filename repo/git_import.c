#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/git_import_internal.h"

static int begin(struct git_importer *imp, struct git_source *source, struct drift_error *err)
{
	buf_init(&imp->path);
	buf_init(&imp->target);
	buf_init(&imp->data);
	buf_init(&imp->extra);
	imp->odb = repo_odb(imp->repo);
	imp->force = imp->options->force;
	if (git_stream_new(source, &imp->stream, err) || git_tree_new(&imp->tree, err) ||
	    git_marks_new(repo_dir(imp->repo), &imp->marks, err) || odb_batch_new(imp->odb, &imp->batch, err))
		return -1;
	return imp->options->import_marks ? import_marks_read(imp, imp->options->import_marks, err) : 0;
}

static void release(struct git_importer *imp)
{
	import_refs_release(imp);
	git_tree_free(imp->tree);
	git_marks_free(imp->marks);
	git_stream_free(imp->stream);
	blob_index_free(imp->index);
	odb_batch_free(imp->batch);
	free(imp->parents);
	buf_release(&imp->path);
	buf_release(&imp->target);
	buf_release(&imp->data);
	buf_release(&imp->extra);
}

int import_append(struct git_importer *imp, struct drift_error *err)
{
	const struct odb_append append = { .batch = imp->batch };
	uint64_t ticket;
	int r;

	if (odb_lock(imp->odb, err))
		return -1;
	r = odb_append(imp->odb, &append, &ticket, err);
	odb_unlock(imp->odb);
	return r;
}

int import_flush(struct git_importer *imp, struct drift_error *err)
{
	if (!imp->unflushed)
		return 0;
	if (import_append(imp, err))
		return -1;
	git_marks_settle(imp->marks, imp->batch);
	for (size_t i = 0; i < imp->ref_count; i++)
		imp->refs[i]->object.loc = odb_batch_loc(imp->batch, imp->refs[i]->object.loc);
	odb_batch_clear(imp->batch);
	imp->unflushed = 0;
	return 0;
}

static bool text_is(struct text text, const char *word)
{
	return strlen(word) == text.len && !memcmp(text.data, word, text.len);
}

static int feature(struct git_importer *imp, struct text name, struct drift_error *err)
{
	static const char *const harmless[] = { "date-format=raw", "date-format=raw-permissive", "notes", "relative-marks",
						"no-relative-marks" };

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		if (text_is(name, harmless[i]))
			return 0;
	}
	if (text_is(name, "done"))
		imp->needs_done = true;
	else if (text_is(name, "force"))
		imp->force = true;
	else if (text_is(name, "date-format=now"))
		imp->date_now = true;
	else
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "the feature '%.*s' is not supported",
				 (int)(name.len > 80 ? 80 : name.len), name.data);
	return 0;
}

static int reset(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	struct import_ref *ref;
	bool is_tag = false;
	int r;

	if (import_ref(imp, c->name, &ref, err))
		return -1;
	ref->exists = ref->deleted = ref->is_tag = false;
	if (!c->has_from)
		return 0;
	/* A branch holds commits alone. */
	if (!strncmp(ref->name, REF_TAGS, strlen(REF_TAGS)))
		r = import_commitish(imp, c->from, &ref->object, &is_tag, err);
	else
		r = import_parent(imp, c->from, &ref->object, err);
	if (r < 0)
		return -1;
	ref->exists = r > 0;
	ref->deleted = !r;
	ref->is_tag = is_tag;
	return 0;
}

static int alias(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	struct git_mark mark = { .number = c->mark };
	bool is_tag;
	int r = import_commitish(imp, c->from, &mark.object, &is_tag, err);

	if (r < 0)
		return -1;
	if (!r)
		return error_set(err, DRIFT_ERR_INVALID, "an alias of no commit");
	mark.kind = is_tag ? GIT_MARK_TAG : GIT_MARK_COMMIT;
	return git_marks_set(imp->marks, &mark, err);
}

static int top_command(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	switch ((int)c->kind) {
	case GIT_BLOB:
		return import_blob(imp, c, err);
	case GIT_COMMIT:
		return import_commit_begin(imp, c, err);
	case GIT_TAG:
		return import_tag(imp, c, err);
	case GIT_RESET:
		return reset(imp, c, err);
	case GIT_ALIAS:
		return alias(imp, c, err);
	case GIT_CHECKPOINT:
		return import_flush(imp, err);
	case GIT_PROGRESS:
		if (imp->options->say)
			imp->options->say(imp->options->data, c->name);
		return 0;
	case GIT_FEATURE:
		return feature(imp, c->name, err);
	case GIT_DONE:
		imp->needs_done = false;
		return 0;
	default: /* options are for git's own program */
		return 0;
	}
}

static int command(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	if (c->kind == GIT_COMMIT_END)
		return import_commit_end(imp, err);
	if (c->kind >= GIT_MODIFY)
		return import_commit_file(imp, c, err);
	return top_command(imp, c, err);
}

/* Where in the stream it went wrong. */
static int say_where(struct git_importer *imp, struct drift_error *err)
{
	uint64_t line, offset;

	git_stream_position(imp->stream, &line, &offset);
	if (imp->in_commit)
		return error_prefix(err, DRIFT_OK, "line %" PRIu64 " (byte %" PRIu64 "), commit :%" PRIu64 " on '%.200s'", line,
				    offset, imp->commit.mark, imp->commit.name.data);
	if (imp->result.commit_count)
		return error_prefix(err, DRIFT_OK, "line %" PRIu64 " (byte %" PRIu64 "), after commit :%" PRIu64, line, offset,
				    imp->commit.mark);
	return error_prefix(err, DRIFT_OK, "line %" PRIu64 " (byte %" PRIu64 ")", line, offset);
}

static int read_stream(struct git_importer *imp, struct drift_error *err)
{
	struct git_command c;
	int r;

	while ((r = git_stream_next(imp->stream, &c, err)) > 0) {
		if (command(imp, &c, err))
			return -1;
		if (imp->options->advance)
			imp->options->advance(imp->options->data, git_stream_offset(imp->stream));
	}
	if (r)
		return -1;
	if (imp->needs_done)
		return error_set(err, DRIFT_ERR_INVALID, "the stream ends without the 'done' that it promised");
	return 0;
}

static void warn_count(struct git_importer *imp, uint64_t count, const char *one, const char *many)
{
	char sentence[200];
	int len;

	if (!count || !imp->options->warn)
		return;
	len = snprintf(sentence, sizeof(sentence), "%" PRIu64 " %s", count, count == 1 ? one : many);
	if (len > 0)
		imp->options->warn(imp->options->data, sentence);
}

static int import(struct git_importer *imp, struct drift_error *err)
{
	if (read_stream(imp, err))
		return say_where(imp, err);
	if (import_flush(imp, err) || import_refs_apply(imp, err))
		return -1;
	if (imp->options->export_marks && import_marks_write(imp, imp->options->export_marks, err))
		return error_prefix(err, DRIFT_OK, "all was imported, but not the marks written");
	warn_count(imp, imp->signature_count, "signature was left out: it signs git's commit, not drift's",
		   "signatures were left out: they sign git's commits, not drift's");
	warn_count(imp, imp->ahead_count, "commit is dated ahead of the clock", "commits are dated ahead of the clock");
	return 0;
}

int git_import(struct repo *repo, struct git_source *source, const struct git_import_options *options,
	       struct git_import_result *out, struct drift_error *err)
{
	struct git_importer imp = { .repo = repo, .options = options };
	int r = begin(&imp, source, err);

	if (!r)
		r = import(&imp, err);
	if (!r)
		*out = imp.result;
	release(&imp);
	return r;
}
