#include "repo/script_trust.h"

#include <stdio.h>
#include <string.h>

/* What a text of configuration says of one blob. */
struct search {
	char name[32]; /* TRUST_KEY as config_entry_fn has it */
	char hex[OID_HEX_LEN + 1];
	bool found;
};

static int search_for(struct search *s, const struct oid *id, struct drift_error *err)
{
	auto_buf name = BUF_INIT;

	if (config_name_normalise(TRUST_KEY, &name, err) || buf_check(&name, err))
		return -1;
	snprintf(s->name, sizeof(s->name), "%s", name.data);
	oid_to_hex(id, s->hex);
	s->found = false;
	return 0;
}

static int look(void *data, const char *name, const char *value)
{
	struct search *s = data;

	s->found |= value && !strcmp(name, s->name) && (!strcmp(value, "all") || !strcmp(value, s->hex));
	return 0;
}

int script_trust(void *data, struct text name, const struct oid *id, struct drift_error *err)
{
	struct config *config = repo_config(data);
	struct search s;

	if (search_for(&s, id, err))
		return -1;
	for (size_t i = 0; i < config_count(config) && !s.found; i++) {
		struct config_entry entry = config_at(config, i);

		look(&s, entry.name, entry.value);
	}
	/* It may have been committed here since the configuration was read. */
	if (!s.found && repo_config_read(data, look, &s, err))
		return -1;
	if (s.found)
		return 0;
	return error_set(err, DRIFT_ERR_UNTRUSTED,
			 "the merge needs the script '%.*s' (blob %s), which this repository does not trust",
			 (int)name.len, name.data, s.hex);
}

static int add(void *data, const struct buf *before, struct buf *after, struct drift_error *err)
{
	struct search *s = data;
	const struct config_edit edit = { .kind = CONFIG_ADD, .name = TRUST_KEY, .value = s->hex };

	s->found = false;
	if (config_text_parse(before->data, before->len, look, s, err))
		return -1;
	if (!s->found)
		return config_text_edit(before->data, before->len, &edit, after, err);
	buf_add(after, before->data, before->len);
	return 0;
}

int script_trust_add(struct repo *repo, const struct oid *id, struct drift_error *err)
{
	struct search s;

	return search_for(&s, id, err) || repo_config_rewrite(repo, add, &s, err) ? -1 : 0;
}
