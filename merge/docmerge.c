#include "merge/docmerge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/merge3.h"
#include "merge/merge_policy.h"
#include "merge/script.h"

/* The three versions, read; those that are not JSON or absent have no tree. */
struct versions {
	const struct docmerge_input *in;
	const struct docmerge_rules *rules;
	struct json_doc *base, *ours, *theirs;
	enum doc_kind base_kind, ours_kind, theirs_kind;
};

static enum docmerge_outcome side_outcome(enum json_side side)
{
	return side == JSON_OURS ? DOCMERGE_OURS : DOCMERGE_THEIRS;
}

static void versions_release(struct versions *v)
{
	json_doc_free(v->base);
	json_doc_free(v->ours);
	json_doc_free(v->theirs);
}

static int versions_read(struct versions *v, struct drift_error *err)
{
	if (v->in->base && doc_read(*v->in->base, &v->base_kind, &v->base, err))
		return -1;
	if (v->in->ours && doc_read(*v->in->ours, &v->ours_kind, &v->ours, err))
		return -1;
	if (v->in->theirs && doc_read(*v->in->theirs, &v->theirs_kind, &v->theirs, err))
		return -1;
	return 0;
}

static struct docmerge_clash *add_clash(struct docmerge *m, enum docmerge_reason reason)
{
	struct docmerge_clash *grown = realloc(m->clashes, (m->clash_count + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	m->clashes = grown;
	m->outcome = DOCMERGE_CLASH;
	grown += m->clash_count++;
	memset(grown, 0, sizeof(*grown));
	grown->reason = reason;
	return grown;
}

static int one_clash(struct docmerge *m, enum docmerge_reason reason, struct drift_error *err)
{
	return add_clash(m, reason) ? 0 : error_no_memory(err);
}

static const struct json_value *root_of(const struct json_doc *doc)
{
	return doc ? json_root(doc) : NULL;
}

/* The same JSON in perhaps other bytes: 1 / 0 / -1. */
static int says_the_same(const struct json_doc *a, const struct json_doc *b, struct drift_error *err)
{
	return a && b ? json_equal(json_root(a), json_root(b), err) : 0;
}

static int compare_pointers(const void *a, const void *b)
{
	const struct docmerge_clash *x = a, *y = b;

	return strcmp(x->pointer.data, y->pointer.data);
}

/* Pointers move into m->memory, where they stay once it is big enough for all. */
static int keep_pointers(struct docmerge *m, const struct json_merge3 *merge, struct drift_error *err)
{
	size_t count = json_merge3_clash_count(merge), len = 0, i;

	for (i = 0; i < count; i++)
		len += json_merge3_clash(merge, i)->pointer_len + 1;
	buf_reserve(&m->memory, len);
	m->clashes = mem_calloc(count, sizeof(*m->clashes));
	if (!m->clashes || m->memory.failed)
		return error_no_memory(err);
	for (i = 0; i < count; i++) {
		const struct json_clash *clash = json_merge3_clash(merge, i);
		struct docmerge_clash *kept = &m->clashes[m->clash_count++];

		kept->reason = clash->pointer_len || clash->base ? DOCMERGE_FIELD : DOCMERGE_ADDED;
		kept->pointer.data = m->memory.data + m->memory.len;
		kept->pointer.len = clash->pointer_len;
		buf_add(&m->memory, clash->pointer, clash->pointer_len + 1);
	}
	qsort(m->clashes, count, sizeof(*m->clashes), compare_pointers);
	return 0;
}

/* A script's name as sentences have it. */
static void script_label(const struct json_rule *rule, char label[MERGE_SCRIPT_NAME_MAX + 8])
{
	snprintf(label, MERGE_SCRIPT_NAME_MAX + 8, "%.*s.lua", (int)rule->name_len, rule->name);
}

/* 1 and the outcome, 0 if there is no script, -1. */
static int run_script(const struct docmerge_rules *rules, const struct json_rule *rule, struct script_input *input,
		      enum script_outcome *outcome_out, struct buf *out, struct drift_error *err)
{
	char label[MERGE_SCRIPT_NAME_MAX + 8];
	int found = rules->script ? rules->script(rules->data, (struct text){ rule->name, rule->name_len },
						  &input->source, err) :
				    0;

	if (found <= 0)
		return found;
	script_label(rule, label);
	input->name = label;
	input->path = rules->path;
	return script_merge(input, outcome_out, out, err) ? -1 : 1;
}

static int as_text(const struct json_value *v, struct buf *bytes, struct text *text, const struct text **given,
		   struct drift_error *err)
{
	*given = NULL;
	if (!v)
		return 0;
	if (json_compact(v, bytes, err))
		return -1;
	*text = (struct text){ bytes->data, bytes->len };
	*given = text;
	return buf_check(bytes, err);
}

/* A field by a script: see json_merge3_options. */
static int script_field(void *data, const struct json_rule *rule, const struct json_merge3_input *in,
			struct json_doc *doc, struct json_value **value_out, struct drift_error *err)
{
	auto_buf base = BUF_INIT, ours = BUF_INIT, theirs = BUF_INIT, result = BUF_INIT;
	const struct docmerge_rules *rules = data;
	struct script_input input = { .json = true };
	enum script_outcome outcome;
	struct text texts[3];
	bool swap = rules->first == JSON_THEIRS;
	int r;

	if (as_text(in->base, &base, &texts[0], &input.base, err) ||
	    as_text(swap ? in->theirs : in->ours, &ours, &texts[1], &input.a, err) ||
	    as_text(swap ? in->ours : in->theirs, &theirs, &texts[2], &input.b, err))
		return -1;
	r = run_script(rules, rule, &input, &outcome, &result, err);
	if (r <= 0)
		return r;
	*value_out = NULL;
	if (outcome == SCRIPT_VALUE && json_parse_value(doc, result.data, result.len, value_out, err))
		return -1;
	return outcome == SCRIPT_VALUE || outcome == SCRIPT_ABSENT;
}

/* Where fields clash, is what stands just what the first side has? Then its bytes stand. */
static int choose_winner(const struct versions *v, const struct json_merge3 *merge, struct docmerge *m,
			 struct drift_error *err)
{
	int same =
		json_equal(json_merge3_result(merge), root_of(v->rules->first == JSON_OURS ? v->ours : v->theirs), err);

	if (same < 0)
		return -1;
	m->winner = same ? side_outcome(v->rules->first) : DOCMERGE_MERGED;
	return 0;
}

static int merge_fields(const struct versions *v, struct docmerge *m, struct drift_error *err)
{
	struct json_merge3_input input = { root_of(v->base), root_of(v->ours), root_of(v->theirs) };
	const struct json_merge3_options options = {
		.rule = v->rules->rule,
		.first = v->rules->first,
		.later = v->rules->later,
		.decided = v->rules->decided,
		.script = script_field,
		.data = (void *)(uintptr_t)v->rules,
	};
	struct json_merge3 *merge;
	int r = 0;

	if (json_merge3_new(&input, &options, &merge, err))
		return -1;
	m->outcome = json_merge3_clash_count(merge) ? DOCMERGE_CLASH : DOCMERGE_MERGED;
	if (m->outcome == DOCMERGE_CLASH)
		r = keep_pointers(m, merge, err) || choose_winner(v, merge, m, err);
	if (!r)
		r = json_canonical(json_merge3_result(merge), &m->merged, err);
	json_merge3_free(merge);
	return r ? -1 : buf_check(&m->merged, err);
}

/* All versions that there are are JSON; a side that says what the base says has changed nothing. */
static int merge_json(const struct versions *v, struct docmerge *m, struct drift_error *err)
{
	int ours_same = says_the_same(v->base, v->ours, err);
	int theirs_same = ours_same < 0 ? -1 : says_the_same(v->base, v->theirs, err);

	if (ours_same < 0 || theirs_same < 0)
		return -1;
	if (ours_same != theirs_same) {
		m->outcome = ours_same ? DOCMERGE_THEIRS : DOCMERGE_OURS;
		return 0;
	}
	return merge_fields(v, m, err);
}

static size_t count_lines(struct text t)
{
	const char *at = t.data, *end = at + t.len, *newline;
	size_t count = 0;

	for (; at < end; at = newline + 1, count++) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			newline = end - 1;
	}
	return count;
}

static int keep_lines(struct docmerge *m, const struct merge3 *merge, struct drift_error *err)
{
	size_t line = 1, i;

	m->clashes = mem_calloc(merge->clash_count, sizeof(*m->clashes));
	if (!m->clashes)
		return error_no_memory(err);
	for (i = 0; i < merge->count; i++) {
		const struct merge3_part *part = &merge->parts[i];
		struct docmerge_clash *kept = &m->clashes[m->clash_count];

		if (part->kind == MERGE3_MERGED) {
			line += count_lines(part->merged);
			continue;
		}
		kept->reason = DOCMERGE_LINES;
		kept->line = line;
		kept->line_count = count_lines(part->ours);
		line += kept->line_count;
		m->clash_count++;
	}
	return 0;
}

/* The merged text, each clash decided for the first side. */
static void add_decided(const struct merge3 *merge, enum json_side first, struct buf *out)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct merge3_part *part = &merge->parts[i];
		struct text text = part->kind == MERGE3_MERGED ? part->merged :
				   first == JSON_OURS          ? part->ours :
								 part->theirs;

		buf_add(out, text.data, text.len);
	}
}

static int finish_lines(const struct versions *v, const struct docmerge_labels *labels, const struct merge3 *merge,
			struct docmerge *m, struct drift_error *err)
{
	struct merge3_labels names = { labels->ours, labels->base, labels->theirs };

	if (v->rules->decided)
		add_decided(merge, v->rules->first, &m->merged);
	else if (merge3_append(merge, &names, &m->merged, err))
		return -1;
	if (buf_check(&m->merged, err))
		return -1;
	m->outcome = merge->clash_count && !v->rules->decided ? DOCMERGE_CLASH : DOCMERGE_MERGED;
	if (m->outcome == DOCMERGE_MERGED) {
		if (v->ours && v->theirs && json_validate(m->merged.data, m->merged.len, NULL))
			return one_clash(m, DOCMERGE_KIND, err);
		return 0;
	}
	return v->in->base ? keep_lines(m, merge, err) : one_clash(m, DOCMERGE_ADDED, err);
}

static int merge_lines(const struct versions *v, const struct docmerge_labels *labels, struct docmerge *m,
		       struct drift_error *err)
{
	struct text empty = { "", 0 };
	struct merge3_input input = { v->in->base ? *v->in->base : empty, *v->in->ours, *v->in->theirs };
	struct drift_error why;
	struct merge3 merge;
	int r;

	if (merge3_run(&input, &merge, &why)) {
		if (why.code == DRIFT_ERR_LIMIT)
			return one_clash(m, DOCMERGE_BINARY, err);
		return error_set(err, why.code, "%s", why.message);
	}
	r = finish_lines(v, labels, &merge, m, err);
	merge3_release(&merge);
	return r;
}

static bool any_binary(const struct versions *v)
{
	return (v->in->base && v->base_kind == DOC_BINARY) || v->ours_kind == DOC_BINARY ||
	       v->theirs_kind == DOC_BINARY;
}

static int merge_present(const struct versions *v, const struct docmerge_labels *labels, struct docmerge *m,
			 struct drift_error *err)
{
	if (any_binary(v)) {
		m->kind = DOC_BINARY;
		return one_clash(m, DOCMERGE_BINARY, err);
	}
	if (v->ours && v->theirs && (v->base || !v->in->base)) {
		m->kind = DOC_JSON;
		return merge_json(v, m, err);
	}
	m->kind = DOC_TEXT;
	return merge_lines(v, labels, m, err);
}

/* One side removed the document, the other has other bytes than the base. */
static int merge_removed(const struct versions *v, struct docmerge *m, struct drift_error *err)
{
	int same = says_the_same(v->base, v->ours ? v->ours : v->theirs, err);

	if (same < 0)
		return -1;
	m->kind = v->in->ours ? v->ours_kind : v->theirs_kind;
	if (!same)
		return one_clash(m, DOCMERGE_REMOVED, err);
	m->outcome = v->in->ours ? DOCMERGE_THEIRS : DOCMERGE_OURS;
	return 0;
}

/* The whole document by its rule: 1, 0 if it has none that fits all kinds of documents, -1. */
static int merge_by_rule(const struct versions *v, struct docmerge *m, struct drift_error *err)
{
	const struct json_rule *rule = v->rules->rule;
	bool swap = v->rules->first == JSON_THEIRS;
	struct script_input input = {
		.json = (v->base || !v->in->base) && (v->ours || !v->in->ours) && (v->theirs || !v->in->theirs),
		.base = v->in->base,
		.a = swap ? v->in->theirs : v->in->ours,
		.b = swap ? v->in->ours : v->in->theirs,
	};
	enum script_outcome outcome;
	int r;

	if (rule && rule->kind == JSON_RULE_LATER)
		m->outcome = side_outcome(v->rules->later);
	if (!rule || rule->kind != JSON_RULE_SCRIPT)
		return rule && rule->kind == JSON_RULE_LATER;
	r = run_script(v->rules, rule, &input, &outcome, &m->merged, err);
	if (r <= 0)
		return r;
	if (outcome == SCRIPT_VALUE || outcome == SCRIPT_ABSENT) {
		m->outcome = outcome == SCRIPT_VALUE ? DOCMERGE_MERGED : DOCMERGE_ABSENT;
		return 1;
	}
	if (one_clash(m, DOCMERGE_SCRIPT, err))
		return -1;
	buf_release(&m->memory);
	m->memory = m->merged;
	buf_init(&m->merged);
	m->clashes[0].pointer = (struct text){ m->memory.data, m->memory.len };
	return 1;
}

/* Who stands where whole documents clash. */
static void decide(const struct versions *v, struct docmerge *m)
{
	enum json_side first = v->rules->first;

	if (m->outcome != DOCMERGE_CLASH || m->winner != DOCMERGE_CLASH)
		return;
	m->winner =
		!v->in->ours || !v->in->theirs ? (v->in->ours ? DOCMERGE_OURS : DOCMERGE_THEIRS) : side_outcome(first);
	if (v->rules->decided)
		m->outcome = side_outcome(first);
}

int docmerge_run(const struct docmerge_input *input, const struct docmerge_labels *labels, struct docmerge *out,
		 struct drift_error *err)
{
	static const struct docmerge_labels default_labels = { "ours", "base", "theirs" };
	static const struct docmerge_rules no_rules = { .first = JSON_OURS };
	struct docmerge m = {
		.outcome = DOCMERGE_OURS, .winner = DOCMERGE_CLASH, .merged = BUF_INIT, .memory = BUF_INIT
	};
	struct versions v = { .in = input, .rules = input->rules ? input->rules : &no_rules };
	int r;

	if (doc_same(input->ours, input->theirs) || doc_same(input->base, input->theirs)) {
		*out = m;
		return 0;
	}
	if (doc_same(input->base, input->ours)) {
		m.outcome = DOCMERGE_THEIRS;
		*out = m;
		return 0;
	}
	r = versions_read(&v, err) ? -1 : merge_by_rule(&v, &m, err);
	if (!r)
		r = input->ours && input->theirs ? merge_present(&v, labels ? labels : &default_labels, &m, err) :
						   merge_removed(&v, &m, err);
	decide(&v, &m);
	versions_release(&v);
	if (r < 0) {
		docmerge_release(&m);
		return -1;
	}
	*out = m;
	return 0;
}

void docmerge_release(struct docmerge *m)
{
	buf_release(&m->merged);
	buf_release(&m->memory);
	free(m->clashes);
	m->clashes = NULL;
	m->clash_count = 0;
}

void docmerge_explain(const struct docmerge_clash *clash, struct buf *out)
{
	switch (clash->reason) {
	case DOCMERGE_REMOVED:
		buf_add_str(out, "one side removed what the other changed");
		break;
	case DOCMERGE_ADDED:
		buf_add_str(out, "both sides added it, differently");
		break;
	case DOCMERGE_FIELD:
		if (!clash->pointer.len)
			buf_add_str(out, "both sides changed the whole document, differently");
		else
			buf_addf(out, "both sides changed field %.*s, differently", (int)clash->pointer.len,
				 clash->pointer.data);
		break;
	case DOCMERGE_LINES:
		if (clash->line_count > 1)
			buf_addf(out, "both sides changed lines %zu to %zu, differently", clash->line,
				 clash->line + clash->line_count - 1);
		else
			buf_addf(out, "both sides changed line %zu, differently", clash->line);
		break;
	case DOCMERGE_BINARY:
		buf_add_str(out, "both sides changed it, and it cannot be merged by line");
		break;
	case DOCMERGE_SCRIPT:
		buf_addf(out, "the merge script leaves it to people%s%.*s", clash->pointer.len ? ": " : "",
			 (int)clash->pointer.len, clash->pointer.data);
		break;
	case DOCMERGE_KIND:
		buf_add_str(out, "merged by line it would no longer be valid JSON, which both sides are");
		break;
	}
}
