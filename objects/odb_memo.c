/* Small things read a moment ago: who, ref names and where they are spelt out, values of refs. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/odb_internal.h"

void memo_put(struct odb *odb, struct memo_table *t, const char *text, size_t len, uint64_t loc, unsigned index)
{
	/* What is not durable may yet be void, unless what points there is appended behind it. */
	bool stays = odb_is_owner(odb) || (odb_index(odb) && odb_is_visible(odb, loc));
	char *copy = stays ? mem_dup_str(text, len) : NULL;
	struct memo *m = NULL;
	size_t i;

	if (!copy)
		return;
	pthread_mutex_lock(&odb->memo_mutex);
	for (i = 0; i < MEMO_COUNT && !m; i++)
		if (t->items[i].text && t->items[i].len == len && !memcmp(t->items[i].text, text, len))
			m = &t->items[i];
	if (!m)
		m = &t->items[t->next++ % MEMO_COUNT];
	free(m->text);
	*m = (struct memo){ copy, len, loc, index };
	pthread_mutex_unlock(&odb->memo_mutex);
}

bool memo_get(struct odb *odb, struct memo_table *t, const char *text, size_t len, uint64_t *loc_out, unsigned *index_out)
{
	bool found = false;
	size_t i;

	pthread_mutex_lock(&odb->memo_mutex);
	for (i = 0; i < MEMO_COUNT && !found; i++) {
		struct memo *m = &t->items[i];

		if (!m->text || m->len != len || memcmp(m->text, text, len) != 0)
			continue;
		*loc_out = m->loc;
		*index_out = m->index;
		found = true;
	}
	pthread_mutex_unlock(&odb->memo_mutex);
	return found;
}

bool memo_find(struct odb *odb, struct memo_table *t, uint64_t loc, unsigned index, struct buf *out)
{
	bool found = false;
	size_t i;

	pthread_mutex_lock(&odb->memo_mutex);
	for (i = 0; i < MEMO_COUNT && !found; i++) {
		struct memo *m = &t->items[i];

		if (!m->text || m->loc != loc || m->index != index)
			continue;
		buf_add(out, m->text, m->len);
		found = true;
	}
	pthread_mutex_unlock(&odb->memo_mutex);
	return found;
}

static void clear_table(struct memo_table *t)
{
	size_t i;

	for (i = 0; i < MEMO_COUNT; i++)
		free(t->items[i].text);
	memset(t, 0, sizeof(*t));
}

void odb_forget_memos(struct odb *odb)
{
	size_t i;

	pthread_mutex_lock(&odb->memo_mutex);
	clear_table(&odb->who_memo);
	clear_table(&odb->name_memo);
	for (i = 0; i < MEMO_COUNT; i++)
		free(odb->ref_memos[i].name);
	memset(odb->ref_memos, 0, sizeof(odb->ref_memos));
	pthread_mutex_unlock(&odb->memo_mutex);
}

static struct ref_memo *find_ref(struct odb *odb, const char *name)
{
	size_t i;

	for (i = 0; i < MEMO_COUNT; i++)
		if (odb->ref_memos[i].name && !strcmp(odb->ref_memos[i].name, name))
			return &odb->ref_memos[i];
	return NULL;
}

void ref_memo_put(struct odb *odb, const char *name, uint64_t loc, const struct ref_value *value)
{
	struct ref_memo *m;

	pthread_mutex_lock(&odb->memo_mutex);
	m = find_ref(odb, name);
	if (!m) {
		m = &odb->ref_memos[odb->ref_memo_next++ % MEMO_COUNT];
		free(m->name);
		m->name = mem_dup_str(name, strlen(name));
	}
	m->loc = loc;
	m->value = *value;
	pthread_mutex_unlock(&odb->memo_mutex);
}

bool ref_memo_get(struct odb *odb, const char *name, uint64_t loc, struct ref_value *value_out)
{
	struct ref_memo *m;
	bool found;

	pthread_mutex_lock(&odb->memo_mutex);
	m = find_ref(odb, name);
	found = m && m->loc == loc;
	if (found)
		*value_out = m->value;
	pthread_mutex_unlock(&odb->memo_mutex);
	return found;
}
