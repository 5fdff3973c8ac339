/* Options of a command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/options.h"

struct values {
	bool json, no_pager;
	int progress;
	const char *message, *colour;
	int64_t number;
	struct option_list params;
	int called;
	struct option_result result;
	struct drift_error err;
};

static int on_call(void *value, const char *argument, bool no, struct drift_error *err)
{
	if (argument && !strcmp(argument, "bad"))
		return error_set(err, DRIFT_ERR_INVALID, "that is bad");
	*(int *)value += no ? -1 : 1;
	return 0;
}

static int parse(struct values *v, bool stop, const char *line, struct buf *words)
{
	static const char *const usage[] = { "drift x [-n N] PATH...", "drift x --all", NULL };
	const struct option_spec specs[] = {
		{ .kind = OPTION_FLAG, .short_name = 'j', .long_name = "json", .value = &v->json,
		  .help = "print JSON" },
		{ .kind = OPTION_FLAG, .long_name = "no-pager", .value = &v->no_pager },
		{ .kind = OPTION_TRISTATE, .short_name = 'q', .long_name = "progress",
		  .value = &v->progress, .help = "show progress" },
		{ .kind = OPTION_STRING, .short_name = 'm', .long_name = "message", .value = &v->message,
		  .argument = "MSG", .help = "say why" },
		{ .kind = OPTION_STRING, .long_name = "color", .value = &v->colour, .argument = "WHEN",
		  .argument_optional = true, .help = "use colours" },
		{ .kind = OPTION_INT, .short_name = 'n', .long_name = "max-count", .value = &v->number,
		  .argument = "N", .bare_number = true, .help = "at most N" },
		{ .kind = OPTION_LIST, .long_name = "a-very-long-parameter", .value = &v->params,
		  .argument = "K=V", .help = "set one" },
		{ .kind = OPTION_CALLBACK, .short_name = 'c', .long_name = "call", .value = &v->called,
		  .argument = "X", .callback = on_call, .allow_no = true },
	};
	const struct option_table table = { usage, specs, sizeof(specs) / sizeof(specs[0]), stop };
	char *argv[20];
	int argc = 0;
	char *word, *rest = NULL;

	memset(v, 0, sizeof(*v));
	v->progress = -1;
	if (!line) {
		options_usage(&table, words);
		return 0;
	}
	buf_add_str(words, line);
	for (word = strtok_r(words->data, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return options_parse(&table, argc, argv, &v->result, &v->err);
}

static void release(struct values *v)
{
	option_result_release(&v->result);
	option_list_release(&v->params);
}

static void all_forms(void **state)
{
	auto_buf words = BUF_INIT;
	struct values v;

	(void)state;
	assert_int_equal(parse(&v, false,
			       "a -jn5 --message=why --color b --a-very-long-parameter x=1 "
			       "--a-very-long-parameter=y=2 --no-progress - --no-pager -c 1 --no-call "
			       "-- --json -j",
			       &words),
			 0);
	assert_true(v.json && v.no_pager);
	assert_int_equal(v.number, 5);
	assert_int_equal(v.progress, 0);
	assert_int_equal(v.called, 0);
	assert_string_equal(v.message, "why");
	assert_string_equal(v.colour, "");
	assert_int_equal(v.params.count, 2);
	assert_string_equal(v.params.items[1], "y=2");
	assert_int_equal(v.result.arguments.count, 5);
	assert_string_equal(v.result.arguments.items[2], "-");
	assert_string_equal(v.result.arguments.items[4], "-j");
	assert_true(v.result.has_separator);
	assert_int_equal(v.result.separator, 3);
	release(&v);
	buf_clear(&words);
	assert_int_equal(parse(&v, false, "--json --no-json --pager -17 -m --json -qmx --no-message", &words), 0);
	assert_true(!v.json && !v.no_pager && !v.message && v.progress == 1);
	assert_int_equal(v.number, 17);
	assert_false(v.result.has_separator);
	release(&v);
	buf_clear(&words);
	assert_int_equal(parse(&v, true, "-j cmd -j --nonsense", &words), 0);
	assert_int_equal(v.result.arguments.count, 3);
	release(&v);
}

static void check_bad(const char *line, const char *want)
{
	auto_buf words = BUF_INIT;
	struct values v;

	if (!parse(&v, false, line, &words))
		fail_msg("'%s' is accepted", line);
	assert_int_equal(v.err.code, DRIFT_ERR_INVALID);
	assert_string_equal(v.err.message, want);
	release(&v);
}

static void faults_in_sentences(void **state)
{
	(void)state;
	check_bad("--jsno", "unknown option '--jsno'; did you mean '--json'?");
	check_bad("--mess x", "unknown option '--mess'; did you mean '--message'?");
	check_bad("--zzzzzz", "unknown option '--zzzzzz'");
	check_bad("--hlep", "unknown option '--hlep'; did you mean '--help'?");
	check_bad("-jx", "unknown option '-x'");
	check_bad("--json=1", "option '--json' takes no argument");
	check_bad("--no-message=x", "option '--no-message' takes no argument");
	check_bad("-m", "option '-m' needs an argument");
	check_bad("--message", "option '--message' needs an argument");
	check_bad("-nx", "option '-n': 'x' is not a number");
	check_bad("--max-count=5x", "option '--max-count': '5x' is not a number; k, m or g may follow one");
	check_bad("--call=bad", "that is bad");
	check_bad("--no-max-count", "unknown option '--no-max-count'; did you mean '--max-count'?");
}

static void help_and_usage(void **state)
{
	auto_buf words = BUF_INIT;
	struct values v;

	(void)state;
	assert_int_equal(parse(&v, false, "a -jh --nonsense", &words), 0);
	assert_true(v.result.help && v.json);
	release(&v);
	buf_clear(&words);
	assert_int_equal(parse(&v, false, "--help --nonsense", &words), 0);
	assert_true(v.result.help);
	release(&v);
	buf_clear(&words);
	parse(&v, false, NULL, &words);
	assert_string_equal(words.data, "usage: drift x [-n N] PATH...\n"
					"   or: drift x --all\n"
					"\n"
					"    -j, --json              print JSON\n"
					"    -q, --progress          show progress\n"
					"    -m, --message MSG       say why\n"
					"    --color[=WHEN]          use colours\n"
					"    -n, --max-count N       at most N\n"
					"    --a-very-long-parameter K=V\n"
					"                            set one\n");
}

static void nearest(void **state)
{
	static const char *const words[] = { "commit", "config", "count-objects", "log", "rm", NULL };

	(void)state;
	assert_string_equal(options_nearest("comit", words), "commit");
	assert_string_equal(options_nearest("comm", words), "commit");
	assert_string_equal(options_nearest("cofnig", words), "config");
	assert_string_equal(options_nearest("lgo", words), "log");
	assert_null(options_nearest("frobnicate", words));
	assert_null(options_nearest("x", words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_forms),
		cmocka_unit_test(faults_in_sentences),
		cmocka_unit_test(help_and_usage),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
