/* Where a repository is: what is a URL, what it says, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sync/url.h"

static struct drift_error err;

static void check(const char *text, const char *host, const char *port, const char *path)
{
	auto_url url = { .kind = URL_PATH };

	if (url_parse(text, &url, &err))
		fail_msg("%s", err.message);
	assert_int_equal(url.kind, host ? URL_SSH : URL_PATH);
	assert_string_equal(url.host ? url.host : "", host ? host : "");
	assert_string_equal(url.port ? url.port : "", port ? port : "");
	assert_string_equal(url.path, path);
}

static void parses(void **state)
{
	(void)state;
	check("/srv/shop", NULL, NULL, "/srv/shop");
	check("../shop", NULL, NULL, "../shop");
	check("./a:b", NULL, NULL, "./a:b");
	check("file:///srv/a%20b", NULL, NULL, "/srv/a b");
	check("file://localhost/srv", NULL, NULL, "/srv");
	check("host:shop", "host", NULL, "shop");
	check("me@host:/srv/shop", "me@host", NULL, "/srv/shop");
	check("host:a:b", "host", NULL, "a:b");
	check("[::1]:shop", "::1", NULL, "shop");
	check("ssh://host/srv", "host", NULL, "/srv");
	check("ssh://me@host:2222/srv", "me@host", "2222", "/srv");
	check("ssh://[fe80::1]:22/srv", "fe80::1", "22", "/srv");
	check("ssh://me@[::1]/srv", "me@::1", NULL, "/srv");
	check("ssh://host/~/shop", "host", NULL, "~/shop");
	check("ssh://host/~ann/shop", "host", NULL, "~ann/shop");
	check("ssh://host/a%2Fb%25", "host", NULL, "/a/b%");
}

static void refuses(void **state)
{
	static const struct {
		const char *text;
		enum drift_error_code code;
	} bad[] = {
		{ "", DRIFT_ERR_INVALID },
		{ "-x", DRIFT_ERR_INVALID },
		{ "-x:y", DRIFT_ERR_INVALID },
		{ "host:", DRIFT_ERR_INVALID },
		{ "host:-y", DRIFT_ERR_INVALID },
		{ ":path", DRIFT_ERR_INVALID },
		{ "me@-host:path", DRIFT_ERR_INVALID },
		{ "ho st:path", DRIFT_ERR_INVALID },
		{ "host\n:path", DRIFT_ERR_INVALID },
		{ "ssh://host", DRIFT_ERR_INVALID },
		{ "ssh:///path", DRIFT_ERR_INVALID },
		{ "ssh://%2Doption/path", DRIFT_ERR_INVALID },
		{ "ssh://host:/path", DRIFT_ERR_INVALID },
		{ "ssh://host:123456/path", DRIFT_ERR_INVALID },
		{ "ssh://host/%0a", DRIFT_ERR_INVALID },
		{ "ssh://host/%00", DRIFT_ERR_INVALID },
		{ "ssh://host/%4", DRIFT_ERR_INVALID },
		{ "file://path", DRIFT_ERR_INVALID },
		{ "https://host/path", DRIFT_ERR_UNSUPPORTED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct url url;

		if (!url_parse(bad[i].text, &url, &err))
			fail_msg("'%s' is taken", bad[i].text);
		if (err.code != bad[i].code)
			fail_msg("'%s': %s", bad[i].text, err.message);
	}
}

static void check_folder(const char *text, const char *want)
{
	auto_buf folder = BUF_INIT;

	if (url_folder(text, &folder, &err)) {
		if (want)
			fail_msg("'%s': %s", text, err.message);
		return;
	}
	assert_string_equal(folder.data, want ? want : "none");
}

static void names_folders(void **state)
{
	(void)state;
	check_folder("/srv/shop", "shop");
	check_folder("/srv/shop/", "shop");
	check_folder("/srv/shop.drift", "shop");
	check_folder("/srv/shop/.drift", "shop");
	check_folder("stick/shop.bundle", "shop");
	check_folder("host:shop", "shop");
	check_folder("ssh://host/srv/shop", "shop");
	check_folder("/", NULL);
	check_folder("..", NULL);
	check_folder(".", NULL);
	check_folder("/srv/-x", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(refuses),
		cmocka_unit_test(names_folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
