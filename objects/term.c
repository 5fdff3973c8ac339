#include "objects/term.h"

#include <string.h>

#include "base/hex.h"
#include "base/sha256.h"

#define PREFIX_LEN (sizeof(TERM_PREFIX) - 1)
#define RESERVED_LEN (sizeof(TREE_RESERVED) - 1)
#define HASH_PREFIX TREE_RESERVED "/" TERM_PREFIX
#define HASH_PREFIX_LEN (sizeof(HASH_PREFIX) - 1)
#define PIECE_NAME "path-"
#define PIECE_NAME_LEN (sizeof(PIECE_NAME) - 1)
#define ABSENT_NAME "absent"
#define GITLINK_MODE 0160000U

void term_of(enum term_sign sign, const struct document *doc, struct term *term_out)
{
	struct term term = { .sign = sign, .absent = !doc };

	if (doc) {
		term.mode = doc->form == DOCUMENT_GITLINK ? GITLINK_MODE : doc->mode;
		document_id(doc, &term.id);
	}
	*term_out = term;
}

void term_name_format(const struct term *term, struct buf *out)
{
	buf_add_byte(out, (unsigned char)term->sign);
	if (term->absent) {
		buf_add_str(out, ABSENT_NAME);
		return;
	}
	hex_append(out, term->id.bytes, OID_LEN);
	if (term->mode != DOCUMENT_NO_MODE)
		buf_addf(out, "-%o", term->mode);
}

int term_compare(const struct term *a, const struct term *b)
{
	auto_buf x = BUF_INIT;
	auto_buf y = BUF_INIT;

	term_name_format(a, &x);
	term_name_format(b, &y);
	return key_compare(x.data, x.len, y.data, y.len);
}

bool term_path_is(const struct path *path)
{
	return path->collection_len == RESERVED_LEN && !memcmp(path->collection, TREE_RESERVED, RESERVED_LEN) &&
	       path->key_len >= PREFIX_LEN && !memcmp(path->key, TERM_PREFIX, PREFIX_LEN);
}

static size_t path_len(const struct path *path)
{
	return path->collection_len + (path->collection_len > 0) + path->key_len;
}

bool term_prefix_is_hash(const struct path *path)
{
	return PREFIX_LEN + path_len(path) + 1 + TERM_NAME_MAX > NODE_KEY_MAX;
}

void term_prefix_format(const struct path *path, struct buf *out)
{
	auto_buf whole = BUF_INIT;
	unsigned char hash[SHA256_LEN];

	buf_add_str(out, TERM_PREFIX);
	if (term_prefix_is_hash(path)) {
		path_format(path, &whole);
		if (whole.failed)
			out->failed = true;
		sha256(whole.data, whole.len, hash);
		buf_add_str(out, HASH_PREFIX);
		hex_append(out, hash, sizeof(hash));
	} else {
		path_format(path, out);
	}
	buf_add_byte(out, '/');
}

void term_piece_format(unsigned piece, struct buf *out)
{
	buf_addf(out, PIECE_NAME "%u", piece);
}

static bool parse_id(const char *text, unsigned char *out, size_t len)
{
	for (size_t i = 0; i < 2 * len; i++)
		if (text[i] >= 'A' && text[i] <= 'F')
			return false;
	return hex_decode(text, out, len);
}

/* The file mode behind an id: the one text that term_name_format writes. */
static bool parse_mode(const char *text, size_t len, uint32_t *mode_out)
{
	uint64_t mode = 0;

	if (len < 2 || len > 12 || text[0] != '-' || text[1] == '0')
		return false;
	for (size_t i = 1; i < len; i++) {
		if (text[i] < '0' || text[i] > '7')
			return false;
		mode = mode * 8 + (uint64_t)(text[i] - '0');
	}
	if (mode > UINT32_MAX)
		return false;
	*mode_out = (uint32_t)mode;
	return true;
}

static bool parse_name(const char *name, size_t len, struct term *out)
{
	if (!len || (name[0] != TERM_SIDE && name[0] != TERM_BASE))
		return false;
	*out = (struct term){ .sign = name[0] == TERM_SIDE ? TERM_SIDE : TERM_BASE, .mode = DOCUMENT_NO_MODE };
	name++;
	len--;
	if (len == sizeof(ABSENT_NAME) - 1 && !memcmp(name, ABSENT_NAME, len)) {
		out->absent = true;
		return out->sign == TERM_SIDE;
	}
	if (len < OID_HEX_LEN || !parse_id(name, out->id.bytes, OID_LEN))
		return false;
	return len == OID_HEX_LEN || parse_mode(name + OID_HEX_LEN, len - OID_HEX_LEN, &out->mode);
}

/* A path that has terms, and by itself: 0 / -1. */
static bool parse_subject(struct term_key *k)
{
	unsigned char hash[SHA256_LEN];
	struct path path;

	if (k->subject.len >= HASH_PREFIX_LEN && !memcmp(k->subject.data, HASH_PREFIX, HASH_PREFIX_LEN)) {
		k->subject.data += HASH_PREFIX_LEN;
		k->subject.len -= HASH_PREFIX_LEN;
		k->hashed = true;
		return k->subject.len == sizeof(hash) * 2 && parse_id(k->subject.data, hash, sizeof(hash));
	}
	return !path_parse(k->subject.data, k->subject.len, &path, NULL) && !term_prefix_is_hash(&path);
}

static bool is_piece(const char *name, size_t len)
{
	return len == PIECE_NAME_LEN + 1 && !memcmp(name, PIECE_NAME, PIECE_NAME_LEN) && name[PIECE_NAME_LEN] >= '0' &&
	       name[PIECE_NAME_LEN] < '0' + TERM_PIECES_MAX;
}

int term_key_parse(const char *key, size_t len, struct term_key *out, struct drift_error *err)
{
	const char *slash = len > PREFIX_LEN ? memrchr(key, '/', len) : NULL;
	struct term_key k = { .prefix_len = 0 };
	const char *name = slash ? slash + 1 : NULL;
	size_t name_len;

	if (!slash || memcmp(key, TERM_PREFIX, PREFIX_LEN) != 0 || (size_t)(slash - key) <= PREFIX_LEN)
		return error_set(err, DRIFT_ERR_INVALID, "it is not the key of a term of a conflict");
	name_len = len - (size_t)(name - key);
	k.prefix_len = (size_t)(name - key);
	k.subject = (struct text){ key + PREFIX_LEN, k.prefix_len - PREFIX_LEN - 1 };
	if (!parse_subject(&k))
		return error_set(err, DRIFT_ERR_INVALID, "the key of a term names no document's path");
	if (k.hashed && is_piece(name, name_len))
		k.is_piece = true;
	else if (!parse_name(name, name_len, &k.term))
		return error_set(err, DRIFT_ERR_INVALID, "the key of a term does not end in a version's id");
	*out = k;
	return 0;
}

int term_reserved(struct node_store *store, const struct tree_root *root, struct map_root *map_out,
		  struct drift_error *err)
{
	struct descriptor d = { .has_root = false };

	if (tree_collection(store, root, TREE_RESERVED, RESERVED_LEN, &d, err) < 0)
		return -1;
	descriptor_map(&d, map_out);
	return d.has_root;
}

int term_any(struct node_store *store, const struct tree_root *root, struct drift_error *err)
{
	auto_map_cursor c = MAP_CURSOR_INIT;
	struct map_root map;
	struct node_entry entry;
	int r = term_reserved(store, root, &map, err);

	if (r <= 0)
		return r;
	if (map_cursor_seek(&c, store, &map, TERM_PREFIX, PREFIX_LEN, err) < 0)
		return -1;
	r = map_cursor_next(&c, &entry, err);
	return r <= 0 ? r : entry.key_len > PREFIX_LEN && !memcmp(entry.key, TERM_PREFIX, PREFIX_LEN);
}

/* 1 / 0 there is none / -1 */
static int read_piece(struct node_store *store, const struct map_root *reserved, const struct term_key *key,
		      unsigned piece, struct buf *out, struct drift_error *err)
{
	auto_buf beside = BUF_INIT;
	auto_node *node = NULL;
	struct node_entry entry;
	struct document doc;
	int r;

	buf_add_str(&beside, TERM_PREFIX HASH_PREFIX);
	buf_add(&beside, key->subject.data, key->subject.len);
	buf_add_byte(&beside, '/');
	term_piece_format(piece, &beside);
	if (buf_check(&beside, err))
		return -1;
	r = map_get(store, reserved, beside.data, beside.len, &node, &entry, err);
	if (r <= 0)
		return r;
	if (document_decode(entry.value, entry.value_len, entry.loc, &doc, err))
		return -1;
	if (doc.form != DOCUMENT_INLINE)
		return 0;
	buf_add(out, doc.data, (size_t)doc.len);
	return 1;
}

static bool is_path_of(const struct text *hash, const char *data, size_t len)
{
	unsigned char is[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	struct path path;

	sha256(data, len, is);
	hex_encode(is, sizeof(is), hex);
	return !memcmp(hash->data, hex, hash->len) && !path_parse(data, len, &path, NULL) && term_prefix_is_hash(&path);
}

int term_path_read(struct node_store *store, const struct map_root *reserved, const struct term_key *key,
		   struct buf *out, struct drift_error *err)
{
	size_t start = out->len;
	int r = 1;

	if (!key->hashed) {
		buf_add(out, key->subject.data, key->subject.len);
		return buf_check(out, err) ? -1 : 1;
	}
	for (unsigned piece = 0; r > 0 && piece < TERM_PIECES_MAX; piece++)
		r = read_piece(store, reserved, key, piece, out, err);
	if (r < 0 || buf_check(out, err))
		return -1;
	return is_path_of(&key->subject, out->data + start, out->len - start);
}

int term_each(struct node_store *store, const struct map_root *reserved, const struct path *path,
	      int (*each)(void *data, const struct term_key *key, const struct node_entry *entry,
			  struct drift_error *err),
	      void *data, struct drift_error *err)
{
	auto_map_cursor c = MAP_CURSOR_INIT;
	auto_buf prefix = BUF_INIT;
	bool hashed = term_prefix_is_hash(path);
	size_t prefix_len;
	struct node_entry entry;
	int r;

	term_prefix_format(path, &prefix);
	prefix_len = prefix.len;
	buf_add_byte(&prefix, TERM_SIDE);
	if (buf_check(&prefix, err) || map_cursor_seek(&c, store, reserved, prefix.data, prefix.len, err) < 0)
		return -1;
	while ((r = map_cursor_next(&c, &entry, err)) > 0) {
		struct term_key key = { .prefix_len = 0 };

		if (entry.key_len <= prefix_len || memcmp(entry.key, prefix.data, prefix_len) != 0 ||
		    (!hashed && entry.key[prefix_len] > TERM_BASE))
			return 0;
		/* Paths that go on where this one ends have their terms here, too. */
		if (memchr(entry.key + prefix_len, '/', entry.key_len - prefix_len) ||
		    term_key_parse((const char *)entry.key, entry.key_len, &key, NULL))
			continue;
		r = each(data, &key, &entry, err);
		if (r)
			return r;
	}
	return r;
}

static int stop_at_term(void *data, const struct term_key *key, const struct node_entry *entry,
			struct drift_error *err)
{
	(void)data;
	(void)key;
	(void)entry;
	(void)err;
	return 1;
}

int term_has(struct node_store *store, const struct tree_root *root, const struct path *path, struct drift_error *err)
{
	struct map_root reserved;
	int r = term_reserved(store, root, &reserved, err);

	return r <= 0 ? r : term_each(store, &reserved, path, stop_at_term, NULL, err);
}

static int hash_name(void *data, const struct term_key *key, const struct node_entry *entry, struct drift_error *err)
{
	struct buf *names = data;

	if (key->is_piece)
		return 0;
	buf_add(names, entry->key + key->prefix_len, entry->key_len - key->prefix_len);
	buf_add_byte(names, '\n');
	return buf_check(names, err);
}

int term_state_id(struct node_store *store, const struct tree_root *root, const struct path *path,
		  const struct document *doc, struct oid *id_out, struct drift_error *err)
{
	auto_buf names = BUF_INIT;
	struct map_root reserved;
	struct oid id;
	int r = term_reserved(store, root, &reserved, err);

	if (r > 0)
		r = term_each(store, &reserved, path, hash_name, &names, err);
	if (r < 0)
		return -1;
	document_id(doc, &id);
	if (names.len)
		sha256_two(id.bytes, OID_LEN, names.data, names.len, id.bytes);
	*id_out = id;
	return 0;
}
