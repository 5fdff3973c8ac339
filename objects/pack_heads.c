#include "objects/pack_heads.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "objects/loc.h"
#include "objects/odb.h"

#define SOURCE_MAX LOC_PENDING

static int damaged(struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "the heads of a pack are damaged");
}

static bool is_entry(uint64_t loc)
{
	return loc_file(loc) && loc_file(loc) < LOC_PENDING;
}

static bool is_name(const char *name, size_t len)
{
	return len && len <= REF_NAME_MAX && !memchr(name, '\0', len);
}

static bool fits(const struct pack_heads *h)
{
	size_t i;

	if (h->ref_count > PACK_REF_MAX || h->source_count > SOURCE_MAX)
		return false;
	if ((h->log_head && !is_entry(h->log_head)) || (h->marker_head && !is_entry(h->marker_head)))
		return false;
	for (i = 0; i < h->ref_count; i++) {
		if (!is_name(h->refs[i].name, strlen(h->refs[i].name)) || !is_entry(h->refs[i].loc))
			return false;
		if (i && strcmp(h->refs[i - 1].name, h->refs[i].name) >= 0)
			return false;
	}
	return true;
}

int pack_heads_encode(const struct pack_heads *heads, struct buf *out, struct drift_error *err)
{
	size_t i;

	if (!fits(heads))
		return error_set(err, DRIFT_ERR_INVALID, "heads of a pack are out of order or beyond limits");
	buf_add_varint(out, heads->log_head);
	buf_add_varint(out, heads->marker_head);
	buf_add_varint(out, heads->ref_count);
	for (i = 0; i < heads->ref_count; i++) {
		size_t len = strlen(heads->refs[i].name);

		buf_add_varint(out, len);
		buf_add(out, heads->refs[i].name, len);
		buf_add_varint(out, heads->refs[i].loc);
	}
	buf_add_varint(out, heads->source_count);
	for (i = 0; i < heads->source_count; i++) {
		buf_add_varint(out, heads->sources[i].sealed_sec);
		buf_add_varint(out, heads->sources[i].closed_at);
	}
	return buf_check(out, err);
}

/* Room is made for what was read, not for what is claimed. */
static int read_refs(struct cursor *in, struct pack_heads *h, struct drift_error *err)
{
	uint64_t count = cursor_varint(in), i;
	size_t capacity = 0;

	if (count > PACK_REF_MAX || count > cursor_left(in))
		return damaged(err);
	for (i = 0; i < count; i++) {
		uint64_t len = cursor_varint(in);
		const unsigned char *name = cursor_bytes(in, len <= REF_NAME_MAX ? (size_t)len : REF_NAME_MAX + 1);
		uint64_t loc = cursor_varint(in);

		if (!cursor_ok(in) || len > REF_NAME_MAX || !is_name((const char *)name, (size_t)len))
			return damaged(err);
		if (mem_grow(&h->refs, &capacity, h->ref_count + 1, sizeof(*h->refs)) < 0)
			return error_no_memory(err);
		h->refs[h->ref_count] = (struct pack_ref_head){ mem_dup_str(name, (size_t)len), loc };
		if (!h->refs[h->ref_count++].name)
			return error_no_memory(err);
	}
	return 0;
}

static int read_sources(struct cursor *in, struct pack_heads *h, struct drift_error *err)
{
	uint64_t count = cursor_varint(in);
	size_t i;

	/* Two bytes each at least. */
	if (count > SOURCE_MAX || count > cursor_left(in) / 2)
		return damaged(err);
	if (!count)
		return 0;
	h->sources = mem_alloc_array((size_t)count, sizeof(*h->sources));
	if (!h->sources)
		return error_no_memory(err);
	h->source_count = (size_t)count;
	for (i = 0; i < h->source_count; i++) {
		h->sources[i].sealed_sec = cursor_varint(in);
		h->sources[i].closed_at = cursor_varint(in);
	}
	return 0;
}

int pack_heads_decode(const void *data, size_t len, struct pack_heads *out, struct drift_error *err)
{
	struct pack_heads h = { .log_head = 0 };
	struct cursor in;

	cursor_init(&in, data, len);
	h.log_head = cursor_varint(&in);
	h.marker_head = cursor_varint(&in);
	if (read_refs(&in, &h, err) < 0 || read_sources(&in, &h, err) < 0 ||
	    (!cursor_done(&in) && damaged(err) < 0) || (!fits(&h) && damaged(err) < 0)) {
		pack_heads_release(&h);
		return -1;
	}
	*out = h;
	return 0;
}

void pack_heads_release(struct pack_heads *heads)
{
	size_t i;

	for (i = 0; i < heads->ref_count; i++)
		free(heads->refs[i].name);
	free(heads->refs);
	free(heads->sources);
	memset(heads, 0, sizeof(*heads));
}
