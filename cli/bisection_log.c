#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/bisection_marks.h"
#include "cli/output.h"

struct mark_event {
	const char *word;
	uint64_t loc; /* of the entry in the log of refs */
	int64_t time_usec;
	struct commit *commit;
};

struct mark_log {
	struct repo *repo;
	uint64_t start_loc;
	struct mark_event *events;
	size_t count, capacity;
};

static void mark_log_release(struct mark_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		commit_unref(log->events[i].commit);
	free(log->events);
}
#define auto_mark_log __attribute__((cleanup(mark_log_release))) struct mark_log

static int add_event(struct mark_log *log, const struct mark_event *event, const struct ref_value *value,
		     struct drift_error *err)
{
	if (mem_grow(&log->events, &log->capacity, log->count + 1, sizeof(*log->events)))
		return error_no_memory(err);
	log->events[log->count] = *event;
	if (odb_commit(repo_odb(log->repo), &value->object.id, value->object.loc, &log->events[log->count].commit, err))
		return -1;
	log->count++;
	return 0;
}

/* One move of a ref; *loc goes back to the move before it. */
static int add_move(struct mark_log *log, const char *name, const char *word, uint64_t *loc, struct drift_error *err)
{
	struct mark_event event = { .word = word, .loc = *loc };
	struct ref_log_entry entry;
	size_t len = strlen(name);
	int failed = 0;

	if (odb_ref_log_read(repo_odb(log->repo), *loc, &entry, err))
		return -1;
	*loc = LOC_UNKNOWN;
	event.time_usec = entry.time_usec;
	for (size_t i = 0; i < entry.update_count && !failed; i++) {
		const struct ref_log_update *u = &entry.updates[i];

		if (u->name.len != len || memcmp(u->name.data, name, len) != 0)
			continue;
		*loc = u->previous_loc;
		if (u->new.kind == REF_OBJECT)
			failed = add_event(log, &event, &u->new, err);
	}
	ref_log_release(&entry);
	return failed;
}

/* All that was said since the search began; what moved before belongs to an earlier one. */
static int add_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct mark_log *log = data;
	const char *word = !strcmp(name, REF_BISECT_BAD) ? "bad" :
			   !strncmp(name, REF_BISECT_GOOD, strlen(REF_BISECT_GOOD)) ? "good" :
			   !strncmp(name, REF_BISECT_SKIP, strlen(REF_BISECT_SKIP)) ? "skip" : NULL;
	uint64_t loc;
	int found = word ? odb_ref_log_head(repo_odb(log->repo), name, &loc, err) : 0;

	(void)value;
	while (found > 0 && loc != LOC_UNKNOWN && loc >= log->start_loc) {
		if (add_move(log, name, word, &loc, err))
			return -1;
	}
	return found < 0 ? -1 : 0;
}

static int by_time(const void *a, const void *b)
{
	const struct mark_event *x = a, *y = b;

	if (x->loc != y->loc)
		return x->loc < y->loc ? -1 : 1;
	return strcmp(x->word, y->word);
}

static int print_event(struct cmd_context *ctx, const struct mark_event *event)
{
	struct text subject = out_subject(event->commit);
	char hex[OID_HEX_LEN + 1];
	struct json_line line;
	auto_buf b = BUF_INIT;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_member_str(&line.w, "mark", event->word);
		out_json_id(&line.w, "id", &event->commit->id);
		json_writer_member_uint(&line.w, "seq", event->commit->seq);
		out_json_time(&line.w, "time", event->time_usec, 0);
		return out_json_end(&line, &ctx->err);
	}
	buf_addf(&b, "drift bisect %s %s # seq %" PRIu64 " ", event->word, oid_to_hex(&event->commit->id, hex),
		 event->commit->seq);
	out_append_text(ctx, &b, subject.data, subject.len, false);
	buf_add_byte(&b, '\n');
	out_buf(&b);
	return 0;
}

int bisection_print_log(struct cmd_context *ctx, const struct bisection *b)
{
	auto_mark_log log = { .repo = b->repo };
	struct odb *odb = repo_odb(b->repo);

	if (odb_ref_log_head(odb, REF_BISECT_START, &log.start_loc, &ctx->err) < 0 ||
	    odb_ref_each(odb, REF_BISECT, add_ref, &log, &ctx->err))
		return -1;
	if (log.count)
		qsort(log.events, log.count, sizeof(*log.events), by_time);
	if (!ctx->common.json)
		out_printf("drift bisect start%s\n", b->first_parent ? " --first-parent" : "");
	for (size_t i = 0; i < log.count; i++) {
		if (print_event(ctx, &log.events[i]))
			return -1;
	}
	return 0;
}
