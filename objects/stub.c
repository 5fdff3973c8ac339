#include "objects/stub.h"

#include <string.h>

#include "objects/commit_record.h"
#include "objects/pack_record.h"

#define PART_LOG 1
#define PART_CHANGES 2

void stub_reason(const struct commit *commit, struct buf *out)
{
	const char *end = memchr(commit->message.data, '\n', commit->message.len);
	size_t len = end ? (size_t)(end - commit->message.data) : commit->message.len;

	buf_add_str(out, commit->parent_count ? "commit: " : "commit (initial): ");
	buf_add(out, commit->message.data, len);
}

static int put_commit(const struct txn *t, unsigned index, const struct stub_record *from, struct buf *out,
		      struct drift_error *err)
{
	size_t start = out->len;
	bool means_committer;
	struct record r;

	if (record_parse(t->record[index], t->record_len[index], t->self | index, &r, err) < 0 ||
	    commit_record_means_committer(&r, &means_committer, err) < 0 ||
	    commit_record_encode_packed(from->commit, t->self, means_committer, out, err) < 0)
		return -1;
	if (from->spell_tree)
		memcpy(out->data + start + 1 + OID_LEN, from->commit->tree.id.bytes, OID_LEN);
	return 0;
}

/* Marks in journals have zeros behind them. */
static int put_mark(const struct txn *t, unsigned index, struct buf *out, struct drift_error *err)
{
	struct txn_lost lost;

	if (txn_lost_decode(t->record[index], t->lost_len[index], &lost, err) < 0)
		return -1;
	(void)txn_lost_encode(&lost, 0, out);
	return buf_check(out, err);
}

static int put_record(const struct txn *t, unsigned index, const struct stub_record *from, struct buf *out,
		      struct drift_error *err)
{
	switch (from->fate) {
	case STUB_GONE:
		return t->lost_len[index] ? put_mark(t, index, out, err) : 0;
	case STUB_LOST:
		(void)txn_lost_encode(&from->lost, 0, out);
		break;
	case STUB_AS_IS:
		buf_add(out, t->record[index], t->record_len[index]);
		break;
	case STUB_COMMIT:
		return put_commit(t, index, from, out, err);
	case STUB_ROOT:
		return pack_record_put_root(from->node, t->self, out, err);
	}
	return buf_check(out, err);
}

static bool is_gone(const struct stub_record *records, unsigned index)
{
	return records[index].fate == STUB_GONE || records[index].fate == STUB_LOST;
}

static bool log_needs_gone(const struct txn_log *log, const struct stub_record *records)
{
	size_t i;

	if (log->of_commit && is_gone(records, log->record))
		return true;
	for (i = 0; i < log->update_count; i++)
		if (log->updates[i].value == TXN_COMMIT && is_gone(records, log->updates[i].record))
			return true;
	return false;
}

/* What the commit said, which is to be gone. Reasons may be cut, but not within a character. */
static int tell_head(struct txn_log *log, const struct stub_record *from, struct buf *reason, struct drift_error *err)
{
	const struct commit *commit = from->commit;

	if (!commit && from->fate == STUB_LOST) {
		log->of_commit = false;
		log->time_usec = (int64_t)from->lost.since_sec * 1000000;
		log->actor = log->reason = (struct text){ "", 0 };
		return 0;
	}
	if (!commit)
		return error_set(err, DRIFT_ERR_INVALID,
				 "a log entry takes its reason from a commit that is not given");
	stub_reason(commit, reason);
	if (reason->len > TXN_TEXT_MAX) {
		size_t len = TXN_TEXT_MAX;

		while (len && ((unsigned char)reason->data[len] & 0xc0) == 0x80)
			len--;
		buf_truncate(reason, len);
	}
	log->of_commit = false;
	log->time_usec = commit->committer.time_usec;
	log->actor = commit->committer.who;
	log->reason = (struct text){ reason->data, reason->len };
	return buf_check(reason, err);
}

static int tell_value(const struct txn *t, struct txn_update *u, struct drift_error *err)
{
	struct object_ref tree;
	struct record r;

	if (record_parse(t->record[u->record], t->record_len[u->record], t->self | u->record, &r, err) < 0 ||
	    commit_record_ids(&r, &u->object.id, &tree, err) < 0)
		return -1;
	u->object.loc = t->self | u->record;
	u->value = TXN_OBJECT;
	return 0;
}

static int rewrite_log(const struct txn *t, struct txn_log *log, const struct stub_record *records, struct buf *out,
		       struct drift_error *err)
{
	auto_buf reason = BUF_INIT;
	size_t i;

	if (log->of_commit && is_gone(records, log->record) && tell_head(log, &records[log->record], &reason, err) < 0)
		return -1;
	for (i = 0; i < log->update_count; i++) {
		struct txn_update *u = &log->updates[i];

		if (u->value == TXN_COMMIT && is_gone(records, u->record) && tell_value(t, u, err) < 0)
			return -1;
	}
	txn_log_encode(log, t->self, out);
	return 0;
}

/* What follows the records. Only a log entry of a commit that is gone differs from before. */
static int put_rest(const struct txn *t, const struct stub_record *records, struct buf *out, struct drift_error *err)
{
	struct txn_log log;
	size_t log_len;
	int r;

	if (txn_log_len(t, &log_len, err) < 0)
		return -1;
	r = txn_log_parse(t, &log, err);
	if (r < 0)
		return -1;
	buf_add_byte(out, (unsigned char)((t->has_log ? PART_LOG : 0) | (t->has_changes ? PART_CHANGES : 0)));
	if (r && log_needs_gone(&log, records))
		r = rewrite_log(t, &log, records, out, err);
	else
		buf_add(out, t->rest, log_len);
	if (t->has_log)
		txn_log_release(&log);
	if (r < 0)
		return -1;
	buf_add(out, t->rest + log_len, t->rest_len - log_len);
	return buf_check(out, err);
}

int stub_encode(const struct txn *txn, const struct stub_record *records, struct buf *out, struct drift_error *err)
{
	auto_buf bodies = BUF_INIT;
	auto_buf rest = BUF_INIT;
	auto_buf lens = BUF_INIT;
	unsigned i;

	for (i = 0; i < txn->record_count; i++) {
		size_t before = bodies.len;

		if (put_record(txn, i, &records[i], &bodies, err) < 0)
			return -1;
		buf_add_varint(&lens, bodies.len - before);
	}
	if (!bodies.len && !txn->has_log && !txn->has_changes)
		return 0;
	if (put_rest(txn, records, &rest, err) < 0 || buf_check(&lens, err) < 0)
		return -1;
	buf_add_varint(out, txn->record_count);
	buf_add(out, lens.data, lens.len);
	buf_add(out, bodies.data, bodies.len);
	buf_add(out, rest.data, rest.len);
	return buf_check(out, err);
}
