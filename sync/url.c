#include "sync/url.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"

void url_release(struct url *url)
{
	free(url->host);
	free(url->port);
	free(url->path);
	*url = (struct url){ .host = NULL };
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* %XX becomes its byte; a NUL there, or what is no hexadecimal number, is wrong. */
static int decode(const char *text, size_t len, struct buf *out, struct drift_error *err)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '%') {
			if (len - i < 3 || !hex_decode(text + i + 1, &byte, 1) || !byte)
				return error_set(err, DRIFT_ERR_INVALID, "'%%' stands before two hexadecimal digits");
			i += 2;
		}
		buf_add_byte(out, byte);
	}
	return buf_check(out, err);
}

static int take(char **field, const char *text, size_t len, struct drift_error *err)
{
	*field = mem_dup_str(text, len);
	return *field ? 0 : error_no_memory(err);
}

/* "host", "host:22", "[::1]:22" */
static int parse_host(const char *text, size_t len, struct url *out, struct drift_error *err)
{
	const char *at = memchr(text, '@', len), *host = at ? at + 1 : text;
	const char *close = *host == '[' ? memchr(host, ']', len - (size_t)(host - text)) : NULL;
	const char *from = close ? close : host;
	const char *colon = memchr(from, ':', len - (size_t)(from - text));
	size_t host_len = colon ? (size_t)(colon - text) : len;
	auto_buf name = BUF_INIT;

	if (colon) {
		size_t digits = strspn(colon + 1, "0123456789"), port_len = len - host_len - 1;

		if (digits < port_len || !port_len || port_len > 5)
			return error_set(err, DRIFT_ERR_INVALID, "its port is no number");
		if (take(&out->port, colon + 1, port_len, err))
			return -1;
	}
	/* ssh wants the address without its brackets. */
	buf_add(&name, text, (size_t)(host - text));
	if (close && close == text + host_len - 1)
		buf_add(&name, host + 1, (size_t)(close - host) - 1);
	else
		buf_add(&name, host, host_len - (size_t)(host - text));
	return buf_check(&name, err) || take(&out->host, name.data, name.len, err) ? -1 : 0;
}

static int parse_ssh(const char *text, struct url *out, struct drift_error *err)
{
	const char *slash = strchr(text, '/');
	auto_buf host = BUF_INIT, path = BUF_INIT;

	out->kind = URL_SSH;
	if (!slash)
		return error_set(err, DRIFT_ERR_INVALID, "it has no path");
	if (starts(slash, "/~"))
		slash++;
	if (decode(text, strcspn(text, "/"), &host, err) || decode(slash, strlen(slash), &path, err))
		return -1;
	return parse_host(host.data, host.len, out, err) || take(&out->path, path.data, path.len, err) ? -1 : 0;
}

static int parse_file(const char *text, struct url *out, struct drift_error *err)
{
	auto_buf path = BUF_INIT;

	if (starts(text, "localhost/"))
		text += strlen("localhost");
	if (*text != '/')
		return error_set(err, DRIFT_ERR_INVALID, "file:// goes before an absolute path");
	if (decode(text, strlen(text), &path, err))
		return -1;
	return take(&out->path, path.data, path.len, err);
}

/* "host:path": a colon before the first slash, and not in the brackets of an address. */
static const char *host_colon(const char *text)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL;
	const char *from = close ? close : text, *colon = strchr(from, ':'), *slash = strchr(text, '/');

	return colon && (!slash || colon < slash) ? colon : NULL;
}

static int parse_short(const char *text, const char *colon, struct url *out, struct drift_error *err)
{
	size_t len = (size_t)(colon - text);

	out->kind = URL_SSH;
	if (*text == '[' && len > 2 && text[len - 1] == ']') {
		if (take(&out->host, text + 1, len - 2, err))
			return -1;
	} else if (take(&out->host, text, len, err)) {
		return -1;
	}
	return take(&out->path, colon + 1, strlen(colon + 1), err);
}

/* What a program would take for an option, or a terminal for orders. */
static int check_part(const char *part, const char *what, struct drift_error *err)
{
	if (!*part || *part == '-')
		return error_set(err, DRIFT_ERR_INVALID, "its %s %s", what, *part ? "begins with '-'" : "is empty");
	for (; *part; part++) {
		if ((unsigned char)*part < 0x20 || *part == 0x7f)
			return error_set(err, DRIFT_ERR_INVALID, "its %s holds control characters", what);
	}
	return 0;
}

static int check_host(const char *host, struct drift_error *err)
{
	const char *at = strrchr(host, '@');

	if (check_part(host, "host", err) || (at && check_part(at + 1, "host", err)))
		return -1;
	if (strpbrk(host, " \t"))
		return error_set(err, DRIFT_ERR_INVALID, "its host holds blanks");
	return 0;
}

static int parse(const char *text, struct url *out, struct drift_error *err)
{
	const char *colon = host_colon(text), *scheme = strstr(text, "://");
	int r;

	if (strlen(text) > URL_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "it is longer than %d bytes", URL_LEN_MAX);
	if (starts(text, "ssh://"))
		r = parse_ssh(text + strlen("ssh://"), out, err);
	else if (starts(text, "file://"))
		r = parse_file(text + strlen("file://"), out, err);
	else if (scheme && scheme == colon)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "drift does not know how to reach '%.*s://'",
				 (int)(scheme - text), text);
	else if (colon)
		r = parse_short(text, colon, out, err);
	else
		r = take(&out->path, text, strlen(text), err);
	if (r || !out->path || check_part(out->path, "path", err))
		return -1;
	return out->host ? check_host(out->host, err) : 0;
}

int url_parse(const char *text, struct url *out, struct drift_error *err)
{
	struct url url = { .kind = URL_PATH };

	if (parse(text, &url, err)) {
		url_release(&url);
		return error_prefix(err, DRIFT_OK, "'%.200s' is no place of a repository", text);
	}
	*out = url;
	return 0;
}

static size_t cut_end(const char *path, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len > end_len && !memcmp(path + len - end_len, end, end_len) ? len - end_len : len;
}

int url_folder(const char *text, struct buf *out, struct drift_error *err)
{
	auto_url url = { .kind = URL_PATH };
	size_t len, start;

	if (url_parse(text, &url, err) || !url.path)
		return -1;
	len = strlen(url.path);
	len -= len && url.path[len - 1] == '/';
	len = cut_end(url.path, len, "/.drift");
	len = cut_end(url.path, len, ".drift");
	len = cut_end(url.path, len, ".bundle");
	while (len && url.path[len - 1] == '/')
		len--;
	for (start = len; start && !strchr("/:", url.path[start - 1]);)
		start--;
	if (len == start || (len - start <= 2 && !memcmp(url.path + start, "..", len - start)) || url.path[start] == '-')
		return error_set(err, DRIFT_ERR_INVALID, "'%.200s' does not say what the folder is to be called", text);
	buf_add(out, url.path + start, len - start);
	return buf_check(out, err);
}
