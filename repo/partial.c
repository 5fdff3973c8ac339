#include "repo/partial.h"

#include <string.h>

static int add_value(struct collection_set *set, const char *value, bool *any, struct drift_error *err)
{
	*any = true;
	if (!value)
		return error_set(err, DRIFT_ERR_INVALID, PARTIAL_KEY " has no value");
	return collection_set_parse(set, value, err) ? error_prefix(err, DRIFT_OK, PARTIAL_KEY) : 0;
}

int partial_open(struct repo *repo, struct drift_error *err)
{
	const struct config *config = repo_config(repo);
	auto_collection_set only = { .items = NULL };
	bool any = false;

	for (size_t i = 0; i < config_count(config); i++) {
		struct config_entry entry = config_at(config, i);

		if (!strcmp(entry.name, PARTIAL_KEY) && add_value(&only, entry.value, &any, err))
			return -1;
	}
	return odb_set_only(repo_odb(repo), any ? &only : NULL, err);
}

struct reading {
	struct collection_set *set;
	bool any;
	struct drift_error *err;
};

static int read_entry(void *data, const char *name, const char *value)
{
	struct reading *r = data;

	return strcmp(name, PARTIAL_KEY) ? 0 : add_value(r->set, value, &r->any, r->err);
}

int partial_load(struct repo *repo, struct collection_set *out, struct drift_error *err)
{
	struct reading r = { .set = out, .err = err };

	return repo_config_read(repo, read_entry, &r, err) ? -1 : r.any;
}

int partial_of_text(const char *text, size_t len, struct collection_set *out, struct drift_error *err)
{
	struct reading r = { .set = out, .err = err };

	return config_text_parse(text, len, read_entry, &r, err) ? -1 : r.any;
}

static int add_all(void *data, const struct buf *before, struct buf *after, struct drift_error *err)
{
	const struct collection_set *more = data;
	auto_collection_set there = { .items = NULL };
	struct reading r = { .set = &there, .err = err };
	auto_buf text = BUF_INIT;

	if (config_text_parse(before->data, before->len, read_entry, &r, err))
		return -1;
	buf_add(&text, before->data, before->len);
	for (size_t i = 0; i < more->count; i++) {
		const struct collection_name *name = &more->items[i];
		struct config_edit edit = { .kind = CONFIG_ADD, .name = PARTIAL_KEY };
		auto_buf value = BUF_INIT, next = BUF_INIT;

		if (r.any && collection_set_has(&there, name->name, name->len))
			continue;
		buf_addf(&value, "%s/", name->name);
		edit.value = value.data;
		if (buf_check(&value, err) || buf_check(&text, err) ||
		    config_text_edit(text.data, text.len, &edit, &next, err))
			return -1;
		buf_clear(&text);
		buf_add(&text, next.data, next.len);
	}
	buf_add(after, text.data, text.len);
	return buf_check(&text, err);
}

int partial_add(struct repo *repo, const struct collection_set *more, struct drift_error *err)
{
	return repo_config_rewrite(repo, add_all, (void *)(uintptr_t)more, err);
}
