/* What the parts of the sandbox share. A struct script belongs to one run; errors of Lua jump over C frames, so all that is allocated is in it. */
#ifndef MERGE_SCRIPT_INTERNAL_H
#define MERGE_SCRIPT_INTERNAL_H

#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>

#include "base/json.h"
#include "merge/script.h"

struct script {
	size_t memory;        /* bytes held */
	int64_t work;         /* that may still be done */
	bool spent;           /* work or memory ran out: not to be caught */
	bool machine_failed;  /* no memory on this machine: no outcome */
	struct json_doc *doc; /* the result in the making */
	struct buf source;    /* what is compiled */
	const struct script_input *input;
	enum script_outcome outcome;
	struct buf *out;
};

struct script *script_of(lua_State *L);
/* Count work; raises the error that cannot be caught when there is none left. */
void script_work(lua_State *L, size_t amount);

/*
 * The source as it is compiled: "#" becomes a function of ours, as the length of a table with holes depends on where Lua keeps it.
 * Refuses "^": powers differ between processors. 0, or -1 with DRIFT_ERR_INVALID.
 */
#define SCRIPT_LENGTH_NAME "__length"
int script_rewrite(struct text source, const char *name, struct buf *out, struct drift_error *err) MUST_CHECK;

/* Put the globals that scripts may use in place. */
void script_open_library(lua_State *L);

/* A JSON text as a value on the stack. */
void script_push_json(lua_State *L, const struct text *json);
/* The value at the top as canonical JSON, appended to the result. */
void script_take_json(lua_State *L);
/* null, absent and conflict are light userdata with these addresses; null's is NULL. */
extern const char script_absent, script_conflict;
/* The metatables of arrays and of numbers that Lua cannot hold, by name in the registry. */
#define SCRIPT_ARRAY "drift.array"
#define SCRIPT_NUMBER "drift.number"
/* How many elements from 1 on are not nil. */
lua_Integer script_length(lua_State *L, int index);
/* Lua's tostring without addresses: leaves a string on the stack. */
void script_to_string(lua_State *L, int index);

#endif
