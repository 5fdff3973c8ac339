#include "objects/commit.h"

#include <string.h>

static struct text trim(const char *data, size_t len)
{
	struct text t = { data, len };

	while (t.len && t.data[0] == ' ') {
		t.data++;
		t.len--;
	}
	while (t.len && t.data[t.len - 1] == ' ')
		t.len--;
	return t;
}

void who_split(const struct text *who, struct text *name_out, struct text *mail_out)
{
	const char *open = who->len ? memchr(who->data, '<', who->len) : NULL;
	const char *close = open ? memchr(open, '>', who->len - (size_t)(open - who->data)) : NULL;

	if (!close) {
		*name_out = trim(who->data, who->len);
		mail_out->data = who->data + who->len;
		mail_out->len = 0;
		return;
	}
	*name_out = trim(who->data, (size_t)(open - who->data));
	*mail_out = trim(open + 1, (size_t)(close - open - 1));
}

/* One address in angle brackets at the end, or no bracket at all. */
static bool brackets_match(const char *who, size_t len)
{
	const char *open = memchr(who, '<', len), *close = memchr(who, '>', len);

	if (!open && !close)
		return true;
	return open && close == who + len - 1 && !memchr(open + 1, '<', (size_t)(close - open - 1));
}

int who_check(const char *who, size_t len, struct drift_error *err)
{
	size_t i;

	if (!len)
		return error_set(err, DRIFT_ERR_INVALID, "an author must not be empty");
	if (len > COMMIT_WHO_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "an author has at most %d bytes", COMMIT_WHO_MAX);
	for (i = 0; i < len; i++)
		if ((unsigned char)who[i] < 0x20 || who[i] == 0x7f)
			return error_set(err, DRIFT_ERR_INVALID, "an author must not hold control characters");
	if (who[0] == ' ' || who[len - 1] == ' ')
		return error_set(err, DRIFT_ERR_INVALID, "an author must not begin or end with a blank");
	if (!brackets_match(who, len))
		return error_set(err, DRIFT_ERR_INVALID, "an author is 'NAME' or 'NAME <MAIL>'");
	return 0;
}
