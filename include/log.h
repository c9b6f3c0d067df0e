/*
 * One line to standard error: local time with milliseconds, then the sentence.
 */
#ifndef LOG_H
#define LOG_H

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
