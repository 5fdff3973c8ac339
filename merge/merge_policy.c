#include "merge/merge_policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A rule that is still being made: children and names are its own. */
struct rule {
	struct json_rule rule; /* the first member */
	struct json_rule_child *children;
	size_t capacity;
	struct rule *next; /* of all rules of the policy */
};

struct merge_policy {
	struct rule *root, *all;
	size_t field_count;
	bool strict;
};

static struct rule *add_rule(struct merge_policy *p)
{
	struct rule *r = calloc(1, sizeof(*r));

	if (r) {
		r->next = p->all;
		p->all = r;
	}
	return r;
}

static struct rule *own(const struct json_rule *rule)
{
	return (struct rule *)(uintptr_t)rule;
}

void merge_policy_free(struct merge_policy *p)
{
	struct rule *next;

	if (!p)
		return;
	for (struct rule *r = p->all; r; r = next) {
		next = r->next;
		for (size_t i = 0; i < r->rule.child_count; i++)
			free((void *)(uintptr_t)r->children[i].key);
		free((void *)(uintptr_t)r->rule.name);
		free(r->children);
		free(r);
	}
	free(p);
}

const struct json_rule *merge_policy_rule(const struct merge_policy *p)
{
	return p ? &p->root->rule : NULL;
}

int merge_policy_each_script(const struct merge_policy *p, int (*each)(void *data, struct text name), void *data)
{
	int result = 0;

	for (const struct rule *r = p ? p->all : NULL; r && !result; r = r->next) {
		if (r->rule.kind == JSON_RULE_SCRIPT)
			result = each(data, (struct text){ r->rule.name, r->rule.name_len });
	}
	return result;
}

/* The child for a token, made if it is not there yet. */
static struct rule *child_of(struct merge_policy *p, struct rule *r, const struct buf *token)
{
	size_t at = 0;
	struct json_rule_child child = { .key_len = token->len };
	struct rule *made;

	if (token->len == 1 && *token->data == '*') {
		if (!r->rule.any && (made = add_rule(p)))
			r->rule.any = &made->rule;
		return own(r->rule.any);
	}
	for (; at < r->rule.child_count; at++) {
		int order = json_key_compare(r->children[at].key, r->children[at].key_len, token->data, token->len);

		if (!order)
			return own(r->children[at].rule);
		if (order > 0)
			break;
	}
	if (mem_grow(&r->children, &r->capacity, r->rule.child_count + 1, sizeof(child)))
		return NULL;
	made = add_rule(p);
	child.key = made ? mem_dup_str(token->data, token->len) : NULL;
	if (!child.key)
		return NULL;
	child.rule = &made->rule;
	memmove(r->children + at + 1, r->children + at, (r->rule.child_count - at) * sizeof(child));
	r->children[at] = child;
	r->rule.children = r->children;
	r->rule.child_count++;
	return made;
}

static int set_name(struct rule *r, enum json_rule_kind kind, const char *name, size_t len, struct drift_error *err)
{
	char *copy = mem_dup_str(name, len);

	if (!copy)
		return error_no_memory(err);
	free((void *)(uintptr_t)r->rule.name);
	r->rule.kind = kind;
	r->rule.name = copy;
	r->rule.name_len = len;
	return 0;
}

static int set_script(struct rule *r, const char *name, size_t len, struct drift_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (!len || len > MERGE_SCRIPT_NAME_MAX || *name == '.')
		return error_set(err, DRIFT_ERR_INVALID,
				 "a merge script's name has 1 to %d characters and begins with no dot",
				 MERGE_SCRIPT_NAME_MAX);
	for (size_t i = 0; i < len; i++) {
		if (!name[i] || !strchr(allowed, name[i]))
			return error_set(err, DRIFT_ERR_INVALID,
					 "a merge script's name has letters, digits, \".\", \"_\" and \"-\" alone");
	}
	return set_name(r, JSON_RULE_SCRIPT, name, len, err);
}

static int set_word(struct rule *r, const char *word, size_t len, struct drift_error *err)
{
	static const struct {
		const char *word;
		enum json_rule_kind kind;
	} words[] = {
		{ "fields", JSON_RULE_FIELDS },
		{ "last-writer", JSON_RULE_LATER },
		{ "counter", JSON_RULE_COUNTER },
		{ "set", JSON_RULE_SET },
	};
	static const char script[] = "script:";

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i].word) == len && !memcmp(words[i].word, word, len)) {
			r->rule.kind = words[i].kind;
			return 0;
		}
	}
	if (len > strlen(script) && !memcmp(word, script, strlen(script)))
		return set_script(r, word + strlen(script), len - strlen(script), err);
	return error_set(err, DRIFT_ERR_INVALID,
			 "there is no merge policy \"%.*s\": fields, last-writer, counter, set or script:NAME",
			 (int)(len < 80 ? len : 80), word);
}

/* "counter", {"key": "sku"}, {"script": "longest"} */
static int set_spec(struct rule *r, const struct json_value *spec, struct drift_error *err)
{
	const struct json_value *key = json_get(spec, "key"), *script = json_get(spec, "script");
	size_t len;
	const char *text = json_text(key ? key : script ? script : spec, &len);

	if (json_kind(spec) == JSON_STRING)
		return set_word(r, text, len, err);
	if (json_count(spec) != 1 || !text || json_kind(key ? key : script) != JSON_STRING)
		return error_set(
			err, DRIFT_ERR_INVALID,
			"a merge policy is a word, or an object with one member, \"key\" or \"script\", which is a string");
	return key ? set_name(r, JSON_RULE_KEYED, text, len, err) : set_script(r, text, len, err);
}

/* The next token of a pointer, which begins at *at with a slash, unescaped. */
static void next_token(const char **at, const char *end, struct buf *token)
{
	buf_clear(token);
	for (++*at; *at < end && **at != '/'; ++*at) {
		bool escape = **at == '~' && *at + 1 < end;

		*at += escape;
		buf_add_byte(token, escape ? (**at == '1' ? '/' : '~') : (unsigned char)**at);
	}
}

static int add_field(struct merge_policy *p, const char *pointer, size_t len, const struct json_value *spec,
		     struct drift_error *err)
{
	const char *at = pointer, *end = pointer + len;
	struct rule *r = p->root, probe = { .next = NULL };
	auto_buf token = BUF_INIT;
	int depth = 0, failed;

	if (json_pointer_check(pointer, len, err))
		return -1;
	failed = set_spec(&probe, spec, err);
	free((void *)(uintptr_t)probe.rule.name);
	if (failed)
		return -1;
	if (p->field_count++ >= MERGE_FIELDS_MAX)
		return error_set(err, DRIFT_ERR_INVALID, "a merge policy has at most %d fields", MERGE_FIELDS_MAX);
	while (at < end) {
		if (++depth > MERGE_FIELD_DEPTH_MAX)
			return error_set(err, DRIFT_ERR_INVALID, "a field of a merge policy is deeper than %d",
					 MERGE_FIELD_DEPTH_MAX);
		next_token(&at, end, &token);
		r = token.failed ? NULL : child_of(p, r, &token);
		if (!r)
			return error_no_memory(err);
	}
	return set_spec(r, spec, err);
}

/* What is not understood is an error only if the caller wants it. */
static int forgive(const struct merge_policy *p, int failed, const struct drift_error *why, struct drift_error *err)
{
	if (!failed || (!p->strict && why->code == DRIFT_ERR_INVALID))
		return 0;
	return error_set(err, why->code, "%s", why->message);
}

static int add_fields(struct merge_policy *p, const struct json_value *fields, struct drift_error *err)
{
	struct drift_error why = { 0 };
	int failed = 0;

	if (json_kind(fields) != JSON_OBJECT)
		failed = error_set(&why, DRIFT_ERR_INVALID, "\"fields\" of a merge policy is an object");
	for (size_t i = 0; !failed && i < json_count(fields); i++) {
		size_t len;
		const char *pointer;
		const struct json_value *spec = json_object_at(fields, i, &pointer, &len);

		if (forgive(p, add_field(p, pointer, len, spec, &why), &why, err))
			return -1;
	}
	return forgive(p, failed, &why, err);
}

static int read_policy(struct merge_policy *p, const struct json_value *merge, struct drift_error *err)
{
	struct drift_error why = { 0 };
	int failed = 0;

	if (json_kind(merge) == JSON_STRING)
		return forgive(p, set_spec(p->root, merge, &why), &why, err);
	if (json_kind(merge) != JSON_OBJECT)
		failed = error_set(&why, DRIFT_ERR_INVALID, "\"merge\" of a schema is a string or an object");
	for (size_t i = 0; !failed && i < json_count(merge); i++) {
		size_t len;
		const char *name;
		const struct json_value *value = json_object_at(merge, i, &name, &len);
		int r;

		if (len == 6 && !memcmp(name, "policy", 6))
			r = forgive(p, set_spec(p->root, value, &why), &why, err);
		else if (len == 6 && !memcmp(name, "fields", 6))
			r = add_fields(p, value, err);
		else
			r = forgive(p,
				    error_set(&why, DRIFT_ERR_INVALID,
					      "\"merge\" of a schema has \"policy\" and \"fields\" alone"),
				    &why, err);
		if (r)
			return -1;
	}
	return forgive(p, failed, &why, err);
}

static struct merge_policy *new_policy(bool strict, struct drift_error *err)
{
	struct merge_policy *p = calloc(1, sizeof(*p));

	if (p) {
		p->strict = strict;
		p->root = add_rule(p);
	}
	if (p && p->root)
		return p;
	free(p);
	error_no_memory(err);
	return NULL;
}

int merge_policy_parse(struct text schema, bool strict, struct merge_policy **out, struct drift_error *err)
{
	struct merge_policy *p = NULL;
	struct json_doc *doc;
	struct drift_error why;
	const struct json_value *merge;
	int failed = 0;

	*out = NULL;
	if (json_parse(schema.data, schema.len, &doc, &why))
		return why.code == DRIFT_ERR_INVALID && !strict ? 0 : error_set(err, why.code, "%s", why.message);
	merge = json_get(json_root(doc), "merge");
	if (merge) {
		p = new_policy(strict, err);
		failed = !p || read_policy(p, merge, err);
	}
	json_doc_free(doc);
	if (failed) {
		merge_policy_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

int merge_policy_from_word(struct text word, struct merge_policy **out, struct drift_error *err)
{
	struct merge_policy *p = new_policy(true, err);

	if (!p)
		return -1;
	if (set_word(p->root, word.data, word.len, err)) {
		merge_policy_free(p);
		return -1;
	}
	*out = p;
	return 0;
}
