/* What may stand in the reserved collection. */
#include "repo/edits_internal.h"

#include <string.h>

#include "base/json.h"
#include "merge/merge_rules.h"
#include "merge/script.h"
#include "repo/script_trust.h"

static bool has_affixes(const struct path *path, const char *prefix, const char *suffix)
{
	size_t prefix_len = strlen(prefix), suffix_len = strlen(suffix);

	return path->key_len > prefix_len + suffix_len && !memcmp(path->key, prefix, prefix_len) &&
	       !memcmp(path->key + path->key_len - suffix_len, suffix, suffix_len) &&
	       !memchr(path->key + prefix_len, '/', path->key_len - prefix_len);
}

static bool is_schema(const struct path *path)
{
	return has_affixes(path, TREE_SCHEMA_PREFIX, "");
}

static bool is_script(const struct path *path)
{
	return has_affixes(path, MERGE_SCRIPT_PREFIX, MERGE_SCRIPT_SUFFIX);
}

int edits_check_reserved(const struct path *path, struct drift_error *err)
{
	/* As a file, or in a git tree, it would stand where the folder of that name does. */
	if (!path->collection_len && path->key_len == strlen(TREE_RESERVED) &&
	    !memcmp(path->key, TREE_RESERVED, path->key_len))
		return error_set(err, DRIFT_ERR_INVALID, "the name '" TREE_RESERVED "' is reserved");
	if (path->collection_len != strlen(TREE_RESERVED) ||
	    memcmp(path->collection, TREE_RESERVED, path->collection_len) != 0)
		return 0;
	if (is_schema(path) || is_script(path))
		return 0;
	return error_set(err, DRIFT_ERR_INVALID,
			 "the collection '" TREE_RESERVED "' is reserved: it holds only " TREE_SCHEMA_PREFIX
			 "COLLECTION and " MERGE_SCRIPT_PREFIX "NAME" MERGE_SCRIPT_SUFFIX);
}

static int admit_schema(const void *data, size_t len, struct drift_error *err)
{
	struct merge_policy *policy;

	if (json_validate(data, len, NULL))
		return 0; /* refused when it is committed */
	if (merge_policy_parse((struct text){ data, len }, true, &policy, err))
		return -1;
	merge_policy_free(policy);
	return 0;
}

static int admit_script(struct edits *e, const struct path *path, const void *data, size_t len, struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	struct oid id;

	buf_add(&name, path->key + strlen(MERGE_SCRIPT_PREFIX), path->key_len - strlen(MERGE_SCRIPT_PREFIX));
	if (buf_check(&name, err) || script_check((struct text){ data, len }, name.data, err))
		return -1;
	object_hash(OBJECT_BLOB, data, len, &id);
	return script_trust_add(e->repo, &id, err);
}

int edits_admit(struct edits *e, const struct path *path, const void *data, size_t len, struct drift_error *err)
{
	if (path->collection_len != strlen(TREE_RESERVED) ||
	    memcmp(path->collection, TREE_RESERVED, path->collection_len) != 0)
		return 0;
	return is_schema(path) ? admit_schema(data, len, err) : admit_script(e, path, data, len, err);
}
