#include <string.h>

#include "objects/tree.h"

void path_split(const char *path, size_t len, struct path *path_out)
{
	const char *slash = len ? memchr(path, '/', len) : NULL;
	struct path cut = { .collection = path, .key = path, .key_len = len };

	if (slash) {
		cut.collection_len = (size_t)(slash - path);
		cut.key = slash + 1;
		cut.key_len = len - cut.collection_len - 1;
	}
	*path_out = cut;
}

/* What is wrong with a text between slashes, or NULL. */
static const char *part_fault(const char *part, size_t len)
{
	if (!len)
		return "has an empty part";
	if (part[0] == '.' && (len == 1 || (len == 2 && part[1] == '.')))
		return "has a part '.' or '..'";
	return NULL;
}

static const char *key_fault(const char *key, size_t len)
{
	const char *end = key + len, *slash;
	const char *fault;

	if (memchr(key, '\0', len))
		return "holds a NUL byte";
	for (;;) {
		slash = memchr(key, '/', (size_t)(end - key));
		fault = part_fault(key, (size_t)((slash ? slash : end) - key));
		if (fault || !slash)
			return fault;
		key = slash + 1;
	}
}

int collection_check(const char *name, size_t len, struct drift_error *err)
{
	const char *fault = len ? part_fault(name, len) : "is empty";

	if (!fault && memchr(name, '\0', len))
		fault = "holds a NUL byte";
	else if (!fault && memchr(name, '/', len))
		fault = "holds a slash";
	if (fault)
		return error_set(err, DRIFT_ERR_INVALID, "the name of a collection %s", fault);
	if (len > COLLECTION_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the name of a collection is longer than %d bytes",
				 COLLECTION_LEN_MAX);
	return 0;
}

int path_check(const struct path *path, struct drift_error *err)
{
	const char *fault;

	if (path->collection_len && collection_check(path->collection, path->collection_len, err) < 0)
		return -1;
	if (!path->key_len)
		return error_set(err, DRIFT_ERR_INVALID, "the path has no key behind the collection's name");
	if (path->key_len > NODE_KEY_MAX || path->collection_len + 1 + path->key_len > PATH_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a document's key is longer than %d bytes", NODE_KEY_MAX);
	fault = key_fault(path->key, path->key_len);
	if (!fault && !path->collection_len && memchr(path->key, '/', path->key_len))
		fault = "begins with a slash";
	if (fault)
		return error_set(err, DRIFT_ERR_INVALID, "the path %s", fault);
	return 0;
}

int path_parse(const char *path, size_t len, struct path *path_out, struct drift_error *err)
{
	struct path cut;

	if (!len)
		return error_set(err, DRIFT_ERR_INVALID, "the path is empty");
	if (len > PATH_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a document's path is longer than %d bytes", PATH_LEN_MAX);
	path_split(path, len, &cut);
	if (path[0] == '/')
		return error_set(err, DRIFT_ERR_INVALID, "the path begins with a slash");
	if (path_check(&cut, err) < 0)
		return -1;
	*path_out = cut;
	return 0;
}

void path_format(const struct path *path, struct buf *out)
{
	if (path->collection_len) {
		buf_add(out, path->collection, path->collection_len);
		buf_add_byte(out, '/');
	}
	buf_add(out, path->key, path->key_len);
}

int path_compare(const struct path *a, const struct path *b)
{
	int order = key_compare(a->collection, a->collection_len, b->collection, b->collection_len);

	return order ? order : key_compare(a->key, a->key_len, b->key, b->key_len);
}
