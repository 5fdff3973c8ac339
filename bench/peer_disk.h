/* The disk itself: what a record costs that is written and synced with nothing around it. */
#ifndef BENCH_PEER_DISK_H
#define BENCH_PEER_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer_disk {
	int fd;
	uint64_t end, len; /* of what is written, of the file */
};

/* `ahead`: room for that many bytes is written beforehand; 0: each record makes the file grow. */
void peer_disk_open(struct peer_disk *p, const char *path, uint64_t ahead);
/* Write a record of record_len bytes behind the last and wait until it is durable. */
void peer_disk_put(struct peer_disk *p, size_t record_len);
void peer_disk_close(struct peer_disk *p);

#endif
