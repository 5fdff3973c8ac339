/* Configuration: an edit changes what it says and nothing else. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct buf others; /* all entries but the edited one */
	size_t count;      /* of that */
	struct buf last;
};

static int see(void *context, const char *name, const char *value)
{
	struct seen *seen = context;

	if (strcmp(name, "a.b")) {
		buf_addf(&seen->others, "%s%s%s\n", name, value ? "=" : "", value ? value : "");
		return 0;
	}
	seen->count++;
	buf_clear(&seen->last);
	buf_add_str(&seen->last, value ? value : "");
	return 0;
}

static int look(const struct buf *text, struct seen *seen)
{
	buf_init(&seen->others);
	buf_init(&seen->last);
	seen->count = 0;
	return config_text_parse(text->data, text->len, see, seen, NULL);
}

static void forget(struct seen *seen)
{
	buf_release(&seen->others);
	buf_release(&seen->last);
}

static void check_edit(const struct buf *text, const struct seen *before, enum config_edit_kind kind,
		       const char *value)
{
	const struct config_edit edit = { kind, "A.B", value };
	size_t left = kind == CONFIG_UNSET ? 0 : kind == CONFIG_ADD ? before->count + 1 : 1;
	auto_buf changed = BUF_INIT;
	struct seen after;

	if (config_text_edit(text->data, text->len, &edit, &changed, NULL) < 0) {
		assert(kind == CONFIG_UNSET && !before->count);
		return;
	}
	assert(!look(&changed, &after));
	assert(after.count == left);
	assert(after.others.len == before->others.len);
	assert(!memcmp(after.others.data, before->others.data, after.others.len));
	if (left)
		assert(!strcmp(after.last.data, value));
	forget(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf text = BUF_INIT;
	struct seen before;

	buf_add(&text, data, size);
	if (!look(&text, &before)) {
		check_edit(&text, &before, CONFIG_REPLACE_ALL, " a \"value\" # with;\n all\\ \t");
		check_edit(&text, &before, CONFIG_ADD, "");
		check_edit(&text, &before, CONFIG_UNSET, NULL);
	}
	forget(&before);
	return 0;
}
