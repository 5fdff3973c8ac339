/*
 * Which refs of another repository become which of ours, as git writes it: [+]SOURCE[:DESTINATION]. One * on both sides
 * (or neither) stands for any text; + allows a move that is no fast-forward; a push without SOURCE deletes, and its SOURCE may be any point in time. "^NAME" in
 * a list leaves refs out.
 */
#ifndef REPO_REFSPEC_H
#define REPO_REFSPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

#define REFSPECS_MAX 10000

struct refspec {
	char *source;      /* never NULL; "" deletes the destination (pushes alone) */
	char *destination; /* NULL: none was given */
	bool force, pattern, exclude;
};

struct refspec_list {
	struct refspec *items;
	size_t count, capacity;
};

enum refspec_use { REFSPEC_FETCH, REFSPEC_PUSH };

/*
 * Add what text says. Names may be short ("main") unless the use says that they stand for many. DRIFT_ERR_INVALID says
 * what is wrong; the list is unchanged then.
 */
int refspec_add(struct refspec_list *list, const char *text, enum refspec_use use, struct drift_error *err) MUST_CHECK;
void refspec_list_release(struct refspec_list *list);
#define auto_refspecs __attribute__((cleanup(refspec_list_release))) struct refspec_list

/* Does the source, a full name or a pattern of such, say that name? Its destination is appended to out (nothing, if it has none). */
bool refspec_map(const struct refspec *spec, const char *name, struct buf *out);
/* The other way about: the source of a destination. */
bool refspec_map_back(const struct refspec *spec, const char *name, struct buf *out);
/* Is name left out by one of the list? */
bool refspec_excluded(const struct refspec_list *list, const char *name);
/* What the first of the list that knows the source makes of it, NULL where none does or it is left out. */
const struct refspec *refspec_find(const struct refspec_list *list, const char *name, struct buf *out);

#endif
