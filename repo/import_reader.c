/*
 * The thread that reads ahead. Blocks go round: the thread fills those that were given back, QUEUE_MAX at most wait. A failure
 * comes behind the blocks before it.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "repo/import_internal.h"

/* So many that the thread goes on while the other one sorts. */
#define QUEUE_MAX 24
/* How long a thread that nobody needs any more may wait for input. */
#define POLL_MS 100

struct import_reader {
	struct import_input in;
	struct import_parser *parser;
	size_t block_len;
	atomic_bool stop;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex; /* of all that follows */
	pthread_cond_t changed;
	struct import_block *first, **last; /* filled */
	size_t waiting;
	struct import_block *spare; /* none once it is done */
	bool done, failed;
	struct drift_error err;
};

static int wait_for_input(const struct import_input *in, struct drift_error *err)
{
	struct pollfd p = { .fd = in->options->fd, .events = POLLIN };

	for (;;) {
		int r = poll(&p, 1, POLL_MS);

		if (atomic_load(in->stop))
			return error_set(err, DRIFT_ERR_IO, "reading was stopped");
		/* What cannot be polled is read. */
		if (r > 0 || (r < 0 && errno != EINTR))
			return 0;
	}
}

static int64_t read_some(struct import_input *in, char *data, size_t len, struct drift_error *err)
{
	int64_t got;

	if (wait_for_input(in, err))
		return -1;
	got = file_read_stream(in->options->fd, data, len, err);
	if (!got)
		in->ended = true;
	if (got > 0)
		in->len += (uint64_t)got;
	return got;
}

int64_t import_read(struct import_input *in, void *data, size_t len, struct drift_error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	char *bytes = data;
	int64_t got, all = 0;

	if (in->ended)
		return 0;
	if (in->started)
		return read_some(in, data, len, err);
	in->started = true;
	while (all < 3 && (size_t)all < len) {
		got = read_some(in, bytes + all, len - (size_t)all, err);
		if (got < 0)
			return -1;
		if (!got)
			break;
		all += got;
	}
	if (all < 3 || memcmp(bytes, mark, 3) != 0)
		return all;
	memmove(bytes, bytes + 3, (size_t)all - 3);
	return all > 3 ? all - 3 : import_read(in, data, len, err);
}

/* A block to be filled; NULL to stop, or without memory. */
static struct import_block *take_spare(struct import_reader *r, struct drift_error *err)
{
	struct import_block *block;

	pthread_mutex_lock(&r->mutex);
	while (r->waiting >= QUEUE_MAX && !atomic_load(&r->stop))
		pthread_cond_wait(&r->changed, &r->mutex);
	block = r->spare;
	if (block)
		r->spare = block->next;
	pthread_mutex_unlock(&r->mutex);
	if (atomic_load(&r->stop)) {
		import_block_free(block);
		error_set(err, DRIFT_ERR_IO, "reading was stopped");
		return NULL;
	}
	if (!block)
		return import_block_new(err);
	import_block_clear(block);
	return block;
}

static void put_filled(struct import_reader *r, struct import_block *block)
{
	block->input_len = r->in.len;
	pthread_mutex_lock(&r->mutex);
	*r->last = block;
	r->last = &block->next;
	r->waiting++;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
}

static void *run(void *data)
{
	struct import_reader *r = data;
	struct drift_error err = { .code = DRIFT_OK };
	struct import_block *spare;
	int more = 1;

	while (more > 0) {
		struct import_block *block = take_spare(r, &err);

		more = block ? r->parser->fill(r->parser, block, &err) : -1;
		if (more >= 0)
			put_filled(r, block);
		else
			import_block_free(block);
	}
	pthread_mutex_lock(&r->mutex);
	r->done = true;
	r->failed = more < 0;
	r->err = err;
	spare = r->spare;
	r->spare = NULL;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
	import_block_free(spare);
	return NULL;
}

static int make_parser(struct import_reader *r, const struct import_options *o, struct drift_error *err)
{
	buf_add_str(&r->in.head, o->collection);
	buf_add_byte(&r->in.head, 0);
	buf_add_str(&r->in.head, o->prefix ? o->prefix : "");
	if (buf_check(&r->in.head, err))
		return -1;
	switch (o->format) {
	case IMPORT_JSONL:
		r->parser = import_lines_new(&r->in, err);
		break;
	case IMPORT_JSON:
		r->parser = import_array_new(&r->in, err);
		break;
	case IMPORT_CSV:
		r->parser = import_rows_new(&r->in, err);
		break;
	}
	return r->parser ? 0 : -1;
}

int import_reader_start(const struct import_options *options, struct import_reader **out, struct drift_error *err)
{
	struct import_reader *r = mem_calloc(1, sizeof(*r));
	int failed;

	if (!r)
		return error_no_memory(err);
	r->in = (struct import_input){
		.options = options, .stop = &r->stop, .line = 1, .head = BUF_INIT, .text = BUF_INIT
	};
	r->block_len = options->block_len ? options->block_len : IMPORT_BLOCK_LEN;
	r->last = &r->first;
	pthread_mutex_init(&r->mutex, NULL);
	pthread_cond_init(&r->changed, NULL);
	failed = make_parser(r, options, err);
	if (!failed && pthread_create(&r->thread, NULL, run, r))
		failed = error_set(err, DRIFT_ERR_NO_MEMORY, "cannot start a thread");
	if (failed) {
		import_reader_free(r);
		return -1;
	}
	r->has_thread = true;
	*out = r;
	return 0;
}

void import_reader_free(struct import_reader *r)
{
	if (!r)
		return;
	if (r->has_thread) {
		pthread_mutex_lock(&r->mutex);
		atomic_store(&r->stop, true);
		pthread_cond_broadcast(&r->changed);
		pthread_mutex_unlock(&r->mutex);
		pthread_join(r->thread, NULL);
	}
	if (r->parser)
		r->parser->free(r->parser);
	import_block_free(r->first);
	import_block_free(r->spare);
	buf_release(&r->in.head);
	buf_release(&r->in.text);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}

int import_reader_next(struct import_reader *r, struct import_block **out, struct drift_error *err)
{
	int result = 1;

	pthread_mutex_lock(&r->mutex);
	while (!r->first && !r->done)
		pthread_cond_wait(&r->changed, &r->mutex);
	if (r->first) {
		*out = r->first;
		r->first = r->first->next;
		if (!r->first)
			r->last = &r->first;
		(*out)->next = NULL;
		r->waiting--;
		pthread_cond_broadcast(&r->changed);
	} else {
		result = r->failed ? error_set(err, r->err.code, "%s", r->err.message) : 0;
	}
	pthread_mutex_unlock(&r->mutex);
	return result;
}

void import_reader_give(struct import_reader *r, struct import_block *block)
{
	bool keep;

	if (!block)
		return;
	/* What a long document has made large is not kept. */
	keep = block->data.capacity <= 4 * r->block_len;
	pthread_mutex_lock(&r->mutex);
	keep = keep && !r->done;
	if (keep) {
		block->next = r->spare;
		r->spare = block;
	}
	pthread_mutex_unlock(&r->mutex);
	if (!keep) {
		block->next = NULL;
		import_block_free(block);
	}
}
