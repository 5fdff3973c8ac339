/* A pack read from end to end, for fsck. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "objects/pack_internal.h"

#define READ_STEP ((size_t)1 << 20)

struct check {
	struct pack *pack;
	const struct pack_check *told;
	uint64_t done, total;
};

static void fault(const struct check *c, uint64_t offset, const char *sentence)
{
	c->told->fault(c->told->data, offset, sentence);
}

/* 0 if it is a fault, which is told; -1 if it keeps us from going on. */
static int tell(const struct check *c, uint64_t offset, const struct drift_error *why, struct drift_error *err)
{
	if (why->code != DRIFT_ERR_CORRUPT && why->code != DRIFT_ERR_IO)
		return error_set(err, why->code, "%s", why->message);
	fault(c, offset, why->message);
	return 0;
}

static void progress(struct check *c, uint64_t len)
{
	c->done += len;
	if (c->told->progress)
		c->told->progress(c->told->data, c->done, c->total);
}

static int check_sha(struct check *c, struct drift_error *err)
{
	uint64_t at = 0, end = c->pack->len - PACK_SHA_LEN;
	unsigned char sha[PACK_SHA_LEN];
	auto_buf step = BUF_INIT;
	struct drift_error why;
	struct sha256 hash;

	if (!buf_reserve(&step, READ_STEP))
		return error_no_memory(err);
	sha256_init(&hash);
	while (at < end) {
		size_t n = end - at < READ_STEP ? (size_t)(end - at) : READ_STEP;

		if (file_read_at(c->pack->fd, step.data, n, at, &why) < 0)
			return tell(c, at, &why, err);
		sha256_update(&hash, step.data, n);
		at += n;
		progress(c, n);
	}
	sha256_final(&hash, sha);
	if (memcmp(sha, c->pack->name.sha, sizeof(sha)) != 0)
		fault(c, 0, "the SHA-256 of the pack is not its name's");
	return 0;
}

static int check_dict(const struct check *c, struct drift_error *err)
{
	uint64_t start, ordinal;
	struct drift_error why;
	unsigned char *raw;
	size_t len;

	pack_group_at(c->pack, PACK_STUBS, 0, &start, &ordinal);
	if (start == PACK_HEAD_LEN)
		return 0;
	if (pack_block_raw(c->pack, PACK_DICT, PACK_HEAD_LEN, start, &raw, &len, &why) < 0)
		return tell(c, PACK_HEAD_LEN, &why, err);
	free(raw);
	return 0;
}

static int check_groups(struct check *c, enum pack_block_kind kind, struct drift_error *err)
{
	uint64_t number, offset, end, ordinal;
	struct drift_error why;

	for (number = 0; number < pack_group_count(c->pack, kind); number++) {
		auto_group *group = NULL;

		pack_group_at(c->pack, kind, number, &offset, &ordinal);
		pack_group_at(c->pack, kind, number + 1, &end, &ordinal);
		if (pack_group_load(c->pack, kind, number, &group, &why) < 0 && tell(c, offset, &why, err) < 0)
			return -1;
		progress(c, end - offset);
	}
	return 0;
}

static int check_heads(const struct check *c, struct drift_error *err)
{
	struct drift_error why;
	struct pack_heads heads;

	if (pack_read_heads(c->pack, &heads, &why) < 0)
		return tell(c, c->pack->heads_at, &why, err);
	if (heads.source_count != c->pack->name.last - c->pack->name.first + 1)
		fault(c, c->pack->heads_at, "the heads of the pack tell of another count of journals");
	pack_heads_release(&heads);
	return 0;
}

/* Each record has one name. */
static int check_names(const struct check *c, unsigned char *seen, struct drift_error *err)
{
	const struct pack_name *name = &c->pack->name;
	struct drift_error why;
	struct pack_map_cursor at;
	uint64_t named = 0;
	bool twice = false, foreign = false;
	unsigned i;
	int r;

	pack_map_cursor_init(&at, &c->pack->map);
	while ((r = pack_map_next(&at, &why)) > 0) {
		foreign = foreign || loc_file(at.loc) < name->first || loc_file(at.loc) > name->last;
		for (i = 0; i < at.record_count; i++) {
			unsigned char *byte = &seen[at.ordinal[i] / 8], bit = (unsigned char)(1 << at.ordinal[i] % 8);

			twice = twice || *byte & bit;
			*byte |= bit;
			named++;
		}
	}
	if (r < 0)
		return tell(c, c->pack->map_at, &why, err);
	if (twice)
		fault(c, c->pack->map_at, "the map of the pack gives one record two names");
	if (foreign)
		fault(c, c->pack->map_at, "the map of the pack has names of journals that it does not hold");
	if (named != c->pack->objects.item_count)
		fault(c, c->pack->map_at, "the map of the pack names another count of records than there are");
	return 0;
}

static int check_map(const struct check *c, struct drift_error *err)
{
	const unsigned char *block = (const unsigned char *)c->pack->mapping + c->pack->map_at;
	auto_free unsigned char *seen = mem_calloc((size_t)(c->pack->objects.item_count / 8) + 1, 1);
	struct pack_block head;

	if (!seen)
		return error_no_memory(err);
	if (pack_block_decode(block, &head, NULL) < 0 || c->pack->map.len != head.stored_len ||
	    crc32c(pack_block_crc_start(c->pack->seed, c->pack->map_at, block), c->pack->map.data, c->pack->map.len) !=
		    head.crc)
		fault(c, c->pack->map_at, "the checksum of the map is wrong");
	return check_names(c, seen, err);
}

int pack_check(struct pack *pack, const struct pack_check *check, struct drift_error *err)
{
	struct check c = { .pack = pack, .told = check, .total = 2 * pack->len };

	if (check_sha(&c, err) < 0 || check_dict(&c, err) < 0 || check_groups(&c, PACK_STUBS, err) < 0 ||
	    check_groups(&c, PACK_OBJECTS, err) < 0 || check_heads(&c, err) < 0 || check_map(&c, err) < 0)
		return -1;
	progress(&c, c.total - c.done);
	return 0;
}

int pack_check_index(struct pack *pack, const struct pack_check *check, struct drift_error *err)
{
	const struct check c = { .pack = pack, .told = check };
	struct pack_index *made = NULL, *index = NULL;
	int r = pack_index_open(pack->index_path, pack->name.sha, &index, err);
	struct file_info info;

	if (r < 0)
		return -1;
	if (r == 0) {
		if (file_look(pack->index_path, &info, err) < 0)
			return -1;
		if (info.kind != FILE_ABSENT)
			fault(&c, 0, "the index is damaged or none of this pack");
		return 0;
	}
	if (!pack_index_sound(index)) {
		fault(&c, 0, "the index is damaged");
		pack_index_close(index);
		return 0;
	}
	r = pack_index_rebuild(pack, NULL, NULL, NULL, &made, err);
	if (r == 0 && !pack_index_equal(index, made))
		fault(&c, 0, "the index is not what the pack has");
	pack_index_close(made);
	pack_index_close(index);
	return r;
}
