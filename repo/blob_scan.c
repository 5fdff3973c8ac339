#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "repo/blob_scan_internal.h"

#define THREADS_MAX 16
#define THREAD_BYTES ((uint64_t)4 << 20) /* less is not worth a thread */
#define NODES_LEN_MIN ((size_t)32 << 20)
#define NODES_LEN_MAX ((size_t)256 << 20)

struct scan;

struct scan_thread {
	struct blob_worker worker; /* first: blob_worker_frame */
	struct scan *scan;
	unsigned number;
	pthread_t thread;
	bool running;
	int result;
	struct drift_error err;
};

struct scan {
	const struct blob_scan_options *options;
	struct odb_files files;
	uint64_t end;
	struct node_cache *nodes;
	struct scan_thread *threads;
	unsigned count;
	bool stubs; /* the round at hand: of packs' stubs, else of all the rest */
	struct loc_list roots;
	uint64_t total;
	_Atomic uint64_t done; /* bytes */
	atomic_bool failed;
};

/* What of a file is to be read. */
static uint64_t file_work(const struct scan *s, const struct odb_file *file)
{
	uint64_t start = s->options->from, end = s->end, last = loc_make(file->last + 1, 0, 0);

	if (start >= last)
		return 0;
	if (file->pack)
		return pack_len(file->pack);
	if (file->closed_at)
		end = loc_make(file->last, file->closed_at, 0);
	if (start < loc_make(file->first, 0, 0))
		start = loc_make(file->first, 0, 0);
	return end > start ? (end - start) >> 8 : 0;
}

static void tell(struct scan_thread *t, uint64_t bytes)
{
	const struct blob_progress *progress = t->scan->options->progress;
	uint64_t done = atomic_fetch_add(&t->scan->done, bytes) + bytes;

	if (!t->number && progress)
		progress->update(progress->data, done < t->scan->total ? done : t->scan->total, t->scan->total);
}

static int scan_frame(void *data, uint64_t loc, enum frame_kind kind, const void *payload, size_t len,
		      struct drift_error *err)
{
	struct scan_thread *t = data;

	tell(t, len + FRAME_HEAD_LEN);
	if (atomic_load_explicit(&t->scan->failed, memory_order_relaxed))
		return 1;
	return blob_worker_frame(&t->worker, loc, kind, payload, len, err);
}

/* Each has a stretch of journals of its own: what a version stands on was mostly met by who meets it. */
static bool is_mine(const struct scan_thread *t, uint64_t before)
{
	return before * t->scan->count / (t->scan->total + 1) == t->number;
}

static int scan_pack(struct scan_thread *t, struct pack *pack, struct drift_error *err)
{
	enum pack_block_kind kind = t->scan->stubs ? PACK_STUBS : PACK_OBJECTS;
	uint64_t groups = pack_group_count(pack, kind);
	uint64_t from = groups * t->number / t->scan->count, to = groups * (t->number + 1) / t->scan->count;

	if (from == to)
		return 0;
	if (t->scan->stubs)
		return blob_worker_stubs(&t->worker, pack, from, to, err);
	if (blob_worker_objects(&t->worker, pack, from, to, &t->scan->roots, err))
		return -1;
	tell(t, pack_len(pack) / t->scan->count);
	return 0;
}

static int scan_files(struct scan_thread *t, struct drift_error *err)
{
	struct scan *s = t->scan;
	uint64_t before = 0;

	for (size_t i = 0; i < s->files.count; i++) {
		const struct odb_file *file = &s->files.items[i];
		uint64_t work = file_work(s, file);

		before += work;
		if (!work || (!file->pack && (s->stubs || !is_mine(t, before))))
			continue;
		if (file->pack ? scan_pack(t, file->pack, err) :
				 odb_scan_journal(file, s->options->from, s->end, scan_frame, t, err) ||
					 blob_worker_end_file(&t->worker, err))
			return -1;
	}
	return 0;
}

static void *run(void *data)
{
	struct scan_thread *t = data;

	t->result = scan_files(t, &t->err);
	if (t->result)
		atomic_store(&t->scan->failed, true);
	return NULL;
}

/* One round over all files. */
static int run_all(struct scan *s, struct drift_error *err)
{
	unsigned i;
	int r = 0;

	for (i = 1; i < s->count; i++)
		s->threads[i].running = !pthread_create(&s->threads[i].thread, NULL, run, &s->threads[i]);
	for (i = 0; i < s->count; i++) {
		if (!s->threads[i].running)
			run(&s->threads[i]);
	}
	for (i = 1; i < s->count; i++) {
		if (s->threads[i].running)
			pthread_join(s->threads[i].thread, NULL);
		s->threads[i].running = false;
	}
	for (i = 0; i < s->count && !r; i++) {
		/* Who only stopped because another failed says nothing. */
		if (s->threads[i].result && s->threads[i].err.code) {
			if (err)
				*err = s->threads[i].err;
			r = -1;
		}
	}
	return r;
}

static int gather(struct loc_list *to, const struct loc_list *from, struct drift_error *err)
{
	for (size_t i = 0; i < from->count; i++) {
		if (loc_list_add(to, from->items[i], err))
			return -1;
	}
	return 0;
}

/* Nodes that nobody names: written ahead for nothing, made by plumbing, staged. */
static int hash_unnamed(struct scan *s, struct drift_error *err)
{
	struct loc_list foreign = { .items = NULL };
	int r = 0;
	size_t at;

	for (unsigned i = 0; i < s->count && !r; i++)
		r = gather(&foreign, &s->threads[i].worker.foreign, err);
	loc_list_sort(&foreign);
	for (unsigned i = 0; i < s->count && !r; i++) {
		const struct loc_list *unnamed = &s->threads[i].worker.unnamed;

		for (size_t k = 0; k < unnamed->count && !r; k++) {
			if (!loc_list_has(&foreign, unnamed->items[k], &at))
				r = blob_worker_hash(&s->threads[0].worker, unnamed->items[k], BLOB_KIND_NODE, err);
		}
	}
	loc_list_release(&foreign);
	return r;
}

static int scan_packs_stubs(struct scan *s, struct drift_error *err)
{
	s->stubs = true;
	if (run_all(s, err))
		return -1;
	for (unsigned i = 0; i < s->count; i++) {
		if (gather(&s->roots, &s->threads[i].worker.roots, err))
			return -1;
	}
	loc_list_sort(&s->roots);
	s->stubs = false;
	return 0;
}

static size_t nodes_len(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page_len = sysconf(_SC_PAGESIZE);
	size_t len = pages > 0 && page_len > 0 ? (size_t)pages / 32 * (size_t)page_len : NODES_LEN_MIN;

	return len < NODES_LEN_MIN ? NODES_LEN_MIN : len > NODES_LEN_MAX ? NODES_LEN_MAX : len;
}

static int prepare(struct scan *s, struct odb *odb, struct drift_error *err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	for (size_t i = 0; i < s->files.count; i++)
		s->total += file_work(s, &s->files.items[i]);
	s->count = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
	if (s->count > s->total / THREAD_BYTES + 1)
		s->count = (unsigned)(s->total / THREAD_BYTES + 1);
	s->threads = mem_calloc(s->count, sizeof(*s->threads));
	if (!s->threads)
		return error_no_memory(err);
	if (node_cache_new(nodes_len(), &s->nodes, err))
		return -1;
	for (unsigned i = 0; i < s->count; i++) {
		struct scan_thread *t = &s->threads[i];

		t->scan = s;
		t->number = i;
		if (blob_worker_init(&t->worker, odb, s->nodes, s->options->dir, s->options->from, err))
			return -1;
	}
	return 0;
}

/* ---- what all threads found, in order ---- */

struct sorted_source {
	struct derived_source base;
	struct scan *scan;
	const unsigned char **heads; /* one a thread, NULL: it has no more */
	unsigned char last[BLOB_ITEM_LEN];
	bool any;
};

static uint64_t get_u64(const unsigned char *in)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | in[i];
	return v;
}

static int advance(struct sorted_source *src, unsigned i, struct drift_error *err)
{
	const void *item;
	int r = extsort_next(src->scan->threads[i].worker.sort, &item, err);

	src->heads[i] = r > 0 ? item : NULL;
	return r < 0 ? -1 : 0;
}

/* Of the same object the first place only. */
static int next_sorted(struct derived_source *self, struct derived_entry *out, struct drift_error *err)
{
	struct sorted_source *src = (struct sorted_source *)self;
	unsigned i, best;

	for (;;) {
		bool again;

		best = src->scan->count;
		for (i = 0; i < src->scan->count; i++) {
			if (src->heads[i] && (best == src->scan->count ||
					      memcmp(src->heads[i], src->heads[best], BLOB_ITEM_LEN) < 0))
				best = i;
		}
		if (best == src->scan->count)
			return 0;
		again = src->any && !memcmp(src->last, src->heads[best], 16);
		memcpy(src->last, src->heads[best], BLOB_ITEM_LEN);
		src->any = true;
		if (advance(src, best, err))
			return -1;
		if (again)
			continue;
		out->key = get_u64(src->last);
		out->value = get_u64(src->last + 16);
		return 1;
	}
}

static int write_table(struct scan *s, struct odb *odb, const char *path, uint64_t durable, struct derived_table **out,
		       struct drift_error *err)
{
	struct sorted_source src = { .base = { next_sorted }, .scan = s };
	struct derived_mark mark = { .from = s->options->from, .to = durable };
	auto_free const unsigned char **heads = mem_calloc(s->count, sizeof(*heads));

	if (!heads)
		return error_no_memory(err);
	src.heads = heads;
	memcpy(mark.store_id, odb_store_id(odb), sizeof(mark.store_id));
	for (unsigned i = 0; i < s->count; i++) {
		const struct blob_worker *w = &s->threads[i].worker;

		if (w->newest.loc > mark.newest.loc)
			mark.newest = w->newest;
		if (extsort_rewind(w->sort, err) || advance(&src, i, err))
			return -1;
	}
	return derived_table_write(path, &mark, &src.base, out, err);
}

static void scan_release(struct scan *s)
{
	for (unsigned i = 0; s->threads && i < s->count; i++)
		blob_worker_release(&s->threads[i].worker);
	free(s->threads);
	loc_list_release(&s->roots);
	if (s->nodes)
		node_cache_free(s->nodes);
	odb_files_release(&s->files);
}

int blob_scan(struct repo *repo, const struct blob_scan_options *options, const char *path, struct derived_table **out,
	      uint64_t *seen_out, struct drift_error *err)
{
	struct scan s = { .options = options };
	struct odb *odb = repo_odb(repo);
	uint64_t durable;
	int r;

	if (odb_scan_end(odb, &s.end, &durable, err) || odb_files_get(odb, &s.files, err))
		return -1;
	r = prepare(&s, odb, err);
	if (!r)
		r = scan_packs_stubs(&s, err);
	if (!r)
		r = run_all(&s, err);
	if (!r)
		r = hash_unnamed(&s, err);
	if (!r)
		r = write_table(&s, odb, path, durable, out, err);
	scan_release(&s);
	if (r)
		return -1;
	*seen_out = s.end;
	return 0;
}
