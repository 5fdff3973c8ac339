#include "base/json_patch.h"

#include <string.h>

#include "base/json_pointer.h"

struct operation {
	struct json_doc *doc;
	const struct json_value *members;
	const char *path, *from;
	size_t path_len, from_len;
	size_t *copied_bytes; /* by all operations of the patch */
};

static int get_string(const struct json_value *operation, const char *name, const char **text_out, size_t *len_out,
		      struct drift_error *err)
{
	const struct json_value *v = json_get(operation, name);

	if (!v || json_kind(v) != JSON_STRING)
		return error_set(err, DRIFT_ERR_INVALID, v ? "'%s' is not a string" : "'%s' is missing", name);
	*text_out = json_text(v, len_out);
	return 0;
}

static struct json_value *copy_of_value(struct operation *op, struct drift_error *err)
{
	const struct json_value *v = json_get(op->members, "value");
	struct json_value *copy;

	if (!v) {
		error_set(err, DRIFT_ERR_INVALID, "'value' is missing");
		return NULL;
	}
	copy = json_copy(op->doc, v);
	if (!copy)
		error_no_memory(err);
	return copy;
}

static int bad_index(const struct buf *token, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is no index of the array",
			 token->len > 100 ? 100 : (int)token->len, token->data);
}

static int add_value(struct operation *op, struct json_value *value, struct drift_error *err)
{
	auto_buf token = BUF_INIT;
	struct json_value *parent;
	size_t i;

	if (!op->path_len) {
		json_set_root(op->doc, value);
		return 0;
	}
	if (json_pointer_parent(json_root(op->doc), op->path, op->path_len, &parent, &token, err))
		return -1;
	if (json_kind(parent) == JSON_OBJECT)
		return json_object_set(op->doc, parent, token.data, token.len, value) ? error_no_memory(err) : 0;
	if (json_kind(parent) != JSON_ARRAY)
		return error_set(err, DRIFT_ERR_INVALID, "a %s has no members", json_kind_name(json_kind(parent)));
	if (token.len == 1 && token.data[0] == '-')
		i = json_count(parent);
	else if (!json_pointer_index(token.data, token.len, &i) || i > json_count(parent))
		return bad_index(&token, err);
	return json_array_insert(op->doc, parent, i, value) ? error_no_memory(err) : 0;
}

/* Take the value at a path that is there out of its container, or put another in its place. */
static int displace(struct json_doc *doc, const char *path, size_t len, struct json_value *replacement,
		    struct drift_error *err)
{
	auto_buf token = BUF_INIT;
	struct json_value *parent, *old;
	size_t i;

	if (json_pointer_get(json_root(doc), path, len, &old, err))
		return -1;
	if (!len) {
		if (!replacement)
			return error_set(err, DRIFT_ERR_INVALID, "the whole document cannot be removed");
		json_set_root(doc, replacement);
		return 0;
	}
	if (json_pointer_parent(json_root(doc), path, len, &parent, &token, err))
		return -1;
	if (json_kind(parent) == JSON_OBJECT) {
		if (!replacement)
			json_object_remove(parent, token.data, token.len);
		else if (json_object_set(doc, parent, token.data, token.len, replacement))
			return error_no_memory(err);
		return 0;
	}
	if (!json_pointer_index(token.data, token.len, &i))
		return bad_index(&token, err);
	if (replacement)
		json_array_replace(parent, i, replacement);
	else
		json_array_remove(parent, i);
	return 0;
}

static int apply_add(struct operation *op, struct drift_error *err)
{
	struct json_value *value = copy_of_value(op, err);

	return value ? add_value(op, value, err) : -1;
}

static int apply_remove(struct operation *op, struct drift_error *err)
{
	return displace(op->doc, op->path, op->path_len, NULL, err);
}

static int apply_replace(struct operation *op, struct drift_error *err)
{
	struct json_value *value = copy_of_value(op, err);

	return value ? displace(op->doc, op->path, op->path_len, value, err) : -1;
}

static int apply_move(struct operation *op, struct drift_error *err)
{
	struct json_value *value;

	if (json_pointer_get(json_root(op->doc), op->from, op->from_len, &value, err))
		return -1;
	if (op->from_len <= op->path_len && !memcmp(op->from, op->path, op->from_len)) {
		if (op->from_len == op->path_len)
			return 0;
		if (op->path[op->from_len] == '/')
			return error_set(err, DRIFT_ERR_INVALID, "a value cannot be moved into itself");
	}
	if (displace(op->doc, op->from, op->from_len, NULL, err))
		return -1;
	return add_value(op, value, err);
}

static int apply_copy(struct operation *op, struct drift_error *err)
{
	size_t before = json_doc_size(op->doc);
	struct json_value *value;

	if (json_pointer_get(json_root(op->doc), op->from, op->from_len, &value, err))
		return -1;
	value = json_copy(op->doc, value);
	if (!value)
		return error_no_memory(err);
	*op->copied_bytes += json_doc_size(op->doc) - before;
	if (*op->copied_bytes > JSON_PATCH_COPY_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the patch copies more than %zu bytes", JSON_PATCH_COPY_MAX);
	return add_value(op, value, err);
}

static int apply_test(struct operation *op, struct drift_error *err)
{
	const struct json_value *expected = json_get(op->members, "value");
	struct json_value *value;
	int equal;

	if (!expected)
		return error_set(err, DRIFT_ERR_INVALID, "'value' is missing");
	if (json_pointer_get(json_root(op->doc), op->path, op->path_len, &value, err))
		return -1;
	equal = json_equal(value, expected, err);
	if (equal)
		return equal < 0 ? -1 : 0;
	return error_set(err, DRIFT_ERR_CLASH, "the value at '%.*s' is another one",
			 op->path_len > 200 ? 200 : (int)op->path_len, op->path);
}

struct verb {
	const char *name;
	int (*apply)(struct operation *op, struct drift_error *err);
	bool has_from;
};

static const struct verb verbs[] = {
	{ "add", apply_add, false },  { "remove", apply_remove, false }, { "replace", apply_replace, false },
	{ "move", apply_move, true }, { "copy", apply_copy, true },      { "test", apply_test, false },
};

static const struct verb *find_verb(const struct json_value *operation)
{
	const struct json_value *name = json_get(operation, "op");
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(verbs); i++)
		if (json_is_string(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

static int apply_operation(struct operation *op, size_t i, struct drift_error *err)
{
	const struct verb *verb;
	const char *name;
	size_t len;

	if (json_kind(op->members) != JSON_OBJECT)
		return error_set(err, DRIFT_ERR_INVALID, "operation %zu: it is not an object", i);
	verb = find_verb(op->members);
	if (!verb) {
		if (!get_string(op->members, "op", &name, &len, err))
			error_set(err, DRIFT_ERR_INVALID, "'%.*s' is no operation", len > 100 ? 100 : (int)len, name);
		return error_prefix(err, DRIFT_OK, "operation %zu", i);
	}
	if (get_string(op->members, "path", &op->path, &op->path_len, err) ||
	    json_pointer_check(op->path, op->path_len, err) ||
	    (verb->has_from && get_string(op->members, "from", &op->from, &op->from_len, err)) || verb->apply(op, err))
		return error_prefix(err, DRIFT_OK, "operation %zu (%s)", i, verb->name);
	return 0;
}

int json_patch_apply(struct json_doc *doc, const struct json_value *patch, struct drift_error *err)
{
	struct json_value *before = json_root(doc), *work;
	size_t copied_bytes = 0, i;

	if (json_kind(patch) != JSON_ARRAY)
		return error_set(err, DRIFT_ERR_INVALID, "a JSON patch is an array of operations");
	if (!before)
		return error_set(err, DRIFT_ERR_INVALID, "there is no document to patch");
	work = json_copy(doc, before);
	if (!work)
		return error_no_memory(err);
	json_set_root(doc, work);
	for (i = 0; i < json_count(patch); i++) {
		struct operation op = { .doc = doc, .members = json_array_at(patch, i), .copied_bytes = &copied_bytes };

		if (apply_operation(&op, i, err)) {
			json_set_root(doc, before);
			return -1;
		}
	}
	return 0;
}
