/* PUSH: take what comes, check each ref that is to move, then move all or none. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "merge/conflict.h"
#include "repo/merge_commit.h"
#include "refs/refname.h"
#include "sync/ancestry.h"
#include "sync/server_internal.h"

#define ACTOR_DEFAULT "drift"

struct plan {
	struct server *server;
	const struct message_push *push;
	struct received *received; /* NULL: nothing came */
	struct plan_item {
		enum update_status status;
		struct buf sentence;
		struct object_ref new;
	} *items;
	bool deny_deletes, deny_rewinds;
	char head[REF_NAME_MAX + 1];
};

static void plan_release(struct plan *p)
{
	for (size_t i = 0; p->items && i < p->push->count; i++)
		buf_release(&p->items[i].sentence);
	free(p->items);
	received_free(p->received);
}
#define auto_plan __attribute__((cleanup(plan_release))) struct plan

PRINTF_LIKE(3, 4) static int verdict(struct plan_item *item, enum update_status status, const char *fmt, ...)
{
	char text[MESSAGE_SENTENCE_MAX + 1];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	item->status = status;
	buf_clear(&item->sentence);
	buf_add_str(&item->sentence, text);
	return 0;
}

/* Does the ref hold what the client believes? */
static int check_old(struct plan *p, const struct message_update *u, struct plan_item *item, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	struct ref_value now;

	if (odb_ref_read(repo_odb(p->server->repo), u->name.data, false, &now, err))
		return -1;
	if (now.kind == REF_SYMBOLIC)
		return verdict(item, UPDATE_REFUSED, "it points to '%s'", now.target);
	if (u->has_old ? now.kind == REF_OBJECT && oid_equal(&now.object.id, &u->old) : now.kind == REF_ABSENT)
		return 0;
	if (now.kind == REF_ABSENT)
		return verdict(item, UPDATE_STALE, "it does not exist any more");
	return verdict(item, UPDATE_STALE, "it is at %.12s by now", oid_to_hex(&now.object.id, hex));
}

/* A tag is not moved; a branch goes forward. */
static int check_move(struct plan *p, const struct message_update *u, struct plan_item *item, struct drift_error *err)
{
	struct object_ref old = { .id = u->old };
	enum object_kind kind;
	int found, ahead;

	if (u->force && !p->deny_rewinds)
		return 0;
	if (!refname_is_branch(u->name.data))
		return u->force || strncmp(u->name.data, REF_TAGS, strlen(REF_TAGS)) ?
			       0 :
			       verdict(item, UPDATE_DIVERGED, "the tag exists already");
	found = odb_find(repo_odb(p->server->repo), &old.id, &kind, &old.loc, err);
	if (found < 0)
		return -1;
	ahead = !found ? 0 : received_is_ancestor(p->server->repo, p->received, &old, &item->new, err);
	if (ahead < 0)
		return -1;
	if (ahead)
		return 0;
	if (u->force)
		return verdict(item, UPDATE_REFUSED, "this end takes no rewinds (receive.denyNonFastForwards)");
	return verdict(item, UPDATE_DIVERGED, "it has commits that the pushed one does not have");
}

/* A branch may want no conflicts: branch.NAME.conflicts = refuse. */
static int check_conflicts(struct plan *p, const struct message_update *u, struct plan_item *item, struct drift_error *err)
{
	auto_commit *c = NULL;
	struct tree_root root;
	uint64_t count;
	bool refused;

	if (merge_conflicts_refused(p->server->repo, u->name.data, &refused, err))
		return -1;
	if (!refused)
		return 0;
	if (odb_batch_read_commit(received_batch(p->received), &item->new, &c, err))
		return -1;
	root = (struct tree_root){ .id = c->tree.id, .loc = c->tree.loc };
	if (conflict_count(odb_batch_nodes(received_batch(p->received)), &root, &count, err))
		return -1;
	if (!count)
		return 0;
	return verdict(item, UPDATE_REFUSED, "the branch takes no conflicts, and %" PRIu64 " of its documents %s in conflict",
		       count, count == 1 ? "is" : "are");
}

static int check_new(struct plan *p, const struct message_update *u, struct plan_item *item, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	enum object_kind kind;
	int found = received_find(p->received, &u->new, &kind, &item->new, err);

	if (found < 0)
		return -1;
	if (!found)
		return verdict(item, UPDATE_REFUSED, "%s did not come and is not here", oid_to_hex(&u->new, hex));
	if (kind != OBJECT_COMMIT && (kind != OBJECT_TAG || refname_is_branch(u->name.data)))
		return verdict(item, UPDATE_REFUSED, "a %s cannot stand there", object_kind_name(kind));
	if (u->has_old && check_move(p, u, item, err))
		return -1;
	return item->status == UPDATE_DONE && refname_is_branch(u->name.data) ? check_conflicts(p, u, item, err) : 0;
}

static int check_update(struct plan *p, size_t i, struct drift_error *err)
{
	const struct message_update *u = &p->push->updates[i];
	struct plan_item *item = &p->items[i];

	if (check_old(p, u, item, err))
		return -1;
	if (item->status != UPDATE_DONE)
		return 0;
	if (u->has_new)
		return check_new(p, u, item, err);
	if (p->deny_deletes)
		return verdict(item, UPDATE_REFUSED, "this end removes nothing (receive.denyDeletes)");
	if (!strcmp(p->head, u->name.data))
		return verdict(item, UPDATE_REFUSED, "it is the current branch there");
	return 0;
}

/* All or none, unless they are independent. */
static size_t settle(struct plan *p)
{
	size_t good = 0;

	for (size_t i = 0; i < p->push->count; i++)
		good += p->items[i].status == UPDATE_DONE;
	if (good == p->push->count || p->push->independent)
		return good;
	for (size_t i = 0; i < p->push->count; i++) {
		if (p->items[i].status == UPDATE_DONE)
			verdict(&p->items[i], UPDATE_NOT_TRIED, "another ref of the same push was refused");
	}
	return 0;
}

static int check_all(struct plan *p, struct drift_error *err)
{
	for (size_t i = 0; i < p->push->count; i++) {
		p->items[i].status = UPDATE_DONE;
		if (check_update(p, i, err))
			return -1;
	}
	return 0;
}

static void add_change(const struct message_update *u, const struct plan_item *item, struct ref_change *change)
{
	*change = (struct ref_change){ .name = u->name.data, .expect = REF_EXPECT_ABSENT };
	if (u->has_old) {
		change->expect = REF_EXPECT_OBJECT;
		change->old = u->old;
	}
	if (u->has_new) {
		change->value.kind = REF_OBJECT;
		change->value.object = item->new;
	}
}

static int move_refs(struct plan *p, struct drift_error *err)
{
	size_t incoming_count = 0, count = 0;
	const struct ref_change *incoming = p->received ? received_incoming(p->received, &incoming_count) : NULL;
	auto_free struct ref_change *changes = mem_calloc(p->push->count + incoming_count + 1, sizeof(*changes));
	const struct text *actor = &p->push->actor;
	const struct ref_transaction t = {
		.changes = changes, .batch = p->received ? received_batch(p->received) : NULL, .reason = "push",
		.actor = who_check(actor->data, actor->len, NULL) ? ACTOR_DEFAULT : actor->data,
		.time_usec = date_now_us(),
	};
	struct ref_transaction all = t;

	if (!changes)
		return error_no_memory(err);
	for (size_t i = 0; i < p->push->count; i++) {
		if (p->items[i].status == UPDATE_DONE)
			add_change(&p->push->updates[i], &p->items[i], &changes[count++]);
	}
	for (size_t i = 0; i < incoming_count; i++)
		changes[count++] = incoming[i];
	all.change_count = count;
	return refs_apply(repo_odb(p->server->repo), &all, err);
}

/* Somebody may be quicker between our look at a ref and the transaction: look again then, and say what there is now. */
static int carry_out(struct plan *p, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };
	bool stale = false;

	if (check_all(p, err))
		return -1;
	if (settle(p) && move_refs(p, &why)) {
		if (why.code != DRIFT_ERR_CLASH)
			return error_set(err, why.code, "%s", why.message);
		if (check_all(p, err))
			return -1;
		/* What was appended and is not on disk yet is seen by those who append alone. */
		for (size_t i = 0; i < p->push->count; i++) {
			if (p->items[i].status == UPDATE_DONE)
				verdict(&p->items[i], UPDATE_STALE, "it moved meanwhile");
		}
	}
	for (size_t i = 0; i < p->push->count; i++)
		stale |= p->items[i].status == UPDATE_STALE;
	/* Who lost a race comes again: then this need not. Nothing is lost if it cannot be kept. */
	if (stale && p->received)
		(void)!received_keep(p->received, NULL);
	return 0;
}

static int send_result(struct plan *p, struct drift_error *err)
{
	auto_free struct message_outcome *outcomes = mem_calloc(p->push->count + 1, sizeof(*outcomes));
	const struct message_result m = { .outcomes = outcomes, .count = p->push->count };
	auto_buf payload = BUF_INIT;

	if (!outcomes)
		return error_no_memory(err);
	for (size_t i = 0; i < p->push->count; i++) {
		const struct plan_item *item = &p->items[i];

		outcomes[i].status = item->status;
		outcomes[i].sentence = (struct text){ item->sentence.data, item->sentence.len };
	}
	message_result_encode(&m, &payload);
	return session_send(&p->server->session, MESSAGE_RESULT, &payload, err);
}

static int serve_push(struct server *s, const struct message_push *push, struct drift_error *err)
{
	const struct sync_receive_options options = { .peer = s->peer };
	const struct sync_source source = session_source(&s->session, NULL);
	auto_plan p = { .server = s, .push = push };
	struct ref_resolved head;

	if (!s->may_push)
		return error_set(err, DRIFT_ERR_PERMISSION, "this end serves fetches alone");
	for (size_t i = 0; i < push->count; i++) {
		if (push->updates[i].has_new && !push->has_data)
			return error_set(err, DRIFT_ERR_CORRUPT, "the push has no data");
	}
	p.items = mem_calloc(push->count + 1, sizeof(*p.items));
	if (!p.items)
		return error_no_memory(err);
	for (size_t i = 0; i < push->count; i++)
		buf_init(&p.items[i].sentence);
	if (refs_resolve(repo_odb(s->repo), REF_HEAD, false, &head, err) ||
	    config_get_bool(repo_config(s->repo), "receive.denydeletes", false, &p.deny_deletes, err) ||
	    config_get_bool(repo_config(s->repo), "receive.denynonfastforwards", false, &p.deny_rewinds, err))
		return -1;
	memcpy(p.head, head.name, sizeof(p.head));
	if (push->has_data && (sync_receive(s->repo, &source, &options, &p.received, err) || session_skip_data(&s->session, err)))
		return -1;
	return carry_out(&p, err) || send_result(&p, err) ? -1 : 0;
}

int server_push(struct server *s, const struct wire_frame *frame, struct drift_error *err)
{
	struct message_push push;
	int r;

	if (message_push_decode(frame->data, frame->len, &push, err))
		return -1;
	r = serve_push(s, &push, err);
	message_push_release(&push);
	return r;
}
