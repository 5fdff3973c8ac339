/*
 * Two or three JSON texts, one a line: the first is patched with the second by
 * both standards, both are compared and merged. A patch that fails changes
 * nothing; differences applied give the other side.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/json_diff.h"
#include "base/json_merge3.h"
#include "base/json_patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int equal(const struct json_value *a, const struct json_value *b)
{
	int r = json_equal(a, b, NULL);

	assert(r >= 0);
	return r;
}

/* The text up to the next newline; NULL if it is no JSON. */
static struct json_doc *take_line(const uint8_t **data, size_t *len)
{
	const uint8_t *end = *len ? memchr(*data, '\n', *len) : NULL;
	size_t line_len = end ? (size_t)(end - *data) : *len;
	struct json_doc *doc = NULL;

	if (json_parse(*data, line_len, &doc, NULL))
		doc = NULL;
	line_len += end != NULL;
	*data += line_len;
	*len -= line_len;
	return doc;
}

static void check_diff(const struct json_value *from, const struct json_value *to)
{
	struct json_doc *doc = json_doc_new(NULL);
	struct json_diff *diff = NULL;
	struct json_value *patch;
	int r = json_diff_new(from, to, &diff, NULL);

	assert(doc && !r);
	json_set_root(doc, json_copy(doc, from));
	r = json_diff_patch(diff, doc, &patch, NULL);
	assert(!r);
	r = json_patch_apply(doc, patch, NULL);
	assert(!r && equal(json_root(doc), to));
	if (!json_merge_patch_create(doc, from, to, &patch, NULL)) {
		json_set_root(doc, json_copy(doc, from));
		r = json_merge_patch(doc, patch, NULL);
		assert(!r && equal(json_root(doc), to));
	}
	json_diff_free(diff);
	json_doc_free(doc);
}

static void check_patches(struct json_doc *doc, const struct json_value *patch)
{
	struct json_value *before = json_copy(doc, json_root(doc)), *after;

	assert(before);
	if (json_patch_apply(doc, patch, NULL))
		assert(equal(json_root(doc), before));
	else
		check_diff(before, json_root(doc));
	json_set_root(doc, json_copy(doc, before));
	assert(!json_merge_patch(doc, patch, NULL));
	after = json_copy(doc, json_root(doc));
	assert(after && !json_merge_patch(doc, patch, NULL));
	assert(equal(json_root(doc), after));
	json_set_root(doc, before);
}

static void check_merge(const struct json_merge3_input *input)
{
	struct json_merge3_input other = { input->base, input->theirs, input->ours };
	static const struct json_rule leaf = { .kind = JSON_RULE_COUNTER };
	static const struct json_rule_child children[] = { { "c", 1, &leaf } };
	static const struct json_rule rules[] = {
		{ .kind = JSON_RULE_FIELDS },
		{ .kind = JSON_RULE_SET, .any = &rules[2] },
		{ .kind = JSON_RULE_KEYED,
		  .name = "k",
		  .name_len = 1,
		  .children = children,
		  .child_count = 1,
		  .any = &rules[1] },
		{ .kind = JSON_RULE_COUNTER, .any = &rules[2] },
	};
	struct json_merge3_options options = { .rule = &rules[json_count(input->ours) % 4] }, swapped = options;
	struct json_merge3 *m = NULL, *n = NULL;
	int r;

	swapped.first = swapped.later = JSON_THEIRS;
	r = json_merge3_new(input, &options, &m, NULL) | json_merge3_new(&other, &swapped, &n, NULL);

	assert(!r && json_merge3_clash_count(m) == json_merge3_clash_count(n));
	assert(equal(json_merge3_result(m), json_merge3_result(n)));
	json_merge3_free(m);
	json_merge3_free(n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct json_doc *a = take_line(&data, &len), *b = take_line(&data, &len);
	struct json_doc *c = take_line(&data, &len);

	if (a && b) {
		struct json_merge3_input input = { c ? json_root(c) : json_root(a), json_root(a), json_root(b) };

		check_diff(json_root(a), json_root(b));
		check_merge(&input);
		check_patches(a, json_root(b));
	}
	json_doc_free(a);
	json_doc_free(b);
	json_doc_free(c);
	return 0;
}
