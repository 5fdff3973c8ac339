#include "repo/repair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "objects/odb_files.h"
#include "repo/repair_internal.h"

/* Behind one damaged frame another may come to light. */
#define ROUNDS_MAX 16

struct mending {
	struct repo *repo; /* opened anew in each round: nothing remembered of what was damaged */
	const char *dir;
	const struct repair_options *options;
	struct repair_result *result;
	struct repair_faults faults;
	struct fsck_result found;
	struct repair_bytes refused; /* tried, and they made nothing better */
};

static int keep_fault(void *data, const struct fsck_fault *fault, struct drift_error *err)
{
	struct mending *m = data;

	return repair_faults_keep(&m->faults, fault, err);
}

static void tell_progress(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct mending *m = data;

	if (m->options->progress)
		m->options->progress(m->options->data, what, done, total);
}

static int look(struct mending *m, struct drift_error *err)
{
	const struct fsck_options options = { .fault = keep_fault, .progress = tell_progress, .data = m };

	repair_faults_release(&m->faults);
	return fsck_run(m->repo, &options, &m->found, err);
}

static int tell(struct mending *m, enum repair_kind kind, const struct fsck_fault *fault, const char *sentence,
		struct drift_error *err)
{
	const struct repair_action action = { .kind = kind, .sentence = sentence, .fault = fault };

	return m->options->action ? m->options->action(m->options->data, &action, err) : 0;
}

static bool is_in(const struct repair_bytes *bytes, const char *name, uint64_t frame)
{
	size_t i;

	for (i = 0; i < bytes->count; i++)
		if (bytes->items[i].frame == frame && !strcmp(bytes->items[i].name, name))
			return true;
	return false;
}

/* The journal that a fault is in. */
static struct journal *journal_of(const struct odb_files *files, const struct fsck_fault *fault)
{
	size_t i;

	for (i = 0; fault->file && i < files->count; i++) {
		const char *path = files->items[i].journal ? journal_path(files->items[i].journal) : "";
		const char *slash = strrchr(path, '/');

		if (slash && !strcmp(slash + 1, fault->file))
			return files->items[i].journal;
	}
	return NULL;
}

/* All of a pack at once, as its SHA-256 proves or refutes it. */
static int find_in_packs(struct mending *m, const struct odb_files *files, struct repair_bytes *bytes,
			 struct drift_error *err)
{
	const unsigned char *store_id = odb_store_id(repo_odb(m->repo));
	size_t i, k;
	int r = 0;

	for (i = 0; i < files->count && r >= 0; i++) {
		const char *path = files->items[i].pack ? pack_path(files->items[i].pack) : "";
		const char *name = strrchr(path, '/');
		bool damaged = false;

		for (k = 0; name && k < m->faults.count && !damaged; k++)
			damaged = m->faults.items[k].fault.severity != FSCK_NOTE && m->faults.items[k].file &&
				  !strncmp(m->faults.items[k].file, "pack/", 5) &&
				  !strcmp(m->faults.items[k].file + 4, name);
		if (damaged)
			r = repair_find_pack(m->dir, pack_name(files->items[i].pack), store_id, bytes, err);
	}
	return r < 0 ? -1 : 0;
}

/* The bytes that are wrong, as far as one a frame is. */
static int find_bytes(struct mending *m, struct repair_bytes *bytes, struct drift_error *err)
{
	struct odb_files files;
	size_t i;
	int r = odb_files_get(repo_odb(m->repo), &files, err);

	if (r)
		return -1;
	for (i = 0; i < m->faults.count && r >= 0; i++) {
		const struct fsck_fault *fault = &m->faults.items[i].fault;
		struct journal *journal = fault->severity != FSCK_NOTE ? journal_of(&files, fault) : NULL;

		if (journal && !is_in(bytes, fault->file, fault->offset) &&
		    !is_in(&m->refused, fault->file, fault->offset))
			r = repair_find_byte(journal_path(journal), fault->file, journal_seed(journal), fault->offset,
					     bytes, err);
	}
	if (r >= 0)
		r = find_in_packs(m, &files, bytes, err);
	odb_files_release(&files);
	return r < 0 ? -1 : 0;
}

static int tell_byte(struct mending *m, const struct repair_byte *byte, struct drift_error *err)
{
	const struct fsck_fault *fault = NULL;
	auto_buf sentence = BUF_INIT;
	size_t i;

	for (i = 0; i < m->faults.count && !fault; i++)
		if (m->faults.items[i].file && !strcmp(m->faults.items[i].file, byte->name) &&
		    m->faults.items[i].fault.offset == byte->frame)
			fault = &m->faults.items[i].fault;
	buf_addf(&sentence, "restore the byte at offset %llu of %s, by the checksum over it",
		 (unsigned long long)byte->offset, byte->name);
	if (buf_check(&sentence, err) < 0)
		return -1;
	m->result->mended++;
	return tell(m, REPAIR_RESTORE, fault, sentence.data, err);
}

static int forget_file(const char *dir, const char *name, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	struct file_info info;

	file_join(&path, dir, name);
	if (buf_check(&path, err) < 0 || file_look(path.data, &info, err) < 0)
		return -1;
	return info.kind == FILE_ABSENT ? 0 : file_unlink(path.data, err);
}

int repair_forget_indexes(const char *dir, struct drift_error *err)
{
	return forget_file(dir, "cache/blobs", err) < 0 ? -1 : forget_file(dir, "cache/index", err);
}

static int reopen(struct mending *m, struct drift_error *err)
{
	const struct repo_options options = { .exact = true, .read_only = m->options->dry_run };

	repo_close(m->repo);
	m->repo = NULL;
	return repo_open(m->dir, &options, &m->repo, err);
}

/* Under the append lock, so that nobody writes by an index that tells of the file as it was. */
static int change_bytes(struct mending *m, const struct repair_bytes *bytes, bool undo, struct drift_error *err)
{
	struct odb *odb = repo_odb(m->repo);
	int r = odb_lock(odb, err);

	if (r)
		return -1;
	r = undo ? repair_undo_bytes(bytes, err) : repair_write_bytes(m->dir, bytes, err);
	if (!r)
		r = repair_forget_indexes(m->dir, err);
	odb_unlock(odb);
	return r ? -1 : reopen(m, err);
}

static uint64_t sound_count(const struct fsck_result *r)
{
	return r->commits + r->nodes + r->blobs + r->tags;
}

static int move_bytes(struct repair_bytes *from, struct repair_bytes *to, struct drift_error *err)
{
	size_t i;

	if (mem_grow(&to->items, &to->capacity, to->count + from->count, sizeof(*to->items)) < 0)
		return error_no_memory(err);
	for (i = 0; i < from->count; i++)
		to->items[to->count++] = from->items[i];
	from->count = 0;
	return 0;
}

/* One round: 1 something was mended, 0 there was nothing to do, -1. */
static int mend_bytes(struct mending *m, struct drift_error *err)
{
	struct repair_bytes bytes = { .items = NULL };
	uint64_t before = sound_count(&m->found), wrong = m->found.faults[FSCK_DAMAGE] + m->found.faults[FSCK_LOST];
	size_t i;
	int r = find_bytes(m, &bytes, err);

	for (i = 0; i < bytes.count && !r; i++)
		r = tell_byte(m, &bytes.items[i], err);
	if (!r && bytes.count && !m->options->dry_run) {
		r = change_bytes(m, &bytes, false, err);
		if (!r)
			r = look(m, err);
		/* A byte named by chance: what can be read must not become less. */
		if (!r && (sound_count(&m->found) < before ||
			   m->found.faults[FSCK_DAMAGE] + m->found.faults[FSCK_LOST] > wrong)) {
			m->result->mended -= bytes.count;
			r = change_bytes(m, &bytes, true, err);
			if (!r)
				r = look(m, err);
			if (!r)
				r = move_bytes(&bytes, &m->refused, err);
		} else if (!r) {
			m->result->restored += sound_count(&m->found) - before;
			r = 1;
		}
	} else if (!r && m->options->dry_run && bytes.count) {
		r = move_bytes(&bytes, &m->refused, err);
	}
	repair_bytes_release(&bytes);
	return r;
}

/*
 * The shared index leads to the first place of an object, which may be damaged where a later one is sound; made anew it
 * leaves out what is damaged.
 */
static int renew_index(struct mending *m, struct drift_error *err)
{
	const struct fsck_fault *told = NULL;
	size_t i;
	int r;

	for (i = 0; i < m->faults.count && !told; i++)
		if (!strncmp(m->faults.items[i].sentence, "the index ", 10))
			told = &m->faults.items[i].fault;
	if (!told)
		return 0;
	m->result->mended++;
	if (tell(m, REPAIR_INDEX, told, "remove cache/index, which is made anew", err) < 0)
		return -1;
	if (m->options->dry_run)
		return 0;
	if (odb_lock(repo_odb(m->repo), err) < 0)
		return -1;
	r = repair_forget_indexes(m->dir, err);
	odb_unlock(repo_odb(m->repo));
	return r < 0 || reopen(m, err) < 0 ? -1 : look(m, err);
}

/* Older objects first: what refers to them finds them. */
static int compare_places(const void *a, const void *b)
{
	const struct repair_fault *x = a, *y = b;

	return (x->fault.loc > y->fault.loc) - (x->fault.loc < y->fault.loc);
}

static int tell_restored(struct mending *m, const struct fsck_fault *fault, enum object_kind kind,
			 const struct repair_source *source, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	auto_buf sentence = BUF_INIT;

	buf_addf(&sentence, "restore %s %s from %s", kind == OBJECT_TREE ? "tree node" : object_kind_name(kind),
		 oid_to_hex(&fault->object, hex), source->name);
	if (buf_check(&sentence, err) < 0)
		return -1;
	m->result->mended++;
	m->result->restored++;
	return tell(m, REPAIR_RESTORE, fault, sentence.data, err);
}

/* One round: 1 something was restored, 0, -1. What was lost below it may show only now. */
static int restore_objects(struct mending *m, struct drift_error *err)
{
	int restored = 0, r;
	size_t i;

	if (m->options->source_count && m->faults.count)
		qsort(m->faults.items, m->faults.count, sizeof(*m->faults.items), compare_places);
	for (i = 0; m->options->source_count && i < m->faults.count; i++) {
		const struct fsck_fault *fault = &m->faults.items[i].fault;
		const struct repair_source *source;
		enum object_kind kind;

		if (fault->severity != FSCK_LOST || !fault->has_object || oid_is_zero(&fault->object))
			continue;
		r = repair_restore(m->repo, m->options, &fault->object, &source, &kind, err);
		if (r < 0 || (r && tell_restored(m, fault, kind, source, err) < 0))
			return -1;
		restored |= r;
	}
	if (!restored || m->options->dry_run)
		return 0;
	if (odb_lock(repo_odb(m->repo), err) < 0)
		return -1;
	r = repair_forget_indexes(m->dir, err);
	odb_unlock(repo_odb(m->repo));
	return r < 0 || reopen(m, err) < 0 || look(m, err) < 0 ? -1 : 1;
}

static int tell_isolated(struct mending *m, const char *name, const struct repair_frame *frame, struct drift_error *err)
{
	auto_buf sentence = BUF_INIT;

	buf_addf(&sentence,
		 "mark as lost what is in the damaged frame at offset %llu of %s, but for what of it is sound",
		 (unsigned long long)frame->offset, name);
	if (buf_check(&sentence, err) < 0)
		return -1;
	m->result->mended++;
	return tell(m, REPAIR_ISOLATE, NULL, sentence.data, err);
}

/* Under the append lock, so that nobody writes by an index that tells of the file as it was. */
static int write_frames(struct mending *m, const char *path, const struct repair_frames *frames, bool undo,
			struct drift_error *err)
{
	int r = odb_lock(repo_odb(m->repo), err);

	if (r)
		return -1;
	r = repair_write_frames(path, frames, undo, err);
	if (!r)
		r = repair_forget_indexes(m->dir, err);
	odb_unlock(repo_odb(m->repo));
	return r < 0 || reopen(m, err) < 0 ? -1 : look(m, err);
}

/* The frames of a journal; if more were lost by it than before it is taken back. */
static int isolate_frames(struct mending *m, const char *path, const struct repair_frames *frames,
			  struct drift_error *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	uint64_t lost = m->found.faults[FSCK_LOST], mended = m->result->mended;
	size_t i;

	for (i = 0; i < frames->count; i++)
		if (tell_isolated(m, name, &frames->items[i], err) < 0)
			return -1;
	if (m->options->dry_run)
		return 0;
	if (repair_keep_copy(m->dir, path, name, err) < 0 || repair_note_restored(m->dir, err) < 0 ||
	    write_frames(m, path, frames, false, err) < 0)
		return -1;
	if (m->found.faults[FSCK_LOST] <= lost)
		return 0;
	m->result->mended = mended;
	return write_frames(m, path, frames, true, err);
}

/* The journals as they were before the first was changed; places in them stay. */
static int isolate_all(struct mending *m, struct drift_error *err)
{
	struct odb_files files;
	struct odb *odb = repo_odb(m->repo);
	size_t i, count;
	int r = 0;

	if (!m->options->isolate || !(m->found.faults[FSCK_DAMAGE] + m->found.faults[FSCK_LOST]))
		return 0;
	if (odb_files_get(odb, &files, err) < 0)
		return -1;
	count = files.count;
	odb_files_release(&files);
	for (i = 0; i < count && !r; i++) {
		struct repair_frames frames = { .items = NULL };
		auto_buf path = BUF_INIT;

		/* Each is opened anew: the repository was, when the one before was changed. */
		r = odb_files_get(repo_odb(m->repo), &files, err);
		if (r < 0)
			return -1;
		if (i < files.count && files.items[i].journal) {
			buf_add_str(&path, journal_path(files.items[i].journal));
			r = buf_check(&path, err);
			if (!r)
				r = repair_isolate(repo_odb(m->repo), &files.items[i], &m->faults, &frames, err);
		}
		odb_files_release(&files);
		if (!r && frames.count)
			r = isolate_frames(m, path.data, &frames, err);
		repair_frames_release(&frames);
	}
	return r;
}

/* With nothing damaged any more, nothing depends on a second copy alone. */
static int forget_restored(struct mending *m, struct drift_error *err)
{
	if (m->options->dry_run || m->found.faults[FSCK_DAMAGE] || m->found.faults[FSCK_LOST] || m->found.marks)
		return 0;
	return forget_file(m->dir, RESTORED_NAME, err);
}

/* Indexes that are damaged are removed: whoever needs them makes them anew. */
static int mend_indexes(struct mending *m, struct drift_error *err)
{
	size_t i;

	for (i = 0; i < m->faults.count; i++) {
		const struct fsck_fault *fault = &m->faults.items[i].fault;
		auto_buf path = BUF_INIT, sentence = BUF_INIT;

		if (fault->severity != FSCK_NOTE || !fault->file || strncmp(fault->file, "cache/", 6) != 0)
			continue;
		file_join(&path, m->dir, fault->file);
		buf_addf(&sentence, "remove %s, which is made anew", fault->file);
		if (buf_check(&path, err) < 0 || buf_check(&sentence, err) < 0 ||
		    tell(m, REPAIR_INDEX, fault, sentence.data, err) < 0)
			return -1;
		m->result->mended++;
		if (!m->options->dry_run && file_unlink(path.data, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * What is left. In a dry run, what only follows from damage that would be mended cannot be told from the rest: neither
 * is told then.
 */
static int tell_lost(struct mending *m, struct drift_error *err)
{
	size_t i;

	for (i = 0; i < m->faults.count; i++) {
		const struct fsck_fault *fault = &m->faults.items[i].fault;

		if (fault->severity == FSCK_NOTE)
			continue;
		if (m->options->dry_run && m->refused.count)
			continue;
		m->result->lost += fault->severity == FSCK_LOST;
		if (tell(m, REPAIR_LOST, fault,
			 fault->severity == FSCK_LOST ? "this is lost" : "this is damaged, and stays so", err) < 0)
			return -1;
	}
	return 0;
}

static int mend_all(struct mending *m, struct drift_error *err)
{
	int round, r = 1;

	if (look(m, err) < 0)
		return -1;
	for (round = 0; r > 0 && round < ROUNDS_MAX; round++)
		r = mend_bytes(m, err);
	if (r < 0 || mend_indexes(m, err) < 0 || renew_index(m, err) < 0)
		return -1;
	for (round = 0, r = 1; r > 0 && round < ROUNDS_MAX; round++)
		r = restore_objects(m, err);
	return r < 0 || isolate_all(m, err) < 0 || forget_restored(m, err) < 0 ? -1 : tell_lost(m, err);
}

/* Who changes nothing needs no lock. */
static int take_lock(struct repo *repo, const struct repair_options *options, struct drift_error *err)
{
	int r = options->dry_run ? 0 : odb_gc_lock(repo_odb(repo), false, err);

	return r > 0 ? error_set(err, DRIFT_ERR_CLASH, "a gc or another repair is at work") : r;
}

int repair_run(struct repo *repo, const struct repair_options *options, struct repair_result *result_out,
	       struct drift_error *err)
{
	struct repair_result result = { 0 };
	struct mending m = { .dir = repo_dir(repo), .options = options, .result = &result };
	int r;

	if (take_lock(repo, options, err) < 0)
		return -1;
	r = reopen(&m, err);
	if (!r)
		r = mend_all(&m, err);
	repo_close(m.repo);
	repair_faults_release(&m.faults);
	repair_bytes_release(&m.refused);
	if (!options->dry_run)
		odb_gc_unlock(repo_odb(repo));
	if (!r)
		*result_out = result;
	return r;
}
