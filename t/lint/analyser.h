/* What an analyser that sees one file at a time cannot know: who reports an error has failed. */
#include "base/error.h"

#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_from_errno(...) (error_from_errno(__VA_ARGS__), -1)
#define error_prefix(...) (error_prefix(__VA_ARGS__), -1)
#define error_no_memory(err) (error_no_memory(err), -1)
