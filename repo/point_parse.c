#include "repo/point_parse.h"

#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "refs/refname.h"

#define DATE_LEN (sizeof("2024-01-31") - 1)
#define NUMBER_MAX UINT64_C(9007199254740991)

/* What is being parsed: positions are offsets in text, for messages. */
struct parser {
	struct text text;
	size_t pos;
	int64_t now_us;
};

static int fail(const struct parser *p, const char *what, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "malformed point in time '%.*s': character %zu: %s",
			 p->text.len > 200 ? 200 : (int)p->text.len, p->text.data, p->pos + 1, what);
}

static char peek(const struct parser *p, size_t ahead)
{
	return p->pos + ahead < p->text.len ? p->text.data[p->pos + ahead] : '\0';
}

static struct text rest(const struct parser *p)
{
	return (struct text){ p->text.data + p->pos, p->text.len - p->pos };
}

static bool at_end(const struct parser *p)
{
	return p->pos == p->text.len;
}

static bool starts(const struct parser *p, const char *prefix)
{
	struct text t = rest(p);

	return t.len >= strlen(prefix) && memcmp(t.data, prefix, strlen(prefix)) == 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where a base may end: at the end of all, or before a step, a path, a range. */
static bool at_border(const struct parser *p)
{
	char c = peek(p, 0);

	return at_end(p) || c == '~' || c == '^' || c == ':' || starts(p, "..");
}

/* Digits at pos, at least one, no superfluous zeros. */
static int parse_number(struct parser *p, uint64_t *n_out, struct drift_error *err)
{
	uint64_t n = 0;

	if (!is_digit(peek(p, 0)))
		return fail(p, "a number is missing", err);
	if (peek(p, 0) == '0' && is_digit(peek(p, 1)))
		return fail(p, "a number begins with 0", err);
	for (; is_digit(peek(p, 0)); p->pos++) {
		n = n * 10 + (uint64_t)(peek(p, 0) - '0');
		if (n > NUMBER_MAX)
			return fail(p, "the number is too big", err);
	}
	*n_out = n;
	return 0;
}

/* How many characters of t, from *at on, fit the pattern (9: a digit, others themselves); *at moves if all do. */
static bool match(struct text t, size_t *at, const char *pattern)
{
	size_t i;

	for (i = 0; pattern[i]; i++) {
		char c = *at + i < t.len ? t.data[*at + i] : '\0';

		if (pattern[i] == '9' ? !is_digit(c) : c != pattern[i])
			return false;
	}
	*at += i;
	return true;
}

static void match_zone(struct text t, size_t *at)
{
	if (*at < t.len && (t.data[*at] == 'Z' || t.data[*at] == 'z'))
		++*at;
	else if (!match(t, at, "+99:99"))
		(void)match(t, at, "-99:99");
}

/* The length of what has the shape of a date or a time at the start of t, or 0. */
static size_t time_shape(struct text t)
{
	size_t date_len = 0, at;

	if (!match(t, &date_len, "9999-99-99"))
		return 0;
	at = date_len + 1;
	if (date_len == t.len || !t.data[date_len] || !strchr("Tt ", t.data[date_len]) || !match(t, &at, "99:99"))
		return date_len;
	if (match(t, &at, ":99") && match(t, &at, ".9"))
		while (at < t.len && is_digit(t.data[at]))
			at++;
	match_zone(t, &at);
	return at;
}

static void try_id(struct point_text *out, struct text base)
{
	size_t i;

	if (base.len < POINT_ID_MIN || base.len > POINT_ID_MAX)
		return;
	for (i = 0; i < base.len; i++) {
		int digit = hex_digit((unsigned char)base.data[i]);

		if (digit < 0)
			return;
		out->id[i] = "0123456789abcdef"[digit];
	}
	out->id[i] = '\0';
	out->id_len = i;
	out->candidates |= POINT_ID;
}

static void try_ref(struct point_text *out, struct text base)
{
	if (!refname_valid_short(base.data, base.len))
		return;
	out->ref = base;
	out->candidates |= POINT_REF;
}

/* "{...}" of a reflog form; pos is at the brace. The name before it is in out->ref. */
static int parse_reflog(struct parser *p, struct point_text *out, struct drift_error *err)
{
	const char *open = p->text.data + p->pos + 1;
	const char *close = memchr(open, '}', p->text.len - p->pos - 1);
	struct drift_error why;
	struct date when;
	size_t len;

	if (!close)
		return fail(p, "'}' is missing", err);
	len = (size_t)(close - open);
	p->pos++;
	if (len && strspn(open, "0123456789") >= len) {
		if (parse_number(p, &out->reflog_index, err))
			return -1;
		out->candidates = POINT_REFLOG_INDEX;
	} else {
		if (date_parse(open, len, p->now_us, &when, &why))
			return fail(p, why.message, err);
		out->time_us = when.us;
		out->candidates = POINT_REFLOG_TIME;
	}
	p->pos = (size_t)(close + 1 - p->text.data);
	return 0;
}

static int parse_optional_reflog(struct parser *p, struct point_text *out, struct drift_error *err)
{
	if (!starts(p, "@{"))
		return 0;
	p->pos++;
	return parse_reflog(p, out, err);
}

/* A base that begins with '@'. "@now" may be a ref too. */
static int parse_at(struct parser *p, struct point_text *out, struct drift_error *err)
{
	size_t name_len;

	if (starts(p, "@seq:")) {
		p->pos += strlen("@seq:");
		out->candidates = POINT_SEQ;
		return parse_number(p, &out->seq, err);
	}
	if (peek(p, 1) == '{') {
		out->ref = (struct text){ "", 0 };
		return parse_optional_reflog(p, out, err);
	}
	p->pos++;
	if (at_border(p) || starts(p, "@{")) {
		out->ref = (struct text){ "HEAD", 4 };
		out->candidates = POINT_REF;
		return parse_optional_reflog(p, out, err);
	}
	p->pos--;
	name_len = refname_scan(p->text.data + p->pos, p->text.len - p->pos);
	if (!name_len)
		return fail(p, "neither a ref nor '@seq:N' nor '@now' nor '@{...}'", err);
	try_ref(out, (struct text){ p->text.data + p->pos, name_len });
	if (name_len == 4 && starts(p, "@now"))
		out->candidates |= POINT_NOW;
	p->pos += name_len;
	return parse_optional_reflog(p, out, err);
}

/* A base that has the shape of a time, len characters; false if it is no time, or part of a longer name. */
static bool parse_time(struct parser *p, size_t len, struct point_text *out, struct drift_error *why)
{
	struct text base = { p->text.data + p->pos, len };
	struct parser behind = *p;
	struct date when;

	behind.pos += len;
	if (!at_border(&behind)) {
		error_set(why, DRIFT_ERR_INVALID, "what follows the time is not part of it");
		return false;
	}
	if (date_parse_rfc3339(base.data, base.len, &when, why))
		return false;
	out->time_us = when.us;
	out->candidates = POINT_TIME;
	try_ref(out, base);
	p->pos += len;
	return true;
}

static int name_missing(struct parser *p, struct drift_error *err)
{
	struct parser border = *p;
	struct drift_error why;

	while (!at_border(&border) && !starts(&border, "@{"))
		border.pos++;
	if (border.pos == p->pos || !refname_check_short(rest(p).data, border.pos - p->pos, &why))
		return fail(p, "a ref, time or commit id is missing", err);
	return fail(p, why.message, err);
}

static int parse_plain_base(struct parser *p, struct point_text *out, struct drift_error *err)
{
	size_t time_len = time_shape(rest(p)), name_len;
	struct drift_error why;
	struct text base;

	if (peek(p, 0) == '@')
		return parse_at(p, out, err);
	if (time_len && parse_time(p, time_len, out, &why))
		return 0;
	if (time_len > DATE_LEN)
		return fail(p, why.message, err);
	name_len = refname_scan(p->text.data + p->pos, p->text.len - p->pos);
	if (!name_len)
		return time_len ? fail(p, why.message, err) : name_missing(p, err);
	base = (struct text){ p->text.data + p->pos, name_len };
	try_ref(out, base);
	out->looks_like_date = time_len == name_len;
	p->pos += name_len;
	try_id(out, base);
	return parse_optional_reflog(p, out, err);
}

/* In quotes a base has no border but the quote: the parser sees nothing beyond it. */
static int parse_base(struct parser *p, struct point_text *out, struct drift_error *err)
{
	char quote = peek(p, 0);
	struct parser inner = *p;
	const char *close;

	if (quote != '"' && quote != '\'')
		return parse_plain_base(p, out, err);
	inner.pos++;
	close = memchr(p->text.data + inner.pos, quote, p->text.len - inner.pos);
	if (!close)
		return fail(p, "the closing quote is missing", err);
	inner.text.len = (size_t)(close - p->text.data);
	if (parse_plain_base(&inner, out, err))
		return -1;
	if (!at_end(&inner))
		return fail(&inner, "nothing more may stand within the quotes", err);
	p->pos = inner.text.len + 1;
	return 0;
}

static int parse_peel(struct parser *p, struct point_step *step, struct drift_error *err)
{
	static const struct {
		const char *text;
		enum point_step_kind kind;
	} peels[] = { { "{}", POINT_PEEL }, { "{commit}", POINT_PEEL_COMMIT }, { "{tree}", POINT_PEEL_TREE } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(peels); i++) {
		if (starts(p, peels[i].text)) {
			step->kind = peels[i].kind;
			p->pos += strlen(peels[i].text);
			return 0;
		}
	}
	return fail(p, "only ^{commit}, ^{tree} and ^{} are known", err);
}

static int parse_step(struct parser *p, struct point_step *step, struct drift_error *err)
{
	step->kind = peek(p, 0) == '~' ? POINT_ANCESTOR : POINT_PARENT;
	step->number = 1;
	p->pos++;
	if (step->kind == POINT_PARENT && peek(p, 0) == '{')
		return parse_peel(p, step, err);
	return is_digit(peek(p, 0)) ? parse_number(p, &step->number, err) : 0;
}

static int parse_steps(struct parser *p, struct point_text *out, struct drift_error *err)
{
	while (peek(p, 0) == '~' || peek(p, 0) == '^') {
		if (out->step_count && out->steps[out->step_count - 1].kind == POINT_PEEL_TREE)
			return fail(p, "a tree has no parents", err);
		if (out->step_count == POINT_STEP_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "a point in time has at most %d steps", POINT_STEP_MAX);
		if (parse_step(p, &out->steps[out->step_count], err))
			return -1;
		out->step_count++;
	}
	return 0;
}

static void point_init(struct point_text *out)
{
	memset(out, 0, offsetof(struct point_text, steps));
	out->step_count = 0;
}

static int parse_point(struct parser *p, struct point_text *out, struct drift_error *err)
{
	size_t start = p->pos;

	point_init(out);
	if (parse_base(p, out, err) || parse_steps(p, out, err))
		return -1;
	out->text = (struct text){ p->text.data + start, p->pos - start };
	return 0;
}

static int parser_init(struct parser *p, struct text text, int64_t now_us, struct drift_error *err)
{
	p->text = text;
	p->pos = 0;
	p->now_us = now_us;
	if (text.len > POINT_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a point in time has at most %d characters", POINT_LEN_MAX);
	if (!text.len)
		return fail(p, "it is empty", err);
	if (memchr(text.data, '\0', text.len))
		return error_set(err, DRIFT_ERR_INVALID, "a point in time holds a NUL");
	return 0;
}

static int expect_end(const struct parser *p, struct drift_error *err)
{
	if (at_end(p))
		return 0;
	if (starts(p, ".."))
		return fail(p, "a range is not one point", err);
	if (peek(p, 0) == ':')
		return fail(p, "a path is out of place", err);
	return fail(p, "that is too much", err);
}

int point_parse(const char *text, size_t len, int64_t now_us, struct point_text *out, struct drift_error *err)
{
	struct parser p;
	struct point_text parsed;

	if (parser_init(&p, (struct text){ text, len }, now_us, err) || parse_point(&p, &parsed, err) ||
	    expect_end(&p, err))
		return -1;
	*out = parsed;
	return 0;
}

int point_parse_document(const char *text, size_t len, int64_t now_us, struct point_text *out, struct text *path_out,
			 struct drift_error *err)
{
	struct text path = { NULL, 0 };
	struct parser p;
	struct point_text parsed;

	if (parser_init(&p, (struct text){ text, len }, now_us, err) || parse_point(&p, &parsed, err))
		return -1;
	if (peek(&p, 0) == ':') {
		p.pos++;
		path = rest(&p);
		p.pos = p.text.len;
	}
	if (expect_end(&p, err))
		return -1;
	*out = parsed;
	*path_out = path;
	return 0;
}

/* One end of a range; nothing there is HEAD. */
static int parse_end(struct parser *p, struct point_text *out, struct drift_error *err)
{
	if (!at_end(p) && !starts(p, ".."))
		return parse_point(p, out, err);
	point_init(out);
	out->candidates = POINT_REF;
	out->ref = out->text = (struct text){ "HEAD", 4 };
	return 0;
}

/* What follows the first point, if anything. */
static int parse_second(struct parser *p, struct point_text_range *out, struct drift_error *err)
{
	struct point_text first;

	if (!starts(p, ".."))
		return 0;
	first = out->b;
	out->kind = starts(p, "...") ? POINT_SYMMETRIC : POINT_DIFFERENCE;
	p->pos += out->kind == POINT_SYMMETRIC ? 3 : 2;
	out->a = first;
	return parse_end(p, &out->b, err);
}

int point_parse_range(const char *text, size_t len, int64_t now_us, struct point_text_range *out,
		      struct drift_error *err)
{
	struct point_text_range parsed;
	struct parser p;
	int r;

	if (parser_init(&p, (struct text){ text, len }, now_us, err))
		return -1;
	point_init(&parsed.a);
	if (peek(&p, 0) == '^') {
		p.pos++;
		parsed.kind = POINT_EXCLUDE;
		r = parse_point(&p, &parsed.b, err);
	} else {
		parsed.kind = POINT_SINGLE;
		r = parse_end(&p, &parsed.b, err) || parse_second(&p, &parsed, err);
	}
	if (r || expect_end(&p, err))
		return -1;
	*out = parsed;
	return 0;
}
