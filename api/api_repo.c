#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api_internal.h"
#include "base/mem.h"
#include "refs/refname.h"

#define BUDGET_LEN_MAX ((size_t)512 << 20)

const char *drift_version(void)
{
	return DRIFT_VERSION;
}

/* --- ids --- */

struct drift_id api_id(const struct oid *id)
{
	struct drift_id out;

	memcpy(out.bytes, id->bytes, sizeof(out.bytes));
	return out;
}

struct oid api_oid(const struct drift_id *id)
{
	struct oid out;

	memcpy(out.bytes, id->bytes, sizeof(out.bytes));
	return out;
}

char *drift_id_format(const struct drift_id *id, char hex_out[DRIFT_ID_HEX_LEN + 1])
{
	struct oid oid = api_oid(id);

	return oid_to_hex(&oid, hex_out);
}

int drift_id_parse(const char *hex, struct drift_id *id_out, struct drift_error *err)
{
	struct oid oid;

	if (oid_from_hex(hex, strlen(hex), &oid, err))
		return -1;
	*id_out = api_id(&oid);
	return 0;
}

bool drift_id_equal(const struct drift_id *a, const struct drift_id *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool drift_id_is_zero(const struct drift_id *id)
{
	static const struct drift_id zero;

	return drift_id_equal(id, &zero);
}

/* --- repositories --- */

int drift_init(const char *dir, const struct drift_init_options *options, struct drift_error *err)
{
	struct repo_options o = { .read_only = false };

	if (options) {
		o.default_branch = options->branch;
		o.bare = options->bare;
	}
	return repo_init(dir, &o, err);
}

/* Half of what the cache of nodes may have (see struct drift_options). */
static size_t budget_len(const struct drift_options *options)
{
	long pages = sysconf(_SC_PHYS_PAGES), page_len = sysconf(_SC_PAGESIZE);
	size_t len;

	if (options && options->cache_len)
		return options->cache_len / 2;
	len = pages > 0 && page_len > 0 ? (size_t)pages / 32 * (size_t)page_len : 0;
	return len < BUDGET_LEN_MAX ? len : BUDGET_LEN_MAX;
}

int drift_open(const char *dir, const struct drift_options *options, struct drift_repo **repo_out,
	       struct drift_error *err)
{
	struct repo_options o = { .read_only = false };
	auto_free struct drift_repo *repo = mem_calloc(1, sizeof(*repo));

	if (!repo)
		return error_no_memory(err);
	if (options) {
		o.read_only = options->read_only;
		o.no_sync = options->no_sync;
		o.no_cache = options->no_cache;
		o.node_cache_len = options->cache_len;
	}
	if (repo_open(dir, &o, &repo->repo, err))
		return -1;
	if (!o.read_only && maintainer_new(repo->repo, &repo->maintainer, err)) {
		repo_close(repo->repo);
		return -1;
	}
	atomic_init(&repo->refs, 1);
	repo->budget.max_len = budget_len(options);
	*repo_out = take_ptr(repo);
	return 0;
}

struct drift_repo *api_repo_ref(struct drift_repo *repo)
{
	atomic_fetch_add_explicit(&repo->refs, 1, memory_order_relaxed);
	return repo;
}

void drift_close(struct drift_repo *repo)
{
	if (!repo || atomic_fetch_sub_explicit(&repo->refs, 1, memory_order_acq_rel) != 1)
		return;
	maintainer_free(repo->maintainer);
	repo_close(repo->repo);
	free(repo);
}

const char *drift_dir(const struct drift_repo *repo)
{
	return repo_dir(repo->repo);
}

size_t drift_damage(struct drift_repo *repo, void (*each)(void *data, const char *sentence), void *data)
{
	return odb_damage(repo_odb(repo->repo), each, data);
}

int drift_stats(struct drift_repo *repo, bool count_objects, struct drift_stats *stats_out, struct drift_error *err)
{
	struct odb_stats s;

	if (odb_stats(repo_odb(repo->repo), count_objects, &s, err))
		return -1;
	*stats_out = (struct drift_stats){
		.file_count = s.file_count,
		.file_len = s.file_bytes,
		.used_len = s.used_bytes,
		.durable_len = s.durable_bytes,
		.index_len = s.index_bytes,
		.cache_len = s.cache_bytes,
		.cache_hit_count = s.cache_hits,
		.cache_miss_count = s.cache_misses,
		.blob_count = s.object_count[OBJECT_BLOB],
		.node_count = s.object_count[OBJECT_TREE],
		.commit_count = s.object_count[OBJECT_COMMIT],
		.tag_count = s.object_count[OBJECT_TAG],
		.delta_count = s.delta_count,
		.delta_depth_max = s.delta_depth_max,
	};
	return 0;
}

int api_branch(const char *branch, struct buf *storage, const char **name_out, struct drift_error *err)
{
	if (!branch || !strcmp(branch, REF_HEAD)) {
		*name_out = NULL;
		return 0;
	}
	if (!strncmp(branch, REF_HEADS, strlen(REF_HEADS))) {
		buf_add_str(storage, branch);
		if (refname_check(branch, strlen(branch), err))
			return -1;
	} else if (refname_branch(branch, strlen(branch), storage, err)) {
		return -1;
	}
	if (buf_check(storage, err))
		return -1;
	*name_out = storage->data;
	return 0;
}

/* --- commits --- */

void api_commit_of(const struct commit *c, struct drift_commit *out)
{
	*out = (struct drift_commit){
		.id = api_id(&c->id),
		.tree = api_id(&c->tree.id),
		.seq = c->seq,
		.time_us = c->time_usec,
		.author = c->author.who.data,
		.author_us = c->author.time_usec,
		.committer = c->committer.who.data,
		.committer_us = c->committer.time_usec,
		.message = c->message.data,
		.message_len = c->message.len,
		.parent_count = c->parent_count,
		.reserved = c,
	};
}

bool drift_commit_parent(const struct drift_commit *commit, size_t n, struct drift_id *id_out)
{
	const struct commit *c = commit->reserved;

	if (n >= c->parent_count)
		return false;
	*id_out = api_id(&c->parents[n].id);
	return true;
}
