#include "plumbing/batch.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"

#define NAME_MAX_LEN 64
#define NUMBER_MAX (((uint64_t)1 << 53) - 1)

static int wrong_kind(const char *name, const char *wanted, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "'%s' is not a %s", name, wanted);
}

/* NULL: not there, or null. */
static const struct json_slice *member(const struct batch_request *r, const char *name)
{
	const struct json_slice *value = json_members_get(&r->members, name);

	return value && value->kind == JSON_NULL ? NULL : value;
}

int request_string(const struct batch_request *r, const char *name, struct buf *out, struct drift_error *err)
{
	const struct json_slice *value = member(r, name);

	if (!value)
		return 0;
	if (value->kind != JSON_STRING)
		return wrong_kind(name, "string", err);
	if (memchr(value->data, '\\', value->len))
		json_unquote(out, value->data, value->len);
	else
		buf_add(out, value->data + 1, value->len - 2);
	return buf_check(out, err) ? -1 : 1;
}

int request_text(const struct batch_request *r, const char *name, struct buf *out, struct drift_error *err)
{
	char coded[NAME_MAX_LEN + 8];
	auto_buf text = BUF_INIT;
	int found = request_string(r, name, out, err);

	if (found)
		return found;
	snprintf(coded, sizeof(coded), "%s_b64", name);
	found = request_string(r, coded, &text, err);
	if (found <= 0)
		return found;
	if (!base64_decode(text.data, text.len, out))
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is not base64", coded);
	return buf_check(out, err) ? -1 : 1;
}

int request_path(const struct batch_request *r, const char *name, struct buf *out, struct drift_error *err)
{
	int found = request_text(r, name, out, err);

	if (!found)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is missing", name);
	return found < 0 ? -1 : 0;
}

int request_bool(const struct batch_request *r, const char *name, bool *out, struct drift_error *err)
{
	const struct json_slice *value = member(r, name);

	if (!value)
		return 0;
	if (value->kind != JSON_TRUE && value->kind != JSON_FALSE)
		return wrong_kind(name, "boolean", err);
	*out = value->kind == JSON_TRUE;
	return 1;
}

int request_number(const struct batch_request *r, const char *name, uint64_t *out, struct drift_error *err)
{
	const struct json_slice *value = member(r, name);
	uint64_t n = 0;

	if (!value)
		return 0;
	for (size_t i = 0; i < value->len; i++) {
		if (value->kind != JSON_NUMBER || value->data[i] < '0' || value->data[i] > '9' || n > NUMBER_MAX / 10)
			return wrong_kind(name, "whole number from 0 to 9007199254740991", err);
		n = n * 10 + (uint64_t)(value->data[i] - '0');
	}
	*out = n;
	return 1;
}

int request_id(const struct batch_request *r, const char *name, struct oid *out, struct drift_error *err)
{
	auto_buf text = BUF_INIT;
	int found = request_string(r, name, &text, err);

	if (found <= 0)
		return found;
	if (!strcmp(text.data, "absent")) {
		memset(out, 0, sizeof(*out));
		return 1;
	}
	if (oid_from_hex(text.data, text.len, out, NULL))
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is neither an id nor 'absent'", name);
	return 1;
}
