#include "bench/peer_disk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench/measure.h"

void peer_disk_open(struct peer_disk *p, const char *path, uint64_t ahead)
{
	const size_t step = (size_t)1 << 20;
	auto_free char *zeros = mem_calloc(1, step);

	p->end = p->len = 0;
	p->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (p->fd < 0 || !zeros)
		die("cannot open '%s'", path);
	for (; p->len < ahead; p->len += step)
		if (pwrite(p->fd, zeros, step, (off_t)p->len) != (ssize_t)step)
			die("cannot write '%s'", path);
	if (fsync(p->fd))
		die("cannot sync '%s'", path);
}

void peer_disk_put(struct peer_disk *p, size_t record_len)
{
	char record[4096];

	if (record_len > sizeof(record))
		die("a record of %zu bytes is too long", record_len);
	memset(record, 'r', record_len);
	/* Round and round: what is written ahead stays the same. */
	if (p->len && p->end + record_len > p->len)
		p->end = 0;
	if (pwrite(p->fd, record, record_len, (off_t)p->end) != (ssize_t)record_len || fdatasync(p->fd))
		die("cannot write a record");
	p->end += record_len;
}

void peer_disk_close(struct peer_disk *p)
{
	close(p->fd);
}
