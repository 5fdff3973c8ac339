#include "bench/peer_lmdb.h"

#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "bench/corpus.h"
#include "bench/measure.h"

struct peer_lmdb {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
};

static void check(int r)
{
	if (r)
		die("LMDB: %s", mdb_strerror(r));
}

static void fill(struct peer_lmdb *p, size_t count, size_t len)
{
	auto_free size_t *sorted = corpus_sorted(count);
	char key[CORPUS_KEY_LEN + 1], text[CORPUS_TEXT_MAX + 1];

	check(mdb_txn_begin(p->env, NULL, 0, &p->txn));
	check(mdb_dbi_open(p->txn, NULL, 0, &p->dbi));
	for (size_t n = 0; n < count; n++) {
		MDB_val k = { CORPUS_KEY_LEN, key }, v = { len, text };

		corpus_key(sorted[n], key);
		corpus_text(sorted[n], 0, len, text);
		check(mdb_put(p->txn, p->dbi, &k, &v, MDB_APPEND));
	}
	check(mdb_txn_commit(p->txn));
	p->txn = NULL;
}

struct peer_lmdb *peer_lmdb_open(const char *dir, size_t count, size_t len)
{
	struct peer_lmdb *p = mem_calloc(1, sizeof(*p));
	bool is_new = !mkdir(dir, 0777);

	if (!p || (!is_new && errno != EEXIST))
		die("cannot make '%s'", dir);
	check(mdb_env_create(&p->env));
	check(mdb_env_set_mapsize(p->env, (size_t)4 << 30));
	check(mdb_env_open(p->env, dir, MDB_NOSYNC, 0666));
	if (is_new)
		fill(p, count, len);
	return p;
}

void peer_lmdb_read(struct peer_lmdb *p)
{
	check(mdb_txn_begin(p->env, NULL, MDB_RDONLY, &p->txn));
	check(mdb_dbi_open(p->txn, NULL, 0, &p->dbi));
}

size_t peer_lmdb_get(struct peer_lmdb *p, const char *key)
{
	MDB_val k = { strlen(key), (void *)(uintptr_t)key }, v;
	int r = mdb_get(p->txn, p->dbi, &k, &v);

	if (r == MDB_NOTFOUND)
		return 0;
	check(r);
	return v.mv_size;
}

void peer_lmdb_close(struct peer_lmdb *p)
{
	if (p->txn)
		mdb_txn_abort(p->txn);
	mdb_env_close(p->env);
	free(p);
}
