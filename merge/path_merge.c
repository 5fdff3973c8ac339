#include "merge/path_merge.h"

#include "merge/docmerge.h"

void path_state_release(struct path_state *s)
{
	conflict_release(&s->conflict);
}

void path_outcome_release(struct path_outcome *o)
{
	path_state_release(&o->state);
	buf_release(&o->bytes);
}

static bool same_document(const struct path_state *a, const struct path_state *b)
{
	return a->present == b->present && (!a->present || document_equal(&a->document, &b->document));
}

static bool same_terms(const struct conflict *a, const struct conflict *b)
{
	if (a->side_count != b->side_count || a->base_count != b->base_count)
		return false;
	for (size_t i = 0; i < a->side_count + a->base_count; i++)
		if (term_compare(&a->terms[i].term, &b->terms[i].term) != 0)
			return false;
	return true;
}

bool path_state_equal(const struct path_state *a, const struct path_state *b)
{
	return same_document(a, b) && same_terms(&a->conflict, &b->conflict);
}

/* ---- documents ---- */

/* A document's bytes, or absence. */
struct version {
	struct buf data;
	struct text text;
	const struct text *given; /* NULL: absent */
};

static int load(const struct merge_setting *m, const struct path_state *s, struct version *out, struct drift_error *err)
{
	if (!s->present)
		return 0;
	if (merge_store_read(m->store, &s->document, &out->data, err))
		return -1;
	out->text = (struct text){ out->data.data, out->data.len };
	out->given = &out->text;
	return 0;
}

static bool same_bytes(const struct path_state *a, const struct path_state *b)
{
	struct document x, y;

	if (!a->present || !b->present)
		return a->present == b->present;
	x = a->document;
	y = b->document;
	x.mode = y.mode = DOCUMENT_NO_MODE;
	return document_equal(&x, &y);
}

static uint32_t mode_of(const struct path_state *s)
{
	return s->present ? s->document.mode : DOCUMENT_NO_MODE;
}

/* Both sides are present; false: both changed the mode, differently. */
static bool merge_modes(const struct path_state *base, const struct path_state *first, const struct path_state *second,
			uint32_t *mode_out)
{
	*mode_out = mode_of(first);
	if (mode_of(first) == mode_of(second) || mode_of(second) == mode_of(base))
		return true;
	if (mode_of(first) != mode_of(base))
		return false;
	*mode_out = mode_of(second);
	return true;
}

/* The one place where documents that both sides changed are merged. */
static int run_docmerge(const struct merge_setting *m, const struct path *path, const struct docmerge_input *input,
			struct docmerge *out, struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	struct docmerge_input ruled = *input;

	if (merge_rules_for(m->rules, path, &ruled.rules, err))
		return -1;
	if (!docmerge_run(&ruled, NULL, out, err))
		return 0;
	path_format(path, &name);
	return error_prefix(err, DRIFT_OK, "cannot merge '%s'", name.data);
}

static void take(const struct path_state *from, struct path_outcome *out)
{
	out->state.present = from->present;
	out->state.document = from->document;
}

static int take_outcome(const struct merge_setting *m, const struct path_state *first, const struct path_state *second,
			struct docmerge *merge, struct path_outcome *out, struct drift_error *err)
{
	const struct path_state *like = first->present ? first : second;
	enum docmerge_outcome is = merge->outcome;
	struct text merged;

	out->clashed = is == DOCMERGE_CLASH;
	if (out->clashed)
		is = merge->winner;
	if (is == DOCMERGE_ABSENT) {
		out->state.present = false;
		return 0;
	}
	if (is != DOCMERGE_MERGED) {
		take(is == DOCMERGE_OURS ? first : second, out);
		return 0;
	}
	out->bytes = merge->merged;
	buf_init(&merge->merged);
	merged = (struct text){ out->bytes.data, out->bytes.len };
	out->state.present = true;
	return merge_store_write(m->store, &merged, like->document.mode,
				 like->document.form == DOCUMENT_BLOB ? like->document.loc : LOC_UNKNOWN,
				 &out->state.document, err);
}

static int merge_bytes(const struct merge_setting *m, const struct path *path, const struct path_state *base,
		       const struct path_state *first, const struct path_state *second, struct path_outcome *out,
		       struct drift_error *err)
{
	struct version b = { .data = BUF_INIT }, x = { .data = BUF_INIT }, y = { .data = BUF_INIT };
	int r = load(m, base, &b, err) || load(m, first, &x, err) || load(m, second, &y, err) ? -1 : 0;

	if (!r) {
		const struct docmerge_input input = { .base = b.given, .ours = x.given, .theirs = y.given };
		struct docmerge merge = { .merged = BUF_INIT, .memory = BUF_INIT };

		r = run_docmerge(m, path, &input, &merge, err);
		if (!r)
			r = take_outcome(m, first, second, &merge, out, err);
		docmerge_release(&merge);
	}
	buf_release(&b.data);
	buf_release(&x.data);
	buf_release(&y.data);
	return r;
}

static bool is_gitlink(const struct path_state *s)
{
	return s->present && s->document.form == DOCUMENT_GITLINK;
}

/* Three versions of a document, of which the sides differ from each other. */
static int merge_documents(const struct merge_setting *m, const struct path *path, const struct path_state *base,
			   const struct path_state *first, const struct path_state *second, struct path_outcome *out,
			   struct drift_error *err)
{
	uint32_t mode = DOCUMENT_NO_MODE;
	bool modes_clash = false;
	const struct path_state *preferred = m->second_wins ? second : first;

	if (same_document(base, second) || same_document(first, second)) {
		take(first, out);
		return 0;
	}
	if (same_document(base, first)) {
		take(second, out);
		return 0;
	}
	if (is_gitlink(base) || is_gitlink(first) || is_gitlink(second)) {
		take(preferred->present || m->decided ? preferred : first->present ? first : second, out);
		out->clashed = !m->decided;
		return 0;
	}
	if (first->present && second->present)
		modes_clash = !merge_modes(base, first, second, &mode);
	if (modes_clash)
		mode = mode_of(preferred);
	if (same_bytes(first, second) || same_bytes(base, second))
		take(first, out);
	else if (same_bytes(base, first))
		take(second, out);
	else if (merge_bytes(m, path, base, first, second, out, err))
		return -1;
	if (first->present && second->present && out->state.present)
		out->state.document.mode = mode;
	out->clashed = out->clashed || (modes_clash && !m->decided);
	return 0;
}

/* ---- sides and bases ---- */

/* All versions of one sign that a state stands for. */
static int add_versions(const struct path_state *s, enum term_sign sign, struct conflict *out, struct drift_error *err)
{
	struct conflict_term own = { .document = s->document };

	if (!path_state_in_conflict(s)) {
		term_of(sign, s->present ? &s->document : NULL, &own.term);
		return conflict_add(out, &own, err);
	}
	for (size_t i = 0; i < s->conflict.side_count + s->conflict.base_count; i++)
		if (s->conflict.terms[i].term.sign == sign && conflict_add(out, &s->conflict.terms[i], err))
			return -1;
	return 0;
}

/* The sides of a state; its bases too, if it is in conflict. */
static int versions_of(const struct path_state *s, struct conflict *out, struct drift_error *err)
{
	if (add_versions(s, TERM_SIDE, out, err))
		return -1;
	return path_state_in_conflict(s) ? add_versions(s, TERM_BASE, out, err) : 0;
}

/* What a has and b has as well, or a has anew. */
static int keep_terms(const struct conflict *base, const struct conflict *a, const struct conflict *b,
		      struct conflict *out, struct drift_error *err)
{
	for (size_t i = 0; i < a->side_count + a->base_count; i++) {
		const struct conflict_term *t = &a->terms[i];

		if ((conflict_has(b, &t->term) || !conflict_has(base, &t->term)) && conflict_add(out, t, err))
			return -1;
	}
	return 0;
}

static int merge_terms(const struct path_state *base, const struct path_state *first, const struct path_state *second,
		       struct conflict *out, struct drift_error *err)
{
	auto_conflict b = CONFLICT_INIT;
	auto_conflict x = CONFLICT_INIT;
	auto_conflict y = CONFLICT_INIT;
	bool settled =
		path_state_in_conflict(base) && !path_state_in_conflict(first) && !path_state_in_conflict(second);

	if (versions_of(base, &b, err) || versions_of(first, &x, err) || versions_of(second, &y, err) ||
	    keep_terms(&b, &x, &y, out, err) || keep_terms(&b, &y, &x, out, err))
		return -1;
	if (!out->side_count || settled)
		return add_versions(first, TERM_SIDE, out, err) || add_versions(second, TERM_SIDE, out, err) ? -1 : 0;
	return 0;
}

/*
 * What clashed is in question again: the document of a state is a side, though the other line may have settled that it
 * is not. One that was merged from several is no version of anybody's.
 */
static int keep_clashed(const struct path_state *s, struct conflict *out, struct drift_error *err)
{
	struct conflict_term own = { .document = s->document };

	term_of(TERM_SIDE, s->present ? &s->document : NULL, &own.term);
	if (path_state_in_conflict(s) && !conflict_has(&s->conflict, &own.term))
		return 0;
	return conflict_add(out, &own, err);
}

/* The document of a conflict is there: the least side that is, if it has to be. */
static void take_side(struct path_outcome *out)
{
	const struct conflict *c = &out->state.conflict;

	for (size_t i = 0; i < c->side_count; i++) {
		out->state.present = !c->terms[i].term.absent;
		out->state.document = c->terms[i].document;
		if (out->state.present)
			return;
	}
}

static int merge_conflicts(const struct path_state *base, const struct path_state *first,
			   const struct path_state *second, struct path_outcome *out, struct drift_error *err)
{
	struct conflict *c = &out->state.conflict;

	if (merge_terms(base, first, second, c, err))
		return -1;
	if (out->clashed && (keep_clashed(first, c, err) || keep_clashed(second, c, err)))
		return -1;
	if (c->side_count > 1 && !path_state_in_conflict(base) && base->present &&
	    add_versions(base, TERM_BASE, c, err))
		return -1;
	out->clashed = c->side_count > 1;
	if (!out->clashed || !out->state.present)
		take_side(out);
	return 0;
}

static int copy_state(const struct path_state *from, struct path_outcome *out, struct drift_error *err)
{
	take(from, out);
	for (size_t i = 0; i < from->conflict.side_count + from->conflict.base_count; i++)
		if (conflict_add(&out->state.conflict, &from->conflict.terms[i], err))
			return -1;
	return 0;
}

int path_merge(const struct merge_setting *m, const struct path *path, const struct path_state *base,
	       const struct path_state *first, const struct path_state *second, struct path_outcome *out,
	       struct drift_error *err)
{
	struct conflict *c = &out->state.conflict;

	if (path_state_equal(base, second) || path_state_equal(first, second))
		return copy_state(first, out, err);
	if (path_state_equal(base, first))
		return copy_state(second, out, err);
	out->merged = true;
	if (merge_documents(m, path, base, first, second, out, err))
		return -1;
	if (path_state_in_conflict(base) || path_state_in_conflict(first) || path_state_in_conflict(second))
		return merge_conflicts(base, first, second, out, err);
	if (!out->clashed)
		return 0;
	if (add_versions(first, TERM_SIDE, c, err) || add_versions(second, TERM_SIDE, c, err))
		return -1;
	return base->present ? add_versions(base, TERM_BASE, c, err) : 0;
}
