/* Changing what the configuration says of remotes, and the refs that go with it. */
#include "repo/remote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "refs/refname.h"

#define URL_MAX 8192

/* What is to be done with the text, in order; a section that is to go need not be there. */
struct plan {
	struct plan_step {
		struct config_edit edit;
		char *section; /* remove it: there is no edit then */
		char *name, *value;
	} *steps;
	size_t count, capacity;
};

static void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->steps[i].section);
		free(plan->steps[i].name);
		free(plan->steps[i].value);
	}
	free(plan->steps);
}
#define auto_plan __attribute__((cleanup(plan_release))) struct plan

static struct plan_step *plan_step(struct plan *plan, struct drift_error *err)
{
	if (mem_grow(&plan->steps, &plan->capacity, plan->count + 1, sizeof(*plan->steps))) {
		error_no_memory(err);
		return NULL;
	}
	plan->steps[plan->count] = (struct plan_step){ .section = NULL };
	return &plan->steps[plan->count++];
}

static int plan_edit(struct plan *plan, enum config_edit_kind kind, const char *name, const char *value,
		     struct drift_error *err)
{
	struct plan_step *step = plan_step(plan, err);

	if (!step)
		return -1;
	step->name = mem_dup_str(name, strlen(name));
	step->value = mem_dup_str(value ? value : "", value ? strlen(value) : 0);
	if (!step->name || !step->value)
		return error_no_memory(err);
	step->edit = (struct config_edit){ kind, step->name, step->value };
	return 0;
}

/* "SECTION.NAME.KEY" */
static int plan_key(struct plan *plan, const char *section, const char *name, const char *key, const char *value,
		    struct drift_error *err)
{
	auto_buf full = BUF_INIT;

	buf_addf(&full, "%s.%s.%s", section, name, key);
	return buf_check(&full, err) || plan_edit(plan, value ? CONFIG_ADD : CONFIG_UNSET, full.data, value, err) ? -1 : 0;
}

static int plan_remove(struct plan *plan, const char *section, const char *name, struct drift_error *err)
{
	struct plan_step *step = plan_step(plan, err);
	auto_buf full = BUF_INIT;

	buf_addf(&full, "%s.%s", section, name);
	if (!step || buf_check(&full, err))
		return -1;
	step->section = buf_take(&full, NULL);
	return step->section ? 0 : error_no_memory(err);
}

static int perform(const struct plan_step *step, const struct buf *before, struct buf *after, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };
	bool optional = step->section || step->edit.kind == CONFIG_UNSET;
	int r = step->section ? config_text_remove_section(before->data, before->len, step->section, after, &why) :
				config_text_edit(before->data, before->len, &step->edit, after, &why);

	if (!r)
		return 0;
	if (!optional || why.code != DRIFT_ERR_NOT_FOUND)
		return error_set(err, why.code, "%s", why.message);
	buf_clear(after);
	buf_add(after, before->data, before->len);
	return buf_check(after, err);
}

static int rewrite(void *data, const struct buf *before, struct buf *after, struct drift_error *err)
{
	const struct plan *plan = data;
	auto_buf text = BUF_INIT;

	buf_add(&text, before->data, before->len);
	for (size_t i = 0; i < plan->count; i++) {
		buf_clear(after);
		if (buf_check(&text, err) || perform(&plan->steps[i], &text, after, err))
			return -1;
		buf_clear(&text);
		buf_add(&text, after->data, after->len);
	}
	return buf_check(&text, err);
}

static int carry_out(struct repo *repo, struct plan *plan, struct drift_error *err)
{
	return plan->count ? repo_config_rewrite(repo, rewrite, plan, err) : 0;
}

static int check_url(const char *url, struct drift_error *err)
{
	if (!*url || *url == '-' || strlen(url) > URL_MAX)
		return error_set(err, DRIFT_ERR_INVALID, "'%.200s' is no URL", url);
	for (const char *p = url; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return error_set(err, DRIFT_ERR_INVALID, "the URL holds control characters");
	}
	return 0;
}

static int is_there(struct repo *repo, const char *name, bool *there_out, struct drift_error *err)
{
	auto_remote_names names = { .items = NULL };

	if (remote_names(repo, &names, err))
		return -1;
	*there_out = false;
	for (size_t i = 0; i < names.count; i++)
		*there_out |= !strcmp(names.items[i], name);
	return 0;
}

static int expect_there(struct repo *repo, const char *name, bool expected, struct drift_error *err)
{
	bool there;

	if (is_there(repo, name, &there, err))
		return -1;
	if (there == expected)
		return 0;
	return there ? error_set(err, DRIFT_ERR_EXISTS, "there is a remote '%s' already", name) :
		       error_set(err, DRIFT_ERR_NOT_FOUND, "there is no remote '%s'", name);
}

static int plan_fetch(struct plan *plan, const char *name, const struct remote_settings *settings, struct drift_error *err)
{
	auto_buf spec = BUF_INIT;

	if (settings->mirror)
		return plan_key(plan, "remote", name, "fetch", "+refs/*:refs/*", err);
	if (!settings->branches) {
		buf_addf(&spec, "+%s*:%s%s/*", REF_HEADS, REF_REMOTES, name);
		return buf_check(&spec, err) || plan_key(plan, "remote", name, "fetch", spec.data, err) ? -1 : 0;
	}
	for (const char *const *branch = settings->branches; *branch; branch++) {
		auto_buf full = BUF_INIT;

		if (!strchr(*branch, '*') && refname_branch(*branch, strlen(*branch), &full, err))
			return -1;
		buf_clear(&spec);
		buf_addf(&spec, "+%s%s:%s%s/%s", REF_HEADS, *branch, REF_REMOTES, name, *branch);
		if (buf_check(&spec, err) || plan_key(plan, "remote", name, "fetch", spec.data, err))
			return -1;
	}
	return 0;
}

int remote_add(struct repo *repo, const char *name, const struct remote_settings *settings, struct drift_error *err)
{
	auto_plan plan = { .steps = NULL };
	auto_buf depth = BUF_INIT;

	if (remote_check_name(name, err) || check_url(settings->url, err) || expect_there(repo, name, false, err) ||
	    plan_key(&plan, "remote", name, "url", settings->url, err) || plan_fetch(&plan, name, settings, err))
		return -1;
	if (settings->tag_option && plan_key(&plan, "remote", name, "tagOpt", settings->tag_option, err))
		return -1;
	for (const char *const *only = settings->only; only && *only; only++) {
		if (plan_key(&plan, "remote", name, "only", *only, err))
			return -1;
	}
	buf_addf(&depth, "%" PRId64, settings->depth);
	if (buf_check(&depth, err) || (settings->depth && plan_key(&plan, "remote", name, "depth", depth.data, err)))
		return -1;
	return carry_out(repo, &plan, err);
}

int remote_set_url(struct repo *repo, const char *name, const char *url, bool push, struct drift_error *err)
{
	auto_plan plan = { .steps = NULL };
	auto_buf key = BUF_INIT;

	buf_addf(&key, "remote.%s.%s", name, push ? "pushurl" : "url");
	if (check_url(url, err) || expect_there(repo, name, true, err) || buf_check(&key, err) ||
	    plan_edit(&plan, CONFIG_REPLACE_ALL, key.data, url, err))
		return -1;
	return carry_out(repo, &plan, err);
}

int upstream_set(struct repo *repo, const char *branch, const char *remote, const char *ref, struct drift_error *err)
{
	auto_plan plan = { .steps = NULL };

	if (!refname_is_branch(branch))
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is no branch", branch);
	branch += strlen(REF_HEADS);
	if (plan_key(&plan, "branch", branch, "remote", NULL, err) || plan_key(&plan, "branch", branch, "merge", NULL, err))
		return -1;
	if (remote && (plan_key(&plan, "branch", branch, "remote", remote, err) ||
		       plan_key(&plan, "branch", branch, "merge", ref, err)))
		return -1;
	return carry_out(repo, &plan, err);
}

/* Its entries again under another name, refs/remotes/OLD/ in refspecs written anew. */
static int plan_copy(struct plan *plan, struct repo *repo, const char *old, const char *new, struct drift_error *err)
{
	const struct config *config = repo_config(repo);
	auto_buf start = BUF_INIT, refs = BUF_INIT;

	buf_addf(&start, "remote.%s.", old);
	buf_addf(&refs, ":%s%s/", REF_REMOTES, old);
	if (buf_check(&start, err) || buf_check(&refs, err))
		return -1;
	for (size_t i = 0; i < config_count(config); i++) {
		struct config_entry entry = config_at(config, i);
		const char *key = entry.name + start.len, *value = entry.value ? entry.value : "true", *at;
		auto_buf changed = BUF_INIT;

		if (entry.layer != CONFIG_REPOSITORY || strncmp(entry.name, start.data, start.len) || strchr(key, '.'))
			continue;
		at = strcmp(key, "fetch") ? NULL : strstr(value, refs.data);
		if (at)
			buf_addf(&changed, "%.*s:%s%s/%s", (int)(at - value), value, REF_REMOTES, new, at + refs.len);
		if (buf_check(&changed, err) || plan_key(plan, "remote", new, key, at ? changed.data : value, err))
			return -1;
	}
	return 0;
}

/* The branches that follow it follow `new`, or nothing. */
static int plan_branches(struct plan *plan, struct repo *repo, const char *old, const char *new, struct drift_error *err)
{
	const struct config *config = repo_config(repo);

	for (size_t i = 0; i < config_count(config); i++) {
		struct config_entry entry = config_at(config, i);
		const char *key = strrchr(entry.name, '.');
		auto_buf merge = BUF_INIT;

		if (entry.layer != CONFIG_REPOSITORY || strncmp(entry.name, "branch.", 7) || strcmp(key, ".remote") != 0 ||
		    !entry.value || strcmp(entry.value, old) != 0)
			continue;
		if (plan_edit(plan, new ? CONFIG_REPLACE_ALL : CONFIG_UNSET, entry.name, new, err))
			return -1;
		buf_addf(&merge, "%.*s.merge", (int)(key - entry.name), entry.name);
		if (buf_check(&merge, err) || (!new && plan_edit(plan, CONFIG_UNSET, merge.data, NULL, err)))
			return -1;
	}
	return 0;
}

/* Its tracking refs, and what becomes of them. */
struct moves {
	struct ref_change *changes;
	size_t count, capacity;
	const char *old, *new; /* prefixes; new NULL: they go */
};

static void moves_release(struct moves *m)
{
	for (size_t i = 0; i < m->count; i++) {
		auto_free char *name = NULL;

		memcpy(&name, &m->changes[i].name, sizeof(name));
	}
	free(m->changes);
}
#define auto_moves __attribute__((cleanup(moves_release))) struct moves

static int add_change(struct moves *m, const struct buf *name, const struct ref_change *change, struct drift_error *err)
{
	char *copy;

	if (buf_check(name, err))
		return -1;
	copy = mem_dup_str(name->data, name->len);
	if (!copy || mem_grow(&m->changes, &m->capacity, m->count + 1, sizeof(*m->changes))) {
		free(copy);
		return error_no_memory(err);
	}
	m->changes[m->count] = *change;
	m->changes[m->count++].name = copy;
	return 0;
}

static int move_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct moves *m = data;
	struct ref_change gone = { .expect = REF_EXPECT_ANYTHING, .value = { .kind = REF_ABSENT } };
	struct ref_change made = { .expect = REF_EXPECT_ABSENT, .value = *value };
	auto_buf old = BUF_INIT, new = BUF_INIT, target = BUF_INIT;

	buf_add_str(&old, name);
	if (value->kind == REF_OBJECT) {
		gone.expect = REF_EXPECT_OBJECT;
		gone.old = value->object.id;
	}
	if (add_change(m, &old, &gone, err))
		return -1;
	if (!m->new)
		return 0;
	buf_addf(&new, "%s%s", m->new, name + strlen(m->old));
	if (value->kind == REF_SYMBOLIC && !strncmp(value->target, m->old, strlen(m->old))) {
		buf_addf(&target, "%s%s", m->new, value->target + strlen(m->old));
		if (buf_check(&target, err))
			return -1;
		if (target.len > REF_NAME_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "the name '%.100s...' is too long", target.data);
		memcpy(made.value.target, target.data, target.len + 1);
	}
	return add_change(m, &new, &made, err);
}

static int move_refs(struct repo *repo, const char *old, const char *new, struct ref_transaction *by,
		     struct drift_error *err)
{
	auto_moves moves = { .changes = NULL };
	auto_buf from = BUF_INIT, to = BUF_INIT;

	buf_addf(&from, "%s%s/", REF_REMOTES, old);
	buf_addf(&to, "%s%s/", REF_REMOTES, new ? new : "");
	if (buf_check(&from, err) || buf_check(&to, err))
		return -1;
	moves.old = from.data;
	moves.new = new ? to.data : NULL;
	if (odb_ref_each(repo_odb(repo), from.data, move_ref, &moves, err))
		return -1;
	if (!moves.count)
		return 0;
	by->changes = moves.changes;
	by->change_count = moves.count;
	return refs_apply(repo_odb(repo), by, err);
}

int remote_remove(struct repo *repo, const char *name, struct ref_transaction *by, struct drift_error *err)
{
	auto_plan plan = { .steps = NULL };

	if (expect_there(repo, name, true, err) || plan_remove(&plan, "remote", name, err) ||
	    plan_branches(&plan, repo, name, NULL, err) || carry_out(repo, &plan, err))
		return -1;
	return move_refs(repo, name, NULL, by, err);
}

int remote_rename(struct repo *repo, const char *old, const char *new, struct ref_transaction *by,
		  struct drift_error *err)
{
	auto_plan plan = { .steps = NULL };

	if (expect_there(repo, old, true, err) || remote_check_name(new, err) || expect_there(repo, new, false, err) ||
	    plan_remove(&plan, "remote", old, err) || plan_copy(&plan, repo, old, new, err) ||
	    plan_branches(&plan, repo, old, new, err) || move_refs(repo, old, new, by, err))
		return -1;
	return carry_out(repo, &plan, err);
}
