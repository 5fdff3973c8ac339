#include "repo/edits_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "objects/loc.h"
#include "objects/odb_files.h"
#include "repo/documents.h"

#define BLOCK_LEN ((size_t)32 << 10)

struct edits_block {
	struct edits_block *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

static void *block_alloc(struct edits *e, size_t len, struct drift_error *err)
{
	size_t need = (len + 15) & ~(size_t)15;
	struct edits_block *block = e->blocks;
	void *at;

	if (!block || need > block->size - block->used) {
		size_t size = need > BLOCK_LEN ? need : BLOCK_LEN;

		block = malloc(sizeof(*block) + size);
		if (!block) {
			error_no_memory(err);
			return NULL;
		}
		block->used = 0;
		block->size = size;
		/* A block of one large item must not hide the free room of the newest. */
		if (e->blocks && size > BLOCK_LEN) {
			block->next = e->blocks->next;
			e->blocks->next = block;
		} else {
			block->next = e->blocks;
			e->blocks = block;
		}
	}
	at = block->bytes + block->used;
	block->used += need;
	return at;
}

static void *block_copy(struct edits *e, const void *data, size_t len, struct drift_error *err)
{
	void *at = block_alloc(e, len, err);

	if (at && len)
		memcpy(at, data, len);
	return at;
}

int edits_new(struct repo *repo, struct edits **out, struct drift_error *err)
{
	struct edits *e = calloc(1, sizeof(*e));

	if (!e)
		return error_no_memory(err);
	e->repo = repo;
	e->sorted = true;
	*out = e;
	return 0;
}

static bool owns_data(const struct edit *edit)
{
	return edit->kind == EDIT_PUT && edit->len > VALUE_INLINE_MAX;
}

void edits_clear(struct edits *e)
{
	struct edits_block *keep = NULL;
	size_t i;

	for (i = 0; e->held_len && i < e->count; i++)
		if (owns_data(&e->items[i]))
			free(e->items[i].data);
	while (e->blocks) {
		struct edits_block *next = e->blocks->next;

		if (!keep && e->blocks->size == BLOCK_LEN)
			keep = e->blocks;
		else
			free(e->blocks);
		e->blocks = next;
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	e->blocks = keep;
	if (e->ahead)
		odb_spill_end(repo_odb(e->repo));
	e->ahead = false;
	e->count = e->held_len = 0;
	e->sorted = true;
}

void edits_free(struct edits *e)
{
	if (!e)
		return;
	edits_clear(e);
	free(e->blocks);
	free(e->items);
	free(e);
}

void edits_cleanup(struct edits **e)
{
	edits_free(*e);
}

size_t edits_count(const struct edits *e)
{
	return e->count;
}

/* A new edit of path at the end, to be filled by the caller; NULL after an error. */
static struct edit *add_edit(struct edits *e, const char *path, size_t path_len, enum edit_kind kind,
			     struct drift_error *err)
{
	struct edit *edit;
	struct path parts;
	char *copy;

	if (path_parse(path, path_len, &parts, err) || edits_check_reserved(&parts, err))
		return NULL;
	if (mem_grow(&e->items, &e->capacity, e->count + 1, sizeof(*e->items))) {
		error_no_memory(err);
		return NULL;
	}
	copy = block_copy(e, path, path_len, err);
	if (!copy)
		return NULL;
	edit = &e->items[e->count];
	memset(edit, 0, sizeof(*edit));
	path_split(copy, path_len, &edit->path);
	edit->order = e->count;
	edit->kind = kind;
	return edit;
}

/* The edit that add_edit gave is complete. */
static void keep_edit(struct edits *e)
{
	if (e->count && e->sorted && path_compare(&e->items[e->count - 1].path, &e->items[e->count].path) > 0)
		e->sorted = false;
	e->count++;
}

/* One large document that is held becomes one that is stored; its location is not known before the append. */
static int store_one(struct edits *e, struct edit *edit, struct odb_batch *batch, struct drift_error *err)
{
	struct document doc, *copy;

	if (document_store(batch, edit->data, edit->len, edit->mode, LOC_UNKNOWN, &doc, err))
		return -1;
	doc.loc = LOC_UNKNOWN;
	copy = block_copy(e, &doc, sizeof(doc), err);
	if (!copy)
		return -1;
	edit->document = copy;
	return 0;
}

static int append_ahead(struct edits *e, struct odb_batch *batch, struct drift_error *err)
{
	struct odb_append append = { .batch = batch };
	struct odb *odb = repo_odb(e->repo);
	uint64_t ticket;
	int r;

	if (odb_lock(odb, err))
		return -1;
	r = odb_append(odb, &append, &ticket, err);
	odb_unlock(odb);
	/* A failed sync would void them, unseen by the commit that is to refer to them by id. */
	return r ? r : odb_sync(odb, ticket, err);
}

/* From here on what is stored, or found to be stored, stays there until these edits are done with. */
static int hold_ahead(struct edits *e, struct drift_error *err)
{
	struct odb *odb = repo_odb(e->repo);
	int r;

	if (e->ahead)
		return 0;
	if (odb_lock(odb, err) < 0)
		return -1;
	r = odb_spill_begin(odb, err);
	e->ahead = !r;
	odb_unlock(odb);
	return r;
}

static int store_ahead(struct edits *e, struct drift_error *err)
{
	struct odb_batch *batch = NULL;
	size_t i;
	int r = hold_ahead(e, err) < 0 ? -1 : odb_batch_new(repo_odb(e->repo), &batch, err);

	for (i = 0; !r && i < e->count; i++)
		if (owns_data(&e->items[i]) && !e->items[i].document)
			r = store_one(e, &e->items[i], batch, err);
	if (!r)
		r = append_ahead(e, batch, err);
	odb_batch_free(batch);
	for (i = 0; i < e->count; i++) {
		struct edit *edit = &e->items[i];

		if (!owns_data(edit) || !edit->document)
			continue;
		if (r) {
			edit->document = NULL;
			continue;
		}
		free(edit->data);
		edit->data = NULL;
		edit->kind = EDIT_DOCUMENT;
	}
	if (!r)
		e->held_len = 0;
	return r;
}

int edits_put(struct edits *e, const char *path, size_t path_len, const void *data, size_t len, uint32_t mode,
	      struct drift_error *err)
{
	struct edit *edit;

	if (len > DOCUMENT_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "'%.*s' is longer than %llu bytes", (int)path_len, path,
				 (unsigned long long)DOCUMENT_LEN_MAX);
	edit = add_edit(e, path, path_len, EDIT_PUT, err);
	if (!edit || edits_admit(e, &edit->path, data, len, err))
		return -1;
	if (len > VALUE_INLINE_MAX) {
		edit->data = malloc(len);
		if (!edit->data)
			return error_no_memory(err);
		memcpy(edit->data, data, len);
		e->held_len += len;
	} else {
		edit->data = block_copy(e, data, len, err);
		if (!edit->data)
			return -1;
	}
	edit->len = len;
	edit->mode = mode;
	edit->keep_mode = mode == DOCUMENT_NO_MODE;
	keep_edit(e);
	if (e->held_len <= EDITS_HELD_MAX || !store_ahead(e, err))
		return 0;
	e->count--;
	if (owns_data(edit)) {
		e->held_len -= len;
		free(edit->data);
	}
	return -1;
}

int edits_put_document(struct edits *e, const char *path, size_t path_len, const struct document *doc,
		       struct drift_error *err)
{
	struct edit *edit = add_edit(e, path, path_len, EDIT_DOCUMENT, err);
	struct document *copy;

	if (!edit)
		return -1;
	copy = block_copy(e, doc, sizeof(*doc), err);
	if (!copy)
		return -1;
	if (doc->form == DOCUMENT_BLOB)
		copy->data = NULL;
	else if (!(copy->data = block_copy(e, doc->data, (size_t)doc->len, err)))
		return -1;
	edit->document = copy;
	keep_edit(e);
	return 0;
}

int edits_remove(struct edits *e, const char *path, size_t path_len, bool lenient, struct drift_error *err)
{
	struct edit *edit = add_edit(e, path, path_len, EDIT_REMOVE, err);

	if (!edit)
		return -1;
	edit->lenient = lenient;
	keep_edit(e);
	return 0;
}

int edits_patch(struct edits *e, const char *path, size_t path_len, enum patch_kind kind, const void *patch, size_t len,
		struct drift_error *err)
{
	struct edit *edit;

	if (json_validate(patch, len, err))
		return error_prefix(err, DRIFT_OK, "the patch of '%.*s' is not JSON", (int)path_len, path);
	edit = add_edit(e, path, path_len, EDIT_PATCH, err);
	if (!edit)
		return -1;
	edit->data = block_copy(e, patch, len, err);
	if (!edit->data)
		return -1;
	edit->len = len;
	edit->patch = kind;
	keep_edit(e);
	return 0;
}

int edits_if_match(struct edits *e, const char *path, size_t path_len, const struct oid *id, struct drift_error *err)
{
	struct edit *edit = add_edit(e, path, path_len, EDIT_MATCH, err);

	if (!edit)
		return -1;
	if (id && !(edit->id = block_copy(e, id, sizeof(*id), err)))
		return -1;
	keep_edit(e);
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;
	int r = path_compare(&x->path, &y->path);

	if (r)
		return r;
	return x->order < y->order ? -1 : 1;
}

void edits_sort(struct edits *e)
{
	if (!e->sorted)
		qsort(e->items, e->count, sizeof(*e->items), by_path);
	e->sorted = true;
}

size_t edits_group(const struct edits *e, size_t at)
{
	size_t end = at + 1;

	while (end < e->count && !path_compare(&e->items[at].path, &e->items[end].path))
		end++;
	return end - at;
}
