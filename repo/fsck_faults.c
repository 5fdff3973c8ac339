#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/fsck_internal.h"

const char *fsck_file_name(const struct odb_file *file)
{
	const char *path = file->journal ? journal_path(file->journal) : pack_path(file->pack);
	const char *slash = strrchr(path, '/');

	/* A pack is named with its folder, below the store. */
	if (slash && file->pack)
		while (slash > path && slash[-1] != '/')
			slash--;
	else if (slash)
		slash++;
	return slash ? slash : path;
}

bool fsck_is_fault(const struct drift_error *why)
{
	return why->code == DRIFT_ERR_CORRUPT || why->code == DRIFT_ERR_UNSUPPORTED ||
	       why->code == DRIFT_ERR_NOT_FOUND || why->code == DRIFT_ERR_INVALID || why->code == DRIFT_ERR_LIMIT ||
	       why->code == DRIFT_ERR_IO;
}

const struct odb_file *fsck_file_of(const struct fsck *f, uint64_t loc)
{
	size_t i;

	for (i = 0; i < f->files.count; i++)
		if (loc_file(loc) >= f->files.items[i].first && loc_file(loc) <= f->files.items[i].last)
			return &f->files.items[i];
	return NULL;
}

/* Where a location stands: in a pack at the start of its group. */
static void place_fault(struct fsck *f, struct fsck_found *found)
{
	struct fsck_fault *fault = &found->fault;
	const struct odb_file *file;
	struct pack_place place;
	uint64_t ordinal;

	if (fault->file || fault->loc == LOC_UNKNOWN)
		return;
	file = fsck_file_of(f, fault->loc);
	if (!file)
		return;
	fault->file = fsck_file_name(file);
	if (file->journal)
		fault->offset = loc_offset(fault->loc);
	else if (pack_find(file->pack, fault->loc, &place, NULL) > 0)
		pack_group_at(file->pack, place.kind, place.group, &fault->offset, &ordinal);
}

static bool is_told(const struct fsck *f, const struct fsck_found *found)
{
	size_t i;

	/* Those that one cause has more than once come one after the other. */
	for (i = f->found_count; i > 0 && f->found_count - i < 64; i--) {
		const struct fsck_found *other = &f->found[i - 1];

		if (other->fault.loc == found->fault.loc && other->fault.offset == found->fault.offset &&
		    !strcmp(other->sentence, found->sentence))
			return true;
	}
	return false;
}

static int keep(struct fsck *f, struct fsck_found *found, struct drift_error *err)
{
	if (f->found_count == FSCK_FOUND_MAX || is_told(f, found)) {
		f->result.faults[found->fault.severity] += f->found_count == FSCK_FOUND_MAX;
		free(found->sentence);
		free(found->file);
		return 0;
	}
	if (mem_grow(&f->found, &f->found_capacity, f->found_count + 1, sizeof(*f->found)) < 0) {
		free(found->sentence);
		free(found->file);
		return error_no_memory(err);
	}
	f->found[f->found_count++] = *found;
	return 0;
}

int fsck_note(struct fsck *f, const struct fsck_fault *fault, struct drift_error *err)
{
	struct fsck_found found = { .fault = *fault };
	int r;

	pthread_mutex_lock(&f->mutex);
	place_fault(f, &found);
	found.sentence = mem_dup_str(fault->sentence, strlen(fault->sentence));
	if (found.fault.file)
		found.file = mem_dup_str(found.fault.file, strlen(found.fault.file));
	if (!found.sentence || (found.fault.file && !found.file)) {
		free(found.sentence);
		r = error_no_memory(err);
	} else {
		found.fault.sentence = found.sentence;
		found.fault.file = found.file;
		r = keep(f, &found, err);
	}
	pthread_mutex_unlock(&f->mutex);
	return r;
}

int fsck_note_at(struct fsck *f, enum fsck_severity severity, uint64_t loc, struct drift_error *err, const char *fmt,
		 ...)
{
	struct fsck_fault fault = { .severity = severity, .loc = loc };
	struct drift_error text = { .code = DRIFT_OK };
	va_list args;

	va_start(args, fmt);
	vsnprintf(text.message, sizeof(text.message), fmt, args);
	va_end(args);
	fault.sentence = text.message;
	return fsck_note(f, &fault, err);
}

void fsck_spell_object(const struct fsck *f, enum object_kind kind, const struct oid *id, uint64_t loc, struct buf *out)
{
	const char *name = kind == OBJECT_TREE ? "tree node" : kind ? object_kind_name(kind) : "object";
	char hex[OID_HEX_LEN + 1];
	size_t i;

	buf_addf(out, "%s %s", name, oid_to_hex(id, hex));
	for (i = 0; loc != LOC_UNKNOWN && i < f->chains.ref_count; i++) {
		const struct fsck_ref *ref = &f->chains.refs[i];

		if (ref->kind != REF_OBJECT || ref->loc != loc)
			continue;
		buf_addf(out, ", which ref '%s' leads to,", ref->name);
		return;
	}
}

static int compare_found(const void *a, const void *b)
{
	const struct fsck_fault *x = &((const struct fsck_found *)a)->fault,
				*y = &((const struct fsck_found *)b)->fault;
	int order = strcmp(x->file ? x->file : "", y->file ? y->file : "");

	if (order)
		return order;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->loc != y->loc ? (x->loc < y->loc ? -1 : 1) : strcmp(x->sentence, y->sentence);
}

int fsck_tell(struct fsck *f, struct drift_error *err)
{
	size_t i;

	if (f->found_count)
		qsort(f->found, f->found_count, sizeof(*f->found), compare_found);
	for (i = 0; i < f->found_count; i++) {
		struct fsck_found *found = &f->found[i];

		found->fault.paths = (const char *const *)found->paths;
		found->fault.commits = found->commits;
		f->result.faults[found->fault.severity]++;
		if (f->options->fault && f->options->fault(f->options->data, &found->fault, err) < 0)
			return -1;
	}
	return 0;
}

void fsck_forget(struct fsck *f)
{
	size_t i, n;

	for (i = 0; i < f->found_count; i++) {
		for (n = 0; n < f->found[i].fault.path_count; n++)
			free(f->found[i].paths[n]);
		free(f->found[i].paths);
		free(f->found[i].commits);
		free(f->found[i].sentence);
		free(f->found[i].file);
	}
	free(f->found);
	f->found = NULL;
	f->found_count = f->found_capacity = 0;
}
