#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "objects/commit.h"

#define TEXT(s) ((struct text){ (s), sizeof(s) - 1 })
#define ID_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define ID_A "abababababababababababababababababababababababababababababababab"
#define PEOPLE "author billing 1700000000 +0000\ncommitter A U Thor <a@example.com> 1700000000.25 +0545\n"
#define START "tree " ID_1 "\n" PEOPLE

static struct oid id_of(unsigned char byte)
{
	struct oid id;

	memset(id.bytes, byte, sizeof(id.bytes));
	return id;
}

static struct signature_line line_of(struct text who, int64_t time_usec, const char *zone)
{
	struct signature_line line = { .who = who, .time_usec = time_usec };

	memcpy(line.zone, zone, strlen(zone) + 1);
	return line;
}

static struct commit plain(void)
{
	struct commit c = { .seq = 1, .gen = 1, .message = TEXT("first\n") };

	c.tree.id = id_of(0x11);
	c.author = c.committer = line_of(TEXT("billing"), 1700000000 * INT64_C(1000000), "+0000");
	c.time_usec = c.committer.time_usec;
	return c;
}

static void assert_encodes(const struct commit *c, const char *text, size_t len)
{
	auto_buf out = BUF_INIT;

	assert_int_equal(commit_encode(c, &out, NULL), 0);
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, text, len);
}

static void assert_id(const struct oid *id, const char *hex)
{
	char got[OID_HEX_LEN + 1];

	assert_string_equal(oid_to_hex(id, got), hex);
}

/* The first example of drift-format-object.adoc. */
static void first_commit(void **state)
{
	static const char text[] = "tree " ID_1 "\n"
				   "author billing 1700000000 +0000\n"
				   "committer billing 1700000000 +0000\n"
				   "seq 1\n"
				   "\n"
				   "first\n";
	struct commit c = plain();
	auto_commit *made = NULL;

	(void)state;
	assert_encodes(&c, text, sizeof(text) - 1);
	assert_int_equal(commit_new(&c, &made, NULL), 0);
	assert_id(&made->id, "9bc0f40775a4f47a66ec756cc31879d06b8de826c39314f9f75caf61ea6cc468");
	assert_null(made->parents);
	assert_ptr_not_equal(made->message.data, c.message.data);
	assert_string_equal(made->message.data, "first\n");
}

/* The second example of drift-format-object.adoc: everything that a commit can have. */
static void full_commit(void **state)
{
	static const char text[] = "tree " ID_1 "\n"
				   "parent " ID_A "\n"
				   "parent " ID_1 "\n"
				   "author J\xf6rg <joerg@example.com> -1.5 -0000\n"
				   "committer  <> 1700000000.000001 +5180\n"
				   "seq 8\n"
				   "gen 12\n"
				   "time 1700000001\n"
				   "jump " ID_A "\n"
				   "encoding ISO-8859-1\n"
				   "gpgsig -----BEGIN\n"
				   " \n"
				   " -----END\n"
				   "note \n"
				   "\n"
				   "Gr\xfc\xdf"
				   "e";
	struct object_ref parents[2] = { { id_of(0xab), 7 }, { id_of(0x11), 9 } };
	struct commit c = plain();
	auto_commit *made = NULL, *read = NULL;

	(void)state;
	c.parents = parents;
	c.parent_count = 2;
	c.author = line_of(TEXT("J\xf6rg <joerg@example.com>"), -1500000, "-0000");
	c.committer = line_of(TEXT(" <>"), INT64_C(1700000000000001), "+5180");
	c.seq = 8;
	c.gen = 12;
	c.time_usec = INT64_C(1700000001000000);
	c.jump.id = id_of(0xab);
	c.encoding = TEXT("ISO-8859-1");
	c.extra = TEXT("gpgsig -----BEGIN\n \n -----END\nnote \n");
	c.message = TEXT("Gr\xfc\xdf"
			 "e");
	assert_encodes(&c, text, sizeof(text) - 1);
	assert_int_equal(commit_new(&c, &made, NULL), 0);
	assert_id(&made->id, "ca0d3ef317627ddebac31a7f2742bbd93c4c906f77423ddff1dc0d3b172f08b2");
	assert_int_equal(made->parents[0].loc, 7);
	assert_int_equal(commit_decode(text, sizeof(text) - 1, &read, NULL), 0);
	assert_true(oid_equal(&read->id, &made->id));
	assert_int_equal(read->parent_count, 2);
	assert_int_equal(read->parents[1].loc, 0);
	assert_true(oid_equal(&read->parents[1].id, &parents[1].id));
	assert_int_equal(read->author.time_usec, -1500000);
	assert_string_equal(read->committer.who.data, " <>");
	assert_string_equal(read->committer.zone, "+5180");
	assert_string_equal(read->encoding.data, "ISO-8859-1");
	assert_string_equal(read->extra.data, c.extra.data);
	assert_int_equal(read->message.len, 5);
}

static void reencodes(const char *text, size_t len)
{
	auto_commit *c = NULL;
	struct drift_error err = { 0 };

	if (commit_decode(text, len, &c, &err))
		fail_msg("%s: %s", err.message, text);
	assert_encodes(c, text, len);
}

static void odd_but_valid(void **state)
{
	static const char *const people[] = {
		"author <mail> 123 +0000",                /* no name, no blank before it */
		"author  <mail> 123 +0000",               /* git fast-import writes two blanks then */
		"author   spaced   <m>  0 -0000",         /* the second blank belongs to who */
		"author \x80\xff\x01\t 1 +1",             /* any bytes; short zone */
		"author 5 +0100 7 -0730",                 /* who looks like a time */
		"author x 9223372036854.775807 +0",       /* greatest time */
		"author x -9223372036854.775808 +051800", /* least time, long zone */
		"author x -0.000001 +9999",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
		auto_buf b = BUF_INIT;

		buf_addf(&b, "tree " ID_1 "\n%s\ncommitter c 1 +0000\nseq 1\n\n", people[i]);
		reencodes(b.data, b.len);
	}
	reencodes(START "seq 1\n\n", sizeof(START "seq 1\n\n") - 1);
	reencodes(START "seq 1\n\na\0b\n\n\n", sizeof(START "seq 1\n\na\0b\n\n\n") - 1);
	reencodes(START "seq 1\ngen 3\n\n", sizeof(START "seq 1\ngen 3\n\n") - 1);
	reencodes(START "seq 9007199254740991\n\n", sizeof(START "seq 9007199254740991\n\n") - 1);
}

static void refused(const char *text)
{
	auto_commit *c = NULL;
	struct drift_error err = { 0 };

	if (!commit_decode(text, strlen(text), &c, &err))
		fail_msg("accepted: %s", text);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	assert_null(c);
}

static void malformed(void **state)
{
	static const char *const heads[] = {
		"",
		"author",
		"author a",
		"author a 1",
		"author  1 +0000", /* empty who */
		"author a 01 +0000",
		"author a +1 +0000",
		"author a -0 +0000",
		"author a 1.50 +0000",
		"author a 1.0 +0000",
		"author a 1. +0000",
		"author a .5 +0000",
		"author a 1.1234567 +0000",
		"author a 9223372036854.775808 +0000",
		"author a -9223372036854.775809 +0000",
		"author a 18446744073709551616 +0000",
		"author a 1 0000",
		"author a 1 +",
		"author a 1 +01:00",
		"author a 1 +1234567",
		"author a 1 +0000\nauthor a 1 +0000",
		"Author a 1 +0000",
	};
	static const char *const tails[] = {
		"",
		"\n",
		"seq 1\n",
		"seq 0\n\n",
		"seq 01\n\n",
		"seq -1\n\n",
		"seq 1 \n\n",
		"seq 9007199254740992\n\n",
		"seq 99999999999999999999\n\n",
		"seq 2\ngen 2\n\n",
		"seq 2\ntime 1700000000.25\n\n",
		"seq 2\ntime 1\ngen 3\n\n",
		"seq 2\njump " ID_1 "\n\n", /* without parents */
		"seq 1\nencoding \n\n",
		"seq 1\nencoding x\nencoding y\n\n",
		"seq 1\n continued\n\n",
		"seq 1\nkey\n\n",
		"seq 1\nkey x\n",
		"seq 1\nseq 1\n\n",
		"seq 1\nx y\nparent " ID_1 "\n\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		auto_buf b = BUF_INIT;

		buf_addf(&b, "tree " ID_1 "\n%s\ncommitter c 1 +0000\nseq 1\n\n", heads[i]);
		refused(b.data);
	}
	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		auto_buf b = BUF_INIT;

		buf_addf(&b, START "%s", tails[i]);
		refused(b.data);
	}
	refused("tree 111\n" PEOPLE "seq 1\n\n");
	refused("tree ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB\n" PEOPLE "seq 1\n\n");
	refused("tree " ID_1 "\nparent " ID_A "\n" PEOPLE "seq 2\n\n"); /* no jump */
	refused("parent " ID_A "\n" PEOPLE "seq 2\n\n");
}

static void fields_that_cannot_be_written(void **state)
{
	static const struct {
		const char *extra;
		int code;
	} extras[] = {
		{ "key value", DRIFT_ERR_INVALID }, { " value\n", DRIFT_ERR_INVALID },
		{ "key\n", DRIFT_ERR_INVALID },     { "key a\n\nkey b\n", DRIFT_ERR_INVALID },
		{ "tree x\n", DRIFT_ERR_INVALID },  { "a b\nencoding x\n", DRIFT_ERR_INVALID },
		{ "\n", DRIFT_ERR_INVALID },
	};
	auto_free char *long_who = mem_calloc(COMMIT_WHO_MAX + 2, 1);
	struct drift_error err = { 0 };
	struct commit c = plain();
	auto_buf out = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(extras) / sizeof(extras[0]); i++) {
		c.extra = (struct text){ extras[i].extra, strlen(extras[i].extra) };
		assert_int_equal(commit_encode(&c, &out, &err), -1);
		assert_int_equal(err.code, extras[i].code);
	}
	c = plain();
	c.author.who = TEXT("a\nb");
	assert_int_equal(commit_encode(&c, &out, &err), -1);
	c.author.who = TEXT("");
	assert_int_equal(commit_encode(&c, &out, &err), -1);
	memset(long_who, 'x', COMMIT_WHO_MAX + 1);
	c.author.who = (struct text){ long_who, COMMIT_WHO_MAX + 1 };
	assert_int_equal(commit_encode(&c, &out, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_LIMIT);
	c.author.who.len--;
	assert_int_equal(commit_encode(&c, &out, &err), 0);
	c = plain();
	memcpy(c.author.zone, "12345678", 8);
	assert_int_equal(commit_encode(&c, &out, &err), -1);
	c = plain();
	c.jump.id = id_of(1);
	assert_int_equal(commit_encode(&c, &out, &err), -1);
	c = plain();
	c.seq = 0;
	assert_int_equal(commit_encode(&c, &out, &err), -1);
}

#define LINE_LENGTH 600

static struct commit *line_commit(struct commit *const *line, size_t n)
{
	struct commit c = plain(), *made = NULL;
	struct object_ref parent;

	c.committer.time_usec = (int64_t)(n % 7) * 1000000;
	if (n > 1) {
		const struct commit *p = line[n - 1];
		const struct commit *jump = NULL;
		size_t i;

		for (i = 1; i < n && p->parent_count; i++)
			if (oid_equal(&line[i]->id, &p->jump.id))
				jump = line[i];
		parent.id = p->id;
		parent.loc = n - 1;
		c.parents = &parent;
		c.parent_count = 1;
		commit_derive(&c, &line[n - 1], jump);
	} else {
		commit_derive(&c, NULL, NULL);
	}
	assert_int_equal(commit_new(&c, &made, NULL), 0);
	return made;
}

/* Along a line of commits: each jump goes where the rule of Myers says, and any ancestor is few steps away. */
static void jumps(void **state)
{
	struct commit *line[LINE_LENGTH + 1] = { NULL };
	size_t jump_of[LINE_LENGTH + 1] = { 0, 1 };
	size_t n, target;

	(void)state;
	for (n = 1; n <= LINE_LENGTH; n++) {
		line[n] = line_commit(line, n);
		assert_int_equal(line[n]->seq, n);
		assert_int_equal(line[n]->gen, n);
		if (n > 1) {
			size_t p = n - 1, j = jump_of[p], jj = jump_of[j];

			jump_of[n] = p - j == j - jj ? jj : p;
			assert_int_equal(commit_jump_seq(n), jump_of[n]);
			assert_true(oid_equal(&line[n]->jump.id, &line[jump_of[n]]->id));
			assert_true(line[n]->time_usec >= line[p]->time_usec);
		}
	}
	for (target = 1; target <= LINE_LENGTH; target++) {
		size_t at = LINE_LENGTH, steps = 0;

		for (; at > target; steps++)
			at = jump_of[at] >= target ? jump_of[at] : at - 1;
		assert_true(steps <= 3 * 10);
	}
	assert_int_equal(commit_jump_seq(0), 0);
	assert_int_equal(commit_jump_seq(1), 0);
	assert_true(commit_jump_seq(COMMIT_SEQ_MAX) == UINT64_C(1) << 52);
	for (n = 1; n <= LINE_LENGTH; n++)
		commit_unref(line[n]);
}

static void merge_rules(void **state)
{
	struct commit a = plain(), b = plain(), c = plain();
	struct commit *parents[2] = { &a, &b };

	(void)state;
	a.seq = 3;
	a.gen = 4;
	a.time_usec = 5;
	a.id = id_of(1);
	b.seq = 9;
	b.gen = 11;
	b.time_usec = INT64_MAX;
	c.parent_count = 2;
	commit_derive(&c, parents, NULL);
	assert_int_equal(c.seq, 4);
	assert_int_equal(c.gen, 12);
	assert_true(c.time_usec == INT64_MAX);
	assert_true(oid_equal(&c.jump.id, &a.id));
}

static void references(void **state)
{
	struct commit c = plain(), *made;

	(void)state;
	assert_int_equal(commit_new(&c, &made, NULL), 0);
	assert_ptr_equal(commit_ref(made), made);
	commit_unref(made);
	assert_string_equal(made->author.who.data, "billing");
	commit_unref(made);
	commit_unref(NULL);
}

static void assert_split(struct text who, const char *name, const char *mail)
{
	struct text n, m;

	who_split(&who, &n, &m);
	assert_int_equal(n.len, strlen(name));
	assert_memory_equal(n.data, name, n.len);
	assert_int_equal(m.len, strlen(mail));
	assert_memory_equal(m.data, mail, m.len);
}

static void who(void **state)
{
	(void)state;
	assert_split(TEXT("A U Thor <a@b>"), "A U Thor", "a@b");
	assert_split(TEXT("billing"), "billing", "");
	assert_split(TEXT(" <mail>"), "", "mail");
	assert_split(TEXT("x <>"), "x", "");
	assert_split(TEXT("x <y"), "x <y", "");
	assert_split(TEXT(""), "", "");
	assert_int_equal(who_check("A U Thor <a@b>", 14, NULL), 0);
	assert_int_equal(who_check("", 0, NULL), -1);
	assert_int_equal(who_check(" a", 2, NULL), -1);
	assert_int_equal(who_check("a ", 2, NULL), -1);
	assert_int_equal(who_check("a\nb", 3, NULL), -1);
	assert_int_equal(who_check("billing", 7, NULL), 0);
	assert_int_equal(who_check("<a@b>", 5, NULL), 0);
	assert_int_equal(who_check("A <b", 4, NULL), -1);
	assert_int_equal(who_check("A b>", 4, NULL), -1);
	assert_int_equal(who_check("A >b<", 5, NULL), -1);
	assert_int_equal(who_check("A <b> c", 7, NULL), -1);
	assert_int_equal(who_check("A <b<c>", 7, NULL), -1);
	assert_int_equal(who_check("a\0b", 3, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_commit),
		cmocka_unit_test(full_commit),
		cmocka_unit_test(odd_but_valid),
		cmocka_unit_test(malformed),
		cmocka_unit_test(fields_that_cannot_be_written),
		cmocka_unit_test(jumps),
		cmocka_unit_test(merge_rules),
		cmocka_unit_test(references),
		cmocka_unit_test(who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
