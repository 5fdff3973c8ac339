#include "repo/gc_encode.h"

#include <stdlib.h>
#include <string.h>

#include "base/extsort.h"
#include "base/mem.h"
#include "objects/pack_record.h"
#include "repo/gc_internal.h"

#define BLOB_SORT 0

/* As sorted: by family; then nodes oldest first, as each is decoded from the one before, blobs newest first. */
struct item {
	struct gc_family family;
	unsigned char loc[8], base[8]; /* big endian; of blobs the complement of the location */
};

struct gc_encoder {
	struct gc_source *source;
	struct odb *odb;
	struct gc_encode_options options;
	struct gc_families *families;
	struct extsort *sort;
	uint64_t count;
	struct pack_writer *w;
	struct gc_groups *groups;
	struct gc_lines *lines;
	struct gc_unit unit;
	struct buf blob;
};

int gc_encoder_new(struct gc_source *source, const struct gc_encode_options *options, struct gc_encoder **out,
		   struct drift_error *err)
{
	struct gc_encoder *e = mem_calloc(1, sizeof(*e));

	if (!e)
		return error_no_memory(err);
	e->source = source;
	e->odb = source->odb;
	e->options = *options;
	gc_unit_init(&e->unit);
	buf_init(&e->blob);
	if (gc_families_new(source->odb, &e->families, err) < 0 ||
	    extsort_new(options->temp_dir, sizeof(struct item), GC_SORT_MEMORY, &e->sort, err) < 0) {
		gc_encoder_free(e);
		return -1;
	}
	*out = e;
	return 0;
}

void gc_encoder_free(struct gc_encoder *e)
{
	if (!e)
		return;
	gc_lines_free(e->lines);
	gc_groups_free(e->groups);
	gc_families_free(e->families);
	extsort_free(e->sort);
	gc_unit_release(&e->unit);
	buf_release(&e->blob);
	free(e);
}

int gc_encoder_is_root(struct gc_encoder *e, const struct record *record, bool *root_out, struct drift_error *err)
{
	struct gc_family family;

	if (record->storage == RECORD_RAW && record->body_len > 1) {
		*root_out = record->body[1] == MAP_ROOT;
		return 0;
	}
	if (gc_family_of(e->families, record, 0, &family, err) < 0)
		return -1;
	*root_out = family.bytes[1] == MAP_ROOT;
	return 0;
}

int gc_encoder_add(struct gc_encoder *e, const struct gc_object *object, struct drift_error *err)
{
	uint64_t loc = object->record->self;
	struct item item;

	if (gc_family_of(e->families, object->record, object->family, &item.family, err) < 0)
		return -1;
	extsort_put_number(item.loc, item.family.bytes[0] == GC_FAMILY_BLOB ? ~loc : loc);
	extsort_put_number(item.base, object->older_loc);
	e->count++;
	return extsort_add(e->sort, &item, err);
}

static int write_node(struct gc_encoder *e, const struct item *item, struct drift_error *err)
{
	auto_node *node = NULL;

	if (odb_node_at(e->odb, extsort_number(item->loc), &node, err) < 0)
		return -1;
	if (node->kind == MAP_ROOT && pack_writer_id(e->w, &node->id, node->loc, err) < 0)
		return -1;
	return gc_lines_add(e->lines, node, extsort_number(item->base), err);
}

static int write_blob(struct gc_encoder *e, const struct item *item, struct drift_error *err)
{
	uint64_t loc = ~extsort_number(item->loc), family = extsort_number(item->family.bytes + 1);
	struct oid id;

	buf_clear(&e->blob);
	gc_unit_clear(&e->unit);
	if (odb_blob_at(e->odb, loc, &e->blob, &id, NULL, err) < 0 || pack_writer_id(e->w, &id, loc, err) < 0 ||
	    pack_record_put_blob(family, e->blob.data, e->blob.len, &e->unit.bytes, err) < 0)
		return -1;
	gc_unit_item(&e->unit, loc);
	return gc_groups_add(e->groups, BLOB_SORT, &e->unit, err);
}

/* A list of chunks stays as it is: its locations count from where it first stood. */
static int write_chunked(struct gc_encoder *e, const struct item *item, struct drift_error *err)
{
	uint64_t loc = extsort_number(item->loc);
	struct record r;

	gc_unit_clear(&e->unit);
	if (gc_source_bytes(e->source, loc, &e->unit.bytes, err) < 0 ||
	    record_parse(e->unit.bytes.data, e->unit.bytes.len, loc, &r, err) < 0 ||
	    pack_writer_id(e->w, &r.id, loc, err) < 0)
		return -1;
	gc_unit_item(&e->unit, loc);
	return gc_groups_add(e->groups, BLOB_SORT, &e->unit, err);
}

static int write_item(struct gc_encoder *e, const struct item *item, struct drift_error *err)
{
	switch ((enum gc_family_kind)item->family.bytes[0]) {
	case GC_FAMILY_NODE:
		return write_node(e, item, err);
	case GC_FAMILY_BLOB:
		return write_blob(e, item, err);
	case GC_FAMILY_CHUNKED:
		return write_chunked(e, item, err);
	}
	return 0;
}

static int write_all(struct gc_encoder *e, struct drift_error *err)
{
	struct gc_family family = { { 0 } };
	uint64_t done = 0;
	const void *next;
	struct item item;
	int r;

	while ((r = extsort_next(e->sort, &next, err)) > 0) {
		memcpy(&item, next, sizeof(item));
		if (memcmp(&family, &item.family, sizeof(family)) && gc_lines_end(e->lines, err) < 0)
			return -1;
		family = item.family;
		if (write_item(e, &item, err) < 0)
			return -1;
		if (e->options.progress)
			e->options.progress(e->options.data, ++done, e->count);
		if (e->source->cancel && atomic_load(e->source->cancel))
			return error_set(err, DRIFT_ERR_NOTHING, "it was told to stop");
	}
	return r < 0 || gc_lines_end(e->lines, err) < 0 ? -1 : gc_groups_finish(e->groups, err);
}

int gc_encoder_write(struct gc_encoder *e, struct pack_writer *w, struct drift_error *err)
{
	e->w = w;
	gc_families_free(take_ptr(e->families));
	if (gc_groups_new(w, e->options.level, e->options.stretch_len, &e->groups, err) < 0 ||
	    gc_lines_new(e->groups, &e->lines, err) < 0 || extsort_rewind(e->sort, err) < 0)
		return -1;
	return write_all(e, err);
}
