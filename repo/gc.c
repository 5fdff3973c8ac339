#include "repo/gc.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "repo/gc_check.h"
#include "repo/gc_full.h"
#include "repo/gc_plan.h"
#include "repo/gc_stubs.h"
#include "repo/repo_internal.h"

#define NODE_CACHE_LEN ((size_t)8 << 20)
#define LEVEL_AUTOMATIC 9
#define LEVEL_BY_HAND 12
#define LEVEL_FULL 19
/* What was appended since marking is looked at while others go on, until so much is left to be looked at under the lock. */
#define BEHIND_LEN ((uint64_t)1 << 20)
#define BEHIND_ROUNDS 8

struct run {
	struct repo *repo;
	const struct gc_options *options;
	struct odb *odb;
	struct gc_source source;
	struct gc_plan plan;
	struct gc_marks *marks;
	struct gc_check *check; /* of the pack just made */
	uint64_t end; /* up to here frames behind the taken files were marked */
	struct gc_result result;
	const char *step; /* for progress */
	struct pack_name name;
};

static void report(void *data, uint64_t done, uint64_t total)
{
	struct run *run = data;
	const struct gc_progress *p = run->options->progress;

	if (p)
		p->step(p->data, run->step, done, total);
}

static void report_count(void *data, uint64_t done)
{
	report(data, done, 0);
}

static int lock_end(struct run *run, struct drift_error *err)
{
	if (odb_lock(run->odb, err) < 0)
		return -1;
	run->end = odb_end(run->odb);
	odb_unlock(run->odb);
	return 0;
}

/* Seal what is live, and see whether something may be dropped: not while a batch that wrote ahead may still need it. */
static int settle(struct run *run, bool *batches_out, struct drift_error *err)
{
	int r, idle;

	if (odb_lock(run->odb, err) < 0)
		return -1;
	r = run->options->automatic || run->options->dry_run ? 0 : odb_seal(run->odb, err);
	idle = r < 0 ? r : odb_batches_exclude(run->odb, err);
	if (idle > 0)
		odb_batches_release(run->odb);
	run->end = odb_end(run->odb);
	odb_unlock(run->odb);
	*batches_out = !idle;
	return r < 0 || idle < 0 ? -1 : 0;
}

static int mark(struct run *run, struct drift_error *err)
{
	struct gc_mark_options options = {
		.reflog_since_usec = run->plan.reflog_since_usec,
		.keep_from_sec = run->plan.keep_from_sec,
		.keep_all = run->plan.keep_all,
		.progress = run->options->progress ? report_count : NULL,
		.data = run,
	};

	run->step = "marking objects";
	if (gc_marks_new(&run->source, &options, &run->marks, err) < 0)
		return -1;
	if (gc_mark(run->marks, run->end, err) < 0)
		return -1;
	if (gc_mark_lost(run->marks))
		run->result.lost = *gc_mark_lost(run->marks);
	return 0;
}

static int level(const struct gc_options *o)
{
	return o->full ? LEVEL_FULL : o->automatic ? LEVEL_AUTOMATIC : LEVEL_BY_HAND;
}

static int write_parts(struct run *run, struct pack_writer *w, struct drift_error *err)
{
	struct gc_encode_options options = {
		.temp_dir = odb_pack_dir(run->odb),
		.level = level(run->options),
		.stretch_len = run->options->full ? GC_STRETCH_FULL_LEN : GC_STRETCH_LEN,
		.progress = run->options->progress ? report : NULL,
		.data = run,
	};
	struct gc_stubs stubs = {
		.source = &run->source,
		.marks = run->marks,
		.careful = run->plan.restored,
		.writer = w,
		.level = options.level,
		.progress = options.progress,
		.data = run,
	};
	int r;

	if (gc_encoder_new(&run->source, &options, &stubs.encoder, err) < 0)
		return -1;
	run->step = "reading commits";
	r = gc_stubs_write(&stubs, err);
	run->step = "packing objects";
	if (!r)
		r = gc_encoder_write(stubs.encoder, w, err);
	gc_encoder_free(stubs.encoder);
	run->result.commits_kept = stubs.commits_kept;
	run->result.objects_kept = stubs.objects_kept;
	run->result.objects_dropped = stubs.objects_dropped;
	return r;
}

static int finish_pack(struct run *run, struct pack_writer *w, struct drift_error *err)
{
	struct pack_heads heads = { 0 };
	uint64_t len;
	int r;

	if (gc_plan_heads(&run->plan, &run->source, &heads, err) < 0)
		return -1;
	r = pack_writer_finish(w, &heads, &run->name, &len, err);
	pack_heads_release(&heads);
	if (r < 0)
		return -1;
	run->name.sealed_sec = run->plan.sealed_sec;
	return pack_writer_publish(w, err);
}

/* A new pack of what is taken, published, not yet in place. */
static int make_pack(struct run *run, struct drift_error *err)
{
	struct pack_writer *w = NULL;
	int r = pack_writer_new(odb_pack_dir(run->odb), odb_store_id(run->odb), run->source.first, run->source.last, &w,
				err);

	if (!r)
		r = write_parts(run, w, err);
	if (!r)
		r = finish_pack(run, w, err);
	pack_writer_free(w);
	return r;
}

/* Mark what was named since; added: how many of them are not in the new pack. The append lock is held afterwards. */
static int catch_up(struct run *run, uint64_t *added_out, struct drift_error *err)
{
	uint64_t added = 0, more;
	uint64_t from = run->end;

	for (unsigned i = 0; i < BEHIND_ROUNDS; i++) {
		if (lock_end(run, err) < 0)
			return -1;
		if (run->end - from < BEHIND_LEN << 8) /* of offsets, as locations have them */
			break;
		if (gc_mark_since(run->marks, from, run->end, &more, err) < 0)
			return -1;
		added += more;
		from = run->end;
	}
	if (odb_lock(run->odb, err) < 0)
		return -1;
	run->end = odb_end(run->odb);
	if (gc_mark_since(run->marks, from, run->end, &more, err) < 0) {
		odb_unlock(run->odb);
		return -1;
	}
	*added_out = added + more;
	return 0;
}

/* What refs lead to must be found in the new pack while the files are still there that it was made from. */
static int check_pack(struct run *run, struct drift_error *err)
{
	gc_check_free(take_ptr(run->check));
	if (gc_check_new(&run->source, &run->name, run->plan.reflog_since_usec, &run->check, err) < 0)
		return -1;
	run->step = "checking the pack";
	report_count(run, 0);
	return gc_check_all(run->check, err);
}

/* 1: in place; 0: something was referred to that is not in it. */
static int switch_files(struct run *run, struct drift_error *err)
{
	uint64_t added = 0;
	int r;

	if (run->result.objects_dropped ? catch_up(run, &added, err) < 0 : odb_lock(run->odb, err) < 0)
		return -1;
	r = added ? 0 : 1;
	if (r && (gc_check_since(run->check, err) < 0 || odb_replace_files(run->odb, &run->name, err) < 0))
		r = -1;
	odb_unlock(run->odb);
	return r;
}

/* What is referred to meanwhile is marked, and the pack made again; the second time nothing is dropped. */
static int pack_and_switch(struct run *run, struct drift_error *err)
{
	for (unsigned attempt = 0;; attempt++) {
		int r;

		if (attempt == 2)
			gc_mark_everything(run->marks);
		if (make_pack(run, err) < 0 || check_pack(run, err) < 0)
			return -1;
		run->step = "switching";
		r = switch_files(run, err);
		if (r)
			return r < 0 ? -1 : 0;
	}
}

static int count_only(struct run *run, struct drift_error *err)
{
	struct gc_stubs stubs = { .source = &run->source, .marks = run->marks };

	run->step = "counting objects";
	if (gc_stubs_write(&stubs, err) < 0)
		return -1;
	run->result.commits_kept = stubs.commits_kept;
	run->result.objects_kept = stubs.objects_kept;
	run->result.objects_dropped = stubs.objects_dropped;
	return 0;
}

/* Made by gc --full: there is one pack, and it cannot get smaller. */
static bool is_smallest(const struct run *run)
{
	const struct odb_file *file = gc_source_file(&run->source, run->source.last);

	return file && file->pack && gc_full_is(run->repo, pack_name(file->pack));
}

/* Packs alone are written again only to drop something, to be one, or to be smaller. */
static int is_worth_it(struct run *run, bool *worth_out, struct drift_error *err)
{
	*worth_out = true;
	if (run->plan.has_journals || run->plan.merges || (run->options->full && !is_smallest(run)))
		return 0;
	if (!run->plan.keep_all && count_only(run, err) < 0)
		return -1;
	*worth_out = run->result.objects_dropped > 0;
	return 0;
}

/* What stays, the next run tries again. */
static int clean_up(struct run *run, struct drift_error *err)
{
	struct odb_leftovers leftovers;

	if (odb_remove_leftovers(run->odb, &leftovers, err) < 0)
		return -1;
	run->result.stuck = leftovers.stuck;
	return 0;
}

/* Stores have a folder of packs from their first pack on. */
static int make_room(struct run *run, struct drift_error *err)
{
	struct drift_error why;

	if (run->options->dry_run)
		return 0;
	if (file_make_directory_durable(odb_pack_dir(run->odb), &why) < 0 && why.code != DRIFT_ERR_EXISTS)
		return error_set(err, why.code, "%s", why.message);
	return clean_up(run, err);
}

/* What is damaged is named by those who need it. */
static int forget_incoming(struct run *run, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };

	if (run->options->dry_run || run->options->keep || !gc_forget_incoming(run->odb, &why))
		return 0;
	return why.code == DRIFT_ERR_CORRUPT ? 0 : error_set(err, why.code, "%s", why.message);
}

static int collect(struct run *run, struct drift_error *err)
{
	struct gc_size before, after;
	bool batches, worth = false;

	if (make_room(run, err) < 0 || forget_incoming(run, err) < 0 || gc_size(run->odb, &before, err) < 0 || settle(run, &batches, err) < 0)
		return -1;
	run->result.files_before = run->result.files_after = before.files;
	run->result.bytes_before = run->result.bytes_after = before.bytes;
	if (gc_source_init(&run->source, run->odb, err) < 0)
		return -1;
	run->source.cancel = run->options->cancel;
	if (gc_plan_make(&run->plan, &run->source, run->options, batches, err) < 0)
		return -1;
	if (!run->source.first)
		return 0;
	if (mark(run, err) < 0 || is_worth_it(run, &worth, err) < 0)
		return -1;
	if (run->options->dry_run)
		return count_only(run, err);
	if (!worth)
		return 0;
	if (pack_and_switch(run, err) < 0) {
		(void)!clean_up(run, NULL); /* a pack that is not in place */
		return -1;
	}
	run->result.ran = true;
	if (run->options->full)
		gc_full_note(run->repo, &run->name);
	gc_source_release(&run->source);
	if (clean_up(run, err) < 0 || gc_size(run->odb, &after, err) < 0)
		return -1;
	run->result.files_after = after.files;
	run->result.bytes_after = after.bytes;
	return 0;
}

/* As odb_gc_lock. */
static int lock(struct run *run, struct drift_error *err)
{
	const struct gc_progress *p = run->options->progress;
	int r = odb_gc_lock(run->odb, false, err);

	if (r <= 0 || !run->options->wait || run->options->automatic)
		return r;
	if (p && p->waits)
		p->waits(p->data);
	return odb_gc_lock(run->odb, true, err);
}

static int with_lock(struct run *run, struct drift_error *err)
{
	int r = lock(run, err);

	if (r > 0)
		return run->options->automatic ? 0 : error_set(err, DRIFT_ERR_CLASH, "another gc is at work");
	if (r < 0)
		return -1;
	r = collect(run, err);
	gc_check_free(run->check);
	gc_marks_free(run->marks);
	gc_source_release(&run->source);
	odb_gc_unlock(run->odb);
	return r;
}

int gc_run(struct repo *repo, const struct gc_options *options, struct gc_result *result_out, struct drift_error *err)
{
	struct odb_options odb_options = { .node_cache_len = NODE_CACHE_LEN };
	struct run run = { .repo = repo, .options = options };
	int r;

	if (gc_plan_times(&run.plan, repo_config(repo), options, err) < 0)
		return -1;
	/* A handle of its own: its caches are small, and whatever else this process does goes on beside it. */
	if (odb_open(repo_dir(repo), &odb_options, &run.odb, err) < 0)
		return -1;
	r = with_lock(&run, err);
	odb_close(run.odb);
	if (!r)
		*result_out = run.result;
	return r;
}
