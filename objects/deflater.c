#include "objects/deflater.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

/* To wake a thread takes longer than to compress a node: a worker without work sleeps until so many jobs wait. */
#define WAKE_COUNT 16

struct deflater {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t work, done;
	struct deflate_job *head, *tail; /* waiting */
	size_t waiting_count;
	const struct deflate_job *awaited; /* by deflater_finish, while the worker runs it */
	struct compressor *compressor;     /* the worker's */
	bool stop;
};

static int run(struct deflate_job *job, struct compressor *c)
{
	struct compress_job z = { .src = job->data, .src_len = job->len, .dict = job->dict, .level = job->level };

	return compress_append(c, &z, &job->frame, NULL);
}

static struct deflate_job *take_first(struct deflater *d)
{
	struct deflate_job *job = d->head;

	d->head = job->next;
	if (!d->head)
		d->tail = NULL;
	d->waiting_count--;
	job->state = DEFLATE_RUNNING;
	return job;
}

/* Under the mutex, which is let go of meanwhile. */
static void run_first(struct deflater *d, struct compressor *c)
{
	struct deflate_job *job = take_first(d);
	int result;

	pthread_mutex_unlock(&d->mutex);
	result = run(job, c);
	pthread_mutex_lock(&d->mutex);
	job->result = result;
	job->state = DEFLATE_DONE;
	if (d->awaited == job)
		pthread_cond_signal(&d->done);
}

static void *worker(void *data)
{
	struct deflater *d = data;

	pthread_mutex_lock(&d->mutex);
	while (!d->stop) {
		if (d->waiting_count < WAKE_COUNT)
			pthread_cond_wait(&d->work, &d->mutex);
		while (d->head && !d->stop)
			run_first(d, d->compressor);
	}
	pthread_mutex_unlock(&d->mutex);
	return NULL;
}

int deflater_new(struct deflater **out, struct drift_error *err)
{
	struct deflater *d = mem_calloc(1, sizeof(*d));

	if (!d)
		return error_no_memory(err);
	pthread_mutex_init(&d->mutex, NULL);
	pthread_cond_init(&d->work, NULL);
	pthread_cond_init(&d->done, NULL);
	if (compressor_create(&d->compressor, err) < 0) {
		free(d);
		return -1;
	}
	if (pthread_create(&d->thread, NULL, worker, d)) {
		compressor_free(d->compressor);
		free(d);
		return error_set(err, DRIFT_ERR_NO_MEMORY, "cannot start a thread");
	}
	*out = d;
	return 0;
}

void deflater_free(struct deflater *d)
{
	if (!d)
		return;
	pthread_mutex_lock(&d->mutex);
	d->stop = true;
	pthread_cond_signal(&d->work);
	pthread_mutex_unlock(&d->mutex);
	pthread_join(d->thread, NULL);
	compressor_free(d->compressor);
	pthread_mutex_destroy(&d->mutex);
	pthread_cond_destroy(&d->work);
	pthread_cond_destroy(&d->done);
	free(d);
}

void deflater_submit(struct deflater *d, struct deflate_job *job)
{
	job->next = NULL;
	job->state = DEFLATE_WAITING;
	pthread_mutex_lock(&d->mutex);
	if (d->tail)
		d->tail->next = job;
	else
		d->head = job;
	d->tail = job;
	if (++d->waiting_count == WAKE_COUNT)
		pthread_cond_signal(&d->work);
	pthread_mutex_unlock(&d->mutex);
}

int deflater_finish(struct deflater *d, struct deflate_job *job, struct compressor *c, struct drift_error *err)
{
	pthread_mutex_lock(&d->mutex);
	while (job->state != DEFLATE_DONE) {
		if (d->head) {
			run_first(d, c);
			continue;
		}
		d->awaited = job;
		pthread_cond_wait(&d->done, &d->mutex);
	}
	d->awaited = NULL;
	pthread_mutex_unlock(&d->mutex);
	return job->result ? error_no_memory(err) : 0;
}
