/* The terms of documents in conflict, in the trees that refs lead to: each says what it must, and there is a conflict that it is of. */
#include <string.h>

#include "merge/conflict.h"
#include "repo/fsck_internal.h"

#define PREFIX_LEN (sizeof(TERM_PREFIX) - 1)

struct terms_check {
	struct fsck *f;
	const struct commit *commit;
	struct node_store *store;
	struct tree_root root;
	struct map_root reserved;
};

static int note(struct terms_check *t, const char *what, const char *name, size_t len, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	return fsck_note_at(t->f, FSCK_DAMAGE, t->commit->tree.loc, err, "commit %s: %s '%.*s'",
			    oid_to_hex(&t->commit->id, hex), what, (int)len, name);
}

/* Of all terms of a path the first speaks for them. */
static int check_path(struct terms_check *t, const struct term_key *key, const struct buf *name,
		      struct drift_error *why, struct drift_error *err)
{
	auto_conflict c = CONFLICT_INIT;
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	int found;

	path_split(name->data, name->len, &path);
	if (conflict_read_from(t->store, &t->reserved, &path, &c, why) < 0)
		return -1;
	if (!(c.side_count + c.base_count) || term_compare(&c.terms[0].term, &key->term) != 0)
		return 0;
	if (c.side_count < 2 && note(t, "it takes two sides to be in conflict:", name->data, name->len, err))
		return -1;
	/* In a partial clone the winner may not be here, on purpose. */
	if (!tree_has_documents(t->store, path.collection, path.collection_len))
		return 0;
	found = tree_get(t->store, &t->root, &path, &node, &doc, why);
	if (found < 0)
		return -1;
	return found ? 0 : note(t, "there are terms of a conflict, but no document", name->data, name->len, err);
}

static int check_version(struct terms_check *t, const struct term_key *key, const struct node_entry *entry,
			 const struct buf *name, struct drift_error *why, struct drift_error *err)
{
	struct document doc;
	struct term is;
	bool right;

	if (document_decode(entry->value, entry->value_len, entry->loc, &doc, why))
		return -1;
	term_of(key->term.sign, &doc, &is);
	right = key->term.absent ? doc.form == DOCUMENT_INLINE && !doc.len : !term_compare(&is, &key->term);
	return right ? 0 : note(t, "a term holds another version than its key says, of", name->data, name->len, err);
}

static int check_entry(struct terms_check *t, const struct node_entry *entry, struct drift_error *why,
		       struct drift_error *err)
{
	const char *text = (const char *)entry->key;
	auto_buf name = BUF_INIT;
	struct term_key key;
	int found;

	if (term_key_parse(text, entry->key_len, &key, NULL))
		return note(t, "what is no term has the key of one,", text, entry->key_len, err);
	found = term_path_read(t->store, &t->reserved, &key, &name, why);
	if (found < 0)
		return -1;
	if (!found)
		return note(t, "a term of a path that is not there, or another:", text, entry->key_len, err);
	if (key.is_piece)
		return 0;
	return check_version(t, &key, entry, &name, why, err) || check_path(t, &key, &name, why, err) ? -1 : 0;
}

static int check_all(struct terms_check *t, struct drift_error *why, struct drift_error *err)
{
	auto_map_cursor cursor = MAP_CURSOR_INIT;
	struct node_entry entry;
	int r = term_reserved(t->store, &t->root, &t->reserved, why);

	if (r <= 0)
		return r;
	if (map_cursor_seek(&cursor, t->store, &t->reserved, TERM_PREFIX, PREFIX_LEN, why) < 0)
		return -1;
	while ((r = map_cursor_next(&cursor, &entry, why)) > 0) {
		if (entry.key_len < PREFIX_LEN || memcmp(entry.key, TERM_PREFIX, PREFIX_LEN) != 0)
			return 0;
		if (check_entry(t, &entry, why, err))
			return -1;
	}
	return r;
}

int fsck_check_terms(struct fsck *f, const struct commit *c, struct drift_error *err)
{
	struct terms_check t = {
		.f = f, .commit = c, .store = odb_nodes(f->odb), .root = { c->tree.id, c->tree.loc }
	};
	struct drift_error why = { .code = DRIFT_OK }, failed = { .code = DRIFT_OK };

	if (!check_all(&t, &why, &failed))
		return 0;
	if (failed.code)
		return error_set(err, failed.code, "%s", failed.message);
	/* What cannot be read was named where trees are checked. */
	return fsck_is_fault(&why) ? 0 : error_set(err, why.code, "%s", why.message);
}
