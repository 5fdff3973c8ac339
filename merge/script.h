/*
 * Merge by a program: a function merge(base, a, b, path) in Lua 5.4, whose result is the same on every node, run and
 * machine. It sees values and gives one back; it reaches no file, clock, random number, address or table order, none of
 * the functions whose last bit depends on the processor, and it is stopped by a count of its work, never by time.
 * Documentation/drift-merge-scripts.adoc says what it may use.
 *
 * What a script does wrong (an error, too much work, a value that is no JSON) is an outcome like others, since every node
 * comes to the same.
 */
#ifndef MERGE_SCRIPT_H
#define MERGE_SCRIPT_H

#include "base/buf.h"
#include "base/error.h"
#include "base/textdiff.h" /* struct text */

#define SCRIPT_SOURCE_MAX ((size_t)256 << 10)
#define SCRIPT_WORK_MAX 2000000 /* instructions of Lua's machine, and what functions of ours count as such */
#define SCRIPT_MEMORY_MAX ((size_t)32 << 20)  /* bytes that the script may hold */
#define SCRIPT_STRING_MAX ((size_t)256 << 10) /* bytes of one string */
enum { SCRIPT_DEPTH_MAX = 200 };              /* nesting of values that go in or out */

enum script_outcome {
	SCRIPT_VALUE,    /* the result is in out: canonical JSON, or the bytes of a text */
	SCRIPT_ABSENT,   /* the merged value is absent: removed */
	SCRIPT_CONFLICT, /* the script leaves it to people */
	SCRIPT_FAILED    /* out is a sentence that says why there is no result; to be treated as a conflict */
};

struct script_input {
	struct text source;              /* Lua, no bytecode */
	const char *name;                /* of the script, for sentences */
	bool json;                       /* the versions are JSON; else strings of bytes */
	const struct text *base, *a, *b; /* NULL: absent */
	struct text path;                /* of the document, for the script */
};

/* Compile only: 0, or -1 with DRIFT_ERR_INVALID and what is wrong, with its line. */
int script_check(struct text source, const char *name, struct drift_error *err) MUST_CHECK;
/*
 * Run; appends to out. Safe in any number of threads, whatever locale the process has. -1 only where this machine fails:
 * DRIFT_ERR_NO_MEMORY. Versions are valid JSON where input->json says so, or it is DRIFT_ERR_INVALID.
 */
int script_merge(const struct script_input *input, enum script_outcome *outcome_out, struct buf *out,
		 struct drift_error *err) MUST_CHECK;

#endif
