#include "repo/gc_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/file.h"
#include "base/mem.h"
#include "repo/repair.h"

#define USEC 1000000
/* What journals shrink to is not known yet; they mostly shrink by more. */
#define JOURNAL_SHRINKS 4
/* Smaller packs than so many times what is taken already are merged with it; those below PACK_SMALL always. */
#define PACK_RATIO 2
#define PACK_SMALL ((uint64_t)256 << 10)

int gc_parse_expiry(const char *text, int64_t now_usec, int64_t *before_usec_out, struct drift_error *err)
{
	struct date date;

	if (!strcmp(text, "now") || !strcmp(text, "all")) {
		*before_usec_out = INT64_MAX;
		return 0;
	}
	if (!strcmp(text, "never") || !strcmp(text, "false")) {
		*before_usec_out = INT64_MIN + 1;
		return 0;
	}
	if (date_parse(text, strlen(text), now_usec, &date, err) < 0)
		return -1;
	*before_usec_out = date.us;
	return 0;
}

static int expiry(const struct config *config, const char *name, int64_t now, int64_t keep_sec, int64_t *out,
		  struct drift_error *err)
{
	const char *text;

	if (config_get_string(config, name, "", &text, err) < 0)
		return -1;
	if (!*text) {
		*out = now - keep_sec * USEC;
		return 0;
	}
	return gc_parse_expiry(text, now, out, err) < 0 ? error_prefix(err, DRIFT_OK, "%s", name) : 0;
}

int gc_plan_times(struct gc_plan *plan, const struct config *config, const struct gc_options *options,
		  struct drift_error *err)
{
	int64_t before = options->prune_before_usec;

	plan->now_usec = date_now_us();
	if (expiry(config, "gc.reflogexpire", plan->now_usec, GC_REFLOG_SEC, &plan->reflog_since_usec, err) < 0)
		return -1;
	if (before == INT64_MIN && expiry(config, "gc.pruneexpire", plan->now_usec, GC_PRUNE_SEC, &before, err) < 0)
		return -1;
	/* Journals know the second when they were sealed. */
	plan->keep_from_sec = before <= 0 ? 0 : (uint64_t)before / USEC;
	return 0;
}

static bool is_large(uint64_t len, uint64_t taken)
{
	return len >= taken * PACK_RATIO && (len >= PACK_SMALL || !taken);
}

/* Takes the newest files, back to the first pack that is large against what is taken. */
static void choose(struct gc_plan *plan, struct gc_source *s, const struct gc_options *options)
{
	bool all = options->full || options->merge || options->prune_before_usec != INT64_MIN;
	uint64_t bytes = 0, packs = 0;

	for (size_t i = s->files.count; i--;) {
		const struct odb_file *file = &s->files.items[i];

		if (file->journal && !file->closed_at && !options->dry_run)
			continue;
		if (file->pack && !all && is_large(pack_len(file->pack), bytes))
			break;
		bytes += file->pack ? pack_len(file->pack) : file->closed_at / JOURNAL_SHRINKS;
		packs += file->pack != NULL;
		plan->has_journals |= file->journal != NULL;
		if (!s->last) {
			s->last = file->last;
			plan->sealed_sec = file->sealed_sec;
		}
		s->first = file->first;
	}
	plan->merges = packs > 1;
}

/* What repair stored again stands where nothing refers to. */
static int see_restored(struct gc_plan *plan, const struct gc_source *source, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	struct file_info info;

	buf_addf(&path, "%s/../" RESTORED_NAME, odb_pack_dir(source->odb));
	if (buf_check(&path, err) < 0 || file_look(path.data, &info, err) < 0)
		return -1;
	plan->restored = info.kind != FILE_ABSENT;
	plan->keep_all |= plan->restored;
	return 0;
}

int gc_plan_make(struct gc_plan *plan, struct gc_source *source, const struct gc_options *options, bool batches,
		 struct drift_error *err)
{
	choose(plan, source, options);
	if (!source->first)
		return 0;
	if (gc_source_take(source, source->first, source->last, err) < 0)
		return -1;
	plan->keep_all = true;
	for (uint64_t n = source->first; n <= source->last; n++)
		plan->keep_all &= gc_source_sealed(source, n) >= plan->keep_from_sec;
	plan->keep_all |= options->automatic || options->keep || batches;
	return see_restored(plan, source, err);
}

int gc_plan_heads(const struct gc_plan *plan, const struct gc_source *source, struct pack_heads *heads_out,
		  struct drift_error *err)
{
	size_t count = (size_t)(source->last - source->first + 1);
	struct pack_heads heads = { 0 };

	(void)plan;
	if (odb_heads_at(source->odb, source->last, &heads, err) < 0)
		return -1;
	free(heads.sources);
	heads.sources = mem_alloc_array(count, sizeof(*heads.sources));
	heads.source_count = count;
	if (!heads.sources) {
		heads.source_count = 0;
		pack_heads_release(&heads);
		return error_no_memory(err);
	}
	memcpy(heads.sources, source->sealed, count * sizeof(*heads.sources));
	*heads_out = heads;
	return 0;
}

int gc_size(struct odb *odb, struct gc_size *out, struct drift_error *err)
{
	struct odb_stats stats;
	struct odb_files files;
	uint64_t bytes = 0, size;
	int r = 0;

	if (odb_stats(odb, false, &stats, err) < 0 || odb_files_get(odb, &files, err) < 0)
		return -1;
	for (size_t i = 0; !r && i < files.count; i++) {
		const struct odb_file *file = &files.items[i];

		if (file->pack)
			bytes += pack_len(file->pack) + pack_index_len(file->pack);
		else if ((r = journal_size(file->journal, &size, err)) == 0)
			bytes += size;
	}
	*out = (struct gc_size){ files.count, bytes + stats.index_bytes };
	odb_files_release(&files);
	return r;
}
