#include "repo/git_marks.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define WINDOW_LEN ((size_t)16 << 20)

/* Bytes by number: the last ones in memory, those before in a file. */
struct spill {
	struct buf window;
	uint64_t window_at; /* of its first byte; what is before is in the file */
	int fd;             /* -1: not needed yet */
	uint64_t count;     /* that wait */
};

struct git_marks {
	char *prefix; /* of the file's name */
	struct git_mark *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
	uint64_t *fresh; /* marks whose place may be provisional */
	size_t fresh_count, fresh_capacity;
	struct spill small, large;
};

/* --- bytes that wait --- */

static void spill_init(struct spill *s)
{
	buf_init(&s->window);
	s->fd = -1;
}

static void spill_release(struct spill *s)
{
	buf_release(&s->window);
	mem_cleanup_close(&s->fd);
}

/* A file without a name goes with us, however we end. */
static int spill_open(struct spill *s, const char *prefix, struct drift_error *err)
{
	auto_buf path = BUF_INIT;

	if (file_create_temp(prefix, &path, &s->fd, err))
		return -1;
	return file_unlink(path.data, err);
}

static int spill_flush(struct spill *s, const char *prefix, struct drift_error *err)
{
	if (s->fd < 0 && spill_open(s, prefix, err))
		return -1;
	if (file_write_at(s->fd, s->window.data, s->window.len, s->window_at, err))
		return -1;
	s->window_at += s->window.len;
	buf_clear(&s->window);
	return 0;
}

static int spill_add(struct spill *s, const char *prefix, struct text bytes, uint64_t *at_out, struct drift_error *err)
{
	if (s->window.len && s->window.len + bytes.len > WINDOW_LEN && spill_flush(s, prefix, err))
		return -1;
	*at_out = s->window_at + s->window.len;
	buf_add(&s->window, bytes.data, bytes.len);
	if (buf_check(&s->window, err))
		return -1;
	s->count++;
	return 0;
}

static int spill_read(struct spill *s, uint64_t at, uint64_t len, struct buf *out, struct drift_error *err)
{
	char *to;

	if (at >= s->window_at) {
		buf_add(out, s->window.data + (at - s->window_at), (size_t)len);
		return buf_check(out, err);
	}
	to = buf_reserve(out, (size_t)len);
	if (!to)
		return buf_check(out, err);
	if (file_read_at(s->fd, to, (size_t)len, at, err))
		return -1;
	out->len += (size_t)len;
	return 0;
}

static void spill_drop(struct spill *s)
{
	if (--s->count)
		return;
	/* Nobody waits: begin again at the front. */
	s->window_at = 0;
	buf_clear(&s->window);
}

static struct spill *spill_of(struct git_marks *m, uint64_t len)
{
	return len > VALUE_INLINE_MAX ? &m->large : &m->small;
}

/* --- the table --- */

int git_marks_new(const char *dir, struct git_marks **out, struct drift_error *err)
{
	struct git_marks *m = mem_calloc(1, sizeof(*m));
	auto_buf prefix = BUF_INIT;

	if (!m)
		return error_no_memory(err);
	spill_init(&m->small);
	spill_init(&m->large);
	file_join(&prefix, dir, "import-");
	m->prefix = buf_take(&prefix, NULL);
	if (!m->prefix) {
		git_marks_free(m);
		return error_no_memory(err);
	}
	*out = m;
	return 0;
}

void git_marks_free(struct git_marks *m)
{
	if (!m)
		return;
	spill_release(&m->small);
	spill_release(&m->large);
	free(m->prefix);
	free(m->slots);
	free(m->fresh);
	free(m);
}

static struct git_mark *find_slot(struct git_mark *slots, size_t capacity, uint64_t number)
{
	size_t at = (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (capacity - 1);

	while (slots[at].kind && slots[at].number != number)
		at = (at + 1) & (capacity - 1);
	return &slots[at];
}

struct git_mark *git_marks_get(struct git_marks *m, uint64_t number)
{
	struct git_mark *slot = m->capacity ? find_slot(m->slots, m->capacity, number) : NULL;

	return slot && slot->kind ? slot : NULL;
}

static int grow(struct git_marks *m, struct drift_error *err)
{
	size_t capacity = m->capacity ? m->capacity * 2 : 1024;
	struct git_mark *slots;

	if (m->count + 1 <= m->capacity / 4 * 3)
		return 0;
	slots = mem_calloc(capacity, sizeof(*slots));
	if (!slots)
		return error_no_memory(err);
	for (size_t i = 0; i < m->capacity; i++) {
		if (m->slots[i].kind)
			*find_slot(slots, capacity, m->slots[i].number) = m->slots[i];
	}
	free(m->slots);
	m->slots = slots;
	m->capacity = capacity;
	return 0;
}

static int note_fresh(struct git_marks *m, uint64_t number, struct drift_error *err)
{
	if (mem_grow(&m->fresh, &m->fresh_capacity, m->fresh_count + 1, sizeof(*m->fresh)))
		return error_no_memory(err);
	m->fresh[m->fresh_count++] = number;
	return 0;
}

int git_marks_set(struct git_marks *m, const struct git_mark *mark, struct drift_error *err)
{
	struct git_mark *slot;

	if (!mark->number)
		return 0;
	if (grow(m, err) || (mark->kind != GIT_MARK_WAITING && note_fresh(m, mark->number, err)))
		return -1;
	slot = find_slot(m->slots, m->capacity, mark->number);
	if (slot->kind == GIT_MARK_WAITING)
		spill_drop(spill_of(m, slot->len));
	if (!slot->kind)
		m->count++;
	*slot = *mark;
	return 0;
}

int git_marks_wait(struct git_marks *m, uint64_t number, struct text bytes, struct drift_error *err)
{
	struct git_mark mark = { .number = number, .kind = GIT_MARK_WAITING, .len = bytes.len };

	if (!number)
		return 0;
	if (spill_add(spill_of(m, bytes.len), m->prefix, bytes, &mark.object.loc, err))
		return error_prefix(err, DRIFT_OK, "cannot keep a blob for later");
	return git_marks_set(m, &mark, err);
}

int git_marks_bytes(struct git_marks *m, const struct git_mark *mark, struct buf *out, struct drift_error *err)
{
	return spill_read(spill_of(m, mark->len), mark->object.loc, mark->len, out, err);
}

int git_marks_stored(struct git_marks *m, struct git_mark *mark, const struct object_ref *object, struct drift_error *err)
{
	if (note_fresh(m, mark->number, err))
		return -1;
	spill_drop(spill_of(m, mark->len));
	mark->kind = GIT_MARK_BLOB;
	mark->object = *object;
	return 0;
}

void git_marks_settle(struct git_marks *m, struct odb_batch *batch)
{
	for (size_t i = 0; i < m->fresh_count; i++) {
		struct git_mark *mark = git_marks_get(m, m->fresh[i]);

		if (mark && mark->kind != GIT_MARK_WAITING)
			mark->object.loc = odb_batch_loc(batch, mark->object.loc);
	}
	m->fresh_count = 0;
}

static int by_number(const void *a, const void *b)
{
	const struct git_mark *const *x = a, *const *y = b;

	return (*x)->number < (*y)->number ? -1 : (*x)->number > (*y)->number;
}

int git_marks_each(struct git_marks *m, int (*each)(void *data, const struct git_mark *mark, struct drift_error *err),
		   void *data, struct drift_error *err)
{
	auto_free const struct git_mark **sorted = mem_alloc_array(m->count + 1, sizeof(struct git_mark *));
	size_t n = 0;
	int r = 0;

	if (!sorted)
		return error_no_memory(err);
	for (size_t i = 0; i < m->capacity; i++) {
		if (m->slots[i].kind)
			sorted[n++] = &m->slots[i];
	}
	qsort(sorted, n, sizeof(*sorted), by_number);
	for (size_t i = 0; i < n && !r; i++)
		r = each(data, sorted[i], err);
	return r;
}
