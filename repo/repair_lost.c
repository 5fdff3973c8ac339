#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/repair_internal.h"

static void fault_release(struct repair_fault *kept)
{
	size_t i;

	for (i = 0; kept->paths && i < kept->fault.path_count; i++)
		free(kept->paths[i]);
	free(kept->paths);
	free(kept->commits);
	free(kept->sentence);
	free(kept->file);
}

void repair_faults_release(struct repair_faults *faults)
{
	size_t i;

	for (i = 0; i < faults->count; i++)
		fault_release(&faults->items[i]);
	free(faults->items);
	*faults = (struct repair_faults){ .items = NULL };
}

static bool copy_fault(struct repair_fault *kept, const struct fsck_fault *fault)
{
	size_t i;

	kept->sentence = mem_dup_str(fault->sentence, strlen(fault->sentence));
	kept->file = fault->file ? mem_dup_str(fault->file, strlen(fault->file)) : NULL;
	kept->paths = mem_calloc(fault->path_count + 1, sizeof(char *));
	kept->commits = mem_calloc(fault->commit_count + 1, sizeof(struct oid));
	if (!kept->sentence || (fault->file && !kept->file) || !kept->paths || !kept->commits)
		return false;
	for (i = 0; i < fault->path_count; i++) {
		kept->paths[i] = mem_dup_str(fault->paths[i], strlen(fault->paths[i]));
		if (!kept->paths[i])
			return false;
	}
	if (fault->commit_count)
		memcpy(kept->commits, fault->commits, fault->commit_count * sizeof(struct oid));
	return true;
}

int repair_faults_keep(struct repair_faults *faults, const struct fsck_fault *fault, struct drift_error *err)
{
	struct repair_fault kept = { .fault = *fault };

	if (!copy_fault(&kept, fault) ||
	    mem_grow(&faults->items, &faults->capacity, faults->count + 1, sizeof(*faults->items)) < 0) {
		fault_release(&kept);
		return error_no_memory(err);
	}
	kept.fault.sentence = kept.sentence;
	kept.fault.file = kept.file;
	kept.fault.paths = (const char *const *)kept.paths;
	kept.fault.commits = kept.commits;
	faults->items[faults->count++] = kept;
	return 0;
}
