/*
 * Included before every file that `make analyze` looks at: an analyzer sees one file at a time, so
 * that error_set() returns -1 has to be said where it is called. Else it follows each failure as
 * though it had been a success.
 */
#ifndef ANALYZE_H
#define ANALYZE_H

#include "error.h"

#define error_set(...)   (error_set(__VA_ARGS__), -1)
#define error_of(...)    (error_of(__VA_ARGS__), -1)
#define error_errno(...) (error_errno(__VA_ARGS__), -1)

#endif
