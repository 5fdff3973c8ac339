/* A JSON array, element by element. */
#include <stdlib.h>

#include "base/json_stream.h"
#include "base/mem.h"
#include "repo/import_internal.h"

struct array_parser {
	struct import_parser parser;
	struct import_input *in;
	size_t block_len;
	struct json_stream *stream;
	char *chunk; /* of block_len */
};

static void free_array(struct import_parser *self)
{
	struct array_parser *p = (struct array_parser *)self;

	json_stream_free(p->stream);
	free(p->chunk);
	free(p);
}

static int take_element(struct array_parser *p, struct import_block *block, const struct json_slice *element,
			struct drift_error *err)
{
	size_t at = block->data.len;

	buf_add(&block->data, element->data, element->len);
	if (buf_check(&block->data, err))
		return -1;
	p->in->line = json_stream_line(p->stream);
	if (!import_add_document(p->in, block, at, element->len, err))
		return 0;
	return import_bad(p->in, block, err);
}

static int fill_array(struct import_parser *self, struct import_block *block, struct drift_error *err)
{
	struct array_parser *p = (struct array_parser *)self;
	struct json_slice element;
	int64_t got;
	int r;

	while (block->data.len < p->block_len) {
		r = json_stream_next(p->stream, &element, err);
		if (r < 0 || (r && take_element(p, block, &element, err)))
			return -1;
		if (r)
			continue;
		got = import_read(p->in, p->chunk, p->block_len, err);
		if (got < 0)
			return -1;
		if (!got)
			return json_stream_finish(p->stream, err);
		if (json_stream_feed(p->stream, p->chunk, (size_t)got, err))
			return -1;
	}
	return 1;
}

struct import_parser *import_array_new(struct import_input *in, struct drift_error *err)
{
	struct array_parser *p = mem_calloc(1, sizeof(*p));

	if (!p) {
		error_no_memory(err);
		return NULL;
	}
	p->parser = (struct import_parser){ .fill = fill_array, .free = free_array };
	p->in = in;
	p->block_len = in->options->block_len ? in->options->block_len : IMPORT_BLOCK_LEN;
	p->stream = json_stream_new(DOCUMENT_LEN_MAX, err);
	p->chunk = p->stream ? malloc(p->block_len) : NULL;
	if (p->chunk)
		return &p->parser;
	if (p->stream)
		error_no_memory(err);
	free_array(&p->parser);
	return NULL;
}
