/* The parts of repair: what can be mended is found first, then done, then all is checked anew. */
#ifndef REPO_REPAIR_INTERNAL_H
#define REPO_REPAIR_INTERNAL_H

#include "objects/odb_files.h"
#include "repo/repair.h"

/* One byte of a file that is not what was written. */
struct repair_byte {
	const char *path; /* of the file */
	const char *name; /* below the store */
	uint64_t offset;
	unsigned char with; /* to be XORed */
	uint64_t frame;     /* where the frame begins */
};

struct repair_bytes {
	struct repair_byte *items;
	size_t count, capacity;
};
void repair_bytes_release(struct repair_bytes *bytes);

/* A fault that was told, kept. */
struct repair_fault {
	struct fsck_fault fault;
	char *sentence, *file;
	char **paths;
	struct oid *commits;
};

struct repair_faults {
	struct repair_fault *items;
	size_t count, capacity;
};
int repair_faults_keep(struct repair_faults *faults, const struct fsck_fault *fault,
		       struct drift_error *err) MUST_CHECK;
void repair_faults_release(struct repair_faults *faults);

/*
 * Does one byte explain the damage of the frame at an offset of a journal? Adds it to bytes: 1, 0 no, -1. seed: of the
 * journal's checksums; where its first frame is damaged it is not needed.
 */
int repair_find_byte(const char *path, const char *name, uint32_t seed, uint64_t offset, struct repair_bytes *bytes,
		     struct drift_error *err) MUST_CHECK;
/* One byte known to be wrong: 1, or -1. */
int repair_add_byte(struct repair_bytes *bytes, const struct repair_byte *byte, struct drift_error *err) MUST_CHECK;

/*
 * What is wrong with the bytes of a pack, if by checksums and by what is known of it all of it can be told, as its
 * SHA-256 proves: 1, 0 it is sound or cannot be told, -1.
 */
int repair_find_pack(const char *dir, const struct pack_name *pack, const unsigned char store_id[16],
		     struct repair_bytes *bytes, struct drift_error *err) MUST_CHECK;

/* Store an object again as the first source that has it gives it: 1 with that source, 0 none has it, -1. dry_run: only look. */
int repair_restore(struct repo *repo, const struct repair_options *options, const struct oid *id,
		   const struct repair_source **source_out, enum object_kind *kind_out,
		   struct drift_error *err) MUST_CHECK;

/* A frame that takes the place of a damaged one, of the same length. */
struct repair_frame {
	uint64_t offset;
	struct buf bytes, before;
};

struct repair_frames {
	struct repair_frame *items;
	size_t count, capacity;
};
void repair_frames_release(struct repair_frames *frames);
/*
 * The damaged frames of a journal, as they are to be written: what is sound in them stays where it is, in place of
 * what is lost there is a mark. Those that cannot be written anew are left out.
 */
int repair_isolate(struct odb *odb, const struct odb_file *file, const struct repair_faults *faults,
		   struct repair_frames *frames, struct drift_error *err) MUST_CHECK;
/* undo: what was there before. */
int repair_write_frames(const char *path, const struct repair_frames *frames, bool undo,
			struct drift_error *err) MUST_CHECK;

/* Leave RESTORED_NAME. */
int repair_note_restored(const char *dir, struct drift_error *err) MUST_CHECK;
/* Copy a file to lost/, durably. name: its last part counts. */
int repair_keep_copy(const char *dir, const char *path, const char *name, struct drift_error *err) MUST_CHECK;

/* Remove the indexes that were made of what could be read. */
int repair_forget_indexes(const char *dir, struct drift_error *err) MUST_CHECK;
/* The append lock of a store that cannot be opened, until the descriptor is closed. */
int repair_lock_append(const char *dir, int *fd_out, struct drift_error *err) MUST_CHECK;

/* Where the live journal is not there a new one is begun: 1, 0 there is no need, -1. dry_run: only say so. */
int repair_live(const char *dir, const struct repair_options *options, struct drift_error *err) MUST_CHECK;
/* Say, after that, what each ref is. */
int repair_tell_refs(struct odb *odb, const struct repair_options *options, struct drift_error *err) MUST_CHECK;

/* Write the bytes, durably; a copy of each file as it was is in lost/ before. */
int repair_write_bytes(const char *dir, const struct repair_bytes *bytes, struct drift_error *err) MUST_CHECK;
/* XOR is its own undoing. The copies stay. */
int repair_undo_bytes(const struct repair_bytes *bytes, struct drift_error *err) MUST_CHECK;

#endif
