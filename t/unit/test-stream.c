/* The records of a data stream: the example of Documentation/drift-format-sync.adoc, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compress.h"
#include "base/hex.h"
#include "base/mem.h"
#include "sync/stream.h"
#include "sync/stream_edit.h"
#include "t/unit/ferry.h"

#define PAGE "Documentation/drift-format-sync.adoc"
#define HEX_COLUMNS 48
#define TEXT(s) { (s), sizeof(s) - 1 }

static struct drift_error why;

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", why.message);
}

/* The bytes at the left of the page's example. */
static void read_example(struct buf *out)
{
	FILE *f = fopen(PAGE, "r");
	char line[256];
	bool inside = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const char *p = line;

		if (!strncmp(line, "offset 0", 8))
			inside = true;
		else if (!strncmp(line, "----", 4))
			inside = false;
		for (; inside && p < line + HEX_COLUMNS && hex_digit((unsigned char)p[0]) >= 0; p += 3) {
			unsigned char byte;

			assert_true(hex_decode(p, &byte, 1));
			buf_add_byte(out, byte);
			if (p[2] != ' ')
				break;
		}
	}
	fclose(f);
	assert_true(out->len > 0);
}

static void unpack(const struct buf *stream, struct buf *out)
{
	struct decompress_stream *z;
	struct decompress_step step = { .src = stream->data + STREAM_HEAD_LEN, .src_len = stream->len - STREAM_HEAD_LEN };

	assert_memory_equal(stream->data, STREAM_HEAD, STREAM_HEAD_LEN);
	must(decompress_stream_create(&z, &why));
	while (!step.ended) {
		step.dst = buf_reserve(out, 4096);
		step.dst_len = 4096;
		must(decompress_stream_next(z, &step, &why));
		out->len += 4096 - step.dst_len;
	}
	assert_int_equal(step.src_len, 0);
	decompress_stream_free(z);
}

/* --- the example --- */

static struct commit first_commit(void)
{
	struct commit c = { .author = { .who = TEXT("Ann"), .time_usec = 1700000000000000, .zone = "+0100" },
			    .message = TEXT("Add Oslo\n") };

	c.committer = c.author;
	return c;
}

static struct commit second_commit(struct object_ref *parents)
{
	struct commit c = first_commit();

	c.committer = (struct signature_line){ .who = TEXT("Bob"), .time_usec = 1700000060000001, .zone = "+0000" };
	c.parents = parents;
	c.parent_count = 2;
	c.message = (struct text)TEXT("More\n");
	return c;
}

static struct stream_change change_of(enum stream_op op, const char *collection, const char *key)
{
	return (struct stream_change){ .op = op, .path = { collection, strlen(collection), key, strlen(key) } };
}

static const struct text oslo = TEXT("{\"name\":\"Oslo\",\"inhabitants\":709037}");
static const struct text oslo_later = TEXT("{\"name\":\"Oslo\",\"inhabitants\":717710}");
static const struct text link_id = TEXT("\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11");

static void write_example(struct buf *out)
{
	const struct sync_sink sink = ferry_sink(out);
	struct object_ref parents[2] = { { .loc = 0 }, { .loc = 0 } };
	const uint64_t backs[] = { 1, 0 };
	struct commit one = first_commit(), two = second_commit(parents);
	struct stream_change c = change_of(STREAM_PUT, "cities", "no/oslo");
	struct stream_check check = { .back = 1 };
	struct stream_writer *w;
	const struct text tag = TEXT("object ...");

	memset(parents[1].id.bytes, 0x22, OID_LEN);
	memset(check.id.bytes, 0x33, OID_LEN);
	must(stream_writer_new(&sink, 2, &w, &why));
	must(stream_write_commit(w, &one, NULL, &why));
	must(stream_write_document(w, &c, NULL, &oslo, &why));
	c = change_of(STREAM_PUT, "cities", "no/sub");
	c.gitlink = c.has_mode = true;
	c.mode = 0160000;
	must(stream_write_document(w, &c, NULL, &link_id, &why));
	must(stream_write_changes_end(w, &why));
	must(stream_write_commit(w, &two, backs, &why));
	c = change_of(STREAM_KNOWN, "", "big");
	memset(c.id.bytes, 0x44, OID_LEN);
	c.len = 5000;
	must(stream_write_change(w, &c, &why));
	c = change_of(STREAM_EDIT, "cities", "no/oslo");
	must(stream_write_document(w, &c, &oslo, &oslo_later, &why));
	c = change_of(STREAM_REMOVE, "cities", "no/sub");
	must(stream_write_change(w, &c, &why));
	c = change_of(STREAM_TAKE, "cities", "se/lund");
	c.parent = 1;
	must(stream_write_change(w, &c, &why));
	c = change_of(STREAM_DESCRIPTOR, "towns", "");
	memset(c.id.bytes, 0x55, OID_LEN);
	c.count = 2;
	c.len = 300;
	must(stream_write_change(w, &c, &why));
	must(stream_write_changes_end(w, &why));
	must(stream_write_checks(w, &check, 1, &why));
	must(stream_write_object(w, STREAM_TAG, &tag, &why));
	must(stream_write_wanted(w, 1, &check.id, &why));
	must(stream_write_end(w, &why));
	assert_int_equal(stream_writer_len(w), out->len);
	stream_writer_free(w);
}

static void test_example_written(void **state)
{
	auto_buf stream = BUF_INIT, is = BUF_INIT, want = BUF_INIT;

	(void)state;
	write_example(&stream);
	unpack(&stream, &is);
	read_example(&want);
	assert_int_equal(is.len, want.len);
	assert_memory_equal(is.data, want.data, is.len);
}

static struct stream_reader *reader_of(struct ferry_bytes *bytes, bool raw)
{
	const struct stream_reader_options options = { .raw = raw };
	const struct sync_source source = ferry_source(bytes);
	struct stream_reader *r;

	must(stream_reader_new(&source, &options, &r, &why));
	return r;
}

static void expect_change(struct stream_reader *r, struct stream_change *c, enum stream_op op, const char *path)
{
	auto_buf is = BUF_INIT;

	assert_int_equal(stream_read_change(r, c, &why), 1);
	path_format(&c->path, &is);
	assert_int_equal(c->op, op);
	assert_string_equal(is.data, path);
}

static void expect_content(struct stream_reader *r, const struct text *old, const struct text *want)
{
	auto_buf is = BUF_INIT;

	must(stream_read_content(r, old, &is, &why));
	assert_int_equal(is.len, want->len);
	assert_memory_equal(is.data, want->data, is.len);
}

static void expect_commits(struct stream_reader *r, struct stream_record *record)
{
	struct stream_change c;

	assert_int_equal(stream_reader_commit_total(r), 2);
	must(stream_read(r, record, &why));
	assert_int_equal(record->type, STREAM_COMMIT);
	assert_int_equal(record->commit.parent_count, 0);
	assert_int_equal(record->commit.author.time_usec, 1700000000000000);
	assert_string_equal(record->commit.committer.zone, "+0100");
	expect_change(r, &c, STREAM_PUT, "cities/no/oslo");
	expect_content(r, NULL, &oslo);
	expect_change(r, &c, STREAM_PUT, "cities/no/sub");
	assert_true(c.gitlink && c.has_mode);
	assert_int_equal(c.mode, 0160000);
	expect_content(r, NULL, &link_id);
	assert_int_equal(stream_read_change(r, &c, &why), 0);
	must(stream_read(r, record, &why));
	assert_int_equal(record->commit.parent_count, 2);
	assert_int_equal(record->backs[0], 1);
	assert_int_equal(record->backs[1], 0);
	assert_int_equal(record->commit.parents[1].id.bytes[5], 0x22);
	assert_int_equal(record->commit.author.time_usec, 1700000000000000);
	assert_int_equal(record->commit.committer.time_usec, 1700000060000001);
	assert_int_equal(record->commit.committer.who.len, 3);
	assert_memory_equal(record->commit.author.who.data, "Ann", 3);
	expect_change(r, &c, STREAM_KNOWN, "big");
	assert_int_equal(c.len, 5000);
	expect_change(r, &c, STREAM_EDIT, "cities/no/oslo");
	expect_content(r, &oslo, &oslo_later);
	expect_change(r, &c, STREAM_REMOVE, "cities/no/sub");
	expect_change(r, &c, STREAM_TAKE, "cities/se/lund");
	assert_int_equal(c.parent, 1);
	assert_int_equal(stream_read_change(r, &c, &why), 1);
	assert_int_equal(c.op, STREAM_DESCRIPTOR);
	assert_memory_equal(c.path.collection, "towns", c.path.collection_len);
	assert_int_equal(c.path.key_len, 0);
	assert_int_equal(c.id.bytes[OID_LEN - 1], 0x55);
	assert_int_equal(c.count, 2);
	assert_int_equal(c.len, 300);
	assert_int_equal(stream_read_change(r, &c, &why), 0);
}

static void expect_example(struct stream_reader *r)
{
	struct stream_record record;

	expect_commits(r, &record);
	must(stream_read(r, &record, &why));
	assert_int_equal(record.type, STREAM_CHECK);
	assert_int_equal(record.check_count, 1);
	assert_int_equal(record.checks[0].back, 1);
	assert_false(record.checks[0].told);
	assert_int_equal(record.checks[0].id.bytes[0], 0x33);
	must(stream_read(r, &record, &why));
	assert_int_equal(record.type, STREAM_TAG);
	assert_int_equal(record.object.len, 10);
	must(stream_read(r, &record, &why));
	assert_int_equal(record.type, STREAM_WANTED);
	must(stream_read(r, &record, &why));
	assert_int_equal(record.type, STREAM_END);
	stream_reader_free(r);
}

static void test_example_read(void **state)
{
	auto_buf raw = BUF_INIT, stream = BUF_INIT;
	struct ferry_bytes bytes;

	(void)state;
	read_example(&raw);
	bytes = (struct ferry_bytes){ .data = raw.data, .len = raw.len };
	expect_example(reader_of(&bytes, true));
	write_example(&stream);
	for (size_t step = 0; step < 4; step++) {
		bytes = (struct ferry_bytes){ .data = stream.data, .len = stream.len, .step = step };
		expect_example(reader_of(&bytes, false));
	}
}

/* --- versions --- */

static uint64_t next_random(uint64_t *state, uint64_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % below;
}

/* Another version: some stretches replaced, moved or removed. */
static void vary(const struct buf *from, uint64_t *random, struct buf *out)
{
	size_t at = 0;

	while (at < from->len) {
		size_t len = 1 + next_random(random, 3000);

		if (len > from->len - at)
			len = from->len - at;
		if (next_random(random, 4))
			buf_add(out, from->data + at, len);
		if (!next_random(random, 4))
			buf_addf(out, "%llx", (unsigned long long)next_random(random, UINT32_MAX));
		if (!next_random(random, 6))
			buf_add(out, from->data, from->len < 500 ? from->len : 500);
		at += len;
	}
}

static void carry(const struct buf *old, const struct buf *new)
{
	const struct text a = { old->data, old->len }, b = { new->data, new->len };
	struct commit one = first_commit();
	struct stream_change c = change_of(STREAM_PUT, "c", "k");
	struct stream_writer *w;
	struct stream_reader *r;
	struct stream_record record;
	auto_buf stream = BUF_INIT;
	const struct sync_sink sink = ferry_sink(&stream);
	struct ferry_bytes bytes;

	must(stream_writer_new(&sink, 1, &w, &why));
	must(stream_write_commit(w, &one, NULL, &why));
	must(stream_write_document(w, &c, &a, &b, &why));
	must(stream_write_changes_end(w, &why));
	must(stream_write_end(w, &why));
	stream_writer_free(w);
	bytes = (struct ferry_bytes){ .data = stream.data, .len = stream.len };
	r = reader_of(&bytes, false);
	must(stream_read(r, &record, &why));
	assert_int_equal(stream_read_change(r, &c, &why), 1);
	expect_content(r, &a, &b);
	assert_int_equal(stream_read_change(r, &c, &why), 0);
	must(stream_read(r, &record, &why));
	stream_reader_free(r);
}

static void test_versions(void **state)
{
	uint64_t random = 5;

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		auto_buf old = BUF_INIT, new = BUF_INIT;
		uint64_t len = next_random(&random, round % 20 ? 20000 : 2000000);

		while (old.len < len)
			buf_addf(&old, "%llu,", (unsigned long long)next_random(&random, 100000));
		vary(&old, &random, &new);
		carry(&old, &new);
		carry(&new, &old);
		carry(&old, &old);
	}
}

/* A long document in which a little is moved and replaced takes a little. */
static void test_pieces_are_short(void **state)
{
	auto_buf old = BUF_INIT, new = BUF_INIT, pieces = BUF_INIT;
	uint64_t random = 6;
	struct text a, b;

	(void)state;
	while (old.len < 100000)
		buf_addf(&old, "%llx", (unsigned long long)next_random(&random, UINT32_MAX));
	buf_add(&new, old.data + 50000, 50000);
	buf_add_str(&new, "something else");
	buf_add(&new, old.data, 50000);
	a = (struct text){ old.data, old.len };
	b = (struct text){ new.data, new.len };
	assert_int_equal(stream_edit_pieces(&a, &b, 1000, &pieces, &why), 1);
	assert_true(pieces.len < 100);
	assert_int_equal(stream_edit_pieces(&a, &b, 10, &pieces, &why), 0);
}

/* --- what is refused --- */

static void refused(const void *raw, size_t len, enum drift_error_code code, const char *part)
{
	const struct stream_reader_options options = { .raw = true, .document_len_max = 1000 };
	struct ferry_bytes bytes = { .data = raw, .len = len };
	const struct sync_source source = ferry_source(&bytes);
	const struct text old = TEXT("0123456789");
	struct stream_reader *r;
	struct stream_record record = { .type = STREAM_CHECK };
	struct stream_change c;
	int result;

	memset(&why, 0, sizeof(why));
	result = stream_reader_new(&source, &options, &r, &why);
	if (result)
		goto failed;
	while (!result && record.type != STREAM_END) {
		auto_buf content = BUF_INIT;

		result = stream_read(r, &record, &why);
		if (!result && record.type == STREAM_BLOB)
			result = stream_read_content(r, NULL, &content, &why);
		while (!result && record.type == STREAM_COMMIT && (result = stream_read_change(r, &c, &why)) > 0)
			result = c.op <= STREAM_DELTA ? stream_read_content(r, &old, &content, &why) : 0;
	}
	stream_reader_free(r);
failed:
	if (!result)
		fail_msg("not refused: expected '%s'", part);
	if (why.code != code || !strstr(why.message, part))
		fail_msg("refused with code %d, '%s', expected '%s'", (int)why.code, why.message, part);
}

#define REFUSED(bytes, code, part) refused(bytes, sizeof(bytes) - 1, code, part)
/* One commit without parents by "A", at the time 0; its changes follow. */
#define COMMIT "\1\1\3\0\0\1A\0\0\0"

static void test_refused(void **state)
{
	(void)state;
	REFUSED("", DRIFT_ERR_IO, "too soon");
	REFUSED("\x80", DRIFT_ERR_IO, "too soon");
	REFUSED("\x80\0", DRIFT_ERR_CORRUPT, "malformed number");
	REFUSED("\xff\xff\xff\xff\xff\xff\xff\xff\xff\2", DRIFT_ERR_CORRUPT, "malformed number");
	REFUSED("\x81\x80\x80\x80\x10", DRIFT_ERR_LIMIT, "the number of commits");
	REFUSED("\1\6", DRIFT_ERR_CORRUPT, "has 0 commits and said 1");
	REFUSED("\0\6\0", DRIFT_ERR_CORRUPT, "behind its end");
	REFUSED("\0\7", DRIFT_ERR_CORRUPT, "unknown type 7");
	REFUSED("\0\1", DRIFT_ERR_CORRUPT, "more commits");
	REFUSED("\1\1\x40", DRIFT_ERR_CORRUPT, "unknown flags");
	REFUSED("\1\1\0", DRIFT_ERR_CORRUPT, "names one before it");
	REFUSED("\1\1\1\0", DRIFT_ERR_CORRUPT, "no committer");
	REFUSED("\1\1\1\x81\x20", DRIFT_ERR_LIMIT, "the number of parents");
	REFUSED("\1\1\1\1\1", DRIFT_ERR_LIMIT, "the number of a parent");
	REFUSED("\1\1\3\0\1", DRIFT_ERR_LIMIT, "the number of an author");
	REFUSED("\1\1\3\0\0\x81\x20", DRIFT_ERR_LIMIT, "the length of an author");
	REFUSED("\1\1\3\0\0\1A\x08", DRIFT_ERR_LIMIT, "the length of a time zone");
	REFUSED("\1\1\3\0\0\1A\0\0\x81\x80\x80\x08", DRIFT_ERR_LIMIT, "the length of a message");
	REFUSED(COMMIT "\0\2\x41", DRIFT_ERR_LIMIT, "the number of commits to be checked");
	REFUSED(COMMIT "\0\2\1\0", DRIFT_ERR_CORRUPT, "checks a commit that is none");
	REFUSED(COMMIT "\0\2\1\4", DRIFT_ERR_LIMIT, "the number of a commit");
	REFUSED(COMMIT "\0\3\0", DRIFT_ERR_IO, "too soon");
	REFUSED(COMMIT "\0\4\x81\x80\x80\x0a", DRIFT_ERR_LIMIT, "the length of a tag");
	REFUSED(COMMIT "\0\5\xe9\7", DRIFT_ERR_LIMIT, "the length of a document");
	REFUSED(COMMIT "\xf", DRIFT_ERR_CORRUPT, "unknown kind");
	REFUSED(COMMIT "\7\1", DRIFT_ERR_IO, "too soon");
	REFUSED(COMMIT "\x41", DRIFT_ERR_CORRUPT, "unknown kind");
	REFUSED(COMMIT "\x08", DRIFT_ERR_CORRUPT, "unknown kind");
	REFUSED(COMMIT "\x12", DRIFT_ERR_CORRUPT, "unknown kind");
	REFUSED(COMMIT "\x0e", DRIFT_ERR_CORRUPT, "unknown kind");
	REFUSED(COMMIT "\x21\x81\x08", DRIFT_ERR_LIMIT, "a collection's name");
	REFUSED(COMMIT "\1\1", DRIFT_ERR_LIMIT, "what two keys share");
	REFUSED(COMMIT "\1\0\x81\x10", DRIFT_ERR_LIMIT, "the length of a key");
	REFUSED(COMMIT "\1\0\1k\xe9\7", DRIFT_ERR_LIMIT, "the length of a document");
	REFUSED(COMMIT "\1\0\1k\3ab", DRIFT_ERR_IO, "too soon");
	REFUSED(COMMIT "\x09\0\1k\x80\x80\x80\x80\x10", DRIFT_ERR_LIMIT, "a file mode");
	REFUSED(COMMIT "\2\0\1k\x0b", DRIFT_ERR_LIMIT, "begin with");
	REFUSED(COMMIT "\2\0\1k\6\5", DRIFT_ERR_LIMIT, "end with");
	REFUSED(COMMIT "\2\0\1k\5\5\xe8\7", DRIFT_ERR_LIMIT, "longer than 1000");
	REFUSED(COMMIT "\3\0\1k\xe9\7", DRIFT_ERR_LIMIT, "the length of a document");
	REFUSED(COMMIT "\3\0\1k\5\0", DRIFT_ERR_CORRUPT, "a piece of a document is empty");
	REFUSED(COMMIT "\3\0\1k\5\x0c", DRIFT_ERR_LIMIT, "the length of a piece");
	REFUSED(COMMIT "\3\0\1k\5\x0b\x0c", DRIFT_ERR_CORRUPT, "not in the version before it");
	REFUSED(COMMIT "\3\0\1k\5\x0b\1", DRIFT_ERR_CORRUPT, "not in the version before it");
	REFUSED(COMMIT "\5\0\1k\x81\x20", DRIFT_ERR_LIMIT, "the number of a parent");
}

static void refused_packed(const char *data, size_t len, uint64_t len_max, enum drift_error_code code, const char *part)
{
	const struct stream_reader_options options = { .stream_len_max = len_max };
	struct ferry_bytes bytes = { .data = data, .len = len };
	const struct sync_source source = ferry_source(&bytes);
	struct stream_record record = { .type = STREAM_CHECK };
	struct stream_reader *r;
	int result = stream_reader_new(&source, &options, &r, &why);

	if (!result) {
		while (!result && record.type != STREAM_END)
			result = stream_read(r, &record, &why);
		stream_reader_free(r);
	}
	if (!result || why.code != code || !strstr(why.message, part))
		fail_msg("code %d, '%s', expected '%s'", (int)why.code, result ? why.message : "none", part);
}

static void test_refused_packed(void **state)
{
	/* A frame of a window of 16 MiB. */
	static const char wide[] = STREAM_HEAD "\0\x70\x01\0\0";
	auto_buf stream = BUF_INIT;
	const struct sync_sink sink = ferry_sink(&stream);
	struct stream_writer *w;

	(void)state;
	must(stream_writer_new(&sink, 0, &w, &why));
	must(stream_write_end(w, &why));
	stream_writer_free(w);
	for (size_t len = 0; len < stream.len; len++)
		refused_packed(stream.data, len, 0, DRIFT_ERR_IO, "too soon");
	refused_packed(stream.data, stream.len, stream.len - 1, DRIFT_ERR_LIMIT, "the stream is longer");
	buf_add_byte(&stream, 0);
	refused_packed(stream.data, stream.len, 0, DRIFT_ERR_CORRUPT, "behind its end");
	refused_packed("PACK\0\0\0\2", 8, 0, DRIFT_ERR_CORRUPT, "no stream of drift");
	refused_packed("drsy\2", 5, 0, DRIFT_ERR_UNSUPPORTED, "version 2");
	refused_packed(wide, sizeof(wide) - 1, 0, DRIFT_ERR_CORRUPT, "memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example_written),
		cmocka_unit_test(test_example_read),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_pieces_are_short),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
