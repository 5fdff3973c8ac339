#include "t/unit/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

#define SECTOR_LEN 512
#define FDS_MAX 1024
#define ROOT 0 /* the name of the folder itself */

enum { NOTHING = 0, FOLDER = 1, FIRST_FILE = 2 }; /* what a name stands for; files are counted from FIRST_FILE */

enum call_kind { CALL_NAME, CALL_RENAME, CALL_WRITE, CALL_SIZE, CALL_SYNC };

struct call {
	enum call_kind kind;
	unsigned name, to; /* of NAME, RENAME; of SYNC of a folder */
	unsigned file;     /* or what the name stands for from here on */
	uint64_t at, len;
	char *data;
};

struct disk_log {
	char folder[256];
	struct call *calls;
	size_t count, capacity;
	char **names; /* below the folder */
	unsigned *parent;
	size_t name_count, name_capacity, parent_capacity;
	unsigned file_count;
	unsigned *now; /* what each name stands for */
	size_t now_capacity;
	struct {
		unsigned file, folder;
	} fds[FDS_MAX]; /* folder: its name and one more */
};

/* The calls of the system have no parameter for it. */
static struct disk_log *recording;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static unsigned name_id(struct disk_log *log, const char *path)
{
	const char *slash = strrchr(path, '/');
	unsigned parent = ROOT, id;

	for (id = 0; id < log->name_count; id++)
		if (!strcmp(log->names[id], path))
			return id;
	if (slash) {
		char *above = mem_dup_str(path, (size_t)(slash - path));

		parent = name_id(log, above);
		free(above);
	}
	assert_int_equal(mem_grow(&log->names, &log->name_capacity, log->name_count + 1, sizeof(*log->names)), 0);
	assert_int_equal(mem_grow(&log->parent, &log->parent_capacity, log->name_count + 1, sizeof(*log->parent)), 0);
	assert_int_equal(mem_grow(&log->now, &log->now_capacity, log->name_count + 1, sizeof(*log->now)), 0);
	id = (unsigned)log->name_count++;
	log->names[id] = mem_dup_str(path, strlen(path));
	log->parent[id] = parent;
	log->now[id] = id == ROOT ? FOLDER : NOTHING;
	return id;
}

/* Where it is below the folder, or false. */
static bool is_below(const struct disk_log *log, const char *path, unsigned *id_out)
{
	size_t len = strlen(log->folder);

	if (strncmp(path, log->folder, len) != 0 || (path[len] && path[len] != '/'))
		return false;
	*id_out = name_id((struct disk_log *)(uintptr_t)log, path[len] ? path + len + 1 : "");
	return true;
}

static void add_call(struct disk_log *log, const struct call *call)
{
	struct call *c;

	assert_int_equal(mem_grow(&log->calls, &log->capacity, log->count + 1, sizeof(*log->calls)), 0);
	c = &log->calls[log->count++];
	*c = *call;
	if (c->data)
		c->data = mem_dup_str(call->data, (size_t)call->len);
	if (c->kind == CALL_NAME)
		log->now[c->name] = c->file;
	if (c->kind == CALL_RENAME) {
		log->now[c->to] = c->file;
		log->now[c->name] = NOTHING;
	}
}

static struct disk_log *new_log(const char *folder)
{
	struct disk_log *log = mem_calloc(1, sizeof(*log));

	assert_non_null(log);
	snprintf(log->folder, sizeof(log->folder), "%s", folder);
	log->file_count = FIRST_FILE;
	name_id(log, "");
	return log;
}

void disk_start(const char *folder)
{
	assert_null(recording);
	recording = new_log(folder);
}

size_t disk_now(void)
{
	size_t count;

	pthread_mutex_lock(&mutex);
	count = recording->count;
	pthread_mutex_unlock(&mutex);
	return count;
}

struct disk_log *disk_stop(void)
{
	return take_ptr(recording);
}

size_t disk_count(const struct disk_log *log)
{
	return log->count;
}

bool disk_was_settled(const char *path, size_t from)
{
	const struct disk_log *log = recording;
	size_t i = log->count;
	unsigned name = 0;

	assert_true(is_below(log, path, &name));
	while (i > from && !(log->calls[i - 1].kind == CALL_NAME && log->calls[i - 1].name == name))
		i--;
	while (i > from && !(log->calls[i - 1].kind == CALL_SYNC && !log->calls[i - 1].file &&
			     log->calls[i - 1].name == log->parent[name]))
		i--;
	return i > from;
}

void disk_free(struct disk_log *log)
{
	size_t i;

	if (!log)
		return;
	for (i = 0; i < log->count; i++)
		free(log->calls[i].data);
	for (i = 0; i < log->name_count; i++)
		free(log->names[i]);
	free(log->calls);
	free(log->names);
	free(log->parent);
	free(log->now);
	free(log);
}

/* --- the calls --- */

int disk_open(const char *path, int flags, mode_t mode)
{
	struct disk_log *log;
	unsigned name = 0;
	int fd;

	pthread_mutex_lock(&mutex);
	log = recording;
	fd = openat(AT_FDCWD, path, flags, mode);
	if (fd >= 0 && fd < FDS_MAX && log) {
		bool below = is_below(log, path, &name);

		log->fds[fd].file = log->fds[fd].folder = 0;
		if (below && flags & O_DIRECTORY)
			log->fds[fd].folder = name + 1;
		else if (below && log->now[name] == NOTHING)
			add_call(log, &(struct call){ .kind = CALL_NAME, .name = name, .file = log->file_count++ });
		if (below && !(flags & O_DIRECTORY))
			log->fds[fd].file = log->now[name];
	}
	pthread_mutex_unlock(&mutex);
	return fd;
}

static void record_fd(int fd, struct call *call)
{
	if (!recording || fd < 0 || fd >= FDS_MAX || (!recording->fds[fd].file && !recording->fds[fd].folder))
		return;
	call->file = recording->fds[fd].file;
	if (!call->file)
		call->name = recording->fds[fd].folder - 1;
	add_call(recording, call);
}

ssize_t disk_write(int fd, const void *data, size_t len, off_t offset)
{
	struct iovec part = { (void *)(uintptr_t)data, len };
	struct call call = { .kind = CALL_WRITE, .at = (uint64_t)offset, .data = part.iov_base };
	ssize_t n;

	pthread_mutex_lock(&mutex);
	n = pwritev(fd, &part, 1, offset);
	if (n > 0) {
		call.len = (uint64_t)n;
		record_fd(fd, &call);
	}
	pthread_mutex_unlock(&mutex);
	return n;
}

int disk_truncate(int fd, off_t len)
{
	int r;

	pthread_mutex_lock(&mutex);
	r = ftruncate64(fd, len);
	if (!r)
		record_fd(fd, &(struct call){ .kind = CALL_SIZE, .len = (uint64_t)len });
	pthread_mutex_unlock(&mutex);
	return r;
}

int disk_allocate(int fd, off_t offset, off_t len)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	return offset + len > st.st_size ? disk_truncate(fd, offset + len) : 0;
}

int disk_sync(int fd)
{
	pthread_mutex_lock(&mutex);
	record_fd(fd, &(struct call){ .kind = CALL_SYNC });
	pthread_mutex_unlock(&mutex);
	return 0;
}

int disk_rename(const char *from, const char *to)
{
	struct call call = { .kind = CALL_RENAME };
	int r;

	pthread_mutex_lock(&mutex);
	r = renameat(AT_FDCWD, from, AT_FDCWD, to);
	if (!r && recording && is_below(recording, from, &call.name) && is_below(recording, to, &call.to)) {
		call.file = recording->now[call.name];
		add_call(recording, &call);
	}
	pthread_mutex_unlock(&mutex);
	return r;
}

static void record_name(const char *path, unsigned what)
{
	struct call call = { .kind = CALL_NAME, .file = what };

	if (recording && is_below(recording, path, &call.name))
		add_call(recording, &call);
}

int disk_unlink(const char *path)
{
	int r;

	pthread_mutex_lock(&mutex);
	r = unlinkat(AT_FDCWD, path, 0);
	if (!r)
		record_name(path, NOTHING);
	pthread_mutex_unlock(&mutex);
	return r;
}

int disk_make_folder(const char *path, mode_t mode)
{
	int r;

	pthread_mutex_lock(&mutex);
	r = mkdirat(AT_FDCWD, path, mode);
	if (!r)
		record_name(path, FOLDER);
	pthread_mutex_unlock(&mutex);
	return r;
}

/* --- what is left --- */

struct left {
	const struct disk_log *log;
	size_t at;
	enum disk_loss loss;
	uint64_t seed;
	size_t *file_synced, *folder_synced; /* behind the last sync, by file and by name */
	unsigned *names;                     /* what each stands for */
	struct buf *files;                   /* without what lies beyond len */
	uint64_t *len;
};

static uint64_t mix(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) ^ (b + 1) * UINT64_C(0xbf58476d1ce4e5b9) ^
		     (c + 7) * UINT64_C(0x94d049bb133111eb);

	x ^= x >> 31;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 29;
}

/* Some moment since the last sync, up to which it came to the disk: often the first or the last. */
static size_t moment(const struct left *left, size_t synced, uint64_t random)
{
	size_t from = synced < left->at ? synced : left->at;

	return random % 3 == 0 ? from : random % 3 == 1 ? left->at : from + random / 3 % (left->at - from + 1);
}

static size_t data_moment(const struct left *left, unsigned file, uint64_t sector)
{
	if (left->loss == DISK_LOSS_ALL || left->loss == DISK_LOSS_DATA)
		return left->file_synced[file];
	return left->loss == DISK_LOSS_NAMES ? left->at :
					       moment(left, left->file_synced[file], mix(left->seed, file, sector));
}

static bool name_is_there(const struct left *left, size_t i, unsigned name)
{
	size_t synced = left->folder_synced[left->log->parent[name]];

	if (i < synced || left->loss == DISK_LOSS_DATA || left->loss == DISK_LOSS_NAMES)
		return true;
	if (left->loss == DISK_LOSS_TAIL)
		return i < moment(left, synced, mix(left->seed, left->log->parent[name], UINT64_MAX));
	return left->loss == DISK_LOSS_ANY && mix(left->seed, i, UINT64_MAX) % 2;
}

static void add_zeros(struct buf *file, size_t len)
{
	char *room = buf_reserve(file, len);

	assert_non_null(room);
	memset(room, 0, len);
	file->len += len;
}

static void put_bytes(struct left *left, size_t i, const struct call *c)
{
	struct buf *file = &left->files[c->file];
	uint64_t done, step, end = c->at + c->len;

	if (end > file->len)
		add_zeros(file, (size_t)(end - file->len));
	for (done = c->at; done < end; done += step) {
		step = SECTOR_LEN - done % SECTOR_LEN < end - done ? SECTOR_LEN - done % SECTOR_LEN : end - done;
		if (i < data_moment(left, c->file, done / SECTOR_LEN))
			memcpy(file->data + done, c->data + (done - c->at), (size_t)step);
	}
	if (end > left->len[c->file] && i < data_moment(left, c->file, UINT64_MAX))
		left->len[c->file] = end;
}

static void put_size(struct left *left, size_t i, const struct call *c)
{
	struct buf *file = &left->files[c->file];

	if (i >= data_moment(left, c->file, UINT64_MAX))
		return;
	if (c->len < file->len)
		memset(file->data + c->len, 0, (size_t)(file->len - c->len));
	left->len[c->file] = c->len;
}

static void find_syncs(struct left *left)
{
	size_t i;

	for (i = 0; i < left->at; i++) {
		const struct call *c = &left->log->calls[i];

		if (c->kind == CALL_SYNC && c->file)
			left->file_synced[c->file] = i;
		else if (c->kind == CALL_SYNC)
			left->folder_synced[c->name] = i;
	}
}

static void replay(struct left *left)
{
	size_t i;

	find_syncs(left);
	left->names[ROOT] = FOLDER;
	for (i = 0; i < left->at; i++) {
		const struct call *c = &left->log->calls[i];

		if (c->kind == CALL_WRITE)
			put_bytes(left, i, c);
		else if (c->kind == CALL_SIZE)
			put_size(left, i, c);
		else if (c->kind == CALL_NAME && name_is_there(left, i, c->name))
			left->names[c->name] = c->file;
		if (c->kind != CALL_RENAME || !name_is_there(left, i, c->to))
			continue;
		left->names[c->to] = c->file;
		left->names[c->name] = NOTHING;
	}
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	return where->level ? remove(path) : 0;
}

/* Write it, as a new process on the machine that was started again would: all that is there is on the disk. */
static void put_file(const struct left *left, unsigned name, const char *path)
{
	unsigned file = left->names[name];
	int fd = disk_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	size_t len = left->files[file].len < left->len[file] ? left->files[file].len : (size_t)left->len[file];

	assert_true(fd >= 0);
	assert_true(!len || disk_write(fd, left->files[file].data, len, 0) == (ssize_t)len);
	assert_true(len == left->len[file] || !disk_truncate(fd, (off_t)left->len[file]));
	disk_sync(fd);
	close(fd);
}

static void put_all(const struct left *left)
{
	unsigned name;

	for (name = ROOT + 1; name < left->log->name_count; name++) {
		auto_buf path = BUF_INIT;

		buf_addf(&path, "%s/%s", left->log->folder, left->log->names[name]);
		assert_int_equal(buf_check(&path, NULL), 0);
		/* What stands in a folder that is not there is not there either. */
		if (!left->names[name] || access(path.data, F_OK) == 0 ||
		    left->names[left->log->parent[name]] != FOLDER)
			continue;
		if (left->names[name] == FOLDER)
			assert_int_equal(disk_make_folder(path.data, 0777), 0);
		else
			put_file(left, name, path.data);
	}
	for (name = ROOT; recording && name < recording->name_count; name++)
		if (recording->now[name] == FOLDER)
			add_call(recording, &(struct call){ .kind = CALL_SYNC, .name = name });
}

static void make_left(const struct disk_log *log, size_t at, enum disk_loss loss, uint64_t seed, bool synced)
{
	struct left left = { .log = log, .at = at, .loss = loss, .seed = seed };
	unsigned i;

	assert_null(recording);
	left.file_synced = mem_calloc(log->file_count, sizeof(*left.file_synced));
	left.folder_synced = mem_calloc(log->name_count, sizeof(*left.folder_synced));
	left.names = mem_calloc(log->name_count, sizeof(*left.names));
	left.files = mem_calloc(log->file_count, sizeof(*left.files));
	left.len = mem_calloc(log->file_count, sizeof(*left.len));
	assert_true(left.file_synced && left.folder_synced && left.names && left.files && left.len);
	for (i = 0; i < log->file_count; i++)
		buf_init(&left.files[i]);
	replay(&left);
	assert_int_equal(nftw(log->folder, remove_one, 20, FTW_DEPTH | FTW_PHYS), 0);
	if (synced)
		recording = new_log(log->folder);
	put_all(&left);
	for (i = 0; i < log->file_count; i++)
		buf_release(&left.files[i]);
	free(left.file_synced);
	free(left.folder_synced);
	free(left.names);
	free(left.files);
	free(left.len);
}

size_t disk_cut(const struct disk_log *log, size_t at, enum disk_loss loss, uint64_t seed)
{
	make_left(log, at, loss, seed, true);
	return recording->count;
}

size_t disk_kill(const struct disk_log *log, size_t at)
{
	size_t i;

	make_left(log, at, DISK_LOSS_NAMES, 0, false);
	recording = new_log(log->folder);
	for (i = 0; i < log->name_count; i++)
		name_id(recording, log->names[i]);
	recording->file_count = log->file_count;
	for (i = 0; i < at; i++)
		add_call(recording, &log->calls[i]);
	return recording->count;
}
