#include "cli/scratch_repo.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/random.h"

#define LEFT_MAX 100000 /* files in a folder */
#define DEPTH_MAX 2     /* of folders in a store */

/* Files, and folders of files; what else is there is nothing that we made. */
static void remove_folder(const char *dir, unsigned depth)
{
	struct file_names names = { NULL, 0 };

	if (file_list(dir, LEFT_MAX, &names, NULL))
		return;
	for (size_t i = 0; i < names.count; i++) {
		auto_buf path = BUF_INIT;
		struct file_info info;

		file_join(&path, dir, names.items[i]);
		if (buf_check(&path, NULL) || file_look(path.data, &info, NULL))
			continue;
		if (info.kind == FILE_REGULAR)
			(void)!file_unlink(path.data, NULL);
		else if (info.kind == FILE_DIRECTORY && depth)
			remove_folder(path.data, depth - 1);
	}
	file_names_release(&names);
	(void)!file_remove_directory(dir, NULL);
}

void remove_store(const char *dir)
{
	remove_folder(dir, DEPTH_MAX);
}

int scratch_repo_make(struct scratch_repo *scratch, struct drift_error *err)
{
	const struct repo_options options = { .exact = true, .no_sync = true, .bare = true };
	const char *folder = getenv("TMPDIR");
	unsigned char random[8];
	auto_buf dir = BUF_INIT;

	file_join(&dir, folder && *folder ? folder : "/tmp", "drift-");
	if (random_bytes(random, sizeof(random), err))
		return -1;
	hex_append(&dir, random, sizeof(random));
	buf_add_str(&dir, ".drift");
	if (buf_check(&dir, err) || file_make_directory(dir.data, err))
		return -1;
	scratch->dir = dir;
	dir = (struct buf)BUF_INIT;
	return repo_init(scratch->dir.data, &options, err) || repo_open(scratch->dir.data, &options, &scratch->repo, err) ?
		       -1 :
		       0;
}

void scratch_repo_release(struct scratch_repo *scratch)
{
	repo_close(scratch->repo);
	scratch->repo = NULL;
	if (scratch->dir.len)
		remove_store(scratch->dir.data);
	buf_release(&scratch->dir);
}
