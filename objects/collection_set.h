/*
 * Names of collections: which ones a repository has, where it does not have all (a partial clone). The reserved collection is in
 * each such set.
 */
#ifndef OBJECTS_COLLECTION_SET_H
#define OBJECTS_COLLECTION_SET_H

#include "base/buf.h"

struct collection_set {
	struct collection_name {
		char *name;
		size_t len;
	} *items; /* sorted */
	size_t count, capacity;
};
#define auto_collection_set __attribute__((cleanup(collection_set_release))) struct collection_set

/* set NULL: all collections are in it. */
bool collection_set_has(const struct collection_set *set, const char *name, size_t len);
/* One more, unless it is in it already. */
int collection_set_add(struct collection_set *set, const char *name, size_t len, struct drift_error *err) MUST_CHECK;
/* "users/,orders/", the slashes may be missing; "/" is the collection without a name. DRIFT_ERR_INVALID */
int collection_set_parse(struct collection_set *set, const char *text, struct drift_error *err) MUST_CHECK;
/* All of `from`, too. */
int collection_set_join(struct collection_set *set, const struct collection_set *from, struct drift_error *err) MUST_CHECK;
void collection_set_release(struct collection_set *set);

#endif
