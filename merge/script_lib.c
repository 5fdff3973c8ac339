#include <stdlib.h>
#include <string.h>

#include "merge/script_internal.h"

#include <lua5.4/lualib.h>

/* What functions here cost, in instructions of Lua's machine. */
enum { BYTES_A_WORK = 16, ITEMS_A_WORK = 32 };

lua_Integer script_length(lua_State *L, int index)
{
	lua_Integer count = 0;
	int at = lua_absindex(L, index);

	while (lua_rawgeti(L, at, count + 1) != LUA_TNIL) {
		lua_pop(L, 1);
		if (++count % ITEMS_A_WORK == 0)
			script_work(L, 1);
	}
	lua_pop(L, 1);
	return count;
}

static lua_Integer table_length(lua_State *L, int index)
{
	luaL_checktype(L, index, LUA_TTABLE);
	return script_length(L, index);
}

/* The operator "#", as script_rewrite writes it: the operand is the right one of a power. */
static int length_operator(lua_State *L)
{
	if (lua_type(L, 2) == LUA_TSTRING)
		lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 2));
	else if (lua_istable(L, 2))
		lua_pushinteger(L, script_length(L, 2));
	else
		return luaL_error(L, "attempt to get length of a %s value", luaL_typename(L, 2));
	return 1;
}

void script_to_string(lua_State *L, int index)
{
	switch (lua_type(L, index)) {
	case LUA_TSTRING:
		lua_pushvalue(L, index);
		break;
	case LUA_TNUMBER: {
		lua_Number n = lua_tonumber(L, index);

		if (n == n) {
			lua_pushvalue(L, index);
			lua_tostring(L, -1);
		} else {
			lua_pushliteral(L, "nan"); /* its sign is the processor's */
		}
		break;
	}
	case LUA_TNIL:
		lua_pushliteral(L, "nil");
		break;
	case LUA_TBOOLEAN:
		lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
		break;
	case LUA_TUSERDATA:
		lua_pushlstring(L, lua_touserdata(L, index), lua_rawlen(L, index));
		break;
	case LUA_TLIGHTUSERDATA:
		lua_pushstring(L, !lua_touserdata(L, index)                  ? "null" :
				  lua_touserdata(L, index) == &script_absent ? "absent" :
									       "conflict");
		break;
	default:
		lua_pushstring(L, luaL_typename(L, index));
		break;
	}
}

static int base_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	script_to_string(L, 1);
	return 1;
}

/* Errors can be caught, but not that the script's work is spent. */
static int base_pcall(lua_State *L)
{
	int status;

	luaL_checkany(L, 1);
	lua_pushboolean(L, 1);
	lua_insert(L, 1);
	status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
	if (status == LUA_OK)
		return lua_gettop(L);
	if (status == LUA_ERRMEM)
		script_of(L)->spent = true;
	if (script_of(L)->spent || script_of(L)->machine_failed)
		return lua_error(L);
	lua_pushboolean(L, 0);
	lua_insert(L, -2);
	return 2;
}

struct sort_key {
	bool is_string, is_integer;
	lua_Integer integer;
	lua_Number number;
	const char *bytes;
	size_t len;
};

/* i < n, exactly; n is no integer. */
static bool integer_before(lua_Integer i, lua_Number n)
{
	if (n >= 0x1p63)
		return true;
	return n >= -0x1p63 && (i < (lua_Integer)n || (i == (lua_Integer)n && n > (lua_Number)(lua_Integer)n));
}

static int compare_numbers(const struct sort_key *a, const struct sort_key *b)
{
	if (a->is_integer && b->is_integer)
		return (a->integer > b->integer) - (a->integer < b->integer);
	if (a->is_integer)
		return integer_before(a->integer, b->number) ? -1 : 1;
	if (b->is_integer)
		return integer_before(b->integer, a->number) ? 1 : -1;
	return (a->number > b->number) - (a->number < b->number);
}

static int compare_keys(const void *x, const void *y)
{
	const struct sort_key *a = x, *b = y;
	int order;

	if (a->is_string != b->is_string)
		return a->is_string ? 1 : -1;
	if (!a->is_string)
		return compare_numbers(a, b);
	order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static void read_key(lua_State *L, struct sort_key *key)
{
	memset(key, 0, sizeof(*key));
	switch (lua_type(L, -1)) {
	case LUA_TSTRING:
		key->is_string = true;
		key->bytes = lua_tolstring(L, -1, &key->len);
		script_work(L, key->len / BYTES_A_WORK);
		break;
	case LUA_TNUMBER:
		key->is_integer = lua_isinteger(L, -1);
		key->integer = lua_tointeger(L, -1);
		key->number = lua_tonumber(L, -1);
		break;
	default:
		luaL_error(L, "pairs: a key that is neither a number nor a string has no order");
	}
}

static int pairs_next(lua_State *L)
{
	lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));

	for (;;) {
		lua_rawgeti(L, lua_upvalueindex(1), ++at);
		if (lua_isnil(L, -1))
			return 1;
		lua_pushvalue(L, -1);
		lua_rawget(L, 1);
		if (!lua_isnil(L, -1))
			break; /* else it was removed meanwhile */
		lua_pop(L, 2);
	}
	lua_pushinteger(L, at);
	lua_replace(L, lua_upvalueindex(2));
	return 2;
}

/* Keys in order: numbers, then strings by their bytes. */
static int base_pairs(lua_State *L)
{
	struct sort_key *keys;
	size_t count = 0, i = 0;

	luaL_checktype(L, 1, LUA_TTABLE);
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
		count++;
	script_work(L, count * 4);
	keys = lua_newuserdatauv(L, (count + 1) * sizeof(*keys), 0);
	lua_pushnil(L);
	while (lua_next(L, 1)) {
		lua_pop(L, 1);
		read_key(L, &keys[i++]);
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	lua_createtable(L, 0, 0);
	for (i = 0; i < count; i++) {
		if (keys[i].is_string)
			lua_pushlstring(L, keys[i].bytes, keys[i].len);
		else if (keys[i].is_integer)
			lua_pushinteger(L, keys[i].integer);
		else
			lua_pushnumber(L, keys[i].number);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, pairs_next, 2);
	lua_pushvalue(L, 1);
	lua_pushnil(L);
	return 3;
}

static int base_array(lua_State *L)
{
	if (lua_isnoneornil(L, 1)) {
		lua_settop(L, 0);
		lua_createtable(L, 0, 0);
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	luaL_setmetatable(L, SCRIPT_ARRAY);
	return 1;
}

static int base_is_array(lua_State *L)
{
	lua_pushboolean(L, lua_istable(L, 1) && lua_getmetatable(L, 1));
	return 1;
}

/* --- strings --- */

/* Lua's rule for positions: from 1, negative from the end, cut to what there is. */
static size_t start_position(lua_Integer at, size_t len)
{
	if (at > 0)
		return (size_t)at;
	if (at == 0 || at < -(lua_Integer)len)
		return 1;
	return len + (size_t)at + 1;
}

static size_t end_position(lua_Integer at, size_t len)
{
	if (at > (lua_Integer)len)
		return len;
	if (at >= 0)
		return (size_t)at;
	return at < -(lua_Integer)len ? 0 : len + (size_t)at + 1;
}

static const char *string_argument(lua_State *L, size_t *len_out)
{
	const char *s = luaL_checklstring(L, 1, len_out);

	script_work(L, *len_out / BYTES_A_WORK);
	return s;
}

static int string_sub(lua_State *L)
{
	size_t len, from, to;
	const char *s = string_argument(L, &len);

	from = start_position(luaL_checkinteger(L, 2), len);
	to = end_position(luaL_optinteger(L, 3, -1), len);
	lua_pushlstring(L, from <= to ? s + from - 1 : "", from <= to ? to - from + 1 : 0);
	return 1;
}

static int string_byte(lua_State *L)
{
	size_t len, from, to;
	const char *s = string_argument(L, &len);
	lua_Integer first = luaL_optinteger(L, 2, 1);

	from = start_position(first, len);
	to = end_position(luaL_optinteger(L, 3, (lua_Integer)from), len);
	if (from > to)
		return 0;
	luaL_checkstack(L, (int)(to - from + 1), "too many results");
	for (size_t i = from; i <= to; i++)
		lua_pushinteger(L, (unsigned char)s[i - 1]);
	return (int)(to - from + 1);
}

static int string_char(lua_State *L)
{
	int count = lua_gettop(L);
	char *bytes = lua_newuserdatauv(L, (size_t)count + 1, 0);

	script_work(L, (size_t)count);
	for (int i = 1; i <= count; i++) {
		lua_Integer c = luaL_checkinteger(L, i);

		luaL_argcheck(L, c >= 0 && c <= 255, i, "value out of range");
		bytes[i - 1] = (char)c;
	}
	lua_pushlstring(L, bytes, (size_t)count);
	return 1;
}

static int string_len(lua_State *L)
{
	size_t len;

	luaL_checklstring(L, 1, &len);
	lua_pushinteger(L, (lua_Integer)len);
	return 1;
}

static int map_bytes(lua_State *L, char (*map)(const char *s, size_t len, size_t i))
{
	size_t len;
	const char *s = string_argument(L, &len);
	char *bytes = lua_newuserdatauv(L, len + 1, 0);

	for (size_t i = 0; i < len; i++)
		bytes[i] = map(s, len, i);
	lua_pushlstring(L, bytes, len);
	return 1;
}

/* Of ASCII alone, whatever the locale. */
static char lower_byte(const char *s, size_t len, size_t i)
{
	(void)len;
	return s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 'a' - 'A') : s[i];
}

static char upper_byte(const char *s, size_t len, size_t i)
{
	(void)len;
	return s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] + 'A' - 'a') : s[i];
}

static char reverse_byte(const char *s, size_t len, size_t i)
{
	return s[len - 1 - i];
}

static int string_lower(lua_State *L)
{
	return map_bytes(L, lower_byte);
}

static int string_upper(lua_State *L)
{
	return map_bytes(L, upper_byte);
}

static int string_reverse(lua_State *L)
{
	return map_bytes(L, reverse_byte);
}

/* The place of one string in another; no patterns. */
static int string_find(lua_State *L)
{
	size_t len, wanted_len, from;
	const char *s = string_argument(L, &len), *wanted = luaL_checklstring(L, 2, &wanted_len), *found;

	from = start_position(luaL_optinteger(L, 3, 1), len);
	found = from > len + 1 ? NULL : memmem(s + from - 1, len - from + 1, wanted, wanted_len);
	if (!found) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, found - s + 1);
	lua_pushinteger(L, found - s + (lua_Integer)wanted_len);
	return 2;
}

/* --- tables --- */

static int table_insert(lua_State *L)
{
	lua_Integer length = table_length(L, 1), at = length + 1;

	if (lua_gettop(L) == 3) {
		at = luaL_checkinteger(L, 2);
		luaL_argcheck(L, at >= 1 && at <= length + 1, 2, "position out of bounds");
		script_work(L, (size_t)(length - at + 1) / 4);
		for (lua_Integer i = length; i >= at; i--) {
			lua_rawgeti(L, 1, i);
			lua_rawseti(L, 1, i + 1);
		}
	} else if (lua_gettop(L) != 2) {
		return luaL_error(L, "wrong number of arguments to 'insert'");
	}
	lua_rawseti(L, 1, at); /* the value is at the top */
	return 0;
}

static int table_remove(lua_State *L)
{
	lua_Integer length = table_length(L, 1), at = luaL_optinteger(L, 2, length);

	if (at < 1 || at > length) {
		luaL_argcheck(L, lua_isnoneornil(L, 2) || at == length + 1 || (at == 0 && !length), 2,
			      "position out of bounds");
		lua_pushnil(L);
		return 1;
	}
	script_work(L, (size_t)(length - at) / 4);
	lua_rawgeti(L, 1, at);
	for (; at < length; at++) {
		lua_rawgeti(L, 1, at + 1);
		lua_rawseti(L, 1, at);
	}
	lua_pushnil(L);
	lua_rawseti(L, 1, length);
	return 1;
}

static size_t concat_len(lua_State *L, lua_Integer from, lua_Integer to, size_t separator_len)
{
	size_t total = 0;

	for (lua_Integer i = from; i <= to; i++) {
		int type = lua_rawgeti(L, 1, i);

		if (type != LUA_TSTRING && type != LUA_TNUMBER)
			luaL_error(L, "invalid value (at index %I) in table for 'concat'", i);
		script_to_string(L, -1);
		total += lua_rawlen(L, -1) + (i < to ? separator_len : 0);
		lua_pop(L, 2);
		script_work(L, 1);
		if (total > SCRIPT_STRING_MAX)
			luaL_error(L, "a string is longer than %d bytes", (int)SCRIPT_STRING_MAX);
	}
	return total;
}

static int table_concat(lua_State *L)
{
	lua_Integer length = table_length(L, 1), from, to;
	size_t separator_len, total, at = 0;
	const char *separator = luaL_optlstring(L, 2, "", &separator_len);
	char *bytes;

	from = luaL_optinteger(L, 3, 1);
	to = luaL_optinteger(L, 4, length);
	luaL_argcheck(L, from >= 1 && to <= length, 3, "out of the table");
	total = concat_len(L, from, to, separator_len);
	script_work(L, total / BYTES_A_WORK);
	bytes = lua_newuserdatauv(L, total + 1, 0);
	for (lua_Integer i = from; i <= to; i++) {
		size_t len;
		const char *piece;

		lua_rawgeti(L, 1, i);
		script_to_string(L, -1);
		piece = lua_tolstring(L, -1, &len);
		memcpy(bytes + at, piece, len);
		at += len;
		if (i < to) {
			memcpy(bytes + at, separator, separator_len);
			at += separator_len;
		}
		lua_pop(L, 2);
	}
	lua_pushlstring(L, bytes, total);
	return 1;
}

static int table_unpack(lua_State *L)
{
	lua_Integer from = luaL_optinteger(L, 2, 1), to = luaL_optinteger(L, 3, table_length(L, 1));

	if (from > to)
		return 0;
	if ((lua_Unsigned)to - (lua_Unsigned)from >= 8000)
		return luaL_error(L, "too many results to unpack");
	luaL_checkstack(L, (int)(to - from + 1), "too many results to unpack");
	script_work(L, (size_t)(to - from + 1));
	for (lua_Integer i = 0; i <= to - from; i++)
		lua_rawgeti(L, 1, from + i);
	return (int)(to - from + 1);
}

/* Is the value at `a` to come before the one at `b`? */
static bool sorts_before(lua_State *L, int a, int b)
{
	bool before;

	script_work(L, 2);
	if (lua_isnoneornil(L, 2))
		return lua_compare(L, a, b, LUA_OPLT);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, a);
	lua_pushvalue(L, b);
	lua_call(L, 2, 1);
	before = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return before;
}

/* Merge [from, middle) and [middle, to) of the table at 3 into the one at 4, or copy. */
static void merge_runs(lua_State *L, lua_Integer from, lua_Integer middle, lua_Integer to)
{
	lua_Integer left = from, right = middle;

	for (lua_Integer at = from; at < to; at++) {
		bool take_right = left == middle;

		if (left < middle && right < to) {
			lua_rawgeti(L, 3, left);
			lua_rawgeti(L, 3, right);
			take_right = sorts_before(L, lua_gettop(L), lua_gettop(L) - 1);
			lua_pop(L, 2);
		}
		lua_rawgeti(L, 3, take_right ? right++ : left++);
		lua_rawseti(L, 4, at);
	}
}

/* Stable, and the same whatever the order function does. */
static int table_sort(lua_State *L)
{
	lua_Integer length = table_length(L, 1);

	lua_settop(L, 2);
	lua_createtable(L, 0, 0);
	for (lua_Integer i = 1; i <= length; i++) {
		lua_rawgeti(L, 1, i);
		lua_rawseti(L, 3, i);
	}
	lua_createtable(L, 0, 0);
	for (lua_Integer width = 1; width < length; width *= 2) {
		for (lua_Integer from = 1; from <= length; from += 2 * width) {
			lua_Integer middle = from + width, to = from + 2 * width;

			merge_runs(L, from, middle < length + 1 ? middle : length + 1,
				   to < length + 1 ? to : length + 1);
			script_work(L, (size_t)width);
		}
		lua_pushvalue(L, 3);
		lua_pushvalue(L, 4);
		lua_replace(L, 3);
		lua_replace(L, 4);
	}
	for (lua_Integer i = 1; i <= length; i++) {
		lua_rawgeti(L, 3, i);
		lua_rawseti(L, 1, i);
	}
	return 0;
}

/* --- opaque numbers --- */

static int number_equal(lua_State *L)
{
	const char *a = luaL_testudata(L, 1, SCRIPT_NUMBER), *b = luaL_testudata(L, 2, SCRIPT_NUMBER);
	size_t len = a ? lua_rawlen(L, 1) : 0;

	lua_pushboolean(L, a && b && len == lua_rawlen(L, 2) && !memcmp(a, b, len));
	return 1;
}

static const luaL_Reg base_functions[] = {
	{ "array", base_array }, { "is_array", base_is_array }, { "pairs", base_pairs },
	{ "pcall", base_pcall }, { "tostring", base_tostring }, { NULL, NULL },
};
static const luaL_Reg string_functions[] = {
	{ "byte", string_byte },       { "char", string_char },   { "find", string_find },
	{ "len", string_len },         { "lower", string_lower }, { "sub", string_sub },
	{ "reverse", string_reverse }, { "upper", string_upper }, { NULL, NULL },
};
static const luaL_Reg table_functions[] = {
	{ "concat", table_concat }, { "insert", table_insert }, { "remove", table_remove },
	{ "sort", table_sort },     { "unpack", table_unpack }, { NULL, NULL },
};

/* Of Lua's own: what depends on nothing but its arguments. */
static const char *const own_base[] = { "assert", "error", "ipairs", "select", "tonumber", "type", NULL };
static const char *const own_math[] = { "abs",  "ceil",      "floor",      "fmod",       "huge", "max", "min",
					"type", "tointeger", "maxinteger", "mininteger", "ult",  NULL };

/* From the table at the top into the one below; pops the first. */
static void copy_members(lua_State *L, const char *const *names)
{
	for (; *names; names++) {
		lua_getfield(L, -1, *names);
		lua_setfield(L, -3, *names);
	}
	lua_pop(L, 1);
}

static void open_globals(lua_State *L)
{
	lua_createtable(L, 0, 0);
	luaL_requiref(L, LUA_GNAME, luaopen_base, 0);
	copy_members(L, own_base);
	luaL_setfuncs(L, base_functions, 0);
	lua_createtable(L, 0, 0);
	luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 0);
	copy_members(L, own_math);
	lua_setfield(L, -2, "math");
	luaL_newlib(L, table_functions);
	lua_setfield(L, -2, "table");
	luaL_newlib(L, string_functions);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "string");
	lua_createtable(L, 0, 1); /* of all strings: s:sub(1, 2) */
	lua_insert(L, -2);
	lua_setfield(L, -2, "__index");
	lua_pushliteral(L, "");
	lua_insert(L, -2);
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

void script_open_library(lua_State *L)
{
	open_globals(L);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	lua_pushlightuserdata(L, (void *)(uintptr_t)&script_absent);
	lua_setfield(L, -2, "absent");
	lua_pushlightuserdata(L, (void *)(uintptr_t)&script_conflict);
	lua_setfield(L, -2, "conflict");

	luaL_newmetatable(L, SCRIPT_ARRAY);
	lua_pop(L, 1);
	luaL_newmetatable(L, SCRIPT_NUMBER);
	lua_pushcfunction(L, number_equal);
	lua_setfield(L, -2, "__eq");
	lua_pop(L, 1);

	lua_newuserdatauv(L, 1, 0);
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, length_operator);
	lua_setfield(L, -2, "__pow");
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, SCRIPT_LENGTH_NAME);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
