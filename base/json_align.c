#include "base/json_align_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_diff.h"
#include "base/json_number.h"
#include "base/mem.h"

__extension__ typedef unsigned __int128 u128;

static uint64_t fold(uint64_t a, uint64_t b)
{
	u128 product = (u128)(a ^ 0x9e3779b97f4a7c15) * (b ^ 0xd6e8feb86659fd93);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_bytes(const char *p, size_t len, uint64_t h)
{
	uint64_t word = 0;

	h = fold(h, len);
	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		h = fold(h, word);
	}
	word = 0;
	memcpy(&word, p, len);
	return fold(h, word);
}

/* A value on the way, and the hash of the path to it. */
struct visit {
	const struct json_value *value;
	uint64_t path;
};

struct visits {
	struct visit *items;
	size_t count, capacity;
};

/* What is not a container; equal numbers have equal doubles. */
static uint64_t hash_scalar(const struct json_value *v, uint64_t path)
{
	uint64_t bits = 0;
	double number = 0;
	const char *text;
	size_t len;

	switch (json_kind(v)) {
	case JSON_NUMBER:
		text = json_text(v, &len);
		if (json_number_to_double(text, len, &number) && number != 0)
			memcpy(&bits, &number, sizeof(bits));
		return fold(path, bits);
	case JSON_STRING:
		text = json_text(v, &len);
		return hash_bytes(text, len, path);
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return fold(path, json_count(v));
}

/* The sum over all values within v, so that the order of members does not matter. */
static int hash_value(struct visits *visits, const struct json_value *v, uint64_t *hash_out)
{
	uint64_t sum = 0, path;
	const char *key;
	size_t i, len;

	visits->count = 0;
	for (path = 1;; v = visits->items[--visits->count].value, path = visits->items[visits->count].path) {
		path = fold(path, (uint64_t)json_kind(v));
		sum += hash_scalar(v, path);
		if (mem_grow(&visits->items, &visits->capacity, visits->count + json_count(v), sizeof(*visits->items)))
			return -1;
		for (i = 0; i < json_count(v); i++) {
			struct visit *child = &visits->items[visits->count++];

			if (json_kind(v) == JSON_OBJECT) {
				child->value = json_object_at(v, i, &key, &len);
				child->path = hash_bytes(key, len, path);
			} else {
				child->value = json_array_at(v, i);
				child->path = fold(path, i);
			}
		}
		if (!visits->count)
			break;
	}
	*hash_out = sum;
	return 0;
}

/* The stretch of both arrays between their equal ends. */
struct stretch {
	const struct json_value *from, *to;
	size_t start, from_count, to_count;
	struct json_alignment *out;
};

/* Numbers elements so that equal ones have equal numbers. */
struct classes {
	const struct json_value **examples;
	uint64_t *hashes;
	uint32_t *slots; /* of examples, plus 1 */
	size_t count, mask;
	struct visits visits;
};

static int class_of(struct classes *c, const struct json_value *v, uint32_t *class_out, struct drift_error *err)
{
	uint64_t hash;
	size_t i;
	int equal;

	if (hash_value(&c->visits, v, &hash))
		return error_no_memory(err);
	for (i = (size_t)hash & c->mask; c->slots[i]; i = (i + 1) & c->mask) {
		if (c->hashes[c->slots[i] - 1] != hash)
			continue;
		equal = json_equal(c->examples[c->slots[i] - 1], v, err);
		if (equal < 0)
			return -1;
		if (equal) {
			*class_out = c->slots[i];
			return 0;
		}
	}
	c->examples[c->count] = v;
	c->hashes[c->count++] = hash;
	*class_out = c->slots[i] = (uint32_t)c->count;
	return 0;
}

/* Classes of the elements of both stretches, first those of `from`. */
static int classify(const struct stretch *s, uint32_t *classes, struct drift_error *err)
{
	size_t total = s->from_count + s->to_count, slots = 16, i;
	struct classes c = { 0 };
	int r = -1;

	while (slots < 2 * total)
		slots *= 2;
	c.mask = slots - 1;
	c.examples = mem_alloc_array(total, sizeof(*c.examples));
	c.hashes = mem_alloc_array(total, sizeof(*c.hashes));
	c.slots = mem_calloc(slots, sizeof(*c.slots));
	if (!c.examples || !c.hashes || !c.slots)
		error_no_memory(err);
	else
		r = 0;
	for (i = 0; !r && i < total; i++)
		r = class_of(&c,
			     i < s->from_count ? json_array_at(s->from, s->start + i) :
						 json_array_at(s->to, s->start + i - s->from_count),
			     classes + i, err);
	free(c.examples);
	free(c.hashes);
	free(c.slots);
	free(c.visits.items);
	return r;
}

/* Pair what lies between two matches: i to i_end of the old, j to j_end of the new stretch. */
static void pair_gap(const struct stretch *s, size_t i, size_t i_end, size_t j, size_t j_end)
{
	for (; i < i_end && j < j_end; i++, j++)
		s->out->partner[s->start + j] = s->start + i;
	for (; i < i_end; i++)
		s->out->removed[s->start + i] = true;
	for (; j < j_end; j++)
		s->out->partner[s->start + j] = JSON_ALIGN_ADDED;
}

/* lengths[i][j]: of the longest common subsequence of what begins at i and at j. */
static void walk_lengths(const struct stretch *s, const uint32_t *a, const uint32_t *b, const uint16_t *lengths)
{
	size_t width = s->to_count + 1, i = 0, j = 0, gap_i = 0, gap_j = 0;

	while (i < s->from_count && j < s->to_count) {
		if (a[i] == b[j]) {
			pair_gap(s, gap_i, i, gap_j, j);
			s->out->partner[s->start + j] = JSON_ALIGN_EQUAL;
			gap_i = ++i;
			gap_j = ++j;
		} else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) {
			i++;
		} else {
			j++;
		}
	}
	pair_gap(s, gap_i, s->from_count, gap_j, s->to_count);
}

static int align_stretch(const struct stretch *s, struct drift_error *err)
{
	size_t n = s->from_count, m = s->to_count, width = m + 1, i, j;
	auto_free uint32_t *classes = mem_alloc_array(n + m, sizeof(*classes));
	auto_free uint16_t *lengths = mem_calloc((n + 1) * width, sizeof(*lengths));

	if (!classes || !lengths)
		return error_no_memory(err);
	if (classify(s, classes, err))
		return -1;
	for (i = n; i--;) {
		uint16_t *row = lengths + i * width, *below = row + width;

		for (j = m; j--;)
			if (classes[i] == classes[n + j])
				row[j] = (uint16_t)(below[j + 1] + 1);
			else
				row[j] = below[j] > row[j + 1] ? below[j] : row[j + 1];
	}
	walk_lengths(s, classes, classes + n, lengths);
	return 0;
}

/* Leave out the equal elements at both ends. */
static int trim(struct stretch *s, struct drift_error *err)
{
	size_t from = json_count(s->from), to = json_count(s->to), *partner = s->out->partner;
	int r = 1;

	while (s->start < from && s->start < to) {
		r = json_equal(json_array_at(s->from, s->start), json_array_at(s->to, s->start), err);
		if (r != 1)
			break;
		partner[s->start++] = JSON_ALIGN_EQUAL;
	}
	while (r >= 0 && from > s->start && to > s->start) {
		r = json_equal(json_array_at(s->from, from - 1), json_array_at(s->to, to - 1), err);
		if (r != 1)
			break;
		partner[--to] = JSON_ALIGN_EQUAL;
		from--;
	}
	s->from_count = from - s->start;
	s->to_count = to - s->start;
	return r < 0 ? -1 : 0;
}

int json_align(const struct json_value *from, const struct json_value *to, struct json_alignment *out,
	       struct drift_error *err)
{
	struct stretch s = { .from = from, .to = to, .out = out };

	out->partner = mem_alloc_array(json_count(to), sizeof(*out->partner));
	out->removed = mem_calloc(json_count(from), sizeof(*out->removed));
	if (!out->partner || !out->removed)
		return error_no_memory(err);
	if (trim(&s, err))
		return -1;
	if (s.from_count && s.to_count && s.from_count <= JSON_DIFF_CELLS_MAX / s.to_count)
		return align_stretch(&s, err);
	pair_gap(&s, 0, s.from_count, 0, s.to_count);
	return 0;
}

void json_alignment_release(struct json_alignment *a)
{
	free(a->partner);
	free(a->removed);
	a->partner = NULL;
	a->removed = NULL;
}
