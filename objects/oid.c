#include "objects/oid.h"

#include <string.h>

#include "base/sha256.h"

_Static_assert(OID_LEN == SHA256_LEN, "ids are SHA-256");

static const char *const kind_names[] = {
	[OBJECT_BLOB] = "blob",
	[OBJECT_TREE] = "tree",
	[OBJECT_COMMIT] = "commit",
	[OBJECT_TAG] = "tag",
};

bool oid_equal(const struct oid *a, const struct oid *b)
{
	return !memcmp(a->bytes, b->bytes, OID_LEN);
}

int oid_compare(const struct oid *a, const struct oid *b)
{
	return memcmp(a->bytes, b->bytes, OID_LEN);
}

bool oid_is_zero(const struct oid *id)
{
	static const struct oid zero;

	return oid_equal(id, &zero);
}

char *oid_to_hex(const struct oid *id, char hex[OID_HEX_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < OID_LEN; i++) {
		hex[2 * i] = digits[id->bytes[i] >> 4];
		hex[2 * i + 1] = digits[id->bytes[i] & 15];
	}
	hex[OID_HEX_LEN] = '\0';
	return hex;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int oid_from_hex(const char *hex, size_t len, struct oid *id_out, struct drift_error *err)
{
	struct oid id;
	size_t i;

	if (len != OID_HEX_LEN)
		return error_set(err, DRIFT_ERR_INVALID, "an object id has %d digits, not %zu", OID_HEX_LEN, len);
	for (i = 0; i < OID_LEN; i++) {
		int high = digit_value(hex[2 * i]);
		int low = digit_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return error_set(err, DRIFT_ERR_INVALID, "an object id has hexadecimal digits only");
		id.bytes[i] = (unsigned char)(high << 4 | low);
	}
	*id_out = id;
	return 0;
}

const char *object_kind_name(enum object_kind kind)
{
	return kind_names[kind];
}

int object_kind_from_name(const char *name, enum object_kind *kind_out, struct drift_error *err)
{
	int kind;

	for (kind = OBJECT_BLOB; kind <= OBJECT_TAG; kind++) {
		if (!strcmp(name, kind_names[kind])) {
			*kind_out = (enum object_kind)kind;
			return 0;
		}
	}
	return error_set(err, DRIFT_ERR_INVALID, "there is no kind of object named '%s'", name);
}

void object_hash(enum object_kind kind, const void *data, size_t len, struct oid *id_out)
{
	char head[32];
	char *p = head + sizeof(head);
	size_t rest = len, name_len = strlen(kind_names[kind]);

	*--p = '\0';
	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	*--p = ' ';
	p -= name_len;
	memcpy(p, kind_names[kind], name_len);
	sha256_two(p, (size_t)(head + sizeof(head) - p), data, len, id_out->bytes);
}
