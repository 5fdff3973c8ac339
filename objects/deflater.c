#include "objects/deflater.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

struct deflater {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t work, done;
	struct deflate_job *head, *tail; /* waiting */
	struct compressor *compressor;   /* the worker's */
	bool stop;
};

static int run(struct deflate_job *job, struct compressor *c, struct drift_error *err)
{
	struct compress_job z = { .src = job->data, .src_len = job->len, .dict = job->dict, .level = job->level };

	return compress_append(c, &z, &job->frame, err);
}

static struct deflate_job *take_first(struct deflater *d)
{
	struct deflate_job *job = d->head;

	d->head = job->next;
	if (!d->head)
		d->tail = NULL;
	job->state = DEFLATE_RUNNING;
	return job;
}

static void *worker(void *data)
{
	struct deflater *d = data;

	pthread_mutex_lock(&d->mutex);
	while (!d->stop) {
		struct deflate_job *job;
		int result;

		if (!d->head) {
			pthread_cond_wait(&d->work, &d->mutex);
			continue;
		}
		job = take_first(d);
		pthread_mutex_unlock(&d->mutex);
		result = run(job, d->compressor, NULL);
		pthread_mutex_lock(&d->mutex);
		job->result = result;
		job->state = DEFLATE_DONE;
		pthread_cond_broadcast(&d->done);
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
	pthread_cond_signal(&d->work);
	pthread_mutex_unlock(&d->mutex);
}

/* Jobs are finished in the order of their submission, so a waiting one is the first. */
int deflater_finish(struct deflater *d, struct deflate_job *job, struct compressor *c, struct drift_error *err)
{
	bool mine = false;

	pthread_mutex_lock(&d->mutex);
	while (job->state != DEFLATE_DONE && !mine) {
		if (job->state == DEFLATE_WAITING && d->head == job) {
			take_first(d);
			mine = true;
		} else {
			pthread_cond_wait(&d->done, &d->mutex);
		}
	}
	pthread_mutex_unlock(&d->mutex);
	if (mine) {
		job->result = run(job, c, err);
		job->state = DEFLATE_DONE;
		return job->result;
	}
	return job->result ? error_no_memory(err) : 0;
}
