/* The commands for scripts; drift.c has the table. */
#ifndef PLUMBING_PLUMBING_H
#define PLUMBING_PLUMBING_H

#include "cli/command.h"

extern const struct command cmd_batch;
extern const struct command cmd_cat_file;
extern const struct command cmd_commit_tree;
extern const struct command cmd_diff_tree;
extern const struct command cmd_fast_export;
extern const struct command cmd_fast_import;
extern const struct command cmd_for_each_ref;
extern const struct command cmd_hash_object;
extern const struct command cmd_index_pack;
extern const struct command cmd_is_ancestor;
extern const struct command cmd_ls_tree;
extern const struct command cmd_merge_base;
extern const struct command cmd_merge_file;
extern const struct command cmd_merge_tree;
extern const struct command cmd_mktree;
extern const struct command cmd_name_rev;
extern const struct command cmd_pack_objects;
extern const struct command cmd_read_tree;
extern const struct command cmd_receive_pack;
extern const struct command cmd_rev_list;
extern const struct command cmd_rev_parse;
extern const struct command cmd_show_ref;
extern const struct command cmd_symbolic_ref;
extern const struct command cmd_unpack_objects;
extern const struct command cmd_update_ref;
extern const struct command cmd_upload_pack;
extern const struct command cmd_verify_pack;
extern const struct command cmd_write_tree;

#endif
