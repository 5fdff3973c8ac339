/* The head of a bundle: an error, or names in order; with what follows it may be read to its end. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "refs/refname.h"
#include "sync/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct memory {
	const char *data;
	size_t len;
};

static ptrdiff_t read_memory(void *data, void *bytes, size_t len, struct drift_error *err)
{
	struct memory *m = data;
	size_t n = m->len < 100 ? m->len : 100;

	(void)err;
	if (n > len)
		n = len;
	if (n)
		memcpy(bytes, m->data, n);
	m->data += n;
	m->len -= n;
	return (ptrdiff_t)n;
}

static void check(const struct bundle_head *head)
{
	for (size_t i = 0; i < head->ref_count; i++) {
		const struct bundle_ref *ref = &head->refs[i];

		assert(refname_valid(ref->name.data, ref->name.len) && !ref->name.data[ref->name.len]);
		assert(!ref->symbolic || refname_valid(ref->target.data, ref->target.len));
		assert(!i || strcmp(head->refs[i - 1].name.data, ref->name.data) < 0);
	}
	for (size_t i = 1; i < head->prerequisite_count; i++)
		assert(oid_compare(&head->prerequisites[i - 1].id, &head->prerequisites[i].id) < 0);
	for (size_t i = 0; i < head->text_count; i++)
		assert(!head->texts[i].content.data[head->texts[i].content.len]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct memory m = { (const char *)data, len };
	const struct sync_source source = { read_memory, &m };
	struct bundle *b;
	char bytes[64];

	if (bundle_open(&source, &b, NULL))
		return 0;
	check(bundle_head(b));
	while (bundle_stream(b)->read(bundle_stream(b)->data, bytes, sizeof(bytes), NULL) > 0)
		;
	(void)!bundle_finish(b, NULL);
	bundle_close(b);
	return 0;
}
