#include "base/config_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/config_internal.h"
#include "base/mem.h"

struct stored {
	char *name;
	char *value; /* or NULL */
};

struct layer {
	struct stored *entries;
	size_t count, capacity;
};

struct config {
	struct layer layers[CONFIG_LAYERS];
};

int config_text_parse(const char *text, size_t len, config_entry_fn *entry, void *context,
		      struct drift_error *err)
{
	struct config_scan s;
	int r;

	config_scan_init(&s, text, len);
	while ((r = config_scan_next(&s, err)) > 0) {
		if (r != CONFIG_ENTRY)
			continue;
		r = entry(context, s.name.data, s.has_value ? s.value.data : NULL);
		if (r)
			break;
	}
	config_scan_release(&s);
	return r;
}

static bool is_key(const char *key)
{
	if (!config_is_key_char(*key) || *key == '-' || (*key >= '0' && *key <= '9'))
		return false;
	while (config_is_key_char(*key))
		key++;
	return !*key;
}

int config_name_normalise(const char *name, struct buf *out, struct drift_error *err)
{
	const char *first = strchr(name, '.');
	const char *last = strrchr(name, '.');
	const char *p;

	if (!first || first == name)
		return error_set(err, DRIFT_ERR_INVALID,
				 "'%s' is no configuration name: expected section.key", name);
	for (p = name; p < first; p++)
		if (!config_is_key_char(*p))
			return error_set(err, DRIFT_ERR_INVALID, "'%s': a section's name has letters, "
								 "digits and dashes", name);
	if (!is_key(last + 1))
		return error_set(err, DRIFT_ERR_INVALID, "'%s': a key has letters, digits and dashes "
							 "and begins with a letter", name);
	if (strchr(name, '\n'))
		return error_set(err, DRIFT_ERR_INVALID, "a configuration name has no line ends");
	for (p = name; *p; p++)
		buf_add_byte(out, (unsigned char)(p < first || p > last ? config_lower(*p) : *p));
	return buf_check(out, err);
}

static bool is_word(const char *value, const char *word)
{
	while (*value && config_lower(*value) == *word) {
		value++;
		word++;
	}
	return !*value && !*word;
}

int config_parse_bool(const char *value, bool *out, struct drift_error *err)
{
	int64_t number;

	if (!value || is_word(value, "true") || is_word(value, "yes") || is_word(value, "on"))
		*out = true;
	else if (!*value || is_word(value, "false") || is_word(value, "no") || is_word(value, "off"))
		*out = false;
	else if (!config_parse_int(value, &number, NULL))
		*out = number != 0;
	else
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is neither true nor false", value);
	return 0;
}

static int shift_of(char unit)
{
	switch (config_lower(unit)) {
	case 'k':
		return 10;
	case 'm':
		return 20;
	case 'g':
		return 30;
	default:
		return 0;
	}
}

int config_parse_int(const char *value, int64_t *out, struct drift_error *err)
{
	const char *p = value ? value : "";
	bool negative = *p == '-';
	int64_t number = 0;
	int shift;

	if (negative || *p == '+')
		p++;
	if (*p < '0' || *p > '9')
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is not a number", value ? value : "");
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_sub_overflow(number, *p - '0', &number))
			return error_set(err, DRIFT_ERR_INVALID, "'%s' is too large", value);
	shift = shift_of(*p);
	if (shift)
		p++;
	if (*p)
		return error_set(err, DRIFT_ERR_INVALID,
				 "'%s' is not a number; k, m or g may follow one", value);
	/* Counted downwards, where there is one number more. */
	if (__builtin_mul_overflow(number, INT64_C(1) << shift, &number) ||
	    (!negative && number == INT64_MIN))
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is too large", value);
	*out = negative ? number : -number;
	return 0;
}

int config_create(struct config **out, struct drift_error *err)
{
	struct config *config = mem_calloc(1, sizeof(*config));

	if (!config)
		return error_no_memory(err);
	*out = config;
	return 0;
}

void config_drop_layer(struct config *config, enum config_layer layer)
{
	struct layer *l = &config->layers[layer];
	size_t i;

	for (i = 0; i < l->count; i++) {
		free(l->entries[i].name);
		free(l->entries[i].value);
	}
	free(l->entries);
	memset(l, 0, sizeof(*l));
}

void config_free(struct config *config)
{
	size_t i;

	if (!config)
		return;
	for (i = 0; i < CONFIG_LAYERS; i++)
		config_drop_layer(config, (enum config_layer)i);
	free(config);
}

/* For config_text_parse: 1 when out of memory. */
static int add_to_layer(void *context, const char *name, const char *value)
{
	struct layer *l = context;
	struct stored s = { mem_dup_str(name, strlen(name)), NULL };

	if (value)
		s.value = mem_dup_str(value, strlen(value));
	if (!s.name || (value && !s.value) ||
	    mem_grow(&l->entries, &l->capacity, l->count + 1, sizeof(*l->entries)) < 0) {
		free(s.name);
		free(s.value);
		return 1;
	}
	l->entries[l->count++] = s;
	return 0;
}

int config_add_text(struct config *config, enum config_layer layer, const char *where,
		    const struct buf *text, struct drift_error *err)
{
	int r = config_text_parse(text->data, text->len, add_to_layer, &config->layers[layer], err);

	if (r > 0)
		return error_no_memory(err);
	return r < 0 ? error_prefix(err, DRIFT_OK, "'%s'", where) : 0;
}

int config_add_override(struct config *config, const char *assignment, struct drift_error *err)
{
	const char *equals = strchr(assignment, '=');
	size_t len = equals ? (size_t)(equals - assignment) : strlen(assignment);
	auto_free char *name = mem_dup_str(assignment, len);
	auto_buf normal = BUF_INIT;

	if (!name)
		return error_no_memory(err);
	if (config_name_normalise(name, &normal, err) < 0)
		return -1;
	if (add_to_layer(&config->layers[CONFIG_COMMAND], normal.data, equals ? equals + 1 : NULL))
		return error_no_memory(err);
	return 0;
}

/* Is that the entry's name, whatever the case of its section and key? */
static bool same_name(const char *normal, const char *name)
{
	const char *first = strchr(name, '.');
	const char *last = strrchr(name, '.');
	const char *p;

	for (p = name; *p; p++, normal++) {
		char c = p < first || p > last ? config_lower(*p) : *p;

		if (c != *normal)
			return false;
	}
	return !*normal;
}

bool config_find(const struct config *config, const char *name, const char **value_out)
{
	size_t l, i;

	for (l = CONFIG_LAYERS; l-- > 0;)
		for (i = config->layers[l].count; i-- > 0;)
			if (same_name(config->layers[l].entries[i].name, name)) {
				*value_out = config->layers[l].entries[i].value;
				return true;
			}
	return false;
}

int config_get_string(const struct config *config, const char *name, const char *otherwise,
		      const char **out, struct drift_error *err)
{
	const char *value = otherwise;

	if (config_find(config, name, &value) && !value)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' needs a value", name);
	*out = value;
	return 0;
}

int config_get_bool(const struct config *config, const char *name, bool otherwise, bool *out,
		    struct drift_error *err)
{
	const char *value;

	if (!config_find(config, name, &value)) {
		*out = otherwise;
		return 0;
	}
	if (config_parse_bool(value, out, err) < 0)
		return error_prefix(err, DRIFT_OK, "'%s'", name);
	return 0;
}

int config_get_int(const struct config *config, const char *name, int64_t otherwise, int64_t *out,
		   struct drift_error *err)
{
	const char *value;

	if (!config_find(config, name, &value)) {
		*out = otherwise;
		return 0;
	}
	if (config_parse_int(value, out, err) < 0)
		return error_prefix(err, DRIFT_OK, "'%s'", name);
	return 0;
}

size_t config_count(const struct config *config)
{
	size_t count = 0, l;

	for (l = 0; l < CONFIG_LAYERS; l++)
		count += config->layers[l].count;
	return count;
}

struct config_entry config_at(const struct config *config, size_t i)
{
	struct config_entry entry = { "", NULL, CONFIG_SYSTEM };
	size_t l;

	for (l = 0; l < CONFIG_LAYERS; l++) {
		const struct layer *layer = &config->layers[l];

		if (i < layer->count) {
			entry.name = layer->entries[i].name;
			entry.value = layer->entries[i].value;
			entry.layer = (enum config_layer)l;
			break;
		}
		i -= layer->count;
	}
	return entry;
}
