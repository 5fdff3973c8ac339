#include "repo/gc_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/commit_record.h"
#include "objects/odb_exact.h"
#include "objects/pack_record.h"
#include "refs/refs.h"

#define GROUPS_LEN ((size_t)4 << 20)

struct gc_check {
	struct gc_source *source;
	struct gc_source now; /* journals may have begun since */
	struct odb *odb;
	struct group_cache *groups;
	struct pack *pack;
	int64_t reflog_since_usec;
	enum object_kind kind; /* of what was found last */
	uint64_t log_seen;     /* this entry, and those before it, were looked at; LOC_UNKNOWN: none */
	struct buf payload;
};

int gc_check_new(struct gc_source *source, const struct pack_name *name, int64_t reflog_since_usec,
		 struct gc_check **out, struct drift_error *err)
{
	struct gc_check *c = mem_calloc(1, sizeof(*c));
	struct pack_options options = { .dir = odb_pack_dir(source->odb), .store_id = odb_store_id(source->odb) };
	int r;

	if (!c)
		return error_no_memory(err);
	c->source = source;
	c->odb = source->odb;
	c->reflog_since_usec = reflog_since_usec;
	c->log_seen = LOC_UNKNOWN;
	buf_init(&c->payload);
	r = group_cache_new(GROUPS_LEN, &c->groups, err);
	options.groups = c->groups;
	if (!r)
		r = pack_open(name, &options, &c->pack, err);
	if (r < 0) {
		gc_check_free(c);
		return -1;
	}
	*out = c;
	return 0;
}

void gc_check_free(struct gc_check *c)
{
	if (!c)
		return;
	gc_source_release(&c->now);
	pack_close(c->pack);
	group_cache_free(c->groups);
	buf_release(&c->payload);
	free(c);
}

/* A record in the new pack; it lives in c->payload: 1 / 0 / -1. */
static int new_record(struct gc_check *c, uint64_t loc, struct record *out, struct drift_error *err)
{
	const unsigned char *data;
	struct pack_place place;
	auto_group *group = NULL;
	size_t len;
	int r = pack_find(c->pack, loc, &place, err);

	if (r <= 0)
		return r;
	if (pack_group(c->pack, place.kind, place.group, &group, err) < 0)
		return -1;
	if (place.index >= group->count)
		return 0;
	buf_clear(&c->payload);
	buf_add(&c->payload, group->bytes + group->offset[place.index],
		group->offset[place.index + 1] - group->offset[place.index]);
	if (buf_check(&c->payload, err) < 0)
		return -1;
	data = (const unsigned char *)c->payload.data;
	len = c->payload.len;
	if (place.kind == PACK_OBJECTS)
		return pack_record_parse(data, len, loc, out, err) < 0 ? -1 : 1;
	if (txn_record(data, len, loc_record(loc), &data, &len, err) < 0)
		return -1;
	return !len ? 0 : record_parse(data, len, loc, out, err) < 0 ? -1 : 1;
}

/* Where it will be read from: 1 / 0 / -1. */
static int read_record(struct gc_check *c, uint64_t loc, struct record *out, struct drift_error *err)
{
	struct drift_error why;

	if (gc_source_takes(c->source, loc))
		return new_record(c, loc, out, err);
	if (!gc_source_record(&c->now, loc, &c->payload, out, &why))
		return 1;
	return why.code == DRIFT_ERR_NOT_FOUND ? 0 : error_set(err, why.code, "%s", why.message);
}

/* Is it there, as far as it was until now? 1 / 0 / -1. */
static int root_is_there(struct gc_check *c, uint64_t loc, struct drift_error *err)
{
	auto_node *node = NULL;
	struct record r;
	int found = read_record(c, loc, &r, err);

	if (found)
		return found;
	return odb_node_at(c->odb, loc, &node, NULL) < 0;
}

/* Is it there under this location? Commits and tags know their ids; the root of a commit has to be there too. */
static int is_at(struct gc_check *c, const struct oid *id, uint64_t loc, struct drift_error *err)
{
	struct object_ref tree;
	struct record r;
	struct oid own;
	int found = read_record(c, loc, &r, err);

	if (found <= 0)
		return found;
	c->kind = r.kind;
	if (r.kind == OBJECT_TAG)
		return oid_equal(&r.id, id);
	if (r.kind != OBJECT_COMMIT)
		return 1;
	if (commit_record_ids(&r, &own, &tree, err) < 0)
		return -1;
	if (!oid_equal(&own, id))
		return 0;
	return tree.loc == LOC_UNKNOWN ? 1 : root_is_there(c, tree.loc, err);
}

/* Wherever its id leads: 1 / 0 / -1. */
static int is_anywhere(struct gc_check *c, const struct oid *id, struct drift_error *err)
{
	enum object_kind kind;
	uint64_t position = 0, loc;
	int r = odb_find(c->odb, id, &kind, &loc, err);

	if (r > 0)
		r = is_at(c, id, loc, err);
	while (!r && (r = pack_find_id(c->pack, id, OID_HEX_LEN, &position, &loc, err)) > 0)
		r = is_at(c, id, loc, err);
	return r;
}

/* Was it there until now? */
static bool was_there(struct gc_check *c, const struct object_ref *ref)
{
	enum object_kind kind;
	struct record r;
	uint64_t loc;

	if (ref->loc != LOC_UNKNOWN && !gc_source_record(c->source, ref->loc, &c->payload, &r, NULL))
		return true;
	return odb_find(c->odb, &ref->id, &kind, &loc, NULL) > 0;
}

static int would_be_lost(const struct oid *id, struct text name, const char *how, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	return error_set(err, DRIFT_ERR_CORRUPT,
			 "%s, which '%.*s' %s, would not be found any more: nothing is replaced", oid_to_hex(id, hex),
			 (int)name.len, name.data, how);
}

/* What a tag is of, and what that is of if it is one. */
static int check_tagged(struct gc_check *c, struct text name, const struct oid *id, struct drift_error *err)
{
	struct object_ref ref = { *id, LOC_UNKNOWN };

	while (c->kind == OBJECT_TAG) {
		auto_tag *tag = NULL;
		int r;

		if (odb_tag(c->odb, &ref.id, &tag, err) < 0)
			return -1;
		ref.id = tag->target;
		r = is_anywhere(c, &ref.id, err);
		if (r < 0)
			return -1;
		if (!r)
			return was_there(c, &ref) ? would_be_lost(&ref.id, name, "is a tag of", err) : 0;
	}
	return 0;
}

/* Is it marked as lost, or in the new pack now? It could not be read any more. */
static bool is_marked(struct gc_check *c, uint64_t loc)
{
	struct pack_place place;
	struct txn_lost lost;
	auto_group *group = NULL;

	if (loc == LOC_UNKNOWN)
		return false;
	if (odb_lost(c->odb, loc, &lost, NULL) > 0)
		return true;
	if (!gc_source_takes(c->source, loc) || pack_find(c->pack, loc, &place, NULL) <= 0 ||
	    place.kind != PACK_STUBS || pack_group(c->pack, place.kind, place.group, &group, NULL) < 0 ||
	    place.index >= group->count)
		return false;
	return txn_lost_parse(group->bytes + group->offset[place.index],
			      group->offset[place.index + 1] - group->offset[place.index], loc_record(loc), &lost,
			      NULL) > 0;
}

/* old: it was a ref's value; it may be gone for long. */
static int check_value(struct gc_check *c, struct text name, const struct ref_value *value, bool old,
		       struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	struct tree_root empty;
	int r = 0;

	tree_empty(&empty);
	if (value->kind != REF_OBJECT || oid_equal(&value->object.id, &empty.id))
		return 0;
	if (value->object.loc != LOC_UNKNOWN)
		r = is_at(c, &value->object.id, value->object.loc, err);
	if (!r)
		r = is_anywhere(c, &value->object.id, err);
	if (r < 0)
		return error_prefix(err, DRIFT_OK, "%s of '%.*s'", oid_to_hex(&value->object.id, hex), (int)name.len,
				    name.data);
	if (r)
		return check_tagged(c, name, &value->object.id, err);
	if ((old && !was_there(c, &value->object)) || is_marked(c, value->object.loc))
		return 0;
	return would_be_lost(&value->object.id, name, old ? "had" : "has", err);
}

static int check_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	return check_value(data, (struct text){ name, strlen(name) }, value, false, err);
}

static int check_entry(struct gc_check *c, const struct ref_log_entry *entry, uint64_t loc, struct drift_error *err)
{
	struct pack_place place;
	int r;

	if (gc_source_takes(c->source, loc)) {
		r = pack_find(c->pack, loc_frame(loc) | 0xff, &place, err);
		if (r <= 0)
			return r < 0 ? -1 :
				       error_set(
					       err, DRIFT_ERR_CORRUPT,
					       "an entry of the log of refs would not be found any more: nothing is replaced");
	}
	if (entry->time_usec < c->reflog_since_usec)
		return 0;
	for (size_t i = 0; i < entry->update_count; i++)
		if (check_value(c, entry->updates[i].name, &entry->updates[i].new, true, err) < 0 ||
		    check_value(c, entry->updates[i].name, &entry->updates[i].old, true, err) < 0)
			return -1;
	return 0;
}

/* Entries before the taken files name nothing in them. */
static int check_log(struct gc_check *c, struct drift_error *err)
{
	struct ref_log_entry entry;
	uint64_t head, loc;
	int r = odb_ref_log_head(c->odb, NULL, &head, err);

	if (r <= 0)
		return r;
	for (loc = head, r = 0; !r && loc != LOC_UNKNOWN && loc != c->log_seen && loc_file(loc) >= c->source->first;) {
		if (odb_ref_log_read(c->odb, loc, &entry, err) < 0)
			return -1;
		r = check_entry(c, &entry, loc, err);
		loc = entry.previous_loc;
		ref_log_release(&entry);
	}
	if (!r)
		c->log_seen = head;
	return r;
}

static int look_again(struct gc_check *c, struct drift_error *err)
{
	gc_source_release(&c->now);
	return gc_source_init(&c->now, c->odb, err);
}

int gc_check_all(struct gc_check *c, struct drift_error *err)
{
	c->log_seen = LOC_UNKNOWN;
	if (look_again(c, err) < 0 || odb_ref_each(c->odb, "", check_ref, c, err) < 0)
		return -1;
	return check_log(c, err);
}

int gc_check_since(struct gc_check *c, struct drift_error *err)
{
	return look_again(c, err) < 0 ? -1 : check_log(c, err);
}
