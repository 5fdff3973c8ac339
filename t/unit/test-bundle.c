/* Bundles: the example of Documentation/drift-format-bundle.adoc, what goes in comes out, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "sync/bundle.h"
#include "t/unit/desk.h"
#include "t/unit/ferry.h"

#define PAGE "Documentation/drift-format-bundle.adoc"
#define HEX_COLUMNS 48
#define MAIN "refs/heads/main"
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

static struct commit_result start(struct desk *d)
{
	desk_commit_put(d, "c/k", "first");
	return desk_commit_put(d, "c/k", "second");
}

/* Of HEAD and main, since `since` if there is one. */
static void make(struct desk *d, const struct oid *since, struct buf *out)
{
	struct commit *head = desk_head(d);
	const struct bundle_ref refs[] = { { .name = TEXT("HEAD"), .symbolic = true, .target = TEXT(MAIN) },
					   { .name = TEXT(MAIN), .id = head->id } };
	struct bundle_prerequisite needed = { .subject = TEXT("a subject") };
	const struct bundle_text texts[] = { { TEXT("config"), TEXT("[core]\n") }, { TEXT("empty"), TEXT("") } };
	const struct bundle_head h = { .refs = refs, .ref_count = 2, .prerequisites = &needed, .prerequisite_count = since != NULL,
				       .texts = texts, .text_count = 2, .time_usec = 1700000000000000 };
	const struct sync_sink sink = ferry_sink(out);
	struct sync_counts counts;

	if (since)
		needed.id = *since;
	must(bundle_write(d->repo, &h, &sink, NULL, &counts, &why));
	assert_int_equal(counts.stream_len, out->len);
	commit_unref(head);
}

static int take(struct repo *to, const char *data, size_t len, size_t step, const struct oid *want)
{
	struct ferry_bytes bytes = { .data = data, .len = len, .step = step };
	const struct sync_source source = ferry_source(&bytes);
	const struct sync_receive_options options = { .peer = NULL };
	auto_received *r = NULL;
	auto_bundle *b = NULL;
	const struct bundle_head *head;
	struct object_ref object;
	enum object_kind kind;

	if (bundle_open(&source, &b, &why))
		return -1;
	head = bundle_head(b);
	assert_int_equal(head->ref_count, 2);
	assert_string_equal(head->refs[0].name.data, "HEAD");
	assert_string_equal(head->refs[0].target.data, MAIN);
	if (sync_receive(to, bundle_stream(b), &options, &r, &why) || bundle_finish(b, &why))
		return -1;
	assert_string_equal(head->texts[0].name.data, "config");
	assert_string_equal(head->texts[0].content.data, "[core]\n");
	assert_int_equal(head->texts[1].content.len, 0);
	assert_int_equal(head->time_usec, 1700000000000000);
	assert_true(oid_equal(&head->refs[1].id, want));
	assert_int_equal(received_find(r, want, &kind, &object, &why), 1);
	return 0;
}

static void test_comes_out(void **state)
{
	struct desk *d = *state;
	struct commit_result made = start(d), later;
	auto_buf whole = BUF_INIT, more = BUF_INIT;
	char dir[64];
	struct repo *to = ferry_make(dir);

	make(d, NULL, &whole);
	for (size_t step = 0; step < 50; step += 7)
		must(take(to, whole.data, whole.len, step, &made.id));
	later = desk_commit_put(d, "c/k", "third");
	make(d, &made.id, &more);
	assert_int_equal(take(to, more.data, more.len, 0, &later.id), -1);
	assert_int_equal(why.code, DRIFT_ERR_NOT_FOUND);
	must(ferry(d->repo, to, &why));
	must(take(to, more.data, more.len, 0, &later.id));
	ferry_remove(to, dir);
}

static void test_damage(void **state)
{
	struct desk *d = *state;
	struct commit_result made = start(d);
	auto_buf whole = BUF_INIT;
	char dir[64];
	struct repo *to = ferry_make(dir);

	make(d, NULL, &whole);
	for (size_t i = 0; i < whole.len; i++) {
		struct ferry_bytes bytes = { .data = whole.data, .len = whole.len };
		const struct sync_source source = ferry_source(&bytes);
		const struct sync_receive_options options = { .peer = NULL };
		auto_received *r = NULL;
		auto_bundle *b = NULL;

		assert_int_equal(take(to, whole.data, i, 0, &made.id), -1);
		whole.data[i] = (char)(whole.data[i] ^ 1 << i % 8);
		if (!bundle_open(&source, &b, &why) && !sync_receive(to, bundle_stream(b), &options, &r, &why))
			assert_int_equal(bundle_finish(b, &why), -1);
		whole.data[i] = (char)(whole.data[i] ^ 1 << i % 8);
	}
	buf_add_byte(&whole, 0);
	assert_int_equal(take(to, whole.data, whole.len, 0, &made.id), -1);
	ferry_remove(to, dir);
}

static void test_example(void **state)
{
	struct desk *d = *state;
	auto_buf want = BUF_INIT, is = BUF_INIT;
	const struct bundle_ref refs[] = { { .name = TEXT("HEAD"), .symbolic = true, .target = TEXT(MAIN) },
					   { .name = TEXT(MAIN), .id = { { 0 } } } };
	struct bundle_ref set[2];
	struct bundle_prerequisite needed = { .subject = TEXT("first") };
	const struct bundle_text text = { TEXT("note"), TEXT("hi") };
	const struct bundle_head h = { .refs = set, .ref_count = 2, .prerequisites = &needed, .prerequisite_count = 1,
				       .texts = &text, .text_count = 1, .time_usec = 1700000000000000 };
	const struct sync_sink sink = ferry_sink(&is);

	memcpy(set, refs, sizeof(set));
	memset(set[1].id.bytes, 0x11, OID_LEN);
	memset(needed.id.bytes, 0x22, OID_LEN);
	read_example(&want);
	/* There is no such commit, but the head is written by then. */
	desk_refused(d, bundle_write(d->repo, &h, &sink, NULL, NULL, &d->err), DRIFT_ERR_NOT_FOUND, "is not here");
	assert_int_equal(is.len, want.len);
	assert_memory_equal(is.data, want.data, is.len);
}

static void refused(const char *head, size_t len, enum drift_error_code code, const char *part)
{
	auto_buf bytes = BUF_INIT;
	struct ferry_bytes source_bytes;
	const struct sync_source source = ferry_source(&source_bytes);
	struct bundle *b;

	buf_add_str(&bytes, BUNDLE_HEAD);
	buf_add_varint(&bytes, len);
	buf_add(&bytes, head, len);
	buf_add(&bytes, "12345678901234567890123456789012", 32);
	source_bytes = (struct ferry_bytes){ .data = bytes.data, .len = bytes.len };
	if (!bundle_open(&source, &b, &why))
		fail_msg("not refused: expected '%s'", part);
	if (why.code != code || !strstr(why.message, part))
		fail_msg("code %d, '%s', expected '%s'", (int)why.code, why.message, part);
}

#define REFUSED(head, part) refused(head, sizeof(head) - 1, DRIFT_ERR_CORRUPT, part)
#define ID4 "\1\1\1\1"
#define ID ID4 ID4 ID4 ID4 ID4 ID4 ID4 ID4

static void test_refused(void **state)
{
	struct ferry_bytes bytes;
	const struct sync_source source = ferry_source(&bytes);
	struct bundle *b;

	(void)state;
	REFUSED("", "malformed");
	REFUSED("\0\0\0", "malformed");
	REFUSED("\0\0\0\0\0", "malformed");
	REFUSED("\0\xff\xff\xff\x07\0\0", "malformed");
	REFUSED("\0\1\6refs/x\1" ID "\0", "malformed");
	REFUSED("\0\1\6refs//\1" ID "\0\0", "ref of the bundle");
	REFUSED("\0\1\5hello\1" ID "\0\0", "ref of the bundle");
	REFUSED("\0\1\6refs/x\3" ID "\0\0", "malformed");
	REFUSED("\0\2\6refs/x\1" ID "\6refs/x\1" ID "\0\0", "malformed");
	REFUSED("\0\2\6refs/y\1" ID "\6refs/x\1" ID "\0\0", "malformed");
	REFUSED("\0\0\2" ID "\0" ID "\0\0", "malformed");
	REFUSED("\0\0\0\2\1a\0\1a\0", "malformed");
	REFUSED("\0\0\0\1\1a\5bcd", "malformed");
	bytes = (struct ferry_bytes){ .data = BUNDLE_HEAD "\x81\x80\x80\x80\x01 and thirty-two bytes behind it", .len = 52 };
	assert_int_equal(bundle_open(&source, &b, &why), -1);
	assert_int_equal(why.code, DRIFT_ERR_LIMIT);
	bytes = (struct ferry_bytes){ .data = "drift bundle 2\n and at least thirty-two bytes behind", .len = 52 };
	assert_int_equal(bundle_open(&source, &b, &why), -1);
	assert_int_equal(why.code, DRIFT_ERR_UNSUPPORTED);
	bytes = (struct ferry_bytes){ .data = "something else and at least thirty-two bytes behind it", .len = 54 };
	assert_int_equal(bundle_open(&source, &b, &why), -1);
	assert_int_equal(why.code, DRIFT_ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_out, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_damage, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_example, desk_setup, desk_teardown),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
