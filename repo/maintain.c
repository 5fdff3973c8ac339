#include "repo/maintain.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "objects/odb_files.h"
#include "repo/gc.h"

struct maintainer {
	struct repo *repo;
	atomic_size_t seen; /* sealed journals that waited at the last look */
	bool wanted;
	pthread_mutex_t mutex; /* for the thread's start and end */
	pthread_t thread;
	bool started;
	atomic_bool running, cancel;
};

int maintainer_new(struct repo *repo, struct maintainer **out, struct drift_error *err)
{
	struct maintainer *m = mem_calloc(1, sizeof(*m));

	if (!m)
		return error_no_memory(err);
	m->repo = repo;
	m->wanted = true;
	/* What cannot be understood turns nothing off. */
	(void)!config_get_bool(repo_config(repo), "gc.auto", true, &m->wanted, NULL);
	atomic_init(&m->seen, odb_sealed_count(repo_odb(repo)));
	atomic_init(&m->running, false);
	atomic_init(&m->cancel, false);
	pthread_mutex_init(&m->mutex, NULL);
	*out = m;
	return 0;
}

void maintainer_free(struct maintainer *m)
{
	if (!m)
		return;
	atomic_store(&m->cancel, true);
	if (m->started)
		pthread_join(m->thread, NULL);
	pthread_mutex_destroy(&m->mutex);
	free(m);
}

bool maintainer_is_due(struct maintainer *m)
{
	size_t now = odb_sealed_count(repo_odb(m->repo));

	return atomic_exchange(&m->seen, now) < now && m->wanted;
}

/* What fails here is tried again after the next journal; nobody waits for it. */
static void *work(void *data)
{
	struct maintainer *m = data;
	const struct gc_options options = { .automatic = true, .prune_before_usec = INT64_MIN, .cancel = &m->cancel };
	struct gc_result result;

	(void)!gc_run(m->repo, &options, &result, NULL);
	atomic_store(&m->running, false);
	return NULL;
}

void maintainer_look(struct maintainer *m)
{
	if (!maintainer_is_due(m))
		return;
	pthread_mutex_lock(&m->mutex);
	if (!atomic_load(&m->running)) {
		if (m->started)
			pthread_join(m->thread, NULL);
		atomic_store(&m->running, true);
		m->started = !pthread_create(&m->thread, NULL, work, m);
		if (!m->started)
			atomic_store(&m->running, false);
	}
	pthread_mutex_unlock(&m->mutex);
}
