/* The %(fields) of for-each-ref. */
#ifndef PLUMBING_REF_FORMAT_H
#define PLUMBING_REF_FORMAT_H

#include "plumbing/ref_list.h"

struct ref_fields {
	struct cmd_context *ctx;
	const struct listed_ref *ref;
	bool is_head;
	/* Read when first asked for: of the ref itself, and of what tags lead to. */
	struct commit *commit, *peeled_commit;
	struct tag *tag;
	bool peeled;
	struct object_ref peeled_object;
	enum object_kind peeled_kind;
};
void ref_fields_release(struct ref_fields *f);
#define auto_ref_fields __attribute__((cleanup(ref_fields_release))) struct ref_fields

/* DRIFT_ERR_INVALID names a field that is unknown, or a format without its end. */
int ref_format_check(const char *format, struct drift_error *err) MUST_CHECK;
/* Append the format with its fields filled in: "%(name)", "%%", "%xx" for a byte in hexadecimal. Fields are escaped on a
 * terminal. Checked before. */
int ref_format_append(struct ref_fields *f, const char *format, struct buf *out, struct drift_error *err) MUST_CHECK;

/* A field as a key to sort by, without "%()": its text, and where it is a number or a time that. */
struct ref_key {
	struct buf text;
	bool is_number;
	int64_t number;
};
int ref_key_check(const char *field, struct drift_error *err) MUST_CHECK;
int ref_key_read(struct ref_fields *f, const char *field, struct ref_key *out, struct drift_error *err) MUST_CHECK;

#endif
