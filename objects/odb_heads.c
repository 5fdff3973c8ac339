/* What is known of refs at the end of a journal: what the newest pack before says, and what was appended since. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/siphash.h"
#include "objects/odb_internal.h"

#define SLOTS_MIN 64

/* The refs of heads by name. */
struct ref_table {
	struct pack_heads *heads;
	size_t ref_capacity;
	const unsigned char *key; /* of the hash */
	size_t *slots;            /* place in heads->refs + 1, 0: free */
	size_t slot_count;        /* a power of two */
};

static size_t *find_slot(const struct ref_table *t, const char *name, size_t len)
{
	size_t i = siphash(t->key, name, len) & (t->slot_count - 1);

	while (t->slots[i]) {
		const char *there = t->heads->refs[t->slots[i] - 1].name;

		if (strlen(there) == len && !memcmp(there, name, len))
			break;
		i = (i + 1) & (t->slot_count - 1);
	}
	return &t->slots[i];
}

static int grow_table(struct ref_table *t, struct drift_error *err)
{
	struct ref_table larger = *t;
	size_t i;

	if (2 * (t->heads->ref_count + 1) <= t->slot_count)
		return 0;
	larger.slot_count = t->slot_count ? 2 * t->slot_count : SLOTS_MIN;
	while (larger.slot_count < 2 * (t->heads->ref_count + 1))
		larger.slot_count *= 2;
	larger.slots = mem_calloc(larger.slot_count, sizeof(*larger.slots));
	if (!larger.slots)
		return error_no_memory(err);
	for (i = 0; i < t->heads->ref_count; i++)
		*find_slot(&larger, t->heads->refs[i].name, strlen(t->heads->refs[i].name)) = i + 1;
	free(t->slots);
	*t = larger;
	return 0;
}

static int set_ref(struct ref_table *t, const char *name, size_t len, uint64_t loc, struct drift_error *err)
{
	struct pack_ref_head *refs;
	size_t *slot;

	if (grow_table(t, err) < 0)
		return -1;
	slot = find_slot(t, name, len);
	if (*slot) {
		t->heads->refs[*slot - 1].loc = loc;
		return 0;
	}
	if (mem_grow(&t->heads->refs, &t->ref_capacity, t->heads->ref_count + 1, sizeof(*refs)) < 0)
		return error_no_memory(err);
	refs = t->heads->refs;
	refs[t->heads->ref_count].name = mem_dup_str(name, len);
	refs[t->heads->ref_count].loc = loc;
	if (!refs[t->heads->ref_count].name)
		return error_no_memory(err);
	*slot = ++t->heads->ref_count;
	return 0;
}

struct heads_scan {
	struct odb *odb;
	struct pack_heads *heads;
	struct ref_table table;
	size_t source_capacity;
	const struct odb_file *file;
};

static int scan_log(struct heads_scan *s, const struct txn *t, struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	struct txn_log log;
	size_t i;
	int r = txn_log_parse(t, &log, err);

	if (r <= 0)
		return r;
	r = 0;
	for (i = 0; i < log.update_count && !r; i++) {
		buf_clear(&name);
		r = odb_update_name(s->odb, &log.updates[i], &name, err);
		if (!r)
			r = set_ref(&s->table, name.data, name.len, t->self, err);
	}
	s->heads->log_head = t->self;
	txn_log_release(&log);
	return r;
}

struct marker {
	struct heads_scan *scan;
	uint64_t loc;
};

static int note_marker(void *data, unsigned record, const struct change *change, struct drift_error *err)
{
	struct marker *m = data;

	(void)err;
	if (!change)
		m->scan->heads->marker_head = m->loc | record;
	return 0;
}

static int scan_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		      struct drift_error *err)
{
	struct heads_scan *s = data;
	struct marker m = { s, loc_make(s->file->first, offset, 0) };
	struct txn t;

	if (offset >= s->file->closed_at)
		return 1;
	if (frame->kind != FRAME_TXN)
		return 0;
	if (txn_parse(payload, frame->len, m.loc, &t, err) < 0 || txn_each_change(&t, note_marker, &m, err) < 0)
		return -1;
	return t.has_log ? scan_log(s, &t, err) : 0;
}

/* What is damaged is named elsewhere; what it set is lost. */
static void skip_damage(void *data, uint64_t from, uint64_t to)
{
	(void)data, (void)from, (void)to;
}

static int add_source(struct heads_scan *s, struct pack_source source, struct drift_error *err)
{
	if (mem_grow(&s->heads->sources, &s->source_capacity, s->heads->source_count + 1, sizeof(source)) < 0)
		return error_no_memory(err);
	s->heads->sources[s->heads->source_count++] = source;
	return 0;
}

static int take_pack(struct heads_scan *s, struct drift_error *err)
{
	struct pack_heads theirs;
	size_t i;
	int r = 0;

	if (pack_read_heads(s->file->pack, &theirs, err) < 0)
		return -1;
	for (i = 0; i < theirs.source_count && !r; i++)
		r = add_source(s, theirs.sources[i], err);
	for (i = 0; i < theirs.ref_count && !r; i++)
		r = set_ref(&s->table, theirs.refs[i].name, strlen(theirs.refs[i].name), theirs.refs[i].loc, err);
	s->heads->log_head = theirs.log_head;
	s->heads->marker_head = theirs.marker_head;
	pack_heads_release(&theirs);
	return r;
}

static int take_journal(struct heads_scan *s, struct drift_error *err)
{
	struct journal_scan scan = { scan_frame, skip_damage, s };
	uint64_t end, dirty;

	if (journal_scan(s->file->journal, 0, &scan, &end, &dirty, err) < 0)
		return -1;
	return add_source(s, (struct pack_source){ s->file->sealed_sec, s->file->closed_at }, err);
}

static int compare_refs(const void *a, const void *b)
{
	return strcmp(((const struct pack_ref_head *)a)->name, ((const struct pack_ref_head *)b)->name);
}

int odb_heads_at(struct odb *odb, uint64_t last, struct pack_heads *heads_out, struct drift_error *err)
{
	struct pack_heads heads = { .refs = NULL };
	struct heads_scan s = { .odb = odb, .heads = &heads, .table = { .heads = &heads, .key = odb->store_id } };
	auto_file_list *list = odb_list_whole(odb, ODB_ALL_FILES, err);
	size_t i;
	int r = list ? 0 : -1;

	for (i = 0; !r && i < list->count && list->items[i].first <= last; i++) {
		s.file = &list->items[i];
		if (s.file->last > last || (!s.file->pack && !s.file->closed_at))
			r = error_set(err, DRIFT_ERR_INVALID, "no file ends with journal %llu",
				      (unsigned long long)last);
		else
			r = s.file->pack ? take_pack(&s, err) : take_journal(&s, err);
	}
	free(s.table.slots);
	if (r) {
		pack_heads_release(&heads);
		return -1;
	}
	if (heads.ref_count)
		qsort(heads.refs, heads.ref_count, sizeof(*heads.refs), compare_refs);
	*heads_out = heads;
	return 0;
}
