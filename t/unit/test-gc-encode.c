/* What gc writes of journals: every node and blob comes out of the pack as it went in; only what is marked is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "objects/odb_exact.h"
#include "objects/pack_record.h"
#include "refs/refs.h"
#include "repo/gc_stubs.h"
#include "t/unit/desk.h"

#define ALL_TIME INT64_MAX

/* A pack of all that is in the store, or of what is marked. */
struct packing {
	struct desk *d;
	struct gc_source source;
	struct gc_marks *marks;
	struct gc_encoder *encoder;
	struct pack_writer *writer;
	struct gc_stubs stubs;
	struct pack_name name;
	struct pack *pack;
	struct group_cache *groups;
};

static uint64_t live_number(const struct packing *p)
{
	return p->source.files.items[p->source.files.count - 1].last;
}

static void finish(struct packing *p)
{
	struct pack_source source = { 1, 1 };
	struct pack_heads heads = { .sources = &source, .source_count = 1 };
	struct pack_options options = {
		.dir = odb_pack_dir(p->d->odb),
		.store_id = odb_store_id(p->d->odb),
	};
	uint64_t len;

	desk_must(p->d, pack_writer_finish(p->writer, &heads, &p->name, &len, &p->d->err));
	desk_must(p->d, pack_writer_publish(p->writer, &p->d->err));
	desk_must(p->d, group_cache_new((size_t)1 << 20, &p->groups, &p->d->err));
	options.groups = p->groups;
	desk_must(p->d, pack_open(&p->name, &options, &p->pack, &p->d->err));
}

static void pack_all(struct packing *p, struct desk *d, bool prune)
{
	const struct gc_mark_options marking = { .keep_all = !prune,
						 .keep_from_sec = UINT64_MAX,
						 .reflog_since_usec = ALL_TIME };
	struct gc_encode_options encoding = { .temp_dir = odb_pack_dir(d->odb), .level = 1 };
	uint64_t number;

	*p = (struct packing){ .d = d };
	if (file_make_directory(odb_pack_dir(d->odb), &d->err) < 0)
		assert_int_equal(d->err.code, DRIFT_ERR_EXISTS);
	desk_must(d, gc_source_init(&p->source, d->odb, &d->err));
	number = live_number(p);
	desk_must(d, gc_source_take(&p->source, 1, number, &d->err));
	desk_must(d, gc_marks_new(&p->source, &marking, &p->marks, &d->err));
	desk_must(d, gc_mark(p->marks, loc_make(number + 1, 0, 0), &d->err));
	desk_must(d, gc_encoder_new(&p->source, &encoding, &p->encoder, &d->err));
	desk_must(d, pack_writer_new(odb_pack_dir(d->odb), odb_store_id(d->odb), 1, number, &p->writer, &d->err));
	p->stubs = (struct gc_stubs){
		.source = &p->source, .marks = p->marks, .encoder = p->encoder, .writer = p->writer, .level = 1
	};
	desk_must(d, gc_stubs_write(&p->stubs, &d->err));
	desk_must(d, gc_encoder_write(p->encoder, p->writer, &d->err));
	finish(p);
}

static void packing_release(struct packing *p)
{
	pack_close(p->pack);
	group_cache_free(p->groups);
	pack_writer_free(p->writer);
	gc_encoder_free(p->encoder);
	gc_marks_free(p->marks);
	gc_source_release(&p->source);
}

/* What is found in the pack at a node's or blob's location is what the journal has. */
static void check_object(struct packing *p, const struct oid *id, enum object_kind kind, uint64_t loc)
{
	struct pack_place place;
	auto_group *group = NULL;
	struct oid there;

	assert_int_equal(pack_find(p->pack, loc, &place, &p->d->err), 1);
	desk_must(p->d, pack_group(p->pack, place.kind, place.group, &group, &p->d->err));
	if (place.kind == PACK_STUBS) {
		const unsigned char *data;
		size_t len;

		desk_must(p->d, txn_record(group->bytes + group->offset[place.index],
					   group->offset[place.index + 1] - group->offset[place.index], loc_record(loc),
					   &data, &len, &p->d->err));
		assert_true(len > 0);
		assert_int_equal(data[0] & 7, kind);
	} else if (kind == OBJECT_TREE) {
		struct node *node;

		desk_must(p->d, pack_record_node(group, place.index, loc, id, &node, &p->d->err));
		node_unref(node);
	} else {
		struct record r;

		desk_must(p->d, pack_record_parse(group->bytes + group->offset[place.index],
						  group->offset[place.index + 1] - group->offset[place.index], loc, &r,
						  &p->d->err));
		if (r.storage == RECORD_CHUNKED) {
			there = r.id;
		} else {
			object_hash(OBJECT_BLOB, r.body, r.body_len, &there);
		}
		assert_memory_equal(there.bytes, id->bytes, OID_LEN);
	}
}

struct checking {
	struct packing *p;
	size_t count, missing;
};

static int each_object(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct checking *c = data;
	int marked = gc_marked(c->p->marks, loc, err);

	assert_true(marked >= 0);
	c->count++;
	if (marked) {
		check_object(c->p, id, kind, loc);
	} else {
		struct pack_place place;
		int found = pack_find(c->p->pack, loc, &place, err);

		/* Of a frame with a log entry the stub is there, without the record. */
		assert_true(found == 0 || place.kind == PACK_STUBS);
		c->missing++;
	}
	return 0;
}

static size_t check_all(struct packing *p)
{
	struct checking c = { .p = p };

	desk_must(p->d, odb_each_object(p->d->odb, each_object, &c, &p->d->err));
	assert_int_equal(c.count, p->stubs.objects_kept + p->stubs.objects_dropped);
	assert_int_equal(c.missing, p->stubs.objects_dropped);
	return c.count;
}

static char *text_of(struct desk *d, size_t len)
{
	char *text = malloc(len + 1);

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + desk_random(d, 26));
	text[len] = '\0';
	return text;
}

static void random_commits(struct desk *d, size_t count, size_t paths)
{
	for (size_t i = 0; i < count; i++) {
		struct edits *e = desk_edits(d);
		size_t puts = 1 + desk_random(d, 4);
		char path[64];

		for (size_t j = 0; j < puts; j++) {
			char *text = text_of(d, desk_random(d, 20) ? 40 + desk_random(d, 400) : 3000);

			(void)snprintf(path, sizeof(path), "c%d/k%04d", (int)desk_random(d, 3),
				       (int)desk_random(d, paths));
			desk_put(d, e, path, text);
			free(text);
		}
		(void)desk_commit(d, e);
	}
}

static void test_round_trip(void **state)
{
	struct desk *d = *state;
	struct packing p;

	random_commits(d, 200, 300);
	pack_all(&p, d, false);
	assert_true(check_all(&p) > 800);
	assert_int_equal(p.stubs.objects_dropped, 0);
	assert_int_equal(p.stubs.commits_kept, 200);
	packing_release(&p);
}

/* One key after the other: the last node of each level grows; and one document again and again: chains have bounds. */
static void test_growing(void **state)
{
	struct desk *d = *state;
	struct packing p;
	char path[64];

	for (int i = 0; i < 300; i++) {
		(void)snprintf(path, sizeof(path), "log/%06d", i);
		(void)desk_commit_put(d, path, "a line of some length, of which there are many");
		(void)snprintf(path, sizeof(path), "state %d", i);
		(void)desk_commit_put(d, "one/counter", path);
	}
	pack_all(&p, d, false);
	(void)check_all(&p);
	packing_release(&p);
}

static void test_large(void **state)
{
	struct desk *d = *state;
	char *text = text_of(d, (size_t)3 << 20);
	struct packing p;

	(void)desk_commit_put(d, "files/large", text);
	memset(text + 100000, 'x', 1000);
	(void)desk_commit_put(d, "files/large", text);
	pack_all(&p, d, false);
	(void)check_all(&p);
	packing_release(&p);
	/* The chunks are marked by the list that names them. */
	pack_all(&p, d, true);
	(void)check_all(&p);
	assert_int_equal(p.stubs.objects_dropped, 0);
	packing_release(&p);
	free(text);
}

static void move_main(struct desk *d, const struct oid *id)
{
	const struct ref_change change = { .name = "refs/heads/main",
					   .value = { .kind = REF_OBJECT, .object = { .id = *id } } };
	const struct ref_transaction t = {
		.changes = &change, .change_count = 1, .actor = "tester", .reason = "back", .time_usec = 1
	};

	desk_must(d, refs_apply(d->odb, &t, &d->err));
}

/* With the branch put back, what was committed since is needed by nobody, however near it stands. */
static void test_prune(void **state)
{
	struct desk *d = *state;
	struct commit_result kept;
	struct packing p;
	size_t all;

	random_commits(d, 30, 50);
	kept = desk_commit_put(d, "c0/last", "kept");
	pack_all(&p, d, true);
	all = check_all(&p);
	assert_int_equal(p.stubs.objects_dropped, 0);
	packing_release(&p);

	random_commits(d, 10, 50);
	move_main(d, &kept.id);
	pack_all(&p, d, true);
	(void)check_all(&p);
	assert_int_equal(p.stubs.objects_kept, all);
	assert_true(p.stubs.objects_dropped > 30);
	assert_int_equal(p.stubs.commits_kept, 31);
	packing_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_growing, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_large, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_prune, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
