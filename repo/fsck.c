#include "repo/fsck.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "repo/fsck_internal.h"

#define THREADS_MAX 64
#define NODE_CACHE_LEN ((size_t)64 << 20)
#define SEARCHED_MAX 64 /* nodes that are looked for everywhere */

static void add_tally(struct fsck_result *to, const struct fsck_result *from)
{
	to->commits += from->commits;
	to->nodes += from->nodes;
	to->blobs += from->blobs;
	to->tags += from->tags;
	to->content_bytes += from->content_bytes;
}

static void unit_done(struct fsck *f, const struct fsck_unit *unit, bool tell)
{
	uint64_t done, total;

	pthread_mutex_lock(&f->mutex);
	f->work_done += unit->len;
	done = f->work_done;
	total = f->work_total;
	pthread_mutex_unlock(&f->mutex);
	if (tell && f->options->progress)
		f->options->progress(f->options->data, "checking objects", done < total ? done : total, total);
}

static void work(struct fsck_worker *w, bool tell)
{
	struct fsck *f = w->f;
	size_t i;

	while (!atomic_load(&f->stop) && (i = atomic_fetch_add(&f->next_unit, 1)) < f->unit_count) {
		if (fsck_check_unit(w, &f->units[i], &w->err) < 0) {
			w->failed = true;
			atomic_store(&f->stop, true);
			return;
		}
		unit_done(f, &f->units[i], tell);
	}
}

static void *work_aside(void *data)
{
	work(data, false);
	return NULL;
}

static void worker_free(struct fsck_worker *w)
{
	size_t i;

	if (!w)
		return;
	compressor_free(w->z);
	buf_release(&w->bytes);
	buf_release(&w->content);
	for (i = 0; i < FSCK_BLOBS; i++)
		buf_release(&w->blobs[i].bytes);
	free(w->missing.items);
	free(w);
}

static struct fsck_worker *worker_new(struct fsck *f, struct drift_error *err)
{
	struct fsck_worker *w = mem_calloc(1, sizeof(*w));
	size_t i;

	if (!w) {
		error_no_memory(err);
		return NULL;
	}
	w->f = f;
	buf_init(&w->bytes);
	buf_init(&w->content);
	for (i = 0; i < FSCK_BLOBS; i++)
		buf_init(&w->blobs[i].bytes);
	if (compressor_create(&w->z, err) < 0) {
		worker_free(w);
		return NULL;
	}
	return w;
}

/* Take over what a worker found, and free it. */
static int worker_join(struct fsck *f, struct fsck_worker *w, struct drift_error *err)
{
	int r = w->failed ? error_set(err, w->err.code, "%s", w->err.message) : 0;
	size_t i;

	add_tally(&f->result, &w->tally);
	for (i = 0; i < w->missing.count && !r; i++)
		r = fsck_keep_missing(&f->missing, &w->missing.items[i], err);
	worker_free(w);
	return r;
}

static size_t thread_count(const struct fsck *f)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = f->options->threads ? f->options->threads : online > 0 ? (size_t)online : 1;

	n = n < f->unit_count ? n : f->unit_count;
	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : n;
}

static int check_objects(struct fsck *f, struct drift_error *err)
{
	struct fsck_worker *workers[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	size_t i, count, want = thread_count(f);
	int r = 0;

	for (count = 0; count < want && !r; count++) {
		workers[count] = worker_new(f, err);
		if (!workers[count])
			break;
		/* One thread less is no failure. */
		if (count && pthread_create(&threads[count], NULL, work_aside, workers[count])) {
			worker_free(workers[count]);
			break;
		}
	}
	if (!count)
		return -1;
	work(workers[0], true);
	for (i = 0; i < count; i++) {
		if (i)
			pthread_join(threads[i], NULL);
		if (worker_join(f, workers[i], r ? NULL : err) < 0)
			r = -1;
	}
	return r;
}

static int compare_missing(const void *a, const void *b)
{
	const struct fsck_missing *x = a, *y = b;

	if (x->loc != y->loc)
		return x->loc < y->loc ? -1 : 1;
	if (x->fact.key != y->fact.key)
		return x->fact.key < y->fact.key ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

/* Can it be read all the same, as readers do: by its id, where it is not where it should be? */
static bool can_be_read(struct fsck *f, const struct fsck_missing *m, size_t *searched)
{
	auto_commit *commit = NULL;
	auto_node *node = NULL;
	auto_tag *tag = NULL;
	auto_buf bytes = BUF_INIT;

	switch (m->kind) {
	case OBJECT_BLOB:
		return !odb_blob(f->odb, &m->id, m->loc, &bytes, NULL);
	case OBJECT_COMMIT:
		return !odb_commit(f->odb, &m->id, m->loc, &commit, NULL);
	case OBJECT_TAG:
		return !odb_tag(f->odb, &m->id, &tag, NULL);
	case OBJECT_TREE:
		break;
	}
	if (!m->kind && (!odb_commit(f->odb, &m->id, m->loc, &commit, NULL) || !odb_tag(f->odb, &m->id, &tag, NULL)))
		return true;
	return ++*searched <= SEARCHED_MAX && !odb_node(f->odb, &m->id, m->loc, &node, NULL);
}

/* What was said of the place already, of nothing in particular, is said of this. */
static bool name_object(struct fsck *f, const struct fsck_missing *m)
{
	size_t i;

	for (i = 0; i < f->found_count; i++) {
		struct fsck_fault *fault = &f->found[i].fault;

		if (fault->has_object || fault->severity == FSCK_NOTE || m->loc == LOC_UNKNOWN ||
		    (fault->loc != m->loc && fault->loc != loc_frame(m->loc)))
			continue;
		fault->has_object = true;
		fault->kind = m->kind;
		fault->object = m->id;
		fault->loc = m->loc;
		return true;
	}
	return false;
}

/* Did repair mark it as lost? */
static bool is_marked(struct fsck *f, const struct fsck_missing *m)
{
	struct txn_lost lost;

	return m->loc != LOC_UNKNOWN && fsck_file_of(f, m->loc) && odb_lost(f->odb, m->loc, &lost, NULL) > 0;
}

/* What nothing needs may refer to what nothing needed: gc keeps young objects, not all that they refer to. */
static bool is_removed(struct fsck *f, const struct fsck_missing *m)
{
	const struct odb_file *file = fsck_file_of(f, m->loc);
	struct drift_error why = { .code = DRIFT_OK };
	auto_commit *commit = NULL;
	auto_node *node = NULL;
	auto_buf bytes = BUF_INIT;
	struct oid id;
	int r = 0;

	if (!file || !file->pack || is_marked(f, m))
		return false;
	if (m->kind == OBJECT_COMMIT)
		r = odb_commit(f->odb, NULL, m->loc, &commit, &why);
	else if (m->kind == OBJECT_TREE)
		r = odb_node_at(f->odb, m->loc, &node, &why);
	else if (m->kind == OBJECT_BLOB)
		r = odb_blob_at(f->odb, m->loc, &bytes, &id, NULL, &why);
	return r < 0 && why.code == DRIFT_ERR_NOT_FOUND;
}

static int note_missing(struct fsck *f, const struct fsck_missing *m, bool readable, struct drift_error *err)
{
	auto_buf sentence = BUF_INIT;
	struct fsck_fault fault = { .severity = readable ? FSCK_NOTE : FSCK_DAMAGE,
				    .loc = fsck_file_of(f, m->loc) ? m->loc : m->from,
				    .has_object = true,
				    .kind = m->kind,
				    .object = m->id };

	fsck_spell_object(f, m->kind, &m->id, m->loc, &sentence);
	buf_add_str(&sentence, readable        ? " cannot be read here, but elsewhere in the store" :
			       is_marked(f, m) ? " is lost, as repair found" :
			       m->differs      ? " is not as what refers to it says" :
						 " cannot be read here");
	if (buf_check(&sentence, err) < 0)
		return -1;
	fault.sentence = sentence.data;
	return fsck_note(f, &fault, err);
}

/* What was not known when it was asked for may have been found since; each thing that was not is told once. */
static int resolve_missing(struct fsck *f, struct drift_error *err)
{
	struct fsck_missings *m = &f->missing;
	size_t i, kept = 0, searched = 0;

	if (m->count)
		qsort(m->items, m->count, sizeof(*m->items), compare_missing);
	for (i = 0; i < m->count; i++) {
		struct fsck_missing *item = &m->items[i];
		bool readable;

		/* While this goes on others may write, and refer to what they wrote since. */
		if (fsck_known_ask(f->known, &item->fact) == FSCK_AGREES || (f->end && item->loc >= f->end) ||
		    (kept && m->items[kept - 1].loc == item->loc && m->items[kept - 1].fact.key == item->fact.key))
			continue;
		if (!item->differs && is_removed(f, item)) {
			f->removed = true;
			continue;
		}
		readable = !item->differs && can_be_read(f, item, &searched);
		if (readable && item->loc == LOC_UNKNOWN)
			continue;
		if ((readable || !name_object(f, item)) && note_missing(f, item, readable, err) < 0)
			return -1;
		if (!readable)
			m->items[kept++] = *item;
	}
	m->count = kept;
	return 0;
}

/* Where the store ends now; for who may not write that is as far as it can be seen. */
static int find_end(struct fsck *f, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };

	if (odb_lock(f->odb, &why) < 0) {
		f->end = odb_visible_end(f->odb);
		return why.code == DRIFT_ERR_PERMISSION || why.code == DRIFT_ERR_NO_SPACE || fsck_is_fault(&why) ?
			       0 :
			       error_set(err, why.code, "%s", why.message);
	}
	f->end = odb_end(f->odb);
	odb_unlock(f->odb);
	return 0;
}

/* A note means that nothing is lost. */
static bool is_damaged(const struct fsck *f)
{
	size_t i;

	for (i = 0; i < f->found_count; i++)
		if (f->found[i].fault.severity != FSCK_NOTE)
			return true;
	return false;
}

static int check_all(struct fsck *f, struct drift_error *err)
{
	if (find_end(f, err) < 0 || odb_files_get(f->odb, &f->files, err) < 0)
		return -1;
	if (fsck_scan_files(f, err) < 0 || fsck_known_new(f->record_count, &f->known, err) < 0 ||
	    check_objects(f, err) < 0 || resolve_missing(f, err) < 0 || fsck_check_refs(f, err) < 0 ||
	    fsck_check_derived(f, err) < 0)
		return -1;
	if ((is_damaged(f) || f->removed) && fsck_name_all(f, err) < 0)
		return -1;
	if (f->options->full && !is_damaged(f) && fsck_check_trees(f, err) < 0)
		return -1;
	return fsck_tell(f, err);
}

static void release(struct fsck *f)
{
	size_t i;

	for (i = 0; f->locs && i < f->files.count; i++) {
		free(f->locs[i][0].items);
		free(f->locs[i][1].items);
	}
	free(f->locs);
	fsck_forget(f);
	fsck_known_free(f->known);
	fsck_chains_release(&f->chains);
	node_cache_free(f->nodes);
	odb_files_release(&f->files);
	free(f->missing.items);
	free(f->units);
	free(f->commits);
	pthread_mutex_destroy(&f->mutex);
}

int fsck_run(struct repo *repo, const struct fsck_options *options, struct fsck_result *result_out,
	     struct drift_error *err)
{
	struct fsck *f = mem_calloc(1, sizeof(*f));
	int r;

	if (!f)
		return error_no_memory(err);
	f->repo = repo;
	f->odb = repo_odb(repo);
	f->options = options;
	pthread_mutex_init(&f->mutex, NULL);
	r = node_cache_new(NODE_CACHE_LEN, &f->nodes, err);
	if (!r)
		r = check_all(f, err);
	if (!r)
		*result_out = f->result;
	release(f);
	free(f);
	return r;
}
