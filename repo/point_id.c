#include <string.h>

#include "repo/point_internal.h"

#define LISTED_MAX 5

/* What matches the beginning of an id, by kind. */
struct matches {
	struct {
		size_t count;
		struct object_ref first[LISTED_MAX];
	} of[OBJECT_TAG + 1];
};

static int note_match(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct matches *m = data;

	(void)err;
	if (m->of[kind].count < LISTED_MAX)
		m->of[kind].first[m->of[kind].count] = (struct object_ref){ .id = *id, .loc = loc };
	m->of[kind].count++;
	return 0;
}

/* The empty tree is in every store. */
static bool note_empty_tree(struct matches *m, const struct point_text *text, struct drift_error *err)
{
	struct tree_root empty;
	char hex[OID_HEX_LEN + 1];

	tree_empty(&empty);
	if (strncmp(oid_to_hex(&empty.id, hex), text->id, text->id_len) != 0)
		return false;
	for (size_t i = 0; i < m->of[OBJECT_TREE].count && i < LISTED_MAX; i++) {
		if (oid_equal(&m->of[OBJECT_TREE].first[i].id, &empty.id))
			return true;
	}
	return note_match(m, &empty.id, OBJECT_TREE, empty.loc, err) == 0;
}

static int too_many(const struct point_text *text, const struct matches *m, enum object_kind only,
		    struct drift_error *err)
{
	auto_buf list = BUF_INIT;
	size_t listed = 0, count = 0;

	for (int kind = OBJECT_BLOB; kind <= OBJECT_TAG; kind++) {
		if (only && kind != (int)only)
			continue;
		count += m->of[kind].count;
		for (size_t i = 0; i < m->of[kind].count && listed < LISTED_MAX; i++) {
			char hex[OID_HEX_LEN + 1];

			buf_addf(&list, "%s%s %s", listed++ ? ", " : "", object_kind_name((enum object_kind)kind),
				 oid_to_hex(&m->of[kind].first[i].id, hex));
		}
	}
	return error_set(err, DRIFT_ERR_AMBIGUOUS, "'%s' is the beginning of %zu ids: %s%s", text->id, count, list.data,
			 listed < count ? " ..." : "");
}

static int choose(const struct point_context *ctx, const struct point_text *text, const struct matches *m,
		  struct point_target *out, struct drift_error *err)
{
	static const enum object_kind order[] = { OBJECT_COMMIT, OBJECT_TAG, OBJECT_TREE, OBJECT_BLOB };
	enum object_kind found = 0;
	size_t kinds = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (!m->of[order[i]].count)
			continue;
		kinds++;
		if (!found)
			found = order[i];
	}
	if (!found)
		return 0;
	if (ctx->preference == ID_ANY && kinds > 1)
		return too_many(text, m, 0, err);
	if (m->of[found].count > 1)
		return too_many(text, m, found, err);
	out->kind = found;
	out->object = m->of[found].first[0];
	return 1;
}

int point_id(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
	     struct drift_error *err)
{
	struct matches m = { .of = { { .count = 0 } } };

	if (text->id_len == OID_HEX_LEN) {
		int rc;

		if (oid_from_hex(text->id, text->id_len, &out->object.id, err) < 0)
			return -1;
		rc = odb_find(repo_odb(ctx->repo), &out->object.id, &out->kind, &out->object.loc, err);
		if (rc)
			return rc;
	} else if (odb_find_prefix(repo_odb(ctx->repo), text->id, text->id_len, note_match, &m, err) < 0) {
		return -1;
	}
	note_empty_tree(&m, text, err);
	return choose(ctx, text, &m, out, err);
}
