#include "cli/error_name.h"

const char *error_code_name(enum drift_error_code code)
{
	switch (code) {
	case DRIFT_OK:
		return "ok";
	case DRIFT_ERR_INVALID:
		return "invalid";
	case DRIFT_ERR_NOT_FOUND:
		return "not_found";
	case DRIFT_ERR_EXISTS:
		return "exists";
	case DRIFT_ERR_CLASH:
		return "clash";
	case DRIFT_ERR_NOTHING:
		return "nothing";
	case DRIFT_ERR_AMBIGUOUS:
		return "ambiguous";
	case DRIFT_ERR_LIMIT:
		return "limit";
	case DRIFT_ERR_CORRUPT:
		return "corrupt";
	case DRIFT_ERR_IO:
		return "io";
	case DRIFT_ERR_NO_SPACE:
		return "no_space";
	case DRIFT_ERR_PERMISSION:
		return "permission";
	case DRIFT_ERR_NO_MEMORY:
		return "no_memory";
	case DRIFT_ERR_UNSUPPORTED:
		return "unsupported";
	case DRIFT_ERR_UNTRUSTED:
		return "untrusted";
	case DRIFT_ERR_ABSENT:
		return "absent";
	}
	return "unknown";
}
