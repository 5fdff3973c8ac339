#include "repo/remote.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "refs/refname.h"

#define SECTION "remote."

void remote_free(struct remote *remote)
{
	if (!remote)
		return;
	for (size_t i = 0; i < remote->only_count; i++)
		free(remote->only[i]);
	free(remote->only);
	free(remote->name);
	free(remote->url);
	free(remote->push_url);
	free(remote->upload_pack);
	free(remote->receive_pack);
	refspec_list_release(&remote->fetch);
	refspec_list_release(&remote->push);
	free(remote);
}

void remote_cleanup(struct remote **remote)
{
	remote_free(*remote);
}

void remote_names_release(struct remote_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct remote_names){ .items = NULL };
}

void upstream_release(struct upstream *u)
{
	free(u->remote);
	free(u->ref);
	*u = (struct upstream){ .remote = NULL };
}

int remote_check_name(const char *name, struct drift_error *err)
{
	auto_buf probe = BUF_INIT;

	buf_addf(&probe, "%s%s/x", REF_REMOTES, name);
	if (*name == '-' || buf_check(&probe, NULL) || !refname_valid(probe.data, probe.len))
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is no name for a remote", name);
	return 0;
}

static int set_text(char **field, const char *value, struct drift_error *err)
{
	char *copy = mem_dup_str(value, strlen(value));

	if (!copy)
		return error_no_memory(err);
	free(*field);
	*field = copy;
	return 0;
}

static int set_tags(struct remote *remote, const char *value, struct drift_error *err)
{
	if (!strcmp(value, "--tags"))
		remote->tags = REMOTE_TAGS_ALL;
	else if (!strcmp(value, "--no-tags"))
		remote->tags = REMOTE_TAGS_NONE;
	else
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is neither --tags nor --no-tags", value);
	return 0;
}

static int add_only(struct remote *remote, const char *value, struct drift_error *err)
{
	char **items = realloc(remote->only, (remote->only_count + 1) * sizeof(*items));

	if (!items)
		return error_no_memory(err);
	remote->only = items;
	items[remote->only_count] = mem_dup_str(value, strlen(value));
	if (!items[remote->only_count])
		return error_no_memory(err);
	remote->only_count++;
	return 0;
}

static int set_depth(struct remote *remote, const char *value, struct drift_error *err)
{
	if (config_parse_int(value, &remote->depth, err))
		return -1;
	return remote->depth >= 0 ? 0 : error_set(err, DRIFT_ERR_INVALID, "a depth is not negative");
}

/* One entry of its section; later ones replace earlier ones where there can be one alone. */
static int set_key(struct remote *remote, const char *key, const char *value, struct drift_error *err)
{
	if (!strcmp(key, "prune"))
		return config_parse_bool(value, &remote->prune, err);
	if (!value)
		return error_set(err, DRIFT_ERR_INVALID, "it has no value");
	if (!strcmp(key, "url"))
		return remote->url ? 0 : set_text(&remote->url, value, err);
	if (!strcmp(key, "pushurl"))
		return set_text(&remote->push_url, value, err);
	if (!strcmp(key, "uploadpack"))
		return set_text(&remote->upload_pack, value, err);
	if (!strcmp(key, "receivepack"))
		return set_text(&remote->receive_pack, value, err);
	if (!strcmp(key, "fetch"))
		return refspec_add(&remote->fetch, value, REFSPEC_FETCH, err);
	if (!strcmp(key, "push"))
		return refspec_add(&remote->push, value, REFSPEC_PUSH, err);
	if (!strcmp(key, "tagopt"))
		return set_tags(remote, value, err);
	if (!strcmp(key, "only"))
		return add_only(remote, value, err);
	return strcmp(key, "depth") ? 0 : set_depth(remote, value, err);
}

/* The name in "remote.NAME.key", or NULL. */
static const char *name_of(const char *entry, size_t *len_out)
{
	const char *end = strrchr(entry, '.');

	if (strncmp(entry, SECTION, strlen(SECTION)) || end < entry + strlen(SECTION))
		return NULL;
	*len_out = (size_t)(end - entry) - strlen(SECTION);
	return entry + strlen(SECTION);
}

int remote_load(struct repo *repo, const char *name, struct remote **out, struct drift_error *err)
{
	const struct config *config = repo_config(repo);
	auto_remote *remote = mem_calloc(1, sizeof(*remote));

	if (!remote)
		return error_no_memory(err);
	if (set_text(&remote->name, name, err))
		return -1;
	for (size_t i = 0; i < config_count(config); i++) {
		struct config_entry entry = config_at(config, i);
		size_t len;
		const char *said = name_of(entry.name, &len);

		if (!said || len != strlen(name) || memcmp(said, name, len))
			continue;
		if (set_key(remote, said + len + 1, entry.value, err))
			return error_prefix(err, DRIFT_OK, "'%s' is set wrong", entry.name);
	}
	if (!remote->url)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no remote '%s'", name);
	*out = take_ptr(remote);
	return 0;
}

int remote_of_url(const char *url, struct remote **out, struct drift_error *err)
{
	auto_remote *remote = mem_calloc(1, sizeof(*remote));

	if (!remote || set_text(&remote->url, url, err))
		return error_no_memory(err);
	*out = take_ptr(remote);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static bool has_name(const struct remote_names *names, const char *name, size_t len)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strlen(names->items[i]) == len && !memcmp(names->items[i], name, len))
			return true;
	}
	return false;
}

int remote_names(struct repo *repo, struct remote_names *out, struct drift_error *err)
{
	const struct config *config = repo_config(repo);
	auto_remote_names names = { .items = NULL };

	for (size_t i = 0; i < config_count(config); i++) {
		struct config_entry entry = config_at(config, i);
		size_t len;
		const char *name = name_of(entry.name, &len);

		if (!name || strcmp(name + len, ".url") != 0 || has_name(&names, name, len))
			continue;
		if (mem_grow(&names.items, &names.capacity, names.count + 1, sizeof(*names.items)))
			return error_no_memory(err);
		names.items[names.count] = mem_dup_str(name, len);
		if (!names.items[names.count])
			return error_no_memory(err);
		names.count++;
	}
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), compare_names);
	*out = names;
	names = (struct remote_names){ .items = NULL };
	return 0;
}

int remote_tracking(const struct remote *remote, const char *ref, struct buf *out, struct drift_error *err)
{
	const struct refspec *spec = refspec_find(&remote->fetch, ref, out);

	if (buf_check(out, err))
		return -1;
	return spec && spec->destination ? 1 : 0;
}

static int config_text(struct repo *repo, const char *branch, const char *key, const char **out, struct drift_error *err)
{
	auto_buf name = BUF_INIT;

	buf_addf(&name, "branch.%s.%s", branch, key);
	return buf_check(&name, err) || config_get_string(repo_config(repo), name.data, NULL, out, err) ? -1 : 0;
}

int upstream_load(struct repo *repo, const char *branch, struct upstream *out, struct drift_error *err)
{
	const char *remote, *merge;

	*out = (struct upstream){ .remote = NULL };
	if (!refname_is_branch(branch))
		return 0;
	branch += strlen(REF_HEADS);
	if (config_text(repo, branch, "remote", &remote, err) || config_text(repo, branch, "merge", &merge, err))
		return -1;
	if (!remote || !merge)
		return 0;
	if (!set_text(&out->remote, remote, err) && !set_text(&out->ref, merge, err))
		return 0;
	upstream_release(out);
	return -1;
}
