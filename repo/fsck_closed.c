/* What keeps a store from being opened. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "objects/journal.h"
#include "objects/odb_current.h"
#include "repo/fsck.h"

#define CURRENT_NAME "current"
#define GROUPS_LEN ((size_t)1 << 20)

struct closed {
	const char *dir;
	const struct fsck_options *options;
	struct fsck_result result;
};

static bool is_damage(const struct drift_error *why)
{
	return why->code == DRIFT_ERR_CORRUPT || why->code == DRIFT_ERR_UNSUPPORTED || why->code == DRIFT_ERR_NOT_FOUND;
}

static int tell(struct closed *c, const char *name, const struct drift_error *why, struct drift_error *err)
{
	const struct fsck_fault fault = { .severity = FSCK_LOST, .sentence = why->message, .file = name };

	if (!is_damage(why))
		return error_set(err, why->code, "%s", why->message);
	c->result.faults[FSCK_LOST]++;
	return c->options->fault ? c->options->fault(c->options->data, &fault, err) : 0;
}

static int try_journal(struct closed *c, const struct current *current, uint64_t number, struct drift_error *err)
{
	struct drift_error why;
	auto_buf name = BUF_INIT;
	struct journal *j;
	int r = journal_open(c->dir, number, false, &j, &why);

	if (!r) {
		if (memcmp(journal_identity(j)->store_id, current->store_id, sizeof(current->store_id)) != 0)
			r = error_set(&why, DRIFT_ERR_CORRUPT,
				      "the journal belongs to another store than the file 'current' names");
		journal_close(j);
	}
	if (!r)
		return 0;
	buf_addf(&name, "journal-%06llu", (unsigned long long)number);
	return buf_check(&name, err) < 0 ? -1 : tell(c, name.data, &why, err);
}

static int try_pack(struct closed *c, const struct current *current, const struct pack_name *pack,
		    struct drift_error *err)
{
	struct pack_options options = { .store_id = current->store_id, .no_index = true };
	char hex[2 * PACK_SHA_LEN + 1];
	auto_buf dir = BUF_INIT, name = BUF_INIT;
	struct drift_error why;
	struct pack *opened;
	int r;

	buf_addf(&dir, "%s/pack", c->dir);
	hex_encode(pack->sha, PACK_SHA_LEN, hex);
	buf_addf(&name, "pack/pack-%s.pack", hex);
	options.dir = dir.data;
	if (buf_check(&dir, err) < 0 || buf_check(&name, err) < 0 || group_cache_new(GROUPS_LEN, &options.groups, err) < 0)
		return -1;
	r = pack_open(pack, &options, &opened, &why);
	if (!r)
		pack_close(opened);
	group_cache_free(options.groups);
	return r ? tell(c, name.data, &why, err) : 0;
}

int fsck_closed(const char *dir, const struct fsck_options *options, struct fsck_result *result_out,
		struct drift_error *err)
{
	struct closed c = { .dir = dir, .options = options };
	auto_current current = { .files = NULL };
	struct drift_error why;
	size_t i;

	if (current_read(dir, &current, &why) < 0) {
		/* What a later program wrote is not damage. */
		if (why.code != DRIFT_ERR_CORRUPT)
			return error_set(err, why.code, "%s", why.message);
		if (tell(&c, CURRENT_NAME, &why, err) < 0)
			return -1;
	}
	for (i = 0; i < current.count; i++) {
		const struct current_file *file = &current.files[i];

		if ((file->is_pack ? try_pack(&c, &current, &file->name, err) :
				     try_journal(&c, &current, file->name.first, err)) < 0)
			return -1;
	}
	c.result.files = current.count;
	*result_out = c.result;
	return 0;
}
