/* Stable names of error codes, for answers that programs read: "clash", "not_found". */
#ifndef CLI_ERROR_NAME_H
#define CLI_ERROR_NAME_H

#include "include/drift_error.h"

const char *error_code_name(enum drift_error_code code);

#endif
