#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "objects/value.h"
#include "t/unit/node_model.h"

static void put_loc(const struct loc_codec *codec, struct buf *out, uint64_t loc)
{
	(void)codec;
	buf_add_varint(out, loc);
}

static uint64_t get_loc(const struct loc_codec *codec, struct cursor *in)
{
	(void)codec;
	return cursor_varint(in);
}

const struct loc_codec varint_codec = { .put = put_loc, .get = get_loc };

/* A location that an entry keeps from version to version. */
static uint64_t loc_of(const void *id)
{
	const unsigned char *bytes = id;

	return bytes[0] + 1U;
}

struct node *node_model_build(const struct map_model *m, enum map_kind kind, unsigned level)
{
	auto_buf out = BUF_INIT;
	uint64_t locs[2048];
	struct drift_error err = { .code = DRIFT_OK };
	struct node *node = NULL;
	size_t i;

	buf_add_byte(&out, NODE_VERSION);
	buf_add_byte(&out, (unsigned char)kind);
	buf_add_byte(&out, (unsigned char)level);
	buf_add_varint(&out, m->count);
	for (i = 0; i < m->count; i++) {
		const struct model_entry *entry = &m->entries[i];
		long ref = level ? 0 : value_ref_offset(kind, entry->value, entry->value_len);

		buf_add_varint(&out, entry->key_len);
		buf_add(&out, entry->key, entry->key_len);
		if (!level)
			buf_add_varint(&out, entry->value_len);
		buf_add(&out, entry->value, entry->value_len);
		locs[i] = ref < 0 ? LOC_UNKNOWN : loc_of(entry->value + ref);
	}
	if (node_decode(out.data, out.len, NULL, locs, &node, &err) < 0)
		fail_msg("%s", err.message);
	return node;
}

void node_model_put_random(struct dice *d, struct map_model *m, unsigned level)
{
	auto_buf value = BUF_INIT;
	char key[16];
	size_t i, n;

	snprintf(key, sizeof(key), "%03zu", dice_below(d, 120));
	if (level || !dice_below(d, 5)) {
		if (!level)
			buf_add_byte(&value, DOCUMENT_BLOB);
		for (i = 0; i < OID_LEN; i++)
			buf_add_byte(&value, (unsigned char)dice_next(d));
		buf_add_varint(&value, 1025 + dice_below(d, 4000));
		if (level)
			buf_add_varint(&value, dice_below(d, 100000));
	} else {
		n = dice_below(d, 3) ? dice_below(d, 60) : 60;
		buf_add_byte(&value, DOCUMENT_INLINE);
		for (i = 0; i < n; i++)
			buf_add_byte(&value, (unsigned char)('a' + dice_below(d, 2)));
	}
	map_model_put(m, key, 3, value.data, value.len);
}

void node_model_mutate(struct dice *d, struct map_model *m, unsigned level)
{
	size_t i, n = dice_below(d, 4) ? 1 : dice_below(d, 60);

	for (i = 0; i < n; i++) {
		char key[16];

		snprintf(key, sizeof(key), "%03zu", dice_below(d, 120));
		if (dice_below(d, 2))
			node_model_put_random(d, m, level);
		else if (m->count > 1)
			map_model_remove(m, key, 3);
	}
}
