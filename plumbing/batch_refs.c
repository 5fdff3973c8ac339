#include "plumbing/batch.h"

#include <string.h>

#include "cli/output.h"
#include "plumbing/write_refs.h"

static void write_ref(const struct ref_value *value, struct json_writer *w)
{
	if (value->kind == REF_OBJECT)
		out_json_id(w, "id", &value->object.id);
	else if (value->kind == REF_SYMBOLIC)
		json_writer_text(w, "target", value->target, strlen(value->target));
}

static int read_ref(struct batch *b, const struct buf *name, struct json_writer *w, struct drift_error *err)
{
	struct odb *odb = repo_odb(b->ctx->repo);
	struct ref_resolved at;
	struct ref_value value;

	if (odb_ref_read(odb, name->data, false, &value, err))
		return -1;
	json_writer_member_bool(w, "found", value.kind != REF_ABSENT);
	write_ref(&value, w);
	if (value.kind != REF_SYMBOLIC)
		return 0;
	if (refs_resolve(odb, name->data, false, &at, err))
		return -1;
	if (at.exists)
		out_json_id(w, "id", &at.object.id);
	return 0;
}

static int fill_edit(struct batch *b, const struct batch_request *r, struct ref_edit *edit, struct drift_error *err)
{
	auto_object_reader reader = OBJECT_READER_INIT(b->ctx);
	auto_buf new = BUF_INIT;
	int found = request_string(r, "new", &new, err), old = request_id(r, "old", &edit->old, err);

	if (found < 0 || old < 0 || (found && ref_id_parse(&reader, new.data, &edit->new, err)))
		return -1;
	if (old)
		edit->expect = oid_is_zero(&edit->old) ? REF_EXPECT_ABSENT : REF_EXPECT_OBJECT;
	edit->kind = found && !oid_is_zero(&edit->new) ? REF_OBJECT : REF_ABSENT;
	return 0;
}

static int change_ref(struct batch *b, const struct batch_request *r, const struct buf *name, struct drift_error *err)
{
	auto_buf reason = BUF_INIT;
	struct ref_edits edits = { .ctx = b->ctx };
	struct ref_edit *edit = ref_edits_add(&edits, name->data, name->len, err);
	int failed = !edit || request_string(r, "reason", &reason, err) < 0 || fill_edit(b, r, edit, err);

	edits.reason = reason.len ? reason.data : "update-ref";
	if (!failed)
		failed = ref_edits_apply(&edits, err);
	ref_edits_release(&edits);
	return failed ? -1 : 0;
}

int batch_ref(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	bool delete = false;

	if (request_path(r, "name", &name, err) || request_bool(r, "delete", &delete, err) < 0 ||
	    (b->pending && batch_flush(b, err)))
		return -1;
	if (name.len > REF_NAME_MAX || strlen(name.data) != name.len)
		return error_set(err, DRIFT_ERR_INVALID, "'name' is no name of a ref");
	if (delete &&json_members_get(&r->members, "new"))
		return error_set(err, DRIFT_ERR_INVALID, "'delete' and 'new' exclude each other");
	if (!delete &&!json_members_get(&r->members, "new"))
		return read_ref(b, &name, w, err);
	return change_ref(b, r, &name, err);
}

static int write_each(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct json_writer *w = data;

	(void)err;
	if (refs_is_own(name))
		return 0;
	json_writer_begin_object(w);
	json_writer_text(w, "name", name, strlen(name));
	write_ref(value, w);
	json_writer_end_object(w);
	return 0;
}

int batch_refs(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT;
	int found = request_text(r, "prefix", &prefix, err), failed;

	if (found < 0 || (b->pending && batch_flush(b, err)))
		return -1;
	json_writer_key(w, "refs");
	json_writer_begin_array(w);
	failed = odb_ref_each(repo_odb(b->ctx->repo), found ? prefix.data : "refs/", write_each, w, err);
	json_writer_end_array(w);
	return failed ? -1 : 0;
}
