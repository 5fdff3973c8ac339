#include "cli/output.h"

#include <stdio.h>
#include <unistd.h>

#include "base/date.h"
#include "base/utf8.h"

int out_json_text(const struct buf *text, struct drift_error *err)
{
	auto_buf escaped = BUF_INIT;

	if (terminal_is(STDOUT_FILENO)) {
		text_escape_json(&escaped, text->data, text->len);
		text = &escaped;
	}
	if (buf_check(text, err))
		return -1;
	out_buf(text);
	return 0;
}

void out_json_begin(struct json_line *line)
{
	buf_init(&line->text);
	json_writer_init(&line->w, &line->text);
	json_writer_begin_object(&line->w);
}

int out_json_end(struct json_line *line, struct drift_error *err)
{
	int result;

	json_writer_end_object(&line->w);
	result = json_writer_finish(&line->w, err);
	if (!result) {
		buf_add_byte(&line->text, '\n');
		result = out_json_text(&line->text, err);
	}
	buf_release(&line->text);
	return result;
}

void out_json_drop(struct json_line *line)
{
	json_writer_release(&line->w);
	buf_release(&line->text);
}

void out_json_id(struct json_writer *w, const char *key, const struct oid *id)
{
	char hex[OID_HEX_LEN + 1];

	json_writer_member_str(w, key, oid_to_hex(id, hex));
}

void out_json_path(struct json_writer *w, const char *path, size_t len)
{
	json_writer_text(w, "path", path, len);
}

void out_json_time(struct json_writer *w, const char *key, int64_t time_usec, int16_t zone_min)
{
	struct date date = { .us = time_usec, .zone_min = zone_min };
	auto_buf text = BUF_INIT;

	date_append_rfc3339(&text, date);
	json_writer_member_str(w, key, text.data);
}

void out_json_commit(struct json_writer *w, const struct commit *c)
{
	char hex[OID_HEX_LEN + 1];

	out_json_id(w, "id", &c->id);
	json_writer_member_uint(w, "seq", c->seq);
	json_writer_key(w, "parents");
	json_writer_begin_array(w);
	for (size_t i = 0; i < c->parent_count; i++)
		json_writer_str(w, oid_to_hex(&c->parents[i].id, hex));
	json_writer_end_array(w);
	out_json_id(w, "tree", &c->tree.id);
	json_writer_text(w, "author", c->author.who.data, c->author.who.len);
	out_json_time(w, "author_time", c->author.time_usec, out_zone_min(c->author.zone));
	json_writer_text(w, "committer", c->committer.who.data, c->committer.who.len);
	out_json_time(w, "committer_time", c->committer.time_usec, out_zone_min(c->committer.zone));
	out_json_time(w, "time", c->time_usec, 0);
	json_writer_text(w, "message", c->message.data, c->message.len);
}
