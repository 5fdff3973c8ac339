#include "objects/odb_current.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"

#define CURRENT_LEN_MAX ((uint64_t)8 << 20)
#define TITLE "drift store "
/* Programs that know no packs refuse the second. */
#define VERSION_JOURNALS '1'
#define VERSION_PACKS '2'

void current_release(struct current *current)
{
	free(current->files);
	*current = (struct current){ .files = NULL };
}

int current_add(struct current *current, const struct current_file *file, struct drift_error *err)
{
	if (mem_grow(&current->files, &current->capacity, current->count + 1, sizeof(*current->files)) < 0)
		return error_no_memory(err);
	current->files[current->count++] = *file;
	return 0;
}

uint64_t current_live(const struct current *current)
{
	return current->files[current->count - 1].name.last;
}

/* Decimal digits without a zero in front. */
static bool take_number(const char **at, uint64_t max, uint64_t *out)
{
	const char *p = *at;
	uint64_t n = 0;

	if (*p < '1' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > max)
			return false;
	}
	*at = p;
	*out = n;
	return true;
}

static bool take_text(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* "journal NUMBER [END]" or "pack SHA FIRST LAST SEALED" */
static bool parse_line(const char *line, bool packs, struct current_file *out)
{
	*out = (struct current_file){ .is_pack = packs && take_text(&line, "pack ") };
	if (out->is_pack) {
		if (strlen(line) < (size_t)2 * PACK_SHA_LEN || !hex_decode(line, out->name.sha, PACK_SHA_LEN))
			return false;
		line += (size_t)2 * PACK_SHA_LEN;
		return take_text(&line, " ") && take_number(&line, JOURNAL_NUMBER_MAX, &out->name.first) &&
		       take_text(&line, " ") && take_number(&line, JOURNAL_NUMBER_MAX, &out->name.last) &&
		       take_text(&line, " ") && take_number(&line, INT64_MAX, &out->name.sealed_sec) && !*line &&
		       out->name.first <= out->name.last;
	}
	if (!take_text(&line, "journal ") || !take_number(&line, JOURNAL_NUMBER_MAX, &out->name.first))
		return false;
	out->name.last = out->name.first;
	if (take_text(&line, " ") && !take_number(&line, LOC_OFFSET_MAX, &out->closed_at))
		return false;
	return !*line;
}

static bool is_live(const struct current_file *file)
{
	return !file->is_pack && !file->closed_at;
}

/* 1, 0 malformed, -1 */
static int parse(char *text, struct current *out, struct drift_error *err)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	bool packs = line && line[strlen(TITLE)] == VERSION_PACKS;
	uint64_t next = 1;

	line = strtok_r(NULL, "\n", &save);
	if (!line || strncmp(line, "id ", 3) != 0 || strlen(line) != 35 || !hex_decode(line + 3, out->store_id, 16))
		return 0;
	while ((line = strtok_r(NULL, "\n", &save))) {
		struct current_file file;

		if ((out->count && is_live(&out->files[out->count - 1])) || !parse_line(line, packs, &file) ||
		    file.name.first != next)
			return 0;
		if (current_add(out, &file, err) < 0)
			return -1;
		next = file.name.last + 1;
	}
	return out->count && is_live(&out->files[out->count - 1]);
}

/* Does it begin with a line that says what it is? */
static bool has_title(const struct buf *text, bool *known_out)
{
	size_t len = strlen(TITLE);

	*known_out = text->len > len + 1 && text->data[len + 1] == '\n' &&
		     (text->data[len] == VERSION_JOURNALS || text->data[len] == VERSION_PACKS);
	return text->len >= len && !memcmp(text->data, TITLE, len);
}

int current_parse(struct buf *text, const char *path, struct current *out, struct drift_error *err)
{
	auto_current current = { .files = NULL };
	bool known, titled = has_title(text, &known);
	int r = 0;

	if (titled && !known)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "'%s' is of a format that this drift does not know", path);
	if (titled && !memchr(text->data, '\0', text->len))
		r = parse(text->data, &current, err);
	if (r <= 0)
		return r ? -1 : error_set(err, DRIFT_ERR_CORRUPT, "'%s' is malformed", path);
	*out = current;
	current.files = NULL;
	return 0;
}

int current_read(const char *dir, struct current *out, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	auto_buf text = BUF_INIT;

	file_join(&path, dir, "current");
	if (buf_check(&path, err) < 0 || file_read_whole(path.data, CURRENT_LEN_MAX, &text, err) < 0)
		return -1;
	return current_parse(&text, path.data, out, err);
}

static void add_line(struct buf *text, const struct current_file *file)
{
	char hex[2 * PACK_SHA_LEN + 1];

	if (file->is_pack) {
		hex_encode(file->name.sha, PACK_SHA_LEN, hex);
		buf_addf(text, "pack %s %llu %llu %llu\n", hex, (unsigned long long)file->name.first,
			 (unsigned long long)file->name.last, (unsigned long long)file->name.sealed_sec);
		return;
	}
	buf_addf(text, "journal %llu", (unsigned long long)file->name.first);
	if (file->closed_at)
		buf_addf(text, " %llu", (unsigned long long)file->closed_at);
	buf_add_byte(text, '\n');
}

int current_write(const char *dir, const struct current *current, struct drift_error *err)
{
	auto_buf text = BUF_INIT;
	auto_buf path = BUF_INIT;
	bool packs = false;
	char hex[33];
	size_t i;

	for (i = 0; i < current->count; i++)
		packs = packs || current->files[i].is_pack;
	hex_encode(current->store_id, 16, hex);
	buf_addf(&text, TITLE "%c\nid %s\n", packs ? VERSION_PACKS : VERSION_JOURNALS, hex);
	for (i = 0; i < current->count; i++)
		add_line(&text, &current->files[i]);
	file_join(&path, dir, "current");
	if (buf_check(&text, err) < 0 || buf_check(&path, err) < 0)
		return -1;
	return file_replace(path.data, text.data, text.len, err);
}
