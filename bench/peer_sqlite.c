#include "bench/peer_sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench/corpus.h"
#include "bench/measure.h"

struct peer_sqlite {
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *put, *get;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS documents(key TEXT PRIMARY KEY, body TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS history(seq INTEGER PRIMARY KEY, key TEXT NOT NULL, op TEXT NOT NULL, body TEXT,"
	" at REAL NOT NULL DEFAULT (julianday('now')));"
	"CREATE INDEX IF NOT EXISTS history_of ON history(key);"
	"CREATE TRIGGER IF NOT EXISTS inserted AFTER INSERT ON documents BEGIN"
	" INSERT INTO history(key, op, body) VALUES(new.key, 'I', new.body); END;"
	"CREATE TRIGGER IF NOT EXISTS updated AFTER UPDATE ON documents BEGIN"
	" INSERT INTO history(key, op, body) VALUES(new.key, 'U', new.body); END;"
	"CREATE TRIGGER IF NOT EXISTS deleted AFTER DELETE ON documents BEGIN"
	" INSERT INTO history(key, op) VALUES(old.key, 'D'); END;";

static void check(struct peer_sqlite *p, int r)
{
	if (r != SQLITE_OK && r != SQLITE_DONE && r != SQLITE_ROW)
		die("SQLite: %s", sqlite3_errmsg(p->db));
}

static sqlite3_stmt *prepare(struct peer_sqlite *p, const char *sql)
{
	sqlite3_stmt *s = NULL;

	check(p, sqlite3_prepare_v2(p->db, sql, -1, &s, NULL));
	return s;
}

struct peer_sqlite *peer_sqlite_open(const char *path, bool no_sync)
{
	struct peer_sqlite *p = mem_calloc(1, sizeof(*p));

	if (!p)
		die("no memory");
	check(p, sqlite3_open(path, &p->db));
	sqlite3_busy_timeout(p->db, 60000);
	check(p, sqlite3_exec(p->db, "PRAGMA journal_mode=WAL; PRAGMA cache_size=-262144; PRAGMA mmap_size=1073741824;",
			      NULL, NULL, NULL));
	check(p, sqlite3_exec(p->db, no_sync ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=FULL", NULL, NULL, NULL));
	check(p, sqlite3_exec(p->db, schema, NULL, NULL, NULL));
	p->begin = prepare(p, "BEGIN IMMEDIATE");
	p->commit = prepare(p, "COMMIT");
	p->put = prepare(p, "INSERT INTO documents(key, body) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET body = ?2");
	p->get = prepare(p, "SELECT body FROM documents WHERE key = ?1");
	return p;
}

void peer_sqlite_close(struct peer_sqlite *p)
{
	sqlite3_finalize(p->begin);
	sqlite3_finalize(p->commit);
	sqlite3_finalize(p->put);
	sqlite3_finalize(p->get);
	sqlite3_close(p->db);
	free(p);
}

static void step(struct peer_sqlite *p, sqlite3_stmt *s)
{
	check(p, sqlite3_step(s));
	check(p, sqlite3_reset(s));
}

void peer_sqlite_begin(struct peer_sqlite *p)
{
	step(p, p->begin);
}

void peer_sqlite_commit(struct peer_sqlite *p)
{
	step(p, p->commit);
}

void peer_sqlite_put(struct peer_sqlite *p, const char *key, const char *text, size_t len)
{
	sqlite3_bind_text(p->put, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(p->put, 2, text, (int)len, SQLITE_STATIC);
	step(p, p->put);
}

size_t peer_sqlite_get(struct peer_sqlite *p, const char *key)
{
	size_t len = 0;

	sqlite3_bind_text(p->get, 1, key, -1, SQLITE_STATIC);
	if (sqlite3_step(p->get) == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(p->get, 0);

		len = text ? (size_t)sqlite3_column_bytes(p->get, 0) : 0;
	}
	check(p, sqlite3_reset(p->get));
	return len;
}

void peer_sqlite_fill(struct peer_sqlite *p, const char *lines)
{
	FILE *f = fopen(lines, "r");
	char key[CORPUS_KEY_LEN + 1] = "", text[CORPUS_TEXT_MAX + 2];

	if (!f)
		die("cannot read '%s'", lines);
	peer_sqlite_begin(p);
	while (fgets(text, sizeof(text), f)) {
		memcpy(key, text + strlen("{\"id\":\""), CORPUS_KEY_LEN);
		peer_sqlite_put(p, key, text, strlen(text) - 1);
	}
	peer_sqlite_commit(p);
	fclose(f);
}

void peer_sqlite_serve(struct peer_sqlite *p)
{
	auto_free char *line = NULL;
	size_t capacity = 0;
	ssize_t len;

	while ((len = getline(&line, &capacity, stdin)) > 0) {
		char *blank = strchr(line, ' ');

		if (!blank)
			die("a line without a blank");
		*blank = '\0';
		peer_sqlite_put(p, line, blank + 1, (size_t)(line + len - blank - 2));
		puts("ok");
		fflush(stdout);
	}
}
