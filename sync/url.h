/*
 * Where another repository is:
 *   PATH, file:///PATH               a folder, or a bundle file
 *   ssh://[USER@]HOST[:PORT]/PATH    (/~USER/PATH: in that user's home)
 *   [USER@]HOST:PATH                 the same; a colon before the first slash
 * In forms with "://", %XX stands for a byte. Hosts and paths that begin with '-' are refused: programs would take them for options.
 */
#ifndef SYNC_URL_H
#define SYNC_URL_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

#define URL_LEN_MAX 8192

enum url_kind { URL_PATH, URL_SSH };

struct url {
	enum url_kind kind;
	char *host; /* with USER@; URL_SSH */
	char *port; /* digits, or NULL */
	char *path; /* as the other machine is to take it */
};

/* DRIFT_ERR_INVALID; DRIFT_ERR_UNSUPPORTED for a scheme that is not known. */
int url_parse(const char *text, struct url *out, struct drift_error *err) MUST_CHECK;
void url_release(struct url *url);
#define auto_url __attribute__((cleanup(url_release))) struct url

/* Append the folder's name that a clone of it gets: the last part of its path, without "/.drift", ".drift" and ".bundle". */
int url_folder(const char *text, struct buf *out, struct drift_error *err) MUST_CHECK;

#endif
