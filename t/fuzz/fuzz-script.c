/* A hostile merge script: whatever it says, it ends, in an outcome that is the same the second time; a value is canonical JSON. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "merge/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static enum script_outcome run(const uint8_t *data, size_t len, struct buf *out)
{
	static const char base_json[] = "{\"n\":[1,null,{}],\"big\":12345678901234567890}";
	static const char a_json[] = "{\"n\":[1,2.5,\"x\"],\"s\":\"\\ud800\"}";
	const struct text base = { base_json, sizeof(base_json) - 1 }, a = { a_json, sizeof(a_json) - 1 };
	const struct script_input input = {
		.source = { (const char *)data, len },
		.name = "fuzz.lua",
		.json = true,
		.base = &base,
		.a = &a,
		.path = { "c/k", 3 },
	};
	enum script_outcome outcome;
	struct drift_error err;

	assert(!script_merge(&input, &outcome, out, &err));
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_buf first = BUF_INIT, second = BUF_INIT, canonical = BUF_INIT;
	enum script_outcome outcome;

	if (len > 4096)
		return 0;
	outcome = run(data, len, &first);
	assert(run(data, len, &second) == outcome);
	if (outcome == SCRIPT_VALUE) {
		assert(first.len == second.len && !memcmp(first.data, second.data, first.len));
		assert(!json_canonical_bytes(first.data, first.len, &canonical, NULL));
		assert(canonical.len == first.len && !memcmp(first.data, canonical.data, first.len));
	}
	return 0;
}
