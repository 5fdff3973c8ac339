#include "cli/json_members.h"

#include <string.h>

/* Behind json_validate nothing is malformed, so ends are found by looking at brackets and quotes alone. */

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p;
}

/* Behind the string that begins at p. */
static const char *skip_string(const char *p)
{
	for (p++; *p != '"'; p++) {
		if (*p == '\\')
			p++;
	}
	return p + 1;
}

static const char *skip_nested(const char *p)
{
	size_t depth = 0;

	do {
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
	} while (depth);
	return p;
}

static const char *skip_value(const char *p)
{
	if (*p == '"')
		return skip_string(p);
	if (*p == '{' || *p == '[')
		return skip_nested(p);
	while (*p != ',' && *p != '}' && *p != ' ' && *p != '\t' && *p != '\n' && *p != '\r')
		p++;
	return p;
}

static enum json_kind kind_at(const char *p)
{
	switch (*p) {
	case '"':
		return JSON_STRING;
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

static void slice_between(const char *from, const char *to, struct json_slice *out)
{
	*out = (struct json_slice){ .data = from, .len = (size_t)(to - from), .kind = kind_at(from) };
}

int json_members_scan(const char *data, size_t len, struct json_members *out, struct drift_error *err)
{
	const char *p, *end;

	out->count = 0;
	if (json_validate(data, len, err))
		return -1;
	p = skip_blanks(data);
	if (*p != '{')
		return error_set(err, DRIFT_ERR_INVALID, "it is no JSON object");
	for (p = skip_blanks(p + 1); *p != '}'; p = skip_blanks(p + (*p == ','))) {
		struct json_member *m = &out->items[out->count];

		if (out->count == JSON_MEMBERS_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "it has more than %d members", JSON_MEMBERS_MAX);
		end = skip_string(p);
		slice_between(p, end, &m->key);
		p = skip_blanks(skip_blanks(end) + 1);
		end = skip_value(p);
		slice_between(p, end, &m->value);
		p = skip_blanks(end);
		out->count++;
	}
	return 0;
}

static bool key_is(const struct json_slice *key, const char *name, size_t len)
{
	auto_buf text = BUF_INIT;

	if (key->len == len + 2 && !memcmp(key->data + 1, name, len))
		return true;
	if (!memchr(key->data, '\\', key->len))
		return false;
	json_unquote(&text, key->data, key->len);
	return !text.failed && text.len == len && !memcmp(text.data, name, len);
}

const struct json_slice *json_members_get(const struct json_members *m, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = m->count; i-- > 0;) {
		if (key_is(&m->items[i].key, name, len))
			return &m->items[i].value;
	}
	return NULL;
}
