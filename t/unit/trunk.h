/* For tests of the store: one in a folder of its own, and a branch on which commit n puts "value number n" at c/k(n mod 50). */
#ifndef T_UNIT_TRUNK_H
#define T_UNIT_TRUNK_H

#include "objects/odb.h"

struct tip {
	struct commit *commit; /* NULL: none yet */
	struct tree_root tree;
};

extern char trunk_dir[64];
extern struct drift_error trunk_err;

/* Fails the test with the message in trunk_err if r < 0. */
void trunk_must(int r);

/* Setup and teardown: an empty store in trunk_dir. */
int trunk_make(void **state);
int trunk_remove(void **state);

struct odb *trunk_open(void);
void trunk_start(struct tip *tip);
/* One commit that puts value at c/KEY on main, with its change list; returns the ticket, perhaps waited for. */
uint64_t trunk_append(struct odb *odb, struct tip *tip, const char *key, const char *value, bool wait);
/* The next commits of the branch, each waited for. */
void trunk_write(struct odb *odb, struct tip *tip, size_t count);
/* Where main stands, or NULL. */
struct commit *trunk_tip(struct odb *odb);
/* Opens the store anew, walks back from main and checks each commit; returns how many there are. */
size_t trunk_check(void);

#endif
