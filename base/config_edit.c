/* Changing a configuration text without disturbing the rest of it. */
#include <stdlib.h>
#include <string.h>

#include "base/config_file.h"
#include "base/config_internal.h"
#include "base/mem.h"

/* Where the text is to change; found in one pass over it. */
struct place {
	size_t start, end;             /* the entry's lines, for removal */
	size_t value_start, value_end; /* its raw value */
	bool has_value;
};

struct survey {
	struct place *places; /* of the entries with that name */
	size_t count, capacity;
	bool section_found;
	size_t section_end; /* where another entry of the last such section goes */
	bool open;          /* see struct config_scan */
};

static void survey_release(struct survey *s)
{
	free(s->places);
}
#define auto_survey __attribute__((cleanup(survey_release)))

static bool is_blank(const char *text, size_t start, size_t end)
{
	for (; start < end; start++)
		if (text[start] != ' ' && text[start] != '\t')
			return false;
	return true;
}

static struct place place_of(const struct config_scan *s, size_t line_start)
{
	struct place p = {
		.start = s->start,
		.end = s->end,
		.value_start = s->value_start,
		.value_end = s->value_end,
		.has_value = s->has_value,
	};

	/* An entry behind its section's header leaves the line's end to that. */
	if (is_blank(s->text, line_start, s->start))
		p.start = line_start;
	else
		p.end = s->value_stop;
	return p;
}

/* Where the first entry goes behind a header that ends at offset: behind its line, newline
 * included, unless the line goes on with something else, which may go on in the next. */
static size_t header_end(const char *text, size_t len, size_t offset)
{
	const char *newline = offset < len ? memchr(text + offset, '\n', len - offset) : NULL;
	size_t end = newline ? (size_t)(newline - text) + 1 : len;
	size_t at = offset;

	while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r'))
		at++;
	return at == end || strchr("\n#;", text[at]) ? end : offset;
}

static size_t line_start_of(const char *text, size_t offset)
{
	while (offset && text[offset - 1] != '\n')
		offset--;
	return offset;
}

static int survey(const char *text, size_t len, const struct buf *name, struct survey *out,
		  struct drift_error *err)
{
	size_t section_len = (size_t)(strrchr(name->data, '.') - name->data) + 1;
	struct config_scan s;
	int token;

	config_scan_init(&s, text, len);
	while ((token = config_scan_next(&s, err)) > 0) {
		if (s.section.len != section_len || memcmp(s.section.data, name->data, section_len))
			continue;
		out->section_found = true;
		out->section_end = token == CONFIG_ENTRY ? s.end : header_end(text, len, s.end);
		if (token != CONFIG_ENTRY || s.name.len != name->len ||
		    memcmp(s.name.data, name->data, name->len))
			continue;
		if (mem_grow(&out->places, &out->capacity, out->count + 1,
			     sizeof(*out->places)) < 0) {
			token = error_no_memory(err);
			break;
		}
		out->places[out->count++] = place_of(&s, line_start_of(text, s.start));
	}
	out->open = s.open;
	config_scan_release(&s);
	return token;
}

static void add_value(struct buf *out, const char *value)
{
	size_t len = strlen(value);
	bool quote = len && (strchr(" \t", value[0]) || strchr(" \t", value[len - 1]) ||
			     strpbrk(value, "#;\r"));

	if (quote)
		buf_add_byte(out, '"');
	for (; *value; value++) {
		switch (*value) {
		case '\n':
			buf_add_str(out, "\\n");
			break;
		case '\t':
			buf_add_str(out, "\\t");
			break;
		case '\b':
			buf_add_str(out, "\\b");
			break;
		case '"':
		case '\\':
			buf_add_byte(out, '\\');
			buf_add_byte(out, (unsigned char)*value);
			break;
		default:
			buf_add_byte(out, (unsigned char)*value);
			break;
		}
	}
	if (quote)
		buf_add_byte(out, '"');
}

static void end_line(struct buf *out)
{
	if (out->len && out->data[out->len - 1] != '\n')
		buf_add_byte(out, '\n');
}

static void add_header(struct buf *out, const char *name, size_t section_len)
{
	const char *dot = memchr(name, '.', section_len);
	size_t i;

	buf_add_byte(out, '[');
	buf_add(out, name, dot ? (size_t)(dot - name) : section_len);
	if (dot) {
		buf_add_str(out, " \"");
		for (i = (size_t)(dot - name) + 1; i < section_len; i++) {
			if (name[i] == '"' || name[i] == '\\')
				buf_add_byte(out, '\\');
			buf_add_byte(out, (unsigned char)name[i]);
		}
		buf_add_byte(out, '"');
	}
	buf_add_str(out, "]\n");
}

/* A new entry at the end of its section, or in a new section at the end. The key as given. */
static void add_entry(const char *text, size_t len, const struct survey *found,
		      const struct buf *name, const struct config_edit *edit, struct buf *out)
{
	size_t at = found->section_found ? found->section_end : len;
	size_t section_len = (size_t)(strrchr(name->data, '.') - name->data);

	buf_add(out, text, at);
	end_line(out);
	if (found->open && at == len)
		buf_add_byte(out, '\n');
	if (!found->section_found)
		add_header(out, name->data, section_len);
	buf_addf(out, "\t%s = ", strrchr(edit->name, '.') + 1);
	add_value(out, edit->value);
	buf_add_byte(out, '\n');
	buf_add(out, text + at, len - at);
}

/* All places go but the last, which gets the value, if there is one. */
static void change_entries(const char *text, size_t len, const struct survey *found,
			   const struct config_edit *edit, struct buf *out)
{
	size_t done = 0, i;

	for (i = 0; i < found->count; i++) {
		const struct place *p = &found->places[i];

		if (edit->kind == CONFIG_UNSET || i + 1 < found->count) {
			buf_add(out, text + done, p->start - done);
			done = p->end;
			continue;
		}
		buf_add(out, text + done, p->value_start - done);
		if (!p->has_value)
			buf_add_str(out, " = ");
		else if (p->value_start == p->value_end)
			buf_add_byte(out, ' ');
		add_value(out, edit->value);
		done = p->value_end;
	}
	buf_add(out, text + done, len - done);
}

int config_text_edit(const char *text, size_t len, const struct config_edit *edit, struct buf *out,
		     struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	auto_buf changed = BUF_INIT;
	auto_survey struct survey found = { .places = NULL };

	if (config_name_normalise(edit->name, &name, err) < 0 || survey(text, len, &name, &found, err) < 0)
		return -1;
	if (edit->kind == CONFIG_UNSET && !found.count)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' is not set", edit->name);
	if (edit->kind == CONFIG_SET && found.count > 1)
		return error_set(err, DRIFT_ERR_AMBIGUOUS, "'%s' has %zu values", edit->name,
				 found.count);
	if (edit->kind == CONFIG_ADD || !found.count)
		add_entry(text, len, &found, &name, edit, &changed);
	else
		change_entries(text, len, &found, edit, &changed);
	if (buf_check(&changed, err) < 0)
		return -1;
	buf_add(out, changed.data, changed.len);
	return buf_check(out, err);
}

/* With the blanks before it, where there are only those. */
static size_t header_start(const char *text, size_t start)
{
	size_t line_start = line_start_of(text, start);

	return is_blank(text, line_start, start) ? line_start : start;
}

int config_text_remove_section(const char *text, size_t len, const char *section, struct buf *out,
			       struct drift_error *err)
{
	size_t done = 0, at;
	bool removing = false, any = false;
	auto_buf name = BUF_INIT, kept = BUF_INIT;
	struct config_scan s;
	int token;

	/* A section's name has the form of an entry's without the key. */
	buf_addf(&kept, "%s.x", section);
	if (buf_check(&kept, err) < 0 || config_name_normalise(kept.data, &name, err) < 0)
		return -1;
	buf_truncate(&name, name.len - 1);
	buf_clear(&kept);
	config_scan_init(&s, text, len);
	while ((token = config_scan_next(&s, err)) > 0) {
		bool same = s.section.len == name.len && !memcmp(s.section.data, name.data, name.len);

		if (token != CONFIG_SECTION || same == removing)
			continue;
		at = header_start(text, s.start);
		if (same)
			buf_add(&kept, text + done, at - done);
		done = at;
		removing = same;
		any |= same;
	}
	config_scan_release(&s);
	if (token < 0)
		return -1;
	if (!any)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "no section '%s'", section);
	if (!removing)
		buf_add(&kept, text + done, len - done);
	buf_add(out, kept.data, kept.len);
	return buf_check(&kept, err) < 0 ? -1 : buf_check(out, err);
}
