#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <locale.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/spawn.h"
#include "merge/script.h"

#define MERGE(body) "function merge(base, a, b, path) " body " end"

struct versions {
	const char *base, *a, *b;
};

/* "= value", "absent", "conflict" or "! sentence". */
static void run_as(const char *source, struct versions v, bool json, struct buf *got)
{
	struct text base = { v.base, v.base ? strlen(v.base) : 0 }, a = { v.a, v.a ? strlen(v.a) : 0 };
	struct text b = { v.b, v.b ? strlen(v.b) : 0 };
	const struct script_input input = {
		.source = { source, strlen(source) },
		.name = "test.lua",
		.json = json,
		.base = v.base ? &base : NULL,
		.a = v.a ? &a : NULL,
		.b = v.b ? &b : NULL,
		.path = { "users/1", 7 },
	};
	struct drift_error err = { 0 };
	enum script_outcome outcome;
	auto_buf out = BUF_INIT;

	if (script_merge(&input, &outcome, &out, &err))
		fail_msg("%s", err.message);
	buf_clear(got);
	buf_add_str(got, outcome == SCRIPT_VALUE    ? "= " :
			 outcome == SCRIPT_ABSENT   ? "absent" :
			 outcome == SCRIPT_CONFLICT ? "conflict" :
						      "! ");
	buf_add(got, out.data, out.len);
}

static void assert_run(const char *source, struct versions v, const char *expected)
{
	auto_buf got = BUF_INIT;

	run_as(source, v, true, &got);
	assert_string_equal(got.data, expected);
}

/* An expression over nothing. */
static void assert_value(const char *expression, const char *expected)
{
	auto_buf source = BUF_INIT;

	buf_addf(&source, MERGE("return %s"), expression);
	assert_run(source.data, (struct versions){ "1", "2", "3" }, expected);
}

static void assert_fails(const char *source, const char *sentence)
{
	auto_buf got = BUF_INIT;

	run_as(source, (struct versions){ "1", "2", "3" }, true, &got);
	if (got.data[0] != '!' || !strstr(got.data, sentence))
		fail_msg("\"%s\" gave \"%s\", not \"%s\"", source, got.data, sentence);
}

static void test_outcomes(void **state)
{
	(void)state;
	assert_run(MERGE("return base + (a - base) + (b - base)"), (struct versions){ "10", "12", "9" }, "= 11");
	assert_run(MERGE("return absent"), (struct versions){ "1", "2", NULL }, "absent");
	assert_run(MERGE("return conflict"), (struct versions){ "1", "2", "3" }, "conflict");
	assert_run(MERGE("if base == nil and b ~= nil then return path end"), (struct versions){ NULL, "2", "3" },
		   "= \"users/1\"");
	assert_fails(MERGE(""), "merge returned nothing");
	assert_fails("x = 1", "test.lua defines no function merge");
	assert_fails(MERGE("return base.x.y"), "test.lua:1: attempt to index a number value");
	assert_fails(MERGE("error({})"), "the error is a table value");
	assert_fails("function merge(", "test.lua:1: ");
	assert_fails("\033Lua", "attempt to load a binary chunk");
}

static void test_values_survive(void **state)
{
	static const char *const values[] = {
		"null",
		"true",
		"[]",
		"{}",
		"[null]",
		"[[],{}]",
		"{\"a\":null}",
		"9223372036854775807",
		"-9223372036854775808",
		"9007199254740993",
		"18446744073709551616",
		"123456789012345678901234567890",
		"0.1",
		"5e-324",
		"1.7976931348623157e+308",
		"0.1234567890123456789",
		"\"\"",
		"\"\\u0000\"",
		"\"\\ud800\"",
		"{\"\":{\"\\u0000\":[1,2.5,\"x\"]}}",
		"[1,null,3]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		auto_buf expected = BUF_INIT;

		buf_addf(&expected, "= %s", values[i]);
		assert_run(MERGE("return a"), (struct versions){ "0", values[i], "1" }, expected.data);
	}
	assert_run(MERGE("return a == b"), (struct versions){ "0", "18446744073709551616", "18446744073709551616" },
		   "= true");
	assert_run(MERGE("return tostring(a)"), (struct versions){ "0", "18446744073709551616", "1" },
		   "= \"18446744073709551616\"");
}

static void test_results(void **state)
{
	(void)state;
	assert_value("{1, 2, 3}", "= [1,2,3]");
	assert_value("{}", "= {}");
	assert_value("array{}", "= []");
	assert_value("array()", "= []");
	assert_value("{b = 1, a = {c = null}}", "= {\"a\":{\"c\":null},\"b\":1}");
	assert_value("1.0", "= 1");
	assert_value("1e300 * 10", "= 1e+301");
	assert_value("is_array(array{}) and not is_array({})", "= true");
	assert_fails(MERGE("return {1, x = 2}"), "neither all strings nor");
	assert_fails(MERGE("return {[1] = 1, [3] = 3}"), "neither all strings nor");
	assert_fails(MERGE("return array{x = 1}"), "an array has a key");
	assert_fails(MERGE("return 1/0"), "infinite");
	assert_fails(MERGE("return 0/0"), "infinite");
	assert_fails(MERGE("return '\\xff'"), "UTF-8");
	assert_fails(MERGE("return {['\\xff'] = 1}"), "UTF-8");
	assert_fails(MERGE("return pairs"), "a function is no JSON");
	assert_fails(MERGE("return {absent}"), "results");
	assert_fails(MERGE("local t = {} t.t = t return t"), "nested deeper");
	assert_fails(MERGE("local t = 1 for i = 1, 60 do t = {t, t} end return t"), "too much work");
}

static void test_text(void **state)
{
	auto_buf got = BUF_INIT;

	(void)state;
	run_as(MERGE("return a .. b"), (struct versions){ "x\n", "y\n", "{" }, false, &got);
	assert_string_equal(got.data, "= y\n{");
	run_as(MERGE("return {}"), (struct versions){ "x", "y", "z" }, false, &got);
	assert_non_null(strstr(got.data, "a string is expected"));
}

static void test_library(void **state)
{
	(void)state;
	assert_value("#'abc' + #{1,2} * 10", "= 23");
	assert_value("-#{1,2}", "= -2");
	assert_value("#{1,2} == 2 and not (#'' == false)", "= true");
	assert_value("'#' .. [[#]] --[==[ # ^ ]==]", "= \"##\"");
	assert_value("('aXc'):upper() .. ('ABC'):lower():sub(-2)", "= \"AXCbc\"");
	assert_value("table.concat({1, 2.5, 'x'}, ', ')", "= \"1, 2.5, x\"");
	assert_value("(function() local t = {3,1,2} table.sort(t) return t end)()", "= [1,2,3]");
	assert_value("(function() local t = {3,1,2} table.sort(t, function(x, y) return x > y end) return t end)()",
		     "= [3,2,1]");
	assert_value("(function() local t = {} for i = 1, 100 do t[#t + 1] = i end return #t end)()", "= 100");
	assert_value("(function() local t = {1, 2, 4} table.insert(t, 3, 3) table.insert(t, 5) return t end)()",
		     "= [1,2,3,4,5]");
	assert_value("(function() local t = {1, 2, 3} return {table.remove(t, 1), table.remove(t), #t} end)()",
		     "= [1,3,1]");
	assert_value(
		"(function() local s = '' for k, v in pairs({b = 1, a = 2, [10] = 3, [2] = 4, [2.5] = 5}) do s = s .. k end return s end)()",
		"= \"22.510ab\"");
	assert_value("{select('#', table.unpack({1, 2, 3}))}", "= [3]");
	assert_value("{('abcabc'):find('ca')}", "= [3,4]");
	assert_value("{('abc'):byte(1, -1)}", "= [97,98,99]");
	assert_value("string.char(104, 105):reverse()", "= \"ih\"");
	assert_value("{pcall(error, 'no')}", "= [false,\"no\"]");
	assert_value("tostring(pairs) .. tostring({}) .. tostring(null) .. tostring(0/0)",
		     "= \"functiontablenullnan\"");
	assert_value("math.floor(2.7) + math.tointeger(3.0) + math.max(1, 5)", "= 10");
	assert_value("tonumber('0x10') + tonumber('1e1')", "= 26");
}

/* The attacks: each must be an error or the same everywhere, and soon. */
static void test_attacks(void **state)
{
	static const char *const missing[] = {
		"os",           "io",          "debug",      "load",           "loadstring",  "loadfile",
		"dofile",       "require",     "print",      "collectgarbage", "next",        "setmetatable",
		"getmetatable", "coroutine",   "rawlen",     "rawset",         "package",     "utf8",
		"_G",           "xpcall",      "string.rep", "string.format",  "string.dump", "string.gsub",
		"string.match", "string.pack", "table.move", "math.random",    "math.sin",    "math.pow",
		"math.sqrt",    "math.exp",
	};
	static const char *const costly[] = {
		"while true do end",
		"while true do pcall(error) end",
		"pcall(function() while true do end end) return 1",
		"local function f() return pcall(f) end while true do f() end",
		"local s = 'x' while true do s = s .. s end",
		"local t = {} while true do t[#t + 1] = {} end",
		"local t = {} for i = 1, 1e9 do t[i] = i end",
		"local s = ('x') for i = 1, 17 do s = s .. s end for i = 1, 1e9 do local x = s .. i end",
		"local s = 'x' for i = 1, 14 do s = s .. s end local u = s .. 'y' local v = s .. 'z' while true do local x = u == v end",
		"local t = {} for i = 1, 1e5 do t[i] = i end while true do table.concat(t) end",
		"local t = {} for i = 1, 1e4 do t[i] = i end while true do table.insert(t, 1, 1) end",
		"local t = {} for i = 1, 1e4 do t[i] = -i end while true do table.sort(t) end",
		"local t = {} for i = 1, 1e5 do t[i] = i end while true do for k in pairs(t) do break end end",
		"local t = {} for i = 1, 7000 do t[i] = i end while true do select(-1, table.unpack(t)) end",
		"local s = 'x' for i = 1, 17 do s = s .. s end while true do s:upper() end",
		"local s = 'x' for i = 1, 17 do s = s .. s end while true do s:find('xy') end",
		"local function f(n) return 1 + f(n + 1) end return f(1)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++) {
		auto_buf source = BUF_INIT;

		buf_addf(&source, MERGE("return %s == nil"), missing[i]);
		assert_run(source.data, (struct versions){ "1", "2", "3" }, "= true");
	}
	for (size_t i = 0; i < sizeof(costly) / sizeof(*costly); i++) {
		auto_buf source = BUF_INIT, got = BUF_INIT;
		clock_t start = clock();

		buf_addf(&source, MERGE("%s"), costly[i]);
		run_as(source.data, (struct versions){ "1", "2", "3" }, true, &got);
		assert_int_equal(got.data[0], '!');
		if ((double)(clock() - start) / CLOCKS_PER_SEC > 10)
			fail_msg("\"%s\" took %.1f s", costly[i], (double)(clock() - start) / CLOCKS_PER_SEC);
	}
	assert_fails(MERGE("return 2 ^ 3"), "powers");
	assert_fails("-- fine ^\n\nfunction merge() return 2^3 end", "test.lua:3: powers");
	assert_fails(MERGE("goto x ::x:: return ('').x.y"), "attempt to index");
}

static void test_check(void **state)
{
	const struct text good = { "function merge() return #{} end", 31 }, bad = { "function", 8 };
	struct drift_error err = { 0 };

	(void)state;
	assert_int_equal(script_check(good, "good.lua", &err), 0);
	assert_int_equal(script_check(bad, "bad.lua", &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	assert_non_null(strstr(err.message, "bad.lua:1:"));
}

/* Everything that could differ between runs, folded into one value. */
static const char many[] =
	"function merge(base, a, b)\n"
	"  local t, out = {}, {}\n"
	"  for i = 1, 2000 do t['k' .. i * 7919 % 2003] = i / 3 end\n"
	"  for i = 1, 500 do t['k' .. i * 31] = nil end\n"
	"  for k, v in pairs(t) do out[#out + 1] = k .. v end\n"
	"  local holes = {1, 2, 3, x = 1, y = 2}\n"
	"  for i = 1, 40 do holes[i * 3 % 41] = i; holes['s' .. i] = i; holes['s' .. i - 3] = nil end\n"
	"  out[#out + 1] = #holes\n"
	"  table.sort(out, function(x, y) return #tostring(x) < #tostring(y) end)\n"
	"  local ok, why = pcall(function() return t.none.x end)\n"
	"  return {out, why, tostring(t), tostring(merge), 'B' < 'a', 'a' < 'B', ('\\xe4'):upper() == '\\xe4'}\n"
	"end";

static void test_same_in_all_locales(void **state)
{
	static const char *const locales[] = { "C", "C.UTF-8", "en_US.UTF-8", "de_DE.UTF-8", "" };
	auto_buf first = BUF_INIT, got = BUF_INIT;

	(void)state;
	run_as(many, (struct versions){ "1", "2", "3" }, true, &first);
	assert_memory_equal(first.data, "= ", 2);
	for (size_t i = 0; i < sizeof(locales) / sizeof(*locales); i++) {
		if (!setlocale(LC_ALL, locales[i]))
			continue;
		for (int round = 0; round < 10; round++) {
			run_as(many, (struct versions){ "1", "2", "3" }, true, &got);
			assert_string_equal(got.data, first.data);
		}
	}
	setlocale(LC_ALL, "C");
}

/* Called by test_same_in_all_processes, in a process of its own: prints what `many` gives. */
static int print_many(void)
{
	auto_buf got = BUF_INIT;

	run_as(many, (struct versions){ "1", "2", "3" }, true, &got);
	return fwrite(got.data, 1, got.len, stdout) == got.len ? 0 : 1;
}

static const char *self;

static void test_same_in_all_processes(void **state)
{
	const char *const arguments[] = { "--print", NULL };
	const struct spawn_options options = { .arguments = arguments, .pipes = SPAWN_READ };
	const char *given = getenv("DRIFT_TEST_ROUNDS");
	long rounds = given ? strtol(given, NULL, 10) : 40;
	auto_buf expected = BUF_INIT;

	(void)state;
	run_as(many, (struct versions){ "1", "2", "3" }, true, &expected);
	for (long round = 0; round < rounds; round++) {
		struct drift_error err = { 0 };
		struct spawn_pipe child;
		char got[1 << 17];
		size_t len = 0;
		int status;

		assert_int_equal(spawn_start(self, &options, &child, &err), 0);
		for (ssize_t n = 1; n > 0 && len<sizeof(got); len += n> 0 ? (size_t)n : 0)
			n = read(child.from_child, got + len, sizeof(got) - len);
		assert_int_equal(spawn_finish(&child, &status, &err), 0);
		assert_int_equal(len, expected.len);
		assert_memory_equal(got, expected.data, len);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_values_survive),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_library),
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_same_in_all_locales),
		cmocka_unit_test(test_same_in_all_processes),
	};

	self = argv[0];
	return argc > 1 ? print_many() : cmocka_run_group_tests(tests, NULL, NULL);
}
