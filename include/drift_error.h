/*
 * The error object of libdrift. Caller-owned, never allocated, untouched on
 * success. Every fallible function takes one as its last parameter; NULL is
 * allowed where the caller does not care why.
 */
#ifndef DRIFT_ERROR_H
#define DRIFT_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* What the caller can do about it; the message says what happened. */
enum drift_error_code {
	DRIFT_OK = 0,
	DRIFT_ERR_INVALID = 1,     /* the input is wrong: say it differently */
	DRIFT_ERR_NOT_FOUND = 2,   /* no such document, ref, commit, repository */
	DRIFT_ERR_EXISTS = 3,      /* it is there already */
	DRIFT_ERR_CLASH = 4,       /* compare-and-swap lost, or both sides changed a document */
	DRIFT_ERR_NOTHING = 5,     /* there is nothing to do: nothing to commit, nothing to undo */
	DRIFT_ERR_AMBIGUOUS = 6,   /* more than one thing has that name: give more of it */
	DRIFT_ERR_LIMIT = 7,       /* a documented limit is exceeded */
	DRIFT_ERR_CORRUPT = 8,     /* stored bytes are not what was written: see fsck */
	DRIFT_ERR_IO = 9,          /* the operating system refused; errno is in the message */
	DRIFT_ERR_NO_SPACE = 10,   /* the disk or the quota is full; nothing changed */
	DRIFT_ERR_PERMISSION = 11, /* not allowed to read or write a file */
	DRIFT_ERR_NO_MEMORY = 12,
	DRIFT_ERR_UNSUPPORTED = 13, /* a newer format, or something this build cannot do */
	DRIFT_ERR_UNTRUSTED = 14,   /* a merge needs a script that is not allowed here: see merge.trustScript */
	DRIFT_ERR_ABSENT = 15       /* a partial clone does not have that collection */
};

#define DRIFT_ERROR_MESSAGE_MAX 1024

struct drift_error {
	enum drift_error_code code;
	char message[DRIFT_ERROR_MESSAGE_MAX]; /* one lower-case sentence, no newline, no period */
};

#ifdef __cplusplus
}
#endif
#endif
