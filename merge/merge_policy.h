/*
 * How the documents of a collection merge, as its schema says in the member "merge": a word for whole documents,
 *
 *   "merge": "last-writer"
 *
 * or an object with that word and others for fields, named by JSON Pointer, where a token "*" is any one member or element:
 *
 *   "merge": {"policy": "fields",
 *             "fields": {"/stock": "counter", "/tags": "set", "/lines": {"key": "sku"}, "/prices/any": "counter",
 *                        "/note": {"script": "longest"}}}
 *
 * Words: fields (the default), last-writer, counter, set, script:NAME (also {"script": NAME}); {"key": MEMBER} of arrays whose
 * elements are objects known by that member. What they do is in base/json_merge3.h; documents that are not JSON know
 * last-writer and scripts alone.
 */
#ifndef MERGE_MERGE_POLICY_H
#define MERGE_MERGE_POLICY_H

#include "base/json_merge3.h"
#include "base/textdiff.h" /* struct text */

#define MERGE_FIELDS_MAX 1000     /* of one policy */
#define MERGE_FIELD_DEPTH_MAX 64  /* tokens of a pointer */
#define MERGE_SCRIPT_NAME_MAX 128 /* letters, digits, ".", "_" and "-", not first a "." */

struct merge_policy;

/*
 * *out is NULL if the schema says nothing. strict: DRIFT_ERR_INVALID for what is not understood; else that is
 * left out, as a schema that a newer program wrote must not stop a merge. The bytes may go.
 */
int merge_policy_parse(struct text schema, bool strict, struct merge_policy **out, struct drift_error *err) MUST_CHECK;
/* A policy for whole documents from one word, as on a command line. */
int merge_policy_from_word(struct text word, struct merge_policy **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void merge_policy_free(struct merge_policy *p);
/* The rule of whole documents, which lives as long as the policy; NULL for no policy. */
const struct json_rule *merge_policy_rule(const struct merge_policy *p);
/* Each script that it names, once or more often; non-zero stops. */
int merge_policy_each_script(const struct merge_policy *p, int (*each)(void *data, struct text name), void *data);

#endif
