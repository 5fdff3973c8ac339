/*
 * What a commit of one document takes on disk, nothing repacked: in the journal, and what it takes to find it again: change lists
 * (which stand in the journal and are the history of documents) and the index. Then where the journal's bytes went.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bench/stock.h"
#include "objects/journal.h"
#include "objects/odb_files.h"
#include "objects/txn.h"

#define COMMIT_COUNT 20000

enum part { WHOLE, DELTA, COMMIT, LOG, FRAMING, CHANGES, PART_COUNT };

static const char *const part_names[] = { "  nodes written whole", "  changed nodes", "  commit", "  ref and reflog",
					  "  frame, lengths" };

struct tally {
	unsigned file; /* being read */
	double bytes[PART_COUNT];
};

static int add_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		     struct drift_error *err)
{
	struct tally *t = data;
	auto_buf changes = BUF_INIT;
	size_t records_len = 0;
	struct txn txn;

	if (frame->kind != FRAME_TXN)
		return 0;
	must(txn_parse(payload, frame->len, loc_make(t->file, offset, 0), &txn, err), err);
	for (size_t i = 0; i < txn.record_count; i++) {
		struct change_list list;
		struct record r;

		must(record_parse(txn.record[i], txn.record_len[i], txn.self, &r, err), err);
		t->bytes[r.kind == OBJECT_COMMIT ? COMMIT : r.depth ? DELTA : WHOLE] += (double)txn.record_len[i];
		records_len += txn.record_len[i];
		if (r.kind == OBJECT_COMMIT && must(txn_changes_parse(&txn, (unsigned)i, &list, err), err)) {
			txn_changes_encode((unsigned)i, &list, txn.self, &changes);
			change_list_release(&list);
		}
	}
	t->bytes[CHANGES] += (double)changes.len;
	t->bytes[LOG] += (double)txn.rest_len - (double)changes.len;
	t->bytes[FRAMING] += (double)(FRAME_HEAD_LEN + (size_t)frame->len - records_len - txn.rest_len);
	return 0;
}

static void ignore_damage(void *data, uint64_t from, uint64_t to)
{
	(void)data;
	(void)from;
	(void)to;
}

/* From a location on, to the end of the last journal. */
static void tally_journals(struct desk *d, uint64_t from, struct tally *t)
{
	const struct journal_scan scan = { .frame = add_frame, .damage = ignore_damage, .data = t };
	struct odb_files files;
	struct drift_error err;
	uint64_t end, dirty;

	must(odb_files_get(d->odb, &files, &err), &err);
	for (size_t i = 0; i < files.count; i++) {
		const struct odb_file *f = &files.items[i];

		if (f->first < loc_file(from))
			continue;
		t->file = (unsigned)f->first;
		end = f->first == loc_file(from) ? loc_offset(from) : journal_start(f->journal);
		must(journal_scan(f->journal, end, &scan, &end, &dirty, &err), &err);
	}
	odb_files_release(&files);
}

static uint64_t end_of(struct desk *d)
{
	struct drift_error err;
	uint64_t end;

	must(odb_lock(d->odb, &err), &err);
	end = odb_end(d->odb);
	odb_unlock(d->odb);
	return end;
}

static double cache_use(const char *store)
{
	auto_buf path = BUF_INIT;

	buf_addf(&path, "%s/.drift/cache", store);
	return (double)disk_use(path.data);
}

static void print(const char *what, double bytes, double reach)
{
	const struct figure f = { what, bytes / COMMIT_COUNT, "bytes", NULL, 0, reach > 0 ? GOAL_AT_MOST : GOAL_NONE,
				  reach };

	print_figure(&f);
}

static void measure(const char *what, const struct stock_kind *kind, double reach)
{
	auto_free char *store = stock_copy(kind, "bytes");
	struct tally tally = { .file = 0 };
	double used, index;
	uint64_t from, place;
	struct desk d;

	desk_open(&d, store, kind, true);
	desk_commit_next(&d);
	from = desk_stats(&d).used_bytes;
	place = end_of(&d);
	index = cache_use(store);
	for (size_t i = 0; i < COMMIT_COUNT; i++)
		desk_commit_next(&d);
	used = (double)(desk_stats(&d).used_bytes - from);
	index = cache_use(store) - index;
	tally_journals(&d, place, &tally);
	desk_close(&d);
	print(what, used - tally.bytes[CHANGES], reach);
	for (int part = 0; part < CHANGES; part++)
		print(part_names[part], tally.bytes[part], 0);
	print("  index, change list, history", index + tally.bytes[CHANGES], 200);
	remove_tree(store);
}

int main(void)
{
	struct stock_kind small = { .document_count = 10000, .document_len = 400 };
	struct stock_kind large = { .document_count = scaled(1000000), .document_len = 215 };

	measure("10,000 documents of 400 bytes", &small, 400);
	measure("1,000,000 documents of 215 bytes", &large, 500);
	return 0;
}
