/*
 * The input is three versions of a document between bytes 0xfe, the first may be missing. Merging them gives the same with the
 * sides swapped; what is merged merges again with either side into itself; diff and blame go along with anything.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "merge/blame.h"
#include "merge/docdiff.h"
#include "merge/docmerge.h"

#define INPUT_MAX 4096
#define SEPARATOR 0xfe

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct text cut(struct text *rest)
{
	const char *at = rest->len ? memchr(rest->data, SEPARATOR, rest->len) : NULL;
	struct text part = { rest->data, at ? (size_t)(at - rest->data) : rest->len };

	rest->data += at ? part.len + 1 : part.len;
	rest->len -= at ? part.len + 1 : part.len;
	return part;
}

static enum docmerge_outcome swapped(enum docmerge_outcome outcome)
{
	return outcome == DOCMERGE_OURS ? DOCMERGE_THEIRS : outcome == DOCMERGE_THEIRS ? DOCMERGE_OURS : outcome;
}

static void check_result(const struct docmerge_input *in, const struct docmerge *m)
{
	struct text merged = { m->merged.data, m->merged.len };
	struct docmerge_input once_more = { .base = in->ours, .ours = in->ours, .theirs = &merged };
	auto_buf sentence = BUF_INIT;
	struct docmerge again;
	size_t i;

	assert((m->outcome == DOCMERGE_CLASH) == (m->clash_count > 0));
	for (i = 0; i < m->clash_count; i++)
		docmerge_explain(&m->clashes[i], &sentence);
	if (m->outcome != DOCMERGE_MERGED)
		return;
	assert(!docmerge_run(&once_more, NULL, &again, NULL));
	assert(again.outcome == DOCMERGE_THEIRS || again.outcome == DOCMERGE_OURS);
	docmerge_release(&again);
	if (m->kind == DOC_JSON)
		assert(doc_classify(merged) == DOC_JSON);
}

static void check_merge(const struct text *base, const struct text *ours, const struct text *theirs)
{
	struct docmerge_input in = { .base = base, .ours = ours, .theirs = theirs };
	struct docmerge_input mirrored = { .base = base, .ours = theirs, .theirs = ours };
	struct docmerge a, b;

	if (docmerge_run(&in, NULL, &a, NULL))
		return;
	assert(!docmerge_run(&mirrored, NULL, &b, NULL));
	if (!doc_same(ours, theirs))
		assert(b.outcome == swapped(a.outcome));
	assert(a.clash_count == b.clash_count);
	if (a.outcome == DOCMERGE_MERGED)
		assert(a.merged.len == b.merged.len && memcmp(a.merged.data, b.merged.data, a.merged.len) == 0);
	check_result(&in, &a);
	docmerge_release(&a);
	docmerge_release(&b);
}

static void check_diff(const struct text *from, const struct text *to)
{
	struct docdiff_style style = { .context = 1, .escape = true };
	auto_buf shown = BUF_INIT, json = BUF_INIT;
	struct json_writer w;
	struct docdiff *d;

	if (docdiff_new(from, to, &d, NULL))
		return;
	assert(!docdiff_render(d, &style, &shown, NULL));
	assert((docdiff_kind(d) == DOCDIFF_EQUAL) == !shown.len);
	json_writer_init(&w, &json);
	json_writer_begin_object(&w);
	assert(!docdiff_write_json(d, &w, NULL));
	json_writer_end_object(&w);
	assert(!json_writer_finish(&w, NULL));
	assert(!json_validate(json.data, json.len, NULL));
	docdiff_free(d);
}

static void check_blame(const struct text *const *versions, size_t count)
{
	struct blame *b;
	size_t i;

	if (blame_new(&b, NULL))
		return;
	for (i = 0; i < count; i++)
		if (blame_feed(b, count - i, versions[i], NULL))
			break;
	for (i = 0; i < blame_count(b); i++) {
		struct blame_part p;

		blame_part(b, i, &p);
		assert(p.commit >= 1 && p.commit <= count);
	}
	blame_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = { (const char *)data, len }, ours, theirs, base;
	const struct text *versions[3];
	bool has_base;

	if (len > INPUT_MAX)
		return 0;
	ours = cut(&rest);
	theirs = cut(&rest);
	has_base = rest.len > 0;
	base = cut(&rest);
	check_merge(has_base ? &base : NULL, &ours, &theirs);
	check_diff(has_base ? &base : NULL, &ours);
	versions[0] = &ours;
	versions[1] = &theirs;
	versions[2] = has_base ? &base : NULL;
	check_blame(versions, 3);
	return 0;
}
