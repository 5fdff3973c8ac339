#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "repo/script_trust.h"
#include "repo/writer.h"
#include "t/unit/desk.h"

static const char good[] = "function merge(base, a, b) return a end";
static const char other[] = "function merge(base, a, b) return b end";

static int put(struct desk *d, const char *path, const char *text)
{
	auto_edits *e = NULL;

	desk_must(d, edits_new(d->repo, &e, &d->err));
	return edits_put(e, path, strlen(path), text, strlen(text), DOCUMENT_NO_MODE, &d->err);
}

static int ask(struct desk *d, const char *text)
{
	struct oid id;

	object_hash(OBJECT_BLOB, text, strlen(text), &id);
	return script_trust(d->repo, (struct text){ "x", 1 }, &id, &d->err);
}

static void test_own_scripts(void **state)
{
	struct desk *d = *state;

	desk_refused(d, ask(d, good), DRIFT_ERR_UNTRUSTED, "script 'x' (blob ");
	desk_must(d, put(d, ".drift/merge/x.lua", good));
	desk_must(d, ask(d, good));
	desk_refused(d, ask(d, other), DRIFT_ERR_UNTRUSTED, "does not trust");
	/* Twice is once; others are not forgotten. */
	desk_must(d, put(d, ".drift/merge/y.lua", other));
	desk_must(d, put(d, ".drift/merge/y.lua", good));
	desk_must(d, ask(d, good));
	desk_must(d, ask(d, other));
}

static void test_all(void **state)
{
	struct desk *d = *state;

	desk_must(d, repo_config_add(d->repo, TRUST_KEY, "all", &d->err));
	desk_must(d, ask(d, "anything"));
}

static void test_what_is_refused(void **state)
{
	struct desk *d = *state;

	desk_refused(d, put(d, ".drift/merge/x.lua", "function"), DRIFT_ERR_INVALID, "x.lua:1:");
	desk_refused(d, put(d, ".drift/merge/x.lua", "return 2^3"), DRIFT_ERR_INVALID, "powers");
	desk_refused(d, put(d, ".drift/merge/x.py", good), DRIFT_ERR_INVALID, "reserved");
	desk_refused(d, put(d, ".drift/merge/a/x.lua", good), DRIFT_ERR_INVALID, "reserved");
	desk_refused(d, put(d, ".drift/schema/c", "{\"merge\":\"best\"}"), DRIFT_ERR_INVALID,
		     "no merge policy \"best\"");
	desk_must(d, put(d, ".drift/schema/c", "{\"merge\":\"script:x\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_own_scripts, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_all, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_refused, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
