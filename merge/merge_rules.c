#include "merge/merge_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Policies and scripts that were looked up, by name; an absent one is remembered too. */
struct known {
	struct known *next;
	char *name;
	size_t name_len;
	bool found;
	struct merge_policy *policy; /* of a collection */
	struct buf source;           /* of a script */
};

struct merge_rules {
	struct merge_rules_options options;
	struct known *policies, *scripts;
	struct docmerge_rules rules; /* of the document asked for last */
	struct buf path;
};

static void known_free(struct known *k)
{
	struct known *next;

	for (; k; k = next) {
		next = k->next;
		merge_policy_free(k->policy);
		buf_release(&k->source);
		free(k->name);
		free(k);
	}
}

/* Most often asked for is what was asked for last, so that comes first. */
static struct known *known_find(struct known **list, const char *name, size_t len)
{
	for (struct known **at = list; *at; at = &(*at)->next) {
		struct known *k = *at;

		if (k->name_len != len || memcmp(k->name, name, len))
			continue;
		*at = k->next;
		k->next = *list;
		*list = k;
		return k;
	}
	return NULL;
}

static struct known *known_add(struct known **list, const char *name, size_t len, struct drift_error *err)
{
	struct known *k = calloc(1, sizeof(*k));
	char *copy = k ? mem_dup_str(name, len) : NULL;

	if (!copy) {
		free(k);
		error_no_memory(err);
		return NULL;
	}
	*k = (struct known){ .next = *list, .name = copy, .name_len = len, .source = BUF_INIT };
	*list = k;
	return k;
}

/* A document of the reserved collection in the base: 1 with its bytes and id, 0, -1. */
static int read_reserved(struct merge_rules *r, const struct buf *key, struct buf *out, struct oid *id_out,
			 struct drift_error *err)
{
	const struct path path = {
		.collection = TREE_RESERVED,
		.collection_len = strlen(TREE_RESERVED),
		.key = key->data,
		.key_len = key->len,
	};
	auto_node *node = NULL;
	struct document doc;
	int found;

	if (buf_check(key, err))
		return -1;
	found = tree_get(r->options.store, &r->options.base, &path, &node, &doc, err);
	if (found <= 0)
		return found;
	document_id(&doc, id_out);
	return r->options.read(r->options.data, &doc, out, err) ? -1 : 1;
}

static int look_up_policy(struct merge_rules *r, struct known *k, struct drift_error *err)
{
	auto_buf key = BUF_INIT, schema = BUF_INIT;
	struct oid id;
	int found;

	buf_add_str(&key, TREE_SCHEMA_PREFIX);
	buf_add(&key, k->name, k->name_len);
	found = read_reserved(r, &key, &schema, &id, err);
	if (found <= 0)
		return found;
	return merge_policy_parse((struct text){ schema.data, schema.len }, false, &k->policy, err);
}

static int look_up_script(struct merge_rules *r, struct known *k, struct drift_error *err)
{
	auto_buf key = BUF_INIT;
	struct oid id;
	int found;

	buf_add_str(&key, MERGE_SCRIPT_PREFIX);
	buf_add(&key, k->name, k->name_len);
	buf_add_str(&key, MERGE_SCRIPT_SUFFIX);
	found = read_reserved(r, &key, &k->source, &id, err);
	if (found > 0 && r->options.trust &&
	    r->options.trust(r->options.trust_data, (struct text){ k->name, k->name_len }, &id, err))
		return -1;
	k->found = found > 0;
	return found < 0 ? -1 : 0;
}

/* See struct docmerge_rules. */
static int find_script(void *data, struct text name, struct text *source_out, struct drift_error *err)
{
	struct merge_rules *r = data;
	struct known *k = known_find(&r->scripts, name.data, name.len);

	if (!k) {
		k = known_add(&r->scripts, name.data, name.len, err);
		if (!k || look_up_script(r, k, err))
			return -1;
	}
	*source_out = (struct text){ k->source.data, k->source.len };
	return k->found;
}

int merge_rules_new(const struct merge_rules_options *options, struct merge_rules **out, struct drift_error *err)
{
	struct merge_rules *r = calloc(1, sizeof(*r));

	if (!r)
		return error_no_memory(err);
	r->options = *options;
	buf_init(&r->path);
	r->rules = (struct docmerge_rules){
		.first = options->first,
		.later = options->later,
		.decided = options->decided,
		.script = find_script,
		.data = r,
	};
	*out = r;
	return 0;
}

void merge_rules_free(struct merge_rules *r)
{
	if (!r)
		return;
	known_free(r->policies);
	known_free(r->scripts);
	buf_release(&r->path);
	free(r);
}

int merge_rules_for(struct merge_rules *r, const struct path *path, const struct docmerge_rules **out,
		    struct drift_error *err)
{
	const struct merge_policy *policy = r->options.policy;

	buf_clear(&r->path);
	path_format(path, &r->path);
	if (buf_check(&r->path, err))
		return -1;
	if (!policy) {
		struct known *k = known_find(&r->policies, path->collection, path->collection_len);

		if (!k) {
			k = known_add(&r->policies, path->collection, path->collection_len, err);
			if (!k || look_up_policy(r, k, err))
				return -1;
		}
		policy = k->policy;
	}
	r->rules.rule = merge_policy_rule(policy);
	r->rules.path = (struct text){ r->path.data, r->path.len };
	*out = &r->rules;
	return 0;
}
