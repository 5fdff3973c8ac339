/* Patches of JSON documents: RFC 7396 (merge patch) and RFC 6902 (lists of operations). */
#ifndef BASE_JSON_PATCH_H
#define BASE_JSON_PATCH_H

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

/* A patch whose "copy" operations make more than this many bytes is refused. */
#define JSON_PATCH_COPY_MAX ((size_t)256 << 20)

/*
 * RFC 7396: change the document's root by the patch, a value of any document. A document
 * without root becomes the patch without its nulls. Only memory can be wanting.
 */
int json_merge_patch(struct json_doc *doc, const struct json_value *patch, struct drift_error *err) MUST_CHECK;

/*
 * The merge patch that makes `to` of `from`, as a value of doc; an empty object if they are
 * equal. DRIFT_ERR_UNSUPPORTED where RFC 7396 cannot say it: an object in `to` that has
 * a new or changed null member.
 */
int json_merge_patch_create(struct json_doc *doc, const struct json_value *from, const struct json_value *to,
			    struct json_value **patch_out, struct drift_error *err) MUST_CHECK;

/*
 * RFC 6902: apply all operations to the document's root, or none. The message names the
 * operation, counted from 0. DRIFT_ERR_INVALID: the patch is malformed, or cannot apply to
 * such values; DRIFT_ERR_NOT_FOUND: a path leads nowhere; DRIFT_ERR_CLASH: a "test" failed;
 * DRIFT_ERR_LIMIT: see JSON_PATCH_COPY_MAX.
 */
int json_patch_apply(struct json_doc *doc, const struct json_value *patch, struct drift_error *err) MUST_CHECK;

#endif
