/*
 * Stands in for libFuzzer: runs a fuzz target on the files of its corpus, on
 * every prefix of the small ones, and on a few deterministic mutations. Speaks
 * TAP, a line a file. usage: fuzz-NAME [FILE...], default t/fuzz/corpus/NAME/.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1 << 20)
#define PREFIX_MAX 2048
#define MUTATION_COUNT 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A copy of exactly len bytes, so that a sanitizer sees the first byte read beyond. */
static void run_copy(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void run_variants(uint8_t *data, size_t len)
{
	uint32_t state = 2463534242U;
	size_t i;

	run_copy(data, len);
	if (!len || len > PREFIX_MAX)
		return;
	for (i = 0; i < len; i++)
		run_copy(data, i);
	for (i = 0; i < MUTATION_COUNT; i++) {
		size_t at = random_next(&state) % len;
		uint8_t old = data[at];

		data[at] = (uint8_t)random_next(&state);
		run_copy(data, len);
		data[at] = old;
	}
}

static int run_file(const char *path)
{
	uint8_t *data = malloc(INPUT_MAX);
	FILE *f = fopen(path, "rb");
	size_t len;

	if (!data || !f) {
		perror(path);
		free(data);
		if (f)
			fclose(f);
		return -1;
	}
	len = fread(data, 1, INPUT_MAX, f);
	fclose(f);
	fprintf(stderr, "# %s\n", path);
	run_variants(data, len);
	free(data);
	return 0;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Returns the number of files, or -1. */
static int run_dir(const char *dir)
{
	struct dirent **entries;
	int i, n, failed = 0;

	n = scandir(dir, &entries, not_hidden, alphasort);
	if (n < 0)
		return 0;
	for (i = 0; i < n; i++) {
		char *path = NULL;
		int bad = asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0 || run_file(path);

		printf("%s %d - %s\n", bad ? "not ok" : "ok", i + 1, entries[i]->d_name);
		failed |= bad;
		free(path);
		free(entries[i]);
	}
	free(entries);
	return failed ? -1 : n;
}

int main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "fuzz-");
	char dir[4096];
	int i, n;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (i = 1; i < argc; i++)
		if (run_file(argv[i]))
			return 1;
	if (argc > 1)
		return 0;
	while (name && strstr(name + 1, "fuzz-"))
		name = strstr(name + 1, "fuzz-");
	snprintf(dir, sizeof(dir), "t/fuzz/corpus/%s", name ? name + strlen("fuzz-") : "");
	n = run_dir(dir);
	if (n < 0)
		return 1;
	if (!n)
		printf("ok 1 - no corpus\n");
	printf("1..%d\n", n ? n : 1);
	return 0;
}
