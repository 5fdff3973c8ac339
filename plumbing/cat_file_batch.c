#include "plumbing/cat_file.h"

#include <stdio.h>
#include <string.h>

#include "cli/input_lines.h"
#include "cli/output.h"

static const char *const field_names[] = { "objectname", "objecttype", "objectsize", "rest" };
enum field { FIELD_NAME, FIELD_TYPE, FIELD_SIZE, FIELD_REST, FIELD_COUNT };

/* The field that format begins with ("%(objectname)"), its length in len_out; FIELD_COUNT if there is none. */
static enum field field_at(const char *format, size_t *len_out)
{
	for (size_t i = 0; i < ARRAY_SIZE(field_names); i++) {
		size_t len = strlen(field_names[i]);

		if (!strncmp(format + 2, field_names[i], len) && format[2 + len] == ')') {
			*len_out = len + 3;
			return (enum field)i;
		}
	}
	return FIELD_COUNT;
}

int cat_file_check_format(const char *format, struct drift_error *err)
{
	size_t len;

	for (; *format; format++) {
		if (format[0] == '%' && format[1] == '(' && field_at(format, &len) == FIELD_COUNT)
			return error_set(err, DRIFT_ERR_INVALID, "unknown field: %.*s", (int)strcspn(format, ")") + 1,
					 format);
	}
	return 0;
}

struct answer {
	const struct object_name *name;
	size_t size;
	struct text rest;
};

static void append_field(struct buf *out, enum field field, const struct answer *a)
{
	char hex[OID_HEX_LEN + 1];

	switch (field) {
	case FIELD_NAME:
		buf_add_str(out, oid_to_hex(&a->name->id, hex));
		break;
	case FIELD_TYPE:
		buf_add_str(out, object_kind_name(a->name->kind));
		break;
	case FIELD_SIZE:
		buf_addf(out, "%zu", a->size);
		break;
	case FIELD_REST:
		buf_add(out, a->rest.data, a->rest.len);
		break;
	case FIELD_COUNT:
		break;
	}
}

static void append_answer(struct buf *out, const char *format, const struct answer *a)
{
	size_t len;

	while (*format) {
		if (format[0] == '%' && format[1] == '(') {
			append_field(out, field_at(format, &len), a);
			format += len;
		} else {
			if (format[0] == '%' && format[1] == '%')
				format++;
			buf_add_byte(out, (unsigned char)*format++);
		}
	}
	buf_add_byte(out, '\n');
}

/* With %(rest) the name ends at the first blank. */
static struct text cut_rest(struct text *line, const char *format)
{
	struct text rest = { .data = "", .len = 0 };
	size_t at = 0, end;

	if (!strstr(format, "%(rest)"))
		return rest;
	while (at < line->len && line->data[at] != ' ' && line->data[at] != '\t')
		at++;
	end = at;
	while (at < line->len && (line->data[at] == ' ' || line->data[at] == '\t'))
		at++;
	rest = (struct text){ .data = line->data + at, .len = line->len - at };
	line->len = end;
	return rest;
}

static int answer_line(struct object_reader *reader, const char *format, bool contents, struct text line)
{
	struct cmd_context *ctx = reader->ctx;
	auto_object_name name = OBJECT_NAME_INIT;
	auto_buf bytes = BUF_INIT, out = BUF_INIT;
	struct drift_error why = { .code = DRIFT_OK };
	struct answer a = { .name = &name, .rest = cut_rest(&line, format) };

	if (object_reader_find(reader, line.data, line.len, &name, &why)) {
		if (why.code != DRIFT_ERR_NOT_FOUND && why.code != DRIFT_ERR_INVALID &&
		    why.code != DRIFT_ERR_AMBIGUOUS) {
			ctx->err = why;
			return -1;
		}
		buf_add(&out, line.data, line.len);
		buf_add_str(&out, why.code == DRIFT_ERR_AMBIGUOUS ? " ambiguous\n" : " missing\n");
	} else {
		if (object_reader_bytes(reader, &name, &bytes, &ctx->err))
			return -1;
		a.size = bytes.len;
		append_answer(&out, format, &a);
		if (contents) {
			buf_add(&out, bytes.data, bytes.len);
			buf_add_byte(&out, '\n');
		}
	}
	if (buf_check(&out, &ctx->err))
		return -1;
	out_buf(&out);
	return 0;
}

int cat_file_batch(struct object_reader *reader, const char *format, bool contents)
{
	struct cmd_context *ctx = reader->ctx;
	auto_input_lines in;
	struct text line;

	input_lines_init(&in, 0, ctx->common.nul ? '\0' : '\n');
	for (;;) {
		enum input_result r = input_lines_next(&in, false, &line, &ctx->err);

		if (r == INPUT_WAIT) {
			/* Whoever sends the next name may wait for this answer first. */
			fflush(stdout);
			r = input_lines_next(&in, true, &line, &ctx->err);
		}
		if (r == INPUT_END || ctx_reader_gone(ctx))
			return EXIT_DONE;
		if (r == INPUT_FAILED || answer_line(reader, format, contents, line))
			return ctx_die(ctx, "read objects");
	}
}
