/* What a pack finds by id and path; its index is opened, or made, when it is first needed. */
#include "base/file.h"
#include "objects/pack_internal.h"

/* Under index_mutex. A folder that cannot be written to is no reason to fail. */
static int make_index(struct pack *pack, struct pack_index **out, struct drift_error *err)
{
	struct drift_error why;

	if (pack->options.may_write && !pack->options.no_index &&
	    !pack_index_rebuild(pack, pack->index_path, NULL, NULL, out, &why))
		return 0;
	return pack_index_rebuild(pack, NULL, NULL, NULL, out, err);
}

/* bad: one that turned out to be damaged, or NULL. */
static int renew_index(struct pack *pack, struct pack_index *bad, struct drift_error *err)
{
	struct pack_index *index = NULL;
	int r = 0;

	pthread_mutex_lock(&pack->index_mutex);
	if (atomic_load(&pack->index) == bad) {
		if (bad && pack->retired_count == PACK_RETIRED_MAX)
			r = error_set(err, DRIFT_ERR_CORRUPT, "'%s' is damaged again and again", pack->index_path);
		else if (!bad && !pack->options.no_index)
			r = pack_index_open(pack->index_path, pack->name.sha, &index, err);
		if (r == 0 && !index)
			r = make_index(pack, &index, err);
		if (r >= 0) {
			if (bad)
				pack->retired[pack->retired_count++] = bad;
			atomic_store(&pack->index, index);
			r = 0;
		}
	}
	pthread_mutex_unlock(&pack->index_mutex);
	return r;
}

static int index_of(struct pack *pack, struct pack_index **out, struct drift_error *err)
{
	*out = atomic_load_explicit(&pack->index, memory_order_acquire);
	if (*out)
		return 0;
	if (renew_index(pack, NULL, err) < 0)
		return -1;
	*out = atomic_load(&pack->index);
	return 0;
}

uint64_t pack_index_len(const struct pack *pack)
{
	struct pack_index *index = atomic_load(&((struct pack *)(uintptr_t)pack)->index);
	struct file_info info;

	if (index)
		return pack_index_size(index);
	return !file_look(pack->index_path, &info, NULL) && info.kind == FILE_REGULAR ? info.size : 0;
}

/* What is asked: an id's first bits, or a path. */
struct question {
	const struct oid *id; /* NULL: the path */
	unsigned bits;
	uint64_t hash;
};

static int ask(struct pack *pack, const struct pack_index *index, const struct question *q, uint64_t *position,
	       uint64_t *loc_out, struct drift_error *err)
{
	uint64_t value, loc;
	int r;

	if (q->id)
		r = pack_index_find_id(index, q->id, q->bits, position, &value, err);
	else
		r = pack_index_find_path(index, q->hash, position, &value, err);
	if (r <= 0)
		return r;
	if (pack_map_loc(&pack->map, value >> 8, &loc, err) < 0)
		return -1;
	*loc_out = loc | (value & 0xff);
	return 1;
}

/* A damaged index is made anew; the new one has the same entries in the same order, so the position stands. */
static int find(struct pack *pack, const struct question *q, uint64_t *position, uint64_t *loc_out,
		struct drift_error *err)
{
	struct pack_index *index;
	uint64_t kept = *position;
	struct drift_error why;
	int r;

	if (index_of(pack, &index, err) < 0)
		return -1;
	r = ask(pack, index, q, position, loc_out, &why);
	if (r >= 0)
		return r;
	*position = kept;
	if (why.code != DRIFT_ERR_CORRUPT)
		return error_set(err, why.code, "%s", why.message);
	if (renew_index(pack, index, err) < 0 || index_of(pack, &index, err) < 0)
		return -1;
	return ask(pack, index, q, position, loc_out, err);
}

int pack_find_id(struct pack *pack, const struct oid *id, unsigned digits, uint64_t *position, uint64_t *loc_out,
		 struct drift_error *err)
{
	struct question q = { .id = id, .bits = 4 * digits };

	return find(pack, &q, position, loc_out, err);
}

int pack_find_path(struct pack *pack, uint64_t hash, uint64_t *position, uint64_t *loc_out, struct drift_error *err)
{
	struct question q = { .hash = hash };

	return find(pack, &q, position, loc_out, err);
}
