#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "refs/refname.h"
#include "repo/graph.h"
#include "repo/partial.h"
#include "sync/backup.h"
#include "sync/receive.h"

#define ACTOR "drift backup"

struct changes {
	struct ref_change *items;
	char (*names)[REF_NAME_MAX + 1]; /* of those that are not said elsewhere */
	size_t count, capacity, name_capacity;
	struct repo *repo;
	const struct bundle_head *head;
	int64_t time_usec;
};

static void changes_release(struct changes *c)
{
	free(c->items);
	free(c->names);
}
#define auto_changes __attribute__((cleanup(changes_release))) struct changes

static struct ref_change *add_change(struct changes *c, struct drift_error *err)
{
	if (mem_grow(&c->items, &c->capacity, c->count + 1, sizeof(*c->items)) ||
	    mem_grow(&c->names, &c->name_capacity, c->count + 1, sizeof(*c->names))) {
		error_no_memory(err);
		return NULL;
	}
	c->items[c->count] = (struct ref_change){ .name = NULL };
	return &c->items[c->count++];
}

/* The names lie still now. */
static void settle_names(struct changes *c)
{
	for (size_t i = 0; i < c->count; i++) {
		if (!c->items[i].name)
			c->items[i].name = c->names[i];
	}
}

static bool is_in_head(const struct bundle_head *head, const char *name)
{
	size_t low = 0, high = head->ref_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = strcmp(head->refs[middle].name.data, name);

		if (!r)
			return true;
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static int remove_other(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct changes *c = data;
	struct ref_change *change;

	if (value->kind == REF_ABSENT || is_in_head(c->head, name))
		return 0;
	change = add_change(c, err);
	if (!change)
		return -1;
	memcpy(c->names[c->count - 1], name, strlen(name) + 1);
	return 0;
}

static int set_ref(struct changes *c, struct received *received, const struct bundle_ref *ref, struct drift_error *err)
{
	struct ref_change *change = add_change(c, err);
	enum object_kind kind;
	int found;

	if (!change)
		return -1;
	change->name = ref->name.data;
	if (ref->symbolic) {
		change->value.kind = REF_SYMBOLIC;
		memcpy(change->value.target, ref->target.data, ref->target.len + 1);
		return 0;
	}
	change->value.kind = REF_OBJECT;
	found = received_find(received, &ref->id, &kind, &change->value.object, err);
	if (found < 0)
		return -1;
	if (!found || (kind != OBJECT_COMMIT && (kind != OBJECT_TAG || refname_is_branch(ref->name.data))))
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' leads to nothing that is in it", ref->name.data);
	return 0;
}

/* HEAD and all refs are those of the bundle. */
static int move_refs(struct repo *repo, const struct bundle_head *head, struct received *received, struct drift_error *err)
{
	auto_changes c = { .repo = repo, .head = head };
	struct ref_transaction t = {
		.batch = received_batch(received), .actor = ACTOR, .reason = "backup: restore", .time_usec = date_now_us(),
	};

	for (size_t i = 0; i < head->ref_count; i++) {
		if (set_ref(&c, received, &head->refs[i], err))
			return -1;
	}
	if (odb_ref_each(repo_odb(repo), "refs/", remove_other, &c, err))
		return -1;
	settle_names(&c);
	t.changes = c.items;
	t.change_count = c.count;
	return refs_apply(repo_odb(repo), &t, err);
}

/* That of a partial clone has nothing of other collections, and neither will what is made of it. */
static int set_only(struct repo *repo, const struct bundle_head *head, struct drift_error *err)
{
	auto_collection_set only = { .items = NULL };
	int partial = 0;

	for (size_t i = 0; i < head->text_count && partial >= 0; i++)
		if (!strcmp(head->texts[i].name.data, "config"))
			partial = partial_of_text(head->texts[i].content.data, head->texts[i].content.len, &only, err);
	return partial < 0 || odb_set_only(repo_odb(repo), partial ? &only : NULL, err) ? -1 : 0;
}

static int restore_one(struct repo *repo, const struct backup *b, const struct sync_progress *progress,
		       struct buf *config_out, struct drift_error *err)
{
	const struct sync_receive_options options = { .any_clock = true, .progress = progress };
	auto_bundle_file *file = NULL;
	struct received *received = NULL;
	const struct bundle_head *head;
	struct bundle *bundle;
	int r;

	if (bundle_file_open(b->path, &file, err))
		return -1;
	bundle = bundle_file_bundle(file);
	head = bundle_head(bundle);
	r = set_only(repo, head, err) || sync_receive(repo, bundle_stream(bundle), &options, &received, err) || bundle_finish(bundle, err) ||
			    move_refs(repo, head, received, err) ?
		    -1 :
		    0;
	received_free(received);
	buf_clear(config_out);
	for (size_t i = 0; i < head->text_count && !r; i++) {
		if (!strcmp(head->texts[i].name.data, "config"))
			buf_add(config_out, head->texts[i].content.data, head->texts[i].content.len);
	}
	return r ? error_prefix(err, DRIFT_OK, "'%s'", b->path) : buf_check(config_out, err);
}

int backup_restore(struct repo *repo, const struct backups *b, size_t first, size_t last, const struct sync_progress *progress,
		   struct buf *config_out, struct drift_error *err)
{
	for (size_t i = first; i <= last; i++) {
		if (restore_one(repo, &b->items[i], progress, config_out, err))
			return -1;
	}
	return 0;
}

/* ---- back to a time ---- */

static int rewind_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct changes *c = data;
	auto_commit *tip = NULL, *at = NULL;
	struct ref_change *change;
	int found;

	if (value->kind != REF_OBJECT || refs_commit(repo_odb(c->repo), name, false, &tip, NULL) <= 0 ||
	    tip->time_usec <= c->time_usec)
		return 0;
	found = refname_is_branch(name) ? graph_at_time(c->repo, tip, c->time_usec, &at, err) : 0;
	change = found < 0 ? NULL : add_change(c, err);
	if (!change)
		return -1;
	if (found) {
		change->value.kind = REF_OBJECT;
		change->value.object = (struct object_ref){ at->id, at->loc };
	}
	memcpy(c->names[c->count - 1], name, strlen(name) + 1);
	return 0;
}

int backup_rewind(struct repo *repo, int64_t time_usec, struct drift_error *err)
{
	auto_changes c = { .repo = repo, .time_usec = time_usec };
	struct ref_transaction t = { .actor = ACTOR, .reason = "backup: restore --at", .time_usec = date_now_us() };

	if (odb_ref_each(repo_odb(repo), "refs/", rewind_ref, &c, err))
		return -1;
	settle_names(&c);
	t.changes = c.items;
	t.change_count = c.count;
	return c.count ? refs_apply(repo_odb(repo), &t, err) : 0;
}
