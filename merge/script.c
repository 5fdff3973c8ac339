#include "merge/script.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "merge/script_internal.h"

enum { HOOK_STEP = 1000, BYTES_A_WORK = 16, LONG_STRING_LEN = 256 };

struct script *script_of(lua_State *L)
{
	struct script *s;

	memcpy(&s, lua_getextraspace(L), sizeof(struct script *));
	return s;
}

void script_work(lua_State *L, size_t amount)
{
	struct script *s = script_of(L);

	s->work -= amount > SCRIPT_WORK_MAX ? SCRIPT_WORK_MAX : (int64_t)amount;
	if (s->work < 0) {
		s->spent = true;
		luaL_error(L, "too much work: more than %d instructions", SCRIPT_WORK_MAX);
	}
}

static void count_instructions(lua_State *L, lua_Debug *unused)
{
	(void)unused;
	script_work(L, HOOK_STEP);
}

/* For a new block Lua tells in old_len what it is for. */
static void *allocate(void *data, void *old, size_t old_len, size_t len)
{
	struct script *s = data;
	bool string = !old && old_len == LUA_TSTRING;
	void *block;

	if (!old)
		old_len = 0;
	if (!len) {
		s->memory -= old_len;
		free(old);
		return NULL;
	}
	if (len > old_len &&
	    ((string && len > SCRIPT_STRING_MAX + 64) || len - old_len > SCRIPT_MEMORY_MAX - s->memory))
		return NULL;
	/* Only long strings cost by their length: whether a short one is made anew depends on when garbage was collected. */
	if (string && len > LONG_STRING_LEN)
		s->work -= (int64_t)len / BYTES_A_WORK;
	block = realloc(old, len);
	if (block)
		s->memory += len - old_len;
	else
		s->machine_failed = true;
	return block;
}

static int compile(lua_State *L, struct script *s)
{
	char chunk[64];

	snprintf(chunk, sizeof(chunk), "=%s", s->input->name);
	return luaL_loadbufferx(L, s->source.data, s->source.len, chunk, "t");
}

static void push_version(lua_State *L, const struct text *version)
{
	const struct script *s = script_of(L);

	if (!version) {
		lua_pushnil(L);
	} else if (s->input->json) {
		script_push_json(L, version);
	} else {
		script_work(L, version->len / BYTES_A_WORK);
		lua_pushlstring(L, version->data, version->len);
	}
}

static void take_result(lua_State *L, struct script *s)
{
	s->outcome = SCRIPT_VALUE;
	if (lua_touserdata(L, -1) == &script_absent) {
		s->outcome = SCRIPT_ABSENT;
	} else if (lua_touserdata(L, -1) == &script_conflict) {
		s->outcome = SCRIPT_CONFLICT;
	} else if (lua_isnil(L, -1)) {
		luaL_error(L, "merge returned nothing: a value, null, absent or conflict is expected");
	} else if (s->input->json) {
		script_take_json(L);
	} else {
		size_t len;
		const char *bytes;

		if (lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "merge returned a %s for a document that is no JSON, a string is expected",
				   luaL_typename(L, -1));
		bytes = lua_tolstring(L, -1, &len);
		buf_add(s->out, bytes, len);
	}
}

/* All that may fail in Lua, called protected. */
static int run_protected(lua_State *L)
{
	struct script *s = script_of(L);

	script_open_library(L);
	if (compile(L, s))
		return lua_error(L);
	lua_sethook(L, count_instructions, LUA_MASKCOUNT, HOOK_STEP);
	lua_call(L, 0, 0);
	if (lua_getglobal(L, "merge") != LUA_TFUNCTION)
		luaL_error(L, "%s defines no function merge", s->input->name);
	push_version(L, s->input->base);
	push_version(L, s->input->a);
	push_version(L, s->input->b);
	lua_pushlstring(L, s->input->path.data, s->input->path.len);
	lua_call(L, 4, 1);
	lua_sethook(L, NULL, 0, 0);
	take_result(L, s);
	return 0;
}

static int check_protected(lua_State *L)
{
	return compile(L, script_of(L)) ? lua_error(L) : 0;
}

/* What went wrong, as a sentence; the state is still there, but may have no memory for a string. */
static void explain(lua_State *L, const struct script *s, int status, struct buf *out)
{
	buf_truncate(out, 0);
	if (status == LUA_ERRMEM)
		buf_addf(out, "%s: too much memory: more than %zu bytes, or %zu in one string", s->input->name,
			 SCRIPT_MEMORY_MAX, SCRIPT_STRING_MAX);
	else if (lua_type(L, -1) == LUA_TSTRING)
		buf_add_str(out, lua_tostring(L, -1));
	else
		buf_addf(out, "%s: the error is a %s value", s->input->name, luaL_typename(L, -1));
}

/* In a state of its own: the status of Lua, or -1 without memory. why gets a sentence if it failed. */
static int in_new_state(struct script *s, lua_CFunction function, struct buf *why)
{
	lua_State *L = lua_newstate(allocate, s);
	int status;

	if (!L)
		return -1;
	memcpy(lua_getextraspace(L), &s, sizeof(s));
	lua_pushcfunction(L, function); /* a light function: no memory is needed */
	status = lua_pcall(L, 0, 0, 0);
	if (status && !s->machine_failed)
		explain(L, s, status, why);
	lua_close(L);
	return s->machine_failed ? -1 : status;
}

/* Comparing strings and reading numbers follow the thread's locale, which is the process's if nobody changes it. */
static int in_c_locale(struct script *s, lua_CFunction function, struct buf *why)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before;
	int status;

	if (!c)
		return -1;
	before = uselocale(c);
	status = in_new_state(s, function, why);
	uselocale(before);
	freelocale(c);
	return status;
}

int script_check(struct text source, const char *name, struct drift_error *err)
{
	const struct script_input input = { .name = name };
	struct script s = { .work = SCRIPT_WORK_MAX, .source = BUF_INIT, .input = &input };
	auto_buf why = BUF_INIT;
	int status = 0;

	if (!script_rewrite(source, name, &s.source, err)) {
		status = in_c_locale(&s, check_protected, &why);
		if (status < 0)
			error_no_memory(err);
		else if (status)
			error_set(err, DRIFT_ERR_INVALID, "%s", why.data);
	} else {
		status = -1;
	}
	buf_release(&s.source);
	return status ? -1 : 0;
}

static int check_versions(const struct script_input *input, struct drift_error *err)
{
	const struct text *versions[] = { input->base, input->a, input->b };

	for (size_t i = 0; input->json && i < 3; i++) {
		if (versions[i] && json_validate(versions[i]->data, versions[i]->len, err))
			return -1;
	}
	return 0;
}

int script_merge(const struct script_input *input, enum script_outcome *outcome_out, struct buf *out,
		 struct drift_error *err)
{
	auto_buf result = BUF_INIT, why = BUF_INIT;
	struct script s = { .work = SCRIPT_WORK_MAX, .source = BUF_INIT, .input = input, .out = &result };
	struct drift_error rewrite_error;
	int status;

	if (check_versions(input, err))
		return -1;
	s.doc = json_doc_new(err);
	if (!s.doc)
		return -1;
	if (script_rewrite(input->source, input->name, &s.source, &rewrite_error)) {
		status = rewrite_error.code == DRIFT_ERR_NO_MEMORY ? -1 : 1;
		buf_add_str(&why, rewrite_error.message);
	} else {
		status = in_c_locale(&s, run_protected, &why);
	}
	buf_release(&s.source);
	json_doc_free(s.doc);
	if (status < 0 || result.failed || why.failed)
		return error_no_memory(err);
	*outcome_out = status ? SCRIPT_FAILED : s.outcome;
	buf_add(out, status ? why.data : result.data, status ? why.len : result.len);
	return buf_check(out, err);
}
