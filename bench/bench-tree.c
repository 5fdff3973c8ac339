/*
 * What the tree costs in processor time, on a store of nodes in memory that keeps them decoded: building, editing,
 * reading and comparing maps of documents. usage: bench-tree [DOCUMENTS [ROUNDS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "objects/map.h"
#include "objects/node_delta.h"
#include "objects/value.h"
/* Benchmarks are not linked with what unit tests share. */
#include "t/unit/memstore.c"

#define VALUE_LEN 200

struct stream {
	struct map_changes changes;
	size_t next, end;
	char key[32], value[1 + VALUE_LEN];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fill(struct stream *s, size_t n, unsigned salt)
{
	char word[32];

	snprintf(s->key, sizeof(s->key), "doc%08zu", n);
	memset(s->value + 1, 'v', VALUE_LEN);
	snprintf(word, sizeof(word), "%zu-%u", n, salt);
	memcpy(s->value + 60, word, strlen(word));
	s->value[0] = DOCUMENT_INLINE;
}

static int next_numbered(struct map_changes *self, struct map_change *change_out, struct drift_error *err)
{
	struct stream *s = (struct stream *)self;

	(void)err;
	if (s->next == s->end)
		return 0;
	fill(s, s->next++, 0);
	*change_out = (struct map_change){
		.key = s->key, .key_len = strlen(s->key), .value = s->value, .value_len = sizeof(s->value)
	};
	return 1;
}

static void report(const char *what, double spent_ns, size_t count)
{
	printf("%-28s %10.0f ns\n", what, spent_ns / (double)count);
}

static void check(int ret, const struct drift_error *err)
{
	if (ret < 0) {
		fprintf(stderr, "bench-tree: %s\n", err->message);
		exit(1);
	}
}

static size_t random_below(size_t bound)
{
	static uint64_t state = 88172645463325252U;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % bound);
}

static int save_nothing(struct node_store *store, const void *bytes, size_t len, const uint64_t *child_loc,
			struct node *base, struct oid *id_out, uint64_t *loc_out, struct drift_error *err)
{
	(void)store;
	(void)bytes;
	(void)child_loc;
	(void)base;
	(void)err;
	memset(id_out, (int)(len & 0xff), sizeof(*id_out));
	*loc_out = 1;
	return 0;
}

static void bench_build(struct memstore *m, size_t count, struct map_root *root)
{
	struct stream s = { .changes = { .next = next_numbered }, .end = count };
	struct memstore nothing = { .store = { .save = save_nothing } };
	struct map_root empty = { .count = 0 }, ignored;
	struct drift_error err;
	double start = now();

	while (s.next < s.end)
		fill(&s, s.next++, 0);
	s.next = 0;
	start = now() - (now() - start);
	check(map_edit(&nothing.store, MAP_DOCUMENTS, &empty, &s.changes, &ignored, &err), &err);
	report("build without save, document", now() - start, count);
	s.next = 0;
	start = now();
	check(map_edit(&m->store, MAP_DOCUMENTS, &empty, &s.changes, root, &err), &err);
	report("build, document", now() - start, count);
	printf("%-28s %10.1f bytes, %zu nodes\n", "node", (double)m->saved_bytes / (double)m->count, m->count);
}

static void bench_edit(struct memstore *m, size_t count, size_t rounds, struct map_root *root)
{
	struct stream s;
	struct drift_error err;
	size_t i, before = m->save_count;
	double start = now();

	for (i = 0; i < rounds; i++) {
		struct map_change change = { .key = s.key, .value = s.value, .value_len = VALUE_LEN + 1 };

		fill(&s, random_below(count), (unsigned)i + 1);
		change.key_len = strlen(s.key);
		check(map_edit_array(&m->store, MAP_DOCUMENTS, root, &change, 1, root, &err), &err);
	}
	report(m->forget_base ? "edit of one document" : "edit, old nodes kept", now() - start, rounds);
	printf("%-28s %10.2f\n", "nodes saved, an edit", (double)(m->save_count - before) / (double)rounds);
}

static void bench_get(struct memstore *m, size_t count, size_t rounds, const struct map_root *root)
{
	struct stream s;
	struct drift_error err;
	size_t i;
	double start = now();

	for (i = 0; i < rounds; i++) {
		struct node *node = NULL;
		struct node_entry entry;

		snprintf(s.key, sizeof(s.key), "doc%08zu", random_below(count));
		check(map_get(&m->store, root, s.key, strlen(s.key), &node, &entry, &err), &err);
		node_unref(node);
	}
	report("get", now() - start, rounds);
}

static int count_one(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	(void)a;
	(void)b;
	(void)err;
	++*(size_t *)data;
	return 0;
}

static void bench_diff(struct memstore *m, const struct map_root *a, const struct map_root *b)
{
	size_t seen = 0, before = m->load_count;
	struct map_diff_options options = { .each = count_one, .data = &seen };
	struct drift_error err;
	double start = now();

	check(map_diff(&m->store, a, b, &options, &err), &err);
	report("diff, document that differs", now() - start, seen ? seen : 1);
	printf("%-28s %10.2f\n", "nodes read, a difference",
	       (double)(m->load_count - before) / (double)(seen ? seen : 1));
}

static void put_loc(const struct loc_codec *codec, struct buf *out, uint64_t loc)
{
	(void)codec;
	buf_add_varint(out, loc & 0xffff);
}

static uint64_t get_loc(const struct loc_codec *codec, struct cursor *in)
{
	(void)codec;
	return cursor_varint(in);
}

/* Times the steps that reading and writing one node are made of. */
static void bench_node(struct memstore *m, struct map_root *root, unsigned level, size_t rounds)
{
	const struct loc_codec codec = { .put = put_loc, .get = get_loc };
	auto_buf delta = BUF_INIT, bytes = BUF_INIT, locs = BUF_INIT;
	auto_map_cursor before = MAP_CURSOR_INIT, after = MAP_CURSOR_INIT;
	struct map_root changed = *root;
	struct stream s;
	struct map_change change = { .key = s.key, .value = s.value, .value_len = VALUE_LEN + 1 };
	struct drift_error err;
	struct node *a, *b;
	size_t i;
	double start;

	fill(&s, root->count / 2, 4711);
	change.key_len = strlen(s.key);
	check(map_edit_array(&m->store, MAP_DOCUMENTS, root, &change, 1, &changed, &err), &err);
	check(map_cursor_seek(&before, &m->store, root, s.key, change.key_len, &err), &err);
	check(map_cursor_seek(&after, &m->store, &changed, s.key, change.key_len, &err), &err);
	if (before.height <= level)
		return;
	a = before.node[level];
	b = after.node[level];
	printf("node of level %u, %u bytes, %u entries:\n", level, b->len, b->count);
	start = now();
	for (i = 0; i < rounds; i++) {
		buf_clear(&delta);
		check(node_delta_encode(a, b, &codec, &delta, &err), &err);
	}
	report("  delta encode", now() - start, rounds);
	printf("%-28s %10zu bytes\n", "  delta", delta.len);
	start = now();
	for (i = 0; i < rounds; i++) {
		buf_clear(&bytes);
		buf_clear(&locs);
		check(node_delta_apply(a, delta.data, delta.len, &codec, &bytes, &locs, &err), &err);
	}
	report("  delta apply", now() - start, rounds);
	start = now();
	for (i = 0; i < rounds; i++) {
		struct node *node;

		check(node_decode(b->bytes, b->len, &b->id, b->child_loc, &node, &err), &err);
		node_unref(node);
	}
	report("  decode, hash and all", now() - start, rounds);
	start = now();
	for (i = 0; i < rounds; i++) {
		struct oid id;

		object_hash(OBJECT_TREE, b->bytes, b->len, &id);
	}
	report("  hash alone", now() - start, rounds);
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000;
	struct memstore m;
	struct map_root first, root;

	memstore_init(&m, false);
	bench_build(&m, count, &first);
	root = first;
	bench_edit(&m, count, rounds / 4, &root);
	bench_diff(&m, &first, &root);
	m.forget_base = true;
	bench_edit(&m, count, rounds, &root);
	bench_get(&m, count, rounds, &root);
	m.forget_base = false;
	bench_node(&m, &root, 0, rounds);
	bench_node(&m, &root, 1, rounds);
	memstore_release(&m);
	return 0;
}
