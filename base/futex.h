/* Waiting for a word of shared memory to change (futex(2)); between processes that map the same file, too. */
#ifndef BASE_FUTEX_H
#define BASE_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

/* Until *word is not `value`, somebody wakes us, or timeout_ms is over; may return early. */
void futex_wait(_Atomic uint32_t *word, uint32_t value, int timeout_ms);
void futex_wake_all(_Atomic uint32_t *word);

#endif
