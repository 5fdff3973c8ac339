#include "merge/conflict.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PREFIX_LEN (sizeof(TERM_PREFIX) - 1)

void conflict_release(struct conflict *c)
{
	free(c->terms);
	buf_release(&c->memory);
	*c = (struct conflict)CONFLICT_INIT;
}

int conflict_add(struct conflict *c, const struct conflict_term *term, struct drift_error *err)
{
	size_t count = c->side_count + c->base_count, at = count;
	struct conflict_term *kept;

	while (at && term_compare(&c->terms[at - 1].term, &term->term) > 0)
		at--;
	if (at && !term_compare(&c->terms[at - 1].term, &term->term))
		return 0;
	if (mem_grow(&c->terms, &c->capacity, count + 1, sizeof(*c->terms)))
		return error_no_memory(err);
	memmove(&c->terms[at + 1], &c->terms[at], (count - at) * sizeof(*c->terms));
	kept = &c->terms[at];
	*kept = *term;
	kept->data_at = c->memory.len;
	if (!term->term.absent && term->document.form != DOCUMENT_BLOB)
		buf_add(&c->memory, term->document.data, (size_t)term->document.len);
	c->side_count += term->term.sign == TERM_SIDE;
	c->base_count += term->term.sign == TERM_BASE;
	/* The bytes may have moved. */
	for (at = 0; at <= count; at++)
		if (c->terms[at].document.form != DOCUMENT_BLOB)
			c->terms[at].document.data = (const unsigned char *)c->memory.data + c->terms[at].data_at;
	return buf_check(&c->memory, err);
}

bool conflict_has(const struct conflict *c, const struct term *term)
{
	for (size_t i = 0; i < c->side_count + c->base_count; i++)
		if (!term_compare(&c->terms[i].term, term))
			return true;
	return false;
}

static int read_term(void *data, const struct term_key *key, const struct node_entry *entry, struct drift_error *err)
{
	struct conflict_term term = { .term = key->term };

	if (key->is_piece)
		return 0;
	if (document_decode(entry->value, entry->value_len, entry->loc, &term.document, err))
		return -1;
	return conflict_add(data, &term, err);
}

int conflict_read_from(struct node_store *store, const struct map_root *reserved, const struct path *path,
		       struct conflict *out, struct drift_error *err)
{
	if (!reserved->count || term_path_is(path))
		return 0;
	if (term_each(store, reserved, path, read_term, out, err))
		return -1;
	return out->side_count > 1;
}

int conflict_read(struct node_store *store, const struct tree_root *root, const struct path *path, struct conflict *out,
		  struct drift_error *err)
{
	struct map_root reserved;

	if (term_reserved(store, root, &reserved, err) < 0)
		return -1;
	return conflict_read_from(store, &reserved, path, out, err);
}

struct listing {
	struct node_store *store;
	struct map_root reserved;
	const char *prefix;
	size_t prefix_len;
	struct buf path, last; /* last: the path that was told, or is none in conflict */
	int (*each)(void *data, const struct path *path, const struct conflict *c, struct drift_error *err);
	void *data;
};

/* A path is told where the least of its terms stands: those of another one may stand between its sides and bases. */
static int list_term(struct listing *l, const struct term_key *key, struct drift_error *err)
{
	auto_conflict c = CONFLICT_INIT;
	struct path path;
	int r;

	buf_clear(&l->path);
	r = term_path_read(l->store, &l->reserved, key, &l->path, err);
	if (r <= 0)
		return r;
	if (l->path.len < l->prefix_len || (l->prefix_len && memcmp(l->path.data, l->prefix, l->prefix_len) != 0) ||
	    (l->path.len == l->last.len && !memcmp(l->path.data, l->last.data, l->last.len)))
		return 0;
	path_split(l->path.data, l->path.len, &path);
	r = conflict_read_from(l->store, &l->reserved, &path, &c, err);
	if (r < 0)
		return -1;
	buf_clear(&l->last);
	buf_add(&l->last, l->path.data, l->path.len);
	if (buf_check(&l->last, err))
		return -1;
	return r && !term_compare(&c.terms[0].term, &key->term) ? l->each(l->data, &path, &c, err) : 0;
}

/* Long paths have their terms elsewhere, so all keys of terms are looked at but for those between that cannot match. */
static int list(struct listing *l, struct drift_error *err)
{
	static const char hashes[] = TERM_PREFIX TREE_RESERVED "/" TERM_PREFIX;
	auto_buf from = BUF_INIT;
	bool in_hashes = true;
	int r = 0;

	buf_add_str(&from, hashes);
	for (int pass = 0; pass < 2 && !r; pass++) {
		auto_map_cursor c = MAP_CURSOR_INIT;
		struct node_entry entry;

		if (pass) {
			in_hashes = false;
			buf_clear(&from);
			buf_add_str(&from, TERM_PREFIX);
			buf_add(&from, l->prefix, l->prefix_len);
		}
		if (buf_check(&from, err) || map_cursor_seek(&c, l->store, &l->reserved, from.data, from.len, err))
			return -1;
		while (!r && (r = map_cursor_next(&c, &entry, err)) > 0) {
			struct term_key key;

			r = 0;
			if (entry.key_len < from.len || memcmp(entry.key, from.data, from.len) != 0)
				break;
			if (!term_key_parse((const char *)entry.key, entry.key_len, &key, NULL) &&
			    key.hashed == in_hashes && !key.is_piece)
				r = list_term(l, &key, err);
		}
	}
	return r;
}

int conflict_each(struct node_store *store, const struct tree_root *root, const char *prefix, size_t prefix_len,
		  int (*each)(void *data, const struct path *path, const struct conflict *c, struct drift_error *err),
		  void *data, struct drift_error *err)
{
	struct listing l = { .store = store,
			     .prefix = prefix,
			     .prefix_len = prefix ? prefix_len : 0,
			     .path = BUF_INIT,
			     .last = BUF_INIT,
			     .each = each,
			     .data = data };
	int r = term_reserved(store, root, &l.reserved, err);

	if (r > 0)
		r = list(&l, err);
	buf_release(&l.path);
	buf_release(&l.last);
	return r;
}

static int count_one(void *data, const struct path *path, const struct conflict *c, struct drift_error *err)
{
	uint64_t *count = data;

	(void)path;
	(void)c;
	(void)err;
	++*count;
	return 0;
}

int conflict_count(struct node_store *store, const struct tree_root *root, uint64_t *count_out, struct drift_error *err)
{
	uint64_t count = 0;

	if (conflict_each(store, root, NULL, 0, count_one, &count, err))
		return -1;
	*count_out = count;
	return 0;
}
