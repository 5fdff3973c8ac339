#include "cli/fault_output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const severity_names[] = { "note", "damaged", "lost" };

static enum colour severity_colour(enum fsck_severity severity)
{
	return severity == FSCK_LOST ? COLOUR_REMOVED : severity == FSCK_DAMAGE ? COLOUR_CHANGED : COLOUR_FAINT;
}

void out_json_fault(struct json_writer *w, const struct fsck_fault *fault)
{
	size_t i;

	json_writer_member_str(w, "severity", severity_names[fault->severity]);
	json_writer_text(w, "fault", fault->sentence, strlen(fault->sentence));
	if (fault->file) {
		json_writer_text(w, "file", fault->file, strlen(fault->file));
		json_writer_member_uint(w, "offset", fault->offset);
	}
	if (fault->has_object && fault->kind)
		json_writer_member_str(w, "kind", object_kind_name(fault->kind));
	if (fault->has_object && !oid_is_zero(&fault->object))
		out_json_id(w, "object", &fault->object);
	json_writer_key(w, "documents");
	json_writer_begin_array(w);
	for (i = 0; i < fault->path_count; i++) {
		json_writer_begin_object(w);
		out_json_path(w, fault->paths[i], strlen(fault->paths[i]));
		json_writer_end_object(w);
	}
	json_writer_end_array(w);
	json_writer_member_uint(w, "documents_total", fault->paths_total);
	json_writer_key(w, "commits");
	json_writer_begin_array(w);
	for (i = 0; i < fault->commit_count; i++) {
		char hex[OID_HEX_LEN + 1];

		json_writer_str(w, oid_to_hex(&fault->commits[i], hex));
	}
	json_writer_end_array(w);
	json_writer_member_uint(w, "commits_total", fault->commits_total);
}

static void append_more(struct buf *out, uint64_t total, size_t shown, const char *what)
{
	if (total > shown)
		buf_addf(out, "    and %" PRIu64 " more %s%s\n", total - shown, what, total - shown == 1 ? "" : "s");
}

static void append_concerned(struct cmd_context *ctx, const struct fsck_fault *fault, struct buf *out)
{
	char hex[OID_HEX_LEN + 1];
	size_t i;

	for (i = 0; i < fault->path_count; i++) {
		buf_add_str(out, "    document ");
		out_append_path(ctx, out, fault->paths[i], strlen(fault->paths[i]));
		buf_add_byte(out, '\n');
	}
	append_more(out, fault->paths_total, fault->path_count, "document");
	for (i = 0; i < fault->commit_count; i++)
		buf_addf(out, "    commit %s\n", oid_to_hex(&fault->commits[i], hex));
	append_more(out, fault->commits_total, fault->commit_count, "commit");
}

int out_fault(struct cmd_context *ctx, const struct fsck_fault *fault, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	struct json_line line;
	auto_buf out = BUF_INIT;

	if (ctx->common.json) {
		out_json_begin(&line);
		out_json_fault(&line.w, fault);
		return out_json_end(&line, err);
	}
	buf_addf(&out, "%s%s%s: ", out_colour(ctx, severity_colour(fault->severity)), severity_names[fault->severity],
		 out_colour(ctx, COLOUR_NONE));
	if (fault->file) {
		out_append_path(ctx, &out, fault->file, strlen(fault->file));
		buf_addf(&out, ", offset %" PRIu64 ": ", fault->offset);
	}
	out_append_text(ctx, &out, fault->sentence, strlen(fault->sentence), false);
	if (fault->has_object && !oid_is_zero(&fault->object) &&
	    !strstr(fault->sentence, oid_to_hex(&fault->object, hex)))
		buf_addf(&out, " (%s %s)", fault->kind ? object_kind_name(fault->kind) : "object", hex);
	buf_add_byte(&out, '\n');
	append_concerned(ctx, fault, &out);
	if (buf_check(&out, err) < 0)
		return -1;
	out_buf(&out);
	return 0;
}

int out_fsck_result(struct cmd_context *ctx, const struct fsck_result *r, struct drift_error *err)
{
	uint64_t objects = r->commits + r->nodes + r->blobs + r->tags;
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_member_bool(&line.w, "sound", !r->faults[FSCK_DAMAGE] && !r->faults[FSCK_LOST]);
		json_writer_member_uint(&line.w, "notes", r->faults[FSCK_NOTE]);
		json_writer_member_uint(&line.w, "damaged", r->faults[FSCK_DAMAGE]);
		json_writer_member_uint(&line.w, "lost", r->faults[FSCK_LOST]);
		json_writer_member_uint(&line.w, "files", r->files);
		json_writer_member_uint(&line.w, "commits", r->commits);
		json_writer_member_uint(&line.w, "nodes", r->nodes);
		json_writer_member_uint(&line.w, "blobs", r->blobs);
		json_writer_member_uint(&line.w, "tags", r->tags);
		json_writer_member_uint(&line.w, "refs", r->refs);
		json_writer_member_uint(&line.w, "content_bytes", r->content_bytes);
		return out_json_end(&line, err);
	}
	if (ctx->common.quiet)
		return 0;
	out_printf("checked %" PRIu64 " objects of %" PRIu64 " commits in %" PRIu64 " file%s: ", objects, r->commits,
		   r->files, r->files == 1 ? "" : "s");
	if (!r->faults[FSCK_DAMAGE] && !r->faults[FSCK_LOST])
		out_printf("all is sound\n");
	else
		out_printf("%" PRIu64 " lost, %" PRIu64 " damaged\n", r->faults[FSCK_LOST], r->faults[FSCK_DAMAGE]);
	return 0;
}

void fault_progress(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct fault_progress *p = data;

	if (strcmp(p->what, what) != 0) {
		progress_finish(p->bar);
		snprintf(p->what, sizeof(p->what), "%s", what);
		p->bar = ctx_progress(p->ctx, p->what, total > 1000000 ? PROGRESS_BYTES : PROGRESS_ITEMS, total);
	}
	progress_update(p->bar, done);
}

void fault_progress_end(struct fault_progress *p)
{
	progress_finish(p->bar);
	p->bar = NULL;
	p->what[0] = '\0';
}
