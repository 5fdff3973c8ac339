/* The version of drift: library, program and manual. */
#ifndef DRIFT_VERSION_H
#define DRIFT_VERSION_H

#define DRIFT_VERSION "0.1.0"

#endif
