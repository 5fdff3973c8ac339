/* Somebody else who may have what is lost here, for repair: see struct repair_source. */
#ifndef CLI_REPAIR_FROM_H
#define CLI_REPAIR_FROM_H

#include "cli/command.h"
#include "cli/scratch_repo.h"
#include "repo/repair.h"

struct repair_from {
	struct repo *other;          /* a repository on this machine, or NULL */
	struct scratch_repo scratch; /* else what it has is put here */
	struct buf name;
	struct repair_source source;
};
#define REPAIR_FROM_INIT { .scratch = SCRATCH_REPO_INIT, .name = BUF_INIT }
#define auto_repair_from __attribute__((cleanup(repair_from_release))) struct repair_from

/*
 * A repository, a folder of backups, a backup, a bundle, the name of a remote, or a URL; all but the first are taken in whole, into
 * a repository that is thrown away. ctx->repo is open. out->source is good then.
 */
int repair_from_open(struct cmd_context *ctx, const char *from, struct repair_from *out, struct drift_error *err) MUST_CHECK;
void repair_from_release(struct repair_from *from);

#endif
