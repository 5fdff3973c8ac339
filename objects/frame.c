#include "objects/frame.h"

#include "base/crc32c.h"
#include "base/cursor.h"

static void put_u32(unsigned char *p, uint32_t v)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

uint32_t frame_checksum(uint32_t seed, uint64_t offset, const void *payload, size_t len)
{
	unsigned char at[8];

	put_u32(at, (uint32_t)offset);
	put_u32(at + 4, (uint32_t)(offset >> 32));
	return crc32c(crc32c(seed, at, sizeof(at)), payload, len);
}

void frame_head_encode(const struct frame *frame, unsigned char head[FRAME_HEAD_LEN])
{
	uint32_t check;

	put_u32(head, frame->len);
	put_u32(head + 4, frame->crc);
	put_u32(head + 8, frame->durable_lag);
	head[12] = (unsigned char)frame->kind;
	head[13] = 0;
	check = crc32c(0, head, 14);
	head[14] = (unsigned char)check;
	head[15] = (unsigned char)(check >> 8);
}

bool frame_head_decode(const unsigned char head[FRAME_HEAD_LEN], struct frame *frame_out)
{
	struct cursor c;
	struct frame f;
	unsigned kind;

	cursor_init(&c, head, FRAME_HEAD_LEN);
	f.len = cursor_u32(&c);
	f.crc = cursor_u32(&c);
	f.durable_lag = cursor_u32(&c);
	kind = cursor_u8(&c);
	if (cursor_u8(&c) || kind < FRAME_FILE || kind > FRAME_DICT || !f.len || f.len > FRAME_PAYLOAD_MAX)
		return false;
	if (cursor_u16(&c) != (crc32c(0, head, 14) & 0xffff))
		return false;
	f.kind = (enum frame_kind)kind;
	*frame_out = f;
	return true;
}
