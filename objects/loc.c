#include "objects/loc.h"

void loc_put(struct buf *out, uint64_t self, uint64_t loc)
{
	uint64_t distance;

	if (loc == LOC_UNKNOWN) {
		buf_add_varint(out, 0);
		return;
	}
	if (loc_file(loc) != loc_file(self) || loc_offset(loc) > loc_offset(self)) {
		buf_add_varint(out, 1);
		buf_add_varint(out, loc_file(loc));
		buf_add_varint(out, loc_offset(loc));
		buf_add_byte(out, (unsigned char)loc_record(loc));
		return;
	}
	distance = loc_offset(self) - loc_offset(loc);
	buf_add_varint(out, 2 + (distance << 1 | (loc_record(loc) ? 1 : 0)));
	if (loc_record(loc))
		buf_add_byte(out, (unsigned char)loc_record(loc));
}

uint64_t loc_get(struct cursor *in, uint64_t self)
{
	uint64_t x = cursor_varint(in), file, offset;
	unsigned record;

	if (!cursor_ok(in) || x == 0)
		return LOC_UNKNOWN;
	if (x == 1) {
		file = cursor_varint(in);
		offset = cursor_varint(in);
		record = cursor_u8(in);
		if (!file || file >= loc_file(self) || offset > LOC_OFFSET_MAX)
			cursor_fail(in);
	} else {
		record = (x - 2) & 1 ? cursor_u8(in) : 0;
		if (((x - 2) & 1 && !record) || (x - 2) >> 1 > loc_offset(self)) {
			cursor_fail(in);
			return LOC_UNKNOWN;
		}
		file = loc_file(self);
		offset = loc_offset(self) - ((x - 2) >> 1);
	}
	return cursor_ok(in) ? loc_make(file, offset, record) : LOC_UNKNOWN;
}
