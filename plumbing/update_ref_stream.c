/*
 * Instructions: a verb and its arguments, separated by blanks and ended by newline, or with -z a verb, a blank and the first
 * argument, and each further argument in a record of its own. Without "start" all that is read is one transaction, made at the end.
 */
#include "plumbing/update_ref.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/input_lines.h"
#include "cli/output.h"

enum stream_state { STREAM_IMPLICIT, STREAM_OPEN, STREAM_PREPARED, STREAM_CLOSED };

#define ARGUMENT_MAX 3

struct ref_stream {
	struct object_reader *reader;
	struct ref_edits *edits;
	struct input_lines in;
	bool no_deref;      /* for all */
	bool next_no_deref; /* for the next one, by "option no-deref" */
	enum stream_state state;
	struct buf arguments[ARGUMENT_MAX];
	size_t argument_count;
	struct drift_error *err;
};

enum verb_kind {
	VERB_UPDATE,
	VERB_CREATE,
	VERB_DELETE,
	VERB_VERIFY,
	VERB_OPTION,
	VERB_START,
	VERB_PREPARE,
	VERB_COMMIT,
	VERB_ABORT
};

static const struct {
	const char *name;
	enum verb_kind kind;
	size_t argument_min, argument_max;
} verbs[] = {
	{ "update", VERB_UPDATE, 2, 3 },   { "create", VERB_CREATE, 2, 2 }, { "delete", VERB_DELETE, 1, 2 },
	{ "verify", VERB_VERIFY, 1, 2 },   { "option", VERB_OPTION, 1, 1 }, { "start", VERB_START, 0, 0 },
	{ "prepare", VERB_PREPARE, 0, 0 }, { "commit", VERB_COMMIT, 0, 0 }, { "abort", VERB_ABORT, 0, 0 },
};

static int bad_line(struct ref_stream *s, const char *why)
{
	return error_set(s->err, DRIFT_ERR_INVALID, "line %llu: %s", (unsigned long long)s->in.number, why);
}

/* Arguments of one line; the first may be in quotes. */
static int split_line(struct ref_stream *s, const char *text, size_t len, size_t max)
{
	s->argument_count = 0;
	while (len) {
		struct buf *argument = &s->arguments[s->argument_count];
		size_t used;

		if (s->argument_count == max)
			return bad_line(s, "there are too many arguments");
		buf_clear(argument);
		if (text[0] == '"') {
			used = unquote_c(text, len, argument);
			if (!used || (used < len && text[used] != ' '))
				return bad_line(s, "the quotes are malformed");
		} else {
			const char *end = memchr(text, ' ', len);

			used = end ? (size_t)(end - text) : len;
			buf_add(argument, text, used);
		}
		s->argument_count++;
		used += used < len;
		text += used;
		len -= used;
	}
	return 0;
}

static int read_records(struct ref_stream *s, const char *text, size_t len, size_t max)
{
	struct text record = { .data = text, .len = len };

	s->argument_count = 0;
	while (s->argument_count < max) {
		struct buf *argument = &s->arguments[s->argument_count++];

		buf_clear(argument);
		buf_add(argument, record.data, record.len);
		if (s->argument_count == max)
			break;
		if (input_lines_next(&s->in, true, &record, s->err) != INPUT_LINE)
			return bad_line(s, "an argument is missing");
	}
	return 0;
}

static int parse_id(struct ref_stream *s, size_t i, struct oid *id)
{
	return ref_id_parse(s->reader, s->arguments[i].data, id, s->err);
}

/* What the ref is expected to hold, if that was said: with -z an empty argument says nothing. */
static int parse_old(struct ref_stream *s, struct ref_edit *edit, size_t i)
{
	if (s->argument_count <= i || !s->arguments[i].len)
		return 0;
	if (parse_id(s, i, &edit->old))
		return -1;
	edit->expect = oid_is_zero(&edit->old) ? REF_EXPECT_ABSENT : REF_EXPECT_OBJECT;
	return 0;
}

static int fill_edit(struct ref_stream *s, struct ref_edit *edit, enum verb_kind verb)
{
	if (verb == VERB_UPDATE || verb == VERB_CREATE) {
		if (parse_id(s, 1, &edit->new))
			return -1;
		edit->kind = oid_is_zero(&edit->new) ? REF_ABSENT : REF_OBJECT;
	}
	if (verb == VERB_CREATE) {
		edit->expect = REF_EXPECT_ABSENT;
		return edit->kind == REF_OBJECT ? 0 : bad_line(s, "nothing can be created at the zero id");
	}
	edit->check_only = verb == VERB_VERIFY;
	if (parse_old(s, edit, verb == VERB_UPDATE ? 2 : 1))
		return -1;
	if (verb == VERB_VERIFY && edit->expect == REF_EXPECT_ANYTHING)
		edit->expect = REF_EXPECT_ABSENT;
	if (verb == VERB_DELETE && edit->expect == REF_EXPECT_ABSENT)
		return bad_line(s, "what is absent cannot be deleted");
	return 0;
}

static int add_edit(struct ref_stream *s, enum verb_kind verb)
{
	struct ref_edit *edit;

	if (s->state == STREAM_PREPARED || s->state == STREAM_CLOSED)
		return bad_line(s, s->state == STREAM_CLOSED ?
					   "no transaction is open: start one" :
					   "the transaction is prepared: only commit and abort follow");
	edit = ref_edits_add(s->edits, s->arguments[0].data, s->arguments[0].len, s->err);
	if (!edit || fill_edit(s, edit, verb))
		return -1;
	edit->no_deref = s->no_deref || s->next_no_deref;
	s->next_no_deref = false;
	return 0;
}

static int set_option(struct ref_stream *s)
{
	if (strcmp(s->arguments[0].data, "no-deref") != 0)
		return bad_line(s, "the only option is no-deref");
	s->next_no_deref = true;
	return 0;
}

static void report(const char *verb)
{
	out_printf("%s: ok\n", verb);
	fflush(stdout);
}

static int end_transaction(struct ref_stream *s, bool commit)
{
	int failed = 0;

	if (s->state == STREAM_CLOSED)
		return bad_line(s, "no transaction is open");
	if (s->state == STREAM_PREPARED && commit)
		failed = ref_edits_commit_prepared(s->edits, s->err);
	else if (s->state == STREAM_PREPARED)
		ref_edits_abort_prepared(s->edits);
	else if (commit)
		failed = ref_edits_apply(s->edits, s->err);
	s->state = STREAM_CLOSED;
	ref_edits_clear(s->edits);
	return failed;
}

static int control(struct ref_stream *s, enum verb_kind verb)
{
	if (verb == VERB_START) {
		if (s->state == STREAM_OPEN || s->state == STREAM_PREPARED || s->edits->count)
			return bad_line(s, "a transaction is open already");
		s->state = STREAM_OPEN;
		return 0;
	}
	if (verb == VERB_PREPARE) {
		if (s->state == STREAM_PREPARED || s->state == STREAM_CLOSED)
			return bad_line(s, s->state == STREAM_CLOSED ? "no transaction is open" :
								       "it is prepared already");
		if (ref_edits_prepare(s->edits, s->err))
			return -1;
		s->state = STREAM_PREPARED;
		return 0;
	}
	return end_transaction(s, verb == VERB_COMMIT);
}

static int run_verb(struct ref_stream *s, size_t verb)
{
	for (size_t i = 0; i < s->argument_count; i++) {
		if (buf_check(&s->arguments[i], s->err))
			return -1;
	}
	if (s->argument_count < verbs[verb].argument_min)
		return bad_line(s, "an argument is missing");
	if (verbs[verb].kind == VERB_OPTION)
		return set_option(s);
	if (verbs[verb].argument_max)
		return add_edit(s, verbs[verb].kind);
	if (control(s, verbs[verb].kind))
		return -1;
	report(verbs[verb].name);
	return 0;
}

static int run_line(struct ref_stream *s, const struct text *line)
{
	size_t len = strcspn(line->data, " "), max;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strlen(verbs[i].name) != len || strncmp(verbs[i].name, line->data, len) != 0)
			continue;
		max = verbs[i].argument_max;
		len += len < line->len;
		if (max && s->in.end == '\0' && read_records(s, line->data + len, line->len - len, max))
			return -1;
		if ((!max || s->in.end != '\0') && split_line(s, line->data + len, line->len - len, max))
			return -1;
		return run_verb(s, i);
	}
	return bad_line(s, "unknown instruction");
}

static int run_all(struct ref_stream *s)
{
	struct text line;
	enum input_result r;

	while ((r = input_lines_next(&s->in, true, &line, s->err)) == INPUT_LINE) {
		if (run_line(s, &line))
			return -1;
	}
	if (r == INPUT_FAILED)
		return -1;
	/* What was started and not committed is given up. */
	return s->state == STREAM_IMPLICIT ? ref_edits_apply(s->edits, s->err) : 0;
}

int update_ref_stream(struct object_reader *reader, struct ref_edits *edits, bool no_deref)
{
	struct cmd_context *ctx = reader->ctx;
	struct ref_stream s = { .reader = reader, .edits = edits, .no_deref = no_deref, .err = &ctx->err };
	int code;

	input_lines_init(&s.in, 0, ctx->common.nul ? '\0' : '\n');
	for (size_t i = 0; i < ARGUMENT_MAX; i++)
		buf_init(&s.arguments[i]);
	code = run_all(&s) ? ctx_fail(ctx, "update refs") : EXIT_DONE;
	if (s.state == STREAM_PREPARED)
		ref_edits_abort_prepared(edits);
	for (size_t i = 0; i < ARGUMENT_MAX; i++)
		buf_release(&s.arguments[i]);
	input_lines_release(&s.in);
	return code;
}
