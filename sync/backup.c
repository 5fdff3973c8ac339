#include "sync/backup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "objects/odb_files.h"
#include "sync/bundle_plan.h"

#define PREFIX "backup-"
#define SUFFIX ".bundle"
#define TEXT_STORE "backup.store"
#define TEXT_PREVIOUS "backup.previous"
#define TEXT_CONFIG "config"
#define CONFIG_MAX ((uint64_t)1 << 20)

/* ---- what there is ---- */

void backups_release(struct backups *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->items[i].path);
	free(b->items);
	*b = (struct backups){ .items = NULL };
}

static const struct text *find_text(const struct bundle_head *head, const char *name)
{
	for (size_t i = 0; i < head->text_count; i++) {
		if (!strcmp(head->texts[i].name.data, name))
			return &head->texts[i].content;
	}
	return NULL;
}

static int read_head(struct backup *b, const struct bundle_head *head, struct drift_error *err)
{
	const struct text *store = find_text(head, TEXT_STORE), *previous = find_text(head, TEXT_PREVIOUS);

	if (!store || store->len != sizeof(b->store) - 1 || (previous && previous->len != 2 * (size_t)SHA256_LEN) ||
	    (previous && !hex_decode(previous->data, b->previous, SHA256_LEN)))
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is a bundle, but no backup", b->path);
	memcpy(b->store, store->data, sizeof(b->store));
	b->incremental = previous != NULL;
	b->time_usec = head->time_usec;
	b->ref_count = head->ref_count;
	return 0;
}

static int add_backup(struct backups *b, const char *path, uint64_t number, struct drift_error *err)
{
	auto_bundle_file *file = NULL;
	struct file_info info;
	struct backup *item;

	if (mem_grow(&b->items, &b->capacity, b->count + 1, sizeof(*b->items)))
		return error_no_memory(err);
	item = &b->items[b->count];
	*item = (struct backup){ .path = mem_dup_str(path, strlen(path)), .number = number };
	if (!item->path)
		return error_no_memory(err);
	b->count++;
	if (bundle_file_open(path, &file, err) || read_head(item, bundle_head(bundle_file_bundle(file)), err) ||
	    bundle_file_checksum(path, item->checksum, err) || file_look(path, &info, err))
		return -1;
	item->len = info.size;
	return 0;
}

/* The number in "backup-000012.bundle", 0 for any other name. */
static uint64_t number_of(const char *name)
{
	size_t start = strlen(PREFIX), digits;

	if (strncmp(name, PREFIX, start))
		return 0;
	digits = strspn(name + start, "0123456789");
	return digits >= 6 && digits <= 15 && !strcmp(name + start + digits, SUFFIX) ? strtoull(name + start, NULL, 10) : 0;
}

static int compare_backups(const void *a, const void *b)
{
	const struct backup *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int list_folder(const char *dir, struct backups *b, struct drift_error *err)
{
	struct file_names names;
	int r = file_list(dir, BACKUPS_MAX, &names, err);

	if (r)
		return -1;
	for (size_t i = 0; i < names.count && !r; i++) {
		uint64_t number = number_of(names.items[i]);
		auto_buf path = BUF_INIT;

		if (!number)
			continue;
		file_join(&path, dir, names.items[i]);
		r = buf_check(&path, err) || add_backup(b, path.data, number, err) ? -1 : 0;
	}
	file_names_release(&names);
	if (!r && b->count)
		qsort(b->items, b->count, sizeof(*b->items), compare_backups);
	return r;
}

int backups_list(const char *place, struct backups *out, struct drift_error *err)
{
	struct backups b = { .items = NULL };
	struct file_info info;
	int r;

	if (file_look(place, &info, err))
		return -1;
	if (info.kind == FILE_ABSENT)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is nothing at '%s'", place);
	r = info.kind == FILE_REGULAR ? add_backup(&b, place, 0, err) : list_folder(place, &b, err);
	if (r) {
		backups_release(&b);
		return -1;
	}
	*out = b;
	return 0;
}

int backups_chain(const struct backups *b, size_t last, size_t *first_out, struct drift_error *err)
{
	size_t first = last;

	while (b->items[first].incremental) {
		if (!first || memcmp(b->items[first].previous, b->items[first - 1].checksum, SHA256_LEN) != 0)
			return error_set(err, DRIFT_ERR_CORRUPT, "'%s' continues a backup that is not before it", b->items[first].path);
		first--;
	}
	*first_out = first;
	return 0;
}

/* ---- a new one ---- */

struct making {
	struct repo *repo;
	const struct backup_options *o;
	struct backup_made *made;
	struct backups before;
	struct bundle_file *last; /* of `before`, if it is incremental */
	struct bundle_plan plan;
	struct buf config;
	char store[2 * 16 + 1];
	int lock_fd;
};

static void making_release(struct making *m)
{
	backups_release(&m->before);
	bundle_file_close(m->last);
	bundle_plan_release(&m->plan);
	buf_release(&m->config);
	if (m->lock_fd >= 0 && file_close(m->lock_fd, NULL))
		m->lock_fd = -1;
}

/* Nobody else is at work: what is not whole yet is what somebody who died has left. */
static void drop_leftovers(const char *dir)
{
	struct file_names names;

	if (file_list(dir, BACKUPS_MAX, &names, NULL))
		return;
	for (size_t i = 0; i < names.count; i++) {
		auto_buf path = BUF_INIT;

		file_join(&path, dir, names.items[i]);
		if (!strncmp(names.items[i], PREFIX, strlen(PREFIX)) && strstr(names.items[i], SUFFIX ".") && !path.failed)
			(void)!file_unlink(path.data, NULL);
	}
	file_names_release(&names);
}

/* One at a time: numbers go up. */
static int enter_folder(struct making *m, struct drift_error *err)
{
	const char *dir = m->o->place;
	auto_buf lock = BUF_INIT;
	struct file_info info;
	int held;

	if (file_look(dir, &info, err) || (info.kind == FILE_ABSENT && file_make_directory_durable(dir, err)))
		return -1;
	file_join(&lock, dir, "lock");
	if (buf_check(&lock, err) || file_open_or_create(lock.data, &m->lock_fd, err))
		return -1;
	held = file_lock(m->lock_fd, 0, FILE_LOCK_EXCLUSIVE, FILE_LOCK_TRY, err);
	if (held)
		return held < 0 ? -1 : error_set(err, DRIFT_ERR_CLASH, "another backup into it is at work");
	drop_leftovers(dir);
	if (backups_list(dir, &m->before, err))
		return -1;
	for (size_t i = 0; i < m->before.count; i++) {
		if (strcmp(m->before.items[i].store, m->store) != 0)
			return error_set(err, DRIFT_ERR_CLASH, "it holds backups of another repository");
	}
	return 0;
}

static int name_file(struct making *m, struct drift_error *err)
{
	uint64_t number = m->before.count ? m->before.items[m->before.count - 1].number + 1 : 1;
	auto_buf name = BUF_INIT;

	buf_clear(&m->made->path);
	buf_addf(&name, PREFIX "%06" PRIu64 SUFFIX, number);
	if (buf_check(&name, err))
		return -1;
	if (m->o->folder)
		file_join(&m->made->path, m->o->place, name.data);
	else
		buf_add_str(&m->made->path, m->o->place);
	return buf_check(&m->made->path, err);
}

/* What a ref of the backup before led to, if it is still here: a commit, or what a tag leads to. */
static int add_need(struct making *m, const struct bundle_ref *ref, struct drift_error *err)
{
	struct odb *odb = repo_odb(m->repo);
	struct oid id = ref->id;
	enum object_kind kind;
	uint64_t loc;

	for (unsigned depth = 0; depth < 32; depth++) {
		auto_tag *tag = NULL;
		int found = odb_find(odb, &id, &kind, &loc, err);

		if (found <= 0)
			return found;
		if (kind == OBJECT_COMMIT)
			return bundle_plan_add_need(&m->plan, &id, &ref->name, err);
		if (kind != OBJECT_TAG)
			return 0;
		if (odb_tag(odb, &id, &tag, err))
			return -1;
		id = tag->target;
	}
	return 0;
}

static int stand_on(struct making *m, struct drift_error *err)
{
	const struct backup *last = &m->before.items[m->before.count - 1];
	const struct bundle_head *head;
	char hex[2 * SHA256_LEN + 1];
	size_t first;

	if (backups_chain(&m->before, m->before.count - 1, &first, err) || bundle_file_open(last->path, &m->last, err))
		return -1;
	head = bundle_head(bundle_file_bundle(m->last));
	for (size_t i = 0; i < head->ref_count; i++) {
		if (!head->refs[i].symbolic && add_need(m, &head->refs[i], err))
			return -1;
	}
	hex_encode(last->checksum, SHA256_LEN, hex);
	return bundle_plan_add_text(&m->plan, TEXT_PREVIOUS, hex, strlen(hex), err);
}

static int read_config(struct making *m, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	struct file_info info;

	file_join(&path, repo_dir(m->repo), "config");
	if (buf_check(&path, err) || file_look(path.data, &info, err))
		return -1;
	if (info.kind != FILE_ABSENT && file_read_whole(path.data, CONFIG_MAX, &m->config, err))
		return -1;
	return bundle_plan_add_text(&m->plan, TEXT_CONFIG, m->config.data, m->config.len, err);
}

static bool is_same(const struct bundle_head *a, const struct bundle_head *b)
{
	const struct text *x = find_text(a, TEXT_CONFIG), *y = find_text(b, TEXT_CONFIG);

	if (a->ref_count != b->ref_count || !x || !y || x->len != y->len || memcmp(x->data, y->data, x->len) != 0)
		return false;
	for (size_t i = 0; i < a->ref_count; i++) {
		const struct bundle_ref *r = &a->refs[i], *s = &b->refs[i];

		if (strcmp(r->name.data, s->name.data) != 0 || r->symbolic != s->symbolic ||
		    (r->symbolic ? strcmp(r->target.data, s->target.data) != 0 : !oid_equal(&r->id, &s->id)))
			return false;
	}
	return true;
}

static int make(struct making *m, struct drift_error *err)
{
	struct backup_made *made = m->made;
	const struct bundle_head *head;

	hex_encode(odb_store_id(repo_odb(m->repo)), 16, m->store);
	if ((m->o->folder && enter_folder(m, err)) || name_file(m, err))
		return -1;
	made->incremental = m->o->incremental && m->before.count;
	if ((made->incremental && stand_on(m, err)) || bundle_plan_add_all(&m->plan, err) || read_config(m, err) ||
	    bundle_plan_add_text(&m->plan, TEXT_STORE, m->store, strlen(m->store), err))
		return -1;
	head = bundle_plan_head(&m->plan, m->o->time_usec);
	made->ref_count = head->ref_count;
	made->made = !made->incremental || !is_same(head, bundle_head(bundle_file_bundle(m->last)));
	if (!made->made) {
		buf_clear(&made->path);
		buf_add_str(&made->path, m->before.items[m->before.count - 1].path);
		return buf_check(&made->path, err);
	}
	return bundle_file_save(m->repo, head, made->path.data, m->o->progress, &made->counts, err);
}

int backup_create(struct repo *repo, const struct backup_options *options, struct backup_made *made, struct drift_error *err)
{
	struct making m = { .repo = repo, .o = options, .made = made, .lock_fd = -1, .config = BUF_INIT };
	int r;

	bundle_plan_init(&m.plan, repo);
	r = make(&m, err);
	making_release(&m);
	return r;
}
