/* The members of one JSON object as raw bytes, all found in one pass: for protocols of a JSON object a line. */
#ifndef CLI_JSON_MEMBERS_H
#define CLI_JSON_MEMBERS_H

#include "base/json.h"

#define JSON_MEMBERS_MAX 32

struct json_member {
	struct json_slice key; /* with its quotes */
	struct json_slice value;
};

struct json_members {
	struct json_member items[JSON_MEMBERS_MAX];
	size_t count;
};

/*
 * Validate the text, which must be an object; the slices point into it. DRIFT_ERR_INVALID, with line and column where it is
 * malformed; DRIFT_ERR_LIMIT: more than JSON_MEMBERS_MAX members.
 */
int json_members_scan(const char *data, size_t len, struct json_members *out, struct drift_error *err) MUST_CHECK;
/* The last member of that name (ASCII, without escapes), or NULL. A key written with escapes is found, too. */
const struct json_slice *json_members_get(const struct json_members *m, const char *name);

#endif
