/* Payloads of transaction frames: refused, or what was read encodes to the same meaning. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "objects/txn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SELF loc_make(2, 1 << 20, 0)

static void same_text(const struct text *a, const struct text *b)
{
	assert(a->len == b->len && !memcmp(a->data, b->data, a->len));
}

static void same_update(const struct txn_update *a, const struct txn_update *b)
{
	assert(a->name_loc == b->name_loc && a->previous_loc == b->previous_loc && a->value == b->value);
	if (a->name_loc == LOC_UNKNOWN)
		same_text(&a->name, &b->name);
	else
		assert(a->name_index == b->name_index);
	if (a->value == TXN_OBJECT)
		assert(oid_equal(&a->object.id, &b->object.id) && a->object.loc == b->object.loc);
	if (a->value == TXN_COMMIT)
		assert(a->record == b->record);
	if (a->value == TXN_SYMBOLIC)
		same_text(&a->target, &b->target);
}

static void check_log(const struct txn *t)
{
	struct txn_log log, again;
	struct txn copy = *t;
	auto_buf bytes = BUF_INIT;
	size_t i;
	int r = txn_log_parse(t, &log, NULL);

	if (r <= 0)
		return;
	txn_log_encode(&log, t->self, &bytes);
	copy.rest = (const unsigned char *)bytes.data;
	copy.rest_len = bytes.len;
	r = txn_log_parse(&copy, &again, NULL);
	assert(r == 1 && again.update_count == log.update_count && again.previous_loc == log.previous_loc);
	assert(again.of_commit == log.of_commit && again.record == log.record && again.time_usec == log.time_usec);
	for (i = 0; i < log.update_count; i++)
		same_update(&log.updates[i], &again.updates[i]);
	txn_log_release(&log);
	txn_log_release(&again);
}

static void check_changes(const struct txn *t, unsigned record)
{
	struct change_list list, again;
	struct txn copy = { .self = t->self, .record_count = t->record_count, .has_changes = true };
	auto_buf bytes = BUF_INIT;
	size_t i;
	int r = txn_changes_parse(t, record, &list, NULL);

	if (r <= 0)
		return;
	buf_add_varint(&bytes, 1);
	txn_changes_encode(record, &list, t->self, &bytes);
	copy.rest = (const unsigned char *)bytes.data;
	copy.rest_len = bytes.len;
	r = txn_changes_parse(&copy, record, &again, NULL);
	assert(r == 1 && again.complete == list.complete && again.count == list.count);
	assert(again.previous_marker_loc == list.previous_marker_loc);
	for (i = 0; i < list.count; i++) {
		assert(!path_compare(&list.changes[i].path, &again.changes[i].path));
		assert(list.changes[i].kinds == again.changes[i].kinds);
		assert(list.changes[i].previous_loc == again.changes[i].previous_loc);
	}
	change_list_release(&list);
	change_list_release(&again);
}

static int count_change(void *data, unsigned record, const struct change *change, struct drift_error *err)
{
	(void)err;
	assert(!change || change->previous_loc < (SELF | record));
	++*(size_t *)data;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t i, count = 0, one_len;
	const unsigned char *one;
	struct txn t;

	if (txn_parse(data, len, SELF, &t, NULL) < 0)
		return 0;
	for (i = 0; i < t.record_count; i++) {
		int r = txn_record(data, len, (unsigned)i, &one, &one_len, NULL);

		assert(!r && one == t.record[i] && one_len == t.record_len[i]);
		assert(one >= data && one_len <= len && one + one_len <= data + len);
		check_changes(&t, (unsigned)i);
	}
	check_log(&t);
	(void)!txn_each_change(&t, count_change, &count, NULL);
	assert(count <= len);
	return 0;
}
