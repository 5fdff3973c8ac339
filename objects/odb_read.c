#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "objects/node_chain.h"
#include "objects/odb_internal.h"

/* Deltas to apply for one node; a longer chain is damage. */
#define CHAIN_MAX (RECORD_INNER_DEPTH_MAX + 1)

static void name_damage(struct odb *odb, const struct journal *j, uint64_t loc)
{
	auto_buf sentence = BUF_INIT;

	buf_addf(&sentence, "'%s' is damaged at offset %llu: checksum of the frame differs", journal_path(j),
		 (unsigned long long)loc_offset(loc));
	pthread_mutex_lock(&odb->state_mutex);
	odb_note_damage(odb, loc_frame(loc), loc_frame(loc) + 1, sentence.data);
	pthread_mutex_unlock(&odb->state_mutex);
}

int odb_was_lost(uint64_t loc, const struct txn_lost *lost, struct drift_error *err)
{
	time_t since = (time_t)lost->since_sec;
	char day[16] = "";
	struct tm tm;

	if (gmtime_r(&since, &tm))
		strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	return error_set(err, DRIFT_ERR_NOT_FOUND,
			 "what stood in journal %u at offset %llu is lost, as repair found on %s", loc_file(loc),
			 (unsigned long long)loc_offset(loc), day);
}

int odb_lost(struct odb *odb, uint64_t loc, struct txn_lost *out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	auto_file_list *list = odb_list(odb);
	struct odb_file file;
	int r = 0;

	if (!odb_list_find(list, loc_file(loc)))
		return 0;
	if (odb_list_open(odb, &list, loc_file(loc), &file, err) < 0)
		return -1;
	payload.kind = FRAME_TXN;
	if (file.pack)
		r = odb_pack_stub(file.pack, loc, &payload.bytes, err);
	else
		r = journal_read(file.journal, loc_offset(loc), &payload.bytes, &payload.kind, err) < 0 ? -1 : 1;
	if (r > 0)
		r = payload.kind == FRAME_TXN ?
			    txn_lost_parse(payload.bytes.data, payload.bytes.len, loc_record(loc), out, err) :
			    0;
	buf_release(&payload.bytes);
	return r;
}

/* A record of length 0. */
static int is_nothing(const struct payload *payload, uint64_t loc, struct drift_error *err)
{
	struct txn_lost lost;
	int r = txn_lost_parse(payload->bytes.data, payload->bytes.len, loc_record(loc), &lost, err);

	if (r > 0)
		odb_was_lost(loc, &lost, err);
	else if (!r)
		error_set(err, DRIFT_ERR_CORRUPT, "journal %u has an empty record at offset %llu", loc_file(loc),
			  (unsigned long long)loc_offset(loc));
	return -1;
}

/* What is taken from a record is verified by an id in the end, so what is sound in a damaged frame is not lost with it. */
static int read_record(struct odb *odb, const struct odb_file *file, uint64_t loc, struct payload *payload,
		       struct record *out, struct drift_error *err)
{
	struct journal *j = file->journal;
	const unsigned char *data;
	size_t len;

	buf_clear(&payload->bytes);
	payload->damaged = false;
	if (file->pack)
		return odb_pack_record(file->pack, loc, payload, out, err);
	if (journal_read_damaged(j, loc_offset(loc), &payload->bytes, &payload->kind, &payload->damaged, err) < 0)
		return -1;
	if (payload->damaged)
		name_damage(odb, j, loc);
	data = (const unsigned char *)payload->bytes.data;
	len = payload->bytes.len;
	if (payload->kind == FRAME_TXN) {
		if (txn_record(data, len, loc_record(loc), &data, &len, err) < 0)
			return -1;
	} else if (payload->kind != FRAME_OBJECT || loc_record(loc)) {
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' has no object at offset %llu", journal_path(j),
				 (unsigned long long)loc_offset(loc));
	}
	return len ? record_parse(data, len, loc, out, err) : is_nothing(payload, loc, err);
}

int odb_record(struct odb *odb, uint64_t loc, struct payload *payload, struct record *out, struct drift_error *err)
{
	auto_file_list *list = odb_list(odb);
	struct odb_file file;

	if (odb_list_open(odb, &list, loc_file(loc), &file, err) < 0)
		return -1;
	return read_record(odb, &file, loc, payload, out, err);
}

/* What is left of a transaction reads as one. */
static int read_txn(const struct odb_file *file, uint64_t loc, struct payload *payload, struct drift_error *err)
{
	int r;

	if (!file->pack)
		return journal_read(file->journal, loc_offset(loc), &payload->bytes, &payload->kind, err);
	r = odb_pack_stub(file->pack, loc, &payload->bytes, err);
	payload->kind = FRAME_TXN;
	return r < 0 ? -1 : r ? 0 : odb_was_removed(loc, err);
}

int odb_txn(struct odb *odb, uint64_t loc, struct payload *payload, struct txn *out, struct drift_error *err)
{
	auto_file_list *list = odb_list(odb);
	struct odb_file file;

	buf_clear(&payload->bytes);
	if (odb_list_open(odb, &list, loc_file(loc), &file, err) < 0 || read_txn(&file, loc, payload, err) < 0)
		return -1;
	if (payload->kind != FRAME_TXN)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' has no transaction at offset %llu", journal_path(file.journal),
				 (unsigned long long)loc_offset(loc));
	return txn_parse(payload->bytes.data, payload->bytes.len, loc_frame(loc), out, err);
}

struct compressor *odb_compressor_take(struct odb *odb, struct drift_error *err)
{
	struct compressor *c = NULL;

	pthread_mutex_lock(&odb->state_mutex);
	if (odb->idle_count)
		c = odb->idle[--odb->idle_count];
	pthread_mutex_unlock(&odb->state_mutex);
	if (!c && compressor_create(&c, err) < 0)
		return NULL;
	return c;
}

void odb_compressor_give(struct odb *odb, struct compressor *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&odb->state_mutex);
	if (odb->idle_count < ARRAY_SIZE(odb->idle)) {
		odb->idle[odb->idle_count++] = c;
		c = NULL;
	}
	pthread_mutex_unlock(&odb->state_mutex);
	compressor_free(c);
}

static const struct compress_dict *dict_known(struct odb *odb, uint64_t loc)
{
	const struct compress_dict *found = NULL;
	size_t i;

	pthread_mutex_lock(&odb->state_mutex);
	for (i = 0; i < odb->dict_count && !found; i++)
		if (odb->dicts[i].loc == loc)
			found = odb->dicts[i].dict;
	pthread_mutex_unlock(&odb->state_mutex);
	return found;
}

static int odb_dict(struct odb *odb, uint64_t loc, const struct compress_dict **out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	struct compress_dict *dict = NULL;
	auto_file_list *list = NULL;
	struct odb_file file;
	int r;

	*out = dict_known(odb, loc);
	if (*out)
		return 0;
	list = odb_list(odb);
	r = odb_list_open(odb, &list, loc_file(loc), &file, err);
	if (!r && file.pack)
		r = odb_was_removed(loc, err);
	if (!r)
		r = journal_read(file.journal, loc_offset(loc), &payload.bytes, &payload.kind, err);
	if (!r && payload.kind != FRAME_DICT)
		r = error_set(err, DRIFT_ERR_CORRUPT, "a record names a dictionary where there is none");
	if (!r)
		r = compress_dict_create(payload.bytes.data, payload.bytes.len, COMPRESS_DICT_READ, &dict, err);
	buf_release(&payload.bytes);
	if (r)
		return -1;
	pthread_mutex_lock(&odb->state_mutex);
	if (mem_grow(&odb->dicts, &odb->dict_capacity, odb->dict_count + 1, sizeof(*odb->dicts)) == 0) {
		odb->dicts[odb->dict_count++] = (struct dict){ loc, dict };
		*out = dict;
		dict = NULL;
	}
	pthread_mutex_unlock(&odb->state_mutex);
	compress_dict_free(dict);
	return *out ? 0 : error_no_memory(err);
}

/* id NULL: a base for a delta. */
static int decode_bytes(const void *bytes, size_t len, const struct oid *id, const uint64_t *locs, struct node **out,
			struct drift_error *err)
{
	return id ? node_decode(bytes, len, id, locs, out, err) : node_decode_base(bytes, len, locs, out, err);
}

static int decode_edit(const struct record *r, struct node *base, const struct oid *id, struct node **out,
		       struct drift_error *err)
{
	struct record_locs relative;
	auto_buf bytes = BUF_INIT;
	auto_buf locs = BUF_INIT;

	record_locs_init(&relative, r->self);
	if (node_delta_apply(base, r->body, r->body_len, &relative.codec, &bytes, &locs, err) < 0)
		return -1;
	return decode_bytes(bytes.data, bytes.len, id, (const uint64_t *)(void *)locs.data, out, err);
}

static int decode_content(struct odb *odb, const struct record *r, struct node *base, const struct oid *id,
			  struct compressor *c, struct node **out, struct drift_error *err)
{
	const struct compress_dict *dict = NULL;
	auto_buf content = BUF_INIT;
	auto_free uint64_t *locs = NULL;
	auto_node *bare = NULL;

	if (r->storage == RECORD_DICT && odb_dict(odb, r->dict_loc, &dict, err) < 0)
		return -1;
	if (record_content(r, c, base ? base->bytes : NULL, base ? base->len : 0, dict, &content, err) < 0)
		return -1;
	if (content.len < r->node_len)
		return error_set(err, DRIFT_ERR_CORRUPT, "the record of a tree node is short");
	if (decode_bytes(content.data, r->node_len, id, NULL, &bare, err) < 0)
		return -1;
	/* Where none is known they are left out. */
	if (content.len == r->node_len) {
		*out = bare;
		bare = NULL;
		return 0;
	}
	locs = mem_calloc(bare->count, sizeof(*locs));
	if (!locs)
		return error_no_memory(err);
	if (record_node_locs(r, &content, bare, locs, err) < 0)
		return -1;
	return node_with_locs(bare, locs, out, err);
}

int odb_decode_node(struct odb *odb, const struct record *r, struct node *base, const struct oid *id, struct node **out,
		    struct drift_error *err)
{
	struct compressor *c;
	int result;

	if (r->kind != OBJECT_TREE)
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree node was expected where there is a %s", object_kind_name(r->kind));
	/* In a pack a base is as good as whole, whatever it was when the delta was made. */
	if (base && r->depth != base->depth + 1 && !odb_is_packed(odb, base->loc))
		return error_set(err, DRIFT_ERR_CORRUPT, "the chain of deltas of a tree node has a wrong length");
	if (r->storage == RECORD_EDIT) {
		result = decode_edit(r, base, id, out, err);
	} else {
		c = odb_compressor_take(odb, err);
		if (!c)
			return -1;
		result = decode_content(odb, r, base, id, c, out, err);
		odb_compressor_give(odb, c);
	}
	if (!result) {
		(*out)->loc = r->self;
		(*out)->depth = r->depth;
	}
	return result;
}

/* A record of a chain of deltas, and the one whose base it is. */
struct link {
	struct link *delta;
	struct payload payload;
	struct record record;
};

static bool is_delta(const struct record *r)
{
	return r->storage == RECORD_EDIT || r->storage == RECORD_PREFIX;
}

/* The link is freed, the one above it is next. */
static struct link *link_drop(struct link *link)
{
	struct link *delta = link->delta;

	buf_release(&link->payload.bytes);
	free(link);
	return delta;
}

static int link_read(struct odb *odb, const struct odb_file *file, uint64_t loc, struct link **chain,
		     struct drift_error *err)
{
	struct link *link = malloc(sizeof(*link));

	if (!link)
		return error_no_memory(err);
	link->delta = *chain;
	buf_init(&link->payload.bytes);
	*chain = link;
	return read_record(odb, file, loc, &link->payload, &link->record, err);
}

/*
 * Read records from loc down to a whole one, a cached node or one in a pack; id: of the node at loc, NULL if it is not
 * known. What was in a journal a moment ago may be in a pack by now: the file that is open decides.
 */
static int read_chain(struct odb *odb, uint64_t loc, const struct oid *id, struct link **chain, struct node **base_out,
		      struct drift_error *err)
{
	auto_file_list *list = odb_list(odb);
	struct odb_file file;
	size_t count;

	for (count = 0; count < CHAIN_MAX; count++) {
		if (odb_list_open(odb, &list, loc_file(loc), &file, err) < 0)
			return -1;
		if (file.pack)
			return odb_pack_node(odb, file.pack, loc, *chain ? NULL : id, base_out, err);
		if (link_read(odb, &file, loc, chain, err) < 0)
			return -1;
		assert(*chain);
		if (!is_delta(&(*chain)->record))
			return 0;
		loc = (*chain)->record.base_loc;
		*base_out = node_cache_get(odb->cache, loc);
		if (*base_out && atomic_load_explicit(&odb->reads_forward, memory_order_relaxed))
			node_cache_drop(odb->cache, loc);
		if (*base_out)
			return 0;
	}
	return error_set(err, DRIFT_ERR_CORRUPT, "a chain of deltas has no end");
}

/* Edit lists one behind another, applied in one go: only the last version is made. */
struct edit_run {
	struct node_chain_edit edits[CHAIN_MAX];
	struct record_locs locs[CHAIN_MAX];
	size_t count;
	struct record last;
};

/* Takes the edit lists that are next; their bytes stay in the links behind `end`. */
static struct link *take_run(struct link *chain, const struct node *base, struct edit_run *run)
{
	while (chain && run->count < CHAIN_MAX && chain->record.kind == OBJECT_TREE &&
	       chain->record.storage == RECORD_EDIT && chain->record.depth == base->depth + run->count + 1) {
		run->last = chain->record;
		record_locs_init(&run->locs[run->count], run->last.self);
		run->edits[run->count] = (struct node_chain_edit){ run->last.body, run->last.body_len,
								   &run->locs[run->count].codec };
		run->count++;
		chain = chain->delta;
	}
	return chain;
}

static int decode_run(const struct edit_run *run, const struct node *base, const struct oid *id, struct node **out,
		      struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	auto_buf locs = BUF_INIT;

	if (node_chain_apply(base, run->edits, run->count, &bytes, &locs, err) < 0)
		return -1;
	if (decode_bytes(bytes.data, bytes.len, id, (const uint64_t *)(void *)locs.data, out, err) < 0)
		return -1;
	(*out)->loc = run->last.self;
	(*out)->depth = run->last.depth;
	return 0;
}

/* The next step of a chain: a run of edit lists, or one record. */
static int apply_next(struct odb *odb, struct link **chain, struct node *base, const struct oid *id, struct node **out,
		      struct drift_error *err)
{
	struct edit_run run;
	struct link *end;
	int result;

	run.count = 0;
	end = base ? take_run(*chain, base, &run) : *chain;
	if (run.count) {
		result = decode_run(&run, base, end ? NULL : id, out, err);
	} else {
		end = (*chain)->delta;
		result = odb_decode_node(odb, &(*chain)->record, base, end ? NULL : id, out, err);
	}
	while (*chain != end)
		*chain = link_drop(*chain);
	return result;
}

static int apply_chain(struct odb *odb, struct link **chain, struct node *base, const struct oid *id, struct node **out,
		       struct drift_error *err)
{
	while (*chain) {
		struct node *next = NULL;
		int result = apply_next(odb, chain, base, id, &next, err);

		node_unref(base);
		if (result < 0)
			return -1;
		base = next;
	}
	*out = base;
	return 0;
}

static int load_chain(struct odb *odb, uint64_t loc, const struct oid *id, struct node **out, struct drift_error *err)
{
	struct link *chain = NULL;
	struct node *base = NULL;
	int r = read_chain(odb, loc, id, &chain, &base, err);

	if (!r)
		r = apply_chain(odb, &chain, base, id, out, err);
	while (chain)
		chain = link_drop(chain);
	return r;
}

/* No index yet: it is just being made. */
static bool find_fresh(struct odb *odb, uint64_t loc, const struct oid *id, struct node **out)
{
	struct store_index *index = odb_index(odb);

	return index && fresh_nodes_get(index_fresh_nodes(index), loc, id, out);
}

static int load_node(struct odb *odb, uint64_t loc, const struct oid *id, struct node **out, struct drift_error *err)
{
	int r = id && find_fresh(odb, loc, id, out) ? 0 : load_chain(odb, loc, id, out, err);

	if (!r && id)
		node_cache_put(odb->cache, loc, *out);
	return r;
}

void odb_read_forward(struct odb *odb, bool forward)
{
	atomic_store_explicit(&odb->reads_forward, forward, memory_order_relaxed);
}

int odb_node_at(struct odb *odb, uint64_t loc, struct node **out, struct drift_error *err)
{
	struct node *node = node_cache_get(odb->cache, loc);

	struct node *base;

	if (!node) {
		if (load_node(odb, loc, NULL, &base, err) < 0)
			return -1;
		if (node_from_built(base->bytes, base->len, base->child_loc, &node, err) < 0) {
			node_unref(base);
			return -1;
		}
		node->loc = base->loc;
		node->depth = base->depth;
		node_unref(base);
		node_cache_put(odb->cache, loc, node);
	}
	*out = node;
	return 0;
}

struct id_search {
	const struct oid *id;
	uint64_t loc;
};

static int match_id(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct id_search *s = data;

	(void)err;
	if (kind != OBJECT_TREE || !oid_equal(id, s->id))
		return 0;
	s->loc = loc;
	return 1;
}

/* A node of which only the id is known: the index knows roots; the rest is found by reading all. */
static int find_node(struct odb *odb, const struct oid *id, uint64_t *loc_out, struct drift_error *err)
{
	struct id_search s = { id, LOC_UNKNOWN };
	enum object_kind kind;
	int r = odb_find(odb, id, &kind, loc_out, err);

	if (r < 0 || (r > 0 && kind == OBJECT_TREE))
		return r;
	r = odb_each_object(odb, match_id, &s, err);
	if (r > 0)
		*loc_out = s.loc;
	return r;
}

static int empty_node(struct node **out, struct drift_error *err)
{
	static const unsigned char bytes[4] = { NODE_VERSION, MAP_ROOT, 0, 0 };

	return node_from_built(bytes, sizeof(bytes), NULL, out, err);
}

int odb_node(struct odb *odb, const struct oid *id, uint64_t loc, struct node **node_out, struct drift_error *err)
{
	struct node *node = loc != LOC_UNKNOWN ? node_cache_get(odb->cache, loc) : NULL;
	struct drift_error why = { .code = DRIFT_OK };
	char hex[OID_HEX_LEN + 1];
	struct tree_root empty;
	int r;

	if (node && oid_equal(&node->id, id)) {
		*node_out = node;
		return 0;
	}
	node_unref(node);
	if (loc != LOC_UNKNOWN && !load_node(odb, loc, id, node_out, &why))
		return 0;
	tree_empty(&empty);
	if (oid_equal(&empty.id, id))
		return empty_node(node_out, err);
	r = find_node(odb, id, &loc, err);
	if (r < 0)
		return -1;
	if (!r && why.code == DRIFT_ERR_NOT_FOUND)
		return error_set(err, why.code, "tree node %s: %s", oid_to_hex(id, hex), why.message);
	if (!r)
		return error_set(err, DRIFT_ERR_CORRUPT, "tree node %s is missing", oid_to_hex(id, hex));
	return load_node(odb, loc, id, node_out, err) < 0 ?
		       error_prefix(err, DRIFT_OK, "tree node %s", oid_to_hex(id, hex)) :
		       0;
}
