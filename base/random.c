#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

int random_bytes(void *data, size_t len, struct drift_error *err)
{
	unsigned char *p = data;

	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_from_errno(err, "cannot get random bytes");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
