/* The commands for people; drift.c has the table. */
#ifndef PORCELAIN_PORCELAIN_H
#define PORCELAIN_PORCELAIN_H

#include "cli/command.h"

extern const struct command cmd_add;
extern const struct command cmd_backup;
extern const struct command cmd_bisect;
extern const struct command cmd_blame;
extern const struct command cmd_branch;
extern const struct command cmd_bundle;
extern const struct command cmd_clone;
extern const struct command cmd_collection;
extern const struct command cmd_commit;
extern const struct command cmd_compact;
extern const struct command cmd_completion;
extern const struct command cmd_config;
extern const struct command cmd_conflicts;
extern const struct command cmd_count_objects;
extern const struct command cmd_diff;
extern const struct command cmd_doctor;
extern const struct command cmd_edit;
extern const struct command cmd_export;
extern const struct command cmd_fetch;
extern const struct command cmd_fsck;
extern const struct command cmd_gc;
extern const struct command cmd_get;
extern const struct command cmd_help;
extern const struct command cmd_history;
extern const struct command cmd_import;
extern const struct command cmd_init;
extern const struct command cmd_log;
extern const struct command cmd_ls;
extern const struct command cmd_merge;
extern const struct command cmd_patch;
extern const struct command cmd_pull;
extern const struct command cmd_push;
extern const struct command cmd_put;
extern const struct command cmd_reflog;
extern const struct command cmd_remote;
extern const struct command cmd_repair;
extern const struct command cmd_resolve;
extern const struct command cmd_revert;
extern const struct command cmd_rm;
extern const struct command cmd_rollback;
extern const struct command cmd_show;
extern const struct command cmd_snapshot;
extern const struct command cmd_stats;
extern const struct command cmd_status;
extern const struct command cmd_switch;
extern const struct command cmd_sync;
extern const struct command cmd_tag;
extern const struct command cmd_undo;
extern const struct command cmd_unstage;
extern const struct command cmd_verify;
extern const struct command cmd_version;
extern const struct command cmd_watch;

#endif
