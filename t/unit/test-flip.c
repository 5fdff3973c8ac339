/*
 * Each byte of a small store changed, and each file cut at each length: either it makes no difference or fsck names it,
 * and nothing that is read is wrong. A sample by default; all with FLIP_ALL set (see t/torture/flip.sh).
 */
#include <ftw.h>
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
#include "repo/gc.h"
#include "repo/repair.h"
#include "t/unit/desk.h"

#define FILES_MAX 16
#define ZEROS_KEPT 24
#define COMMITS_MAX 32
#define DOCUMENTS_MAX 16

/* What a good store holds. */
struct version {
	struct oid id;
	uint64_t seq;
	struct {
		char path[32];
		struct buf bytes;
	} documents[DOCUMENTS_MAX];
	size_t count;
};

struct model {
	struct version versions[COMMITS_MAX];
	size_t count;
	struct {
		char name[64];
		struct oid id;
	} refs[8];
	size_t ref_count;
};

struct stored_file {
	char name[128];
	struct buf bytes;
};

struct flip {
	char dir[64];
	struct stored_file files[FILES_MAX];
	size_t file_count;
	struct model model;
	bool all;
};

static void must(int r, const struct drift_error *err)
{
	if (r < 0)
		fail_msg("%s", err->message);
}

/* --- the good store --- */

static void add_document(struct version *v, struct repo *repo, const struct path *path, const struct document *doc)
{
	struct drift_error err;
	struct buf text = BUF_INIT;

	assert_true(v->count < DOCUMENTS_MAX);
	path_format(path, &text);
	snprintf(v->documents[v->count].path, sizeof(v->documents[0].path), "%s", text.data);
	buf_release(&text);
	buf_init(&v->documents[v->count].bytes);
	if (doc->form == DOCUMENT_BLOB)
		must(odb_blob(repo_odb(repo), &doc->blob, doc->loc, &v->documents[v->count].bytes, &err), &err);
	else
		buf_add(&v->documents[v->count].bytes, doc->data, (size_t)doc->len);
	v->count++;
}

static void learn_version(struct model *m, struct repo *repo, const struct commit *c)
{
	struct version *v = &m->versions[m->count++];
	struct tree_root root = { c->tree.id, c->tree.loc };
	struct tree_cursor *cursor;
	struct drift_error err;
	struct document doc;
	struct path path;
	int r;

	assert_true(m->count < COMMITS_MAX);
	v->id = c->id;
	v->seq = c->seq;
	v->count = 0;
	must(tree_cursor_open(repo_nodes(repo), &root, "", 0, &cursor, &err), &err);
	while ((r = tree_cursor_next(cursor, &path, &doc, &err)) > 0)
		add_document(v, repo, &path, &doc);
	must(r, &err);
	tree_cursor_free(cursor);
}

static int learn_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct model *m = data;

	(void)err;
	snprintf(m->refs[m->ref_count].name, sizeof(m->refs[0].name), "%s", name);
	m->refs[m->ref_count++].id = value->kind == REF_OBJECT ? value->object.id : (struct oid){ { 0 } };
	return 0;
}

static int learn_commit(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	void **both = data;
	struct commit *c;

	if (kind != OBJECT_COMMIT)
		return 0;
	must(odb_commit(repo_odb(both[1]), id, loc, &c, err), err);
	learn_version(both[0], both[1], c);
	commit_unref(c);
	return 0;
}

static void learn(struct flip *f)
{
	struct repo_options options = { .exact = true };
	struct drift_error err;
	struct repo *repo;
	void *both[2];

	must(repo_open(f->dir, &options, &repo, &err), &err);
	both[0] = &f->model;
	both[1] = repo;
	must(odb_each_object(repo_odb(repo), learn_commit, both, &err), &err);
	must(odb_ref_each(repo_odb(repo), "", learn_ref, &f->model, &err), &err);
	repo_close(repo);
}

static void write_file(const struct flip *f, const char *name, const void *data, size_t len)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/.drift/%s", f->dir, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	if (len)
		assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Take a file over, without the zeros written ahead but some. */
static void keep_file(struct flip *f, const char *from, const char *name)
{
	struct stored_file *file = &f->files[f->file_count++];
	struct drift_error err;
	size_t len;

	assert_true(f->file_count <= FILES_MAX);
	snprintf(file->name, sizeof(file->name), "%s", name);
	buf_init(&file->bytes);
	must(file_read_whole(from, (uint64_t)1 << 30, &file->bytes, &err), &err);
	for (len = file->bytes.len; len && !file->bytes.data[len - 1]; len--)
		;
	if (file->bytes.len > len + ZEROS_KEPT)
		buf_truncate(&file->bytes, len + ZEROS_KEPT);
	write_file(f, name, file->bytes.data, file->bytes.len);
}

static void keep_files(struct flip *f, const char *store, const char *folder)
{
	struct file_names names;
	struct file_info info;
	struct drift_error err;
	char path[256], name[128];
	size_t i;

	snprintf(path, sizeof(path), "%s/.drift/%s", f->dir, folder);
	must(file_make_directories(path, &err), &err);
	snprintf(path, sizeof(path), "%s/.drift/%s", store, folder);
	must(file_list(path, 100, &names, &err), &err);
	for (i = 0; i < names.count; i++) {
		snprintf(name, sizeof(name), "%s%s%s", folder, *folder ? "/" : "", names.items[i]);
		snprintf(path, sizeof(path), "%s/.drift/%s", store, name);
		must(file_look(path, &info, &err), &err);
		if (info.kind == FILE_REGULAR)
			keep_file(f, path, name);
	}
	file_names_release(&names);
}

static void make_store(struct desk *d)
{
	struct edits *e;
	char path[16], text[2000];
	size_t i;

	for (i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "c/%zu", i % 4);
		snprintf(text, sizeof(text), "{\"value\":%zu}", i);
		desk_commit_put(d, path, text);
	}
	for (i = 0; i + 1 < sizeof(text); i++)
		text[i] = (char)(33 + desk_random(d, 90));
	text[i] = '\0';
	desk_commit_put(d, "d/large", text);
	text[700] = '!';
	e = desk_edits(d);
	desk_put(d, e, "d/large", text);
	desk_remove(d, e, "c/2");
	desk_commit(d, e);
}

static void make_packed_store(struct desk *d)
{
	const struct gc_options options = { .prune_before_usec = INT64_MIN };
	struct gc_result result;

	make_store(d);
	desk_must(d, gc_run(d->repo, &options, &result, &d->err));
	assert_true(result.ran);
	desk_reopen(d);
	desk_commit_put(d, "c/1", "\"after\"");
}

static int setup_store(void **state, void (*make)(struct desk *d))
{
	struct flip *f = calloc(1, sizeof(*f));
	void *desk_state = NULL;
	struct desk *d;

	assert_non_null(f);
	f->all = getenv("FLIP_ALL") != NULL;
	desk_setup(&desk_state);
	d = desk_state;
	make(d);
	snprintf(f->dir, sizeof(f->dir), "/dev/shm/drift-flip-XXXXXX");
	if (!mkdtemp(f->dir)) {
		snprintf(f->dir, sizeof(f->dir), "/tmp/drift-flip-XXXXXX");
		assert_non_null(mkdtemp(f->dir));
	}
	repo_close(d->repo);
	d->repo = NULL;
	keep_files(f, d->dir, "");
	if (make == make_packed_store)
		keep_files(f, d->dir, "pack");
	desk_teardown(&desk_state);
	learn(f);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return setup_store(state, make_store);
}

static int setup_packed(void **state)
{
	return setup_store(state, make_packed_store);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

static void remove_folder(const struct flip *f, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/.drift/%s", f->dir, name);
	assert_int_equal(nftw(path, remove_one, 10, FTW_DEPTH | FTW_PHYS), 0);
}

static int teardown(void **state)
{
	struct flip *f = *state;
	size_t i, k;

	for (i = 0; i < f->file_count; i++)
		buf_release(&f->files[i].bytes);
	for (i = 0; i < f->model.count; i++)
		for (k = 0; k < f->model.versions[i].count; k++)
			buf_release(&f->model.versions[i].documents[k].bytes);
	assert_int_equal(nftw(f->dir, remove_one, 10, FTW_DEPTH | FTW_PHYS), 0);
	free(f);
	return 0;
}

/* --- what a store holds compared with the model --- */

static void remove_derived(const struct flip *f)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/.drift/cache/index", f->dir);
	(void)!file_unlink(path, NULL);
}

/* Bytes that are read are right, or there are none. */
static bool holds_document(struct repo *repo, const struct tree_root *root, const struct version *v, size_t i)
{
	auto_node *node = NULL;
	auto_buf bytes = BUF_INIT;
	struct document doc;
	struct path path;
	int r;

	path_split(v->documents[i].path, strlen(v->documents[i].path), &path);
	r = tree_get(repo_nodes(repo), root, &path, &node, &doc, NULL);
	if (r < 0)
		return false;
	assert_int_equal(r, 1);
	if (doc.form == DOCUMENT_BLOB) {
		if (odb_blob(repo_odb(repo), &doc.blob, doc.loc, &bytes, NULL) < 0)
			return false;
	} else {
		buf_add(&bytes, doc.data, (size_t)doc.len);
	}
	assert_int_equal(bytes.len, v->documents[i].bytes.len);
	assert_memory_equal(bytes.data, v->documents[i].bytes.data, bytes.len);
	return true;
}

static bool holds_version(struct repo *repo, const struct version *v)
{
	auto_commit *c = NULL;
	struct tree_root root;
	bool whole = true;
	size_t i;

	if (odb_commit(repo_odb(repo), &v->id, LOC_UNKNOWN, &c, NULL) < 0)
		return false;
	assert_int_equal(c->seq, v->seq);
	root = (struct tree_root){ c->tree.id, c->tree.loc };
	for (i = 0; i < v->count; i++)
		whole = holds_document(repo, &root, v, i) && whole;
	return whole;
}

static bool holds_all(struct repo *repo, const struct model *m)
{
	struct ref_value value;
	bool whole = true;
	size_t i;

	for (i = 0; i < m->count; i++)
		whole = holds_version(repo, &m->versions[i]) && whole;
	for (i = 0; i < m->ref_count; i++)
		if (odb_ref_read(repo_odb(repo), m->refs[i].name, false, &value, NULL) < 0 ||
		    (!oid_is_zero(&m->refs[i].id) && !oid_equal(&value.object.id, &m->refs[i].id)))
			whole = false;
	return whole;
}

struct told {
	size_t wrong;
};

static int count_fault(void *data, const struct fsck_fault *fault, struct drift_error *err)
{
	struct told *told = data;

	(void)err;
	assert_true(strlen(fault->sentence) > 10);
	if (fault->severity == FSCK_NOTE)
		return 0;
	told->wrong++;
	if (!fault->file)
		fail_msg("no file is named: %s", fault->sentence);
	return 0;
}

enum outcome { SOUND, NAMED, REFUSED };

/* cut: an older state is what a shorter journal holds, and nobody can know better. */
static enum outcome judge(const struct flip *f, bool cut)
{
	struct repo_options options = { .exact = true, .no_sync = true };
	struct told told = { 0 };
	struct fsck_options check = { .full = true, .threads = 1, .fault = count_fault, .data = &told };
	struct fsck_result result;
	struct drift_error err;
	struct repo *repo;
	bool whole;

	if (repo_open(f->dir, &options, &repo, &err) < 0) {
		assert_true(err.code == DRIFT_ERR_CORRUPT || err.code == DRIFT_ERR_UNSUPPORTED ||
			    err.code == DRIFT_ERR_NOT_FOUND || err.code == DRIFT_ERR_INVALID);
		/* The file is named. */
		if (!strstr(err.message, f->dir) && !strstr(err.message, "journal"))
			fail_msg("refused without naming a file: %s", err.message);
		return REFUSED;
	}
	must(fsck_run(repo, &check, &result, &err), &err);
	assert_int_equal(result.faults[FSCK_DAMAGE] + result.faults[FSCK_LOST], told.wrong);
	whole = holds_all(repo, &f->model);
	repo_close(repo);
	if (!whole && !told.wrong && !cut)
		fail_msg("something is missing, and fsck does not say so");
	return told.wrong ? NAMED : SOUND;
}

static struct stored_file *file_named(struct flip *f, const char *name)
{
	size_t i = 0;

	while (i + 1 < f->file_count && strcmp(f->files[i].name, name) != 0)
		i++;
	assert_string_equal(f->files[i].name, name);
	return &f->files[i];
}

/* A single byte is put back as it was, whatever it was, and nothing else is. */
static void mend(const struct flip *f, const struct stored_file *file)
{
	const struct repair_options mending = { .dry_run = false };
	auto_buf path = BUF_INIT, bytes = BUF_INIT;
	struct repair_result result;
	struct drift_error err;
	struct repo *repo;

	remove_derived(f);
	if (repair_open(f->dir, true, &mending, &repo, &err) < 0) {
		if (err.code != DRIFT_ERR_UNSUPPORTED)
			fail_msg("not mended: %s", err.message);
		return;
	}
	must(repair_run(repo, &mending, &result, &err), &err);
	assert_int_equal(result.lost, 0);
	if (!strcmp(file->name, "current")) {
		assert_true(holds_all(repo, &f->model));
	} else {
		buf_addf(&path, "%s/.drift/%s", f->dir, file->name);
		must(file_read_whole(path.data, (uint64_t)1 << 30, &bytes, &err), &err);
		assert_true(bytes.len >= file->bytes.len);
		assert_memory_equal(bytes.data, file->bytes.data, file->bytes.len);
	}
	repo_close(repo);
	remove_folder(f, "lost");
}

static void flip_file(struct flip *f, struct stored_file *file, size_t step, bool mended)
{
	size_t count[3] = { 0 }, i, bit;
	auto_buf bytes = BUF_INIT;
	enum outcome outcome;

	buf_add(&bytes, file->bytes.data, file->bytes.len);
	for (i = 0; i < bytes.len; i += f->all ? 1 : step) {
		for (bit = 0; bit < (f->all ? 2 : 1); bit++) {
			unsigned char with = (unsigned char)(bit ? 0xffU : 1U << i % 8);

			bytes.data[i] = (char)(bytes.data[i] ^ with);
			remove_derived(f);
			write_file(f, file->name, bytes.data, bytes.len);
			if (getenv("FLIP_SHOW"))
				print_message("%s %zu %02x\n", file->name, i, with);
			outcome = judge(f, false);
			count[outcome]++;
			/* Behind the end there were zeros, which no checksum knows of. */
			if (mended && outcome != SOUND &&
			    (i + ZEROS_KEPT < bytes.len || strncmp(file->name, "journal", 7) != 0))
				mend(f, file);
			bytes.data[i] = (char)(bytes.data[i] ^ with);
		}
	}
	write_file(f, file->name, bytes.data, bytes.len);
	print_message("%s: %zu without difference, %zu named, %zu refused\n", file->name, count[SOUND], count[NAMED],
		      count[REFUSED]);
	/* Only of what is made anew is nobody told. */
	assert_true(strstr(file->name, ".idx") ? !count[REFUSED] : count[NAMED] + count[REFUSED] > 0);
}

static void test_flip_journal(void **state)
{
	flip_file(*state, file_named(*state, "journal-000001"), 17, true);
}

static void test_flip_current(void **state)
{
	flip_file(*state, file_named(*state, "current"), 3, true);
}

static void test_cut_journal(void **state)
{
	struct flip *f = *state;
	struct stored_file *file = file_named(f, "journal-000001");
	size_t i, count[3] = { 0 };

	for (i = 0; i < file->bytes.len; i += f->all ? 1 : 29) {
		remove_derived(f);
		write_file(f, file->name, file->bytes.data, i);
		count[judge(f, true)]++;
	}
	write_file(f, file->name, file->bytes.data, file->bytes.len);
	print_message("cut: %zu older states, %zu named, %zu refused\n", count[SOUND], count[NAMED], count[REFUSED]);
	assert_true(count[SOUND] > 0 && count[REFUSED] > 0);
}

/* The files of a packed store: "pack" is the one with that end in the folder of packs. */
static struct stored_file *pack_file(struct flip *f, const char *end)
{
	size_t i, len;

	for (i = 0; i < f->file_count; i++) {
		len = strlen(f->files[i].name);
		if (!strncmp(f->files[i].name, "pack/", 5) && len > strlen(end) &&
		    !strcmp(f->files[i].name + len - strlen(end), end))
			break;
	}
	assert_true(i < f->file_count);
	return &f->files[i];
}

static void test_flip_pack(void **state)
{
	flip_file(*state, pack_file(*state, ".pack"), 29, true);
}

static void test_flip_pack_index(void **state)
{
	flip_file(*state, pack_file(*state, ".idx"), 23, false);
}

static void test_flip_second_journal(void **state)
{
	flip_file(*state, file_named(*state, "journal-000002"), 31, true);
}

static void test_cut_pack(void **state)
{
	struct flip *f = *state;
	struct stored_file *file = pack_file(f, ".pack");
	size_t i;

	for (i = 0; i < file->bytes.len; i += f->all ? 1 : 97) {
		remove_derived(f);
		write_file(f, file->name, file->bytes.data, i);
		judge(f, false);
	}
	write_file(f, file->name, file->bytes.data, file->bytes.len);
	assert_int_equal(judge(f, false), SOUND);
}

static void test_cut_current(void **state)
{
	struct flip *f = *state;
	struct stored_file *file = file_named(f, "current");
	size_t i;

	for (i = 0; i + 1 < file->bytes.len; i++) {
		remove_derived(f);
		write_file(f, file->name, file->bytes.data, i);
		judge(f, false);
	}
	write_file(f, file->name, file->bytes.data, file->bytes.len);
	remove_derived(f);
	assert_int_equal(judge(f, false), SOUND);
}

/* Whatever the shared index says, answers are right, as everything else is sound. */
static void test_flip_index(void **state)
{
	struct flip *f = *state;
	auto_buf path = BUF_INIT, bytes = BUF_INIT;
	struct drift_error err;
	size_t i;

	assert_int_equal(judge(f, false), SOUND);
	buf_addf(&path, "%s/.drift/cache/index", f->dir);
	must(file_read_whole(path.data, (uint64_t)1 << 30, &bytes, &err), &err);
	for (i = 0; i < bytes.len; i += f->all ? 1 : 997) {
		bytes.data[i] = (char)(bytes.data[i] ^ (1 << i % 8));
		write_file(f, "cache/index", bytes.data, bytes.len);
		if (judge(f, false) != SOUND)
			fail_msg("byte %zu of the index", i);
		bytes.data[i] = (char)(bytes.data[i] ^ (1 << i % 8));
	}
	for (i = 0; i < bytes.len; i += f->all ? 61 : 9973) {
		write_file(f, "cache/index", bytes.data, i);
		assert_int_equal(judge(f, false), SOUND);
	}
	print_message("cache/index: %zu bytes\n", bytes.len);
	remove_derived(f);
}

/* One of plain journals, one with a pack. */
static int setup_both(void **state)
{
	void **both = calloc(2, sizeof(*both));

	assert_non_null(both);
	setup(&both[0]);
	setup_packed(&both[1]);
	*state = both;
	return 0;
}

static int teardown_both(void **state)
{
	void **both = *state;

	teardown(&both[0]);
	teardown(&both[1]);
	free(both);
	return 0;
}

static int use_plain(void **state)
{
	void **both = *state;

	*state = both[0];
	return 0;
}

static int use_packed(void **state)
{
	void **both = *state;

	*state = both[1];
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_flip_journal, use_plain),
		cmocka_unit_test_setup(test_flip_current, use_plain),
		cmocka_unit_test_setup(test_cut_journal, use_plain),
		cmocka_unit_test_setup(test_cut_current, use_plain),
		cmocka_unit_test_setup(test_flip_index, use_plain),
		cmocka_unit_test_setup(test_flip_index, use_packed),
		cmocka_unit_test_setup(test_flip_pack, use_packed),
		cmocka_unit_test_setup(test_flip_pack_index, use_packed),
		cmocka_unit_test_setup(test_flip_second_journal, use_packed),
		cmocka_unit_test_setup(test_flip_current, use_packed),
		cmocka_unit_test_setup(test_cut_pack, use_packed),
		cmocka_unit_test_setup(test_cut_current, use_packed),
	};

	return cmocka_run_group_tests(tests, setup_both, teardown_both);
}
