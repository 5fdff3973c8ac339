#include "refs/refname.h"

#include <string.h>

#include "base/utf8.h"

#define ID_DIGITS 64

static const char *const rules[REFNAME_RULE_COUNT][2] = {
	{ "", "" },
	{ "refs/", "" },
	{ "refs/tags/", "" },
	{ "refs/heads/", "" },
	{ "refs/remotes/", "" },
	{ "refs/remotes/", "/HEAD" },
};

static bool starts_with(const char *name, size_t len, const char *prefix)
{
	size_t prefix_len = strlen(prefix);

	return len >= prefix_len && memcmp(name, prefix, prefix_len) == 0;
}

static bool is(const char *name, size_t len, const char *other)
{
	return len == strlen(other) && memcmp(name, other, len) == 0;
}

static bool byte_allowed(unsigned char c)
{
	return c > 0x20 && c != 0x7f && !strchr("~^:?*[\\", c);
}

/* Two refs whose names look the same are as bad as one that rewrites the line it stands on. */
static bool deceives(const char *name, size_t len)
{
	uint32_t code;
	size_t i, n;

	for (i = 0; i < len; i += n ? n : 1) {
		n = utf8_decode(name + i, len - i, &code);
		if (n > 1 && utf8_deceptive(code))
			return true;
	}
	return false;
}

/* What is wrong with a part between slashes, or NULL. */
static const char *part_fault(const char *part, size_t len)
{
	if (!len)
		return "has an empty part";
	if (part[0] == '.')
		return "has a part that begins with '.'";
	if (len >= 5 && memcmp(part + len - 5, ".lock", 5) == 0)
		return "has a part that ends with '.lock'";
	return NULL;
}

static const char *parts_fault(const char *name, size_t len)
{
	size_t start = 0, i;

	for (i = 0; i <= len; i++) {
		const char *fault;

		if (i < len && name[i] != '/')
			continue;
		fault = part_fault(name + start, i - start);
		if (fault)
			return fault;
		start = i + 1;
	}
	return NULL;
}

/* What is wrong with a name, short or full, or NULL. */
static const char *name_fault(const char *name, size_t len)
{
	size_t i;

	if (!len)
		return "is empty";
	if (is(name, len, "@"))
		return "stands for HEAD";
	for (i = 0; i < len; i++) {
		if (!byte_allowed((unsigned char)name[i]))
			return "holds a control character, a blank or one of ~ ^ : ? * [ \\";
		if (i + 1 < len && name[i] == '.' && name[i + 1] == '.')
			return "holds '..'";
		if (i + 1 < len && name[i] == '@' && name[i + 1] == '{')
			return "holds '@{'";
	}
	if (name[len - 1] == '.')
		return "ends with '.'";
	if (deceives(name, len))
		return "holds a character that is invisible or changes the direction of writing";
	return parts_fault(name, len);
}

static bool is_full(const char *name, size_t len)
{
	return is(name, len, "HEAD") || starts_with(name, len, "refs/");
}

static int refuse(const char *what, const char *name, size_t len, const char *fault, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is no valid %s: it %s", len > 200 ? 200 : (int)len, name, what,
			 fault);
}

int refname_check_short(const char *name, size_t len, struct drift_error *err)
{
	const char *fault;

	if (len > REFNAME_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the name of a ref has at most %d bytes", REFNAME_MAX);
	fault = name_fault(name, len);
	return fault ? refuse("ref name", name, len, fault, err) : 0;
}

int refname_check(const char *name, size_t len, struct drift_error *err)
{
	if (refname_check_short(name, len, err))
		return -1;
	if (!is_full(name, len))
		return refuse("full ref name", name, len, "is neither HEAD nor begins with 'refs/'", err);
	return 0;
}

bool refname_valid_short(const char *name, size_t len)
{
	return len <= REFNAME_MAX && !name_fault(name, len);
}

bool refname_valid(const char *name, size_t len)
{
	return refname_valid_short(name, len) && is_full(name, len);
}

size_t refname_scan(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char next = i + 1 < len ? text[i + 1] : '\0';

		if (text[i] == '~' || text[i] == '^' || text[i] == ':' || (text[i] == '.' && next == '.') ||
		    (text[i] == '@' && next == '{'))
			break;
	}
	return refname_valid_short(text, i) ? i : 0;
}

static bool looks_like_id(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!name[i] || !strchr("0123456789abcdefABCDEF", name[i]))
			return false;
	return len == ID_DIGITS;
}

/* What is wrong with the name that a user gives to a branch or tag, beyond the rules for all, or NULL. */
static const char *user_fault(const char *name, size_t len)
{
	if (name[0] == '-')
		return "begins with '-'";
	if (is(name, len, "HEAD"))
		return "is reserved";
	if (looks_like_id(name, len))
		return "looks like the id of a commit";
	if (starts_with(name, len, "refs/"))
		return "begins with 'refs/'";
	return NULL;
}

static int user_name(const char *what, const char *prefix, struct text name, struct buf *out, struct drift_error *err)
{
	const char *fault = name_fault(name.data, name.len);

	if (!fault)
		fault = user_fault(name.data, name.len);
	if (fault)
		return refuse(what, name.data, name.len, fault, err);
	if (strlen(prefix) + name.len > REFNAME_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the name of a %s has at most %zu bytes", what,
				 REFNAME_MAX - strlen(prefix));
	buf_add_str(out, prefix);
	buf_add(out, name.data, name.len);
	return buf_check(out, err);
}

int refname_branch(const char *name, size_t len, struct buf *out, struct drift_error *err)
{
	return user_name("branch name", "refs/heads/", (struct text){ name, len }, out, err);
}

int refname_tag(const char *name, size_t len, struct buf *out, struct drift_error *err)
{
	return user_name("tag name", "refs/tags/", (struct text){ name, len }, out, err);
}

bool refname_expand(const char *name, size_t len, size_t i, struct buf *out)
{
	size_t old = out->len;

	if (i >= REFNAME_RULE_COUNT || !refname_valid_short(name, len))
		return false;
	buf_add_str(out, rules[i][0]);
	buf_add(out, name, len);
	buf_add_str(out, rules[i][1]);
	if (!out->failed && refname_valid(out->data + old, out->len - old))
		return true;
	if (!out->failed)
		buf_truncate(out, old);
	return false;
}

const char *refname_short(const char *name)
{
	static const char *const prefixes[] = { "refs/heads/", "refs/tags/", "refs/remotes/", "refs/" };
	size_t len = strlen(name), i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (starts_with(name, len, prefixes[i]) && len > strlen(prefixes[i]))
			return name + strlen(prefixes[i]);
	return name;
}

bool refname_is_branch(const char *name)
{
	return starts_with(name, strlen(name), "refs/heads/");
}

bool refname_nested(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len == b_len)
		return false;
	return a_len < b_len ? b[a_len] == '/' && memcmp(a, b, a_len) == 0 :
			       a[b_len] == '/' && memcmp(a, b, b_len) == 0;
}
