#include "sync/stream_edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SAMPLE_LEN 16          /* shorter pieces are not looked for */
#define SAMPLE_COUNT_MAX ((size_t)1 << 20)
#define PIECE_MAX_LEN ((size_t)1 << 31)

void stream_edit_ends(const struct text *a, const struct text *b, size_t *head_len_out, size_t *tail_len_out)
{
	size_t max = a->len < b->len ? a->len : b->len, head = 0, tail = 0;

	while (head < max && a->data[head] == b->data[head])
		head++;
	while (tail < max - head && a->data[a->len - 1 - tail] == b->data[b->len - 1 - tail])
		tail++;
	*head_len_out = head;
	*tail_len_out = tail;
}

/* Where samples of the old version stand, by hash; of several the last. */
struct samples {
	uint32_t *at; /* number of the sample + 1 */
	unsigned bits;
	size_t step; /* between samples */
};

static size_t sample_hash(const struct samples *s, const char *p)
{
	uint64_t a, b;

	memcpy(&a, p, sizeof(a));
	memcpy(&b, p + sizeof(a), sizeof(b));
	a = (a ^ (b << 29 | b >> 35)) * UINT64_C(0x9e3779b97f4a7c15);
	a ^= a >> 29;
	return (size_t)(a * UINT64_C(0xbf58476d1ce4e5b9) >> (64 - s->bits));
}

static int samples_take(struct samples *s, const struct text *from, struct drift_error *err)
{
	size_t count, i;

	s->step = SAMPLE_LEN;
	while (from->len / s->step > SAMPLE_COUNT_MAX)
		s->step *= 2;
	count = from->len / s->step;
	for (s->bits = 8; (size_t)1 << s->bits < 2 * count;)
		s->bits++;
	s->at = mem_calloc((size_t)1 << s->bits, sizeof(*s->at));
	if (!s->at)
		return error_no_memory(err);
	for (i = 0; i < count; i++)
		if (i * s->step + SAMPLE_LEN <= from->len)
			s->at[sample_hash(s, from->data + i * s->step)] = (uint32_t)i + 1;
	return 0;
}

struct pieces {
	const struct text *from, *to;
	struct buf *out;
	size_t told; /* of `to` */
	size_t last; /* end in `from` of the last piece that was taken */
};

static void add_new(struct pieces *p, size_t end)
{
	if (end == p->told)
		return;
	buf_add_varint(p->out, (uint64_t)(end - p->told) << 1);
	buf_add(p->out, p->to->data + p->told, end - p->told);
	p->told = end;
}

/* What is equal around to[at] and from[sample]; as far back as nothing was told yet. */
static void add_equal(struct pieces *p, size_t at, size_t sample)
{
	size_t len = 0, back = 0;
	size_t max = p->from->len - sample < p->to->len - at ? p->from->len - sample : p->to->len - at;

	while (len < max && p->from->data[sample + len] == p->to->data[at + len])
		len++;
	while (back < sample && at - back > p->told && p->from->data[sample - back - 1] == p->to->data[at - back - 1])
		back++;
	add_new(p, at - back);
	buf_add_varint(p->out, (uint64_t)(len + back) << 1 | 1);
	buf_add_svarint(p->out, (int64_t)(sample - back) - (int64_t)p->last);
	p->last = sample + len;
	p->told = at + len;
}

static bool is_equal_at(const struct pieces *p, size_t at, size_t sample)
{
	return sample + SAMPLE_LEN <= p->from->len && !memcmp(p->from->data + sample, p->to->data + at, SAMPLE_LEN);
}

int stream_edit_pieces(const struct text *from, const struct text *to, size_t len_max, struct buf *out,
		       struct drift_error *err)
{
	struct pieces p = { .from = from, .to = to, .out = out };
	struct samples s = { .at = NULL };
	size_t at = 0, start = out->len;

	if (from->len > PIECE_MAX_LEN || samples_take(&s, from, err))
		return from->len > PIECE_MAX_LEN ? 0 : -1;
	while (at + SAMPLE_LEN <= to->len && out->len - start + (at - p.told) <= len_max) {
		uint32_t sample;

		/* What follows the last piece there is the likeliest. */
		if (at == p.told && is_equal_at(&p, at, p.last)) {
			add_equal(&p, at, p.last);
			at = p.told;
			continue;
		}
		sample = s.at[sample_hash(&s, to->data + at)];
		if (sample && is_equal_at(&p, at, (sample - 1) * s.step)) {
			add_equal(&p, at, (sample - 1) * s.step);
			at = p.told;
		} else {
			at++;
		}
	}
	free(s.at);
	if (out->len - start + (to->len - p.told) > len_max) {
		buf_truncate(out, start);
		return buf_check(out, err) ? -1 : 0;
	}
	add_new(&p, to->len);
	return buf_check(out, err) ? -1 : 1;
}
