#include "base/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/spawn.h"

enum { WIDTH_DEFAULT = 80, WIDTH_MAX = 10000 };

struct pager {
	struct spawn_pipe child;
	int saved; /* what standard output was */
};

int terminal_parse_when(const char *text, enum terminal_when *out, struct drift_error *err)
{
	if (!*text || !strcmp(text, "always"))
		*out = TERMINAL_ALWAYS;
	else if (!strcmp(text, "auto"))
		*out = TERMINAL_AUTO;
	else if (!strcmp(text, "never"))
		*out = TERMINAL_NEVER;
	else
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is none of always, auto and never",
				 text);
	return 0;
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

bool terminal_is(int fd)
{
	return isatty(fd) == 1;
}

bool terminal_colour(enum terminal_when when, int fd)
{
	const char *force = getenv("CLICOLOR_FORCE");
	const char *term = getenv("TERM");

	if (when != TERMINAL_AUTO)
		return when == TERMINAL_ALWAYS;
	if (is_set("NO_COLOR"))
		return false;
	if (force && *force && strcmp(force, "0"))
		return true;
	return terminal_is(fd) && term && *term && strcmp(term, "dumb");
}

size_t terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	long width = columns ? strtol(columns, NULL, 10) : 0;
	struct winsize size;

	if (width > 0 && width <= WIDTH_MAX)
		return (size_t)width;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

static const char *pager_command(void)
{
	const char *pager = getenv("DRIFT_PAGER");

	return pager ? pager : getenv("PAGER");
}

static int redirect(struct pager *pager, struct drift_error *err)
{
	fflush(NULL);
	pager->saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (pager->saved < 0 || dup2(pager->child.to_child, STDOUT_FILENO) < 0)
		return error_from_errno(err, "cannot write to the pager");
	close(pager->child.to_child);
	pager->child.to_child = -1;
	return 0;
}

int pager_start(struct pager **out, struct drift_error *err)
{
	static const char *const environment[] = { "LESS=FRX", "LV=-c", NULL };
	const struct spawn_options options = { .environment = environment, .pipes = SPAWN_WRITE };
	const char *name = pager_command();
	const char *command = name ? name : "less";
	struct drift_error why = { DRIFT_OK, "" };
	struct pager *pager;

	*out = NULL;
	if (!*command || !strcmp(command, "cat") || !terminal_is(STDOUT_FILENO))
		return 0;
	pager = mem_calloc(1, sizeof(*pager));
	if (!pager)
		return error_no_memory(err);
	pager->saved = -1;
	if (spawn_start(command, &options, &pager->child, &why) < 0) {
		free(pager);
		/* Nobody asked for less: where it is not installed, do without. */
		return name ? error_set(err, why.code, "%s", why.message) : 0;
	}
	if (redirect(pager, err) < 0) {
		pager_finish(pager);
		return -1;
	}
	*out = pager;
	return 0;
}

void pager_finish(struct pager *pager)
{
	int status;

	if (!pager)
		return;
	fflush(NULL);
	/* The pager sees the end once no copy of the pipe is left. */
	if (pager->saved >= 0) {
		dup2(pager->saved, STDOUT_FILENO);
		close(pager->saved);
	}
	(void)!spawn_finish(&pager->child, &status, NULL);
	free(pager);
}
