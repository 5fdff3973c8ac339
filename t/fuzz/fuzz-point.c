/* The text of a point parses to an error, or to parts of it that parse to the same again, in quotes too. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "repo/point_parse.h"

#define NOW_US INT64_C(1704207845000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_part(struct text part, const char *text, size_t len)
{
	if (part.len && (part.len != 4 || memcmp(part.data, "HEAD", 4) != 0))
		assert(part.data >= text && part.data + part.len <= text + len);
}

static void check_point(const struct point_text *p, const char *text, size_t len)
{
	struct point_text again;

	assert(p->candidates);
	assert(p->step_count <= POINT_STEP_MAX);
	check_part(p->text, text, len);
	check_part(p->ref, text, len);
	assert(!point_parse(p->text.data, p->text.len, NOW_US, &again, NULL));
	assert(again.candidates == p->candidates && again.step_count == p->step_count && again.seq == p->seq &&
	       again.time_us == p->time_us && again.reflog_index == p->reflog_index && again.id_len == p->id_len &&
	       again.ref.len == p->ref.len);
}

static void in_quotes(const struct point_text *p)
{
	auto_buf quoted = BUF_INIT;
	struct point_text again;

	if (p->step_count || memchr(p->text.data, '"', p->text.len) || p->text.data[0] == '\'' ||
	    p->text.len + 2 > POINT_LEN_MAX)
		return;
	buf_add_byte(&quoted, '"');
	buf_add(&quoted, p->text.data, p->text.len);
	buf_add_byte(&quoted, '"');
	assert(!point_parse(quoted.data, quoted.len, NOW_US, &again, NULL));
	assert(again.candidates == p->candidates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct point_text_range range;
	struct point_text p;
	struct text path;
	int single = point_parse(text, len, NOW_US, &p, NULL);

	if (!single) {
		check_point(&p, text, len);
		in_quotes(&p);
	}
	if (!point_parse_document(text, len, NOW_US, &p, &path, NULL)) {
		check_point(&p, text, len);
		assert((path.data != NULL) == (single != 0));
	}
	if (!point_parse_range(text, len, NOW_US, &range, NULL)) {
		check_point(&range.b, text, len);
		if (range.kind == POINT_DIFFERENCE || range.kind == POINT_SYMMETRIC)
			check_point(&range.a, text, len);
	}
	return 0;
}
