/* A live journal that is not there any more. */
#include <inttypes.h>

#include "base/file.h"
#include "base/mem.h"
#include "objects/journal.h"
#include "objects/odb_current.h"
#include "repo/repair_internal.h"

static int tell(const struct repair_options *options, enum repair_kind kind, const struct buf *sentence,
		struct drift_error *err)
{
	const struct repair_action action = { .kind = kind, .sentence = sentence->data };

	if (buf_check(sentence, err) < 0)
		return -1;
	return options->action ? options->action(options->data, &action, err) : 0;
}

/* 1 with `current`, if it can be read and the journal that it names last is not there; 0; -1. */
static int is_missing(const char *dir, struct current *current, struct drift_error *err)
{
	auto_buf path = BUF_INIT, name = BUF_INIT;
	struct file_info info;

	if (current_read(dir, current, err) < 0)
		return err->code == DRIFT_ERR_CORRUPT || err->code == DRIFT_ERR_UNSUPPORTED ? 0 : -1;
	buf_addf(&name, "journal-%06" PRIu64, current_live(current));
	file_join(&path, dir, name.data);
	if (buf_check(&name, err) < 0 || buf_check(&path, err) < 0 || file_look(path.data, &info, err) < 0)
		return -1;
	return info.kind == FILE_ABSENT;
}

/*
 * The number that was lost is closed where it begins, and the next one is live: what still names a place in the lost
 * one must not find something else there.
 */
static int begin_anew(const char *dir, struct current *current, struct drift_error *err)
{
	const uint64_t number = current_live(current);
	struct current_file next = { .name = { .first = number + 1, .last = number + 1 } };
	auto_buf path = BUF_INIT;
	struct journal *lost;

	file_join(&path, dir, "current");
	if (number >= JOURNAL_NUMBER_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the store has had %u journals", JOURNAL_NUMBER_MAX);
	if (buf_check(&path, err) < 0 || repair_keep_copy(dir, path.data, "current", err) < 0 ||
	    journal_discard(dir, number + 1, err) < 0 ||
	    journal_create(dir, number + 1, current->store_id, err) < 0 ||
	    repair_forget_indexes(dir, err) < 0 || journal_create(dir, number, current->store_id, err) < 0 ||
	    journal_open(dir, number, false, &lost, err) < 0)
		return -1;
	current->files[current->count - 1].closed_at = journal_start(lost);
	journal_close(lost);
	return current_add(current, &next, err) < 0 ? -1 : current_write(dir, current, err);
}

int repair_live(const char *dir, const struct repair_options *options, struct drift_error *err)
{
	auto_current current = { .files = NULL }, now = { .files = NULL };
	auto_buf sentence = BUF_INIT;
	auto_close int lock = -1;
	int r = is_missing(dir, &current, err);

	if (r <= 0)
		return r;
	buf_addf(&sentence,
		 "begin a new journal, empty, in place of journal-%06" PRIu64
		 ", which is missing; what was stored in it is lost, and refs go back to what they were before",
		 current_live(&current));
	if (tell(options, REPAIR_RESTORE, &sentence, err) < 0)
		return -1;
	if (options->dry_run)
		return 1;
	/* Another repair may have been faster. */
	if (repair_lock_append(dir, &lock, err) < 0)
		return -1;
	r = is_missing(dir, &now, err);
	return r < 0 || (r > 0 && begin_anew(dir, &now, err) < 0) ? -1 : 1;
}

static int tell_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	const struct repair_options *options = data;
	char hex[OID_HEX_LEN + 1];
	auto_buf sentence = BUF_INIT;

	if (value->kind != REF_OBJECT)
		return 0;
	buf_addf(&sentence, "%s is %s now, the newest value of it that is known", name,
		 oid_to_hex(&value->object.id, hex));
	return tell(options, REPAIR_LOST, &sentence, err);
}

int repair_tell_refs(struct odb *odb, const struct repair_options *options, struct drift_error *err)
{
	struct repair_options how = *options;

	return odb_ref_each(odb, "", tell_ref, &how, err);
}
