#include "bench/corpus.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench/measure.h"

static const char *const first_names[] = { "Ada",     "Alan",     "Barbara", "Claude", "Donald", "Edsger",
					   "Frances", "Grace",    "Hedy",    "Ivan",   "Jean",   "Ken",
					   "Leslie",  "Margaret", "Niklaus", "Radia" };
static const char *const last_names[] = { "Lovelace", "Turing",   "Liskov", "Shannon",    "Knuth",  "Dijkstra",
					  "Allen",    "Hopper",   "Lamarr", "Sutherland", "Bartik", "Thompson",
					  "Lamport",  "Hamilton", "Wirth",  "Perlman" };
static const char *const cities[] = { "Lisbon", "Oslo",  "Kyoto", "Quito", "Turin", "Accra", "Lima",  "Perth",
				      "Riga",   "Sofia", "Tunis", "Hanoi", "Delhi", "Dakar", "Porto", "Basel" };
static const char *const words[] = { "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron",
				     "inlet", "jetty", "knoll", "larch", "maple", "north", "ocean", "prism" };

static uint64_t draw(size_t i, size_t edit, unsigned field)
{
	uint64_t state = (uint64_t)i * 64 + field + ((uint64_t)edit << 40);

	return next_random(&state, UINT64_MAX);
}

/* A bijection of 32 bits (the finisher of MurmurHash3). */
void corpus_key(size_t i, char out[CORPUS_KEY_LEN + 1])
{
	uint32_t h = (uint32_t)i + 1;

	h = (h ^ (h >> 16)) * UINT32_C(0x85ebca6b);
	h = (h ^ (h >> 13)) * UINT32_C(0xc2b2ae35);
	h ^= h >> 16;
	snprintf(out, CORPUS_KEY_LEN + 1, "%08x", h);
}

void corpus_path(size_t i, char out[CORPUS_PATH_LEN + 1])
{
	memcpy(out, CORPUS_COLLECTION "/", sizeof(CORPUS_COLLECTION));
	corpus_key(i, out + sizeof(CORPUS_COLLECTION));
}

#define PICK(list, n) (list)[(n) % ARRAY_SIZE(list)]

void corpus_text(size_t i, size_t edit, size_t len, char out[CORPUS_TEXT_MAX + 1])
{
	uint64_t who = draw(i, 0, 0), note = draw(i, 0, 1);
	/* Which field the edits of this document change. */
	uint64_t mail = draw(i, i % 4 == 0 ? edit : 0, 2), money = draw(i, i % 4 == 1 ? edit : 0, 3);
	uint64_t seen = draw(i, i % 4 == 2 ? edit : 0, 4), visits = draw(i, i % 4 == 3 ? edit : 0, 5);
	const char *first = PICK(first_names, who), *last = PICK(last_names, who >> 4);
	char key[CORPUS_KEY_LEN + 1];
	size_t at;

	corpus_key(i, key);
	at = (size_t)snprintf(
		out, CORPUS_TEXT_MAX + 1,
		"{\"id\":\"%s\",\"name\":\"%s %s\",\"mail\":\"%c%s%u@example.com\",\"city\":\"%s\",\"balance\":%u.%04u,"
		"\"visits\":%u,\"seen\":\"2024-%02u-%02uT%02u:%02u:%02uZ\",\"tags\":[\"%s\",\"%s\"],\"note\":\"",
		key, first, last, first[0] | 0x20, last, (unsigned)(mail % 1000000), PICK(cities, who >> 8),
		(unsigned)(money % 100000), (unsigned)(money >> 32) % 10000, (unsigned)(visits % 100000),
		(unsigned)(seen % 12) + 1, (unsigned)(seen >> 8) % 28 + 1, (unsigned)(seen >> 16) % 24,
		(unsigned)(seen >> 24) % 60, (unsigned)(seen >> 32) % 60, PICK(words, note), PICK(words, note >> 4));
	if (at + 2 > len || len > CORPUS_TEXT_MAX)
		die("a document of %zu bytes cannot be made", len);
	for (size_t n = 0; at < len - 2; n++) {
		const char *word = PICK(words, draw(i, 0, 6 + (unsigned)n / 16) >> (n % 16 * 4));
		size_t left = len - 2 - at, word_len = strlen(word) < left ? strlen(word) : left;

		memcpy(out + at, word, word_len);
		at += word_len;
		if (at < len - 2)
			out[at++] = ' ';
	}
	memcpy(out + at, "\"}", sizeof("\"}"));
}

struct keyed {
	char key[CORPUS_KEY_LEN + 1];
	size_t number;
};

static int compare_keys(const void *a, const void *b)
{
	return memcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key, CORPUS_KEY_LEN);
}

size_t *corpus_sorted(size_t count)
{
	struct keyed *list = mem_alloc_array(count, sizeof(*list));
	size_t *sorted = mem_alloc_array(count, sizeof(*sorted));

	if (!list || !sorted)
		die("no memory");
	for (size_t i = 0; i < count; i++) {
		corpus_key(i, list[i].key);
		list[i].number = i;
	}
	qsort(list, count, sizeof(*list), compare_keys);
	for (size_t i = 0; i < count; i++)
		sorted[i] = list[i].number;
	free(list);
	return sorted;
}

void corpus_write_lines(const char *path, size_t count, size_t len)
{
	FILE *f = fopen(path, "w");
	char text[CORPUS_TEXT_MAX + 1];

	if (!f)
		die("cannot write '%s'", path);
	for (size_t i = 0; i < count; i++) {
		corpus_text(i, 0, len, text);
		fputs(text, f);
		fputc('\n', f);
	}
	if (fclose(f))
		die("cannot write '%s'", path);
}
