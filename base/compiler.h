/* Compiler attributes used throughout; nothing else. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Exported from the shared library; everything else is hidden. */
#define DRIFT_EXPORT __attribute__((visibility("default")))

#endif
