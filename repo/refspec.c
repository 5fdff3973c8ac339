#include "repo/refspec.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "refs/refname.h"

static void refspec_release(struct refspec *spec)
{
	free(spec->source);
	free(spec->destination);
}

void refspec_list_release(struct refspec_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		refspec_release(&list->items[i]);
	free(list->items);
	*list = (struct refspec_list){ .items = NULL };
}

/* One side: a name, short or full, or with `pattern` one whose * a name could stand for. */
static int check_side(const char *side, size_t len, bool pattern, struct drift_error *err)
{
	const char *star = memchr(side, '*', len);
	auto_buf probe = BUF_INIT;

	if (!pattern)
		return refname_check_short(side, len, err);
	if (memchr(star + 1, '*', len - (size_t)(star + 1 - side)))
		return error_set(err, DRIFT_ERR_INVALID, "it has more than one '*' on a side");
	buf_add(&probe, side, (size_t)(star - side));
	buf_add_byte(&probe, 'x');
	buf_add(&probe, star + 1, len - (size_t)(star + 1 - side));
	if (buf_check(&probe, err) || refname_check(probe.data, probe.len, err))
		return -1;
	return 0;
}

/* Any point in time may be pushed; what is fetched is a ref. */
static int check_sides(const char *source, size_t source_len, const char *destination, const struct refspec *spec,
		       enum refspec_use use, struct drift_error *err)
{
	bool source_star = memchr(source, '*', source_len) != NULL;
	bool star = destination && strchr(destination, '*');

	if (destination && source_star != star)
		return error_set(err, DRIFT_ERR_INVALID, "it has '*' on one side alone");
	if (spec->exclude && (destination || !source_len))
		return error_set(err, DRIFT_ERR_INVALID, "behind '^' stands one name");
	if (!source_len && (use == REFSPEC_FETCH || !destination || !*destination))
		return error_set(err, DRIFT_ERR_INVALID, "it names no ref");
	if (source_len && !(source_len == 1 && *source == '@') && (use == REFSPEC_FETCH || source_star || !destination) &&
	    check_side(source, source_len, source_star, err))
		return -1;
	if (!destination || (!*destination && use == REFSPEC_FETCH))
		return 0;
	return check_side(destination, strlen(destination), star, err);
}

static int parse(const char *text, enum refspec_use use, struct refspec *out, struct drift_error *err)
{
	const char *colon, *destination = NULL;
	size_t source_len;

	out->exclude = *text == '^';
	out->force = *text == '+';
	text += out->exclude || out->force;
	colon = strrchr(text, ':');
	source_len = colon ? (size_t)(colon - text) : strlen(text);
	if (colon)
		destination = colon + 1;
	if (check_sides(text, source_len, destination, out, use, err))
		return -1;
	out->pattern = memchr(text, '*', source_len) != NULL;
	out->source = source_len == 1 && *text == '@' ? mem_dup_str("HEAD", 4) :
							mem_dup_str(text, source_len);
	if (destination && *destination)
		out->destination = mem_dup_str(destination, strlen(destination));
	if (!out->source || (destination && *destination && !out->destination))
		return error_no_memory(err);
	return 0;
}

int refspec_add(struct refspec_list *list, const char *text, enum refspec_use use, struct drift_error *err)
{
	struct refspec spec = { .source = NULL };

	if (list->count == REFSPECS_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "more than %d refspecs", REFSPECS_MAX);
	if (mem_grow(&list->items, &list->capacity, list->count + 1, sizeof(*list->items)))
		return error_no_memory(err);
	if (parse(text, use, &spec, err)) {
		refspec_release(&spec);
		return error_prefix(err, DRIFT_OK, "the refspec '%s' is wrong", text);
	}
	list->items[list->count++] = spec;
	return 0;
}

/* What * stands for in name by the pattern: false where it does not fit. */
static bool fit(const char *pattern, const char *name, struct text *rest)
{
	const char *star = strchr(pattern, '*');
	size_t before = (size_t)(star - pattern), after = strlen(star + 1), len = strlen(name);

	if (len <= before + after || memcmp(name, pattern, before) || memcmp(name + len - after, star + 1, after))
		return false;
	*rest = (struct text){ name + before, len - before - after };
	return true;
}

/* From one side to the other. */
static bool map(const struct refspec *spec, const char *from, const char *to, const char *name, struct buf *out)
{
	const char *star;
	struct text rest;

	if (!spec->pattern) {
		if (strcmp(from, name) != 0)
			return false;
		if (to)
			buf_add_str(out, to);
		return true;
	}
	if (!fit(from, name, &rest))
		return false;
	if (!to)
		return true;
	star = strchr(to, '*');
	buf_add(out, to, (size_t)(star - to));
	buf_add(out, rest.data, rest.len);
	buf_add_str(out, star + 1);
	return true;
}

bool refspec_map(const struct refspec *spec, const char *name, struct buf *out)
{
	return !spec->exclude && map(spec, spec->source, spec->destination, name, out);
}

bool refspec_map_back(const struct refspec *spec, const char *name, struct buf *out)
{
	return !spec->exclude && spec->destination && map(spec, spec->destination, spec->source, name, out);
}

bool refspec_excluded(const struct refspec_list *list, const char *name)
{
	auto_buf unused = BUF_INIT;

	for (size_t i = 0; i < list->count; i++) {
		const struct refspec *spec = &list->items[i];

		if (spec->exclude && map(spec, spec->source, NULL, name, &unused))
			return true;
	}
	return false;
}

const struct refspec *refspec_find(const struct refspec_list *list, const char *name, struct buf *out)
{
	if (refspec_excluded(list, name))
		return NULL;
	for (size_t i = 0; i < list->count; i++) {
		if (refspec_map(&list->items[i], name, out))
			return &list->items[i];
	}
	return NULL;
}
