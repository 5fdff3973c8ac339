#include "repo/gc_full.h"

#include <string.h>

#include "base/file.h"
#include "base/hex.h"

#define LINE_LEN (2 * PACK_SHA_LEN + 1)

static void path_of(struct repo *repo, struct buf *out)
{
	file_join(out, repo_dir(repo), "cache/full");
}

static void line_of(const struct pack_name *pack, struct buf *out)
{
	hex_append(out, pack->sha, PACK_SHA_LEN);
	buf_add_byte(out, '\n');
}

void gc_full_note(struct repo *repo, const struct pack_name *pack)
{
	auto_buf path = BUF_INIT, line = BUF_INIT;

	path_of(repo, &path);
	line_of(pack, &line);
	if (!buf_check(&path, NULL) && !buf_check(&line, NULL))
		(void)!file_replace(path.data, line.data, line.len, NULL);
}

bool gc_full_is(struct repo *repo, const struct pack_name *pack)
{
	auto_buf path = BUF_INIT, line = BUF_INIT, noted = BUF_INIT;

	path_of(repo, &path);
	line_of(pack, &line);
	if (buf_check(&path, NULL) || buf_check(&line, NULL) || file_read_whole(path.data, LINE_LEN, &noted, NULL))
		return false;
	return noted.len == line.len && !memcmp(noted.data, line.data, line.len);
}
