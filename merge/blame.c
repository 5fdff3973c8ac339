#include "merge/blame.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "merge/blame_internal.h"

int blame_new(struct blame **out, struct drift_error *err)
{
	struct blame *b = calloc(1, sizeof(*b));

	if (!b)
		return error_no_memory(err);
	buf_init(&b->memory);
	buf_init(&b->bytes);
	*out = b;
	return 0;
}

void blame_free(struct blame *b)
{
	if (!b)
		return;
	buf_release(&b->memory);
	buf_release(&b->bytes);
	json_doc_free(b->json);
	free(b->slots);
	free(b);
}

struct blame_slot *blame_add_slot(struct blame *b)
{
	struct blame_slot *slot;

	if (mem_grow(&b->slots, &b->capacity, b->count + 1, sizeof(*b->slots)))
		return NULL;
	slot = &b->slots[b->count];
	memset(slot, 0, sizeof(*slot));
	slot->open = true;
	slot->pointer_at = slot->value_at = b->memory.len;
	slot->line = b->count++;
	slot->commit = b->commit;
	b->open_count++;
	return slot;
}

static int start_lines(struct blame *b, struct drift_error *err)
{
	const char *at, *end, *newline;

	buf_add(&b->memory, b->bytes.data, b->bytes.len);
	if (buf_check(&b->memory, err))
		return -1;
	at = b->memory.data;
	end = at + b->memory.len;
	for (; at < end; at = newline + 1) {
		struct blame_slot *slot = blame_add_slot(b);

		if (!slot)
			return error_no_memory(err);
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			newline = end - 1;
		slot->pointer_at = 0;
		slot->value_at = (size_t)(at - b->memory.data);
		slot->value_len = (size_t)(newline + 1 - at);
	}
	return 0;
}

static int start(struct blame *b, struct drift_error *err)
{
	struct text bytes = { b->bytes.data, b->bytes.len };

	if (doc_read(bytes, &b->kind, &b->json, err))
		return -1;
	b->started = true;
	switch (b->kind) {
	case DOC_JSON:
		return blame_json_start(b, err);
	case DOC_TEXT:
		return start_lines(b, err);
	case DOC_BINARY:
		break;
	}
	return blame_add_slot(b) ? 0 : error_no_memory(err);
}

static void close_slot(struct blame *b, struct blame_slot *slot)
{
	slot->open = false;
	slot->leaf = NULL;
	b->open_count--;
}

static void close_all(struct blame *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		if (b->slots[i].open)
			close_slot(b, &b->slots[i]);
}

static void take_all(struct blame *b, uint64_t commit)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		if (b->slots[i].open)
			b->slots[i].commit = commit;
}

/* Lines stay in order, so one pass over the changes serves all of them. */
static void follow_lines(struct blame *b, uint64_t commit, const struct textdiff *d)
{
	const struct textdiff_change *changes;
	size_t count, i, next = 0, older_end = 0, newer_end = 0;

	changes = textdiff_changes(d, &count);
	for (i = 0; i < b->count; i++) {
		struct blame_slot *slot = &b->slots[i];

		if (!slot->open)
			continue;
		for (; next < count && changes[next].b_start + changes[next].b_count <= slot->line; next++) {
			older_end = changes[next].a_start + changes[next].a_count;
			newer_end = changes[next].b_start + changes[next].b_count;
		}
		if (next < count && slot->line >= changes[next].b_start) {
			close_slot(b, slot);
			continue;
		}
		slot->line = older_end + (slot->line - newer_end);
		slot->commit = commit;
	}
}

static int step_lines(struct blame *b, uint64_t commit, struct text older, struct drift_error *err)
{
	struct text newer = { b->bytes.data, b->bytes.len };
	struct textdiff *d;

	if (textdiff_create(older, newer, &d, err))
		return -1;
	follow_lines(b, commit, d);
	textdiff_free(d);
	return 0;
}

static int step_json(struct blame *b, uint64_t commit, struct text older, struct drift_error *err)
{
	enum doc_kind kind;
	struct json_doc *json;
	size_t i;

	if (doc_read(older, &kind, &json, err))
		return -1;
	if (!json) {
		close_all(b);
		return 0;
	}
	if (blame_json_step(b, json, err)) {
		json_doc_free(json);
		return -1;
	}
	for (i = 0; i < b->count; i++) {
		struct blame_slot *slot = &b->slots[i];

		if (!slot->open)
			continue;
		slot->leaf = slot->leaf_next;
		slot->leaf_next = NULL;
		if (slot->leaf)
			slot->commit = commit;
		else
			close_slot(b, slot);
	}
	json_doc_free(b->json);
	b->json = json;
	return 0;
}

static int step(struct blame *b, uint64_t commit, struct text older, struct drift_error *err)
{
	struct text newer = { b->bytes.data, b->bytes.len };

	if (doc_same(&older, &newer)) {
		take_all(b, commit);
		return 0;
	}
	switch (b->kind) {
	case DOC_JSON:
		return step_json(b, commit, older, err);
	case DOC_TEXT:
		return step_lines(b, commit, older, err);
	case DOC_BINARY:
		break;
	}
	close_all(b);
	return 0;
}

static int keep_bytes(struct blame *b, const struct text *version, struct drift_error *err)
{
	buf_clear(&b->bytes);
	buf_add(&b->bytes, version->data, version->len);
	return buf_check(&b->bytes, err);
}

int blame_feed(struct blame *b, uint64_t commit, const struct text *version, struct drift_error *err)
{
	if (!b->started) {
		if (!version)
			return error_set(err, DRIFT_ERR_INVALID, "the document is absent");
		b->commit = commit;
		return keep_bytes(b, version, err) ? -1 : start(b, err);
	}
	if (blame_done(b))
		return 0;
	if (!version) {
		close_all(b);
		return 0;
	}
	if (step(b, commit, *version, err))
		return -1;
	b->commit = commit;
	return keep_bytes(b, version, err);
}

bool blame_done(const struct blame *b)
{
	return b->started && !b->open_count;
}

enum doc_kind blame_kind(const struct blame *b)
{
	return b->kind;
}

size_t blame_count(const struct blame *b)
{
	return b->count;
}

void blame_part(const struct blame *b, size_t i, struct blame_part *part_out)
{
	const struct blame_slot *slot = &b->slots[i];

	part_out->pointer = (struct text){ b->memory.data + slot->pointer_at, slot->pointer_len };
	part_out->value = (struct text){ b->memory.data + slot->value_at, slot->value_len };
	part_out->line = b->kind == DOC_TEXT ? i + 1 : 0;
	part_out->commit = slot->commit;
}
