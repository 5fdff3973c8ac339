/* Line diffs against the definition, merges against git's where it is installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/merge3.h"
#include "base/spawn.h"
#include "base/textdiff.h"

enum { LINES_MAX = 40 };

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 33) % n;
}

static int seed(void **state)
{
	const char *given = getenv("SEED");

	(void)state;
	random_state = (uint64_t)time(NULL) * 65536 + (uint64_t)getpid();
	if (given)
		random_state = strtoull(given, NULL, 10);
	print_message("# SEED=%llu\n", (unsigned long long)random_state);
	return 0;
}

static struct text text_of(const struct buf *b)
{
	return (struct text){ b->data, b->len };
}

static void random_text(struct buf *out, uint32_t alphabet)
{
	uint32_t count = below(LINES_MAX), i;

	buf_clear(out);
	for (i = 0; i < count; i++)
		buf_addf(out, "line %u\n", below(alphabet));
	if (out->len && !below(4))
		buf_truncate(out, out->len - 1);
}

/* The least number of added and removed lines, by the table of all prefixes. */
static size_t shortest(const struct textdiff *d)
{
	static size_t table[LINES_MAX + 1][LINES_MAX + 1];
	size_t n = textdiff_a_count(d), m = textdiff_b_count(d), i, j;

	for (i = 0; i <= n; i++)
		for (j = 0; j <= m; j++) {
			struct text x, y;

			if (!i || !j) {
				table[i][j] = i + j;
				continue;
			}
			x = textdiff_a_line(d, i - 1);
			y = textdiff_b_line(d, j - 1);
			table[i][j] = 1 + (table[i - 1][j] < table[i][j - 1] ? table[i - 1][j]
									     : table[i][j - 1]);
			if (x.len == y.len && !memcmp(x.data, y.data, x.len))
				table[i][j] = table[i - 1][j - 1];
		}
	return table[n][m];
}

/* Make b from a and the changes; returns the script's length. */
static size_t apply(const struct textdiff *d, struct buf *out)
{
	size_t count, i, j, line = 0, length = 0;
	const struct textdiff_change *c = textdiff_changes(d, &count);

	for (i = 0; i < count; i++) {
		assert_true(c[i].a_count + c[i].b_count > 0);
		assert_true(!i || c[i].a_start > line);
		for (; line < c[i].a_start; line++)
			buf_add(out, textdiff_a_line(d, line).data, textdiff_a_line(d, line).len);
		line += c[i].a_count;
		for (j = c[i].b_start; j < c[i].b_start + c[i].b_count; j++)
			buf_add(out, textdiff_b_line(d, j).data, textdiff_b_line(d, j).len);
		length += c[i].a_count + c[i].b_count;
	}
	for (; line < textdiff_a_count(d); line++)
		buf_add(out, textdiff_a_line(d, line).data, textdiff_a_line(d, line).len);
	return length;
}

static void shortest_scripts(void **state)
{
	auto_buf a = BUF_INIT, b = BUF_INIT, made = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		uint32_t alphabet = 1 + below(12);
		struct textdiff *d = NULL;

		random_text(&a, alphabet);
		random_text(&b, alphabet);
		buf_clear(&made);
		assert_int_equal(textdiff_create(text_of(&a), text_of(&b), &d, NULL), 0);
		assert_int_equal(apply(d, &made), shortest(d));
		assert_string_equal(made.data, b.data);
		textdiff_free(d);
	}
}

/* Texts without a short script: the heuristic's answer is right, if not the shortest. */
static void hopeless_texts(void **state)
{
	auto_buf a = BUF_INIT, b = BUF_INIT, made = BUF_INIT;
	struct textdiff *d = NULL;
	int i;

	(void)state;
	for (i = 0; i < 6000; i++) {
		buf_addf(&a, "%u\n", below(300));
		buf_addf(&b, "%u\n", below(300));
	}
	assert_int_equal(textdiff_create(text_of(&a), text_of(&b), &d, NULL), 0);
	assert_true(apply(d, &made) < 11900);
	assert_int_equal(made.len, b.len);
	assert_memory_equal(made.data, b.data, b.len);
	textdiff_free(d);
}

static void check_unified(const char *a, const char *b, size_t context, const char *want)
{
	struct textdiff_style style = { .context = context };
	struct textdiff *d = NULL;
	auto_buf out = BUF_INIT;

	assert_int_equal(textdiff_create((struct text){ a, strlen(a) }, (struct text){ b, strlen(b) },
					 &d, NULL),
			 0);
	assert_int_equal(textdiff_unified(d, &style, &out, NULL), 0);
	assert_string_equal(out.data, want);
	textdiff_free(d);
}

static void unified(void **state)
{
	(void)state;
	check_unified("a\n", "a\n", 3, "");
	check_unified("", "a\n", 3, "@@ -0,0 +1 @@\n+a\n");
	check_unified("a\nb\n", "", 3, "@@ -1,2 +0,0 @@\n-a\n-b\n");
	check_unified("a\nb", "a\nb\n", 3,
		      "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
	check_unified("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\nx\n3\n4\n5\n6\n7\ny\n9\n", 1,
		      "@@ -1,3 +1,3 @@\n 1\n-2\n+x\n 3\n@@ -7,3 +7,3 @@\n 7\n-8\n+y\n 9\n");
	check_unified("1\n2\n3\n4\n5\n", "x\n2\n3\n4\ny\n", 1,
		      "@@ -1,2 +1,2 @@\n-1\n+x\n 2\n@@ -4,2 +4,2 @@\n 4\n-5\n+y\n");
	check_unified("1\n2\n3\n4\n", "x\n2\n3\ny\n", 1,
		      "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n-4\n+y\n");
	check_unified("1\n2\n", "1\nx\n2\n", 0, "@@ -1,0 +2 @@\n+x\n");
	/* Added lines come as late as they can, as a reader expects of a new last item. */
	check_unified("a {\n}\n", "a {\n}\nb {\n}\n", 3, "@@ -1,2 +1,4 @@\n a {\n }\n+b {\n+}\n");
}

static void colours_and_escapes(void **state)
{
	struct textdiff_style style = { 3, "<h>", "<r>", "<a>", "</>", true };
	struct textdiff *d = NULL;
	auto_buf out = BUF_INIT;

	(void)state;
	assert_int_equal(textdiff_create((struct text){ "a\x1b\n", 3 }, (struct text){ "b\n", 2 }, &d,
					 NULL),
			 0);
	assert_int_equal(textdiff_unified(d, &style, &out, NULL), 0);
	assert_string_equal(out.data, "<h>@@ -1 +1 @@</>\n<r>-a\\x1B</>\n<a>+b</>\n");
	textdiff_free(d);
	assert_true(text_is_binary((struct text){ "a\0b", 3 }));
	assert_false(text_is_binary((struct text){ "ab", 2 }));
	assert_false(text_is_binary((struct text){ NULL, 0 }));
}

static const struct merge3_labels labels = { "ours", "base", "theirs" };

static size_t merge(const struct buf *base, const struct buf *ours, const struct buf *theirs,
		    struct buf *out)
{
	struct merge3_input input = { text_of(base), text_of(ours), text_of(theirs) };
	struct merge3 m;
	size_t clashes;

	buf_clear(out);
	assert_int_equal(merge3_run(&input, &m, NULL), 0);
	assert_int_equal(merge3_append(&m, &labels, out, NULL), 0);
	clashes = m.clash_count;
	merge3_release(&m);
	return clashes;
}

static void check_merge(const char *base, const char *ours, const char *theirs, const char *want)
{
	auto_buf b = BUF_INIT, o = BUF_INIT, t = BUF_INIT, out = BUF_INIT;

	buf_add_str(&b, base);
	buf_add_str(&o, ours);
	buf_add_str(&t, theirs);
	merge(&b, &o, &t, &out);
	assert_string_equal(out.data, want);
}

static void merges(void **state)
{
	(void)state;
	check_merge("1\n2\n3\n", "x\n2\n3\n", "1\n2\ny\n", "x\n2\ny\n");
	check_merge("1\n2\n3\n", "x\n2\n3\n", "x\n2\n3\n4\n", "x\n2\n3\n4\n");
	check_merge("1\n2\n", "1\nx\n", "1\ny\n",
		    "1\n<<<<<<< ours\nx\n||||||| base\n2\n=======\ny\n>>>>>>> theirs\n");
	check_merge("1\n2\n", "x\n2\n", "1\ny\n",
		    "<<<<<<< ours\nx\n2\n||||||| base\n1\n2\n=======\n1\ny\n>>>>>>> theirs\n");
	check_merge("", "a", "b", "<<<<<<< ours\na\n||||||| base\n=======\nb\n>>>>>>> theirs\n");
	check_merge("", "a", "a", "a");
	check_merge("1\n2", "1\n2", "0\n1\n2", "0\n1\n2");
	check_merge("", "", "", "");
}

static void merge_properties(void **state)
{
	auto_buf base = BUF_INIT, a = BUF_INIT, b = BUF_INIT, x = BUF_INIT, y = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		uint32_t alphabet = 1 + below(30);
		size_t clashes;

		random_text(&base, alphabet);
		random_text(&a, alphabet);
		random_text(&b, alphabet);
		clashes = merge(&base, &a, &b, &x);
		assert_int_equal(merge(&base, &b, &a, &y), clashes);
		assert_int_equal(x.len, y.len);
		if (!clashes)
			assert_string_equal(x.data, y.data);
		assert_int_equal(merge(&base, &base, &b, &x), 0);
		assert_string_equal(x.data, b.data);
		assert_int_equal(merge(&base, &a, &base, &x), 0);
		assert_string_equal(x.data, a.data);
		assert_int_equal(merge(&base, &a, &a, &x), 0);
		assert_string_equal(x.data, a.data);
	}
}

/* Edits in which every line is unlike any other leave no choice in how to align them. */
static void random_edit(struct buf *out, uint32_t count)
{
	static unsigned fresh;
	uint32_t i;

	buf_clear(out);
	for (i = 0; i < count; i++) {
		uint32_t what = below(12);

		if (what == 0)
			buf_addf(out, "new %u\n", fresh++);
		if (what == 1)
			buf_addf(out, "changed %u\n", fresh++);
		else if (what != 2)
			buf_addf(out, "line %u\n", i);
	}
}

static int run_git(struct buf *out)
{
	static const char command[] =
		"git merge-file -p --diff3 -L ours -L base -L theirs ours base theirs";
	const struct spawn_options options = { .pipes = SPAWN_READ };
	struct spawn_pipe child;
	int status = -1;

	buf_clear(out);
	if (spawn_start(command, &options, &child, NULL) < 0)
		return -1;
	assert_int_equal(file_read_all(child.from_child, 1 << 20, out, NULL), 0);
	assert_int_equal(spawn_finish(&child, &status, NULL), 0);
	return status;
}

static void merges_as_git_does(void **state)
{
	char dir[] = "/tmp/drift-test-textdiff-XXXXXX";
	auto_buf base = BUF_INIT, ours = BUF_INIT, theirs = BUF_INIT, x = BUF_INIT, y = BUF_INIT;
	int i, status = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	for (i = 0; i < 60 && status >= 0 && status < 127; i++) {
		uint32_t count = below(LINES_MAX), line;
		size_t clashes;

		buf_clear(&base);
		for (line = 0; line < count; line++)
			buf_addf(&base, "line %u\n", line);
		random_edit(&ours, count);
		random_edit(&theirs, count);
		assert_int_equal(file_replace("base", base.data, base.len, NULL), 0);
		assert_int_equal(file_replace("ours", ours.data, ours.len, NULL), 0);
		assert_int_equal(file_replace("theirs", theirs.data, theirs.len, NULL), 0);
		status = run_git(&y);
		if (status < 0 || status >= 127)
			break;
		clashes = merge(&base, &ours, &theirs, &x);
		assert_string_equal(x.data, y.data);
		assert_int_equal(clashes, status);
	}
	(void)!file_unlink("base", NULL);
	(void)!file_unlink("ours", NULL);
	(void)!file_unlink("theirs", NULL);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0);
	if (!i)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shortest_scripts), cmocka_unit_test(hopeless_texts),
		cmocka_unit_test(unified),	    cmocka_unit_test(colours_and_escapes),
		cmocka_unit_test(merges),	    cmocka_unit_test(merge_properties),
		cmocka_unit_test(merges_as_git_does),
	};

	return cmocka_run_group_tests(tests, seed, NULL);
}
