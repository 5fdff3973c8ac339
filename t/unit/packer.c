#include "t/unit/packer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "objects/odb_exact.h"
#include "objects/odb_files.h"
#include "objects/pack_record.h"
#include "objects/pack_write.h"
#include "objects/stub.h"
#include "t/unit/trunk.h"

#define OBJECTS_MAX 20000
#define RUN_LEN 40 /* versions behind one whole node */
struct packing {
	struct odb *odb;
	struct pack_writer *w;
	uint64_t file, end;
	uint64_t drop; /* a commit to leave out, LOC_UNKNOWN: none */
	uint64_t nodes[OBJECTS_MAX], blobs[OBJECTS_MAX];
	size_t node_count, blob_count;
};

static void pack_tree(struct packing *p, uint64_t loc, struct stub_record *to, struct node **node)
{
	trunk_must(odb_node_at(p->odb, loc, node, &trunk_err));
	if ((*node)->kind == MAP_ROOT) {
		*to = (struct stub_record){ .fate = STUB_ROOT, .node = *node };
		trunk_must(pack_writer_id(p->w, &(*node)->id, loc, &trunk_err));
		return;
	}
	assert_true(p->node_count < OBJECTS_MAX);
	p->nodes[p->node_count++] = loc;
}

static void pack_one(struct packing *p, const struct txn *t, size_t i, struct stub_record *to, struct commit **commit,
		     struct node **node)
{
	uint64_t loc = t->self | i;
	struct record r;

	trunk_must(record_parse(t->record[i], t->record_len[i], loc, &r, &trunk_err));
	switch (r.kind) {
	case OBJECT_TREE:
		pack_tree(p, loc, to, node);
		return;
	case OBJECT_COMMIT:
		trunk_must(odb_commit(p->odb, NULL, loc, commit, &trunk_err));
		*to = (struct stub_record){ .fate = loc == p->drop ? STUB_GONE : STUB_COMMIT, .commit = *commit };
		if (loc != p->drop)
			trunk_must(pack_writer_id(p->w, &(*commit)->id, loc, &trunk_err));
		return;
	case OBJECT_BLOB:
		p->blobs[p->blob_count++] = loc;
		return;
	case OBJECT_TAG:
		*to = (struct stub_record){ .fate = STUB_AS_IS };
		trunk_must(pack_writer_id(p->w, &r.id, loc, &trunk_err));
		return;
	}
}

struct change_of {
	struct packing *p;
	uint64_t loc;
};

static int pack_change(void *data, unsigned record, const struct change *change, struct drift_error *err)
{
	struct change_of *c = data;
	uint64_t hash;

	if (!change)
		return 0;
	hash = pack_path_hash(odb_store_id(c->p->odb), change->path.collection, change->path.collection_len,
			      change->path.key, change->path.key_len);
	return pack_writer_path(c->p->w, hash, c->loc | record, err);
}

static void pack_txn(struct packing *p, const struct txn *t)
{
	struct stub_record records[TXN_RECORD_MAX] = { { .fate = STUB_GONE } };
	struct commit *commits[TXN_RECORD_MAX] = { NULL };
	struct node *nodes[TXN_RECORD_MAX] = { NULL };
	struct change_of changes = { p, t->self };
	auto_buf stub = BUF_INIT;
	size_t i;

	for (i = 0; i < t->record_count; i++)
		pack_one(p, t, i, &records[i], &commits[i], &nodes[i]);
	trunk_must(stub_encode(t, records, &stub, &trunk_err));
	if (stub.len)
		trunk_must(pack_writer_stub(p->w, t->self, stub.data, stub.len, 3, &trunk_err));
	if (t->has_changes)
		trunk_must(txn_each_change(t, pack_change, &changes, &trunk_err));
	for (i = 0; i < t->record_count; i++) {
		commit_unref(commits[i]);
		node_unref(nodes[i]);
	}
}

static int pack_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		      struct drift_error *err)
{
	struct packing *p = data;
	struct txn t = { .self = loc_make(p->file, offset, 0) };

	if (offset >= p->end)
		return 1;
	if (frame->kind == FRAME_TXN) {
		trunk_must(txn_parse(payload, frame->len, t.self, &t, err));
	} else if (frame->kind == FRAME_OBJECT) {
		t.record_count = 1;
		t.record[0] = payload;
		t.record_len[0] = frame->len;
	} else {
		return 0;
	}
	pack_txn(p, &t);
	return 0;
}

static void no_damage(void *data, uint64_t from, uint64_t to)
{
	(void)data, (void)from, (void)to;
	fail();
}

/* A run: the newest version whole, then each older one by what differs. */
static void pack_run(struct packing *p, const uint64_t *newest_first, size_t count)
{
	struct node *nodes[RUN_LEN];
	uint32_t lens[RUN_LEN];
	auto_buf bytes = BUF_INIT;
	struct pack_items items = { .lens = lens, .count = count };
	size_t i;

	for (i = 0; i < count; i++) {
		size_t before = bytes.len;

		trunk_must(odb_node_at(p->odb, newest_first[i], &nodes[i], &trunk_err));
		if (i)
			trunk_must(pack_record_put_edit(newest_first[0], nodes[i - 1], nodes[i], &bytes, &trunk_err));
		else
			trunk_must(pack_record_put_node(nodes[i], newest_first[i], &bytes, &trunk_err));
		lens[i] = (uint32_t)(bytes.len - before);
	}
	items.bytes = (const unsigned char *)bytes.data;
	trunk_must(pack_writer_objects(p->w, &items, newest_first, 3, false, &trunk_err));
	for (i = 0; i < count; i++)
		node_unref(nodes[i]);
}

static void pack_blob(struct packing *p, uint64_t loc)
{
	auto_buf content = BUF_INIT;
	auto_buf item = BUF_INIT;
	struct pack_items items = { .count = 1 };
	struct oid id;
	uint32_t len;

	trunk_must(odb_blob_at(p->odb, loc, &content, &id, NULL, &trunk_err));
	trunk_must(pack_record_put_blob(loc, content.data, content.len, &item, &trunk_err));
	len = (uint32_t)item.len;
	items.bytes = (const unsigned char *)item.data;
	items.lens = &len;
	trunk_must(pack_writer_objects(p->w, &items, &loc, 3, false, &trunk_err));
	trunk_must(pack_writer_id(p->w, &id, loc, &trunk_err));
}

static int compare_nodes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* Leaves and inner nodes each for themselves, newest first. */
static void pack_nodes(struct packing *p)
{
	unsigned level;

	qsort(p->nodes, p->node_count, sizeof(p->nodes[0]), compare_nodes);
	for (level = 0; level <= NODE_LEVEL_MAX; level++) {
		uint64_t run[RUN_LEN];
		size_t i, count = 0;

		for (i = 0; i < p->node_count; i++) {
			auto_node *node = NULL;

			trunk_must(odb_node_at(p->odb, p->nodes[i], &node, &trunk_err));
			if (node->level != level)
				continue;
			run[count++] = p->nodes[i];
			if (count == RUN_LEN) {
				pack_run(p, run, count);
				count = 0;
			}
		}
		if (count)
			pack_run(p, run, count);
	}
}

void pack_make(struct odb *odb, uint64_t drop, struct pack_name *name_out)
{
	struct packing *p = calloc(1, sizeof(*p));
	struct journal_scan scan = { pack_frame, no_damage, p };
	struct pack_heads heads;
	struct odb_files files;
	uint64_t first = 0, last = 0, end, dirty, len, sources;
	size_t i;

	assert_non_null(p);
	p->odb = odb;
	p->drop = drop;
	trunk_must(odb_files_get(odb, &files, &trunk_err));
	for (i = 0; i < files.count; i++) {
		if (!files.items[i].journal || !files.items[i].closed_at)
			continue;
		first = first ? first : files.items[i].first;
		last = files.items[i].last;
	}
	(void)!file_make_directory(odb_pack_dir(odb), NULL);
	trunk_must(pack_writer_new(odb_pack_dir(odb), odb_store_id(odb), first, last, &p->w, &trunk_err));
	for (i = 0; i < files.count; i++) {
		p->file = files.items[i].first;
		p->end = files.items[i].closed_at;
		if (p->file >= first && p->file <= last)
			trunk_must(journal_scan(files.items[i].journal, 0, &scan, &end, &dirty, &trunk_err));
	}
	pack_nodes(p);
	for (i = 0; i < p->blob_count; i++)
		pack_blob(p, p->blobs[i]);
	trunk_must(odb_heads_at(odb, last, &heads, &trunk_err));
	assert_int_equal(heads.source_count, last);
	/* A pack has the sources of its own journals. */
	sources = last - first + 1;
	memmove(heads.sources, heads.sources + first - 1, sources * sizeof(*heads.sources));
	heads.source_count = sources;
	trunk_must(pack_writer_finish(p->w, &heads, name_out, &len, &trunk_err));
	name_out->sealed_sec = 1700000000;
	trunk_must(pack_writer_publish(p->w, &trunk_err));
	odb_files_release(&files);
	pack_heads_release(&heads);
	pack_writer_free(p->w);
	free(p);
}

void pack_sealed(struct odb *odb, uint64_t drop)
{
	struct pack_name name;
	struct odb_leftovers leftovers;

	assert_int_equal(odb_gc_lock(odb, false, &trunk_err), 0);
	pack_make(odb, drop, &name);
	trunk_must(odb_lock(odb, &trunk_err));
	trunk_must(odb_replace_files(odb, &name, &trunk_err));
	odb_unlock(odb);
	trunk_must(odb_remove_leftovers(odb, &leftovers, &trunk_err));
	assert_int_equal(leftovers.removed, name.last - name.first + 1);
	odb_gc_unlock(odb);
}
