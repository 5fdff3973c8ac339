#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "objects/odb_internal.h"

#define FIRST_ROOM 1024
#define FIRST_REF_ROOM 16
#define REBUILD_TRIES 10

/* Entries that one frame adds at most: two a record, one a change, two heads; import frames with many refs ask for more. */
static void frame_room(const struct txn *t, const struct txn_log *log, uint64_t *main_out, uint64_t *ref_out)
{
	*main_out = 2 * t->record_count + t->rest_len / 4 + 2;
	*ref_out = log->update_count + 2;
}

static int index_record(struct store_index *index, const unsigned char *data, size_t len, uint64_t loc,
			struct drift_error *err)
{
	struct object_ref tree;
	struct record r;
	struct oid id;

	if (record_parse(data, len, loc, &r, err) < 0)
		return -1;
	switch (r.kind) {
	case OBJECT_BLOB:
	case OBJECT_TAG:
		index_add_object(index, &r.id, r.kind, loc);
		break;
	case OBJECT_COMMIT:
		if (commit_record_ids(&r, &id, &tree, err) < 0)
			return -1;
		index_add_object(index, &id, OBJECT_COMMIT, loc);
		if (tree.loc != LOC_UNKNOWN)
			index_add_object(index, &tree.id, OBJECT_TREE, tree.loc);
		break;
	case OBJECT_TREE:
		break;
	}
	return 0;
}

struct change_indexer {
	struct store_index *index;
	uint64_t loc;
};

static int index_change(void *data, unsigned record, const struct change *change, struct drift_error *err)
{
	struct change_indexer *ci = data;
	uint64_t loc = ci->loc | record;
	uint64_t hash;

	(void)err;
	if (!change) {
		index_set_marker_head(ci->index, loc);
		return 0;
	}
	hash = index_hash(ci->index, change->path.collection, change->path.collection_len, change->path.key,
			  change->path.key_len);
	index_set_path(ci->index, hash, loc);
	return 0;
}

static int index_refs(struct odb *odb, struct store_index *index, uint64_t loc, const struct txn_log *log,
		      struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	size_t i;

	for (i = 0; i < log->update_count; i++) {
		buf_clear(&name);
		if (odb_update_name(odb, &log->updates[i], &name, err) < 0)
			return -1;
		index_set_ref(index, index_hash(index, name.data, name.len, "", 0), loc);
	}
	index_set_log_head(index, loc);
	return 0;
}

static int index_txn(struct odb *odb, struct store_index *index, const struct txn *t, const struct txn_log *log,
		     struct drift_error *err)
{
	struct change_indexer ci = { index, t->self };
	size_t i;

	for (i = 0; i < t->record_count; i++)
		if (t->record_len[i] && index_record(index, t->record[i], t->record_len[i], t->self | i, err) < 0)
			return -1;
	if (t->has_log && index_refs(odb, index, t->self, log, err) < 0)
		return -1;
	return txn_each_change(t, index_change, &ci, err);
}

/* The index that has room, which may be a larger one in place of *index. */
static int make_room(struct odb *odb, struct store_index **index, uint64_t main_entries, uint64_t ref_entries,
		     struct drift_error *err)
{
	struct store_index *grown;
	struct drift_error why;

	if (index_has_room(*index, main_entries, ref_entries))
		return 0;
	if (index_grow(*index, journal_identity(odb_current(odb)), main_entries, ref_entries, &grown, &why) < 0) {
		/*
		 * On a full disk what is there gets fuller and slower; a commit does not fail for it while it fits. One that
		 * is being made would be tried to be made larger for each frame that follows.
		 */
		if (index_is_shared(*index) && index_has_slots(*index, main_entries, ref_entries))
			return 0;
		return error_set(err, why.code, "%s", why.message);
	}
	if (!index_is_shared(*index)) {
		index_close(*index);
	} else {
		/* A reader may find the new file by itself at the same time. */
		pthread_mutex_lock(&odb->state_mutex);
		odb_replace_index(odb, grown);
		pthread_mutex_unlock(&odb->state_mutex);
	}
	*index = grown;
	return 0;
}

static int enter_frame(struct odb *odb, struct store_index **index, uint64_t loc, enum frame_kind kind,
		       const unsigned char *payload, size_t len, struct drift_error *err)
{
	struct txn_log log = { .updates = NULL };
	uint64_t main_entries = 2, ref_entries = 0;
	struct txn t;
	int r;

	if (kind == FRAME_OBJECT)
		return make_room(odb, index, main_entries, ref_entries, err) < 0 ?
			       -1 :
			       index_record(*index, payload, len, loc, err);
	if (kind != FRAME_TXN)
		return 0;
	if (txn_parse(payload, len, loc, &t, err) < 0 || txn_log_parse(&t, &log, err) < 0)
		return -1;
	frame_room(&t, &log, &main_entries, &ref_entries);
	r = make_room(odb, index, main_entries, ref_entries, err);
	if (!r)
		r = index_txn(odb, *index, &t, &log, err);
	txn_log_release(&log);
	return r;
}

int odb_index_frame(struct odb *odb, struct store_index *index, uint64_t loc, enum frame_kind kind,
		    const unsigned char *payload, size_t len, struct drift_error *err)
{
	return enter_frame(odb, &index, loc, kind, payload, len, err);
}

struct rebuild {
	struct odb *odb;
	struct store_index *index;
	uint64_t file;
	uint64_t closed_at; /* 0: open end */
	uint64_t last, last_end; /* the last valid frame */
	uint64_t frame_count;
	uint64_t bytes_before, bytes_total; /* of journals; those that are done */
};

#define PROGRESS_FRAMES 4096

static void tell_progress(const struct rebuild *rb, uint64_t offset)
{
	const struct odb_progress *progress = rb->odb->options.progress;
	uint64_t done = rb->bytes_before + offset;

	if (progress)
		progress->update(progress->data, done < rb->bytes_total ? done : rb->bytes_total, rb->bytes_total);
}

static uint64_t journal_work(const struct file_list *list, size_t i)
{
	const struct odb_file *file = &list->items[i];
	uint64_t size;

	if (odb_list_pack(list, i))
		return 0;
	return file->closed_at || journal_size(odb_list_live(list), &size, NULL) < 0 ? file->closed_at : size;
}

static int rebuild_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
			 struct drift_error *err)
{
	struct rebuild *rb = data;
	struct drift_error why;
	auto_buf sentence = BUF_INIT;

	if (rb->closed_at && offset >= rb->closed_at)
		return 1;
	if (rb->frame_count++ % PROGRESS_FRAMES == 0)
		tell_progress(rb, offset);
	rb->last = offset;
	rb->last_end = offset + FRAME_HEAD_LEN + frame->len;
	if (!enter_frame(rb->odb, &rb->index, loc_make(rb->file, offset, 0), frame->kind, payload, frame->len, &why))
		return 0;
	if (why.code != DRIFT_ERR_CORRUPT)
		return error_set(err, why.code, "%s", why.message);
	buf_addf(&sentence, "journal %llu, offset %llu: %s", (unsigned long long)rb->file, (unsigned long long)offset,
		 why.message);
	odb_note_damage(rb->odb, loc_make(rb->file, offset, 0), loc_make(rb->file, rb->last_end, 0), sentence.data);
	return 0;
}

static void rebuild_damage(void *data, uint64_t from, uint64_t to)
{
	struct rebuild *rb = data;
	auto_buf sentence = BUF_INIT;

	if (rb->closed_at && from >= rb->closed_at)
		return;
	buf_addf(&sentence, "journal %llu is damaged from offset %llu to %llu", (unsigned long long)rb->file,
		 (unsigned long long)from, (unsigned long long)to);
	odb_note_damage(rb->odb, loc_make(rb->file, from, 0), loc_make(rb->file, to, 0), sentence.data);
}

/* Everything written counts from here on: make it durable, that it is this journal too, and the rest blank. */
static int recover_tail(struct odb *odb, struct journal *j, uint64_t end, uint64_t dirty, struct drift_error *err)
{
	if (journal_blank(j, end, dirty, err) < 0)
		return error_prefix(err, DRIFT_OK, "cannot cut the torn tail of '%s'", journal_path(j));
	if (journal_sync(j, err) < 0)
		return -1;
	return file_sync_directory(odb->dir, err);
}

/* What log entries in packs set. */
static int seed_heads(struct rebuild *rb, struct drift_error *err)
{
	auto_file_list *list = odb_list(rb->odb);
	struct pack_heads heads;
	struct odb_file file;
	uint64_t newest = 0;
	size_t i;
	int r;

	for (i = 0; i < list->count; i++)
		newest = odb_list_pack(list, i) ? list->items[i].last : newest;
	if (!newest)
		return 0;
	if (odb_list_open(rb->odb, &list, newest, &file, err) < 0 || pack_read_heads(file.pack, &heads, err) < 0)
		return -1;
	r = make_room(rb->odb, &rb->index, 0, heads.ref_count + 2, err);
	for (i = 0; i < heads.ref_count && !r; i++) {
		const char *name = heads.refs[i].name;

		index_set_ref(rb->index, index_hash(rb->index, name, strlen(name), "", 0), heads.refs[i].loc);
	}
	if (!r && heads.log_head != LOC_UNKNOWN)
		index_set_log_head(rb->index, heads.log_head);
	if (!r && heads.marker_head != LOC_UNKNOWN)
		index_set_marker_head(rb->index, heads.marker_head);
	pack_heads_release(&heads);
	return r;
}

/* By the list of the moment, so that not all stay open. */
static int scan_one(struct rebuild *rb, uint64_t number, uint64_t *end_out, uint64_t *dirty_out, struct drift_error *err)
{
	struct journal_scan scan = { rebuild_frame, rebuild_damage, rb };
	auto_file_list *list = odb_list(rb->odb);
	struct odb_file file;

	if (odb_list_open(rb->odb, &list, number, &file, err) < 0)
		return -1;
	if (file.pack)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "journal %llu was packed meanwhile", (unsigned long long)number);
	return journal_scan(file.journal, 0, &scan, end_out, dirty_out, err);
}

static int scan_journals(struct rebuild *rb, bool locked, struct drift_error *err)
{
	struct odb *odb = rb->odb;
	auto_file_list *list = odb_list(odb);
	uint64_t end = 0, dirty = 0;
	size_t i;
	int r = 0;

	for (i = 0; i < list->count; i++)
		rb->bytes_total += journal_work(list, i);
	for (i = 0; i < list->count && r >= 0; i++) {
		if (odb_list_pack(list, i))
			continue;
		rb->file = list->items[i].first;
		rb->closed_at = list->items[i].closed_at;
		rb->last = rb->last_end = rb->frame_count = 0;
		r = scan_one(rb, list->items[i].first, &end, &dirty, err);
		if (!r && end < rb->closed_at)
			rebuild_damage(rb, end, rb->closed_at);
		rb->bytes_before += journal_work(list, i);
	}
	tell_progress(rb, rb->bytes_total);
	if (r < 0)
		return -1;
	/* Others may have written what they do not know to be durable; an index of our own would show it as if it was. */
	if ((locked ? recover_tail(odb, odb_current(odb), end, dirty, err) : journal_settle(odb_current(odb), err)) < 0)
		return -1;
	index_set_end(rb->index, end);
	atomic_store(&index_head(rb->index)->last, rb->last_end == end ? rb->last : 0);
	atomic_store(&index_head(rb->index)->frame_count, rb->frame_count);
	atomic_store(&index_head(rb->index)->packs, odb_packs_mark(odb));
	atomic_store(&index_head(rb->index)->damage_count, (uint32_t)odb->damage_count);
	atomic_store(&index_head(rb->index)->visible, end);
	atomic_store(&index_head(rb->index)->synced, end);
	return 0;
}

#define UNFINISHED_MAX 4096

/* An index is made under the append lock alone: who was killed meanwhile left what has the name and some digits. */
static void remove_unfinished(const char *folder)
{
	static const char name[] = "index";
	struct file_names names;
	size_t i;

	if (file_list(folder, UNFINISHED_MAX, &names, NULL) < 0)
		return;
	for (i = 0; i < names.count; i++) {
		const char *end = names.items[i] + sizeof(name) - 1;
		auto_buf path = BUF_INIT;

		if (strncmp(names.items[i], name, sizeof(name) - 1) != 0 || !*end || end[strspn(end, "0123456789abcdef")])
			continue;
		file_join(&path, folder, names.items[i]);
		if (!path.failed)
			(void)!file_unlink(path.data, NULL);
	}
	file_names_release(&names);
}

/*
 * What is for all is made in its file from the start: of a million commits it takes more memory than anything else here. The
 * cache folder may have been deleted.
 */
static int create_shared(struct odb *odb, struct store_index **out, struct drift_error *err)
{
	const struct journal_identity *identity = journal_identity(odb_current(odb));
	auto_buf path = BUF_INIT;
	auto_buf folder = BUF_INIT;
	struct drift_error why;

	file_join(&folder, odb->dir, "cache");
	if (odb_cache_path(odb, &path, err) < 0 || buf_check(&folder, err) < 0)
		return -1;
	remove_unfinished(folder.data);
	if (!index_create(path.data, identity, FIRST_ROOM, FIRST_REF_ROOM, out, &why))
		return 0;
	if (why.code != DRIFT_ERR_NOT_FOUND)
		return error_set(err, why.code, "%s", why.message);
	if (file_make_directories(folder.data, err) < 0)
		return -1;
	return index_create(path.data, identity, FIRST_ROOM, FIRST_REF_ROOM, out, err);
}

static int make_index(struct odb *odb, bool locked, struct store_index **out, struct drift_error *err)
{
	struct rebuild rb = { .odb = odb };
	int r = locked ? create_shared(odb, &rb.index, err) :
			 index_create(NULL, journal_identity(odb_current(odb)), FIRST_ROOM, FIRST_REF_ROOM, &rb.index, err);

	if (r < 0)
		return -1;
	r = seed_heads(&rb, err);
	if (!r)
		r = scan_journals(&rb, locked, err);
	if (!r)
		r = index_publish(rb.index, err);
	if (r) {
		index_close(rb.index);
		return -1;
	}
	*out = rb.index;
	return 0;
}

/* Again if the folder went, or the file in it, while the index was made: derived files may be deleted at any time. */
int odb_rebuild_index(struct odb *odb, bool locked, struct store_index **out, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	int r = -1;

	for (int tries = 0; tries < REBUILD_TRIES && r; tries++) {
		r = make_index(odb, locked, out, &why);
		if (r && (!locked || why.code != DRIFT_ERR_NOT_FOUND))
			return error_set(err, why.code, "%s", why.message);
	}
	/* Something else has that name. */
	return r ? error_set(err, DRIFT_ERR_IO, "%s", why.message) : 0;
}
