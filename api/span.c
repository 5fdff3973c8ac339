#include "api/span_internal.h"

#include <stdlib.h>
#include <string.h>

/* The least text that is greater than all that begin with `text`, written at *p; none: NULL. */
static const char *successor(const char *text, size_t len, char **p, size_t *len_out)
{
	char *at = *p;

	while (len && (unsigned char)text[len - 1] == 0xff)
		len--;
	*len_out = len;
	if (!len)
		return NULL;
	memcpy(at, text, len);
	at[len - 1] = (char)((unsigned char)at[len - 1] + 1);
	*p += len;
	return at;
}

static struct bounds bounds_of_prefix(const char *text, size_t len, char **p)
{
	struct bounds b = { .from = text, .from_len = len };

	b.to = successor(text, len, p, &b.to_len);
	return b;
}

/* `text` is followed by a NUL, which makes the next greater text. */
static struct bounds bounds_of_one(const char *text, size_t len)
{
	return (struct bounds){ .from = text, .to = text, .from_len = len, .to_len = len + 1 };
}

int span_init(struct span *s, const char *prefix, struct drift_error *err)
{
	size_t len = prefix ? strlen(prefix) : 0;
	char *own = malloc(3 * (len + 1)), *p, *slash;

	if (!own)
		return error_no_memory(err);
	*s = (struct span){ .memory = own };
	memcpy(own, prefix ? prefix : "", len + 1);
	p = own + len + 1;
	slash = strchr(own, '/');
	if (slash == own)
		return 0; /* no path begins with a slash */
	if (slash) {
		*slash = '\0';
		s->ranges[0].names = bounds_of_one(own, (size_t)(slash - own));
		s->ranges[0].named = true;
		s->ranges[0].keys = bounds_of_prefix(slash + 1, len - (size_t)(slash - own) - 1, &p);
		s->count = 1;
		return 0;
	}
	if (len) {
		s->ranges[0].names = bounds_of_one(own + len, 0);
		s->ranges[0].keys = bounds_of_prefix(own, len, &p);
		s->count = 1;
	}
	s->ranges[s->count++].names = bounds_of_prefix(own, len, &p);
	return 0;
}

void span_release(struct span *s)
{
	free(s->memory);
	s->memory = NULL;
	s->count = 0;
}

bool bounds_hold(const struct bounds *b, const struct node_entry *entry)
{
	return !b->to || key_compare(entry->key, entry->key_len, b->to, b->to_len) < 0;
}

int bounds_find(const struct bounds *b, struct node_store *store, const struct map_root *map, uint64_t *first_out,
		uint64_t *end_out, struct drift_error *err)
{
	uint64_t first = 0, end = map->count;

	if (b->from_len && map_rank(store, map, b->from, b->from_len, &first, err))
		return -1;
	if (b->to && map_rank(store, map, b->to, b->to_len, &end, err))
		return -1;
	*first_out = first;
	*end_out = end;
	return 0;
}

int span_seek(struct map_cursor *c, struct node_store *store, const struct map_root *map, enum map_kind kind,
	      const char *key, size_t key_len, struct drift_error *err)
{
	if (map_cursor_seek(c, store, map, key, key_len, err))
		return -1;
	if (c->height && c->node[c->height - 1]->kind != kind) {
		map_cursor_release(c);
		return error_set(err, DRIFT_ERR_CORRUPT, "a map's root is a node of another kind of map");
	}
	return 0;
}
