/* Nodes of any entries, as a map_model has them, for tests of edit lists. */
#ifndef T_UNIT_NODE_MODEL_H
#define T_UNIT_NODE_MODEL_H

#include "objects/node_delta.h"
#include "t/unit/map_model.h"

/* Writes a location as it is, as a varint. */
extern const struct loc_codec varint_codec;

/*
 * A node of all entries of a model; values of inner nodes are child id, count, bytes. What an entry refers to has a
 * location that follows from its id.
 */
struct node *node_model_build(const struct map_model *m, enum map_kind kind, unsigned level);
/* One entry more, or another value for it: a document, or a child if level is not 0. */
void node_model_put_random(struct dice *d, struct map_model *m, unsigned level);
/* One change or some tens. */
void node_model_mutate(struct dice *d, struct map_model *m, unsigned level);

#endif
