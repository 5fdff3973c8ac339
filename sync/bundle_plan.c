#include "sync/bundle_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/loc.h"
#include "repo/graph.h"
#include "sync/fetch.h"

#define LOOKS 20 /* at all refs, until none moves meanwhile */

void bundle_plan_init(struct bundle_plan *plan, struct repo *repo)
{
	*plan = (struct bundle_plan){ .repo = repo };
}

static void drop_text(const struct text *t)
{
	char *data;

	memcpy(&data, &t->data, sizeof(data));
	free(data);
}

static void drop_refs(struct bundle_plan *plan)
{
	for (size_t i = 0; i < plan->ref_count; i++) {
		drop_text(&plan->refs[i].name);
		drop_text(&plan->refs[i].target);
	}
	plan->ref_count = 0;
}

void bundle_plan_release(struct bundle_plan *plan)
{
	drop_refs(plan);
	free(plan->refs);
	for (size_t i = 0; i < plan->need_count; i++)
		drop_text(&plan->needs[i].subject);
	free(plan->needs);
	for (size_t i = 0; i < plan->text_count; i++) {
		drop_text(&plan->texts[i].name);
		drop_text(&plan->texts[i].content);
	}
	free(plan->texts);
	bundle_plan_init(plan, plan->repo);
}

static int copy_text(const void *data, size_t len, struct text *out, struct drift_error *err)
{
	char *copy = mem_dup_str(data, len);

	if (!copy)
		return error_no_memory(err);
	*out = (struct text){ copy, len };
	return 0;
}

static int add_value(struct bundle_plan *plan, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct bundle_ref *ref;

	if (mem_grow(&plan->refs, &plan->ref_capacity, plan->ref_count + 1, sizeof(*plan->refs)))
		return error_no_memory(err);
	ref = &plan->refs[plan->ref_count];
	*ref = (struct bundle_ref){ .symbolic = value->kind == REF_SYMBOLIC };
	if (!ref->symbolic)
		ref->id = value->object.id;
	if (copy_text(name, strlen(name), &ref->name, err))
		return -1;
	plan->ref_count++;
	return ref->symbolic ? copy_text(value->target, strlen(value->target), &ref->target, err) : 0;
}

static int add_each(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	if (value->kind == REF_ABSENT || !strcmp(name, REF_FETCHED))
		return 0;
	return add_value(data, name, value, err);
}

static int look(struct bundle_plan *plan, struct drift_error *err)
{
	struct odb *odb = repo_odb(plan->repo);
	struct ref_value head;

	drop_refs(plan);
	return odb_ref_read(odb, REF_HEAD, false, &head, err) || add_each(plan, REF_HEAD, &head, err) ||
			       odb_ref_each(odb, "refs/", add_each, plan, err) ?
		       -1 :
		       0;
}

int bundle_plan_add_all(struct bundle_plan *plan, struct drift_error *err)
{
	struct odb *odb = repo_odb(plan->repo);
	int r = 1;

	for (unsigned i = 0; i < LOOKS && r > 0; i++) {
		uint64_t before = LOC_UNKNOWN, after = LOC_UNKNOWN;

		r = odb_ref_log_head(odb, NULL, &before, err) < 0 || look(plan, err) ||
				    odb_ref_log_head(odb, NULL, &after, err) < 0 ?
			    -1 :
			    before != after;
	}
	if (r <= 0)
		return r;
	/* They never rest: then they have to wait, for a moment. */
	if (odb_lock(odb, err))
		return -1;
	r = look(plan, err);
	odb_unlock(odb);
	return r;
}

int bundle_plan_add_ref(struct bundle_plan *plan, const char *name, struct drift_error *err)
{
	struct ref_value value;

	if (odb_ref_read(repo_odb(plan->repo), name, false, &value, err))
		return -1;
	if (value.kind == REF_ABSENT)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no ref '%s'", name);
	for (size_t i = 0; i < plan->ref_count; i++) {
		if (!strcmp(plan->refs[i].name.data, name))
			return 0;
	}
	return add_value(plan, name, &value, err);
}

int bundle_plan_add_need(struct bundle_plan *plan, const struct oid *id, const struct text *subject, struct drift_error *err)
{
	if (mem_grow(&plan->needs, &plan->need_capacity, plan->need_count + 1, sizeof(*plan->needs)))
		return error_no_memory(err);
	plan->needs[plan->need_count].id = *id;
	if (copy_text(subject->data, subject->len, &plan->needs[plan->need_count].subject, err))
		return -1;
	plan->need_count++;
	return 0;
}

static int add_meetings(struct bundle_plan *plan, struct commit *tip, struct commit *c, struct drift_error *err)
{
	struct commit **bases;
	size_t count;
	int r = 0;

	if (graph_merge_bases(plan->repo, tip, c, &bases, &count, err))
		return -1;
	for (size_t i = 0; i < count && !r; i++) {
		const struct text *message = &bases[i]->message;
		const char *end = message->len ? memchr(message->data, '\n', message->len) : NULL;
		const struct text subject = { message->data, end ? (size_t)(end - message->data) : message->len };

		r = bundle_plan_add_need(plan, &bases[i]->id, &subject, err);
	}
	graph_free_list(bases, count);
	return r;
}

int bundle_plan_leave_out(struct bundle_plan *plan, struct commit *c, struct drift_error *err)
{
	for (size_t i = 0; i < plan->ref_count; i++) {
		auto_commit *tip = NULL;
		int found;

		if (plan->refs[i].symbolic)
			continue;
		found = refs_commit(repo_odb(plan->repo), plan->refs[i].name.data, false, &tip, err);
		if (found < 0 || (found && add_meetings(plan, tip, c, err)))
			return -1;
	}
	return 0;
}

int bundle_plan_add_text(struct bundle_plan *plan, const char *name, const void *content, size_t len, struct drift_error *err)
{
	struct bundle_text *t;

	if (len > BUNDLE_TEXT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "what a bundle holds as '%s' is over the limit", name);
	if (mem_grow(&plan->texts, &plan->text_capacity, plan->text_count + 1, sizeof(*plan->texts)))
		return error_no_memory(err);
	t = &plan->texts[plan->text_count];
	*t = (struct bundle_text){ .name = { NULL, 0 } };
	plan->text_count++;
	return copy_text(name, strlen(name), &t->name, err) || copy_text(content, len, &t->content, err) ? -1 : 0;
}

static int compare_refs(const void *a, const void *b)
{
	const struct bundle_ref *x = a, *y = b;

	return strcmp(x->name.data, y->name.data);
}

static int compare_needs(const void *a, const void *b)
{
	const struct bundle_prerequisite *x = a, *y = b;

	return oid_compare(&x->id, &y->id);
}

static int compare_texts(const void *a, const void *b)
{
	const struct bundle_text *x = a, *y = b;

	return strcmp(x->name.data, y->name.data);
}

static void drop_double_needs(struct bundle_plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->need_count; i++) {
		if (kept && oid_equal(&plan->needs[kept - 1].id, &plan->needs[i].id))
			drop_text(&plan->needs[i].subject);
		else
			plan->needs[kept++] = plan->needs[i];
	}
	plan->need_count = kept;
}

const struct bundle_head *bundle_plan_head(struct bundle_plan *plan, int64_t time_usec)
{
	if (plan->ref_count)
		qsort(plan->refs, plan->ref_count, sizeof(*plan->refs), compare_refs);
	if (plan->need_count)
		qsort(plan->needs, plan->need_count, sizeof(*plan->needs), compare_needs);
	if (plan->text_count)
		qsort(plan->texts, plan->text_count, sizeof(*plan->texts), compare_texts);
	drop_double_needs(plan);
	plan->head = (struct bundle_head){
		.refs = plan->refs, .ref_count = plan->ref_count, .prerequisites = plan->needs, .prerequisite_count = plan->need_count,
		.texts = plan->texts, .text_count = plan->text_count, .time_usec = time_usec,
	};
	return &plan->head;
}
