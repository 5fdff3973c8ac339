#include <math.h>
#include <string.h>

#include "base/json_number.h"
#include "merge/script_internal.h"

enum { VALUE_WORK = 8, BYTES_A_WORK = 16 };

const char script_absent = 'a', script_conflict = 'c';

/* A number goes in as Lua's integer or float if that says the same number, else as an opaque value that comes out as it went in. */
static void push_number(lua_State *L, const char *text, size_t len)
{
	char printed[JSON_DOUBLE_TEXT_MAX];
	int64_t integer;
	double value;

	if (json_number_to_int64(text, len, &integer)) {
		lua_pushinteger(L, integer);
		return;
	}
	if (json_number_to_double(text, len, &value) && isfinite(value)) {
		size_t printed_len = json_double_format(value, printed);

		if (json_number_equal(text, len, printed, printed_len)) {
			lua_pushnumber(L, value);
			return;
		}
	}
	memcpy(lua_newuserdatauv(L, len, 0), text, len);
	luaL_setmetatable(L, SCRIPT_NUMBER);
}

static void push_value(lua_State *L, const struct json_value *v, unsigned depth);

static void push_array(lua_State *L, const struct json_value *v, unsigned depth)
{
	size_t count = json_count(v);

	lua_createtable(L, 0, 0);
	luaL_setmetatable(L, SCRIPT_ARRAY);
	for (size_t i = 0; i < count; i++) {
		push_value(L, json_array_at(v, i), depth + 1);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static void push_object(lua_State *L, const struct json_value *v, unsigned depth)
{
	size_t count = json_count(v);

	lua_createtable(L, 0, 0);
	for (size_t i = 0; i < count; i++) {
		size_t len;
		const char *key;
		const struct json_value *member = json_object_at(v, i, &key, &len);

		script_work(L, len / BYTES_A_WORK);
		lua_pushlstring(L, key, len);
		push_value(L, member, depth + 1);
		lua_rawset(L, -3);
	}
}

static void push_value(lua_State *L, const struct json_value *v, unsigned depth)
{
	size_t len;
	const char *text = json_text(v, &len);

	if (depth > SCRIPT_DEPTH_MAX)
		luaL_error(L, "the document is nested deeper than %d", SCRIPT_DEPTH_MAX);
	luaL_checkstack(L, 8, NULL);
	script_work(L, VALUE_WORK + (text ? len / BYTES_A_WORK : 0));
	switch (json_kind(v)) {
	case JSON_NULL:
		lua_pushlightuserdata(L, NULL);
		break;
	case JSON_FALSE:
	case JSON_TRUE:
		lua_pushboolean(L, json_kind(v) == JSON_TRUE);
		break;
	case JSON_NUMBER:
		push_number(L, text, len);
		break;
	case JSON_STRING:
		lua_pushlstring(L, text, len);
		break;
	case JSON_ARRAY:
		push_array(L, v, depth);
		break;
	case JSON_OBJECT:
		push_object(L, v, depth);
		break;
	}
}

void script_push_json(lua_State *L, const struct text *json)
{
	struct script *s = script_of(L);
	struct json_value *value;
	struct drift_error err;

	if (json_parse_value(s->doc, json->data, json->len, &value, &err)) {
		s->machine_failed = true; /* it was checked before: there is no memory */
		luaL_error(L, "no memory");
	}
	push_value(L, value, 0);
}

static struct json_value *made(lua_State *L, struct json_value *v)
{
	if (!v) {
		script_of(L)->machine_failed = true;
		luaL_error(L, "no memory");
	}
	return v;
}

static void stored(lua_State *L, int failed)
{
	if (failed)
		made(L, NULL);
}

static struct json_value *take_value(lua_State *L, unsigned depth);

static struct json_value *take_number(lua_State *L)
{
	struct json_doc *doc = script_of(L)->doc;
	char text[JSON_DOUBLE_TEXT_MAX];
	size_t len;

	if (lua_isinteger(L, -1))
		return made(L, json_new_int(doc, lua_tointeger(L, -1)));
	len = json_double_format(lua_tonumber(L, -1), text);
	if (!len)
		luaL_error(L, "JSON has no number for what is infinite or not a number");
	return made(L, json_new_number(doc, text, len));
}

static struct json_value *take_string(lua_State *L)
{
	struct json_doc *doc = script_of(L)->doc;
	size_t len;
	const char *bytes = lua_tolstring(L, -1, &len);
	struct json_value *v = json_new_string(doc, bytes, len);

	/* Of the two reasons for NULL, bytes that are no UTF-8 do not go away with an empty string. */
	if (!v && json_new_string(doc, "", 0))
		luaL_error(L, "a string is not UTF-8");
	return made(L, v);
}

static struct json_value *take_array(lua_State *L, lua_Integer count, unsigned depth)
{
	struct json_doc *doc = script_of(L)->doc;
	struct json_value *array = made(L, json_new_array(doc));

	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, -1, i);
		stored(L, json_array_append(doc, array, take_value(L, depth + 1)));
		lua_pop(L, 1);
	}
	return array;
}

/* The order in which members come out does not matter: the canonical form sorts them. But errors must be the same everywhere. */
static struct json_value *take_object(lua_State *L, unsigned depth)
{
	struct json_doc *doc = script_of(L)->doc;
	struct json_value *object = made(L, json_new_object(doc));

	lua_pushnil(L);
	while (lua_next(L, -2)) {
		size_t len;
		const char *key = lua_tolstring(L, -2, &len);
		struct json_value *probe = json_new_string(doc, key, len);

		if (!probe)
			luaL_error(L, "a string is not UTF-8");
		script_work(L, len / BYTES_A_WORK);
		stored(L, json_object_set(doc, object, key, len, take_value(L, depth + 1)));
		lua_pop(L, 1);
	}
	return object;
}

/* Arrays are marked, or have the keys 1 to n, n > 0, and no others; a table without keys is an object. */
static struct json_value *take_table(lua_State *L, unsigned depth)
{
	lua_Integer length = script_length(L, -1), count = 0;
	bool strings = true, array = luaL_getmetafield(L, -1, "__name") != LUA_TNIL;

	if (array)
		lua_pop(L, 1);
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		count++;
		strings &= lua_type(L, -2) == LUA_TSTRING;
		lua_pop(L, 1);
		script_work(L, 1);
	}
	if (array ? count == length : count && count == length)
		return take_array(L, length, depth);
	if (array || !strings)
		luaL_error(L, array ? "an array has a key that is not one of 1 to its length" :
				      "a table has keys that are neither all strings nor 1 to its length");
	return take_object(L, depth);
}

static struct json_value *take_userdata(lua_State *L)
{
	struct json_doc *doc = script_of(L)->doc;
	const char *number = luaL_testudata(L, -1, SCRIPT_NUMBER);

	if (number)
		return made(L, json_new_number(doc, number, lua_rawlen(L, -1)));
	if (lua_islightuserdata(L, -1) && !lua_touserdata(L, -1))
		return made(L, json_new_null(doc));
	luaL_error(L, "absent and conflict are results, no values in a document");
	return NULL;
}

static struct json_value *take_value(lua_State *L, unsigned depth)
{
	struct json_doc *doc = script_of(L)->doc;
	int type = lua_type(L, -1);

	if (depth > SCRIPT_DEPTH_MAX)
		luaL_error(L, "the result is nested deeper than %d", SCRIPT_DEPTH_MAX);
	luaL_checkstack(L, 8, NULL);
	script_work(L, VALUE_WORK + (type == LUA_TSTRING ? lua_rawlen(L, -1) / BYTES_A_WORK : 0));
	switch (type) {
	case LUA_TBOOLEAN:
		return made(L, json_new_bool(doc, lua_toboolean(L, -1)));
	case LUA_TNUMBER:
		return take_number(L);
	case LUA_TSTRING:
		return take_string(L);
	case LUA_TTABLE:
		return take_table(L, depth);
	case LUA_TUSERDATA:
	case LUA_TLIGHTUSERDATA:
		return take_userdata(L);
	default:
		luaL_error(L, "a %s is no JSON", lua_typename(L, type));
		return NULL;
	}
}

void script_take_json(lua_State *L)
{
	struct script *s = script_of(L);
	struct drift_error err;

	if (json_canonical(take_value(L, 0), s->out, &err)) {
		s->machine_failed = true;
		luaL_error(L, "no memory");
	}
}
