/* A pack takes the place of files. */
#include <string.h>

#include "objects/odb_current.h"
#include "objects/odb_internal.h"

/* Nothing of a file may be in a pack and in its own place: the pack begins and ends where files do. */
static int put_pack(const struct current *from, const struct pack_name *pack, struct current *to,
		    struct drift_error *err)
{
	struct current_file line = { .is_pack = true, .name = *pack };
	uint64_t covered = 0;
	size_t i;

	memcpy(to->store_id, from->store_id, sizeof(to->store_id));
	for (i = 0; i < from->count; i++) {
		const struct current_file *file = &from->files[i];

		if (file->name.last < pack->first || file->name.first > pack->last) {
			if (current_add(to, file, err) < 0)
				return -1;
			continue;
		}
		if (file->name.first == pack->first && current_add(to, &line, err) < 0)
			return -1;
		if (file->name.first < pack->first || file->name.last > pack->last ||
		    (!file->is_pack && !file->closed_at))
			break;
		covered = file->name.last;
	}
	return i == from->count && covered == pack->last ?
		       0 :
		       error_set(err, DRIFT_ERR_INVALID, "a pack of journals %llu to %llu replaces no whole files",
				 (unsigned long long)pack->first, (unsigned long long)pack->last);
}

/* `current` has changed: follow it, and leave out of the index what the packs' own indexes have. */
static int follow(struct odb *odb, uint64_t last, struct drift_error *err)
{
	struct store_index *old = odb_index(odb), *fewer;
	struct index_packed packed = { .first = last + 1 };
	auto_buf path = BUF_INIT;
	int r;

	if (odb_cache_path(odb, &path, err) < 0)
		return -1;
	pthread_mutex_lock(&odb->state_mutex);
	r = odb_load_current(odb, err);
	packed.packs = odb_packs_mark(odb);
	if (!r)
		r = index_prune(old, path.data, journal_identity(odb_current(odb)), &packed, &fewer, err);
	if (!r)
		odb_replace_index(odb, fewer);
	pthread_mutex_unlock(&odb->state_mutex);
	return r;
}

int odb_replace_files(struct odb *odb, const struct pack_name *pack, struct drift_error *err)
{
	struct index_head *h = index_head(odb_index(odb));
	auto_current now = { .files = NULL };
	auto_current next = { .files = NULL };
	int r;

	if (current_read(odb->dir, &now, err) < 0 || put_pack(&now, pack, &next, err) < 0)
		return -1;
	/* Whoever dies behind this line leaves an index that nobody writes by. */
	atomic_store(&h->write_to, atomic_load(&h->end));
	r = current_write(odb->dir, &next, err);
	/* If only the index cannot be had, it is made anew from what is there now. */
	if (!r && follow(odb, pack->last, NULL) < 0) {
		atomic_store(&h->superseded, 1);
		r = odb_refresh(odb, true, err);
	} else if (r) {
		atomic_store(&h->superseded, 1);
		(void)!odb_refresh(odb, true, NULL);
	}
	return r;
}
