#include <stdlib.h>
#include <string.h>

#include "base/extsort.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "repo/gc_internal.h"

#define MEMO_COUNT ((size_t)1 << 16)
#define KEY_START 3
#define KEY_LEN 21

struct memo {
	uint64_t loc; /* 0: free */
	struct gc_family family;
};

struct gc_families {
	struct odb *odb;
	struct memo *memos;
};

int gc_families_new(struct odb *odb, struct gc_families **out, struct drift_error *err)
{
	struct gc_families *f = mem_calloc(1, sizeof(*f));

	if (f)
		f->memos = mem_calloc(MEMO_COUNT, sizeof(*f->memos));
	if (!f || !f->memos) {
		free(f);
		return error_no_memory(err);
	}
	f->odb = odb;
	*out = f;
	return 0;
}

void gc_families_free(struct gc_families *f)
{
	if (!f)
		return;
	free(f->memos);
	free(f);
}

static struct memo *memo_at(struct gc_families *f, uint64_t loc)
{
	return &f->memos[(size_t)((loc * 0x9e3779b97f4a7c15u) >> 48) % MEMO_COUNT];
}

static void remember(struct gc_families *f, uint64_t loc, const struct gc_family *family)
{
	struct memo *memo = memo_at(f, loc);

	memo->loc = loc;
	memo->family = *family;
}

/* The next version is mostly made from the newest, so the base makes room for what was made from it. */
static bool inherit(struct gc_families *f, uint64_t base_loc, struct gc_family *out)
{
	struct memo *memo = memo_at(f, base_loc);

	if (memo->loc != base_loc)
		return false;
	*out = memo->family;
	memo->loc = 0;
	return true;
}

static void of_node(const struct node *node, struct gc_family *out)
{
	static const unsigned char zero_key[SIPHASH_KEY_LEN] = { 0 };
	const unsigned char *key = NULL;
	size_t len = 0;

	memset(out, 0, sizeof(*out));
	if (node->count)
		key = node_key_at(node, 0, &len);
	out->bytes[0] = GC_FAMILY_NODE;
	out->bytes[1] = (unsigned char)node->kind;
	out->bytes[2] = node->level;
	if (len)
		memcpy(out->bytes + KEY_START, key, len < KEY_LEN ? len : KEY_LEN);
	extsort_put_number(out->bytes + KEY_START + KEY_LEN, siphash(zero_key, key, len));
}

/* Does an edit list leave the first entry of its base where it is? */
static bool keeps_first_key(const struct record *r)
{
	struct cursor in;
	uint64_t op;

	if (!r->body_len)
		return true;
	cursor_init(&in, r->body, r->body_len);
	op = cursor_varint(&in);
	return cursor_ok(&in) && op >> 2 && ((op & 3) == 0 || (op & 3) == 3);
}

static int family_of_node(struct gc_families *f, const struct record *r, struct gc_family *out, struct drift_error *err)
{
	struct memo *known = memo_at(f, r->self);
	struct node *node;

	if (known->loc == r->self) {
		*out = known->family;
		return 0;
	}
	if (r->storage != RECORD_EDIT || r->base_loc == LOC_UNKNOWN || !keeps_first_key(r) ||
	    !inherit(f, r->base_loc, out)) {
		if (odb_node_at(f->odb, r->self, &node, err) < 0)
			return -1;
		of_node(node, out);
		node_unref(node);
	}
	remember(f, r->self, out);
	return 0;
}

int gc_family_of(struct gc_families *f, const struct record *record, uint64_t blob_family, struct gc_family *out,
		 struct drift_error *err)
{
	if (record->kind == OBJECT_TREE)
		return family_of_node(f, record, out, err);
	if (record->storage == RECORD_PREFIX && inherit(f, record->base_loc, out)) {
		remember(f, record->self, out);
		return 0;
	}
	memset(out, 0, sizeof(*out));
	out->bytes[0] = record->storage == RECORD_CHUNKED ? GC_FAMILY_CHUNKED : GC_FAMILY_BLOB;
	if (!blob_family)
		blob_family = record->storage == RECORD_PREFIX ? record->base_loc : record->self;
	extsort_put_number(out->bytes + 1, blob_family);
	if (record->storage != RECORD_CHUNKED)
		remember(f, record->self, out);
	return 0;
}
