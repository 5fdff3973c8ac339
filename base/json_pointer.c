#include "base/json_pointer.h"

#include <string.h>

#include "base/mem.h"

int json_pointer_check(const char *pointer, size_t len, struct drift_error *err)
{
	size_t i;

	if (len && pointer[0] != '/')
		return error_set(err, DRIFT_ERR_INVALID, "JSON pointer '%.*s' does not begin with '/'",
				 len > 200 ? 200 : (int)len, pointer);
	for (i = 0; i < len; i++)
		if (pointer[i] == '~' && (i + 1 == len || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
			return error_set(err, DRIFT_ERR_INVALID, "JSON pointer '%.*s' has a '~' without 0 or 1",
					 len > 200 ? 200 : (int)len, pointer);
	return 0;
}

/* Append the token that begins at `at`, unescaped; returns where it ends. */
static size_t read_token(const char *pointer, size_t len, size_t at, struct buf *token)
{
	for (; at < len && pointer[at] != '/'; at++) {
		if (pointer[at] == '~')
			buf_add_byte(token, pointer[++at] == '1' ? '/' : '~');
		else
			buf_add_byte(token, (unsigned char)pointer[at]);
	}
	return at;
}

bool json_pointer_index(const char *token, size_t len, size_t *index_out)
{
	size_t v = 0, i;

	if (!len || len > 18 || (token[0] == '0' && len > 1))
		return false;
	for (i = 0; i < len; i++) {
		if (token[i] < '0' || token[i] > '9')
			return false;
		v = v * 10 + (size_t)(token[i] - '0');
	}
	*index_out = v;
	return true;
}

static struct json_value *child(const struct json_value *v, const struct buf *token)
{
	size_t i;

	if (json_kind(v) == JSON_OBJECT)
		return json_object_get(v, token->data, token->len);
	if (json_kind(v) != JSON_ARRAY || !json_pointer_index(token->data, token->len, &i) || i >= json_count(v))
		return NULL;
	return json_array_at(v, i);
}

/* Walk while `end` bytes of the pointer are not used up. */
static int walk(const struct json_value *root, const char *pointer, size_t end, struct json_value **value_out,
		struct drift_error *err)
{
	struct json_value *v = (struct json_value *)(uintptr_t)root;
	auto_buf token = BUF_INIT;
	size_t at = 0;

	while (at < end) {
		buf_clear(&token);
		at = read_token(pointer, end, at + 1, &token);
		if (buf_check(&token, err))
			return -1;
		v = child(v, &token);
		if (!v)
			return error_set(err, DRIFT_ERR_NOT_FOUND, "there is nothing at '%.*s'",
					 at > 200 ? 200 : (int)at, pointer);
	}
	*value_out = v;
	return 0;
}

int json_pointer_get(const struct json_value *root, const char *pointer, size_t len, struct json_value **value_out,
		     struct drift_error *err)
{
	if (json_pointer_check(pointer, len, err))
		return -1;
	return walk(root, pointer, len, value_out, err);
}

int json_pointer_parent(const struct json_value *root, const char *pointer, size_t len, struct json_value **parent_out,
			struct buf *token_out, struct drift_error *err)
{
	size_t last = len;

	if (json_pointer_check(pointer, len, err))
		return -1;
	if (!len)
		return error_set(err, DRIFT_ERR_INVALID, "the whole document has no parent");
	while (pointer[last - 1] != '/')
		last--;
	if (walk(root, pointer, last - 1, parent_out, err))
		return -1;
	read_token(pointer, len, last, token_out);
	return buf_check(token_out, err);
}

void json_pointer_add_key(struct buf *pointer, const char *key, size_t key_len)
{
	size_t i;

	buf_add_byte(pointer, '/');
	for (i = 0; i < key_len; i++) {
		if (key[i] == '~')
			buf_add(pointer, "~0", 2);
		else if (key[i] == '/')
			buf_add(pointer, "~1", 2);
		else
			buf_add_byte(pointer, (unsigned char)key[i]);
	}
}

void json_pointer_add_index(struct buf *pointer, size_t index)
{
	buf_addf(pointer, "/%zu", index);
}

int json_path_text(struct buf *pointer, const struct json_path *path, struct drift_error *err)
{
	size_t count = path ? path->depth : 0, i;
	auto_free const struct json_path **steps = mem_alloc_array(count, sizeof(*steps));

	if (!steps)
		return error_no_memory(err);
	for (i = count; i; i--, path = path->up)
		steps[i - 1] = path;
	for (i = 0; i < count; i++) {
		if (steps[i]->key)
			json_pointer_add_key(pointer, steps[i]->key, steps[i]->key_len);
		else
			json_pointer_add_index(pointer, steps[i]->index);
	}
	return buf_check(pointer, err);
}
