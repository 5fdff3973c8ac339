/* Colour policy, running of programs, progress. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/spawn.h"
#include "base/terminal.h"

static void colour_policy(void **state)
{
	enum terminal_when when = TERMINAL_AUTO;

	(void)state;
	unsetenv("NO_COLOR");
	unsetenv("CLICOLOR_FORCE");
	assert_false(terminal_colour(TERMINAL_AUTO, -1));
	setenv("CLICOLOR_FORCE", "1", 1);
	assert_true(terminal_colour(TERMINAL_AUTO, -1));
	assert_false(terminal_colour(TERMINAL_NEVER, -1));
	setenv("NO_COLOR", "1", 1);
	assert_false(terminal_colour(TERMINAL_AUTO, -1));
	assert_true(terminal_colour(TERMINAL_ALWAYS, -1));
	assert_int_equal(terminal_parse_when("never", &when, NULL), 0);
	assert_int_equal(when, TERMINAL_NEVER);
	assert_int_equal(terminal_parse_when("", &when, NULL), 0);
	assert_int_equal(when, TERMINAL_ALWAYS);
	assert_int_equal(terminal_parse_when("sometimes", &when, NULL), -1);
	setenv("COLUMNS", "123", 1);
	assert_int_equal(terminal_width(-1), 123);
	setenv("COLUMNS", "-5", 1);
	assert_int_equal(terminal_width(-1), 80);
}

static void runs_programs(void **state)
{
	const char *const sh[] = { "sh", "-c", "exit 7", NULL };
	const char *const killed[] = { "sh", "-c", "kill -9 $$", NULL };
	const char *const none[] = { "/no/such/program", NULL };
	const char *const arguments[] = { "a b", "$HOME", NULL };
	struct drift_error err = { DRIFT_OK, "" };
	int status = -1;

	(void)state;
	assert_int_equal(spawn_wait(sh, &status, &err), 0);
	assert_int_equal(status, 7);
	assert_int_equal(spawn_wait(killed, &status, &err), 0);
	assert_int_equal(status, 137);
	assert_int_equal(spawn_wait(none, &status, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_NOT_FOUND);
	assert_int_equal(spawn_command("test x =", (const char *const[]){ "x", NULL }, &status, &err), 0);
	assert_int_equal(status, 0);
	assert_int_equal(spawn_command("test '$HOME' =", arguments + 1, &status, &err), 0);
	assert_int_equal(status, 0);
	assert_int_equal(spawn_command("  ", NULL, &status, &err), -1);
	setenv("DRIFT_EDITOR", "test -f", 1);
	assert_int_equal(spawn_editor("/", &err), -1);
	assert_string_equal(err.message, "the editor 'test -f' ended with status 1");
	assert_int_equal(spawn_editor("/proc/self/exe", &err), 0);
}

static void pipes_both_ways(void **state)
{
	static const char *const more[] = { "SPAWN_NEW=new", "SPAWN_OLD=new", NULL };
	const struct spawn_options options = { .environment = more,
					       .pipes = SPAWN_READ | SPAWN_WRITE };
	struct spawn_pipe child;
	struct drift_error err = { DRIFT_OK, "" };
	auto_buf out = BUF_INIT;
	int status = -1;

	(void)state;
	setenv("SPAWN_OLD", "old", 1);
	assert_int_equal(spawn_start("cat; echo $SPAWN_NEW $SPAWN_OLD #", &options, &child, &err), 0);
	assert_int_equal(file_write_stream(child.to_child, "hello ", 6, &err), 0);
	close(child.to_child);
	child.to_child = -1;
	assert_int_equal(file_read_all(child.from_child, 100, &out, &err), 0);
	assert_string_equal(out.data, "hello new old\n");
	assert_int_equal(spawn_finish(&child, &status, &err), 0);
	assert_int_equal(status, 0);
}

static void progress_lines(void **state)
{
	struct progress_options options = { .title = "packing", .unit = PROGRESS_BYTES };
	struct progress *p;
	auto_buf out = BUF_INIT;
	uint64_t i;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	options.fd = ends[1];
	assert_null(progress_start(&options));
	options.force = true;
	options.total = 4 << 20;
	setenv("COLUMNS", "80", 1);
	p = progress_start(&options);
	assert_non_null(p);
	for (i = 0; i <= 2 << 20; i += 256)
		progress_update(p, i);
	progress_finish(p);
	progress_update(NULL, 1);
	progress_finish(NULL);
	close(ends[1]);
	assert_int_equal(file_read_all(ends[0], 100000, &out, NULL), 0);
	close(ends[0]);
	assert_memory_equal(out.data, "\rpacking: [", 11);
	assert_non_null(strstr(out.data, "[##########..........]  50% 2.0 MiB/4.0 MiB"));
	assert_int_equal(out.data[out.len - 1], '\n');
}

static void no_pager_without_terminal(void **state)
{
	struct pager *pager = NULL;

	(void)state;
	setenv("DRIFT_PAGER", "", 1);
	assert_int_equal(pager_start(&pager, NULL), 0);
	assert_null(pager);
	pager_finish(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colour_policy),   cmocka_unit_test(runs_programs),
		cmocka_unit_test(pipes_both_ways), cmocka_unit_test(progress_lines),
		cmocka_unit_test(no_pager_without_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
