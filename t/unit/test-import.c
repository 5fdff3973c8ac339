/* Imports against a model: whatever the order of the lines, the blocks and the memory, the last document of a path stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "repo/import.h"
#include "repo/stage.h"
#include "t/unit/desk.h"

#define KEYS_MAX 600

/* What a collection is to hold: by number of key, NULL where it is absent. */
struct model {
	char *texts[KEYS_MAX];
};

static void model_set(struct model *m, uint64_t key, const char *text)
{
	free(m->texts[key]);
	m->texts[key] = text ? strdup(text) : NULL;
}

static void model_free(struct model *m)
{
	for (size_t i = 0; i < KEYS_MAX; i++)
		model_set(m, i, NULL);
}

static uint64_t model_count(const struct model *m)
{
	uint64_t count = 0;

	for (size_t i = 0; i < KEYS_MAX; i++)
		count += m->texts[i] != NULL;
	return count;
}

static void check_model(struct desk *d, const struct tree_root *tree, const struct model *m)
{
	struct descriptor descriptor = { .count = 0 };
	char path[32];

	for (size_t i = 0; i < KEYS_MAX; i++) {
		snprintf(path, sizeof(path), "c/key-00%03zu", i);
		desk_holds(d, tree, path, m->texts[i]);
	}
	desk_must(d, tree_collection(repo_nodes(d->repo), tree, "c", 1, &descriptor, &d->err));
	assert_int_equal(descriptor.count, model_count(m));
}

static int file_of(const char *text, size_t len)
{
	int fd = memfd_create("import", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static struct import_options options_for(enum import_format format, const char *text, size_t len)
{
	return (struct import_options){
		.format = format, .fd = file_of(text, len), .collection = "c", .key = "id", .actor = "tester"
	};
}

static struct import_options options_of(enum import_format format, const char *text)
{
	return options_for(format, text, strlen(text));
}

static struct import_result must_commit(struct desk *d, struct import_options *o)
{
	struct commit_options commit = desk_options();
	struct import_result result;

	desk_must(d, import_commit(d->repo, o, &commit, &result, &d->err));
	close(o->fd);
	return result;
}

static struct import_result must_stage(struct desk *d, struct import_options *o)
{
	struct import_result result;

	desk_must(d, import_stage(d->repo, o, &result, &d->err));
	close(o->fd);
	return result;
}

static void must_refuse(struct desk *d, struct import_options *o, enum drift_error_code code, const char *part)
{
	struct commit_options commit = desk_options();
	struct import_result result;
	struct tree_root before = desk_head_tree(d), after;

	desk_refused(d, import_commit(d->repo, o, &commit, &result, &d->err), code, part);
	assert_int_equal(lseek(o->fd, 0, SEEK_SET), 0);
	desk_refused(d, import_stage(d->repo, o, &result, &d->err), code, part);
	after = desk_head_tree(d);
	assert_true(oid_equal(&before.id, &after.id));
	close(o->fd);
}

/* ---- random streams ---- */

/* A document of that key, now and then a large one. Ten keys each share their first eight bytes. */
static void add_line(struct desk *d, struct model *m, uint64_t key, struct buf *text)
{
	auto_buf doc = BUF_INIT;
	uint64_t padding = desk_random(d, 20) ? desk_random(d, 60) : 1000 + desk_random(d, 3000);

	buf_addf(&doc, "{\"id\": \"key-00%03llu\", \"n\": %llu, \"p\": \"", (unsigned long long)key,
		 (unsigned long long)desk_random(d, 1000000));
	while (padding--)
		buf_add_byte(&doc, 'x');
	buf_add_str(&doc, "\"}");
	model_set(m, key, doc.data);
	buf_add(text, doc.data, doc.len);
	buf_add_str(text, desk_random(d, 10) ? "\n" : "\r\n\n");
}

/* Ascending stretches of random length, the keys of which overlap; or no order at all. */
static void add_lines(struct desk *d, struct model *m, size_t count, uint64_t stretch, struct buf *text)
{
	uint64_t key = desk_random(d, KEYS_MAX);

	while (count--) {
		if (!desk_random(d, stretch))
			key = desk_random(d, KEYS_MAX);
		else if (desk_random(d, 12))
			key = (key + 1 + desk_random(d, 3)) % KEYS_MAX;
		add_line(d, m, key, text);
	}
	assert_int_equal(buf_check(text, NULL), 0);
}

static struct import_options random_options(struct desk *d, const struct buf *text)
{
	struct import_options o = options_for(IMPORT_JSONL, text->data, text->len);

	o.block_len = 40 + desk_random(d, 3000);
	o.sort_len = desk_random(d, 2) ? 1 : 3000 + desk_random(d, 200000);
	return o;
}

static void random_streams_equal_the_model(void **state)
{
	static const uint64_t stretches[] = { 1, 2, 30, 1000 };
	struct desk *d = *state;
	struct model m = { { NULL } };

	for (int round = 0; round < 12; round++) {
		auto_buf text = BUF_INIT;
		struct import_options o;
		struct import_result result;
		struct tree_root tree;

		add_lines(d, &m, 1 + desk_random(d, 800), stretches[desk_random(d, ARRAY_SIZE(stretches))], &text);
		o = random_options(d, &text);
		result = must_commit(d, &o);
		assert_int_equal(result.skipped, 0);
		tree = desk_head_tree(d);
		check_model(d, &tree, &m);
	}
	model_free(&m);
}

static void replaced_collections_hold_nothing_else(void **state)
{
	struct desk *d = *state;

	desk_commit_put(d, "b/1", "other");
	desk_commit_put(d, "c0/1", "other");
	desk_commit_put(d, "c/odd", "goes");
	for (int round = 0; round < 8; round++) {
		struct model m = { { NULL } };
		auto_buf text = BUF_INIT;
		struct import_options o;
		struct tree_root tree;

		add_lines(d, &m, 1 + desk_random(d, 300), round % 2 ? 1 : 200, &text);
		o = random_options(d, &text);
		o.replace = true;
		must_commit(d, &o);
		tree = desk_head_tree(d);
		check_model(d, &tree, &m);
		model_free(&m);
	}
	desk_head_holds(d, "b/1", "other");
	desk_head_holds(d, "c0/1", "other");
	desk_head_holds(d, "c/odd", NULL);
}

static void staged_imports_equal_the_model(void **state)
{
	struct desk *d = *state;
	struct model m = { { NULL } };
	struct commit_options commit = desk_options();
	struct commit_result made;

	for (int round = 0; round < 6; round++) {
		auto_buf text = BUF_INIT;
		struct import_options o;
		struct tree_root tree;

		if (round == 4)
			model_free(&m);
		add_lines(d, &m, 1 + desk_random(d, 500), 1 + desk_random(d, 100), &text);
		o = random_options(d, &text);
		o.replace = round == 4;
		must_stage(d, &o);
		if (round % 2)
			continue;
		desk_must(d, stage_commit(d->repo, &commit, &made, &d->err));
		tree = desk_head_tree(d);
		check_model(d, &tree, &m);
	}
	model_free(&m);
}

/* What is staged again as the branch has it is not staged any more. */
static void staging_what_is_there_unstages(void **state)
{
	struct desk *d = *state;
	struct import_options o = options_of(IMPORT_JSONL, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
	uint64_t count;

	must_commit(d, &o);
	o = options_of(IMPORT_JSONL, "{\"id\":\"a\",\"x\":1}\n{\"id\":\"b\"}\n{\"id\":\"z\"}\n");
	o.block_len = 12;
	must_stage(d, &o);
	desk_must(d, stage_count(d->repo, &count, &d->err));
	assert_int_equal(count, 2);
	o = options_of(IMPORT_JSONL, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
	o.block_len = 12;
	must_stage(d, &o);
	desk_must(d, stage_count(d->repo, &count, &d->err));
	assert_int_equal(count, 1);
	o = options_of(IMPORT_JSONL, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
	o.replace = true;
	must_stage(d, &o);
	desk_must(d, stage_count(d->repo, &count, &d->err));
	assert_int_equal(count, 0);
}

/* ---- others write meanwhile ---- */

struct rival {
	struct desk *d;
	unsigned left; /* times to interfere */
	bool stage;
	const char *text;
};

static void interfere(void *data, uint64_t document_count, uint64_t input_len)
{
	struct rival *rival = data;
	auto_edits *e = NULL;

	(void)input_len;
	/* The first blocks are read before anything is built. */
	if (document_count < 100 || !rival->left)
		return;
	rival->left--;
	if (!rival->stage) {
		desk_commit_put(rival->d, "c/rival", rival->text);
		desk_commit_put(rival->d, "c/key-00001", "is overwritten");
		return;
	}
	e = desk_edits(rival->d);
	desk_put(rival->d, e, "c/rival", "stays");
	desk_must(rival->d, stage_add(rival->d->repo, e, NULL, "rival", NULL, &rival->d->err));
}

static void imports_go_on_top_of_others(void **state)
{
	struct desk *d = *state;
	auto_buf text = BUF_INIT;
	struct model m = { { NULL } };
	struct rival rival = { .d = d, .left = 1, .text = "stays" };
	struct import_options o;
	struct import_result result;

	desk_commit_put(d, "a/1", "one");
	for (uint64_t i = 0; i < 300; i++)
		add_line(d, &m, i, &text);
	o = options_for(IMPORT_JSONL, text.data, text.len);
	o.block_len = 1000;
	o.progress = interfere;
	o.data = &rival;
	result = must_commit(d, &o);
	assert_true(result.commit.rebased);
	desk_head_holds(d, "a/1", "one");
	desk_head_holds(d, "c/rival", "stays");
	desk_head_holds(d, "c/key-00001", m.texts[1]);
	desk_head_holds(d, "c/key-00299", m.texts[299]);
	/* The same, replacing all. */
	o = options_for(IMPORT_JSONL, text.data, text.len);
	o.block_len = 1000;
	o.replace = true;
	rival.left = 1;
	rival.text = "goes";
	o.progress = interfere;
	o.data = &rival;
	result = must_commit(d, &o);
	assert_true(result.commit.rebased);
	desk_head_holds(d, "c/rival", NULL);
	desk_head_holds(d, "c/key-00001", m.texts[1]);
	model_free(&m);
}

static void staging_goes_on_top_of_others(void **state)
{
	struct desk *d = *state;
	auto_buf text = BUF_INIT;
	struct model m = { { NULL } };
	struct rival rival = { .d = d, .left = 1, .stage = true };
	struct import_options o;
	struct commit_options commit = desk_options();
	struct commit_result made;

	for (uint64_t i = 0; i < 300; i++)
		add_line(d, &m, i, &text);
	o = options_for(IMPORT_JSONL, text.data, text.len);
	o.block_len = 1000;
	o.progress = interfere;
	o.data = &rival;
	must_stage(d, &o);
	desk_must(d, stage_commit(d->repo, &commit, &made, &d->err));
	assert_int_equal(made.changed_count, 301);
	desk_head_holds(d, "c/rival", "stays");
	desk_head_holds(d, "c/key-00007", m.texts[7]);
	model_free(&m);
}

/* ---- one by one ---- */

static void bad_input_changes_nothing(void **state)
{
	static const struct {
		enum import_format format;
		const char *text, *part;
	} cases[] = {
		{ IMPORT_JSONL, "{\"id\":1}\n\n{\"id\":2\n", "line 3: column 8: " },
		{ IMPORT_JSONL, "{\"id\":1}\n{\"no\":2}\n", "line 2: there is no field 'id'" },
		{ IMPORT_JSONL, "{\"id\":1}\n[2]\n", "line 2: this is no object" },
		{ IMPORT_JSONL, "{\"id\":null}\n", "line 1: the key 'id' is a null" },
		{ IMPORT_JSONL, "{\"id\":{}}\n", "line 1: the key 'id' is an object" },
		{ IMPORT_JSONL, "{\"id\":\"a//b\"}\n", "line 1: " },
		{ IMPORT_JSONL, "{\"id\":\"..\"}\n", "line 1: " },
		{ IMPORT_JSONL, "{\"id\":\"\"}\n", "line 1: " },
		{ IMPORT_JSONL, "{\"id\":\"a\\u0000\"}\n", "line 1: " },
		{ IMPORT_JSONL, "{\"id\":\"\xff\"}\n", "line 1: column" },
		{ IMPORT_JSON, "[{\"id\":1},\n{\"id\":2]", "line 2 column" },
		{ IMPORT_JSON, "[{\"id\":1},\n\n{\"x\":2}]", "line 3: there is no field 'id'" },
		{ IMPORT_JSON, "{\"id\":1}", "line 1 column 1" },
		{ IMPORT_JSON, "[{\"id\":1}", "the text ends within the array" },
		{ IMPORT_CSV, "a,b\n1,2\n", "line 1: there is no column 'id'" },
		{ IMPORT_CSV, "id,b,b\n1,2,3\n", "line 1: the column 'b' is there twice" },
		{ IMPORT_CSV, "id,b\n1,2\n3\n", "line 3: 1 fields, but 2 columns" },
		{ IMPORT_CSV, "id,b\n1,\"x\ny\"\n3,\"z", "line 4: the quoted field that begins on line 4" },
		{ IMPORT_CSV, "id,b\n1,x\"y\n", "line 2: a quote within" },
		{ IMPORT_CSV, "id,b\n1,\"x\"y\n", "line 2: more text behind the closing quote" },
		{ IMPORT_CSV, "id,b\n1,\xff\n", "line 2: the field 'b' is not UTF-8" },
	};
	struct desk *d = *state;

	desk_commit_put(d, "c/0", "before");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct import_options o = options_of(cases[i].format, cases[i].text);

		must_refuse(d, &o, DRIFT_ERR_INVALID, cases[i].part);
		o = options_of(cases[i].format, cases[i].text);
		o.block_len = 7;
		must_refuse(d, &o, DRIFT_ERR_INVALID, cases[i].part);
	}
}

static void count_bad(void *data, const char *sentence)
{
	assert_non_null(strstr(sentence, "line "));
	++*(unsigned *)data;
}

static void bad_lines_can_be_left_out(void **state)
{
	struct desk *d = *state;
	unsigned reported = 0;

	for (size_t block_len = 0; block_len < 40; block_len += 13) {
		struct import_options o = options_of(IMPORT_JSONL, "{\"id\":1}\nnonsense\n{\"x\":1}\n{\"id\":2}\n");
		struct import_result result;

		o.skip_bad = true;
		o.replace = true;
		o.block_len = block_len;
		o.prefix = (const char *[]){ "a", "b", "c", "d" }[block_len / 13];
		o.bad = count_bad;
		o.data = &reported;
		result = must_commit(d, &o);
		assert_int_equal(result.imported, 2);
		assert_int_equal(result.skipped, 2);
	}
	assert_int_equal(reported, 8);
	desk_head_holds(d, "c/a1", "{\"id\":1}");
	desk_head_holds(d, "c/d2", "{\"id\":2}");
}

static void keys_are_found(void **state)
{
	struct desk *d = *state;
	struct import_options o =
		options_of(IMPORT_JSONL,
			   "\xef\xbb\xbf{\"id\":1e2}\n{\"id\":\"\\u00e4/x\"}\n{\"id\":-0}\n{\"id\":9007199254740993}");

	must_commit(d, &o);
	desk_head_holds(d, "c/100", "{\"id\":1e2}");
	desk_head_holds(d, "c/\xc3\xa4/x", "{\"id\":\"\\u00e4/x\"}");
	desk_head_holds(d, "c/0", "{\"id\":-0}");
	desk_head_holds(d, "c/9007199254740993", "{\"id\":9007199254740993}");
	o = options_of(IMPORT_JSONL, "{\"a\":{\"b/c\":[7,\"k\"]}}");
	o.key = "/a/b~1c/1";
	o.prefix = "p/";
	must_commit(d, &o);
	desk_head_holds(d, "c/p/k", "{\"a\":{\"b/c\":[7,\"k\"]}}");
	o = options_of(IMPORT_JSONL, "{\"id\":\"x/y\"}\n{\"id\":\"z\"}");
	o.collection = "";
	must_commit(d, &o);
	desk_head_holds(d, "x/y", "{\"id\":\"x/y\"}");
	desk_head_holds(d, "z", "{\"id\":\"z\"}");
	o = options_of(IMPORT_JSONL, "{\"id\":\".drift/schema/c\"}");
	o.collection = "";
	must_refuse(d, &o, DRIFT_ERR_INVALID, "drift's own");
}

static void csv_becomes_objects(void **state)
{
	struct desk *d = *state;
	const char *text =
		"\xef\xbb\xbfid,\"b \"\"x\"\"\",a\r\n1,\"q \"\"w\"\",\r\n\",2.50\r\n\r\n2,,\"3\"\n03,null,true";
	struct import_options o = options_of(IMPORT_CSV, text);

	must_commit(d, &o);
	desk_head_holds(d, "c/1", "{\"a\":\"2.50\",\"b \\\"x\\\"\":\"q \\\"w\\\",\\r\\n\",\"id\":\"1\"}");
	desk_head_holds(d, "c/2", "{\"a\":\"3\",\"b \\\"x\\\"\":\"\",\"id\":\"2\"}");
	desk_head_holds(d, "c/03", "{\"a\":\"true\",\"b \\\"x\\\"\":\"null\",\"id\":\"03\"}");
	o = options_of(IMPORT_CSV, text);
	o.types = true;
	o.block_len = 3;
	must_commit(d, &o);
	desk_head_holds(d, "c/1", "{\"a\":2.5,\"b \\\"x\\\"\":\"q \\\"w\\\",\\r\\n\",\"id\":1}");
	desk_head_holds(d, "c/2", "{\"a\":\"3\",\"id\":2}");
	desk_head_holds(d, "c/03", "{\"a\":true,\"b \\\"x\\\"\":null,\"id\":\"03\"}");
	o = options_of(IMPORT_CSV, "id\ta,b\n1\tx,y\n");
	o.delimiter = '\t';
	must_commit(d, &o);
	desk_head_holds(d, "c/1", "{\"a,b\":\"x,y\",\"id\":\"1\"}");
}

static void elements_are_kept_as_they_are(void **state)
{
	struct desk *d = *state;

	for (size_t block_len = 0; block_len < 4; block_len++) {
		struct import_options o = options_of(
			IMPORT_JSON, " [ {\"id\" : 1,\n\"a\":[1, 2]} ,\n{\"id\":\"x\"}, {\"id\":1.0,\"b\":2} ]\n");
		struct import_result result;

		o.block_len = block_len;
		o.prefix = (const char *[]){ "a", "b", "c", "d" }[block_len];
		result = must_commit(d, &o);
		assert_int_equal(result.imported, 3);
		assert_int_equal(result.commit.changed_count, 2);
	}
	desk_head_holds(d, "c/a1", "{\"id\":1.0,\"b\":2}");
	desk_head_holds(d, "c/dx", "{\"id\":\"x\"}");
}

static void wrapped_documents_have_their_paths(void **state)
{
	struct desk *d = *state;
	struct import_options o = options_of(
		IMPORT_JSONL,
		"{\"path\":\"z/1\",\"text\":\"plain\\n\"}\n{\"path\":\"a/1\",\"base64\":\"AAE=\"}\n"
		"{\"path_b64\":\"Yf8=\",\"json\":{\"b\":1, \"a\":2}}\n{\"path\":\"l\",\"text\":\"to\",\"mode\":40960}\n"
		"{\"path\":\"m\",\"gitlink\":\"0123456789012345678901234567890123456789\",\"mode\":57344}\n");
	struct tree_root tree;

	o.collection = "";
	o.wrapped = true;
	o.block_len = 30;
	must_commit(d, &o);
	desk_head_holds(d, "z/1", "plain\n");
	desk_head_holds(d, "a\xff", "{\"a\":2,\"b\":1}");
	desk_head_holds(d, "l", "to");
	desk_head_holds(d, "m", "0123456789012345678901234567890123456789");
	tree = desk_head_tree(d);
	assert_false(tree_is_empty(&tree));
	o = options_of(IMPORT_JSONL, "{\"path\":\"a\",\"text\":\"x\",\"base64\":\"\"}\n");
	o.collection = "";
	o.wrapped = true;
	must_refuse(d, &o, DRIFT_ERR_INVALID, "line 1: one of 'text'");
	o = options_of(IMPORT_JSONL, "{\"text\":\"x\"}\n");
	o.collection = "";
	o.wrapped = true;
	must_refuse(d, &o, DRIFT_ERR_INVALID, "line 1: one member 'path'");
}

static void nothing_is_nothing(void **state)
{
	struct desk *d = *state;
	struct commit_options commit = desk_options();
	struct import_result result;
	struct import_options o = options_of(IMPORT_JSONL, "\n \r\n");

	desk_refused(d, import_commit(d->repo, &o, &commit, &result, &d->err), DRIFT_ERR_NOTHING, NULL);
	close(o.fd);
	o = options_of(IMPORT_JSONL, "");
	must_stage(d, &o);
	o = options_of(IMPORT_JSONL, "{\"id\":1}");
	must_commit(d, &o);
	o = options_of(IMPORT_CSV, "id\n");
	o.replace = true;
	must_commit(d, &o);
	desk_head_holds(d, "c/1", NULL);
}

/* Someone who never writes does not keep a failed import from ending. */
static void a_failed_import_does_not_wait(void **state)
{
	struct desk *d = *state;
	struct commit_options commit = desk_options();
	struct import_options o = { .format = IMPORT_JSONL,
				    .collection = "c",
				    .key = "id",
				    .temp_dir = "/nowhere",
				    .block_len = 8,
				    .sort_len = 1 };
	struct import_result result;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	for (int i = 9; i >= 0; i--)
		assert_int_equal(dprintf(ends[1], "{\"id\":%d}\n", i), 9);
	o.fd = ends[0];
	desk_refused(d, import_commit(d->repo, &o, &commit, &result, &d->err), DRIFT_ERR_NOT_FOUND, "put aside");
	close(ends[0]);
	close(ends[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_streams_equal_the_model),
		TEST(replaced_collections_hold_nothing_else),
		TEST(staged_imports_equal_the_model),
		TEST(staging_what_is_there_unstages),
		TEST(imports_go_on_top_of_others),
		TEST(staging_goes_on_top_of_others),
		TEST(bad_input_changes_nothing),
		TEST(bad_lines_can_be_left_out),
		TEST(keys_are_found),
		TEST(csv_becomes_objects),
		TEST(elements_are_kept_as_they_are),
		TEST(wrapped_documents_have_their_paths),
		TEST(nothing_is_nothing),
		TEST(a_failed_import_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
