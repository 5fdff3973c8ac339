/* Files, folders, locks; and in builds with faults, that each kind of fault comes out as it should. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static void must(int result, const struct drift_error *err)
{
	if (result < 0)
		fail_msg("%s", err->message);
}

static void must_fail(int result, const struct drift_error *err, enum drift_error_code code,
		      const char *part)
{
	assert_int_equal(result, -1);
	if (!strstr(err->message, part))
		fail_msg("'%s' lacks '%s'", err->message, part);
	assert_int_equal(err->code, code);
}

static int enter_folder(void **state)
{
	char *dir = strdup("/tmp/drift-test-file-XXXXXX");

	if (!dir || !mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	*state = dir;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

static int leave_folder(void **state)
{
	char *dir = *state;
	int r = chdir("/") < 0 || nftw(dir, remove_one, 10, FTW_DEPTH | FTW_PHYS) != 0 ? -1 : 0;

	free(dir);
	return r;
}

static void reads_and_writes(void **state)
{
	struct drift_error err = { DRIFT_OK, "" };
	char data[10] = "";
	uint64_t size = 0;
	int fd = -1;

	(void)state;
	must(file_create("f", &fd, &err), &err);
	must(file_write_at(fd, "hello", 5, 3, &err), &err);
	must(file_write_zeros(fd, 8, 100000, &err), &err);
	must(file_size(fd, &size, &err), &err);
	assert_int_equal(size, 100008);
	must(file_truncate(fd, 8, &err), &err);
	must(file_sync_data(fd, &err), &err);
	must(file_read_at(fd, data, 8, 0, &err), &err);
	assert_memory_equal(data, "\0\0\0hello", 8);
	assert_int_equal(file_read_some(fd, data, 10, 5, &err), 3);
	assert_int_equal(file_read_some(fd, data, 10, 50, &err), 0);
	must_fail(file_read_at(fd, data, 5, 6, &err), &err, DRIFT_ERR_CORRUPT, "/f' ends at 8, 3 bytes");
	must(file_close(fd, &err), &err);
	must_fail(file_create("f", &fd, &err), &err, DRIFT_ERR_EXISTS, "cannot create 'f'");
	must_fail(file_open_read("none", &fd, &err), &err, DRIFT_ERR_NOT_FOUND, "'none'");
	must(file_open_read("f", &fd, &err), &err);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	must_fail(file_write_at(fd, "x", 1, 0, &err), &err, DRIFT_ERR_IO, "cannot write");
	must(file_close(fd, &err), &err);
}

static void opens_only_regular_files(void **state)
{
	struct drift_error err = { DRIFT_OK, "" };
	int fd = -1;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("dir", 0700), 0);
	must(file_replace("real", "x", 1, &err), &err);
	must(file_make_link("real", "link", &err), &err);
	must_fail(file_open_read("fifo", &fd, &err), &err, DRIFT_ERR_IO, "not a regular file");
	must_fail(file_open_write("fifo", &fd, &err), &err, DRIFT_ERR_IO, "not a regular file");
	must_fail(file_open_read("dir", &fd, &err), &err, DRIFT_ERR_IO, "not a regular file");
	must_fail(file_open_write("dir", &fd, &err), &err, DRIFT_ERR_IO, "not a regular file");
	must_fail(file_open_read("link", &fd, &err), &err, DRIFT_ERR_IO, "symbolic link");
	must_fail(file_open_read_user("dir", &fd, &err), &err, DRIFT_ERR_INVALID, "directory");
	assert_int_equal(fd, -1);
	must(file_open_read_user("link", &fd, &err), &err);
	close(fd);
}

static void looks_and_lists(void **state)
{
	struct drift_error err = { DRIFT_OK, "" };
	struct file_names names = { NULL, 0 };
	struct file_info info;
	auto_buf text = BUF_INIT;

	(void)state;
	must(file_make_directory_durable("d", &err), &err);
	must_fail(file_make_directory("d", &err), &err, DRIFT_ERR_EXISTS, "'d'");
	must(file_make_directories("d/e/f", &err), &err);
	must(file_replace("d/b", "12", 2, &err), &err);
	must(file_make_link("nowhere", "d/a", &err), &err);
	must(file_look("d/a", &info, &err), &err);
	assert_int_equal(info.kind, FILE_LINK);
	must(file_look("d/b", &info, &err), &err);
	assert_int_equal(info.kind, FILE_REGULAR);
	assert_int_equal(info.size, 2);
	must(file_look("d/none/x", &info, &err), &err);
	assert_int_equal(info.kind, FILE_ABSENT);
	must(file_read_link("d/a", &text, &err), &err);
	assert_string_equal(text.data, "nowhere");
	must(file_list("d", 10, &names, &err), &err);
	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[0], "a");
	assert_string_equal(names.items[2], "e");
	file_names_release(&names);
	must_fail(file_list("d", 2, &names, &err), &err, DRIFT_ERR_LIMIT, "more than 2");
	must(file_rename("d/b", "d/c", &err), &err);
	must(file_sync_parent("d/c", &err), &err);
	must(file_sync_parent("d", &err), &err);
	must(file_unlink("d/c", &err), &err);
	must_fail(file_unlink("d/c", &err), &err, DRIFT_ERR_NOT_FOUND, "d/c");
	must(file_remove_directory("d/e/f", &err), &err);
	buf_clear(&text);
	must(file_find_up("d/e", "d", &text, &err), &err);
	assert_string_equal(text.data, *state);
	must_fail(file_find_up("d/e", "no such thing", &text, &err), &err, DRIFT_ERR_NOT_FOUND,
		  "any parent");
}

static void whole_files(void **state)
{
	struct drift_error err = { DRIFT_OK, "" };
	auto_buf text = BUF_INIT;
	struct file_names names = { NULL, 0 };
	struct file_info info;
	int fd = -1, ends[2];

	(void)state;
	must(file_make_directory("w", &err), &err);
	must(file_replace("w/f", "first", 5, &err), &err);
	assert_int_equal(chmod("w/f", 0640), 0);
	must(file_replace("w/f", "second", 6, &err), &err);
	must(file_look("w/f", &info, &err), &err);
	assert_int_equal(info.mode, 0640);
	buf_add_str(&text, "> ");
	must(file_read_whole("w/f", 6, &text, &err), &err);
	assert_string_equal(text.data, "> second");
	must_fail(file_read_whole("w/f", 5, &text, &err), &err, DRIFT_ERR_LIMIT, "longer than 5");
	assert_string_equal(text.data, "> second");
	must(file_list("w", 10, &names, &err), &err);
	assert_int_equal(names.count, 1);
	file_names_release(&names);
	must_fail(file_replace("none/f", "x", 1, &err), &err, DRIFT_ERR_NOT_FOUND, "none/f");
	assert_int_equal(pipe(ends), 0);
	must(file_write_stream(ends[1], "piped", 5, &err), &err);
	close(ends[1]);
	buf_clear(&text);
	must(file_read_all(ends[0], 100, &text, &err), &err);
	assert_string_equal(text.data, "piped");
	close(ends[0]);
	must(file_open_read("w/f", &fd, &err), &err);
	must_fail(file_read_all(fd, 3, &text, &err), &err, DRIFT_ERR_LIMIT, "longer than 3");
	close(fd);
}

static void maps(void **state)
{
	struct drift_error err = { DRIFT_OK, "" };
	char data[4];
	void *map = NULL;
	int fd = -1;

	(void)state;
	must(file_open_or_create("m", &fd, &err), &err);
	must(file_write_zeros(fd, 0, 4096, &err), &err);
	must(file_map(fd, 4096, true, &map, &err), &err);
	memcpy((char *)map + 100, "seen", 4);
	must(file_read_at(fd, data, 4, 100, &err), &err);
	assert_memory_equal(data, "seen", 4);
	file_unmap(map, 4096);
	file_unmap(NULL, 0);
	close(fd);
}

static void locks(void **state)
{
	struct drift_error err = { DRIFT_OK, "" };
	int a = -1, b = -1;

	(void)state;
	must(file_open_or_create("lock", &a, &err), &err);
	must(file_open_write("lock", &b, &err), &err);
	assert_int_equal(file_lock(a, 7, FILE_LOCK_EXCLUSIVE, FILE_LOCK_TRY, &err), 0);
	assert_int_equal(file_lock(b, 7, FILE_LOCK_EXCLUSIVE, FILE_LOCK_TRY, &err), 1);
	assert_int_equal(file_lock(b, 7, FILE_LOCK_SHARED, 20, &err), 1);
	assert_int_equal(file_lock(b, 8, FILE_LOCK_EXCLUSIVE, FILE_LOCK_WAIT, &err), 0);
	assert_int_equal(file_lock(a, 7, FILE_LOCK_SHARED, FILE_LOCK_TRY, &err), 0);
	assert_int_equal(file_lock(b, 7, FILE_LOCK_SHARED, FILE_LOCK_TRY, &err), 0);
	must(file_unlock(b, 7, &err), &err);
	close(b);
	assert_int_equal(file_lock(a, 8, FILE_LOCK_EXCLUSIVE, FILE_LOCK_TRY, &err), 0);
	close(a);
	assert_int_equal(file_lock(a, 8, FILE_LOCK_EXCLUSIVE, FILE_LOCK_TRY, &err), -1);
}

#ifdef DRIFT_FAULT

/* Run ourselves to replace "fault" once with the n-th call going wrong; the exit status. */
static int replace_with_fault(const char *mode, int n)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		char at[20];

		snprintf(at, sizeof(at), "%d", n);
		setenv("DRIFT_FAULT_AT", at, 1);
		setenv("DRIFT_FAULT_MODE", mode, 1);
		execl("/proc/self/exe", "test-file", "replace", (char *)NULL);
		_exit(99);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int replace_here(void)
{
	struct drift_error err = { DRIFT_OK, "" };

	if (!file_replace("fault", "new", 3, &err))
		return 0;
	return err.code == DRIFT_ERR_NO_SPACE ? 2 : 1;
}

static void faults(void **state)
{
	static const char *const modes[] = { "fail", "full", "short", "die", "torn", "syncfail" };
	struct drift_error err = { DRIFT_OK, "" };
	size_t m;

	(void)state;
	for (m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
		int n, status = -1, bad = 0, full = 0;

		for (n = 1; n < 20; n++) {
			auto_buf text = BUF_INIT;

			must(file_replace("fault", "old", 3, &err), &err);
			status = replace_with_fault(modes[m], n);
			must(file_read_whole("fault", 10, &text, &err), &err);
			assert_true(!strcmp(text.data, "old") || !strcmp(text.data, "new"));
			if (!status)
				assert_string_equal(text.data, "new");
			bad += status != 0;
			full += status == 2;
		}
		assert_int_equal(status, 0);
		assert_true(strcmp(modes[m], "syncfail") ? bad > 2 : bad == 2);
		assert_true(strcmp(modes[m], "full") ? !full : full == bad);
	}
}

#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes),
		cmocka_unit_test(opens_only_regular_files),
		cmocka_unit_test(looks_and_lists),
		cmocka_unit_test(whole_files),
		cmocka_unit_test(maps),
		cmocka_unit_test(locks),
#ifdef DRIFT_FAULT
		cmocka_unit_test(faults),
#endif
	};

#ifdef DRIFT_FAULT
	if (argc == 2 && !strcmp(argv[1], "replace"))
		return replace_here();
#endif
	(void)argc;
	(void)argv;
	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
