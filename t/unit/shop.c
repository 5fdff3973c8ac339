#include "t/unit/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/desk.h"

void shop_must(const struct shop *s, int r)
{
	if (r < 0)
		fail_msg("%s", s->err.message);
}

void shop_refused(struct shop *s, int r, enum drift_error_code code)
{
	if (r >= 0)
		fail_msg("not refused, expected code %d", (int)code);
	if (s->err.code != code)
		fail_msg("refused with code %d, '%s'", (int)s->err.code, s->err.message);
	assert_true(*s->err.message != '\0');
}

int shop_setup(void **state)
{
	struct shop *s = calloc(1, sizeof(*s));
	struct drift_options options = { .no_sync = true };

	assert_non_null(s);
	desk_setup(&s->desk);
	s->dir = ((struct desk *)s->desk)->dir;
	shop_must(s, drift_open(s->dir, &options, &s->repo, &s->err));
	*state = s;
	return 0;
}

int shop_teardown(void **state)
{
	struct shop *s = *state;

	drift_close(s->repo);
	desk_teardown(&s->desk);
	free(s);
	return 0;
}

const struct drift_commit_options shop_by_tester = { .author = "tester", .message = "test" };

struct drift_txn *shop_begin(struct shop *s)
{
	struct drift_txn *t = NULL;

	shop_must(s, drift_txn_begin(s->repo, NULL, &t, &s->err));
	return t;
}

void shop_put(struct shop *s, struct drift_txn *t, const char *path, const char *text)
{
	shop_must(s, drift_txn_put(t, path, text, strlen(text), &s->err));
}

struct drift_commit_result shop_commit(struct shop *s, struct drift_txn *t)
{
	struct drift_commit_result r;

	memset(&r, 0, sizeof(r));
	shop_must(s, drift_txn_commit(t, &shop_by_tester, &r, &s->err));
	drift_txn_free(t);
	return r;
}

struct drift_commit_result shop_commit_put(struct shop *s, const char *path, const char *text)
{
	struct drift_txn *t = shop_begin(s);

	shop_put(s, t, path, text);
	return shop_commit(s, t);
}

struct drift_snapshot *shop_at(struct shop *s, const char *point)
{
	struct drift_snapshot *snapshot = NULL;

	shop_must(s, drift_snapshot_open(s->repo, point, NULL, &snapshot, &s->err));
	return snapshot;
}

void shop_value_is(struct shop *s, int found, struct drift_value *v, const char *text)
{
	shop_must(s, found);
	assert_int_equal(found, text != NULL);
	if (!text)
		return;
	assert_int_equal(v->len, strlen(text));
	assert_memory_equal(v->data, text, v->len);
	drift_value_release(v);
	assert_int_equal(v->len, 0);
	drift_value_release(v);
}

void shop_holds(struct shop *s, struct drift_snapshot *snapshot, const char *path, const char *text)
{
	struct drift_value v;

	shop_value_is(s, drift_get(snapshot, path, &v, &s->err), &v, text);
}

void shop_point_holds(struct shop *s, const char *point, const char *path, const char *text)
{
	struct drift_snapshot *snapshot = shop_at(s, point);

	shop_holds(s, snapshot, path, text);
	drift_snapshot_release(snapshot);
}
