/* Whatever the text: checks agree with each other, and what is expanded is valid and ends as it should. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "refs/refname.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expand(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < REFNAME_RULE_COUNT; i++) {
		auto_buf out = BUF_INIT;

		if (!refname_expand(name, len, i, &out))
			continue;
		assert(refname_valid(out.data, out.len));
		assert(!strchr(out.data, ' ') && strlen(out.data) == out.len);
		assert(strstr(out.data, refname_short(out.data)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *name = (const char *)data;
	auto_buf branch = BUF_INIT;
	size_t scanned = refname_scan(name, len);

	assert(scanned <= len && (!scanned || refname_valid_short(name, scanned)));
	assert(!refname_check(name, len, NULL) == refname_valid(name, len));
	assert(!refname_check_short(name, len, NULL) == refname_valid_short(name, len));
	if (!refname_branch(name, len, &branch, NULL)) {
		assert(refname_valid(branch.data, branch.len) && refname_is_branch(branch.data));
		assert(scanned == len);
	}
	expand(name, len);
	return 0;
}
