/* Reading, looking up and editing of configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/config_file.h"

static int collect(void *context, const char *name, const char *value)
{
	struct buf *out = context;

	if (value)
		buf_addf(out, "%s=%s|", name, value);
	else
		buf_addf(out, "%s|", name);
	return 0;
}

static void check_parse(const char *text, const char *want)
{
	struct drift_error err = { DRIFT_OK, "" };
	auto_buf out = BUF_INIT;

	if (config_text_parse(text, strlen(text), collect, &out, &err) < 0)
		fail_msg("'%s': %s", text, err.message);
	assert_string_equal(out.data, want);
}

static void parses(void **state)
{
	(void)state;
	check_parse("", "");
	check_parse("[Core]\n\tBare = true\n", "core.bare=true|");
	check_parse("\xef\xbb\xbf[a]b=c", "a.b=c|");
	check_parse("[a] b\n[a]c=\n", "a.b|a.c=|");
	check_parse("[Remote \"Or.i\\\"g\"]\r\nURL = x\r\n", "remote.Or.i\"g.url=x|");
	check_parse("[Branch.Main]x=1", "branch.main.x=1|");
	check_parse("# c\n; d\n[a]\nb = x # no\nc = \"x # yes\" ; no\n", "a.b=x|a.c=x # yes|");
	check_parse("[a]\nb =  x  y \t \nc = \" x \" \n", "a.b=x  y|a.c= x |");
	check_parse("[a]\nb = \\\\\\\"\\n\\t\\b\n", "a.b=\\\"\n\t\b|");
	check_parse("[a]\nb = one \\\n two\nc = x \\\n\nd=1\n", "a.b=one  two|a.c=x|a.d=1|");
	check_parse("[a]\nb = a\"b c \"d\n", "a.b=ab c d|");
}

static void check_bad(const char *text, const char *part)
{
	struct drift_error err = { DRIFT_OK, "" };
	auto_buf out = BUF_INIT;

	if (config_text_parse(text, strlen(text), collect, &out, &err) >= 0)
		fail_msg("'%s' is accepted", text);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	if (!strstr(err.message, part))
		fail_msg("'%s' lacks '%s'", err.message, part);
}

static void names_the_line(void **state)
{
	(void)state;
	check_bad("a = 1", "line 1: a key before");
	check_bad("[a]\n\n1b = 1", "line 3: a key begins");
	check_bad("[a]\nb c = 1", "line 2: expected '='");
	check_bad("[a\n", "line 1: expected ']'");
	check_bad("[]\n", "line 1: a section needs");
	check_bad("[a \"b\n\"]", "line 1: the subsection's");
	check_bad("[a]\nb = \"x\n", "line 2: the quoted value");
	check_bad("[a]\nb = \\q\n", "line 2: unknown escape");
	check_bad("[a]\nb = x\\", "line 2: unknown escape");
	check_bad("[a]\nb # c\n", "line 2: expected '='");
}

static void check_edit(const char *text, enum config_edit_kind kind, const char *name,
		       const char *value, const char *want)
{
	struct config_edit edit = { kind, name, value };
	struct drift_error err = { DRIFT_OK, "" };
	auto_buf out = BUF_INIT;

	if (config_text_edit(text, strlen(text), &edit, &out, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(out.data, want);
}

static void edits(void **state)
{
	(void)state;
	check_edit("", CONFIG_SET, "user.name", "A B", "[user]\n\tname = A B\n");
	check_edit("[a]\n\tb = 1 # why\n[c]\nd=2\n", CONFIG_SET, "A.B", "x",
		   "[a]\n\tb = x # why\n[c]\nd=2\n");
	check_edit("[a]\n\tb = 1\n\n[c]\n\td = 2\n", CONFIG_SET, "a.New", "# \"x\" ",
		   "[a]\n\tb = 1\n\tNew = \"# \\\"x\\\" \"\n\n[c]\n\td = 2\n");
	check_edit("[a] b = 1\n", CONFIG_SET, "a.c", "2", "[a] b = 1\n\tc = 2\n");
	check_edit("[a] b\n", CONFIG_SET, "a.b", "2", "[a] b = 2\n");
	check_edit("[a]\nb =\nc=\n", CONFIG_SET, "a.b", "2", "[a]\nb = 2\nc=\n");
	check_edit("[a]\nb=1", CONFIG_ADD, "a.b", "2", "[a]\nb=1\n\tb = 2\n");
	check_edit("[r \"x.y\"]\nu=1\n", CONFIG_SET, "r.x.y.u", "2", "[r \"x.y\"]\nu=2\n");
	check_edit("[a]\n", CONFIG_SET, "r.x\"y.u", "2", "[a]\n[r \"x\\\"y\"]\n\tu = 2\n");
	check_edit("[a]\n  b = 1 # c\n  c = 2\n", CONFIG_UNSET, "a.b", NULL, "[a]\n  c = 2\n");
	check_edit("[a] b = 1\nc = 2\n", CONFIG_UNSET, "a.b", NULL, "[a] \nc = 2\n");
	check_edit("[a]\nb=1\nb=2\nc=3\nb=4\n", CONFIG_UNSET, "a.b", NULL, "[a]\nc=3\n");
	check_edit("[a]\nb=1\nb=2\n", CONFIG_REPLACE_ALL, "a.b", "9", "[a]\nb=9\n");
	check_edit("[a]\nb = one \\\n two\nc=1\n", CONFIG_SET, "a.b", "3", "[a]\nb = 3\nc=1\n");
}

static void refuses_edits(void **state)
{
	struct config_edit edit = { CONFIG_SET, "a.b", "1" };
	struct drift_error err = { DRIFT_OK, "" };
	auto_buf out = BUF_INIT;

	(void)state;
	assert_int_equal(config_text_edit("[a]\nb=1\nb=2", 11, &edit, &out, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_AMBIGUOUS);
	edit.kind = CONFIG_UNSET;
	assert_int_equal(config_text_edit("[a]\n", 4, &edit, &out, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_NOT_FOUND);
	edit.name = "nodot";
	assert_int_equal(config_text_edit("[a]\n", 4, &edit, &out, &err), -1);
	edit.name = "a.1b";
	assert_int_equal(config_text_edit("[a]\n", 4, &edit, &out, &err), -1);
	edit.name = "a b.c";
	assert_int_equal(config_text_edit("[a]\n", 4, &edit, &out, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	assert_int_equal(out.len, 0);
}

static void removes_sections(void **state)
{
	const char *text = "# top\n[a]\nb=1\n[c \"d\"]\ne=1\n[a]\nf=1\n[g]\nh=1\n";
	struct drift_error err = { DRIFT_OK, "" };
	auto_buf out = BUF_INIT;

	(void)state;
	assert_int_equal(config_text_remove_section(text, strlen(text), "a", &out, &err), 0);
	assert_string_equal(out.data, "# top\n[c \"d\"]\ne=1\n[g]\nh=1\n");
	buf_clear(&out);
	assert_int_equal(config_text_remove_section(text, strlen(text), "c.d", &out, &err), 0);
	assert_string_equal(out.data, "# top\n[a]\nb=1\n[a]\nf=1\n[g]\nh=1\n");
	assert_int_equal(config_text_remove_section(text, strlen(text), "x", &out, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_NOT_FOUND);
}

static void check_int(const char *text, int64_t want)
{
	int64_t v = 0;

	assert_int_equal(config_parse_int(text, &v, NULL), 0);
	assert_true(v == want);
}

static void values(void **state)
{
	static const char *const bad[] = { "", "-", "x", "1x", "1kk", "1 ", "9223372036854775808",
					   "99999999999999999999", "9007199254740992k" };
	bool b = false;
	int64_t v;
	size_t i;

	(void)state;
	check_int("0", 0);
	check_int("-5", -5);
	check_int("+5", 5);
	check_int("3k", 3072);
	check_int("2G", INT64_C(2) << 30);
	check_int("9223372036854775807", INT64_MAX);
	check_int("-9223372036854775808", INT64_MIN);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!config_parse_int(bad[i], &v, NULL))
			fail_msg("'%s' is accepted", bad[i]);
	assert_true(!config_parse_bool(NULL, &b, NULL) && b);
	assert_true(!config_parse_bool("", &b, NULL) && !b);
	assert_true(!config_parse_bool("YES", &b, NULL) && b);
	assert_true(!config_parse_bool("off", &b, NULL) && !b);
	assert_true(!config_parse_bool("2", &b, NULL) && b);
	assert_int_equal(config_parse_bool("maybe", &b, NULL), -1);
}

static void add(struct config *config, enum config_layer layer, const char *text)
{
	auto_buf b = BUF_INIT;

	buf_add_str(&b, text);
	assert_int_equal(config_add_text(config, layer, "file", &b, NULL), 0);
}

static void layers(void **state)
{
	struct config *config = NULL;
	struct drift_error err = { DRIFT_OK, "" };
	auto_buf broken = BUF_INIT;
	const char *value = NULL;
	int64_t number = 0;
	bool flag = false;

	(void)state;
	assert_int_equal(config_create(&config, NULL), 0);
	add(config, CONFIG_REPOSITORY, "[a]\nb = repo\nb = repo2\n[s \"X\"]\ny = 7\n");
	add(config, CONFIG_USER, "[a]\nb = user\nc\n");
	assert_int_equal(config_get_string(config, "A.B", NULL, &value, NULL), 0);
	assert_string_equal(value, "repo2");
	assert_int_equal(config_add_override(config, "a.b=top=1", NULL), 0);
	assert_int_equal(config_get_string(config, "a.b", NULL, &value, NULL), 0);
	assert_string_equal(value, "top=1");
	assert_int_equal(config_get_bool(config, "a.c", false, &flag, NULL), 0);
	assert_true(flag);
	assert_int_equal(config_get_string(config, "a.c", NULL, &value, &err), -1);
	assert_int_equal(config_get_int(config, "s.X.Y", 1, &number, NULL), 0);
	assert_int_equal(number, 7);
	assert_int_equal(config_get_int(config, "s.x.y", 1, &number, NULL), 0);
	assert_int_equal(number, 1);
	assert_int_equal(config_get_int(config, "a.b", 1, &number, &err), -1);
	assert_string_equal(err.message, "'a.b': 'top=1' is not a number");
	assert_int_equal(config_count(config), 6);
	assert_string_equal(config_at(config, 0).value, "user");
	assert_int_equal(config_at(config, 5).layer, CONFIG_COMMAND);
	config_drop_layer(config, CONFIG_COMMAND);
	assert_int_equal(config_count(config), 5);
	buf_add_str(&broken, "[a\n");
	assert_int_equal(config_add_text(config, CONFIG_USER, "/x/config", &broken, &err), -1);
	assert_string_equal(err.message, "'/x/config': line 1: expected ']'");
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),	 cmocka_unit_test(names_the_line),
		cmocka_unit_test(edits),	 cmocka_unit_test(refuses_edits),
		cmocka_unit_test(removes_sections), cmocka_unit_test(values),
		cmocka_unit_test(layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
