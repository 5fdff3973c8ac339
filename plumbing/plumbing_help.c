/* Small things that the commands for scripts have in common. */
#include "plumbing/object_reader.h"

#include <string.h>

#include "base/config_file.h"

int plumbing_commit(struct cmd_context *ctx, const char *text, struct commit **out, struct drift_error *err)
{
	auto_point point = POINT_INIT;

	if (ctx_point(ctx, text, &point, err))
		return -1;
	if (point.bare_tree)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is a tree, not a commit", text);
	if (!point.commit)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no commit yet at '%s'", text);
	*out = commit_ref(point.commit);
	return 0;
}

int plumbing_store(struct cmd_context *ctx, struct odb_batch *batch, struct drift_error *err)
{
	struct odb *odb = repo_odb(ctx->repo);
	const struct odb_append append = { .batch = batch };
	uint64_t ticket;
	int failed;

	if (odb_lock(odb, err))
		return -1;
	failed = odb_append(odb, &append, &ticket, err);
	odb_unlock(odb);
	return failed ? -1 : odb_sync(odb, ticket, err);
}

struct storing {
	const struct commit *from;
	const struct oid *expected; /* NULL: any */
	struct oid made;
	uint64_t ticket;
};

static int append_commit(struct cmd_context *ctx, struct odb_batch *batch, struct storing *s, struct drift_error *err)
{
	const struct odb_append append = { .batch = batch };
	auto_commit *made = NULL;

	if (writer_add_commit(ctx->repo, batch, s->from, &made, err))
		return -1;
	if (s->expected && !oid_equal(&made->id, s->expected))
		return error_set(err, DRIFT_ERR_INVALID, "its seq, gen, time or jump does not follow from its parents");
	s->made = made->id;
	return odb_append(repo_odb(ctx->repo), &append, &s->ticket, err);
}

int plumbing_store_commit(struct cmd_context *ctx, const struct commit *from, const struct oid *id, struct oid *id_out,
			  struct drift_error *err)
{
	struct storing s = { .from = from, .expected = id };
	struct odb *odb = repo_odb(ctx->repo);
	struct odb_batch *batch;
	int failed;

	if (odb_batch_new(odb, &batch, err))
		return -1;
	failed = odb_lock(odb, err);
	if (!failed) {
		failed = append_commit(ctx, batch, &s, err);
		odb_unlock(odb);
	}
	if (!failed)
		failed = odb_sync(odb, s.ticket, err);
	odb_batch_free(batch);
	if (failed)
		return -1;
	*id_out = s.made;
	return 0;
}

int plumbing_number(const char *text, int64_t min, int64_t max, int64_t *out, struct drift_error *err)
{
	int64_t n;

	if (config_parse_int(text, &n, err))
		return -1;
	if (n < min || n > max)
		return error_set(err, DRIFT_ERR_INVALID, "%s is not a number from %lld to %lld", text, (long long)min,
				 (long long)max);
	*out = n;
	return 0;
}

/* The longest beginning that another object has in common with the id. */
struct short_id {
	const struct oid *id;
	const char *hex;
	size_t common_len;
};

static int compare_id(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct short_id *s = data;
	char hex[OID_HEX_LEN + 1];
	size_t len = 0;

	(void)kind;
	(void)loc;
	(void)err;
	if (oid_equal(id, s->id))
		return 0;
	oid_to_hex(id, hex);
	while (len < OID_HEX_LEN && hex[len] == s->hex[len])
		len++;
	if (len > s->common_len)
		s->common_len = len;
	return 0;
}

int plumbing_short_id(struct cmd_context *ctx, const struct oid *id, size_t min_len, struct buf *out,
		      struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	struct short_id s = { .id = id, .hex = hex };
	size_t len = min_len;

	oid_to_hex(id, hex);
	if (odb_find_prefix(repo_odb(ctx->repo), hex, min_len, compare_id, &s, err))
		return -1;
	if (s.common_len >= len)
		len = s.common_len < OID_HEX_LEN ? s.common_len + 1 : OID_HEX_LEN;
	buf_add(out, hex, len);
	return buf_check(out, err);
}
